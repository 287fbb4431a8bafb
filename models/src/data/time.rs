//! Time stamps as tables of sensors have them.

/// Returns seconds: of a number as it is, of `2024-05-31 13:30:47` since 1970 in UTC.
///
/// The date and the time may be joined by `T`; a fraction of a second, and `Z` or an offset as `+02:00`, may follow.
pub(super) fn seconds(cell: &str) -> Option<f64> {
    if let Ok(number) = cell.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let (date, rest) = (cell.get(..10)?, cell.get(10..)?);
    let time = rest.strip_prefix([' ', 'T'])?;
    let days = days(date)?;
    let (clock, rest) = (time.get(..8)?, time.get(8..)?);
    let [hours, minutes, seconds] = parts(clock, ':', [2, 2, 2])?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let zone = rest.trim_start_matches(|character: char| character == '.' || character.is_ascii_digit());
    let fraction = rest.strip_suffix(zone)?;
    let fraction = match fraction.strip_prefix('.') {
        Some(digits) if !digits.is_empty() && digits.len() <= 9 => {
            format!("0.{digits}").parse::<f64>().ok()?
        }
        None if fraction.is_empty() => 0.0,
        _ => return None,
    };
    let whole = ((days * 24 + hours) * 60 + minutes - offset_minutes(zone)?) * 60 + seconds;
    Some(whole as f64 + fraction)
}

/// Returns the minutes that a zone is ahead of UTC.
fn offset_minutes(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone == "Z" {
        return Some(0);
    }
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let [hours, minutes] = parts(zone.get(1..)?, ':', [2, 2])?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
///
/// # Source
/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013, `days_from_civil`.
fn days(date: &str) -> Option<i64> {
    let [year, month, day] = parts(date, '-', [4, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the numbers between `separator`, each of as many digits as given.
fn parts<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut split = text.split(separator);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = split.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    split.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &str, expected: Option<f64>) {
        assert_eq!(seconds(cell), expected, "{cell}");
    }

    #[test]
    fn stamps_are_seconds_since_1970() {
        // `date -u -d '...' +%s` gives these.
        check("1970-01-01 00:00:00", Some(0.0));
        check("2000-02-29T12:00:00Z", Some(951_825_600.0));
        check("2020-03-01 15:44:06", Some(1_583_077_446.0));
        check("2020-03-01 15:44:06.25", Some(1_583_077_446.25));
        check("2024-12-31 23:59:59+02:00", Some(1_735_682_399.0));
        check("1969-12-31 23:59:59", Some(-1.0));
    }

    #[test]
    fn numbers_are_seconds_already() {
        check("0.5", Some(0.5));
        check("-3", Some(-3.0));
        check("NaN", None);
        check("inf", None);
    }

    #[test]
    fn other_forms_are_refused() {
        for cell in [
            "",
            "yesterday",
            "2023-02-29 00:00:00",
            "2024-13-01 00:00:00",
            "2024-01-01",
            "2024-01-01 24:00:00",
            "2024-01-01 00:00:00.",
            "2024-01-01 00:00:00 CET",
            "31.05.2024 00:00:00",
            "2024-01-0é 00:00:00",
        ] {
            check(cell, None);
        }
    }
}
