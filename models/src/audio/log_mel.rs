//! The log-mel spectrogram: what the nets hear.
//!
//! Equal, within 1e-4, to `librosa.feature.melspectrogram(center=False, htk=False, norm="slaney", power=2)`
//! followed by `ln(max(x, floor))`. Framing is librosa's: frame `k` covers samples `k * hop .. k * hop + fft`,
//! and a window shorter than the transform stands in the middle of it. There is no padding: a signal shorter
//! than one transform has no frame.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use serde::{Deserialize, Serialize};

/// Largest transform, in samples, that a configuration may ask for.
pub const FFT_SAMPLES_MAX: usize = 1 << 16;

/// Largest number of mel bins that a configuration may ask for.
pub const BINS_MAX: usize = 1024;

/// How a log-mel spectrogram is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMelConfig {
    /// Samples per second of the input.
    pub sample_rate_hz: u32,
    /// Mel bins per frame.
    pub bins: usize,
    /// Length of the Hann window, in samples.
    pub window_samples: usize,
    /// Distance between the starts of two frames, in samples.
    pub hop_samples: usize,
    /// Length of the Fourier transform, in samples; at least `window_samples`.
    pub fft_samples: usize,
    /// Lower edge of the lowest mel filter, in Hz.
    pub low_hz: f64,
    /// Upper edge of the highest mel filter, in Hz; at most half of `sample_rate_hz`.
    pub high_hz: f64,
    /// Energies below this are raised to it before the logarithm.
    pub floor: f64,
}

impl LogMelConfig {
    /// Returns the spectrogram for speech at 16 kHz: 40 bins, 25 ms window, 10 ms hop, 20 to 7600 Hz.
    pub fn speech() -> Self {
        Self {
            sample_rate_hz: 16_000,
            bins: 40,
            window_samples: 400,
            hop_samples: 160,
            fft_samples: 512,
            low_hz: 20.0,
            high_hz: 7600.0,
            floor: 1e-6,
        }
    }

    /// Returns the spectrogram that the speech embedding of Lin et al. 2020 hears, before its logarithm is scaled: 32 bins
    /// from 60 to 3800 Hz, and a floor 40 dB below that of [`LogMelConfig::speech`].
    pub fn embedding() -> Self {
        Self {
            bins: 32,
            low_hz: 60.0,
            high_hz: 3800.0,
            floor: 1e-10,
            ..Self::speech()
        }
    }

    /// Returns how many frames `samples` samples give: `1 + (samples - fft) / hop`, or none if there are too few.
    pub fn frames(&self, samples: usize) -> usize {
        match samples.checked_sub(self.fft_samples) {
            Some(rest) => 1 + rest / self.hop_samples.max(1),
            None => 0,
        }
    }

    /// Returns how many samples `frames` frames cover.
    pub fn samples(&self, frames: usize) -> usize {
        match frames {
            0 => 0,
            frames => (frames - 1) * self.hop_samples + self.fft_samples,
        }
    }

    /// Returns the middle of each mel bin, in Hz, ascending.
    pub fn centres_hz(&self) -> Vec<f64> {
        let (low, high) = (mel_of_hz(self.low_hz), mel_of_hz(self.high_hz));
        let step = (high - low) / (self.bins + 1) as f64;
        (1..=self.bins)
            .map(|index| hz_of_mel(low + step * index as f64))
            .collect()
    }

    fn validate(&self) -> Result<(), LogMelError> {
        let half_rate_hz = f64::from(self.sample_rate_hz) / 2.0;
        let fault = if self.sample_rate_hz == 0 {
            "sample_rate_hz must be above 0"
        } else if self.bins == 0 || self.bins > BINS_MAX {
            "bins must be from 1 to 1024"
        } else if self.hop_samples == 0 {
            "hop_samples must be above 0"
        } else if self.fft_samples < 2 || self.fft_samples > FFT_SAMPLES_MAX {
            "fft_samples must be from 2 to 65536"
        } else if self.window_samples == 0 || self.window_samples > self.fft_samples {
            "window_samples must be from 1 to fft_samples"
        } else if !(self.low_hz >= 0.0 && self.low_hz < self.high_hz && self.high_hz <= half_rate_hz) {
            "0 <= low_hz < high_hz <= sample_rate_hz / 2 must hold"
        } else if !(self.floor > 0.0 && self.floor.is_finite()) {
            "floor must be a positive number"
        } else {
            return Ok(());
        };
        Err(LogMelError::Config { fault })
    }
}

