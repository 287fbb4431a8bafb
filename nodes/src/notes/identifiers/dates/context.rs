//! What is a date only by the words around it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::is_day_and_month;
use crate::notes::identifiers::pattern::{
    after, before, compiled, ends_in_word, is_whole_number, lookahead, lookback,
};

/// Words after a number that make it a quantity.
pub(super) const UNITS: [&str; 27] = [
    "mg", "ml", "mcg", "gram", "g ", "kg", "cc", "%", "mm", "cm", "units", "iu", "percent", "times", "day",
    "tablet", "dose", "litre", "liter", "hour", "week", "month", "year", "minute", "pound", "degree", "mmol",
];
/// Words before a number that make it a date.
const BEFORE: [&str; 55] = [
    "office",
    "clinic",
    "on",
    "since",
    "from",
    "between",
    "period",
    "sutures",
    "clips",
    "until",
    "till",
    "to",
    "through",
    "by",
    "before",
    "after",
    "and",
    "dated",
    "date",
    "seen",
    "admitted",
    "discharged",
    "visit",
    "due",
    "dob",
    "born",
    "lmp",
    "edd",
    "edc",
    "starting",
    "started",
    "scheduled",
    "surgery",
    "appointment",
    "follow-up",
    "vaccinated",
    "signed",
    "dictated",
    "transcribed",
    "d",
    "t",
    "admission",
    "discharge",
    "service",
    "injury",
    "mon",
    "tues",
    "wed",
    "thurs",
    "fri",
    "sat",
    "sun",
    "removed",
    "around",
    "of",
];
/// Words near a number that make it a score or a measure.
const MEASURES: [&str; 38] = [
    "pain", "power", "strength", "score", "scale", "acuity", "vision", "snellen", "bp", "pressure", "grade",
    "murmur", "apgar", "gcs", "mmse", "moca", "gleason", "bipap", "cpap", "ratio", "mg", "dose", "levodopa",
    "out of", "stage", "reflex", "pulse", "station", "effaced", "nyha", "er", "pr", "her2", "phq", "vas",
    "rated", "level", "glasgow",
];
const HEADS: [&str; 22] = [
    "ct",
    "mri",
    "echo",
    "psa",
    "labs",
    "colonoscopy",
    "x-ray",
    "xray",
    "ekg",
    "ecg",
    "ultrasound",
    "mammogram",
    "biopsy",
    "chest",
    "culture",
    "hba1c",
    "pap",
    "dexa",
    "visit",
    "note",
    "scan",
    "bloods",
];

static TWO_PARTS: LazyLock<Regex> = LazyLock::new(|| compiled(r"([0-9]{1,2})([-/])([0-9]{1,2})"));
static MONTH: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i-u)\b(?:(early|late|mid|last|next|this|in|since|until|till|by|of|during|from|to|through|around|between|every|and|before|after|began|back in)[ -])?(jan(?:uary)?|febr?uary|feb|march|mar|april|apr|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b",
    )
});
static DAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?i-u)\b(?:on|from|since|until|by|to|before|after) the ([0-9]{1,2})[ ]?(?:st|nd|rd|th)\b")
});

/// All of them.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut end_of_last = 0;
    for captures in TWO_PARTS.captures_iter(text) {
        let (Some(whole), Some(first), Some(sign), Some(second)) =
            (captures.get(0), captures.get(1), captures.get(2), captures.get(3))
        else {
            continue;
        };
        let (Ok(first), Ok(second)) = (first.as_str().parse(), second.as_str().parse()) else {
            continue;
        };
        let range = whole.range();
        let follows_date = end_of_last > 0 && range.start - end_of_last < 24;
        if is_day_and_month(first, second)
            && is_whole_number(text, range.start, range.end)
            && is_date(text, &range, sign.as_str() == "/", follows_date)
        {
            end_of_last = range.end;
            found.push(with_weekday(text, range));
        }
    }
    let months = MONTH.captures_iter(text).filter_map(|captures| {
        let month = captures.get(2)?.range();
        is_month(text, &month, captures.get(1).map(|word| word.as_str())).then_some(month)
    });
    found.extend(months);
    found.extend(
        DAY.captures_iter(text)
            .filter_map(|captures| day(text, &captures)),
    );
    found
}

/// Whether a text ends in a word that makes what follows a date.
pub(super) fn makes_date(back: &str) -> bool {
    ends_in_word(back, &BEFORE)
}

/// Whether a month and a number word could be a verb and a quantity, as in "may two".
pub(super) fn is_cardinal_only(date: &str) -> bool {
    !date.split([' ', '-']).any(|word| {
        ["st", "nd", "rd", "th"]
            .iter()
            .any(|ending| word.ends_with(ending))
    })
}

/// Whether two numbers with a stroke are mostly a score or a fraction: "4/5", "7/10", "1/2".
fn is_score(written: &str) -> bool {
    let mut parts = written.split('/').filter_map(|part| part.parse::<u32>().ok());
    let (Some(first), Some(second)) = (parts.next(), parts.next()) else {
        return true;
    };
    first <= second && matches!(second, 2..=6 | 8 | 10 | 12)
}

