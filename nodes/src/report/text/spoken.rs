//! One sentence for the ear: machine and zone, top evidence, cause, what to look at, and whether the data are flawed.

use super::super::record::Report;
use super::findings::{self, Detail};
use super::headline::{self, Headline};
use super::number::Manner;
use super::writer::{Style, Writer};
use super::{RealiseError, Topic, words};

pub(super) fn sentence(report: &Report, style: Style) -> Result<String, RealiseError> {
    let writer = Writer::new(report, Manner::Spoken, style);
    let brief = Headline {
        says_since: false,
        says_value: false,
    };
    let headline = headline::write(&writer, brief)?.text;
    let mut clauses = vec![headline.trim_end_matches('.').to_owned()];
    if let Some(top) = report
        .ranked_evidence()
        .first()
        .and_then(|top| report.evidence.get(*top))
    {
        let detail = Detail {
            says_trend: true,
            says_bounds: false,
        };
        let mut choice = writer.choice(Topic::Evidence, 0);
        clauses.push(findings::clause(&writer, top, None, detail, &mut choice)?);
    }
    if let Some(cause) = &report.cause {
        let mut choice = writer.choice(Topic::Cause, 0);
        clauses.push(findings::cause_clause(&writer, cause, &mut choice)?);
    }
    if let Some(check) = &report.check {
        let place = check
            .sensor
            .as_ref()
            .map(|sensor| format!(" at {}", writer.name(sensor)));
        clauses.push(format!(
            "{}{}",
            words::action(check.action),
            place.unwrap_or_default()
        ));
    }
    if !report.flags.is_empty() {
        clauses.push("the data are flawed".to_owned());
    }
    Ok(format!("{}.", clauses.join("; ")))
}
