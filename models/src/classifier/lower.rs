//! The program of a classifier. Batch normalisations are folded into the convolutions before them.

use burn::tensor::{Device, Tensor};
use motet_engine::{Activation, Builder, Conv, Dense, Padding, Program, Value};

use super::ClassifierNet;
use super::net::{Block, Convolution, EPSILON};
use crate::lowering::{LowerError, Lowering, linear_values, tensor_values, values};
use crate::net::{Net, Rows, Sample, seeded};

impl Net for ClassifierNet {
    /// Two images of the largest height.
    fn samples(&self, seed: u64) -> Vec<Sample> {
        let mut random = seeded(seed);
        let config = &self.config;
        let columns = config.width * config.channels;
        [(); 2]
            .map(|()| config.typical.draw(&mut random, config.height, columns))
            .to_vec()
    }

    fn device(&self) -> Device {
        self.head.weight.device()
    }

    fn columns(&self) -> usize {
        self.config.width * self.config.channels
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        let rows = input.numbers()?;
        let (width, channels) = (self.config.width, self.config.channels);
        let height = rows.dims()[0];
        Ok(self.probabilities(rows.reshape([1, height, width, channels])))
    }

    /// Takes `image` `[height, width, channels]` and gives `probabilities` `[1, classes]`.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let mut builder = Builder::new("classifier", how.cpu, how.precision, how.ranges.clone());
        let size = (self.config.height, self.config.width);
        let image = builder.image("image", size, self.config.channels)?;
        let stem = Folded::of(&self.stem)?;
        let mut x = builder.conv("stem", image, stem.conv(&self.stem))?;
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.lower(&mut builder, x, index)?;
        }
        let mean = builder.global_average("mean", x)?;
        let (weights, bias) = linear_values(&self.head)?;
        let dense = Dense {
            weights: &weights,
            bias: &bias,
            activation: Activation::None,
            residual: None,
        };
        let scores = builder.linear("head", mean, dense)?;
        let probabilities = builder.softmax("softmax", scores)?;
        builder.output("probabilities", probabilities)?;
        Ok(builder.build())
    }
}

impl Block {
    fn lower(&self, builder: &mut Builder, x: Value, index: usize) -> Result<Value, LowerError> {
        let folded = Folded::of(&self.depthwise)?;
        let name = format!("blocks.{index}.depthwise");
        let x = builder.depthwise(&name, x, folded.conv(&self.depthwise))?;
        let folded = Folded::of(&self.pointwise)?;
        let name = format!("blocks.{index}.pointwise");
        Ok(builder.conv(&name, x, folded.conv(&self.pointwise))?)
    }
}

/// The weights of a convolution and its bias, with the batch normalisation inside.
struct Folded {
    /// `[out, in / groups, height, width]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Folded {
    fn of(convolution: &Convolution) -> Result<Self, LowerError> {
        let mut weights = values(&convolution.weight)?;
        let outputs = convolution.weight.dims()[0];
        let mut bias = match &convolution.bias {
            Some(bias) => values(bias)?,
            None => vec![0.0; outputs],
        };
        if let Some(norm) = &convolution.norm {
            let (gamma, beta) = (values(&norm.gamma)?, values(&norm.beta)?);
            let mean = tensor_values(norm.running_mean.value())?;
            let variance = tensor_values(norm.running_var.value())?;
            let per_output = weights.len() / outputs;
            for (output, rows) in weights.chunks_exact_mut(per_output).enumerate() {
                let deviation = (f64::from(variance[output]) + EPSILON).sqrt();
                let scale = narrow(f64::from(gamma[output]) / deviation);
                rows.iter_mut().for_each(|weight| *weight *= scale);
                bias[output] = beta[output] + (bias[output] - mean[output]) * scale;
            }
        }
        Ok(Self { weights, bias })
    }

    fn conv<'a>(&'a self, convolution: &Convolution) -> Conv<'a> {
        let window = convolution.window;
        let [top, left, bottom, right] = window.padding;
        let pair = |[height, width]: [usize; 2]| (height, width);
        Conv {
            weights: &self.weights,
            bias: &self.bias,
            window: motet_engine::Window {
                kernel: pair(window.kernel),
                stride: pair(window.stride),
                dilation: (1, 1),
                padding: Padding {
                    top,
                    left,
                    bottom,
                    right,
                },
            },
            activation: Activation::Relu,
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "weights are 32-bit floats")]
fn narrow(value: f64) -> f32 {
    value as f32
}
