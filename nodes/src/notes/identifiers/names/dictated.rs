//! Names in small letters, as a recogniser of speech or a hurried hand writes them.

use super::Words;
use super::run::{Manner, is_before_verb, is_listed, is_particle, is_unknown, read};
use crate::notes::identifiers::eponyms::{is_before_noun, is_before_number, is_eponymous};
use crate::notes::identifiers::lexicon::{is_common, is_eponym, is_function_word, is_given_name, is_surname};
use crate::notes::identifiers::reading::{Reading, Shape};

/// Titles that a name follows.
const TITLES: [&str; 18] = [
    "mr",
    "mrs",
    "ms",
    "mx",
    "dr",
    "prof",
    "mister",
    "missus",
    "doctor",
    "professor",
    "nurse",
    "miss",
    "midwife",
    "matron",
    "pa",
    "np",
    "rn",
    "physio",
];
/// Words that a name may follow, where the next word is no English.
const STRONG: [&str; 50] = [
    "regards",
    "wishes",
    "sincerely",
    "faithfully",
    "visitor",
    "nurse",
    "miss",
    "sister",
    "midwife",
    "patient",
    "name",
    "i'm",
    "named",
    "called",
    "by",
    "son",
    "daughter",
    "wife",
    "husband",
    "mother",
    "father",
    "mum",
    "mom",
    "dad",
    "brother",
    "aunt",
    "uncle",
    "cousin",
    "niece",
    "nephew",
    "grandson",
    "granddaughter",
    "partner",
    "friend",
    "hi",
    "hello",
    "dear",
    "thanks",
    "man",
    "woman",
    "gentleman",
    "lady",
    "colleague",
    "surgeon",
    "cc",
    "law",
    "neighbour",
    "neighbor",
    "worker",
    "it's",
];
/// Relations, after which a given name may also be a word.
const RELATIONS: [&str; 20] = [
    "son",
    "daughter",
    "wife",
    "husband",
    "mum",
    "mom",
    "dad",
    "brother",
    "sister",
    "aunt",
    "uncle",
    "cousin",
    "niece",
    "nephew",
    "grandson",
    "granddaughter",
    "partner",
    "friend",
    "name",
    "i'm",
];

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Words> {
    let mut found = Vec::new();
    let mut index = 0;
    while index < reading.words.len() {
        let is_after_name = index > 0
            && reading.folded(index - 1) == "and"
            && found.last().is_some_and(|last: &Words| last.end + 1 == index);
        let found_here = name(reading, index);
        match found_here.or_else(|| {
            if is_after_name {
                companion(reading, index)
            } else {
                None
            }
        }) {
            Some(words) => {
                index = words.end.max(index + 1);
                found.push(words);
            }
            None => index += 1,
        }
    }
    found
}

/// The second of "jack and babak".
fn companion(reading: &Reading<'_>, first: usize) -> Option<Words> {
    let folded = reading.folded(first);
    let is_small = reading.words.get(first).is_some_and(|word| word.is_in_small);
    let is_name =
        is_unknown(folded) && !is_eponym(folded) || is_given_name(folded) && !is_function_word(folded);
    let end = read(reading, first, Manner::Dictated)?;
    (is_small && is_name).then_some(first..end)
}

/// The name that begins at a word.
fn name(reading: &Reading<'_>, first: usize) -> Option<Words> {
    let word = reading.words.get(first)?;
    if word.shape != Shape::Small {
        return None;
    }
    let folded = reading.folded(first);
    if is_titled(reading, first) {
        return titled(reading, first);
    }
    if !word.is_in_small || is_function_word(folded) && folded.len() > 1 {
        return None;
    }
    if folded.len() == 1 {
        return initialled(reading, first);
    }
    let can_be_name = is_given_name(folded) || is_surname(folded) || is_unknown(folded);
    if !can_be_name || is_eponymous(reading, first) || is_before_number(reading, first) {
        return None;
    }
    let before = first.checked_sub(1).map_or("", |index| reading.folded(index));
    let is_met = is_met(reading, first, before);
    if is_thing(reading, first, before) && !is_met {
        return None;
    }
    let is_announced =
        STRONG.contains(&before) && matches!(reading.gap_before(first), " " | ", " | " (" | ": ");
    let is_name = is_met
        || is_known(reading, first, before)
        || is_called(reading, first)
        || is_subject(reading, first)
        || is_pair(reading, first, before)
        || is_unknown(folded) && (is_announced && folded.len() > 2 || has_accent(reading, first));
    if !is_name {
        return None;
    }
    let end = read(reading, first, Manner::Dictated)?;
    let is_of_thing = end == first + 1 && is_before_noun(reading, first) && !is_announced;
    let end = turned(reading, end);
    (!is_of_thing).then_some(first..end)
}

