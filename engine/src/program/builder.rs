//! Programs, step by step.

use std::sync::Arc;

use super::{BuildError, Precision, Problem, Program, Ranges};
use crate::cpu::Cpu;
use crate::kernel::schedule::{Access, OUTPUTS_MAX, Place, Reading, Schedule, Touch, ValueSpec};
use crate::kernel::{Format, spread};
use crate::step::Step;

/// A value that steps write and read. It belongs to the builder that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    pub(crate) id: usize,
    /// The columns meant, of all that a row has.
    pub(crate) first_column: usize,
    pub(crate) columns: usize,
}

impl Value {
    /// So many of its columns, from one on; `None` when it does not have them.
    #[must_use]
    pub fn part(self, first: usize, columns: usize) -> Option<Value> {
        let end = first.checked_add(columns)?;
        (columns > 0 && end <= self.columns).then_some(Value {
            id: self.id,
            first_column: self.first_column + first,
            columns,
        })
    }

    /// Numbers in a row.
    pub fn columns(self) -> usize {
        self.columns
    }
}

/// What a step reads, how, and what it writes.
pub(crate) struct Connection<'a> {
    pub(crate) name: &'a str,
    pub(crate) reads: &'a [(Value, Access)],
    /// Largest height, width and columns of what it writes.
    pub(crate) shape: (usize, usize, usize),
    pub(crate) splits: bool,
    pub(crate) scratch: usize,
}

