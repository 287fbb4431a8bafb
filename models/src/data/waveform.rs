//! Recordings of machines in a folder, named by a manifest with their scale and the speed of the shaft.

use std::path::Path;
use std::sync::Arc;

use super::fault::Faults;
use super::manifest::{self, Entry, ManifestFields};
use super::problem::quote;
use super::row::note;
use super::{DataError, Example, Place, Problem, Side, file};
use crate::audio::clip::{decode, read_bytes};
use crate::card::sha256;

/// A stretch of vibration.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveformExample {
    /// Its name, unique in the manifest; its file where the manifest gives none.
    pub id: String,
    /// Where it was named.
    pub place: Place,
    /// What is left out as a whole, such as a size of damage.
    pub group: Option<String>,
    /// SHA-256 checksum of the file, in hexadecimal.
    pub sha256: String,
    /// What is the matter with the machine.
    pub label: Option<String>,
    /// Samples per second.
    pub rate_hz: u32,
    /// Speed of the shaft, in turns per minute.
    pub speed_rpm: f64,
    /// Samples in the unit that the scale of the manifest gives.
    pub samples: Vec<f64>,
    /// The side that the manifest asks for.
    pub side: Option<Side>,
}

impl Example for WaveformExample {
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

    fn sha256(&self) -> Option<&str> {
        Some(&self.sha256)
    }
}

/// Names of the fields of a manifest of recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveformFields {
    /// What is the matter.
    pub label: String,
    /// What is left out as a whole.
    pub group: String,
    /// The speed of the shaft, in turns per minute.
    pub speed: String,
    /// What a sample of 16 bits, as a whole number, is multiplied with.
    pub scale: String,
}

/// A manifest of recordings of machines.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveformSet {
    /// The manifest.
    pub file: Arc<Path>,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its examples, in the order of the manifest; one at least.
    pub examples: Vec<WaveformExample>,
}

impl WaveformSet {
    /// Reads a manifest and the recordings that it names, which lie in its folder or below.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::TooLarge`] and [`DataError::Empty`] for the manifest, [`DataError::Faults`] for its
    /// lines and for the recordings.
    pub fn read(path: &Path, fields: &WaveformFields) -> Result<Self, DataError> {
        let bytes = file::read(path)?;
        let file = file::shared(path);
        let mut faults = Faults::new(&file);
        let names = ManifestFields {
            label: Some(fields.label.clone()),
            group: Some(fields.group.clone()),
        };
        let entries = manifest::read(&file, &bytes, &names, None, &mut faults);
        let mut examples = Vec::with_capacity(entries.len());
        for entry in entries {
            let line = entry.place.line;
            match example(entry, fields) {
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

fn example(entry: Entry, fields: &WaveformFields) -> Result<WaveformExample, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut number = |field: &str| {
        let found = entry.row.number(field);
        let found = found.and_then(|found| found.ok_or_else(|| entry.row.missing(field)));
        note(found.map(Some), &mut problems).unwrap_or_default()
    };
    let (speed_rpm, scale) = (number(&fields.speed), number(&fields.scale));
    let clip = read_bytes(&entry.path).and_then(|bytes| {
        let sum = sha256(&bytes);
        decode(bytes).map(|clip| (sum, clip))
    });
    let (sha256, clip) = match clip {
        Ok(found) => found,
        Err(error) => {
            problems.push(Problem::FileUnusable {
                file: quote(&entry.file),
                reason: quote(&error.to_string()),
            });
            return Err(problems);
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    // A decoded sample of 16 bits is a whole number over 32,768.
    let scale = scale * 32_768.0;
    Ok(WaveformExample {
        id: entry.id,
        place: entry.place,
        group: entry.group,
        sha256,
        label: entry.label,
        rate_hz: clip.rate_hz,
        speed_rpm,
        samples: clip
            .samples
            .iter()
            .map(|sample| scale * f64::from(*sample))
            .collect(),
        side: entry.side,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> WaveformFields {
        let name = str::to_owned;
        WaveformFields {
            label: name("fault"),
            group: name("size"),
            speed: name("rpm"),
            scale: name("scale"),
        }
    }

    /// A recording of 16 bits at 8 kHz.
    fn wav(samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let bytes = u32::try_from(data.len()).unwrap();
        let mut file = b"RIFF".to_vec();
        file.extend((36 + bytes).to_le_bytes());
        file.extend(b"WAVEfmt ");
        file.extend(16_u32.to_le_bytes());
        file.extend([1_u16, 1].into_iter().flat_map(u16::to_le_bytes));
        file.extend([8_000_u32, 16_000].into_iter().flat_map(u32::to_le_bytes));
        file.extend([2_u16, 16].into_iter().flat_map(u16::to_le_bytes));
        file.extend(b"data");
        file.extend(bytes.to_le_bytes());
        file.extend(data);
        file
    }

    fn read(manifest: &str) -> Result<WaveformSet, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.wav"), wav(&[0, 1_000, -32_768, 7])).unwrap();
        std::fs::write(folder.path().join("m.jsonl"), manifest).unwrap();
        WaveformSet::read(&folder.path().join("m.jsonl"), &fields()).map_err(|error| error.to_string())
    }

    #[test]
    fn samples_are_whole_numbers_times_the_scale_of_the_manifest() {
        let set =
            read(r#"{"file": "a.wav", "fault": "ball", "size": 7, "rpm": 1772.5, "scale": 0.5}"#).unwrap();
        let example = &set.examples[0];
        assert_eq!(example.samples, [0.0, 500.0, -16_384.0, 3.5]);
        assert_eq!(
            (example.rate_hz, example.label(), example.group()),
            (8_000, Some("ball"), Some("7"))
        );
        assert_eq!(example.speed_rpm.to_bits(), 1_772.5_f64.to_bits());
    }

    #[test]
    fn what_a_line_lacks_is_named() {
        let refused = |line: &str| read(line).unwrap_err();
        assert!(refused(r#"{"file": "a.wav", "fault": "ball", "scale": 1}"#).contains("`rpm` is missing"));
        assert!(refused(r#"{"file": "a.wav", "rpm": "fast", "scale": 1}"#).contains("`rpm` is not a number"));
        assert!(refused(r#"{"file": "b.wav", "rpm": 1, "scale": 1}"#).contains("b.wav"));
    }
}
