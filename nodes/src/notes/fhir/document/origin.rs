//! Where a document comes from: the source, the software, and what was made from what.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{Shared, address};
use crate::notes::fhir::draft::{Maker, Source};
use crate::notes::fhir::element::{CodeableConcept, Coding, Identifier, Meta, Reference, URI_SYSTEM};
use crate::notes::fhir::identity::Seed;
use crate::notes::fhir::narrative::plain;
use crate::notes::fhir::resource::{
    Attachment, CompositionStatus, Device, DeviceName, DeviceNameType, DeviceVersion, DocumentContent,
    DocumentContext, DocumentReference, DocumentStatus, EntityRole, Entry, Provenance, ProvenanceAgent,
    ProvenanceEntity, Resource,
};

const AGENTS: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
const OPERATIONS: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";

pub(super) fn source_id(seed: &Seed) -> String {
    seed.id("source", 0)
}

/// The source, where it goes along. R4's `Attachment.hash` is SHA-1, which nobody should trust, so the digest is an
/// identifier.
pub(super) fn source(shared: &Shared<'_>) -> Option<Entry> {
    let Source::Attached(text) = &shared.note.source else {
        return None;
    };
    let id = source_id(shared.seed);
    let encounter = shared.encounter.clone();
    let reference = DocumentReference {
        id: id.clone(),
        meta: Meta::artificial(),
        identifier: vec![Identifier {
            system: Some(URI_SYSTEM.to_owned()),
            value: digest_uri(text.as_bytes()),
        }],
        status: DocumentStatus::Current,
        doc_status: CompositionStatus::Preliminary,
        subject: shared.patient.clone(),
        date: shared.recorded.clone(),
        content: vec![DocumentContent {
            attachment: Attachment {
                content_type: "text/plain;charset=utf-8".to_owned(),
                language: shared.note.language.clone(),
                data: STANDARD.encode(text),
                // A text of a checked note has at most 2^20 bytes.
                size: u32::try_from(text.len()).unwrap_or(u32::MAX),
            },
        }],
        context: encounter.map(|encounter| DocumentContext {
            encounter: vec![encounter],
        }),
    };
    Some(Entry::new(&id, Resource::DocumentReference(reference)))
}

/// # Source
/// RFC 6920 (2013), section 3: a name that is a SHA-256.
fn digest_uri(bytes: &[u8]) -> String {
    format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)))
}

/// The software with the versions and digests of its parts.
pub(super) fn device(by: &Maker, id: &str) -> Entry {
    let mut version = vec![
        part("software version", &by.name, &by.version),
        part("pipeline digest", &by.pipeline, &by.pipeline_digest),
    ];
    for model in &by.models {
        version.push(part("model version", &model.name, &model.version));
        version.push(part("model digest", &model.name, &model.digest));
    }
    let device = Device {
        id: id.to_owned(),
        meta: Meta::artificial(),
        device_name: vec![DeviceName {
            name: plain(&by.name),
            name_type: DeviceNameType::UserFriendlyName,
        }],
        model_number: plain(&by.pipeline),
        device_type: CodeableConcept::text("Software that drafts clinical notes by artificial intelligence"),
        version,
    };
    Entry::new(id, Resource::Device(device))
}

fn part(what: &str, name: &str, value: &str) -> DeviceVersion {
    DeviceVersion {
        version_type: CodeableConcept::text(what),
        component: Identifier {
            system: None,
            value: plain(name),
        },
        value: plain(value),
    }
}

/// `targets` are the composition, the suggestions and what is to be known of them, not the source or the software.
pub(super) fn provenance(shared: &Shared<'_>, device_id: &str, targets: Vec<Reference>) -> Entry {
    let id = shared.seed.id("provenance", 0);
    let provenance = Provenance {
        id: id.clone(),
        meta: Meta::artificial(),
        target: targets,
        recorded: shared.recorded.clone(),
        activity: CodeableConcept::code(Coding::new(OPERATIONS, "CREATE")),
        agent: vec![ProvenanceAgent {
            // A device that extracts from what exists, on nobody's behalf.
            agent_type: CodeableConcept::code(Coding::new(AGENTS, "assembler")),
            who: Reference::to(address(device_id)),
        }],
        entity: vec![ProvenanceEntity {
            role: EntityRole::Source,
            what: shared.source.clone(),
        }],
    };
    Entry::new(&id, Resource::Provenance(provenance))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6920, section 8.1.
    #[test]
    fn the_name_of_a_digest_is_that_of_the_standard() {
        let expected = "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk";
        assert_eq!(digest_uri(b"Hello World!"), expected);
    }
}
