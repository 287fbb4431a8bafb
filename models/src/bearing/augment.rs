//! A window as it could have been: another speed, more noise, another gain.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How far windows are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Variation {
    /// Largest change of the speed, as a share.
    pub(super) speed: f64,
    /// Least and largest ratio of signal to noise, in dB.
    pub(super) ratio_db: (f64, f64),
    /// Standard deviation of the gain, as a natural logarithm.
    pub(super) gain: f64,
    /// Standard deviation of the error of the stated speed, as a share.
    pub(super) speed_error: f64,
}

/// A changed window and the speed that is stated for it, in turns a second.
pub(super) fn vary(
    window: &[f64],
    (shaft_hz, rms): (f64, f64),
    variation: &Variation,
    seed: (u64, u64),
) -> (Vec<f64>, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed.0 ^ 0xBEA2_1146);
    random.set_stream(seed.1);
    let factor = 1.0 + variation.speed * (2.0 * random.random::<f64>() - 1.0);
    let (low, high) = variation.ratio_db;
    let ratio_db = low + (high - low) * random.random::<f64>();
    let noise = rms * 10.0_f64.powf(-ratio_db / 20.0);
    let gain = (variation.gain * normal(&mut random)).exp();
    let sample = |index: usize| {
        // What is played faster is too short by a few samples; it goes on from the beginning.
        let place = index as f64 * factor % window.len() as f64;
        let before = place.floor();
        let share = place - before;
        let at = |place: usize| window[place % window.len()];
        let index = whole(before);
        at(index) * (1.0 - share) + at(index + 1) * share
    };
    let mut varied: Vec<f64> = (0..window.len()).map(sample).collect();
    for sample in &mut varied {
        *sample = gain * (*sample + noise * normal(&mut random));
    }
    let stated = shaft_hz * factor * (1.0 + variation.speed_error * normal(&mut random));
    (varied, stated)
}

/// A normal number of mean 0 and deviation 1.
///
/// # Source
/// Box and Muller 1958.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (1.0 - random.random::<f64>(), random.random::<f64>());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a window is one"
)]
fn whole(place: f64) -> usize {
    place as usize
}
