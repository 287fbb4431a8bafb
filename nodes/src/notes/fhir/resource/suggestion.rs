//! What may be so of a patient, for somebody to confirm.

use serde::{Deserialize, Serialize};

use crate::notes::fhir::element::{
    Annotation, CodeableConcept, Dosage, Extension, Meta, Narrative, Reference,
};
use crate::notes::fhir::instant::Instant;

/// A disease, sign or symptom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// What it says, for people.
    pub text: Narrative,
    /// Where it was found, how sure and how said.
    pub extension: Vec<Extension>,
    /// `unconfirmed` or `refuted`.
    pub verification_status: CodeableConcept,
    /// What it is, in words.
    pub code: CodeableConcept,
    /// The patient.
    pub subject: Reference,
    /// The visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<Reference>,
    /// When it was suggested.
    pub recorded_date: Instant,
    /// What it was found in.
    pub evidence: Vec<ConditionEvidence>,
}

/// What a condition was found in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionEvidence {
    /// The source.
    pub detail: Vec<Reference>,
}

/// A medication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MedicationStatement {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// What it says, for people.
    pub text: Narrative,
    /// Where it was found, how sure and how said.
    pub extension: Vec<Extension>,
    /// Whether it is taken.
    pub status: MedicationStatus,
    /// What it is, in words.
    pub medication_codeable_concept: CodeableConcept,
    /// The patient.
    pub subject: Reference,
    /// The visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Reference>,
    /// When it was suggested.
    pub date_asserted: Instant,
    /// What it was found in.
    pub derived_from: Vec<Reference>,
    /// How it is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dosage: Vec<Dosage>,
}

/// Whether a medication is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MedicationStatus {
    /// Nobody has confirmed that it is.
    Unknown,
    /// The source says that it is not.
    NotTaken,
}

/// An allergy or intolerance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AllergyIntolerance {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// What it says, for people.
    pub text: Narrative,
    /// Where it was found, how sure and how said.
    pub extension: Vec<Extension>,
    /// `active` or `inactive`: R4 demands one (constraint ait-1).
    pub clinical_status: CodeableConcept,
    /// `unconfirmed` or `refuted`.
    pub verification_status: CodeableConcept,
    /// What is not tolerated, in words.
    pub code: CodeableConcept,
    /// The patient.
    pub patient: Reference,
    /// The visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter: Option<Reference>,
    /// When it was suggested.
    pub recorded_date: Instant,
}

/// A disease of a relative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyMemberHistory {
    /// Its id.
    pub id: String,
    /// Its label.
    pub meta: Meta,
    /// What it says, for people.
    pub text: Narrative,
    /// Where it was found, how sure and how said.
    pub extension: Vec<Extension>,
    /// How much of the relative's history it is.
    pub status: HistoryStatus,
    /// The patient, whose relative it is.
    pub patient: Reference,
    /// When it was suggested.
    pub date: Instant,
    /// Which relative.
    pub relationship: CodeableConcept,
    /// The disease.
    pub condition: Vec<FamilyCondition>,
}

/// How much of a relative's history is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryStatus {
    /// Some of it.
    Partial,
}

/// A disease of a relative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyCondition {
    /// What it is, in words.
    pub code: CodeableConcept,
    /// Said where it is only possible, which R4 has no element for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub note: Vec<Annotation>,
}
