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
    /// At blanks, without the marks before and after a word: for nets that have met none.
    Words,
    /// At blanks and at each mark, as BERT does: `top-rated` are three words.
    Marks,
}

/// Returns the words of `text` as ranges of its bytes, in order; none of them is empty.
///
/// Splitting is that of the crate `tokenizers`. Control characters and blanks of Unicode belong to no word.
pub fn split(text: &str, splitting: Splitting) -> Vec<Range<usize>> {
    let mut pieces = PreTokenizedString::from(text);
    let done = match splitting {
        Splitting::Blanks | Splitting::Words => WhitespaceSplit.pre_tokenize(&mut pieces),
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
        Splitting::Blanks | Splitting::Words => ranges
            .flat_map(|range| parts(text, range, splitting))
            .filter(|range| is_word(&text[range.clone()], splitting))
            .collect(),
    }
}

/// Puts the first words of `text` into `ranges`, at most `most`, in place of what is there; true if there are more.
///
/// They are those of [`split`], found without an allocation: all but those at marks in a text that is not ASCII, which
/// `tokenizers` tells apart and allocates for.
pub fn split_into(text: &str, splitting: Splitting, most: usize, ranges: &mut Vec<Range<usize>>) -> bool {
    ranges.clear();
    if splitting == Splitting::Marks && !text.is_ascii() {
        let found = split(text, splitting);
        let kept = found.len().min(most);
        ranges.extend_from_slice(&found[..kept]);
        return found.len() > kept;
    }
    let mut start = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = start..start + piece.trim_end_matches(char::is_whitespace).len();
        start += piece.len();
        let words = parts(text, word, splitting).filter(|range| is_word(&text[range.clone()], splitting));
        for range in words {
            if ranges.len() == most {
                return true;
            }
            ranges.push(range);
        }
    }
    false
}

/// False for a mark where marks are no words.
fn is_word(part: &str, splitting: Splitting) -> bool {
    splitting != Splitting::Words || !part.starts_with(MARKS)
}

/// What stands between two blanks, mark by mark and word by word; at marks, only for ASCII.
fn parts(text: &str, between: Range<usize>, splitting: Splitting) -> impl Iterator<Item = Range<usize>> {
    let mut rest = between;
    std::iter::from_fn(move || {
        let found = &text[rest.clone()];
        let first = found.chars().next()?;
        let length = match splitting {
            Splitting::Blanks | Splitting::Words if MARKS.contains(&first) => first.len_utf8(),
            // Behind a word there are marks alone.
            Splitting::Blanks | Splitting::Words => found.trim_end_matches(MARKS).len(),
            Splitting::Marks if first.is_ascii_punctuation() => 1,
            Splitting::Marks => found
                .find(|letter: char| letter.is_ascii_punctuation())
                .unwrap_or(found.len()),
        };
        let part = rest.start..rest.start + length;
        rest.start = part.end;
        Some(part)
    })
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
            "play jazz, (please)!",
            Splitting::Words,
            &["play", "jazz", "please"],
        );
        check("... r&b", Splitting::Words, &["r&b"]);
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

    /// What there is room for, and whether there is more.
    fn found(text: &str, splitting: Splitting, most: usize) -> (Vec<Range<usize>>, bool) {
        let mut ranges = Vec::new();
        let more = split_into(text, splitting, most, &mut ranges);
        (ranges, more)
    }

    proptest! {
        #[test]
        fn words_found_without_an_allocation_are_those_of_tokenizers(text in "[a-cA-C0-9 .,'\t\u{a0}\u{e9}\u{201c}-]{0,40}|\\PC{0,12}", most in 1_usize..30) {
            for splitting in [Splitting::Blanks, Splitting::Marks] {
                let all = split(&text, splitting);
                let (ranges, more) = found(&text, splitting, most);
                let kept = most.min(all.len());
                prop_assert_eq!(&ranges[..], &all[..kept]);
                prop_assert_eq!(more, kept < all.len());
            }
        }

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
