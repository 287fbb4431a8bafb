//! A net as an ordered list of fused steps over planned memory.
//!
//! A [`Program`] is made by a [`Builder`], which checks every shape, packs the weights and plans the memory. It is
//! then immutable, shared by every session, and runs in memory that the caller lends: no allocation, no thread of
//! its own, no state.
//!
//! Invariant: the same inputs give the same outputs, bit for bit, whatever the number of workers.

use std::fmt;
use std::sync::Arc;

use rayon::ThreadPool;

use crate::cpu::Cpu;
use crate::kernel::schedule::{Access, Memory, Place, READS_MAX, Schedule, Touch};
use crate::step::{Numbers, Step, StepError};

pub(crate) mod builder;
mod error;
mod ranges;

pub use builder::{Builder, Value};
pub use error::{BuildError, Problem, RunError};
pub use ranges::Ranges;

/// How the products of a program are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// Factors in bfloat16, sums in 32-bit floats; where the CPU has no such product, as [`Precision::F32`].
    Bf16,
    /// Factors in 8 bits, weights with a scale for each column, rows with one found by calibration; exact sums.
    Int8,
}

/// A compiled net: see the module.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    cpu: Cpu,
    precision: Precision,
    steps: Arc<Vec<Box<dyn Step>>>,
    step_names: Arc<Vec<String>>,
    schedule: Schedule,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// What a value given or taken looks like: `height * width` rows of `columns` numbers, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortShape {
    /// Its name.
    pub name: String,
    /// Largest height; a run may have less.
    pub height_max: usize,
    /// Rows at each height.
    pub width: usize,
    /// Numbers in a row.
    pub columns: usize,
}

/// What people want to know of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// Its name.
    pub name: String,
    /// What it does.
    pub about: String,
    /// Floating-point operations at the largest sizes.
    pub flops: u64,
    /// Bytes of its packed weights.
    pub weight_bytes: u64,
    /// Bytes of what it writes, at the largest sizes.
    pub value_bytes: u64,
}

