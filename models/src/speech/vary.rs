//! How a spectrogram is varied, so that a net hears more voices, rooms and speeds than there are recordings.
//!
//! # Source
//! Jaitly and Hinton 2013, "Vocal tract length perturbation"; Ko et al. 2015, "Audio augmentation for speech
//! recognition", for tempo; Park et al. 2019, "SpecAugment", for masks.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::audio::LogMelConfig;

/// How much is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variation {
    /// Largest change of tempo, as a natural logarithm.
    pub tempo: f32,
    /// Largest stretch of the frequencies, as a natural logarithm.
    pub warp: f32,
    /// Chance that noise is added, if there is noise.
    pub noise: f32,
    /// Least ratio of speech to noise, in dB; the largest is 35.
    pub ratio_db: f32,
    /// Chance that nothing is left above the band of a telephone.
    pub band: f32,
    /// Largest gain, up or down, in dB.
    pub gain_db: f32,
    /// Masks over frequencies, and bins of the widest.
    pub bin_masks: [usize; 2],
    /// Masks over time, and frames of the widest.
    pub frame_masks: [usize; 2],
}

/// Largest ratio of speech to noise, in dB.
const RATIO_DB_MAX: f32 = 35.0;
/// Widest mask over time, as a share of the sound.
const MASKED_MAX: f32 = 0.12;
/// Largest tilt of the spectrum from its middle to its ends, in nepers of energy.
const TILT: f32 = 0.6;

/// Least and largest frequency, in Hz, that a narrow band ends at.
const BAND_HZ: [f64; 2] = [3_000.0, 4_000.0];

/// What variations are made of.
#[derive(Clone, Debug)]
pub struct Varier {
    variation: Variation,
    bins: usize,
    /// Middle of each bin, in Hz.
    centres: Vec<f64>,
    /// A spectrogram of noise, `[frames, bins]`.
    noise: Vec<f32>,
    /// What a mask leaves.
    level: f32,
    floor: f32,
}

