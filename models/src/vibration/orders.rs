//! Time counted in turns of the shaft: what is bound to its angle keeps its place while its speed changes.
//!
//! # Source
//! Fyfe and Munck 1997, "Analysis of computed order tracking", section 2, with linear interpolation of the times at equal
//! angles and a cubic spline through the waveform.

use realfft::num_complex::Complex;

use super::envelope::make_real;
use super::fourier::bin;
use super::spline::{curvatures, value};
use super::{Transforms, VibrationError, hann};

/// Most samples of a turn.
pub const SAMPLES_PER_TURN_MAX: usize = 4096;

/// How a waveform between two angles is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// Along straight lines.
    Linear,
    /// Along a cubic spline.
    Cubic,
}

/// The turns of the shaft since the first sample, from its speed at each sample in turns per second: the trapezoidal rule.
///
/// # Errors
/// [`VibrationError::Setting`] for a speed that is not above 0, or a rate that is not.
pub fn turns(speed_hz: &[f64], rate_hz: f64) -> Result<Vec<f64>, VibrationError> {
    let is_positive = |value: &f64| value.is_finite() && *value > 0.0;
    if !speed_hz.iter().all(is_positive) || !is_positive(&rate_hz) {
        return Err(VibrationError::Setting {
            fault: "the speed of the shaft and the sample rate must be above 0",
        });
    }
    let mut sum = 0.0;
    let steps = speed_hz
        .windows(2)
        .map(|pair| (pair[0] + pair[1]) / 2.0 / rate_hz);
    let after = steps.map(|step| {
        sum += step;
        sum
    });
    Ok(std::iter::once(0.0).chain(after).take(speed_hz.len()).collect())
}

/// A waveform at equal angles, whole turns of it, and how many there are.
///
/// What is faster than half of `per_turn` times a turn must have been filtered out before ([`low_pass`]).
///
/// # Errors
/// [`VibrationError::Length`] for turns of another length, [`VibrationError::TooShort`] for less than a turn,
/// [`VibrationError::Setting`] for `per_turn` outside of 2 to [`SAMPLES_PER_TURN_MAX`].
pub fn at_equal_angles(
    samples: &[f64],
    turns: &[f64],
    (per_turn, interpolation): (usize, Interpolation),
) -> Result<(Vec<f64>, usize), VibrationError> {
    if samples.len() != turns.len() {
        return Err(VibrationError::Length {
            expected: samples.len(),
            found: turns.len(),
        });
    }
    if !(2..=SAMPLES_PER_TURN_MAX).contains(&per_turn) {
        return Err(VibrationError::Setting {
            fault: "a turn has from 2 to 4096 samples",
        });
    }
    let whole = bin(turns.last().copied().unwrap_or(0.0).floor());
    if whole == 0 {
        return Err(VibrationError::TooShort {
            needed: samples.len() + 1,
            found: samples.len(),
        });
    }
    let bends = match interpolation {
        Interpolation::Linear => vec![0.0; samples.len()],
        Interpolation::Cubic => curvatures(samples),
    };
    let places = Places {
        turns,
        index: 0,
        next: 0,
        count: whole * per_turn,
        per_turn,
    };
    let read = |place| value(samples, &bends, place);
    Ok((places.map(read).collect(), whole))
}

/// Where equal angles lie between samples.
struct Places<'a> {
    turns: &'a [f64],
    index: usize,
    next: usize,
    count: usize,
    per_turn: usize,
}

impl Iterator for Places<'_> {
    type Item = (usize, f64);

    fn next(&mut self) -> Option<(usize, f64)> {
        if self.next == self.count {
            return None;
        }
        let wanted = self.next as f64 / self.per_turn as f64;
        self.next += 1;
        while self.index + 2 < self.turns.len() && self.turns[self.index + 1] <= wanted {
            self.index += 1;
        }
        let (before, after) = (self.turns[self.index], self.turns[self.index + 1]);
        Some((self.index, (wanted - before) / (after - before)))
    }
}

/// Amplitudes by order of a waveform at equal angles of `whole` turns, under a periodic Hann window: bin `k` is order
/// `k / whole`, and a sine of amplitude 1 whose order is a bin has 1 there.
///
/// # Errors
/// [`VibrationError::TooShort`] without samples.
pub fn order_spectrum(samples: &[f64], transforms: &mut Transforms) -> Result<Vec<f64>, VibrationError> {
    if samples.len() < 2 {
        return Err(VibrationError::TooShort {
            needed: 2,
            found: samples.len(),
        });
    }
    let window = hann(samples.len());
    let scale = 2.0 / window.iter().sum::<f64>();
    let mut windowed: Vec<f64> = samples
        .iter()
        .zip(&window)
        .map(|(sample, weight)| sample * weight)
        .collect();
    let mut bins = vec![Complex::default(); samples.len() / 2 + 1];
    transforms.forward(&mut windowed, &mut bins)?;
    Ok(bins.iter().map(|bin| scale * bin.norm()).collect())
}

/// A waveform without anything above a frequency, by an ideal filter.
///
/// # Errors
/// [`VibrationError::TooShort`] for fewer than 2 samples.
pub fn low_pass(
    samples: &[f64],
    (rate_hz, to_hz): (f64, f64),
    transforms: &mut Transforms,
) -> Result<Vec<f64>, VibrationError> {
    if samples.len() < 2 {
        return Err(VibrationError::TooShort {
            needed: 2,
            found: samples.len(),
        });
    }
    let mut signal = samples.to_vec();
    let mut bins = vec![Complex::default(); samples.len() / 2 + 1];
    transforms.forward(&mut signal, &mut bins)?;
    let kept = bin((to_hz * samples.len() as f64 / rate_hz).floor()) + 1;
    bins.iter_mut()
        .skip(kept)
        .for_each(|bin| *bin = Complex::default());
    make_real(&mut bins, samples.len());
    transforms.inverse(&mut bins, &mut signal)?;
    let scale = 1.0 / samples.len() as f64;
    signal.iter_mut().for_each(|sample| *sample *= scale);
    Ok(signal)
}
