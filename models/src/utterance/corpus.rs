//! Utterances with numbers for labels, their words as rows of the table.

use std::collections::BTreeMap;

use super::config::{GRAMS_PER_WORD, UtteranceConfig};
use crate::data::FrameExample;
use crate::text::hashing::normalised;

/// Names of what a net tells apart, in the order of its outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Intents; empty where the net has none.
    pub intents: Vec<String>,
    /// BIO tags, `O` first; empty where the net has none.
    pub tags: Vec<String>,
    /// The intent that stands for everything else, where it is one of them.
    pub out_of_scope: Option<usize>,
}

impl Labels {
    /// The names that the outputs of a net have.
    pub fn of(config: &UtteranceConfig) -> Self {
        Self {
            intents: config.intents.clone(),
            tags: config.tags.clone(),
            out_of_scope: config.out_of_scope_index(),
        }
    }

    /// Names of the kinds of slots.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().filter_map(|tag| tag.strip_prefix("B-"))
    }
}

/// One utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// Its words.
    pub words: Vec<String>,
    /// Number of its intent.
    pub intent: Option<usize>,
    /// Number of each word's tag.
    pub tags: Option<Vec<usize>>,
    /// Kind, first word and end of each slot that no tag says, as it lies within another or around it.
    pub untagged: Vec<(String, usize, usize)>,
    /// Its frames, where they are known; the tags are of the same words.
    pub frames: Option<Vec<FrameExample>>,
    /// Its row among the answers of a teacher.
    pub taught: Option<usize>,
}

/// Rows of the words that were met, so that each is hashed once.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    config: UtteranceConfig,
    rows: BTreeMap<String, Vec<i32>>,
}

impl Vocabulary {
    /// The rows of all words of these utterances.
    pub fn of<'a>(config: &UtteranceConfig, utterances: impl IntoIterator<Item = &'a Utterance>) -> Self {
        let mut rows = BTreeMap::new();
        for word in utterances.into_iter().flat_map(|utterance| &utterance.words) {
            if !rows.contains_key(word) {
                let mut found = vec![0; config.hashing.per_word];
                config.hashing.word(word, &mut found);
                rows.insert(word.clone(), found);
            }
        }
        Self {
            config: config.clone(),
            rows,
        }
    }

    /// Adds the rows of a word to `ids`: [`crate::text::Hashing::per_word`] of them.
    pub fn features(&self, word: &str, ids: &mut Vec<i32>) {
        match self.rows.get(word) {
            Some(rows) => ids.extend_from_slice(rows),
            None => {
                let start = ids.len();
                ids.resize(start + self.config.hashing.per_word, 0);
                self.config.hashing.word(word, &mut ids[start..]);
            }
        }
    }

    /// The rows of the n-grams of words: [`GRAMS_PER_WORD`] for each; none where the net has no such table.
    pub fn grams<T: AsRef<str>>(&self, words: &[T]) -> Vec<i32> {
        grams(&self.config, words)
    }
}

/// The rows of the n-grams of words, [`GRAMS_PER_WORD`] for each: the word, the pair with the word before it, and, for
/// the last word, the pair with the end. None where the net has no such table.
pub fn grams<T: AsRef<str>>(config: &UtteranceConfig, words: &[T]) -> Vec<i32> {
    if config.gram_rows == 0 {
        return Vec::new();
    }
    let hashing = crate::text::Hashing {
        rows: config.gram_rows,
        ..config.hashing.clone()
    };
    let words: Vec<String> = words.iter().map(|word| normalised(word.as_ref())).collect();
    let pair = |first: &str, second: &str| {
        let characters = first.chars().chain([' ']).chain(second.chars());
        hashing.row("2=", characters)
    };
    let mut ids = Vec::with_capacity(words.len() * GRAMS_PER_WORD);
    let mut before = "<";
    for (index, word) in words.iter().enumerate() {
        let end = match index + 1 == words.len() {
            true => pair(word, ">"),
            false => 0,
        };
        ids.extend([hashing.row("1=", word.chars()), pair(before, word), end]);
        before = word;
    }
    ids
}

/// The ids of an utterance as a program takes them: for each word its features, then its n-grams.
pub fn ids<T: AsRef<str>>(config: &UtteranceConfig, words: &[T]) -> Vec<i32> {
    let words = &words[..words.len().min(config.words_max)];
    let grams = grams(config, words);
    let mut ids = Vec::with_capacity(words.len() * config.ids_per_word());
    for (index, word) in words.iter().enumerate() {
        let start = ids.len();
        ids.resize(start + config.hashing.per_word, 0);
        config.hashing.word(word.as_ref(), &mut ids[start..]);
        if config.gram_rows > 0 {
            ids.extend_from_slice(&grams[index * GRAMS_PER_WORD..][..GRAMS_PER_WORD]);
        }
    }
    ids
}
