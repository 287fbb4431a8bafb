//! The recordings that the keyword net learns from and is judged by, and who is on which side.
//!
//! Sides are drawn by voice: recordings of one group (a voice and its microphone, as far as the data tell) are
//! never on both sides. Every second `barista` voice is kept for counting false alarms and is not even read here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::audio::{Clip, ClipError, ResampleError, resample};

/// The classes in the order of the net's outputs; `none` is everything else.
pub const LABELS: [&str; 7] = [
    "none",
    "alexa",
    "computer",
    "jarvis",
    "smart_mirror",
    "snowboy",
    "view_glass",
];

/// Index of the class `none`.
pub const NONE: usize = 0;

/// Rate at which everything is heard, in Hz.
pub const RATE_HZ: u32 = 16_000;

/// Why recordings could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A manifest cannot be read.
    #[error("cannot read the manifest `{path}`")]
    Read {
        /// Path of the manifest.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of a manifest is not what it should be.
    #[error("line {line} of the manifest `{path}` is malformed")]
    Line {
        /// Path of the manifest.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A label is none of [`LABELS`].
    #[error("the manifest `{path}` names the unknown label `{label}`")]
    Label {
        /// Path of the manifest.
        path: PathBuf,
        /// The label.
        label: String,
    },
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
    /// A set holds nothing to learn from or to judge by.
    #[error("`{path}` holds no recording to use")]
    Nothing {
        /// Path of the set.
        path: PathBuf,
    },
}

/// One recording at [`RATE_HZ`].
#[derive(Clone, Debug)]
pub struct Recording {
    /// Index into [`LABELS`].
    pub class: usize,
    /// The voice, as far as the data tell.
    pub group: String,
    /// Mono samples as 16-bit integers, to keep hours of sound in memory.
    pub samples: Vec<i16>,
}

impl Recording {
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
    /// Real spoken digits.
    pub digits: Vec<Recording>,
    /// Sentences without a keyword, spoken by speech engines.
    pub synthetic_sentences: Vec<Recording>,
    /// Room noise without speech.
    pub noise: Vec<Recording>,
}

/// Where the recordings lie.
#[derive(Clone, Debug)]
pub struct DataFolders {
    /// Folder with `wakewords`, `barista` and `fsdd`.
    pub data: PathBuf,
    /// Folder with `train`, `keywords` and `fa` as made by `models/reference/synthesise_speech.py`.
    pub synthetic: Option<PathBuf>,
}

impl Corpus {
    /// Reads the training side of all sets.
    ///
    /// # Errors
    /// [`DataError`] names the manifest or recording that cannot be used.
    pub fn read(folders: &DataFolders) -> Result<Self, DataError> {
        let data = &folders.data;
        let sentences = data.join("barista");
        let lines = read_manifest(&sentences, "train.jsonl")?;
        let kept = kept_groups(&lines);
        let heard = lines
            .into_iter()
            .filter(|line| !kept.contains(&line.group_name()));
        let mut corpus = Self {
            keywords: read_set(&data.join("wakewords"), "train.jsonl")?,
            sentences: read_lines(&sentences, heard.collect())?,
            digits: read_set(&data.join("fsdd"), "train.jsonl")?,
            noise: vec![read_recording(
                &sentences.join("noise_kitchen_train.flac"),
                NONE,
                String::new(),
            )?],
            ..Self::default()
        };
        if let Some(synthetic) = &folders.synthetic {
            corpus.synthetic_keywords = read_set(&synthetic.join("keywords"), "manifest.jsonl")?;
            corpus.synthetic_sentences = read_set(&synthetic.join("train"), "manifest.jsonl")?;
        }
        Ok(corpus)
    }

    /// Parts the corpus by voice: the first result lacks every `of`-th voice, the second has only those.
    ///
    /// Noise is on both sides; synthetic keywords are left out of the second, which judges real ones.
    pub fn split(&self, fold: Fold) -> (Self, Self) {
        let (keywords, judged_keywords) = split(&self.keywords, fold);
        let (sentences, judged_sentences) = split(&self.sentences, fold);
        let (digits, judged_digits) = split(&self.digits, fold);
        let (synthetic_sentences, judged_synthetic) = split(&self.synthetic_sentences, fold);
        let (synthetic_keywords, _) = split(&self.synthetic_keywords, fold);
        let noise = self.noise.clone();
        let heard = Self {
            keywords,
            synthetic_keywords,
            sentences,
            digits,
            synthetic_sentences,
            noise: noise.clone(),
        };
        let judged = Self {
            keywords: judged_keywords,
            synthetic_keywords: Vec::new(),
            sentences: judged_sentences,
            digits: judged_digits,
            synthetic_sentences: judged_synthetic,
            noise,
        };
        (heard, judged)
    }
}

/// One fold of a cross-validation by voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
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
    /// Clips without a keyword, about a word long: validation digits, and cuts of the sentences below.
    pub others: Vec<Recording>,
    /// Whole sentences of the `barista` voices that are kept from training, for counting false alarms.
    pub sentences: Vec<Recording>,
}

