use proptest::prelude::*;

use super::*;

fn amount(number: f64, unit: Unit) -> Amount {
    span(number, number, unit)
}

fn span(low: f64, high: f64, unit: Unit) -> Amount {
    Amount {
        low: Some(low),
        high: Some(high),
        unit,
    }
}

fn vague(unit: Unit) -> Amount {
    Amount {
        low: None,
        high: None,
        unit,
    }
}

fn date(year: Option<i32>, month: Option<u8>, day: Option<u8>) -> Value {
    Value::At(Moment::Date(Date {
        year,
        month,
        day,
        ..Date::default()
    }))
}

fn either_order(year: Option<i32>, first: u8, second: u8) -> Value {
    Value::At(Moment::Date(Date {
        year,
        ambiguous: Some([first, second]),
        ..Date::default()
    }))
}

fn ago(amount: Amount) -> Value {
    Value::At(Moment::Ago(amount))
}

fn at_day(day: Day) -> Value {
    Value::At(Moment::Day(day))
}

/// The text holds the times between `[` and `]`, with these values, and no others.
fn check(marked: &str, values: &[Value]) {
    let text = marked.replace(['[', ']'], "");
    let mut ranges = Vec::new();
    let mut offset = 0;
    for (index, part) in marked.split(['[', ']']).enumerate() {
        if index % 2 == 1 {
            ranges.push(offset..offset + part.len());
        }
        offset += part.len();
    }
    let expected: Vec<Expression> = ranges
        .into_iter()
        .zip(values.iter().cloned())
        .map(|(range, value)| Expression { range, value })
        .collect();
    assert_eq!(expressions(&text), expected, "{marked}");
}

#[test]
fn a_date_is_read_as_far_as_it_is_written() {
    check("seen [2026-03-12] again", &[date(Some(2026), Some(3), Some(12))]);
    check("seen [2026/03/12] again", &[date(Some(2026), Some(3), Some(12))]);
    check(
        "[March 12th, 2026]: fever",
        &[date(Some(2026), Some(3), Some(12))],
    );
    check("[March 12th 2026]", &[date(Some(2026), Some(3), Some(12))]);
    check("[Mar. 12, 2026]", &[date(Some(2026), Some(3), Some(12))]);
    check("the [12 March] visit", &[date(None, Some(3), Some(12))]);
    check("the [12th of March 2026]", &[date(Some(2026), Some(3), Some(12))]);
    check(
        "stent placed [in March 2019].",
        &[date(Some(2019), Some(3), None)],
    );
    check("stroke [in 2005]", &[date(Some(2005), None, None)]);
    check("admitted [in 07/2007]", &[date(Some(2007), Some(7), None)]);
    check("appendectomy [2008], asthma", &[date(Some(2008), None, None)]);
    check("treated [in March], well since", &[date(None, Some(3), None)]);
}

#[test]
fn a_date_that_can_be_read_in_two_ways_gives_neither() {
    check("on the [12/03/2026] film", &[either_order(Some(2026), 12, 3)]);
    check("film of [3.4.2026]", &[either_order(Some(2026), 3, 4)]);
    check("came [on 12/03]", &[either_order(None, 12, 3)]);
    check("film of [25/03/2026]", &[date(Some(2026), Some(3), Some(25))]);
    check("film of [03/25/2026]", &[date(Some(2026), Some(3), Some(25))]);
    check("film of [4/4/2026]", &[date(Some(2026), Some(4), Some(4))]);
}

#[test]
fn a_year_without_a_century_stays_without() {
    let expected = Value::At(Moment::Date(Date {
        year_of_century: Some(93),
        month: Some(7),
        day: Some(29),
        ..Date::default()
    }));
    check("woke on the [7/29/93] with numbness", &[expected]);
}

#[test]
fn numbers_that_are_no_dates_are_passed_over() {
    for text in [
        "pain 7/10",
        "BP 120/80",
        "32/03/2026",
        "2005 mL",
        "1.5 mg",
        "he may 3",
        "45/46/2020",
        "5 10 15",
    ] {
        check(text, &[]);
    }
}

