//! A dense layer, with or without the Gaussian error linear unit behind it.

use super::{Before, View, ViewMut, product};
use crate::cpu::Cpu;
use crate::kernel::gelu::GeluSlope;

/// Returns `x weight + bias`, `[rows, outputs]`.
///
/// `x`: `[rows, inputs]`; `weight`: `[inputs, outputs]`; `bias`: `[outputs]`, or none for zero.
///
/// # Panics
/// The shapes do not fit.
pub fn linear(x: View<'_>, weight: View<'_>, bias: &[f32]) -> Vec<f32> {
    let ([rows, _], [_, outputs]) = (x.shape, weight.shape);
    let mut out = Vec::with_capacity(rows * outputs);
    if bias.is_empty() {
        out.resize(rows * outputs, 0.0);
    } else {
        assert_eq!(bias.len(), outputs);
        for _ in 0..rows {
            out.extend_from_slice(bias);
        }
    }
    let before = if bias.is_empty() {
        Before::Replaced
    } else {
        Before::Kept
    };
    product(x, weight, (1.0, before), ViewMut::rows(&mut out, outputs));
    out
}

/// Returns `gelu(x weight + bias)` and the slope of the activation there, both `[rows, outputs]`.
///
/// # Panics
/// The shapes do not fit.
pub fn linear_gelu(cpu: Cpu, x: View<'_>, weight: View<'_>, bias: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let mut values = linear(x, weight, bias);
    let slopes = gelu(cpu, &mut values);
    (values, slopes)
}

/// Replaces numbers by their activation, and returns its slope there.
pub fn gelu(cpu: Cpu, values: &mut [f32]) -> Vec<f32> {
    let mut slopes = vec![0.0; values.len()];
    let to = &mut slopes[..];
    GeluSlope { values, slopes: to }.run(cpu);
    slopes
}

/// The gradients of a dense layer.
#[derive(Debug)]
pub struct LinearGradient {
    /// `[rows, inputs]`.
    pub x: Option<Vec<f32>>,
    /// `[inputs, outputs]`.
    pub weight: Option<Vec<f32>>,
    /// `[outputs]`.
    pub bias: Option<Vec<f32>>,
}

/// Returns those gradients of a dense layer that are `wanted` (of `x`, `weight` and `bias`), from that of its result.
///
/// # Panics
/// The shapes do not fit.
pub fn linear_back(x: View<'_>, weight: View<'_>, gradient: View<'_>, wanted: [bool; 3]) -> LinearGradient {
    let multiply = |a: View<'_>, b: View<'_>| {
        let columns = b.shape[1];
        let mut out = vec![0.0; a.shape[0] * columns];
        product(a, b, (1.0, Before::Replaced), ViewMut::rows(&mut out, columns));
        out
    };
    LinearGradient {
        x: wanted[0].then(|| multiply(gradient, weight.transposed())),
        weight: wanted[1].then(|| multiply(x.transposed(), gradient)),
        bias: wanted[2].then(|| column_sums(gradient)),
    }
}

/// The sum of each column.
fn column_sums(matrix: View<'_>) -> Vec<f32> {
    let ([rows, columns], [row, column]) = (matrix.shape, matrix.strides);
    assert_eq!(column, 1, "numbers of a row lie side by side");
    let mut sums = vec![0.0; columns];
    for index in 0..rows {
        for (sum, value) in sums.iter_mut().zip(&matrix.values[index * row..][..columns]) {
            *sum += value;
        }
    }
    sums
}
