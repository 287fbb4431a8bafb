//! Gated recurrences over the rows of a sequence.

use super::Kernel;
use super::elementwise::{each_into, each_with};
use super::math;
use super::matmul::{Activation, Matmul, Rows, RowsMut};
use super::pack::Packed;
use super::simd::Simd;

/// A recurrence, with its gates in the order in which PyTorch stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Gates `r`, `z`, `n`; the state is `h`.
    ///
    /// `r = sigmoid(x_r + u_r)`, `z = sigmoid(x_z + u_z)`, `n = tanh(x_n + r * u_n)`, `h' = (1 - z) * n + z * h`,
    /// where `x` is the row's projection and `u = h * weights + bias`. The reset gate comes after the product, as
    /// in PyTorch and in Burn's `reset_after`.
    ///
    /// # Source
    /// Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder", in the form of PyTorch's
    /// `torch.nn.GRU`.
    Gru,
    /// Gates `i`, `f`, `g`, `o`; the state is `h`, then `c`.
    ///
    /// With `v = x + h * weights + bias`: `c' = sigmoid(v_f) * c + sigmoid(v_i) * tanh(v_g)` and
    /// `h' = sigmoid(v_o) * tanh(c')`.
    ///
    /// # Source
    /// Hochreiter and Schmidhuber 1997, "Long short-term memory", with the forget gate of Gers et al. 2000, in the
    /// form of PyTorch's `torch.nn.LSTM`.
    Lstm,
}

impl Cell {
    /// Gates of a cell.
    pub(crate) fn gates(self) -> usize {
        match self {
            Cell::Gru => 3,
            Cell::Lstm => 4,
        }
    }

    /// Vectors of `hidden` numbers in the state.
    pub(crate) fn states(self) -> usize {
        match self {
            Cell::Gru => 1,
            Cell::Lstm => 2,
        }
    }
}

/// Runs a cell over the rows of a sequence.
pub(crate) struct Recurrent<'a> {
    pub(crate) cell: Cell,
    /// `[rows, gates * hidden]`: the rows times the input weights, with the input bias.
    pub(crate) projected: Rows<'a>,
    pub(crate) rows: usize,
    /// Recurrent weights `[hidden, gates * hidden]` with their bias.
    pub(crate) weights: &'a Packed,
    /// True to begin with the last row.
    pub(crate) backward: bool,
    /// `[states, hidden]`: where to begin, then where it has ended.
    pub(crate) state: &'a mut [f32],
    /// `[rows, hidden]`: `h` after each row.
    pub(crate) out: RowsMut<'a>,
    /// [`Recurrent::scratch`] numbers.
    pub(crate) scratch: &'a mut [f32],
}

impl Recurrent<'_> {
    /// Numbers that a cell with these weights needs beside its state.
    pub(crate) fn scratch(weights: &Packed) -> usize {
        weights.columns() + Matmul::scratch(weights, 1)
    }

    /// Runs it, on the CPU that the weights are packed for.
    ///
    /// # Panics
    /// A slice is too short, or the weights are not those of such a cell.
    pub(crate) fn run(self) {
        let hidden = self.weights.depth();
        let width = self.cell.gates() * hidden;
        assert_eq!(self.weights.columns(), width);
        assert_eq!(self.state.len(), self.cell.states() * hidden);
        let (gates, words) = self.scratch.split_at_mut(width);
        for step in 0..self.rows {
            let row = if self.backward { self.rows - 1 - step } else { step };
            let projected = &self.projected.values[row * self.projected.stride..][..width];
            let (h, c) = self.state.split_at_mut(hidden);
            Matmul {
                a: Rows {
                    values: h,
                    stride: hidden,
                },
                rows: 1,
                weights: self.weights,
                residual: match self.cell {
                    Cell::Gru => None,
                    Cell::Lstm => Some(Rows {
                        values: projected,
                        stride: width,
                    }),
                },
                activation: Activation::None,
                out: RowsMut {
                    values: gates,
                    stride: width,
                },
                scratch: bytemuck::cast_slice_mut(words),
            }
            .run();
            let cpu = self.weights.cpu();
            match self.cell {
                Cell::Gru => cpu.run(Gru { projected, gates, h }),
                Cell::Lstm => cpu.run(Lstm { gates, h, c }),
            }
            self.out.values[row * self.out.stride..][..hidden].copy_from_slice(h);
        }
    }
}

