//! From a text to rows of a table: its words, runs of words, and runs of characters within words.
//!
//! # Source
//! Weinberger et al. 2009, "Feature hashing for large scale multitask learning", without its signs: a row that two terms
//! share has the weight of both. The hash is FNV-1a with 64 bits, folded (Fowler, Noll and Vo).

use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use crate::net::{ConfigFault, rules};
use crate::text::hashing::Fnv;

/// Most words in a run.
pub const GRAMS_MAX: usize = 3;
/// Most characters in a run.
pub const RUN_MAX: usize = 8;
/// Most words of a text that may be asked for.
pub const WORDS_MAX: usize = 1 << 16;
/// Most rows of a table.
pub const ROWS_MAX: usize = 1 << 20;

/// Characters of a word whose runs are looked at; longer words are cut there.
const WORD_CHARACTERS_MAX: usize = 64;

/// What of a text becomes which rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Rows of the table, a power of two.
    pub rows: usize,
    /// Longest runs of words: 1 for words alone, 2 for pairs as well, at most [`GRAMS_MAX`].
    pub grams: usize,
    /// Shortest runs of characters within a word, with a blank at both of its ends.
    pub run_min: usize,
    /// Longest runs of characters, at most [`RUN_MAX`]; 0 for none.
    pub run_max: usize,
    /// Most words of a text that are read.
    pub words_max: usize,
}

impl Terms {
    /// Refuses sizes out of their ranges.
    ///
    /// # Errors
    /// [`ConfigFault`] says which rule is broken.
    pub fn validate(&self) -> Result<(), ConfigFault> {
        rules(&[
            (
                self.rows.is_power_of_two() && (2..=ROWS_MAX).contains(&self.rows),
                "`rows` must be a power of two from 2 to 1048576",
            ),
            (
                (1..=GRAMS_MAX).contains(&self.grams),
                "`grams` must be from 1 to 3",
            ),
            (
                self.run_max == 0 || (1..=self.run_max).contains(&self.run_min) && self.run_max <= RUN_MAX,
                "`run_min` must be from 1 to `run_max`, and `run_max` 8 at most",
            ),
            (
                (1..=WORDS_MAX).contains(&self.words_max),
                "`words_max` must be from 1 to 65536",
            ),
        ])
    }

    /// Calls `put` with the row of each term of a text; returns true where the text has more words than are read.
    ///
    /// A word is one or more letters, digits or underscores, in lower case. Nothing is allocated.
    pub fn each(&self, text: &str, mut put: impl FnMut(usize)) -> bool {
        let is_inside = |character: char| character.is_alphanumeric() || character == '_';
        let words = text
            .split(|character| !is_inside(character))
            .filter(|word| !word.is_empty());
        // Place `k` has heard the `k` words before the one at hand.
        let mut open = [Fnv::default(); GRAMS_MAX];
        for (count, word) in words.enumerate() {
            if count == self.words_max {
                return true;
            }
            open.rotate_right(1);
            open[0] = Fnv::default();
            let open = &mut open[..self.grams.min(count + 1)];
            open.iter_mut().skip(1).for_each(|hash| hash.write(b" "));
            let mut bytes = [0; 4];
            for character in word.chars().flat_map(char::to_lowercase) {
                let bytes = character.encode_utf8(&mut bytes).as_bytes();
                open.iter_mut().for_each(|hash| hash.write(bytes));
            }
            open.iter().for_each(|hash| put(self.row(*hash)));
            if self.run_max > 0 {
                self.runs(word, &mut put);
            }
        }
        false
    }

    /// The row of a hash. Its halves are folded, for the low bits of FNV-1a know little of each other.
    fn row(&self, hash: Fnv) -> usize {
        let hash = hash.finish();
        // The remainder is below `rows`, which is a `usize`.
        usize::try_from((hash ^ hash >> 32) % self.rows as u64).unwrap_or(0)
    }

