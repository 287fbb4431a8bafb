//! Normalisation of each row over its columns.

use super::Kernel;
use super::elementwise::{each_into, each_with};
use super::matmul::{Rows, RowsMut};
use super::simd::Simd;
use crate::cpu::Cpu;

/// What a row is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NormKind {
    /// Its mean is taken away, then it is divided by its standard deviation.
    Layer,
    /// It is divided by the root of its mean square.
    Rms,
}

/// `out = (x - mean) / sqrt(variance + epsilon) * gamma + beta` with `x = input + residual`.
///
/// The variance is biased and computed from differences to the mean, so a large mean costs no digits.
///
/// # Source
/// Ba, Kiros and Hinton 2016, "Layer normalization", equation 4; Zhang and Sennrich 2019, "Root mean square layer
/// normalization", equation 4, where the mean counts as 0.
pub(crate) struct Norm<'a> {
    pub(crate) kind: NormKind,
    /// `[rows, columns]`.
    pub(crate) input: Rows<'a>,
    /// `[rows, columns]`, added to the input first.
    pub(crate) residual: Option<Rows<'a>>,
    pub(crate) rows: usize,
    /// One a column: there are as many columns as numbers here.
    pub(crate) gamma: &'a [f32],
    /// One a column, or none for zero.
    pub(crate) beta: &'a [f32],
    /// Added to the variance; more than 0.
    pub(crate) epsilon: f32,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
}

impl Norm<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) {
        assert!(self.beta.is_empty() || self.beta.len() == self.gamma.len());
        cpu.run(self);
    }
}

impl Kernel for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = self.gamma.len();
        for row in 0..self.rows {
            let input = &self.input.values[row * self.input.stride..][..columns];
            let out = &mut self.out.values[row * self.out.stride..][..columns];
            // Two sums take turns, so that none waits for the one before.
            let mut sums = (s.splat(0.0), s.splat(0.0));
            match self.residual {
                Some(residual) => {
                    let residual = &residual.values[row * residual.stride..][..columns];
                    each_into(
                        s,
                        [input, residual],
                        out,
                        #[inline(always)]
                        |[x, more]| {
                            let x = s.add(x, more);
                            sums = (s.add(sums.1, x), sums.0);
                            x
                        },
                    );
                }
                None => each_into(
                    s,
                    [input],
                    out,
                    #[inline(always)]
                    |[x]| {
                        sums = (s.add(sums.1, x), sums.0);
                        x
                    },
                ),
            }
            let count = columns as f32;
            let mean = match self.kind {
                NormKind::Layer => s.sum(s.add(sums.0, sums.1)) / count,
                NormKind::Rms => 0.0,
            };
            let scale = 1.0 / (squares(s, out, mean) / count + self.epsilon).sqrt();
            place(s, out, (mean, scale), (self.gamma, self.beta));
        }
    }
}

#[inline(always)]
fn place<S: Simd>(s: S, row: &mut [f32], (mean, scale): (f32, f32), (gamma, beta): (&[f32], &[f32])) {
    let (mean, scale) = (s.splat(mean), s.splat(scale));
    if beta.is_empty() {
        each_with(
            s,
            row,
            [gamma],
            #[inline(always)]
            |x, [gamma]| s.mul(s.mul(s.sub(x, mean), scale), gamma),
        );
    } else {
        each_with(
            s,
            row,
            [gamma, beta],
            #[inline(always)]
            |x, [gamma, beta]| s.mul_add(s.mul(s.sub(x, mean), scale), gamma, beta),
        );
    }
}

/// No vector has more lanes.
const MOST_LANES: usize = 16;

