//! What detectors say of recordings, the score of this model and those it must beat, and the figures of that.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::recording::Recording;
use super::{ShiftConfig, ShiftModel, conformal};
use crate::baseline::{Hotelling, IsolationForest};
use crate::evaluation::{Better, Scale};
use crate::metrics::{FlaggedRows, event_figures, row_figures, vus_pr};
use crate::task::TaskError;

/// Seeds of the isolation forest.
pub(super) const SEEDS: [u64; 3] = [1, 2, 3];
/// The score of an isolation forest beyond which a row is anomalous.
const ISOLATED: f64 = 0.5;
/// Rows of the moving mean, and the distance in standard deviations from it that is anomalous.
const MOVING: (usize, f64) = (60, 3.0);
const DAY_S: f64 = 86_400.0;

/// What tells normal rows from others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Detector<'a> {
    /// A model of this make, learnt anew from the first rows of each recording.
    Shift(&'a ShiftConfig),
    /// A model as it is.
    Model(&'a ShiftModel),
    /// Every row is anomalous.
    Everything,
    Hotelling,
    Isolation(u64),
    /// The value of a sensor against its mean and deviation over the last minute.
    Moving,
}

/// What a detector says of one recording: the rows after those that were learnt from.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    gold: Vec<bool>,
    pub(super) scores: Vec<f64>,
    pub(super) rows: FlaggedRows,
    vus: f64,
    period_s: f64,
}

/// A figure of a detector, how it is printed, and which way it should go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NamedFigure {
    pub(super) name: &'static str,
    pub(super) scale: Scale,
    pub(super) better: Better,
    pub(super) value: f64,
}

impl Detector<'_> {
    /// The scores of all rows of a recording, and the limit that they are compared with. The first `rows` are learnt from.
    fn scores(self, recording: &Recording, rows: usize) -> Result<(Vec<f64>, f64), TaskError> {
        let learnt = || -> Vec<Vec<f64>> { recording.rows().take(rows).map(<[f64]>::to_vec).collect() };
        let failed = |error: crate::baseline::BaselineError| TaskError::Measure {
            reason: format!("`{}`: {error}", recording.name),
        };
        Ok(match self {
            Detector::Shift(config) => {
                let model = recording.model(config)?;
                (conformal::scores(&model, recording.rows(), rows), config.limit)
            }
            Detector::Model(model) => (
                conformal::scores(model, recording.rows(), rows),
                model.config().limit,
            ),
            Detector::Everything => (vec![1.0; recording.len()], 0.0),
            Detector::Hotelling => {
                let known = Hotelling::train(&learnt()).map_err(failed)?;
                (recording.rows().map(|row| known.score(row)).collect(), 1.0)
            }
            Detector::Isolation(seed) => {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                let forest = IsolationForest::train(&learnt(), &mut random).map_err(failed)?;
                (recording.rows().map(|row| forest.score(row)).collect(), ISOLATED)
            }
            Detector::Moving => (moving(recording), MOVING.1),
        })
    }

    /// What it says of the rows after the first `rows`.
    ///
    /// # Errors
    /// [`TaskError::Measure`] for a recording that is too short to be learnt from.
    pub(super) fn judge(self, recording: &Recording, rows: usize) -> Result<Judged, TaskError> {
        let (mut scores, limit) = self.scores(recording, rows)?;
        let scores = scores.split_off(rows.min(scores.len()));
        let gold = match &recording.gold {
            Some(gold) => gold[rows.min(gold.len())..].to_vec(),
            None => vec![false; scores.len()],
        };
        Judged::new(gold, scores, limit, recording.period_s(recording.len()))
    }
}

impl Judged {
    fn new(gold: Vec<bool>, scores: Vec<f64>, limit: f64, period_s: f64) -> Result<Self, TaskError> {
        let flagged = scores.iter().map(|score| *score > limit).collect();
        let failed = |error: crate::metrics::MetricError| TaskError::Measure {
            reason: error.to_string(),
        };
        Ok(Self {
            rows: FlaggedRows::new(gold.clone(), flagged).map_err(failed)?,
            vus: vus_pr(&gold, &scores).map_err(failed)?,
            gold,
            scores,
            period_s,
        })
    }

    /// The same scores against another limit.
    ///
    /// # Errors
    /// None: the scores were judged before.
    pub(super) fn at(&self, limit: f64) -> Result<FlaggedRows, TaskError> {
        let flagged = self.scores.iter().map(|score| *score > limit).collect();
        FlaggedRows::new(self.gold.clone(), flagged).map_err(|error| TaskError::Measure {
            reason: error.to_string(),
        })
    }
}

/// The figures of a detector over recordings together; those of anomalies only where there are some.
pub(super) fn figures(judged: &[&Judged]) -> Vec<NamedFigure> {
    let of = |name, (scale, better), value| NamedFigure {
        name,
        scale,
        better,
        value,
    };
    let rows = row_figures(judged.iter().map(|judged| &judged.rows));
    let events = event_figures(judged.iter().map(|judged| &judged.rows));
    let defined: Vec<f64> = judged
        .iter()
        .map(|judged| judged.vus)
        .filter(|vus| !vus.is_nan())
        .collect();
    // Recordings of one set have one period, or nearly.
    let period_s = judged.iter().map(|judged| judged.period_s).sum::<f64>() / judged.len() as f64;
    let days = events.normal_rows as f64 * period_s / DAY_S;
    let share = (Scale::Percent, Better::Higher);
    let number = (Scale::Number, Better::Higher);
    let low = (Scale::Number, Better::Lower);
    let all = [
        of("F1 of rows", number, rows.f1),
        of(
            "false alarms, of normal rows",
            (Scale::Percent, Better::Lower),
            rows.false_alarms,
        ),
        of(
            "missed, of anomalous rows",
            (Scale::Percent, Better::Lower),
            rows.missed,
        ),
        of("precision of events", share, events.precision),
        of("recall of events", share, events.recall),
        of("F1 of events", number, events.f1),
        of("delay, median, s", low, events.delay_median * period_s),
        of("delay, mean, s", low, events.delay_mean * period_s),
        of("false alarms a day", low, events.false_alarms as f64 / days),
        of(
            "VUS-PR",
            number,
            defined.iter().sum::<f64>() / defined.len() as f64,
        ),
    ];
    all.into_iter().filter(|figure| !figure.value.is_nan()).collect()
}

/// The largest distance of a sensor of each row from the mean of the rows before, in their standard deviations.
fn moving(recording: &Recording) -> Vec<f64> {
    let all: Vec<&[f64]> = recording.rows().collect();
    let distance = |row: usize| {
        let before = &all[row.saturating_sub(MOVING.0)..row];
        let count = before.len() as f64;
        let of_sensor = |(sensor, value): (usize, &f64)| {
            let mean = before.iter().map(|row| row[sensor]).sum::<f64>() / count;
            let variance = before.iter().map(|row| (row[sensor] - mean).powi(2)).sum::<f64>() / count;
            (value - mean).abs() / variance.sqrt().max(1e-12)
        };
        match before.len() < 2 {
            true => 0.0,
            false => all[row].iter().enumerate().map(of_sensor).fold(0.0, f64::max),
        }
    };
    (0..all.len()).map(distance).collect()
}
