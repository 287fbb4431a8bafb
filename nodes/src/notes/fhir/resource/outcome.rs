//! What went wrong, or is to be known.

use serde::{Deserialize, Serialize};

use crate::notes::fhir::element::{CodeableConcept, Extension, Meta};

/// What went wrong, or is to be known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationOutcome {
    /// Its id; none outside a bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its label.
    pub meta: Meta,
    /// What it is about, at least one.
    pub issue: Vec<Issue>,
}

/// One thing that went wrong, or is to be known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Where it was found, how sure and how said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extension: Vec<Extension>,
    /// How bad it is.
    pub severity: IssueSeverity,
    /// What kind of thing it is.
    pub code: IssueCode,
    /// What it is, in fixed words.
    pub details: CodeableConcept,
    /// What it is about, in words of the source or of the software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<String>,
    /// What it is about, as a FHIRPath.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expression: Vec<String>,
}

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueSeverity {
    /// There is no document.
    Fatal,
    /// The document has less than it should.
    Warning,
    /// The document is as it should be.
    Information,
}

/// What kind of thing an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueCode {
    /// Something that must be there is missing.
    Required,
    /// Something is not what it should be.
    Value,
    /// The software would not do it.
    Processing,
    /// The software or FHIR cannot do it.
    NotSupported,
    /// A limit was reached.
    TooCostly,
    /// A part is missing.
    Incomplete,
    /// The software is at fault.
    Exception,
    /// For information alone.
    Informational,
}
