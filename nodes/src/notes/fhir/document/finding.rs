//! Makes a resource of a finding, where R4 has one that says it.

use std::ops::Range;

use super::dose::dosage;
use super::outcome::{LeftOut, left_out};
use super::relation::relationship;
use super::{Shared, address, confidence_extension, extension_url};
use crate::notes::fhir::draft::{Dose, Experiencer, Finding, Kind, Presence, Time};
use crate::notes::fhir::element::{
    Annotation, CodeableConcept, Coding, Extension, Meta, Narrative, NarrativeStatus, Reference,
};
use crate::notes::fhir::narrative::{paragraphs, plain};
use crate::notes::fhir::resource::{
    AllergyIntolerance, Condition, ConditionEvidence, Entry, FamilyCondition, FamilyMemberHistory,
    HistoryStatus, Issue, MedicationStatement, MedicationStatus, Resource,
};

const CONDITION_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const ALLERGY_VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const ALLERGY_CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";

/// What became of the findings.
pub(super) struct Suggestions {
    pub(super) made: Vec<Made>,
    pub(super) left_out: Vec<Issue>,
}

/// A finding that became a resource.
pub(super) struct Made {
    pub(super) entry: Entry,
    pub(super) text: String,
    pub(super) bytes: Range<u32>,
}

pub(super) fn suggestions(shared: &Shared<'_>) -> Suggestions {
    let mut found = Suggestions {
        made: Vec::new(),
        left_out: Vec::new(),
    };
    for (index, finding) in shared.note.findings.iter().enumerate() {
        let id = shared.seed.id("finding", index);
        match suggestion(shared, finding, &id) {
            Ok(resource) => found.made.push(Made {
                entry: Entry {
                    full_url: address(&id),
                    resource,
                },
                text: plain(&finding.text),
                bytes: finding.bytes.clone(),
            }),
            Err(why) => found.left_out.push(left_out(finding, why)),
        }
    }
    found
}

fn suggestion(shared: &Shared<'_>, finding: &Finding, id: &str) -> Result<Resource, LeftOut> {
    if finding.time == Time::Hypothetical {
        return Err(LeftOut::Hypothetical);
    }
    match (&finding.experiencer, &finding.kind) {
        (Experiencer::Other, _) => Err(LeftOut::OtherPerson),
        (Experiencer::Family { .. }, _) if finding.presence == Presence::Absent => {
            Err(LeftOut::AbsentInFamily)
        }
        (Experiencer::Family { relation }, Kind::Disease) => {
            let history = family_history(shared, finding, id, relation.as_deref());
            Ok(Resource::FamilyMemberHistory(history))
        }
        (Experiencer::Family { .. }, Kind::Drug { .. } | Kind::Allergy) => Err(LeftOut::NoDiseaseInFamily),
        (Experiencer::Patient, Kind::Disease) => Ok(Resource::Condition(condition(shared, finding, id))),
        (Experiencer::Patient, Kind::Allergy) => {
            Ok(Resource::AllergyIntolerance(allergy(shared, finding, id)))
        }
        (Experiencer::Patient, Kind::Drug { dose }) => {
            let statement = medication(shared, finding, id, dose.as_deref());
            Ok(Resource::MedicationStatement(statement))
        }
    }
}

/// A condition is `unconfirmed` even where the source says "possible": `provisional` and `differential` would state
/// how a clinician reasons, while only the words are known here. The words' own hedge is in the assertion. There is
/// no `clinicalStatus`: R4 demands it for items of a problem list (con-3) and abated conditions (con-4), which
/// these are not, and a source that says "recent" does not say "active".
fn condition(shared: &Shared<'_>, finding: &Finding, id: &str) -> Condition {
    Condition {
        id: id.to_owned(),
        meta: Meta::artificial(),
        text: shown(finding, &[]),
        extension: assertion(finding),
        verification_status: verification(CONDITION_VERIFICATION, finding.presence),
        code: CodeableConcept::text(plain(&finding.text)),
        subject: shared.patient.clone(),
        encounter: shared.encounter.clone(),
        recorded_date: shared.recorded.clone(),
        evidence: vec![ConditionEvidence {
            detail: vec![shared.source.clone()],
        }],
    }
}

