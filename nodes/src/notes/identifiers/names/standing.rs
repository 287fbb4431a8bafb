//! Names that nothing announces: words of the lists, and capitalised words within a sentence that are no English.

use super::Words;
use super::run::{is_before_verb, is_listed, is_particle, is_unknown, joins};
use crate::notes::identifiers::eponyms::{is_before_number, is_eponymous};
use crate::notes::identifiers::lexicon::{
    is_common, is_eponym, is_function_word, is_given_name, is_medical_form, is_not_a_name, is_surname,
};
use crate::notes::identifiers::reading::{Reading, Shape};

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Words> {
    let mut is_name: Vec<bool> = (0..reading.words.len())
        .map(|index| stands(reading, index))
        .collect();
    for index in 1..is_name.len() {
        if is_name.get(index - 1) == Some(&true) && extends(reading, index - 1, index) {
            mark(&mut is_name, index);
        }
    }
    for index in (1..is_name.len()).rev() {
        let is_next = is_name.get(index) == Some(&true);
        if is_next && leads(reading, index - 1) {
            mark(&mut is_name, index - 1);
        }
    }
    runs(reading, &is_name)
}

fn mark(is_name: &mut [bool], index: usize) {
    if let Some(flag) = is_name.get_mut(index) {
        *flag = true;
    }
}

/// Whether a word is a name where it stands.
fn stands(reading: &Reading<'_>, index: usize) -> bool {
    let Some(word) = reading.words.get(index) else {
        return false;
    };
    let folded = reading.folded(index);
    let is_written = word.shape == Shape::Capital
        || word.shape == Shape::Capitals && (folded.len() > 3 || folded.len() == 3 && is_listed(folded));
    if !is_written
        || is_function_word(folded)
        || is_barred(reading, index)
        || is_eponymous(reading, index)
        || is_before_number(reading, index)
    {
        return false;
    }
    let is_first = reading.is_first_of_sentence(index);
    if word.shape == Shape::Capitals {
        return in_capitals(reading, index, is_first);
    }
    let has_initial = is_after_initial(reading, index);
    if is_eponym(folded) {
        let is_name = is_given_name(folded) && !is_common(folded) && (!is_surname(folded) || !is_first);
        let is_subject =
            is_surname(folded) && !is_common(folded) && is_first && is_of_someone(reading, index);
        return has_initial || is_subject || is_name && (is_first || !reading.is_possessive(index));
    }
    if has_initial && (is_surname(folded) || is_unknown(folded)) || is_hyphened_small(reading, index) {
        return true;
    }
    if is_common(folded) {
        return is_common_but_named(reading, index, is_first);
    }
    let is_deed = is_before_verb(reading, index, true) || reading.is_possessive(index);
    if is_given_name(folded) {
        return true;
    }
    if is_surname(folded) {
        return !is_first || is_deed || is_before_verb(reading, index, false) || is_full(reading, index);
    }
    if is_medical_form(folded) {
        return false;
    }
    let is_subject = is_first && is_before_small(reading, index);
    !is_first && is_within_sentence(reading, index)
        || is_deed
        || is_subject
        || is_first && is_full(reading, index)
}

/// Words that are no names, but for given names that are months, before a verb: "Jun denies".
fn is_barred(reading: &Reading<'_>, index: usize) -> bool {
    let folded = reading.folded(index);
    is_not_a_name(folded) && !(is_given_name(folded) && is_before_verb(reading, index, true))
}

/// "K. Ortega".
fn is_after_initial(reading: &Reading<'_>, index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else {
        return false;
    };
    let is_initial = reading
        .words
        .get(before)
        .is_some_and(|word| word.shape == Shape::Initial);
    is_initial && matches!(reading.gap(before), ". " | ".") && !is_after_digit(reading, before)
}

