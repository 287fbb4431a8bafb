//! The sizes of a bearing model, and what it learnt of a machine: what its card holds.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::ELEMENTS;
use super::features::{Examiner, LEVELS, LINES};
use super::net::BearingNet;
use super::normal::Normal;
use crate::net::{ConfigFault, NetConfig, Taker, linear_specs, rules};
use crate::vibration::{Bearing, STANDARD_GRAVITY};
use crate::weights::{TensorSpec, Weights, WeightsError};

/// Most axes of a machine.
pub(super) const AXES_MAX: usize = 6;
/// Most numbers between the two layers.
pub(super) const HIDDEN_MAX: usize = 256;
/// Longest window, in samples.
pub(super) const WINDOW_MAX: usize = 1 << 18;
/// Shortest window: one segment of the levels.
pub(super) const WINDOW_MIN: usize = 2048;

/// The unit of a waveform of acceleration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaveUnit {
    /// Standard gravity.
    #[serde(rename = "g")]
    Gravity,
    /// Metres per second squared.
    #[serde(rename = "m/s2")]
    MetresPerSecondSquared,
}

impl WaveUnit {
    /// As ports name it.
    pub fn name(self) -> &'static str {
        match self {
            WaveUnit::Gravity => "g",
            WaveUnit::MetresPerSecondSquared => "m/s2",
        }
    }

    /// The unit of this name.
    pub fn of(name: &str) -> Option<Self> {
        [WaveUnit::Gravity, WaveUnit::MetresPerSecondSquared]
            .into_iter()
            .find(|unit| unit.name() == name)
    }

    /// In metres per second squared.
    pub fn factor(self) -> f64 {
        match self {
            WaveUnit::Gravity => STANDARD_GRAVITY,
            WaveUnit::MetresPerSecondSquared => 1.0,
        }
    }
}

/// A bearing, how it is measured, the net, and what was learnt of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BearingConfig {
    /// The geometry of the bearing.
    pub bearing: Bearing,
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// Samples that are scored at once.
    pub window_samples: usize,
    /// The unit of the waveform.
    pub unit: WaveUnit,
    /// Numbers between the two layers of the net; 0 for a net of one layer.
    pub hidden: usize,
    /// What is taken from each feature, in dB.
    pub center: [f32; LINES],
    /// What each feature is divided by then, in dB.
    pub spread: [f32; LINES],
    /// False alarms a day that the limits stand for, of all axes together.
    pub false_alarms_a_day: f64,
    /// The normal running of each axis.
    pub normal: Vec<Normal>,
}

impl BearingConfig {
    /// The chance that a limit may leave to a normal window of one axis: false alarms of all axes together are as many a day
    /// as stated, if windows follow each other without a gap.
    pub fn chance(&self, axes: usize) -> f64 {
        let windows_a_day = 86_400.0 * f64::from(self.sample_rate_hz) / self.window_samples as f64;
        self.false_alarms_a_day / windows_a_day / axes.max(1) as f64
    }

    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.normal.len()
    }

    /// Plans for its windows.
    ///
    /// # Errors
    /// None for a valid configuration.
    pub fn examiner(&self) -> Result<Examiner, crate::vibration::VibrationError> {
        Examiner::new(
            self.window_samples,
            f64::from(self.sample_rate_hz),
            self.bearing.orders(),
        )
    }

    /// The edges of a band of the levels, in Hz.
    pub fn level_band(&self, index: usize) -> crate::vibration::Band {
        Examiner::level_band(f64::from(self.sample_rate_hz), index.min(LEVELS - 1))
    }
}

impl NetConfig for BearingConfig {
    type Net = BearingNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        let finite = self.center.iter().all(|value| value.is_finite());
        let positive = |value: &f32| value.is_finite() && *value > 0.0;
        let chance = self.chance(self.normal.len());
        rules(&[
            (
                self.bearing.validate().is_ok(),
                "`bearing` must have 3 balls or more, of a diameter below that of their circle, and an angle below 90",
            ),
            (
                (1_000..=1_000_000).contains(&self.sample_rate_hz),
                "`sample_rate_hz` must be from 1000 to 1000000",
            ),
            (
                (WINDOW_MIN..=WINDOW_MAX).contains(&self.window_samples),
                "`window_samples` must be from 2048 to 262144",
            ),
            (self.hidden <= HIDDEN_MAX, "`hidden` must be from 0 to 256"),
            (
                finite && self.spread.iter().all(positive),
                "`center` must be finite and `spread` above 0",
            ),
            (
                (1..=AXES_MAX).contains(&self.normal.len()),
                "`normal` must have from 1 to 6 axes",
            ),
            (
                chance.is_finite() && chance > 0.0 && chance < 1.0,
                "`false_alarms_a_day` must be above 0, and fewer than there are windows a day",
            ),
            (
                self.normal.iter().all(Normal::is_sound),
                "`normal` must have a covariance with a density, finite levels and a limit above 0",
            ),
        ])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        match self.hidden {
            0 => linear_specs("head", "head", LINES, ELEMENTS.len()).to_vec(),
            hidden => [
                linear_specs("inner", "inner", LINES, hidden),
                linear_specs("head", "head", hidden, ELEMENTS.len()),
            ]
            .concat(),
        }
    }

    fn build(&self, mut weights: Weights, device: &Device) -> Result<BearingNet, WeightsError> {
        let mut taker = Taker {
            weights: &mut weights,
            device,
        };
        let inner = match self.hidden {
            0 => None,
            hidden => Some(taker.linear("inner", LINES, hidden)?),
        };
        let inputs = if self.hidden == 0 { LINES } else { self.hidden };
        Ok(BearingNet {
            inner,
            head: taker.linear("head", inputs, ELEMENTS.len())?,
            config: self.clone(),
        })
    }
}
