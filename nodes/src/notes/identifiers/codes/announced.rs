//! Reads the code after the words that announce it.

use std::ops::Range;

use crate::notes::identifiers::pattern::{digits, lookahead};

/// What a code must look like, so that a word that announces it is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Three signs with two digits, or more.
    Code,
    /// At least four signs with three digits: the word has other uses.
    Long,
    /// Three to nine digits.
    Short,
    /// Letters and digits in groups.
    Plate,
    /// As a code, after up to three more words: "retina scan template stored as 7F3A".
    Loose,
    /// Seven digits or more in groups.
    Phone,
}

/// Words between an announcement and its code.
const LINKS: [&str; 40] = [
    "number",
    "numbers",
    "no",
    "num",
    "nr",
    "id",
    "ids",
    "is",
    "was",
    "are",
    "of",
    "code",
    "ref",
    "reference",
    "the",
    "a",
    "and",
    "to",
    "with",
    "under",
    "given",
    "as",
    "reads",
    "ending",
    "in",
    "at",
    "card",
    "holder",
    "address",
    "identifier",
    "tag",
    "for",
    "from",
    "patient's",
    "his",
    "her",
    "saved",
    "it",
    "ident",
    "pin",
];
const LOOSE_LINKS: [&str; 16] = [
    "scan",
    "template",
    "record",
    "reference",
    "enrolment",
    "enrollment",
    "stored",
    "print",
    "profile",
    "sample",
    "enrolled",
    "file",
    "recognition",
    "see",
    "shows",
    "on",
];
const LINKS_MAX: usize = 5;
const CODE_BYTES_MAX: usize = 40;

/// The code after a place, past spaces, signs and linking words on the same line.
pub(super) fn read_code(text: &str, start: usize, form: Form) -> Option<Range<usize>> {
    let mut at = start;
    for _ in 0..=LINKS_MAX {
        at = past_signs(text, at)?;
        if let Some(code) = grouped(text, at, form) {
            return Some(code);
        }
        let rest = text.get(at..)?;
        let word = rest
            .split(|sign: char| !(sign.is_alphabetic() || sign == '\''))
            .next()
            .unwrap_or_default();
        let folded = word.to_ascii_lowercase();
        let is_link =
            LINKS.contains(&folded.as_str()) || form == Form::Loose && LOOSE_LINKS.contains(&folded.as_str());
        if word.is_empty() || !is_link {
            return None;
        }
        at += word.len();
    }
    None
}

/// One run of letters and digits with signs within.
pub(super) fn token(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let mut end = 0;
    let mut is_after_sign = true;
    for (at, sign) in rest.char_indices().take(CODE_BYTES_MAX) {
        if sign.is_alphanumeric() || sign == '*' {
            end = at + sign.len_utf8();
            is_after_sign = false;
        } else if matches!(sign, '-' | '_' | '/' | '.' | ':' | '#' | '+') && !is_after_sign {
            is_after_sign = true;
        } else {
            break;
        }
    }
    (end > 0).then_some(start..start + end)
}

fn past_signs(text: &str, start: usize) -> Option<usize> {
    const SIGNS_MAX: usize = 12;
    let rest = text.get(start..)?;
    let sign = |sign: char| {
        matches!(
            sign,
            ' ' | '\t'
                | ':'
                | '#'
                | '.'
                | '-'
                | '='
                | '('
                | '"'
                | '\''
                | '“'
                | '‘'
                | '–'
                | '['
                | ','
                | ';'
                | '%'
        )
    };
    rest.char_indices()
        .take(SIGNS_MAX)
        .find(|(_, letter)| !sign(*letter))
        .map(|(at, _)| start + at)
}

/// A code with the groups that follow it after single spaces.
fn grouped(text: &str, start: usize, form: Form) -> Option<Range<usize>> {
    let first = token(text, start)?;
    let is_link = LINKS.contains(&text.get(first.clone())?.to_ascii_lowercase().as_str());
    if is_link {
        return None;
    }
    let mut end = first.end;
    let mut has_digits = !digits(text.get(first)?).is_empty();
    for _ in 0..6 {
        let Some(next) = next_group(text, end) else { break };
        let group = text.get(next.clone())?;
        let so_far = text.get(start..end)?;
        if !continues(so_far, group, has_digits, form) {
            break;
        }
        has_digits = has_digits || !digits(group).is_empty();
        end = next.end;
    }
    let code = text.get(start..end)?;
    (is_code(code, form) && !is_before_unit(text, end)).then_some(start..end)
}

