//! From a net in Burn to a program of the engine, and the check that the two agree.
//!
//! Burn is the reference: a program is used only after both have answered the same seeded inputs alike, within a
//! tolerance that depends on the precision alone ([`tolerance`]). Invariant: nothing here changes a net.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use burn::backend::Flex;
use burn::module::Param;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{DType, Tensor};
use motet_engine::{BuildError, Builder, Cpu, Norm, Numbers, Precision, Program, Ranges, RunError, Value};
use rayon::ThreadPoolBuilder;

use crate::net::{Net, Sample};

/// Seed of the inputs that [`verify`] compares.
pub const VERIFY_SEED: u64 = 20_261_122;

/// How a net is lowered.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowering {
    /// What the CPU can do.
    pub cpu: Cpu,
    /// How products are computed.
    pub precision: Precision,
    /// How large numbers get, for [`Precision::Int8`]; found by [`calibrate`].
    pub ranges: Ranges,
}

impl Lowering {
    /// In this precision, with the largest values that a card states.
    pub fn of_card(cpu: Cpu, precision: Precision, ranges: &BTreeMap<String, f32>) -> Self {
        let ranges = ranges.iter().map(|(step, largest)| (step.clone(), *largest));
        Self {
            cpu,
            precision,
            ranges: Ranges::from_largest(ranges),
        }
    }

    /// In 32-bit floats.
    pub fn f32(cpu: Cpu) -> Self {
        Self {
            cpu,
            precision: Precision::F32,
            ranges: Ranges::new(),
        }
    }
}

/// Why a net has no program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LowerError {
    /// The engine refuses a step.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The program cannot be run on a sample.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Burn cannot answer a sample or give its weights.
    #[error("the reference gives no answer: {reason}")]
    Reference {
        /// What Burn says.
        reason: String,
    },
    /// The program does not answer as the net does.
    #[error("the program in {precision:?} is off by {found:.1e} (relative RMS), {allowed:.1e} is allowed")]
    Disagrees {
        /// Precision of the program.
        precision: Precision,
        /// Relative RMS of the difference; NaN where the answers have other lengths.
        found: f64,
        /// The tolerance.
        allowed: f64,
    },
}

impl LowerError {
    /// The reference gives no answer for this reason.
    pub fn reference(reason: &dyn std::fmt::Display) -> Self {
        Self::Reference {
            reason: reason.to_string(),
        }
    }
}

/// Largest relative RMS by which a program may differ from its net in Burn.
///
/// A bfloat16 keeps 8 bits and an 8-bit integer 7, and rounding errors add up like random steps: nets of 5 to 16
/// products were off by 0.1 to 0.7 % and by 0.6 to 3.9 %. The bounds leave a little room and refuse a wrong weight.
pub fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::F32 => 1e-4,
        Precision::Bf16 => 2e-2,
        Precision::Int8 => 5e-2,
    }
}

/// Compares a program with its net on seeded samples and returns the largest relative RMS of the difference.
///
/// # Errors
/// [`LowerError::Disagrees`] beyond [`tolerance`], [`LowerError::Run`] and [`LowerError::Reference`] if one of them
/// gives no answer.
pub fn verify(net: &dyn Net, program: &Program, precision: Precision) -> Result<f64, LowerError> {
    let allowed = tolerance(precision);
    let mut worst = 0.0_f64;
    for sample in net.samples(VERIFY_SEED) {
        let expected = reference(net, &sample)?;
        let found = relative_rms(&answer(program, &sample)?, &expected);
        if found.is_nan() || found > allowed {
            return Err(LowerError::Disagrees {
                precision,
                found,
                allowed,
            });
        }
        worst = worst.max(found);
    }
    Ok(worst)
}

