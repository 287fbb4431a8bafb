//! Severity of vibration: the velocity that belongs to an acceleration.

use realfft::num_complex::Complex;

use super::{Band, Transforms, VibrationError, hann};

/// Standard gravity, in m/s2.
pub const STANDARD_GRAVITY: f64 = 9.806_65;

/// The root mean square of the velocity within a band, in mm/s, of an acceleration in m/s2.
///
/// Each bin of the spectrum, under a Hann window, is divided by its angular frequency: no filter has to settle, and a drift
/// below the band does not count.
///
/// # Source
/// ISO 20816-1 (2016), section 4.3, for the root mean square of velocity, in general from 10 to 1,000 Hz.
///
/// # Errors
/// [`VibrationError::TooShort`] for fewer than 16 samples.
pub fn velocity_rms(
    acceleration: &[f64],
    (rate_hz, band): (f64, Band),
    transforms: &mut Transforms,
) -> Result<f64, VibrationError> {
    let samples = acceleration.len();
    if samples < 16 {
        return Err(VibrationError::TooShort {
            needed: 16,
            found: samples,
        });
    }
    let mean = acceleration.iter().sum::<f64>() / samples as f64;
    let window = hann(samples);
    let power: f64 = window.iter().map(|weight| weight * weight).sum();
    let pairs = acceleration.iter().zip(&window);
    let mut windowed: Vec<f64> = pairs.map(|(sample, weight)| (sample - mean) * weight).collect();
    let mut bins = vec![Complex::default(); samples / 2 + 1];
    transforms.forward(&mut windowed, &mut bins)?;
    let mut sum = 0.0;
    for (index, bin) in bins.iter().enumerate().skip(1) {
        let hz = index as f64 * rate_hz / samples as f64;
        if (band.low_hz..=band.high_hz).contains(&hz) {
            sum += bin.norm_sqr() / (std::f64::consts::TAU * hz).powi(2);
        }
    }
    Ok(1e3 * (2.0 * sum / (samples as f64 * power)).sqrt())
}
