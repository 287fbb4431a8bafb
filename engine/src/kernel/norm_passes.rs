//! Normalisation of rows for training: forwards with what the way back needs, and back.
//!
//! # Source
//! Ba, Kiros and Hinton 2016, "Layer normalization", equation 4, and its derivative by the chain rule: with
//! `n = (x - mean) / deviation` and `g` the gradient of `n`, that of `x` is `(g - mean(g) - n mean(g n)) / deviation`.

use super::Kernel;
use super::elementwise::{each_into, each_with};
use super::norm::squares;
use super::simd::Simd;
use crate::cpu::Cpu;

/// `out = n * gamma + beta`, of which `n` and `1 / deviation` are kept.
pub(crate) struct NormForward<'a> {
    /// `[rows, columns]`.
    pub(crate) x: &'a [f32],
    /// One a column.
    pub(crate) gamma: &'a [f32],
    /// One a column, or none for zero.
    pub(crate) beta: &'a [f32],
    /// Added to the variance; more than 0.
    pub(crate) epsilon: f32,
    /// `[rows, columns]`.
    pub(crate) normal: &'a mut [f32],
    /// `[rows]`.
    pub(crate) scales: &'a mut [f32],
    /// `[rows, columns]`.
    pub(crate) out: &'a mut [f32],
}

impl NormForward<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// The slices are not of one size.
    pub(crate) fn run(self, cpu: Cpu) {
        let columns = self.gamma.len();
        assert!(self.beta.is_empty() || self.beta.len() == columns);
        assert_eq!(self.x.len(), self.scales.len() * columns);
        assert_eq!(self.x.len(), self.normal.len());
        assert_eq!(self.x.len(), self.out.len());
        cpu.run(self);
    }
}

impl Kernel for NormForward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = self.gamma.len();
        if columns == 0 {
            return;
        }
        let rows = self
            .x
            .chunks_exact(columns)
            .zip(self.normal.chunks_exact_mut(columns));
        let to = self.out.chunks_exact_mut(columns).zip(self.scales);
        for ((x, normal), (out, scale)) in rows.zip(to) {
            let count = columns as f32;
            let mean = sum(
                s,
                [x],
                #[inline(always)]
                |[x]| x,
            ) / count;
            *scale = 1.0 / (squares(s, x, mean) / count + self.epsilon).sqrt();
            let mean = s.splat(mean);
            let factor = s.splat(*scale);
            each_into(
                s,
                [x],
                normal,
                #[inline(always)]
                |[x]| s.mul(s.sub(x, mean), factor),
            );
            if self.beta.is_empty() {
                each_into(
                    s,
                    [&*normal, self.gamma],
                    out,
                    #[inline(always)]
                    |[n, gamma]| s.mul(n, gamma),
                );
            } else {
                each_into(
                    s,
                    [&*normal, self.gamma, self.beta],
                    out,
                    #[inline(always)]
                    |[n, gamma, beta]| s.mul_add(n, gamma, beta),
                );
            }
        }
    }
}

/// From the gradient of `out` to those of `x`, `gamma` and `beta`.
pub(crate) struct NormBackward<'a> {
    /// `[rows, columns]`.
    pub(crate) gradient: &'a [f32],
    /// As [`NormForward`] left it.
    pub(crate) normal: &'a [f32],
    /// As [`NormForward`] left it.
    pub(crate) scales: &'a [f32],
    /// One a column.
    pub(crate) gamma: &'a [f32],
    /// `[rows, columns]`.
    pub(crate) to_x: &'a mut [f32],
    /// One a column, which is added to.
    pub(crate) to_gamma: &'a mut [f32],
    /// One a column, which is added to.
    pub(crate) to_beta: &'a mut [f32],
}

impl NormBackward<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// The slices are not of one size.
    pub(crate) fn run(self, cpu: Cpu) {
        let columns = self.gamma.len();
        assert_eq!(self.to_gamma.len(), columns);
        assert_eq!(self.to_beta.len(), columns);
        assert_eq!(self.gradient.len(), self.scales.len() * columns);
        assert_eq!(self.gradient.len(), self.normal.len());
        assert_eq!(self.gradient.len(), self.to_x.len());
        cpu.run(self);
    }
}

