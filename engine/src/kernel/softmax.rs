//! Softmax and its logarithm over the columns of each row.

use super::Kernel;
use super::elementwise::{each_into, each_with};
use super::math;
use super::matmul::{Rows, RowsMut};
use super::simd::Simd;
use crate::cpu::Cpu;

/// `out = e^x / sum e^x` over each row, or the logarithm of that.
///
/// A number 87 or more below the largest of its row counts as minus infinity: its weight is 0. A row without a
/// number above minus infinity, or with a NaN, becomes NaN.
///
/// # Source
/// Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs", with the largest
/// number taken away first, which changes nothing but the range.
pub(crate) struct Softmax<'a> {
    /// `[rows, columns]`.
    pub(crate) input: Rows<'a>,
    pub(crate) rows: usize,
    /// At least 1.
    pub(crate) columns: usize,
    /// True for the logarithm.
    pub(crate) log: bool,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl Softmax<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) {
        cpu.run(self);
    }
}

impl Kernel for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for row in 0..self.rows {
            let from = &self.input.values[row * self.input.stride..][..self.columns];
            let to = &mut self.out.values[row * self.out.stride..][..self.columns];
            if self.log {
                log(s, from, to);
            } else {
                softmax(s, from, to);
            }
        }
    }
}

#[inline(always)]
fn softmax<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
    let scale = s.splat(1.0 / powers(s, from, to).1);
    each_with(
        s,
        to,
        [],
        #[inline(always)]
        |power, []| s.mul(power, scale),
    );
}

#[inline(always)]
fn log<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
    let (largest, sum) = powers(s, from, to);
    let (largest, log) = (s.splat(largest), s.splat(sum.ln()));
    each_into(
        s,
        [from],
        to,
        #[inline(always)]
        |[x]| s.sub(s.sub(x, largest), log),
    );
}

/// Writes `e^(x - largest)`; returns the largest and the sum.
#[inline(always)]
fn powers<S: Simd>(s: S, from: &[f32], to: &mut [f32]) -> (f32, f32) {
    let largest = largest(s, from);
    let all = s.splat(largest);
    // What lies too low for a power is raised to the least one, which is none.
    let least = math::exp(s, s.splat(f32::NEG_INFINITY));
    each_into(
        s,
        [from],
        to,
        #[inline(always)]
        |[x]| s.sub(math::exp(s, s.sub(x, all)), least),
    );
    let parts = to.chunks_exact(S::LANES);
    let mut sum = s.at_most(parts.remainder());
    for part in parts {
        sum = s.add(sum, s.at(part));
    }
    (largest, s.sum(sum))
}

/// No vector has more lanes.
const MOST_LANES: usize = 16;

/// Added to the lanes from `MOST_LANES - n` on, it takes all but the first `n` out of a search for the largest.
const ONLY: [f32; 2 * MOST_LANES] = {
    let mut only = [0.0; 2 * MOST_LANES];
    let mut lane = MOST_LANES;
    while lane < 2 * MOST_LANES {
        only[lane] = f32::NEG_INFINITY;
        lane += 1;
    }
    only
};

/// The largest number of a row; NaN is passed over.
#[inline(always)]
fn largest<S: Simd>(s: S, row: &[f32]) -> f32 {
    if row.len() < S::LANES {
        let some = s.add(s.at_most(row), s.at(&ONLY[MOST_LANES - row.len()..]));
        return s.largest(s.max(some, s.splat(f32::NEG_INFINITY)));
    }
    // The last vector may have numbers of the one before: the largest is the same.
    let mut largest = s.max(s.at(&row[row.len() - S::LANES..]), s.splat(f32::NEG_INFINITY));
    for part in row.chunks_exact(S::LANES) {
        largest = s.max(s.at(part), largest);
    }
    s.largest(largest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{SIZES, cpus, dense, near, numbers};

    /// The row's softmax, or its logarithm.
    fn slow(row: &[f32], log: bool) -> Vec<f64> {
        let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
        let one = |x: &f32| f64::from(*x) - sum.ln();
        row.iter()
            .map(|x| if log { one(x) } else { one(x).exp() })
            .collect()
    }

    fn answer(cpu: Cpu, values: &[f32], columns: usize, log: bool) -> Vec<f32> {
        let (rows, stride) = (values.len() / columns, columns + 2);
        let mut out = vec![f32::NAN; rows * stride];
        let input = Rows {
            values,
            stride: columns,
        };
        let to = RowsMut {
            values: &mut out,
            stride,
        };
        Softmax {
            input,
            rows,
            columns,
            log,
            out: to,
        }
        .run(cpu);
        dense(&out, stride, columns)
    }

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_softmax(
            rows in 1usize..4,
            columns in prop::sample::select(&SIZES[..]),
            seed in 1u32..1000,
            height in 0.1f32..30.0,
        ) {
            let values: Vec<f32> = numbers(rows * columns, seed).iter().map(|x| x * height - 10.0).collect();
            for log in [false, true] {
                let expected: Vec<f64> = values.chunks(columns).flat_map(|row| slow(row, log)).collect();
                for cpu in cpus() {
                    near(&answer(cpu, &values, columns, log), &expected, 2e-6)?;
                }
            }
        }
    }

    #[test]
    fn weights_of_known_numbers_are_their_shares() {
        // Numbers that are logarithms of 1, 2, 3, 4 have shares of a tenth, and 64 more or less change nothing.
        for cpu in cpus() {
            for more in [0.0f32, 64.0, -64.0] {
                let values = [1.0f32, 2.0, 3.0, 4.0].map(|x| x.ln() + more);
                near(&answer(cpu, &values, 4, false), &[0.1, 0.2, 0.3, 0.4], 1e-5).unwrap();
            }
            let far = [-1000.0, 3.0e38, f32::NEG_INFINITY, -3.0e38];
            assert_eq!(answer(cpu, &far, 4, false), [0.0, 1.0, 0.0, 0.0]);
            assert_eq!(
                answer(cpu, &[-88.0, 0.0, f32::NEG_INFINITY], 3, false),
                [0.0, 1.0, 0.0]
            );
        }
    }

    #[test]
    fn a_row_with_a_fault_is_not_a_number() {
        for cpu in cpus() {
            for columns in [1, 9, 40] {
                let mut values = numbers(columns, 1);
                values[columns / 2] = f32::NAN;
                assert!(answer(cpu, &values, columns, false).iter().all(|x| x.is_nan()));
                assert!(answer(cpu, &values, columns, true).iter().all(|x| x.is_nan()));
                let none = vec![f32::NEG_INFINITY; columns];
                assert!(answer(cpu, &none, columns, false).iter().all(|x| x.is_nan()));
            }
        }
    }
}
