//! The net: two strided layers, then gated convolutions with a bounded look-ahead.
//!
//! # Source
//! Dauphin et al. 2017, "Language modeling with gated convolutional networks", equation 1; Yu and Koltun 2016,
//! "Multi-scale context aggregation by dilated convolutions"; Xiong et al. 2020, "On layer normalization in the
//! transformer architecture", figure 1b, for the place of the norms; Collobert, Puhrsch and Synnaeve 2016,
//! "Wav2Letter", for convolutions alone under a loss over alignments.

use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::{Tensor, TensorData};

use super::config::{EPSILON, STEM_TAPS, SpeechConfig, StemKind, TAPS};
use super::front;
use crate::fused;

/// Scores each frame for phones and the blank.
#[derive(Module, Debug)]
pub struct SpeechNet {
    pub(super) stem: Vec<Stem>,
    /// The layers of a net that begins with the speech embedding, and what makes `width` numbers of its rows.
    pub(super) front: Vec<Linear>,
    pub(super) join: Option<Stem>,
    pub(super) gates: Vec<Gate>,
    pub(super) norm: LayerNorm,
    pub(super) head: Linear,
    #[module(skip)]
    pub(super) config: SpeechConfig,
}

/// A layer with five taps, or one over the rows of the front.
#[derive(Module, Debug)]
pub struct Stem {
    /// `[5 * inputs, width]`, or `[288, width]`.
    pub(super) taps: Linear,
    pub(super) norm: LayerNorm,
}

/// A gated convolution with three taps, added to what it reads.
#[derive(Module, Debug)]
pub struct Gate {
    pub(super) norm: LayerNorm,
    /// `[3 * width, 2 * width]`: values before their gates.
    pub(super) taps: Linear,
}

/// What a net drops in training: called once for each gated convolution with `[batch, frames, width]`.
pub type Dropping<'a> = &'a mut dyn FnMut(Tensor<3>) -> Tensor<3>;

impl SpeechNet {
    /// Returns the scores of sounds side by side, filled up to the longest: logits.
    ///
    /// # Shapes
    /// `features`: `[batch, frames, bins]`, with [`SpeechConfig::margins`] of silence before each sound and at least as much
    /// behind it; `frames`: the frames of each sound without them. Result: `[batch, units, outputs]`, as many
    /// units as the longest sound has; what lies behind the units of a sound means nothing.
    ///
    /// # Panics
    /// If a sound is longer than the features.
    pub fn forward(&self, features: Tensor<3>, frames: &[usize], dropping: Dropping<'_>) -> Tensor<3> {
        let longest = frames.iter().copied().max().unwrap_or(0);
        assert!(features.dims()[1] >= self.config.rows(longest));
        match self.config.stem {
            StemKind::Strided => {
                let (x, counts) = self.strided(features, frames);
                self.gated(x, &counts, dropping)
            }
            StemKind::Embedding => {
                let rows = front::forward(&self.front, features);
                self.behind_front(rows, frames, dropping)
            }
        }
    }

    /// Returns the scores of sounds of which the front has made rows, as [`SpeechNet::forward`] does.
    ///
    /// # Shapes
    /// `rows`: `[batch, rows, 288]`; a sound has as many as it has units, or more.
    ///
    /// # Panics
    /// If the net has no front, or a sound fewer rows than units.
    pub(super) fn behind_front(
        &self,
        rows: Tensor<3>,
        frames: &[usize],
        dropping: Dropping<'_>,
    ) -> Tensor<3> {
        let counts: Vec<usize> = frames.iter().map(|frames| self.config.units(*frames)).collect();
        let units = counts.iter().copied().max().unwrap_or(0);
        let Some(join) = &self.join else {
            panic!("a net without a front hears no rows of one");
        };
        let x = norm(&join.norm, fused::linear(&join.taps, rows.narrow(1, 0, units)));
        self.gated(masked(x, &counts), &counts, dropping)
    }

