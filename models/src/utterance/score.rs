//! What a net answers to utterances, and how good that is.

use std::ops::Range;

use super::batch::{Drawn, batch_of};
use super::corpus::{Labels, Utterance};
use super::frames;
use super::net::{Keep, UtteranceNet};
use super::path::Path;
use crate::data::FrameExample;
use crate::lowering::{LowerError, tensor_values};
use crate::train::TrainError;

/// Utterances that are computed at once.
const BATCH: usize = 128;

/// What a net answers to one utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Scores of the intents, logits; empty where the net has none.
    pub intents: Vec<f32>,
    /// Tags of the words, the best path; empty where the net has none.
    pub tags: Vec<usize>,
    /// The probability of each span of the tags, in their order.
    pub sure: Vec<f32>,
}

/// Answers utterances, in their order.
///
/// # Errors
/// [`TrainError::Burn`] if Burn gives no answer.
pub fn answer(
    net: &UtteranceNet,
    labels: &Labels,
    utterances: &[Utterance],
) -> Result<Vec<Answer>, TrainError> {
    let mut order: Vec<usize> = (0..utterances.len()).collect();
    order.sort_by_key(|index| utterances[*index].words.len());
    let mut answers: Vec<Option<Answer>> = vec![None; utterances.len()];
    let path = read(Path::of(net, &labels.tags))?;
    for part in order.chunks(BATCH) {
        let drawn: Vec<Drawn> = part
            .iter()
            .map(|index| Drawn::plain(net.config(), &utterances[*index].words))
            .collect();
        let device = net.table.device();
        let (batch, _) = batch_of(net, &drawn, &device)?;
        let scores = net.forward(&batch, &mut Keep);
        let intents = match scores.intents {
            Some(scores) => read(tensor_values(scores))?,
            None => Vec::new(),
        };
        let each = net.config().intents.len();
        let (length, tags) = match &scores.tags {
            Some(scores) => (scores.dims()[1], scores.dims()[2]),
            None => (0, 0),
        };
        let emissions = match scores.tags {
            Some(scores) => read(tensor_values(scores))?,
            None => Vec::new(),
        };
        for (row, index) in part.iter().enumerate() {
            let words = utterances[*index].words.len().min(net.config().words_max);
            let scores = emissions
                .get(row * length * tags..)
                .map_or(&[][..], |scores| &scores[..words * tags]);
            let (tags, sure) = match &path {
                Some(path) => marked(path, labels, scores),
                None => (Vec::new(), Vec::new()),
            };
            answers[*index] = Some(Answer {
                intents: intents
                    .get(row * each..(row + 1) * each)
                    .unwrap_or_default()
                    .to_vec(),
                tags,
                sure,
            });
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Named figures of answers: of intents, then of slots.
pub fn figures(labels: &Labels, utterances: &[Utterance], answers: &[Answer]) -> Vec<(String, f64)> {
    let mut figures = Vec::new();
    let mut figure = |name: &str, value: f64| figures.push((name.to_owned(), value));
    let pairs = || utterances.iter().zip(answers);
    if !labels.intents.is_empty() {
        let in_scope = || {
            pairs().filter(|(utterance, _)| {
                utterance.intent.is_some() && utterance.intent != labels.out_of_scope
            })
        };
        let right = in_scope()
            .filter(|(utterance, answer)| utterance.intent == best_in_scope(labels, &answer.intents));
        figure("intent accuracy", share(right.count(), in_scope().count()));
    }
    if !labels.tags.is_empty() {
        let tagged =
            || pairs().filter_map(|(utterance, answer)| Some((utterance.tags.as_ref()?, &answer.tags)));
        let (mut found, mut expected, mut both) = (0, 0, 0);
        for (gold, answer) in tagged() {
            let (gold, answer) = (spans(labels, gold), spans(labels, answer));
            found += answer.len();
            expected += gold.len();
            both += answer.iter().filter(|span| gold.contains(span)).count();
        }
        figure("slot F1", share(2 * both, found + expected));
        let right = tagged().filter(|(gold, answer)| gold == answer).count();
        figure("all slots right", share(right, tagged().count()));
    }
    if frames::has_roles(labels.kinds()) {
        let mut sums = [0; 3];
        for (utterance, answer) in pairs() {
            let gold = utterance.frames.as_deref().unwrap_or_default();
            let [_, arguments, _] = frames::compare(gold, &frames_of(labels, &answer.tags));
            for (sum, count) in sums.iter_mut().zip(arguments) {
                *sum += count as usize;
            }
        }
        figure("argument F1", share(2 * sums[0], sums[1] + sums[2]));
    }
    figures
}

/// The intent with the largest score among those that are in scope.
pub fn best_in_scope(labels: &Labels, scores: &[f32]) -> Option<usize> {
    let in_scope = (0..scores.len()).filter(|index| Some(*index) != labels.out_of_scope);
    in_scope.max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
}

/// Kind, first word and end of each slot.
pub fn spans(labels: &Labels, tags: &[usize]) -> Vec<(String, usize, usize)> {
    let mut spans: Vec<(String, usize, usize)> = Vec::new();
    for (at, tag) in tags.iter().enumerate() {
        let Some((begin, kind)) = labels.tags[*tag].split_once('-') else {
            continue;
        };
        match spans.last_mut() {
            Some(last) if begin == "I" && last.0 == kind && last.2 == at => last.2 = at + 1,
            _ => spans.push((kind.to_owned(), at, at + 1)),
        }
    }
    spans
}

/// The frames that these tags say, with their roles.
pub fn frames_of(labels: &Labels, tags: &[usize]) -> Vec<FrameExample> {
    let spans = spans(labels, tags);
    let spans: Vec<(&str, Range<usize>)> = spans
        .iter()
        .map(|(name, first, end)| (name.as_str(), *first..*end))
        .collect();
    frames::gather(&spans)
}

fn share(part: usize, whole: usize) -> f64 {
    match whole {
        0 => f64::NAN,
        _ => part as f64 / whole as f64,
    }
}

fn read<T>(values: Result<T, LowerError>) -> Result<T, TrainError> {
    values.map_err(|error| TrainError::Burn {
        reason: error.to_string(),
    })
}

/// The tags of the best path through these scores, and how likely each of its spans is.
pub(super) fn marked(path: &Path, labels: &Labels, emissions: &[f32]) -> (Vec<usize>, Vec<f32>) {
    let tags = best(path, emissions);
    let found = spans(labels, &tags);
    if found.is_empty() {
        return (tags, Vec::new());
    }
    let rows = emissions.len() / path.chain().labels();
    let mut scratch = vec![0.0; path.scratch(rows)];
    let marginals = path.marginals(emissions, &mut scratch);
    let numbers: Vec<u32> = tags
        .iter()
        .map(|tag| u32::try_from(*tag).unwrap_or(u32::MAX))
        .collect();
    let sure = found
        .iter()
        .map(|(_, first, end)| marginals.of(*first..*end, &numbers[*first..*end]))
        .collect();
    (tags, sure)
}

/// The tags of the best path through these scores.
pub(super) fn best(path: &Path, emissions: &[f32]) -> Vec<usize> {
    let chain = path.chain();
    let rows = emissions.len() / chain.labels();
    let mut best = vec![0; rows];
    let mut scratch = vec![0.0; chain.scratch(rows)];
    // All tags outside of slots is a path that is always allowed.
    let _ = chain.best(emissions, &mut scratch, &mut best);
    best.into_iter().map(|tag| tag as usize).collect()
}
