//! A transformer encoder with a dense head.
//!
//! # Source
//! Vaswani et al. 2017, "Attention is all you need", sections 3.1 to 3.3 (normalised after each sum); Xiong et al.
//! 2020, "On layer normalization in the transformer architecture", figure 1b (normalised before each branch);
//! Hendrycks and Gimpel 2016 for the activation.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::fused;
use crate::net::{
    ConfigFault, HOLDABLE, NetConfig, Taker, affordable, bounded, holdable, linear_specs, rules,
};
use crate::weights::{Start, TensorSpec, Weights, WeightsError};

/// Most layers an encoder may have.
const LAYERS_MAX: usize = 64;

/// The sizes of an [`EncoderNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Number of different tokens; ids are from 0 to one less.
    pub vocabulary: usize,
    /// Most tokens of a text.
    pub tokens_max: usize,
    /// Numbers that stand for a token between layers.
    pub width: usize,
    /// Heads of each attention; a divisor of `width`.
    pub heads: usize,
    /// Width inside the dense part of a layer.
    pub inner: usize,
    /// Number of layers.
    pub layers: usize,
    /// Number of labels.
    pub labels: usize,
    /// Added to a variance before its square root is taken.
    pub epsilon: f32,
    /// True to normalise before each branch of a layer, and once more before the head; false to normalise after each
    /// sum, and the embedding.
    #[serde(default)]
    pub norm_first: bool,
}

/// Scores every token of a text for each label.
#[derive(Module, Debug)]
pub struct EncoderNet {
    pub(super) token: Param<Tensor<2>>,
    pub(super) position: Param<Tensor<2>>,
    pub(super) norm: LayerNorm,
    pub(super) blocks: Vec<Block>,
    pub(super) head: Linear,
    #[module(skip)]
    pub(super) config: EncoderConfig,
}

/// Attention and a dense part, each added to what it reads.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) attention_norm: LayerNorm,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) dense_norm: LayerNorm,
    #[module(skip)]
    pub(super) heads: usize,
    #[module(skip)]
    pub(super) epsilon: f32,
    #[module(skip)]
    pub(super) norm_first: bool,
}

impl EncoderNet {
    /// Returns scores (logits) for each token and label.
    ///
    /// # Shapes
    /// `ids`: `[batch, tokens]`, at most `tokens_max` tokens, all of which are looked at; result:
    /// `[batch, tokens, labels]`.
    pub fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let tokens = ids.dims()[1];
        let position = self.position.val().narrow(0, 0, tokens).unsqueeze::<3>();
        let embedded = embedding(self.token.val(), ids) + position;
        let first = match self.config.norm_first {
            true => embedded,
            false => fused::layer_norm(&self.norm, embedded, self.config.epsilon),
        };
        let last = self.blocks.iter().fold(first, |x, block| block.forward(x));
        fused::linear(
            &self.head,
            match self.config.norm_first {
                true => fused::layer_norm(&self.norm, last, self.config.epsilon),
                false => last,
            },
        )
    }

    /// Returns the sizes.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }
}

impl Block {
    /// `[batch, tokens, width]` to the same.
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let norm = |layer: &LayerNorm, x: Tensor<3>| fused::layer_norm(layer, x, self.epsilon);
        if self.norm_first {
            let x = x.clone() + self.attend(norm(&self.attention_norm, x));
            return x.clone() + self.dense(norm(&self.dense_norm, x));
        }
        let x = norm(&self.attention_norm, x.clone() + self.attend(x));
        norm(&self.dense_norm, x.clone() + self.dense(x))
    }

    fn attend(&self, x: Tensor<3>) -> Tensor<3> {
        let qkv = [&self.query, &self.key, &self.value].map(|layer| fused::linear(layer, x.clone()));
        fused::linear(&self.output, fused::attention(qkv, self.heads, None))
    }

    fn dense(&self, x: Tensor<3>) -> Tensor<3> {
        fused::linear(&self.down, fused::linear_gelu(&self.up, x))
    }
}