/// Finds how large the numbers get that each product reads, on inputs that are like what will come.
///
/// # Errors
/// [`LowerError::Run`] if the program refuses a sample.
pub fn calibrate<'a>(
    program: &Program,
    samples: impl IntoIterator<Item = &'a Sample>,
) -> Result<Ranges, LowerError> {
    let mut ranges = Ranges::new();
    let mut room = Room::of(program);
    let mut outputs: Vec<&mut [f32]> = room.values.iter_mut().map(Vec::as_mut_slice).collect();
    for sample in samples {
        program.observe(&[sample.numbers()], &mut outputs, &mut room.scratch, &mut ranges)?;
    }
    Ok(ranges)
}

/// The first output of a program for one sample.
///
/// # Errors
/// [`LowerError::Run`] if the program refuses the sample.
pub fn answer(program: &Program, sample: &Sample) -> Result<Vec<f32>, LowerError> {
    let mut room = Room::of(program);
    let counts = room.run(program, sample.numbers())?;
    let mut first = room.values.into_iter().next().unwrap_or_default();
    first.truncate(counts.first().copied().unwrap_or(0));
    Ok(first)
}

/// How long each sample takes, after all of them have been answered once.
///
/// # Errors
/// [`LowerError::Run`] if the program refuses a sample.
pub fn run_times(
    program: &Program,
    samples: &[Sample],
    elapsed: &dyn Fn() -> Duration,
) -> Result<Vec<Duration>, LowerError> {
    let mut room = Room::of(program);
    let mut outputs: Vec<&mut [f32]> = room.values.iter_mut().map(Vec::as_mut_slice).collect();
    let mut times = Vec::with_capacity(samples.len());
    for is_timed in [false, true] {
        for sample in samples {
            let start = elapsed();
            program.run(&[sample.numbers()], &mut outputs, &mut room.scratch, None)?;
            if is_timed {
                times.push(elapsed().saturating_sub(start));
            }
        }
    }
    Ok(times)
}

/// The answer of Burn, inside a pool of one thread, where its kernels run straight on.
///
/// # Errors
/// [`LowerError::Reference`], also where Burn panics.
pub fn reference(net: &dyn Net, sample: &Sample) -> Result<Vec<f32>, LowerError> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|fault| LowerError::reference(&fault))?;
    let run = || catch_unwind(AssertUnwindSafe(|| net.reference(sample)));
    match pool.install(run) {
        Ok(answer) => answer,
        Err(_) => Err(LowerError::reference(&"Burn panicked")),
    }
}

/// The root of the mean square of the difference, relative to that of `expected`.
///
/// NaN where the lengths differ or nothing is expected.
pub fn relative_rms(found: &[f32], expected: &[f32]) -> f64 {
    if found.len() != expected.len() || expected.is_empty() {
        return f64::NAN;
    }
    let square = |value: f64| value * value;
    let pairs = found.iter().zip(expected);
    let difference: f64 = pairs.map(|(a, b)| square(f64::from(*a) - f64::from(*b))).sum();
    let scale: f64 = expected.iter().map(|value| square(f64::from(*value))).sum();
    match (difference > 0.0, scale > 0.0) {
        (_, true) => (difference / scale).sqrt(),
        (false, false) => 0.0 * difference,
        (true, false) => f64::INFINITY,
    }
}

/// Memory for one run of a program.
#[derive(Debug)]
pub(crate) struct Room {
    /// The outputs, as long as they can get.
    pub(crate) values: Vec<Vec<f32>>,
    scratch: Vec<u32>,
}

impl Room {
    pub(crate) fn of(program: &Program) -> Self {
        let count = |shape: motet_engine::PortShape| shape.height_max * shape.width * shape.columns;
        Self {
            values: program.outputs().map(|shape| vec![0.0; count(shape)]).collect(),
            scratch: vec![0; program.scratch_words()],
        }
    }

