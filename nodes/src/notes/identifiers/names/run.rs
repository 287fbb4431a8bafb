//! Reads the words of one name: given names, initials, particles, surnames.

use crate::notes::identifiers::eponyms::{is_before_noun, is_before_value, is_eponymous};
use crate::notes::identifiers::lexicon::{
    is_common, is_eponym, is_function_word, is_given_name, is_medical_form, is_not_a_name, is_surname,
};
use crate::notes::identifiers::reading::{Reading, Shape};

/// How a name is written where it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// With capitals.
    Capital,
    /// With capitals, and perhaps the surname first: "Ortega, Samuel J.".
    Label,
    /// In small letters.
    Dictated,
}

/// Most words of a name.
const WORDS_MAX: usize = 7;
const PARTICLES: [&str; 34] = [
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "das", "do", "dos", "du", "la", "las",
    "le", "los", "el", "al", "bin", "ibn", "abu", "ben", "ter", "ten", "zu", "zur", "af", "st", "y", "mac",
    "mc", "o", "bint",
];
/// Letters after a name that are no part of it.
const CREDENTIALS: [&str; 36] = [
    "md", "do", "rn", "pa", "np", "phd", "lcsw", "crna", "lpn", "dds", "dmd", "dpm", "pharmd", "frcs",
    "frcp", "mrcp", "mrcgp", "mbbs", "mbchb", "bsn", "msn", "aprn", "ot", "pt", "slp", "rd", "rdn", "facs",
    "facp", "esq", "lmft", "psyd", "cnm", "arnp", "pac", "mph",
];
/// Verbs and the like that follow a name.
const VERBS: [&str; 104] = [
    "is",
    "was",
    "has",
    "had",
    "denies",
    "denied",
    "reports",
    "reported",
    "says",
    "said",
    "states",
    "stated",
    "slept",
    "tolerated",
    "presented",
    "presents",
    "lives",
    "lived",
    "called",
    "calls",
    "asked",
    "asks",
    "wants",
    "wanted",
    "feels",
    "felt",
    "told",
    "tells",
    "complains",
    "complained",
    "agrees",
    "agreed",
    "refused",
    "refuses",
    "declined",
    "walked",
    "ate",
    "drank",
    "woke",
    "will",
    "would",
    "did",
    "does",
    "and",
    "came",
    "went",
    "lost",
    "needs",
    "needed",
    "takes",
    "took",
    "gave",
    "gives",
    "works",
    "worked",
    "seems",
    "seemed",
    "looks",
    "looked",
    "arrived",
    "returned",
    "continues",
    "continued",
    "underwent",
    "received",
    "explained",
    "helps",
    "noticed",
    "remembers",
    "thinks",
    "knows",
    "who",
    "can",
    "brought",
    "brings",
    "remains",
    "remained",
    "stayed",
    "stays",
    "shares",
    "rang",
    "phoned",
    "telephoned",
    "translated",
    "settled",
    "advised",
    "recommended",
    "recommends",
    "suggested",
    "suggests",
    "reviewed",
    "examined",
    "assessed",
    "performed",
    "ordered",
    "prescribed",
    "noted",
    "discussed",
    "saw",
    "operated",
    "dictated",
    "signed",
    "confirmed",
    "spoke",
];
/// Those of them that a thing does not do.
const DEEDS_FROM: usize = 4;

/// The place after the last word of the name that begins at a word; none if none does.
pub(super) fn read(reading: &Reading<'_>, first: usize, manner: Manner) -> Option<usize> {
    let mut end = None;
    let mut index = first;
    let mut is_turned = false;
    while index < first + WORDS_MAX && index < reading.words.len() {
        let is_part = is_part(reading, index, first, manner);
        if is_part {
            end = Some(index + 1);
        } else if !is_particle(reading, index) {
            break;
        }
        let gap = reading.gap(index);
        let turns = manner == Manner::Label
            && is_part
            && !is_turned
            && gap == ", "
            && is_given_after_surname(reading, index + 1);
        if turns {
            is_turned = true;
        } else if !joins(reading, index) {
            break;
        }
        index += 1;
    }
    end
}

/// Whether a word is letters after a name, such as MD.
pub(super) fn is_credential(folded: &str) -> bool {
    CREDENTIALS.contains(&folded)
}

/// Whether initials with stops are letters after a name, as in "M.D.".
pub(super) fn is_spelled_credential(reading: &Reading<'_>, index: usize) -> bool {
    let is_initial = reading
        .words
        .get(index)
        .is_some_and(|word| word.shape == Shape::Initial);
    let pair = (reading.folded(index), reading.folded(index + 1));
    let is_pair = matches!(
        pair,
        ("m", "d") | ("d", "o") | ("r", "n") | ("p", "a") | ("n", "p") | ("b", "s") | ("d", "d") | ("f", "r")
    );
    is_initial
        && reading.gap(index) == "."
        && is_pair
        && (index == 0 || matches!(reading.gap(index - 1), ", " | "," | " " | ". "))
}

/// Whether a word of a name stands at its own: no word of English or medicine, no brand, no people.
pub(super) fn is_unknown(folded: &str) -> bool {
    folded.len() > 1
        && !is_common(folded)
        && !is_medical_form(folded)
        && !is_not_a_name(folded)
        && !is_credential(folded)
}

/// Whether the lists have a word as a name that is no other word.
pub(super) fn is_listed(folded: &str) -> bool {
    (is_given_name(folded) || is_surname(folded)) && !is_common(folded)
}

/// Whether the lists have a word as a name, whatever else it is.
pub(super) fn is_named(folded: &str) -> bool {
    is_given_name(folded) || is_surname(folded)
}

