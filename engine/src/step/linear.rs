//! `y = activation(x w + b + residual)`.

use crate::kernel::schedule::Access;
use crate::kernel::{Activation, Format, Matmul, Matrix, Packed};
use crate::program::builder::{Connection, check, product};
use crate::program::{BuildError, Builder, Problem, Value, builder};
use crate::step::{Call, Step, StepError};

/// Weights and ways of a dense layer.
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a> {
    /// `[depth, columns]`, row by row.
    pub weights: &'a [f32],
    /// `[columns]`.
    pub bias: &'a [f32],
    /// Applied last.
    pub activation: Activation,
    /// Added before the activation: `[rows, columns]`.
    pub residual: Option<Value>,
}

impl Builder {
    /// `activation(x w + b + residual)`, for each row of `x`.
    ///
    /// # Shapes
    /// `[rows, depth]` to `[rows, columns]`, where `columns` is the length of the bias.
    ///
    /// # Errors
    /// [`BuildError`] for weights of another size or not finite, and for a residual of another shape.
    pub fn linear(&mut self, name: &str, x: Value, dense: Dense<'_>) -> Result<Value, BuildError> {
        let (depth, columns) = (x.columns(), dense.bias.len());
        self.expect(name, x, false)?;
        check(name, "weights", dense.weights, product(name, &[depth, columns])?)?;
        check(name, "bias", dense.bias, columns)?;
        let (height, width) = self.size(x);
        let mut reads = vec![(x, Access::Rows)];
        if let Some(residual) = dense.residual {
            self.expect(name, residual, false)?;
            if self.size(residual) != (height, width) || residual.columns() != columns {
                let found = format!(
                    "a residual of [{}, {}]",
                    self.rows_max(residual),
                    residual.columns()
                );
                let expected = format!("[{}, {columns}]", height * width);
                return Err(builder::error(name, Problem::Shape { expected, found }));
            }
            reads.push((residual, Access::Rows));
        }
        let matrix = Matrix {
            values: dense.weights,
            depth,
            columns,
        };
        let weights = self.pack(name, matrix, dense.bias);
        let connection = Connection {
            name,
            reads: &reads,
            shape: (height, width, columns),
            splits: true,
            scratch: Matmul::scratch(&weights, height * width),
        };
        let step = Linear {
            weights,
            activation: dense.activation,
            has_residual: dense.residual.is_some(),
        };
        self.step(&connection, step)
    }

    /// Packs weights as the program's precision asks.
    pub(crate) fn pack(&self, name: &str, matrix: Matrix<'_>, bias: &[f32]) -> Packed {
        match self.format(name, matrix.depth, matrix.columns) {
            (Format::F32, _) => Packed::f32(self.cpu, matrix, bias),
            (Format::Bf16, _) => Packed::bf16(self.cpu, matrix, bias),
            (Format::Int8 | Format::Int16, largest) => Packed::int8(self.cpu, matrix, bias, largest),
        }
    }
}

/// A dense layer; also a convolution of one position, and one over gathered patches.
#[derive(Debug)]
pub(crate) struct Linear {
    pub(crate) weights: Packed,
    pub(crate) activation: Activation,
    pub(crate) has_residual: bool,
}

impl Step for Linear {
    fn about(&self) -> String {
        let residual = if self.has_residual { ", residual" } else { "" };
        let (depth, columns) = (self.weights.depth(), self.weights.columns());
        let activation = match self.activation.name() {
            "" => String::new(),
            name => format!(", {name}"),
        };
        format!(
            "linear {depth} -> {columns}{residual}{activation}, {}",
            self.weights.format().name()
        )
    }

    fn flops(&self, rows: usize) -> u64 {
        2 * (rows * self.weights.depth() * self.weights.columns()) as u64
    }

    fn weight_bytes(&self) -> u64 {
        self.weights.bytes() as u64
    }

    fn is_quantisable(&self) -> bool {
        true
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        Matmul {
            a: call.read(0).rows(),
            rows: call.rows.len(),
            weights: &self.weights,
            residual: self.has_residual.then(|| call.read(1).rows()),
            activation: self.activation,
            out: crate::kernel::RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
            scratch: call.scratch,
        }
        .run();
        Ok(())
    }
}
