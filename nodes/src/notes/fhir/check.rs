//! Checks a note before anything is made of it.
//!
//! Invariant: of a note that passes, every resource can be made without losing or inventing anything.

use std::ops::Range;

use super::draft::{Dose, Experiencer, Finding, Kind, Link, Maker, Note, Part, Quote, Source, Visit};
use super::element::Decimal;
use super::fault::DocumentFault;
use super::narrative::{is_blank, plain};

/// Most findings of a note.
pub const FINDINGS_MAX: usize = 2_000;
/// Most sections of a note.
pub const SECTIONS_MAX: usize = 64;
/// Most quoted sentences of a note, those of risks with them.
pub const SENTENCES_MAX: usize = 4_000;
/// Most risks of a note.
pub const RISKS_MAX: usize = 200;
/// Most remarks of a note.
pub const REMARKS_MAX: usize = 200;
/// Most models of a maker.
pub const MODELS_MAX: usize = 64;
/// Most bytes of one text, which is FHIR's bound of a string.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Most bytes of all texts of a note and its maker together.
pub const TEXTS_BYTES_MAX: usize = 4 << 20;

/// Largest `unsignedInt` and `positiveInt` of FHIR.
const INTEGER_MAX: u32 = i32::MAX.unsigned_abs();
const ADDRESS_BYTES_MAX: usize = 2_048;
const LANGUAGE_BYTES_MAX: usize = 35;

pub(super) fn check(note: &Note, by: &Maker) -> Result<(), DocumentFault> {
    counts(note, by)?;
    links(note)?;
    let mut texts = Texts { bytes: 0 };
    texts.of_note(note)?;
    texts.of_maker(by)?;
    ranges(note)?;
    for (index, finding) in note.findings.iter().enumerate() {
        numbers(Part::Finding(index), finding)?;
    }
    for (index, risk) in note.risks.iter().enumerate() {
        if risk.confidence.is_some_and(|confidence| !is_share(confidence)) {
            return Err(DocumentFault::Confidence {
                part: Part::Risk(index),
            });
        }
    }
    let is_after = |visit: &Visit| visit.end.as_ref().is_some_and(|end| visit.start.is_after(end));
    match note.visit.as_ref().is_some_and(is_after) {
        true => Err(DocumentFault::Visit),
        false => Ok(()),
    }
}

fn counts(note: &Note, by: &Maker) -> Result<(), DocumentFault> {
    let sentences: usize = note.sections.iter().map(|section| section.sentences.len()).sum();
    let evidence: usize = note.risks.iter().map(|risk| risk.evidence.len()).sum();
    let limited = [
        ("sections", note.sections.len(), SECTIONS_MAX),
        ("sentences", sentences + evidence, SENTENCES_MAX),
        ("findings", note.findings.len(), FINDINGS_MAX),
        ("risks", note.risks.len(), RISKS_MAX),
        ("remarks", note.remarks.len(), REMARKS_MAX),
        ("models", by.models.len(), MODELS_MAX),
    ];
    for (what, found, max) in limited {
        if found > max {
            return Err(DocumentFault::TooMany { what, found, max });
        }
    }
    if limited.iter().take(5).all(|(_, found, _)| *found == 0) {
        return Err(DocumentFault::NothingDrafted);
    }
    for (index, remark) in note.remarks.iter().enumerate() {
        if remark
            .section
            .is_some_and(|section| section >= note.sections.len())
        {
            return Err(DocumentFault::NoSuchSection {
                part: Part::Remark(index),
            });
        }
    }
    Ok(())
}

fn links(note: &Note) -> Result<(), DocumentFault> {
    link(Part::Patient, &note.patient, "Patient/123")?;
    if let Some(encounter) = &note.encounter {
        link(Part::Encounter, encounter, "Encounter/123")?;
    }
    match &note.source {
        Source::Kept(source) => link(Part::Source, source, "DocumentReference/123"),
        Source::Attached(_) => Ok(()),
    }
}