fn next_group(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = text.get(end..)?;
    let gap = rest.len() - rest.trim_start_matches([' ', '-', '/']).len();
    (1..=3).contains(&gap).then(|| token(text, end + gap)).flatten()
}

/// Whether a group belongs to the code before it.
fn continues(so_far: &str, group: &str, has_digits: bool, form: Form) -> bool {
    let is_digits = group.bytes().all(|sign| sign.is_ascii_digit());
    let is_letters = group.bytes().all(|sign| sign.is_ascii_alphabetic());
    let ends_in_digit = so_far.ends_with(|sign: char| sign.is_ascii_digit());
    let starts_lettered = so_far.len() < 6
        && so_far
            .bytes()
            .all(|sign| sign.is_ascii_uppercase() || sign == b'-');
    let small_letters = so_far.len() < 5
        && so_far
            .bytes()
            .all(|sign| sign.is_ascii_alphabetic() || sign == b'-');
    if !has_digits {
        return (starts_lettered || small_letters && form == Form::Plate || is_prefix(so_far))
            && !digits(group).is_empty();
    }
    match form {
        Form::Plate => {
            let is_mixed = !is_digits && !is_letters && group.len() < 5;
            let is_short = so_far.len() + group.len() < 14;
            is_short
                && (is_letters && group.len() <= 3 && is_plate_tail(so_far, group)
                    || is_digits && group.len() < 5
                    || is_mixed)
        }
        Form::Short | Form::Phone => is_digits && group.len() < 7 && ends_in_digit,
        Form::Code | Form::Long | Form::Loose => {
            is_digits && (2..=6).contains(&group.len()) && ends_in_digit && so_far.len() < 24
        }
    }
}

/// As in "page 200 mg", where the number is a quantity.
fn is_before_unit(text: &str, end: usize) -> bool {
    const UNITS: [&str; 8] = ["mg", "ml", "mcg", "units", "mm", "cm", "%", "kg"];
    let on = lookahead(text, end, 7);
    UNITS.iter().any(|unit| on.trim_start().starts_with(unit))
}

/// Letters that often come before the number of a code, however they are written.
fn is_prefix(letters: &str) -> bool {
    ["rn", "md", "sn", "acc", "mrn"].contains(&letters.to_ascii_lowercase().as_str())
}

/// Letters at the end of a plate, and no short word of the sentence.
fn is_plate_tail(so_far: &str, group: &str) -> bool {
    const WORDS: [&str; 12] = [
        "on", "in", "at", "was", "and", "to", "the", "is", "he", "she", "a", "for",
    ];
    let is_written_alike = so_far.bytes().any(|sign| sign.is_ascii_uppercase())
        == group.bytes().any(|sign| sign.is_ascii_uppercase());
    is_written_alike && !WORDS.contains(&group)
}

fn is_code(code: &str, form: Form) -> bool {
    const UNITS: [&str; 8] = ["mg", "ml", "mcg", "mm", "cm", "kg", "th", "st"];
    let digit_count = digits(code).len();
    let has_letters = code.bytes().any(|sign| sign.is_ascii_alphabetic());
    let is_quantity = has_letters
        && UNITS.iter().any(|unit| {
            code.strip_suffix(unit)
                .is_some_and(|rest| rest.bytes().all(|sign| sign.is_ascii_digit() || sign == b'.'))
        });
    if is_quantity {
        return false;
    }
    match form {
        Form::Code => (digit_count > 2 || digit_count > 1 && has_letters) && code.len() > 2,
        Form::Long => digit_count > 3 || digit_count > 2 && has_letters && code.len() > 4,
        Form::Short => !has_letters && (3..=9).contains(&digit_count),
        Form::Plate => (4..=17).contains(&code.len()) && digit_count > 0 && has_letters,
        Form::Loose => digit_count > 3 || digit_count > 1 && has_letters && code.len() > 4,
        Form::Phone => digit_count > 6 && !has_letters,
    }
}