/// Why a spectrogram could not be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogMelError {
    /// The configuration contradicts itself or is out of bounds.
    #[error("the log-mel configuration is invalid: {fault}")]
    Config {
        /// The rule that is broken.
        fault: &'static str,
    },
    /// The output slice does not hold exactly the frames of this input.
    #[error("the log-mel output holds {found} values, expected {expected}")]
    OutputLength {
        /// Frames times bins.
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

/// A log-mel spectrogram with its window, filters and work buffers: nothing is allocated per call.
///
/// Inside it computes in `f64`: beside a loud tone, the rounding of `f32` drowns bins near the floor.
#[derive(Clone)]
pub struct LogMel {
    config: LogMelConfig,
    window: Vec<f64>,
    filters: Vec<MelFilter>,
    transform: Arc<dyn RealToComplex<f64>>,
    frame: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    power: Vec<f64>,
    scratch: Vec<Complex<f64>>,
}

impl LogMel {
    /// Prepares the window, the filters and the buffers.
    ///
    /// # Errors
    /// [`LogMelError::Config`] if the configuration is out of bounds.
    pub fn new(config: LogMelConfig) -> Result<Self, LogMelError> {
        config.validate()?;
        let transform = RealFftPlanner::<f64>::new().plan_fft_forward(config.fft_samples);
        let bins = transform.complex_len();
        Ok(Self {
            window: hann_window(config.window_samples),
            filters: mel_filters(&config),
            frame: vec![0.0; config.fft_samples],
            spectrum: vec![Complex::default(); bins],
            power: vec![0.0; bins],
            scratch: vec![Complex::default(); transform.get_scratch_len()],
            transform,
            config,
        })
    }

    /// Returns the configuration this was built with.
    pub fn config(&self) -> &LogMelConfig {
        &self.config
    }

    /// Writes the spectrogram of `samples` into `out` and returns the number of frames.
    ///
    /// # Shapes
    /// `samples`: `[n]`; `out`: `[frames, bins]` row by row, with `frames = config().frames(n)`.
    ///
    /// # Errors
    /// [`LogMelError::OutputLength`] if `out` has another length, [`LogMelError::NotFinite`] for a NaN or
    /// infinite sample.
    pub fn frames(&mut self, samples: &[f32], out: &mut [f32]) -> Result<usize, LogMelError> {
        let frames = self.config.frames(samples.len());
        let expected = frames * self.config.bins;
        if out.len() != expected {
            return Err(LogMelError::OutputLength {
                expected,
                found: out.len(),
            });
        }
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(LogMelError::NotFinite { index });
        }
        for (index, row) in out.chunks_exact_mut(self.config.bins).enumerate() {
            let start = index * self.config.hop_samples;
            self.frame_power(&samples[start..start + self.config.fft_samples])?;
            for (value, filter) in row.iter_mut().zip(&self.filters) {
                let energy = filter.energy(&self.power).max(self.config.floor);
                *value = narrow(energy.ln());
            }
        }
        Ok(frames)
    }

    /// Returns the spectrogram of `samples` in a new vector, `[frames, bins]` row by row.
    ///
    /// # Errors
    /// As [`LogMel::frames`].
    pub fn spectrogram(&mut self, samples: &[f32]) -> Result<Vec<f32>, LogMelError> {
        let mut out = vec![0.0; self.config.frames(samples.len()) * self.config.bins];
        self.frames(samples, &mut out)?;
        Ok(out)
    }

    fn frame_power(&mut self, samples: &[f32]) -> Result<(), LogMelError> {
        let margin = (self.config.fft_samples - self.config.window_samples) / 2;
        self.frame.fill(0.0);
        let framed = &mut self.frame[margin..margin + self.window.len()];
        for ((value, sample), weight) in framed.iter_mut().zip(&samples[margin..]).zip(&self.window) {
            *value = f64::from(*sample) * weight;
        }
        self.transform
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)?;
        for (power, value) in self.power.iter_mut().zip(&self.spectrum) {
            *power = value.norm_sqr();
        }
        Ok(())
    }
}

/// One triangular filter: the first spectral bin it touches and its weights from there on.
#[derive(Clone)]
struct MelFilter {
    start: usize,
    weights: Vec<f64>,
}

