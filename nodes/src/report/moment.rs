//! Dates and times of day on the clock of the plant, as whole seconds.
//!
//! No time zones and no leap seconds: the plant has one clock, and the caller decides which. Invariant: a [`Moment`] is
//! within the years 1970 to 9999.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;
/// Seconds from the beginning of 1970 to the end of 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// A second on the clock of the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(i64);

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: i64,
    month: u8,
    day: u8,
}

/// Why a text is no date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentError {
    /// It is not written as it should be.
    #[error("expected a {0}")]
    Form(&'static str),
    /// There is no such day or time from 1970 to 9999.
    #[error("there is no such day or time from 1970 to 9999")]
    Range,
}

impl Moment {
    /// The beginning of 1970.
    pub const BEGIN: Moment = Moment(0);

    /// Returns the moment this many seconds after the beginning of 1970; `None` before it and after 9999.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        (0..=SECONDS_MAX).contains(&seconds).then_some(Self(seconds))
    }

    /// Returns the seconds since the beginning of 1970.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Returns its day.
    pub fn date(self) -> Date {
        Date::from_days(self.0.div_euclid(DAY_SECONDS))
    }

    /// Returns its hour, 0 to 23, and its minute, 0 to 59.
    pub fn clock(self) -> (i64, i64) {
        let second = self.0.rem_euclid(DAY_SECONDS);
        (second / 3_600, second / 60 % 60)
    }
}

impl Date {
    /// Returns the day; `None` where the calendar has none from 1970 to 9999.
    pub fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        let is_day = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        is_day.then_some(Self { year, month, day })
    }

    /// Returns the year, 1970 to 9999.
    pub fn year(self) -> i64 {
        self.year
    }

    /// Returns the month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Returns the day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Returns the first second of the day.
    pub fn begin(self) -> Moment {
        Moment(self.days() * DAY_SECONDS)
    }

    /// Days since the beginning of 1970.
    ///
    /// # Source
    /// Hinnant (2013), chrono-compatible low-level date algorithms, `days_from_civil`.
    fn days(self) -> i64 {
        let month = i64::from(self.month);
        let year = self.year - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day this many days after the beginning of 1970.
    ///
    /// # Source
    /// Hinnant (2013), `civil_from_days`.
    fn from_days(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = (shifted_month + 2) % 12 + 1;
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }
}

fn days_of(year: i64, month: u8) -> u8 {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = self.clock();
        write!(f, "{}T{hour:02}:{minute:02}:{:02}", self.date(), self.0 % 60)
    }
}

impl FromStr for Date {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let form = MomentError::Form("day as in `2024-03-12`");
        let [year, month, day] = fields(text, [4, 2, 2], '-').ok_or(form)?;
        let narrow = |value: i64| u8::try_from(value).map_err(|_| MomentError::Range);
        Date::new(year, narrow(month)?, narrow(day)?).ok_or(MomentError::Range)
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let form = || MomentError::Form("time as in `2024-03-12T14:05:00`");
        let (date, clock) = text.split_once('T').ok_or_else(form)?;
        let date: Date = date.parse()?;
        let [hour, minute, second] = fields(clock, [2, 2, 2], ':').ok_or_else(form)?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err(MomentError::Range);
        }
        Ok(Moment(date.begin().0 + hour * 3_600 + minute * 60 + second))
    }
}

/// Three numbers of so many digits.
fn fields(text: &str, digits: [usize; 3], between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(numbers)
}

impl TryFrom<String> for Date {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_string()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> String {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: i64, written: &str) {
        let moment = Moment::from_seconds(seconds).unwrap();
        assert_eq!(moment.to_string(), written);
        assert_eq!(written.parse(), Ok(moment));
    }

    #[test]
    fn moments_agree_with_known_unix_times() {
        check(0, "1970-01-01T00:00:00");
        check(951_782_400, "2000-02-29T00:00:00");
        check(1_000_000_000, "2001-09-09T01:46:40");
        check(1_234_567_890, "2009-02-13T23:31:30");
        check(2_147_483_647, "2038-01-19T03:14:07");
        check(4_107_542_400, "2100-03-01T00:00:00");
        check(SECONDS_MAX, "9999-12-31T23:59:59");
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2024-03-12",
            "2024-3-12T00:00:00",
            "2024-03-12T00:00:0é",
            "+024-03-12T00:00:00",
        ] {
            assert!(
                matches!(text.parse::<Moment>(), Err(MomentError::Form(_))),
                "{text}"
            );
        }
        for text in [
            "2023-02-29T00:00:00",
            "2024-13-01T00:00:00",
            "2024-03-12T24:00:00",
            "1969-12-31T23:59:59",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(MomentError::Range), "{text}");
        }
        assert_eq!(Moment::from_seconds(-1), None);
        assert_eq!(Moment::from_seconds(SECONDS_MAX + 1), None);
    }

    proptest::proptest! {
        #[test]
        fn every_second_is_read_back(seconds in 0..=SECONDS_MAX) {
            let moment = Moment::from_seconds(seconds).unwrap();
            proptest::prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
