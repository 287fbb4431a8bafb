//! Towns and counties: from the list, before a state, and after words that speak of places.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::addresses::is_state;
use super::{bytes, capitalised, is_opener};
use crate::notes::identifiers::eponyms::is_noun;
use crate::notes::identifiers::lexicon::{
    is_common, is_eponym, is_function_word, is_given_name, is_not_a_name, is_surname,
};
use crate::notes::identifiers::reading::{Reading, Shape};

/// Names of towns by their first word: the words that follow it.
static TOWNS: LazyLock<BTreeMap<&'static str, Vec<Vec<&'static str>>>> = LazyLock::new(|| {
    let mut towns: BTreeMap<&'static str, Vec<Vec<&'static str>>> = BTreeMap::new();
    let list = include_str!("../lists/cities.txt");
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split([' ', '-', '.', '\'']).filter(|word| !word.is_empty());
        if let Some(first) = words.next() {
            towns.entry(first).or_default().push(words.collect());
        }
    }
    for rest in towns.values_mut() {
        rest.sort_by_key(|words| std::cmp::Reverse(words.len()));
    }
    towns
});

/// Prepositions of places.
const PREPOSITIONS: [&str; 12] = [
    "in", "from", "to", "near", "of", "at", "around", "outside", "via", "through", "for", "the",
];
/// Words that speak of where somebody lives or goes.
const PLACE_WORDS: [&str; 68] = [
    "live",
    "lives",
    "lived",
    "living",
    "reside",
    "resides",
    "resided",
    "residing",
    "moved",
    "move",
    "moving",
    "born",
    "raised",
    "grew",
    "resident",
    "native",
    "travel",
    "travelled",
    "traveled",
    "travels",
    "travelling",
    "traveling",
    "trip",
    "visit",
    "visited",
    "visiting",
    "flew",
    "drove",
    "drives",
    "originally",
    "returned",
    "back",
    "home",
    "university",
    "urgent",
    "rehab",
    "family",
    "office",
    "crash",
    "accident",
    "studies",
    "flight",
    "weeks",
    "days",
    "months",
    "years",
    "stay",
    "stayed",
    "holiday",
    "vacation",
    "station",
    "native",
    "settled",
    "works",
    "worked",
    "working",
    "farm",
    "church",
    "immigrated",
    "emigrated",
    "hails",
    "comes",
    "came",
    "here",
    "up",
    "i'm",
    "care",
    "pharmacy",
];
/// Departments and the like, which capitals do not make places.
const NO_PLACES: [&str; 28] = [
    "emergency",
    "department",
    "room",
    "intensive",
    "care",
    "unit",
    "physical",
    "therapy",
    "occupational",
    "center",
    "clinic",
    "radiology",
    "surgery",
    "medicine",
    "floor",
    "service",
    "ward",
    "icu",
    "er",
    "ed",
    "or",
    "pacu",
    "nicu",
    "operating",
    "recovery",
    "theatre",
    "hospital",
    "police",
];

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for index in 0..reading.words.len() {
        let listed = listed(reading, index);
        let end = listed
            .or_else(|| county(reading, index))
            .or_else(|| before_state(reading, index))
            .or_else(|| after_place_word(reading, index))
            .or_else(|| before_office(reading, index));
        found.extend(end.and_then(|end| bytes(reading, index, end)));
    }
    found
}

/// A town of the list, unless the word has other uses here.
fn listed(reading: &Reading<'_>, first: usize) -> Option<usize> {
    let word = reading.words.get(first)?;
    let rests = TOWNS.get(reading.folded(first))?;
    let is_joined = |index: usize| matches!(reading.gap(index), " " | "-" | ". " | "'" | "’" | "." | " - ");
    let rest = rests.iter().find(|rest| {
        (0..rest.len()).all(|place| {
            is_joined(first + place) && rest.get(place) == Some(&reading.folded(first + place + 1))
        })
    })?;
    let folded = reading.folded(first);
    if first > 0 && reading.folded(first - 1) == "new" && folded == "york" {
        return None;
    }
    let end = on_river(reading, first + 1 + rest.len());
    let is_clear = !rest.is_empty()
        || !(is_common(folded) || is_eponym(folded) || is_given_name(folded) || is_surname(folded));
    let is_after_preposition = is_after(reading, first, &PREPOSITIONS);
    let is_small = word.shape == Shape::Small;
    let is_named = match word.shape {
        Shape::Capital => is_clear || is_after_preposition && !is_eponymous(reading, end),
        Shape::Capitals => is_clear,
        Shape::Small => is_clear && (is_after_preposition || word.is_in_small && folded.len() > 4),
        Shape::Initial | Shape::Code => false,
    };
    (is_named && !(is_small && is_function_word(folded))).then_some(end)
}

