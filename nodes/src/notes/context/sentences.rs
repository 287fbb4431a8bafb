//! Where sentences of clinical notes begin and end.
//!
//! Notes are not prose: lines break within and between sentences, items have bullets, doses have stops. Invariant:
//! sentences come in order, never overlap, begin and end with a word, and every word is in one.

use std::ops::Range;

use super::super::words::{Reading, Sort};

/// Stand before names, with a stop that ends nothing.
const TITLES: [&str; 9] = ["dr", "drs", "mr", "mrs", "ms", "prof", "st", "vs", "rev"];
/// Shortened words: their stop ends a sentence only before a capital.
const SHORTENED: [&str; 46] = [
    "amp", "approx", "appt", "cap", "caps", "cc", "cm", "dept", "diff", "dx", "etc", "ext", "fig", "gm",
    "gms", "hr", "hrs", "hx", "inj", "kg", "lab", "labs", "lb", "lbs", "max", "mcg", "mg", "min", "mins",
    "ml", "mm", "mo", "mos", "neg", "pos", "pt", "pts", "resp", "rx", "sec", "tab", "tabs", "temp", "wk",
    "wks", "yrs",
];
/// No sentence ends with these, so a line that does goes on in the next.
const OPEN_ENDED: [&str; 48] = [
    "a", "an", "and", "any", "are", "as", "at", "been", "be", "but", "by", "can", "due", "for", "from",
    "had", "has", "have", "her", "his", "if", "in", "into", "is", "its", "may", "mild", "my", "no", "of",
    "on", "or", "our", "severe", "that", "the", "their", "to", "was", "were", "when", "which", "while",
    "who", "will", "with", "without", "your",
];
/// Words that a single capital letter follows and ends.
const LETTERED: [&str; 9] = [
    "vitamin",
    "hepatitis",
    "type",
    "group",
    "class",
    "grade",
    "influenza",
    "haemophilia",
    "plan",
];
/// A line shorter than this was ended by hand, unless its last word says that it goes on.
const WRAPPED_BYTES_MIN: usize = 45;
/// Most words before the colon of a heading.
const HEADING_WORDS_MAX: usize = 6;

/// The sentences of a text as ranges of bytes, without the space around them.
///
/// A sentence ends at `.`, `!` or `?` (not in abbreviations, decimals, initials or numbers of a list), at an empty
/// line, and at a line break before a bullet, a heading, a speaker or a line that does not go on the one before.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let reading = Reading::new(text);
    split(&reading)
        .into_iter()
        .map(|words| reading.bytes(words))
        .collect()
}

/// The sentences as ranges of words.
pub(super) fn split(reading: &Reading<'_>) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let (mut start, mut line) = (0, 0);
    for at in 1..reading.words.len() {
        let breaks = reading.words.get(at).map_or(0, |word| word.breaks);
        let ends = match breaks {
            0 => is_stop(reading, at, line),
            1 => is_stop(reading, at, line) || !goes_on(reading, at, line),
            _ => true,
        };
        if breaks > 0 {
            line = at;
        }
        if ends {
            all.push(start..at);
            start = at;
        }
    }
    if start < reading.words.len() {
        all.push(start..reading.words.len());
    }
    all
}

/// Whether a sentence ends with the mark before this word; `line` is the first word of the line.
fn is_stop(reading: &Reading<'_>, at: usize, line: usize) -> bool {
    let mark = match reading.written(at - 1) {
        ")" | "\"" | "\u{201d}" | "'" | "\u{2019}" if at >= 2 && reading.touches(at - 1) => at - 2,
        _ => at - 1,
    };
    // Closers belong to the sentence before.
    let is_closer = matches!(reading.written(at), ")" | "\"" | "\u{201d}" | "." | "!" | "?");
    if is_closer && reading.touches(at) {
        return false;
    }
    match reading.written(mark) {
        "!" | "\u{2026}" => true,
        // As in `?UTI`, where the mark belongs to what follows.
        "?" => !reading.touches(mark + 1) || reading.touches(mark),
        "." => is_full_stop(reading, mark, at, line),
        _ => false,
    }
}

/// Whether the stop before word `next` ends a sentence.
fn is_full_stop(reading: &Reading<'_>, mark: usize, next: usize, line: usize) -> bool {
    let Some(before) = mark.checked_sub(1) else {
        return true;
    };
    let word = reading.written(before);
    let is_name_next = starts_upper(reading.written(next));
    if next == mark + 1 && reading.touches(next) {
        let is_run_on = word.len() >= 3 && reading.sort(before) == Some(Sort::Letters) && !starts_upper(word);
        return is_run_on && is_name_next;
    }
    if reading.sort(before) == Some(Sort::Digits) {
        // The number of an item, as in `1. asthma`.
        return before != line || word.len() > 2;
    }
    if reading.is_one_of(before, &TITLES) {
        return false;
    }
    if reading.is_one_of(before, &SHORTENED) {
        return is_name_next;
    }
    if word.chars().count() > 1 || reading.sort(before) != Some(Sort::Letters) {
        return true;
    }
    let is_dotted = before >= 2 && reading.written(before - 1) == "." && reading.touches(before);
    if is_dotted {
        let next = reading.written(next);
        let is_acronym = next.len() > 1 && next.chars().all(char::is_uppercase);
        return is_name_next && !is_acronym;
    }
    // An initial, as in `J. Smith`, and not the end of `hepatitis B.`
    let is_letter_of = before > line && reading.is_one_of(before - 1, &LETTERED);
    !starts_upper(word) || !is_name_next || is_letter_of || word == "I"
}

/// Whether a line that begins with this word continues the line before.
fn goes_on(reading: &Reading<'_>, at: usize, line: usize) -> bool {
    if is_bullet(reading, at) || is_heading(reading, at) {
        return false;
    }
    if reading.written(at - 1) == "," || reading.is_one_of(at - 1, &OPEN_ENDED) {
        return true;
    }
    let next = reading.written(at);
    let is_lower = next
        .chars()
        .next()
        .is_some_and(|letter| letter.is_lowercase() || letter == '(');
    let line_bytes = reading.bytes(line..at).len();
    is_lower && line_bytes >= WRAPPED_BYTES_MIN && reading.written(at - 1) != ":"
}

/// Whether the word begins an item of a list.
pub(super) fn is_bullet(reading: &Reading<'_>, at: usize) -> bool {
    match reading.sort(at) {
        Some(Sort::Mark) => matches!(
            reading.written(at),
            "-" | "*" | "+" | "#" | ">" | "\u{2022}" | "\u{2013}" | "\u{b7}" | "\u{25cf}" | "\u{2014}"
        ),
        Some(Sort::Digits) => {
            reading.written(at).len() <= 2
                && matches!(reading.written(at + 1), "." | ")")
                && reading.touches(at + 1)
        }
        Some(Sort::Letters) | None => false,
    }
}

/// Whether a line begins with a few words and a colon.
fn is_heading(reading: &Reading<'_>, at: usize) -> bool {
    let last = at + HEADING_WORDS_MAX;
    (at..=last)
        .take_while(|place| *place == at || reading.words.get(*place).is_some_and(|word| word.breaks == 0))
        .any(|place| reading.written(place) == ":")
}

fn starts_upper(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}