/// The sum of the squared differences to `mean`.
#[inline(always)]
pub(super) fn squares<S: Simd>(s: S, row: &[f32], mean: f32) -> f32 {
    // Lanes beyond the row are 0, and so is what is taken away from them.
    let (whole, rest) = row.split_at(row.len() / S::LANES * S::LANES);
    let off = s.sub(s.at_most(rest), s.at_most(&[mean; MOST_LANES][..rest.len()]));
    // Four sums, so that none waits for the one before.
    let mut sums = [s.mul(off, off), s.splat(0.0), s.splat(0.0), s.splat(0.0)];
    let mean = s.splat(mean);
    let parts = whole.chunks_exact(4 * S::LANES);
    for part in parts.remainder().chunks_exact(S::LANES) {
        let off = s.sub(s.at(part), mean);
        sums[1] = s.mul_add(off, off, sums[1]);
    }
    for part in parts {
        for (v, sum) in sums.iter_mut().enumerate() {
            let off = s.sub(s.at(&part[v * S::LANES..]), mean);
            *sum = s.mul_add(off, off, *sum);
        }
    }
    s.sum(s.add(s.add(sums[0], sums[1]), s.add(sums[2], sums[3])))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{SIZES, cpus, dense, near, numbers};

    fn slow(row: &[f64], kind: NormKind, (gamma, beta): (&[f32], &[f32])) -> Vec<f64> {
        let count = row.len() as f64;
        let mean = match kind {
            NormKind::Layer => row.iter().sum::<f64>() / count,
            NormKind::Rms => 0.0,
        };
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let one = |(at, x): (usize, &f64)| {
            let beta = beta.get(at).copied().unwrap_or(0.0);
            (x - mean) / (variance + 1e-5).sqrt() * f64::from(gamma[at]) + f64::from(beta)
        };
        row.iter().enumerate().map(one).collect()
    }

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_norm(
            rows in 1usize..4,
            columns in prop::sample::select(&SIZES[..]),
            rms in any::<bool>(),
            with_beta in any::<bool>(),
            with_residual in any::<bool>(),
            shift in prop::sample::select(vec![0.0f32, 1000.0]),
        ) {
            let kind = if rms { NormKind::Rms } else { NormKind::Layer };
            // Steps of 1/64 are kept by sums with the shift.
            let input: Vec<f32> = numbers(rows * columns, 1).iter().map(|x| (x * 64.0).round() / 64.0 + shift).collect();
            let more: Vec<f32> = numbers(rows * columns, 2).iter().map(|x| (x * 64.0).round() / 64.0).collect();
            let (gamma, beta) = (numbers(columns, 3), numbers(if with_beta { columns } else { 0 }, 4));
            let sum = input.iter().zip(&more).map(|(a, b)| f64::from(*a) + if with_residual { f64::from(*b) } else { 0.0 });
            let sum: Vec<f64> = sum.collect();
            let expected: Vec<f64> = sum.chunks(columns).flat_map(|row| slow(row, kind, (&gamma, &beta))).collect();
            let stride = columns + 1;
            for cpu in cpus() {
                let mut out = vec![f32::NAN; rows * stride];
                Norm {
                    kind,
                    input: Rows { values: &input, stride: columns },
                    residual: with_residual.then_some(Rows { values: &more, stride: columns }),
                    rows,
                    gamma: &gamma,
                    beta: &beta,
                    epsilon: 1e-5,
                    out: RowsMut { values: &mut out, stride },
                }
                .run(cpu);
                // A rounded mean of 1000 is off by 3e-5, in units of deviations of about a half.
                let tolerance = if shift > 0.0 { 3e-4 } else { 5e-6 };
                // A row of one number has no deviation but the epsilon.
                let tolerance = if columns == 1 { 100.0 * tolerance } else { tolerance };
                near(&dense(&out, stride, columns), &expected, tolerance)?;
            }
        }
    }

    #[test]
    fn a_row_of_known_deviation_is_brought_to_one() {
        for cpu in cpus() {
            let mut out = [0.0; 4];
            Norm {
                kind: NormKind::Layer,
                input: Rows {
                    values: &[2.0, 4.0, 2.0, 4.0],
                    stride: 4,
                },
                residual: None,
                rows: 1,
                gamma: &[1.0, 1.0, 10.0, 10.0],
                beta: &[],
                epsilon: 1e-12,
                out: RowsMut {
                    values: &mut out,
                    stride: 4,
                },
            }
            .run(cpu);
            near(&out, &[-1.0, 1.0, -10.0, 10.0], 0.0).unwrap();
        }
    }
}
