//! Words of a text and where they stand.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

/// Marks that are no part of the word they stand at.
const MARKS: &[char] = &[
    '.', ',', '!', '?', ';', ':', '"', '(', ')', '[', ']', '{', '}', '\u{201c}', '\u{201d}', '\u{2026}',
];

/// Where words end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Splitting {
    /// At blanks; marks before and after a word stand alone: `top-rated` is one word, `hello,` are two.
    #[default]
    Blanks,
    /// At blanks and at each mark, as BERT does: `top-rated` are three words.
    Marks,
}

/// Returns the words of `text` as ranges of its bytes, in order; none of them is empty.
///
/// Splitting is that of the crate `tokenizers`. Control characters and blanks of Unicode belong to no word.
pub fn split(text: &str, splitting: Splitting) -> Vec<Range<usize>> {
    let mut pieces = PreTokenizedString::from(text);
    let done = match splitting {
        Splitting::Blanks => WhitespaceSplit.pre_tokenize(&mut pieces),
        Splitting::Marks => BertPreTokenizer.pre_tokenize(&mut pieces),
    };
    // Splitting fails for no text; were it to, the text would be one word.
    if done.is_err() {
        return std::iter::once(0..text.len())
            .filter(|range| !range.is_empty())
            .collect();
    }
    let pieces = pieces.get_splits(OffsetReferential::Original, OffsetType::Byte);
    let ranges = pieces.into_iter().map(|(_, (start, end), _)| start..end);
    match splitting {
        Splitting::Marks => ranges.filter(|range| !range.is_empty()).collect(),
        Splitting::Blanks => ranges.flat_map(|range| peel(text, range)).collect(),
    }
}

/// Takes marks off both ends of a word; each is a word of its own.
fn peel(text: &str, word: Range<usize>) -> Vec<Range<usize>> {
    let found = &text[word.clone()];
    let inner = found.trim_start_matches(MARKS);
    let start = word.start + found.len() - inner.len();
    let end = start + inner.trim_end_matches(MARKS).len();
    let marks = |range: Range<usize>| {
        let offset = range.start;
        text[range]
            .char_indices()
            .map(move |(at, mark)| offset + at..offset + at + mark.len_utf8())
            .collect::<Vec<_>>()
    };
    let mut ranges = marks(word.start..start);
    if start < end {
        ranges.push(start..end);
    }
    ranges.extend(marks(end..word.end));
    ranges
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, splitting: Splitting, expected: &[&str]) {
        let found: Vec<&str> = split(text, splitting)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_end_at_blanks_and_marks_stand_alone() {
        check(
            "play jazz, please!",
            Splitting::Blanks,
            &["play", "jazz", ",", "please", "!"],
        );
        check(
            "what's top-rated?",
            Splitting::Blanks,
            &["what's", "top-rated", "?"],
        );
        check(
            "what's top-rated?",
            Splitting::Marks,
            &["what", "'", "s", "top", "-", "rated", "?"],
        );
        check(
            "  \u{a0}caf\u{e9}\tr&b ",
            Splitting::Blanks,
            &["caf\u{e9}", "r&b"],
        );
        check("...", Splitting::Blanks, &[".", ".", "."]);
        check("", Splitting::Blanks, &[]);
        check(" \n ", Splitting::Marks, &[]);
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_hold_everything_but_blanks(text in any::<String>()) {
            let ranges = split(&text, Splitting::Blanks);
            let mut last = 0;
            for range in &ranges {
                prop_assert!(range.start >= last && range.start < range.end);
                prop_assert!(text[last..range.start].chars().all(char::is_whitespace));
                prop_assert!(!text[range.clone()].contains(char::is_whitespace));
                last = range.end;
            }
            prop_assert!(text[last..].chars().all(char::is_whitespace));
        }
    }
}
