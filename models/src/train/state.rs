//! The state of a training as a value and as a file.
//!
//! A file is whole or absent: it is written beside its place, flushed to the disk, and renamed. Killed at any moment, a
//! training leaves the last complete state.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors, View, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::TrainOptions;
use super::optimiser::AdamW;

/// Largest state that is read: 4 GiB.
const STATE_BYTES_MAX: u64 = 1 << 32;

/// Name of the text beside the tensors.
const DESCRIPTION: &str = "motet.training";

/// Everything that the rest of a training depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainState {
    /// The options it was started with.
    pub options: TrainOptions,
    /// Names the recipe and the data: a state goes on only where both are the same.
    pub origin: String,
    /// Epochs in all; fewer than the options say where a budget was set.
    pub epochs: usize,
    /// Steps done.
    pub step: usize,
    /// What is trained, as the optimiser steps it.
    pub trained: Vec<f32>,
    /// Moments and average.
    pub optimiser: AdamW,
    /// The weights that the net began with, for what is not trained.
    pub base: Vec<f32>,
    /// Sums of the epoch at work.
    pub sums: Sums,
    /// Each epoch done.
    pub history: Vec<EpochRecord>,
    /// The best epoch so far.
    pub best: Option<Best>,
}

/// What an epoch has summed up so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Losses of examples, in nats.
    pub loss: f64,
    /// Examples answered rightly.
    pub right: usize,
    /// Examples done.
    pub examples: usize,
}

/// What is known of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Its number, from 0.
    pub epoch: usize,
    /// Mean loss, in nats.
    pub loss: f32,
    /// Share of the examples answered rightly, from 0 to 1.
    pub accuracy: f32,
    /// Figures of the judging examples by name; the first is the one that counts.
    pub figures: Vec<(String, f64)>,
}

/// The epoch with the best judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Its number, from 0.
    pub epoch: usize,
    /// The figure that counts; NaN where nothing chooses among epochs.
    pub score: f64,
    /// The average of what is trained.
    pub average: Vec<f32>,
}

/// Why a state could not be kept or found again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file cannot be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not a state.
    #[error("the checkpoint `{}` is malformed: {reason}", path.display())]
    Malformed {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The part of a state that is text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    options: TrainOptions,
    origin: String,
    epochs: usize,
    step: usize,
    optimiser_steps: usize,
    sums: Sums,
    history: Vec<EpochRecord>,
    /// Epoch and score; no score where nothing chooses among epochs.
    best: Option<(usize, Option<f64>)>,
}

impl TrainState {
    /// Writes the state to `path`, replacing what is there only once it is complete.
    ///
    /// # Errors
    /// [`StateError::File`] names the file; what was there is then unchanged.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        let failed = |source| StateError::File {
            path: path.to_path_buf(),
            source,
        };
        let description = Description {
            options: self.options.clone(),
            origin: self.origin.clone(),
            epochs: self.epochs,
            step: self.step,
            optimiser_steps: self.optimiser.steps,
            sums: self.sums,
            history: self.history.clone(),
            best: self.best.as_ref().map(|best| {
                let score = best.score.is_finite().then_some(best.score);
                (best.epoch, score)
            }),
        };
        let text = serde_json::to_string(&description).map_err(|error| failed(error.into()))?;
        let mut tensors = vec![
            ("trained", Values::of(&self.trained)),
            ("first", Values::of(&self.optimiser.first)),
            ("second", Values::of(&self.optimiser.second)),
            ("average", Values::of(&self.optimiser.average)),
            ("base", Values::of(&self.base)),
        ];
        if let Some(best) = &self.best {
            tensors.push(("best", Values::of(&best.average)));
        }
        let metadata = HashMap::from([(DESCRIPTION.to_owned(), text)]);
        let bytes = safetensors::serialize(tensors, Some(metadata))
            .map_err(|error| failed(io::Error::other(error.to_string())))?;
        write_whole(path, |out| out.write_all(&bytes)).map_err(failed)
    }

    /// Reads a state that [`TrainState::save`] wrote.
    ///
    /// # Errors
    /// [`StateError`] names the file.
    pub fn load(path: &Path) -> Result<Self, StateError> {
        let failed = |source| StateError::File {
            path: path.to_path_buf(),
            source,
        };
        let malformed = |reason: &dyn std::fmt::Display| StateError::Malformed {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        };
        let length = fs::metadata(path).map_err(failed)?.len();
        if length > STATE_BYTES_MAX {
            return Err(malformed(&"it is larger than 4 GiB"));
        }
        let bytes = fs::read(path).map_err(failed)?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| malformed(&error))?;
        let text = metadata
            .metadata()
            .as_ref()
            .and_then(|texts| texts.get(DESCRIPTION))
            .ok_or_else(|| malformed(&"it says nothing of a training"))?;
        let description: Description = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        description
            .options
            .validate()
            .map_err(|error| malformed(&error))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| malformed(&error))?;
        let values = |name: &str| {
            tensors
                .tensor(name)
                .map(|view| floats(&view))
                .map_err(|error| malformed(&error))
        };
        let state = Self {
            trained: values("trained")?,
            optimiser: AdamW {
                first: values("first")?,
                second: values("second")?,
                average: values("average")?,
                steps: description.optimiser_steps,
            },
            base: values("base")?,
            best: match description.best {
                None => None,
                Some((epoch, score)) => Some(Best {
                    epoch,
                    score: score.unwrap_or(f64::NAN),
                    average: values("best")?,
                }),
            },
            options: description.options,
            origin: description.origin,
            epochs: description.epochs,
            step: description.step,
            sums: description.sums,
            history: description.history,
        };
        let count = state.trained.len();
        let others = [
            &state.optimiser.first,
            &state.optimiser.second,
            &state.optimiser.average,
        ];
        let best = state.best.as_ref().map_or(count, |best| best.average.len());
        match others.iter().all(|other| other.len() == count) && best == count {
            true => Ok(state),
            false => Err(malformed(&"its tensors differ in length")),
        }
    }
}

/// Writes a file beside `path` and renames it into place.
///
/// # Errors
/// What the system says; the part that was written is then gone.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = || {
        let mut out = BufWriter::new(File::create(&part)?);
        write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&part, path)
    };
    written().inspect_err(|_| {
        // What is left of a full disk would only be in the way; the error that counts is the first.
        let _ = fs::remove_file(&part);
    })
}

/// A vector as a tensor of one dimension.
struct Values<'a> {
    values: &'a [f32],
    shape: [usize; 1],
}

impl<'a> Values<'a> {
    fn of(values: &'a [f32]) -> Self {
        let shape = [values.len()];
        Self { values, shape }
    }
}

impl View for Values<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}

fn floats(view: &TensorView<'_>) -> Vec<f32> {
    let (fours, _) = view.data().as_chunks::<4>();
    fours.iter().map(|four| f32::from_le_bytes(*four)).collect()
}
