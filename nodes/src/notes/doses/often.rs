//! How often a dose is taken: words, and the shortened Latin of prescriptions.

use super::super::number::{Number, number};
use super::super::times::{self, Unit};
use super::super::words::{Reading, Sort};
use super::{Frequency, Moment, Period};

/// Most pieces that make one frequency, as the three of "twice daily with meals as needed".
const PIECES_MAX: usize = 6;

type Read = Option<(Frequency, usize)>;

/// The frequency that begins with this word.
pub(super) fn read(reading: &Reading<'_>, at: usize) -> Read {
    let (mut all, mut end) = piece(reading, at)?;
    for _ in 1..PIECES_MAX {
        let start = match reading.written(end) {
            "," | "(" => end + 1,
            _ if reading.is_one_of(end, &["and", "only", "or"]) => end + 1,
            _ => end,
        };
        let next = piece(reading, start).or_else(|| bare_moment(reading, start, &all));
        let Some((next, after)) = next.filter(|(next, _)| joins(&all, next)) else {
            break;
        };
        join(&mut all, next);
        end = after;
    }
    Some((all, end))
}

/// Whether two pieces can be one frequency: only one of them says how many times, or both name moments of a day.
fn joins(all: &Frequency, next: &Frequency) -> bool {
    let is_free = |one: &Frequency| one.times.is_none() && one.period.is_none();
    let is_of_day = |one: &Frequency| one.times == Some((1, 1)) && one.period == Some(every(1.0, Unit::Day));
    let is_bare =
        next.times.is_none() && next.period.is_some() && all.times.is_some() && all.period.is_none();
    let are_moments =
        is_of_day(all) && is_of_day(next) && !all.moments.is_empty() && !next.moments.is_empty();
    is_free(all) || is_free(next) || are_moments || is_bare
}

fn join(all: &mut Frequency, next: Frequency) {
    let is_sum = all.times.is_some() && next.times.is_some();
    all.times = match (all.times, next.times) {
        (Some(mine), Some(other)) if is_sum => Some((mine.0 + other.0, mine.1 + other.1)),
        (mine, other) => mine.or(other),
    };
    all.period = all.period.or(next.period);
    all.as_needed |= next.as_needed;
    all.is_at_most |= next.is_at_most;
    all.moments.extend(next.moments);
    all.moments.dedup();
}

fn every(length: f64, unit: Unit) -> Period {
    Period {
        low: length,
        high: length,
        unit,
    }
}

/// So many times in each unit.
fn times_each(times: u32, unit: Unit) -> Frequency {
    Frequency {
        times: Some((times, times)),
        period: Some(every(1.0, unit)),
        ..Frequency::default()
    }
}

fn at_moments(moments: &[Moment]) -> Frequency {
    Frequency {
        moments: moments.to_vec(),
        ..Frequency::default()
    }
}

fn piece(reading: &Reading<'_>, at: usize) -> Read {
    counted(reading, at)
        .or_else(|| each(reading, at))
        .or_else(|| phrase(reading, at))
        .or_else(|| latin(reading, at))
}

/// "twice a day", "three to four times daily", "up to 4 times a day", "once".
fn counted(reading: &Reading<'_>, at: usize) -> Read {
    let limits: [&[&str]; 5] = [
        &["up", "to"],
        &["no", "more", "than"],
        &["at", "most"],
        &["maximum", "of"],
        &["max"],
    ];
    let limit = limits
        .iter()
        .find(|words| reading.are(at, words))
        .map_or(0, |words| words.len());
    let start = at + limit;
    let (times, end) = match reading.lower(start).as_ref() {
        "once" => ((1, 1), start + 1),
        "twice" => ((2, 2), start + 1),
        "thrice" => ((3, 3), start + 1),
        _ => {
            let number = number(reading, start)?;
            let is_times = reading.is_one_of(number.end, &["times", "time", "x"]);
            (whole(&number).filter(|_| is_times)?, number.end + 1)
        }
    };
    let mut frequency = Frequency {
        times: Some(times),
        is_at_most: limit > 0,
        ..Frequency::default()
    };
    if let Some((period, end)) = a_period(reading, end).or_else(|| adverb(reading, end)) {
        frequency.period = Some(period);
        return Some((frequency, end));
    }
    // "once" before other words is no frequency.
    let stands_alone =
        reading.is_clause_end(end) || reading.is_one_of(end, &["in", "at", "before", "only", "now"]);
    (limit == 0 && stands_alone).then_some((frequency, end))
}

fn whole(number: &Number) -> Option<(u32, u32)> {
    let whole = |value: f64| (1..=24_u32).find(|times| (f64::from(*times) - value).abs() < 1e-9);
    Some((whole(number.low)?, whole(number.high)?))
}

