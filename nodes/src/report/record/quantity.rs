//! What is measured, and in what unit.

use serde::{Deserialize, Serialize};

/// A quantity that evidence is about. Magnitudes are never negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Quantity {
    /// Root mean square of a vibration or another signal.
    Rms,
    /// Largest magnitude.
    Peak,
    /// Peak over root mean square.
    CrestFactor,
    /// Fourth standardised moment; 3 for a normal distribution.
    Kurtosis,
    /// Root mean square within a band.
    BandEnergy {
        /// Lower edge in hertz, above 0.
        from_hz: f64,
        /// Upper edge in hertz, above the lower.
        to_hz: f64,
    },
    /// Amplitude at a bearing's defect order.
    Defect {
        /// Which order.
        order: DefectOrder,
        /// 1 for the order itself, 2 to 20 for its multiples.
        harmonic: u8,
    },
    /// Amplitude at a multiple of the shaft's speed.
    Shaft {
        /// Which multiple, 1 to 20.
        order: u8,
    },
    /// How far a sensor is from what the others let expect.
    Residual,
    /// The score of an anomaly detector.
    AnomalyScore,
    /// Temperature.
    Temperature,
    /// Pressure.
    Pressure,
    /// Volume flow.
    Flow,
    /// Electric current.
    Current,
    /// Electric voltage.
    Voltage,
    /// Speed of a shaft.
    Speed,
    /// Power.
    Power,
}

/// Highest harmonic and highest shaft order.
pub const ORDER_MAX: u8 = 20;

/// Where a rolling-element bearing's damage shows in the order spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefectOrder {
    /// Ball pass order of the outer race, BPFO.
    OuterRace,
    /// Ball pass order of the inner race, BPFI.
    InnerRace,
    /// Ball spin order, BSF.
    RollingElement,
    /// Fundamental train order, FTF.
    Cage,
}

/// A unit of measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unit {
    /// Standard gravity.
    #[serde(rename = "g")]
    Gravity,
    /// Metres per second squared.
    #[serde(rename = "m/s2")]
    MetresPerSecondSquared,
    /// Millimetres per second.
    #[serde(rename = "mm/s")]
    MillimetresPerSecond,
    /// Micrometres.
    #[serde(rename = "um")]
    Micrometres,
    /// Degrees Celsius.
    #[serde(rename = "degC")]
    Celsius,
    /// Bar.
    #[serde(rename = "bar")]
    Bar,
    /// Litres per minute.
    #[serde(rename = "l/min")]
    LitresPerMinute,
    /// Amperes.
    #[serde(rename = "A")]
    Amperes,
    /// Volts.
    #[serde(rename = "V")]
    Volts,
    /// Revolutions per minute.
    #[serde(rename = "rpm")]
    RevolutionsPerMinute,
    /// Hertz.
    #[serde(rename = "Hz")]
    Hertz,
    /// Kilowatts.
    #[serde(rename = "kW")]
    Kilowatts,
    /// Hundredths.
    #[serde(rename = "%")]
    Percent,
    /// Decibels: how far something stands out of what surrounds it.
    #[serde(rename = "dB")]
    Decibels,
    /// A pure number.
    #[serde(rename = "1")]
    One,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Unit; 15] = [
        Unit::Gravity,
        Unit::MetresPerSecondSquared,
        Unit::MillimetresPerSecond,
        Unit::Micrometres,
        Unit::Celsius,
        Unit::Bar,
        Unit::LitresPerMinute,
        Unit::Amperes,
        Unit::Volts,
        Unit::RevolutionsPerMinute,
        Unit::Hertz,
        Unit::Kilowatts,
        Unit::Percent,
        Unit::Decibels,
        Unit::One,
    ];
}

impl Quantity {
    /// Returns the units that it can be measured in.
    pub fn units(&self) -> &'static [Unit] {
        const ACCELERATION: [Unit; 2] = [Unit::Gravity, Unit::MetresPerSecondSquared];
        const VIBRATION: [Unit; 4] = [
            ACCELERATION[0],
            ACCELERATION[1],
            Unit::MillimetresPerSecond,
            Unit::Micrometres,
        ];
        const LINE: [Unit; 5] = [
            VIBRATION[0],
            VIBRATION[1],
            VIBRATION[2],
            VIBRATION[3],
            Unit::Decibels,
        ];
        const SIGNAL: [Unit; 7] = [
            VIBRATION[0],
            VIBRATION[1],
            VIBRATION[2],
            VIBRATION[3],
            Unit::Amperes,
            Unit::Volts,
            Unit::Bar,
        ];
        match self {
            Quantity::Rms | Quantity::Peak => &SIGNAL,
            Quantity::CrestFactor | Quantity::Kurtosis | Quantity::AnomalyScore => &[Unit::One],
            Quantity::BandEnergy { .. } | Quantity::Shaft { .. } => &VIBRATION,
            Quantity::Defect { .. } => &LINE,
            Quantity::Residual => &Unit::ALL,
            Quantity::Temperature => &[Unit::Celsius],
            Quantity::Pressure => &[Unit::Bar],
            Quantity::Flow => &[Unit::LitresPerMinute],
            Quantity::Current => &[Unit::Amperes],
            Quantity::Voltage => &[Unit::Volts],
            Quantity::Speed => &[Unit::RevolutionsPerMinute, Unit::Hertz],
            Quantity::Power => &[Unit::Kilowatts],
        }
    }

    /// Returns whether it is a magnitude, which cannot be negative.
    pub fn is_magnitude(&self) -> bool {
        match self {
            Quantity::Rms
            | Quantity::Peak
            | Quantity::CrestFactor
            | Quantity::BandEnergy { .. }
            | Quantity::Defect { .. }
            | Quantity::Shaft { .. } => true,
            Quantity::Kurtosis
            | Quantity::Residual
            | Quantity::AnomalyScore
            | Quantity::Temperature
            | Quantity::Pressure
            | Quantity::Flow
            | Quantity::Current
            | Quantity::Voltage
            | Quantity::Speed
            | Quantity::Power => false,
        }
    }

    /// Returns whether its own figures, such as the edges of a band, are within their ranges.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Quantity::BandEnergy { from_hz, to_hz } => {
                from_hz.is_finite()
                    && to_hz.is_finite()
                    && 1e-3 <= *from_hz
                    && from_hz < to_hz
                    && *to_hz <= 1e9
            }
            Quantity::Defect { harmonic: order, .. } | Quantity::Shaft { order } => {
                (1..=ORDER_MAX).contains(order)
            }
            Quantity::Rms
            | Quantity::Peak
            | Quantity::CrestFactor
            | Quantity::Kurtosis
            | Quantity::Residual
            | Quantity::AnomalyScore
            | Quantity::Temperature
            | Quantity::Pressure
            | Quantity::Flow
            | Quantity::Current
            | Quantity::Voltage
            | Quantity::Speed
            | Quantity::Power => true,
        }
    }
}