fn link(part: Part, link: &Link, expected: &'static str) -> Result<(), DocumentFault> {
    let is_one = match link {
        Link::Address(address) => is_address(part, address, expected),
        // An identifier that had to be cleaned would be another one.
        Link::Identifier { system, value } => {
            let is_value = (1..=ADDRESS_BYTES_MAX).contains(&value.len()) && plain(value) == *value;
            is_uri(system) && system.contains(':') && is_value
        }
    };
    match is_one {
        true => Ok(()),
        false => Err(DocumentFault::Reference { part, expected }),
    }
}

fn is_uri(text: &str) -> bool {
    (1..=ADDRESS_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_address(part: Part, address: &str, expected: &str) -> bool {
    if let Some(uuid) = address.strip_prefix("urn:uuid:") {
        return is_uuid(uuid);
    }
    let absolute = ["http://", "https://"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme));
    if let Some(rest) = absolute {
        return is_uri(address) && !rest.is_empty();
    }
    let Some((resource, id)) = address.split_once('/') else {
        return false;
    };
    // A source may be kept as a document, a binary or a bundle.
    let is_any_type = part == Part::Source && is_type_name(resource);
    let is_type = is_any_type || expected.split_once('/').is_some_and(|(name, _)| name == resource);
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    is_type && (1..=64).contains(&id.len()) && id.bytes().all(is_id)
}

fn is_type_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_uuid(text: &str) -> bool {
    let is_digit = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_digit)
}

/// Counts the bytes of texts, and refuses those that have nothing to show.
struct Texts {
    bytes: usize,
}

impl Texts {
    fn of_note(&mut self, note: &Note) -> Result<(), DocumentFault> {
        self.text(Part::Title, &note.title)?;
        if let Source::Attached(text) = &note.source {
            self.text(Part::Source, text)?;
        }
        if note.language.as_deref().is_some_and(|tag| !is_language(tag)) {
            return Err(DocumentFault::Language);
        }
        for (index, section) in note.sections.iter().enumerate() {
            let part = |sentence| Part::Sentence(index, sentence);
            self.quotes(Part::Section(index), part, &section.sentences)?;
        }
        for (index, finding) in note.findings.iter().enumerate() {
            self.of_finding(Part::Finding(index), finding)?;
        }
        for (index, risk) in note.risks.iter().enumerate() {
            self.text(Part::Risk(index), &risk.label)?;
            self.quotes(Part::Risk(index), |_| Part::Risk(index), &risk.evidence)?;
        }
        for (index, remark) in note.remarks.iter().enumerate() {
            self.optional(Part::Remark(index), remark.text.as_deref())?;
        }
        Ok(())
    }

    fn of_finding(&mut self, part: Part, finding: &Finding) -> Result<(), DocumentFault> {
        self.text(part, &finding.text)?;
        if let Experiencer::Family { relation } = &finding.experiencer {
            self.optional(part, relation.as_deref())?;
        }
        let Kind::Drug { dose: Some(dose) } = &finding.kind else {
            return Ok(());
        };
        let amounts = [&dose.amount, &dose.strength];
        let units = amounts.map(|amount| amount.as_ref().and_then(|amount| amount.unit.as_deref()));
        let texts = [dose.text.as_deref(), dose.form.as_deref(), dose.route.as_deref()];
        for text in texts.into_iter().chain(units) {
            self.optional(part, text)?;
        }
        Ok(())
    }

    fn of_maker(&mut self, by: &Maker) -> Result<(), DocumentFault> {
        for text in [&by.name, &by.version, &by.pipeline, &by.pipeline_digest] {
            self.text(Part::Maker, text)?;
        }
        for (index, model) in by.models.iter().enumerate() {
            for text in [&model.name, &model.version, &model.digest] {
                self.text(Part::Model(index), text)?;
            }
        }
        Ok(())
    }

