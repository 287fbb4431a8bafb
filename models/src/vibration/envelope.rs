//! Squared envelopes of bands, their spectra, and the kurtogram: all from one transform of the waveform.
//!
//! The squared magnitude of an analytic signal does not change when its band is moved along the axis of frequencies, and it
//! holds no frequency above the width of the band. So a band of `b` bins is moved to the beginning of a spectrum of little
//! more than `2 b` points and transformed back from there: what is computed is what the whole length would give, sampled
//! less often, with its mean, the mean of its square and its spectrum exact. The kurtogram's 23 bands cost five transforms
//! of the waveform and not 23.

use realfft::num_complex::Complex;
use serde::{Deserialize, Serialize};

use super::fourier::bin;
use super::{Transforms, VibrationError, fast_length};

/// Into how many equal bands each level of the kurtogram cuts the spectrum.
pub const KURTOGRAM_PARTS: [u32; 5] = [2, 3, 4, 6, 8];

/// The smallest magnitude of a bin that whitening brings to 1, as a share of the largest.
const WHITENED_MIN: f64 = 1e-12;

/// A band of frequencies: from the lower edge to below the upper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lower edge, in Hz.
    pub low_hz: f64,
    /// Upper edge, in Hz.
    pub high_hz: f64,
}

/// Which spectrum a band is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// That of the waveform.
    Waveform,
    /// The same with all magnitudes 1, so that neither resonances nor tones outweigh the rest: cepstrum pre-whitening.
    Whitened,
}

/// The most impulsive band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kurtogram {
    /// Where it lies.
    pub band: Band,
    /// Excess kurtosis of its complex envelope: 0 for normal noise, -1 for a tone.
    pub kurtosis: f64,
}

/// Envelopes of waveforms of one length and rate.
pub struct Envelopes {
    rate_hz: f64,
    transforms: Transforms,
    signal: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    whitened: Vec<Complex<f64>>,
    bins: Vec<Complex<f64>>,
    real: Vec<f64>,
    imaginary: Vec<f64>,
    amplitudes: Vec<f64>,
}

impl Envelopes {
    /// Plans for waveforms of so many samples.
    ///
    /// # Errors
    /// [`VibrationError::TooShort`] below 16 samples, [`VibrationError::Setting`] for a rate that is not above 0.
    pub fn new(samples: usize, rate_hz: f64) -> Result<Self, VibrationError> {
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
        let bins = samples / 2 + 1;
        Ok(Self {
            rate_hz,
            transforms: Transforms::default(),
            signal: vec![0.0; samples],
            spectrum: vec![Complex::default(); bins],
            whitened: vec![Complex::default(); bins],
            bins: Vec::new(),
            real: Vec::new(),
            imaginary: Vec::new(),
            amplitudes: vec![0.0; bins],
        })
    }

    /// Bytes that such a plan holds, about.
    pub fn bytes(samples: usize) -> u64 {
        // Signals, spectra, bins of the longest band, and twiddles of the lengths of the bands.
        60 * 8 * samples as u64
    }

    /// Distance between two bins of spectra, in Hz.
    pub fn step_hz(&self) -> f64 {
        self.rate_hz / self.signal.len() as f64
    }

    /// Takes a waveform; its mean is removed.
    ///
    /// # Errors
    /// [`VibrationError::Length`] for another number of samples.
    pub fn load(&mut self, samples: &[f64]) -> Result<(), VibrationError> {
        if samples.len() != self.signal.len() {
            return Err(VibrationError::Length {
                expected: self.signal.len(),
                found: samples.len(),
            });
        }
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let centred = samples.iter().zip(&mut self.signal);
        centred.for_each(|(sample, out)| *out = sample - mean);
        self.transforms.forward(&mut self.signal, &mut self.spectrum)?;
        let largest = self.spectrum.iter().map(|bin| bin.norm()).fold(0.0, f64::max);
        let least = largest * WHITENED_MIN;
        // The first bin holds the rounding of the mean alone, and stays 0.
        for (white, bin) in self.whitened.iter_mut().zip(&self.spectrum).skip(1) {
            *white = match bin.norm().max(least) {
                magnitude if magnitude > 0.0 => bin / magnitude,
                _ => Complex::default(),
            };
        }
        Ok(())
    }

