//! A whole clip at another sample rate.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Samples per call of the resampler: small enough for short clips, large enough for a sharp filter.
const CHUNK_SAMPLES: usize = 1024;

/// Why a clip could not be resampled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// A sample rate is zero, or the two are so far apart that the filter would not fit in memory.
    #[error("cannot resample from {from_hz} Hz to {to_hz} Hz")]
    Rate {
        /// Rate of the input, in Hz.
        from_hz: u32,
        /// Rate asked for, in Hz.
        to_hz: u32,
    },
    /// The resampler refused the clip.
    #[error("the resampler failed: {0}")]
    Resampler(#[from] rubato::ResampleError),
}

/// Returns `samples` at `to_hz`, `round(n * to_hz / from_hz)` of them, band-limited and without delay.
///
/// Equal rates return the samples unchanged.
///
/// # Errors
/// [`ResampleError::Rate`] for a rate outside 1 Hz to 768 kHz.
pub fn resample(samples: &[f32], from_hz: u32, to_hz: u32) -> Result<Vec<f32>, ResampleError> {
    const RATES_HZ: std::ops::RangeInclusive<u32> = 1..=768_000;
    if !RATES_HZ.contains(&from_hz) || !RATES_HZ.contains(&to_hz) {
        return Err(ResampleError::Rate { from_hz, to_hz });
    }
    if from_hz == to_hz || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    // An even number of input samples per call: of an odd one half a sample of the filter's delay would remain.
    let step = 2 * from_hz as usize / greatest_common_divisor(from_hz, to_hz) as usize;
    let chunk_samples = CHUNK_SAMPLES.next_multiple_of(step);
    let mut resampler = Fft::<f32>::new(
        from_hz as usize,
        to_hz as usize,
        chunk_samples,
        1,
        FixedSync::Both,
    )
    .map_err(|_| ResampleError::Rate { from_hz, to_hz })?;
    let Ok(input) = InterleavedSlice::new(samples, 1, samples.len()) else {
        return Ok(Vec::new());
    };
    let mut output = resampler.process_all(&input, samples.len(), None)?.take_data();
    output.resize(resampled_length(samples.len(), from_hz, to_hz), 0.0);
    Ok(output)
}

/// Returns `round(length * to / from)`.
fn resampled_length(length: usize, from_hz: u32, to_hz: u32) -> usize {
    let (from, to) = (u128::from(from_hz), u128::from(to_hz));
    let rounded = (length as u128 * to * 2 + from) / (2 * from);
    usize::try_from(rounded).unwrap_or(usize::MAX)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate_hz: u32, samples: usize) -> Vec<f32> {
        #[allow(clippy::cast_possible_truncation, reason = "a test signal is rounded to f32")]
        let narrow = |value: f64| value as f32;
        let step = std::f64::consts::TAU * hz / f64::from(rate_hz);
        (0..samples)
            .map(|index| narrow(0.5 * (step * index as f64).sin()))
            .collect()
    }

    /// Compares with the sine sampled at the new rate, away from the edges where the filter meets silence.
    fn check_sine(from_hz: u32, to_hz: u32) {
        let output = resample(&sine(440.0, from_hz, from_hz as usize), from_hz, to_hz).unwrap();
        let expected = sine(440.0, to_hz, to_hz as usize);
        assert_eq!(output.len(), expected.len());
        let margin = to_hz as usize / 10;
        for index in margin..output.len() - margin {
            let error = (output[index] - expected[index]).abs();
            assert!(
                error < 2e-3,
                "{from_hz} to {to_hz}, sample {index}: off by {error}"
            );
        }
    }

    #[test]
    fn a_sine_keeps_frequency_amplitude_and_phase() {
        for from_hz in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000] {
            check_sine(from_hz, 16_000);
        }
    }

    #[test]
    fn a_tone_above_half_the_new_rate_is_rejected() {
        let output = resample(&sine(10_000.0, 48_000, 48_000), 48_000, 16_000).unwrap();
        let loudest = output[1600..14_400]
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(loudest < 1e-3, "the alias reaches {loudest}");
    }

    #[test]
    fn the_length_is_the_rounded_ratio() {
        for (length, from_hz, to_hz, expected) in [
            (1, 44_100, 16_000, 0),
            (441, 44_100, 16_000, 160),
            (3, 8_000, 16_000, 6),
            (5, 48_000, 16_000, 2),
        ] {
            assert_eq!(
                resample(&vec![0.1; length], from_hz, to_hz).unwrap().len(),
                expected
            );
        }
        assert!(resample(&[], 8_000, 16_000).unwrap().is_empty());
    }

    #[test]
    fn a_rate_of_zero_is_refused() {
        assert!(matches!(
            resample(&[0.0], 0, 16_000),
            Err(ResampleError::Rate { .. })
        ));
    }
}