/// One step of a GRU once `h` is multiplied.
struct Gru<'a> {
    projected: &'a [f32],
    gates: &'a [f32],
    h: &'a mut [f32],
}

impl Kernel for Gru<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let hidden = self.h.len();
        let x = |gate: usize| &self.projected[gate * hidden..][..hidden];
        let u = |gate: usize| &self.gates[gate * hidden..][..hidden];
        each_with(
            s,
            self.h,
            [x(0), u(0), x(1), u(1), x(2), u(2)],
            #[inline(always)]
            |h, [x_r, u_r, x_z, u_z, x_n, u_n]| {
                let r = math::sigmoid(s, s.add(x_r, u_r));
                let z = math::sigmoid(s, s.add(x_z, u_z));
                let n = math::tanh(s, s.mul_add(r, u_n, x_n));
                s.mul_add(z, s.sub(h, n), n)
            },
        );
    }
}

/// One step of an LSTM once `h` is multiplied and the projection is added.
struct Lstm<'a> {
    gates: &'a [f32],
    h: &'a mut [f32],
    c: &'a mut [f32],
}

impl Kernel for Lstm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let hidden = self.h.len();
        let v = |gate: usize| &self.gates[gate * hidden..][..hidden];
        each_with(
            s,
            self.c,
            [v(0), v(1), v(2)],
            #[inline(always)]
            |c, [i, f, g]| {
                let more = s.mul(math::sigmoid(s, i), math::tanh(s, g));
                s.mul_add(math::sigmoid(s, f), c, more)
            },
        );
        each_into(
            s,
            [v(3), &*self.c],
            self.h,
            #[inline(always)]
            |[o, c]| s.mul(math::sigmoid(s, o), math::tanh(s, c)),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::pack::Matrix;
    use crate::kernel::trial::{cpus, dense, near, numbers};

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// One step in `f64`: `x` is the projection, `u` the product of `h` and its bias.
    fn step(cell: Cell, x: &[f64], u: &[f64], state: &mut [f64]) {
        let hidden = state.len() / cell.states();
        for at in 0..hidden {
            let sum = |gate: usize| x[gate * hidden + at] + u[gate * hidden + at];
            match cell {
                Cell::Gru => {
                    let n = (x[2 * hidden + at] + sigmoid(sum(0)) * u[2 * hidden + at]).tanh();
                    state[at] = (1.0 - sigmoid(sum(1))) * n + sigmoid(sum(1)) * state[at];
                }
                Cell::Lstm => {
                    let c = sigmoid(sum(1)) * state[hidden + at] + sigmoid(sum(0)) * sum(2).tanh();
                    (state[hidden + at], state[at]) = (c, sigmoid(sum(3)) * c.tanh());
                }
            }
        }
    }

    /// A sequence in `f64`, row after row, and the state it ends in.
    fn slow(cell: Cell, x: &[f32], (w, bias): (&[f32], &[f32]), state: &[f32]) -> (Vec<f64>, Vec<f64>) {
        let (width, hidden) = (bias.len(), bias.len() / cell.gates());
        let [x, w] = [x, w].map(|values| values.iter().copied().map(f64::from).collect::<Vec<f64>>());
        let mut state: Vec<f64> = state.iter().copied().map(f64::from).collect();
        let mut out = Vec::new();
        for x in x.chunks(width) {
            let product = |column: usize| (0..hidden).map(|k| state[k] * w[k * width + column]).sum::<f64>();
            let u: Vec<f64> = (0..width).map(|at| f64::from(bias[at]) + product(at)).collect();
            step(cell, x, &u, &mut state);
            out.extend(&state[..hidden]);
        }
        (out, state)
    }

    fn check(cell: Cell, packed: &Packed, rows: usize, tolerance: f64) -> Result<(), TestCaseError> {
        let hidden = packed.depth();
        let width = cell.gates() * hidden;
        let (w, bias) = (numbers(hidden * width, 2), numbers(width, 3));
        let x = numbers(rows * width, 1);
        for backward in [false, true] {
            let mut turned: Vec<&[f32]> = x.chunks(width).collect();
            if backward {
                turned.reverse();
            }
            let mut state = numbers(cell.states() * hidden, 4);
            let (mut expected, end) = slow(cell, &turned.concat(), (&w, &bias), &state);
            if backward {
                let rows: Vec<&[f64]> = expected.chunks(hidden).rev().collect();
                expected = rows.concat();
            }
            let stride = hidden + 2;
            let mut out = vec![f32::NAN; rows * stride];
            Recurrent {
                cell,
                projected: Rows {
                    values: &x,
                    stride: width,
                },
                rows,
                weights: packed,
                backward,
                state: &mut state,
                out: RowsMut {
                    values: &mut out,
                    stride,
                },
                scratch: &mut vec![f32::NAN; Recurrent::scratch(packed)],
            }
            .run();
            near(&dense(&out, stride, hidden), &expected, tolerance)?;
            near(&state, &end, tolerance)?;
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_recurrence(
            cell in prop::sample::select(vec![Cell::Gru, Cell::Lstm]),
            rows in 0usize..6,
            hidden in prop::sample::select(vec![1usize, 3, 7, 8, 15, 16, 17, 31, 33]),
        ) {
            let columns = cell.gates() * hidden;
            let (w, bias) = (numbers(hidden * columns, 2), numbers(columns, 3));
            let matrix = Matrix { values: &w, depth: hidden, columns };
            for cpu in cpus() {
                check(cell, &Packed::f32(cpu, matrix, &bias), rows, 1e-5 * hidden as f64)?;
            }
        }
    }

    #[test]
    fn narrower_weights_give_nearly_the_same() {
        let (hidden, columns) = (16, 64);
        let (w, bias) = (numbers(hidden * columns, 2), numbers(columns, 3));
        let matrix = Matrix {
            values: &w,
            depth: hidden,
            columns,
        };
        for cpu in cpus() {
            check(Cell::Lstm, &Packed::bf16(cpu, matrix, &bias), 4, 0.05).unwrap();
            check(Cell::Lstm, &Packed::int8(cpu, matrix, &bias, 1.0), 4, 0.1).unwrap();
        }
    }

    #[test]
    fn a_cell_that_sees_nothing_halves_what_it_holds() {
        // All gates are sigmoid(0) = 1/2 and all candidates tanh(0) = 0.
        for cpu in cpus() {
            for cell in [Cell::Gru, Cell::Lstm] {
                let columns = cell.gates();
                let zeros = vec![0.0; columns];
                let matrix = Matrix {
                    values: &zeros,
                    depth: 1,
                    columns,
                };
                let packed = Packed::f32(cpu, matrix, &[]);
                let mut state = vec![0.5; cell.states()];
                let mut out = [0.0];
                Recurrent {
                    cell,
                    projected: Rows {
                        values: &zeros,
                        stride: columns,
                    },
                    rows: 1,
                    weights: &packed,
                    backward: false,
                    state: &mut state,
                    out: RowsMut {
                        values: &mut out,
                        stride: 1,
                    },
                    scratch: &mut vec![0.0; Recurrent::scratch(&packed)],
                }
                .run();
                let expected = match cell {
                    Cell::Gru => 0.25,
                    Cell::Lstm => 0.25f64.tanh() / 2.0,
                };
                near(&out, &[expected], 1e-6).unwrap();
                near(state.last_chunk::<1>().unwrap(), &[0.25], 1e-6).unwrap();
            }
        }
    }
}
