//! Names of people and of those who employ them.
//!
//! A name is known by what announces it (a title, a relation, "signed by"), by the lists, or as a capitalised word
//! within a sentence that is no word of English or of medicine. What was found once is then found everywhere. Eponyms
//! ("Parkinson's disease", "Foley catheter") are kept, even where somebody in the note has that name.

use std::ops::Range;

use super::reading::Reading;
use super::{Certainty, Class, Identifier};

mod announced;
mod dictated;
mod employers;
mod phrases;
mod repeats;
mod run;
mod standing;

/// Words of a name: the first, and past the last.
type Words = Range<usize>;

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Identifier> {
    let mut found: Vec<Words> = announced::find(reading);
    found.extend(phrases::find(reading));
    found.extend(dictated::find(reading));
    let standing = standing::find(reading);
    found.extend(standing.iter().filter(|words| words.len() > 1).cloned());
    let known = repeats::Known::of(reading, found.iter().cloned());
    found.extend(known.find(reading));
    found.extend(standing);
    found.extend(employers::find(reading));
    let names = found.into_iter().filter_map(|words| bytes(reading, words));
    names
        .map(|range| Identifier::new(Class::Name, range, Certainty::Rule))
        .collect()
}

/// From the first byte of the first word to the last of the last, without a possessive.
fn bytes(reading: &Reading<'_>, words: Words) -> Option<Range<usize>> {
    let start = reading.words.get(words.start)?.range.start;
    let end = reading.words.get(words.end.checked_sub(1)?)?.range.end;
    (start < end).then_some(start..end)
}
