//! Sections of a document.

use std::ops::Range;

use super::finding::Made;
use super::outcome::Outcome;
use super::{address, confidence_extension, extension_url};
use crate::notes::fhir::draft::{Note, Quote, Risk};
use crate::notes::fhir::element::{CodeableConcept, Extension, NarrativeStatus, Reference};
use crate::notes::fhir::narrative::paragraphs;
use crate::notes::fhir::resource::CompositionSection;

const RISKS: &str = "To be looked at first";
const UNPLACED: &str = "Suggestions from outside the sections";
const REMARKS: &str = "About this draft";

pub(super) fn sections(note: &Note, made: &[Made], outcome: Option<&Outcome>) -> Vec<CompositionSection> {
    let language = note.language.as_deref();
    let mut is_placed = vec![false; made.len()];
    let mut sections = Vec::with_capacity(note.sections.len() + 3);
    for section in &note.sections {
        let sentences: Vec<&Quote> = section.sentences.iter().collect();
        let mut entry = Vec::new();
        for (made, is_placed) in made.iter().zip(&mut is_placed) {
            if sentences
                .iter()
                .any(|sentence| overlap(&sentence.bytes, &made.bytes))
            {
                *is_placed = true;
                entry.push(made.reference());
            }
        }
        sections.push(CompositionSection {
            extension: sentences.iter().map(|sentence| evidence(sentence)).collect(),
            title: section.header.title().to_owned(),
            code: section.header.concept(),
            text: paragraphs(
                NarrativeStatus::Additional,
                language,
                sentences.iter().map(|sentence| sentence.text.as_str()),
            ),
            entry,
        });
    }
    sections.extend(risks(&note.risks, language));
    let placed = made.iter().zip(is_placed);
    let unplaced: Vec<&Made> = placed
        .filter(|(_, is_placed)| !is_placed)
        .map(|(made, _)| made)
        .collect();
    sections.extend(unplaced_section(&unplaced, language));
    sections.extend(outcome.map(remarks));
    sections
}

fn overlap(one: &Range<u32>, other: &Range<u32>) -> bool {
    one.start < other.end && other.start < one.end
}

/// Where a sentence is in the source.
fn evidence(sentence: &Quote) -> Extension {
    Extension::parts(
        &extension_url("evidence"),
        vec![
            Extension::count("start-byte", sentence.bytes.start),
            Extension::count("end-byte", sentence.bytes.end),
        ],
    )
}

/// R4 has RiskAssessment for risks that were worked out by a method; these are pointers for a reader, so they are
/// text alone.
fn risks(risks: &[Risk], language: Option<&str>) -> Option<CompositionSection> {
    let texts = risks.iter().flat_map(|risk| {
        let quotes = risk.evidence.iter().map(|quote| quote.text.as_str());
        [risk.label.as_str()].into_iter().chain(quotes)
    });
    let extension = risks.iter().map(|risk| {
        let mut parts: Vec<Extension> = risk.evidence.iter().map(evidence).collect();
        parts.extend(risk.confidence.and_then(confidence_extension));
        Extension::parts(&extension_url("risk"), parts)
    });
    (!risks.is_empty()).then(|| CompositionSection {
        extension: extension.collect(),
        title: RISKS.to_owned(),
        code: CodeableConcept::text(RISKS),
        text: paragraphs(NarrativeStatus::Additional, language, texts),
        entry: Vec::new(),
    })
}

fn unplaced_section(unplaced: &[&Made], language: Option<&str>) -> Option<CompositionSection> {
    let texts = unplaced.iter().map(|made| made.text.as_str());
    (!unplaced.is_empty()).then(|| CompositionSection {
        extension: Vec::new(),
        title: UNPLACED.to_owned(),
        code: CodeableConcept::text(UNPLACED),
        text: paragraphs(NarrativeStatus::Generated, language, texts),
        entry: unplaced.iter().map(|made| made.reference()).collect(),
    })
}

fn remarks(outcome: &Outcome) -> CompositionSection {
    CompositionSection {
        extension: Vec::new(),
        title: REMARKS.to_owned(),
        code: CodeableConcept::text(REMARKS),
        text: paragraphs(
            NarrativeStatus::Generated,
            None,
            outcome.lines.iter().map(String::as_str),
        ),
        entry: vec![Reference::to(address(&outcome.id))],
    }
}
