//! The zone of severity, by limits from the YAML.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::super::findings::Findings;
use super::super::record::{Quantity, Severity, Unit, ZoneLimits};

/// Limits between zones, and the unit of what they are for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Zones {
    limits: ZoneLimits,
    unit: Unit,
}

/// Why a text holds no zones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected three rising limits above 0 and a unit of vibration, as in `1.4 2.8 7.1 mm/s`, found `{0}`"
)]
pub(super) struct ZonesError(String);

impl Zones {
    pub(super) fn read(text: &str) -> Result<Zones, ZonesError> {
        let error = || ZonesError(text.to_owned());
        let words: Vec<&str> = text.split_whitespace().collect();
        let [a_to_b, b_to_c, c_to_d, unit] = words[..] else {
            return Err(error());
        };
        let number = |word: &str| word.parse::<f64>().map_err(|_| error());
        let limits = ZoneLimits {
            a_to_b: number(a_to_b)?,
            b_to_c: number(b_to_c)?,
            c_to_d: number(c_to_d)?,
        };
        let unit =
            Unit::deserialize(IntoDeserializer::<Error>::into_deserializer(unit)).map_err(|_| error())?;
        let is_vibration = match unit {
            Unit::Gravity | Unit::MetresPerSecondSquared | Unit::MillimetresPerSecond | Unit::Micrometres => {
                true
            }
            Unit::Celsius
            | Unit::Bar
            | Unit::LitresPerMinute
            | Unit::Amperes
            | Unit::Volts
            | Unit::RevolutionsPerMinute
            | Unit::Hertz
            | Unit::Kilowatts
            | Unit::Percent
            | Unit::Decibels
            | Unit::One => false,
        };
        let is_rising = 1e-12 <= limits.a_to_b
            && limits.a_to_b < limits.b_to_c
            && limits.b_to_c < limits.c_to_d
            && limits.c_to_d <= 1e15;
        if is_vibration && is_rising {
            Ok(Zones { limits, unit })
        } else {
            Err(error())
        }
    }

    /// The severity by the largest root mean square in the unit of the limits; nothing where there is none.
    pub(super) fn findings(&self, parts: &[Findings]) -> Findings {
        let measured = parts
            .iter()
            .flat_map(|part| &part.evidence)
            .filter(|it| it.quantity == Quantity::Rms && it.unit == self.unit);
        let largest = measured.reduce(|largest, it| {
            if it.measured > largest.measured {
                it
            } else {
                largest
            }
        });
        Findings {
            severity: largest.map(|it| Severity {
                zone: self.limits.zone(it.measured),
                sensor: it.sensor.clone(),
                measured: it.measured,
                unit: self.unit,
                limits: self.limits,
            }),
            ..Findings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::record::{Evidence, Zone};
    use super::*;

    #[test]
    fn limits_come_with_their_unit() {
        let zones = Zones::read("1.4 2.8 7.1 mm/s").unwrap();
        assert_eq!(zones.unit, Unit::MillimetresPerSecond);
        let limits = ZoneLimits {
            a_to_b: 1.4,
            b_to_c: 2.8,
            c_to_d: 7.1,
        };
        assert_eq!(zones.limits, limits);
        for text in [
            "1.4 2.8 7.1",
            "1.4 2.8 mm/s",
            "1.4 2.8 7.1 bar",
            "1.4 2.8 7.1 furlong",
            "2.8 1.4 7.1 g",
            "0 1 2 g",
            "1 2 inf g",
            "1 NaN 2 g",
            "1 2 3 g g",
        ] {
            assert_eq!(Zones::read(text), Err(ZonesError(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn the_largest_value_in_their_unit_decides() {
        let zones = Zones::read("1.4 2.8 7.1 mm/s").unwrap();
        let rms = |sensor: &str, measured, unit| Evidence {
            sensor: sensor.to_owned(),
            quantity: Quantity::Rms,
            measured,
            unit,
            limit: None,
            ratio: None,
            trend: None,
        };
        let part = |evidence| Findings {
            evidence,
            ..Findings::default()
        };
        let first = part(vec![
            rms("S1", 2.0, Unit::MillimetresPerSecond),
            rms("S2", 9.0, Unit::Gravity),
        ]);
        let second = part(vec![rms("S3", 3.0, Unit::MillimetresPerSecond)]);
        let severity = zones.findings(&[first, second]).severity.unwrap();
        assert_eq!((severity.zone, severity.sensor.as_str()), (Zone::C, "S3"));
        assert_eq!(zones.findings(&[]), Findings::default());
    }
}