impl Judged {
    /// Reads the validation side of all sets and the kept half of the `barista` voices.
    ///
    /// # Errors
    /// [`DataError`] names the manifest or recording that cannot be used.
    pub fn read(folders: &DataFolders) -> Result<Self, DataError> {
        const CUT_SAMPLES: usize = 20_000;
        let data = &folders.data;
        let folder = data.join("barista");
        let lines = read_manifest(&folder, "train.jsonl")?;
        let kept = kept_groups(&lines);
        let kept_lines = lines
            .into_iter()
            .filter(|line| kept.contains(&line.group_name()))
            .collect();
        let valid = read_set(&folder, "valid.jsonl")?;
        let mut others = read_set(&data.join("fsdd"), "valid.jsonl")?;
        for sentence in &valid {
            let cut = |samples: &[i16]| Recording {
                samples: samples.to_vec(),
                ..sentence.clone()
            };
            others.extend(sentence.samples.chunks_exact(CUT_SAMPLES).map(cut));
        }
        let mut sentences = read_lines(&folder, kept_lines)?;
        sentences.extend(valid);
        Ok(Self {
            keywords: read_set(&data.join("wakewords"), "valid.jsonl")?,
            others,
            sentences,
        })
    }
}

/// Returns the voices that are kept from training: every second of the sorted ids.
fn kept_groups(lines: &[Line]) -> BTreeSet<String> {
    let ids: BTreeSet<u64> = lines.iter().filter_map(|line| line.group).collect();
    ids.into_iter().step_by(2).map(|id| id.to_string()).collect()
}

/// One line of a manifest; fields of other sets are absent.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// Path of the recording, relative to the folder of the manifest.
    pub file: PathBuf,
    label: Option<String>,
    group: Option<u64>,
    speaker: Option<String>,
}

impl Line {
    fn group_name(&self) -> String {
        let number = self.group.map(|group| group.to_string());
        number.or_else(|| self.speaker.clone()).unwrap_or_default()
    }
}

/// Returns the lines of a manifest in `folder`, without reading the recordings.
///
/// # Errors
/// [`DataError::Read`], [`DataError::Line`].
pub fn read_manifest(folder: &Path, name: &str) -> Result<Vec<Line>, DataError> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).map_err(|source| DataError::Read {
        path: path.clone(),
        source,
    })?;
    let parse = |(index, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|source| DataError::Line {
            path: path.clone(),
            line: index + 1,
            source,
        })
    };
    text.lines().enumerate().map(parse).collect()
}

/// Reads one recording of a manifest.
///
/// # Errors
/// [`DataError::Label`], [`DataError::Clip`], [`DataError::Resample`].
pub fn read_line(folder: &Path, line: &Line) -> Result<Recording, DataError> {
    let label = line.label.as_deref().unwrap_or(LABELS[NONE]);
    let class = LABELS.iter().position(|known| *known == label);
    let path = folder.join(&line.file);
    let Some(class) = class else {
        return Err(DataError::Label {
            path: folder.to_path_buf(),
            label: label.to_owned(),
        });
    };
    read_recording(&path, class, line.group_name())
}

fn read_set(folder: &Path, name: &str) -> Result<Vec<Recording>, DataError> {
    let recordings = read_lines(folder, read_manifest(folder, name)?)?;
    if recordings.is_empty() {
        return Err(DataError::Nothing {
            path: folder.to_path_buf(),
        });
    }
    Ok(recordings)
}

fn read_lines(folder: &Path, lines: Vec<Line>) -> Result<Vec<Recording>, DataError> {
    lines.iter().map(|line| read_line(folder, line)).collect()
}

fn read_recording(path: &Path, class: usize, group: String) -> Result<Recording, DataError> {
    let clip = Clip::read(path).map_err(|source| DataError::Clip {
        path: path.to_path_buf(),
        source,
    })?;
    let samples = resample(&clip.samples, clip.rate_hz, RATE_HZ).map_err(|source| DataError::Resample {
        path: path.to_path_buf(),
        source,
    })?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the value is rounded and clamped to the range of i16"
    )]
    let to_i16 = |sample: &f32| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
    Ok(Recording {
        class,
        group,
        samples: samples.iter().map(to_i16).collect(),
    })
}