impl Varier {
    /// Prepares variations of spectrograms of these features.
    pub fn new(variation: Variation, features: &LogMelConfig, noise: Vec<f32>, level: f32) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "features are 32-bit floats")]
        let floor = features.floor.ln() as f32;
        Self {
            variation,
            bins: features.bins,
            centres: features.centres_hz(),
            noise,
            level,
            floor,
        }
    }

    /// Varies a spectrogram, which keeps at least so many frames.
    ///
    /// # Shapes
    /// `frames`: `[frames, bins]`, energies as natural logarithms.
    pub fn vary(&self, frames: &[f32], frames_min: usize, random: &mut impl Rng) -> Vec<f32> {
        let between = |random: &mut dyn Rng, most: f32| most * (2.0 * random.random::<f32>() - 1.0);
        let tempo = between(random, self.variation.tempo).exp();
        let mut x = self.timed(frames, tempo, frames_min);
        let stretch = between(random, self.variation.warp).exp();
        if self.variation.warp > 0.0 {
            self.warp(&mut x, f64::from(stretch));
        }
        if !self.noise.is_empty() && random.random::<f32>() < self.variation.noise {
            let low = self.variation.ratio_db;
            let ratio = low + (RATIO_DB_MAX - low) * random.random::<f32>();
            let first = random.random_range(0..self.noise.len() / self.bins);
            self.add_noise(&mut x, first, nepers(ratio));
        }
        let gain = nepers(between(random, self.variation.gain_db));
        let tilt = between(random, TILT);
        let middle = (self.bins as f32 - 1.0).max(1.0) / 2.0;
        for row in x.chunks_exact_mut(self.bins) {
            for (bin, value) in row.iter_mut().enumerate() {
                // Where there is nothing, as above the band of a recording, there is nothing to make louder.
                if *value > self.floor {
                    *value = (*value + gain + tilt * (bin as f32 / middle - 1.0)).max(self.floor);
                }
            }
        }
        if random.random::<f32>() < self.variation.band {
            let [low, high] = BAND_HZ;
            self.narrow(&mut x, low + (high - low) * random.random::<f64>());
        }
        self.mask(&mut x, random);
        x
    }

    /// The same at another tempo, by lines between frames.
    fn timed(&self, frames: &[f32], tempo: f32, frames_min: usize) -> Vec<f32> {
        let count = frames.len() / self.bins;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count by a factor is one"
        )]
        let wanted = ((count as f32 / tempo) as usize)
            .max(frames_min.min(count))
            .max(1);
        if wanted == count || count < 2 {
            return frames.to_vec();
        }
        let step = (count - 1) as f32 / (wanted - 1).max(1) as f32;
        let mut out = Vec::with_capacity(wanted * self.bins);
        for index in 0..wanted {
            let at = index as f32 * step;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is not below zero"
            )]
            let first = (at as usize).min(count - 2);
            let part = at - first as f32;
            let rows = frames[first * self.bins..].split_at(self.bins);
            let pairs = rows.0.iter().zip(&rows.1[..self.bins]);
            out.extend(pairs.map(|(a, b)| a + part * (b - a)));
        }
        out
    }

    /// Moves what is heard at a frequency to another.
    fn warp(&self, x: &mut [f32], stretch: f64) {
        let places: Vec<(usize, f32)> = self
            .centres
            .iter()
            .map(|centre| {
                let hz = centre * stretch;
                let behind = self.centres.partition_point(|known| *known < hz);
                let first = behind.saturating_sub(1).min(self.bins.saturating_sub(2));
                let (low, high) = (self.centres[first], self.centres[(first + 1).min(self.bins - 1)]);
                #[allow(clippy::cast_possible_truncation, reason = "a share")]
                let part = ((hz - low) / (high - low).max(1e-9)).clamp(0.0, 1.0) as f32;
                (first, part)
            })
            .collect();
        let mut before = vec![0.0; self.bins];
        for row in x.chunks_exact_mut(self.bins) {
            before.copy_from_slice(row);
            for (value, (first, part)) in row.iter_mut().zip(&places) {
                let next = before[(first + 1).min(self.bins - 1)];
                *value = before[*first] + part * (next - before[*first]);
            }
        }
    }

    /// Leaves nothing above a frequency.
    fn narrow(&self, x: &mut [f32], end_hz: f64) {
        let kept = self.centres.partition_point(|centre| *centre < end_hz);
        for row in x.chunks_exact_mut(self.bins) {
            row[kept..].fill(self.floor);
        }
    }

    /// Adds the energies of noise such that the loudest frames have this ratio, in nepers of energy.
    fn add_noise(&self, x: &mut [f32], first: usize, ratio: f32) {
        let count = self.noise.len() / self.bins;
        let row = |index: usize| &self.noise[(first + index) % count * self.bins..][..self.bins];
        let energy = |row: &[f32]| row.iter().map(|value| value.exp()).sum::<f32>();
        let length = x.len() / self.bins;
        let loudest = x.chunks_exact(self.bins).map(energy).fold(1e-9, f32::max);
        let noisiest = (0..length).map(|index| energy(row(index))).fold(1e-9, f32::max);
        let scale = (loudest / noisiest).ln() - ratio;
        for (index, frame) in x.chunks_exact_mut(self.bins).enumerate() {
            for (value, noise) in frame.iter_mut().zip(row(index)) {
                let (large, small) = if *value > noise + scale {
                    (*value, noise + scale)
                } else {
                    (noise + scale, *value)
                };
                *value = large + (small - large).exp().ln_1p();
            }
        }
    }

    fn mask(&self, x: &mut [f32], random: &mut impl Rng) {
        let count = x.len() / self.bins;
        let [masks, widest] = self.variation.bin_masks;
        for _ in 0..masks {
            let width = random.random_range(0..=widest.min(self.bins - 1));
            let first = random.random_range(0..self.bins - width);
            for row in x.chunks_exact_mut(self.bins) {
                row[first..first + width].fill(self.level);
            }
        }
        let [masks, widest] = self.variation.frame_masks;
        for _ in 0..masks {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a count is one"
            )]
            let widest = widest.min((MASKED_MAX * count as f32) as usize);
            let width = random.random_range(0..=widest);
            let first = random.random_range(0..=count - width);
            x[first * self.bins..(first + width) * self.bins].fill(self.level);
        }
    }
}

