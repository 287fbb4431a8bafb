//! Numbers, addresses and names as they are said letter by letter: "five five five one two", "anna dot k at example
//! dot com", "K-O-W-A-L".

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::{compiled, is_apart, lookback};
use super::reading::Reading;
use super::telephone::class;
use super::{Certainty, Class, Identifier};

/// Fewest digits said one after the other that are a number of somebody.
const DIGITS_MIN: usize = 6;
/// Fewest where the text says that it is one.
const ANNOUNCED_MIN: usize = 4;
/// Most words of the part before "at" in an address.
const LOCAL_WORDS_MAX: usize = 8;

const DIGIT_WORDS: [&str; 13] = [
    "zero", "oh", "o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "nought",
];
const REPEATERS: [&str; 2] = ["double", "triple"];

static HOST: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i-u) at [a-z0-9-]{1,40}(?: (?:dot|dash|hyphen) [a-z0-9-]{1,40}){0,3} dot (?:com|org|net|edu|gov|co|uk|ie|ca|me|us|info)\b(?: dot uk\b)?",
    )
});
static SPELLED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"[A-ZÀ-ÖØ-Þ](?:-[A-ZÀ-ÖØ-Þ]){1,24}|[a-zß-öø-ÿ](?:-[a-zß-öø-ÿ]){1,24}|[A-ZÀ-ÖØ-Þ](?:[ ][A-ZÀ-ÖØ-Þ]){3,24}",
    )
});

/// All of them.
pub(super) fn find(reading: &Reading<'_>) -> Vec<Identifier> {
    let text = reading.text;
    let mut found = digits(reading);
    let addresses = HOST.find_iter(text).map(|host| address(reading, host.range()));
    found.extend(addresses.map(|range| Identifier::new(Class::Email, range, Certainty::Context)));
    let spelled = SPELLED
        .find_iter(text)
        .filter(|name| is_apart(text, name.start(), name.end()))
        .filter(|name| {
            let is_long = name.as_str().contains('-')
                && name.len() > 4
                && (name.len() > 6 || name.as_str().starts_with(char::is_uppercase));
            is_long || is_after_spell(text, name.start())
        });
    found.extend(spelled.map(|name| Identifier::new(Class::Name, name.range(), Certainty::Rule)));
    found
}

/// Letters with spaces between are an acronym, unless somebody was asked to spell.
fn is_after_spell(text: &str, start: usize) -> bool {
    const NEAR_BYTES: usize = 120;
    let mut from = start.saturating_sub(NEAR_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..start)
        .is_some_and(|back| back.to_ascii_lowercase().contains("spel"))
}

fn digits(reading: &Reading<'_>) -> Vec<Identifier> {
    let mut found = Vec::new();
    let is_digit = |index: usize| DIGIT_WORDS.contains(&reading.folded(index));
    let is_repeater = |index: usize| REPEATERS.contains(&reading.folded(index));
    let is_close = |index: usize| {
        let gap = reading.gap(index);
        gap.len() < 4 && gap.chars().all(|sign| matches!(sign, ' ' | ',' | '-' | '.'))
    };
    let mut first = 0;
    while first < reading.words.len() {
        if !is_digit(first) && !is_repeater(first) {
            first += 1;
            continue;
        }
        let mut last = first;
        while is_close(last) && (is_digit(last + 1) || is_repeater(last + 1)) {
            last += 1;
        }
        let range = match (reading.words.get(first), reading.words.get(last)) {
            (Some(start), Some(end)) => start.range.start..end.range.end,
            _ => break,
        };
        let count = last + 1 - first;
        let back = lookback(reading.text, range.start, 40);
        let is_social = back.contains("social") || back.contains("ssn");
        if count >= DIGITS_MIN || count >= ANNOUNCED_MIN && (is_social || back.contains("number")) {
            let class = if is_social {
                Class::SocialSecurity
            } else {
                class(reading.text, range.start, range.end)
            };
            found.push(Identifier::new(class, range, Certainty::Context));
        }
        first = last + 1;
    }
    found
}

/// The address whose host is known: back over "anna dot k" and "maple 42".
fn address(reading: &Reading<'_>, host: Range<usize>) -> Range<usize> {
    let text = reading.text;
    let mut start = host.start;
    let mut is_joined = true;
    for _ in 0..LOCAL_WORDS_MAX {
        let back = text.get(..start).unwrap_or_default();
        let trimmed = back.trim_end_matches(' ');
        let word_start = trimmed
            .rfind(|sign: char| !(sign.is_alphanumeric() || sign == '-'))
            .map_or(0, |at| {
                at + trimmed
                    .get(at..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(1, char::len_utf8)
            });
        let word = trimmed.get(word_start..).unwrap_or_default();
        let is_joint =
            ["dot", "underscore", "dash", "hyphen", "period"].contains(&word.to_ascii_lowercase().as_str());
        let is_number = word.bytes().all(|sign| sign.is_ascii_digit());
        if word.is_empty() || back.len() - trimmed.len() > 2 || !(is_joined || is_joint) {
            break;
        }
        start = word_start;
        is_joined = is_joint || is_number;
    }
    start..host.end
}
