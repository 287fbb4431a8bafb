//! Dense layers with ReLU between them, none after the last.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::net::{
    ConfigFault, HOLDABLE, NetConfig, Taker, Typical, affordable, bounded, holdable, linear_specs, rules,
};
use crate::weights::{TensorSpec, Weights, WeightsError};

/// Most layers an autoencoder may have.
const LAYERS_MAX: usize = 64;

/// The sizes of an [`AutoencoderNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoencoderConfig {
    /// Width of the input, of every layer between, and of the output, which is that of the input.
    pub widths: Vec<usize>,
    /// Most rows that are restored at a time.
    pub rows_max: usize,
    /// What the features are like.
    #[serde(default)]
    pub typical: Typical,
}

/// Restores rows of features.
#[derive(Module, Debug)]
pub struct AutoencoderNet {
    pub(super) layers: Vec<Linear>,
    #[module(skip)]
    pub(super) config: AutoencoderConfig,
}

impl AutoencoderNet {
    /// Returns the rows as the net restores them.
    ///
    /// # Shapes
    /// `rows`: `[rows, widths[0]]`; result: the same.
    pub fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len().saturating_sub(1);
        let (between, end) = self.layers.split_at(last);
        let rows = between.iter().fold(rows, |rows, layer| relu(layer.forward(rows)));
        end.iter().fold(rows, |rows, layer| layer.forward(rows))
    }

    /// Returns the sizes.
    pub fn config(&self) -> &AutoencoderConfig {
        &self.config
    }
}

impl NetConfig for AutoencoderConfig {
    type Net = AutoencoderNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        let layers = self.widths.len().saturating_sub(1);
        rules(&[
            (
                (1..=LAYERS_MAX).contains(&layers),
                "there must be 2 to 65 `widths`",
            ),
            (
                bounded(&self.widths) && bounded(&[self.rows_max]),
                "`widths` and `rows_max` must be from 1 to 1048576",
            ),
            (
                self.widths.first() == self.widths.last(),
                "the last of `widths` must be the first",
            ),
            (
                self.typical.fits(self.widths.first().copied().unwrap_or(0)),
                "`typical` must have finite numbers, one or one for each column",
            ),
        ])?;
        let widest = self.widths.iter().max().copied().unwrap_or(0);
        rules(&[
            (
                affordable(&self.tensors()),
                "the net must have at most 268435456 weights",
            ),
            (holdable(&[self.rows_max, widest]), HOLDABLE),
        ])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        let pairs = self.widths.windows(2).enumerate();
        pairs
            .flat_map(|(layer, pair)| {
                linear_specs(
                    &format!("layers.{layer}"),
                    &format!("fc{layer}"),
                    pair[0],
                    pair[1],
                )
            })
            .collect()
    }

    fn build(&self, mut weights: Weights, device: &Device) -> Result<AutoencoderNet, WeightsError> {
        let mut taker = Taker {
            weights: &mut weights,
            device,
        };
        let pairs = self.widths.windows(2).enumerate();
        let layers = pairs
            .map(|(layer, pair)| taker.linear(&format!("layers.{layer}"), pair[0], pair[1]))
            .collect::<Result<_, _>>()?;
        Ok(AutoencoderNet {
            layers,
            config: self.clone(),
        })
    }
}
