//! Patterns: fixed words, `<one|of|these>`, and `{placeholders}`.

use std::collections::BTreeMap;

use super::RealiseError;
use super::choice::Choice;

/// What stands for the placeholders of a pattern.
pub(super) type Slots = BTreeMap<&'static str, String>;

/// Fills a pattern.
pub(super) fn fill(
    pattern: &'static str,
    slots: &Slots,
    choice: &mut Choice,
) -> Result<String, RealiseError> {
    let broken = || RealiseError::Pattern { pattern };
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['<', '{']) {
        filled.push_str(&rest[..at]);
        let close = if rest[at..].starts_with('<') { '>' } else { '}' };
        let end = at + rest[at..].find(close).ok_or_else(broken)?;
        let inner = &rest[at + 1..end];
        if close == '>' {
            let options: Vec<&str> = inner.split('|').collect();
            filled.push_str(choice.pick(&options));
        } else {
            filled.push_str(slots.get(inner).ok_or_else(broken)?);
        }
        rest = &rest[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A sentence: its first letter large, unless it begins with a name, and a full stop.
pub(super) fn sentence(clause: &str, begins_with_name: bool) -> String {
    let mut sentence = String::with_capacity(clause.len() + 1);
    let mut letters = clause.chars();
    match letters.next() {
        Some(first) if !begins_with_name => {
            sentence.push(first.to_ascii_uppercase());
            sentence.push_str(letters.as_str());
        }
        _ => sentence.push_str(clause),
    }
    sentence.push('.');
    sentence
}