/// Whether an eponym stands here for a thing and not for somebody.
fn is_thing(reading: &Reading<'_>, first: usize, before: &str) -> bool {
    let folded = reading.folded(first);
    let is_given = is_given_name(folded) && !is_common(folded);
    let is_of_someone = is_given
        || is_after_author(reading, first)
        || is_before_surname(reading, first)
        || RELATIONS.contains(&before);
    is_eponym(folded) && (!is_of_someone || is_before_noun(reading, first))
}

/// Whether the lists know the word as a name, and it stands as one.
fn is_known(reading: &Reading<'_>, first: usize, before: &str) -> bool {
    let folded = reading.folded(first);
    let is_relative = is_given_name(folded) && RELATIONS.contains(&before);
    let is_clear = is_listed(folded) && (is_given_name(folded) && folded.len() > 3 || folded.len() > 5);
    let is_hyphened =
        is_given_name(folded) && reading.gap(first) == "-" && is_given_name(reading.folded(first + 1));
    is_relative || is_clear || is_hyphened || is_before_surname(reading, first)
}

/// "ramsbottom tolerated the procedure well".
fn is_subject(reading: &Reading<'_>, first: usize) -> bool {
    let folded = reading.folded(first);
    let is_stranger = is_unknown(folded) && !is_eponym(folded) && is_before_verb(reading, first, true);
    let is_surname = is_surname(folded) && !is_common(folded) && folded.len() > 3;
    let is_doing =
        is_before_verb(reading, first, false) && !matches!(reading.folded(first + 1), "and" | "will" | "had");
    is_stranger || is_surname && is_doing
}

/// Letters with accents, which English has in few words.
fn has_accent(reading: &Reading<'_>, index: usize) -> bool {
    let written = reading
        .words
        .get(index)
        .and_then(|word| reading.text.get(word.range.clone()));
    written.is_some_and(|written| written.chars().any(|letter| matches!(letter, 'ß'..='ž')))
}

/// Past the given name after a comma: "rodriguez, bartholomew".
fn turned(reading: &Reading<'_>, end: usize) -> usize {
    let folded = reading.folded(end);
    let is_given = is_given_name(folded) && !is_common(folded) || is_unknown(folded);
    let is_after_label = end > 1 && matches!(reading.gap_before(end - 1), ": ");
    if is_after_label && reading.gap(end - 1) == ", " && is_given {
        end + 1
    } else {
        end
    }
}

/// "for victor wojcik", "by cliff abdi": a given name that may be a word, and a surname.
fn is_before_surname(reading: &Reading<'_>, first: usize) -> bool {
    let before = first.checked_sub(1).map_or("", |index| reading.folded(index));
    let is_announced =
        STRONG.contains(&before) || matches!(before, "for" | "with" | "from" | "to" | "and" | "am" | "on");
    let is_patient = before == "is" && first > 1 && matches!(reading.folded(first - 2), "patient" | "name");
    let is_second = is_name_word(reading, first + 1)
        || is_particle(reading, first + 1) && is_unknown(reading.folded(first + 2));
    is_given_name(reading.folded(first)) && (is_announced || is_patient) && is_second
}

/// "the patient is dilnoza banerjee", "a note for horatio den hartog": two words that are no English.
fn is_pair(reading: &Reading<'_>, first: usize, before: &str) -> bool {
    let is_announced = matches!(
        before,
        "for" | "is" | "with" | "from" | "to" | "on" | "am" | "and" | "saw" | "that's"
    );
    let next = reading.folded(first + 1);
    let is_name = |folded: &str| is_unknown(folded) && !is_eponym(folded) || is_listed(folded);
    let is_second = is_name(next)
        || is_surname(next) && !is_eponym(next) && !is_function_word(next)
        || is_particle(reading, first + 1) && is_name(reading.folded(first + 2));
    is_announced
        && is_name(reading.folded(first))
        && is_second
        && reading.gap(first) == " "
        && !is_before_number(reading, first + 1)
}

