//! From a text to what a net reads, request after request.
//!
//! It gives what [`corpus::ids`](super::corpus::ids) gives for the words of [`text::split`](crate::text::split), without
//! an allocation for words of ASCII; for others `tokenizers` allocates.

use std::ops::Range;

use super::config::{GRAMS_PER_WORD, UtteranceConfig};
use crate::text::hashing::{folded, lower};
use crate::text::{Hashing, Splitting, split_into};

/// Reads texts for nets of one configuration, in memory of its own.
#[derive(Clone, Debug)]
pub struct Reader {
    splitting: Splitting,
    hashing: Hashing,
    /// The same with the rows of the n-grams; none where the net has no such table.
    grams: Option<Hashing>,
    words_max: usize,
    words: Vec<Range<usize>>,
}

impl Reader {
    /// A reader for nets of this configuration.
    pub fn new(config: &UtteranceConfig) -> Self {
        let grams = Hashing {
            rows: config.gram_rows,
            ..config.hashing.clone()
        };
        Self {
            splitting: config.splitting,
            hashing: config.hashing.clone(),
            grams: (config.gram_rows > 0).then_some(grams),
            words_max: config.words_max,
            words: Vec::with_capacity(config.words_max),
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<Range<usize>>()
    }

    /// The words of a text that the net reads, as ranges of bytes, and whether there are more.
    pub fn words(&mut self, text: &str) -> (&[Range<usize>], bool) {
        let more = split_into(text, self.splitting, self.words_max, &mut self.words);
        (&self.words, more)
    }

    /// Writes the ids of the words that [`Reader::words`] last found in this text.
    ///
    /// # Shapes
    /// `ids`: `[words, ids of a word]`.
    ///
    /// # Panics
    /// If `ids` has another length, or the words are those of another text.
    pub fn ids(&self, text: &str, ids: &mut [i32]) {
        let features = self.hashing.per_word;
        let each = features + self.grams.as_ref().map_or(0, |_| GRAMS_PER_WORD);
        assert_eq!(ids.len(), self.words.len() * each, "ids for every word");
        let mut before = None;
        let last = self.words.len().saturating_sub(1);
        for (index, (word, ids)) in self.words.iter().zip(ids.chunks_exact_mut(each)).enumerate() {
            let word = &text[word.clone()];
            let (rows, grams) = ids.split_at_mut(features);
            self.hashing.word(word, rows);
            let Some(hashing) = &self.grams else { continue };
            let word = folded(word);
            let pair = |first: &str, second: &str| {
                let characters = lower(first).chain([' ']).chain(lower(second));
                hashing.row("2=", characters)
            };
            let end = if index == last { pair(&word, ">") } else { 0 };
            let begin = pair(before.as_deref().unwrap_or("<"), &word);
            grams.copy_from_slice(&[hashing.row("1=", lower(&word)), begin, end]);
            before = Some(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::corpus;
    use super::*;
    use crate::text::split;

    fn config(gram_rows: usize, words_max: usize) -> UtteranceConfig {
        UtteranceConfig {
            splitting: Splitting::Blanks,
            hashing: Hashing {
                rows: 1 << 10,
                per_word: 9,
                prefix_max: 2,
                suffix_max: 2,
                piece_min: 3,
                piece_max: 3,
                cased: false,
            },
            words_max,
            embedding: 4,
            width: 4,
            dilations: Vec::new(),
            heads: 0,
            gram_rows,
            intents: Vec::new(),
            out_of_scope: None,
            tags: Vec::new(),
            vector: 0,
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_training_reads(
            text in "[a-cA-C0-9 .,'\u{e9}\u{ff30}\u{301}-]{0,40}|\\PC{0,12}",
            gram_rows in prop::sample::select(vec![0, 50]),
            words_max in 1_usize..8,
        ) {
            for splitting in [Splitting::Blanks, Splitting::Words, Splitting::Marks] {
                let config = UtteranceConfig { splitting, ..config(gram_rows, words_max) };
                let all: Vec<&str> = split(&text, splitting).into_iter().map(|range| &text[range]).collect();
                let mut reader = Reader::new(&config);
                let (words, more) = reader.words(&text);
                prop_assert_eq!(words.len(), all.len().min(words_max));
                prop_assert_eq!(more, all.len() > words_max);
                let mut ids = vec![-1; words.len() * config.ids_per_word()];
                reader.ids(&text, &mut ids);
                prop_assert_eq!(ids, corpus::ids(&config, &all));
            }
        }
    }
}
