//! Disturbances of sound: what a microphone, a room and a kitchen do to a word before a net hears it.
//!
//! Every function draws from the generator passed in and from nothing else, so equal seeds give equal sounds.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places in a sound are computed in floating point and cut to whole samples"
)]

use std::sync::Arc;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Returns `decibels` as a factor on amplitudes.
pub fn amplitude(decibels: f32) -> f32 {
    10.0_f32.powf(decibels / 20.0)
}

/// Returns the root of the mean square; zero for no samples.
pub fn rms(samples: &[f32]) -> f32 {
    let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
    (energy / samples.len().max(1) as f32).sqrt()
}

/// Plays `samples` `factor` times as fast, pitch included, by cubic interpolation.
///
/// # Source
/// Catmull and Rom, "A class of local interpolating splines", 1974.
pub fn speed(samples: &[f32], factor: f32) -> Vec<f32> {
    let length = (samples.len() as f32 / factor) as usize;
    let at = |index: isize| samples[index.clamp(0, samples.len() as isize - 1) as usize];
    let interpolate = |output: usize| {
        let position = output as f32 * factor;
        let (index, fraction) = (position as isize, position.fract());
        let (a, b, c, d) = (at(index - 1), at(index), at(index + 1), at(index + 2));
        let (linear, square) = (c - a, 2.0 * a - 5.0 * b + 4.0 * c - d);
        let cube = 3.0 * (b - c) + d - a;
        b + 0.5 * fraction * (linear + fraction * (square + fraction * cube))
    };
    if samples.is_empty() {
        Vec::new()
    } else {
        (0..length).map(interpolate).collect()
    }
}

/// Tilts the spectrum with one pole at `pole`, in -1..1: above zero darker, below zero brighter.
pub fn colour(samples: &mut [f32], pole: f32) {
    let mut state = 0.0;
    for sample in samples {
        state = (1.0 - pole.abs()) * *sample + pole * state;
        *sample = state;
    }
}

/// Takes away what lies above `cutoff_hz`, by a second-order Butterworth low-pass run twice.
///
/// # Source
/// R. Bristow-Johnson, "Audio EQ cookbook", low-pass with Q = 1 / sqrt 2.
pub fn low_pass(samples: &mut [f32], cutoff_hz: f32, rate_hz: f32) {
    let omega = std::f32::consts::TAU * cutoff_hz / rate_hz;
    let alpha = omega.sin() * std::f32::consts::FRAC_1_SQRT_2;
    let (a0, a1, a2) = (1.0 + alpha, -2.0 * omega.cos(), 1.0 - alpha);
    let b1 = 1.0 - omega.cos();
    for _ in 0..2 {
        let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
        for sample in &mut *samples {
            let output = (b1 * (0.5 * *sample + x1 + 0.5 * x2) - a1 * y1 - a2 * y2) / a0;
            (x2, x1, y2, y1) = (x1, *sample, y1, output);
            *sample = output;
        }
    }
}

/// Adds rooms to sounds of bounded length; keeps the transforms it needs.
#[derive(Clone)]
pub struct Reverberator {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Reverberator {
    /// Prepares for sounds whose length and tail together do not exceed `samples_max`.
    pub fn new(samples_max: usize) -> Self {
        let mut planner = RealFftPlanner::<f32>::new();
        let size = samples_max.next_power_of_two();
        Self {
            forward: planner.plan_fft_forward(size),
            inverse: planner.plan_fft_inverse(size),
        }
    }

    /// Convolves `samples` with noise that decays by 60 dB in `decay_s`, the tail `level` below the direct path.
    ///
    /// # Source
    /// Moorer, "About this reverberation business", 1979: late reverberation as exponentially decaying noise.
    pub fn add(&self, samples: &mut [f32], room: Room, random: &mut ChaCha8Rng) {
        let tail = (room.decay_s * room.rate_hz) as usize;
        let decay = -6.9 / tail.max(1) as f32;
        let mut response: Vec<f32> = (0..tail)
            .map(|index| random.random_range(-1.0..1.0_f32) * (decay * index as f32).exp())
            .collect();
        let energy: f32 = response.iter().map(|value| value * value).sum::<f32>().sqrt();
        let scale = room.level / energy.max(1e-9);
        response.iter_mut().for_each(|value| *value *= scale);
        if let Some(first) = response.first_mut() {
            *first = 1.0;
            self.convolve(samples, &response);
        }
    }

    /// Replaces `samples` by the first `samples.len()` values of their convolution with `response`.
    fn convolve(&self, samples: &mut [f32], response: &[f32]) {
        let size = self.forward.len();
        let spectrum = |values: &[f32]| {
            let mut padded = vec![0.0; size];
            padded[..values.len()].copy_from_slice(values);
            let mut spectrum = self.forward.make_output_vec();
            self.forward
                .process(&mut padded, &mut spectrum)
                .map(|()| spectrum)
        };
        let (Ok(mut product), Ok(other)) = (spectrum(samples), spectrum(response)) else {
            return;
        };
        for (value, factor) in product.iter_mut().zip(&other) {
            *value *= factor / size as f32;
        }
        let mut output = vec![0.0; size];
        if self.inverse.process(&mut product, &mut output).is_ok() {
            samples.copy_from_slice(&output[..samples.len()]);
        }
    }
}

/// A room for a [`Reverberator`].
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Time in which the sound decays by 60 dB, in seconds.
    pub decay_s: f32,
    /// Energy of the tail over that of the direct path, as a factor on amplitudes.
    pub level: f32,
    /// Samples per second.
    pub rate_hz: f32,
}

