//! The way back through a softmax.

use super::Kernel;
use super::elementwise::each_with;
use super::simd::Simd;
use crate::cpu::Cpu;

/// Replaces the gradient of each row of shares by that of the scores they were made of: `scale * p (g - sum(g p))`.
///
/// # Source
/// Bridle 1990, "Probabilistic interpretation of feedforward classification network outputs", equation 12.
pub(crate) struct SoftmaxBack<'a> {
    /// `[rows, columns]`.
    pub(crate) shares: &'a [f32],
    /// At least 1.
    pub(crate) columns: usize,
    /// The factor that the scores were multiplied by.
    pub(crate) scale: f32,
    /// `[rows, columns]`.
    pub(crate) gradient: &'a mut [f32],
}

impl SoftmaxBack<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// The slices are not of one size.
    pub(crate) fn run(self, cpu: Cpu) {
        assert_eq!(self.shares.len(), self.gradient.len());
        assert!(self.columns > 0 && self.shares.len().is_multiple_of(self.columns));
        cpu.run(self);
    }
}

impl Kernel for SoftmaxBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let shares = self.shares.chunks_exact(self.columns);
        for (shares, gradient) in shares.zip(self.gradient.chunks_exact_mut(self.columns)) {
            let mut sum = s.splat(0.0);
            for (p, g) in shares.chunks(S::LANES).zip(gradient.chunks(S::LANES)) {
                sum = s.mul_add(s.at_most(p), s.at_most(g), sum);
            }
            let (mean, scale) = (s.splat(s.sum(sum)), s.splat(self.scale));
            each_with(
                s,
                gradient,
                [shares],
                #[inline(always)]
                |g, [p]| s.mul(s.mul(p, scale), s.sub(g, mean)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::trial::{SIZES, cpus, near, numbers};

    /// `sum(softmax(scores) * weights)`.
    fn slow(scores: &[f64], weights: &[f32]) -> f64 {
        let sum: f64 = scores.iter().map(|x| x.exp()).sum();
        let one = |(x, weight): (&f64, &f32)| x.exp() / sum * f64::from(*weight);
        scores.iter().zip(weights).map(one).sum()
    }

    #[test]
    fn the_way_back_is_the_slope_of_the_softmax() {
        for columns in SIZES {
            let (scores, weights) = (numbers(columns, 1), numbers(columns, 2));
            let wide: Vec<f64> = scores.iter().map(|x| f64::from(*x)).collect();
            let moved = |at: usize, step: f64| {
                let mut all = wide.clone();
                all[at] += step;
                slow(&all, &weights)
            };
            let slope = |at| 3.0 * (moved(at, 1e-5) - moved(at, -1e-5)) / 2e-5;
            let expected: Vec<f64> = (0..columns).map(slope).collect();
            let sum: f64 = wide.iter().map(|x| x.exp()).sum();
            #[allow(clippy::cast_possible_truncation, reason = "shares are from 0 to 1")]
            let shares: Vec<f32> = wide.iter().map(|x| (x.exp() / sum) as f32).collect();
            for cpu in cpus() {
                let mut gradient = weights.clone();
                SoftmaxBack {
                    shares: &shares,
                    columns,
                    scale: 3.0,
                    gradient: &mut gradient,
                }
                .run(cpu);
                near(&gradient, &expected, 1e-6).unwrap();
            }
        }
    }
}