    /// The strided layers, and how many rows of what they return are those of each sound.
    fn strided(&self, features: Tensor<3>, frames: &[usize]) -> (Tensor<3>, Vec<usize>) {
        let config = &self.config;
        let longest = frames.iter().copied().max().unwrap_or(0);
        let x = (features - config.level) / config.spread;
        let mut counts: Vec<usize> = frames.iter().map(|frames| frames.div_ceil(2)).collect();
        let mut x = self.stem[0].forward(strided(x, 2, longest.div_ceil(2)), &counts);
        let margin = STEM_TAPS / 2;
        x = padded(x, (margin, margin));
        match config.second_stride() {
            1 => x = self.stem[1].forward(tapped(x, [0, 1, 2, 3, 4], longest.div_ceil(2)), &counts),
            stride => {
                counts.iter_mut().for_each(|count| *count = count.div_ceil(2));
                let units = config.units(longest);
                x = self.stem[1].forward(strided(x, stride, units), &counts);
            }
        }
        (x, counts)
    }

    fn gated(&self, mut x: Tensor<3>, counts: &[usize], dropping: Dropping<'_>) -> Tensor<3> {
        let config = &self.config;
        let layers = self.gates.iter().zip(&config.dilations).zip(config.looks_ahead());
        for ((gate, dilation), ahead) in layers {
            let change = gate.forward(x.clone(), counts, (*dilation, ahead));
            x = x + dropping(change);
        }
        fused::linear(&self.head, norm(&self.norm, x))
    }

    /// Returns the sizes.
    pub fn config(&self) -> &SpeechConfig {
        &self.config
    }
}

impl Stem {
    fn forward(&self, taps: Tensor<3>, counts: &[usize]) -> Tensor<3> {
        masked(silu(norm(&self.norm, fused::linear(&self.taps, taps))), counts)
    }
}

impl Gate {
    fn forward(&self, x: Tensor<3>, counts: &[usize], (dilation, ahead): (usize, usize)) -> Tensor<3> {
        let [_, length, width] = x.dims();
        let read = masked(norm(&self.norm, x), counts);
        let read = padded(read, ((TAPS - 1) * dilation - ahead, ahead));
        let gated = fused::linear(&self.taps, tapped(read, [0, dilation, 2 * dilation], length));
        gated.clone().narrow(2, 0, width) * sigmoid(gated.narrow(2, width, width))
    }
}

/// Frames side by side: those at these distances from each of the first frames.
fn tapped<const N: usize>(x: Tensor<3>, taps: [usize; N], length: usize) -> Tensor<3> {
    Tensor::cat(taps.map(|first| x.clone().narrow(1, first, length)).to_vec(), 2)
}

/// Five frames side by side, every second time.
fn strided(x: Tensor<3>, stride: usize, units: usize) -> Tensor<3> {
    let [count, length, columns] = x.dims();
    let pairs = units + STEM_TAPS / stride;
    let x = match (pairs * stride).checked_sub(length) {
        Some(missing) if missing > 0 => padded(x, (0, missing)),
        _ => x.narrow(1, 0, pairs * stride),
    };
    // Two frames are one row; the fifth tap is the first half of the third row.
    let rows = x.reshape([count, pairs, stride * columns]);
    let row = |first: usize| rows.clone().narrow(1, first, units);
    Tensor::cat(vec![row(0), row(1), row(2).narrow(2, 0, columns)], 2)
}

/// Zeros before and behind.
fn padded(x: Tensor<3>, (before, behind): (usize, usize)) -> Tensor<3> {
    let [count, _, columns] = x.dims();
    let zeros = |frames: usize| Tensor::zeros([count, frames, columns], &x.device());
    let parts = [zeros(before), x.clone(), zeros(behind)];
    let parts = parts.into_iter().filter(|part: &Tensor<3>| part.dims()[1] > 0);
    Tensor::cat(parts.collect(), 1)
}

/// Zeros for what lies behind the frames of each sound.
fn masked(x: Tensor<3>, counts: &[usize]) -> Tensor<3> {
    let [batch, length, _] = x.dims();
    if counts.iter().all(|count| *count == length) {
        return x;
    }
    let row = |count: &usize| {
        (0..length).map({
            let count = *count;
            move |frame| f32::from(u8::from(frame < count))
        })
    };
    let mask: Vec<f32> = counts.iter().flat_map(row).collect();
    let mask = Tensor::<3>::from_data(TensorData::new(mask, [batch, length, 1]), &x.device());
    x * mask
}

fn norm(layer: &LayerNorm, x: Tensor<3>) -> Tensor<3> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the constant is exact enough in `f32`"
    )]
    fused::layer_norm(layer, x, EPSILON as f32)
}
