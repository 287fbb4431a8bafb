//! Patterns, and what stands around a match.

use regex::Regex;

/// A pattern that is part of the program.
///
/// # Panics
/// If it is not well formed, which a test of each pattern shows.
pub(super) fn compiled(pattern: &str) -> Regex {
    match Regex::new(pattern) {
        Ok(regex) => regex,
        Err(fault) => panic!("the pattern `{pattern}` is not well formed: {fault}"),
    }
}

/// Whether no letter, digit or `_` touches the stretch from either side.
pub(super) fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let is_part = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    !is_part(before(text, start)) && !is_part(after(text, end))
}

/// Whether the stretch is no part of a longer number, as in `1.5`, `3/4` or `5-10`.
pub(super) fn is_whole_number(text: &str, start: usize, end: usize) -> bool {
    let joins = |sign: Option<char>, next: Option<char>| {
        sign.is_some_and(|sign| matches!(sign, '.' | ',' | '/' | '-' | ':' | '+'))
            && next.is_some_and(|next| next.is_ascii_digit())
    };
    let mut back = text.get(..start).unwrap_or_default().chars().rev();
    let mut on = text.get(end..).unwrap_or_default().chars();
    is_apart(text, start, end) && !joins(back.next(), back.next()) && !joins(on.next(), on.next())
}

/// The sign before a byte.
pub(super) fn before(text: &str, start: usize) -> Option<char> {
    text.get(..start)?.chars().next_back()
}

/// The sign at a byte.
pub(super) fn after(text: &str, end: usize) -> Option<char> {
    text.get(end..)?.chars().next()
}

/// Up to so many bytes before a place, on its line, in small letters (ASCII).
pub(super) fn lookback(text: &str, at: usize, bytes: usize) -> String {
    let mut start = at.saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let back = text.get(start..at).unwrap_or_default();
    back.rsplit('\n').next().unwrap_or_default().to_ascii_lowercase()
}

/// Up to so many bytes from a place on, on its line, in small letters (ASCII).
pub(super) fn lookahead(text: &str, at: usize, bytes: usize) -> String {
    let mut end = text.len().min(at + bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let on = text.get(at..end).unwrap_or_default();
    on.split('\n').next().unwrap_or_default().to_ascii_lowercase()
}

/// The digits of a text, each as its value.
pub(super) fn digits(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect()
}

/// Whether a text, in small letters, ends in one of the words; spaces and a stop may follow.
pub(super) fn ends_in_word(text: &str, words: &[&str]) -> bool {
    let text = text.trim_end_matches([' ', ':', '.', '(', '\t']);
    words.iter().any(|word| {
        text.strip_suffix(word)
            .is_some_and(|rest| !rest.ends_with(|sign: char| sign.is_alphanumeric()))
    })
}
