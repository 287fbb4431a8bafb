//! The sentences on the data, on remaining life, on what changed and on what was done.

use super::super::record::{Change, Flag, RemainingLife, WorkOrder};
use super::choice::Choice;
use super::number;
use super::pattern::Slots;
use super::writer::Writer;
use super::{RealiseError, Sentence, Topic, words};

/// Writes all flags about the data.
pub(super) fn flags(writer: &Writer<'_>) -> Option<Sentence> {
    let flags = &writer.report.flags;
    if flags.is_empty() {
        return None;
    }
    let mut choice = writer.choice(Topic::Data, 0);
    let head = choice.pick(&[
        "data: ",
        "data flags: ",
        "data quality: ",
        "note on the data: ",
        "",
    ]);
    let list = match choice.pick(&["by flag", "by sensor"]) {
        "by flag" => flags_one_by_one(writer, &mut choice),
        _ => flags_by_sensor(writer, &mut choice),
    };
    Some(writer.finish(Topic::Data, &format!("{head}{list}")))
}

fn flags_one_by_one(writer: &Writer<'_>, choice: &mut Choice) -> String {
    let form = choice.pick(&["brackets", "for"]);
    let write = |flag: &Flag| {
        let kind = words::flag(flag.kind, choice);
        let place = flag
            .sensor
            .as_ref()
            .map(|sensor| format!(" at {}", writer.name(sensor)));
        let place = place.unwrap_or_default();
        match flag.seconds.map(number::duration) {
            None => format!("{kind}{place}"),
            Some(duration) if form == "for" => format!("{kind} for {duration}{place}"),
            Some(duration) => format!("{kind}{place} ({duration})"),
        }
    };
    let written: Vec<String> = writer.report.flags.iter().map(write).collect();
    written.join(", ")
}

/// Flags without a sensor first, then each sensor with its flags.
fn flags_by_sensor(writer: &Writer<'_>, choice: &mut Choice) -> String {
    let flags = &writer.report.flags;
    let mut sensors: Vec<Option<&str>> = Vec::new();
    for flag in flags {
        if !sensors.contains(&flag.sensor.as_deref()) {
            sensors.push(flag.sensor.as_deref());
        }
    }
    sensors.sort_by_key(Option::is_some);
    let mut parts = Vec::new();
    for sensor in sensors {
        let of_sensor = flags.iter().filter(|flag| flag.sensor.as_deref() == sensor);
        let written: Vec<String> = of_sensor
            .map(|flag| {
                let duration = flag
                    .seconds
                    .map(|seconds| format!(" ({})", number::duration(seconds)));
                format!(
                    "{}{}",
                    words::flag(flag.kind, choice),
                    duration.unwrap_or_default()
                )
            })
            .collect();
        let written = written.join(" and ");
        parts.push(match sensor {
            None => written,
            Some(sensor) => format!("at {} {written}", writer.name(sensor)),
        });
    }
    parts.join(", ")
}

const NOT_ESTIMABLE: [&str; 5] = [
    "remaining life is not estimable: {reason}",
    "remaining life not estimable ({reason})",
    "no estimate of remaining life: {reason}",
    "remaining life: not estimable, {reason}",
    "{reason}: remaining life is not estimable",
];

const LIFE: [&str; 4] = [
    "remaining life: {days} days ({low} to {high})",
    "remaining life is about {days} days, between {low} and {high}",
    "about {days} days of remaining life ({low} to {high})",
    "remaining life of {days} days, between {low} and {high}",
];

/// Writes how long the machine may last.
pub(super) fn life(writer: &Writer<'_>) -> Result<Sentence, RealiseError> {
    let mut choice = writer.choice(Topic::Life, 0);
    match writer.report.remaining_life {
        RemainingLife::NotEstimable { reason } => {
            let slots = Slots::from([("reason", words::reason(reason, &mut choice).to_owned())]);
            writer.sentence(Topic::Life, &NOT_ESTIMABLE, &slots, &mut choice)
        }
        RemainingLife::Estimated { days, low, high } => {
            let number = |value: f64| number::number(value, 2, writer.manner);
            let slots = Slots::from([
                ("days", number(days)),
                ("low", number(low)),
                ("high", number(high)),
            ]);
            writer.sentence(Topic::Life, &LIFE, &slots, &mut choice)
        }
    }
}

const CHANGE: [&str; 4] = [
    "the {quantity} at {sensor} <went|changed|moved> from {from} to {to} on {day}",
    "on {day}, the {quantity} at {sensor} <went|changed|moved> from {from} to {to}",
    "at {sensor}, the {quantity} <went|changed|moved> from {from} to {to} on {day}",
    "on {day} the {quantity} of {sensor} <went|changed|moved> from {from} to {to}",
];

/// Writes one change.
pub(super) fn change(writer: &Writer<'_>, index: usize, change: &Change) -> Result<Sentence, RealiseError> {
    let mut choice = writer.choice(Topic::Change, index);
    let digits = number::digits_apart(change.from, change.to, number::digits(&change.quantity));
    let slots = Slots::from([
        (
            "quantity",
            words::quantity(&change.quantity, &mut choice, writer.manner),
        ),
        ("sensor", writer.name(&change.sensor)),
        ("from", number::number(change.from, digits, writer.manner)),
        (
            "to",
            number::measure(change.to, change.unit, digits, writer.manner),
        ),
        ("day", number::day(change.at.date(), writer.end())),
    ]);
    writer.sentence(Topic::Change, &CHANGE, &slots, &mut choice)
}

const WORK_ORDER: [&str; 4] = [
    "work order {id} of {day}: “{snippet}”",
    "on {day}, work order {id}: “{snippet}”",
    "“{snippet}” (work order {id}, {day})",
    "{day}: “{snippet}”, work order {id}",
];

/// Cites one work order.
pub(super) fn work_order(
    writer: &Writer<'_>,
    index: usize,
    order: &WorkOrder,
) -> Result<Sentence, RealiseError> {
    let mut choice = writer.choice(Topic::WorkOrder, index);
    let slots = Slots::from([
        ("id", order.id.clone()),
        ("day", number::day(order.date, writer.end())),
        ("snippet", order.snippet.clone()),
    ]);
    writer.sentence(Topic::WorkOrder, &WORK_ORDER, &slots, &mut choice)
}
