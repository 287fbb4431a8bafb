//! The recordings that the keyword net learns from and is judged by, and who is on which side.
//!
//! Sides are drawn by voice: recordings of one group (a voice and its microphone, as far as the data tell) are
//! never on both sides. Where a recipe says so, every second voice of the sentences is kept for counting false alarms.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::audio::{Clip, ClipError, ResampleError, resample};
use crate::data::AudioExample;

/// Name of the class that is everything but the keywords.
pub const NONE_LABEL: &str = "none";

/// Index of the class `none`.
pub const NONE: usize = 0;

/// Rate at which everything is heard, in Hz.
pub const RATE_HZ: u32 = 16_000;

/// Why a recording could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A recording cannot be read.
    #[error("cannot use the recording `{path}`")]
    Clip {
        /// Path of the recording.
        path: PathBuf,
        /// Why.
        source: ClipError,
    },
    /// A recording cannot be brought to [`RATE_HZ`].
    #[error("cannot resample the recording `{path}`")]
    Resample {
        /// Path of the recording.
        path: PathBuf,
        /// Why.
        source: ResampleError,
    },
}

/// One recording at [`RATE_HZ`].
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its class, [`NONE`] for none of the keywords.
    pub class: usize,
    /// The voice, as far as the data tell.
    pub group: String,
    /// Mono samples as 16-bit integers, to keep hours of sound in memory.
    pub samples: Vec<i16>,
}

impl Recording {
    /// Reads a recording of a class.
    ///
    /// # Errors
    /// [`DataError`] names the file.
    pub fn read(example: &AudioExample, class: usize) -> Result<Self, DataError> {
        // Without a group nobody else is known to be the same voice.
        let group = example.group.as_ref().unwrap_or(&example.id);
        Self::read_file(&example.path, class, group)
    }

    /// Reads the recording of a file.
    ///
    /// # Errors
    /// [`DataError`] names the file.
    pub fn read_file(path: &Path, class: usize, group: &str) -> Result<Self, DataError> {
        let clip = Clip::read(path).map_err(|source| DataError::Clip {
            path: path.to_path_buf(),
            source,
        })?;
        let samples =
            resample(&clip.samples, clip.rate_hz, RATE_HZ).map_err(|source| DataError::Resample {
                path: path.to_path_buf(),
                source,
            })?;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the value is rounded and clamped to the range of i16"
        )]
        let to_i16 = |sample: &f32| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
        Ok(Self {
            class,
            group: group.to_owned(),
            samples: samples.iter().map(to_i16).collect(),
        })
    }

    /// Returns the samples in -1..1.
    pub fn to_f32(&self) -> Vec<f32> {
        to_f32(&self.samples)
    }

    /// Returns the length in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(RATE_HZ)
    }
}

/// Returns 16-bit samples in -1..1.
pub fn to_f32(samples: &[i16]) -> Vec<f32> {
    samples
        .iter()
        .map(|sample| f32::from(*sample) / 32_768.0)
        .collect()
}

/// Everything that training may hear.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Real recordings of the keywords.
    pub keywords: Vec<Recording>,
    /// Keywords, and near misses of class `none`, spoken by speech engines.
    pub synthetic_keywords: Vec<Recording>,
    /// Real sentences without a keyword.
    pub sentences: Vec<Recording>,
    /// Other words, and whatever else the manifest of the keywords calls `none`.
    pub words: Vec<Recording>,
    /// Sentences without a keyword, spoken by speech engines.
    pub synthetic_sentences: Vec<Recording>,
    /// Room noise without speech.
    pub noise: Vec<Recording>,
}

impl Corpus {
    /// Parts the corpus by voice: the first result lacks every `of`-th voice, the second has only those.
    ///
    /// Noise is on both sides; synthetic keywords are left out of the second, which judges real ones.
    pub fn split(&self, fold: Fold) -> (Self, Self) {
        let (keywords, judged_keywords) = split(&self.keywords, fold);
        let (sentences, judged_sentences) = split(&self.sentences, fold);
        let (words, judged_words) = split(&self.words, fold);
        let (synthetic_sentences, judged_synthetic) = split(&self.synthetic_sentences, fold);
        let (synthetic_keywords, _) = split(&self.synthetic_keywords, fold);
        let noise = self.noise.clone();
        let heard = Self {
            keywords,
            synthetic_keywords,
            sentences,
            words,
            synthetic_sentences,
            noise: noise.clone(),
        };
        let judged = Self {
            keywords: judged_keywords,
            synthetic_keywords: Vec::new(),
            sentences: judged_sentences,
            words: judged_words,
            synthetic_sentences: judged_synthetic,
            noise,
        };
        (heard, judged)
    }
}

/// One fold of a cross-validation by voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Which fold is judged, from 0.
    pub index: usize,
    /// Number of folds.
    pub of: usize,
}

fn split(recordings: &[Recording], fold: Fold) -> (Vec<Recording>, Vec<Recording>) {
    let groups: BTreeSet<&str> = recordings
        .iter()
        .map(|recording| recording.group.as_str())
        .collect();
    let judged: BTreeSet<&str> = groups
        .into_iter()
        .enumerate()
        .filter(|(place, _)| place % fold.of.max(1) == fold.index)
        .map(|(_, group)| group)
        .collect();
    recordings
        .iter()
        .cloned()
        .partition(|recording| !judged.contains(recording.group.as_str()))
}

/// Recordings that training never hears.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Keywords of the validation part.
    pub keywords: Vec<Recording>,
    /// Clips without a keyword, about a word long.
    pub others: Vec<Recording>,
    /// Whole sentences, for counting false alarms.
    pub sentences: Vec<Recording>,
    /// Sentences by speech engines, for counting false alarms: hours, which are not kept in memory.
    pub synthetic: Vec<AudioExample>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_has_every_so_many_th_voice_and_the_rest_the_others() {
        let recording = |voice: usize| Recording {
            class: 1,
            group: format!("voice {}", voice % 7),
            samples: Vec::new(),
        };
        let corpus = Corpus {
            keywords: (0..28).map(recording).collect(),
            ..Corpus::default()
        };
        for index in 0..3 {
            let (heard, judged) = corpus.split(Fold { index, of: 3 });
            assert_eq!(heard.keywords.len() + judged.keywords.len(), 28);
            let voices = |corpus: &Corpus| -> BTreeSet<String> {
                let groups = corpus.keywords.iter().map(|recording| recording.group.clone());
                groups.collect()
            };
            assert!(voices(&heard).is_disjoint(&voices(&judged)));
            assert_eq!(voices(&judged).len(), [3, 2, 2][index]);
        }
    }
}
