//! The last values of a sensor, and what they look like beside normal ones.

use crate::shift::normal::Normal;

/// Values that a unit is told by.
const UNIT_VALUES: usize = 30;
/// Values that saturation is told by.
const SATURATION_VALUES: usize = 60;
/// Factors from one unit to another: standard gravity, thousands, tens, hundreds, inches, minutes, hours, pounds per
/// square inch.
const FACTORS: [f64; 8] = [9.806_65, 1e3, 10.0, 100.0, 25.4, 60.0, 3_600.0, 6.894_757];
/// How far the logarithm of a ratio of levels may lie from that of a factor.
const FACTOR_TOLERANCE: f64 = 0.15;
/// The smallest logarithm of a ratio that any factor allows: that of 6.894757 less the tolerance, rounded down.
const FACTOR_MIN: f64 = 1.78;
/// Interquartile ranges that a median lies off the learnt one where a unit is wrong.
const FAR: f64 = 8.0;
/// Interquartile ranges that a learnt median must lie from zero for the unit to be checked.
const AROUND_ZERO: f64 = 3.0;
/// Share that a temperature may lie off the learnt one in the other degrees.
const DEGREES_TOLERANCE: f64 = 0.05;
/// Least share of its learnt median that a temperature is off in the other degrees.
const DEGREES_FAR: f64 = 0.15;
/// Different values that a sensor must have had for saturation to be checked.
const DISTINCT_MIN: f64 = 50.0;
/// Share of values at one end that is saturation.
const SATURATED_SHARE: f64 = 0.3;
/// Different values that a saturated window has at least: with fewer it is stuck, or coarse.
const DISTINCT_IN_WINDOW: usize = 5;

/// The last values.
#[derive(Clone, Debug)]
pub(super) struct Window {
    ring: Vec<f64>,
    next: usize,
    count: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            ring: vec![0.0; SATURATION_VALUES],
            next: 0,
            count: 0,
        }
    }
}

impl Window {
    /// Bytes of its values.
    pub(super) const BYTES: usize = SATURATION_VALUES * size_of::<f64>();

    pub(super) fn clear(&mut self) {
        (self.next, self.count) = (0, 0);
    }

    pub(super) fn push(&mut self, value: f64) {
        self.ring[self.next] = value;
        self.next = (self.next + 1) % SATURATION_VALUES;
        self.count = (self.count + 1).min(SATURATION_VALUES);
    }

    /// The newest values for a unit; none before there are enough.
    fn newest(&self) -> Option<[f64; UNIT_VALUES]> {
        if self.count < UNIT_VALUES {
            return None;
        }
        let mut newest = [0.0; UNIT_VALUES];
        let first = self.next + SATURATION_VALUES - UNIT_VALUES;
        for (place, value) in newest.iter_mut().enumerate() {
            *value = self.ring[(first + place) % SATURATION_VALUES];
        }
        Some(newest)
    }

    /// Whether the level is off by a factor between units, and the median far from the learnt one.
    pub(super) fn has_other_unit(&self, normal: &Normal) -> bool {
        let spread = spread(normal);
        if normal.median.abs() <= AROUND_ZERO * spread {
            return false;
        }
        let Some(newest) = self.newest() else { return false };
        let square = newest.iter().map(|value| value * value).sum::<f64>() / UNIT_VALUES as f64;
        let ratio = (square.sqrt() / normal.level).ln().abs();
        if !(FACTOR_MIN..f64::INFINITY).contains(&ratio) {
            return false;
        }
        let is_factor = FACTORS
            .iter()
            .any(|factor| (ratio - factor.ln()).abs() <= FACTOR_TOLERANCE);
        is_factor && (median(newest) - normal.median).abs() > FAR * spread
    }

    /// Whether a temperature is that of the learnt one in the other degrees, Fahrenheit for Celsius or the other way round.
    pub(super) fn has_other_degrees(&self, normal: &Normal) -> bool {
        let Some(newest) = self.newest() else { return false };
        let (found, learnt) = (median(newest), normal.median);
        let is_far = (found - learnt).abs() > (FAR * spread(normal)).max(DEGREES_FAR * learnt.abs());
        let others = [1.8 * learnt + 32.0, (learnt - 32.0) / 1.8];
        is_far
            && others
                .iter()
                .any(|other| (found - other).abs() < DEGREES_TOLERANCE * other.abs())
    }

    /// Whether much of the window stands on its own largest or smallest value.
    pub(super) fn is_saturated(&self, normal: &Normal) -> bool {
        if normal.distinct < DISTINCT_MIN || self.count < SATURATION_VALUES {
            return false;
        }
        let values = || self.ring.iter().copied();
        let ends = [
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        ];
        let share = |end: f64| {
            let equal = values().filter(|value| value.to_bits() == end.to_bits()).count();
            equal as f64 / SATURATION_VALUES as f64
        };
        if !ends.iter().any(|end| share(*end) > SATURATED_SHARE) {
            return false;
        }
        let mut sorted = [0.0; SATURATION_VALUES];
        sorted.copy_from_slice(&self.ring);
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.chunk_by(|a, b| a.to_bits() == b.to_bits()).count() >= DISTINCT_IN_WINDOW
    }
}

fn spread(normal: &Normal) -> f64 {
    normal.interquartile.max(1e-12)
}

fn median(mut values: [f64; UNIT_VALUES]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    f64::midpoint(values[UNIT_VALUES / 2 - 1], values[UNIT_VALUES / 2])
}
