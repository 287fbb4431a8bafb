//! The record that a report is made from: what was found about one machine in one stretch of time.
//!
//! A [`Report`] is data: `docs/report.schema.json` describes its JSON. Texts and pages say what it holds and nothing
//! else. It decides nothing; nets and rules do so before it is made. Invariant: a report that [`Report::check`] lets pass
//! does not contradict itself, has finite numbers, bounded lists, and names that a text can carry.

use serde::{Deserialize, Serialize};

use super::alarm::{Direction, State};
use super::moment::{Date, Moment};

mod cause;
mod check;
mod quantity;
#[cfg(test)]
mod tests;

pub use cause::{Action, Against, Cause, Check, Fault};
pub(super) use check::check_name;
pub use check::{ReportError, is_name};
pub use quantity::{DefectOrder, ORDER_MAX, Quantity, Unit};

/// Most bytes of a report as JSON.
pub const JSON_BYTES_MAX: usize = 1 << 20;
/// Most bytes of the name of an asset, a sensor, a model, a version or a work order.
pub const NAME_BYTES_MAX: usize = 48;
/// Most bytes of the text cited from a work order.
pub const SNIPPET_BYTES_MAX: usize = 160;
/// Most pieces of evidence.
pub const EVIDENCE_MAX: usize = 32;
/// Most arguments against a cause, changes, and work orders.
pub const LIST_MAX: usize = 8;
/// Most flags about the data.
pub const FLAGS_MAX: usize = 16;
/// Largest magnitude of a number.
pub const MAGNITUDE_MAX: f64 = 1e15;
/// Smallest magnitude of a number that is not 0.
pub const MAGNITUDE_MIN: f64 = 1e-12;

/// A report about one machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The machine.
    pub asset: String,
    /// The stretch of time that was looked at.
    pub interval: Interval,
    /// How severe the vibration is; none where no limits are given or nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What was measured, at most [`EVIDENCE_MAX`].
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// What probably is the matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// What changed, at most [`LIST_MAX`].
    #[serde(default)]
    pub changes: Vec<Change>,
    /// What an engineer should look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// What made the findings.
    pub model: Model,
    /// What is wrong with the data, at most [`FLAGS_MAX`].
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// What was done to the machine, at most [`LIST_MAX`].
    #[serde(default)]
    pub work_orders: Vec<WorkOrder>,
    /// How long it may last.
    pub remaining_life: RemainingLife,
    /// Where its alarm stands.
    pub alarm: State,
}

impl Report {
    /// Returns every sensor that is named, with its place in the record; one may come more than once.
    pub fn sensors(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let severity = self
            .severity
            .iter()
            .map(|it| ("severity.sensor", it.sensor.as_str()));
        let evidence = self
            .evidence
            .iter()
            .map(|it| ("evidence.sensor", it.sensor.as_str()));
        let changes = self
            .changes
            .iter()
            .map(|it| ("changes.sensor", it.sensor.as_str()));
        let check = self.check.iter().filter_map(|it| it.sensor.as_deref());
        let flags = self.flags.iter().filter_map(|it| it.sensor.as_deref());
        severity
            .chain(evidence)
            .chain(changes)
            .chain(check.map(|sensor| ("check.sensor", sensor)))
            .chain(flags.map(|sensor| ("flags.sensor", sensor)))
    }

    /// Returns the indices of the evidence, the most important first: what is beyond its limit, by how far it is beyond
    /// as a share of the limit, and after what was measured the scores of models, which tell an engineer less; then what has
    /// a clear trend; then the rest. Equals keep their order.
    pub fn ranked_evidence(&self) -> Vec<usize> {
        ranked(&self.evidence)
    }
}

/// The indices of evidence, the most important first.
pub(super) fn ranked(evidence: &[Evidence]) -> Vec<usize> {
    let rank = |evidence: &Evidence| -> (u8, f64) {
        match (evidence.beyond(), evidence.limit, evidence.trend) {
            (Some(_), Some(limit), _) => {
                let beyond = (evidence.measured - limit.value).abs();
                let is_score = matches!(evidence.quantity, Quantity::AnomalyScore | Quantity::Residual);
                let group = if is_score { 2 } else { 3 };
                (group, beyond / limit.value.abs().max(MAGNITUDE_MIN))
            }
            (_, _, Some(trend)) if trend.course() != Course::Unclear => (1, 0.0),
            _ => (0, 0.0),
        }
    };
    let mut indices: Vec<usize> = (0..evidence.len()).collect();
    indices.sort_by(|left, right| {
        let (left, right) = (rank(&evidence[*left]), rank(&evidence[*right]));
        right.0.cmp(&left.0).then(right.1.total_cmp(&left.1))
    });
    indices
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Its first second.
    pub from: Moment,
    /// Its last second; not before the first.
    pub to: Moment,
}

/// A zone of vibration severity, in the manner of ISO 20816.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Zone {
    /// As newly commissioned machines.
    A,
    /// Good for long operation.
    B,
    /// Not for long operation.
    C,
    /// Severe enough to do damage.
    D,
}

