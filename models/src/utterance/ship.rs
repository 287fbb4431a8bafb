//! From trained states to a model in a folder: calibrated, measured, with its card.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use burn::tensor::Device;
use motet_engine::Cpu;

use super::config::UtteranceConfig;
use super::corpus::{Labels, Utterance, ids};
use super::lower::{IntentNet, SlotsNet};
use super::measure::{Figure, are_nested, in_scope_scores, marks, ranking};
use super::net::UtteranceNet;
use super::programs;
use super::score::{Answer, answer, spans};
use super::task::PreparedUtterances;
use crate::card::{Card, Metric, Ports, PrecisionFigure, SeedChoice, WEIGHTS_FILE, Weights, sha256};
use crate::decide::{Abstain, Decision, span_logit};
use crate::lowering::{Lowering, calibrate};
use crate::metrics::{Forecasts, fit_temperature};
use crate::model::NetCard;
use crate::net::{Net, Sample};
use crate::shipping::{ADMISSIBLE, PRECISIONS, compare, followed, half_bytes, rounded, write, wrong_weights};
use crate::task::{Shipped, TaskError};
use crate::train::TrainState;

/// Utterances that precisions are compared on, and that say how large numbers get.
const COMPARED: usize = 256;
/// Bins of the expected calibration error.
const BINS: usize = 15;
/// A state with its weights as they are shipped, and what it answers.
struct Candidate {
    bytes: Vec<u8>,
    net: UtteranceNet,
    answers: Vec<Answer>,
    seed: u64,
    epochs: usize,
    /// The figure that chose its epoch.
    score: f64,
}

/// Measures each state, calibrates the one that its own choosing examples like best, and writes it.
///
/// # Errors
/// [`TaskError`] if there is no state, or the model cannot be measured or written.
pub(super) fn ship(
    prepared: &PreparedUtterances,
    states: &[TrainState],
    folder: &Path,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Shipped, TaskError> {
    let labels = &prepared.learner.labels;
    let candidates = states
        .iter()
        .map(|state| candidate(prepared, state))
        .collect::<Result<Vec<_>, _>>()?;
    let chosen = (0..candidates.len())
        .max_by(|a, b| candidates[*a].score.total_cmp(&candidates[*b].score))
        .ok_or_else(|| measure(&"there is no trained state"))?;
    let best = &candidates[chosen];
    let decision = decide(prepared, &best.answers)?;
    let metrics = metrics(prepared, &candidates, chosen)?;
    let (precisions, ranges) = precisions(prepared, &best.net)?;
    let mut card = card(
        prepared,
        best,
        &candidates,
        Measured {
            metrics,
            precisions,
            ranges,
            decision: decision.clone(),
        },
    );
    let judged = programs::Judged {
        labels,
        utterances: &prepared.valid,
        by: prepared.lesson.scope,
    };
    card.record(&programs::costs(&best.net, &card.model.ranges, &judged, elapsed)?);
    let yaml = write(&card, &best.bytes, folder)?;
    let line = |metric: &Metric| {
        format!(
            "{}: {:.4} ({:.4} to {:.4} over {} seeds)",
            metric.name,
            metric.chosen,
            metric.min,
            metric.max,
            candidates.len()
        )
    };
    Ok(Shipped {
        figures: card.metrics.iter().map(line).collect(),
        card: yaml,
        bytes: best.bytes.len() as u64,
        decision: Some(decision),
    })
}

/// What the candidates reach on the validation part.
fn metrics(
    prepared: &PreparedUtterances,
    candidates: &[Candidate],
    chosen: usize,
) -> Result<Vec<Metric>, TaskError> {
    let labels = &prepared.learner.labels;
    let mut metrics = Vec::new();
    for figure in Figure::of(labels, are_nested(&prepared.valid)) {
        let value = |candidate: &Candidate| {
            let marks = marks(labels, &prepared.valid, &candidate.answers, prepared.lesson.scope);
            figure.value(&marks)
        };
        let values: Vec<f64> = candidates.iter().map(value).collect();
        metrics.push(Metric::over_seeds(
            &format!("{}, valid", figure.name()),
            &values,
            chosen,
        ));
    }
    if !labels.intents.is_empty() {
        let errors = candidates
            .iter()
            .map(|candidate| crossed_ece(labels, &prepared.valid, &candidate.answers))
            .collect::<Result<Vec<f64>, _>>()?;
        let name = "expected calibration error, valid, the temperature fitted on the other half";
        metrics.push(Metric::over_seeds(name, &errors, chosen));
    }
    if !labels.tags.is_empty() {
        let errors = candidates
            .iter()
            .map(|candidate| crossed_span_ece(labels, &prepared.valid, &candidate.answers))
            .collect::<Result<Vec<f64>, _>>()?;
        let name = "expected calibration error of slots, valid, the temperature fitted on the other half";
        metrics.push(Metric::over_seeds(name, &errors, chosen));
    }
    Ok(metrics)
}

/// The best epoch of a state, rounded to what is stored, and its answers.
fn candidate(prepared: &PreparedUtterances, state: &TrainState) -> Result<Candidate, TaskError> {
    let device = Device::flex();
    let net = state.net(&prepared.learner, &device)?;
    // What a teacher was heard with is of no use any more.
    let bytes = half_bytes(&net, |segment| !segment.name.starts_with("vector")).map_err(|source| {
        TaskError::File {
            path: WEIGHTS_FILE.into(),
            source,
        }
    })?;
    let net = shipped(prepared).build_net(rounded(&bytes)?, &device);
    let net = net.map_err(wrong_weights(Path::new(WEIGHTS_FILE)))?;
    let answers = answer(&net, &prepared.learner.labels, &prepared.valid)?;
    Ok(Candidate {
        bytes,
        net,
        answers,
        seed: state.options.seed,
        epochs: state.epochs,
        score: state.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.score),
    })
}

