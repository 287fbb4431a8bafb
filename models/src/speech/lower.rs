//! The program of a speech net. Level and spread of the features are folded into the first layer.

use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use motet_engine::{Activation, Builder, Conv, Dense, Padding, Program, Value, Window};

use super::config::{EPSILON, STEM_TAPS, StemKind, TAPS};
use super::front;
use super::net::SpeechNet;
use crate::lowering::{LowerError, Lowering, kernels_of_taps, linear_values, lower_norm};
use crate::net::{Net, Rows, Sample, Typical, seeded};

impl Net for SpeechNet {
    /// A sound of the largest length, but no more than ten seconds of it, and one of half as many frames and one.
    fn samples(&self, seed: u64) -> Vec<Sample> {
        let mut random = seeded(seed);
        let config = &self.config;
        let typical = Typical {
            mean: vec![config.mask_level()],
            deviation: vec![config.spread],
        };
        let second = config.features.sample_rate_hz as usize / config.features.hop_samples.max(1);
        let most = config.frames_max.min(10 * second.max(1));
        [most, most / 2 + 1]
            .map(|frames| typical.draw(&mut random, config.rows(frames), config.features.bins))
            .to_vec()
    }

    fn device(&self) -> Device {
        self.head.weight.device()
    }

    fn columns(&self) -> usize {
        self.config.features.bins
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        let features = input.numbers()?;
        let rows = features.dims()[0];
        let frames = rows.checked_sub(self.config.rows(0)).filter(|frames| *frames > 0);
        let frames = frames.ok_or_else(|| LowerError::reference(&"a sound without a frame"))?;
        let scores = self.forward(features.unsqueeze_dim(0), &[frames], &mut |x| x);
        Ok(scores.squeeze_dim(0))
    }

    /// Takes `frames` `[frames + 2 * margin, bins]` and gives `scores` `[units, outputs]`, logits.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let config = &self.config;
        let mut builder = Builder::new("speech", how.cpu, how.precision, how.ranges.clone());
        let (rows, bins) = (config.rows(config.frames_max), config.features.bins);
        let mut x = match (config.stem, &self.join) {
            (StemKind::Embedding, Some(join)) => {
                let frames = builder.image("frames", (rows, bins), 1)?;
                let read = front::lower(&mut builder, frames, &self.front)?;
                let joined = front::join(&mut builder, read, &join.taps)?;
                lower_norm(&mut builder, "join.norm", joined, (&join.norm, EPSILON))?
            }
            _ => builder.input("frames", rows, bins)?,
        };
        let mut lower = Lower { builder };
        if config.stem == StemKind::Strided {
            x = self.lower_stem(&mut lower, x)?;
        }
        let layers = self.gates.iter().zip(&config.dilations).zip(config.looks_ahead());
        for (index, ((gate, dilation), ahead)) in layers.enumerate() {
            let name = format!("gates.{index}");
            let read = lower.norm(&format!("{name}.norm"), x, &gate.norm)?;
            let shape = Shape {
                taps: TAPS,
                stride: 1,
                dilation: *dilation,
                padding: ((TAPS - 1) * dilation - ahead, ahead),
            };
            let gated = lower.taps(&name, read, &gate.taps, &shape)?;
            let part = |first: usize| {
                let part = gated.part(first, config.width);
                part.ok_or_else(|| LowerError::reference(&"a gate without its half"))
            };
            let (value, gate) = (part(0)?, part(config.width)?);
            let open = lower
                .builder
                .activation(&format!("{name}.open"), gate, Activation::Sigmoid)?;
            let change = lower.builder.multiply(&format!("{name}.gate"), value, open)?;
            x = lower.builder.add(&format!("{name}.sum"), x, change)?;
        }
        let read = lower.norm("norm", x, &self.norm)?;
        let (weights, bias) = linear_values(&self.head)?;
        let dense = Dense {
            weights: &weights,
            bias: &bias,
            activation: Activation::None,
            residual: None,
        };
        let scores = lower.builder.linear("head", read, dense)?;
        lower.builder.output("scores", scores)?;
        Ok(lower.builder.build())
    }
}

impl SpeechNet {
    /// The strided layers.
    fn lower_stem(&self, lower: &mut Lower, frames: Value) -> Result<Value, LowerError> {
        let config = &self.config;
        let (mut weights, mut bias) = linear_values(&self.stem[0].taps)?;
        fold(&mut weights, &mut bias, (config.level, config.spread));
        let shape = Shape {
            taps: STEM_TAPS,
            stride: 2,
            dilation: 1,
            padding: (0, 0),
        };
        let mut x = lower.conv("stem.0", frames, (&weights, &bias), &shape)?;
        x = lower.norm("stem.0.norm", x, &self.stem[0].norm)?;
        x = lower.builder.activation("stem.0.silu", x, Activation::Silu)?;
        let margin = STEM_TAPS / 2;
        let shape = Shape {
            stride: config.second_stride(),
            padding: (margin, margin),
            ..shape
        };
        x = lower.taps("stem.1", x, &self.stem[1].taps, &shape)?;
        x = lower.norm("stem.1.norm", x, &self.stem[1].norm)?;
        x = lower.builder.activation("stem.1.silu", x, Activation::Silu)?;
        Ok(x)
    }
}

/// Makes `x w + b` of `((x - level) / spread) w + b`.
fn fold(weights: &mut [f32], bias: &mut [f32], (level, spread): (f32, f32)) {
    for row in weights.chunks_exact_mut(bias.len()) {
        for (weight, bias) in row.iter_mut().zip(bias.iter_mut()) {
            *weight /= spread;
            *bias -= level * *weight;
        }
    }
}

/// How a convolution over frames reads them.
#[derive(Clone, Copy)]
struct Shape {
    taps: usize,
    stride: usize,
    dilation: usize,
    /// Zeros before and behind.
    padding: (usize, usize),
}

/// A program in the making.
struct Lower {
    builder: Builder,
}

impl Lower {
    fn taps(&mut self, name: &str, x: Value, taps: &Linear, shape: &Shape) -> Result<Value, LowerError> {
        let (weights, bias) = linear_values(taps)?;
        self.conv(name, x, (&weights, &bias), shape)
    }

    fn conv(
        &mut self,
        name: &str,
        x: Value,
        (weights, bias): (&[f32], &[f32]),
        shape: &Shape,
    ) -> Result<Value, LowerError> {
        let kernels = kernels_of_taps(weights, bias.len(), shape.taps);
        let window = Window {
            stride: (shape.stride, 1),
            dilation: (shape.dilation, 1),
            padding: Padding {
                top: shape.padding.0,
                bottom: shape.padding.1,
                ..Padding::default()
            },
            ..Window::of((shape.taps, 1))
        };
        let conv = Conv {
            weights: &kernels,
            bias,
            window,
            activation: Activation::None,
        };
        Ok(self.builder.conv(name, x, conv)?)
    }

    fn norm(&mut self, name: &str, x: Value, norm: &LayerNorm) -> Result<Value, LowerError> {
        lower_norm(&mut self.builder, name, x, (norm, EPSILON))
    }
}