/// "a day", "per week", "each day", "/day", "every 24 hours".
fn a_period(reading: &Reading<'_>, at: usize) -> Option<(Period, usize)> {
    if !reading.is_one_of(at, &["a", "per", "each", "every", "in", "/", "an"]) {
        return None;
    }
    let article = usize::from(reading.is(at, "in") && reading.is_one_of(at + 1, &["a", "the"]));
    let start = at + 1 + article;
    if let Some(number) = number(reading, start) {
        let (unit, end) = times::unit(reading, number.end, true)?;
        return Some((period(&number, unit), end));
    }
    let (unit, end) = times::unit(reading, start, false)?;
    Some((every(1.0, unit), end))
}

fn period(number: &Number, unit: Unit) -> Period {
    Period {
        low: number.low,
        high: number.high,
        unit,
    }
}

/// "daily", "weekly".
fn adverb(reading: &Reading<'_>, at: usize) -> Option<(Period, usize)> {
    let period = match reading.lower(at).as_ref() {
        "daily" | "everyday" => every(1.0, Unit::Day),
        "weekly" => every(1.0, Unit::Week),
        "fortnightly" => every(2.0, Unit::Week),
        "monthly" => every(1.0, Unit::Month),
        "yearly" | "annually" => every(1.0, Unit::Year),
        "hourly" => every(1.0, Unit::Hour),
        _ => return None,
    };
    Some((period, at + 1))
}

/// "daily", "nightly", "every 4 to 6 hours", "every other day", "every morning", "q4-6h".
fn each(reading: &Reading<'_>, at: usize) -> Read {
    let once = |period| Frequency {
        times: Some((1, 1)),
        period: Some(period),
        ..Frequency::default()
    };
    if let Some((period, end)) = adverb(reading, at) {
        return Some((once(period), end));
    }
    if reading.is(at, "nightly") {
        let mut frequency = times_each(1, Unit::Day);
        frequency.moments.push(Moment::Night);
        return Some((frequency, at + 1));
    }
    if reading.are(at, &["alternate", "days"]) || reading.are(at, &["on", "alternate", "days"]) {
        let end = at + 2 + usize::from(reading.is(at, "on"));
        return Some((once(every(2.0, Unit::Day)), end));
    }
    if reading.is_one_of(at, &["a", "per", "/"]) {
        let (period, end) = a_period(reading, at)?;
        let follows_space = reading.written(at) != "/";
        let frequency = Frequency {
            period: Some(period),
            ..Frequency::default()
        };
        return (follows_space && period.unit >= Unit::Day).then_some((frequency, end));
    }
    let is_q = reading.is(at, "q");
    if !reading.is_one_of(at, &["every", "each"]) && !is_q {
        return None;
    }
    let start = at + 1 + usize::from(is_q && reading.written(at + 1) == "." && reading.touches(at + 1));
    if let Some(number) = number_behind_q(reading, start) {
        let (unit, end) = times::unit(reading, number.end, true)?;
        let stop = usize::from(is_q && reading.written(end) == "." && reading.touches(end));
        return Some((once(period(&number, unit)), end + stop));
    }
    if reading.is_one_of(start, &["other", "second", "third"]) {
        let (unit, end) = times::unit(reading, start + 1, false)?;
        let length = if reading.is(start, "third") { 3.0 } else { 2.0 };
        return Some((once(every(length, unit)), end));
    }
    if let Some(moment) = part_of_day(reading, start) {
        let mut frequency = times_each(1, Unit::Day);
        frequency.moments.push(moment);
        return Some((frequency, start + 1));
    }
    let (unit, end) = times::unit(reading, start, false)?;
    Some((once(every(1.0, unit)), end))
}

/// The number of `q4h`, which touches the letter before.
fn number_behind_q(reading: &Reading<'_>, at: usize) -> Option<Number> {
    number(reading, at).or_else(|| {
        let word = reading.written(at);
        let is_plain =
            reading.sort(at) == Some(Sort::Digits) && word.len() <= 2 && reading.written(at - 1) == ".";
        let value: f64 = word.parse().ok().filter(|_| is_plain)?;
        Some(Number {
            low: value,
            high: value,
            end: at + 1,
        })
    })
}

fn part_of_day(reading: &Reading<'_>, at: usize) -> Option<Moment> {
    let moment = match reading.lower(at).as_ref() {
        "morning" | "am" => Moment::Morning,
        "noon" | "midday" => Moment::Noon,
        "afternoon" => Moment::Afternoon,
        "evening" | "pm" => Moment::Evening,
        "night" => Moment::Night,
        "bedtime" => Moment::Bedtime,
        _ => return None,
    };
    Some(moment)
}

/// "evening" of "every morning and evening".
fn bare_moment(reading: &Reading<'_>, at: usize, all: &Frequency) -> Read {
    let follows_and = at > 0 && reading.is_one_of(at - 1, &["and", ","]);
    let moment = part_of_day(reading, at).filter(|_| follows_and && !all.moments.is_empty())?;
    let mut frequency = match all.times {
        Some(_) => times_each(1, Unit::Day),
        None => Frequency::default(),
    };
    frequency.moments.push(moment);
    Some((frequency, at + 1))
}

