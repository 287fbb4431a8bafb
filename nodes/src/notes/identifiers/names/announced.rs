//! Names that a word announces: a title, a relation, a heading, or letters such as MD after them.

use super::Words;
use super::run::{
    Manner, is_credential, is_listed, is_named, is_particle, is_spelled_credential, is_unknown, joins, read,
};
use crate::notes::identifiers::eponyms::is_before_noun;
use crate::notes::identifiers::lexicon::{
    is_common, is_eponym, is_function_word, is_given_name, is_not_a_name, is_surname,
};
use crate::notes::identifiers::reading::{Reading, Shape};

const TITLES: [&str; 28] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "drs",
    "doctor",
    "prof",
    "professor",
    "rev",
    "reverend",
    "nurse",
    "sister",
    "sr",
    "matron",
    "midwife",
    "mister",
    "missus",
    "sir",
    "dame",
    "officer",
    "rn",
    "np",
    "pa",
    "lpn",
    "baby",
    "messrs",
];
const RELATIONS: [&str; 65] = [
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
    "sister",
    "aunt",
    "uncle",
    "cousin",
    "niece",
    "nephew",
    "grandson",
    "granddaughter",
    "grandmother",
    "grandfather",
    "partner",
    "spouse",
    "fiance",
    "fiancee",
    "girlfriend",
    "boyfriend",
    "friend",
    "neighbour",
    "neighbor",
    "carer",
    "caregiver",
    "guardian",
    "law",
    "stepson",
    "stepdaughter",
    "roommate",
    "twin",
    "widow",
    "nurse",
    "man",
    "woman",
    "gentleman",
    "lady",
    "boy",
    "girl",
    "colleague",
    "patient",
    "physio",
    "worker",
    "pharmacist",
    "therapist",
    "phlebotomist",
    "dietitian",
    "dietician",
    "chaplain",
    "physiotherapist",
    "receptionist",
    "paramedic",
    "radiographer",
    "audiologist",
    "counsellor",
    "counselor",
    "psychologist",
    "manager",
    "coordinator",
];
const LABELS: [&str; 56] = [
    "name",
    "re",
    "attending",
    "physician",
    "pcp",
    "consultant",
    "surgeon",
    "assistant",
    "anesthesia",
    "anaesthesia",
    "anesthesiologist",
    "anaesthetist",
    "anesthetist",
    "kin",
    "nok",
    "contact",
    "spouse",
    "interpreter",
    "author",
    "by",
    "provider",
    "guarantor",
    "caller",
    "from",
    "cc",
    "attn",
    "attention",
    "employer",
    "visitor",
    "midwife",
    "signed",
    "signature",
    "therapist",
    "carer",
    "guardian",
    "partner",
    "resident",
    "scribe",
    "witness",
    "proxy",
    "informant",
    "person",
    "practitioner",
    "gp",
    "to",
    "translator",
    "chaperone",
    "operator",
    "radiologist",
    "pathologist",
    "worker",
    "coordinator",
    "manager",
    "referrer",
    "hcp",
    "keyworker",
];
/// Headings that are also the names of speakers.
const SPEAKERS: [&str; 14] = [
    "patient",
    "pt",
    "doctor",
    "nurse",
    "mother",
    "father",
    "son",
    "daughter",
    "wife",
    "husband",
    "family",
    "clinician",
    "client",
    "dr",
];

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Words> {
    let mut found = Vec::new();
    for index in 0..reading.words.len() {
        let names = [
            after_title(reading, index),
            after_relation(reading, index),
            after_label(reading, index),
            before_credential(reading, index),
        ];
        found.extend(names.into_iter().flatten());
    }
    found
}

/// "Dr. Ortega", "Mr and Mrs Ortega", "Nurse Ortega".
fn after_title(reading: &Reading<'_>, index: usize) -> Option<Words> {
    let title = reading.folded(index);
    let is_gap = matches!(reading.gap(index), " " | ". " | "." | "  " | ".  ");
    let first = index + 1;
    let word = reading.words.get(first)?;
    if !is_gap
        || !TITLES.contains(&title)
        || reading.is_possessive(index)
        || word.shape == Shape::Small && !is_particle(reading, first)
    {
        return None;
    }
    let name = reading.folded(first);
    let is_unit = reading.words.get(index)?.shape == Shape::Small
        && title == "ms"
        && !(reading.gap(index) == " "
            && (is_listed(reading.folded(first)) || is_unknown(reading.folded(first))))
        && reading
            .gap_before(index)
            .trim_end()
            .ends_with(|sign: char| sign.is_ascii_digit());
    let is_brand = is_unit || matches!((title, name), ("dr", "pepper") | ("ms", "contin"));
    let is_weak = matches!(
        title,
        "baby" | "sister" | "sr" | "pa" | "np" | "rn" | "officer" | "miss" | "sir" | "lpn"
    ) || word.is_in_capitals;
    if is_brand
        || is_weak && is_common(name) && !is_surname(name) && !is_given_name(name)
        || is_weak && is_not_a_name(name)
    {
        return None;
    }
    let is_title = reading.words.get(index)?.shape != Shape::Small
        || !is_common(name)
        || is_surname(name)
        || is_given_name(name)
        || is_formal(title);
    read(reading, first, Manner::Capital)
        .filter(|_| is_title)
        .map(|end| first..end)
}

