//! Hospitals, clinics, homes and schools by the word that ends their names, and wards.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::bytes;
use crate::notes::identifiers::lexicon::{
    is_common, is_function_word, is_given_name, is_not_a_name, is_surname,
};
use crate::notes::identifiers::pattern::compiled;
use crate::notes::identifiers::reading::{Reading, Shape};

/// Words that end the name of a place of care or learning.
const KINDS: [&str; 21] = [
    "hospital",
    "hospitals",
    "infirmary",
    "clinic",
    "hospice",
    "sanatorium",
    "memorial",
    "institute",
    "university",
    "college",
    "surgery",
    "practice",
    "va",
    "academy",
    "heights",
    "pharmacy",
    "dispensary",
    "rehab",
    "polyclinic",
    "school",
    "general",
];
/// Two words that end one.
const PAIRS: [(&str, &str); 29] = [
    ("medical", "center"),
    ("medical", "centre"),
    ("health", "center"),
    ("health", "centre"),
    ("nursing", "home"),
    ("care", "home"),
    ("rest", "home"),
    ("rehabilitation", "center"),
    ("rehabilitation", "centre"),
    ("rehabilitation", "unit"),
    ("assisted", "living"),
    ("family", "practice"),
    ("family", "medicine"),
    ("cancer", "center"),
    ("cancer", "centre"),
    ("medical", "group"),
    ("surgery", "center"),
    ("heart", "center"),
    ("treatment", "center"),
    ("wellness", "center"),
    ("health", "system"),
    ("care", "center"),
    ("children's", "center"),
    ("community", "center"),
    ("nursing", "center"),
    ("nursing", "centre"),
    ("care", "centre"),
    ("oncology", "institute"),
    ("eye", "institute"),
];
/// Words before a kind that name a department or any such place, and no certain one.
const GENERAL: [&str; 75] = [
    "outside",
    "psychiatric",
    "mental",
    "teaching",
    "nearby",
    "same",
    "different",
    "referring",
    "tertiary",
    "another",
    "back",
    "come",
    "return",
    "emergency",
    "pain",
    "outpatient",
    "inpatient",
    "sleep",
    "wound",
    "cardiology",
    "diabetes",
    "eye",
    "dental",
    "day",
    "the",
    "this",
    "our",
    "a",
    "an",
    "local",
    "walk-in",
    "walk",
    "urgent",
    "primary",
    "general",
    "acute",
    "private",
    "in",
    "orthopedic",
    "orthopaedic",
    "plastic",
    "cardiac",
    "vascular",
    "oncology",
    "neurology",
    "fertility",
    "antenatal",
    "prenatal",
    "memory",
    "headache",
    "heart",
    "breast",
    "skin",
    "foot",
    "hand",
    "spine",
    "bariatric",
    "oral",
    "thoracic",
    "colorectal",
    "elective",
    "major",
    "minor",
    "previous",
    "post",
    "high",
    "middle",
    "elementary",
    "nursing",
    "medical",
    "home",
    "family",
    "group",
    "clinical",
    "best",
];

static WARDS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i-u)\bward [a-z]?[0-9]{1,3}[a-z]?\b|\b(?-i:Ward|WARD) [A-Z]\b|\btower [0-9]{1,2} (?:north|south|east|west)\b|(?-i:\b(?:Tower |Level |Pod |Building )?[0-9]{1,2} (?:North|South|East|West|NORTH|SOUTH|EAST|WEST)\b(?: (?:Tower|Wing|Unit))?|\b(?:Tower|Wing|Pod) [0-9A-Z]{1,3}(?: (?:North|South|East|West))?\b)",
    )
});

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = WARDS
        .find_iter(reading.text)
        .filter(|ward| ward.as_str().len() > 3)
        .map(|ward| ward.range())
        .collect();
    found.extend((1..reading.words.len()).filter_map(|index| acronym(reading, index)));
    for index in 1..reading.words.len() {
        if let Some((first, end)) = institution(reading, index) {
            found.extend(bytes(reading, first, end));
        }
    }
    found
}

