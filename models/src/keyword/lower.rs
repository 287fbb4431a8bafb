//! The program of a keyword model: one window to calibrated probabilities.
//!
//! It takes windows whose level was removed by [`remove_level`]; the net removes it itself, and removing it twice
//! changes nothing. Batch normalisations and the temperature are folded into the weights before them.

use burn::tensor::{Device, Tensor};
use motet_engine::{Activation, Builder, Conv, Dense, Padding, Program, Value, Window};

use super::model::KeywordModel;
use super::net::{BatchNorm, Block, KeywordNet, Stem};
use super::window::remove_level;
use crate::lowering::{LowerError, Lowering, linear_values, tensor_values, values};
use crate::net::{Net, Rows, Sample, Typical, seeded};

/// Spread of log-mel values around the level of a window, roughly.
const DEVIATION: f32 = 2.0;

impl Net for KeywordModel {
    /// Two windows of noise without level.
    fn samples(&self, seed: u64) -> Vec<Sample> {
        let mut random = seeded(seed);
        let typical = Typical {
            mean: vec![0.0],
            deviation: vec![DEVIATION],
        };
        let bins = self.features().bins;
        let mut window = || {
            let mut sample = typical.draw(&mut random, self.window_frames(), bins);
            if let Sample::Numbers(window) = &mut sample {
                remove_level(window, bins);
            }
            sample
        };
        vec![window(), window()]
    }

    fn device(&self) -> Device {
        self.device().clone()
    }

    fn columns(&self) -> usize {
        self.features().bins
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        Ok(self.probabilities(input.numbers()?.unsqueeze()))
    }

    /// Takes `window` `[window_frames, bins]` without level and gives `probabilities` `[1, classes]`.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let mut builder = Builder::new("keyword", how.cpu, how.precision, how.ranges.clone());
        let bins = self.features().bins;
        let window = builder.input("window", self.window_frames(), bins)?;
        let net: &KeywordNet = self.net();
        let mut x = net.stem.lower(&mut builder, window)?;
        for (index, block) in net.blocks.iter().enumerate() {
            x = block.lower(&mut builder, x, &format!("blocks.{index}"))?;
        }
        let pooled = [builder.global_average("mean", x)?, builder.global_max("peak", x)?];
        let scores = self.lower_head(&mut builder, pooled)?;
        let probabilities = builder.softmax("softmax", scores)?;
        builder.output("probabilities", probabilities)?;
        Ok(builder.build())
    }
}

impl KeywordModel {
    /// The dense layer over mean and peak side by side, as the sum of one over each.
    fn lower_head(&self, builder: &mut Builder, [mean, peak]: [Value; 2]) -> Result<Value, LowerError> {
        let temperature = self.card().model.temperature;
        let (weights, bias) = linear_values(&self.net().head)?;
        let cooled = |values: Vec<f32>| values.into_iter().map(|value| value / temperature).collect();
        let (weights, bias): (Vec<f32>, Vec<f32>) = (cooled(weights), cooled(bias));
        let (of_mean, of_peak) = weights.split_at(weights.len() / 2);
        let dense = Dense {
            weights: of_mean,
            bias: &bias,
            activation: Activation::None,
            residual: None,
        };
        let sum = builder.linear("head.mean", mean, dense)?;
        let dense = Dense {
            weights: of_peak,
            bias: &vec![0.0; bias.len()],
            activation: Activation::None,
            residual: Some(sum),
        };
        Ok(builder.linear("head.peak", peak, dense)?)
    }
}

impl Stem {
    fn lower(&self, builder: &mut Builder, window: Value) -> Result<Value, LowerError> {
        let [rows, channels] = self.weight.dims();
        let bins = rows / self.kernel;
        let (weights, bias) = folded(self.weight.val(), &self.norm)?;
        let conv = Conv {
            weights: &turned(&weights, [self.kernel, bins, channels]),
            bias: &bias,
            window: over_frames(self.kernel, self.stride, 1),
            activation: Activation::Relu,
        };
        Ok(builder.conv("stem", window, conv)?)
    }
}

impl Block {
    fn lower(&self, builder: &mut Builder, x: Value, name: &str) -> Result<Value, LowerError> {
        let [taps, channels] = self.depthwise.weight.dims();
        let conv = Conv {
            weights: &turned(&values(&self.depthwise.weight)?, [taps, 1, channels]),
            bias: &vec![0.0; channels],
            window: over_frames(taps, 1, self.depthwise.dilation),
            activation: Activation::None,
        };
        let filtered = builder.depthwise(&format!("{name}.depthwise"), x, conv)?;
        let (weights, bias) = folded(self.pointwise.weight.val(), &self.norm)?;
        let dense = Dense {
            weights: &weights,
            bias: &bias,
            activation: Activation::Relu,
            residual: None,
        };
        let mixed = builder.linear(&format!("{name}.pointwise"), filtered, dense)?;
        Ok(builder.add(&format!("{name}.sum"), mixed, x)?)
    }
}

/// A window of so many frames that keeps their number, but for the stride.
fn over_frames(taps: usize, stride: usize, dilation: usize) -> Window {
    let margin = taps / 2 * dilation;
    Window {
        kernel: (taps, 1),
        stride: (stride, 1),
        dilation: (dilation, 1),
        padding: Padding {
            top: margin,
            left: 0,
            bottom: margin,
            right: 0,
        },
    }
}

/// `[inputs, channels]` with the normalisation that follows inside, and its bias.
fn folded(weights: Tensor<2>, norm: &BatchNorm) -> Result<(Vec<f32>, Vec<f32>), LowerError> {
    let (scale, shift) = norm.affine();
    let weights = weights * scale.unsqueeze();
    Ok((tensor_values(weights)?, tensor_values(shift)?))
}

/// `[taps, inputs, channels]` as `[channels, inputs, taps]`.
fn turned(values: &[f32], [taps, inputs, channels]: [usize; 3]) -> Vec<f32> {
    let mut turned = Vec::with_capacity(values.len());
    for channel in 0..channels {
        for input in 0..inputs {
            turned.extend((0..taps).map(|tap| values[(tap * inputs + input) * channels + channel]));
        }
    }
    turned
}
