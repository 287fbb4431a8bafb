//! From recordings to spectrograms in memory, a byte for each number.

use rayon::prelude::*;

use super::lexicon::Lexicon;
use super::phones::places;
use crate::audio::clip::Clip;
use crate::audio::{LogMel, LogMelConfig, resample};
use crate::data::{AudioExample, Problem};
use crate::task::TaskError;
use crate::train::TrainError;

/// Distance between two values of a byte, as a natural logarithm of energy.
const STEP: f32 = 0.2;

/// A recording as a net hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// `[frames, bins]`, in steps above the floor.
    values: Vec<u8>,
    /// What is heard, as places among the outputs.
    pub phones: Vec<u8>,
    /// What the recording comes from, for tables.
    pub source: String,
}

impl Sound {
    /// Frames of features.
    pub fn frames(&self, features: &LogMelConfig) -> usize {
        self.values.len() / features.bins
    }

    /// The features, `[frames, bins]`.
    pub fn features(&self, features: &LogMelConfig) -> Vec<f32> {
        let floor = floor(features);
        self.values
            .iter()
            .map(|value| floor + STEP * f32::from(*value))
            .collect()
    }

    /// A recording of these features, `[frames, bins]`, in which these phones are heard.
    pub fn new(frames: &[f32], features: &LogMelConfig, phones: Vec<u8>) -> Self {
        let floor = floor(features);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast of a float saturates"
        )]
        let step = |value: &f32| ((value - floor) / STEP).round() as u8;
        Self {
            values: frames.iter().map(step).collect(),
            phones,
            source: String::new(),
        }
    }
}

/// The feature of silence.
pub fn floor(features: &LogMelConfig) -> f32 {
    #[allow(clippy::cast_possible_truncation, reason = "features are 32-bit floats")]
    let floor = features.floor.ln() as f32;
    floor
}

/// The phones of a recording: those that it names, or those of its text.
///
/// # Errors
/// [`Problem`] says what of them cannot be used.
pub fn phones_of(text: Option<&str>, phones: Option<&str>, lexicon: &Lexicon) -> Result<Vec<u8>, Problem> {
    match (phones, text) {
        (Some(phones), _) => places(phones).map_err(|phone| Problem::UnknownPhone {
            phone: phone.to_owned(),
        }),
        (None, Some(text)) => lexicon.say(text).map_err(|word| Problem::UnknownWord {
            word: word.to_owned(),
        }),
        (None, None) => Err(Problem::NothingSaid),
    }
}

/// Reads recordings and computes their features.
///
/// # Errors
/// [`TaskError::Train`] for a recording that cannot be read any more.
pub fn hear(
    examples: &[AudioExample],
    features: &LogMelConfig,
    lexicon: &Lexicon,
) -> Result<Vec<Sound>, TaskError> {
    let each = examples.par_iter().map_init(
        || LogMel::new(features.clone()),
        |log_mel, example| {
            let failed = |reason: &dyn std::fmt::Display| TrainError::Data {
                path: example.path.clone(),
                reason: reason.to_string(),
            };
            let log_mel = log_mel.as_mut().map_err(|error| failed(error))?;
            let clip = Clip::read(&example.path).map_err(|error| failed(&error))?;
            let samples = match clip.rate_hz == features.sample_rate_hz {
                true => clip.samples,
                false => resample(&clip.samples, clip.rate_hz, features.sample_rate_hz)
                    .map_err(|error| failed(&error))?,
            };
            let frames = log_mel.spectrogram(&samples).map_err(|error| failed(&error))?;
            let phones = phones_of(example.text.as_deref(), example.phones.as_deref(), lexicon);
            let phones = phones.map_err(|problem| failed(&problem))?;
            Ok(Sound {
                source: example.label.clone().unwrap_or_default(),
                ..Sound::new(&frames, features, phones)
            })
        },
    );
    each.collect::<Result<Vec<_>, TrainError>>()
        .map_err(TaskError::Train)
}

/// Frames of the answer that phones need: one each, and one between equal ones.
pub fn needed(phones: &[u8]) -> usize {
    phones.len() + phones.windows(2).filter(|pair| pair[0] == pair[1]).count()
}
