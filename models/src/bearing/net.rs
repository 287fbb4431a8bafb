//! The net that tells the element: one layer, or two with ReLU between them, over four lines, and its program.
//!
//! # Source
//! Cox 1958, "The regression analysis of binary sequences", in its form for several classes.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use motet_engine::{Activation, Builder, Dense, Program, Value};

use super::config::BearingConfig;
use super::features::LINES;
use crate::lowering::{LowerError, Lowering, linear_values};
use crate::net::{Net, Rows, Sample, Typical, seeded};

/// Rows that a program answers at a time: one for each axis.
const ROWS_MAX: usize = 8;

/// Tells which element of a bearing is damaged.
#[derive(Module, Debug)]
pub struct BearingNet {
    pub(super) inner: Option<Linear>,
    pub(super) head: Linear,
    #[module(skip)]
    pub(super) config: BearingConfig,
}

impl BearingNet {
    /// Returns the scores of the elements: logits.
    ///
    /// # Shapes
    /// `features`: `[rows, 4]`, in dB; result: `[rows, 3]`.
    pub fn scores(&self, features: Tensor<2>) -> Tensor<2> {
        let device = features.device();
        let row = |values: [f32; LINES]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, LINES]), &device)
        };
        let x = (features - row(self.config.center)) / row(self.config.spread);
        match &self.inner {
            Some(inner) => self.head.forward(relu(inner.forward(x))),
            None => self.head.forward(x),
        }
    }

    /// Returns the sizes.
    pub fn config(&self) -> &BearingConfig {
        &self.config
    }
}

impl Net for BearingNet {
    /// As many rows as there may be, and one.
    fn samples(&self, seed: u64) -> Vec<Sample> {
        let mut random = seeded(seed);
        let typical = Typical {
            mean: self.config.center.to_vec(),
            deviation: self.config.spread.to_vec(),
        };
        [ROWS_MAX, 1]
            .map(|rows| typical.draw(&mut random, rows, LINES))
            .to_vec()
    }

    fn device(&self) -> Device {
        self.head.weight.device()
    }

    fn columns(&self) -> usize {
        LINES
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        Ok(softmax(self.scores(input.numbers()?), 1))
    }

    /// Takes `features` `[rows, 4]` in dB and gives `probabilities` `[rows, 3]`.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let mut builder = Builder::new("bearing", how.cpu, how.precision, how.ranges.clone());
        let mut x = builder.input("features", ROWS_MAX, LINES)?;
        if let Some(inner) = &self.inner {
            x = self.layer(&mut builder, ("inner", x), inner, Activation::Relu)?;
        }
        let scores = self.layer(&mut builder, ("head", x), &self.head, Activation::None)?;
        let probabilities = builder.softmax("softmax", scores)?;
        builder.output("probabilities", probabilities)?;
        Ok(builder.build())
    }
}

impl BearingNet {
    /// A layer; the first one also takes the mean of the features and divides by their spread.
    fn layer(
        &self,
        builder: &mut Builder,
        (name, x): (&str, Value),
        layer: &Linear,
        activation: Activation,
    ) -> Result<Value, LowerError> {
        let (mut weights, mut bias) = linear_values(layer)?;
        if name == "inner" || self.inner.is_none() {
            let scales = self.config.center.iter().zip(&self.config.spread);
            for (row, (center, spread)) in weights.chunks_exact_mut(bias.len()).zip(scales) {
                for (weight, bias) in row.iter_mut().zip(&mut bias) {
                    *weight /= spread;
                    *bias -= center * *weight;
                }
            }
        }
        let dense = Dense {
            weights: &weights,
            bias: &bias,
            activation,
            residual: None,
        };
        Ok(builder.linear(name, x, dense)?)
    }
}
