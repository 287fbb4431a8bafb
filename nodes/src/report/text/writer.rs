//! What every sentence needs: the record, the manner, the choices, and names as they are written.

use super::super::moment::Date;
use super::super::parse::is_bare_name;
use super::super::record::{Evidence, Report};
use super::choice::{self, Choice};
use super::number::{self, Manner};
use super::pattern::{self, Slots};
use super::{RealiseError, Sentence, Topic};

/// How names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// In quotes where they begin like something else.
    Varied,
    /// All in quotes.
    Quoted,
}

/// Writes the sentences of one record.
pub(super) struct Writer<'a> {
    pub(super) report: &'a Report,
    pub(super) manner: Manner,
    style: Style,
    seed: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(report: &'a Report, manner: Manner, style: Style) -> Self {
        Self {
            report,
            manner,
            style,
            seed: choice::seed(report),
        }
    }

    /// The choices of one sentence.
    pub(super) fn choice(&self, topic: Topic, index: usize) -> Choice {
        let topic = match topic {
            Topic::Headline => 1,
            Topic::Evidence => 2,
            Topic::Cause => 3,
            Topic::Check => 4,
            Topic::Data => 5,
            Topic::Life => 6,
            Topic::Change => 7,
            Topic::WorkOrder => 8,
        };
        Choice::new(self.seed, topic * 64 + u64::try_from(index).unwrap_or(0))
    }

    pub(super) fn name(&self, name: &str) -> String {
        if self.style == Style::Varied && is_bare_name(name) {
            name.to_owned()
        } else {
            format!("“{name}”")
        }
    }

    /// The day on which the report ends.
    pub(super) fn end(&self) -> Date {
        self.report.interval.to.date()
    }

    /// The value of evidence; with as many digits as set it apart from a limit that it is beyond.
    pub(super) fn measured(&self, evidence: &Evidence) -> String {
        number::measure(
            evidence.measured,
            evidence.unit,
            evidence_digits(evidence),
            self.manner,
        )
    }

    pub(super) fn limit(&self, evidence: &Evidence) -> Option<String> {
        let limit = evidence.limit?.value;
        Some(number::measure(
            limit,
            evidence.unit,
            evidence_digits(evidence),
            self.manner,
        ))
    }

    /// Fills one of the patterns and makes a sentence of it.
    pub(super) fn sentence(
        &self,
        topic: Topic,
        patterns: &[&'static str],
        slots: &Slots,
        choice: &mut Choice,
    ) -> Result<Sentence, RealiseError> {
        let clause = pattern::fill(choice.pick(patterns), slots, choice)?;
        Ok(self.finish(topic, &clause))
    }

    pub(super) fn finish(&self, topic: Topic, clause: &str) -> Sentence {
        let sensors = self.report.sensors().map(|(_, sensor)| sensor);
        let mut names = sensors.chain([self.report.asset.as_str()]);
        let begins_with_name = names.any(|name| {
            let behind = clause.strip_prefix(&self.name(name));
            behind.is_some_and(|behind| !behind.starts_with(char::is_alphanumeric))
        });
        Sentence {
            topic,
            text: pattern::sentence(clause, begins_with_name),
        }
    }
}

fn evidence_digits(evidence: &Evidence) -> usize {
    let digits = number::digits(&evidence.quantity);
    match evidence.limit.filter(|_| evidence.beyond().is_some()) {
        Some(limit) => number::digits_apart(evidence.measured, limit.value, digits),
        None => digits,
    }
}