/// The words of an institution whose kind is a word, as first and past the last.
fn institution(reading: &Reading<'_>, kind: usize) -> Option<(usize, usize)> {
    let word = reading.words.get(kind)?;
    let folded = reading.folded(kind);
    let pair = PAIRS
        .iter()
        .any(|pair| *pair == (reading.folded(kind - 1), folded))
        && reading.gap(kind - 1) == " ";
    let is_ward = matches!(folded, "ward" | "unit" | "wing") && !pair;
    if !(pair || is_ward || KINDS.contains(&folded)) {
        return None;
    }
    let last_named = kind.checked_sub(1 + usize::from(pair))?;
    if word.shape == Shape::Small {
        if is_ward || matches!(folded, "school" | "pharmacy") {
            return None;
        }
        return dictated(reading, last_named, kind);
    }
    let first = named_from(reading, last_named)?;
    let names = first..=last_named;
    let is_general = names.clone().all(|index| is_of_no_place(reading, index));
    let needs_name = is_ward
        || matches!(
            folded,
            "surgery" | "practice" | "clinic" | "pharmacy" | "school" | "rehab"
        );
    let has_name = names.into_iter().any(|index| {
        let folded = reading.folded(index);
        !is_common(folded) || is_given_name(folded) || is_surname(folded) || is_name_of_place(folded)
    });
    if is_general || needs_name && !has_name {
        return None;
    }
    Some((first, of_place(reading, kind + 1)))
}

/// "Facility: RLI", "transferred from RLI": letters that are no known abbreviation.
fn acronym(reading: &Reading<'_>, index: usize) -> Option<Range<usize>> {
    const MOVES: [&str; 17] = [
        "transferred",
        "brought",
        "discharged",
        "referred",
        "hospitalized",
        "hospitalised",
        "taken",
        "seen",
        "admitted",
        "treated",
        "operated",
        "bed",
        "ambulance",
        "records",
        "moved",
        "flown",
        "airlifted",
    ];
    let word = reading.words.get(index)?;
    let folded = reading.folded(index);
    let before = reading.folded(index - 1);
    let gap = reading.gap(index - 1);
    if matches!(word.shape, Shape::Capital | Shape::Capitals)
        && !is_not_a_name(folded)
        && matches!(before, "facility" | "hospital" | "location" | "site" | "clinic")
        && gap.trim() == ":"
    {
        return super::capitalised(reading, index, 5).and_then(|end| bytes(reading, index, end));
    }
    let is_labelled = matches!(before, "facility" | "hospital" | "location" | "site") && gap.trim() == ":";
    let is_long = word.range.len() > 2 || index > 1 && MOVES.contains(&reading.folded(index - 2));
    let is_moved = matches!(before, "to" | "from" | "at") && gap == " " && is_long;
    let is_written = word.shape == Shape::Capitals && (2..=9).contains(&word.range.len());
    (is_written
        && (is_labelled || is_moved && !word.is_in_capitals)
        && !is_common(folded)
        && !is_not_a_name(folded))
    .then(|| word.range.clone())
}

fn is_of_no_place(reading: &Reading<'_>, index: usize) -> bool {
    let folded = reading.folded(index);
    GENERAL.contains(&folded) || is_function_word(folded)
}

/// Words that stand in the names of many places.
fn is_name_of_place(word: &str) -> bool {
    const WORDS: [&str; 43] = [
        "mercy",
        "sacred",
        "holy",
        "regional",
        "university",
        "veterans",
        "children",
        "park",
        "lane",
        "hill",
        "valley",
        "river",
        "riverside",
        "lake",
        "lakeside",
        "ridge",
        "oak",
        "pine",
        "cedar",
        "maple",
        "willow",
        "elm",
        "north",
        "south",
        "east",
        "west",
        "northern",
        "southern",
        "eastern",
        "western",
        "mount",
        "saint",
        "st",
        "royal",
        "grove",
        "view",
        "green",
        "sunrise",
        "harbor",
        "harbour",
        "blue",
        "bell",
        "spring",
    ];
    WORDS.contains(&word)
}