/// Past "upon Tyne" and "-on-Sea".
fn on_river(reading: &Reading<'_>, end: usize) -> usize {
    let is_link = matches!(reading.folded(end), "upon" | "on" | "under" | "le");
    let is_named = reading
        .words
        .get(end + 1)
        .is_some_and(|word| word.shape == Shape::Capital);
    let gap = end.checked_sub(1).map_or("", |last| reading.gap(last));
    let is_joined = reading.folded(end) == "upon" && gap == " " || gap == "-";
    let is_named = is_named
        || reading.folded(end) == "upon" && reading.words.get(end).is_some_and(|word| word.is_in_small)
        || gap == "-" && is_link;
    if is_link && is_named && is_joined {
        end + 2
    } else {
        end
    }
}

/// As in "Glasgow coma scale".
fn is_eponymous(reading: &Reading<'_>, next: usize) -> bool {
    const NOUNS: [&str; 12] = [
        "coma",
        "criteria",
        "score",
        "scale",
        "classification",
        "rules",
        "protocol",
        "heart",
        "disease",
        "virus",
        "class",
        "blood",
    ];
    NOUNS.contains(&reading.folded(next))
}

fn is_after(reading: &Reading<'_>, first: usize, words: &[&str]) -> bool {
    first > 0 && reading.gap(first - 1) == " " && words.contains(&reading.folded(first - 1))
}

/// "Cook County", "Orleans Parish", "County Kerry", "Pembrokeshire".
fn county(reading: &Reading<'_>, first: usize) -> Option<usize> {
    let word = reading.words.get(first)?;
    if !matches!(word.shape, Shape::Capital | Shape::Capitals) || is_function_word(reading.folded(first)) {
        return None;
    }
    let folded = reading.folded(first);
    let next = reading.folded(first + 1);
    let is_next_capital = reading
        .words
        .get(first + 1)
        .is_some_and(|word| matches!(word.shape, Shape::Capital | Shape::Capitals));
    let is_kind = matches!(
        next,
        "county" | "parish" | "borough" | "township" | "precinct" | "village"
    ) && is_next_capital;
    if is_kind && reading.gap(first) == " " && !matches!(folded, "the" | "county") {
        return Some(first + 2);
    }
    let is_before_name =
        matches!(folded, "county") && is_next_capital && reading.gap(first) == " " && !is_common(next);
    if is_before_name {
        return Some(first + 2);
    }
    let is_british = folded.ends_with("shire") && folded.len() > 7 && folded != "hampshire";
    let is_riding = matches!(folded, "north" | "south" | "east" | "west")
        && matches!(
            next,
            "yorkshire" | "sussex" | "midlands" | "lothian" | "glamorgan"
        );
    if is_riding {
        return Some(first + 2);
    }
    is_british.then_some(first + 1)
}

/// "Maple Hollow, OH": capitalised words, a comma, a state.
fn before_state(reading: &Reading<'_>, first: usize) -> Option<usize> {
    let is_start = !first.checked_sub(1).is_some_and(|before| {
        reading.gap(before) == " "
            && reading
                .words
                .get(before)
                .is_some_and(|word| word.shape == Shape::Capital)
            && !is_function_word(reading.folded(before))
    });
    if !is_start || is_opener(reading, first) || is_not_a_name(reading.folded(first)) {
        return None;
    }
    if !matches!(reading.words.get(first)?.shape, Shape::Capital | Shape::Capitals) {
        return None;
    }
    let end = capitalised(reading, first, 4)?;
    let state = reading.words.get(end)?;
    let is_code = state.range.len() == 2;
    let is_capital = if is_code || state.is_in_capitals {
        state.shape == Shape::Capitals
    } else {
        state.shape == Shape::Capital
    };
    let next_two = matches!(
        reading.folded(end),
        "new" | "north" | "south" | "west" | "rhode" | "district"
    );
    let is_named = is_state(reading.folded(end)) || next_two && is_state(reading.folded(end + 1));
    let is_person = matches!(reading.folded(end), "md" | "pa" | "ma")
        && !reading
            .gap(end)
            .trim_start()
            .starts_with(|sign: char| sign.is_ascii_digit())
        && !is_after(reading, first, &PREPOSITIONS);
    (reading.gap(end - 1) == ", " && is_capital && is_named && !is_person).then_some(end)
}

