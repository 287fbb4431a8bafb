//! The net: hashed words, gated convolutions, attention, two heads.
//!
//! # Source
//! Dauphin et al. 2017, "Language modeling with gated convolutional networks", equation 1; Yu and Koltun 2016,
//! "Multi-scale context aggregation by dilated convolutions"; Xiong et al. 2020, "On layer normalization in the
//! transformer architecture", figure 1b, for the place of the norms; Vaswani et al. 2017, equation 1; Lafferty et al.
//! 2001 for the chain. The words and pairs that score intents directly are the "wide" part of Cheng et al. 2016, "Wide
//! & deep learning".

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::sigmoid;
use burn::tensor::module::embedding;
use burn::tensor::{Int, Tensor};

use super::config::{EPSILON, UtteranceConfig};
use crate::fused;

/// What sums of n-grams are divided by, so that they begin no larger than the other scores.
pub(super) const GRAM_SCALE: f32 = 3.162_277_7;

/// Scores an utterance for intents and each of its words for tags.
#[derive(Module, Debug)]
pub struct UtteranceNet {
    pub(super) table: Param<Tensor<2>>,
    pub(super) input: Linear,
    pub(super) convolutions: Vec<Convolution>,
    pub(super) attention: Option<Attention>,
    pub(super) norm: LayerNorm,
    pub(super) intent: Option<Linear>,
    pub(super) grams: Option<Param<Tensor<2>>>,
    pub(super) tag: Option<Linear>,
    pub(super) transitions: Option<Param<Tensor<2>>>,
    pub(super) start: Option<Param<Tensor<1>>>,
    pub(super) end: Option<Param<Tensor<1>>>,
    pub(super) vector: Option<Linear>,
    #[module(skip)]
    pub(super) config: UtteranceConfig,
}

/// A gated convolution with three taps, added to what it reads.
#[derive(Module, Debug)]
pub struct Convolution {
    pub(super) norm: LayerNorm,
    /// `[3 * width, 2 * width]`: the taps before, at and after a word; values before their gates.
    pub(super) taps: Linear,
}

/// Attention over all words, added to what it reads.
#[derive(Module, Debug)]
pub struct Attention {
    pub(super) norm: LayerNorm,
    pub(super) qkv: Linear,
    pub(super) output: Linear,
}

/// Utterances side by side, filled up to the longest, after their tables: sums of rows are looked up outside of the
/// net in training, where autodiff would go through whole tables for a few rows.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[batch, words, embedding]`: the sum of the rows of each word.
    pub embedded: Tensor<3>,
    /// `[batch, intents]`: the sum of the rows of all n-grams; none where the net has no such table.
    pub grams: Option<Tensor<2>>,
    /// `[batch, words, 1]`: 1 for a word, 0 for what fills up.
    pub mask: Tensor<3>,
}

/// What a net drops in training: factors of 0, or of more than 1 for what stays. Each is asked for once, in the order
/// of the layers.
pub trait Dropping {
    /// Factors for `[batch, words, columns]`, or none to drop nothing.
    fn factors(&mut self, shape: [usize; 3]) -> Option<Tensor<3>>;
}

/// Drops nothing.
#[derive(Clone, Copy, Debug)]
pub struct Keep;

impl Dropping for Keep {
    fn factors(&mut self, _shape: [usize; 3]) -> Option<Tensor<3>> {
        None
    }
}

/// Scores of a batch.
#[derive(Clone, Debug)]
pub struct Scores {
    /// `[batch, intents]`, logits.
    pub intents: Option<Tensor<2>>,
    /// `[batch, words, tags]`, logits beside those of the chain.
    pub tags: Option<Tensor<3>>,
    /// `[batch, 2 * width]`: what the intent is read from.
    pub pooled: Tensor<2>,
    /// `[batch, words, width]`: what the tags are read from.
    pub words: Tensor<3>,
}

impl UtteranceNet {
    /// Returns the scores of a batch.
    pub fn forward(&self, batch: &Batch, dropping: &mut dyn Dropping) -> Scores {
        let words = self.encode(batch, dropping);
        let [count, length, width] = words.dims();
        let tags = self.tag.as_ref().map(|head| {
            let dropped = dropped(words.clone(), dropping);
            fused::linear(head, dropped)
        });
        let pooled = pool(words.clone(), batch.mask.clone());
        let intents = self.intent.as_ref().map(|head| {
            let columns = 2 * width;
            let kept = dropped(pooled.clone().reshape([count, 1, columns]), dropping);
            let scores = fused::linear(head, kept.reshape([count, columns]));
            match &batch.grams {
                Some(grams) => scores + grams.clone() / GRAM_SCALE,
                None => scores,
            }
        });
        debug_assert_eq!(batch.mask.dims(), [count, length, 1]);
        Scores {
            intents,
            tags,
            pooled,
            words,
        }
    }

