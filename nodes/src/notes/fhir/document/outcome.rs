//! What is to be known of a draft: its remarks, and the findings that R4 has no resource for.

use super::Shared;
use super::finding::assertion;
use crate::notes::fhir::draft::{Experiencer, Finding, Kind, Remark, RemarkKind};
use crate::notes::fhir::element::{CodeableConcept, Meta};
use crate::notes::fhir::narrative::plain;
use crate::notes::fhir::resource::{Issue, IssueCode, IssueSeverity, OperationOutcome, Resource};

/// Why a finding has no resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// It is so only if something else happens.
    Hypothetical,
    /// It is said of somebody who is no relative.
    OtherPerson,
    /// A relative does not have it: FamilyMemberHistory cannot say so without a code.
    AbsentInFamily,
    /// A relative takes it or is allergic to it: FamilyMemberHistory holds diseases alone.
    NoDiseaseInFamily,
}

/// An OperationOutcome with its id and its lines for people.
pub(super) struct Outcome {
    pub(super) id: String,
    pub(super) resource: Resource,
    pub(super) lines: Vec<String>,
}

/// None where there is nothing to be known.
pub(super) fn outcome(shared: &Shared<'_>, left_out: Vec<Issue>) -> Option<Outcome> {
    let note = shared.note;
    let mut issues: Vec<Issue> = note.remarks.iter().map(issue).collect();
    issues.extend(left_out);
    if issues.is_empty() {
        return None;
    }
    let sections = note.remarks.iter().map(|remark| remark.section);
    let headers = sections.map(|section| section.and_then(|section| note.sections.get(section)));
    let titles = headers.map(|section| section.map(|section| section.header.title()));
    let titles = titles.chain(std::iter::repeat(None));
    let lines = issues
        .iter()
        .zip(titles)
        .map(|(issue, title)| line(issue, title))
        .collect();
    let id = shared.seed.id("outcome", 0);
    let outcome = OperationOutcome {
        id: Some(id.clone()),
        meta: Meta::artificial(),
        issue: issues,
    };
    Some(Outcome {
        id,
        resource: Resource::OperationOutcome(outcome),
        lines,
    })
}

fn issue(remark: &Remark) -> Issue {
    let (code, words) = match remark.kind {
        RemarkKind::Abstained => (IssueCode::Processing, "Not drafted: the software was too unsure."),
        RemarkKind::Partial => (IssueCode::Incomplete, "A part of the source was not read."),
        RemarkKind::UnknownLanguage => (
            IssueCode::NotSupported,
            "The language of the source is not one that the software knows.",
        ),
        RemarkKind::LowConfidence => (IssueCode::Informational, "Drafted with little confidence."),
        RemarkKind::LimitReached => (IssueCode::TooCostly, "A limit was reached: something is missing."),
    };
    let path = |section: usize| format!("Bundle.entry[0].resource.section[{section}]");
    Issue {
        extension: Vec::new(),
        severity: IssueSeverity::Warning,
        code,
        details: CodeableConcept::text(words),
        diagnostics: remark.text.as_deref().map(plain),
        expression: remark.section.map(path).into_iter().collect(),
    }
}

/// The words and the place of a finding that has no resource.
pub(super) fn left_out(finding: &Finding, why: LeftOut) -> Issue {
    let (code, words) = match why {
        LeftOut::Hypothetical => (
            IssueCode::Informational,
            "Said to be hypothetical, so not suggested.",
        ),
        LeftOut::OtherPerson => (
            IssueCode::Informational,
            "Said of somebody who is neither the patient nor a relative, so not suggested.",
        ),
        LeftOut::AbsentInFamily => (
            IssueCode::NotSupported,
            "Said to be absent in the family, which no resource says, so not suggested.",
        ),
        LeftOut::NoDiseaseInFamily => (
            IssueCode::NotSupported,
            "A medication or an allergy of a relative, which no resource says, so not suggested.",
        ),
    };
    Issue {
        extension: assertion(finding),
        severity: IssueSeverity::Information,
        code,
        details: CodeableConcept::text(words),
        diagnostics: Some(words_of(finding)),
        expression: Vec::new(),
    }
}

/// What the source says of a finding: its words, of whom, and how it is taken.
fn words_of(finding: &Finding) -> String {
    let relation = match &finding.experiencer {
        Experiencer::Family { relation } => relation.as_deref(),
        Experiencer::Patient | Experiencer::Other => None,
    };
    let dose = match &finding.kind {
        Kind::Drug { dose } => dose.as_deref().and_then(|dose| dose.text.as_deref()),
        Kind::Disease | Kind::Allergy => None,
    };
    let words = [Some(finding.text.as_str()), relation, dose];
    let words: Vec<String> = words.into_iter().flatten().map(plain).collect();
    words.join(" | ")
}

fn line(issue: &Issue, title: Option<&str>) -> String {
    let words = issue.details.text.as_deref().unwrap_or_default();
    let parts = [title, Some(words), issue.diagnostics.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    parts.join(" | ")
}
