//! A drafted note as a FHIR R4 (4.0.1) document, for hospital systems.
//!
//! [`document()`] turns a [`Note`] and its [`Maker`] into a [`resource::Bundle`]: a Composition with the quoted
//! sentences, one resource for each finding, and who made them from what. It is not a FHIR client or server, reads
//! no resources but its own, has no terminology (findings carry their words, no SNOMED CT, ICD or RxNorm codes),
//! and claims no profile. There is no Patient: documents point at one, so a receiver that wants a document that
//! stands alone adds the patient's resource.
//!
//! Everything here is a suggestion that nobody has read: the Composition is `preliminary`, no Condition or
//! AllergyIntolerance is ever `confirmed`, no medication is `active`, and every resource carries the label `AIAST`
//! (asserted by artificial intelligence).
//!
//! Invariant: what the note does not say is left out, what it says is never dropped silently, and nothing but the
//! given texts, references and offsets and fixed words gets in. A note gives the same bytes each time.
//!
//! Section codes are LOINC's. This material contains content from LOINC (<http://loinc.org>). LOINC is copyright
//! © Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is
//! available at no cost under the license at <http://loinc.org/license>. LOINC® is a registered United States
//! trademark of Regenstrief Institute, Inc.
//!
//! # Source
//! HL7, FHIR Release 4 (4.0.1, 2019): documents, data types, and the resources used.

mod check;
pub mod document;
pub mod draft;
pub mod element;
pub mod fault;
mod header;
mod identity;
pub mod instant;
mod narrative;
pub mod resource;

pub use document::document;
pub use draft::{Maker, Note};
pub use fault::DocumentFault;
pub use header::Header;
pub use instant::Instant;

#[cfg(test)]
mod tests;