    /// Looks up the tables, by Burn, where the weights lie.
    ///
    /// # Shapes
    /// `features`: `[batch * words, features]` ids; `grams`: `[batch, words * 3]` ids; `mask`: `[batch, words, 1]`.
    pub fn look_up(&self, features: Tensor<2, Int>, grams: Option<Tensor<2, Int>>, mask: Tensor<3>) -> Batch {
        let [count, length, _] = mask.dims();
        let embedded = sums(&self.table, features).reshape([count, length, self.config.embedding]);
        let grams = match (&self.grams, grams) {
            (Some(table), Some(grams)) => Some(sums(table, grams)),
            _ => None,
        };
        Batch {
            embedded,
            grams,
            mask,
        }
    }

    /// Returns what stands for each word: `[batch, words, width]`, zero for what fills up.
    fn encode(&self, batch: &Batch, dropping: &mut dyn Dropping) -> Tensor<3> {
        let embedded = dropped(batch.embedded.clone(), dropping);
        let mut x = fused::linear(&self.input, embedded) * batch.mask.clone();
        for (convolution, dilation) in self.convolutions.iter().zip(&self.config.dilations) {
            let change = convolution.forward(x.clone(), &batch.mask, *dilation);
            x = x + dropped(change, dropping);
        }
        if let Some(attention) = &self.attention {
            let change = attention.forward(x.clone(), &batch.mask, self.config.heads);
            x = x + dropped(change, dropping);
        }
        norm(&self.norm, x) * batch.mask.clone()
    }

    /// Returns the sizes.
    pub fn config(&self) -> &UtteranceConfig {
        &self.config
    }
}

impl Convolution {
    fn forward(&self, x: Tensor<3>, mask: &Tensor<3>, dilation: usize) -> Tensor<3> {
        let [count, length, width] = x.dims();
        let x = norm(&self.norm, x) * mask.clone();
        let zeros = Tensor::zeros([count, dilation, width], &x.device());
        let padded = Tensor::cat(vec![zeros.clone(), x.clone(), zeros], 1);
        let tap = |first: usize| padded.clone().narrow(1, first, length);
        let taps = Tensor::cat(vec![tap(0), x, tap(2 * dilation)], 2);
        let gated = fused::linear(&self.taps, taps);
        gated.clone().narrow(2, 0, width) * sigmoid(gated.narrow(2, width, width))
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, mask: &Tensor<3>, heads: usize) -> Tensor<3> {
        let [count, length, width] = x.dims();
        let qkv = fused::linear(&self.qkv, norm(&self.norm, x));
        let part = |index: usize| qkv.clone().narrow(2, index * width, width);
        // What fills up is seen by nobody.
        let hidden = mask.clone().reshape([count, length]).equal_elem(0.0);
        let mixed = fused::attention([part(0), part(1), part(2)], heads, Some(hidden));
        fused::linear(&self.output, mixed)
    }
}

/// The normalisation of a layer.
fn norm(layer: &LayerNorm, x: Tensor<3>) -> Tensor<3> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the constant is exact enough in `f32`"
    )]
    fused::layer_norm(layer, x, EPSILON as f32)
}

/// Mean and largest over the words of each utterance, side by side: `[batch, 2 * width]`.
fn pool(words: Tensor<3>, mask: Tensor<3>) -> Tensor<2> {
    let lengths = mask.clone().sum_dim(1);
    let mean = words.clone().sum_dim(1) / lengths;
    let largest = (words + (mask - 1.0) * 1e9).max_dim(1);
    Tensor::cat(vec![mean, largest], 2).squeeze_dim(1)
}

/// The sum of the rows of a table, over each row of ids; id 0 stands for nothing: `[rows, each]` to `[rows, columns]`.
fn sums(table: &Param<Tensor<2>>, ids: Tensor<2, Int>) -> Tensor<2> {
    let [rows, each] = ids.dims();
    let present = ids.clone().not_equal_elem(0).float().reshape([rows, 1, each]);
    let found = embedding(table.val(), ids);
    // A product with ones and zeros is the sum of the rows that count.
    present.matmul(found).squeeze_dim(1)
}

fn dropped(x: Tensor<3>, dropping: &mut dyn Dropping) -> Tensor<3> {
    match dropping.factors(x.dims()) {
        Some(factors) => x * factors,
        None => x,
    }
}
