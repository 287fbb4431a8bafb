//! Fourier transforms of real signals: plans are made once for each length.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::VibrationError;

/// Transforms of any length, with their plans and work space.
#[derive(Default)]
pub struct Transforms {
    planner: RealFftPlanner<f64>,
    scratch: Vec<Complex<f64>>,
}

impl Transforms {
    /// Transforms a signal, which is overwritten, into `1 + n / 2` bins.
    ///
    /// # Errors
    /// [`VibrationError::Transform`] for a spectrum of another length.
    pub fn forward(
        &mut self,
        signal: &mut [f64],
        spectrum: &mut [Complex<f64>],
    ) -> Result<(), VibrationError> {
        let plan = self.planner.plan_fft_forward(signal.len());
        let scratch = plan.get_scratch_len().max(self.scratch.len());
        self.scratch.resize(scratch, Complex::default());
        Ok(plan.process_with_scratch(signal, spectrum, &mut self.scratch)?)
    }

    /// Transforms bins, which are overwritten, back into a signal, times its length. The first bin, and the last of an even
    /// length, must be real.
    ///
    /// # Errors
    /// [`VibrationError::Transform`] for a spectrum of another length, or bins that are not real.
    pub fn inverse(
        &mut self,
        spectrum: &mut [Complex<f64>],
        signal: &mut [f64],
    ) -> Result<(), VibrationError> {
        let plan = self.planner.plan_fft_inverse(signal.len());
        let scratch = plan.get_scratch_len().max(self.scratch.len());
        self.scratch.resize(scratch, Complex::default());
        Ok(plan.process_with_scratch(spectrum, signal, &mut self.scratch)?)
    }
}

/// The first even length from `least` on, at least 2, with no prime factor above 5.
pub fn fast_length(least: usize) -> usize {
    let is_fast = |length: &usize| {
        let mut rest = *length;
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1
    };
    let first = least.max(2).next_multiple_of(2);
    // A power of two follows before twice the length.
    (first..=2 * first).step_by(2).find(is_fast).unwrap_or(first)
}

/// The bin of a place on the axis of a spectrum; 0 for places before it.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place that is not a bin is far beyond every spectrum, and such a cast saturates"
)]
pub(super) fn bin(place: f64) -> usize {
    place as usize
}