/// Returns `length` samples of white noise with a root mean square near 1.
pub fn white_noise(length: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    (0..length)
        .map(|_| random.random_range(-1.0..1.0_f32) * 3.0_f32.sqrt())
        .collect()
}

/// Returns `length` samples of noise whose power falls with frequency.
pub fn brown_noise(length: usize, random: &mut ChaCha8Rng) -> Vec<f32> {
    let mut noise = white_noise(length, random);
    colour(&mut noise, random.random_range(0.8..0.99));
    noise
}

/// Adds `noise` to `samples` so that the ratio of their powers is `snr_db`; `power` is the root mean square of
/// what counts as signal.
pub fn mix(samples: &mut [f32], noise: &[f32], power: f32, snr_db: f32) {
    let scale = power / (rms(noise).max(1e-9) * amplitude(snr_db));
    for (sample, noise) in samples.iter_mut().zip(noise) {
        *sample += scale * noise;
    }
}

/// Blanks up to two bands and two stretches of a log-mel window with its mean.
///
/// # Source
/// Park et al., "SpecAugment", 2019, without time warping.
pub fn spec_augment(window: &mut [f32], bins: usize, random: &mut ChaCha8Rng) {
    const BAND_BINS_MAX: usize = 6;
    const STRETCH_FRAMES_MAX: usize = 14;
    let frames = window.len() / bins;
    let mean = window.iter().sum::<f32>() / window.len() as f32;
    for _ in 0..random.random_range(0..=2) {
        let width = random.random_range(1..=BAND_BINS_MAX.min(bins));
        let start = random.random_range(0..=bins - width);
        window
            .chunks_exact_mut(bins)
            .for_each(|frame| frame[start..start + width].fill(mean));
    }
    for _ in 0..random.random_range(0..=2) {
        let length = random.random_range(1..=STRETCH_FRAMES_MAX.min(frames));
        let start = random.random_range(0..=frames - length);
        window[start * bins..(start + length) * bins].fill(mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const RATE_HZ: f32 = 16_000.0;

    fn sine(hz: f32, length: usize) -> Vec<f32> {
        (0..length)
            .map(|index| (std::f32::consts::TAU * hz * index as f32 / RATE_HZ).sin())
            .collect()
    }

    #[test]
    fn speed_scales_the_frequency_and_the_length() {
        let fast = speed(&sine(300.0, 8_000), 1.1);
        let expected = sine(330.0, fast.len());
        assert_eq!(fast.len(), 7_272);
        for index in 2..fast.len() - 4 {
            assert!((fast[index] - expected[index]).abs() < 2e-3, "sample {index}");
        }
    }

    #[test]
    fn the_low_pass_keeps_low_tones_and_removes_high_ones() {
        let gain = |hz: f32| {
            let mut tone = sine(hz, 8_000);
            low_pass(&mut tone, 3_400.0, RATE_HZ);
            rms(&tone[1_000..]) / rms(&sine(hz, 8_000))
        };
        assert!((gain(300.0) - 1.0).abs() < 0.02);
        assert!((gain(3_400.0) - 0.5).abs() < 0.02, "twice 3 dB at the cut-off");
        assert!(gain(7_000.0) < 0.02);
    }

    #[test]
    fn noise_is_mixed_at_the_ratio_asked_for() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let clean = sine(500.0, 16_000);
        let mut noisy = clean.clone();
        mix(&mut noisy, &white_noise(16_000, &mut random), rms(&clean), 10.0);
        let noise: Vec<f32> = noisy
            .iter()
            .zip(&clean)
            .map(|(noisy, clean)| noisy - clean)
            .collect();
        let ratio_db = 20.0 * (rms(&clean) / rms(&noise)).log10();
        assert!((ratio_db - 10.0).abs() < 0.01);
    }

    #[test]
    fn convolution_equals_the_sum_it_stands_for() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let (signal, response) = (white_noise(300, &mut random), white_noise(40, &mut random));
        let mut found = signal.clone();
        Reverberator::new(340).convolve(&mut found, &response);
        for (index, found) in found.iter().enumerate() {
            let sum: f32 = (0..=index.min(39))
                .map(|lag| response[lag] * signal[index - lag])
                .sum();
            assert!((found - sum).abs() < 1e-3);
        }
    }

    #[test]
    fn spec_augment_blanks_with_the_mean_and_changes_nothing_else() {
        let original: Vec<f32> = (0..160 * 40).map(|index| index as f32).collect();
        let mean = original.iter().sum::<f32>() / original.len() as f32;
        let mut blanked = 0;
        for seed in 0..20 {
            let mut window = original.clone();
            spec_augment(&mut window, 40, &mut ChaCha8Rng::seed_from_u64(seed));
            for (new, old) in window.iter().zip(&original) {
                let kept = new.to_bits() == old.to_bits();
                assert!(kept || new.to_bits() == mean.to_bits());
                blanked += usize::from(!kept);
            }
        }
        assert!((6_400..64_000).contains(&blanked), "{blanked} of 128000");
    }
}
