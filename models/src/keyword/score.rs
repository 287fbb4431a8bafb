//! Class probabilities of whole recordings, window by window, on as many threads as are given.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Tensor, TensorData};
use rayon::ThreadPoolBuilder;

use super::data::{DataError, Recording};
use super::model::KeywordModel;
use super::window;
use crate::audio::{LogMel, LogMelError};

/// Windows that pass through the net at once: enough to fill it, few enough to stay in the cache.
const BATCH_WINDOWS: usize = 16;

/// Why a recording could not be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The recording cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its features cannot be computed.
    #[error("cannot compute features")]
    Features(#[from] LogMelError),
    /// A thread pool cannot be started.
    #[error("cannot start a thread")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The net's output cannot be read.
    #[error("cannot read the output of the net: {reason}")]
    Output {
        /// What Burn says.
        reason: String,
    },
}

/// What is around a recording when it is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Nothing: a recording shorter than a window is padded to one.
    Bare,
    /// A window of its own background before and after, as if it stood in a running stream.
    Stream,
}

/// Scores recordings with one model.
pub struct Scorer<'a> {
    model: &'a KeywordModel,
    log_mel: LogMel,
}

impl<'a> Scorer<'a> {
    /// Prepares the features of `model`.
    ///
    /// # Errors
    /// [`ScoreError::Features`] if the card's features are out of bounds.
    pub fn new(model: &'a KeywordModel) -> Result<Self, ScoreError> {
        Ok(Self {
            model,
            log_mel: LogMel::new(model.features().clone())?,
        })
    }

    /// Returns the log-probabilities of the classes, not yet calibrated by the temperature.
    ///
    /// # Shapes
    /// `samples`: `[n]` at the rate of the features; result: `[windows, classes]`.
    ///
    /// # Errors
    /// [`ScoreError::Features`] for samples that are not finite.
    pub fn log_probabilities(
        &mut self,
        samples: &[f32],
        around: Surroundings,
    ) -> Result<Vec<f32>, ScoreError> {
        let windowing = self.model.windowing();
        let mut spectrogram = self.log_mel.spectrogram(samples)?;
        let frames = spectrogram.len() / windowing.bins;
        if around == Surroundings::Stream && frames > 0 {
            let mut stream = vec![0.0; (frames + 2 * windowing.window_frames) * windowing.bins];
            window::pad(&spectrogram, windowing.bins, windowing.window_frames, &mut stream);
            spectrogram = stream;
        }
        let count = windowing.windows(spectrogram.len() / windowing.bins);
        let window_values = windowing.window_frames * windowing.bins;
        let mut windows = vec![0.0; count * window_values];
        windowing.cut(&spectrogram, &mut windows);
        let mut scores = Vec::with_capacity(count * self.model.labels().len());
        for batch in windows.chunks(BATCH_WINDOWS * window_values) {
            let shape = [
                batch.len() / window_values,
                windowing.window_frames,
                windowing.bins,
            ];
            let input = Tensor::from_data(TensorData::new(batch.to_vec(), shape), self.model.device());
            let output = log_softmax(self.model.logits(input), 1)
                .into_data()
                .convert::<f32>();
            let values = output.as_slice::<f32>();
            scores.extend(values.map_err(|error| ScoreError::Output {
                reason: format!("{error:?}"),
            })?);
        }
        Ok(scores)
    }
}

/// Returns calibrated probabilities: each row of `log_probabilities` raised to `1 / temperature` and made to sum
/// to 1.
///
/// # Source
/// Guo et al., "On calibration of modern neural networks", 2017, equation 9.
pub fn calibrated(log_probabilities: &[f32], classes: usize, temperature: f32) -> Vec<f32> {
    let softmax = |row: &[f32]| {
        let peak = row.iter().copied().fold(f32::MIN, f32::max);
        let powers: Vec<f32> = row
            .iter()
            .map(|value| ((value - peak) / temperature).exp())
            .collect();
        let sum: f32 = powers.iter().sum();
        powers.into_iter().map(move |power| power / sum)
    };
    log_probabilities
        .chunks_exact(classes)
        .flat_map(softmax)
        .collect()
}

/// A recording with its log-probabilities.
#[derive(Clone, Debug)]
pub struct Scored {
    /// Its class.
    pub class: usize,
    /// Its length in seconds.
    pub seconds: f64,
    /// `[windows, classes]`.
    pub log_probabilities: Vec<f32>,
}

/// How recordings are scored.
#[derive(Clone, Copy)]
pub struct Scoring<'a> {
    /// The model.
    pub model: &'a KeywordModel,
    /// What is around each recording.
    pub around: Surroundings,
    /// Threads that share the recordings.
    pub threads: usize,
}

/// Scores all `items`, which `read` turns into recordings one at a time, in their order.
///
/// # Errors
/// The first error of reading or scoring.
pub fn score_all<T: Sync>(
    scoring: Scoring<'_>,
    items: &[T],
    read: impl Fn(&T) -> Result<Recording, DataError> + Sync,
) -> Result<Vec<Scored>, ScoreError> {
    let share = items.len().div_ceil(scoring.threads.max(1)).max(1);
    let read = &read;
    let run = |part: &[T]| -> Result<Vec<Scored>, ScoreError> {
        let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
        let mut scorer = Scorer::new(scoring.model)?;
        let mut score = |item: &T| -> Result<Scored, ScoreError> {
            let recording = read(item)?;
            let log_probabilities = scorer.log_probabilities(&recording.to_f32(), scoring.around)?;
            Ok(Scored {
                class: recording.class,
                seconds: recording.seconds(),
                log_probabilities,
            })
        };
        part.iter().map(|item| pool.install(|| score(item))).collect()
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = items
            .chunks(share)
            .map(|part| scope.spawn(move || run(part)))
            .collect();
        let mut scored = Vec::with_capacity(items.len());
        for handle in handles {
            scored.extend(
                handle
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            );
        }
        Ok(scored)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_of_one_changes_nothing_and_a_high_one_levels() {
        let row = [0.7_f32.ln(), 0.2_f32.ln(), 0.1_f32.ln()];
        for (found, expected) in calibrated(&row, 3, 1.0).iter().zip([0.7, 0.2, 0.1]) {
            assert!((found - expected).abs() < 1e-6);
        }
        assert!(
            calibrated(&row, 3, 1e6)
                .iter()
                .all(|value| (value - 1.0 / 3.0).abs() < 1e-5)
        );
    }
}
