//! The program of an encoder. Queries, keys and values of a layer are one product.

use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use motet_engine::{Activation, Builder, Dense, Mask, Norm, Program, Table, Value};
use rand::RngExt;

use super::EncoderNet;
use super::net::{Block, EncoderConfig};
use crate::lowering::{LowerError, Lowering, linear_bias, linear_values, tensor_values, values, with_values};
use crate::net::{Net, Rows, Sample, seeded};

impl Net for EncoderNet {
    /// A text of as many tokens as there may be, and one of half as many and one.
    fn samples(&self, seed: u64) -> Vec<Sample> {
        let mut random = seeded(seed);
        let EncoderConfig {
            tokens_max,
            vocabulary,
            ..
        } = self.config;
        let most = i32::try_from(vocabulary).unwrap_or(i32::MAX);
        let mut text =
            |tokens: usize| Sample::Ids((0..tokens).map(|_| random.random_range(0..most)).collect());
        vec![text(tokens_max), text((tokens_max / 2 + 1).min(tokens_max))]
    }

    fn device(&self) -> Device {
        self.token.device()
    }

    fn columns(&self) -> usize {
        1
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        let logits = self.forward(input.ids()?.unsqueeze());
        Ok(logits.squeeze_dim(0))
    }

    /// Takes `ids` `[tokens]`, at most `tokens_max` of them, and gives `logits` `[tokens, labels]`.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let config = &self.config;
        let mut lower = Lower {
            builder: Builder::new("encoder", how.cpu, how.precision, how.ranges.clone()),
            epsilon: config.epsilon,
        };
        let ids = lower.builder.ids("ids", config.tokens_max)?;
        let positions = values(&self.position)?;
        // The table is most of the net, so it is not copied on its way.
        let mut x = with_values(&self.token, |values| {
            let table = Table {
                values,
                columns: config.width,
                positions: Some(&positions),
            };
            lower.builder.embed("embedding", ids, table)
        })??;
        if !config.norm_first {
            x = lower.norm("norm", x, &self.norm)?;
        }
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.lower(&mut lower, x, &format!("blocks.{index}"))?;
        }
        if config.norm_first {
            x = lower.norm("norm", x, &self.norm)?;
        }
        let (weights, bias) = linear_values(&self.head)?;
        let logits = lower.linear("head", x, (&weights, &bias), (Activation::None, None))?;
        lower.builder.output("logits", logits)?;
        Ok(lower.builder.build())
    }
}

/// A program in the making and what its normalisations need.
struct Lower {
    builder: Builder,
    epsilon: f32,
}

impl Lower {
    fn norm(&mut self, name: &str, x: Value, norm: &LayerNorm) -> Result<Value, LowerError> {
        let beta = norm.beta.as_ref().map(values).transpose()?.unwrap_or_default();
        let norm = Norm {
            gamma: &values(&norm.gamma)?,
            beta: &beta,
            epsilon: self.epsilon,
            residual: None,
        };
        Ok(self.builder.layer_norm(name, x, norm)?)
    }

    fn linear(
        &mut self,
        name: &str,
        x: Value,
        (weights, bias): (&[f32], &[f32]),
        (activation, residual): (Activation, Option<Value>),
    ) -> Result<Value, LowerError> {
        let dense = Dense {
            weights,
            bias,
            activation,
            residual,
        };
        Ok(self.builder.linear(name, x, dense)?)
    }
}

impl Block {
    fn lower(&self, lower: &mut Lower, x: Value, name: &str) -> Result<Value, LowerError> {
        let step = |part: &str| format!("{name}.{part}");
        let read = match self.norm_first {
            true => lower.norm(&step("attention_norm"), x, &self.attention_norm)?,
            false => x,
        };
        let (weights, bias) = fused([&self.query, &self.key, &self.value])?;
        let qkv = lower.linear(&step("qkv"), read, (&weights, &bias), (Activation::None, None))?;
        let mixed = lower
            .builder
            .attention(&step("attention"), qkv, self.heads, Mask::None)?;
        let (weights, bias) = linear_values(&self.output)?;
        let mut x = lower.linear(
            &step("output"),
            mixed,
            (&weights, &bias),
            (Activation::None, Some(x)),
        )?;
        if !self.norm_first {
            x = lower.norm(&step("attention_norm"), x, &self.attention_norm)?;
        }
        let read = match self.norm_first {
            true => lower.norm(&step("dense_norm"), x, &self.dense_norm)?,
            false => x,
        };
        let (weights, bias) = linear_values(&self.up)?;
        let wide = lower.linear(&step("up"), read, (&weights, &bias), (Activation::Gelu, None))?;
        let (weights, bias) = linear_values(&self.down)?;
        let x = lower.linear(
            &step("down"),
            wide,
            (&weights, &bias),
            (Activation::None, Some(x)),
        )?;
        match self.norm_first {
            true => Ok(x),
            false => lower.norm(&step("dense_norm"), x, &self.dense_norm),
        }
    }
}

/// Layers that read the same, side by side as one: `[inputs, outputs of all]`.
fn fused(layers: [&Linear; 3]) -> Result<(Vec<f32>, Vec<f32>), LowerError> {
    let weights: Vec<Tensor<2>> = layers.iter().map(|layer| layer.weight.val()).collect();
    let mut bias = Vec::new();
    for layer in layers {
        bias.extend(linear_bias(layer)?);
    }
    Ok((tensor_values(Tensor::cat(weights, 1))?, bias))
}