/// Makes a [`Program`]: steps are added in the order in which they run.
pub struct Builder {
    name: String,
    pub(crate) cpu: Cpu,
    precision: Precision,
    ranges: Ranges,
    values: Vec<ValueSpec>,
    touches: Vec<Touch>,
    steps: Vec<Box<dyn Step>>,
    step_names: Vec<String>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// Narrower or shallower products than this stay in `f32`: they take no time, and the first and last layer of a net
/// are the ones that need their precision.
const SMALL: usize = 16;

impl Builder {
    /// An empty program, to compute in a precision. `ranges` are those of [`Program::observe`]; without them, or for
    /// steps they do not name, [`Precision::Int8`] computes in `f32`.
    pub fn new(name: &str, cpu: Cpu, precision: Precision, ranges: Ranges) -> Builder {
        Builder {
            name: name.to_owned(),
            cpu,
            precision,
            ranges,
            values: Vec::new(),
            touches: Vec::new(),
            steps: Vec::new(),
            step_names: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// An input of at most `height_max` rows of `columns` numbers.
    ///
    /// # Errors
    /// [`BuildError`] for sizes of zero and for a name that is taken.
    pub fn input(&mut self, name: &str, height_max: usize, columns: usize) -> Result<Value, BuildError> {
        self.image(name, (height_max, 1), columns)
    }

    /// An input of at most `height_max` times `width` rows of `columns` numbers: an image with its channels last.
    ///
    /// # Errors
    /// As [`Builder::input`].
    pub fn image(
        &mut self,
        name: &str,
        (height_max, width): (usize, usize),
        columns: usize,
    ) -> Result<Value, BuildError> {
        let place = Place::Input(self.inputs.len());
        let value = self.value(name, (height_max, width, columns), place)?;
        self.inputs.push(value.id);
        Ok(value)
    }

    /// An input of at most `height_max` ids.
    ///
    /// # Errors
    /// As [`Builder::input`].
    pub fn ids(&mut self, name: &str, height_max: usize) -> Result<Value, BuildError> {
        let value = self.input(name, height_max, 1)?;
        self.values[value.id].is_ids = true;
        Ok(value)
    }

    /// An input of at most `height_max` rows of `each` ids, for [`Builder::embed_sum`].
    ///
    /// # Errors
    /// As [`Builder::input`].
    pub fn id_rows(&mut self, name: &str, height_max: usize, each: usize) -> Result<Value, BuildError> {
        let value = self.image(name, (height_max, each), 1)?;
        self.values[value.id].is_ids = true;
        Ok(value)
    }

    /// Gives a value out under a name.
    ///
    /// # Errors
    /// [`BuildError`] when it is an input, a part of a value, or an output already, or when there are too many.
    pub fn output(&mut self, name: &str, value: Value) -> Result<(), BuildError> {
        let spec = &mut self.values[value.id];
        let is_whole = value.first_column == 0 && value.columns == spec.columns;
        if spec.place != Place::Inner || !is_whole || self.outputs.len() == OUTPUTS_MAX {
            return Err(error(name, Problem::Output));
        }
        spec.place = Place::Output(self.outputs.len());
        spec.stride = spec.columns;
        name.clone_into(&mut spec.name);
        self.outputs.push(value.id);
        Ok(())
    }

    /// The program, for one worker.
    pub fn build(self) -> Program {
        Program {
            name: self.name,
            cpu: self.cpu,
            precision: self.precision,
            steps: Arc::new(self.steps),
            step_names: Arc::new(self.step_names),
            schedule: Schedule::new(self.values, self.touches, 1),
            inputs: self.inputs,
            outputs: self.outputs,
        }
    }

    /// Adds a step that has been checked.
    pub(crate) fn step(
        &mut self,
        connection: &Connection<'_>,
        step: impl Step + 'static,
    ) -> Result<Value, BuildError> {
        let name = connection.name;
        if self.step_names.iter().any(|other| other == name) {
            return Err(error(name, Problem::Duplicate));
        }
        let value = self.value(name, connection.shape, Place::Inner)?;
        let read = |(value, access): &(Value, Access)| Reading {
            value: value.id,
            first_column: value.first_column,
            columns: value.columns,
            access: *access,
        };
        self.touches.push(Touch {
            reads: connection.reads.iter().map(read).collect(),
            write: value.id,
            splits: connection.splits,
            scratch: connection.scratch,
        });
        self.steps.push(Box::new(step));
        self.step_names.push(name.to_owned());
        Ok(value)
    }

    /// Largest height, and width.
    pub(crate) fn size(&self, value: Value) -> (usize, usize) {
        let spec = &self.values[value.id];
        (spec.height_max, spec.width)
    }

    /// Largest number of rows.
    pub(crate) fn rows_max(&self, value: Value) -> usize {
        let (height, width) = self.size(value);
        height * width
    }

    /// Refuses ids where numbers are needed and the other way about.
    pub(crate) fn expect(&self, name: &str, value: Value, ids: bool) -> Result<(), BuildError> {
        let what = |ids: bool| if ids { "ids" } else { "numbers" }.to_owned();
        match self.values[value.id].is_ids == ids {
            true => Ok(()),
            false => Err(error(
                name,
                Problem::Shape {
                    expected: what(ids),
                    found: what(!ids),
                },
            )),
        }
    }

    /// Refuses two values that are not of one shape.
    pub(crate) fn same_shape(&self, name: &str, a: Value, b: Value) -> Result<(), BuildError> {
        self.expect(name, a, false)?;
        self.expect(name, b, false)?;
        let shape = |value: Value| format!("[{}, {}]", self.rows_max(value), value.columns());
        if self.size(a) == self.size(b) && a.columns() == b.columns() {
            return Ok(());
        }
        let (expected, found) = (shape(a), shape(b));
        Err(error(name, Problem::Shape { expected, found }))
    }

    /// How a product of this name and size is computed.
    pub(crate) fn format(&self, name: &str, depth: usize, columns: usize) -> (Format, f32) {
        let large = depth >= SMALL && columns >= SMALL;
        match self.precision {
            Precision::Bf16 if large && self.cpu.computes_bf16() => (Format::Bf16, 0.0),
            Precision::Int8 if large => match self.ranges.of(name) {
                Some(largest) => (Format::Int8, largest),
                None => (Format::F32, 0.0),
            },
            Precision::F32 | Precision::Bf16 | Precision::Int8 => (Format::F32, 0.0),
        }
    }

    fn value(
        &mut self,
        name: &str,
        (height_max, width, columns): (usize, usize, usize),
        place: Place,
    ) -> Result<Value, BuildError> {
        let is_input = matches!(place, Place::Input(_));
        if is_input && self.values.iter().any(|other| other.name == name) {
            return Err(error(name, Problem::Duplicate));
        }
        let stride = if is_input { columns } else { spread(columns) };
        let numbers = [width, stride]
            .iter()
            .try_fold(height_max, |product, size| product.checked_mul(*size));
        match numbers {
            Some(numbers) if numbers > 0 && columns > 0 && numbers <= u32::MAX as usize / 4 => (),
            Some(_) | None => return Err(error(name, Problem::Range(height_max.min(width).min(columns)))),
        }
        self.values.push(ValueSpec {
            name: name.to_owned(),
            height_max,
            width,
            columns,
            stride,
            place,
            is_ids: false,
        });
        Ok(Value {
            id: self.values.len() - 1,
            first_column: 0,
            columns,
        })
    }
}

pub(crate) fn error(step: &str, problem: Problem) -> BuildError {
    BuildError {
        step: step.to_owned(),
        problem,
    }
}

/// The product of sizes that weights must have.
///
/// # Errors
/// [`Problem::Range`] for a size of zero, and for a product beyond what this machine can address.
pub(crate) fn product(step: &str, sizes: &[usize]) -> Result<usize, BuildError> {
    let range = |size: usize| error(step, Problem::Range(size));
    let count = |product: usize, size: &usize| match product.checked_mul(*size) {
        Some(0) | None => Err(range(*size)),
        Some(product) => Ok(product),
    };
    sizes.iter().try_fold(1, count)
}

/// Refuses weights of another size, and such that are not finite.
pub(crate) fn check(
    step: &str,
    tensor: &'static str,
    values: &[f32],
    expected: usize,
) -> Result<(), BuildError> {
    if values.len() != expected {
        let found = values.len();
        return Err(error(
            step,
            Problem::Size {
                tensor,
                expected,
                found,
            },
        ));
    }
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(error(step, Problem::NotFinite { tensor })),
    }
}
