//! Names by the turn of phrase they stand in: "signed by", a greeting, an address, a surname put first.

use super::Words;
use super::run::{
    Manner, is_before_verb, is_credential, is_listed, is_named, is_particle, is_unknown, joins, read,
};
use crate::notes::identifiers::eponyms::is_before_noun;
use crate::notes::identifiers::lexicon::{
    is_common, is_eponym, is_function_word, is_given_name, is_not_a_name, is_surname,
};
use crate::notes::identifiers::reading::{Reading, Shape};

/// Words that a name may follow.
const PHRASES: [&str; 53] = [
    "by",
    "with",
    "from",
    "to",
    "for",
    "per",
    "dear",
    "hi",
    "hello",
    "hey",
    "thanks",
    "you",
    "cc",
    "attn",
    "signed",
    "sincerely",
    "faithfully",
    "truly",
    "regards",
    "wishes",
    "named",
    "called",
    "as",
    "is",
    "i'm",
    "am",
    "see",
    "kin",
    "contact",
    "it's",
    "morning",
    "afternoon",
    "evening",
    "right",
    "bye",
    "goodbye",
    "re",
    "caller",
    "and",
    "colleague",
    "interpreter",
    "told",
    "asked",
    "saw",
    "met",
    "said",
    "okay",
    "that's",
    "telephoned",
    "phoned",
    "rang",
    "texted",
    "emailed",
];
/// What is done to a note, before "by" and whoever did it.
const WRITERS: [&str; 28] = [
    "transcribed",
    "typed",
    "dictated",
    "signed",
    "entered",
    "reviewed",
    "keyed",
    "written",
    "checked",
    "noted",
    "documented",
    "recorded",
    "countersigned",
    "initialled",
    "verified",
    "approved",
    "seen",
    "examined",
    "charted",
    "completed",
    "prepared",
    "authored",
    "prescribed",
    "refilled",
    "ordered",
    "authenticated",
    "performed",
    "assessed",
];

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Words> {
    let mut found = Vec::new();
    for index in 0..reading.words.len() {
        let names = [
            after_phrase(reading, index),
            addressed(reading, index),
            turned(reading, index),
        ];
        found.extend(names.into_iter().flatten());
    }
    found
}

/// "signed by Samuel Ortega", "Dear Anna", "This is Anna Ortega calling", "by S.O."
fn after_phrase(reading: &Reading<'_>, index: usize) -> Option<Words> {
    let phrase = reading.folded(index);
    let is_closing = matches!(
        phrase,
        "sincerely"
            | "faithfully"
            | "truly"
            | "regards"
            | "wishes"
            | "thanks"
            | "you"
            | "signed"
            | "right"
            | "okay"
            | "bye"
    );
    let gap = reading.gap(index);
    let is_gap = gap == " "
        || gap == ", "
        || is_closing && gap.trim_matches([',', ' ', '\n', '\r']).is_empty() && gap.len() < 6;
    let first = index + 1;
    let word = reading.words.get(first)?;
    let is_candidate = word.shape != Shape::Small || is_particle(reading, first);
    if !is_gap || !is_candidate || !PHRASES.contains(&phrase) {
        return None;
    }
    let name = reading.folded(first);
    match word.shape {
        Shape::Small
            if is_particle(reading, first)
                && gap == " "
                && !is_common(name) | matches!(name, "de" | "la" | "van" | "von") =>
        {
            read(reading, first, Manner::Capital).map(|end| first..end)
        }
        Shape::Small | Shape::Code => None,
        Shape::Initial if is_closing || phrase == "dear" => initials(reading, first),
        Shape::Initial => {
            initials(reading, first).filter(|_| matches!(phrase, "by" | "and" | "per" | "with" | "signed"))
        }
        Shape::Capitals if !word.is_in_capitals => {
            let is_author = phrase == "by" && word.range.len() < 5 && !is_credential(name) && index > 0;
            let is_writer = WRITERS.contains(&reading.folded(index.saturating_sub(1)));
            (is_author && is_writer && !is_not_a_name(name)).then_some(first..first + 1)
        }
        Shape::Capital | Shape::Capitals => {
            let manner = if matches!(phrase, "by" | "cc" | "signed" | "re" | "contact" | "kin") {
                Manner::Label
            } else {
                Manner::Capital
            };
            let end = read(reading, first, manner)?;
            let is_writer = phrase == "by" && index > 0 && WRITERS.contains(&reading.folded(index - 1));
            let is_author = is_writer
                || matches!(phrase, "by" | "hi" | "hello") && is_surname(name)
                || matches!(phrase, "dear" | "colleague");
            let is_thing = is_eponym(name) && end == first + 1 && !is_given_name(name) && !is_author;
            let is_addressed = (matches!(phrase, "dear" | "colleague") || is_writer) && is_eponym(name);
            let is_barred = is_not_a_name(name) && !(is_given_name(name) && end > first + 1);
            let is_name = (is_unknown(name) || is_named(name) || is_addressed) && !is_barred && !is_thing;
            let is_verb = is_common(name)
                && matches!(phrase, "and" | "is" | "as" | "you" | "told")
                && end == first + 1
                && !is_given_name(name);
            (is_name && !is_verb && !is_before_noun(reading, end - 1)).then_some(first..end)
        }
    }
}

