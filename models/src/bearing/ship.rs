//! From trained states to a model in a folder, measured, with its card.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use burn::tensor::Device;
use motet_engine::{Cpu, Precision};

use super::ELEMENTS;
use super::config::BearingConfig;
use super::corpus::measure;
use super::measure::{Detection, accuracy, answers, times};
use super::net::BearingNet;
use super::task::{Material, PreparedBearing};
use crate::card::{Card, Cost, Metric, Ports, SeedChoice, WEIGHTS_FILE, Weights, sha256};
use crate::evaluation::CostRow;
use crate::lowering::{Lowering, verify};
use crate::model::NetCard;
use crate::net::{Net, NetConfig};
use crate::shipping::{followed, half_bytes, percentiles_ms, rounded, write, wrong_weights};
use crate::task::{Shipped, TaskError};
use crate::train::TrainState;
use crate::weights::TensorSpec;

/// The card of a bearing model.
pub(super) type BearingCard = Card<NetCard<BearingConfig>>;

/// Measures each seed with and without each group, and writes the one with the lowest loss.
///
/// # Errors
/// [`TaskError`] if there is no state, or the model cannot be measured or written.
pub(super) fn ship(
    prepared: &PreparedBearing,
    states: &[TrainState],
    folder: &Path,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Shipped, TaskError> {
    let last_loss = |state: &TrainState| state.history.last().map_or(f32::INFINITY, |epoch| epoch.loss);
    let chosen = (0..states.len())
        .min_by(|a, b| last_loss(&states[*a]).total_cmp(&last_loss(&states[*b])))
        .ok_or_else(|| measure(&"there is no trained state"))?;
    let material = &prepared.material;
    let mut nets = Vec::with_capacity(states.len());
    for state in states {
        nets.push(net_of(prepared, state)?);
    }
    let mut of_valid = Vec::with_capacity(nets.len());
    for (net, _) in &nets {
        of_valid.push(accuracy(&answers(net, &material.corpus, material.judged())?));
    }
    let seeds: Vec<u64> = states.iter().map(|state| state.options.seed).collect();
    let mut metrics = left_out(material, &seeds, chosen)?;
    let windows = material.judged().len();
    let name = format!("accuracy, validation part, {windows} windows");
    metrics.push(Metric::over_seeds(&name, &of_valid, chosen));
    metrics.extend(detection(material));
    let (net, bytes) = &nets[chosen];
    verify(net, &net.lower(&Lowering::f32(Cpu::detect()))?, Precision::F32)?;
    let mut card = card(prepared, net.config(), bytes, metrics);
    card.seed = SeedChoice {
        chosen: seeds[chosen],
        trained: seeds,
        criterion: "the lowest loss of the last epoch".to_owned(),
    };
    card.recipe = Some(followed(&prepared.recipe, states[chosen].epochs));
    card.record(&[cost(material, net, bytes.len(), elapsed)?]);
    let yaml = write(&card, bytes, folder)?;
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
            states.len()
        )
    };
    let mut figures: Vec<String> = card.metrics.iter().map(line).collect();
    figures.extend(limits(&card.model.net));
    Ok(Shipped {
        figures,
        card: yaml,
        bytes: bytes.len() as u64,
        decision: None,
    })
}

/// The accuracy of nets that learnt without a group, on that group, for each group and over the seeds.
pub(super) fn left_out(material: &Material, seeds: &[u64], chosen: usize) -> Result<Vec<Metric>, TaskError> {
    let lesson = material.lesson();
    let mut metrics = Vec::new();
    // The last fold leaves no group out.
    for fold in material.folds.iter().rev().skip(1).rev() {
        let mut values = Vec::with_capacity(seeds.len());
        for seed in seeds {
            values.push(accuracy(&lesson.answers(fold, *seed)?));
        }
        let name = format!("accuracy, {}, {} windows", fold.name, fold.judged.len());
        metrics.push(Metric::over_seeds(&name, &values, chosen));
    }
    Ok(metrics)
}