impl Kernel for NormBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = self.gamma.len();
        if columns == 0 {
            return;
        }
        let rows = self
            .gradient
            .chunks_exact(columns)
            .zip(self.normal.chunks_exact(columns));
        let to = self.to_x.chunks_exact_mut(columns).zip(self.scales);
        for ((gradient, normal), (to_x, scale)) in rows.zip(to) {
            each_with(
                s,
                self.to_beta,
                [gradient],
                #[inline(always)]
                |sum, [g]| s.add(sum, g),
            );
            each_with(
                s,
                self.to_gamma,
                [gradient, normal],
                #[inline(always)]
                |sum, [g, n]| s.mul_add(g, n, sum),
            );
            let count = columns as f32;
            let mean = sum(
                s,
                [gradient, self.gamma],
                #[inline(always)]
                |[g, gamma]| s.mul(g, gamma),
            ) / count;
            let along = sum3(s, [gradient, self.gamma, normal]) / count;
            let (mean, along, scale) = (s.splat(mean), s.splat(-along), s.splat(*scale));
            each_into(
                s,
                [gradient, self.gamma, normal],
                to_x,
                #[inline(always)]
                |[g, gamma, n]| {
                    let g = s.sub(s.mul(g, gamma), mean);
                    s.mul(s.mul_add(n, along, g), scale)
                },
            );
        }
    }
}

/// The sum of `f` of the numbers at the same places; beyond the slices `f` is given zeros.
#[inline(always)]
fn sum<S: Simd, const N: usize>(s: S, from: [&[f32]; N], f: impl Fn([S::F; N]) -> S::F) -> f32 {
    let count = from[0].len();
    // Two sums take turns, so that none waits for the one before.
    let mut sums = (s.splat(0.0), s.splat(0.0));
    let mut at = 0;
    while at + S::LANES <= count {
        let value = f(std::array::from_fn(
            #[inline(always)]
            |n| s.at(&from[n][at..]),
        ));
        sums = (s.add(sums.1, value), sums.0);
        at += S::LANES;
    }
    if at < count {
        let value = f(std::array::from_fn(
            #[inline(always)]
            |n| s.at_most(&from[n][at..count]),
        ));
        sums.0 = s.add(sums.0, value);
    }
    s.sum(s.add(sums.0, sums.1))
}

#[inline(always)]
fn sum3<S: Simd>(s: S, from: [&[f32]; 3]) -> f32 {
    sum(
        s,
        from,
        #[inline(always)]
        |[a, b, c]| s.mul(s.mul(a, b), c),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{SIZES, cpus, near, numbers};

    /// `sum(out * weights)` of one row by the definition.
    fn slow(x: &[f64], weights: &[f32], (gamma, beta): (&[f64], &[f64])) -> f64 {
        let count = x.len() as f64;
        let mean = x.iter().sum::<f64>() / count;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let one = |at: usize| (x[at] - mean) / (variance + 1e-2).sqrt() * gamma[at] + beta[at];
        (0..x.len()).map(|at| one(at) * f64::from(weights[at])).sum()
    }

    proptest! {
        #[test]
        fn the_way_back_is_the_slope_of_the_way_there(
            columns in prop::sample::select(&SIZES[1..]),
            seed in 1u32..1000,
        ) {
            let (x, gradient) = (numbers(columns, seed), numbers(columns, seed + 1));
            let (gamma, beta) = (numbers(columns, seed + 2), numbers(columns, seed + 3));
            let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|x| f64::from(*x)).collect() };
            let loss = |which: usize, at: usize, step: f64| {
                let mut all = [wide(&x), wide(&gamma), wide(&beta)];
                all[which][at] += step;
                slow(&all[0], &gradient, (&all[1], &all[2]))
            };
            let slope = |which: usize| -> Vec<f64> {
                (0..columns).map(|at| (loss(which, at, 1e-5) - loss(which, at, -1e-5)) / 2e-5).collect()
            };
            for cpu in cpus() {
                let (mut normal, mut out, mut scales) = (vec![f32::NAN; columns], vec![f32::NAN; columns], [f32::NAN]);
                NormForward {
                    x: &x, gamma: &gamma, beta: &beta, epsilon: 1e-2,
                    normal: &mut normal, scales: &mut scales, out: &mut out,
                }.run(cpu);
                let seen: f64 = out.iter().zip(&gradient).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                prop_assert!((seen - loss(0, 0, 0.0)).abs() < 1e-5 * columns as f64);
                let (mut to_x, mut to_gamma, mut to_beta) = (vec![f32::NAN; columns], vec![0.0; columns], vec![0.0; columns]);
                NormBackward {
                    gradient: &gradient, normal: &normal, scales: &scales, gamma: &gamma,
                    to_x: &mut to_x, to_gamma: &mut to_gamma, to_beta: &mut to_beta,
                }.run(cpu);
                near(&to_x, &slope(0), 2e-5)?;
                near(&to_gamma, &slope(1), 2e-5)?;
                near(&to_beta, &slope(2), 2e-5)?;
            }
        }
    }
}
