//! Writes a tag in place of each identifier, and maps places of the text before to the text after and back.
//!
//! A tag keeps what the rule lets be kept: the year of a date, the first three digits of a ZIP code where more than
//! 20,000 people live there. The same person has the same number within a note. Masking is no encryption: nothing of
//! what was masked is in the text, and the pieces that map it back must be kept apart from it.
//!
//! Invariant: outside the tags, the text after is the text before, sign by sign.
//!
//! # Source
//! 45 CFR 164.514(b)(2)(i)(B) and (C); the three-digit areas of fewer than 20,000 people are those of the Census of
//! 2000, listed in: Office for Civil Rights, "Guidance Regarding Methods for De-identification of Protected Health
//! Information", 2012.

use std::ops::Range;

use crate::notes::identifiers::{Class, Identifier};
use people::People;

mod people;

#[cfg(test)]
mod tests;

/// Years after which nobody's age needs to be hidden: a year of birth tells an age over 89 if it is longer ago.
const AGE_YEARS_MAX: u32 = 89;
/// Areas of fewer than 20,000 people.
const SMALL_AREAS: [&str; 17] = [
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884",
    "890", "893",
];

/// A text whose identifiers were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The text with tags.
    pub text: String,
    /// Where each tag stands, in order.
    pub pieces: Vec<Piece>,
}

/// An identifier and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Bytes of the identifier in the text before.
    pub original: Range<usize>,
    /// Bytes of the tag in the text after.
    pub masked: Range<usize>,
}

/// The text with a tag for each identifier, as [`find`](crate::notes::identifiers::find) gives them. One that overlaps the one
/// before it or does not lie on character boundaries is passed over.
///
/// ```
/// use motet_nodes::notes::{identifiers::find, mask::mask};
/// let text = "Mr. Ortega, 93 years old, was seen on March 3, 2026.";
/// let masked = mask(text, &find(text, &[]));
/// assert_eq!(masked.text, "Mr. [NAME-1], [AGE: over 89] years old, was seen on [DATE: 2026].");
/// ```
pub fn mask(text: &str, identifiers: &[Identifier]) -> Masked {
    let mut at = 0;
    let mut apart: Vec<(&Identifier, &str)> = Vec::with_capacity(identifiers.len());
    for identifier in identifiers {
        if let Some(written) = text.get(identifier.range()).filter(|_| identifier.start >= at) {
            at = identifier.end;
            apart.push((identifier, written));
        }
    }
    let names = apart
        .iter()
        .filter(|(identifier, _)| identifier.class == Class::Name);
    let mut people = People::of(names.map(|(_, written)| *written));
    let years = apart
        .iter()
        .filter(|(identifier, _)| identifier.class == Class::Date);
    let year_latest = years.filter_map(|(_, written)| year(written)).max();

    let mut masked = Masked {
        text: String::with_capacity(text.len()),
        pieces: Vec::with_capacity(apart.len()),
    };
    let mut at = 0;
    for (identifier, written) in apart {
        masked
            .text
            .push_str(text.get(at..identifier.start).unwrap_or_default());
        let start = masked.text.len();
        masked
            .text
            .push_str(&tag(identifier.class, written, &mut people, year_latest));
        masked.pieces.push(Piece {
            original: identifier.range(),
            masked: start..masked.text.len(),
        });
        at = identifier.end;
    }
    masked.text.push_str(text.get(at..).unwrap_or_default());
    masked
}

impl Masked {
    /// Where a span of the text before is in the text after; none if it begins or ends within an identifier.
    pub fn to_masked(&self, original: Range<usize>) -> Option<Range<usize>> {
        self.map(original, |piece| (&piece.original, &piece.masked))
    }

    /// Where a span of the text after is in the text before; none if it begins or ends within a tag.
    pub fn to_original(&self, masked: Range<usize>) -> Option<Range<usize>> {
        self.map(masked, |piece| (&piece.masked, &piece.original))
    }

