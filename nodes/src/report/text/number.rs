//! Numbers, units and dates, as they are written and as they are spoken.
//!
//! Whole digits are never replaced by zeros: 1487 stays 1487, and from 100 000 on, as below 0.001, a number has a power
//! of ten. So the places that are written are those that hold.

use super::super::moment::{Date, Moment};
use super::super::record::{Quantity, Unit};

/// Most significant digits, by which every number differs from every other.
const DIGITS_MAX: usize = 17;

/// Whether a text is for the eye or the ear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Written,
    Spoken,
}

/// Significant digits that a quantity is known to.
pub(super) fn digits(quantity: &Quantity) -> usize {
    match quantity {
        Quantity::Temperature | Quantity::Speed | Quantity::Pressure | Quantity::Voltage => 3,
        Quantity::Rms
        | Quantity::Peak
        | Quantity::CrestFactor
        | Quantity::Kurtosis
        | Quantity::BandEnergy { .. }
        | Quantity::Defect { .. }
        | Quantity::Shaft { .. }
        | Quantity::Residual
        | Quantity::AnomalyScore
        | Quantity::Flow
        | Quantity::Current
        | Quantity::Power => 2,
    }
}

/// Fewest digits, from `digits` on, with which two different numbers are written differently.
pub(super) fn digits_apart(left: f64, right: f64, digits: usize) -> usize {
    (digits..=DIGITS_MAX)
        .find(|digits| rounded(left, *digits) != rounded(right, *digits))
        .unwrap_or(digits)
}

/// A number with a unit.
pub(super) fn measure(value: f64, unit: Unit, digits: usize, manner: Manner) -> String {
    let number = number(value, digits, manner);
    match unit_word(unit, manner) {
        "" => number,
        unit => format!("{number} {unit}"),
    }
}

/// A number with at least this many significant digits.
pub(super) fn number(value: f64, digits: usize, manner: Manner) -> String {
    let written = rounded(value, digits);
    match manner {
        Manner::Written => written,
        Manner::Spoken => in_words(&written),
    }
}

/// The edges of a band in hertz. They are chosen, not measured, so that zeros behind the point say nothing.
pub(super) fn band(from_hz: f64, to_hz: f64, manner: Manner) -> String {
    let digits = digits_apart(from_hz, to_hz, 3);
    let [from, to] = [from_hz, to_hz].map(|edge| {
        let written = rounded(edge, digits);
        let written = match written.contains('.') && !written.contains('e') {
            true => written.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => written,
        };
        match manner {
            Manner::Written => written,
            Manner::Spoken => in_words(&written),
        }
    });
    format!("{from} to {to} {}", unit_word(Unit::Hertz, manner))
}

fn rounded(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value);
    if !(1e-3..1e5).contains(&value.abs()) {
        return scientific;
    }
    // The exponent before rounding, so that 9.96 becomes 10.0 and not 10.
    let exponent = format!("{value:e}");
    let exponent = exponent
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    let decimals = i32::try_from(digits).unwrap_or(1) - 1 - exponent.unwrap_or(0);
    format!("{value:.*}", usize::try_from(decimals).unwrap_or(0))
}

fn unit_word(unit: Unit, manner: Manner) -> &'static str {
    let (written, spoken) = match unit {
        Unit::Gravity => ("g", "g"),
        Unit::MetresPerSecondSquared => ("m/s²", "metres per second squared"),
        Unit::MillimetresPerSecond => ("mm/s", "millimetres per second"),
        Unit::Micrometres => ("µm", "micrometres"),
        Unit::Celsius => ("°C", "degrees Celsius"),
        Unit::Bar => ("bar", "bar"),
        Unit::LitresPerMinute => ("l/min", "litres per minute"),
        Unit::Amperes => ("A", "amperes"),
        Unit::Volts => ("V", "volts"),
        Unit::RevolutionsPerMinute => ("rpm", "revolutions per minute"),
        Unit::Hertz => ("Hz", "hertz"),
        Unit::Kilowatts => ("kW", "kilowatts"),
        Unit::Percent => ("%", "percent"),
        Unit::Decibels => ("dB", "decibels"),
        Unit::One => ("", ""),
    };
    match manner {
        Manner::Written => written,
        Manner::Spoken => spoken,
    }
}

/// A probability in whole hundredths, never as certain or impossible.
pub(super) fn percent(probability: f64, manner: Manner) -> String {
    let (bound, value) = if probability < 0.01 {
        ("under ", 1.0)
    } else if probability > 0.99 {
        ("over ", 99.0)
    } else {
        ("", (probability * 100.0).round())
    };
    format!("{bound}{}", measure(value, Unit::Percent, 1, manner))
}

/// A stretch of time, in the unit that gives it few digits.
pub(super) fn duration(seconds: f64) -> String {
    let (value, unit) = if seconds < 120.0 {
        (seconds, "s")
    } else if seconds < 7_200.0 {
        (seconds / 60.0, "min")
    } else if seconds < 172_800.0 {
        (seconds / 3_600.0, "h")
    } else {
        (seconds / 86_400.0, "days")
    };
    format!("{} {unit}", number(value, 2, Manner::Written))
}

/// A day; its year where it is not that of `end`.
pub(super) fn day(date: Date, end: Date) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = MONTHS[usize::from(date.month() - 1)];
    if date.year() == end.year() {
        format!("{} {month}", date.day())
    } else {
        format!("{} {month} {}", date.day(), date.year())
    }
}

/// A day and a time of day.
pub(super) fn moment(moment: Moment, end: Date) -> String {
    let (hour, minute) = moment.clock();
    format!("{} {hour:02}:{minute:02}", day(moment.date(), end))
}

/// A number that is written with digits, in words.
fn in_words(written: &str) -> String {
    let (sign, written) = match written.strip_prefix('-') {
        Some(rest) => ("minus ", rest),
        None => ("", written),
    };
    let (mantissa, exponent) = written.split_once('e').unwrap_or((written, ""));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut words = format!("{sign}{}", whole_in_words(whole.parse().unwrap_or(0)));
    if !decimals.is_empty() {
        words.push_str(" point");
    }
    for digit in decimals.chars().filter_map(|digit| digit.to_digit(10)) {
        words.push(' ');
        words.push_str(&whole_in_words(digit));
    }
    if !exponent.is_empty() {
        words.push_str(" times ten to the ");
        words.push_str(&in_words(exponent));
    }
    words
}

/// A number below a million.
fn whole_in_words(number: u32) -> String {
    const SMALL: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 10] = [
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    let (unit, rest, name) = match number {
        0..=19 => return SMALL[usize::try_from(number).unwrap_or(0)].to_owned(),
        20..=99 => {
            let tens = TENS[usize::try_from(number / 10).unwrap_or(0)];
            return match number % 10 {
                0 => tens.to_owned(),
                unit => format!("{tens}-{}", whole_in_words(unit)),
            };
        }
        100..=999 => (number / 100, number % 100, "hundred"),
        _ => (number / 1_000, number % 1_000, "thousand"),
    };
    let head = format!("{} {name}", whole_in_words(unit));
    if rest == 0 {
        head
    } else {
        format!("{head} {}", whole_in_words(rest))
    }
}
