//! What the nets that become programs have in common.
//!
//! A [`NetConfig`] says which tensors its net needs and builds the net of them; a [`Net`] computes in Burn, where it
//! is defined and trained, and lowers itself to a program of the engine, which is what runs on the CPU. Nothing here
//! knows what a net is for. Invariant: a net's program takes what [`Net::reference`] takes and gives the same.

use burn::module::Param;
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};
use motet_engine::{Numbers, Program};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::lowering::{LowerError, Lowering, tensor_values};
use crate::weights::{Start, TensorSpec, Weights, WeightsError};

/// Most weights a net may have: 1 GiB of them.
pub const PARAMETERS_MAX: usize = 1 << 28;
/// Most values that a net may have between two of its layers: 256 MiB of them.
pub const VALUES_MAX: usize = 1 << 26;
/// Largest single size that a configuration may name.
pub const SIZE_MAX: usize = 1 << 20;

/// A net with its weights.
pub trait Net: Send + Sync + 'static {
    /// A few inputs like those the net will meet, among them one of the largest size; equal seeds give equal ones.
    fn samples(&self, seed: u64) -> Vec<Sample>;

    /// Where its weights lie.
    fn device(&self) -> Device;

    /// How many numbers a row of its input has; 1 for ids.
    fn columns(&self) -> usize;

    /// The answer to one input, computed by Burn where the weights lie.
    ///
    /// # Shapes
    /// `input`: `[rows, columns]` numbers or `[tokens]` ids; result: `[rows, columns]` of the answer.
    ///
    /// # Errors
    /// [`LowerError::Reference`] for numbers where ids are needed, or the other way round.
    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError>;

    /// The same from numbers on the CPU to numbers on the CPU, row by row.
    ///
    /// # Errors
    /// [`LowerError::Reference`] if Burn cannot give it.
    fn reference(&self, input: &Sample) -> Result<Vec<f32>, LowerError> {
        tensor_values(self.compute(input.rows(self.columns(), &self.device())?)?)
    }

    /// The program of the net.
    ///
    /// # Errors
    /// [`LowerError::Build`] if the engine refuses a step.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError>;
}

/// The sizes of a net, as a card holds them.
pub trait NetConfig: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The net of these sizes.
    type Net: Net;

    /// Refuses sizes that contradict each other or ask for more than [`PARAMETERS_MAX`].
    ///
    /// # Errors
    /// [`ConfigFault`] says which rule is broken.
    fn validate(&self) -> Result<(), ConfigFault>;

    /// Every tensor the net needs.
    fn tensors(&self) -> Vec<TensorSpec>;

    /// Builds the net of weights that have these tensors.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] and [`WeightsError::Shape`] for weights of another net.
    fn build(&self, weights: Weights, device: &Device) -> Result<Self::Net, WeightsError>;

    /// Builds the net with random weights; equal seeds give equal weights.
    ///
    /// # Errors
    /// None for a valid configuration.
    fn init(&self, seed: u64, device: &Device) -> Result<Self::Net, WeightsError> {
        self.build(random_weights(&self.tensors(), seed), device)
    }
}

/// A rule that the sizes of a net break.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigFault(pub &'static str);

/// Refuses a configuration that breaks one of these rules, the first that is false.
pub(crate) fn rules(rules: &[(bool, &'static str)]) -> Result<(), ConfigFault> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err(ConfigFault(rule)),
        None => Ok(()),
    }
}

/// True when all these sizes are from 1 to [`SIZE_MAX`].
pub(crate) fn bounded(sizes: &[usize]) -> bool {
    sizes.iter().all(|size| (1..=SIZE_MAX).contains(size))
}

/// True when no more than [`PARAMETERS_MAX`] values are asked for. Each size must be bounded.
pub(crate) fn affordable(tensors: &[TensorSpec]) -> bool {
    let count = |tensor: &TensorSpec| tensor.shape.iter().try_fold(1_usize, |a, b| a.checked_mul(*b));
    let sum = tensors
        .iter()
        .try_fold(0_usize, |sum, tensor| sum.checked_add(count(tensor)?));
    sum.is_some_and(|sum| sum <= PARAMETERS_MAX)
}

/// True when so many values, the product of these sizes, may lie between two layers.
pub(crate) fn holdable(sizes: &[usize]) -> bool {
    let product = sizes.iter().try_fold(1_usize, |a, b| a.checked_mul(*b));
    product.is_some_and(|count| count <= VALUES_MAX)
}

/// The rule that [`holdable`] checks.
pub(crate) const HOLDABLE: &str = "the net must have at most 67108864 values between two of its layers";

/// One input of a net, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// Numbers.
    Numbers(Vec<f32>),
    /// Ids of tokens.
    Ids(Vec<i32>),
}

impl Sample {
    /// As a program takes it.
    pub fn numbers(&self) -> Numbers<'_> {
        match self {
            Sample::Numbers(values) => Numbers::F32(values),
            Sample::Ids(ids) => Numbers::I32(ids),
        }
    }

    /// As a tensor on a device, rows of so many columns.
    ///
    /// # Errors
    /// [`LowerError::Reference`] where the last row is not full.
    pub fn rows(&self, columns: usize, device: &Device) -> Result<Rows, LowerError> {
        match self {
            Sample::Numbers(values) if values.len().is_multiple_of(columns.max(1)) => {
                let shape = [values.len() / columns.max(1), columns];
                let data = TensorData::new(values.clone(), shape);
                Ok(Rows::Numbers(Tensor::from_data(data, device)))
            }
            Sample::Numbers(_) => Err(LowerError::reference(&"a row that is not full")),
            Sample::Ids(ids) => {
                let data = TensorData::new(ids.clone(), [ids.len()]);
                Ok(Rows::Ids(Tensor::from_data(data, device)))
            }
        }
    }
}

