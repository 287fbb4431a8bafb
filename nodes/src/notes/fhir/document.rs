//! Makes a document of a drafted note.
//!
//! What becomes what: a disease of the patient a Condition, a medication a MedicationStatement, an allergy an
//! AllergyIntolerance, a disease of a relative a FamilyMemberHistory. What R4 could only say wrongly, such as a
//! hypothetical disease or one that a relative does not have, becomes an issue of the OperationOutcome with its
//! words and place. A document has its sections in the order of the note, then risks, then findings outside all
//! sections, then remarks and what was left out.

use super::check::check;
use super::draft::{Link, Maker, Note, Source};
use super::element::{
    CodeableConcept, Coding, Decimal, Extension, Identifier, LOINC, Meta, Period, Reference, URI_SYSTEM,
};
use super::fault::DocumentFault;
use super::identity::Seed;
use super::instant::Instant;
use super::narrative::plain;
use super::resource::{
    Bundle, BundleTag, BundleType, Composition, CompositionEvent, CompositionSection, CompositionStatus,
    Entry, Resource,
};

mod dose;
mod finding;
mod origin;
mod outcome;
mod relation;
mod section;

pub(in crate::notes) use relation::is_relative;

pub use super::check::{
    FINDINGS_MAX, MODELS_MAX, REMARKS_MAX, RISKS_MAX, SECTIONS_MAX, SENTENCES_MAX, TEXT_BYTES_MAX,
    TEXTS_BYTES_MAX,
};

/// LOINC's code of a note of any kind: which kind a draft is, such as a consultation, is not known here.
const NOTE_CODE: &str = "34109-9";

/// Makes a document of a drafted note. Control characters, which FHIR forbids, are left out of its texts.
///
/// # Errors
/// [`DocumentFault`], by the first thing that is wrong with the note or its maker; limits are checked first.
pub fn document(note: &Note, by: &Maker) -> Result<Bundle, DocumentFault> {
    check(note, by)?;
    let seed = Seed::of(note, by)?;
    let shared = Shared::new(note, &seed);
    let found = finding::suggestions(&shared);
    let outcome = outcome::outcome(&shared, found.left_out);
    let device_id = seed.id("device", 0);

    let sections = section::sections(note, &found.made, outcome.as_ref());
    let composition = composition(&shared, &device_id, sections);
    let mut entries = vec![composition];
    entries.extend(found.made.into_iter().map(|made| made.entry));
    entries.extend(outcome.map(|outcome| Entry::new(&outcome.id, outcome.resource)));
    let targets = entries
        .iter()
        .map(|entry| Reference::to(&entry.full_url))
        .collect();
    entries.extend(origin::source(&shared));
    entries.push(origin::device(by, &device_id));
    entries.push(origin::provenance(&shared, &device_id, targets));

    let id = seed.id("document", 0);
    Ok(Bundle {
        resource_type: BundleTag::Bundle,
        meta: Meta::artificial(),
        identifier: Identifier {
            system: Some(URI_SYSTEM.to_owned()),
            value: address(&id),
        },
        id,
        bundle_type: BundleType::Document,
        timestamp: note.recorded.clone(),
        entry: entries,
    })
}

/// What the resources of a document have in common.
struct Shared<'a> {
    note: &'a Note,
    seed: &'a Seed,
    patient: Reference,
    encounter: Option<Reference>,
    source: Reference,
    recorded: &'a Instant,
}

impl<'a> Shared<'a> {
    fn new(note: &'a Note, seed: &'a Seed) -> Self {
        let source = match &note.source {
            Source::Kept(link) => reference(link, None),
            Source::Attached(_) => Reference::to(address(&origin::source_id(seed))),
        };
        Shared {
            note,
            seed,
            patient: reference(&note.patient, Some("Patient")),
            encounter: note
                .encounter
                .as_ref()
                .map(|link| reference(link, Some("Encounter"))),
            source,
            recorded: &note.recorded,
        }
    }
}

fn reference(link: &Link, resource_type: Option<&str>) -> Reference {
    match link {
        Link::Address(address) => Reference::to(address),
        Link::Identifier { system, value } => Reference {
            reference: None,
            resource_type: resource_type.map(str::to_owned),
            identifier: Some(Identifier {
                system: Some(system.clone()),
                value: value.clone(),
            }),
        },
    }
}

/// The address of a resource within a bundle.
fn address(id: &str) -> String {
    format!("urn:uuid:{id}")
}

impl Entry {
    fn new(id: &str, resource: Resource) -> Self {
        Entry {
            full_url: address(id),
            resource,
        }
    }
}

fn composition(shared: &Shared<'_>, device_id: &str, section: Vec<CompositionSection>) -> Entry {
    let id = shared.seed.id("composition", 0);
    let event = shared.note.visit.iter().map(|visit| CompositionEvent {
        period: Period {
            start: visit.start.clone(),
            end: visit.end.clone(),
        },
    });
    let composition = Composition {
        id: id.clone(),
        meta: Meta::artificial(),
        language: shared.note.language.clone(),
        status: CompositionStatus::Preliminary,
        document_type: CodeableConcept {
            text: Some("Note".to_owned()),
            ..CodeableConcept::code(Coding::new(LOINC, NOTE_CODE))
        },
        subject: shared.patient.clone(),
        encounter: shared.encounter.clone(),
        date: shared.recorded.clone(),
        author: vec![Reference::to(address(device_id))],
        title: plain(&shared.note.title),
        event: event.collect(),
        section,
    };
    Entry::new(&id, Resource::Composition(composition))
}

/// URL of an extension of ours. The domain is one that nobody can own (RFC 2606), so that it stands for no other.
fn extension_url(name: &str) -> String {
    format!("https://motet.example/fhir/StructureDefinition/{name}")
}

fn confidence_extension(confidence: f64) -> Option<Extension> {
    Decimal::new(confidence).map(|confidence| Extension::decimal(&extension_url("confidence"), confidence))
}