/// Back over the capitalised words of a name, with "of" and "the" between them.
fn named_from(reading: &Reading<'_>, last: usize) -> Option<usize> {
    const WORDS_MAX: usize = 6;
    let mut first = None;
    let mut index = last;
    for _ in 0..WORDS_MAX {
        let word = reading.words.get(index)?;
        let gap = reading.gap(index);
        let folded = reading.folded(index);
        if !(matches!(gap, " " | "-" | " & ") || gap == ". " && folded == "st") {
            break;
        }
        let is_named = matches!(word.shape, Shape::Capital | Shape::Capitals | Shape::Initial);
        let is_opener =
            super::is_opener(reading, index) || matches!(folded, "facility" | "location" | "hospital");
        if is_named && !is_opener {
            first = Some(index);
        } else if !matches!(folded, "of" | "and" | "the" | "for") {
            break;
        }
        let is_stop = reading.is_first_of_sentence(index);
        let Some(before) = index.checked_sub(1) else { break };
        if is_stop {
            break;
        }
        index = before;
    }
    first
}

/// "at elmhurst rehabilitation unit" in small letters: what stands between a preposition and the kind.
fn dictated(reading: &Reading<'_>, last: usize, kind: usize) -> Option<(usize, usize)> {
    const WORDS_MAX: usize = 4;
    const BEFORE: [&str; 7] = ["at", "to", "from", "in", "and", "by", "near"];
    let is_clear = !matches!(
        reading.folded(kind),
        "surgery" | "practice" | "heights" | "va" | "memorial" | "general"
    );
    for count in 1..=WORDS_MAX {
        let first = (last + 1).checked_sub(count)?;
        let is_saint = reading.folded(first) == "st" && reading.gap(first) == ". ";
        if !matches!(reading.gap(first), " " | "-") && !is_saint {
            return None;
        }
        let is_link = matches!(reading.folded(first), "of" | "the" | "and") && count < WORDS_MAX;
        if is_function_word(reading.folded(first))
            && !is_link
            && !is_our_lady(reading, first)
            && reading.folded(first) != "good"
        {
            return None;
        }
        let is_plain = first > 0 && BEFORE.contains(&reading.folded(first - 1));
        let has_name = (first..=last).any(|index| {
            !is_of_no_place(reading, index)
                && (!is_common(reading.folded(index)) || is_name_of_place(reading.folded(index)))
        });
        let is_hospital = matches!(reading.folded(kind), "hospital" | "infirmary" | "hospice")
            && !is_of_no_place(reading, last);
        let is_begun =
            !is_of_no_place(reading, first) || is_our_lady(reading, first) || reading.folded(first) == "good";
        if is_plain && (has_name || is_hospital || is_our_lady(reading, first)) && is_begun {
            return (is_clear || has_name).then_some((first, of_place(reading, kind + 1)));
        }
    }
    None
}

fn is_our_lady(reading: &Reading<'_>, index: usize) -> bool {
    reading.folded(index) == "our" && reading.folded(index + 1) == "lady"
}

/// Past "of Otter Creek" after a kind.
fn of_place(reading: &Reading<'_>, next: usize) -> usize {
    if reading.folded(next) != "of" || reading.gap_before(next) != " " {
        return next;
    }
    match super::capitalised(reading, next + 1, 4) {
        Some(end) => end,
        None if reading.words.get(next).is_some_and(|word| word.is_in_small) => small_place(reading, next),
        None => next,
    }
}

/// Up to three words that are no common ones after "of", in small letters.
fn small_place(reading: &Reading<'_>, of: usize) -> usize {
    let mut end = of + 1;
    while end < of + 3
        && reading.gap(end - 1) == " "
        && !is_function_word(reading.folded(end))
        && end < reading.words.len()
    {
        end += 1;
    }
    if end > of + 1 { end } else { of }
}
