//! What was measured of a machine, as evidence for a report.

use motet_models::bearing::{ELEMENTS, LINES, LineKind, SCORED};

use super::Entry;
use crate::report::alarm::Direction;
use crate::report::findings::Findings;
use crate::report::record::{
    Action, Against, Cause, Check, DefectOrder, Evidence, Fault, Limit, MAGNITUDE_MAX, MAGNITUDE_MIN, Model,
    Quantity, Severity, Unit, ZoneLimits,
};

/// How far a line must stand out to count, in dB: where a rule that knows one size of damage does best on another is 10.5 to
/// 11.5 (models/reference/anomaly/README.md, section 2.3).
const LINE_LIMIT_DB: f64 = 11.0;
/// Least probability of another cause that is told.
const ALTERNATIVE_MIN: f32 = 0.05;

/// What was measured of one axis.
pub(super) struct Axis {
    /// Levels of the bands that are scored.
    pub(super) levels: [f64; SCORED],
    pub(super) score: f64,
    /// Root mean square of the velocity, in mm/s.
    pub(super) velocity: f64,
}

/// The axis that decides.
pub(super) struct Worst {
    pub(super) axis: usize,
    /// How far its lines stand out, in dB.
    pub(super) features: [f64; LINES],
}

/// All that is known after a firing.
pub(super) struct Told<'a> {
    pub(super) model: &'a Entry,
    /// Names of the axes, limits between zones, and the least probability of a cause.
    pub(super) settings: (&'a [String], Option<ZoneLimits>, f64),
    pub(super) axes: &'a [Option<Axis>],
    pub(super) worst: Option<&'a Worst>,
    pub(super) probabilities: [f32; ELEMENTS.len()],
    /// Turns of the shaft in a minute.
    pub(super) speed_rpm: f64,
}

