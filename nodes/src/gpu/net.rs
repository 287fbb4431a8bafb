//! Nets on the GPU: checked against the CPU when they are opened, and left for the CPU when they fail.
//!
//! Numbers that are on the GPU already stay there ([`OnGpu`]), and know how the CPU would have come by them: so a chain of
//! nets outlives its device in the middle of a request. Invariant: a net answers only after it has answered seeded inputs as
//! the CPU does.

use std::sync::Arc;
use std::time::Duration;

use burn::tensor::{Device, Tensor};
use motet_core::arena::{ReadLease, Resident};
use motet_core::catalog::BuildError;
use motet_core::clock::{Clock, Monotonic};
use motet_core::node::NodeError;
use motet_engine::Program;
use motet_models::lowering::{LowerError, answer, relative_rms, tensor_values};
use motet_models::net::{Net, Rows, Sample};

use super::Traffic;
use super::driver::{Driver, OPEN_PATIENCE};

/// Largest relative RMS by which a GPU may differ from the CPU, both in 32-bit floats: sums in another order, and
/// functions that are rounded in their last bits, are off by some 1e-6.
const TOLERANCE: f64 = 1e-3;
/// Shortest time after which a GPU that gives no answer counts as lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
/// The same as a multiple of the slowest answer that was seen when the net was opened.
const PATIENCE_FACTOR: u32 = 20;

/// A net on the GPU.
pub(crate) struct GpuNet {
    driver: Arc<Driver>,
    net: Arc<dyn Net>,
    /// What the CPU does in its place.
    program: Program,
    patience: Duration,
    opening: Opening,
}

/// How a net came to the GPU.
#[derive(Clone, Copy, Debug)]
struct Opening {
    /// Until the first answer to every sample: weights moved, kernels compiled.
    first: Duration,
    /// The slowest answer after that.
    later: Duration,
    /// How far the GPU is off.
    relative_rms: f64,
}

/// Numbers on the GPU.
pub(crate) struct OnGpu {
    rows: Tensor<2>,
    /// The GPU they are on.
    driver: Arc<Driver>,
    input: Input,
    program: Program,
}

/// What a net reads.
#[derive(Clone)]
enum Input {
    Here(Sample),
    There(Arc<OnGpu>),
}

/// What is wanted of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Its numbers, on the CPU.
    pub(crate) values: bool,
    /// The mean of the squared differences from the input.
    pub(crate) distance: bool,
}

/// An answer of the GPU.
pub(crate) struct Answer {
    pub(crate) values: Vec<f32>,
    pub(crate) distance: Option<f32>,
    /// The same numbers where they were computed.
    pub(crate) resident: Resident,
}

impl GpuNet {
    /// Lets `make` put a net on the GPU and compares its answers with those of the program, which is the CPU's.
    ///
    /// # Errors
    /// [`BuildError::Device`] if the GPU cannot have it or disagrees.
    pub(crate) fn open(
        driver: &Arc<Driver>,
        program: &Program,
        make: impl FnOnce(&Device) -> Result<Arc<dyn Net>, LowerError> + Send + 'static,
    ) -> Result<GpuNet, BuildError> {
        let refused = |reason: String| BuildError::Device {
            device: driver.device().name.clone(),
            reason,
        };
        let reference = program.clone();
        let opened = driver.ask(OPEN_PATIENCE, move |gpu| {
            let clock = Monotonic::start();
            let net = make(gpu.device())?;
            let samples = net.samples(motet_models::lowering::VERIFY_SEED);
            let mut opening = Opening {
                first: Duration::ZERO,
                later: Duration::ZERO,
                relative_rms: 0.0,
            };
            for sample in &samples {
                let found = net.reference(sample)?;
                let off = relative_rms(&found, &answer(&reference, sample)?);
                // NaN is the largest of all.
                opening.relative_rms = if off.is_nan() {
                    off
                } else {
                    opening.relative_rms.max(off)
                };
            }
            opening.first = clock.now();
            for sample in &samples {
                let start = clock.now();
                net.reference(sample)?;
                opening.later = opening.later.max(clock.now().saturating_sub(start));
            }
            Ok((net, opening))
        });
        let (net, opening) = opened.map_err(refused)?;
        if opening.relative_rms.is_nan() || opening.relative_rms > TOLERANCE {
            return Err(refused(format!(
                "its answers are off by {:.1e} (relative RMS) from those of the CPU, {TOLERANCE:.0e} is allowed",
                opening.relative_rms
            )));
        }
        tracing::info!("{}", opening.remark(driver));
        Ok(GpuNet {
            driver: Arc::clone(driver),
            net,
            program: program.clone(),
            patience: PATIENCE.max(PATIENCE_FACTOR * opening.later),
            opening,
        })
    }

