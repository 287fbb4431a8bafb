//! Finds what identifies a person in a clinical note or conversation in English: the 18 classes of the HIPAA Safe Harbor.
//!
//! The rules are formats, check digits, words that announce a number, lists of names and places, and where a
//! capitalised word stands. They know no statistics: names that a net proposes are given to [`find`] and united with
//! theirs. It is no proof of anonymity: a rare disease or a story can name a person too, and "no actual knowledge"
//! (45 CFR 164.514(b)(2)(ii)) stays with whoever releases the text.
//!
//! Kept on purpose: years, times of day, weekdays alone, ages up to 89, states and countries.
//!
//! Invariant: the identifiers of a text are sorted, do not overlap, are not empty, and lie on character boundaries.
//! Time is linear in the text up to a logarithm; memory is about 100 bytes for each word.
//!
//! # Source
//! 45 CFR 164.514(b)(2)(i)(A) to (R); Office for Civil Rights, "Guidance Regarding Methods for De-identification of
//! Protected Health Information", 2012.

use std::ops::Range;

use reading::Reading;
use serde::{Deserialize, Serialize};

mod ages;
mod check_digits;
mod codes;
mod dates;
mod electronic;
mod eponyms;
mod lexicon;
mod names;
mod numbers;
mod pattern;
mod places;
mod reading;
mod spoken;
mod telephone;

#[cfg(test)]
mod tests;

/// Passes over what lies between identifiers: a format may come to light where its neighbour was cut off.
const PASSES_MAX: usize = 8;

/// The 18 classes, in the order of the rule, (A) to (R).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// (A) Names of patients, relatives, clinicians and employers.
    Name,
    /// (B) Places smaller than a state: streets, towns, counties, postal codes; hospitals and wards.
    Geography,
    /// (C) Dates but for the year, and ages over 89.
    Date,
    /// (D) Telephone and pager numbers.
    Phone,
    /// (E) Fax numbers.
    Fax,
    /// (F) E-mail addresses.
    Email,
    /// (G) Social security numbers.
    SocialSecurity,
    /// (H) Medical record numbers, NHS numbers.
    MedicalRecord,
    /// (I) Numbers of health plans and their members.
    HealthPlan,
    /// (J) Accounts and payment cards.
    Account,
    /// (K) Certificates and licences: drivers', physicians', NPI, DEA.
    Certificate,
    /// (L) Vehicles: number plates and identification numbers.
    Vehicle,
    /// (M) Devices: serial numbers, UDI, lots, IMEI, MAC addresses.
    Device,
    /// (N) Web addresses.
    Url,
    /// (O) Internet addresses.
    IpAddress,
    /// (P) Biometric identifiers: numbers of fingerprints, voiceprints, retina scans.
    Biometric,
    /// (Q) Photographs: image files and numbers.
    Photo,
    /// (R) Any other unique number, characteristic or code.
    Other,
}

/// Why a stretch of text is taken for an identifier, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A net proposed it.
    Net,
    /// A rule of names and places.
    Rule,
    /// Its form alone, such as an e-mail address.
    Format,
    /// A code or number after a word that announces it.
    Context,
    /// Its form and its check digits.
    Checksum,
}

/// A stretch of text that identifies somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// What it is.
    pub class: Class,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Why it is taken for one.
    pub certainty: Certainty,
}

impl Identifier {
    fn new(class: Class, range: Range<usize>, certainty: Certainty) -> Self {
        Identifier {
            class,
            start: range.start,
            end: range.end,
            certainty,
        }
    }

    /// Its bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The identifiers of a text, sorted and apart. `names` are byte ranges that a net takes for names; those that are not
/// within the text or not on character boundaries are passed over.
pub fn find(text: &str, names: &[Range<usize>]) -> Vec<Identifier> {
    let reading = Reading::new(text);
    let mut found = formats(text, 0);
    found.extend(codes::find(text));
    found.extend(spoken::find(&reading));
    found.extend(dates::by_context(text));
    found.extend(ages::find(text));
    found.extend(places::find(&reading));
    found.extend(names::find(&reading));
    let proposed = names.iter().filter(|range| {
        text.get((*range).clone())
            .is_some_and(|name| !name.trim().is_empty())
    });
    found.extend(proposed.map(|range| Identifier::new(Class::Name, range.clone(), Certainty::Net)));
    between(text, united(found))
}

/// What is recognised by its form alone. `start` is where the text begins in the whole.
fn formats(text: &str, start: usize) -> Vec<Identifier> {
    let mut found = electronic::find(text);
    found.extend(numbers::find(text));
    found.extend(telephone::find(text));
    found.extend(dates::by_form(text));
    for identifier in &mut found {
        identifier.start += start;
        identifier.end += start;
    }
    found
}

/// Looks for formats between the identifiers, until there are none: what is left shows none once it is masked.
fn between(text: &str, mut found: Vec<Identifier>) -> Vec<Identifier> {
    for _ in 0..PASSES_MAX {
        let mut more = Vec::new();
        let mut start = 0;
        let ends = found
            .iter()
            .map(Identifier::range)
            .chain(std::iter::once(text.len()..text.len()));
        for identifier in ends {
            let gap = text.get(start..identifier.start).unwrap_or_default();
            if gap.len() > 3
                && gap.contains(|sign: char| sign.is_ascii_digit() || matches!(sign, '@' | '.' | '/'))
            {
                more.extend(formats(gap, start));
            }
            start = identifier.end;
        }
        if more.is_empty() {
            break;
        }
        found.extend(more);
        found = united(found);
    }
    found
}

/// Sorted, with those that overlap made one: its class is that of the most certain, then of the longest, and a
/// known class before [`Class::Other`].
fn united(mut found: Vec<Identifier>) -> Vec<Identifier> {
    found.sort_by_key(|identifier| (identifier.start, identifier.end));
    let mut apart: Vec<(Identifier, (bool, Certainty, usize))> = Vec::with_capacity(found.len());
    for identifier in found {
        let weight = (
            identifier.class != Class::Other,
            identifier.certainty,
            identifier.end - identifier.start,
        );
        match apart.last_mut() {
            Some((last, heaviest)) if identifier.start < last.end => {
                last.end = last.end.max(identifier.end);
                if weight > *heaviest {
                    *heaviest = weight;
                    last.class = identifier.class;
                    last.certainty = identifier.certainty;
                }
            }
            _ => apart.push((identifier, weight)),
        }
    }
    apart.into_iter().map(|(identifier, _)| identifier).collect()
}