/// Whether the word after this one is a verb that people do; with `is_strict`, and things do not.
pub(super) fn is_before_verb(reading: &Reading<'_>, index: usize, is_strict: bool) -> bool {
    let verbs = if is_strict {
        VERBS.get(DEEDS_FROM..).unwrap_or_default()
    } else {
        &VERBS
    };
    let next = reading.folded(index + 1);
    reading.gap(index) == " "
        && verbs.contains(&next)
        && !(is_strict && matches!(next, "and" | "will" | "does" | "did" | "would"))
}

pub(super) fn is_particle(reading: &Reading<'_>, index: usize) -> bool {
    PARTICLES.contains(&reading.folded(index))
}

/// Whether the gap after a word lets the next belong to the same name.
pub(super) fn joins(reading: &Reading<'_>, index: usize) -> bool {
    let is_short = reading
        .words
        .get(index)
        .is_some_and(|word| word.shape == Shape::Initial)
        || matches!(reading.folded(index), "st" | "jr" | "wm" | "chas");
    match reading.gap(index) {
        " " => !reading.is_possessive(index),
        "-" | "‐" | "  " | "'" | "’" => true,
        ". " | "." | ".-" => {
            is_short
                || reading.folded(index).len() == 1
                    && reading.words.get(index).is_some_and(|word| word.is_in_small)
        }
        _ => false,
    }
}

fn is_part(reading: &Reading<'_>, index: usize, first: usize, manner: Manner) -> bool {
    let Some(word) = reading.words.get(index) else {
        return false;
    };
    let folded = reading.folded(index);
    let is_stopped = reading.gap(index).starts_with('.');
    let is_after_hyphen = index > first && matches!(reading.gap(index - 1), "-" | "‐");
    if index > first
        && (is_before_value(reading, index) && !is_given_name(folded) && !is_surname(folded)
            || is_spelled_credential(reading, index))
    {
        return false;
    }
    let is_short_second = folded.len() < 4 && index > 0 && is_given_name(reading.folded(index - 1));
    let is_hyphened = match word.shape {
        Shape::Small => !is_common(folded) || is_short_second,
        Shape::Capitals => !is_common(reading.folded(index.saturating_sub(1))),
        Shape::Capital | Shape::Initial | Shape::Code => false,
    };
    if is_after_hyphen && is_hyphened {
        return true;
    }
    let is_letter = word.shape == Shape::Initial || word.shape == Shape::Small && folded.len() == 1;
    if !is_letter && (is_function_word(folded) || is_credential(folded)) {
        return false;
    }
    match word.shape {
        Shape::Code => false,
        Shape::Initial => {
            is_stopped
                || index > first && !matches!(folded, "i" | "a")
                || is_capital(reading, index + 1) && !matches!(folded, "i" | "a")
        }
        Shape::Small => {
            let is_initial = folded.len() == 1 && is_stopped;
            manner == Manner::Dictated && (is_initial || is_dictated_part(reading, index, first))
        }
        Shape::Capitals if word.is_in_capitals => {
            index == first && !is_common(folded) || is_known_or_uncommon(folded)
        }
        Shape::Capitals => index == first || (folded.len() > 3 && is_known_or_uncommon(folded)),
        Shape::Capital => index == first || is_next_part(reading, index),
    }
}

/// A further capitalised word: a name, an unknown word, or one that a verb or a stop follows.
fn is_next_part(reading: &Reading<'_>, index: usize) -> bool {
    let folded = reading.folded(index);
    let is_thing = is_eponym(folded)
        && (reading.is_possessive(index) || is_eponymous(reading, index) || is_before_noun(reading, index));
    if is_thing
        || reading.gap(index - 1) != "-"
            && is_medical_form(folded)
            && !is_surname(folded)
            && !is_given_name(folded)
    {
        return false;
    }
    let is_closed = reading.gap(index).starts_with([',', '.', '\n', ')', ';'])
        || reading.gap(index).is_empty()
        || is_before_verb(reading, index, false);
    is_known_or_uncommon(folded) || is_closed && !is_not_a_name(folded)
}

fn is_known_or_uncommon(folded: &str) -> bool {
    is_given_name(folded) || is_surname(folded) || !is_common(folded) && !is_not_a_name(folded)
}

fn is_dictated_part(reading: &Reading<'_>, index: usize, first: usize) -> bool {
    let folded = reading.folded(index);
    let is_name = is_given_name(folded) || is_surname(folded);
    if index == first {
        return is_name || is_unknown(folded);
    }
    let is_thing = is_eponym(folded) && (is_eponymous(reading, index) || is_before_noun(reading, index));
    is_unknown(folded) && !is_thing
        || is_name
            && !is_thing
            && !is_not_a_name(folded)
            && (is_surname(folded) || !is_common(folded))
            && !is_before_noun(reading, index)
}

fn is_capital(reading: &Reading<'_>, index: usize) -> bool {
    reading
        .words
        .get(index)
        .is_some_and(|word| matches!(word.shape, Shape::Capital | Shape::Capitals | Shape::Initial))
}

/// Whether the word after a comma is a given name that was put behind the surname.
fn is_given_after_surname(reading: &Reading<'_>, index: usize) -> bool {
    let folded = reading.folded(index);
    let is_titled = matches!(folded, "mr" | "mrs" | "ms" | "dr" | "jr" | "sr");
    is_capital(reading, index)
        && !is_function_word(folded)
        && !is_credential(folded)
        && !is_spelled_credential(reading, index)
        && !is_titled
        && (!is_not_a_name(folded) || is_given_name(folded))
}