/// The limits between zones, from the pipeline's YAML: the standard gives them by kind and size of machine.
///
/// # Source
/// ISO 20816-1 (2016) and ISO 10816-3 (2009): zones A to D by the root mean square of velocity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneLimits {
    /// From A to B; above 0.
    pub a_to_b: f64,
    /// From B to C; above `a_to_b`.
    pub b_to_c: f64,
    /// From C to D; above `b_to_c`.
    pub c_to_d: f64,
}

impl ZoneLimits {
    /// Returns the zone of a value in the unit of the limits. A value equal to a limit is in the lower zone.
    pub fn zone(&self, measured: f64) -> Zone {
        if measured > self.c_to_d {
            Zone::D
        } else if measured > self.b_to_c {
            Zone::C
        } else if measured > self.a_to_b {
            Zone::B
        } else {
            Zone::A
        }
    }
}

/// How severe the vibration is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// The zone; that of `measured`.
    pub zone: Zone,
    /// The sensor whose root mean square decides.
    pub sensor: String,
    /// The root mean square; 0 or more.
    pub measured: f64,
    /// Its unit: one of vibration.
    pub unit: Unit,
    /// The limits, in the same unit.
    pub limits: ZoneLimits,
}

/// One measured quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The sensor.
    pub sensor: String,
    /// What was measured.
    pub quantity: Quantity,
    /// The value.
    pub measured: f64,
    /// Its unit; one of [`Quantity::units`].
    pub unit: Unit,
    /// Its limit, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The value over its limit, where the limit is above 0 and the value is not negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// How it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
}

impl Evidence {
    /// Returns on which side of the limit the value is wrong, if it is.
    pub fn beyond(&self) -> Option<Direction> {
        let limit = self.limit?;
        let is_beyond = match limit.direction {
            Direction::Above => self.measured > limit.value,
            Direction::Below => self.measured < limit.value,
        };
        is_beyond.then_some(limit.direction)
    }
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its value, in the unit of what it limits. A value equal to it is within.
    pub value: f64,
    /// Which side of it is wrong.
    pub direction: Direction,
}

/// How a quantity goes, in its unit per day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// The estimate.
    pub per_day: f64,
    /// The lower end of its 95 % interval; not above the estimate.
    pub low: f64,
    /// The upper end; not below the estimate.
    pub high: f64,
}

/// What a trend's interval lets one say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// The whole interval is above 0.
    Rising,
    /// The whole interval is below 0.
    Falling,
    /// The interval holds 0.
    Unclear,
}

impl Trend {
    /// Returns what the interval lets one say.
    pub fn course(&self) -> Course {
        if self.low > 0.0 {
            Course::Rising
        } else if self.high < 0.0 {
            Course::Falling
        } else {
            Course::Unclear
        }
    }
}

/// A quantity that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The sensor.
    pub sensor: String,
    /// What changed.
    pub quantity: Quantity,
    /// Its value before.
    pub from: f64,
    /// Its value after; another one.
    pub to: f64,
    /// The unit of both.
    pub unit: Unit,
    /// When.
    pub at: Moment,
}

/// What made the findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Something that is wrong with the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What.
    pub kind: FlagKind,
    /// With which sensor; all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
    /// For how long, in seconds, above 0; the whole interval where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// What can be wrong with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A stretch without values.
    Gap,
    /// Values at the end of the sensor's range.
    Saturation,
    /// A value that never changes.
    StuckSensor,
    /// Values that look like another unit.
    WrongUnit,
    /// A sample rate that is not the stated one.
    RateDrift,
    /// No values of a sensor.
    MissingSensor,
    /// Time stamps that occur twice.
    DoubledTimeStamps,
    /// Time stamps that go backward.
    BackwardTimeStamps,
    /// Values that are no numbers.
    NotANumber,
}

impl FlagKind {
    /// Every kind.
    pub const ALL: [FlagKind; 9] = [
        FlagKind::Gap,
        FlagKind::Saturation,
        FlagKind::StuckSensor,
        FlagKind::WrongUnit,
        FlagKind::RateDrift,
        FlagKind::MissingSensor,
        FlagKind::DoubledTimeStamps,
        FlagKind::BackwardTimeStamps,
        FlagKind::NotANumber,
    ];
}

/// A work order that was matched to the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkOrder {
    /// Its number: letters, digits and `-`, without spaces.
    pub id: String,
    /// When it was done.
    pub date: Date,
    /// A few of its words, as they are.
    pub snippet: String,
    /// The asset that it was matched to: that of the report.
    pub asset: String,
}

/// How long a machine may last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RemainingLife {
    /// The data support an estimate.
    Estimated {
        /// Days, 0 or more.
        days: f64,
        /// The lower end of the interval.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// They do not.
    NotEstimable {
        /// Why.
        reason: Reason,
    },
}

/// Why remaining life is not estimable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No quantity has a clear trend.
    NoTrend,
    /// Too few measurements.
    TooFewData,
    /// The data are flawed.
    PoorData,
    /// No failure of such a machine is known.
    NoFailureHistory,
    /// Speed or load changed too much.
    ChangingOperation,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 5] = [
        Reason::NoTrend,
        Reason::TooFewData,
        Reason::PoorData,
        Reason::NoFailureHistory,
        Reason::ChangingOperation,
    ];
}
