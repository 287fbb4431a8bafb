//! Moments of a waveform.

/// What a waveform is like, about its mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Mean, in the unit of the waveform.
    pub mean: f64,
    /// Root of the mean square about the mean.
    pub rms: f64,
    /// Largest magnitude about the mean.
    pub peak: f64,
    /// Peak over root mean square; 0 for a constant. The square root of 2 for a sine.
    pub crest_factor: f64,
    /// Fourth moment over the square of the second, about the mean; 0 for a constant, 3 for a normal distribution, 1.5 for a
    /// sine.
    pub kurtosis: f64,
}

impl Statistics {
    /// Those of a waveform; all 0 without samples.
    pub fn of(samples: &[f64]) -> Self {
        if samples.is_empty() {
            return Self::default();
        }
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let (mut second, mut fourth, mut peak) = (0.0, 0.0, 0.0_f64);
        for sample in samples {
            let deviation = sample - mean;
            let square = deviation * deviation;
            second += square;
            fourth += square * square;
            peak = peak.max(deviation.abs());
        }
        let (second, fourth) = (second / count, fourth / count);
        let rms = second.sqrt();
        let [crest_factor, kurtosis] = match second > 0.0 {
            true => [peak / rms, fourth / (second * second)],
            false => [0.0, 0.0],
        };
        Self {
            mean,
            rms,
            peak,
            // Squares of the smallest numbers may vanish where the numbers do not.
            crest_factor: finite(crest_factor),
            kurtosis: finite(kurtosis),
        }
    }
}

fn finite(value: f64) -> f64 {
    match value.is_finite() {
        true => value,
        false => 0.0,
    }
}