#[test]
fn distances_into_the_past_are_read() {
    check("[two weeks ago] she fell", &[ago(amount(2.0, Unit::Week))]);
    check("[3 years ago]", &[ago(amount(3.0, Unit::Year))]);
    check("[a year ago]", &[ago(amount(1.0, Unit::Year))]);
    check("[about six months ago]", &[ago(amount(6.0, Unit::Month))]);
    check("[2-3 days ago]", &[ago(span(2.0, 3.0, Unit::Day))]);
    check("[a few days ago]", &[ago(vague(Unit::Day))]);
    check("[years ago]", &[ago(vague(Unit::Year))]);
    check("[a couple of weeks ago]", &[ago(vague(Unit::Week))]);
    check(
        "[yesterday] and [this morning]",
        &[at_day(Day::Yesterday), at_day(Day::ThisMorning)],
    );
    check("[last night]", &[at_day(Day::LastNight)]);
}

#[test]
fn a_period_is_told_from_a_stretch() {
    let last_year = Value::At(Moment::Period {
        side: Near::Last,
        unit: Unit::Year,
    });
    check("[last year]", &[last_year]);
    check("[in the last month]", &[Value::Window(vague(Unit::Month))]);
    check(
        "[over the past 3 weeks]",
        &[Value::Window(amount(3.0, Unit::Week))],
    );
    check(
        "[past two days] of vomiting",
        &[Value::Window(amount(2.0, Unit::Day))],
    );
}

#[test]
fn the_start_of_something_is_read() {
    check("[since yesterday]", &[Value::Since(Moment::Day(Day::Yesterday))]);
    check("[since the 1990s]", &[Value::Since(Moment::Decade(1990))]);
    check("[in the 1980s]", &[Value::At(Moment::Decade(1980))]);
    let monday = Moment::Weekday {
        number: 1,
        side: None,
    };
    check("[since Monday]", &[Value::Since(monday.clone())]);
    check("[on Monday]", &[Value::At(monday)]);
    let year = Date {
        year: Some(2010),
        ..Date::default()
    };
    check("[since 2010].", &[Value::Since(Moment::Date(year))]);
}

#[test]
fn durations_are_read() {
    check("cough [for 3 days]", &[Value::Duration(amount(3.0, Unit::Day))]);
    check("cough [x 2 days]", &[Value::Duration(amount(2.0, Unit::Day))]);
    check("cough [x3d]", &[Value::Duration(amount(3.0, Unit::Day))]);
    check(
        "[three-week] history",
        &[Value::Duration(amount(3.0, Unit::Week))],
    );
    check(
        "[for the last eight weeks]",
        &[Value::Duration(amount(8.0, Unit::Week))],
    );
    check(
        "[for one and a half years]",
        &[Value::Duration(amount(1.5, Unit::Year))],
    );
    check("[for several months]", &[Value::Duration(vague(Unit::Month))]);
    check("[for 30 min]", &[Value::Duration(amount(30.0, Unit::Minute))]);
    check("review [in two weeks]", &[Value::Ahead(amount(2.0, Unit::Week))]);
    check(
        "back [within 24 hours]",
        &[Value::Ahead(amount(24.0, Unit::Hour))],
    );
}

#[test]
fn ages_are_no_durations() {
    check("a [54-year-old] man", &[Value::Age(amount(54.0, Unit::Year))]);
    check("a [71 y.o.] woman", &[Value::Age(amount(71.0, Unit::Year))]);
    check("[at age 12] he fell", &[Value::Age(amount(12.0, Unit::Year))]);
    check("is [8 months old]", &[Value::Age(amount(8.0, Unit::Month))]);
}

#[test]
fn how_often_is_no_time() {
    for text in [
        "twice a day",
        "q4h",
        "every 6 hours",
        "three times a week",
        "every morning",
        "20 mL/h",
        "5 mg/day",
    ] {
        check(text, &[]);
    }
}

proptest! {
    #[test]
    fn ranges_lie_in_any_text_in_order(text in r"(\PC|[0-9/.\- \n]|for |ago |March |weeks? |since |the ){0,60}") {
        let mut end = 0;
        for expression in expressions(&text) {
            prop_assert!(expression.range.start >= end && !expression.range.is_empty());
            prop_assert!(text.get(expression.range.clone()).is_some());
            end = expression.range.end;
        }
    }
}