fn is_of_measure(clause: &str) -> bool {
    clause.contains("out of")
        || clause
            .split(|sign: char| !sign.is_alphanumeric())
            .any(|word| MEASURES.contains(&word))
}

/// With the weekday before it.
fn with_weekday(text: &str, range: Range<usize>) -> Range<usize> {
    const DAYS: [&str; 16] = [
        "mon",
        "tue",
        "tues",
        "wed",
        "thu",
        "thur",
        "thurs",
        "fri",
        "sat",
        "sun",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ];
    let back = lookback(text, range.start, 16);
    let trimmed = back.trim_end_matches([' ', ',', '.']);
    let word = trimmed
        .rsplit(|sign: char| !sign.is_alphabetic())
        .next()
        .unwrap_or_default();
    match DAYS.contains(&word) || word == "sunday" {
        true => range.start - (back.len() - trimmed.len()) - word.len()..range.end,
        false => range,
    }
}

fn is_date(text: &str, range: &Range<usize>, is_slash: bool, follows_date: bool) -> bool {
    let back = lookback(text, range.start, 40);
    let next = lookahead(text, range.end, 14);
    let clause = back.rsplit(['.', ';', ',']).next().unwrap_or_default();
    let is_quantity = UNITS
        .iter()
        .any(|unit| next.trim_start_matches([' ', '-']).starts_with(unit));
    let is_measure = is_of_measure(clause) || next.trim_start().starts_with("systolic");
    if is_quantity
        || is_measure
        || matches!(after(text, range.end), Some('/' | '%'))
        || before(text, range.start) == Some('/')
    {
        return false;
    }
    let is_announced = makes_date(&back) && !back.trim_end().ends_with("and") || back.trim().is_empty();
    let is_headed = clause
        .split(|sign: char| sign.is_whitespace())
        .rev()
        .take(4)
        .any(|word| HEADS.contains(&word.trim_matches(|sign: char| !sign.is_alphanumeric() && sign != '-')));
    let is_bracketed = back.ends_with('(') && next.starts_with(')');
    let is_after_head = HEADS.iter().any(|head| ends_in_word(&back, &[head]));
    if is_slash
        && !is_score(text.get(range.clone()).unwrap_or_default())
        && !next.trim_start().starts_with(|sign: char| sign.is_ascii_digit())
    {
        return true;
    }
    if is_slash || is_bracketed || is_after_head && !next.starts_with(" to") {
        is_bracketed || is_after_head || is_announced || is_headed || follows_date || makes_date(&back)
    } else {
        is_announced && !back.trim().is_empty() || follows_date
    }
}

fn is_month(text: &str, range: &Range<usize>, word_before: Option<&str>) -> bool {
    let month = text.get(range.clone()).unwrap_or_default();
    let small = month.to_ascii_lowercase();
    let is_capital = month.starts_with(|sign: char| sign.is_ascii_uppercase());
    let is_whole =
        |sign: Option<char>| !sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_' || sign == '-');
    if !is_whole(before(text, range.start)) && word_before.is_none() || !is_whole(after(text, range.end)) {
        return false;
    }
    let has_context =
        word_before.is_some_and(|word| !matches!(word.to_ascii_lowercase().as_str(), "to" | "and" | "this"));
    match small.as_str() {
        "january" | "february" | "febuary" | "july" | "september" | "october" | "november" | "december" => {
            true
        }
        "april" | "june" | "august" => true,
        "may" | "march" => {
            let is_closed = is_capital
                && matches!(
                    after(text, range.end),
                    None | Some(',' | ':' | ';' | '.' | ')' | '\n')
                )
                && lookback(text, range.start, 2)
                    .trim_end()
                    .ends_with(|sign: char| sign.is_alphanumeric());
            is_closed
                || has_context
                    && (is_capital || small == "march" || !lookahead(text, range.end, 4).starts_with(" be"))
                    && !is_march_of_something(text, range)
        }
        _ => has_context && is_capital,
    }
}

/// As in "march fracture", which is none of a month.
fn is_march_of_something(text: &str, range: &Range<usize>) -> bool {
    let next = lookahead(text, range.end, 12);
    ["fracture", "on", "around", "in place"]
        .iter()
        .any(|word| next.trim_start().starts_with(word))
}

/// "the 3rd" as a day of a month, unless it counts something.
fn day(text: &str, captures: &regex::Captures<'_>) -> Option<Range<usize>> {
    let whole = captures.get(0)?;
    let number = captures.get(1)?;
    let day: u32 = number.as_str().parse().ok()?;
    let next = lookahead(text, whole.end(), 8);
    let is_alone = next.trim_start().is_empty()
        || next.starts_with(['.', ',', ';', '?', '!', ')'])
        || [" at ", " and ", " for ", " with", " to "]
            .iter()
            .any(|word| next.starts_with(word));
    ((1..=31).contains(&day) && is_alone).then(|| number.start()..whole.end())
}
