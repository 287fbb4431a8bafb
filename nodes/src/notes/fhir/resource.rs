//! Resources of FHIR R4, as far as a drafted note needs them.
//!
//! An element that a drafted note never has is no field here, and reading one is refused.
//! Invariant: what is written has no null, no empty list and no empty object.

use serde::{Deserialize, Serialize};

use super::element::{Identifier, Meta};
use super::instant::Instant;

mod composition;
mod origin;
mod outcome;
mod suggestion;

pub use composition::{Composition, CompositionEvent, CompositionSection, CompositionStatus};
pub use origin::{
    Attachment, Device, DeviceName, DeviceNameType, DeviceVersion, DocumentContent, DocumentContext,
    DocumentReference, DocumentStatus, EntityRole, Provenance, ProvenanceAgent, ProvenanceEntity,
};
pub use outcome::{Issue, IssueCode, IssueSeverity, OperationOutcome};
pub use suggestion::{
    AllergyIntolerance, Condition, ConditionEvidence, FamilyCondition, FamilyMemberHistory, HistoryStatus,
    MedicationStatement, MedicationStatus,
};

/// A document: a Composition first, then everything it points at and where that comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bundle {
    /// Always `Bundle`.
    pub resource_type: BundleTag,
    /// Its id, the UUID of its identifier.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// Names this document for ever.
    pub identifier: Identifier,
    /// Always `document`.
    #[serde(rename = "type")]
    pub bundle_type: BundleType,
    /// When it was put together.
    pub timestamp: Instant,
    /// Its resources.
    pub entry: Vec<Entry>,
}

/// The type of resource that a [`Bundle`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleTag {
    /// A bundle.
    Bundle,
}

/// What a [`Bundle`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleType {
    /// A document.
    Document,
}

/// A resource and the address by which others in the bundle point at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// `urn:uuid:` and the id of the resource.
    pub full_url: String,
    /// The resource.
    pub resource: Resource,
}

/// Any resource of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "resourceType")]
pub enum Resource {
    /// Sections and sentences.
    Composition(Composition),
    /// A disease, sign or symptom of the patient.
    Condition(Condition),
    /// A medication of the patient.
    MedicationStatement(MedicationStatement),
    /// An allergy of the patient.
    AllergyIntolerance(AllergyIntolerance),
    /// A disease of a relative.
    FamilyMemberHistory(FamilyMemberHistory),
    /// What is to be known of the draft.
    OperationOutcome(OperationOutcome),
    /// The source.
    DocumentReference(DocumentReference),
    /// The software.
    Device(Device),
    /// Who made what from what.
    Provenance(Provenance),
}

impl Bundle {
    /// The document as JSON, without white space.
    ///
    /// # Errors
    /// None that a bundle of [`document`](super::document()) can cause.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}
