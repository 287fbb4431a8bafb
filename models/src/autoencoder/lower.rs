//! The program of an autoencoder.

use burn::tensor::{Device, Tensor};
use motet_engine::{Activation, Builder, Dense, Program};

use super::AutoencoderNet;
use crate::lowering::{LowerError, Lowering, linear_values};
use crate::net::{Net, Rows, Sample, seeded};

impl Net for AutoencoderNet {
    /// As many rows as there may be, and one.
    fn samples(&self, seed: u64) -> Vec<Sample> {
        let mut random = seeded(seed);
        let typical = &self.config.typical;
        [self.config.rows_max, 1]
            .map(|rows| typical.draw(&mut random, rows, self.config.widths[0]))
            .to_vec()
    }

    fn device(&self) -> Device {
        self.layers[0].weight.device()
    }

    fn columns(&self) -> usize {
        self.config.widths[0]
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        Ok(self.forward(input.numbers()?))
    }

    /// Takes `rows` `[rows, widths[0]]` and gives `restored`, the same.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let mut builder = Builder::new("autoencoder", how.cpu, how.precision, how.ranges.clone());
        let mut x = builder.input("rows", self.config.rows_max, self.config.widths[0])?;
        for (index, layer) in self.layers.iter().enumerate() {
            let (weights, bias) = linear_values(layer)?;
            let is_last = index + 1 == self.layers.len();
            let dense = Dense {
                weights: &weights,
                bias: &bias,
                activation: if is_last {
                    Activation::None
                } else {
                    Activation::Relu
                },
                residual: None,
            };
            x = builder.linear(&format!("layers.{index}"), x, dense)?;
        }
        builder.output("restored", x)?;
        Ok(builder.build())
    }
}
