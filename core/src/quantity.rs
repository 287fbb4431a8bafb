//! Quantities with units as authors write them: `80 ms`, `220 MiB`, `16 kHz`, `20 %`.
//!
//! A bare number where a unit is due is refused, so that nobody has to guess.

use std::fmt;
use std::time::Duration;

use winnow::Parser;
use winnow::ascii::{float, space0};
use winnow::combinator::{opt, preceded};
use winnow::token::take_while;

/// Why a quantity was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityFault {
    /// The text does not begin with a number.
    #[error("`{0}` is not a number with a unit")]
    NotANumber(String),
    /// A number without a unit.
    #[error("`{found}` has no unit; write one of {units}")]
    NoUnit {
        /// The text as written.
        found: String,
        /// The units that are known here.
        units: &'static str,
        /// The quantity with the unit that such a number most often means.
        mended: String,
    },
    /// A unit that is not one of this dimension.
    #[error("`{found}` is not a unit of {dimension}; write one of {units}")]
    UnknownUnit {
        /// The unit as written.
        found: String,
        /// What is measured.
        dimension: &'static str,
        /// The units that are known here.
        units: &'static str,
        /// The quantity with the unit that was probably meant.
        mended: Option<String>,
    },
    /// Negative, not finite, or too large for the machine.
    #[error("`{0}` is out of range")]
    OutOfRange(String),
}

impl QuantityFault {
    /// What was probably meant.
    pub fn mended(&self) -> Option<&str> {
        match self {
            QuantityFault::NoUnit { mended, .. } => Some(mended),
            QuantityFault::UnknownUnit { mended, .. } => mended.as_deref(),
            QuantityFault::NotANumber(_) | QuantityFault::OutOfRange(_) => None,
        }
    }
}

/// What is measured, its units for people, and each unit with its factor.
type Dimension = (&'static str, &'static str, &'static [(&'static str, f64)]);

const TIME: Dimension = (
    "time",
    "us, ms, s, min, h",
    &[
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("min", 60.0),
        ("h", 3_600.0),
    ],
);
const FREQUENCY: Dimension = (
    "frequency",
    "Hz, kHz, MHz",
    &[("Hz", 1.0), ("kHz", 1e3), ("MHz", 1e6)],
);
const MEMORY: Dimension = (
    "memory",
    "B, KiB, MiB, GiB",
    &[
        ("B", 1.0),
        ("KiB", 1_024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
    ],
);
const SHARE: Dimension = ("share", "%", &[("%", 0.01)]);

/// A time span: `80 ms`, `1.5 s`, `2 min`; at most one year.
///
/// # Errors
/// Any [`QuantityFault`].
pub fn duration(text: &str) -> Result<Duration, QuantityFault> {
    let seconds = measure(text, TIME)?;
    if seconds > 31_536_000.0 {
        return Err(QuantityFault::OutOfRange(text.to_owned()));
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| QuantityFault::OutOfRange(text.to_owned()))
}

/// A frequency in thousandths of a hertz: `16 kHz` is 16,000,000; at most 1 GHz.
///
/// # Errors
/// Any [`QuantityFault`]; zero is out of range.
pub fn frequency_mhz(text: &str) -> Result<u64, QuantityFault> {
    let millihertz = (measure(text, FREQUENCY)? * 1e3).round();
    whole(text, millihertz, 1e12).and_then(|value| match value {
        0 => Err(QuantityFault::OutOfRange(text.to_owned())),
        value => Ok(value),
    })
}

/// An amount of memory in bytes: `96 MiB`; at most 1 PiB.
///
/// # Errors
/// Any [`QuantityFault`].
pub fn bytes(text: &str) -> Result<u64, QuantityFault> {
    whole(text, measure(text, MEMORY)?.round(), 1_125_899_906_842_624.0)
}

/// A share of a whole: `20 %` is 0.2; between 0 and 1.
///
/// # Errors
/// Any [`QuantityFault`].
pub fn share(text: &str) -> Result<f64, QuantityFault> {
    let share = measure(text, SHARE)?;
    if share > 1.0 {
        Err(QuantityFault::OutOfRange(text.to_owned()))
    } else {
        Ok(share)
    }
}

fn measure(text: &str, (dimension, units, factors): Dimension) -> Result<f64, QuantityFault> {
    let mut number = (
        float::<&str, f64, winnow::error::ContextError>,
        preceded(space0, opt(take_while(1.., |_| true))),
    );
    let (value, unit) = number
        .parse(text.trim())
        .map_err(|_| QuantityFault::NotANumber(text.to_owned()))?;
    let Some(unit) = unit.map(str::trim_end) else {
        return Err(QuantityFault::NoUnit {
            found: text.to_owned(),
            units,
            mended: with_usual_unit(text.trim(), value, dimension),
        });
    };
    let Some((_, factor)) = factors.iter().find(|(name, _)| *name == unit) else {
        return Err(QuantityFault::UnknownUnit {
            found: unit.to_owned(),
            dimension,
            units,
            mended: near_unit(unit, factors)
                .map(|near| format!("{} {near}", text.trim().trim_end_matches(unit).trim_end())),
        });
    };
    if !value.is_finite() || value < 0.0 {
        return Err(QuantityFault::OutOfRange(text.to_owned()));
    }
    Ok(value * factor)
}

/// A bare number with the unit that numbers of this size have when people leave it out.
fn with_usual_unit(text: &str, value: f64, dimension: &str) -> String {
    match dimension {
        "frequency" if value >= 200.0 => format!("{text} Hz"),
        "frequency" => format!("{text} kHz"),
        "memory" if value >= 65_536.0 => format!("{text} B"),
        "memory" => format!("{text} MiB"),
        "share" if value <= 1.0 => format!("{} %", value * 100.0),
        "share" => format!("{text} %"),
        _ => format!("{text} ms"),
    }
}

/// The known unit that another spelling stands for.
fn near_unit(found: &str, factors: &'static [(&'static str, f64)]) -> Option<&'static str> {
    let found = found.to_lowercase();
    let meant = match found.as_str() {
        "k" | "kb" => "kib",
        "m" | "mb" => "mib",
        "g" | "gb" => "gib",
        "byte" | "bytes" => "b",
        "usec" | "microseconds" => "us",
        "msec" | "millis" | "milliseconds" => "ms",
        "sec" | "secs" | "second" | "seconds" => "s",
        "mins" | "minute" | "minutes" => "min",
        "hour" | "hours" | "hr" => "h",
        "hertz" => "hz",
        "percent" => "%",
        other => other,
    };
    factors
        .iter()
        .map(|(name, _)| *name)
        .find(|name| name.to_lowercase() == meant)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and within the bound, which is far below 2^63"
)]
fn whole(text: &str, value: f64, max: f64) -> Result<u64, QuantityFault> {
    if (0.0..=max).contains(&value) {
        Ok(value as u64)
    } else {
        Err(QuantityFault::OutOfRange(text.to_owned()))
    }
}