/// "Ji-woo": a capital before a hyphen, and small letters that are no word.
fn is_hyphened_small(reading: &Reading<'_>, index: usize) -> bool {
    let next = reading.folded(index + 1);
    let is_small = reading
        .words
        .get(index + 1)
        .is_some_and(|word| word.shape == Shape::Small);
    let is_name = is_given_name(reading.folded(index))
        || !is_common(reading.folded(index)) && reading.folded(index).len() < 6;
    matches!(reading.gap(index), "-" | "‐")
        && is_small
        && is_name
        && next.len() < 6
        && !is_common(next)
        && !is_medical_form(next)
        && !is_eponym(next)
}

/// An unknown word before a word of English in small letters, as a subject stands before its verb.
fn is_before_small(reading: &Reading<'_>, index: usize) -> bool {
    let next = reading.folded(index + 1);
    let is_small = reading
        .words
        .get(index + 1)
        .is_some_and(|word| word.shape == Shape::Small);
    let is_verb =
        !is_function_word(next) || matches!(next, "and" | "has" | "had" | "will" | "would" | "does" | "did");
    is_small && reading.gap(index) == " " && is_common(next) && is_verb || is_of_someone(reading, index)
}

/// "Ortega is a poor historian".
fn is_of_someone(reading: &Reading<'_>, index: usize) -> bool {
    matches!(reading.folded(index + 1), "is" | "was")
        && matches!(reading.folded(index + 2), "a" | "an")
        && reading.gap(index) == " "
}

/// In a line of capitals only listed names count; elsewhere a word of capitals before a verb may be a surname.
fn in_capitals(reading: &Reading<'_>, index: usize, is_first: bool) -> bool {
    let folded = reading.folded(index);
    let is_in_capitals = reading.words.get(index).is_some_and(|word| word.is_in_capitals);
    if is_eponym(folded) || is_common(folded) {
        return is_surname(folded) && is_first && !is_in_capitals && is_before_verb(reading, index, false);
    }
    let is_subject = is_first && is_before_verb(reading, index, false)
        || !is_in_capitals && is_before_verb(reading, index, true);
    is_listed(folded) || is_unknown(folded) && folded.len() > 4 && is_subject
}

/// "Grace", "Hunter", "Will" within a sentence, or before a surname.
fn is_common_but_named(reading: &Reading<'_>, index: usize, is_first: bool) -> bool {
    let folded = reading.folded(index);
    if !(is_given_name(folded) || is_surname(folded)) {
        return false;
    }
    if is_first {
        let is_time_or_house = matches!(
            folded,
            "child" | "lord" | "church" | "bank" | "winter" | "summer" | "day" | "king" | "queen" | "may"
        );
        let is_next_small = reading
            .words
            .get(index + 1)
            .is_some_and(|word| word.shape == Shape::Small);
        let is_owner = reading.is_possessive(index) && !is_not_a_name(folded);
        if is_owner && !is_time_or_house && is_next_small && !is_eponym(folded) {
            return true;
        }
        let is_named_next = is_capital(reading, index + 2)
            && (is_unknown(reading.folded(index + 2)) || is_given_name(reading.folded(index + 2)));
        let is_of_pair = reading.folded(index + 1) == "and"
            && (is_named_next || matches!(reading.folded(index + 2), "his" | "her"));
        let is_doer =
            matches!(reading.folded(index + 1), "does" | "will" | "would") && reading.gap(index) == " ";
        return is_given_name(folded)
            && (is_before_verb(reading, index, true)
                || is_owner
                || is_of_pair
                || is_doer
                || is_full(reading, index));
    }
    let before = reading.words.get(index - 1);
    let is_after_small = before.is_some_and(|word| word.shape == Shape::Small)
        && matches!(reading.gap(index - 1), " " | ", " | " (");
    is_after_small && !matches!(reading.folded(index - 1), "the" | "a" | "an")
}

