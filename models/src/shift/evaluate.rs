//! A model of process sensors on recordings: the protocol of a benchmark, and the model as it is.
//!
//! A manifest is judged as benchmarks are: each recording's own first rows are its normal, all after them is judged, pooled
//! over recordings, row by row, never point-adjusted. A table is judged by the model as it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use motet_engine::Cpu;

use super::compare::{Detector, Judged, NamedFigure, SEEDS, figures};
use super::model::ShiftCard;
use super::recording::{Recording, Recordings, read};
use super::settings::DataSettings;
use super::{Beginning, LimitBy, Scorer, ShiftConfig, ShiftModel};
use crate::card::Cost;
use crate::evaluation::{CostRow, Evaluation, Fact, Figure, MetricRow, Scale};
use crate::metrics::{BootstrapOptions, ConfidenceInterval, FlaggedRows, RowFigures, bootstrap, row_figures};
use crate::shipping::percentiles_ms;
use crate::task::{EvaluationSources, TaskError};

/// The name of the recordings that settings may be chosen on.
const TRAIN: &str = "train";
/// Limits among which nesting chooses.
const LIMITS: [f64; 12] = [3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 8.0, 9.0, 10.0];
/// False alarms that nesting lets pass without a loss: of rows beside anomalies, and of recordings without any.
const FREE: (f64, f64) = (0.12, 0.01);
/// Draws for limits of 95 %.
const RESAMPLES: u32 = 1_000;
/// Rows that are timed.
const TIMED: usize = 2_000;

/// Measures the model in a folder.
///
/// # Errors
/// [`TaskError`] says what of the model or the data cannot be used.
pub(super) fn evaluate(folder: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
    let (model, card) = ShiftModel::open(folder).map_err(|error| TaskError::Measure {
        reason: format!("`{}`: {error}", folder.display()),
    })?;
    let recipe = card.recipe.as_ref().ok_or_else(|| TaskError::Measure {
        reason: "the card has no recipe that says what is read".to_owned(),
    })?;
    let data: DataSettings = recipe.section("data")?;
    let mut evaluation = Evaluation {
        title: format!("{}@{}", card.name, card.version),
        about: card.about.clone(),
        must_not_be_used_for: card.must_not_be_used_for.clone(),
        data: card.data.clone(),
        facts: facts(&card, &model),
        baseline: "T2+Q".to_owned(),
        ..Evaluation::default()
    };
    for (name, path) in files(&data, sources) {
        let read = read(&path, &data)?;
        add(&mut evaluation, (&name, &read), &model, sources.seed)?;
        if evaluation.costs.is_empty() {
            evaluation.costs = read
                .all
                .first()
                .map(|first| timed(&model, first, sources.elapsed))
                .into_iter()
                .collect();
        }
    }
    Ok(evaluation)
}

/// What is judged, with names.
fn files(data: &DataSettings, sources: &EvaluationSources<'_>) -> Vec<(String, PathBuf)> {
    let train = sources.train.iter().map(|path| (TRAIN.to_owned(), path.clone()));
    if !sources.valid.is_dir() {
        let name = sources
            .valid
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        return train.chain([(name, sources.valid.clone())]).collect();
    }
    let named = [(TRAIN, &data.train), ("valid", &data.valid)];
    let named = named.into_iter().filter(|(_, file)| !file.is_empty());
    named
        .map(|(name, file)| (name.to_owned(), sources.valid.join(file)))
        .collect()
}

