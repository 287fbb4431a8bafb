//! Whether a report contradicts itself.

use std::collections::BTreeSet;

use super::super::findings::FINDINGS_BYTES;
use super::{
    Against, Cause, Change, Course, EVIDENCE_MAX, Evidence, FLAGS_MAX, Fault, Flag, FlagKind, JSON_BYTES_MAX,
    LIST_MAX, NAME_BYTES_MAX, Quantity, Reason, RemainingLife, Report, SNIPPET_BYTES_MAX, Severity, Unit,
    WorkOrder,
};

mod range;

use range::{measured, name, number, probability};

/// How far a stated ratio may be from the value over its limit, as a share.
const RATIO_TOLERANCE: f64 = 0.01;
/// How far probabilities may add up to more than 1.
const PROBABILITY_TOLERANCE: f64 = 1e-9;

/// Why a report is refused. Places are named as in the JSON, with indices from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It is too large.
    #[error("a report has at most {JSON_BYTES_MAX} bytes, found {0}")]
    TooLarge(usize),
    /// It is not JSON of the right form.
    #[error("the JSON is no report")]
    Json(#[from] serde_json::Error),
    /// Findings are too large.
    #[error("findings have at most {FINDINGS_BYTES} bytes, found {0}")]
    FindingsTooLarge(usize),
    /// They are not JSON of the right form.
    #[error("the JSON is no findings")]
    Findings(#[source] serde_json::Error),
    /// A name is empty, too long, or has letters that a text cannot carry.
    #[error(
        "`{place}` is no name of 1 to {NAME_BYTES_MAX} bytes of letters, digits, single spaces and `_-/#.`"
    )]
    Name {
        /// Where.
        place: &'static str,
    },
    /// A sensor has the name of the asset, so that a text could not tell them apart.
    #[error("`{place}` has the name of the asset")]
    SharedName {
        /// Where.
        place: &'static str,
    },
    /// A cited text is empty, too long, or has quotes or control characters.
    #[error("the snippet of work order {index} is no text of 1 to {SNIPPET_BYTES_MAX} bytes without quotes")]
    Snippet {
        /// Which work order.
        index: usize,
    },
    /// A list is too long.
    #[error("`{place}` has at most {most} entries, found {found}")]
    TooMany {
        /// Which list.
        place: &'static str,
        /// Its limit.
        most: usize,
        /// Its length.
        found: usize,
    },
    /// A number is not finite or out of range.
    #[error("`{place}` is no number within its range: {value}")]
    Number {
        /// Which number.
        place: &'static str,
        /// Its value.
        value: f64,
    },
    /// A quantity is not measured in this unit, or its own figures are out of range.
    #[error("a {quantity:?} cannot be measured in {unit:?}")]
    Unit {
        /// The quantity.
        quantity: Quantity,
        /// The unit.
        unit: Unit,
    },
    /// The stated ratio is not the value over its limit.
    #[error("the ratio of evidence {index} does not follow from its value and limit")]
    Ratio {
        /// Which evidence.
        index: usize,
    },
    /// An interval does not hold its estimate.
    #[error("the interval of `{place}` does not hold its estimate")]
    Interval {
        /// Of what.
        place: &'static str,
    },
    /// One thing is stated twice.
    #[error("`{place}` states one thing twice: entries {first} and {second}")]
    Twice {
        /// Which list.
        place: &'static str,
        /// The first entry.
        first: usize,
        /// The second.
        second: usize,
    },
    /// A zone that is not the one of the measured value, or limits that do not rise.
    #[error("the zone does not follow from its value and limits")]
    Zone,
    /// The severity and the evidence state different values of one thing.
    #[error("the severity contradicts evidence {index}")]
    SeverityEvidence {
        /// Which evidence.
        index: usize,
    },
    /// A cause without evidence.
    #[error("a cause needs evidence")]
    CauseWithoutEvidence,
    /// Probabilities that add up to more than 1.
    #[error("the probabilities add up to more than 1")]
    Probabilities,
    /// An argument against the cause that the record does not hold.
    #[error("argument {index} against the cause does not follow from the record")]
    Against {
        /// Which argument.
        index: usize,
    },
    /// Something dated after the end of the report.
    #[error("`{place}` is after the end of the report")]
    Future {
        /// What.
        place: &'static str,
    },
    /// A change from a value to itself.
    #[error("change {index} changes nothing")]
    NoChange {
        /// Which change.
        index: usize,
    },
    /// A sensor that was missing throughout has evidence.
    #[error("evidence {index} is of a sensor that is missing throughout")]
    MissingSensor {
        /// Which evidence.
        index: usize,
    },
    /// A work order of another machine.
    #[error("work order {index} is of another asset")]
    WorkOrder {
        /// Which work order.
        index: usize,
    },
    /// An estimate of remaining life without a clear trend.
    #[error("remaining life needs evidence with a clear trend")]
    LifeWithoutTrend,
    /// A reason that the record contradicts.
    #[error("remaining life cannot lack a trend or suffer from flawed data that the record does not have so")]
    LifeReason,
}