    /// The spectrum of the waveform about its mean: `1 + n / 2` bins.
    pub fn spectrum(&self) -> &[Complex<f64>] {
        &self.spectrum
    }

    /// The waveform about its mean with all magnitudes of its spectrum brought to 1.
    ///
    /// # Source
    /// Borghesani, Pennacchi, Randall, Sawalhi and Ricci 2013, "Application of cepstrum pre-whitening for the diagnosis of
    /// bearing faults under variable speed conditions", equation 3.
    ///
    /// # Errors
    /// [`VibrationError::Transform`], which a plan of this length rules out.
    pub fn whitened(&mut self) -> Result<&[f64], VibrationError> {
        self.bins.clear();
        self.bins.extend_from_slice(&self.whitened);
        let samples = self.signal.len();
        make_real(&mut self.bins, samples);
        self.transforms.inverse(&mut self.bins, &mut self.signal)?;
        let scale = 1.0 / samples as f64;
        self.signal.iter_mut().for_each(|sample| *sample *= scale);
        Ok(&self.signal)
    }

    /// The squared envelope of a band, one value for each sample of the waveform, in the square of its unit: the squared
    /// magnitude of the analytic signal of what an ideal filter lets pass.
    ///
    /// # Errors
    /// [`VibrationError::Setting`] for a band without bins.
    pub fn squared(&mut self, source: Source, band: Band) -> Result<&[f64], VibrationError> {
        let samples = self.signal.len();
        self.envelope(source, band, Some(samples))
    }

    /// The spectrum of the squared envelope of a band: amplitudes as shares of its mean, so that they have no unit, under a
    /// periodic Hann window; `1 + n / 2` bins.
    ///
    /// # Errors
    /// As [`Envelopes::squared`].
    pub fn envelope_spectrum(&mut self, source: Source, band: Band) -> Result<&[f64], VibrationError> {
        let width = self.range(band)?.len();
        let points = self.envelope(source, band, None)?.len();
        self.bins.clear();
        self.bins.resize(points / 2 + 1, Complex::default());
        let mean = self.real.iter().sum::<f64>() / points as f64;
        self.amplitudes.fill(0.0);
        if mean <= 0.0 {
            return Ok(&self.amplitudes);
        }
        self.transforms.forward(&mut self.real, &mut self.bins)?;
        // Beyond its width the envelope has no frequency, and its mean was removed.
        self.bins[0] = Complex::default();
        self.bins
            .iter_mut()
            .skip(width)
            .for_each(|bin| *bin = Complex::default());
        // A Hann window is three bins of the spectrum: a half, and a quarter taken on either side.
        let at = |index: usize| self.bins.get(index).copied().unwrap_or_default();
        let scale = 4.0 / (points as f64 * mean);
        let inside = self.amplitudes.iter_mut().enumerate().take(width + 1);
        for (index, amplitude) in inside {
            let before = match index {
                0 => at(1).conj(),
                index => at(index - 1),
            };
            let windowed = at(index) * 0.5 - (before + at(index + 1)) * 0.25;
            *amplitude = scale * windowed.norm();
        }
        Ok(&self.amplitudes)
    }

