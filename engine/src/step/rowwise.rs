//! What is done to each row or number by itself.

use crate::cpu::Cpu;
use crate::kernel::elementwise::{Activate, Pair, Pairing, Scale};
use crate::kernel::schedule::Access;
use crate::kernel::softmax::Softmax;
use crate::kernel::{Activation, RowsMut};
use crate::program::builder::{Connection, check};
use crate::program::{BuildError, Builder, Value};
use crate::step::{Call, Step, StepError};

impl Builder {
    /// `e^x / sum e^x` over each row.
    ///
    /// # Errors
    /// [`BuildError`] for ids and for a name that is taken.
    pub fn softmax(&mut self, name: &str, x: Value) -> Result<Value, BuildError> {
        self.rowwise(name, &[x], Work::Softmax { log: false })
    }

    /// The logarithm of the softmax of each row.
    ///
    /// # Errors
    /// As [`Builder::softmax`].
    pub fn log_softmax(&mut self, name: &str, x: Value) -> Result<Value, BuildError> {
        self.rowwise(name, &[x], Work::Softmax { log: true })
    }

    /// An activation of each number.
    ///
    /// # Errors
    /// As [`Builder::softmax`].
    pub fn activation(&mut self, name: &str, x: Value, activation: Activation) -> Result<Value, BuildError> {
        self.rowwise(name, &[x], Work::Activate(activation))
    }

    /// The sum of two values of one shape.
    ///
    /// # Errors
    /// As [`Builder::softmax`], and for values of different shapes.
    pub fn add(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        self.same_shape(name, a, b)?;
        self.rowwise(name, &[a, b], Work::Pair(Pairing::Sum))
    }

    /// The product of the numbers of two values of one shape, number by number: what a gate does.
    ///
    /// # Errors
    /// As [`Builder::add`].
    pub fn multiply(&mut self, name: &str, a: Value, b: Value) -> Result<Value, BuildError> {
        self.same_shape(name, a, b)?;
        self.rowwise(name, &[a, b], Work::Pair(Pairing::Product))
    }

    /// `x * factors + offsets`, column by column: a batch norm that cannot be folded, or features brought to one scale.
    ///
    /// # Errors
    /// As [`Builder::softmax`], and for weights of another size or not finite.
    pub fn scale(
        &mut self,
        name: &str,
        x: Value,
        factors: &[f32],
        offsets: &[f32],
    ) -> Result<Value, BuildError> {
        check(name, "factors", factors, x.columns())?;
        check(name, "offsets", offsets, x.columns())?;
        let work = Work::Scale {
            factors: factors.to_vec(),
            offsets: offsets.to_vec(),
        };
        self.rowwise(name, &[x], work)
    }

    fn rowwise(&mut self, name: &str, values: &[Value], work: Work) -> Result<Value, BuildError> {
        let x = values[0];
        self.expect(name, x, false)?;
        let (height, width) = self.size(x);
        let reads: Vec<(Value, Access)> = values.iter().map(|value| (*value, Access::Rows)).collect();
        let connection = Connection {
            name,
            reads: &reads,
            shape: (height, width, x.columns()),
            splits: true,
            scratch: 0,
        };
        let step = Rowwise {
            cpu: self.cpu,
            columns: x.columns(),
            work,
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
enum Work {
    Softmax { log: bool },
    Activate(Activation),
    Pair(Pairing),
    Scale { factors: Vec<f32>, offsets: Vec<f32> },
}

#[derive(Debug)]
struct Rowwise {
    cpu: Cpu,
    columns: usize,
    work: Work,
}

impl Step for Rowwise {
    fn about(&self) -> String {
        match self.work {
            Work::Softmax { log: false } => "softmax".to_owned(),
            Work::Softmax { log: true } => "log softmax".to_owned(),
            Work::Activate(activation) => activation.name().to_owned(),
            Work::Pair(Pairing::Sum) => "add".to_owned(),
            Work::Pair(Pairing::Product) => "multiply".to_owned(),
            Work::Scale { .. } => "scale".to_owned(),
        }
    }

    fn flops(&self, rows: usize) -> u64 {
        let each = match self.work {
            Work::Softmax { .. } => 4,
            Work::Activate(_) | Work::Pair(_) => 1,
            Work::Scale { .. } => 2,
        };
        each * (rows * self.columns) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let input = call.read(0).rows();
        let (rows, columns) = (call.rows.len(), self.columns);
        let other = call.reads.get(1);
        let out = RowsMut {
            values: call.out.values,
            stride: call.out.stride,
        };
        match &self.work {
            Work::Softmax { log } => Softmax {
                input,
                rows,
                columns,
                log: *log,
                out,
            }
            .run(self.cpu),
            Work::Activate(activation) => Activate {
                input,
                rows,
                columns,
                activation: *activation,
                out,
            }
            .run(self.cpu),
            Work::Scale { factors, offsets } => Scale {
                input,
                rows,
                factors,
                offsets,
                out,
            }
            .run(self.cpu),
            Work::Pair(how) => Pair {
                how: *how,
                a: input,
                b: other.map_or(input, |other| other.rows()),
                rows,
                columns,
                activation: Activation::None,
                out,
            }
            .run(self.cpu),
        }
        Ok(())
    }
}