/// Adds the figures of a file.
fn add(
    evaluation: &mut Evaluation,
    (name, read): (&str, &Recordings),
    model: &ShiftModel,
    seed: u64,
) -> Result<(), TaskError> {
    if read.is_table {
        let first = &read.all[0];
        same_sensors(first, model.config())?;
        let judged = Detector::Model(model).judge(first, 0)?;
        evaluation.metrics.extend(rows(name, (&[&judged], None), seed));
        return Ok(());
    }
    let config = model.config();
    for recording in &read.all {
        let gold = recording.gold.iter().flatten().take(config.rows);
        let anomalous = gold.filter(|is_gold| **is_gold).count();
        if anomalous > 0 {
            evaluation.warnings.push(format!(
                "{anomalous} of the first {} rows of `{}`, which are learnt from, are anomalous",
                config.rows, recording.name
            ));
        }
        if let Some((sensor, score)) = recording.unevenness(config)? {
            evaluation.warnings.push(format!(
                "the first {} rows of `{}` are uneven: `{sensor}` reaches a score of {score:.1} in their second half",
                config.rows, recording.name
            ));
        }
    }
    // A recording without an anomaly is judged by itself: beside the others it would drown their normal rows.
    let has_anomaly =
        |recording: &&Recording| recording.gold.as_ref().is_some_and(|gold| gold.contains(&true));
    let (with, without): (Vec<&Recording>, Vec<&Recording>) = read.all.iter().partition(has_anomaly);
    for recording in &without {
        let judged = Detector::Shift(config).judge(recording, config.rows)?;
        let named = format!("{name}, all normal `{}`", recording.name);
        evaluation.metrics.extend(rows(&named, (&[&judged], None), seed));
    }
    if with.is_empty() {
        return Ok(());
    }
    let judge = |detector: Detector<'_>| -> Result<Vec<Judged>, TaskError> {
        with.iter()
            .map(|recording| detector.judge(recording, config.rows))
            .collect()
    };
    let (own, base) = (judge(Detector::Shift(config))?, judge(Detector::Hotelling)?);
    let both = (&refs(&own)[..], Some(&refs(&base)[..]));
    evaluation
        .metrics
        .extend(rows(&format!("{name}, {} recordings", with.len()), both, seed));
    let others = [
        ("everything flagged", Detector::Everything),
        ("moving z-score", Detector::Moving),
    ];
    let forests = SEEDS.map(|seed| ("isolation forest", Detector::Isolation(seed)));
    for (what, detector) in others.into_iter().chain(forests) {
        let what = match detector {
            Detector::Isolation(seed) => format!("{name}: {what}, seed {seed}"),
            _ => format!("{name}: {what}"),
        };
        let judged = judge(detector)?;
        evaluation
            .facts
            .push(fact(&what, in_a_line(&figures(&refs(&judged)))));
    }
    // What is reported on alone has nothing to choose by.
    if name == TRAIN {
        let groups: Vec<&str> = with.iter().map(|recording| recording.group.as_str()).collect();
        let free = judge_all(&without, Detector::Shift(config), config.rows)?;
        let told = nested(&own, &groups, &free)?;
        evaluation
            .facts
            .extend(told.map(|value| fact(&format!("{name}: the limit chosen on the other groups"), value)));
    }
    Ok(())
}

fn judge_all(
    recordings: &[&Recording],
    detector: Detector<'_>,
    rows: usize,
) -> Result<Vec<Judged>, TaskError> {
    recordings
        .iter()
        .map(|recording| detector.judge(recording, rows))
        .collect()
}

/// Refuses a table whose sensors are not those of the model, in their order.
fn same_sensors(recording: &Recording, config: &ShiftConfig) -> Result<(), TaskError> {
    let names = config.sensors.iter().map(|sensor| &sensor.name);
    if recording.sensors.iter().eq(names.clone()) {
        return Ok(());
    }
    Err(TaskError::Measure {
        reason: format!(
            "the model knows the sensors {}, the table has {}",
            names.cloned().collect::<Vec<_>>().join(", "),
            recording.sensors.join(", ")
        ),
    })
}

fn refs(judged: &[Judged]) -> Vec<&Judged> {
    judged.iter().collect()
}

/// The figures of the model beside those of a baseline, with limits for those of rows: recordings are drawn anew.
fn rows(name: &str, (own, base): (&[&Judged], Option<&[&Judged]>), seed: u64) -> Vec<MetricRow> {
    let base_figures = base.map(figures).unwrap_or_default();
    let row = |figure: NamedFigure| {
        let other = base_figures.iter().find(|other| other.name == figure.name);
        let plain = |value| Figure { value, limits: None };
        let of_rows = of_rows(figure.name).filter(|_| own.len() > 1);
        let interval = |statistic: &dyn Fn(&[u32]) -> f64| {
            let options = BootstrapOptions {
                resamples: RESAMPLES,
                confidence: 0.95,
                seed,
            };
            let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
            limited(bootstrap(count, options, statistic))
        };
        let of = |judged: &[&Judged], places: &[u32]| {
            let drawn = places.iter().map(|place| &judged[*place as usize].rows);
            of_rows.map_or(f64::NAN, |of_rows| of_rows(row_figures(drawn)))
        };
        let model = match of_rows {
            Some(_) => interval(&|places| of(own, places)),
            None => plain(figure.value),
        };
        let (baseline, difference) = match (other, base, of_rows) {
            (Some(_), Some(base), Some(_)) => (
                Some(interval(&|places| of(base, places))),
                Some(interval(&|places| of(own, places) - of(base, places))),
            ),
            (Some(other), ..) => (Some(plain(other.value)), Some(plain(figure.value - other.value))),
            (None, ..) => (None, None),
        };
        MetricRow {
            name: format!("{name}: {}", figure.name),
            scale: figure.scale,
            better: figure.better,
            model,
            baseline,
            difference,
        }
    };
    figures(own).into_iter().map(row).collect()
}

