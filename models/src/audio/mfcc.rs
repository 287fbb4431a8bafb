//! Mel-frequency cepstral coefficients: the cosine transform of a log-mel spectrum, its first few values.
//!
//! Frame `k` is made of the samples `k * hop .. k * hop + window`, under a periodic Hann window, filled up with zeros
//! to the length of the transform. Magnitudes, not powers, go through triangular filters of height 1 that are evenly
//! spaced, and straight, on the HTK mel scale; the constant part of a frame goes through none. There is no padding: a
//! signal shorter than a window has no frame.
//!
//! # Source
//! Davis and Mermelstein 1980, "Comparison of parametric representations for monosyllabic word recognition"; the HTK
//! Book, section 5.4, equation 5.13, for the mel scale `1127 ln(1 + f / 700)`.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::log_mel::{BINS_MAX, FFT_SAMPLES_MAX};

/// How coefficients are computed.
#[derive(Clone, Debug, PartialEq)]
pub struct MfccConfig {
    /// Samples per second of the input.
    pub sample_rate_hz: u32,
    /// Mel filters.
    pub bins: usize,
    /// Coefficients of a frame, the first of which is its level; at most `bins`.
    pub coefficients: usize,
    /// Length of the Hann window, in samples; the transform has the next power of two.
    pub window_samples: usize,
    /// Distance between the starts of two frames, in samples.
    pub hop_samples: usize,
    /// Lower edge of the lowest filter, in Hz.
    pub low_hz: f64,
    /// Upper edge of the highest filter, in Hz; at most half of `sample_rate_hz`.
    pub high_hz: f64,
    /// Added to each filter's output before its logarithm.
    pub floor: f32,
}

impl MfccConfig {
    /// Returns the coefficients for keywords at 16 kHz: 10 of 40 bins, 30 ms window, 20 ms hop, 20 to 4000 Hz.
    pub fn keywords() -> Self {
        Self {
            sample_rate_hz: 16_000,
            bins: 40,
            coefficients: 10,
            window_samples: 480,
            hop_samples: 320,
            low_hz: 20.0,
            high_hz: 4000.0,
            floor: 1e-6,
        }
    }

    /// Returns how many frames `samples` samples give.
    pub fn frames(&self, samples: usize) -> usize {
        match samples.checked_sub(self.window_samples) {
            Some(rest) => 1 + rest / self.hop_samples.max(1),
            None => 0,
        }
    }

    /// Returns the length of the transform, in samples.
    pub fn fft_samples(&self) -> usize {
        self.window_samples.next_power_of_two().max(2)
    }

    fn validate(&self) -> Result<(), MfccError> {
        let half_rate_hz = f64::from(self.sample_rate_hz) / 2.0;
        let fault = if self.sample_rate_hz == 0 {
            "sample_rate_hz must be above 0"
        } else if self.bins == 0 || self.bins > BINS_MAX {
            "bins must be from 1 to 1024"
        } else if self.coefficients == 0 || self.coefficients > self.bins {
            "coefficients must be from 1 to bins"
        } else if self.hop_samples == 0 {
            "hop_samples must be above 0"
        } else if self.window_samples == 0 || self.window_samples > FFT_SAMPLES_MAX {
            "window_samples must be from 1 to 65536"
        } else if !(self.low_hz >= 0.0 && self.low_hz < self.high_hz && self.high_hz <= half_rate_hz) {
            "0 <= low_hz < high_hz <= sample_rate_hz / 2 must hold"
        } else if !(self.floor > 0.0 && self.floor.is_finite()) {
            "floor must be a positive number"
        } else {
            return Ok(());
        };
        Err(MfccError::Config { fault })
    }
}

/// Why coefficients could not be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MfccError {
    /// The configuration contradicts itself or is out of bounds.
    #[error("the MFCC configuration is invalid: {fault}")]
    Config {
        /// The rule that is broken.
        fault: &'static str,
    },
    /// The output slice does not hold exactly the frames of this input.
    #[error("the MFCC output holds {found} values, expected {expected}")]
    OutputLength {
        /// Frames times coefficients.
        expected: usize,
        /// Length of the slice given.
        found: usize,
    },
    /// A sample is infinite or not a number.
    #[error("sample {index} is not a finite number")]
    NotFinite {
        /// Index of the first such sample.
        index: usize,
    },
    /// The transform refused its buffers.
    #[error("the Fourier transform failed")]
    Transform(#[from] realfft::FftError),
}

