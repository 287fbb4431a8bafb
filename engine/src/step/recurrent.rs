//! Gated recurrences over the rows of a sequence.

use crate::kernel::recurrent::{Cell, Recurrent};
use crate::kernel::schedule::Access;
use crate::kernel::{Activation, Matrix, Packed, RowsMut};
use crate::program::builder::{Connection, check, error};
use crate::program::{BuildError, Builder, Problem, Value};
use crate::step::linear::Dense;
use crate::step::{Call, Step, StepError};

/// Weights of a recurrent layer, gates side by side in the order of PyTorch: `r, z, n` of a GRU, `i, f, g, o` of an
/// LSTM.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence<'a> {
    /// `[depth, gates * hidden]`.
    pub input_weights: &'a [f32],
    /// `[gates * hidden]`.
    pub input_bias: &'a [f32],
    /// `[hidden, gates * hidden]`.
    pub weights: &'a [f32],
    /// `[gates * hidden]`.
    pub bias: &'a [f32],
    /// True to begin with the last row.
    pub is_backward: bool,
}

impl Builder {
    /// A GRU over all rows, from a state of zeros. Its last state is the last row it writes.
    ///
    /// # Shapes
    /// `[rows, depth]` to `[rows, hidden]`.
    ///
    /// # Errors
    /// [`BuildError`] for weights of another size or not finite.
    ///
    /// # Source
    /// Cho et al. 2014, in the form of PyTorch's `torch.nn.GRU`: the reset gate comes after the product.
    pub fn gru(&mut self, name: &str, x: Value, recurrence: Recurrence<'_>) -> Result<Value, BuildError> {
        self.recurrent(name, x, recurrence, Cell::Gru)
    }

    /// An LSTM over all rows, from a state of zeros.
    ///
    /// # Shapes
    /// `[rows, depth]` to `[rows, hidden]`.
    ///
    /// # Errors
    /// As [`Builder::gru`].
    ///
    /// # Source
    /// Hochreiter and Schmidhuber 1997, in the form of PyTorch's `torch.nn.LSTM`.
    pub fn lstm(&mut self, name: &str, x: Value, recurrence: Recurrence<'_>) -> Result<Value, BuildError> {
        self.recurrent(name, x, recurrence, Cell::Lstm)
    }

    fn recurrent(
        &mut self,
        name: &str,
        x: Value,
        recurrence: Recurrence<'_>,
        cell: Cell,
    ) -> Result<Value, BuildError> {
        let columns = recurrence.bias.len();
        let hidden = columns / cell.gates();
        if columns == 0 || !columns.is_multiple_of(cell.gates()) {
            return Err(error(name, Problem::Range(columns)));
        }
        check(name, "weights", recurrence.weights, hidden * columns)?;
        check(name, "bias", recurrence.bias, columns)?;
        check(name, "input bias", recurrence.input_bias, columns)?;
        let dense = Dense {
            weights: recurrence.input_weights,
            bias: recurrence.input_bias,
            activation: Activation::None,
            residual: None,
        };
        let projected = self.linear(&format!("{name}/input"), x, dense)?;
        let matrix = Matrix {
            values: recurrence.weights,
            depth: hidden,
            columns,
        };
        let weights = self.pack(name, matrix, recurrence.bias);
        let (height, width) = self.size(x);
        let connection = Connection {
            name,
            reads: &[(projected, Access::Whole)],
            shape: (height, width, hidden),
            // Each row needs the one before.
            splits: false,
            scratch: cell.states() * hidden + Recurrent::scratch(&weights),
        };
        let step = Layer {
            cell,
            weights,
            is_backward: recurrence.is_backward,
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
struct Layer {
    cell: Cell,
    weights: Packed,
    is_backward: bool,
}

impl Step for Layer {
    fn about(&self) -> String {
        let cell = match self.cell {
            Cell::Gru => "gru",
            Cell::Lstm => "lstm",
        };
        let way = if self.is_backward { ", backward" } else { "" };
        format!(
            "{cell} {}{way}, {}",
            self.weights.depth(),
            self.weights.format().name()
        )
    }

    fn flops(&self, rows: usize) -> u64 {
        2 * (rows * self.weights.depth() * self.weights.columns()) as u64
    }

    fn weight_bytes(&self) -> u64 {
        self.weights.bytes() as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let hidden = self.weights.depth();
        let projected = call.read(0).rows();
        let (state, scratch) = call.scratch.split_at_mut(self.cell.states() * hidden);
        state.fill(0);
        Recurrent {
            cell: self.cell,
            projected,
            rows: call.rows.len(),
            weights: &self.weights,
            backward: self.is_backward,
            state: bytemuck::cast_slice_mut(state),
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
            scratch: bytemuck::cast_slice_mut(scratch),
        }
        .run();
        Ok(())
    }
}