    fn map(
        &self,
        span: Range<usize>,
        sides: impl Fn(&Piece) -> (&Range<usize>, &Range<usize>),
    ) -> Option<Range<usize>> {
        let place = |byte: usize| {
            let before = self.pieces.partition_point(|piece| sides(piece).0.end <= byte);
            if let Some((from, to)) = self.pieces.get(before).map(&sides) {
                if byte == from.start {
                    return Some(to.start);
                }
                if byte > from.start {
                    return None;
                }
            }
            let (from, to) = before
                .checked_sub(1)
                .and_then(|last| self.pieces.get(last))
                .map_or((0, 0), |piece| (sides(piece).0.end, sides(piece).1.end));
            Some(to + (byte - from))
        };
        let start = place(span.start)?;
        let end = place(span.end)?;
        (start <= end).then_some(start..end)
    }
}

fn tag(class: Class, written: &str, people: &mut People, year_latest: Option<u32>) -> String {
    let tag = match class {
        Class::Name => return format!("[NAME-{}]", people.number(written)),
        Class::Geography => {
            return area(written).map_or("[GEOGRAPHY]".to_owned(), |area| format!("[ZIP: {area}**]"));
        }
        Class::Date if is_age(written) => "[AGE: over 89]",
        Class::Date => {
            // A year alone was found because it tells an age over 89.
            let year = year(written).filter(|year| {
                written.len() > 4 && year_latest.is_none_or(|latest| latest - year <= AGE_YEARS_MAX)
            });
            return year.map_or("[DATE]".to_owned(), |year| format!("[DATE: {year}]"));
        }
        Class::Phone => "[PHONE]",
        Class::Fax => "[FAX]",
        Class::Email => "[EMAIL]",
        Class::SocialSecurity => "[SSN]",
        Class::MedicalRecord => "[MRN]",
        Class::HealthPlan => "[HEALTH PLAN]",
        Class::Account => "[ACCOUNT]",
        Class::Certificate => "[LICENCE]",
        Class::Vehicle => "[VEHICLE]",
        Class::Device => "[DEVICE]",
        Class::Url => "[URL]",
        Class::IpAddress => "[IP ADDRESS]",
        Class::Biometric => "[BIOMETRIC]",
        Class::Photo => "[PHOTO]",
        Class::Other => "[ID]",
    };
    tag.to_owned()
}

/// The first three digits of a ZIP code, or 000 for a small area; none for what is no ZIP code.
fn area(written: &str) -> Option<&str> {
    let (code, rest) = written.split_at_checked(5)?;
    let is_digits = |text: &str| text.bytes().all(|sign| sign.is_ascii_digit());
    let is_rest = rest.is_empty()
        || rest
            .strip_prefix('-')
            .is_some_and(|rest| rest.len() == 4 && is_digits(rest));
    let area = code.get(..3).filter(|_| is_digits(code) && is_rest)?;
    Some(if SMALL_AREAS.contains(&area) { "000" } else { area })
}

/// Whether a stretch of class date is an age: a number alone, in figures or in words.
fn is_age(written: &str) -> bool {
    let small = written.to_ascii_lowercase();
    let is_number = !small.is_empty() && small.len() < 4 && small.bytes().all(|sign| sign.is_ascii_digit());
    is_number
        || small.starts_with("ninety")
        || small.starts_with("one hundred")
        || small.starts_with("a hundred")
}

/// The year that a date gives with four digits; none if it gives two different ones.
fn year(written: &str) -> Option<u32> {
    let numbers = written.split(|sign: char| !sign.is_ascii_digit());
    let mut years = numbers
        .filter(|number| matches!(number.len(), 4 | 8))
        .filter_map(|number| number.get(..4)?.parse::<u32>().ok())
        .filter(|year| (1800..2100).contains(year));
    let first = years.next()?;
    years.all(|year| year == first).then_some(first)
}
