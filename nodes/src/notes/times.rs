//! Times that a note names: dates, distances from now, durations and ages, as typed values.
//!
//! It has no calendar and no clock: "yesterday" stays yesterday, and a date that is written in part stays in part.
//! How often something is taken is read with doses, not here. Invariant: no part of a value is invented; what the
//! text does not say is none, and a date that can be read in two ways gives neither.

use std::ops::Range;

mod dates;
#[cfg(test)]
mod tests;
mod value;

pub use dates::Date;
pub use value::{Amount, Day, Expression, Moment, Near, Unit, Value};

use super::number::number;
use super::words::{Reading, Sort};

/// The times of a text, in its order; they do not overlap.
pub fn expressions(text: &str) -> Vec<Expression> {
    let reading = Reading::new(text);
    within(&reading, &(0..reading.words.len()))
}

/// The times among some words.
pub(super) fn within(reading: &Reading<'_>, words: &Range<usize>) -> Vec<Expression> {
    let mut found = Vec::new();
    let mut at = words.start;
    while at < words.end {
        match expression(reading, at).filter(|(_, end)| *end <= words.end) {
            Some((value, end)) => {
                found.push(Expression {
                    range: reading.bytes(at..end),
                    value,
                });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// What was read, and the word behind it.
type Read<T> = Option<(T, usize)>;

fn expression(reading: &Reading<'_>, at: usize) -> Read<Value> {
    if reading.sort(at) == Some(Sort::Mark) && dates::written_out(reading, at).is_none() {
        return None;
    }
    age(reading, at)
        .or_else(|| since(reading, at))
        .or_else(|| lasting(reading, at))
        .or_else(|| bounded(reading, at))
        .or_else(|| moment(reading, at).map(|(moment, end)| (Value::At(moment), end)))
        .or_else(|| dates::year_behind(reading, at).map(|(moment, end)| (Value::At(moment), end)))
        .or_else(|| counted(reading, at))
}

/// "at age 12", "aged 70 years", "54-year-old", "54 yo".
fn age(reading: &Reading<'_>, at: usize) -> Read<Value> {
    let years = |number: super::number::Number, unit: Unit, end: usize| {
        let amount = Amount {
            low: Some(number.low),
            high: Some(number.high),
            unit,
        };
        Some((Value::Age(amount), end))
    };
    let is_when = reading.is(at, "when") && reading.is_one_of(at + 2, &["was", "were"]);
    let lead = match () {
        () if is_when && reading.is_one_of(at + 1, &["he", "she", "i", "they"]) => 3,
        () if reading.are(at, &["at", "the", "age", "of"]) => 4,
        () if reading.are(at, &["at", "age", "of"]) || reading.are(at, &["at", "an", "age"]) => 3,
        () if reading.are(at, &["at", "age"]) || reading.are(at, &["age", "of"]) => 2,
        () if reading.is_one_of(at, &["aged", "age"]) => 1,
        () => 0,
    };
    let number = number(reading, at + lead)?;
    let unit = unit(reading, number.end, true);
    if lead > 0 {
        return match unit {
            Some((unit, end)) => years(number, unit, end + usize::from(reading.is(end, "old"))),
            None if is_when && !reading.is_clause_end(number.end) => None,
            None => years(number, Unit::Year, number.end),
        };
    }
    let end = number.end;
    let shortened = [
        &["yo"][..],
        &["y", "o"],
        &["y", "/", "o"],
        &["y", ".", "o", "."],
        &["y", ".", "o"],
    ];
    if let Some(words) = shortened.iter().find(|words| reading.are(end, words)) {
        return years(number, Unit::Year, end + words.len());
    }
    let (unit, end) = unit?;
    match () {
        () if reading.is(end, "old") => years(number, unit, end + 1),
        () if reading.are(end, &["of", "age"]) => years(number, unit, end + 2),
        () => None,
    }
}

/// "since yesterday", "since 2 days ago", "since the 1990s".
fn since(reading: &Reading<'_>, at: usize) -> Read<Value> {
    if !reading.is(at, "since") {
        return None;
    }
    let about =
        usize::from(reading.is_one_of(at + 1, &["about", "around", "approximately", "early", "late"]));
    let start = at + 1 + about;
    let found = dates::after_preposition(reading, start).or_else(|| moment(reading, start));
    found.map(|(moment, end)| (Value::Since(moment), end))
}

/// "for 3 days", "for the last eight weeks", "x 2 days", "x3d".
fn lasting(reading: &Reading<'_>, at: usize) -> Read<Value> {
    if !reading.is_one_of(at, &["for", "x", "\u{d7}", "lasting"]) {
        return None;
    }
    let mut start = at + 1;
    let fillers = [
        "about",
        "around",
        "approximately",
        "almost",
        "nearly",
        "over",
        "the",
        "last",
        "past",
        "at",
        "least",
        "more",
        "than",
        "roughly",
        "another",
        "up",
        "to",
        "a",
        "total",
        "of",
        "next",
    ];
    while start < at + 6 && reading.is_one_of(start, &fillers) && amount(reading, start, true).is_none() {
        start += 1;
    }
    amount(reading, start, true).map(|(amount, end)| (Value::Duration(amount), end))
}

/// "in the last month", "over the past 3 weeks", "in two weeks", "within 24 hours"; "in 2005", "in March".
fn bounded(reading: &Reading<'_>, at: usize) -> Read<Value> {
    let prepositions = [
        "in", "over", "within", "during", "on", "from", "until", "by", "around", "circa", "through",
    ];
    if !reading.is_one_of(at, &prepositions) {
        return None;
    }
    if let Some((moment, end)) = dates::after_preposition(reading, at + 1) {
        return Some((Value::At(moment), end));
    }
    let start = at + 1 + usize::from(reading.is(at + 1, "the"));
    if reading.is_one_of(start, &["last", "past", "previous", "preceding"]) {
        let read = amount(reading, start + 1, true).or_else(|| bare_unit(reading, start + 1));
        return read.map(|(amount, end)| (Value::Window(amount), end));
    }
    if reading.is_one_of(start, &["next", "coming"]) {
        let read = amount(reading, start + 1, true).or_else(|| bare_unit(reading, start + 1));
        return read.map(|(amount, end)| (Value::Ahead(amount), end));
    }
    if !reading.is_one_of(at, &["in", "within"]) {
        return None;
    }
    let about = usize::from(reading.is_one_of(at + 1, &["about", "around", "approximately"]));
    let (amount, end) = amount(reading, at + 1 + about, true)?;
    // "in 3 days' time", and not "in one day's work".
    (!reading.is_one_of(end, &["old", "ago"])).then_some((Value::Ahead(amount), end))
}

/// A point in time.
fn moment(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    if let Some((date, end)) = dates::written_out(reading, at) {
        return Some((Moment::Date(date), end));
    }
    day(reading, at)
        .or_else(|| weekday(reading, at))
        .or_else(|| period(reading, at))
        .or_else(|| ago(reading, at))
}

fn day(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    let two = [
        ("last", "night", Day::LastNight),
        ("this", "morning", Day::ThisMorning),
        ("this", "afternoon", Day::ThisAfternoon),
        ("this", "evening", Day::ThisEvening),
    ];
    let found = two
        .iter()
        .find(|(first, second, _)| reading.are(at, &[first, second]));
    if let Some((_, _, day)) = found {
        return Some((Moment::Day(*day), at + 2));
    }
    let day = match reading.lower(at).as_ref() {
        "today" => Day::Today,
        "tonight" => Day::Tonight,
        "yesterday" => Day::Yesterday,
        "tomorrow" => Day::Tomorrow,
        _ => return None,
    };
    Some((Moment::Day(day), at + 1))
}

fn weekday(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    let (side, start) = match near(reading, at) {
        Some(side) => (Some(side), at + 1),
        None => (None, at + usize::from(reading.is(at, "on"))),
    };
    let number = match reading.lower(start).as_ref() {
        "monday" => 1,
        "tuesday" => 2,
        "wednesday" => 3,
        "thursday" => 4,
        "friday" => 5,
        "saturday" => 6,
        "sunday" => 7,
        _ => return None,
    };
    Some((Moment::Weekday { number, side }, start + 1))
}

/// "last week", "next month"; and "the last 3 weeks" is no point, but a stretch.
fn period(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    let side = near(reading, at)?;
    let (unit, end) = unit(reading, at + 1, false)?;
    Some((Moment::Period { side, unit }, end))
}

fn near(reading: &Reading<'_>, at: usize) -> Option<Near> {
    match reading.lower(at).as_ref() {
        "last" | "past" => Some(Near::Last),
        "this" => Some(Near::This),
        "next" => Some(Near::Next),
        _ => None,
    }
}

/// "two weeks ago", "a year earlier", "years ago".
fn ago(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    let about = usize::from(reading.is_one_of(at, &["about", "around", "approximately", "over", "almost"]));
    let start = at + about;
    let read = amount(reading, start, true).or_else(|| bare_unit(reading, start));
    let (amount, end) = read?;
    let is_past = reading.is_one_of(end, &["ago", "earlier", "previously", "prior", "back"]);
    is_past.then_some((Moment::Ago(amount), end + 1))
}

/// A duration that only a number tells: "3 days", "three-week", "past two days".
fn counted(reading: &Reading<'_>, at: usize) -> Read<Value> {
    let is_past = reading.is_one_of(at, &["last", "past", "previous"]);
    let start = at + usize::from(is_past);
    let of_frequency = ["every", "each", "q", "per", "times"];
    if at > 0 && reading.is_one_of(at - 1, &of_frequency) {
        return None;
    }
    // "once a day" says how often, so an article is not enough here.
    let (amount, end) = amount(reading, start, false)?;
    match is_past {
        true => Some((Value::Window(amount), end)),
        false => Some((Value::Duration(amount), end)),
    }
}

/// A number and a unit: "3 days", "2-3 wks", "a few months", "several years"; with `articles` also "a week".
pub(super) fn amount(reading: &Reading<'_>, at: usize, articles: bool) -> Read<Amount> {
    if let Some(number) = number(reading, at) {
        // The number of `q4h` belongs to how often.
        let is_often = at > 0 && reading.touches(at) && reading.is(at - 1, "q");
        let (unit, end) = unit(reading, number.end, true).filter(|_| !is_often)?;
        let amount = Amount {
            low: Some(number.low),
            high: Some(number.high),
            unit,
        };
        return Some((amount, end));
    }
    let article = usize::from(reading.is_one_of(at, &["a", "an"]));
    let start = at + article;
    if reading.is_one_of(start, &["few", "several", "couple", "many", "some"]) {
        let of = usize::from(reading.is(start + 1, "of"));
        return bare_unit(reading, start + 1 + of);
    }
    let one = |(unit, end): (Unit, usize)| {
        let amount = Amount {
            low: Some(1.0),
            high: Some(1.0),
            unit,
        };
        (amount, end)
    };
    match article == 1 && articles {
        true => unit(reading, start, false).map(one),
        false => None,
    }
}

/// A unit without a number.
fn bare_unit(reading: &Reading<'_>, at: usize) -> Read<Amount> {
    let (unit, end) = unit(reading, at, false)?;
    let amount = Amount {
        low: None,
        high: None,
        unit,
    };
    Some((amount, end))
}

/// A unit of time; those of one letter only behind digits.
pub(super) fn unit(reading: &Reading<'_>, at: usize, behind_number: bool) -> Read<Unit> {
    let found = match reading.lower(at).as_ref() {
        "second" | "seconds" | "secs" => Unit::Second,
        "minute" | "minutes" | "min" | "mins" => Unit::Minute,
        "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "day" | "days" => Unit::Day,
        "week" | "weeks" | "wk" | "wks" => Unit::Week,
        "month" | "months" | "mo" | "mos" | "mth" | "mths" => Unit::Month,
        "year" | "years" | "yr" | "yrs" => Unit::Year,
        "decade" | "decades" => Unit::Decade,
        "h" if behind_number => Unit::Hour,
        "d" if behind_number => Unit::Day,
        _ => return None,
    };
    let is_digit_before = at > 0 && reading.sort(at - 1) == Some(Sort::Digits);
    let is_letter = reading.written(at).len() == 1;
    let is_possessive_or_rate = reading.written(at + 1) == "/" && reading.touches(at + 1);
    (!is_possessive_or_rate && (!is_letter || is_digit_before)).then_some((found, at + 1))
}