/// The sizes of the net without what only its training needs.
fn shipped(prepared: &PreparedUtterances) -> UtteranceConfig {
    UtteranceConfig {
        vector: 0,
        ..prepared.config().clone()
    }
}

/// Fits the temperature, and the threshold that turns away the stated share of what should be answered.
fn decide(prepared: &PreparedUtterances, answers: &[Answer]) -> Result<Decision, TaskError> {
    let labels = &prepared.learner.labels;
    let span_temperature = match labels.tags.is_empty() {
        true => None,
        false => Some(span_temperature(&marked_spans(labels, &prepared.valid, answers))?),
    };
    if labels.intents.is_empty() {
        return Ok(Decision {
            span_temperature,
            ..Decision::default()
        });
    }
    let (scores, gold, classes) = in_scope_scores(labels, &prepared.valid, answers);
    let fitted = fit_temperature(&scores, &gold, classes).map_err(|error| measure(&error))?;
    let marks = marks(labels, &prepared.valid, answers, prepared.lesson.scope);
    let rate = prepared.lesson.false_rejection_percent / 100.0;
    let point = ranking(&marks).and_then(|ranking| ranking.at_false_rejection(rate));
    let threshold = match point {
        Some(point) => point.threshold,
        // Without examples that are out of scope, it is the quantile of those that are in it.
        None => quantile(
            marks
                .iter()
                .filter(|mark| mark.intent_right.is_some())
                .map(|mark| mark.scope),
            rate,
        ),
    };
    #[allow(clippy::cast_possible_truncation, reason = "scores are `f32`")]
    Ok(Decision {
        temperature: fitted.temperature as f32,
        abstain: Some(Abstain {
            by: prepared.lesson.scope,
            threshold: threshold as f32,
            false_rejection: rate,
        }),
        span_temperature,
    })
}

/// The logit of each slot that was found, and whether it is right.
fn marked_spans(labels: &Labels, utterances: &[Utterance], answers: &[Answer]) -> Vec<(f32, bool)> {
    let mut marked = Vec::new();
    for (utterance, answer) in utterances.iter().zip(answers) {
        let Some(gold) = &utterance.tags else { continue };
        let gold = spans(labels, gold);
        let found = spans(labels, &answer.tags);
        marked.extend(
            found
                .iter()
                .zip(&answer.sure)
                .map(|(span, sure)| (span_logit(*sure), gold.contains(span))),
        );
    }
    marked
}

