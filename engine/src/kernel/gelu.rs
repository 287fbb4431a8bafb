//! The Gaussian error linear unit together with its slope, for training.

use super::simd::Simd;
use super::{Kernel, math};
use crate::cpu::Cpu;

/// Replaces numbers by their activation, and writes the slope there.
pub(crate) struct GeluSlope<'a> {
    /// Numbers before, activations afterwards.
    pub(crate) values: &'a mut [f32],
    /// As many.
    pub(crate) slopes: &'a mut [f32],
}

impl GeluSlope<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// The slices are not of one length.
    pub(crate) fn run(self, cpu: Cpu) {
        assert_eq!(self.values.len(), self.slopes.len());
        cpu.run(self);
    }
}

impl Kernel for GeluSlope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let slopes = self.slopes.chunks_mut(S::LANES);
        for (values, slopes) in self.values.chunks_mut(S::LANES).zip(slopes) {
            if values.len() == S::LANES {
                let (value, slope) = math::gelu_and_slope(s, s.at(values));
                s.put(values, value);
                s.put(slopes, slope);
            } else {
                let (value, slope) = math::gelu_and_slope(s, s.at_most(values));
                s.put_most(values, value);
                s.put_most(slopes, slope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Activation;
    use crate::kernel::trial::{activated, cpus, near, numbers};

    #[test]
    fn every_cpu_gives_the_activation_and_its_slope() {
        let x: Vec<f32> = numbers(131, 1).iter().map(|x| 5.0 * x).collect();
        let gelu = |x: f64| activated(Activation::Gelu, x);
        let values: Vec<f64> = x.iter().map(|x| gelu(f64::from(*x))).collect();
        // By central differences.
        let slope = |x: f64| (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;
        let expected: Vec<f64> = x.iter().map(|x| slope(f64::from(*x))).collect();
        for cpu in cpus() {
            let (mut seen, mut slopes) = (x.clone(), vec![f32::NAN; x.len()]);
            let (values_mut, slopes_mut) = (&mut seen[..], &mut slopes[..]);
            GeluSlope {
                values: values_mut,
                slopes: slopes_mut,
            }
            .run(cpu);
            near(&seen, &values, 1e-6).unwrap();
            near(&slopes, &expected, 1e-6).unwrap();
        }
    }
}