impl MelFilter {
    fn energy(&self, power: &[f64]) -> f64 {
        let touched = &power[self.start..self.start + self.weights.len()];
        touched
            .iter()
            .zip(&self.weights)
            .map(|(power, weight)| power * weight)
            .sum()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the result is rounded to f32 once, here"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// Returns the periodic Hann window.
fn hann_window(length: usize) -> Vec<f64> {
    let step = std::f64::consts::TAU / length as f64;
    (0..length)
        .map(|index| 0.5 - 0.5 * (step * index as f64).cos())
        .collect()
}

/// Returns triangular filters of equal area, evenly spaced on the Slaney mel scale.
///
/// # Source
/// M. Slaney, Auditory Toolbox, Interval Research technical report 1998-010: linear below 1 kHz (200/3 Hz a
/// mel), logarithmic above (27 mels to a factor of 6.4).
fn mel_filters(config: &LogMelConfig) -> Vec<MelFilter> {
    let (low, high) = (mel_of_hz(config.low_hz), mel_of_hz(config.high_hz));
    let step = (high - low) / (config.bins + 1) as f64;
    let edge_hz = |index: usize| hz_of_mel(low + step * index as f64);
    let bin_hz = f64::from(config.sample_rate_hz) / config.fft_samples as f64;
    let spectrum_bins = config.fft_samples / 2 + 1;
    let filter = |index: usize| {
        let (left, centre, right) = (edge_hz(index), edge_hz(index + 1), edge_hz(index + 2));
        let weight = |bin: usize| {
            let hz = bin_hz * bin as f64;
            let rising = (hz - left) / (centre - left);
            let falling = (right - hz) / (right - centre);
            rising.min(falling).max(0.0) * 2.0 / (right - left)
        };
        let start = (0..spectrum_bins).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
        let weights = (start..spectrum_bins)
            .map(weight)
            .take_while(|&weight| weight > 0.0)
            .collect();
        MelFilter { start, weights }
    };
    (0..config.bins).map(filter).collect()
}

const MEL_LINEAR_HZ: f64 = 200.0 / 3.0;
const MEL_BREAK_HZ: f64 = 1000.0;
const MEL_BREAK: f64 = MEL_BREAK_HZ / MEL_LINEAR_HZ;

fn mel_log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

fn mel_of_hz(hz: f64) -> f64 {
    if hz < MEL_BREAK_HZ {
        hz / MEL_LINEAR_HZ
    } else {
        MEL_BREAK + (hz / MEL_BREAK_HZ).ln() / mel_log_step()
    }
}

fn hz_of_mel(mel: f64) -> f64 {
    if mel < MEL_BREAK {
        mel * MEL_LINEAR_HZ
    } else {
        MEL_BREAK_HZ * ((mel - MEL_BREAK) * mel_log_step()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        config: CaseConfig,
        samples: Vec<f32>,
        mel: Vec<Vec<f32>>,
    }

    #[derive(Deserialize)]
    struct CaseConfig {
        sample_rate: u32,
        n_fft: usize,
        win_length: usize,
        hop_length: usize,
        n_mels: usize,
        fmin: f64,
        fmax: f64,
        floor: f64,
    }

    #[test]
    fn agrees_with_librosa_within_a_ten_thousandth() {
        let vectors: Vectors = serde_json::from_str(include_str!("../../reference/log_mel.json")).unwrap();
        assert!(!vectors.cases.is_empty());
        for case in vectors.cases {
            let config = LogMelConfig {
                sample_rate_hz: case.config.sample_rate,
                bins: case.config.n_mels,
                window_samples: case.config.win_length,
                hop_samples: case.config.hop_length,
                fft_samples: case.config.n_fft,
                low_hz: case.config.fmin,
                high_hz: case.config.fmax,
                floor: case.config.floor,
            };
            let found = LogMel::new(config).unwrap().spectrogram(&case.samples).unwrap();
            let expected: Vec<f32> = case.mel.concat();
            assert_eq!(found.len(), expected.len(), "{}", case.name);
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{} value {index}: {found} {expected}",
                    case.name
                );
            }
        }
    }

    #[test]
    fn a_signal_shorter_than_one_transform_has_no_frame() {
        let mut log_mel = LogMel::new(LogMelConfig::speech()).unwrap();
        assert_eq!(log_mel.frames(&[0.0; 511], &mut []).unwrap(), 0);
        assert_eq!(log_mel.frames(&[0.0; 512], &mut [0.0; 40]).unwrap(), 1);
        assert_eq!(log_mel.config().frames(log_mel.config().samples(160)), 160);
    }

    #[test]
    fn silence_is_the_logarithm_of_the_floor() {
        let frame = LogMel::new(LogMelConfig::speech())
            .unwrap()
            .spectrogram(&[0.0; 512])
            .unwrap();
        assert!(frame.iter().all(|value| (value - 1e-6_f32.ln()).abs() < 1e-6));
    }

    #[test]
    fn a_sample_that_is_not_finite_is_named() {
        let mut samples = vec![0.0; 600];
        samples[77] = f32::NAN;
        let error = LogMel::new(LogMelConfig::speech())
            .unwrap()
            .spectrogram(&samples)
            .unwrap_err();
        assert_eq!(error.to_string(), "sample 77 is not a finite number");
    }

    #[test]
    fn an_output_of_another_length_is_refused() {
        let error = LogMel::new(LogMelConfig::speech())
            .unwrap()
            .frames(&[0.0; 512], &mut [0.0; 39])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the log-mel output holds 39 values, expected 40"
        );
    }

    #[test]
    fn a_configuration_out_of_bounds_is_refused() {
        let check = |change: fn(&mut LogMelConfig)| {
            let mut config = LogMelConfig::speech();
            change(&mut config);
            assert!(matches!(LogMel::new(config), Err(LogMelError::Config { .. })));
        };
        check(|config| config.sample_rate_hz = 0);
        check(|config| config.bins = 0);
        check(|config| config.hop_samples = 0);
        check(|config| config.fft_samples = 399);
        check(|config| config.high_hz = 8001.0);
        check(|config| config.low_hz = f64::NAN);
        check(|config| config.floor = 0.0);
    }
}