    /// Runs of characters of a word between blanks; a word that is not longer than a run is one run.
    fn runs(&self, word: &str, put: &mut impl FnMut(usize)) {
        let mut padded = [' '; WORD_CHARACTERS_MAX + 2];
        let mut count = 1;
        for character in word
            .chars()
            .flat_map(char::to_lowercase)
            .take(WORD_CHARACTERS_MAX)
        {
            padded[count] = character;
            count += 1;
        }
        let padded = &padded[..=count];
        let mut bytes = [0; 4];
        for length in self.run_min..=self.run_max {
            for run in padded.windows(length.min(padded.len())) {
                let mut hash = Fnv::default();
                // A mark that no word has tells runs from words.
                hash.write(b"=");
                for character in run {
                    hash.write(character.encode_utf8(&mut bytes).as_bytes());
                }
                put(self.row(hash));
            }
            if padded.len() <= length {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TERMS: Terms = Terms {
        rows: 1 << 12,
        grams: 2,
        run_min: 3,
        run_max: 0,
        words_max: 6,
    };

    fn rows(terms: &Terms, text: &str) -> (Vec<usize>, bool) {
        let mut rows = Vec::new();
        let is_cut = terms.each(text, |row| rows.push(row));
        (rows, is_cut)
    }

    /// The row of a term, its bytes hashed at one go.
    fn row(terms: &Terms, term: &str) -> usize {
        let mut hash = Fnv::default();
        hash.write(term.as_bytes());
        terms.row(hash)
    }

    fn check(terms: &Terms, text: &str, expected: &[&str]) {
        let expected: Vec<usize> = expected.iter().map(|term| row(terms, term)).collect();
        assert_eq!(rows(terms, text).0, expected, "{text}");
    }

    #[test]
    fn a_text_has_its_words_and_their_runs() {
        check(
            &TERMS,
            "Any chest-pain?",
            &["any", "chest", "any chest", "pain", "chest pain"],
        );
        check(
            &TERMS,
            "\u{c9}T\u{c9} a_1",
            &["\u{e9}t\u{e9}", "a_1", "\u{e9}t\u{e9} a_1"],
        );
        check(&TERMS, " ?! ", &[]);
        let terms = Terms { grams: 3, ..TERMS };
        check(&terms, "a b c", &["a", "b", "a b", "c", "b c", "a b c"]);
        let terms = Terms { grams: 1, ..TERMS };
        check(&terms, "a b", &["a", "b"]);
    }

    #[test]
    fn runs_of_characters_stand_between_blanks() {
        let terms = Terms {
            grams: 1,
            run_min: 3,
            run_max: 4,
            ..TERMS
        };
        check(&terms, "abc", &["abc", "= ab", "=abc", "=bc ", "= abc", "=abc "]);
        check(&terms, "a", &["a", "= a "]);
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert!(!rows(&TERMS, "a b c d e f").1);
        let (found, is_cut) = rows(&TERMS, "a b c d e f g h");
        assert!(is_cut);
        assert_eq!(found.len(), 6 + 5);
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        assert_eq!(TERMS.validate(), Ok(()));
        let wrong = [
            Terms { rows: 1000, ..TERMS },
            Terms {
                rows: 1 << 21,
                ..TERMS
            },
            Terms { grams: 0, ..TERMS },
            Terms { grams: 4, ..TERMS },
            Terms { run_max: 2, ..TERMS },
            Terms { run_max: 9, ..TERMS },
            Terms {
                words_max: 0,
                ..TERMS
            },
        ];
        assert!(wrong.iter().all(|terms| terms.validate().is_err()));
    }

    proptest! {
        #[test]
        fn every_row_is_one_of_the_table(text in any::<String>()) {
            let terms = Terms { grams: 3, run_max: 5, ..TERMS };
            prop_assert!(rows(&terms, &text).0.iter().all(|row| *row < terms.rows));
        }
    }
}