/// "i saw autumn today", "telephoned lysander, no reply", "lives with ezekiel and two cats".
fn is_met(reading: &Reading<'_>, first: usize, before: &str) -> bool {
    let folded = reading.folded(first);
    let is_name = is_unknown(folded) && !is_eponym(folded) || is_given_name(folded);
    let is_person = matches!(
        before,
        "saw"
            | "telephoned"
            | "phoned"
            | "rang"
            | "that's"
            | "phlebotomist"
            | "dietitian"
            | "chaplain"
            | "physiotherapist"
    );
    let next = reading.folded(first + 1);
    let is_companion = matches!(before, "with" | "to")
        && (matches!(next, "and" | "today" | "who" | "for") && !is_common(folded) && is_given_name(folded)
            || reading.gap(first) == ", " && matches!(next, "the" | "his" | "her" | "who")
            || next == "and" && matches!(reading.folded(first + 2), "his" | "her"));
    is_name
        && !is_function_word(folded)
        && (is_person || is_companion)
        && matches!(reading.gap_before(first), " ")
}

/// "doctor: archibald, would you", "all right, melody".
fn is_called(reading: &Reading<'_>, first: usize) -> bool {
    let folded = reading.folded(first);
    let before = first.checked_sub(1).map_or("", |index| reading.folded(index));
    let is_turn = reading.gap_before(first).contains(':')
        && reading.gap(first) == ", "
        && (is_unknown(folded) || is_given_name(folded))
        && !is_function_word(folded);
    let is_greeted = matches!(
        before,
        "right" | "thanks" | "you" | "hello" | "hi" | "okay" | "morning" | "bye" | "it's"
    ) && (is_given_name(folded) || is_unknown(folded) && before != "it's");
    let is_apart = reading.gap_before(first) == ", " || matches!(before, "it's" | "hi" | "hello");
    is_turn || is_greeted && is_apart && !reading.gap(first).starts_with(' ')
}

/// "per m. virtanen".
fn initialled(reading: &Reading<'_>, first: usize) -> Option<Words> {
    const BEFORE: [&str; 13] = [
        "per",
        "by",
        "dr",
        "doctor",
        "wishes",
        "regards",
        "with",
        "and",
        "sincerely",
        "mr",
        "mrs",
        "ms",
        "cc",
    ];
    let before = first.checked_sub(1).map_or("", |index| reading.folded(index));
    let is_stopped = matches!(reading.gap(first), ". " | ".");
    let mut next = first + 1;
    while next < first + 3 && reading.folded(next).len() == 1 && matches!(reading.gap(next), ". " | ".") {
        next += 1;
    }
    let end = read(reading, next, Manner::Dictated);
    let is_name = is_stopped && BEFORE.contains(&before);
    match end {
        Some(end) if is_name => Some(first..end),
        _ => (is_name && next > first + 1).then_some(first..next),
    }
}

/// Whether a word can be the second of a name.
fn is_name_word(reading: &Reading<'_>, index: usize) -> bool {
    let folded = reading.folded(index);
    reading.gap_before(index) == " "
        && (is_unknown(folded) || is_surname(folded) && !is_function_word(folded))
}

/// "refilled by wilson": a surname, even if it is also that of a thing.
fn is_after_author(reading: &Reading<'_>, first: usize) -> bool {
    let folded = reading.folded(first);
    let before = first.checked_sub(1).map_or("", |index| reading.folded(index));
    (is_surname(folded) || is_given_name(folded))
        && matches!(before, "by" | "colleague" | "dear" | "nurse" | "miss" | "midwife")
        && !is_before_noun(reading, first)
}

fn is_titled(reading: &Reading<'_>, first: usize) -> bool {
    first > 0
        && TITLES.contains(&reading.folded(first - 1))
        && matches!(reading.gap(first - 1), " " | ". " | " (")
}

/// After "mister" any word but a function word is a name; after "doctor" one that is no English, or a listed name.
fn titled(reading: &Reading<'_>, first: usize) -> Option<Words> {
    let title = reading.folded(first - 1);
    let folded = reading.folded(first);
    if matches!((title, folded), ("ms", "contin") | ("dr", "pepper")) {
        return None;
    }
    let is_formal = !matches!(
        title,
        "doctor" | "professor" | "nurse" | "miss" | "midwife" | "matron" | "pa" | "np" | "rn" | "physio"
    );
    let is_unit = title == "ms"
        && !is_listed(folded)
        && !is_unknown(folded)
        && reading
            .gap_before(first - 1)
            .trim_end()
            .ends_with(|sign: char| sign.is_ascii_digit());
    if is_unit {
        return None;
    }
    let is_verb = is_common(folded) && !is_surname(folded) && !is_name_word(reading, first + 1);
    if let Some(end) = read(reading, first, Manner::Dictated).filter(|_| is_formal || !is_verb) {
        return Some(first..end);
    }
    let is_word = is_common(folded) && !is_function_word(folded);
    let is_name = is_formal && is_word || is_surname(folded);
    is_name.then_some(first..first + 1)
}
