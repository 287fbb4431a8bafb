//! From normal rows to a model in a folder: learnt, its limit chosen, measured, with its card.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::compare::{Detector, Judged, figures};
use super::conformal::{self, Choice};
use super::evaluate::timed;
use super::model::ShiftCard;
use super::recording::{Recording, Recordings};
use super::task::PreparedRows;
use super::{Normal, ShiftConfig, ShiftModel};
use crate::card::{Card, Metric, Ports, SeedChoice, WEIGHTS_FILE, Weights, sha256};
use crate::model::NetCard;
use crate::shipping::write;
use crate::task::{Shipped, TaskError};
use crate::train::TrainState;

/// Effective rows below which a sensor can hardly raise an alarm.
const EFFECTIVE_MIN: f64 = 10.0;

/// Learns the model, chooses its limit, measures and writes it.
///
/// # Errors
/// [`TaskError`] if there are too few rows, or the model cannot be measured or written.
pub(super) fn ship(
    prepared: &PreparedRows,
    states: &[TrainState],
    folder: &Path,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Shipped, TaskError> {
    let normal = prepared.normal();
    let choice = limit(prepared, &prepared.model);
    let model = prepared.model.clone().with_limit(choice.limit, choice.by);
    let config = model.config();
    let mut told: Vec<String> = prepared
        .unknown
        .iter()
        .map(|name| format!("warning: `kinds` names `{name}`, which the table does not have"))
        .collect();
    told.extend(warnings(normal, &model)?);
    let learnt = config.sensors.iter().zip(model.normals());
    told.extend(learnt.map(|(sensor, normal)| line(&sensor.name, normal, config, sensor.kind)));
    told.push(choice.remark.clone());
    let mut metrics = Vec::new();
    measure((&prepared.learnt, "train"), &model, &mut metrics)?;
    if let Some(valid) = &prepared.valid {
        measure((valid, "valid"), &model, &mut metrics)?;
    }
    told.extend(
        metrics
            .iter()
            .map(|metric| format!("{}: {:.4}", metric.name, metric.chosen)),
    );
    let bytes = model.tensors().to_bytes().map_err(|source| TaskError::File {
        path: WEIGHTS_FILE.into(),
        source,
    })?;
    let mut card = card(prepared, (config, &bytes), metrics);
    card.seed = SeedChoice {
        trained: states.iter().map(|state| state.options.seed).collect(),
        chosen: states.first().map_or(0, |state| state.options.seed),
        criterion: format!("nothing is drawn at random; {}", choice.remark),
    };
    card.record(&[timed(&model, normal, elapsed)]);
    let yaml = write(&card, &bytes, folder)?;
    Ok(Shipped {
        figures: told,
        card: yaml,
        bytes: bytes.len() as u64,
        decision: None,
    })
}

/// The limit by the normal rows that were not learnt from.
fn limit(prepared: &PreparedRows, model: &ShiftModel) -> Choice {
    let normal = prepared.normal();
    let scores = conformal::scores(model, normal.rows(), prepared.config.rows);
    let is_normal = |row: usize| normal.gold.as_ref().is_none_or(|gold| !gold[row]);
    let kept = scores.iter().enumerate().skip(prepared.config.rows);
    let kept: Vec<f64> = kept
        .filter(|(row, _)| is_normal(*row))
        .map(|(_, score)| *score)
        .collect();
    conformal::choose(&kept, model.period_s(), &prepared.lesson, prepared.config.limit)
}

/// What is odd about the rows that were learnt from.
fn warnings(normal: &Recording, model: &ShiftModel) -> Result<Vec<String>, TaskError> {
    let config = model.config();
    let mut warnings = Vec::new();
    if let Some((sensor, score)) = normal.unevenness(config)? {
        warnings.push(format!(
            "warning: the rows are uneven: seen from their first half, `{sensor}` reaches a score of {score:.1} in the \
             second; learn from rows of one state of the machine"
        ));
    }
    let anomalous = normal
        .gold
        .iter()
        .flatten()
        .take(config.rows)
        .filter(|is_gold| **is_gold)
        .count();
    if anomalous > 0 {
        warnings.push(format!(
            "warning: {anomalous} of the rows that are learnt from are marked anomalous"
        ));
    }
    for (sensor, of) in config.sensors.iter().zip(model.normals()) {
        let effective = of.effective_rows(config.rows);
        if of.variance <= 0.0 {
            warnings.push(format!(
                "warning: `{}` never changed: any change of it will be an alarm, and a sensor that is stuck will not be found",
                sensor.name
            ));
        } else if effective < EFFECTIVE_MIN {
            warnings.push(format!(
                "warning: the rows of `{}` hang together and are worth {effective:.1} independent ones: it can hardly \
                 raise an alarm; learn from more rows",
                sensor.name
            ));
        }
    }
    Ok(warnings)
}

/// What was learnt of a sensor.
fn line(name: &str, normal: &Normal, config: &ShiftConfig, kind: super::SensorKind) -> String {
    format!(
        "{name} ({}): mean {:.6}, worth {:.1} independent rows of {}, alarms from a lasting change of {:.4} on",
        kind.name(),
        normal.mean,
        normal.effective_rows(config.rows),
        config.rows,
        normal.smallest_change(config, kind)
    )
}

/// The figures of recordings that say which of their rows are anomalous, each by its own first rows; of a table, the model
/// on what was not learnt from.
fn measure(
    (set, name): (&Recordings, &str),
    model: &ShiftModel,
    metrics: &mut Vec<Metric>,
) -> Result<(), TaskError> {
    let config = model.config();
    let mut add = |on: &str, judged: &[&Judged]| {
        let figures = figures(judged).into_iter();
        metrics.extend(
            figures.map(|figure| Metric::over_seeds(&format!("{}, {on}", figure.name), &[figure.value], 0)),
        );
    };
    if set.is_table {
        let rows = &set.all[0];
        // What was learnt from says nothing; another table is judged whole.
        let first = if name == "train" { config.rows } else { 0 };
        if rows.len() > first {
            let judged = Detector::Model(model).judge(rows, first)?;
            add(&format!("{name}, rows that were not learnt from"), &[&judged]);
        }
        return Ok(());
    }
    let has_anomaly =
        |recording: &&Recording| recording.gold.as_ref().is_some_and(|gold| gold.contains(&true));
    let (with, without): (Vec<&Recording>, Vec<&Recording>) = set.all.iter().partition(has_anomaly);
    for (recordings, what) in [
        (with, "recordings with anomalies"),
        (without, "recordings without"),
    ] {
        if recordings.is_empty() {
            continue;
        }
        let judged = recordings
            .iter()
            .map(|recording| Detector::Shift(config).judge(recording, config.rows));
        let judged: Vec<Judged> = judged.collect::<Result<_, _>>()?;
        let on = format!("{name}, {what} ({}), each by its own first rows", judged.len());
        add(&on, &judged.iter().collect::<Vec<_>>());
    }
    Ok(())
}

fn card(prepared: &PreparedRows, (config, bytes): (&ShiftConfig, &[u8]), metrics: Vec<Metric>) -> ShiftCard {
    let count = config.sensors.len();
    Card {
        name: prepared.recipe.name.clone(),
        version: prepared.recipe.version,
        about: prepared.recipe.about.clone(),
        ports: Ports {
            input: format!(
                "f32[R<=65536, {count}], rows of the sensors, with u8[R<=65536, {count}] that tells which values are there"
            ),
            output: "a score for each row, and how much each sensor contributes".to_owned(),
        },
        model: NetCard {
            net: config.clone(),
            labels: Vec::new(),
            ranges: BTreeMap::new(),
            decision: None,
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            parameters: config.parameters(),
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
