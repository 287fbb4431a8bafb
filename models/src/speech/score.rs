//! How well a net hears: phones that are wrong, as a share of those that were said.

use burn::tensor::{Tensor, TensorData};
use motet_engine::decode::ctc::greedy;

use super::config::SpeechConfig;
use super::corpus::{Sound, floor};
use super::net::SpeechNet;
use super::phones::{BLANK, OUTPUTS};
use crate::lowering::tensor_values;
use crate::train::TrainError;

/// Seconds of sound that are computed at once, about.
const BATCH_SECONDS: usize = 60;

/// Scores of sounds, `[units, outputs]` each, in their order.
///
/// # Errors
/// [`TrainError::Burn`] if Burn gives no answer.
pub fn scores(net: &SpeechNet, sounds: &[Sound]) -> Result<Vec<Vec<f32>>, TrainError> {
    let config = net.config();
    let features = &config.features;
    let mut order: Vec<usize> = (0..sounds.len()).collect();
    order.sort_by_key(|index| sounds[*index].frames(features));
    let per_second = features.sample_rate_hz as usize / features.hop_samples;
    let mut found = vec![Vec::new(); sounds.len()];
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let mut count = 1;
        while count < rest.len()
            && (count + 1) * sounds[rest[count]].frames(features) <= BATCH_SECONDS * per_second
        {
            count += 1;
        }
        let (batch, behind) = rest.split_at(count);
        rest = behind;
        let values: Vec<Vec<f32>> = batch
            .iter()
            .map(|index| sounds[*index].features(features))
            .collect();
        let frames: Vec<usize> = batch
            .iter()
            .map(|index| sounds[*index].frames(features))
            .collect();
        let batched = side_by_side(&values, config);
        let answered = net.forward(batched.to_device(&net.head.weight.device()), &frames, &mut |x| x);
        let units = answered.dims()[1];
        let answered = tensor_values(answered).map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })?;
        for ((index, frames), answered) in batch
            .iter()
            .zip(frames)
            .zip(answered.chunks_exact((units * OUTPUTS).max(1)))
        {
            found[*index] = answered[..config.units(frames) * OUTPUTS].to_vec();
        }
    }
    Ok(found)
}

/// A spectrogram with its margins of silence.
pub(super) fn with_margins(sound: &[f32], config: &SpeechConfig) -> Vec<f32> {
    let silence = floor(&config.features);
    let margins = config.margins();
    let [before, behind] = margins.map(|frames| vec![silence; frames * config.features.bins]);
    [&before, sound, &behind].concat()
}

/// Spectrograms side by side with margins of silence, filled up with it: `[batch, frames, bins]`.
pub(super) fn side_by_side(sounds: &[Vec<f32>], config: &SpeechConfig) -> Tensor<3> {
    let bins = config.features.bins;
    let longest = sounds.iter().map(Vec::len).max().unwrap_or(0) / bins;
    let rows = config.rows(longest);
    let before = config.margins()[0];
    let mut values = vec![floor(&config.features); sounds.len() * rows * bins];
    for (sound, place) in sounds.iter().zip(values.chunks_exact_mut(rows * bins)) {
        place[before * bins..][..sound.len()].copy_from_slice(sound);
    }
    Tensor::from_data(
        TensorData::new(values, [sounds.len(), rows, bins]),
        &burn::tensor::Device::flex(),
    )
}

/// The phones of the best path.
pub fn heard(scores: &[f32]) -> Vec<u8> {
    greedy(scores, OUTPUTS, BLANK)
        .filter_map(|token| u8::try_from(token.label).ok())
        .collect()
}

/// Phones that must be put in, taken out or changed to make one string of the other.
///
/// # Source
/// Wagner and Fischer 1974, "The string-to-string correction problem".
pub fn edits(found: &[u8], expected: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=expected.len()).collect();
    for (index, phone) in found.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (place, other) in expected.iter().enumerate() {
            let changed = diagonal + usize::from(phone != other);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[expected.len()]
}

/// Edits and phones of sounds.
///
/// # Errors
/// As [`scores`].
pub fn phone_errors(net: &SpeechNet, sounds: &[Sound]) -> Result<Vec<[usize; 2]>, TrainError> {
    let scores = scores(net, sounds)?;
    let pairs = sounds.iter().zip(&scores);
    Ok(pairs
        .map(|(sound, scores)| [edits(&heard(scores), &sound.phones), sound.phones.len()])
        .collect())
}

/// The share of phones that are wrong; NaN without any.
pub fn error_rate<'a>(counts: impl IntoIterator<Item = &'a [usize; 2]>) -> f64 {
    let (mut edits, mut phones) = (0, 0);
    for [wrong, said] in counts {
        edits += wrong;
        phones += said;
    }
    edits as f64 / phones as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_as_in_the_textbook() {
        assert_eq!(edits(b"kitten", b"sitting"), 3);
        assert_eq!(edits(b"", b"abc"), 3);
        assert_eq!(edits(b"abc", b""), 3);
        assert_eq!(edits(b"saturday", b"sunday"), 3);
        assert!((error_rate(&[[1, 4], [0, 4]]) - 0.125).abs() < 1e-12);
    }
}
