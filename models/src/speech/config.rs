//! The sizes of a speech net.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::front;
use super::net::{Gate, SpeechNet, Stem};
use super::phones::OUTPUTS;
use crate::audio::LogMelConfig;
use crate::net::{
    ConfigFault, HOLDABLE, NetConfig, Taker, affordable, bounded, holdable, linear_specs, norm_specs, rules,
};
use crate::weights::{TensorSpec, Weights, WeightsError};

/// Taps of each layer of the stem.
pub(super) const STEM_TAPS: usize = 5;
/// Taps of each gated convolution.
pub(super) const TAPS: usize = 3;
/// What is added to variances.
pub(super) const EPSILON: f64 = 1e-5;

/// Sizes of a speech net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechConfig {
    /// Features that it hears.
    pub features: LogMelConfig,
    /// Longest sound, in frames of the features.
    pub frames_max: usize,
    /// What is taken from every feature.
    pub level: f32,
    /// What every feature is divided by then.
    pub spread: f32,
    /// What it begins with.
    #[serde(default, skip_serializing_if = "StemKind::is_strided")]
    pub stem: StemKind,
    /// Frames of features for one frame of the answer: 2 or 4.
    pub stride: usize,
    /// Numbers that stand for a frame between layers.
    pub width: usize,
    /// Distance between the three taps of each gated convolution.
    pub dilations: Vec<usize>,
    /// Frames of the answer that the gated convolutions together may look ahead.
    pub ahead: usize,
}

/// What a speech net begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StemKind {
    /// Two layers that halve the time, learnt with the rest.
    #[default]
    Strided,
    /// The speech embedding of Google, which stays as it is: see `front`. Features are those of
    /// [`LogMelConfig::embedding`].
    Embedding,
}

impl StemKind {
    fn is_strided(&self) -> bool {
        *self == StemKind::Strided
    }
}

impl SpeechConfig {
    /// Frames of silence that are put before and behind the features, so that the first layers need no padding.
    pub fn margins(&self) -> [usize; 2] {
        match self.stem {
            StemKind::Strided => [STEM_TAPS / 2; 2],
            StemKind::Embedding => front::MARGINS,
        }
    }

    /// Frames of features with their margins, for so many frames of a sound.
    pub fn rows(&self, frames: usize) -> usize {
        frames + self.margins().iter().sum::<usize>()
    }

    /// Frames that the first layers hear before the first of those of an answer, and behind it.
    pub(super) fn stem_reach(&self) -> [usize; 2] {
        match self.stem {
            StemKind::Strided => [STEM_TAPS / 2 + 2 * (STEM_TAPS / 2); 2],
            StemKind::Embedding => [front::MARGINS[0], front::BEHIND],
        }
    }

    /// What a mask leaves of a feature.
    pub(super) fn mask_level(&self) -> f32 {
        match self.stem {
            StemKind::Strided => self.level,
            StemKind::Embedding => front::MASK,
        }
    }

    /// Frames of the answer for so many frames of features.
    pub fn units(&self, frames: usize) -> usize {
        match self.stride {
            2 => frames.div_ceil(2),
            _ => frames.div_ceil(2).div_ceil(2),
        }
    }

    /// The stride of the second layer of the stem.
    pub(super) fn second_stride(&self) -> usize {
        self.stride / 2
    }

    /// For each gated convolution, how many frames its last tap lies ahead: the first ones look ahead, as far as `ahead`
    /// allows.
    pub(super) fn looks_ahead(&self) -> Vec<usize> {
        let mut left = self.ahead;
        let taken = self.dilations.iter().map(|dilation| {
            let taken = if *dilation <= left { *dilation } else { 0 };
            left -= taken;
            taken
        });
        taken.collect()
    }

    /// How long after a moment a sound can still change what is heard at that moment, in seconds: the look-ahead of all
    /// layers and of the transform.
    pub fn look_ahead_seconds(&self) -> f64 {
        let units: usize = self.looks_ahead().iter().sum();
        let frames = self.stem_reach()[1] + units * self.stride;
        let samples = frames * self.features.hop_samples + self.features.fft_samples;
        samples as f64 / f64::from(self.features.sample_rate_hz)
    }