/// Decibels of energy as a natural logarithm.
fn nepers(decibels: f32) -> f32 {
    decibels * std::f32::consts::LN_10 / 10.0
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn variation() -> Variation {
        Variation {
            tempo: 0.0,
            warp: 0.0,
            noise: 0.0,
            ratio_db: 10.0,
            band: 0.0,
            gain_db: 0.0,
            bin_masks: [0, 0],
            frame_masks: [0, 0],
        }
    }

    fn varier(variation: Variation, noise: Vec<f32>) -> Varier {
        Varier::new(variation, &LogMelConfig::speech(), noise, -7.0)
    }

    /// A slope over frequency, the same in each frame.
    fn slope(frames: usize) -> Vec<f32> {
        (0..frames * 40).map(|index| (index % 40) as f32 / 10.0).collect()
    }

    #[test]
    fn tempo_changes_the_length_but_not_below_what_is_needed() {
        let varier = varier(variation(), Vec::new());
        assert_eq!(varier.timed(&slope(100), 2.0, 10).len(), 50 * 40);
        assert_eq!(varier.timed(&slope(100), 2.0, 80).len(), 80 * 40);
        assert_eq!(varier.timed(&slope(100), 0.5, 10).len(), 200 * 40);
        // Ends stay where they are, and the middle stays the middle.
        let rising: Vec<f32> = (0..101 * 40).map(|index| (index / 40) as f32).collect();
        let slower = varier.timed(&rising, 0.5, 1);
        let row = |index: usize| slower[index * 40];
        assert!(row(0).abs() < 1e-4 && (row(201) - 100.0).abs() < 1e-3 && (row(100) - 49.75).abs() < 0.3);
    }

    #[test]
    fn a_warp_moves_a_peak_to_the_frequency_it_says() {
        let varier = varier(variation(), Vec::new());
        let mut row = vec![0.0; 40];
        row[20] = 1.0;
        // What is heard at a centre is now heard at a lower one.
        varier.warp(&mut row, varier.centres[20] / varier.centres[18]);
        let peak = (0..40).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
        assert_eq!(peak, 18);
        assert!((row[18] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_left_above_a_band() {
        let varier = varier(variation(), Vec::new());
        let mut x = slope(3);
        varier.narrow(&mut x, 4_000.0);
        let kept = varier.centres.iter().filter(|centre| **centre < 4_000.0).count();
        assert!((20..39).contains(&kept));
        for (row, before) in x.chunks_exact(40).zip(slope(3).chunks_exact(40)) {
            assert_eq!(row[..kept], before[..kept]);
            assert!(
                row[kept..]
                    .iter()
                    .all(|value| (value - varier.floor).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn noise_is_as_loud_as_was_asked_for() {
        let varier = varier(variation(), vec![2.0; 40 * 7]);
        let mut x = vec![-13.0; 40 * 20];
        x[40 * 5..40 * 6].fill(1.0);
        varier.add_noise(&mut x, 3, nepers(20.0));
        // Far from the loud frame only the noise is heard: 20 dB below it.
        assert!((x[0] - (1.0 - nepers(20.0))).abs() < 1e-3);
        let sum = (1.0_f32.exp() * 1.01).ln();
        assert!((x[40 * 5] - sum).abs() < 1e-3);
    }

    #[test]
    fn equal_seeds_give_equal_sounds_and_nothing_is_below_the_floor() {
        let everything = Variation {
            tempo: 0.2,
            warp: 0.1,
            noise: 1.0,
            band: 0.5,
            gain_db: 10.0,
            bin_masks: [2, 6],
            frame_masks: [2, 15],
            ..variation()
        };
        let varier = varier(everything, slope(30));
        let vary = |seed: u64| varier.vary(&slope(90), 40, &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(vary(1), vary(1));
        assert_ne!(vary(1), vary(2));
        assert!(
            vary(3)
                .iter()
                .all(|value| *value >= varier.floor && value.is_finite())
        );
    }
}
