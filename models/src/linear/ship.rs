//! From trained states to a model in a folder: calibrated, measured, with its card.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use motet_engine::Cpu;

use super::features::Scratch;
use super::measure::{Answer, BINS, Figure, answers, forecasts, marks, measure, scores};
use super::model::{LinearCard, LinearModel};
use super::solve::objective;
use super::task::PreparedTexts;
use crate::card::{Card, Cost, Metric, Ports, SeedChoice, WEIGHTS_FILE, Weights, sha256};
use crate::decide::{Abstain, Decision, ScopeScore};
use crate::evaluation::CostRow;
use crate::metrics::fit_temperature;
use crate::model::NetCard;
use crate::shipping::{percentiles_ms, write};
use crate::task::{Shipped, TaskError};
use crate::train::TrainState;

/// Texts that are timed.
const TIMED: usize = 500;

/// Measures each state, calibrates by the folds, and writes the one that fits what it learnt from best.
///
/// # Errors
/// [`TaskError`] if there is no state, or the model cannot be measured or written.
pub(super) fn ship(
    prepared: &PreparedTexts,
    states: &[TrainState],
    folder: &Path,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Shipped, TaskError> {
    let (of_folds, states) = states
        .split_at_checked(prepared.folds.len())
        .ok_or_else(|| measure(&"there is no trained state"))?;
    let objectives: Vec<f64> = states.iter().map(objective).collect();
    let chosen = (0..states.len())
        .min_by(|a, b| objectives[*a].total_cmp(&objectives[*b]))
        .ok_or_else(|| measure(&"there is no trained state"))?;
    let crossed = crossed(prepared, of_folds)?;
    let decision = decision(prepared, &crossed[0])?;
    let models = states
        .iter()
        .map(|state| prepared.lesson().model(state, 0))
        .collect::<Result<Vec<_>, _>>()?;
    let metrics = metrics(prepared, (&models, chosen), (&crossed, &decision))?;
    let model = prepared.lesson().model(&states[chosen], prepared.last_part())?;
    let bytes = model
        .tensors()
        .to_half_bytes()
        .map_err(|source| TaskError::File {
            path: WEIGHTS_FILE.into(),
            source,
        })?;
    let mut card = card(prepared, &bytes, (metrics, decision.clone()));
    card.seed = SeedChoice {
        trained: states.iter().map(|state| state.options.seed).collect(),
        chosen: states[chosen].options.seed,
        criterion:
            "the least of what training makes small; seeds only order the examples, so they hardly differ"
                .to_owned(),
    };
    let judged = answers(&models[chosen], &prepared.common.corpus, &prepared.judged, 0);
    card.record(&[cost(&model, prepared, (&judged, &decision), elapsed)]);
    let yaml = write(&card, &bytes, folder)?;
    let line = |metric: &Metric| {
        let Metric {
            name,
            chosen,
            min,
            max,
            ..
        } = metric;
        let [low, own, high] = [min, chosen, max].map(|value| format!("{value:.4}"));
        // Seeds only order the examples: there is seldom anything between the lowest and the highest.
        match low == high {
            true => format!("{name}: {own}"),
            false => format!("{name}: {own} ({low} to {high} over {} seeds)", states.len()),
        }
    };
    Ok(Shipped {
        figures: card.metrics.iter().map(line).collect(),
        card: yaml,
        bytes: bytes.len() as u64,
        decision: Some(decision),
    })
}

/// What each fold answers to the rows that it left out, for each field, the one that judges first.
fn crossed(prepared: &PreparedTexts, states: &[TrainState]) -> Result<Vec<Vec<Answer>>, TaskError> {
    let corpus = &prepared.common.corpus;
    let mut all = vec![Vec::new(); corpus.fields.len()];
    for (fold, state) in prepared.folds.iter().zip(states) {
        let model = fold.lesson().model(state, 0)?;
        for (field, all) in all.iter_mut().enumerate() {
            all.extend(answers(&model, corpus, &fold.judged, field));
        }
    }
    Ok(all)
}

/// The temperature of the folds, and the threshold that turns away the stated share of what they answer.
fn decision(prepared: &PreparedTexts, crossed: &[Answer]) -> Result<Decision, TaskError> {
    let (margins, gold, classes) = scores(crossed);
    let fitted = fit_temperature(&margins, &gold, classes).map_err(|error| measure(&error))?;
    let rate = prepared.common.lesson.false_rejection_percent / 100.0;
    let largest = |answer: &Answer| answer.margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut largest: Vec<f32> = crossed.iter().map(largest).collect();
    largest.sort_by(f32::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is one, and margins are `f32`"
    )]
    let (place, temperature) = ((rate * largest.len() as f64) as usize, fitted.temperature as f32);
    Ok(Decision {
        temperature,
        abstain: largest.get(place).map(|threshold| Abstain {
            by: ScopeScore::Largest,
            threshold: *threshold,
            false_rejection: rate,
        }),
        span_temperature: None,
    })
}

