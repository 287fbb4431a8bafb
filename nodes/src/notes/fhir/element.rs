//! Data types of FHIR R4, as far as a drafted note needs them.
//!
//! An element that a drafted note never has is no field here, and reading one is refused.
//! Invariant: what is written has no null, no empty list and no empty object.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::instant::Instant;

mod dosage;

pub use dosage::{Dosage, DoseAndRate, Timing, TimingRepeat};

/// Where the units of measure come from.
pub const UCUM: &str = "http://unitsofmeasure.org";
/// Code system of LOINC.
pub const LOINC: &str = "http://loinc.org";
/// Identifiers that are URIs themselves.
pub const URI_SYSTEM: &str = "urn:ietf:rfc:3986";

/// One code of a code system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    /// URI of the code system.
    pub system: String,
    /// The code.
    pub code: String,
    /// What the code system calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

impl Coding {
    /// A code without its name.
    pub fn new(system: &str, code: &str) -> Self {
        Coding {
            system: system.to_owned(),
            code: code.to_owned(),
            display: None,
        }
    }

    /// The same code with its name.
    pub fn named(self, display: &str) -> Self {
        Coding {
            display: Some(display.to_owned()),
            ..self
        }
    }
}

/// A concept, as codes, as text or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeableConcept {
    /// The concept in code systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coding: Vec<Coding>,
    /// The concept in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl CodeableConcept {
    /// A concept that has no code.
    pub fn text(text: impl Into<String>) -> Self {
        CodeableConcept {
            coding: Vec::new(),
            text: Some(text.into()),
        }
    }

    /// A concept that is one code.
    pub fn code(coding: Coding) -> Self {
        CodeableConcept {
            coding: vec![coding],
            text: None,
        }
    }
}

/// A number or name by which something is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// URI of the set of values in which the value is unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The value.
    pub value: String,
}

/// Points at a resource, by its address or by an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Its address: relative, absolute or `urn:uuid:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The type of the resource, such as `Patient`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Its identifier, where the address is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
}

impl Reference {
    /// Points at an address.
    pub fn to(address: impl Into<String>) -> Self {
        Reference {
            reference: Some(address.into()),
            resource_type: None,
            identifier: None,
        }
    }
}

/// A stretch of time; `start` is not after `end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// When it began.
    pub start: Instant,
    /// When it ended, if it is known to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Instant>,
}

/// A measured amount, or a length of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// The number.
    pub value: Decimal,
    /// The unit for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Code system of the unit; present where `code` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The unit in that system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A remark in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Instant>,
    /// The remark.
    pub text: String,
}

/// What FHIR has no element for: further extensions or one value, never both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Extension {
    /// What the extension means.
    pub url: String,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extension: Vec<Extension>,
    /// Its value, where that is one of a fixed set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_code: Option<String>,
    /// Its value, where that is a concept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_codeable_concept: Option<CodeableConcept>,
    /// Its value, where that is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_decimal: Option<Decimal>,
    /// Its value, where that is an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_quantity: Option<Quantity>,
    /// Its value, where that is a count; at most 2 147 483 647.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_unsigned_int: Option<u32>,
}

impl Extension {
    /// An extension that is made of others.
    pub fn parts(url: &str, extension: Vec<Extension>) -> Self {
        Extension {
            url: url.to_owned(),
            extension,
            value_code: None,
            value_codeable_concept: None,
            value_decimal: None,
            value_quantity: None,
            value_unsigned_int: None,
        }
    }

    /// One of a fixed set.
    pub fn code(url: &str, code: &str) -> Self {
        Extension {
            value_code: Some(code.to_owned()),
            ..Extension::parts(url, Vec::new())
        }
    }

    /// A concept.
    pub fn concept(url: &str, concept: CodeableConcept) -> Self {
        Extension {
            value_codeable_concept: Some(concept),
            ..Extension::parts(url, Vec::new())
        }
    }

    /// A number.
    pub fn decimal(url: &str, value: Decimal) -> Self {
        Extension {
            value_decimal: Some(value),
            ..Extension::parts(url, Vec::new())
        }
    }

    /// An amount.
    pub fn quantity(url: &str, quantity: Quantity) -> Self {
        Extension {
            value_quantity: Some(quantity),
            ..Extension::parts(url, Vec::new())
        }
    }

    /// A count.
    pub fn count(url: &str, count: u32) -> Self {
        Extension {
            value_unsigned_int: Some(count),
            ..Extension::parts(url, Vec::new())
        }
    }
}

/// What is known of a resource itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Labels that receivers must heed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Coding>,
}

impl Meta {
    /// The label `AIAST`: asserted by artificial intelligence.
    pub fn artificial() -> Self {
        let label = Coding::new(
            "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
            "AIAST",
        );
        Meta {
            security: vec![label.named("Artificial Intelligence asserted")],
        }
    }
}

/// Text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Narrative {
    /// How it relates to the other elements.
    pub status: NarrativeStatus,
    /// An XHTML `div`.
    pub div: String,
}

/// How a [`Narrative`] relates to the other elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NarrativeStatus {
    /// It is made from the elements alone.
    Generated,
    /// It is made from the elements and their extensions.
    Extensions,
    /// It may say more than the elements do.
    Additional,
}

/// A number from 0 to 1 000 000 000 with six decimals, so that every reader gets the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    millionths: u64,
}

impl Decimal {
    /// Largest number.
    pub const MAX: f64 = 1e9;
    /// Smallest number above 0.
    pub const MIN_POSITIVE: f64 = 1e-6;

    /// The nearest number with six decimals; none below 0, above [`Decimal::MAX`] and for what is not a number.
    pub fn new(value: f64) -> Option<Self> {
        if !(0.0..=Decimal::MAX).contains(&value) {
            return None;
        }
        // Adding zero turns -0 into 0.
        let digits = format!("{:.6}", value + 0.0).replace('.', "");
        digits.parse().ok().map(|millionths| Decimal { millionths })
    }
}

impl From<u32> for Decimal {
    fn from(value: u32) -> Self {
        Decimal {
            millionths: u64::from(value) * 1_000_000,
        }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, part) = (self.millionths / 1_000_000, self.millionths % 1_000_000);
        // Trailing zeros are digits of precision in FHIR: 500 is not 500.0.
        match part {
            0 => serializer.serialize_u64(whole),
            part => {
                let number = format!("{whole}.{part:06}").parse();
                serializer.serialize_f64(number.map_err(serde::ser::Error::custom)?)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Decimal::new(value)
            .ok_or_else(|| serde::de::Error::custom("expected a number from 0 to 1 000 000 000"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_with_the_digits_that_it_has() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (500.0, "500"),
            (2.5, "2.5"),
            (0.1 + 0.2, "0.3"),
            (f64::from(0.87_f32), "0.87"),
            (0.000_001, "1e-6"),
            (999_999_999.999_999, "999999999.999999"),
            (1e9, "1000000000"),
        ] {
            let json = serde_json::to_string(&Decimal::new(value).unwrap()).unwrap();
            assert_eq!(json, expected);
            assert_eq!(
                serde_json::from_str::<Decimal>(&json).unwrap(),
                Decimal::new(value).unwrap()
            );
        }
        for value in [f64::NAN, f64::INFINITY, -0.1, 1e9 + 1.0] {
            assert_eq!(Decimal::new(value), None);
        }
        assert_eq!(Decimal::from(7), Decimal::new(7.0).unwrap());
    }
}
