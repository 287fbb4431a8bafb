//! A moment with its offset from UTC, as FHIR's `instant` writes it.
//!
//! It is given by the caller and never read from a clock. Invariant: the text of an [`Instant`] is a real day and
//! a real time of day, known to the second.

use serde::{Deserialize, Serialize};

use super::fault::DocumentFault;

/// Most digits of a fraction of a second.
const FRACTION_DIGITS_MAX: usize = 9;

/// A moment, as in `2024-05-01T09:30:00+02:00` or `2024-05-01T07:30:00.5Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Instant {
    text: String,
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    nanoseconds: u32,
}

impl Instant {
    /// Reads `YYYY-MM-DDThh:mm:ss`, a fraction of 1 to 9 digits if there is one, and `Z` or an offset up to 14:00.
    /// Years go from 0001 to 9999. Leap seconds (`:60`) are refused: FHIR allows them, most readers fail on them.
    ///
    /// # Errors
    /// [`DocumentFault::Instant`] for any other text.
    pub fn read(text: &str) -> Result<Self, DocumentFault> {
        parse(text).ok_or(DocumentFault::Instant)
    }

    /// The text it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True where it is later than another, whatever their offsets.
    pub fn is_after(&self, other: &Instant) -> bool {
        (self.seconds, self.nanoseconds) > (other.seconds, other.nanoseconds)
    }
}

impl TryFrom<String> for Instant {
    type Error = DocumentFault;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Instant::read(&text)
    }
}

impl From<Instant> for String {
    fn from(instant: Instant) -> Self {
        instant.text
    }
}

fn parse(text: &str) -> Option<Instant> {
    let (date, rest) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(at)?;
    let (clock, nanoseconds) = match time.split_once('.') {
        None => (time, 0),
        Some((clock, fraction)) => (clock, fraction_of(fraction)?),
    };
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let is_day = year >= 1 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_day || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let of_day = i64::from(hour * 3600 + minute * 60 + second);
    Some(Instant {
        text: text.to_owned(),
        seconds: days_from_epoch(year, month, day) * 86_400 + of_day - offset_seconds(zone)?,
        nanoseconds,
    })
}

/// Numbers of exactly so many digits, with one character between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(between);
    let mut found = [0; N];
    for (number, digits) in found.iter_mut().zip(digits) {
        *number = parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?
            .parse()
            .ok()?;
    }
    parts.next().is_none().then_some(found)
}

fn fraction_of(digits: &str) -> Option<u32> {
    let is_fraction = (1..=FRACTION_DIGITS_MAX).contains(&digits.len());
    (is_fraction && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("{digits:0<FRACTION_DIGITS_MAX$}").parse().ok())
        .flatten()
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = numbers(zone.get(1..)?, ':', [2, 2])?;
    let is_offset = minutes < 60 && hours * 60 + minutes <= 14 * 60 && !zone.starts_with('Z');
    is_offset.then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar.
///
/// # Source
/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013), `days_from_civil`.
fn days_from_epoch(year: u32, month: u32, day: u32) -> i64 {
    // Years begin in March, so that the day of a leap year is the last one.
    let (year, month) = match month > 2 {
        true => (i64::from(year), i64::from(month) - 3),
        false => (i64::from(year) - 1, i64::from(month) + 9),
    };
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        Instant::read(text).unwrap().seconds
    }

    /// Seconds by GNU `date -u -d TEXT +%s`.
    #[test]
    fn an_instant_is_the_same_moment_as_other_programs_find() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), 0);
        assert_eq!(seconds("2024-02-29T23:59:59+02:00"), 1_709_243_999);
        assert_eq!(seconds("2000-03-01T00:00:00-05:30"), 951_888_600);
        assert_eq!(seconds("1900-12-31T12:00:00Z"), -2_177_496_000);
        assert_eq!(seconds("9999-12-31T23:59:59Z"), 253_402_300_799);
        assert_eq!(seconds("0001-01-01T00:00:00Z"), -62_135_596_800);
    }

    #[test]
    fn instants_are_ordered_by_moment_and_not_by_text() {
        let read = |text| Instant::read(text).unwrap();
        assert!(read("2024-05-01T09:00:00Z").is_after(&read("2024-05-01T10:00:00+02:00")));
        assert!(read("2024-05-01T09:00:00.25Z").is_after(&read("2024-05-01T09:00:00.2Z")));
        assert!(!read("2024-05-01T09:00:00Z").is_after(&read("2024-05-01T11:00:00+02:00")));
    }

    #[test]
    fn what_is_no_day_or_time_is_refused() {
        let wrong = [
            "",
            "T",
            "2024-05-01",
            "2024-05-01T09:30Z",
            "2024-05-01T09:30:00",
            "2024-05-01 09:30:00Z",
            "2024-5-1T09:30:00Z",
            "0000-05-01T09:30:00Z",
            "2023-02-29T09:30:00Z",
            "1900-02-29T09:30:00Z",
            "2024-04-31T09:30:00Z",
            "2024-13-01T09:30:00Z",
            "2024-05-01T24:00:00Z",
            "2024-05-01T09:60:00Z",
            "2024-05-01T09:30:60Z",
            "2024-05-01T09:30:00.Z",
            "2024-05-01T09:30:00.1234567890Z",
            "2024-05-01T09:30:00+14:01",
            "2024-05-01T09:30:00+2:00",
            "2024-05-01T09:30:00Z02:00",
            "2024-05-01T09:30:00Zé",
            "2024-05-01T09:30:00é02:00",
            "2024-05-01T09:30:00Z\n",
            "２０24-05-01T09:30:00Z",
            "+024-05-01T09:30:00Z",
        ];
        for text in wrong {
            assert!(
                matches!(Instant::read(text), Err(DocumentFault::Instant)),
                "{text}"
            );
        }
    }
}
