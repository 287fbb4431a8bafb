//! Reads a recording: sound as WAV or FLAC, or a waveform of several axes as WAV, FLAC or CSV.
//!
//! Sound, an input of one dimension, is mono: channels are averaged. An input `[C, T]` gets a row for each channel.

use std::path::{Path, PathBuf};

use motet_core::port::{Element, TensorType};
use motet_core::value::Value;
use motet_models::audio::{self, Clip};
use motet_models::data::SensorTable;

use super::{FeedError, Feeding, renamed};
use crate::load::read_bytes;

/// How far the spacing of the rows of a CSV may be from that of the input's rate, as a share.
const SPACING_TOLERANCE: f64 = 0.02;

/// The tensor that the recording at a path holds, under the name that it was given.
pub(super) fn read(
    feeding: &Feeding<'_>,
    tensor: &TensorType,
    (path, shown): (&Path, PathBuf),
) -> Result<Value, FeedError> {
    let dims = tensor.dims.as_slice();
    let (Element::F32, [.., length], Some(rate_mhz), 1 | 2) =
        (tensor.element, dims, tensor.rate_mhz, dims.len())
    else {
        return Err(feeding.wrong(
            "a file that is not JSON; a recording goes to `f32` of one dimension, or of channels and samples, with a rate",
        ));
    };
    let whole = u32::try_from(rate_mhz / 1_000).ok();
    let rate_hz = whole.filter(|hz| u64::from(*hz) * 1_000 == rate_mhz);
    let reading = Reading {
        feeding,
        tensor,
        shown,
        length_max: length.max,
    };
    let rate_hz = rate_hz.ok_or_else(|| reading.rate("it is not a whole number of hertz".to_owned()))?;
    let bytes = read_bytes(path, audio::clip::CLIP_BYTES_MAX).map_err(|error| FeedError::File {
        input: feeding.input.to_owned(),
        source: renamed(error, &reading.shown),
    })?;
    let is_table = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let clips = match (is_table, dims.len()) {
        (true, _) => reading.table(&bytes, rate_hz),
        (false, 1) => audio::decode(bytes)
            .map(|clip| vec![clip])
            .map_err(|source| reading.recording(source)),
        (false, _) => audio::decode_channels(bytes).map_err(|source| reading.recording(source)),
    }?;
    reading.value(&clips, rate_hz)
}

struct Reading<'a> {
    feeding: &'a Feeding<'a>,
    tensor: &'a TensorType,
    shown: PathBuf,
    length_max: u32,
}

impl Reading<'_> {
    /// A row for each channel, at the rate of the input.
    fn value(&self, clips: &[Clip], rate_hz: u32) -> Result<Value, FeedError> {
        let mut rows = Vec::with_capacity(clips.len());
        for clip in clips {
            rows.push(self.resampled(clip, rate_hz)?);
        }
        if self.tensor.dims.len() == 1 {
            return match <[Vec<f32>; 1]>::try_from(rows) {
                Ok([samples]) => Ok(Value::samples(samples)),
                Err(rows) => Err(self
                    .feeding
                    .wrong(&format!("a file of {} columns of values", rows.len()))),
            };
        }
        let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Value::F32 {
            dims: vec![
                length(rows.len()),
                rows.first().map_or(0, |row| length(row.len())),
            ],
            data: rows.concat(),
        })
    }

    fn resampled(&self, clip: &Clip, rate_hz: u32) -> Result<Vec<f32>, FeedError> {
        let seconds_max = f64::from(self.length_max) / f64::from(rate_hz);
        // Before resampling, which would take the memory.
        if clip.seconds() > seconds_max + 1.0 / f64::from(rate_hz) {
            return Err(FeedError::TooLong {
                input: self.feeding.input.to_owned(),
                path: self.shown.clone(),
                seconds: clip.seconds(),
                seconds_max,
            });
        }
        let resampled = audio::resample(&clip.samples, clip.rate_hz, rate_hz);
        let mut samples = resampled.map_err(|error| self.rate(error.to_string()))?;
        samples.truncate(self.length_max as usize);
        if let (true, Some(range)) = (clip.rate_hz != rate_hz, self.tensor.range) {
            // The filter overshoots where the recording is loud; a file at the right rate is taken as it is.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the range is that of 32-bit samples"
            )]
            let (low, high) = (range.low as f32, range.high as f32);
            samples
                .iter_mut()
                .for_each(|sample| *sample = sample.clamp(low, high));
        }
        Ok(samples)
    }

    /// The columns of a table. Where it has a column of time, its rows must be as far apart as the rate says: a table is
    /// never resampled, for nobody knows what its rows were filtered with.
    fn table(&self, bytes: &[u8], rate_hz: u32) -> Result<Vec<Clip>, FeedError> {
        let table = SensorTable::read_csv(bytes).map_err(|fault| FeedError::Table {
            input: self.feeding.input.to_owned(),
            path: self.shown.clone(),
            line: fault.line,
            reason: fault.problem.to_string(),
        })?;
        let spans = table
            .times_s
            .as_deref()
            .and_then(|times| Some((times.first()?, times.last()?)));
        if let Some((first, last)) = spans.filter(|_| table.rows() > 1) {
            let spacing = (last - first) / (table.rows() - 1) as f64;
            let found_hz = spacing.recip();
            if (spacing * f64::from(rate_hz) - 1.0).abs() > SPACING_TOLERANCE {
                return Err(self.rate(format!(
                    "by its column of time it has {found_hz:.1} rows a second"
                )));
            }
        }
        let clip = |samples: Vec<f32>| Clip { samples, rate_hz };
        Ok(table
            .columns
            .into_iter()
            .map(|column| clip(column.values))
            .collect())
    }

    fn recording(&self, source: audio::ClipError) -> FeedError {
        FeedError::Recording {
            input: self.feeding.input.to_owned(),
            path: self.shown.clone(),
            source,
        }
    }

    fn rate(&self, reason: String) -> FeedError {
        FeedError::Rate {
            input: self.feeding.input.to_owned(),
            path: self.shown.clone(),
            reason,
        }
    }
}
