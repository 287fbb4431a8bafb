//! Severity of vibration: the velocity that belongs to an acceleration.

use realfft::num_complex::Complex;

use super::{Band, Transforms, VibrationError, hann};

/// Standard gravity, in m/s2.
pub const STANDARD_GRAVITY: f64 = 9.806_65;

/// The root mean square of the velocity within a band, of waveforms of one length and rate.
///
/// Each bin of the spectrum, under a Hann window, is divided by its angular frequency: no filter has to settle, and a drift
/// below the band does not count.
///
/// # Source
/// ISO 20816-1 (2016), section 4.3, for the root mean square of velocity, in general from 10 to 1,000 Hz.
pub struct Velocity {
    window: Vec<f64>,
    /// What the power of each bin counts, in the square of mm/s for that of m/s2.
    weights: Vec<f64>,
    transforms: Transforms,
    signal: Vec<f64>,
    bins: Vec<Complex<f64>>,
}

impl Velocity {
    /// Plans for waveforms of so many samples.
    ///
    /// # Errors
    /// [`VibrationError::TooShort`] for fewer than 16 samples, [`VibrationError::Setting`] for a rate that is not above 0.
    pub fn new(samples: usize, rate_hz: f64, band: Band) -> Result<Self, VibrationError> {
        if samples < 16 {
            return Err(VibrationError::TooShort {
                needed: 16,
                found: samples,
            });
        }
        if !(rate_hz.is_finite() && rate_hz > 0.0) {
            return Err(VibrationError::Setting {
                fault: "the sample rate must be above 0",
            });
        }
        let window = hann(samples);
        let power: f64 = window.iter().map(|weight| weight * weight).sum();
        let count = samples / 2 + 1;
        let weight = |index: usize| {
            let hz = index as f64 * rate_hz / samples as f64;
            match index > 0 && (band.low_hz..=band.high_hz).contains(&hz) {
                true => 2e6 / (samples as f64 * power * (std::f64::consts::TAU * hz).powi(2)),
                false => 0.0,
            }
        };
        Ok(Self {
            weights: (0..count).map(weight).collect(),
            transforms: Transforms::default(),
            signal: vec![0.0; samples],
            bins: vec![Complex::default(); count],
            window,
        })
    }

    /// The root mean square in mm/s, of an acceleration in m/s2.
    ///
    /// # Errors
    /// [`VibrationError::Length`] for another number of samples.
    pub fn rms(&mut self, acceleration: &[f64]) -> Result<f64, VibrationError> {
        let samples = self.signal.len();
        if acceleration.len() != samples {
            return Err(VibrationError::Length {
                expected: samples,
                found: acceleration.len(),
            });
        }
        let mean = acceleration.iter().sum::<f64>() / samples as f64;
        let pairs = acceleration.iter().zip(&self.window);
        let windowed = self.signal.iter_mut().zip(pairs);
        windowed.for_each(|(out, (sample, weight))| *out = (sample - mean) * weight);
        self.transforms.forward(&mut self.signal, &mut self.bins)?;
        let powers = self.bins.iter().zip(&self.weights);
        let sum: f64 = powers.map(|(bin, weight)| bin.norm_sqr() * weight).sum();
        Ok(sum.sqrt())
    }
}