    fn quotes(
        &mut self,
        whole: Part,
        part: impl Fn(usize) -> Part,
        quotes: &[Quote],
    ) -> Result<(), DocumentFault> {
        if quotes.is_empty() {
            return Err(DocumentFault::NoQuote { part: whole });
        }
        for (index, quote) in quotes.iter().enumerate() {
            self.text(part(index), &quote.text)?;
        }
        Ok(())
    }

    fn optional(&mut self, part: Part, text: Option<&str>) -> Result<(), DocumentFault> {
        text.map_or(Ok(()), |text| self.text(part, text))
    }

    fn text(&mut self, part: Part, text: &str) -> Result<(), DocumentFault> {
        self.bytes = self.bytes.saturating_add(text.len());
        let limits = [
            ("bytes of one text", text.len(), TEXT_BYTES_MAX),
            ("bytes of text", self.bytes, TEXTS_BYTES_MAX),
        ];
        for (what, found, max) in limits {
            if found > max {
                return Err(DocumentFault::TooMany { what, found, max });
            }
        }
        match is_blank(text) {
            true => Err(DocumentFault::NoText { part }),
            false => Ok(()),
        }
    }
}

/// The shape of a tag of BCP 47, not its meaning.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_primary =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_other =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= LANGUAGE_BYTES_MAX && parts.next().is_some_and(is_primary) && parts.all(is_other)
}

fn ranges(note: &Note) -> Result<(), DocumentFault> {
    for (section, sentences) in note.sections.iter().enumerate() {
        for (index, quote) in sentences.sentences.iter().enumerate() {
            range(Part::Sentence(section, index), &quote.bytes)?;
        }
    }
    for (index, risk) in note.risks.iter().enumerate() {
        for quote in &risk.evidence {
            range(Part::Risk(index), &quote.bytes)?;
        }
    }
    for (index, finding) in note.findings.iter().enumerate() {
        let part = Part::Finding(index);
        range(part, &finding.bytes)?;
        range(part, &finding.characters)?;
        // A character is 1 to 4 bytes long.
        let fits = |characters: u32, bytes: u32| characters <= bytes && bytes.div_ceil(4) <= characters;
        let length = |range: &Range<u32>| range.end - range.start;
        if !fits(finding.characters.start, finding.bytes.start)
            || !fits(length(&finding.characters), length(&finding.bytes))
        {
            return Err(DocumentFault::Range { part });
        }
    }
    Ok(())
}

fn range(part: Part, range: &Range<u32>) -> Result<(), DocumentFault> {
    match range.start < range.end && range.end <= INTEGER_MAX {
        true => Ok(()),
        false => Err(DocumentFault::Range { part }),
    }
}

fn numbers(part: Part, finding: &Finding) -> Result<(), DocumentFault> {
    if !is_share(finding.confidence) {
        return Err(DocumentFault::Confidence { part });
    }
    match &finding.kind {
        Kind::Drug { dose: Some(dose) } if !is_dose(dose) => Err(DocumentFault::Dose { part }),
        Kind::Drug { .. } | Kind::Disease | Kind::Allergy => Ok(()),
    }
}

fn is_share(confidence: f64) -> bool {
    (0.0..=1.0).contains(&confidence)
}

fn is_dose(dose: &Dose) -> bool {
    let amounts = [&dose.amount, &dose.strength];
    let numbers = amounts.into_iter().flatten().map(|amount| amount.value);
    let lengths = dose.duration.iter().map(|length| length.value);
    let periods = dose.frequency.iter().map(|frequency| frequency.period.value);
    let is_times = dose
        .frequency
        .as_ref()
        .is_none_or(|frequency| (1..=INTEGER_MAX).contains(&frequency.times));
    is_times
        && numbers
            .chain(lengths)
            .chain(periods)
            .all(|number| (Decimal::MIN_POSITIVE..=Decimal::MAX).contains(&number))
}
