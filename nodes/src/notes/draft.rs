//! A draft of a note, as it travels from node to node.
//!
//! A draft is JSON in a field of text. It holds places in the text that it was drafted from and what they are, and none of
//! its words: whoever writes it down takes them from the text, masked or not. Places count bytes. docs/draft.schema.json
//! describes it. Invariant: every statement has a place, so nothing is stated that the text does not say.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::context::{Experiencer, Presence, Time};
use super::doses::{self, Form, Frequency, Quantity, Route};
use super::risks::Severity;
use super::times::Amount;

/// Most bytes of a draft as JSON.
pub const DRAFT_BYTES: usize = 1 << 20;

/// A part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Where it was before the text was masked; none for a text as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<[u32; 2]>,
}

impl Place {
    /// A part of a text as it came.
    pub fn of(range: &Range<usize>) -> Place {
        let whole = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place {
            start: whole(range.start),
            end: whole(range.end),
            source: None,
        }
    }

    /// The bytes of the text.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Where it is in the text as it came.
    pub fn in_source(&self) -> [u32; 2] {
        self.source.unwrap_or([self.start, self.end])
    }
}

/// What is drafted of a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its sections, in the order of the document.
    pub sections: Vec<Section>,
    /// What the text mentions, in its order.
    pub findings: Vec<Finding>,
    /// What a reader should look at first, in the order of the text.
    pub risks: Vec<Risk>,
    /// What is to be known of the draft itself.
    pub remarks: Vec<Remark>,
}

/// Parts of the text under a header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The header, as the model of sections names it.
    pub header: String,
    /// How likely it is right, from 0 to 1.
    pub confidence: f32,
    /// The parts that are quoted, in the order of the text; at least one.
    pub quotes: Vec<Place>,
}

/// Something that the text mentions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What it is, as in `disease`.
    pub kind: String,
    /// Where.
    pub place: Place,
    /// How likely it is right, from 0 to 1.
    pub confidence: f32,
    /// Whether it is there.
    pub presence: Presence,
    /// When.
    pub time: Time,
    /// In whom.
    pub experiencer: Experiencer,
    /// The words that say in whom, where it is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_whom: Option<Place>,
    /// The words that decided on the three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Place>,
    /// How it is taken, where it is a drug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<Dose>,
}

/// How a drug is taken, as far as the text says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// Where the text says it.
    pub place: Place,
    /// How much of the drug, or of what contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<Quantity>,
    /// How many of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Quantity>,
    /// What is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// How it enters the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// How often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// For how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Amount>,
}

impl Dose {
    /// What was read, under the place of all its parts together; none where there are none.
    pub fn of(dose: &doses::Dose) -> Option<Dose> {
        let ranges = [
            dose.strength.as_ref().map(|part| &part.range),
            dose.count.as_ref().map(|part| &part.range),
            dose.form.as_ref().map(|part| &part.range),
            dose.route.as_ref().map(|part| &part.range),
            dose.frequency.as_ref().map(|part| &part.range),
            dose.duration.as_ref().map(|part| &part.range),
        ];
        let mut ranges = ranges.into_iter().flatten();
        let first = ranges.next()?.clone();
        let whole = ranges.fold(first, |whole, part| {
            whole.start.min(part.start)..whole.end.max(part.end)
        });
        Some(Dose {
            place: Place::of(&whole),
            strength: dose.strength.as_ref().map(|part| part.value.clone()),
            count: dose.count.as_ref().map(|part| part.value.clone()),
            form: dose.form.as_ref().map(|part| part.value),
            route: dose.route.as_ref().map(|part| part.value),
            frequency: dose.frequency.as_ref().map(|part| part.value.clone()),
            duration: dose.duration.as_ref().map(|part| part.value),
        })
    }
}

/// What a reader should look at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// What it is, as in `chest_pain`.
    pub flag: String,
    /// How urgent it is.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// True where the text says it of the patient, of now, and does not deny it.
    pub is_raised: bool,
}

/// What is to be known of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remark {
    /// Parts of the text belong to no section with enough confidence.
    Abstained,
    /// There is more in the text than a draft has room for.
    Partial,
    /// The text is hardly in a language that the models know.
    UnknownLanguage,
    /// Words of a finding or a quote are hidden, and it is left out.
    Hidden,
}