/// Titles that nothing but a name follows.
fn is_formal(title: &str) -> bool {
    matches!(title, "mr" | "mrs" | "ms" | "dr" | "prof" | "mister" | "missus")
}

/// "her daughter Anna", "the patient's son, Anna", "Mum (Anna)", "my brother's name is Anna".
fn after_relation(reading: &Reading<'_>, index: usize) -> Option<Words> {
    if !matches!(reading.gap(index), " " | ", " | " (" | ": ") || !RELATIONS.contains(&reading.folded(index))
    {
        return None;
    }
    let mut first = index + 1;
    let mut gap = reading.gap(index);
    for link in ["name", "is", "named", "called"] {
        if reading.folded(first) == link && gap == " " {
            gap = reading.gap(first);
            first += 1;
        }
    }
    let word = reading.words.get(first)?;
    if word.shape == Shape::Small || !matches!(gap, " " | ", " | " (" | ": ") {
        return None;
    }
    let name = reading.folded(first);
    let is_speaker = gap == ": ";
    let is_baby = index > 0 && reading.folded(index - 1) == "baby" && (is_surname(name) || is_eponym(name));
    let is_name = is_baby
        || is_unknown(name) && !is_eponym(name)
        || is_given_name(name) && !is_function_word(name) && !(is_speaker && is_common(name))
        || is_surname(name) && !is_eponym(name) && gap == " ";
    let is_long = word.shape != Shape::Capitals || word.is_in_capitals || name.len() > 3;
    let end = read(reading, first, Manner::Capital)?;
    (is_name && is_long && !is_before_noun(reading, end - 1)).then_some(first..end)
}

/// "Attending: Samuel Ortega", "Name: Ortega, Samuel".
fn after_label(reading: &Reading<'_>, index: usize) -> Option<Words> {
    let label = reading.folded(index);
    let gap = reading.gap(index).trim_start();
    if gap.len() > 16 || !gap.contains(':') {
        return None;
    }
    let is_label = LABELS.contains(&label);
    let is_speaker = SPEAKERS.contains(&label);
    let after_colon = gap.trim_start_matches([')', '(', 's', '.', ' ', '#']);
    if !(is_label || is_speaker)
        || !after_colon.starts_with(':')
        || !after_colon.trim_start_matches([':', ' ', '\t']).is_empty()
    {
        return None;
    }
    let first = past_titles(reading, index + 1);
    let end = read(reading, first, Manner::Label)?;
    let name = reading.folded(first);
    let is_name = is_unknown(name) || is_listed(name);
    let is_several = end > first + 1
        && (first..end).any(|place| is_unknown(reading.folded(place)) || is_named(reading.folded(place)));
    let is_vocative = is_speaker && is_given_name(name) && reading.gap(end - 1).starts_with(',');
    let is_accepted = if is_speaker {
        is_several || is_vocative || is_name && reading.gap(end - 1).starts_with(',')
    } else {
        is_name || is_several || is_named(name)
    };
    is_accepted.then_some(first..end)
}

fn past_titles(reading: &Reading<'_>, mut first: usize) -> usize {
    while TITLES.contains(&reading.folded(first)) && matches!(reading.gap(first), " " | ". " | ".") {
        first += 1;
    }
    first
}

/// "Samuel Ortega, MD", "Samuel Ortega RN", "Samuel Ortega M.D.".
fn before_credential(reading: &Reading<'_>, index: usize) -> Option<Words> {
    let last = index.checked_sub(1)?;
    let word = reading.words.get(index)?;
    if matches!(word.shape, Shape::Small | Shape::Capital) {
        return None;
    }
    let is_spelled = is_spelled_credential(reading, index);
    let is_letters =
        is_credential(reading.folded(index)) && matches!(word.shape, Shape::Capitals | Shape::Code);
    let gap = reading.gap(last);
    let is_ambiguous = matches!(reading.folded(index), "pt" | "ot" | "rd" | "do" | "pa");
    if !(is_spelled || is_letters)
        || !(gap == ", " || gap == " " && !is_ambiguous || gap == "," || gap == ". " && is_spelled)
    {
        return None;
    }
    let mut first = index;
    while first > 0 && index - first < 6 && is_before_in_name(reading, first - 1, index) {
        first -= 1;
    }
    while first < index
        && (is_particle(reading, first) && reading.words.get(first)?.shape == Shape::Small
            || TITLES.contains(&reading.folded(first)))
    {
        first += 1;
    }
    let is_named =
        (first..index).any(|place| is_unknown(reading.folded(place)) || is_named(reading.folded(place)));
    (first < index && is_named).then_some(first..index)
}

fn is_before_in_name(reading: &Reading<'_>, place: usize, credential: usize) -> bool {
    let Some(word) = reading.words.get(place) else {
        return false;
    };
    let folded = reading.folded(place);
    let is_name = matches!(word.shape, Shape::Capital | Shape::Capitals | Shape::Initial)
        && !is_function_word(folded)
        && !is_not_a_name(folded)
        && (is_unknown(folded)
            || is_named(folded)
            || word.shape == Shape::Initial
            || place + 1 == credential);
    (is_name || is_particle(reading, place)) && (place + 1 == credential || joins(reading, place))
}