/// Whether a text can be the name of a sensor, an asset or a model.
pub fn is_name(text: &str) -> bool {
    name("name", text).is_ok()
}

/// Checks a name that is to stand in a report.
pub(in super::super) fn check_name(place: &'static str, text: &str) -> Result<(), ReportError> {
    name(place, text)
}

impl Report {
    /// Reads and checks a report.
    ///
    /// # Errors
    /// [`ReportError`]: its size, its form, or what it says.
    pub fn read(json: &str) -> Result<Self, ReportError> {
        if json.len() > JSON_BYTES_MAX {
            return Err(ReportError::TooLarge(json.len()));
        }
        let report: Report = serde_json::from_str(json)?;
        report.check()?;
        Ok(report)
    }

    /// Checks that the report is bounded and does not contradict itself.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), ReportError> {
        name("asset", &self.asset)?;
        name("model.name", &self.model.name)?;
        name("model.version", &self.model.version)?;
        self.check_counts()?;
        if self.interval.to < self.interval.from {
            return Err(ReportError::Interval { place: "interval" });
        }
        if self.since.is_some_and(|since| since > self.interval.to) {
            return Err(ReportError::Future { place: "since" });
        }
        self.check_evidence()?;
        self.severity
            .as_ref()
            .map_or(Ok(()), |severity| self.check_severity(severity))?;
        self.cause
            .as_ref()
            .map_or(Ok(()), |cause| self.check_cause(cause))?;
        for (index, change) in self.changes.iter().enumerate() {
            self.check_change(index, change)?;
        }
        if let Some(sensor) = self.check.as_ref().and_then(|check| check.sensor.as_ref()) {
            name("check.sensor", sensor)?;
        }
        self.check_flags()?;
        self.check_sensors()?;
        for (index, order) in self.work_orders.iter().enumerate() {
            self.check_work_order(index, order)?;
        }
        self.check_life()
    }

    fn check_sensors(&self) -> Result<(), ReportError> {
        let shared = self.sensors().find(|(_, sensor)| *sensor == self.asset);
        shared.map_or(Ok(()), |(place, _)| Err(ReportError::SharedName { place }))
    }

    fn check_counts(&self) -> Result<(), ReportError> {
        let against = self.cause.as_ref().map_or(0, |cause| cause.against.len());
        let counts = [
            ("evidence", self.evidence.len(), EVIDENCE_MAX),
            ("changes", self.changes.len(), LIST_MAX),
            ("flags", self.flags.len(), FLAGS_MAX),
            ("work_orders", self.work_orders.len(), LIST_MAX),
            ("cause.against", against, LIST_MAX),
        ];
        match counts.into_iter().find(|(_, found, most)| found > most) {
            Some((place, found, most)) => Err(ReportError::TooMany { place, most, found }),
            None => Ok(()),
        }
    }

    fn check_evidence(&self) -> Result<(), ReportError> {
        for (index, evidence) in self.evidence.iter().enumerate() {
            check_evidence(index, evidence)?;
            let is_same =
                |other: &Evidence| other.sensor == evidence.sensor && other.quantity == evidence.quantity;
            if let Some(first) = self.evidence.iter().take(index).position(is_same) {
                return Err(ReportError::Twice {
                    place: "evidence",
                    first,
                    second: index,
                });
            }
        }
        Ok(())
    }

    fn check_severity(&self, severity: &Severity) -> Result<(), ReportError> {
        name("severity.sensor", &severity.sensor)?;
        measured(
            "severity.measured",
            Quantity::Rms,
            severity.measured,
            severity.unit,
        )?;
        let limits = severity.limits;
        let rising = [limits.a_to_b, limits.b_to_c, limits.c_to_d];
        for limit in rising {
            number("severity.limits", limit)?;
        }
        let is_rising = rising[0] > 0.0 && rising.windows(2).all(|pair| pair[0] < pair[1]);
        if !is_rising || limits.zone(severity.measured) != severity.zone {
            return Err(ReportError::Zone);
        }
        let contradicts = |evidence: &Evidence| {
            evidence.sensor == severity.sensor
                && evidence.quantity == Quantity::Rms
                && (evidence.unit, evidence.measured.to_bits())
                    != (severity.unit, severity.measured.to_bits())
        };
        match self.evidence.iter().position(contradicts) {
            Some(index) => Err(ReportError::SeverityEvidence { index }),
            None => Ok(()),
        }
    }

    fn check_cause(&self, cause: &Cause) -> Result<(), ReportError> {
        if self.evidence.is_empty() {
            return Err(ReportError::CauseWithoutEvidence);
        }
        probability("cause.probability", cause.probability)?;
        let mut sum = cause.probability;
        let mut faults: BTreeSet<Fault> = BTreeSet::from([cause.fault]);
        for (index, against) in cause.against.iter().enumerate() {
            let holds = match against {
                Against::WithinLimit { evidence } => {
                    let evidence = self.evidence.get(*evidence);
                    evidence.is_some_and(|it| it.limit.is_some() && it.beyond().is_none())
                }
                Against::NoTrend { evidence } => {
                    let trend = self.evidence.get(*evidence).and_then(|it| it.trend);
                    trend.is_some_and(|trend| trend.course() == Course::Unclear)
                }
                Against::Alternative {
                    fault,
                    probability: of,
                } => {
                    probability("cause.against.probability", *of)?;
                    sum += of;
                    faults.insert(*fault)
                }
                Against::PoorData => !self.flags.is_empty(),
            };
            let first = cause
                .against
                .iter()
                .take(index)
                .position(|other| other == against);
            if !holds || first.is_some() {
                return Err(ReportError::Against { index });
            }
        }
        if sum > 1.0 + PROBABILITY_TOLERANCE {
            return Err(ReportError::Probabilities);
        }
        Ok(())
    }

    fn check_change(&self, index: usize, change: &Change) -> Result<(), ReportError> {
        name("changes.sensor", &change.sensor)?;
        measured("changes.from", change.quantity, change.from, change.unit)?;
        measured("changes.to", change.quantity, change.to, change.unit)?;
        if change.from.to_bits() == change.to.to_bits() {
            return Err(ReportError::NoChange { index });
        }
        if change.at > self.interval.to {
            return Err(ReportError::Future { place: "changes" });
        }
        let is_same = |other: &Change| {
            (&other.sensor, other.at) == (&change.sensor, change.at) && other.quantity == change.quantity
        };
        match self.changes.iter().take(index).position(is_same) {
            Some(first) => Err(ReportError::Twice {
                place: "changes",
                first,
                second: index,
            }),
            None => Ok(()),
        }
    }

    fn check_flags(&self) -> Result<(), ReportError> {
        for (index, flag) in self.flags.iter().enumerate() {
            if let Some(sensor) = &flag.sensor {
                name("flags.sensor", sensor)?;
            }
            if let Some(seconds) = flag.seconds {
                number("flags.seconds", seconds)?;
                if seconds <= 0.0 {
                    return Err(ReportError::Number {
                        place: "flags.seconds",
                        value: seconds,
                    });
                }
            }
            let is_same = |other: &Flag| (other.kind, &other.sensor) == (flag.kind, &flag.sensor);
            if let Some(first) = self.flags.iter().take(index).position(is_same) {
                return Err(ReportError::Twice {
                    place: "flags",
                    first,
                    second: index,
                });
            }
            let is_absent = flag.kind == FlagKind::MissingSensor && flag.seconds.is_none();
            let is_of = |evidence: &Evidence| {
                flag.sensor
                    .as_ref()
                    .is_none_or(|sensor| *sensor == evidence.sensor)
            };
            if let Some(index) = self.evidence.iter().position(is_of).filter(|_| is_absent) {
                return Err(ReportError::MissingSensor { index });
            }
        }
        Ok(())
    }

    fn check_work_order(&self, index: usize, order: &WorkOrder) -> Result<(), ReportError> {
        name("work_orders.id", &order.id)?;
        if order.id.contains([' ', '.']) {
            return Err(ReportError::Name {
                place: "work_orders.id",
            });
        }
        if order.asset != self.asset {
            return Err(ReportError::WorkOrder { index });
        }
        let is_text = (1..=SNIPPET_BYTES_MAX).contains(&order.snippet.len())
            && order.snippet.trim() == order.snippet
            && !order
                .snippet
                .contains(|letter: char| letter.is_control() || matches!(letter, '“' | '”' | '"'));
        if !is_text {
            return Err(ReportError::Snippet { index });
        }
        if order.date > self.interval.to.date() {
            return Err(ReportError::Future { place: "work_orders" });
        }
        match self
            .work_orders
            .iter()
            .take(index)
            .position(|other| other.id == order.id)
        {
            Some(first) => Err(ReportError::Twice {
                place: "work_orders",
                first,
                second: index,
            }),
            None => Ok(()),
        }
    }

    fn check_life(&self) -> Result<(), ReportError> {
        let is_clear = |evidence: &Evidence| {
            evidence
                .trend
                .is_some_and(|trend| trend.course() != Course::Unclear)
        };
        match self.remaining_life {
            RemainingLife::Estimated { days, low, high } => {
                for value in [days, low, high] {
                    number("remaining_life", value)?;
                }
                if low < 0.0 || days < low || high < days {
                    return Err(ReportError::Interval {
                        place: "remaining_life",
                    });
                }
                if !self.evidence.iter().any(is_clear) {
                    return Err(ReportError::LifeWithoutTrend);
                }
                Ok(())
            }
            RemainingLife::NotEstimable { reason } => {
                let is_false = match reason {
                    Reason::NoTrend => self.evidence.iter().any(is_clear),
                    Reason::PoorData => self.flags.is_empty(),
                    Reason::TooFewData | Reason::NoFailureHistory | Reason::ChangingOperation => false,
                };
                if is_false {
                    Err(ReportError::LifeReason)
                } else {
                    Ok(())
                }
            }
        }
    }
}

fn check_evidence(index: usize, evidence: &Evidence) -> Result<(), ReportError> {
    name("evidence.sensor", &evidence.sensor)?;
    measured(
        "evidence.measured",
        evidence.quantity,
        evidence.measured,
        evidence.unit,
    )?;
    if let Some(limit) = evidence.limit {
        measured("evidence.limit", evidence.quantity, limit.value, evidence.unit)?;
    }
    if let Some(ratio) = evidence.ratio {
        number("evidence.ratio", ratio)?;
        let limit = evidence.limit.map_or(0.0, |limit| limit.value);
        let expected = evidence.measured / limit;
        let is_ratio = limit > 0.0
            && evidence.measured >= 0.0
            && (ratio - expected).abs() <= RATIO_TOLERANCE * expected
            && (ratio > 1.0) == (expected > 1.0);
        if !is_ratio {
            return Err(ReportError::Ratio { index });
        }
    }
    if let Some(trend) = evidence.trend {
        for value in [trend.per_day, trend.low, trend.high] {
            number("evidence.trend", value)?;
        }
        if trend.per_day < trend.low || trend.high < trend.per_day {
            return Err(ReportError::Interval {
                place: "evidence.trend",
            });
        }
    }
    Ok(())
}