/// Prints bytes as people read them: `832 B`, `192.1 KiB`, `96.0 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
        if self.0 < 1_024 {
            return f.pad(&format!("{} B", self.0));
        }
        let mut value = self.0 as f64 / 1_024.0;
        let mut unit = 0;
        while value >= 1_024.0 && unit + 1 < UNITS.len() {
            value /= 1_024.0;
            unit += 1;
        }
        f.pad(&format!("{value:.1} {}", UNITS[unit]))
    }
}

/// Prints a time span as people read it: `17 us`, `1.24 ms`, `2.50 s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        let text = if seconds < 1e-3 {
            format!("{:.0} us", seconds * 1e6)
        } else if seconds < 1.0 {
            format!("{:.2} ms", seconds * 1e3)
        } else {
            format!("{seconds:.2} s")
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_with_their_units() {
        assert_eq!(duration("80 ms"), Ok(Duration::from_millis(80)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("2 min"), Ok(Duration::from_secs(120)));
        assert_eq!(frequency_mhz("16kHz"), Ok(16_000_000));
        assert_eq!(frequency_mhz("44.1 kHz"), Ok(44_100_000));
        assert_eq!(bytes("96 MiB"), Ok(96 << 20));
        assert_eq!(share("20 %"), Ok(0.2));
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_its_reason() {
        assert!(matches!(duration("80"), Err(QuantityFault::NoUnit { .. })));
        assert!(matches!(
            duration("80 mb"),
            Err(QuantityFault::UnknownUnit { .. })
        ));
        assert!(matches!(duration("soon"), Err(QuantityFault::NotANumber(_))));
        assert!(matches!(duration("-3 ms"), Err(QuantityFault::OutOfRange(_))));
        assert!(matches!(duration("nan ms"), Err(QuantityFault::OutOfRange(_))));
        assert!(matches!(bytes("1e300 GiB"), Err(QuantityFault::OutOfRange(_))));
        assert!(matches!(share("120 %"), Err(QuantityFault::OutOfRange(_))));
        assert!(matches!(frequency_mhz("0 Hz"), Err(QuantityFault::OutOfRange(_))));
    }

    #[test]
    fn what_was_probably_meant_is_offered() {
        let mended = |fault: Result<u64, QuantityFault>| fault.unwrap_err().mended().map(str::to_owned);
        assert_eq!(mended(bytes("96")).as_deref(), Some("96 MiB"));
        assert_eq!(mended(bytes("100000000")).as_deref(), Some("100000000 B"));
        assert_eq!(mended(bytes("96MB")).as_deref(), Some("96 MiB"));
        assert_eq!(mended(frequency_mhz("16000")).as_deref(), Some("16000 Hz"));
        assert_eq!(mended(frequency_mhz("16 khz")).as_deref(), Some("16 kHz"));
        assert_eq!(mended(bytes("3 m/s")), None);
        assert_eq!(duration("80").unwrap_err().mended(), Some("80 ms"));
        assert_eq!(duration("2 seconds").unwrap_err().mended(), Some("2 s"));
        assert_eq!(share("0.2").unwrap_err().mended(), Some("20 %"));
    }

    #[test]
    fn bytes_and_times_are_printed_for_people() {
        assert_eq!(Bytes(832).to_string(), "832 B");
        assert_eq!(Bytes(196_672).to_string(), "192.1 KiB");
        assert_eq!(Time(Duration::from_micros(1_240)).to_string(), "1.24 ms");
    }
}