/// "the Sandy Gulch office".
fn before_office(reading: &Reading<'_>, first: usize) -> Option<usize> {
    let word = reading.words.get(first)?;
    if word.shape != Shape::Capital || !is_after(reading, first, &["the", "our"]) {
        return None;
    }
    let end = capitalised(reading, first, 4)?;
    let is_office = matches!(
        reading.folded(end),
        "office" | "area" | "branch" | "campus" | "store" | "plant" | "location"
    );
    let is_named = (first..end)
        .all(|index| !is_not_a_name(reading.folded(index)) && !NO_PLACES.contains(&reading.folded(index)));
    (is_office && is_named && reading.gap(end - 1) == " ").then_some(end)
}

/// "lives in", "i'm from", "born in": what follows is a place, even of common words.
fn is_home(reading: &Reading<'_>, first: usize) -> bool {
    let word = |back: usize| first.checked_sub(back).map_or("", |index| reading.folded(index));
    let is_in = matches!(word(1), "in" | "from")
        && matches!(
            word(2),
            "live"
                | "lives"
                | "lived"
                | "living"
                | "born"
                | "resides"
                | "raised"
                | "i'm"
                | "originally"
                | "up"
                | "comes"
                | "here"
        )
        || word(1) == "to" && matches!(word(2), "moved" | "move" | "moving");
    is_in && first > 1 && reading.gap(first - 2) == " "
}

/// Where people live that is no town.
fn is_dwelling(word: &str) -> bool {
    matches!(
        word,
        "home"
            | "house"
            | "apartment"
            | "assisted"
            | "nursing"
            | "group"
            | "shelter"
            | "fear"
            | "pain"
            | "hospital"
            | "town"
            | "care"
            | "supported"
            | "sheltered"
            | "residential"
            | "hospice"
            | "prison"
            | "bed"
            | "school"
            | "work"
    )
}

/// "moved here from Lower Snodbury", "in chicago": a preposition with a word that speaks of places before it.
fn after_place_word(reading: &Reading<'_>, first: usize) -> Option<usize> {
    if !is_after(reading, first, &PREPOSITIONS[..9])
        || is_opener(reading, first) && !matches!(reading.folded(first), "great" | "good" | "new" | "old")
    {
        return None;
    }
    let is_of_place = (2..=5)
        .filter_map(|back| first.checked_sub(back))
        .take_while(|index| !reading.gap(*index).contains(['.', ';', '\n']))
        .any(|index| PLACE_WORDS.contains(&reading.folded(index)));
    let is_excluded = |index: usize| {
        let folded = reading.folded(index);
        NO_PLACES.contains(&folded) || is_not_a_name(folded) || is_state(folded) || is_noun(folded)
    };
    let word = reading.words.get(first)?;
    if is_of_place && word.shape == Shape::Small && word.is_in_small {
        let is_home = is_home(reading, first);
        let is_of_name = |index: usize| {
            let folded = reading.folded(index);
            let is_adjective = index == first && matches!(folded, "great" | "good" | "new" | "old");
            let is_word = is_home
                && (is_adjective || !is_function_word(folded))
                && !folded.ends_with("ly")
                && index < first + 2;
            (is_word || !is_common(folded) || index > first && reading.gap(index - 1) == "-")
                && (index > first && reading.gap(index - 1) == "-" || !is_excluded(index))
                && !is_dwelling(folded)
                && index < reading.words.len()
        };
        let mut end = first;
        while end < first + 4 && is_of_name(end) {
            end += 1;
            let is_saint = matches!(reading.folded(end - 1), "st" | "mt") && reading.gap(end - 1) == ". ";
            if !matches!(reading.gap(end - 1), " " | "-") && !is_saint {
                break;
            }
        }
        return (end > first).then_some(end);
    }
    let end = capitalised(reading, first, 5)?;
    let is_named = is_of_place || (first..end).any(|index| !is_common(reading.folded(index)));
    let is_code = word.shape == Shape::Capitals && !word.is_in_capitals;
    let is_long = end > first + 1 || is_of_place;
    (is_named && is_long && !is_code && !(first..end).any(is_excluded) && !is_eponymous(reading, end))
        .then_some(end)
}
