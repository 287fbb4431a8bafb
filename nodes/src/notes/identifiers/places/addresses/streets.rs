//! Streets by the word that ends their names: "12 Larkspur Lane, Apt 4B", "on W 23rd Street".

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::notes::identifiers::pattern::{compiled, ends_in_word, is_apart, lookback};
use crate::notes::identifiers::places::{bytes, is_opener};
use crate::notes::identifiers::reading::Reading;

/// Words that end the name of a street.
const KINDS: [&str; 54] = [
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "av",
    "lane",
    "ln",
    "drive",
    "dr",
    "boulevard",
    "blvd",
    "court",
    "ct",
    "close",
    "terrace",
    "ter",
    "place",
    "pl",
    "way",
    "crescent",
    "cres",
    "parkway",
    "pkwy",
    "circle",
    "cir",
    "gardens",
    "gdns",
    "mews",
    "square",
    "sq",
    "highway",
    "hwy",
    "row",
    "hill",
    "walk",
    "grove",
    "alley",
    "trail",
    "trl",
    "loop",
    "plaza",
    "turnpike",
    "pike",
    "rise",
    "green",
    "quay",
    "wharf",
    "broadway",
    "esplanade",
    "promenade",
    "expressway",
    "freeway",
];
/// Those of them that are clear wherever they stand.
const FULL: [&str; 13] = [
    "street",
    "road",
    "avenue",
    "lane",
    "boulevard",
    "terrace",
    "crescent",
    "parkway",
    "gardens",
    "mews",
    "highway",
    "grove",
    "turnpike",
];
/// Parts of a building.
const UNITS: [&str; 15] = [
    "flat",
    "apartment",
    "apt",
    "unit",
    "suite",
    "ste",
    "room",
    "rm",
    "floor",
    "fl",
    "building",
    "bldg",
    "block",
    "lot",
    "house",
];
/// Words in small letters that are in no street's name.
const SMALL: [&str; 28] = [
    "by", "from", "is", "was", "or", "as", "her", "his", "that", "a", "an", "he", "of", "the", "mg", "ml",
    "mcg", "for", "to", "in", "and", "on", "at", "units", "tablets", "days", "weeks", "with",
];
/// Most words between the number and the kind.
const WORDS_MAX: usize = 5;
/// Most bytes of one of them.
const WORD_BYTES_MAX: usize = 32;

/// What may follow the kind: a second kind ("Quarry Hill St."), and a part of the building.
static REST: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = KINDS.join("|");
    compiled(&format!(
        r"(?i-u)^\.?(?:[ ](?:{kinds})\b\.?)?(?:,?[ ](?:(?:flat|apartment|apt|unit|suite|ste|room|rm|floor)\.?[ ]?#?(?:[0-9]{{1,5}}[a-z]?|[a-z])\b|#[ ]?[0-9]{{1,5}}[a-z]?\b))?"
    ))
});

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for index in 1..reading.words.len() {
        if KINDS.contains(&reading.folded(index)) {
            found.extend(numbered(reading, index).or_else(|| unnumbered(reading, index)));
        }
    }
    found
}

/// "12 Larkspur Lane": back from the kind over a few words to a number.
fn numbered(reading: &Reading<'_>, kind: usize) -> Option<Range<usize>> {
    let text = reading.text;
    let word = reading.words.get(kind)?;
    let mut at = word.range.start;
    for count in 0..=WORDS_MAX {
        let token = token_before(text, at)?;
        let written = text.get(token.clone())?;
        if count > 0 && is_house_number(written.trim_end_matches(',')) {
            let after = text.get(word.range.end..)?;
            let is_stop = FULL.contains(&reading.folded(kind)) && after.starts_with('.');
            let rest = if is_stop {
                0
            } else {
                REST.find(after).map_or(0, |rest| rest.end())
            };
            let street = token.start..word.range.end + rest;
            let names = text.get(token.end..word.range.end)?;
            return is_street(text, &street, names).then(|| with_unit(text, street.start)..street.end);
        }
        let is_short = written.len() < 5;
        let ends = written.ends_with([',', ';', ':', ')']) || written.ends_with('.') && !is_short;
        let is_number = written.starts_with(|sign: char| sign.is_ascii_digit()) && !is_ordinal(written);
        if ends || is_number || SMALL.contains(&written) {
            return None;
        }
        at = token.start;
    }
    None
}

/// The run of signs before a place, past one or two spaces on the same line.
fn token_before(text: &str, at: usize) -> Option<Range<usize>> {
    let back = text.get(..at)?;
    let trimmed = back.trim_end_matches(' ');
    let start = trimmed
        .char_indices()
        .rev()
        .take(WORD_BYTES_MAX)
        .find(|(_, sign)| sign.is_whitespace() || *sign == '(')
        .map_or_else(
            || trimmed.len().saturating_sub(WORD_BYTES_MAX),
            |(at, sign)| at + sign.len_utf8(),
        );
    let start = (start..=trimmed.len()).find(|start| text.is_char_boundary(*start))?;
    ((1..=2).contains(&(back.len() - trimmed.len())) && start < trimmed.len()).then_some(start..trimmed.len())
}

/// "12", "12A", "12-14", "221/3b".
fn is_house_number(written: &str) -> bool {
    let is_part = |part: &str| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        (1..=6).contains(&digits)
            && part.len() <= digits + 1
            && part.bytes().skip(digits).all(|sign| sign.is_ascii_alphabetic())
    };
    !written.is_empty() && written.splitn(2, ['-', '/']).all(is_part)
}