    /// Runs the program on one input and returns how many numbers of each output there are.
    ///
    /// # Errors
    /// [`LowerError::Run`] if the program refuses it.
    pub(crate) fn run(&mut self, program: &Program, numbers: Numbers<'_>) -> Result<Vec<usize>, LowerError> {
        let height = |shape: motet_engine::PortShape| numbers.count() / (shape.width * shape.columns);
        let heights: Vec<usize> = program.inputs().map(height).collect();
        let mut rows = vec![0; self.values.len()];
        program.output_heights(&heights, &mut self.scratch, &mut rows)?;
        let mut outputs: Vec<&mut [f32]> = self.values.iter_mut().map(Vec::as_mut_slice).collect();
        program.run(&[numbers], &mut outputs, &mut self.scratch, None)?;
        let count = |(rows, shape): (&usize, motet_engine::PortShape)| rows * shape.width * shape.columns;
        Ok(rows.iter().zip(program.outputs()).map(count).collect())
    }
}

/// Gives the values of a parameter, row by row, to `read`: where they lie on the CPU, without a copy.
pub(crate) fn with_values<const D: usize, T>(
    tensor: &Param<Tensor<D>>,
    read: impl FnOnce(&[f32]) -> T,
) -> Result<T, LowerError> {
    let tensor = tensor.val();
    let tensor = match tensor.device().is_autodiff() {
        true => tensor.inner(),
        false => tensor,
    };
    if let Ok(primitive) = tensor.clone().try_into_primitive::<Flex>()
        && primitive.dtype() == DType::F32
        && primitive.is_contiguous()
    {
        let start = primitive.layout().start_offset();
        let end = start + primitive.layout().num_elements();
        if let Some(values) = primitive.storage::<f32>().get(start..end) {
            return Ok(read(values));
        }
    }
    Ok(read(&tensor_values(tensor)?))
}

/// The values of a parameter, row by row.
pub(crate) fn values<const D: usize>(tensor: &Param<Tensor<D>>) -> Result<Vec<f32>, LowerError> {
    tensor_values(tensor.val())
}

/// The values of a tensor, row by row.
///
/// # Errors
/// [`LowerError::Reference`] if its device gives none.
pub fn tensor_values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, LowerError> {
    let data = tensor
        .try_into_data()
        .map_err(|fault| LowerError::reference(&fault))?;
    data.convert::<f32>()
        .try_into_vec::<f32>()
        .map_err(|fault| LowerError::reference(&fault))
}

/// The bias of a dense layer; zeros where it has none.
pub(crate) fn linear_bias(layer: &Linear) -> Result<Vec<f32>, LowerError> {
    match &layer.bias {
        Some(bias) => values(bias),
        None => Ok(vec![0.0; layer.weight.dims()[1]]),
    }
}

/// Adds a layer normalisation to a program.
pub(crate) fn lower_norm(
    builder: &mut Builder,
    name: &str,
    x: Value,
    (norm, epsilon): (&LayerNorm, f64),
) -> Result<Value, LowerError> {
    let beta = norm.beta.as_ref().map(values).transpose()?.unwrap_or_default();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the constant is exact enough in `f32`"
    )]
    let norm = Norm {
        gamma: &values(&norm.gamma)?,
        beta: &beta,
        epsilon: epsilon as f32,
        residual: None,
    };
    Ok(builder.layer_norm(name, x, norm)?)
}

/// Kernels of a convolution over rows, `[outputs, channels, taps]`, from the weights of a dense layer over its taps side by
/// side, `[taps * channels, outputs]`.
pub(crate) fn kernels_of_taps(weights: &[f32], outputs: usize, taps: usize) -> Vec<f32> {
    let channels = weights.len() / (outputs * taps);
    let mut kernels = vec![0.0; weights.len()];
    for (row, weights) in weights.chunks_exact(outputs).enumerate() {
        let (tap, channel) = (row / channels, row % channels);
        for (output, weight) in weights.iter().enumerate() {
            kernels[(output * channels + channel) * taps + tap] = *weight;
        }
    }
    kernels
}

/// Weights and bias of a dense layer.
pub(crate) fn linear_values(layer: &Linear) -> Result<(Vec<f32>, Vec<f32>), LowerError> {
    Ok((values(&layer.weight)?, linear_bias(layer)?))
}