/// "T.K.", "T. K.".
fn initials(reading: &Reading<'_>, first: usize) -> Option<Words> {
    let mut end = first;
    while reading
        .words
        .get(end)
        .is_some_and(|word| word.shape == Shape::Initial)
        && reading.gap(end).starts_with('.')
    {
        end += 1;
        if !joins(reading, end - 1) {
            break;
        }
    }
    if end > first
        && reading
            .words
            .get(end)
            .is_some_and(|word| word.shape == Shape::Capital)
        && joins(reading, end - 1)
    {
        return read(reading, first, Manner::Capital).map(|end| first..end);
    }
    let is_author = reading.folded(first - 1) == "by";
    (end > first + usize::from(!is_author)).then_some(first..end)
}

/// "Anna, could you get a chair?": a given name and a comma where a turn begins.
fn addressed(reading: &Reading<'_>, index: usize) -> Option<Words> {
    let gap = reading.gap_before(index);
    let word = reading.words.get(index)?;
    if word.shape != Shape::Capital || reading.gap(index) != ", " {
        return None;
    }
    let is_next_owner = matches!(
        reading.folded(index + 1),
        "his" | "her" | "the" | "their" | "who" | "my" | "our"
    );
    let begins =
        index == 0 || gap.contains(['\n', ':']) || is_next_owner && reading.is_first_of_sentence(index);
    let folded = reading.folded(index);
    let is_name = is_given_name(folded) && !is_function_word(folded)
        || is_unknown(folded) && (gap.contains(':') || is_next_owner);
    let is_next_small = reading
        .words
        .get(index + 1)
        .is_some_and(|next| next.shape == Shape::Small);
    (begins && is_name && is_next_small).then_some(index..index + 1)
}

/// "ORTEGA, SAMUEL J.": a surname, a comma and a given name where a sentence begins.
fn turned(reading: &Reading<'_>, index: usize) -> Option<Words> {
    if !reading.is_first_of_sentence(index) {
        return None;
    }
    let mut surname = index;
    while surname < index + 3 && is_particle(reading, surname) && joins(reading, surname) {
        surname += 1;
    }
    while surname < index + 3 && joins(reading, surname) && is_unknown(reading.folded(surname)) {
        surname += 1;
    }
    let folded = reading.folded(surname);
    let given = reading.folded(surname + 1);
    let is_written = |place: usize| {
        reading
            .words
            .get(place)
            .is_some_and(|word| matches!(word.shape, Shape::Capital | Shape::Capitals))
    };
    let is_name = (is_unknown(folded) || is_surname(folded))
        && is_written(surname)
        && is_written(surname + 1)
        && reading.gap(surname) == ", ";
    let has_initial = reading
        .words
        .get(surname + 2)
        .is_some_and(|word| word.shape == Shape::Initial)
        && reading.gap(surname + 2).starts_with('.');
    let is_before_deed = has_initial
        || is_before_verb(reading, surname + 1, true)
        || reading
            .words
            .get(surname + 1)
            .is_some_and(|word| word.is_in_capitals);
    let is_given = is_given_name(given) && !is_function_word(given)
        || is_unknown(given) && (is_listed(folded) || is_before_deed);
    let is_list = reading.gap(surname + 1).starts_with(',');
    if !is_name || !is_given || is_list {
        return None;
    }
    read(reading, index, Manner::Label)
        .filter(|end| *end > surname + 1)
        .map(|end| index..end)
}