    /// Builds the net of weights that have these tensors.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] and [`WeightsError::Shape`] for weights of another net.
    pub fn build_net(&self, mut weights: Weights, device: &Device) -> Result<SpeechNet, WeightsError> {
        let mut taker = Taker {
            weights: &mut weights,
            device,
        };
        let (bins, width) = (self.features.bins, self.width);
        let (mut stem, mut layers, mut join) = (Vec::new(), Vec::new(), None);
        if self.stem == StemKind::Embedding {
            for (index, [inputs, outputs]) in front::sizes().enumerate() {
                layers.push(taker.linear(&format!("front.{index}"), inputs, outputs)?);
            }
            join = Some(Stem {
                taps: taker.linear("join.taps", front::COLUMNS, width)?,
                norm: taker.norm("join.norm", width, EPSILON)?,
            });
        }
        for (index, inputs) in self.stem_inputs(bins).into_iter().enumerate() {
            stem.push(Stem {
                taps: taker.linear(&format!("stem.{index}.taps"), STEM_TAPS * inputs, width)?,
                norm: taker.norm(&format!("stem.{index}.norm"), width, EPSILON)?,
            });
        }
        let mut gates = Vec::with_capacity(self.dilations.len());
        for index in 0..self.dilations.len() {
            gates.push(Gate {
                norm: taker.norm(&format!("gates.{index}.norm"), width, EPSILON)?,
                taps: taker.linear(&format!("gates.{index}.taps"), TAPS * width, 2 * width)?,
            });
        }
        Ok(SpeechNet {
            stem,
            front: layers,
            join,
            gates,
            norm: taker.norm("norm", width, EPSILON)?,
            head: taker.linear("head", width, OUTPUTS)?,
            config: self.clone(),
        })
    }

    /// Numbers that each strided layer reads.
    fn stem_inputs(&self, bins: usize) -> Vec<usize> {
        match self.stem {
            StemKind::Strided => vec![bins, self.width],
            StemKind::Embedding => Vec::new(),
        }
    }
}

impl NetConfig for SpeechConfig {
    type Net = SpeechNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        let depth = self.dilations.len();
        rules(&[
            (
                bounded(&[self.features.bins, self.width, self.frames_max]),
                "`bins`, `width` and `frames_max` must be from 1 to 1048576",
            ),
            (matches!(self.stride, 2 | 4), "`stride` must be 2 or 4"),
            (
                self.stem.is_strided() || (self.stride == 4 && self.features == LogMelConfig::embedding()),
                "a net that begins with the speech embedding has a `stride` of 4 and its features",
            ),
            (
                self.level.is_finite() && self.spread.is_finite() && self.spread > 0.0,
                "`level` must be a number, and `spread` one above 0",
            ),
            (
                depth <= 64 && self.dilations.iter().all(|dilation| (1..=256).contains(dilation)),
                "there must be at most 64 `dilations`, each from 1 to 256",
            ),
            (self.ahead <= 1 << 14, "`ahead` must be at most 16384"),
            (
                holdable(&[self.frames_max, 2 * self.width])
                    && holdable(&[self.frames_max, self.features.bins]),
                HOLDABLE,
            ),
            (
                self.has_room(),
                "`frames_max` must be more than what is heard around one answer",
            ),
            (
                affordable(&self.tensors()),
                "the net has more than 268435456 weights",
            ),
        ])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        let width = self.width;
        let linear = |name: &str, inputs, outputs| linear_specs(name, name, inputs, outputs);
        let mut specs = Vec::new();
        if self.stem == StemKind::Embedding {
            specs.extend(front::specs());
            specs.extend(linear("join.taps", front::COLUMNS, width));
            specs.extend(norm_specs("join.norm", width));
        }
        for (index, inputs) in self.stem_inputs(self.features.bins).into_iter().enumerate() {
            specs.extend(linear(&format!("stem.{index}.taps"), STEM_TAPS * inputs, width));
            specs.extend(norm_specs(&format!("stem.{index}.norm"), width));
        }
        for index in 0..self.dilations.len() {
            specs.extend(norm_specs(&format!("gates.{index}.norm"), width));
            specs.extend(linear(&format!("gates.{index}.taps"), TAPS * width, 2 * width));
        }
        specs.extend(norm_specs("norm", width));
        specs.extend(linear("head", width, OUTPUTS));
        specs
    }

    fn build(&self, weights: Weights, device: &Device) -> Result<SpeechNet, WeightsError> {
        self.build_net(weights, device)
    }
}
