//! Names that are those of things: "Parkinson's disease", "Wolff-Parkinson-White", "Swan-Ganz numbers".

use std::sync::LazyLock;

use super::lexicon::is_eponym;
use super::reading::{Reading, Shape};

static NOUNS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let text = include_str!("lists/eponym_nouns.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut nouns: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    nouns.sort_unstable();
    nouns
});

/// What belongs to a patient as often as to whom it was named after: "Ortega's drain".
const BELONGINGS: [&str; 32] = [
    "drain",
    "line",
    "lines",
    "tube",
    "catheter",
    "cast",
    "knee",
    "foot",
    "eye",
    "hernia",
    "ulcer",
    "ulcers",
    "fracture",
    "tumor",
    "tumour",
    "diet",
    "exercises",
    "plate",
    "pins",
    "wires",
    "headache",
    "seizure",
    "seizures",
    "operation",
    "procedure",
    "repair",
    "splint",
    "stoma",
    "carcinoma",
    "gait",
    "fever",
    "dementia",
];

/// Most names that hyphens or strokes join.
const JOINED_MAX: usize = 4;

/// Whether the word, or what hyphens join to it, is followed by a thing that is named after people.
pub(super) fn is_before_noun(reading: &Reading<'_>, index: usize) -> bool {
    let mut last = index;
    for _ in 0..JOINED_MAX {
        if !matches!(reading.gap(last), "-" | "–" | "/") {
            break;
        }
        last += 1;
    }
    let is_small = reading
        .words
        .get(last + 1)
        .is_some_and(|word| word.shape == Shape::Small || word.is_in_capitals);
    let is_owner = reading.is_possessive(last)
        && !is_eponym(reading.folded(last))
        && BELONGINGS.contains(&reading.folded(last + 1));
    matches!(reading.gap(last), " " | "' " | "’ ")
        && !is_owner
        && is_noun(reading.folded(last + 1))
        && (is_small || is_eponym(reading.folded(last)))
}

/// Whether what belongs to a patient follows a possessive.
pub(super) fn is_owner(reading: &Reading<'_>, index: usize) -> bool {
    reading.is_possessive(index)
        && reading.gap(index) == " "
        && BELONGINGS.contains(&reading.folded(index + 1))
}

/// Whether a folded word is a thing that is named after people.
pub(super) fn is_noun(folded: &str) -> bool {
    NOUNS.binary_search(&folded).is_ok()
}

/// Whether the word is one of several eponyms joined by hyphens, or stands alone as one: "known Parkinson's".
pub(super) fn is_eponymous(reading: &Reading<'_>, index: usize) -> bool {
    let is_joint = |gap: &str| matches!(gap, "-" | "–" | "/");
    let is_joined_before =
        index > 0 && is_joint(reading.gap(index - 1)) && is_eponym(reading.folded(index - 1));
    let is_joined_after = is_joint(reading.gap(index)) && is_eponym(reading.folded(index + 1));
    is_before_noun(reading, index)
        || is_eponym(reading.folded(index))
            && (is_joined_before || is_joined_after || is_listed_with_another(reading, index))
}

/// "Babinski and Hoffmann signs", "Weber and Rinne tests": the noun comes after the second, or before the first.
fn is_listed_with_another(reading: &Reading<'_>, index: usize) -> bool {
    let is_and = |place: usize| matches!(reading.folded(place), "and" | "or");
    let first_of_two =
        is_and(index + 1) && is_eponym(reading.folded(index + 2)) && is_before_noun(reading, index + 2);
    let second_of_two = index > 1 && is_and(index - 1) && is_eponym(reading.folded(index - 2));
    first_of_two || second_of_two
}

/// Whether a value follows at once: a dose, a score, a count, and no telephone number or date.
pub(super) fn is_before_value(reading: &Reading<'_>, index: usize) -> bool {
    let gap = reading.gap(index);
    let value = gap.trim_start_matches([' ', '=', ':', '<', '>', '~', '-']);
    let digit_count = value.bytes().take_while(u8::is_ascii_digit).count();
    let rest = value.get(digit_count..).unwrap_or_default();
    let joins = rest.starts_with(['-', '/', ')'])
        || rest.starts_with(' ')
            && rest
                .trim_start()
                .starts_with(|sign: char| sign.is_ascii_digit() || sign == '(');
    let is_number_of_somebody = digit_count > 6 || joins && digit_count > 0;
    gap.len() - value.len() < 4 && digit_count > 0 && !is_number_of_somebody
}

/// As [`is_before_value`], or before a code such as `CHA2DS2`.
pub(super) fn is_before_number(reading: &Reading<'_>, index: usize) -> bool {
    let is_code = reading
        .words
        .get(index + 1)
        .is_some_and(|word| word.shape == Shape::Code);
    is_before_value(reading, index) || is_code && reading.gap(index) == " "
}
