//! A drafted note, as a document is made from it.
//!
//! A plain value without FHIR's words: what was quoted, what was found in it, and where. Offsets are those of the
//! source, of bytes in UTF-8 and of characters (Unicode scalar values), whatever was masked or cleaned since, so a
//! text here may be shorter or longer than its range.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::header::Header;
use super::instant::Instant;

mod dose;

pub use dose::{Amount, Dose, Frequency, Length, TimeUnit};

/// A drafted note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The patient.
    pub patient: Link,
    /// The visit that it is about.
    pub encounter: Option<Link>,
    /// What it was drafted from.
    pub source: Source,
    /// Language of the quoted texts: a tag of BCP 47, as in `en` or `fr-CA`.
    pub language: Option<String>,
    /// When it was drafted.
    pub recorded: Instant,
    /// When the visit was.
    pub visit: Option<Visit>,
    /// Its title.
    pub title: String,
    /// Its sections, in the order of the document.
    pub sections: Vec<Section>,
    /// What was found in the source.
    pub findings: Vec<Finding>,
    /// What a reader should look at first.
    pub risks: Vec<Risk>,
    /// What is to be known of the draft itself.
    pub remarks: Vec<Remark>,
}

/// Points at a resource outside the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Link {
    /// An address: `Patient/123`, one that begins with `http://` or `https://`, or a `urn:uuid:`.
    Address(String),
    /// An identifier, such as a keyed hash, where the address is unknown or must not be told.
    Identifier {
        /// URI of the set in which the value is unique.
        system: String,
        /// The value: up to 2 048 bytes, without control characters and without white space at its ends.
        value: String,
    },
}

/// What a note was drafted from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// A text that is kept elsewhere, and only referred to.
    Kept(Link),
    /// The text itself, which goes along in a DocumentReference.
    Attached(String),
}

/// When a visit was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// Its begin.
    pub start: Instant,
    /// Its end, not before the begin.
    pub end: Option<Instant>,
}

/// A section: sentences under a header, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// What it is about.
    pub header: Header,
    /// What was quoted for it.
    pub sentences: Vec<Quote>,
}

/// A stretch of the source, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// Its text, masked where the source must not be shown.
    pub text: String,
    /// Where it is in the source, in bytes; not empty.
    pub bytes: Range<u32>,
}

/// Something that the source mentions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Its words.
    pub text: String,
    /// Where they are in the source, in bytes; not empty.
    pub bytes: Range<u32>,
    /// The same in characters.
    pub characters: Range<u32>,
    /// Whether it is there.
    pub presence: Presence,
    /// How probable all this is, from 0 to 1; six decimals are kept.
    pub confidence: f64,
    /// When it is so.
    pub time: Time,
    /// Who has it.
    pub experiencer: Experiencer,
}

/// What a [`Finding`] is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// A disease, a sign or a symptom.
    Disease,
    /// Something that somebody is allergic to, or does not tolerate.
    Allergy,
    /// A medication.
    Drug {
        /// How it is taken.
        dose: Option<Box<Dose>>,
    },
}

/// Whether a finding is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// The source says so.
    Present,
    /// The source says that it may be.
    Possible,
    /// The source says that it is not.
    Absent,
}

/// When a finding is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Time {
    /// Now or lately.
    Recent,
    /// In the past.
    Historical,
    /// Only if something else happens.
    Hypothetical,
}

/// Who has a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Experiencer {
    /// The patient.
    Patient,
    /// A relative.
    Family {
        /// Which, as in `mother` or `maternal aunt`.
        relation: Option<String>,
    },
    /// Somebody else.
    Other,
}

/// What a reader should look at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// What it is.
    pub label: String,
    /// How probable it is, from 0 to 1.
    pub confidence: Option<f64>,
    /// What it is seen from, at least one sentence.
    pub evidence: Vec<Quote>,
}

/// Something to be known of the draft itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// What it is.
    pub kind: RemarkKind,
    /// The section that it is about, by its index.
    pub section: Option<usize>,
    /// More about it.
    pub text: Option<String>,
}

/// What a [`Remark`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// The software was too unsure to draft it.
    Abstained,
    /// A part of the source was not read.
    Partial,
    /// The language of the source is not one that the software knows.
    UnknownLanguage,
    /// It was drafted, with little confidence.
    LowConfidence,
    /// A limit was reached, so that something is missing.
    LimitReached,
}

/// Who drafted a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    /// Name of the software.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Name of the pipeline that it ran.
    pub pipeline: String,
    /// Digest of that pipeline.
    pub pipeline_digest: String,
    /// The models that the pipeline used.
    pub models: Vec<Model>,
}

/// A model that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest of its weights.
    pub digest: String,
}

impl Presence {
    pub(super) fn code(self) -> &'static str {
        match self {
            Presence::Present => "present",
            Presence::Possible => "possible",
            Presence::Absent => "absent",
        }
    }
}

impl Time {
    pub(super) fn code(self) -> &'static str {
        match self {
            Time::Recent => "recent",
            Time::Historical => "historical",
            Time::Hypothetical => "hypothetical",
        }
    }
}

/// A part of a [`Note`] or its [`Maker`], for faults: it has a place and no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`Note::patient`].
    Patient,
    /// [`Note::encounter`].
    Encounter,
    /// [`Note::source`].
    Source,
    /// [`Note::title`].
    Title,
    /// A section, by its index.
    Section(usize),
    /// A sentence of a section, by both indices.
    Sentence(usize, usize),
    /// A finding, by its index.
    Finding(usize),
    /// A risk, by its index.
    Risk(usize),
    /// A remark, by its index.
    Remark(usize),
    /// Software and pipeline of the [`Maker`].
    Maker,
    /// A model, by its index.
    Model(usize),
}

impl fmt::Display for Part {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Patient => write!(to, "`patient`"),
            Part::Encounter => write!(to, "`encounter`"),
            Part::Source => write!(to, "`source`"),
            Part::Title => write!(to, "`title`"),
            Part::Section(index) => write!(to, "`sections[{index}]`"),
            Part::Sentence(section, index) => write!(to, "`sections[{section}].sentences[{index}]`"),
            Part::Finding(index) => write!(to, "`findings[{index}]`"),
            Part::Risk(index) => write!(to, "`risks[{index}]`"),
            Part::Remark(index) => write!(to, "`remarks[{index}]`"),
            Part::Maker => write!(to, "the maker"),
            Part::Model(index) => write!(to, "`models[{index}]`"),
        }
    }
}