impl Program {
    /// The same program with memory planned for so many workers. Weights are shared, not copied.
    #[must_use]
    pub fn split(&self, workers: usize) -> Program {
        let workers = workers.max(1);
        Program {
            schedule: Schedule::new(
                self.schedule.values().to_vec(),
                self.schedule.touches().to_vec(),
                workers,
            ),
            ..self.clone()
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its products are computed, where the steps do not say otherwise.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What it takes, in the order of [`Program::run`].
    pub fn inputs(&self) -> impl Iterator<Item = PortShape> {
        self.inputs.iter().map(|value| self.shape(*value))
    }

    /// What it gives, in the order of [`Program::run`].
    pub fn outputs(&self) -> impl Iterator<Item = PortShape> {
        self.outputs.iter().map(|value| self.shape(*value))
    }

    /// Its steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = StepInfo> {
        let touches = self.schedule.touches().iter();
        touches.enumerate().map(|(index, touch)| {
            let value = &self.schedule.values()[touch.write];
            let rows = value.height_max * value.width;
            StepInfo {
                name: self.step_names[index].clone(),
                about: self.steps[index].about(),
                flops: self.steps[index].flops(rows),
                weight_bytes: self.steps[index].weight_bytes(),
                value_bytes: 4 * (rows * value.stride) as u64,
            }
        })
    }

    /// Words of 32 bits that a run needs as scratch; best on a 64-byte boundary.
    pub fn scratch_words(&self) -> usize {
        self.schedule.height_words() + self.schedule.words()
    }

    /// Bytes of packed weights.
    pub fn weight_bytes(&self) -> u64 {
        self.steps.iter().map(|step| step.weight_bytes()).sum()
    }

    /// Floating-point operations of a run at the largest sizes.
    pub fn flops(&self) -> u64 {
        self.steps().map(|step| step.flops).sum()
    }

    /// Workers that its memory is planned for.
    pub fn workers(&self) -> usize {
        self.schedule.workers()
    }

    /// The height of each output for these heights of the inputs, in `heights`, as far as it reaches.
    ///
    /// # Errors
    /// [`RunError::Scratch`] for too little scratch, [`RunError::Count`] for a number of inputs that is not the
    /// program's, [`RunError::Input`] for heights of zero or beyond the largest, [`RunError::Heights`] and
    /// [`RunError::Short`] where a step cannot work on such heights.
    pub fn output_heights(
        &self,
        inputs: &[usize],
        scratch: &mut [u32],
        heights: &mut [usize],
    ) -> Result<(), RunError> {
        self.check_scratch(scratch)?;
        if inputs.len() != self.inputs.len() {
            return Err(RunError::Count {
                expected: (self.inputs.len(), self.outputs.len()),
                found: (inputs.len(), self.outputs.len()),
            });
        }
        self.heights_into(inputs.iter().copied(), scratch)?;
        for (height, output) in heights.iter_mut().zip(&self.outputs) {
            *height = scratch[*output] as usize;
        }
        Ok(())
    }

    /// Computes the outputs. A value's height follows from the length of its slice; outputs must have room for the
    /// heights that follow from those of the inputs ([`Program::output_heights`]), and nothing beyond is written.
    ///
    /// With a pool and a program that was [`split`](Program::split), blocks of rows are computed side by side on the
    /// threads of the pool.
    ///
    /// # Errors
    /// [`RunError`] names the input, output or step.
    pub fn run(
        &self,
        inputs: &[Numbers<'_>],
        outputs: &mut [&mut [f32]],
        scratch: &mut [u32],
        pool: Option<&ThreadPool>,
    ) -> Result<(), RunError> {
        let memory = self.memory(inputs, outputs, scratch)?;
        let done = self.schedule.run(&self.steps, memory, pool);
        done.map_err(|(step, cause)| self.step_error(step, cause))
    }

    /// Runs once and notes how large the numbers get that each product reads, for [`Precision::Int8`].
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn observe(
        &self,
        inputs: &[Numbers<'_>],
        outputs: &mut [&mut [f32]],
        scratch: &mut [u32],
        ranges: &mut Ranges,
    ) -> Result<(), RunError> {
        let memory = self.memory(inputs, outputs, scratch)?;
        let done = self.schedule.observe(&self.steps, memory, &mut |step, read| {
            if self.steps[step].is_quantisable() {
                let columns = self.schedule.touches()[step].reads[0].columns;
                ranges.note(&self.step_names[step], read, columns);
            }
        });
        done.map_err(|(step, cause)| self.step_error(step, cause))
    }

    fn memory<'a, 'o>(
        &self,
        inputs: &'a [Numbers<'a>],
        outputs: &'a mut [&'o mut [f32]],
        scratch: &'a mut [u32],
    ) -> Result<Memory<'a, 'o>, RunError> {
        self.check_scratch(scratch)?;
        let counts = inputs.iter().zip(&self.inputs).map(|(numbers, value)| {
            let spec = &self.schedule.values()[*value];
            let per_height = spec.width * spec.columns;
            if numbers.count() % per_height == 0 {
                numbers.count() / per_height
            } else {
                0
            }
        });
        if inputs.len() != self.inputs.len() || outputs.len() != self.outputs.len() {
            return Err(RunError::Count {
                expected: (self.inputs.len(), self.outputs.len()),
                found: (inputs.len(), outputs.len()),
            });
        }
        for (numbers, value) in inputs.iter().zip(&self.inputs) {
            let spec = &self.schedule.values()[*value];
            if spec.is_ids != matches!(numbers, Numbers::I32(_)) {
                return Err(RunError::Kind {
                    name: spec.name.clone(),
                    is_ids: spec.is_ids,
                });
            }
        }
        let (front, scratch) = scratch.split_at_mut(self.schedule.height_words());
        let front = &mut front[..self.schedule.values().len()];
        self.heights_into(counts, front)?;
        for (output, value) in outputs.iter().zip(&self.outputs) {
            let spec = &self.schedule.values()[*value];
            let needed = front[*value] as usize * spec.width * spec.columns;
            if output.len() < needed {
                return Err(RunError::Output {
                    name: spec.name.clone(),
                    needed,
                    found: output.len(),
                });
            }
        }
        Ok(Memory {
            inputs,
            outputs,
            scratch,
            heights: front,
        })
    }

    fn check_scratch(&self, scratch: &[u32]) -> Result<(), RunError> {
        let (needed, found) = (self.scratch_words(), scratch.len());
        if found < needed {
            return Err(RunError::Scratch { needed, found });
        }
        Ok(())
    }

    fn heights_into(&self, inputs: impl Iterator<Item = usize>, heights: &mut [u32]) -> Result<(), RunError> {
        for (height, value) in inputs.zip(&self.inputs) {
            let spec = &self.schedule.values()[*value];
            if height == 0 || height > spec.height_max {
                return Err(RunError::Input {
                    name: spec.name.clone(),
                    height_max: spec.height_max,
                    row_numbers: spec.width * spec.columns,
                });
            }
            heights[*value] = small(height);
        }
        for (index, touch) in self.schedule.touches().iter().enumerate() {
            heights[touch.write] = small(self.height_of(index, touch, heights)?);
        }
        Ok(())
    }

    /// The height of what a step writes.
    fn height_of(&self, index: usize, touch: &Touch, heights: &[u32]) -> Result<usize, RunError> {
        let step = &self.steps[index];
        let name = || self.step_names[index].clone();
        let mut reads = [0; READS_MAX];
        for (height, read) in reads.iter_mut().zip(&touch.reads) {
            *height = heights[read.value] as usize;
        }
        let (needed, found) = (step.height_min(), reads[0]);
        if found < needed {
            let step = name();
            return Err(RunError::Short { step, needed, found });
        }
        let height = step.height(&reads[..touch.reads.len()]);
        for (found, read) in reads.iter().zip(&touch.reads) {
            if read.access == Access::Rows && *found != height {
                return Err(RunError::Heights {
                    step: name(),
                    heights: (height, *found),
                });
            }
        }
        Ok(height)
    }

    fn shape(&self, value: usize) -> PortShape {
        let spec = &self.schedule.values()[value];
        PortShape {
            name: spec.name.clone(),
            height_max: spec.height_max,
            width: spec.width,
            columns: spec.columns,
        }
    }

    fn step_error(&self, step: usize, cause: StepError) -> RunError {
        RunError::Step {
            step: self.step_names[step].clone(),
            cause,
        }
    }
}

fn small(height: usize) -> u32 {
    u32::try_from(height).unwrap_or(u32::MAX)
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "program {}  for {}, {} worker(s)",
            self.name,
            self.cpu,
            self.workers()
        )?;
        for shape in self.inputs() {
            writeln!(f, "  in   {shape}")?;
        }
        let names = self.step_names.iter().map(|name| name.len()).max().unwrap_or(0);
        for (index, step) in self.steps().enumerate() {
            let value = self.shape(self.schedule.touches()[index].write);
            writeln!(
                f,
                "  {index:>3}  {:<names$}  {}  [{}, {}]",
                step.name,
                step.about,
                value.height_max * value.width,
                value.columns
            )?;
        }
        for shape in self.outputs() {
            writeln!(f, "  out  {shape}")?;
        }
        let inner = self
            .schedule
            .values()
            .iter()
            .filter(|value| value.place == Place::Inner);
        writeln!(
            f,
            "  {} flop, weights {} bytes, scratch {} bytes ({} values would take {} side by side)",
            self.flops(),
            self.weight_bytes(),
            4 * self.scratch_words(),
            inner.count(),
            4 * self.schedule.words_unshared()
        )
    }
}

impl fmt::Display for PortShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.width {
            1 => write!(f, "{} [{}, {}]", self.name, self.height_max, self.columns),
            width => write!(
                f,
                "{} [{}, {width}, {}]",
                self.name, self.height_max, self.columns
            ),
        }
    }
}
