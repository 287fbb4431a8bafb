//! Why a note cannot become a document.
//!
//! Invariant: a fault names places, counts and limits, never a text of the note.

use thiserror::Error;

use super::draft::Part;
use super::element::{CodeableConcept, Meta};
use super::resource::{Issue, IssueCode, IssueSeverity, OperationOutcome, Resource};

/// Why a note cannot become a document.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentFault {
    /// A moment is not written as one.
    #[error("expected an instant with seconds and offset, as in `2024-05-01T09:30:00+02:00`")]
    Instant,
    /// A visit ends before it begins.
    #[error("the visit ends before it begins")]
    Visit,
    /// A language tag is not written as one.
    #[error("expected a language tag, as in `en` or `fr-CA`")]
    Language,
    /// A reference is not written as one, or points at something of another type.
    #[error(
        "the reference of {part} is neither like `{expected}`, nor an absolute address, nor an identifier with its system"
    )]
    Reference {
        /// What refers.
        part: Part,
        /// A relative address that would do.
        expected: &'static str,
    },
    /// A text has nothing that can be shown.
    #[error("the text of {part} has nothing to show")]
    NoText {
        /// Whose text.
        part: Part,
    },
    /// A section without sentences, or a risk without evidence.
    #[error("{part} quotes nothing")]
    NoQuote {
        /// Which.
        part: Part,
    },
    /// A note without sections, findings, risks and remarks. A draft that found nothing says so in a remark.
    #[error("the note says nothing; expected a section, a finding, a risk or a remark")]
    NothingDrafted,
    /// A range is empty, ends before it begins, ends after 2 147 483 647, or counts characters that its bytes
    /// cannot hold.
    #[error("the range of {part} cannot be one of a source")]
    Range {
        /// Whose range.
        part: Part,
    },
    /// A confidence is not from 0 to 1.
    #[error("the confidence of {part} is not from 0 to 1")]
    Confidence {
        /// Whose.
        part: Part,
    },
    /// A number of a dose is not from 0.000001 to 1 000 000 000, or a frequency is no count from 1.
    #[error("a number in the dose of {part} is not from 0.000001 to 1000000000")]
    Dose {
        /// Whose.
        part: Part,
    },
    /// A remark is about a section that there is not.
    #[error("{part} is about a section that the note does not have")]
    NoSuchSection {
        /// Which.
        part: Part,
    },
    /// There is more than a document may hold.
    #[error("{found} {what} are more than the {max} allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// The note could not be written as JSON, which its ids are made from.
    #[error("the note cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl DocumentFault {
    /// The refusal for receivers, an OperationOutcome: what was wrong, with the code `too-costly` where a limit
    /// was reached.
    pub fn outcome(&self) -> Resource {
        let code = match self {
            DocumentFault::TooMany { .. } => IssueCode::TooCostly,
            DocumentFault::NothingDrafted | DocumentFault::NoText { .. } | DocumentFault::NoQuote { .. } => {
                IssueCode::Required
            }
            DocumentFault::Instant
            | DocumentFault::Visit
            | DocumentFault::Language
            | DocumentFault::Reference { .. }
            | DocumentFault::Range { .. }
            | DocumentFault::Confidence { .. }
            | DocumentFault::Dose { .. }
            | DocumentFault::NoSuchSection { .. } => IssueCode::Value,
            DocumentFault::Json(_) => IssueCode::Exception,
        };
        let issue = Issue {
            extension: Vec::new(),
            severity: IssueSeverity::Fatal,
            code,
            details: CodeableConcept::text(self.to_string()),
            diagnostics: None,
            expression: Vec::new(),
        };
        Resource::OperationOutcome(OperationOutcome {
            id: None,
            meta: Meta::artificial(),
            issue: vec![issue],
        })
    }
}