fn is_ordinal(written: &str) -> bool {
    ["st", "nd", "rd", "th"].iter().any(|ending| {
        written.strip_suffix(ending).is_some_and(|rest| {
            (1..=3).contains(&rest.len()) && rest.bytes().all(|sign| sign.is_ascii_digit())
        })
    })
}

/// Whether the words are written as a name, or are few and the kind is written out.
fn is_street(text: &str, street: &Range<usize>, names: &str) -> bool {
    let is_title = names.ends_with("Dr")
        && text
            .get(street.end..)
            .is_some_and(|rest| rest.starts_with(' ') && rest.trim_start().starts_with(char::is_uppercase));
    let is_scan = names.ends_with("CT") && names.contains(|sign: char| sign.is_lowercase());
    let words: Vec<&str> = names
        .split([' ', ','])
        .filter(|word| word.starts_with(char::is_alphabetic))
        .collect();
    if is_title
        || is_scan
        || !is_apart(text, street.start, street.start + 1)
            && !text
                .get(..street.start)
                .is_some_and(|back| back.ends_with(['\n', ' ', '(', '\t']) || back.is_empty())
    {
        return false;
    }
    let capitals = words
        .iter()
        .filter(|word| word.starts_with(char::is_uppercase))
        .count();
    let is_written_out = words
        .last()
        .is_some_and(|word| FULL.contains(&word.to_ascii_lowercase().as_str()));
    let back = lookback(text, street.start, 20);
    let is_announced = ends_in_word(&back, &["at", "address", "live", "still"]);
    let is_in_building = with_unit(text, street.start) < street.start;
    let is_few = words.len() < 4;
    capitals == words.len()
        || (is_announced || is_in_building) && is_few
        || is_written_out && (is_few || is_announced || capitals > 1)
}

/// Back over "Flat 3, ".
fn with_unit(text: &str, start: usize) -> usize {
    let Some(code) = token_before(text, start) else {
        return start;
    };
    let is_code = text
        .get(code.clone())
        .is_some_and(|written| written.trim_end_matches(',').len() < 6);
    let unit = token_before(text, code.start).filter(|unit| {
        let written = text.get(unit.clone()).unwrap_or_default();
        UNITS.contains(&written.trim_end_matches('.').to_ascii_lowercase().as_str())
    });
    unit.filter(|_| is_code).map_or(start, |unit| unit.start)
}

/// "Larkspur Lane" without a number, in capitals.
fn unnumbered(reading: &Reading<'_>, kind: usize) -> Option<Range<usize>> {
    let word = reading.words.get(kind)?;
    let written = reading.text.get(word.range.clone())?;
    if !written.starts_with(char::is_uppercase) {
        return None;
    }
    let mut first = kind;
    while first > 0 && kind - first < WORDS_MAX && is_street_word(reading, first - 1) {
        first -= 1;
    }
    let is_ordinal = with_ordinal(reading.text, word.range.start) < word.range.start;
    let has_name = first < kind && !is_opener(reading, first) || first == kind && is_ordinal;
    if !has_name || !is_after_place_word(reading, first, kind) {
        return None;
    }
    let rest = reading.text.get(word.range.end..)?;
    let stop = usize::from(rest.starts_with('.') && !FULL.contains(&reading.folded(kind)));
    bytes(reading, first, kind + 1).map(|range| with_ordinal(reading.text, range.start)..range.end + stop)
}

fn is_street_word(reading: &Reading<'_>, index: usize) -> bool {
    let is_upper = reading.words.get(index).is_some_and(|word| {
        reading
            .text
            .get(word.range.start..)
            .is_some_and(|rest| rest.starts_with(char::is_uppercase))
    });
    is_upper && matches!(reading.gap(index), " " | ". " | "-")
}

/// "on Fourth Ave" is a street; "Close" and "Way" need such a word, "Road" and "Avenue" do not.
fn is_after_place_word(reading: &Reading<'_>, first: usize, kind: usize) -> bool {
    const CLEAR: [&str; 10] = [
        "street",
        "road",
        "avenue",
        "boulevard",
        "blvd",
        "ave",
        "rd",
        "parkway",
        "crescent",
        "lane",
    ];
    const BEFORE: [&str; 9] = ["on", "at", "off", "along", "near", "from", "of", "to", "address"];
    let is_clear = first == kind || CLEAR.contains(&reading.folded(kind));
    let before = first.checked_sub(1).map_or("", |index| reading.folded(index));
    let is_announced = BEFORE.contains(&before) && reading.gap_before(first).len() < 3;
    is_clear || is_announced && !reading.words.get(kind).is_some_and(|word| word.is_in_capitals)
}

/// Back over a direction or an ordinal in figures, as in "W 23rd Street".
fn with_ordinal(text: &str, start: usize) -> usize {
    let back = text.get(..start).unwrap_or_default();
    let trimmed = back.trim_end_matches(' ');
    let word = trimmed.len()
        - trimmed
            .chars()
            .rev()
            .take_while(|sign| sign.is_ascii_alphanumeric())
            .count();
    let is_ordinal = ["st", "nd", "rd", "th"]
        .iter()
        .any(|ending| trimmed.ends_with(ending))
        && trimmed
            .get(word..)
            .is_some_and(|word| word.starts_with(|sign: char| sign.is_ascii_digit()));
    if !is_ordinal {
        return start;
    }
    let before = trimmed.get(..word).unwrap_or_default();
    let direction = before.trim_end_matches(['.', ' ']);
    let is_direction = ["N", "S", "E", "W", "North", "South", "East", "West"]
        .iter()
        .find(|way| {
            direction
                .strip_suffix(**way)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '\n', '(']))
        });
    is_direction.map_or(word, |way| direction.len() - way.len())
}