/// What the logits of slots are divided by; 1 where there are none, or none that is wrong.
fn span_temperature(marked: &[(f32, bool)]) -> Result<f32, TaskError> {
    if marked.iter().all(|(_, is_right)| *is_right) {
        return Ok(1.0);
    }
    let (logits, gold) = two_classes(marked);
    let fitted = fit_temperature(&logits, &gold, 2).map_err(|error| measure(&error))?;
    #[allow(clippy::cast_possible_truncation, reason = "scores are `f32`")]
    Ok(fitted.temperature as f32)
}

/// Slots as examples of two classes, wrong and right.
fn two_classes(marked: &[(f32, bool)]) -> (Vec<f32>, Vec<u32>) {
    let logits = marked.iter().flat_map(|(logit, _)| [0.0, *logit]).collect();
    (
        logits,
        marked.iter().map(|(_, is_right)| u32::from(*is_right)).collect(),
    )
}

/// The calibration error of the slots of each half of the utterances with the temperature of the other.
fn crossed_span_ece(labels: &Labels, utterances: &[Utterance], answers: &[Answer]) -> Result<f64, TaskError> {
    let half = |parity: usize| {
        let pairs = utterances.iter().zip(answers).skip(parity).step_by(2);
        let (utterances, answers): (Vec<Utterance>, Vec<Answer>) = pairs
            .map(|(utterance, answer)| (utterance.clone(), answer.clone()))
            .unzip();
        marked_spans(labels, &utterances, &answers)
    };
    let halves = [half(0), half(1)];
    let mut sum = 0.0;
    for (fitted, judged) in [(0, 1), (1, 0)] {
        let temperature = f64::from(span_temperature(&halves[fitted])?);
        let (logits, gold) = two_classes(&halves[judged]);
        let forecasts = Forecasts::from_logits(&logits, &gold, 2, temperature);
        sum += forecasts.map_err(|error| measure(&error))?.ece(BINS);
    }
    Ok(sum / 2.0)
}