/// Phrases that say when, or that it is needed.
fn phrase(reading: &Reading<'_>, at: usize) -> Read {
    let needed: [&[&str]; 9] = [
        &["as", "needed"],
        &["as", "required"],
        &["when", "needed"],
        &["when", "required"],
        &["if", "needed"],
        &["if", "required"],
        &["as", "necessary"],
        &["if", "necessary"],
        &["when", "necessary"],
    ];
    if let Some(words) = needed.iter().find(|words| reading.are(at, words)) {
        let frequency = Frequency {
            as_needed: true,
            ..Frequency::default()
        };
        return Some((frequency, at + words.len()));
    }
    let moments: [(&[&str], Moment); 27] = [
        (&["in", "the", "morning"], Moment::Morning),
        (&["in", "the", "afternoon"], Moment::Afternoon),
        (&["in", "the", "evening"], Moment::Evening),
        (&["in", "the", "am"], Moment::Morning),
        (&["in", "the", "pm"], Moment::Evening),
        (&["at", "night"], Moment::Night),
        (&["at", "noon"], Moment::Noon),
        (&["at", "midday"], Moment::Noon),
        (&["at", "lunchtime"], Moment::Noon),
        (&["at", "bedtime"], Moment::Bedtime),
        (&["before", "bed"], Moment::Bedtime),
        (&["before", "bedtime"], Moment::Bedtime),
        (&["before", "meals"], Moment::BeforeMeals),
        (&["before", "food"], Moment::BeforeMeals),
        (&["before", "breakfast"], Moment::BeforeMeals),
        (&["before", "each", "meal"], Moment::BeforeMeals),
        (&["with", "meals"], Moment::WithMeals),
        (&["with", "food"], Moment::WithMeals),
        (&["with", "breakfast"], Moment::WithMeals),
        (&["with", "dinner"], Moment::WithMeals),
        (&["with", "each", "meal"], Moment::WithMeals),
        (&["after", "meals"], Moment::AfterMeals),
        (&["after", "food"], Moment::AfterMeals),
        (&["after", "each", "meal"], Moment::AfterMeals),
        (&["at", "once"], Moment::AtOnce),
        (&["immediately"], Moment::AtOnce),
        (&["straight", "away"], Moment::AtOnce),
    ];
    let found = moments.iter().find(|(words, _)| reading.are(at, words));
    found.map(|(words, moment)| (at_moments(&[*moment]), at + words.len()))
}

/// The Latin of prescriptions, with or without stops.
fn latin(reading: &Reading<'_>, at: usize) -> Read {
    let (letters, end) = shortened(reading, at);
    let is_dotted = end > at + 1;
    let with = |mut frequency: Frequency, moment| {
        frequency.moments.push(moment);
        frequency
    };
    let frequency = match letters.as_str() {
        "qd" | "od" => times_each(1, Unit::Day),
        "bid" | "bd" => times_each(2, Unit::Day),
        "tid" | "tds" => times_each(3, Unit::Day),
        "qid" | "qds" => times_each(4, Unit::Day),
        "qod" | "eod" => Frequency {
            period: Some(every(2.0, Unit::Day)),
            ..times_each(1, Unit::Day)
        },
        "qhs" => with(times_each(1, Unit::Day), Moment::Bedtime),
        "qam" => with(times_each(1, Unit::Day), Moment::Morning),
        "qpm" => with(times_each(1, Unit::Day), Moment::Evening),
        "qh" => times_each(1, Unit::Hour),
        "qw" | "qwk" => times_each(1, Unit::Week),
        "prn" => Frequency {
            as_needed: true,
            ..Frequency::default()
        },
        "stat" => at_moments(&[Moment::AtOnce]),
        "hs" => at_moments(&[Moment::Bedtime]),
        "nocte" => at_moments(&[Moment::Night]),
        "mane" => at_moments(&[Moment::Morning]),
        "ac" => at_moments(&[Moment::BeforeMeals]),
        "pc" => at_moments(&[Moment::AfterMeals]),
        "om" if is_dotted => at_moments(&[Moment::Morning]),
        "on" if is_dotted => at_moments(&[Moment::Night]),
        _ => return None,
    };
    Some((frequency, end))
}

/// A shortened word without its stops, in small letters: `bid` for `b.i.d.`; and the word behind it.
pub(super) fn shortened(reading: &Reading<'_>, at: usize) -> (String, usize) {
    let is_letter =
        |at: usize| reading.sort(at) == Some(Sort::Letters) && reading.written(at).chars().count() == 1;
    let is_stop = |at: usize| reading.written(at) == "." && reading.touches(at);
    if !is_letter(at) || !is_stop(at + 1) {
        return (reading.lower(at).into_owned(), at + 1);
    }
    let (mut letters, mut end) = (String::new(), at);
    // No shortened word here has more than four letters.
    while letters.len() < 4 && is_letter(end) && (end == at || reading.touches(end)) {
        letters.push_str(&reading.lower(end));
        end += 1;
        if !is_stop(end) {
            break;
        }
        end += 1;
    }
    (letters, end)
}