/// Whether a capitalised word that may be a surname follows, so that this is a given name.
fn is_full(reading: &Reading<'_>, index: usize) -> bool {
    let is_next_capital = reading
        .words
        .get(index + 1)
        .is_some_and(|word| word.shape == Shape::Capital);
    let next = reading.folded(index + 1);
    let is_next_name =
        is_unknown(next) && !is_eponym(next) || is_surname(next) && !is_eponymous(reading, index + 1);
    let is_next_initial = reading
        .words
        .get(index + 1)
        .is_some_and(|word| word.shape == Shape::Initial)
        && reading.gap(index + 1).starts_with(". ");
    matches!(reading.gap(index), " " | "-") && (is_next_capital && is_next_name || is_next_initial)
}

/// Whether words in small letters stand on one side at least: a title line is all capitals.
fn is_within_sentence(reading: &Reading<'_>, index: usize) -> bool {
    let is_small = |place: Option<usize>| {
        place
            .and_then(|place| reading.words.get(place))
            .is_some_and(|word| word.shape == Shape::Small)
    };
    let has_small_before = is_small(index.checked_sub(1)) || is_small(index.checked_sub(2));
    has_small_before || is_small(Some(index + 1)) && reading.gap(index) == " "
}

/// Whether a capitalised word belongs to the name before it.
fn extends(reading: &Reading<'_>, name: usize, index: usize) -> bool {
    if !joins(reading, name) {
        return false;
    }
    let folded = reading.folded(index);
    let is_hyphened = matches!(reading.gap(name), "-" | "‐");
    let is_name = is_hyphened || is_unknown(folded) || is_given_name(folded) || is_surname(folded);
    match reading.words.get(index).map(|word| word.shape) {
        Some(Shape::Capital) => {
            is_name
                && !is_function_word(folded)
                && !is_not_a_name(folded)
                && !is_eponymous(reading, index)
                && !is_before_number(reading, index)
        }
        Some(Shape::Small) if is_hyphened => !is_common(folded),
        Some(Shape::Initial) => reading.gap(index).starts_with('.') || is_capital(reading, index + 1),
        Some(Shape::Small) => {
            is_particle(reading, index) && (is_capital(reading, index + 1) || is_particle(reading, index + 1))
        }
        Some(Shape::Capitals | Shape::Code) | None => false,
    }
}

/// Whether a word before a name is its first part: a given name that is also a word, an initial, a particle.
fn leads(reading: &Reading<'_>, index: usize) -> bool {
    if !joins(reading, index) {
        return false;
    }
    let folded = reading.folded(index);
    match reading.words.get(index).map(|word| word.shape) {
        Some(Shape::Capital) => {
            !is_function_word(folded)
                && !is_after_digit(reading, index)
                && (is_given_name(folded)
                    || is_particle(reading, index)
                    || is_unknown(folded) && !is_eponymous(reading, index)
                    || reading.gap(index) == "-" && !is_common(folded))
        }
        Some(Shape::Initial) => reading.gap(index).starts_with('.') && !is_after_digit(reading, index),
        Some(Shape::Small) => {
            is_particle(reading, index)
                && (!is_common(folded) || matches!(folded, "de" | "la" | "di" | "da" | "van" | "von"))
        }
        Some(Shape::Capitals) => reading.gap(index) == "-" && !is_common(folded),
        Some(Shape::Code) | None => false,
    }
}

fn is_after_digit(reading: &Reading<'_>, index: usize) -> bool {
    reading
        .gap_before(index)
        .trim_end()
        .ends_with(|sign: char| sign.is_ascii_digit())
}

fn is_capital(reading: &Reading<'_>, index: usize) -> bool {
    reading
        .words
        .get(index)
        .is_some_and(|word| word.shape == Shape::Capital)
}

/// Neighbouring words that are names, as far as gaps let them be one.
fn runs(reading: &Reading<'_>, is_name: &[bool]) -> Vec<Words> {
    let mut found: Vec<Words> = Vec::new();
    for index in (0..is_name.len()).filter(|index| is_name.get(*index) == Some(&true)) {
        match found.last_mut() {
            Some(last) if last.end == index && joins(reading, index - 1) => last.end = index + 1,
            _ => found.push(index..index + 1),
        }
    }
    found
}
