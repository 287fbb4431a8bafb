//! How words sound.

use std::collections::BTreeMap;

use super::phones::places;

/// Longest list of words that is read, in bytes.
pub const LEXICON_BYTES_MAX: usize = 16 << 20;

/// Words and the phones that say them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexicon {
    words: BTreeMap<String, Vec<Vec<u8>>>,
}

/// Why a list of words is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LexiconError {
    /// It is longer than [`LEXICON_BYTES_MAX`].
    #[error("the list of words is longer than {LEXICON_BYTES_MAX} bytes")]
    TooLong,
    /// A word without phones, or something that is no phone.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// Words of the grammars that come along, and words that are common.
const ENGLISH: &str = include_str!("../../lexicon/english.txt");

impl Lexicon {
    /// The words that come along; a test reads them all.
    pub fn builtin() -> Self {
        Self::parse(ENGLISH).unwrap_or_default()
    }

    /// Reads lines of a word and its phones, apart by blanks; what begins with `#` is for people. A word may have several
    /// lines, of which the first is how it is mostly said.
    ///
    /// # Errors
    /// [`LexiconError`] for the first line that cannot be used.
    pub fn parse(text: &str) -> Result<Self, LexiconError> {
        if text.len() > LEXICON_BYTES_MAX {
            return Err(LexiconError::TooLong);
        }
        let mut lexicon = Self::default();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let failed = |reason: String| LexiconError::Line { line, reason };
            let (word, phones) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let phones = places(phones).map_err(|phone| failed(format!("`{phone}` is no phone")))?;
            if phones.is_empty() {
                return Err(failed(format!("`{word}` has no phones")));
            }
            lexicon.add(word, phones);
        }
        Ok(lexicon)
    }

    /// Adds a way to say a word, behind those that are known.
    pub fn add(&mut self, word: &str, phones: Vec<u8>) {
        let ways = self.words.entry(word.to_lowercase()).or_default();
        if !ways.contains(&phones) {
            ways.push(phones);
        }
    }

    /// Every word with its ways, by name.
    pub fn words(&self) -> impl Iterator<Item = (&str, &[Vec<u8>])> {
        self.words
            .iter()
            .map(|(word, ways)| (word.as_str(), ways.as_slice()))
    }

    /// The ways to say a word, the usual one first; none for a word that is not known.
    pub fn ways(&self, word: &str) -> &[Vec<u8>] {
        self.words.get(word).map_or(&[], Vec::as_slice)
    }

    /// The phones of a text, each word said the usual way.
    ///
    /// # Errors
    /// The first word that is not known.
    pub fn say<'a>(&self, text: &'a str) -> Result<Vec<u8>, &'a str> {
        let mut phones = Vec::new();
        for word in text.split_whitespace() {
            let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '\'');
            if bare.is_empty() {
                continue;
            }
            let ways = self.ways(&bare.to_lowercase()).first();
            phones.extend_from_slice(ways.ok_or(bare)?);
        }
        Ok(phones)
    }

    /// How many words there are.
    pub fn count(&self) -> usize {
        self.words.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_ways_in_the_order_of_the_list() {
        let lexicon = Lexicon::parse("# a list\na AH\na EY\n\nlatte L AA1 T EY0\n").unwrap();
        assert_eq!(lexicon.count(), 2);
        assert_eq!(lexicon.ways("a"), [vec![3], vec![13]]);
        assert_eq!(lexicon.say("A, latte!"), Ok(vec![3, 21, 1, 31, 13]));
        assert_eq!(lexicon.say("a mocha"), Err("mocha"));
        assert!(Lexicon::parse(ENGLISH).unwrap().count() > 100);
        let fault = |text: &str| Lexicon::parse(text).unwrap_err().to_string();
        assert_eq!(fault("a AH\nb\n"), "line 2: `b` has no phones");
        assert_eq!(fault("a QQ"), "line 1: `QQ` is no phone");
    }
}
