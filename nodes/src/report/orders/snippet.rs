//! A few words of an order, as a report cites them.
//!
//! Words are as they are, joined by single blanks, without the quotes and control characters that a report cannot carry.
//! Invariant: a snippet that is returned passes [`Report::check`](crate::report::record::Report::check).

use std::ops::Range;

use crate::report::record::SNIPPET_BYTES_MAX;

/// Most words that are cited.
const WORDS_MAX: usize = 12;
/// Most of them that stand before what is wanted.
const BEFORE_MAX: usize = 3;

/// The words around what is wanted in a text, the first ones where nothing is; none of a text without letters and digits.
pub(super) fn snippet(text: &str, wanted: Option<Range<usize>>) -> Option<String> {
    let words: Vec<(usize, String)> = words(text);
    let at = wanted.map_or(0, |wanted| {
        words.iter().filter(|(end, _)| *end <= wanted.start).count()
    });
    let first = match words.len() <= WORDS_MAX {
        true => 0,
        false => at.saturating_sub(BEFORE_MAX).min(words.len() - WORDS_MAX),
    };
    let mut snippet = String::new();
    for (_, word) in words.iter().skip(first).take(WORDS_MAX) {
        let gap = usize::from(!snippet.is_empty());
        if snippet.len() + gap + word.len() > SNIPPET_BYTES_MAX {
            break;
        }
        if gap > 0 {
            snippet.push(' ');
        }
        snippet.push_str(word);
    }
    // A first word that is too long is cut.
    if snippet.is_empty() {
        let word = &words.get(first)?.1;
        let cut = (0..=SNIPPET_BYTES_MAX)
            .rev()
            .find(|end| word.is_char_boundary(*end))?;
        snippet.push_str(&word[..cut]);
    }
    snippet.chars().any(char::is_alphanumeric).then_some(snippet)
}

/// Where each word ends in the text, and what a report can carry of it; words of which that is nothing are left out.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut end = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        end += piece.len();
        let word: String = piece
            .trim()
            .chars()
            .filter(|letter| !is_refused(*letter))
            .collect();
        if !word.trim().is_empty() {
            words.push((end, word.trim().to_owned()));
        }
    }
    words
}

/// True for quotes, control characters, and what changes the direction of a text or cannot be seen.
fn is_refused(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '"' | '\u{201c}'..='\u{201f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
        )
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_is_cited_whole() {
        assert_eq!(
            snippet("replaced  \"DE\" bearing\n", None).as_deref(),
            Some("replaced DE bearing")
        );
        assert_eq!(snippet("\u{202e}gnp\u{202c}", None).as_deref(), Some("gnp"));
        assert_eq!(snippet("\"\" .", None), None);
    }

    #[test]
    fn of_a_long_text_the_words_around_what_is_wanted_are_cited() {
        let text = (0..40)
            .map(|number| format!("w{number}"))
            .collect::<Vec<_>>()
            .join(" ");
        let at = text.find("w20").unwrap();
        let expected = "w17 w18 w19 w20 w21 w22 w23 w24 w25 w26 w27 w28";
        assert_eq!(snippet(&text, Some(at..at + 3)).as_deref(), Some(expected));
        let long = "ä".repeat(200);
        assert_eq!(snippet(&long, None).map(|snippet| snippet.len()), Some(160));
    }

    proptest! {
        #[test]
        fn every_snippet_fits_a_report(text in "\\PC{0,300}|[a\" \n\u{201d}\u{202e}]{0,200}", start in 0_usize..300) {
            if let Some(snippet) = snippet(&text, Some(start..start + 1)) {
                prop_assert!((1..=SNIPPET_BYTES_MAX).contains(&snippet.len()));
                prop_assert_eq!(snippet.trim(), snippet.as_str());
                prop_assert!(!snippet.contains(|letter: char| letter.is_control() || matches!(letter, '“' | '”' | '"')));
            }
        }
    }
}