    /// How it was opened, for people.
    pub(crate) fn remark(&self) -> String {
        self.opening.remark(&self.driver)
    }

    /// The answer to a value, or why the GPU gives none.
    pub(crate) fn run(&self, value: &ReadLease, wanted: Wanted) -> Result<Result<Answer, String>, NodeError> {
        let input = self.input(value)?;
        let (net, given) = (Arc::clone(&self.net), input.clone());
        let answered = self.driver.ask(self.patience, move |gpu| {
            let (rows, mut moved) = given.rows(net.as_ref(), gpu.device())?;
            let read = wanted.distance.then(|| rows.clone());
            let answer = net.compute(rows)?;
            let mut values = Vec::new();
            let mut distance = None;
            if let Some(Rows::Numbers(read)) = read {
                let difference = read - answer.clone();
                let mean = tensor_values((difference.clone() * difference).mean())?;
                distance = mean.first().copied();
                moved.down_count += 1;
            }
            if wanted.values {
                values = tensor_values(answer.clone())?;
                moved.down_count += 1;
            }
            Ok((values, distance, answer, moved))
        });
        Ok(answered.map(|(values, distance, rows, moved)| {
            self.driver.count(moved);
            let resident = Arc::new(OnGpu {
                rows,
                driver: Arc::clone(&self.driver),
                input,
                program: self.program.clone(),
            });
            Answer {
                values,
                distance,
                resident,
            }
        }))
    }

    fn input(&self, value: &ReadLease) -> Result<Input, NodeError> {
        if let Some(there) = there(value)
            && Arc::ptr_eq(&there.driver, &self.driver)
        {
            return Ok(Input::There(there));
        }
        Ok(Input::Here(match value.tensor::<f32>(0) {
            Ok(numbers) => Sample::Numbers(numbers.to_vec()),
            Err(_) => Sample::Ids(value.tensor::<i32>(0)?.to_vec()),
        }))
    }
}

/// The numbers of a value that are on a GPU.
fn there(value: &ReadLease) -> Option<Arc<OnGpu>> {
    Arc::clone(value.resident(0)?).downcast::<OnGpu>().ok()
}

/// The numbers of a value that lies on a GPU alone, as the CPU computes them. `None` for values that are here.
pub(crate) fn computed_here(value: &ReadLease) -> Option<Result<Vec<f32>, NodeError>> {
    let is_here = value.bytes(0).is_ok();
    let there = there(value).filter(|_| !is_here)?;
    Some(
        there
            .compute_here()
            .map_err(|error| NodeError::Failed(error.to_string())),
    )
}

impl OnGpu {
    /// What the CPU gives in place of these numbers.
    fn compute_here(&self) -> Result<Vec<f32>, LowerError> {
        match &self.input {
            Input::Here(sample) => answer(&self.program, sample),
            Input::There(there) => answer(&self.program, &Sample::Numbers(there.compute_here()?)),
        }
    }
}

impl Input {
    /// On the device, and how it came there.
    fn rows(&self, net: &dyn Net, device: &Device) -> Result<(Rows, Traffic), LowerError> {
        let mut moved = Traffic::default();
        let rows = match self {
            Input::Here(sample) => {
                moved.up_count += 1;
                sample.rows(net.columns(), device)?
            }
            Input::There(there) => {
                moved.kept_count += 1;
                Rows::Numbers(there.rows.clone())
            }
        };
        Ok((rows, moved))
    }
}

impl Opening {
    fn remark(&self, driver: &Driver) -> String {
        format!(
            "on `{}`, ready after {:.0} ms (kernels compiled, weights moved), then {:.2} ms an answer; off by {:.1e} \
             (relative RMS) from the CPU; lost after {:.1} s without an answer",
            driver.device().name,
            self.first.as_secs_f64() * 1e3,
            self.later.as_secs_f64() * 1e3,
            self.relative_rms,
            PATIENCE.max(PATIENCE_FACTOR * self.later).as_secs_f64()
        )
    }
}
