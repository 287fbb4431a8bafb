//! What is told of rows that were scored: the row with the highest score, sensor by sensor.

use motet_core::node::NodeError;
use motet_models::shift::{Scorer, SensorScore};

use super::ShiftEntry;
use super::quantities::Measures;
use crate::report::alarm::Direction;
use crate::report::findings::Findings;
use crate::report::moment::Moment;
use crate::report::record::{
    Change, Evidence, LIST_MAX, Limit, MAGNITUDE_MAX, MAGNITUDE_MIN, Model, Quantity, Unit,
};

/// Most sensors that are told of.
const SENSORS_MAX: usize = 16;

/// The row with the highest score of a request.
pub(super) struct Peak {
    /// Its score; none before the first row.
    score: Option<f64>,
    scores: Vec<SensorScore>,
    /// Since when each sensor was beyond its limit then.
    since: Vec<Option<i64>>,
}

impl Peak {
    pub(super) fn new(sensors: usize) -> Peak {
        Peak {
            score: None,
            scores: vec![SensorScore::default(); sensors],
            since: vec![None; sensors],
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(sensors: usize) -> usize {
        sensors * (size_of::<SensorScore>() + 2 * size_of::<Option<i64>>())
    }

    pub(super) fn clear(&mut self) {
        self.score = None;
    }

    /// Keeps a row that is higher than those before; of equals, the last.
    pub(super) fn look(&mut self, score: f64, scores: &[SensorScore], since: &[Option<i64>]) {
        if self.score.is_none_or(|known| score >= known) {
            self.score = Some(score);
            self.scores.copy_from_slice(scores);
            self.since.copy_from_slice(since);
        }
    }

    /// The sensor with the highest score; none where there is nothing to tell.
    pub(super) fn worst(&self) -> Option<usize> {
        self.score.filter(|score| *score > 0.0)?;
        self.ranked().first().copied()
    }

    /// Sensors that have a score, the highest first.
    fn ranked(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.scores.len())
            .filter(|place| self.scores[*place].is_scored)
            .collect();
        places.sort_by(|a, b| self.scores[*b].score.total_cmp(&self.scores[*a].score));
        places
    }
}

/// What is told, as JSON; `flags` are findings about the data.
pub(super) fn findings(
    entry: &ShiftEntry,
    measures: &Measures,
    (peak, scorer): (&Peak, &Scorer),
    flags: &str,
) -> Result<String, NodeError> {
    let failed = |error: crate::report::record::ReportError| NodeError::Failed(error.to_string());
    let config = &entry.card.model.net;
    let mut findings = Findings {
        model: Some(Model {
            name: entry.card.name.clone(),
            version: entry.card.version.to_string(),
        }),
        flags: Findings::from_json(flags).map_err(failed)?.flags,
        ..Findings::default()
    };
    if let Some(worst) = peak.worst() {
        let sensor = |place: usize| config.sensors[place].name.as_str();
        let score = peak.scores[worst].score;
        findings
            .evidence
            .push(of_score(sensor(worst), score, config.limit));
        let is_beyond = |place: &usize| peak.scores[*place].score > config.limit;
        for place in peak.ranked().into_iter().filter(is_beyond).take(SENSORS_MAX) {
            let score = &peak.scores[place];
            let limit = scorer.limit_of(place, score, config.limit);
            let measured = measures[place]
                .zip(limit)
                .and_then(|(measure, limit)| of_level(sensor(place), measure, (score, limit)));
            match measured {
                Some(evidence) => {
                    let change = change(&evidence, score.mean, peak.since[place]);
                    findings
                        .changes
                        .extend(change.filter(|_| findings.changes.len() < LIST_MAX));
                    findings.evidence.push(evidence);
                }
                None if place != worst => {
                    findings
                        .evidence
                        .push(of_score(sensor(place), score.score, config.limit))
                }
                None => (),
            }
        }
    }
    findings.to_json().map_err(failed)
}

/// The score of a sensor against the limit.
fn of_score(sensor: &str, score: f64, limit: f64) -> Evidence {
    let score = score.min(MAGNITUDE_MAX);
    Evidence {
        sensor: sensor.to_owned(),
        quantity: Quantity::AnomalyScore,
        measured: tidy(score),
        unit: Unit::One,
        limit: Some(Limit {
            value: limit,
            direction: Direction::Above,
        }),
        ratio: ratio(tidy(score), limit),
        trend: None,
    }
}

/// The mean of a sensor's window against the one at which it alone would be beyond the limit; none where a report could
/// not hold it.
fn of_level(
    sensor: &str,
    (quantity, unit): (Quantity, Unit),
    (score, limit): (&SensorScore, f64),
) -> Option<Evidence> {
    let holds = |value: f64| value.abs() <= MAGNITUDE_MAX && !(quantity.is_magnitude() && value < 0.0);
    if ![score.level, limit, score.mean].into_iter().all(holds) {
        return None;
    }
    let (measured, limit) = (tidy(score.level), tidy(limit));
    Some(Evidence {
        sensor: sensor.to_owned(),
        quantity,
        measured,
        unit,
        limit: Some(Limit {
            value: limit,
            direction: match score.distance < 0.0 {
                true => Direction::Below,
                false => Direction::Above,
            },
        }),
        ratio: ratio(measured, limit),
        trend: None,
    })
}

/// What changed: from the mean that was learnt and has followed slow drift to that of the window.
fn change(evidence: &Evidence, mean: f64, since: Option<i64>) -> Option<Change> {
    let (from, to) = (tidy(mean), evidence.measured);
    let at = Moment::from_seconds(since?.div_euclid(1_000))?;
    (from.to_bits() != to.to_bits()).then(|| Change {
        sensor: evidence.sensor.clone(),
        quantity: evidence.quantity,
        from,
        to,
        unit: evidence.unit,
        at,
    })
}

/// A value over its limit, where a report may say so.
fn ratio(measured: f64, limit: f64) -> Option<f64> {
    let ratio = measured / limit;
    let is_told = limit > 0.0 && measured >= 0.0 && (MAGNITUDE_MIN..=MAGNITUDE_MAX).contains(&ratio);
    is_told.then_some(ratio)
}

/// What is too small for a report is 0.
fn tidy(value: f64) -> f64 {
    if value.abs() < MAGNITUDE_MIN { 0.0 } else { value }
}