/// The value below which a share of the values lies.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is one"
    )]
    let place = (share * values.len() as f64) as usize;
    values
        .get(place.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// The calibration error of each half with the temperature of the other, so that it is not judged by what it was fitted
/// on.
fn crossed_ece(labels: &Labels, utterances: &[Utterance], answers: &[Answer]) -> Result<f64, TaskError> {
    let half = |parity: usize| {
        let pick = |index: &usize| index % 2 == parity;
        let utterances: Vec<Utterance> = (0..utterances.len())
            .filter(pick)
            .map(|index| utterances[index].clone())
            .collect();
        let answers: Vec<Answer> = (0..answers.len())
            .filter(pick)
            .map(|index| answers[index].clone())
            .collect();
        in_scope_scores(labels, &utterances, &answers)
    };
    let halves = [half(0), half(1)];
    let mut sum = 0.0;
    for (fitted, judged) in [(0, 1), (1, 0)] {
        let (scores, gold, classes) = &halves[fitted];
        let temperature = fit_temperature(scores, gold, *classes).map_err(|error| measure(&error))?;
        let (scores, gold, classes) = &halves[judged];
        let forecasts = Forecasts::from_logits(scores, gold, *classes, temperature.temperature);
        sum += forecasts.map_err(|error| measure(&error))?.ece(BINS);
    }
    Ok(sum / 2.0)
}

/// What other precisions of the arithmetic cost, and how large numbers get in 8 bits.
type Precisions = (Vec<PrecisionFigure>, BTreeMap<String, f32>);

fn precisions(prepared: &PreparedUtterances, net: &UtteranceNet) -> Result<Precisions, TaskError> {
    let sample = |utterance: &Utterance| Sample::Ids(ids(net.config(), &utterance.words));
    let not_empty = |utterance: &&Utterance| !utterance.words.is_empty();
    // Where nothing chooses among epochs, what was learnt from says how large numbers get.
    let seen = match prepared.learner.judging.is_empty() {
        true => &prepared.learner.training,
        false => &prepared.learner.judging,
    };
    let seen: Vec<Sample> = seen.iter().filter(not_empty).take(COMPARED).map(sample).collect();
    let judged: Vec<Sample> = prepared
        .valid
        .iter()
        .filter(not_empty)
        .take(COMPARED)
        .map(sample)
        .collect();
    let intents = (!net.config().intents.is_empty()).then(|| IntentNet(net.clone()));
    let slots = (!net.config().tags.is_empty()).then(|| SlotsNet(net.clone()));
    let nets: Vec<&dyn Net> = [
        intents.as_ref().map(|net| net as &dyn Net),
        slots.as_ref().map(|net| net as &dyn Net),
    ]
    .into_iter()
    .flatten()
    .collect();
    let cpu = Cpu::detect();
    let mut ranges = BTreeMap::new();
    for net in &nets {
        let found = calibrate(&net.lower(&Lowering::f32(cpu))?, &seen)?;
        for (step, largest) in found.largest() {
            let most: &mut f32 = ranges.entry(step.to_owned()).or_default();
            *most = most.max(largest);
        }
    }
    let mut figures = Vec::new();
    for (precision, name) in PRECISIONS.into_iter().skip(1) {
        let how = Lowering::of_card(cpu, precision, &ranges);
        let (mut worst, mut agreeing, mut all) = (0.0_f64, 0_usize, 0_usize);
        for net in &nets {
            let (rms, agrees, rows) = compare(*net, &how, &judged)?;
            worst = worst.max(rms);
            agreeing += agrees;
            all += rows;
        }
        let agreement = agreeing as f64 / all.max(1) as f64;
        figures.push(PrecisionFigure {
            precision: name.to_owned(),
            relative_rms: worst,
            agreement: Some(agreement),
            on: format!("{} utterances of the validation part", judged.len()),
            admissible: worst <= ADMISSIBLE.0 && agreement >= ADMISSIBLE.1,
            metrics: BTreeMap::new(),
            cost: None,
        });
    }
    Ok((figures, ranges))
}

/// What was measured of the chosen state.
struct Measured {
    metrics: Vec<Metric>,
    precisions: Vec<PrecisionFigure>,
    ranges: BTreeMap<String, f32>,
    decision: Decision,
}

fn card(
    prepared: &PreparedUtterances,
    best: &Candidate,
    candidates: &[Candidate],
    measured: Measured,
) -> Card<NetCard<UtteranceConfig>> {
    let config = shipped(prepared);
    let outputs = [
        (!config.intents.is_empty()).then_some("intent with its confidence, or an abstention"),
        (!config.tags.is_empty()).then_some("slots with their words"),
    ];
    let outputs: Vec<&str> = outputs.into_iter().flatten().collect();
    Card {
        name: prepared.recipe.name.clone(),
        version: prepared.recipe.version,
        about: prepared.recipe.about.clone(),
        ports: Ports {
            input: format!(
                "i32[T<={}, {}], ids of words from `text/tokenize`",
                config.words_max,
                config.ids_per_word()
            ),
            output: outputs.join("; "),
        },
        model: NetCard {
            net: config.clone(),
            labels: Vec::new(),
            ranges: measured.ranges,
            decision: Some(measured.decision),
        },
        precision: "f32".to_owned(),
        precisions: measured.precisions,
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: best.bytes.len() as u64,
            sha256: sha256(&best.bytes),
            parameters: config
                .tensors()
                .iter()
                .map(crate::weights::TensorSpec::count)
                .sum(),
        },
        seed: SeedChoice {
            trained: candidates.iter().map(|candidate| candidate.seed).collect(),
            chosen: best.seed,
            criterion: "the best figure on the part of the training data that chooses among epochs"
                .to_owned(),
        },
        data: prepared.data.clone(),
        metrics: measured.metrics,
        intended_use: prepared.card.intended_use.clone(),
        must_not_be_used_for: prepared.card.must_not_be_used_for.clone(),
        recipe: Some(followed(&prepared.recipe, best.epochs)),
    }
}

fn measure(reason: &dyn std::fmt::Display) -> TaskError {
    TaskError::Measure {
        reason: reason.to_string(),
    }
}