impl Told<'_> {
    /// Whether the axis that decides is beyond its limit.
    pub(super) fn is_anomalous(&self) -> bool {
        let normal = &self.model.card.model.net.normal;
        let is_beyond = |axis: usize| Some(self.axes.get(axis)?.as_ref()?.score > normal.get(axis)?.limit);
        self.worst
            .and_then(|worst| is_beyond(worst.axis))
            .unwrap_or(false)
    }

    /// Everything as parts of a report.
    pub(super) fn findings(&self) -> Findings {
        let card = &self.model.card;
        let mut findings = Findings {
            model: Some(Model {
                name: card.name.clone(),
                version: card.version.to_string(),
            }),
            severity: self.severity(),
            ..Findings::default()
        };
        let found = |worst: &'_ Worst| self.axes.get(worst.axis)?.as_ref();
        let Some((worst, axis)) = self.worst.and_then(|worst| Some((worst, found(worst)?))) else {
            // A shaft that stands is why nothing was scored: a report should say so.
            findings.evidence.extend((self.speed_rpm <= 0.0).then(speed));
            return findings;
        };
        findings.evidence.push(self.score(worst.axis, axis));
        let first_line = findings.evidence.len();
        findings.evidence.extend(self.lines(worst));
        let axes = self.axes.iter().enumerate();
        for (index, axis) in axes.filter_map(|(index, axis)| Some((index, axis.as_ref()?))) {
            findings.evidence.push(self.rms(index, axis));
            findings.evidence.extend(self.bands(index, axis));
        }
        if self.is_anomalous() {
            let has_risen = self.has_risen(worst.axis, axis);
            let lines = &findings.evidence[first_line..];
            findings.cause = has_risen.then(|| self.cause(lines, first_line)).flatten();
            findings.check = Some(Check {
                action: match findings.cause {
                    Some(_) => Action::InspectBearing,
                    None => Action::RepeatMeasurement,
                },
                sensor: self.sensor(worst.axis),
            });
        }
        findings
    }

    fn sensor(&self, axis: usize) -> Option<String> {
        self.settings.0.get(axis).cloned()
    }

    /// The zone of the axis with the largest velocity.
    fn severity(&self) -> Option<Severity> {
        let limits = self.settings.1?;
        let axes = self.axes.iter().enumerate();
        let velocities = axes.filter_map(|(index, axis)| Some((index, measured(axis.as_ref()?.velocity))));
        let (axis, velocity) = velocities.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some(Severity {
            zone: limits.zone(velocity),
            sensor: self.sensor(axis)?,
            measured: velocity,
            unit: Unit::MillimetresPerSecond,
            limits,
        })
    }

    fn score(&self, index: usize, axis: &Axis) -> Evidence {
        let limit = self.model.card.model.net.normal[index].limit;
        self.evidence(
            (index, Quantity::AnomalyScore),
            (axis.score, Unit::One),
            Some(limit),
        )
    }

    /// The root mean square of the velocity: its limit is that of zone C, beyond which a machine should not run for long.
    fn rms(&self, index: usize, axis: &Axis) -> Evidence {
        let limit = self.settings.1.map(|limits| limits.b_to_c);
        self.evidence(
            (index, Quantity::Rms),
            (axis.velocity, Unit::MillimetresPerSecond),
            limit,
        )
    }

    /// The bands that are scored; the limit is the level at which a band alone would raise the alarm.
    fn bands(&self, index: usize, axis: &Axis) -> [Evidence; SCORED] {
        let config = &self.model.card.model.net;
        let normal = &config.normal[index];
        let unit = match config.unit {
            motet_models::bearing::WaveUnit::Gravity => Unit::Gravity,
            motet_models::bearing::WaveUnit::MetresPerSecondSquared => Unit::MetresPerSecondSquared,
        };
        let rises = normal.rises();
        std::array::from_fn(|level| {
            let band = config.level_band(level + 1);
            let quantity = Quantity::BandEnergy {
                from_hz: band.low_hz,
                to_hz: band.high_hz,
            };
            let limit = (normal.mean[level] + rises[level]).exp();
            self.evidence((index, quantity), (axis.levels[level].exp(), unit), Some(limit))
        })
    }

    /// The lines that the element is told by.
    fn lines(&self, worst: &Worst) -> Vec<Evidence> {
        let line = |(kind, decibels): (LineKind, f64)| {
            // The ball strikes both races in a turn about itself: its line is the second multiple.
            let (order, harmonic) = match kind {
                LineKind::OuterRace => (DefectOrder::OuterRace, 1),
                LineKind::InnerRace => (DefectOrder::InnerRace, 1),
                LineKind::Ball => (DefectOrder::RollingElement, 2),
                // Its sidebands have no name of their own in a report.
                LineKind::BallSidebands => return None,
            };
            let quantity = Quantity::Defect { order, harmonic };
            Some(self.evidence(
                (worst.axis, quantity),
                (decibels, Unit::Decibels),
                Some(LINE_LIMIT_DB),
            ))
        };
        LineKind::ALL
            .into_iter()
            .zip(worst.features)
            .filter_map(line)
            .collect()
    }

    fn evidence(
        &self,
        (axis, quantity): (usize, Quantity),
        (value, unit): (f64, Unit),
        limit: Option<f64>,
    ) -> Evidence {
        let value = measured(value);
        let limit = limit.map(measured).filter(|limit| *limit > 0.0);
        Evidence {
            sensor: self.sensor(axis).unwrap_or_default(),
            quantity,
            measured: value,
            unit,
            limit: limit.map(|value| Limit {
                value,
                direction: Direction::Above,
            }),
            ratio: limit.map(|limit| measured(value / limit)),
            trend: None,
        }
    }

    /// Whether the levels of an axis are, taken together, above those of normal running: damage does not make a machine quieter.
    fn has_risen(&self, index: usize, axis: &Axis) -> bool {
        let mean = self.model.card.model.net.normal[index].mean;
        let changes = axis.levels.iter().zip(mean);
        changes.map(|(level, mean)| level - mean).sum::<f64>() > 0.0
    }

    /// The likeliest element, unless it is not likely enough, with what speaks against it. A rolling element is what remains
    /// for the net where no line of a race stands out, so that its own line must: any other change of level looks the same.
    fn cause(&self, lines: &[Evidence], first_line: usize) -> Option<Cause> {
        let element = super::super::compiled::argmax(&self.probabilities);
        let probability = f64::from(self.probabilities[element]);
        if probability < self.settings.2 {
            return None;
        }
        let mut against = Vec::new();
        let own = lines
            .iter()
            .position(|line| order_of(line) == Some(ORDERS[element]));
        let stands_out = own.is_some_and(|own| lines[own].beyond().is_some());
        if FAULTS[element] == Fault::RollingElementDefect && !stands_out {
            return None;
        }
        if let Some(own) = own.filter(|own| lines[*own].beyond().is_none()) {
            against.push(Against::WithinLimit {
                evidence: first_line + own,
            });
        }
        let others = self.probabilities.iter().enumerate();
        against.extend(
            others
                .filter(|(other, probability)| *other != element && **probability >= ALTERNATIVE_MIN)
                .map(|(other, probability)| Against::Alternative {
                    fault: FAULTS[other],
                    // Three rounded shares may add up to a little more than 1.
                    probability: f64::from(*probability) * (1.0 - 1e-6),
                }),
        );
        Some(Cause {
            fault: FAULTS[element],
            probability: probability * (1.0 - 1e-6),
            against,
        })
    }
}

/// A shaft that stands.
fn speed() -> Evidence {
    Evidence {
        sensor: "shaft".to_owned(),
        quantity: Quantity::Speed,
        measured: 0.0,
        unit: Unit::RevolutionsPerMinute,
        limit: None,
        ratio: None,
        trend: None,
    }
}

/// Causes and their lines, in the order of the elements.
const FAULTS: [Fault; ELEMENTS.len()] = [
    Fault::InnerRaceDefect,
    Fault::OuterRaceDefect,
    Fault::RollingElementDefect,
];
const ORDERS: [DefectOrder; ELEMENTS.len()] = [
    DefectOrder::InnerRace,
    DefectOrder::OuterRace,
    DefectOrder::RollingElement,
];

fn order_of(evidence: &Evidence) -> Option<DefectOrder> {
    if let Quantity::Defect { order, .. } = evidence.quantity {
        return Some(order);
    }
    None
}

/// A magnitude as a report can hold it.
fn measured(value: f64) -> f64 {
    match value.clamp(0.0, MAGNITUDE_MAX) {
        small if small < MAGNITUDE_MIN => 0.0,
        value => value,
    }
}
