//! The sentences on what was measured, what it may come from, and what to look at.

use super::super::alarm::Direction;
use super::super::record::{Against, Cause, Course, Evidence, Trend};
use super::choice::Choice;
use super::number;
use super::pattern::{self, Slots};
use super::writer::Writer;
use super::{RealiseError, Sentence, Topic, words};

/// How much is said of evidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    pub(super) says_trend: bool,
    pub(super) says_bounds: bool,
}

/// Ratios below this are only said to be above the limit: "1.0 times" would say nothing.
const RATIO_SAID_MIN: f64 = 1.2;

const EVIDENCE: [&str; 6] = [
    "the {quantity} at {sensor} <is|measures|stands at|comes to> {measured}{relation}{trend}",
    "at {sensor}, the {quantity} <is|measures|stands at|comes to> {measured}{relation}{trend}",
    "{sensor}: {quantity} {measured}{relation}{trend}",
    "{quantity} at {sensor}: {measured}{relation}{trend}",
    "{quantity} of {measured} at {sensor}{relation}{trend}",
    "{sensor} <shows|reads> {quantity} of {measured}{relation}{trend}",
];

/// Patterns that need a limit.
const EVIDENCE_TO_LIMIT: [&str; 4] = [
    "<with|at> {measured}, the {quantity} at {sensor} is {standing}{trend}",
    "{standing}: {quantity} at {sensor}, {measured}{trend}",
    "{standing}: {sensor} with {quantity} of {measured}{trend}",
    "{quantity} {standing} at {sensor}: {measured}{trend}",
];

/// Patterns for the same sensor again, which is not named.
const THERE: [&str; 3] = [
    "the {quantity} there <is|measures|stands at> {measured}{relation}{trend}",
    "its {quantity} <is|measures|stands at> {measured}{relation}{trend}",
    "{quantity} {measured}{relation}{trend}",
];

/// Patterns for the same quantity again, which is not named.
const AT_OTHER: [&str; 3] = [
    "at {sensor} it is {measured}{relation}{trend}",
    "{sensor} <shows|reads> {measured}{relation}{trend}",
    "{sensor}: {measured}{relation}{trend}",
];

/// Writes evidence in the order given, in one sentence.
pub(super) fn evidence(
    writer: &Writer<'_>,
    indices: &[usize],
    detail: Detail,
) -> Result<Option<Sentence>, RealiseError> {
    let mut clauses = Vec::new();
    let mut before: Option<&Evidence> = None;
    for (place, index) in indices.iter().enumerate() {
        let Some(evidence) = writer.report.evidence.get(*index) else {
            continue;
        };
        let mut choice = writer.choice(Topic::Evidence, place);
        clauses.push(clause(writer, evidence, before, detail, &mut choice)?);
        before = Some(evidence);
    }
    Ok((!clauses.is_empty()).then(|| writer.finish(Topic::Evidence, &clauses.join("; "))))
}

pub(super) fn clause(
    writer: &Writer<'_>,
    evidence: &Evidence,
    before: Option<&Evidence>,
    detail: Detail,
    choice: &mut Choice,
) -> Result<String, RealiseError> {
    let standing = standing(writer, evidence, choice);
    let relation = standing.as_ref().map(|standing| {
        let lead = choice.pick(&[", ", ", which is ", " ("]);
        let end = if lead == " (" { ")" } else { "" };
        format!("{lead}{standing}{end}")
    });
    let trend = evidence
        .trend
        .filter(|_| detail.says_trend)
        .map(|trend| trend_words(writer, evidence, trend, detail, choice));
    let slots = Slots::from([
        (
            "quantity",
            words::quantity(&evidence.quantity, choice, writer.manner),
        ),
        ("sensor", writer.name(&evidence.sensor)),
        ("measured", writer.measured(evidence)),
        ("relation", relation.unwrap_or_default()),
        ("trend", trend.unwrap_or_default()),
        ("standing", standing.clone().unwrap_or_default()),
    ]);
    let is_there = before.is_some_and(|before| before.sensor == evidence.sensor);
    let is_same = before.is_some_and(|before| before.quantity == evidence.quantity);
    let mut patterns: Vec<&'static str> = Vec::new();
    if is_there {
        patterns.extend(THERE);
    } else if is_same {
        patterns.extend(AT_OTHER);
    } else {
        patterns.extend(EVIDENCE);
        patterns.extend(EVIDENCE_TO_LIMIT.iter().filter(|_| standing.is_some()));
    }
    pattern::fill(choice.pick(&patterns), &slots, choice)
}

/// How a value stands to its limit, as in `2.1 times the limit of 1.5 g`.
fn standing(writer: &Writer<'_>, evidence: &Evidence, choice: &mut Choice) -> Option<String> {
    let limit = writer.limit(evidence)?;
    let is_above = evidence.beyond() == Some(Direction::Above);
    let ratio = evidence
        .ratio
        .filter(|ratio| is_above && *ratio >= RATIO_SAID_MIN);
    Some(match ratio {
        Some(ratio) => {
            let ratio = number::number(ratio, 2, writer.manner);
            format!("{ratio} times {} limit of {limit}", choice.pick(&["the", "its"]))
        }
        None => {
            let preposition = words::relation(evidence, choice);
            format!("{preposition} {} limit of {limit}", choice.pick(&["the", "its"]))
        }
    })
}

