//! A moment in UTC to the millisecond, as it stands in an audit log.
//!
//! The one form is RFC 3339 with three decimals and `Z`, always 24 bytes, so that moments sort as text.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

const MS_PER_DAY: u64 = 86_400_000;

/// Days from 1970-01-01 to 9999-12-31.
const DAY_MAX: u64 = 2_932_896;

/// Something that tells the time of the day. An audit log never asks the machine itself.
pub trait WallClock: Send {
    /// The time now.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send> WallClock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// A moment from 1970 to 9999, in UTC, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    since_epoch_ms: u64,
}

/// What is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentFault {
    /// A time that the form cannot hold.
    #[error("the time is not within the years 1970 to 9999")]
    Range,
    /// A text of another form.
    #[error("expected a time such as `2031-05-17T08:30:00.000Z`")]
    Form,
}

impl TryFrom<SystemTime> for Moment {
    type Error = MomentFault;

    fn try_from(time: SystemTime) -> Result<Moment, MomentFault> {
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| MomentFault::Range)?;
        let since_epoch_ms = u64::try_from(since.as_millis()).map_err(|_| MomentFault::Range)?;
        if since_epoch_ms / MS_PER_DAY > DAY_MAX {
            return Err(MomentFault::Range);
        }
        Ok(Moment { since_epoch_ms })
    }
}

impl From<Moment> for SystemTime {
    fn from(moment: Moment) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(moment.since_epoch_ms)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_of_day(self.since_epoch_ms / MS_PER_DAY);
        let ms = self.since_epoch_ms % MS_PER_DAY;
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        let ms = ms % 1_000;
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"
        )
    }
}

impl FromStr for Moment {
    type Err = MomentFault;

    fn from_str(text: &str) -> Result<Moment, MomentFault> {
        let form = b"0000-00-00T00:00:00.000Z";
        let fits = |(byte, form): (&u8, &u8)| {
            if *form == b'0' {
                byte.is_ascii_digit()
            } else {
                byte == form
            }
        };
        if text.len() != form.len() || !text.as_bytes().iter().zip(form).all(fits) {
            return Err(MomentFault::Form);
        }
        let number =
            |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u64>().ok());
        let parsed = || {
            let day = day_of_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
            let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
            let since_epoch_ms =
                day * MS_PER_DAY + hour * 3_600_000 + minute * 60_000 + second * 1_000 + number(20, 23)?;
            Some(Moment { since_epoch_ms })
        };
        // What does not print as it was read names no day or no time of a day.
        parsed()
            .filter(|moment| moment.to_string() == text)
            .ok_or(MomentFault::Form)
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentFault;

    fn try_from(text: String) -> Result<Moment, MomentFault> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> String {
        moment.to_string()
    }
}

/// Year, month and day of a count of days since 1970-01-01.
///
/// # Source
/// Howard Hinnant, "chrono-compatible low-level date algorithms" (2013), `civil_from_days`.
fn civil_of_day(day: u64) -> (u64, u64, u64) {
    let since_march_0000 = day + 719_468;
    let era = since_march_0000 / 146_097;
    let day_of_era = since_march_0000 % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// Days from 1970-01-01 to a day of the calendar; none before it.
///
/// # Source
/// Howard Hinnant, "chrono-compatible low-level date algorithms" (2013), `days_from_civil`.
fn day_of_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_early = month <= 2;
    let year = year.checked_sub(u64::from(is_early))?;
    let month_from_march = if is_early { month + 9 } else { month - 3 };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month_from_march + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds are those that `date -u -d TEXT +%s` of GNU coreutils 9.1 prints.
    fn check(text: &str, seconds: u64, ms: u64) {
        let time = UNIX_EPOCH + Duration::from_millis(seconds * 1_000 + ms);
        assert_eq!(Moment::try_from(time).unwrap().to_string(), text);
        assert_eq!(SystemTime::from(text.parse::<Moment>().unwrap()), time);
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        check("1970-01-01T00:00:00.000Z", 0, 0);
        check("2000-02-29T23:59:59.999Z", 951_868_799, 999);
        check("2024-02-29T12:00:00.001Z", 1_709_208_000, 1);
        check("2025-03-01T00:00:00.000Z", 1_740_787_200, 0);
        check("2038-01-19T03:14:08.000Z", 2_147_483_648, 0);
        check("2100-03-01T00:00:00.000Z", 4_107_542_400, 0);
        check("9999-12-31T23:59:59.999Z", 253_402_300_799, 999);
    }

    #[test]
    fn every_day_reads_back_as_itself() {
        for day in 0..=DAY_MAX {
            let (year, month, date) = civil_of_day(day);
            assert_eq!(day_of_civil(year, month, date), Some(day));
        }
    }

    #[test]
    fn other_forms_and_days_that_are_none_are_refused() {
        for text in [
            "",
            "2025-03-01T00:00:00Z",
            "2025-03-01t00:00:00.000Z",
            "2025-03-01T00:00:00.000+00:00",
            "2025-02-29T00:00:00.000Z",
            "2025-13-01T00:00:00.000Z",
            "2025-00-01T00:00:00.000Z",
            "2025-01-00T00:00:00.000Z",
            "2025-01-01T24:00:00.000Z",
            "2016-12-31T23:59:60.000Z",
            "1969-12-31T23:59:59.999Z",
            "0000-01-01T00:00:00.000Z",
            "２025-01-01T00:00:00.00Z",
        ] {
            assert_eq!(text.parse::<Moment>(), Err(MomentFault::Form), "{text}");
        }
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Moment::try_from(before), Err(MomentFault::Range));
        let after = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert_eq!(Moment::try_from(after), Err(MomentFault::Range));
    }
}
