//! Dates, whole or in part.

use serde::{Deserialize, Serialize};

use super::super::words::{Reading, Sort};
use super::{Moment, Read};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Years that four digits are read as.
const YEARS: std::ops::RangeInclusive<i32> = 1850..=2150;

/// A date as far as it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Date {
    /// The year with its century.
    pub year: Option<i32>,
    /// The last two digits of the year where the century is not written: 26 for `12/3/26`.
    pub year_of_century: Option<u8>,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 31.
    pub day: Option<u8>,
    /// The two numbers as written where either may be the month, as in `12/03/2026`; day and month are none then.
    pub ambiguous: Option<[u8; 2]>,
}

/// A date that shows by itself that it is one: `2026-03-12`, `12/03/2026`, `March 12th, 2026`, `12 March`.
pub(super) fn written_out(reading: &Reading<'_>, at: usize) -> Read<Date> {
    if reading.sort(at) == Some(Sort::Digits) {
        return year_first(reading, at)
            .or_else(|| numbers(reading, at))
            .or_else(|| day_first(reading, at));
    }
    month_first(reading, at)
}

/// What is a date only behind a preposition: `in 2005`, `since May`, `in the 1980s`, `on 12/03`.
pub(super) fn after_preposition(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    if let Some((date, end)) = written_out(reading, at) {
        return Some((Moment::Date(date), end));
    }
    let part = usize::from(reading.is_one_of(at, &["early", "late", "mid", "about", "around"]));
    let start = at + part;
    let the = usize::from(reading.is(start, "the"));
    if let Some(year) = year(reading, start + the) {
        let after = start + the + 1;
        let s = usize::from(reading.written(after) == "'");
        if reading.is(after + s, "s") && (reading.touches(after) || s == 1) {
            return Some((Moment::Decade(year), after + s + 1));
        }
        let is_measure = reading.sort(after) == Some(Sort::Letters) && reading.touches(after);
        if the == 0 && !is_measure && reading.written(after) != "/" {
            let date = Date {
                year: Some(year),
                ..Date::default()
            };
            return Some((Moment::Date(date), after));
        }
    }
    if let Some(month) = month(reading, start) {
        let date = Date {
            month: Some(month),
            ..Date::default()
        };
        return Some((Moment::Date(date), behind_month(reading, start)));
    }
    let (first, second) = (small(reading, at)?, small(reading, at + 2)?);
    let is_pair = reading.written(at + 1) == "/" && reading.touches(at + 1) && reading.touches(at + 2);
    let date = pair(first, second).filter(|_| is_pair && reading.written(at + 3) != "/")?;
    Some((Moment::Date(date), at + 3))
}

/// A year at the end of a clause, right behind a word, as in `appendectomy 2008, asthma`.
pub(super) fn year_behind(reading: &Reading<'_>, at: usize) -> Read<Moment> {
    let year = year(reading, at)?;
    let follows_word = at > 0 && reading.sort(at - 1) == Some(Sort::Letters) && reading.gap(at) == Some(" ");
    let date = Date {
        year: Some(year),
        ..Date::default()
    };
    let stands_free = follows_word || at > 0 && reading.written(at - 1) == "(";
    (stands_free && reading.is_clause_end(at + 1)).then_some((Moment::Date(date), at + 1))
}

/// `2026-03-12`, `2026/03/12`, `2026-03`.
fn year_first(reading: &Reading<'_>, at: usize) -> Read<Date> {
    let year = year(reading, at)?;
    let (separator, month_at) = match reading.is_hyphenated(at + 1) {
        true => ("-", at + 1),
        false if matches!(reading.written(at + 1), "/" | ".") && is_tight(reading, at + 1) => ("/", at + 2),
        false => return None,
    };
    let month =
        small(reading, month_at).filter(|month| (1..=12).contains(month) && two_digits(reading, month_at))?;
    let mut date = Date {
        year: Some(year),
        month: Some(month),
        ..Date::default()
    };
    let day_at = match separator {
        "-" => reading.is_hyphenated(month_at + 1).then_some(month_at + 1),
        _ => is_tight(reading, month_at + 1).then_some(month_at + 2),
    };
    let Some(day_at) = day_at else {
        return (separator == "-").then_some((date, month_at + 1));
    };
    date.day = small(reading, day_at).filter(|day| (1..=31).contains(day));
    date.day.is_some().then_some((date, day_at + 1))
}

/// `12/03/2026`, `12.03.2026`, `12-03-2026`, `3/12/26`; `07/2007`.
fn numbers(reading: &Reading<'_>, at: usize) -> Read<Date> {
    let is_first = at == 0 || !matches!(reading.written(at - 1), "/" | ".") || !reading.touches(at);
    let first = small(reading, at).filter(|_| is_first && !reading.is_hyphenated(at))?;
    if reading.written(at + 1) == "/" && is_tight(reading, at + 1) && year(reading, at + 2).is_some() {
        let date = Date {
            year: year(reading, at + 2),
            month: Some(first).filter(|month| (1..=12).contains(month)),
            ..Date::default()
        };
        return date.month.is_some().then_some((date, at + 3));
    }
    let (second_at, year_at) = match reading.is_hyphenated(at + 1) {
        true if reading.is_hyphenated(at + 2) => (at + 1, at + 2),
        true => return None,
        false => {
            let mark = reading.written(at + 1);
            let is_same = matches!(mark, "/" | ".") && reading.written(at + 3) == mark;
            if !is_same || !is_tight(reading, at + 1) || !is_tight(reading, at + 3) {
                return None;
            }
            (at + 2, at + 4)
        }
    };
    let mut date = pair(first, small(reading, second_at)?)?;
    match (year(reading, year_at), small(reading, year_at)) {
        (Some(year), _) => date.year = Some(year),
        (None, Some(short)) if two_digits(reading, year_at) => date.year_of_century = Some(short),
        (None, Some(_) | None) => return None,
    }
    Some((date, year_at + 1))
}

