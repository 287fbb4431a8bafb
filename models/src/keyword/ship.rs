//! From trained states to a model in a folder: weights, and the card that says what they are.

use std::fs;
use std::io::Write;
use std::path::Path;

use burn::tensor::Device;

use super::detect::DetectionRule;
use super::evaluate::{Evaluation, Heard};
use super::model::{KeywordCard, KeywordModel};
use super::task::PreparedKeyword;
use crate::card::{CARD_FILE, Card, Metric, Ports, SeedChoice, WEIGHTS_FILE, Weights, sha256};
use crate::task::{Shipped, TaskError};
use crate::train::TrainState;
use crate::train::state::write_whole;

/// Frames from one window to the next: 0.2 s, so that a word is whole in several windows.
pub const HOP_FRAMES: usize = 20;

/// A detection follows another after 1.4 s at the earliest: one word is one detection.
pub const REFRACTORY_WINDOWS: usize = 7;

/// Windows that are averaged before the threshold.
pub const SMOOTH_WINDOWS: usize = 2;

/// How scores are turned into words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Divides the scores before the softmax.
    pub temperature: f32,
    /// When a keyword counts as heard.
    pub rule: DetectionRule,
}

impl Decision {
    /// Returns the decision before any calibration: temperature 1, threshold one half.
    pub fn uncalibrated() -> Self {
        let rule = DetectionRule {
            threshold: 0.5,
            smooth_windows: SMOOTH_WINDOWS,
            refractory_windows: REFRACTORY_WINDOWS,
        };
        Self {
            temperature: 1.0,
            rule,
        }
    }
}

/// Calibrates on the voices that the fold never heard, measures each seed, and writes the one with the lowest loss.
///
/// # Errors
/// [`TaskError`] without states, or if a model cannot be measured or written.
pub(super) fn ship(
    prepared: &PreparedKeyword,
    states: &[TrainState],
    folder: &Path,
) -> Result<Shipped, TaskError> {
    let Some((fold, seeds)) = states.split_first().filter(|(_, seeds)| !seeds.is_empty()) else {
        return Err(measure(&"there is no trained state"));
    };
    let (threads, device) = (fold.options.shards, Device::flex());
    let draft =
        model_of(prepared, fold, Decision::uncalibrated(), &device).map_err(|error| measure(&error))?;
    let calibration = prepared.calibrate(&draft, threads)?;
    let decision = Decision {
        temperature: calibration.temperature,
        rule: calibration.rule,
    };
    let mut evaluations = Vec::new();
    for state in seeds {
        let model = model_of(prepared, state, decision, &device).map_err(|error| measure(&error))?;
        let heard = Heard::by(&model, &prepared.judged, threads).map_err(|error| measure(&error))?;
        evaluations.push(heard.evaluation(&model));
    }
    let chosen = choose(seeds);
    let weights = weights_of(prepared, &seeds[chosen])?;
    let mut card = card(prepared, &seeds[chosen], decision, &weights);
    card.seed.trained = seeds.iter().map(|state| state.options.seed).collect();
    card.metrics = metrics(&evaluations, chosen);
    card.metrics.extend(calibration.metrics(prepared.fold));
    let mut figures = vec![format!(
        "calibrated on unseen voices: {}; {}",
        calibration.stream, calibration.false_alarms
    )];
    let pairs = seeds.iter().zip(&evaluations);
    figures.extend(pairs.map(|(state, evaluation)| format!("seed {}\n{evaluation}", state.options.seed)));
    Ok(Shipped {
        card: write(&card, &weights, folder)?,
        figures,
        bytes: weights.len() as u64,
        decision: None,
    })
}

/// Returns the place of the state with the lowest loss in its last epoch: a choice that no judged voice enters.
fn choose(states: &[TrainState]) -> usize {
    let last_loss = |state: &TrainState| state.history.last().map_or(f32::INFINITY, |epoch| epoch.loss);
    (0..states.len())
        .min_by(|&a, &b| last_loss(&states[a]).total_cmp(&last_loss(&states[b])))
        .unwrap_or(0)
}

/// Returns a model of one state, before anything is known about how good it is.
fn model_of(
    prepared: &PreparedKeyword,
    state: &TrainState,
    decision: Decision,
    device: &Device,
) -> Result<KeywordModel, TaskError> {
    let weights = weights_of(prepared, state)?;
    let card = card(prepared, state, decision, &weights);
    let yaml = card.to_yaml().map_err(|source| TaskError::Card {
        path: CARD_FILE.into(),
        source,
    })?;
    KeywordModel::from_bytes(&yaml, &weights, device).map_err(|error| measure(&error))
}

