//! The classical baseline of utterances, and the table that holds a model against it.

use super::corpus::{Labels, Utterance};
use super::evaluate::measure;
use super::measure::{Figure, Mark, marks};
use super::read;
use super::score::Answer;
use crate::baseline::{Crf, CrfOptions, LinearSvm, SvmOptions, TaggedSentence, TfIdf};
use crate::data::TextSet;
use crate::decide::ScopeScore;
use crate::evaluation::{Better, Figure as Shown, MetricRow, Scale};
use crate::metrics::{BootstrapOptions, ConfidenceInterval, bootstrap, paired};
use crate::task::TaskError;

/// What the baseline answers, as marks like those of the model.
pub(super) fn baseline(
    labels: &Labels,
    train: &TextSet,
    valid: &TextSet,
    utterances: &[Utterance],
) -> Result<Vec<Mark>, TaskError> {
    let learnt = read::utterances(&train.examples, labels);
    let mut answers = vec![
        Answer {
            intents: Vec::new(),
            tags: Vec::new(),
            sure: Vec::new(),
        };
        utterances.len()
    ];
    if !labels.intents.is_empty() {
        let (texts, classes): (Vec<&str>, Vec<u32>) = train
            .examples
            .iter()
            .zip(&learnt)
            .filter_map(|(example, utterance)| {
                let intent = utterance
                    .intent
                    .filter(|intent| Some(*intent) != labels.out_of_scope)?;
                Some((example.text.as_str(), u32::try_from(intent).ok()?))
            })
            .unzip();
        let features = TfIdf::fit(&texts);
        let options = SvmOptions {
            cost: 1.0,
            tolerance: 0.01,
            passes_max: 1_000,
            seed: 1,
        };
        let count = labels.intents.len();
        let machine = LinearSvm::fit(&features.rows(&texts), &classes, count, options)
            .map_err(|error| measure(&error))?;
        let judged: Vec<&str> = valid
            .examples
            .iter()
            .map(|example| example.text.as_str())
            .collect();
        let margins = machine
            .margins(&features.rows(&judged))
            .map_err(|error| measure(&error))?;
        for (answer, margins) in answers.iter_mut().zip(margins.chunks_exact(count)) {
            answer.intents = margins.to_vec();
        }
    }
    if !labels.tags.is_empty() {
        tag(labels, &learnt, utterances, &mut answers)?;
    }
    // The largest margin is the score of a machine that knows no other class.
    let mut marks = marks(labels, utterances, &answers, ScopeScore::Energy);
    for (mark, answer) in marks.iter_mut().zip(&answers) {
        let known = (0..answer.intents.len()).filter(|index| Some(*index) != labels.out_of_scope);
        mark.scope = known
            .map(|index| f64::from(answer.intents[index]))
            .fold(f64::NEG_INFINITY, f64::max);
    }
    Ok(marks)
}

fn tag(
    labels: &Labels,
    learnt: &[Utterance],
    utterances: &[Utterance],
    answers: &mut [Answer],
) -> Result<(), TaskError> {
    let words = |utterance: &'_ Utterance| -> Vec<String> { utterance.words.clone() };
    let sentences: Vec<(Vec<String>, Vec<&str>)> = learnt
        .iter()
        .filter_map(|utterance| {
            let tags = utterance.tags.as_ref()?;
            Some((
                words(utterance),
                tags.iter().map(|tag| labels.tags[*tag].as_str()).collect(),
            ))
        })
        .collect();
    let tokens: Vec<Vec<&str>> = sentences
        .iter()
        .map(|(words, _)| words.iter().map(String::as_str).collect())
        .collect();
    let tagged: Vec<TaggedSentence<'_>> = tokens
        .iter()
        .zip(&sentences)
        .map(|(tokens, (_, tags))| TaggedSentence { tokens, tags })
        .collect();
    let options = CrfOptions {
        penalty: 0.5,
        passes: 15,
        rate: 0.05,
        count_min: 2,
        seed: 1,
    };
    let crf = Crf::fit(&tagged, options).map_err(|error| measure(&error))?;
    for (utterance, answer) in utterances.iter().zip(answers) {
        let tokens: Vec<&str> = utterance.words.iter().map(String::as_str).collect();
        let number = |tag: &str| labels.tags.iter().position(|known| known == tag).unwrap_or(0);
        answer.tags = crf.tag(&tokens).into_iter().map(number).collect();
    }
    Ok(())
}

/// The table of figures, with intervals and, beside a baseline, paired differences.
pub(super) fn rows(
    labels: &Labels,
    own: &[Mark],
    base: Option<&[Mark]>,
    seed: u64,
) -> Result<Vec<MetricRow>, TaskError> {
    let options = BootstrapOptions {
        resamples: 2_000,
        confidence: 0.95,
        seed,
    };
    let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
    let shown = |interval: ConfidenceInterval| Shown {
        value: interval.estimate,
        limits: Some((interval.low, interval.high)),
    };
    let mut rows = Vec::new();
    let are_nested = own.iter().any(|mark| mark.untagged > 0);
    for figure in Figure::of(labels, are_nested) {
        let interval = |marks: &[Mark]| {
            let mut drawn = Vec::with_capacity(marks.len());
            bootstrap(count, options, |places| {
                drawn.clear();
                drawn.extend(places.iter().map(|place| marks[*place as usize]));
                figure.value(&drawn)
            })
        };
        let difference = match base {
            None => None,
            Some(base) => {
                let difference = paired(base, own, options, |marks| figure.value(marks))
                    .map_err(|error| measure(&error))?;
                Some(shown(difference.interval))
            }
        };
        rows.push(MetricRow {
            name: figure.name().to_owned(),
            scale: if figure == Figure::ScopeAuroc {
                Scale::Number
            } else {
                Scale::Percent
            },
            better: Better::Higher,
            model: shown(interval(own)),
            baseline: base.map(|base| shown(interval(base))),
            difference,
        });
    }
    Ok(rows)
}