/// Coefficients with their window, filters and work buffers: nothing is allocated per call.
///
/// Inside it computes in `f32`, for speed: beside a loud tone without any noise, the filters that hear next to nothing
/// hear the rounding, and coefficients may be off by some 1e-3.
pub struct Mfcc {
    config: MfccConfig,
    window: Vec<f32>,
    filters: Vec<Filter>,
    /// `[coefficients, bins]`.
    cosines: Vec<f32>,
    transform: Arc<dyn RealToComplex<f32>>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    magnitudes: Vec<f32>,
    levels: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

/// A triangular filter: the first bin of the spectrum it touches and its weights from there on.
struct Filter {
    start: usize,
    weights: Vec<f32>,
}

impl Mfcc {
    /// Prepares the window, the filters, the cosines and the buffers.
    ///
    /// # Errors
    /// [`MfccError::Config`] if the configuration is out of bounds.
    pub fn new(config: MfccConfig) -> Result<Self, MfccError> {
        config.validate()?;
        let transform = RealFftPlanner::<f32>::new().plan_fft_forward(config.fft_samples());
        let spectrum_bins = transform.complex_len();
        Ok(Self {
            window: hann_window(config.window_samples),
            filters: filters(&config),
            cosines: cosines(&config),
            frame: vec![0.0; config.fft_samples()],
            spectrum: vec![Complex::default(); spectrum_bins],
            magnitudes: vec![0.0; spectrum_bins],
            levels: vec![0.0; config.bins],
            scratch: vec![Complex::default(); transform.get_scratch_len()],
            transform,
            config,
        })
    }

    /// Returns the configuration this was built with.
    pub fn config(&self) -> &MfccConfig {
        &self.config
    }

    /// Writes the coefficients of `samples` into `out` and returns the number of frames.
    ///
    /// # Shapes
    /// `samples`: `[n]`; `out`: `[frames, coefficients]` row by row, with `frames = config().frames(n)`.
    ///
    /// # Errors
    /// [`MfccError::OutputLength`] if `out` has another length, [`MfccError::NotFinite`] for a NaN or infinite
    /// sample.
    pub fn frames(&mut self, samples: &[f32], out: &mut [f32]) -> Result<usize, MfccError> {
        let frames = self.config.frames(samples.len());
        let expected = frames * self.config.coefficients;
        if out.len() != expected {
            return Err(MfccError::OutputLength {
                expected,
                found: out.len(),
            });
        }
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(MfccError::NotFinite { index });
        }
        for (index, row) in out.chunks_exact_mut(self.config.coefficients).enumerate() {
            let start = index * self.config.hop_samples;
            self.frame_levels(&samples[start..start + self.config.window_samples])?;
            for (value, cosines) in row.iter_mut().zip(self.cosines.chunks_exact(self.config.bins)) {
                *value = dot(&self.levels, cosines);
            }
        }
        Ok(frames)
    }

    /// The logarithms of the filters' outputs for one window of samples.
    fn frame_levels(&mut self, samples: &[f32]) -> Result<(), MfccError> {
        let (framed, rest) = self.frame.split_at_mut(samples.len());
        rest.fill(0.0);
        for ((value, sample), weight) in framed.iter_mut().zip(samples).zip(&self.window) {
            *value = sample * weight;
        }
        self.transform
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)?;
        for (magnitude, value) in self.magnitudes.iter_mut().zip(&self.spectrum) {
            *magnitude = value.norm_sqr().sqrt();
        }
        for (level, filter) in self.levels.iter_mut().zip(&self.filters) {
            let touched = &self.magnitudes[filter.start..filter.start + filter.weights.len()];
            *level = (dot(touched, &filter.weights) + self.config.floor).ln();
        }
        Ok(())
    }
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "tables are rounded to f32 once, here"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// Returns the periodic Hann window.
fn hann_window(length: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / length as f64;
    (0..length)
        .map(|index| narrow(0.5 - 0.5 * (step * index as f64).cos()))
        .collect()
}

fn filters(config: &MfccConfig) -> Vec<Filter> {
    let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
    let (low, high) = (mel(config.low_hz), mel(config.high_hz));
    let step = (high - low) / (config.bins + 1) as f64;
    let edge = |index: usize| low + step * index as f64;
    let bin_hz = f64::from(config.sample_rate_hz) / config.fft_samples() as f64;
    let spectrum_bins = config.fft_samples() / 2 + 1;
    let filter = |index: usize| {
        let (left, centre, right) = (edge(index), edge(index + 1), edge(index + 2));
        let weight = |bin: usize| {
            let at = mel(bin_hz * bin as f64);
            ((at - left) / (centre - left))
                .min((right - at) / (right - centre))
                .max(0.0)
        };
        // Bin 0 is the constant part.
        let start = (1..spectrum_bins).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
        let weights = (start..spectrum_bins)
            .map(weight)
            .take_while(|&weight| weight > 0.0)
            .map(narrow)
            .collect();
        Filter { start, weights }
    };
    (0..config.bins).map(filter).collect()
}

