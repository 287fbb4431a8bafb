//! From trained states to a model in a folder, measured, with its card.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use burn::tensor::Device;
use motet_engine::{Cpu, Precision};

use super::config::SpeechConfig;
use super::corpus::Sound;
use super::net::SpeechNet;
use super::score::{edits, error_rate, heard, phone_errors, with_margins};
use super::task::PreparedSpeech;
use crate::card::{Card, Cost, Metric, Ports, PrecisionFigure, SeedChoice, WEIGHTS_FILE, Weights, sha256};
use crate::evaluation::CostRow;
use crate::lowering::{LowerError, Lowering, answer, calibrate, run_times};
use crate::model::NetCard;
use crate::net::{Net, NetConfig, Sample};
use crate::shipping::{
    ADMISSIBLE, PRECISIONS, compare, followed, half_bytes, percentiles_ms, rounded, write, wrong_weights,
};
use crate::task::{Shipped, TaskError};
use crate::train::TrainState;
use crate::weights::TensorSpec;

/// Recordings that precisions are compared on, and that are timed.
const COMPARED: usize = 64;
/// A state with its weights as they are shipped.
struct Candidate {
    bytes: Vec<u8>,
    net: SpeechNet,
    /// Edits and phones of each recording of the validation part.
    counts: Vec<[usize; 2]>,
    seed: u64,
    epochs: usize,
    /// The figure that chose its epoch.
    score: f64,
}

/// Measures each state and writes the one that its own choosing examples like best.
///
/// # Errors
/// [`TaskError`] if there is no state, or the model cannot be measured or written.
pub(super) fn ship(
    prepared: &PreparedSpeech,
    states: &[TrainState],
    folder: &Path,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Shipped, TaskError> {
    let candidates = states
        .iter()
        .map(|state| candidate(prepared, state))
        .collect::<Result<Vec<_>, _>>()?;
    let chosen = (0..candidates.len())
        .max_by(|a, b| candidates[*a].score.total_cmp(&candidates[*b].score))
        .ok_or_else(|| TaskError::Measure {
            reason: "there is no trained state".to_owned(),
        })?;
    let best = &candidates[chosen];
    let metrics: Vec<Metric> = sources(&prepared.valid)
        .into_iter()
        .map(|source| {
            let values = candidates
                .iter()
                .map(|candidate| rate(&prepared.valid, &candidate.counts, source));
            Metric::over_seeds(&metric(source), &values.collect::<Vec<f64>>(), chosen)
        })
        .collect();
    let (precisions, ranges) = precisions(&best.net, &prepared.valid)?;
    let mut card = card(prepared, &candidates, chosen, (metrics, precisions, ranges));
    card.record(&costs(&best.net, &card.model.ranges, &prepared.valid, elapsed)?);
    let yaml = write(&card, &best.bytes, folder)?;
    let line = |metric: &Metric| {
        let Metric {
            name,
            chosen,
            min,
            max,
            ..
        } = metric;
        format!(
            "{name}: {chosen:.4} ({min:.4} to {max:.4} over {} seeds)",
            candidates.len()
        )
    };
    Ok(Shipped {
        figures: card.metrics.iter().map(line).collect(),
        card: yaml,
        bytes: best.bytes.len() as u64,
        decision: None,
    })
}

/// The name of the error rate of a source; of all recordings where it is empty.
pub(super) fn metric(source: &str) -> String {
    match source {
        "" => "phone error rate".to_owned(),
        source => format!("phone error rate, {source}"),
    }
}

/// All recordings, then each source by name.
pub(super) fn sources(sounds: &[Sound]) -> Vec<&str> {
    let mut names: Vec<&str> = sounds.iter().map(|sound| sound.source.as_str()).collect();
    names.push("");
    names.sort_unstable();
    names.dedup();
    names
}

/// The error rate of a source.
pub(super) fn rate(sounds: &[Sound], counts: &[[usize; 2]], source: &str) -> f64 {
    let pairs = sounds.iter().zip(counts);
    error_rate(
        pairs
            .filter(|(sound, _)| source.is_empty() || sound.source == source)
            .map(|(_, count)| count),
    )
}

/// The best epoch of a state, rounded to what is stored.
fn candidate(prepared: &PreparedSpeech, state: &TrainState) -> Result<Candidate, TaskError> {
    let device = Device::flex();
    let net = state.net(&prepared.learner, &device)?;
    let bytes = half_bytes(&net, |_| true).map_err(|source| TaskError::File {
        path: WEIGHTS_FILE.into(),
        source,
    })?;
    let net = prepared.learner.config.build_net(rounded(&bytes)?, &device);
    let net = net.map_err(wrong_weights(Path::new(WEIGHTS_FILE)))?;
    Ok(Candidate {
        counts: phone_errors(&net, &prepared.valid)?,
        bytes,
        net,
        seed: state.options.seed,
        epochs: state.epochs,
        score: state.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.score),
    })
}