/// The figure of rows of a name.
fn of_rows(name: &str) -> Option<fn(RowFigures) -> f64> {
    match name {
        "F1 of rows" => Some(|figures| figures.f1),
        "false alarms, of normal rows" => Some(|figures| figures.false_alarms),
        "missed, of anomalous rows" => Some(|figures| figures.missed),
        _ => None,
    }
}

fn limited(interval: ConfidenceInterval) -> Figure {
    Figure {
        value: interval.estimate,
        limits: Some((interval.low, interval.high)),
    }
}

/// What a limit gives that was chosen, for each group of recordings, on the others: F1 less what false alarms cost.
fn nested(own: &[Judged], groups: &[&str], free: &[Judged]) -> Result<Option<String>, TaskError> {
    let mut names = groups.to_vec();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return Ok(None);
    }
    let (mut chosen, mut limits) = (Vec::new(), Vec::new());
    for name in names {
        let at = |limit: f64, is_in: bool| -> Result<Vec<FlaggedRows>, TaskError> {
            let pairs = own
                .iter()
                .zip(groups)
                .filter(|(_, group)| (**group == name) == is_in);
            pairs.map(|(judged, _)| judged.at(limit)).collect()
        };
        let mut best = (f64::NEG_INFINITY, LIMITS[0]);
        for limit in LIMITS {
            let figures = row_figures(&at(limit, false)?);
            let of_free = free
                .iter()
                .map(|judged| judged.at(limit))
                .collect::<Result<Vec<_>, _>>()?;
            let of_free = row_figures(&of_free).false_alarms;
            let cost = (figures.false_alarms - FREE.0).max(0.0) + (of_free - FREE.1).max(0.0);
            let value = figures.f1 - cost;
            if value > best.0 {
                best = (value, limit);
            }
        }
        chosen.extend(at(best.1, true)?);
        limits.push(format!("{name}: {}", best.1));
    }
    let figures = row_figures(&chosen);
    Ok(Some(format!(
        "F1 of rows {:.3}, false alarms {:.1} %, missed {:.1} % ({})",
        figures.f1,
        100.0 * figures.false_alarms,
        100.0 * figures.missed,
        limits.join(", ")
    )))
}

fn in_a_line(figures: &[NamedFigure]) -> String {
    let shown = figures.iter().map(|figure| match figure.scale {
        Scale::Percent => format!("{} {:.1} %", figure.name, 100.0 * figure.value),
        Scale::Number => format!("{} {:.3}", figure.name, figure.value),
    });
    shown.collect::<Vec<_>>().join("; ")
}

fn fact(name: &str, value: String) -> Fact {
    Fact {
        name: name.to_owned(),
        value,
    }
}

fn facts(card: &ShiftCard, model: &ShiftModel) -> Vec<Fact> {
    let config = model.config();
    let by = match config.limit_by {
        LimitBy::Nominal => "nominal, no rate of false alarms".to_owned(),
        LimitBy::Conformal {
            false_alarms_per_day,
            blocks,
            ..
        } => format!("conformal, at most {false_alarms_per_day} a day by {blocks} blocks of normal rows"),
    };
    vec![
        fact("numbers", card.weights.parameters.to_string()),
        fact("bytes of weights", card.weights.bytes.to_string()),
        fact("sensors", config.sensors.len().to_string()),
        fact("limit of the score", format!("{} ({by})", config.limit)),
    ]
}

/// The size of a model, and the time of a row.
pub(super) fn timed(model: &ShiftModel, recording: &Recording, elapsed: &dyn Fn() -> Duration) -> CostRow {
    let mut scorer = Scorer::new(model, Beginning::Full);
    let mut times = Vec::new();
    for values in recording.rows().take(TIMED) {
        let begun = elapsed();
        scorer.step(values.iter().map(|value| Some(*value)), true);
        times.push(elapsed().saturating_sub(begun));
    }
    let [p50_ms, p95_ms] = percentiles_ms(times);
    CostRow {
        precision: "f32".to_owned(),
        metrics: std::collections::BTreeMap::new(),
        cost: Cost {
            weight_bytes: (size_of::<f32>() * model.config().parameters()) as u64,
            p50_ms,
            p95_ms,
            cpu: Cpu::detect().to_string(),
        },
    }
}
