//! Facts of a text against the record: what it does not hold, what is said twice, what is missing.

use super::super::alarm::Direction;
use super::super::moment::{Date, Moment};
use super::super::record::{Against, Evidence, Quantity, RemainingLife, Report, Unit};
use super::{
    EvidenceRead, Extent, Fact, Hedge, Measure, ProbabilityRead, QuantityRead, Reading, Relation, Stamp,
    TrendRead,
};

/// Something that must be said and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// The machine.
    Asset,
    /// The zone.
    Zone,
    /// The state of the alarm.
    Alarm,
    /// The most important evidence, with how it stands to its limit.
    TopEvidence,
    /// The cause.
    Cause,
    /// A flag about the data: an index, or the first for a text that only says that there are some.
    Flag(usize),
    /// That remaining life is not estimable.
    NotEstimable,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Verdict {
    /// Facts of the text that the record does not hold.
    pub unsupported: Vec<Fact>,
    /// Facts that the text says more than once.
    pub repeated: Vec<Fact>,
    /// What the text does not say though it must.
    pub missing: Vec<Must>,
}

impl Verdict {
    /// Returns whether there is nothing to say against the text.
    pub fn is_sound(&self) -> bool {
        self.unsupported.is_empty() && self.repeated.is_empty() && self.missing.is_empty()
    }
}

/// Compares what a text says with what the record holds.
pub fn compare(facts: &[Fact], report: &Report, extent: Extent) -> Verdict {
    let unsupported = facts.iter().filter(|fact| !is_supported(fact, report));
    let is_repeated = |(index, fact): &(usize, &Fact)| facts.iter().take(*index).any(|other| other == *fact);
    let repeated = facts.iter().enumerate().filter(is_repeated);
    Verdict {
        unsupported: unsupported.cloned().collect(),
        repeated: repeated.map(|(_, fact)| fact.clone()).collect(),
        missing: missing(facts, report, extent),
    }
}

fn missing(facts: &[Fact], report: &Report, extent: Extent) -> Vec<Must> {
    let has = |is: &dyn Fn(&Fact) -> bool| facts.iter().any(is);
    let mut missing = Vec::new();
    let mut must = |must: Must, is_said: bool| {
        if !is_said {
            missing.push(must);
        }
    };
    must(Must::Asset, has(&|fact| matches!(fact, Fact::Asset(_))));
    must(Must::Alarm, has(&|fact| matches!(fact, Fact::Alarm(_))));
    if report.severity.is_some() {
        must(Must::Zone, has(&|fact| matches!(fact, Fact::Zone(_))));
    }
    if let Some(top) = report
        .ranked_evidence()
        .first()
        .and_then(|top| report.evidence.get(*top))
    {
        let is_top = |fact: &Fact| {
            matches!(fact, Fact::Evidence(read) if is_about(read, top)
                && (top.beyond().is_none() || read.relation.is_some() || read.ratio.is_some()))
        };
        must(Must::TopEvidence, has(&is_top));
    }
    if report.cause.is_some() {
        must(Must::Cause, has(&|fact| matches!(fact, Fact::Cause { .. })));
    }
    if extent == Extent::Brief {
        let is_said = has(&|fact| matches!(fact, Fact::FlawedData | Fact::Flag { .. }));
        must(Must::Flag(0), is_said || report.flags.is_empty());
        return missing;
    }
    for (index, flag) in report.flags.iter().enumerate() {
        let is_flag = |fact: &Fact| {
            matches!(fact, Fact::Flag { kind, sensor, seconds }
                if (kind, sensor) == (&flag.kind, &flag.sensor) && seconds.is_some() == flag.seconds.is_some())
        };
        must(Must::Flag(index), has(&is_flag));
    }
    if matches!(report.remaining_life, RemainingLife::NotEstimable { .. }) {
        must(
            Must::NotEstimable,
            has(&|fact| matches!(fact, Fact::NotEstimable(_))),
        );
    }
    missing
}

fn is_supported(fact: &Fact, report: &Report) -> bool {
    let end = report.interval.to.date();
    match fact {
        Fact::Asset(name) => *name == report.asset,
        Fact::Zone(zone) => report.severity.as_ref().is_some_and(|it| it.zone == *zone),
        Fact::ZoneValue { sensor, measured } => report
            .severity
            .as_ref()
            .is_some_and(|it| it.sensor == *sensor && is_value(measured, it.measured, it.unit)),
        Fact::Alarm(state) => report.alarm == *state,
        Fact::Since(stamp) => report.since.is_some_and(|since| is_moment(stamp, since, end)),
        Fact::NoFinding => report.severity.is_none() && report.evidence.is_empty() && report.flags.is_empty(),
        Fact::NotJudged => {
            report.severity.is_none() && report.evidence.is_empty() && !report.flags.is_empty()
        }
        Fact::Evidence(read) => report.evidence.iter().any(|evidence| is_about(read, evidence)),
        Fact::Cause { .. }
        | Fact::AgainstWithin { .. }
        | Fact::AgainstNoTrend { .. }
        | Fact::Alternative { .. }
        | Fact::AgainstPoorData => is_cause_supported(fact, report),
        Fact::Change {
            sensor,
            quantity,
            from,
            to,
            at,
        } => report.changes.iter().any(|change| {
            change.sensor == *sensor
                && is_quantity(quantity, &change.quantity)
                && is_value(from, change.from, change.unit)
                && is_value(to, change.to, change.unit)
                && is_moment(at, change.at, end)
        }),
        Fact::Check { action, sensor } => report
            .check
            .as_ref()
            .is_some_and(|check| check.action == *action && (sensor.is_none() || check.sensor == *sensor)),
        Fact::Flag {
            kind,
            sensor,
            seconds,
        } => report.flags.iter().any(|flag| {
            (flag.kind, &flag.sensor) == (*kind, sensor)
                && seconds.is_none_or(|read| flag.seconds.is_some_and(|seconds| read.agrees(seconds)))
        }),
        Fact::FlawedData => !report.flags.is_empty(),
        Fact::Life { days, bounds } => match report.remaining_life {
            RemainingLife::Estimated { days: of, low, high } => {
                days.agrees(of) && bounds.is_none_or(|bounds| is_between(bounds, low, high))
            }
            RemainingLife::NotEstimable { .. } => false,
        },
        Fact::NotEstimable(reason) => {
            report.remaining_life == RemainingLife::NotEstimable { reason: *reason }
        }
        Fact::WorkOrder { id, date, snippet } => report.work_orders.iter().any(|order| {
            order.id == *id
                && order.snippet == *snippet
                && is_day(date, order.date, end)
                && date.clock.is_none()
        }),
    }
}