/// The figures of what did not learn from the judging rows, for each field; and those of the folds.
fn metrics(
    prepared: &PreparedTexts,
    (models, chosen): (&[LinearModel], usize),
    (crossed, decision): (&[Vec<Answer>], &Decision),
) -> Result<Vec<Metric>, TaskError> {
    let common = &prepared.common;
    let classes = common.config.classes;
    // The weights that are written may know what judges.
    let alone = match prepared.last_part() {
        0 => "",
        _ => ", of weights that learnt from train alone",
    };
    let mut metrics = Vec::new();
    for (field, name) in common.corpus.fields.iter().enumerate() {
        let answers: Vec<Vec<Answer>> = models
            .iter()
            .map(|model| answers(model, &common.corpus, &prepared.judged, field))
            .collect();
        let on = format!("valid, {name}{alone}");
        for figure in Figure::ALL {
            let value = |answers: &Vec<Answer>| figure.value(&marks(answers, decision), classes);
            let values: Vec<f64> = answers.iter().map(value).collect();
            metrics.push(Metric::over_seeds(
                &format!("{}, {on}", figure.name()),
                &values,
                chosen,
            ));
        }
        let errors = answers
            .iter()
            .map(|answers| Ok(forecasts(answers, decision.temperature.into())?.ece(BINS)))
            .collect::<Result<Vec<f64>, TaskError>>()?;
        let name = format!("expected calibration error, {on}, the temperature fitted on the folds");
        metrics.push(Metric::over_seeds(&name, &errors, chosen));
    }
    let folds = prepared.folds.len();
    for (crossed, field) in crossed.iter().zip(&common.corpus.fields) {
        let marks = marks(crossed, decision);
        for figure in Figure::ALL {
            let name = format!("{}, {folds} folds of train, {field}", figure.name());
            metrics.push(Metric::over_seeds(&name, &[figure.value(&marks, classes)], 0));
        }
    }
    let name = format!(
        "expected calibration error, {folds} folds of train, the temperature fitted on the other half"
    );
    metrics.push(Metric::over_seeds(&name, &[crossed_ece(&crossed[0])?], 0));
    Ok(metrics)
}

/// The calibration error of each half with the temperature of the other, so that it is not judged by what it was fitted
/// on.
fn crossed_ece(crossed: &[Answer]) -> Result<f64, TaskError> {
    // Folds follow each other, so every other answer is half of each.
    let half = |first: usize| -> Vec<Answer> { crossed.iter().skip(first).step_by(2).cloned().collect() };
    let halves = [half(0), half(1)];
    let mut sum = 0.0;
    for (fitted, judged) in [(&halves[0], &halves[1]), (&halves[1], &halves[0])] {
        let (margins, gold, classes) = scores(fitted);
        let fitted = fit_temperature(&margins, &gold, classes).map_err(|error| measure(&error))?;
        sum += forecasts(judged, fitted.temperature)?.ece(BINS);
    }
    Ok(sum / 2.0)
}

/// What a text costs, and how good the model is that did not learn from those that judge.
fn cost(
    model: &LinearModel,
    prepared: &PreparedTexts,
    (judged, decision): (&[Answer], &Decision),
    elapsed: &dyn Fn() -> Duration,
) -> CostRow {
    let corpus = &prepared.common.corpus;
    let texts: Vec<&str> = prepared
        .judged
        .iter()
        .filter_map(|row| corpus.text(*row, 0))
        .collect();
    let marks = marks(judged, decision);
    let metrics = Figure::ALL.map(|figure| {
        let value = figure.value(&marks, model.config().classes);
        (figure.name().to_owned(), value)
    });
    CostRow {
        precision: "f32".to_owned(),
        metrics: BTreeMap::from(metrics),
        cost: timed(model, &texts, elapsed),
    }
}

/// The size of a model, and the time of the first texts after each has been read once.
pub(super) fn timed(model: &LinearModel, texts: &[&str], elapsed: &dyn Fn() -> Duration) -> Cost {
    let mut scratch = Scratch::new(model.terms());
    let mut margins = vec![0.0; model.config().classes];
    let texts = &texts[..texts.len().min(TIMED)];
    let mut times = Vec::new();
    for _ in 0..2 {
        times.clear();
        for text in texts {
            let begun = elapsed();
            model.margins(text, &mut scratch, &mut margins);
            times.push(elapsed().saturating_sub(begun));
        }
    }
    let [p50_ms, p95_ms] = percentiles_ms(times);
    Cost {
        weight_bytes: model.config().bytes() as u64,
        p50_ms,
        p95_ms,
        cpu: Cpu::detect().to_string(),
    }
}

fn card(prepared: &PreparedTexts, bytes: &[u8], (metrics, decision): (Vec<Metric>, Decision)) -> LinearCard {
    let common = &prepared.common;
    Card {
        name: common.recipe.name.clone(),
        version: common.recipe.version,
        about: common.recipe.about.clone(),
        ports: Ports {
            input: "utf8[T<=65536], a text".to_owned(),
            output: "a class with its confidence, or an abstention".to_owned(),
        },
        model: NetCard {
            net: common.config.clone(),
            labels: common.corpus.classes.clone(),
            ranges: BTreeMap::new(),
            decision: Some(decision),
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            parameters: common.config.parameters(),
        },
        seed: SeedChoice {
            trained: Vec::new(),
            chosen: 0,
            criterion: String::new(),
        },
        data: common.data.clone(),
        metrics,
        intended_use: common.card.intended_use.clone(),
        must_not_be_used_for: common.card.must_not_be_used_for.clone(),
        recipe: Some(common.recipe.clone()),
    }
}
