//! Recordings in a folder, named by a manifest.
//!
//! Reading a set opens every recording, one after the other on each thread, and keeps none of them: memory holds what
//! the manifest says, and the length, rate and checksum of each file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::fault::Faults;
use super::manifest::{self, Entry, ManifestFields};
use super::problem::quote;
use super::row::note;
use super::{DataError, Example, Place, Problem, Side, file};
use crate::audio::clip::{ClipError, ClipHeader, decode, read_bytes};
use crate::card::sha256;

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioExample {
    /// Its name, unique in the manifest; its file where the manifest gives none.
    pub id: String,
    /// Where it was named.
    pub place: Place,
    /// Who is heard, if the manifest says so.
    pub group: Option<String>,
    /// The file.
    pub path: PathBuf,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub sha256: String,
    /// The class of the recording.
    pub label: Option<String>,
    /// What is said, if the manifest says so.
    pub text: Option<String>,
    /// The phones that are heard, apart by blanks, if the manifest says so.
    pub phones: Option<String>,
    /// Names and values of what is said, if the manifest says so.
    pub slots: Vec<(String, String)>,
    /// Samples per second.
    pub rate_hz: u32,
    /// Length in seconds; absent where it was not decoded and its header leaves it open.
    pub seconds: Option<f64>,
    /// The side that the manifest asks for.
    pub side: Option<Side>,
}

impl Example for AudioExample {
    fn id(&self) -> &str {
        &self.id
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn side(&self) -> Option<Side> {
        self.side
    }

    fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    fn sha256(&self) -> Option<&str> {
        Some(&self.sha256)
    }

    fn span_names(&self) -> Vec<&str> {
        self.slots.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// How closely recordings are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioCheck {
    /// Their headers alone.
    Header,
    /// Every sample.
    Decode,
}

/// Refuses a text or phones that cannot be used.
pub type CheckSpoken<'a> = &'a (dyn Fn(Option<&str>, Option<&str>) -> Result<(), Problem> + Sync);

/// How recordings are read.
#[derive(Clone, Copy)]
pub struct AudioOptions<'a> {
    /// Names of the fields of the manifest.
    pub fields: &'a ManifestFields,
    /// The classes of the recipe, if it names them.
    pub labels: Option<&'a [String]>,
    /// The rate that all recordings must have, in Hz, if they may not be resampled.
    pub rate_hz: Option<u32>,
    /// Longest recording, in seconds.
    pub seconds_max: f64,
    /// How closely they are looked at.
    pub check: AudioCheck,
    /// What is asked of the text and the phones of each recording, if anything is.
    pub spoken: Option<CheckSpoken<'a>>,
}

/// A manifest of recordings.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioSet {
    /// The manifest.
    pub file: Arc<Path>,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its examples, in the order of the manifest; one at least.
    pub examples: Vec<AudioExample>,
}

impl AudioSet {
    /// Reads a manifest and opens the recordings that it names, which lie in its folder or below.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::TooLarge`] and [`DataError::Empty`] for the manifest,
    /// [`DataError::Faults`] for its lines and for the recordings.
    pub fn read(path: &Path, options: &AudioOptions<'_>) -> Result<Self, DataError> {
        let bytes = file::read(path)?;
        let file = file::shared(path);
        let mut faults = Faults::new(&file);
        let entries = manifest::read(&file, &bytes, options.fields, options.labels, &mut faults);
        let opened: Vec<_> = entries
            .into_par_iter()
            .map(|entry| (entry.place.line, open(entry, options)))
            .collect();
        let mut examples = Vec::with_capacity(opened.len());
        for (line, opened) in opened {
            match opened {
                Ok(example) => examples.push(example),
                Err(problems) => problems
                    .into_iter()
                    .for_each(|problem| faults.push(line, problem)),
            }
        }
        let examples = faults.or(examples)?;
        if examples.is_empty() {
            return Err(DataError::Empty {
                path: path.to_path_buf(),
            });
        }
        Ok(Self {
            file,
            sha256: sha256(&bytes),
            examples,
        })
    }
}

/// What a recording is, as far as it was looked at.
struct Sound {
    sha256: String,
    rate_hz: u32,
    length: Option<u64>,
}

fn open(entry: Entry, options: &AudioOptions<'_>) -> Result<AudioExample, Vec<Problem>> {
    let name = quote(&entry.file);
    let sound = listen(&entry.path, options.check).map_err(|error| {
        vec![Problem::FileUnusable {
            file: name.clone(),
            reason: reason(&error),
        }]
    })?;
    let mut problems = Vec::new();
    let samples = note(entry.row.count("samples"), &mut problems);
    let text = note(entry.row.text("text"), &mut problems);
    let phones = note(entry.row.text("phones"), &mut problems);
    if let Some(Err(problem)) = options
        .spoken
        .map(|check| check(text.as_deref(), phones.as_deref()))
    {
        problems.push(problem);
    }
    let slots = entry.row.pairs("slots").map(Some);
    let slots = note(slots, &mut problems).unwrap_or_default();
    let seconds = sound
        .length
        .map(|length| length as f64 / f64::from(sound.rate_hz));
    if let (Some(expected), Some(found)) = (samples, sound.length)
        && expected != found
    {
        problems.push(Problem::SampleCount {
            file: name.clone(),
            expected,
            found,
        });
    }
    if let Some(expected_hz) = options.rate_hz
        && expected_hz != sound.rate_hz
    {
        problems.push(Problem::SampleRate {
            file: name.clone(),
            expected_hz,
            found_hz: sound.rate_hz,
        });
    }
    if let Some(seconds) = seconds
        && seconds > options.seconds_max
    {
        problems.push(Problem::Duration {
            file: name,
            seconds,
            max: options.seconds_max,
        });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(AudioExample {
        id: entry.id,
        place: entry.place,
        group: entry.group,
        path: entry.path,
        sha256: sound.sha256,
        label: entry.label,
        text,
        phones,
        slots,
        rate_hz: sound.rate_hz,
        seconds,
        side: entry.side,
    })
}

fn listen(path: &Path, check: AudioCheck) -> Result<Sound, ClipError> {
    let bytes = read_bytes(path)?;
    let header = ClipHeader::of(&bytes)?;
    let sha256 = sha256(&bytes);
    let length = match check {
        AudioCheck::Header => header.length,
        AudioCheck::Decode => Some(decode(bytes)?.samples.len() as u64),
    };
    Ok(Sound {
        sha256,
        rate_hz: header.rate_hz,
        length,
    })
}

/// Returns what an error says without the path, which the fault names already.
fn reason(error: &ClipError) -> String {
    match error {
        ClipError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            "no such file".to_owned()
        }
        ClipError::Read { source, .. } => source.to_string(),
        ClipError::Directory { .. } => "it is a folder".to_owned(),
        other => quote(&other.to_string()),
    }
}

#[cfg(test)]
mod tests;