/// Day and month where the order is not known.
fn pair(first: u8, second: u8) -> Option<Date> {
    let (is_month, is_day) = (
        |part: u8| (1..=12).contains(&part),
        |part: u8| (1..=31).contains(&part),
    );
    let mut date = Date::default();
    match (is_month(first), is_month(second)) {
        (true, true) if first == second => (date.day, date.month) = (Some(first), Some(first)),
        (true, true) => date.ambiguous = Some([first, second]),
        (true, false) if is_day(second) => (date.month, date.day) = (Some(first), Some(second)),
        (false, true) if is_day(first) => (date.day, date.month) = (Some(first), Some(second)),
        (true | false, true | false) => return None,
    }
    Some(date)
}

/// `12 March`, `12th of March 2026`.
fn day_first(reading: &Reading<'_>, at: usize) -> Read<Date> {
    let day = small(reading, at).filter(|day| (1..=31).contains(day))?;
    let ordinal = usize::from(is_ordinal(reading, at + 1));
    let of = usize::from(reading.is(at + 1 + ordinal, "of"));
    let month_at = at + 1 + ordinal + of;
    let month =
        month(reading, month_at).filter(|_| is_surely_month(reading, month_at) || ordinal + of > 0)?;
    let date = Date {
        month: Some(month),
        day: Some(day),
        ..Date::default()
    };
    Some(with_year(reading, date, behind_month(reading, month_at)))
}

/// `March 12th, 2026`, `Mar. 12`, `March 2019`.
fn month_first(reading: &Reading<'_>, at: usize) -> Read<Date> {
    let month = month(reading, at)?;
    let behind = behind_month(reading, at);
    let mut date = Date {
        month: Some(month),
        ..Date::default()
    };
    if let Some(year) = year(reading, behind) {
        date.year = Some(year);
        return Some((date, behind + 1));
    }
    let the = usize::from(reading.is(behind, "the"));
    let day_at = behind + the;
    let ordinal = usize::from(is_ordinal(reading, day_at + 1));
    date.day = small(reading, day_at).filter(|day| (1..=31).contains(day));
    let is_sure = ordinal == 1 || is_surely_month(reading, at);
    (date.day.is_some() && is_sure).then(|| with_year(reading, date, day_at + 1 + ordinal))
}

fn with_year(reading: &Reading<'_>, mut date: Date, at: usize) -> (Date, usize) {
    let comma = usize::from(reading.written(at) == ",");
    match year(reading, at + comma) {
        Some(year) => {
            date.year = Some(year);
            (date, at + comma + 1)
        }
        None => (date, at),
    }
}

fn year(reading: &Reading<'_>, at: usize) -> Option<i32> {
    let word = reading.written(at);
    let is_year = word.len() == 4 && reading.sort(at) == Some(Sort::Digits);
    let year = word.parse().ok().filter(|year| is_year && YEARS.contains(year))?;
    // The start of `2005.5` or `2,005` is no year.
    let goes_on = matches!(reading.written(at + 1), "." | ",")
        && is_tight(reading, at + 1)
        && reading.sort(at + 2) == Some(Sort::Digits)
        && reading.written(at + 2).len() != 2;
    (!goes_on).then_some(year)
}

/// A number of one or two digits.
fn small(reading: &Reading<'_>, at: usize) -> Option<u8> {
    let word = reading.written(at);
    let is_small = reading.sort(at) == Some(Sort::Digits) && word.len() <= 2;
    word.parse().ok().filter(|_| is_small)
}

fn two_digits(reading: &Reading<'_>, at: usize) -> bool {
    reading.written(at).len() == 2
}

/// A month by its name, or by its first three letters and more.
fn month(reading: &Reading<'_>, at: usize) -> Option<u8> {
    let word = reading.lower(at);
    let is_short = word.len() == 3 || word == "sept";
    let months = MONTHS.iter().zip(1_u8..);
    months
        .clone()
        .find(|(name, _)| **name == word || is_short && name.starts_with(word.as_ref()))
        .map(|(_, number)| number)
}

/// "may", "march" and "mar" are words of their own unless written with a capital.
fn is_surely_month(reading: &Reading<'_>, at: usize) -> bool {
    let is_word = reading.is_one_of(at, &["may", "march", "mar"]);
    !is_word || reading.written(at).starts_with(char::is_uppercase)
}

/// The word behind a month and its stop, as in `Mar. 12`.
fn behind_month(reading: &Reading<'_>, at: usize) -> usize {
    let has_stop = reading.written(at + 1) == "."
        && reading.touches(at + 1)
        && reading.written(at).len() <= 4
        && reading.sort(at + 2) == Some(Sort::Digits);
    at + 1 + usize::from(has_stop)
}

fn is_ordinal(reading: &Reading<'_>, at: usize) -> bool {
    reading.touches(at) && reading.is_one_of(at, &["st", "nd", "rd", "th"])
}

/// Whether a mark stands between two words without space.
fn is_tight(reading: &Reading<'_>, at: usize) -> bool {
    reading.touches(at) && reading.touches(at + 1)
}
