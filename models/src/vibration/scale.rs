//! Scaling by median and interquartile range, which a few odd values do not move.

use serde::{Deserialize, Serialize};

use super::VibrationError;

/// What values are usually like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobustScale {
    /// Their median.
    pub median: f64,
    /// Distance of their quartiles; 1 where they are the same, so that constants stay finite.
    pub interquartile_range: f64,
}

impl RobustScale {
    /// Learns from normal values.
    ///
    /// # Errors
    /// [`VibrationError::TooShort`] for fewer than 4 values, [`VibrationError::NotFinite`].
    pub fn learn(values: &[f64]) -> Result<Self, VibrationError> {
        if values.len() < 4 {
            return Err(VibrationError::TooShort {
                needed: 4,
                found: values.len(),
            });
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(VibrationError::NotFinite { index });
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let range = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
        Ok(Self {
            median: quantile(&sorted, 0.5),
            interquartile_range: if range > 0.0 { range } else { 1.0 },
        })
    }

    /// A value as distance from the median in interquartile ranges.
    pub fn scaled(&self, value: f64) -> f64 {
        (value - self.median) / self.interquartile_range
    }
}

/// A quantile of sorted values, between two of them along a straight line; 0 without any.
///
/// # Source
/// Hyndman and Fan 1996, "Sample quantiles in statistical packages", definition 7.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * sorted.len().saturating_sub(1) as f64;
    let index = super::fourier::bin(place.floor());
    let rest = place - place.floor();
    match (sorted.get(index), sorted.get(index + 1)) {
        (Some(low), Some(high)) => low + rest * (high - low),
        (Some(last), None) => *last,
        (None, _) => 0.0,
    }
}
