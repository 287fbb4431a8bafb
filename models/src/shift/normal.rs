//! What is learnt of a sensor from normal rows, and how far means of few rows may then lie from the learnt one.

use super::config::{SensorKind, ShiftConfig};
use super::student::Student;

/// Lags of the autocorrelation that are summed up, at most.
const LAGS_MAX: usize = 200;
/// The resolution of a sensor that never changed.
const RESOLUTION_OF_CONSTANT: f64 = 1e-3;

/// What is learnt of a sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Normal {
    /// Mean of the values.
    pub mean: f64,
    /// Mean square of what lies beside it.
    pub variance: f64,
    /// How long values hang together: the sum of the autocorrelation over its first positive lags, 0 or more.
    pub correlation: f64,
    /// The smallest step between two different values, above 0.
    pub resolution: f64,
    /// The middle value.
    pub median: f64,
    /// The third quartile less the first, 0 or more.
    pub interquartile: f64,
    /// Root of the mean square, 0 or more.
    pub level: f64,
    /// The most equal values that followed each other.
    pub longest_run: f64,
    /// How many different values there were.
    pub distinct: f64,
}

/// How the mean of a window is judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judge {
    pub(super) student: Student,
    /// For each window, what its mean less the learnt one is divided by.
    pub(super) scales: Vec<f64>,
}

impl Normal {
    /// What values of normal rows say; none without values.
    ///
    /// # Source
    /// models/reference/anomaly/README.md, sections 1.1 and 3.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        let [first, median, third] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        let steps = sorted.windows(2).map(|pair| pair[1] - pair[0]);
        let smallest = steps.clone().filter(|step| *step > 0.0).min_by(f64::total_cmp);
        let runs = values.chunk_by(|a, b| a.to_bits() == b.to_bits());
        Some(Self {
            mean,
            variance,
            correlation: autocorrelation_time(values, mean, variance),
            resolution: smallest.unwrap_or(RESOLUTION_OF_CONSTANT),
            median: median?,
            interquartile: third? - first?,
            level: (values.iter().map(|value| value * value).sum::<f64>() / count).sqrt(),
            longest_run: runs.map(<[f64]>::len).max().unwrap_or(0) as f64,
            distinct: 1.0 + steps.filter(|step| *step > 0.0).count() as f64,
        })
    }

    /// How many independent values the rows are worth, 2 or more.
    pub fn effective_rows(&self, rows: usize) -> f64 {
        (rows as f64 / (1.0 + 2.0 * self.correlation)).max(2.0)
    }

    /// Its numbers, in the order of the file of weights.
    pub(super) fn numbers(&self) -> [f64; 9] {
        [
            self.mean,
            self.variance,
            self.correlation,
            self.resolution,
            self.median,
            self.interquartile,
            self.level,
            self.longest_run,
            self.distinct,
        ]
    }

    /// The same from the numbers; none where they cannot have been learnt.
    pub(super) fn of_numbers(numbers: [f64; 9]) -> Option<Self> {
        let [
            mean,
            variance,
            correlation,
            resolution,
            median,
            interquartile,
            level,
            longest_run,
            distinct,
        ] = numbers;
        let is_sound = numbers.iter().all(|number| number.is_finite())
            && [variance, correlation, interquartile, level]
                .iter()
                .all(|number| *number >= 0.0)
            && resolution > 0.0
            && longest_run >= 1.0
            && distinct >= 1.0;
        is_sound.then_some(Self {
            mean,
            variance,
            correlation,
            resolution,
            median,
            interquartile,
            level,
            longest_run,
            distinct,
        })
    }

    /// How the means of windows are judged.
    ///
    /// # Source
    /// models/reference/anomaly/README.md, section 1.1, steps 4 and 5.
    pub(super) fn judge(&self, config: &ShiftConfig, kind: SensorKind) -> Judge {
        let effective = self.effective_rows(config.rows);
        let floor = match kind {
            SensorKind::Vibration => config.vibration_floor * self.mean,
            SensorKind::Process | SensorKind::Temperature => 0.0,
        };
        let scale = |window: &usize| {
            let window = *window as f64;
            let independent = ((1.0 + 2.0 * self.correlation) / window).min(1.0);
            let spread = self.variance * independent * effective / (effective - 1.0);
            let rounding = self.resolution * self.resolution / 12.0 / window;
            (spread.max(rounding) * (1.0 + 1.0 / effective) + floor * floor).sqrt()
        };
        Judge {
            student: Student::new((effective - 1.0).min(config.freedom_max)),
            scales: config.windows.iter().map(scale).collect(),
        }
    }

    /// The smallest lasting change from the mean that is beyond a limit of the score.
    pub fn smallest_change(&self, config: &ShiftConfig, kind: SensorKind) -> f64 {
        let judge = self.judge(config, kind);
        let scale = judge.scales.iter().copied().fold(f64::INFINITY, f64::min);
        judge.student.distance(config.limit) * scale
    }
}

/// The sum of the sample autocorrelation over the lags from 1 on, up to the first that is not positive.
fn autocorrelation_time(values: &[f64], mean: f64, variance: f64) -> f64 {
    if variance <= 0.0 {
        return 0.0;
    }
    let count = values.len() as f64;
    let mut sum = 0.0;
    for lag in 1..LAGS_MAX.min(values.len().saturating_sub(1)) {
        let pairs = values[lag..].iter().zip(values);
        let product: f64 = pairs.map(|(late, early)| (late - mean) * (early - mean)).sum();
        let correlation = product / count / variance;
        if correlation <= 0.0 {
            break;
        }
        sum += correlation;
    }
    sum
}

/// A quantile of sorted values, between two of them by their distance.
///
/// # Source
/// Hyndman and Fan (1996), "Sample quantiles in statistical packages", type 7.
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share from 0 to 1 of a length is a place"
    )]
    let low = place.floor() as usize;
    let high = sorted.get(low + 1).or(sorted.get(low))?;
    Some(sorted[low] + (high - sorted[low]) * (place - low as f64))
}