/// How well damage is told from normal running.
fn detection(material: &Material) -> Vec<Metric> {
    let found = Detection::of(&material.config.normal[0], &material.corpus);
    let [damaged, normal] = [found.damaged, found.normal];
    let rate = material.config.false_alarms_a_day;
    [
        (
            format!(
                "damage found at the limit of {rate} false alarms a day, {} windows",
                damaged[0]
            ),
            found.recall(),
        ),
        ("lowest score of damage over the limit".to_owned(), found.least),
        (
            format!(
                "highest score of normal running over the limit, {} windows of the validation part",
                normal[0]
            ),
            found.most,
        ),
    ]
    .into_iter()
    .filter(|(_, value)| value.is_finite())
    .map(|(name, value)| Metric::over_seeds(&name, &[value], 0))
    .collect()
}

/// What the limits ask for, a line for each axis.
pub(super) fn limits(config: &BearingConfig) -> Vec<String> {
    let decibels = |rise: f64| 20.0 * rise / std::f64::consts::LN_10;
    let axis = |(index, normal): (usize, &super::normal::Normal)| {
        let bands = normal.rises().into_iter().enumerate().map(|(level, rise)| {
            let band = config.level_band(level + 1);
            format!(
                "{:.0}-{:.0} Hz by {:.1} dB",
                band.low_hz,
                band.high_hz,
                decibels(rise)
            )
        });
        let from = match normal.from {
            super::normal::LearntFrom::Prediction => "prediction limit",
            super::normal::LearntFrom::Conformal => "conformal limit",
        };
        format!(
            "axis {}: {} normal windows, {from} of T2 {:.1}; an alarm needs one band to rise alone, {}, or all three by {:.1} dB",
            index + 1,
            normal.windows,
            normal.limit,
            bands.collect::<Vec<_>>().join(", "),
            decibels(normal.common_rise())
        )
    };
    config.normal.iter().enumerate().map(axis).collect()
}

/// The net of a state as it is shipped, and its file.
fn net_of(prepared: &PreparedBearing, state: &TrainState) -> Result<(BearingNet, Vec<u8>), TaskError> {
    let device = Device::flex();
    let net = state.net(&prepared.learner, &device)?;
    let bytes = half_bytes(&net, |_| true).map_err(|source| TaskError::File {
        path: WEIGHTS_FILE.into(),
        source,
    })?;
    let net = prepared.learner.config.build(rounded(&bytes)?, &device);
    Ok((net.map_err(wrong_weights(Path::new(WEIGHTS_FILE)))?, bytes))
}

/// What a window costs, from samples to probabilities.
pub(super) fn cost(
    material: &Material,
    net: &BearingNet,
    bytes: usize,
    elapsed: &dyn Fn() -> Duration,
) -> Result<CostRow, TaskError> {
    let judged = material.judged();
    let [p50_ms, p95_ms] = percentiles_ms(times(net, &material.corpus, (judged, elapsed))?);
    let right = accuracy(&answers(net, &material.corpus, judged)?);
    Ok(CostRow {
        precision: "f32".to_owned(),
        metrics: BTreeMap::from([("accuracy, validation part".to_owned(), right)]),
        cost: Cost {
            weight_bytes: bytes as u64,
            p50_ms,
            p95_ms,
            cpu: Cpu::detect().to_string(),
        },
    })
}

fn card(
    prepared: &PreparedBearing,
    config: &BearingConfig,
    bytes: &[u8],
    metrics: Vec<Metric>,
) -> BearingCard {
    Card {
        name: prepared.recipe.name.clone(),
        version: prepared.recipe.version,
        about: prepared.recipe.about.clone(),
        ports: ports(config),
        model: NetCard {
            labels: ELEMENTS.map(str::to_owned).to_vec(),
            ranges: BTreeMap::new(),
            decision: None,
            net: config.clone(),
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            parameters: config.tensors().iter().map(TensorSpec::count).sum(),
        },
        seed: SeedChoice {
            trained: Vec::new(),
            chosen: 0,
            criterion: String::new(),
        },
        data: prepared.data.clone(),
        metrics,
        intended_use: prepared.card.intended_use.clone(),
        must_not_be_used_for: prepared.card.must_not_be_used_for.clone(),
        recipe: Some(prepared.recipe.clone()),
    }
}

/// The ports of a node that runs such a model.
pub(super) fn ports(config: &BearingConfig) -> Ports {
    Ports {
        input: format!(
            "f32[{}, T<={}] rate={}Hz unit={}, and the speed of the shaft in rpm",
            config.axes(),
            config.window_samples,
            config.sample_rate_hz,
            config.unit.name()
        ),
        output: "a score against the limit of normal running, and the probabilities of three elements of the bearing"
            .to_owned(),
    }
}
