//! Finds again what was found once: each part of a name, wherever it stands in the note.

use std::collections::BTreeSet;

use super::Words;
use super::run::{is_before_verb, is_particle, is_unknown, joins};
use crate::notes::identifiers::eponyms::{is_before_noun, is_eponymous, is_owner};
use crate::notes::identifiers::lexicon::{
    is_common, is_eponym, is_function_word, is_given_name, is_medical_form, is_not_a_name, is_surname,
};
use crate::notes::identifiers::reading::{Reading, Shape};

/// The parts of the names of a note.
pub(super) struct Known(BTreeSet<String>);

impl Known {
    /// The parts of names: no particles, no initials.
    pub(super) fn of(reading: &Reading<'_>, names: impl Iterator<Item = Words>) -> Self {
        let parts = names
            .flatten()
            .filter(|index| !is_particle(reading, *index))
            .map(|index| reading.folded(index))
            .filter(|part| part.len() > 1 && !is_function_word(part))
            .map(str::to_owned);
        Known(parts.collect())
    }

    /// Each word that is such a part and stands as a name does.
    pub(super) fn find(&self, reading: &Reading<'_>) -> Vec<Words> {
        let mut found: Vec<Words> = Vec::new();
        for index in 0..reading.words.len() {
            if !self.0.contains(reading.folded(index)) || !is_repeated(reading, index) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.end == index && joins(reading, index - 1) => last.end = index + 1,
                _ => found.push(with_particles(reading, index)..index + 1),
            }
        }
        found
    }
}

/// Back over "van der" before a surname.
fn with_particles(reading: &Reading<'_>, index: usize) -> usize {
    let mut first = index;
    while first > 0
        && joins(reading, first - 1)
        && is_particle(reading, first - 1)
        && !is_function_word(reading.folded(first - 1))
    {
        first -= 1;
    }
    first
}

fn is_repeated(reading: &Reading<'_>, index: usize) -> bool {
    let Some(word) = reading.words.get(index) else {
        return false;
    };
    let folded = reading.folded(index);
    let is_word = is_common(folded) || is_not_a_name(folded) || is_medical_form(folded);
    let is_owner = is_owner(reading, index) && word.shape == Shape::Capital;
    if !is_owner && is_eponym(folded) && (is_eponymous(reading, index) || is_after_known(reading, index))
        || !is_owner && is_word && is_before_noun(reading, index)
    {
        return false;
    }
    match word.shape {
        Shape::Capital if is_word => is_name_here(reading, index),
        Shape::Capital => true,
        Shape::Capitals => !is_word || word.is_in_capitals && is_beside_name(reading, index),
        Shape::Small if is_word => {
            word.is_in_small
                && (is_before_verb(reading, index, true) || is_doing_well(reading, index))
                && (is_given_name(folded) || is_surname(folded))
        }
        Shape::Small => folded.len() > 2 && (word.is_in_small || is_unknown(folded) && folded.len() > 4),
        Shape::Initial | Shape::Code => false,
    }
}

/// "young did well overnight".
fn is_doing_well(reading: &Reading<'_>, index: usize) -> bool {
    reading.folded(index + 1) == "did" && reading.folded(index + 2) == "well"
}

/// "known Parkinson's": an eponym alone that is a diagnosis.
fn is_after_known(reading: &Reading<'_>, index: usize) -> bool {
    const BEFORE: [&str; 9] = [
        "known",
        "idiopathic",
        "early",
        "advanced",
        "have",
        "has",
        "had",
        "of",
        "with",
    ];
    let before = index.checked_sub(1).map_or("", |before| reading.folded(before));
    reading.is_possessive(index)
        && BEFORE.contains(&before)
        && !matches!(reading.words.get(index + 1).map(|word| word.shape), Some(Shape::Small) if reading.gap(index) == " ")
}

/// A name that is also a word, by where it stands: within a sentence, before a verb that people do, or beside a name.
fn is_name_here(reading: &Reading<'_>, index: usize) -> bool {
    if !reading.is_first_of_sentence(index) {
        return true;
    }
    let is_verb = is_before_verb(reading, index, true) || reading.is_possessive(index);
    let is_closed = matches!(
        reading.gap(index).trim_start_matches(' ').chars().next(),
        Some('.' | ',' | '\n' | '(')
    ) && reading.gap_before(index).contains(['\n', ':']);
    is_verb || is_closed || is_beside_name(reading, index)
}

fn is_beside_name(reading: &Reading<'_>, index: usize) -> bool {
    let is_name = |place: usize| {
        let folded = reading.folded(place);
        let is_written = reading
            .words
            .get(place)
            .is_some_and(|word| matches!(word.shape, Shape::Capital | Shape::Capitals));
        let is_acronym = reading
            .words
            .get(place)
            .is_some_and(|word| word.shape == Shape::Capitals && !word.is_in_capitals);
        is_written
            && !is_acronym
            && !is_function_word(folded)
            && (is_unknown(folded) || is_given_name(folded) || is_surname(folded))
    };
    let before = index > 0 && joins(reading, index - 1) && is_name(index - 1);
    before || joins(reading, index) && is_name(index + 1)
}
