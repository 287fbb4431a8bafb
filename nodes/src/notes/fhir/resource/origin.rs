//! Where a document comes from: source, software, and what was made from what.

use serde::{Deserialize, Serialize};

use super::CompositionStatus;
use crate::notes::fhir::element::{CodeableConcept, Identifier, Meta, Reference};
use crate::notes::fhir::instant::Instant;

/// The source of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentReference {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// Its digest, as a URI.
    pub identifier: Vec<Identifier>,
    /// Whether it is the newest.
    pub status: DocumentStatus,
    /// Whether anybody stands by it.
    pub doc_status: CompositionStatus,
    /// The patient.
    pub subject: Reference,
    /// When it was recorded here.
    pub date: Instant,
    /// The text.
    pub content: Vec<DocumentContent>,
    /// The visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<DocumentContext>,
}

/// Whether a document is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentStatus {
    /// It is.
    Current,
}

/// One text of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentContent {
    /// The text.
    pub attachment: Attachment,
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attachment {
    /// Its media type.
    pub content_type: String,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Its bytes, in base 64.
    pub data: String,
    /// How many bytes.
    pub size: u32,
}

/// What a source is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentContext {
    /// The visit.
    pub encounter: Vec<Reference>,
}

/// The software that made a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Device {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// What it is called.
    pub device_name: Vec<DeviceName>,
    /// The pipeline that ran.
    pub model_number: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub device_type: CodeableConcept,
    /// Versions and digests of its parts.
    pub version: Vec<DeviceVersion>,
}

/// What a device is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceName {
    /// The name.
    pub name: String,
    /// Who calls it so.
    #[serde(rename = "type")]
    pub name_type: DeviceNameType,
}

/// Who calls a device by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceNameType {
    /// Its users.
    UserFriendlyName,
}

/// The version or the digest of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceVersion {
    /// What the value is.
    #[serde(rename = "type")]
    pub version_type: CodeableConcept,
    /// The part, by name.
    pub component: Identifier,
    /// The value.
    pub value: String,
}

/// Who made what from what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// What was made.
    pub target: Vec<Reference>,
    /// When.
    pub recorded: Instant,
    /// What was done.
    pub activity: CodeableConcept,
    /// Who did it.
    pub agent: Vec<ProvenanceAgent>,
    /// From what.
    pub entity: Vec<ProvenanceEntity>,
}

/// Who made something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceAgent {
    /// Its part in it.
    #[serde(rename = "type")]
    pub agent_type: CodeableConcept,
    /// Who it is.
    pub who: Reference,
}

/// What something was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenanceEntity {
    /// Its part in it.
    pub role: EntityRole,
    /// What it is.
    pub what: Reference,
}

/// What a source was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityRole {
    /// What everything comes from.
    Source,
}
