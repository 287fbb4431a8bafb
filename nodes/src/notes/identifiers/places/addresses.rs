//! Streets with and without a number, postal codes of both countries, and the town after a street.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{bytes, capitalised, is_opener};
use crate::notes::identifiers::pattern::{compiled, is_apart, is_whole_number, lookback};
use crate::notes::identifiers::reading::Reading;

mod streets;

static BOX: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i-u)\b(?:p\.?[ ]?o\.?[ ]?box|rural route)[ ]#?[0-9]{1,6}"));
static BRITISH: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i-u)\b[a-z]{1,2}[0-9][a-z0-9]?[ ]?[0-9][a-z]{2}\b"));
static ZIP: LazyLock<Regex> = LazyLock::new(|| compiled(r"[0-9]{5}(?:-[0-9]{4})?"));

const STATES: [&str; 102] = [
    "al",
    "ak",
    "az",
    "ar",
    "ca",
    "co",
    "ct",
    "de",
    "fl",
    "ga",
    "hi",
    "id",
    "il",
    "in",
    "ia",
    "ks",
    "ky",
    "la",
    "me",
    "md",
    "ma",
    "mi",
    "mn",
    "ms",
    "mo",
    "mt",
    "ne",
    "nv",
    "nh",
    "nj",
    "nm",
    "ny",
    "nc",
    "nd",
    "oh",
    "ok",
    "or",
    "pa",
    "ri",
    "sc",
    "sd",
    "tn",
    "tx",
    "ut",
    "vt",
    "va",
    "wa",
    "wv",
    "wi",
    "wy",
    "dc",
    "pr",
    "alabama",
    "alaska",
    "arizona",
    "arkansas",
    "california",
    "colorado",
    "connecticut",
    "delaware",
    "florida",
    "georgia",
    "hawaii",
    "idaho",
    "illinois",
    "indiana",
    "iowa",
    "kansas",
    "kentucky",
    "louisiana",
    "maine",
    "maryland",
    "massachusetts",
    "michigan",
    "minnesota",
    "mississippi",
    "missouri",
    "montana",
    "nebraska",
    "nevada",
    "hampshire",
    "jersey",
    "mexico",
    "york",
    "carolina",
    "dakota",
    "ohio",
    "oklahoma",
    "oregon",
    "pennsylvania",
    "island",
    "tennessee",
    "texas",
    "utah",
    "vermont",
    "virginia",
    "washington",
    "wisconsin",
    "wyoming",
    "columbia",
    "usa",
    "us",
];

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Range<usize>> {
    let text = reading.text;
    let mut found = Vec::new();
    for street in streets::find(reading) {
        found.extend(town_after(reading, street.end));
        found.push(street);
    }
    found.extend(BOX.find_iter(text).map(|number| number.range()));
    let british = BRITISH
        .find_iter(text)
        .filter(|code| is_british(text, &code.range()));
    found.extend(british.map(|code| code.range()));
    let zips = ZIP.find_iter(text).filter(|code| is_zip(text, &code.range()));
    found.extend(zips.map(|code| code.range()));
    found
}

/// Whether the folded word is a state, or stands for one.
pub(super) fn is_state(word: &str) -> bool {
    STATES.contains(&word)
}

/// The town after a street and a comma.
fn town_after(reading: &Reading<'_>, end: usize) -> Option<Range<usize>> {
    let first = reading.word_at(end);
    let start = reading.words.get(first)?.range.start;
    let gap = reading.text.get(end..start)?;
    let is_joined = matches!(gap, ", " | "," | " in " | ". " | "\n" | ",\n" | " ");
    let skipped = usize::from(reading.folded(first) == "in" && matches!(gap, " " | ", "));
    let first = first + skipped;
    if !is_joined || is_state(reading.folded(first)) {
        return None;
    }
    let after_stop = gap == ". " || gap == "\n" || gap == " ";
    let past = capitalised(reading, first, 5)?;
    let is_before_state = reading.gap(past - 1).starts_with(", ") && is_state(reading.folded(past))
        || reading
            .gap(past - 1)
            .trim_start_matches([',', ' '])
            .starts_with(|sign: char| sign.is_ascii_digit());
    let is_unsafe = after_stop && skipped == 0 && !is_before_state;
    (!is_unsafe && !is_opener(reading, first)).then(|| bytes(reading, first, past))?
}

/// A British postal code, unless it is small letters that could be anything.
fn is_british(text: &str, code: &Range<usize>) -> bool {
    let written = text.get(code.clone()).unwrap_or_default();
    let is_upper = !written.bytes().any(|sign| sign.is_ascii_lowercase());
    is_apart(text, code.start, code.end) && (is_upper || written.contains(' '))
}

/// Five digits after a state or a word that says so, or with four more.
fn is_zip(text: &str, code: &Range<usize>) -> bool {
    if !is_whole_number(text, code.start, code.end) {
        return false;
    }
    let back = lookback(text, code.start, 28);
    let back = back.trim_end_matches([' ', ',', ':', '.']);
    let word = back
        .rsplit(|sign: char| !sign.is_alphanumeric())
        .next()
        .unwrap_or_default();
    ["zip", "zipcode", "code", "postal"].contains(&word) && (back.contains("zip") || back.contains("post"))
        || is_state(word)
}
