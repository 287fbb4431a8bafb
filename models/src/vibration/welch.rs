//! Power spectral density by the mean of overlapping periodograms.

use realfft::num_complex::Complex;

use super::{Transforms, VibrationError};

/// How segments are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WelchConfig {
    /// Samples per second.
    pub rate_hz: f64,
    /// Samples of a segment, 2 at least.
    pub segment: usize,
    /// Samples that two segments share, fewer than a segment has.
    pub overlap: usize,
}

/// One-sided power spectral density: segments about their mean, under a periodic Hann window.
///
/// # Source
/// Welch 1967, "The use of fast Fourier transform for the estimation of power spectra", equations 8 to 10; as
/// `scipy.signal.welch(window="hann", detrend="constant", scaling="density")`.
pub struct Welch {
    config: WelchConfig,
    window: Vec<f64>,
    scale: f64,
    transforms: Transforms,
    segment: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    density: Vec<f64>,
}

impl Welch {
    /// Plans for segments.
    ///
    /// # Errors
    /// [`VibrationError::Setting`] for sizes or a rate out of their ranges.
    pub fn new(config: WelchConfig) -> Result<Self, VibrationError> {
        let fault = |fault| Err(VibrationError::Setting { fault });
        if config.segment < 2 || config.overlap >= config.segment {
            return fault("a segment must have 2 samples and more than two segments share");
        }
        if !(config.rate_hz.is_finite() && config.rate_hz > 0.0) {
            return fault("the sample rate must be above 0");
        }
        let window = hann(config.segment);
        let power: f64 = window.iter().map(|weight| weight * weight).sum();
        let bins = config.segment / 2 + 1;
        Ok(Self {
            scale: 1.0 / (config.rate_hz * power),
            window,
            transforms: Transforms::default(),
            segment: vec![0.0; config.segment],
            spectrum: vec![Complex::default(); bins],
            density: vec![0.0; bins],
            config,
        })
    }

    /// Distance between two bins, in Hz.
    pub fn step_hz(&self) -> f64 {
        self.config.rate_hz / self.config.segment as f64
    }

    /// The density of a waveform: `1 + segment / 2` bins, squares of its unit per Hz.
    ///
    /// # Errors
    /// [`VibrationError::TooShort`] for less than a segment.
    pub fn density(&mut self, samples: &[f64]) -> Result<&[f64], VibrationError> {
        let WelchConfig { segment, overlap, .. } = self.config;
        if samples.len() < segment {
            return Err(VibrationError::TooShort {
                needed: segment,
                found: samples.len(),
            });
        }
        self.density.fill(0.0);
        let hop = segment - overlap;
        let count = (samples.len() - segment) / hop + 1;
        for first in (0..count).map(|index| index * hop) {
            let part = &samples[first..first + segment];
            let mean = part.iter().sum::<f64>() / segment as f64;
            let weighted = self.segment.iter_mut().zip(part).zip(&self.window);
            weighted.for_each(|((out, sample), weight)| *out = (sample - mean) * weight);
            self.transforms.forward(&mut self.segment, &mut self.spectrum)?;
            let bins = self.density.iter_mut().zip(&self.spectrum);
            bins.for_each(|(density, bin)| *density += bin.norm_sqr());
        }
        // All bins but the first, and the last of an even length, stand for two.
        let last = match segment.is_multiple_of(2) {
            true => segment / 2,
            false => segment / 2 + 1,
        };
        let scale = self.scale / count as f64;
        for (index, density) in self.density.iter_mut().enumerate() {
            *density *= if (1..last).contains(&index) {
                2.0 * scale
            } else {
                scale
            };
        }
        Ok(&self.density)
    }
}

/// A periodic Hann window.
pub fn hann(length: usize) -> Vec<f64> {
    let step = std::f64::consts::TAU / length as f64;
    (0..length)
        .map(|index| 0.5 - 0.5 * (step * index as f64).cos())
        .collect()
}