/// An allergy is `active` unless it is said to be absent: R4 demands a clinical status (ait-1), and to call an
/// allergy of the past `inactive` would hide a danger.
fn allergy(shared: &Shared<'_>, finding: &Finding, id: &str) -> AllergyIntolerance {
    let clinical = match finding.presence {
        Presence::Present | Presence::Possible => "active",
        Presence::Absent => "inactive",
    };
    AllergyIntolerance {
        id: id.to_owned(),
        meta: Meta::artificial(),
        text: shown(finding, &[]),
        extension: assertion(finding),
        clinical_status: CodeableConcept::code(Coding::new(ALLERGY_CLINICAL, clinical)),
        verification_status: verification(ALLERGY_VERIFICATION, finding.presence),
        code: CodeableConcept::text(plain(&finding.text)),
        patient: shared.patient.clone(),
        encounter: shared.encounter.clone(),
        recorded_date: shared.recorded.clone(),
    }
}

/// A medication is `unknown` unless it is said not to be taken: `active` and `completed` are for whoever has asked
/// the patient.
fn medication(shared: &Shared<'_>, finding: &Finding, id: &str, dose: Option<&Dose>) -> MedicationStatement {
    let words = dose.and_then(|dose| dose.text.as_deref());
    let words: Vec<&str> = words.into_iter().collect();
    MedicationStatement {
        id: id.to_owned(),
        meta: Meta::artificial(),
        text: shown(finding, &words),
        extension: assertion(finding),
        status: match finding.presence {
            Presence::Present | Presence::Possible => MedicationStatus::Unknown,
            Presence::Absent => MedicationStatus::NotTaken,
        },
        medication_codeable_concept: CodeableConcept::text(plain(&finding.text)),
        subject: shared.patient.clone(),
        context: shared.encounter.clone(),
        date_asserted: shared.recorded.clone(),
        derived_from: vec![shared.source.clone()],
        dosage: dose.and_then(dosage).into_iter().collect(),
    }
}

fn family_history(
    shared: &Shared<'_>,
    finding: &Finding,
    id: &str,
    relation: Option<&str>,
) -> FamilyMemberHistory {
    let relationship = relationship(relation);
    let words: Vec<&str> = relationship.text.as_deref().into_iter().collect();
    let hedge = (finding.presence == Presence::Possible).then(|| Annotation {
        time: None,
        text: "Said to be possible.".to_owned(),
    });
    FamilyMemberHistory {
        id: id.to_owned(),
        meta: Meta::artificial(),
        text: shown(finding, &words),
        extension: assertion(finding),
        status: HistoryStatus::Partial,
        patient: shared.patient.clone(),
        date: shared.recorded.clone(),
        condition: vec![FamilyCondition {
            code: CodeableConcept::text(plain(&finding.text)),
            note: hedge.into_iter().collect(),
        }],
        relationship,
    }
}

fn verification(system: &str, presence: Presence) -> CodeableConcept {
    let code = match presence {
        Presence::Present | Presence::Possible => "unconfirmed",
        Presence::Absent => "refuted",
    };
    CodeableConcept::code(Coding::new(system, code))
}

fn shown(finding: &Finding, words: &[&str]) -> Narrative {
    let (presence, time) = (finding.presence.code(), finding.time.code());
    let said = format!("Suggested by software and not confirmed; said to be {presence} and {time}.");
    let texts = [finding.text.as_str()]
        .into_iter()
        .chain(words.iter().copied())
        .chain([said.as_str()]);
    paragraphs(NarrativeStatus::Extensions, None, texts)
}

/// Where a finding is in the source, what is said of it, and how sure the software is.
pub(super) fn assertion(finding: &Finding) -> Vec<Extension> {
    let place = Extension::parts(
        &extension_url("evidence"),
        vec![
            Extension::count("start-byte", finding.bytes.start),
            Extension::count("end-byte", finding.bytes.end),
            Extension::count("start-character", finding.characters.start),
            Extension::count("end-character", finding.characters.end),
        ],
    );
    let said = Extension::parts(
        &extension_url("assertion"),
        vec![
            Extension::code("presence", finding.presence.code()),
            Extension::code("time", finding.time.code()),
        ],
    );
    let mut extensions = vec![place, said];
    extensions.extend(confidence_extension(finding.confidence));
    extensions
}

impl Made {
    pub(super) fn reference(&self) -> Reference {
        Reference::to(&self.entry.full_url)
    }
}
