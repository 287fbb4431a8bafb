//! How a medication is taken.

use serde::{Deserialize, Serialize};

use super::{CodeableConcept, Decimal, Extension, Quantity};
use crate::notes::fhir::draft::TimeUnit;

/// How a medication is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dosage {
    /// Strength and form of what is taken, which R4 has no element for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extension: Vec<Extension>,
    /// The words of the note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How often and for how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// True where it is taken when needed; never false, which no note says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_needed_boolean: Option<bool>,
    /// How it enters the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<CodeableConcept>,
    /// How much at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dose_and_rate: Vec<DoseAndRate>,
}

/// How much is taken at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoseAndRate {
    /// The amount.
    pub dose_quantity: Quantity,
}

/// When something happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// How it repeats.
    pub repeat: TimingRepeat,
}

/// How something repeats: `frequency` times in each `period`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimingRepeat {
    /// How long it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds_duration: Option<Quantity>,
    /// Times in a period, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<u32>,
    /// Length of a period; present with its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Decimal>,
    /// Unit of `period`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_unit: Option<TimeUnit>,
}
