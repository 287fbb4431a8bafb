//! Places smaller than a state: streets, postal codes, towns, counties, hospitals and wards.
//!
//! A town is known from the list, by a state after it, by an address before it, or by words such as "lives in".
//! States and countries are kept.

use std::ops::Range;

use super::reading::{Reading, Shape};
use super::{Certainty, Class, Identifier, lexicon};

mod addresses;
mod institutions;
mod towns;

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Identifier> {
    let mut found = addresses::find(reading);
    found.extend(institutions::find(reading));
    found.extend(towns::find(reading));
    let places = found.into_iter();
    places
        .map(|range| Identifier::new(Class::Geography, range, Certainty::Rule))
        .collect()
}

/// The words of a place's name from one word on: capitals, with "of", "upon", "de" and hyphens between. The place of
/// the word after the last, or none.
fn capitalised(reading: &Reading<'_>, first: usize, words_max: usize) -> Option<usize> {
    const PARTICLES: [&str; 18] = [
        "of", "upon", "on", "under", "le", "la", "de", "del", "los", "las", "el", "d", "al", "and", "the",
        "by", "next", "en",
    ];
    let mut end = None;
    for index in first..first + words_max {
        let word = reading.words.get(index)?;
        let is_named = matches!(word.shape, Shape::Capital | Shape::Capitals)
            || word.shape == Shape::Initial && end.is_some();
        let is_particle = PARTICLES.contains(&reading.folded(index)) && index > first;
        if is_named && !(is_opener(reading, index) && index > first) {
            end = Some(index + 1);
        } else if !is_particle {
            break;
        }
        if !is_within_name(reading, index) || reading.is_possessive(index) && reading.gap(index) != " " {
            break;
        }
    }
    end
}

/// A function word that a capital does not make a name, as in "Leeds. He".
fn is_opener(reading: &Reading<'_>, index: usize) -> bool {
    const NAMED: [&str; 14] = [
        "good", "great", "new", "our", "first", "second", "third", "four", "five", "seven", "old", "well",
        "three", "two",
    ];
    let folded = reading.folded(index);
    let is_named = NAMED.contains(&folded)
        && reading
            .words
            .get(index + 1)
            .is_some_and(|word| matches!(word.shape, Shape::Capital | Shape::Capitals));
    lexicon::is_function_word(folded) && !is_named
}

fn is_within_name(reading: &Reading<'_>, index: usize) -> bool {
    let is_short = matches!(reading.folded(index), "st" | "mt" | "ft" | "n" | "s" | "e" | "w");
    matches!(reading.gap(index), " " | "-" | " - " | "'" | "’" | " & ")
        || reading.gap(index) == ". " && is_short
}

/// From the first byte of a word to the last of the word before `end`, with its possessive.
fn bytes(reading: &Reading<'_>, first: usize, end: usize) -> Option<Range<usize>> {
    let start = reading.words.get(first)?.range.start;
    let last = reading.words.get(end.checked_sub(1)?)?;
    Some(start..last.end_possessive)
}