fn is_cause_supported(fact: &Fact, report: &Report) -> bool {
    let Some(cause) = &report.cause else {
        return false;
    };
    let against = |is: &dyn Fn(&Against) -> bool| cause.against.iter().any(is);
    let is_of = |index: usize, sensor: &str, quantity: &QuantityRead| {
        let evidence = report.evidence.get(index);
        evidence.is_some_and(|it| it.sensor == *sensor && is_quantity(quantity, &it.quantity))
    };
    match fact {
        Fact::Cause {
            fault,
            hedge,
            probability,
        } => {
            *fault == cause.fault
                && *hedge == hedge_of(cause.probability)
                && probability.is_none_or(|read| is_probability(read, cause.probability))
        }
        Fact::AgainstWithin { sensor, quantity } => against(
            &|it| matches!(it, Against::WithinLimit { evidence } if is_of(*evidence, sensor, quantity)),
        ),
        Fact::AgainstNoTrend { sensor, quantity } => {
            against(&|it| matches!(it, Against::NoTrend { evidence } if is_of(*evidence, sensor, quantity)))
        }
        Fact::Alternative { fault, probability } => against(&|it| {
            matches!(it, Against::Alternative { fault: of, probability: share }
                if of == fault && probability.is_none_or(|read| is_probability(read, *share)))
        }),
        Fact::AgainstPoorData => against(&|it| *it == Against::PoorData),
        _ => false,
    }
}

/// Whether everything that was read holds of one piece of evidence.
fn is_about(read: &EvidenceRead, evidence: &Evidence) -> bool {
    let relation = match (evidence.limit, evidence.beyond()) {
        (None, _) => None,
        (Some(_), None) => Some(Relation::Within),
        (Some(_), Some(Direction::Above)) => Some(Relation::Above),
        (Some(_), Some(Direction::Below)) => Some(Relation::Below),
    };
    read.sensor == evidence.sensor
        && is_quantity(&read.quantity, &evidence.quantity)
        && is_value(&read.measured, evidence.measured, evidence.unit)
        && read.limit.is_none_or(|read| {
            evidence
                .limit
                .is_some_and(|limit| is_value(&read, limit.value, evidence.unit))
        })
        && (read.relation.is_none() || read.relation == relation)
        && read.ratio.is_none_or(|read| {
            relation == Some(Relation::Above) && evidence.ratio.is_some_and(|it| read.agrees(it))
        })
        && read.trend.is_none_or(|read| is_trend(&read, evidence))
}

fn is_trend(read: &TrendRead, evidence: &Evidence) -> bool {
    let Some(trend) = evidence.trend else {
        return false;
    };
    read.course == trend.course()
        && read
            .per_day
            .is_none_or(|per_day| is_value(&per_day, trend.per_day, evidence.unit))
        && read
            .bounds
            .is_none_or(|bounds| is_between(bounds, trend.low, trend.high))
}

fn is_quantity(read: &QuantityRead, quantity: &Quantity) -> bool {
    match (read, quantity) {
        (QuantityRead::Exact(read), quantity) => read == quantity,
        (QuantityRead::Band(from, to), Quantity::BandEnergy { from_hz, to_hz }) => {
            from.agrees(*from_hz) && to.agrees(*to_hz)
        }
        (QuantityRead::Band(..), _) => false,
    }
}

fn is_value(read: &Measure, value: f64, unit: Unit) -> bool {
    read.unit == unit && read.reading.agrees(value)
}

fn is_between(bounds: (Reading, Reading), low: f64, high: f64) -> bool {
    bounds.0.agrees(low) && bounds.1.agrees(high)
}

fn is_probability(read: ProbabilityRead, probability: f64) -> bool {
    (read.from - 1e-9..=read.to + 1e-9).contains(&probability)
}

fn is_moment(stamp: &Stamp, moment: Moment, end: Date) -> bool {
    is_day(stamp, moment.date(), end) && stamp.clock.is_none_or(|clock| clock == moment.clock())
}

/// A day without its year is one of the year in which the report ends.
fn is_day(stamp: &Stamp, date: Date, end: Date) -> bool {
    (stamp.day, stamp.month) == (date.day(), date.month()) && stamp.year.unwrap_or(end.year()) == date.year()
}

/// How sure one may sound.
///
/// # Source
/// Mastrandrea et al. (2010), guidance note on uncertainties for the IPCC's fifth report: likely from 66 %, extremely
/// likely from 95 %, as likely as not from 33 %.
fn hedge_of(probability: f64) -> Hedge {
    if probability >= 0.95 {
        Hedge::AlmostCertain
    } else if probability >= 0.66 {
        Hedge::Probable
    } else if probability >= 0.33 {
        Hedge::Possible
    } else {
        Hedge::Weak
    }
}