/// A recording as the program takes it, cut to what it takes.
fn sample(sound: &Sound, config: &SpeechConfig) -> Sample {
    let features = &config.features;
    let heard = sound.features(features);
    let heard = &heard[..heard.len().min(config.frames_max * features.bins)];
    Sample::Numbers(with_margins(heard, config))
}

type Precisions = (Vec<PrecisionFigure>, BTreeMap<String, f32>);

fn precisions(net: &SpeechNet, valid: &[Sound]) -> Result<Precisions, TaskError> {
    let config = net.config();
    let samples: Vec<Sample> = spread(valid).map(|sound| sample(sound, config)).collect();
    let cpu = Cpu::detect();
    let ranges = calibrate(&net.lower(&Lowering::f32(cpu))?, &samples)?;
    let ranges = ranges
        .largest()
        .map(|(step, largest)| (step.to_owned(), largest))
        .collect();
    let mut figures = Vec::new();
    for (precision, name) in &PRECISIONS[1..] {
        let how = Lowering::of_card(cpu, *precision, &ranges);
        let (relative_rms, agreeing, all) = compare(net, &how, &samples)?;
        let agreement = agreeing as f64 / all.max(1) as f64;
        figures.push(PrecisionFigure {
            precision: (*name).to_owned(),
            relative_rms,
            agreement: Some(agreement),
            admissible: relative_rms <= ADMISSIBLE.0 && agreement >= ADMISSIBLE.1,
            ..PrecisionFigure::reference(&format!("{} recordings of the validation part", samples.len()))
        });
    }
    Ok((figures, ranges))
}

/// A few recordings from all over.
fn spread(sounds: &[Sound]) -> impl Iterator<Item = &Sound> {
    sounds.iter().step_by(sounds.len().div_ceil(COMPARED).max(1))
}

/// How good the net is in each precision, and what it costs.
///
/// # Errors
/// [`LowerError`] if the net has no program in one of them.
pub(super) fn costs(
    net: &SpeechNet,
    ranges: &BTreeMap<String, f32>,
    valid: &[Sound],
    elapsed: &dyn Fn() -> Duration,
) -> Result<Vec<CostRow>, LowerError> {
    let cpu = Cpu::detect();
    let config = net.config();
    let row = |(precision, name): (Precision, &str)| {
        let program = net.lower(&Lowering::of_card(cpu, precision, ranges))?;
        let mut counts = Vec::with_capacity(valid.len());
        for sound in valid {
            let found = heard(&answer(&program, &sample(sound, config))?);
            counts.push([edits(&found, &sound.phones), sound.phones.len()]);
        }
        let samples: Vec<Sample> = spread(valid).map(|sound| sample(sound, config)).collect();
        let [p50_ms, p95_ms] = percentiles_ms(run_times(&program, &samples, elapsed)?);
        Ok(CostRow {
            precision: name.to_owned(),
            metrics: sources(valid)
                .into_iter()
                .map(|source| (metric(source), rate(valid, &counts, source)))
                .collect(),
            cost: Cost {
                weight_bytes: program.weight_bytes(),
                p50_ms,
                p95_ms,
                cpu: cpu.to_string(),
            },
        })
    };
    PRECISIONS.into_iter().map(row).collect()
}

fn card(
    prepared: &PreparedSpeech,
    candidates: &[Candidate],
    chosen: usize,
    (metrics, precisions, ranges): (Vec<Metric>, Vec<PrecisionFigure>, BTreeMap<String, f32>),
) -> Card<NetCard<SpeechConfig>> {
    let best = &candidates[chosen];
    let config = prepared.learner.config.clone();
    Card {
        name: prepared.recipe.name.clone(),
        version: prepared.recipe.version,
        about: prepared.recipe.about.clone(),
        ports: Ports {
            input: format!(
                "f32[F<={}, {}] rate=100Hz, a log-mel spectrogram of sound at 16 kHz from {} to {} Hz",
                config.frames_max, config.features.bins, config.features.low_hz, config.features.high_hz
            ),
            output: format!(
                "scores of a blank and 39 phones for every {} ms",
                10 * config.stride
            ),
        },
        model: NetCard {
            labels: Vec::new(),
            ranges,
            decision: None,
            net: config.clone(),
        },
        precision: "f32".to_owned(),
        precisions,
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: best.bytes.len() as u64,
            sha256: sha256(&best.bytes),
            parameters: config.tensors().iter().map(TensorSpec::count).sum(),
        },
        seed: SeedChoice {
            trained: candidates.iter().map(|candidate| candidate.seed).collect(),
            chosen: best.seed,
            criterion: "the best figure on the part of the training data that chooses among epochs"
                .to_owned(),
        },
        data: prepared.data.clone(),
        metrics,
        intended_use: prepared.card.intended_use.clone(),
        must_not_be_used_for: prepared.card.must_not_be_used_for.clone(),
        recipe: Some(followed(&prepared.recipe, best.epochs)),
    }
}