fn trend_words(
    writer: &Writer<'_>,
    evidence: &Evidence,
    trend: Trend,
    detail: Detail,
    choice: &mut Choice,
) -> String {
    let course = trend.course();
    let words = words::course(course, choice);
    if course == Course::Unclear {
        return format!("{}{words}", choice.pick(&[", with ", ", "]));
    }
    let lead = choice.pick(&[", ", " and "]);
    let per_day = number::measure(trend.per_day.abs(), evidence.unit, 2, writer.manner);
    let mut ends = [trend.low.abs(), trend.high.abs()];
    ends.sort_by(f64::total_cmp);
    let bounds = if detail.says_bounds {
        let ends = ends.map(|end| number::number(end, 2, writer.manner));
        format!(" ({} to {})", ends[0], ends[1])
    } else {
        String::new()
    };
    format!("{lead}{words} {per_day} per day{bounds}")
}

const CAUSE: [&str; 6] = [
    "{hedge} {fault} ({percent})",
    "cause: {hedge} {fault} ({percent})",
    "the cause is {hedge} {fault} ({percent})",
    "{hedge}, the cause is {fault}: {percent}",
    "this is {hedge} {fault}, {percent}",
    "{hedge} {fault}, with a probability of {percent}",
];

/// Writes the cause, the first few arguments against it, and what to look at.
pub(super) fn cause(
    writer: &Writer<'_>,
    cause: &Cause,
    against_count: usize,
    says_check: bool,
) -> Result<Sentence, RealiseError> {
    let mut choice = writer.choice(Topic::Cause, 0);
    let mut text = cause_clause(writer, cause, &mut choice)?;
    if says_check && let Some(check) = check_clause(writer, &mut choice)? {
        text.push_str("; ");
        text.push_str(&check);
    }
    let against: Vec<String> = cause
        .against
        .iter()
        .take(against_count)
        .filter_map(|against| against_words(writer, *against, &mut choice))
        .collect();
    if !against.is_empty() {
        let lead = choice.pick(&["against it: ", "against this, ", "speaking against it: "]);
        text.push_str(&format!("; {lead}{}", against.join(" and ")));
    }
    Ok(writer.finish(Topic::Cause, &text))
}

pub(super) fn cause_clause(
    writer: &Writer<'_>,
    cause: &Cause,
    choice: &mut Choice,
) -> Result<String, RealiseError> {
    let slots = Slots::from([
        ("hedge", words::hedge(cause.probability, choice).to_owned()),
        ("fault", words::fault(cause.fault).to_owned()),
        ("percent", number::percent(cause.probability, writer.manner)),
    ]);
    pattern::fill(choice.pick(&CAUSE), &slots, choice)
}

fn against_words(writer: &Writer<'_>, against: Against, choice: &mut Choice) -> Option<String> {
    let named = |index: usize, choice: &mut Choice| {
        let evidence = writer.report.evidence.get(index)?;
        let quantity = words::quantity(&evidence.quantity, choice, writer.manner);
        Some(format!("the {quantity} at {}", writer.name(&evidence.sensor)))
    };
    Some(match against {
        Against::WithinLimit { evidence } => {
            format!(
                "{} is {} its limit",
                named(evidence, choice)?,
                choice.pick(&["within", "inside"])
            )
        }
        Against::NoTrend { evidence } => format!("{} has no clear trend", named(evidence, choice)?),
        Against::Alternative { fault, probability } => {
            let percent = number::percent(probability, writer.manner);
            let lead = choice.pick(&["also possible is ", "another candidate is ", ""]);
            format!("{lead}{} ({percent})", words::fault(fault))
        }
        Against::PoorData => "the data are flawed".to_owned(),
    })
}

const CHECK: [&str; 4] = [
    "{action}",
    "please {action}",
    "<suggested check|next step>: {action}",
    "to do: {action}",
];

/// Writes what to look at, as a sentence of its own.
pub(super) fn check(writer: &Writer<'_>) -> Result<Option<Sentence>, RealiseError> {
    let mut choice = writer.choice(Topic::Check, 0);
    let clause = check_clause(writer, &mut choice)?;
    Ok(clause.map(|clause| writer.finish(Topic::Check, &clause)))
}

fn check_clause(writer: &Writer<'_>, choice: &mut Choice) -> Result<Option<String>, RealiseError> {
    let Some(check) = &writer.report.check else {
        return Ok(None);
    };
    let place = check
        .sensor
        .as_ref()
        .map(|sensor| format!(" at {}", writer.name(sensor)));
    let action = format!("{}{}", words::action(check.action), place.unwrap_or_default());
    let slots = Slots::from([("action", action)]);
    pattern::fill(choice.pick(&CHECK), &slots, choice).map(Some)
}
