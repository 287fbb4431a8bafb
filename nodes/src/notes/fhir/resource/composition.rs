//! The head of a document.

use serde::{Deserialize, Serialize};

use crate::notes::fhir::element::{CodeableConcept, Extension, Meta, Narrative, Period, Reference};
use crate::notes::fhir::instant::Instant;

/// Sections of a document, who it is about and who wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composition {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// Language of its sections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether anybody stands by it.
    pub status: CompositionStatus,
    /// What kind of document it is.
    #[serde(rename = "type")]
    pub document_type: CodeableConcept,
    /// The patient.
    pub subject: Reference,
    /// The visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<Reference>,
    /// When it was written.
    pub date: Instant,
    /// Who wrote it.
    pub author: Vec<Reference>,
    /// Its title.
    pub title: String,
    /// When the visit was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<CompositionEvent>,
    /// Its sections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub section: Vec<CompositionSection>,
}

/// Whether anybody stands by a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompositionStatus {
    /// Nobody yet.
    Preliminary,
}

/// What a document is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositionEvent {
    /// When it was.
    pub period: Period,
}

/// A section: text, entries or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositionSection {
    /// Where its sentences are in the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extension: Vec<Extension>,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub code: CodeableConcept,
    /// Its sentences.
    pub text: Narrative,
    /// What was found in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entry: Vec<Reference>,
}