impl NetConfig for EncoderConfig {
    type Net = EncoderNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        let sizes = [
            self.vocabulary,
            self.tokens_max,
            self.width,
            self.heads,
            self.inner,
            self.labels,
        ];
        rules(&[
            (bounded(&sizes), "the sizes of the net must be from 1 to 1048576"),
            (self.layers <= LAYERS_MAX, "there must be at most 64 `layers`"),
            (
                self.heads > 0 && self.width.is_multiple_of(self.heads),
                "`heads` must be a divisor of `width`",
            ),
            (
                self.epsilon > 0.0 && self.epsilon < 1.0,
                "`epsilon` must be above 0 and below 1",
            ),
        ])?;
        let widest = [3 * self.width, self.inner, self.labels]
            .into_iter()
            .max()
            .unwrap_or(0);
        rules(&[
            (
                affordable(&self.tensors()),
                "the net must have at most 268435456 weights",
            ),
            (
                holdable(&[self.tokens_max, widest])
                    && holdable(&[self.tokens_max, self.tokens_max, self.heads]),
                HOLDABLE,
            ),
        ])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        let (width, inner) = (self.width, self.inner);
        let start = Start::He { inputs: width };
        let table = |name: &str, alias: &str, rows: usize| {
            TensorSpec::new(name, format!("{alias}.weight"), &[rows, width], start)
        };
        let mut specs = vec![
            table("token", "tok", self.vocabulary),
            table("position", "pos", self.tokens_max),
        ];
        specs.extend(norm_specs("norm", "ln0", width));
        for layer in 0..self.layers {
            let linear = |name: &str, alias: &str, inputs: usize, outputs: usize| {
                linear_specs(
                    &format!("blocks.{layer}.{name}"),
                    &format!("l{layer}.{alias}"),
                    inputs,
                    outputs,
                )
            };
            for (name, alias) in [("query", "q"), ("key", "k"), ("value", "v"), ("output", "o")] {
                specs.extend(linear(name, alias, width, width));
            }
            specs.extend(linear("up", "ff1", width, inner));
            specs.extend(linear("down", "ff2", inner, width));
            for (name, alias) in [("attention_norm", "ln1"), ("dense_norm", "ln2")] {
                specs.extend(norm_specs(
                    &format!("blocks.{layer}.{name}"),
                    &format!("l{layer}.{alias}"),
                    width,
                ));
            }
        }
        specs.extend(linear_specs("head", "head", width, self.labels));
        specs
    }

    fn build(&self, mut weights: Weights, device: &Device) -> Result<EncoderNet, WeightsError> {
        let mut taker = Taker {
            weights: &mut weights,
            device,
        };
        Ok(EncoderNet {
            token: taker.param("token", [self.vocabulary, self.width])?,
            position: taker.param("position", [self.tokens_max, self.width])?,
            norm: self.norm(&mut taker, "norm")?,
            blocks: (0..self.layers)
                .map(|layer| self.block(&mut taker, &format!("blocks.{layer}")))
                .collect::<Result<_, _>>()?,
            head: taker.linear("head", self.width, self.labels)?,
            config: self.clone(),
        })
    }
}

impl EncoderConfig {
    fn block(&self, taker: &mut Taker<'_>, name: &str) -> Result<Block, WeightsError> {
        let (width, inner) = (self.width, self.inner);
        Ok(Block {
            query: taker.linear(&format!("{name}.query"), width, width)?,
            key: taker.linear(&format!("{name}.key"), width, width)?,
            value: taker.linear(&format!("{name}.value"), width, width)?,
            output: taker.linear(&format!("{name}.output"), width, width)?,
            attention_norm: self.norm(taker, &format!("{name}.attention_norm"))?,
            up: taker.linear(&format!("{name}.up"), width, inner)?,
            down: taker.linear(&format!("{name}.down"), inner, width)?,
            dense_norm: self.norm(taker, &format!("{name}.dense_norm"))?,
            heads: self.heads,
            epsilon: self.epsilon,
            norm_first: self.norm_first,
        })
    }

    fn norm(&self, taker: &mut Taker<'_>, name: &str) -> Result<LayerNorm, WeightsError> {
        let sizes = LayerNormConfig::new(self.width).with_epsilon(f64::from(self.epsilon));
        let mut norm = sizes.init(taker.device);
        norm.gamma = taker.param(&format!("{name}.gamma"), [self.width])?;
        norm.beta = Some(taker.param(&format!("{name}.beta"), [self.width])?);
        Ok(norm)
    }
}

fn norm_specs(name: &str, alias: &str, width: usize) -> [TensorSpec; 2] {
    [
        TensorSpec::new(
            format!("{name}.gamma"),
            format!("{alias}.weight"),
            &[width],
            Start::Ones,
        ),
        TensorSpec::new(
            format!("{name}.beta"),
            format!("{alias}.bias"),
            &[width],
            Start::Zeros,
        ),
    ]
}
