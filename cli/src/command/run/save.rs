//! `motet run --save`: outputs as files.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use motet::answer::Answer;
use motet_core::diagnostic::nearest;
use motet_core::plan::Plan;
use motet_core::port::{Element, PortType, TensorType};
use serde_json::Value as Json;

use crate::command::write_whole;
use crate::failure::Failure;

/// An output, or a field of one, and the file that gets it.
pub(super) struct Saved {
    output: String,
    field: Option<String>,
    path: PathBuf,
    /// Samples a second, for sound that is written as a WAV file.
    rate_hz: Option<u32>,
}

impl Saved {
    /// The output that is meant by `NAME` or `NAME.FIELD`.
    ///
    /// # Errors
    /// A name that the pipeline does not give out, and a WAV file for something else than sound.
    pub(super) fn of(plan: &Plan, name: &str, path: &str) -> Result<Saved, Failure> {
        let (output, field) = match name.split_once('.') {
            Some((output, field)) => (output, Some(field)),
            None => (name, None),
        };
        let planned = plan.outputs.iter().find(|planned| planned.name == output);
        let names = || plan.outputs.iter().map(|planned| planned.name.as_str());
        let planned = planned.ok_or_else(|| unknown("output", output, names()))?;
        let tensor = match (&planned.port, field) {
            (PortType::Tensor(tensor), None) => Some(tensor),
            (PortType::Record(_), None) => None,
            (PortType::Tensor(_), Some(field)) => {
                return Err(Failure::bad(format!(
                    "output `{output}` has no fields, so no `{field}`"
                )));
            }
            (PortType::Record(fields), Some(name)) => {
                let found = fields.iter().find(|field| field.name == name);
                let names = fields.iter().map(|field| field.name.as_str());
                Some(&found.ok_or_else(|| unknown("field", name, names))?.tensor)
            }
        };
        let path = PathBuf::from(path);
        let is_wav = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("wav"));
        let rate_hz = match (is_wav, tensor.and_then(sound_rate_hz)) {
            (true, None) => {
                let message = format!(
                    "`{name}` is no sound, so that it cannot be written as `{}`",
                    path.display()
                );
                return Err(Failure::bad(message));
            }
            (is_wav, rate_hz) => rate_hz.filter(|_| is_wav),
        };
        Ok(Saved {
            output: output.to_owned(),
            field: field.map(str::to_owned),
            path,
            rate_hz,
        })
    }

    /// Writes what a request gave: text as it is, sound as a WAV file with 16 bits a sample, anything else as JSON. Nothing
    /// where the output is absent or failed, which the answer tells.
    pub(super) fn write(&self, answer: &Answer) -> Result<(), Failure> {
        let Some(mut value) = answer.outputs.get(&self.output) else {
            return Ok(());
        };
        if let Some(field) = &self.field {
            value = &value[field.as_str()];
        }
        let bytes = match (value, self.rate_hz) {
            (Json::Array(samples), Some(rate_hz)) => {
                wav(samples, rate_hz).map_err(|error| unwritten(&self.path, &error))?
            }
            (Json::String(text), _) => text.clone().into_bytes(),
            (value, _) => serde_json::to_vec(value).map_err(|error| unwritten(&self.path, &error))?,
        };
        write_whole(&self.path, &bytes)
    }
}

fn unknown<'a>(what: &str, found: &str, known: impl Iterator<Item = &'a str> + Clone) -> Failure {
    let help = match nearest(found, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are `{}`", known.collect::<Vec<_>>().join("`, `")),
    };
    Failure::Bad {
        code: None,
        message: format!("there is no {what} `{found}` to save"),
        help: Some(help),
    }
}

fn unwritten(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::bad(format!("`{}` cannot be written: {error}", path.display()))
}

/// Samples a second of one row of numbers with a whole rate.
fn sound_rate_hz(tensor: &TensorType) -> Option<u32> {
    let rate_mhz = tensor.rate_mhz.filter(|rate| rate % 1_000 == 0)?;
    let is_row = tensor.element == Element::F32 && tensor.dims.len() == 1;
    u32::try_from(rate_mhz / 1_000).ok().filter(|_| is_row)
}

fn wav(samples: &[Json], rate_hz: u32) -> Result<Vec<u8>, hound::Error> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = Cursor::new(Vec::with_capacity(44 + 2 * samples.len()));
    let mut writer = hound::WavWriter::new(&mut file, spec)?;
    for sample in samples {
        let sample = sample.as_f64().unwrap_or_default() * 32_768.0;
        #[expect(clippy::cast_possible_truncation, reason = "it is clamped")]
        writer.write_sample(sample.round().clamp(-32_768.0, 32_767.0) as i16)?;
    }
    writer.finalize()?;
    Ok(file.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_written_as_it_is_and_clipped_at_its_ends() {
        let samples = [0.0, 0.5, -0.25, 1.0, -1.0, 7.0].map(Json::from);
        let bytes = wav(&samples, 22_050).unwrap();
        let mut reader = hound::WavReader::new(bytes.as_slice()).unwrap();
        assert_eq!((reader.spec().channels, reader.spec().sample_rate), (1, 22_050));
        let read: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(read, [0, 16_384, -8_192, 32_767, -32_768, 32_767]);
    }
}