fn weights_of(prepared: &PreparedKeyword, state: &TrainState) -> Result<Vec<u8>, TaskError> {
    let net = state.net(&prepared.training.learner, &Device::flex())?;
    KeywordModel::weights_of(&net).map_err(|error| measure(&error))
}

/// Writes the weights, then the card, each whole or not at all; returns the text of the card.
fn write(card: &Card<KeywordCard>, weights: &[u8], folder: &Path) -> Result<String, TaskError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| TaskError::File { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let path = folder.join(CARD_FILE);
    let yaml = card.to_yaml().map_err(|source| TaskError::Card {
        path: path.clone(),
        source,
    })?;
    let file = folder.join(WEIGHTS_FILE);
    write_whole(&file, |out| out.write_all(weights)).map_err(failed(&file))?;
    write_whole(&path, |out| out.write_all(yaml.as_bytes())).map_err(failed(&path))?;
    Ok(yaml)
}

fn card(
    prepared: &PreparedKeyword,
    state: &TrainState,
    decision: Decision,
    weights: &[u8],
) -> Card<KeywordCard> {
    let mut recipe = prepared.recipe.clone();
    if let Some(train) = recipe.sections.get_mut("train") {
        // Fewer or more than the recipe says, where that was asked for.
        train.insert("epochs".to_owned(), state.epochs.into());
    }
    let seed = state.options.seed;
    Card {
        name: recipe.name.clone(),
        version: recipe.version,
        about: recipe.about.clone(),
        ports: Ports {
            input: format!("f32[T<=360000, {}] raw log-mel", prepared.net.bins),
            output: "label, score in 0..1, and detections with their frames".to_owned(),
        },
        model: KeywordCard {
            labels: prepared.labels.clone(),
            features: prepared.features.clone(),
            net: prepared.net.clone(),
            hop_frames: HOP_FRAMES,
            temperature: decision.temperature,
            rule: decision.rule,
            ranges: std::collections::BTreeMap::new(),
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: weights.len() as u64,
            sha256: sha256(weights),
            parameters: state.base.len(),
        },
        seed: SeedChoice {
            trained: vec![seed],
            chosen: seed,
            criterion: "lowest training loss in the last epoch".to_owned(),
        },
        data: prepared.data.clone(),
        metrics: Vec::new(),
        intended_use: prepared.card.intended_use.clone(),
        must_not_be_used_for: prepared.card.must_not_be_used_for.clone(),
        recipe: Some(recipe),
    }
}

fn metrics(evaluations: &[Evaluation], chosen: usize) -> Vec<Metric> {
    let Some(first) = evaluations.first() else {
        return Vec::new();
    };
    let metric = |name: &str, value: &dyn Fn(&Evaluation) -> f64| {
        Metric::over_seeds(name, &evaluations.iter().map(value).collect::<Vec<f64>>(), chosen)
    };
    let classes = first.clips.labels.len();
    let mut metrics = vec![
        metric(
            &format!("accuracy, {classes} classes, validation clips"),
            &|evaluation| evaluation.clips.accuracy(),
        ),
        metric(
            &format!("macro-F1, {classes} classes, validation clips"),
            &|evaluation| evaluation.clips.macro_f1(),
        ),
    ];
    for (class, label) in first.clips.labels.iter().enumerate() {
        let name = format!("recall of {label}, validation clips");
        metrics.push(metric(&name, &|evaluation| evaluation.clips.recall(class)));
    }
    metrics.push(metric("keywords heard in a stream, validation", &|evaluation| {
        evaluation.stream.recall()
    }));
    for (place, alarms) in first.false_alarms.iter().enumerate() {
        let (set, hours) = (&alarms.set, alarms.hours);
        let at = |evaluation: &Evaluation| evaluation.false_alarms.get(place).cloned();
        let name = format!("false alarms in {hours:.2} h of {set}");
        metrics.push(metric(&name, &|evaluation| {
            at(evaluation).map_or(f64::NAN, |alarms| alarms.alarms as f64)
        }));
        let name = format!("95 % bound of false alarms per hour, {set}");
        metrics.push(metric(&name, &|evaluation| {
            at(evaluation).map_or(f64::NAN, |alarms| alarms.per_hour_upper_95)
        }));
    }
    metrics
}

pub(super) fn measure(reason: &dyn std::fmt::Display) -> TaskError {
    TaskError::Measure {
        reason: reason.to_string(),
    }
}