/// One input of a net on a device.
#[derive(Clone, Debug)]
pub enum Rows {
    /// `[rows, columns]`.
    Numbers(Tensor<2>),
    /// `[tokens]`.
    Ids(Tensor<1, Int>),
}

impl Rows {
    /// The numbers.
    ///
    /// # Errors
    /// [`LowerError::Reference`] if these are ids.
    pub(crate) fn numbers(self) -> Result<Tensor<2>, LowerError> {
        match self {
            Rows::Numbers(numbers) => Ok(numbers),
            Rows::Ids(_) => Err(LowerError::reference(&"ids where numbers are needed")),
        }
    }

    /// The ids.
    ///
    /// # Errors
    /// [`LowerError::Reference`] if these are numbers.
    pub(crate) fn ids(self) -> Result<Tensor<1, Int>, LowerError> {
        match self {
            Rows::Ids(ids) => Ok(ids),
            Rows::Numbers(_) => Err(LowerError::reference(&"numbers where ids are needed")),
        }
    }
}

/// What the numbers that a net meets are like, column by column; one entry stands for all columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typical {
    /// Mean.
    pub mean: Vec<f32>,
    /// Standard deviation.
    pub deviation: Vec<f32>,
}

impl Default for Typical {
    fn default() -> Self {
        Self {
            mean: vec![0.0],
            deviation: vec![1.0],
        }
    }
}

impl Typical {
    /// True when it speaks of so many columns, in finite numbers.
    pub(crate) fn fits(&self, columns: usize) -> bool {
        let fits =
            |values: &[f32]| matches!(values.len(), 1) || values.len() == columns && !values.is_empty();
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        fits(&self.mean) && fits(&self.deviation) && finite(&self.mean) && finite(&self.deviation)
    }

    /// Normal numbers of this mean and deviation, `[rows, columns]`.
    pub(crate) fn draw(&self, random: &mut ChaCha8Rng, rows: usize, columns: usize) -> Sample {
        let at = |values: &[f32], column: usize| values[if values.len() == 1 { 0 } else { column }];
        let value = |index: usize| {
            let column = index % columns;
            at(&self.mean, column) + at(&self.deviation, column) * normal(random)
        };
        Sample::Numbers((0..rows * columns).map(value).collect())
    }
}

/// A random generator of samples: equal seeds give equal numbers.
pub(crate) fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A normal number of mean 0 and deviation 1.
///
/// # Source
/// Box and Muller, 1958.
fn normal(random: &mut ChaCha8Rng) -> f32 {
    let (radius, angle) = (1.0 - random.random::<f32>(), random.random::<f32>());
    (-2.0 * radius.ln()).sqrt() * (std::f32::consts::TAU * angle).cos()
}

pub(crate) fn random_weights(specs: &[TensorSpec], seed: u64) -> Weights {
    let mut random = seeded(seed);
    Weights::from_values(specs.iter().map(|spec| {
        let values = match spec.start {
            Start::Zeros => vec![0.0; spec.count()],
            Start::Ones => vec![1.0; spec.count()],
            Start::He { inputs } => {
                let deviation = (2.0 / inputs as f32).sqrt();
                (0..spec.count())
                    .map(|_| deviation * normal(&mut random))
                    .collect()
            }
        };
        (spec.name.clone(), values)
    }))
}

/// Takes the tensors of a net out of its weights, under the path of a module.
pub(crate) struct Taker<'a> {
    pub(crate) weights: &'a mut Weights,
    pub(crate) device: &'a Device,
}

impl Taker<'_> {
    /// A parameter of this name and shape.
    pub(crate) fn param<const D: usize>(
        &mut self,
        name: &str,
        shape: [usize; D],
    ) -> Result<Param<Tensor<D>>, WeightsError> {
        let values = self.weights.take(name, &shape)?;
        Ok(Param::from_data(TensorData::new(values, shape), self.device))
    }

    /// A layer normalisation over so many numbers.
    pub(crate) fn norm(&mut self, name: &str, width: usize, epsilon: f64) -> Result<LayerNorm, WeightsError> {
        let mut norm = LayerNormConfig::new(width)
            .with_epsilon(epsilon)
            .init(self.device);
        norm.gamma = self.param(&format!("{name}.gamma"), [width])?;
        norm.beta = Some(self.param(&format!("{name}.beta"), [width])?);
        Ok(norm)
    }

    /// A dense layer `[inputs, outputs]` with its bias.
    pub(crate) fn linear(
        &mut self,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Linear, WeightsError> {
        Ok(Linear {
            weight: self.param(&format!("{name}.weight"), [inputs, outputs])?,
            bias: Some(self.param(&format!("{name}.bias"), [outputs])?),
        })
    }
}

/// The tensors of a layer normalisation.
pub(crate) fn norm_specs(name: &str, width: usize) -> [TensorSpec; 2] {
    [("gamma", Start::Ones), ("beta", Start::Zeros)].map(|(part, start)| {
        let name = format!("{name}.{part}");
        TensorSpec::new(name.clone(), name, &[width], start)
    })
}

/// The tensors of a dense layer with its bias.
pub(crate) fn linear_specs(name: &str, alias: &str, inputs: usize, outputs: usize) -> [TensorSpec; 2] {
    [
        TensorSpec::new(
            format!("{name}.weight"),
            format!("{alias}.weight"),
            &[inputs, outputs],
            Start::He { inputs },
        ),
        TensorSpec::new(
            format!("{name}.bias"),
            format!("{alias}.bias"),
            &[outputs],
            Start::Zeros,
        ),
    ]
}