    /// The most impulsive of the bands that cut the spectrum into 2, 3, 4, 6 and 8 equal parts: the one whose complex
    /// envelope has the largest excess kurtosis, the first of equals; none for a waveform without any variation.
    ///
    /// # Source
    /// Antoni 2007, "Fast computation of the kurtogram for the detection of transient faults", section 3.2, for the tree,
    /// whose filters are ideal here; Antoni 2006, "The spectral kurtosis: a useful tool for characterising non-stationary
    /// signals", equation 11, for the kurtosis of a complex envelope.
    ///
    /// # Errors
    /// [`VibrationError::Transform`], which the plans rule out.
    pub fn kurtogram(&mut self) -> Result<Option<Kurtogram>, VibrationError> {
        let mut best: Option<Kurtogram> = None;
        for parts in KURTOGRAM_PARTS {
            let edge = |part: u32| f64::from(part) * self.rate_hz / 2.0 / f64::from(parts);
            let bands: [Band; 8] = std::array::from_fn(|part| {
                let part = u32::try_from(part).unwrap_or(0);
                Band {
                    low_hz: edge(part),
                    high_hz: edge(part + 1),
                }
            });
            for band in bands.into_iter().take(parts as usize) {
                let Some(kurtosis) = self.kurtosis(band)? else {
                    continue;
                };
                if best.is_none_or(|best| kurtosis > best.kurtosis) {
                    best = Some(Kurtogram { band, kurtosis });
                }
            }
        }
        Ok(best)
    }

    /// The excess kurtosis of the complex envelope of a band; none for one without power or bins.
    fn kurtosis(&mut self, band: Band) -> Result<Option<f64>, VibrationError> {
        if self.range(band).is_err() {
            return Ok(None);
        }
        let envelope = self.envelope(Source::Waveform, band, None)?;
        let (mut sum, mut squares) = (0.0, 0.0);
        for value in envelope {
            sum += value;
            squares += value * value;
        }
        let kurtosis = squares * envelope.len() as f64 / (sum * sum) - 2.0;
        Ok(kurtosis.is_finite().then_some(kurtosis))
    }

    /// The bins of a band, without that of the mean and the last of an even length.
    fn range(&self, band: Band) -> Result<std::ops::Range<usize>, VibrationError> {
        let samples = self.signal.len();
        let first_from = |edge_hz: f64| {
            let place = edge_hz.max(0.0) * samples as f64 / self.rate_hz;
            bin(place.ceil()).clamp(1, samples.div_ceil(2))
        };
        let range = first_from(band.low_hz)..first_from(band.high_hz);
        match range.is_empty() {
            true => Err(VibrationError::Setting {
                fault: "the band holds no bin of the spectrum",
            }),
            false => Ok(range),
        }
    }

    /// Writes the squared envelope of a band into `real`: at all samples, or at as many points as its spectrum needs.
    fn envelope(
        &mut self,
        source: Source,
        band: Band,
        points: Option<usize>,
    ) -> Result<&[f64], VibrationError> {
        let range = self.range(band)?;
        let points = points.unwrap_or_else(|| fast_length(2 * range.len() + 2));
        let taken = match source {
            Source::Waveform => &self.spectrum[range],
            Source::Whitened => &self.whitened[range],
        };
        self.real.resize(points, 0.0);
        self.imaginary.resize(points, 0.0);
        // The first bin stays empty, since it and the last must be real; where the band lies is of no matter.
        let mut part = |turn: Complex<f64>, out: &mut Vec<f64>| {
            self.bins.clear();
            self.bins.push(Complex::default());
            self.bins.extend(taken.iter().map(|bin| bin * turn));
            self.bins.resize(points / 2 + 1, Complex::default());
            self.transforms.inverse(&mut self.bins, out)
        };
        part(Complex::new(1.0, 0.0), &mut self.real)?;
        part(Complex::new(0.0, -1.0), &mut self.imaginary)?;
        let scale = (1.0 / self.signal.len() as f64).powi(2);
        let pairs = self.real.iter_mut().zip(&self.imaginary);
        pairs.for_each(|(real, imaginary)| *real = scale * (*real * *real + imaginary * imaginary));
        Ok(&self.real)
    }
}

/// Takes the imaginary parts that a real signal cannot have.
pub(super) fn make_real(bins: &mut [Complex<f64>], samples: usize) {
    if let Some(first) = bins.first_mut() {
        first.im = 0.0;
    }
    if samples.is_multiple_of(2)
        && let Some(last) = bins.last_mut()
    {
        last.im = 0.0;
    }
}
