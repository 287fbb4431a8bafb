//! The classical baseline: statistics of cepstra, and a linear support vector machine.

use std::path::Path;

use super::data::{Corpus, Judged, Recording};
use super::sets::{self, CUT_SAMPLES, Sets};
use super::settings::DataSettings;
use super::ship::measure;
use crate::audio::{Mfcc, MfccConfig};
use crate::baseline::{LinearSvm, SparseRows, SvmOptions, top_margins};
use crate::task::{Sources, TaskError};

/// Name of the baseline in tables.
pub(super) const NAME: &str = "MFCC and linear SVM";

/// Parts of a recording whose cepstra are averaged apart.
const PARTS: usize = 3;

/// The classes that the baseline finds for what a model is judged by, keywords first, learnt from a manifest or from the
/// files of a recipe in a folder.
///
/// Mean and deviation of 20 cepstral coefficients over each third of a recording, made alike over what is learnt from.
///
/// # Errors
/// [`TaskError`] names what of the recordings cannot be used.
///
/// # Source
/// Davis and Mermelstein 1980 for the coefficients, as in [`Mfcc`]; Hsieh et al. 2008 for the machine, as in [`LinearSvm`].
pub(super) fn find(
    settings: &DataSettings,
    train: &Path,
    judged: &Judged,
    labels: &[String],
) -> Result<Vec<usize>, TaskError> {
    let learnt = learnt(settings, train, labels)?;
    let mut cepstra = Cepstra::new()?;
    let mut rows = learnt
        .iter()
        .map(|recording| cepstra.row(recording))
        .collect::<Result<Vec<_>, _>>()?;
    let scale = Scale::of(&rows);
    let classes: Vec<u32> = learnt
        .iter()
        .map(|recording| u32::try_from(recording.class).unwrap_or(u32::MAX))
        .collect();
    let options = SvmOptions {
        cost: 0.1,
        tolerance: 0.01,
        passes_max: 1_000,
        seed: 1,
    };
    let machine = LinearSvm::fit(&scale.apply(&mut rows), &classes, labels.len(), options)
        .map_err(|error| measure(&error))?;
    let clips = judged.keywords.iter().chain(&judged.others);
    let mut rows = clips
        .map(|recording| cepstra.row(recording))
        .collect::<Result<Vec<_>, _>>()?;
    let margins = machine
        .margins(&scale.apply(&mut rows))
        .map_err(|error| measure(&error))?;
    let best = top_margins(&margins, labels.len()).into_iter();
    Ok(best.map(|(class, _)| class as usize).collect())
}

/// What a model would learn from.
fn learnt(settings: &DataSettings, train: &Path, labels: &[String]) -> Result<Vec<Recording>, TaskError> {
    if train.is_file() {
        return sets::recordings_of(train, &settings.group, labels);
    }
    let sources = Sources {
        data: train.to_path_buf(),
        ..Sources::default()
    };
    let Corpus {
        keywords,
        sentences,
        words,
        ..
    } = Sets::read(settings, &sources, 1)?.corpus;
    let cut = |sentence: &Recording| -> Vec<Recording> {
        let cut = |samples: &[i16]| Recording {
            samples: samples.to_vec(),
            ..sentence.clone()
        };
        sentence.samples.chunks_exact(CUT_SAMPLES).map(cut).collect()
    };
    let sentences = sentences.iter().flat_map(cut);
    Ok(keywords.into_iter().chain(words).chain(sentences).collect())
}

/// Recordings as rows of numbers.
struct Cepstra {
    mfcc: Mfcc,
}

impl Cepstra {
    fn new() -> Result<Self, TaskError> {
        let config = MfccConfig {
            coefficients: 20,
            high_hz: 7_600.0,
            ..MfccConfig::keywords()
        };
        let mfcc = Mfcc::new(config).map_err(|error| measure(&error))?;
        Ok(Self { mfcc })
    }

    /// Means and deviations of each coefficient over each part; zeros for what is too short.
    fn row(&mut self, recording: &Recording) -> Result<Vec<f32>, TaskError> {
        let samples = recording.to_f32();
        let columns = self.mfcc.config().coefficients;
        let count = self.mfcc.config().frames(samples.len());
        let mut frames = vec![0.0; count * columns];
        self.mfcc
            .frames(&samples, &mut frames)
            .map_err(|error| measure(&error))?;
        let mut row = Vec::with_capacity(2 * PARTS * columns);
        for part in 0..PARTS {
            let (first, end) = (part * count / PARTS, (part + 1) * count / PARTS);
            let frames = &frames[first * columns..end * columns];
            for column in 0..columns {
                let values = frames.iter().skip(column).step_by(columns);
                row.extend(mean_and_deviation(values));
            }
        }
        Ok(row)
    }
}

fn mean_and_deviation<'a>(values: impl Iterator<Item = &'a f32>) -> [f32; 2] {
    let (mut count, mut sum, mut squares) = (0.0_f32, 0.0, 0.0);
    for value in values {
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    let mean = sum / count.max(1.0);
    [mean, (squares / count.max(1.0) - mean * mean).max(0.0).sqrt()]
}

/// Mean and deviation of each column.
struct Scale(Vec<[f32; 2]>);

impl Scale {
    fn of(rows: &[Vec<f32>]) -> Self {
        let columns = rows.first().map_or(0, Vec::len);
        let column = |column: usize| mean_and_deviation(rows.iter().map(move |row| &row[column]));
        Self((0..columns).map(column).collect())
    }

    /// Rows of mean 0 and deviation 1.
    fn apply(&self, rows: &mut [Vec<f32>]) -> SparseRows {
        let mut scaled = SparseRows::new(self.0.len());
        for row in rows {
            for (value, [mean, deviation]) in row.iter_mut().zip(&self.0) {
                *value = (*value - mean) / deviation.max(1e-6);
            }
            scaled.push((0_u32..).zip(row.iter().copied()));
        }
        scaled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_made_alike() {
        let mut rows = vec![vec![1.0, 5.0], vec![3.0, 5.0]];
        let scale = Scale::of(&rows);
        assert_eq!(scale.0, [[2.0, 1.0], [5.0, 0.0]]);
        scale.apply(&mut rows);
        assert_eq!(rows, [[-1.0, 0.0], [1.0, 0.0]]);
    }

    #[test]
    fn a_recording_has_as_many_numbers_whatever_its_length() {
        let mut cepstra = Cepstra::new().unwrap();
        let mut row = |samples: usize| {
            let sample = |index: usize| i16::try_from(index * 7919 % 4_000).unwrap();
            let recording = Recording {
                class: 0,
                group: String::new(),
                samples: (0..samples).map(sample).collect(),
            };
            cepstra.row(&recording).unwrap()
        };
        assert_eq!(row(100), vec![0.0; 120]);
        assert_eq!(row(16_000).len(), 120);
        assert!(row(16_000).iter().any(|value| *value != 0.0));
    }
}
