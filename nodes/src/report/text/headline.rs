//! The first sentence: machine, zone, alarm, since when.

use super::super::record::Quantity;
use super::number;
use super::pattern::Slots;
use super::writer::Writer;
use super::{RealiseError, Sentence, Topic, words};

/// What the headline may say beside machine, zone and alarm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Headline {
    pub(super) says_since: bool,
    pub(super) says_value: bool,
}

const WITH_ZONE: [&str; 8] = [
    "{asset}: zone {zone}{value}, {alarm}{since}",
    "{asset} is in zone {zone}{value}{since}: {alarm}",
    "{asset} is in zone {zone}{value}, {alarm}{since}",
    "zone {zone}{value} at {asset}{since}: {alarm}",
    "zone {zone}{value} for {asset}, {alarm}{since}",
    "{alarm}: {asset} is in zone {zone}{value}{since}",
    "{alarm} at {asset}, zone {zone}{value}{since}",
    "{asset}, zone {zone}{value}: {alarm}{since}",
];

const WITHOUT_ZONE: [&str; 4] = [
    "{asset}: {alarm}{since}",
    "{alarm} at {asset}{since}",
    "{asset}, {alarm}{since}",
    "{alarm} for {asset}{since}",
];

const NOTHING: [&str; 4] = [
    "{asset}: <no finding|nothing found>, {alarm}{since}",
    "<no finding|nothing found> at {asset}{since}: {alarm}",
    "{alarm} at {asset}, <no finding|nothing found>{since}",
    "<no finding|nothing found> for {asset}, {alarm}{since}",
];

/// Where the data are flawed and nothing came of them, that nothing was found would be no news.
const NOT_JUDGED: [&str; 4] = [
    "{asset}: <not judged|no judgement possible>, {alarm}{since}",
    "<not judged|no judgement possible> at {asset}{since}: {alarm}",
    "{alarm} at {asset}, <not judged|no judgement possible>{since}",
    "<not judged|no judgement possible> for {asset}, {alarm}{since}",
];

pub(super) fn write(writer: &Writer<'_>, headline: Headline) -> Result<Sentence, RealiseError> {
    let report = writer.report;
    let mut choice = writer.choice(Topic::Headline, 0);
    let since = report.since.filter(|_| headline.says_since).map(|since| {
        let lead = choice.pick(&[", since ", ", first seen ", ", seen since ", ", onset "]);
        format!("{lead}{}", number::moment(since, writer.end()))
    });
    let mut slots = Slots::from([
        ("asset", writer.name(&report.asset)),
        ("alarm", words::alarm(report.alarm, &mut choice).to_owned()),
        ("since", since.unwrap_or_default()),
    ]);
    let Some(severity) = &report.severity else {
        let patterns: &[&'static str] = match (report.evidence.is_empty(), report.flags.is_empty()) {
            (true, true) => &NOTHING,
            (true, false) => &NOT_JUDGED,
            (false, _) => &WITHOUT_ZONE,
        };
        return writer.sentence(Topic::Headline, patterns, &slots, &mut choice);
    };
    let value = headline.says_value.then(|| {
        let digits = number::digits(&Quantity::Rms);
        let measured = number::measure(severity.measured, severity.unit, digits, writer.manner);
        format!(" ({measured} at {})", writer.name(&severity.sensor))
    });
    slots.insert("zone", words::zone(severity.zone).to_owned());
    slots.insert("value", value.unwrap_or_default());
    writer.sentence(Topic::Headline, &WITH_ZONE, &slots, &mut choice)
}