/// Returns the orthonormal cosine transform of type II, `[coefficients, bins]`.
fn cosines(config: &MfccConfig) -> Vec<f32> {
    let bins = config.bins as f64;
    let row = |coefficient: usize| {
        let scale = match coefficient {
            0 => (1.0 / bins).sqrt(),
            _ => (2.0 / bins).sqrt(),
        };
        (0..config.bins).map(move |bin| {
            let angle = std::f64::consts::PI * (bin as f64 + 0.5) * coefficient as f64 / bins;
            narrow(scale * angle.cos())
        })
    };
    (0..config.coefficients).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mfcc(change: impl FnOnce(&mut MfccConfig)) -> Result<Mfcc, MfccError> {
        let mut config = MfccConfig::keywords();
        change(&mut config);
        Mfcc::new(config)
    }

    #[test]
    fn silence_has_the_level_of_the_floor_and_nothing_else() {
        let mut mfcc = mfcc(|_| ()).unwrap();
        let mut out = [1.0; 20];
        assert_eq!(mfcc.frames(&[0.0; 800], &mut out).unwrap(), 2);
        // The orthonormal transform of a constant c over 40 bins: sqrt(40) c, then zeros.
        for row in out.chunks_exact(10) {
            assert!((row[0] - 40f32.sqrt() * 1e-6_f32.ln()).abs() < 1e-3, "{}", row[0]);
            assert!(row[1..].iter().all(|value| value.abs() < 1e-4), "{row:?}");
        }
    }

    #[test]
    fn every_length_gives_the_frames_that_fit() {
        let config = MfccConfig::keywords();
        for (samples, frames) in [(0, 0), (479, 0), (480, 1), (799, 1), (800, 2), (16_000, 49)] {
            assert_eq!(config.frames(samples), frames, "{samples}");
        }
    }

    #[test]
    fn the_coefficients_are_those_of_the_definition_in_double_precision() {
        let mut mfcc = mfcc(|_| ()).unwrap();
        let samples: Vec<f32> = (0..480)
            .map(|index| {
                (index as f32 * 0.37).sin() + 0.1 * ((index * index * 131 % 1009) as f32 / 504.0 - 1.0)
            })
            .collect();
        let mut found = [0.0; 10];
        mfcc.frames(&samples, &mut found).unwrap();
        let tau = std::f64::consts::TAU;
        let framed = |i: usize| f64::from(samples[i]) * (0.5 - 0.5 * (tau * i as f64 / 480.0).cos());
        let magnitude = |bin: usize| {
            let angle = |i: usize| tau * (bin * i) as f64 / 512.0;
            let part = |f: fn(f64) -> f64| (0..480).map(|i| framed(i) * f(angle(i))).sum::<f64>();
            part(f64::cos).hypot(part(f64::sin))
        };
        let magnitudes: Vec<f64> = (0..257).map(magnitude).collect();
        let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
        let edge = |m: f64| mel(20.0) + (mel(4000.0) - mel(20.0)) * m / 41.0;
        let level = |m: usize| {
            let [left, centre, right] = [0, 1, 2].map(|k| edge((m + k) as f64));
            let weight = |bin: usize| {
                let at = mel(bin as f64 * 31.25);
                0f64.max(((at - left) / (centre - left)).min((right - at) / (right - centre)))
            };
            let sum: f64 = (1..257).map(|bin| weight(bin) * magnitudes[bin]).sum();
            (sum + 1e-6).ln()
        };
        let levels: Vec<f64> = (0..40).map(level).collect();
        for (coefficient, found) in found.iter().enumerate() {
            let cosine =
                |m: usize| (std::f64::consts::PI * (m as f64 + 0.5) * coefficient as f64 / 40.0).cos();
            let scale = if coefficient == 0 { 40f64 } else { 20.0 }.sqrt().recip();
            let expected: f64 = scale * (0..40).map(|m| levels[m] * cosine(m)).sum::<f64>();
            assert!(
                (f64::from(*found) - expected).abs() < 1e-4,
                "{coefficient}: {found} is not {expected}"
            );
        }
    }

    #[test]
    fn what_cannot_be_computed_is_an_error() {
        let faults: [fn(&mut MfccConfig); 6] = [
            |config| config.bins = 0,
            |config| config.coefficients = 41,
            |config| config.hop_samples = 0,
            |config| config.window_samples = 0,
            |config| config.high_hz = 9000.0,
            |config| config.floor = 0.0,
        ];
        for fault in faults {
            assert!(matches!(mfcc(fault), Err(MfccError::Config { .. })));
        }
        let mut mfcc = mfcc(|_| ()).unwrap();
        assert!(matches!(
            mfcc.frames(&[0.0; 480], &mut [0.0; 9]),
            Err(MfccError::OutputLength {
                expected: 10,
                found: 9
            })
        ));
        let mut samples = [0.0; 480];
        samples[7] = f32::NAN;
        assert!(matches!(
            mfcc.frames(&samples, &mut [0.0; 10]),
            Err(MfccError::NotFinite { index: 7 })
        ));
    }
}
