//! Words as numbers of rows of one table: the word, its ends, its shape, and its pieces.
//!
//! # Source
//! Weinberger et al. 2009, "Feature hashing for large scale multitask learning"; Miranda et al. 2022, "Multi hash
//! embeddings in spaCy", for norm, prefix, suffix and shape; Bojanowski et al. 2017, "Enriching word vectors with
//! subword information", section 3.2, for the pieces with `<` and `>` around the word. The hash is FNV-1a with 64 bits
//! (Fowler, Noll and Vo).

use std::borrow::Cow;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use tokenizers::NormalizedString;

/// Most features a word may have.
pub const WORD_FEATURES_MAX: usize = 64;

/// Characters of a word that are looked at; longer ones are cut.
const WORD_CHARACTERS_MAX: usize = 32;

/// How words become rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashing {
    /// Rows of the table; row 0 stands for nothing.
    pub rows: usize,
    /// Features of a word: the word, its beginnings, its ends, its shape, then as many of its pieces as there is room for.
    pub per_word: usize,
    /// Longest beginning of a word, in characters.
    pub prefix_max: usize,
    /// Longest end of a word, in characters.
    pub suffix_max: usize,
    /// Shortest pieces, in characters, with `<` and `>` around the word.
    pub piece_min: usize,
    /// Longest pieces.
    pub piece_max: usize,
    /// Whether the shape tells capital letters from small ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cased: bool,
}

impl Hashing {
    /// True when the sizes make sense.
    pub fn is_valid(&self) -> bool {
        (2..=1 << 24).contains(&self.rows)
            && (1..=WORD_FEATURES_MAX).contains(&self.per_word)
            && self.prefix_max <= 8
            && self.suffix_max <= 8
            && (1..=self.piece_max).contains(&self.piece_min)
            && self.piece_max <= 8
    }

    /// Writes the rows of a word into `rows`, which has [`Hashing::per_word`] places; 0 where it has no more features.
    /// The first is the row of the word itself.
    ///
    /// # Panics
    /// If `rows` is shorter.
    pub fn word(&self, word: &str, rows: &mut [i32]) {
        let rows = &mut rows[..self.per_word];
        rows.fill(0);
        let mut shapes = ['\0'; WORD_CHARACTERS_MAX];
        let shape = shape(word, self.cased, &mut shapes);
        let mut bounded = ['<'; WORD_CHARACTERS_MAX + 2];
        let mut count = 0;
        let text = folded(word);
        for (place, character) in bounded[1..=WORD_CHARACTERS_MAX].iter_mut().zip(lower(&text)) {
            *place = character;
            count += 1;
        }
        bounded[count + 1] = '>';
        let (characters, bounded) = (&bounded[1..=count], &bounded[..count + 2]);
        let mut places = rows.iter_mut();
        let mut put = |kind: &str, characters: &[char]| {
            if let Some(place) = places.next() {
                *place = self.row(kind, characters.iter().copied());
            }
        };
        put("w=", characters);
        for length in 1..=self.prefix_max.min(count) {
            put("p=", &characters[..length]);
        }
        for length in 1..=self.suffix_max.min(count) {
            put("s=", &characters[count - length..]);
        }
        put("h=", shape);
        for length in self.piece_min..=self.piece_max {
            for piece in bounded.windows(length) {
                put("g=", piece);
            }
        }
    }

    /// The row of a feature that is named by a kind and some characters; never 0.
    pub fn row(&self, kind: &str, characters: impl Iterator<Item = char>) -> i32 {
        let mut hash = Fnv::default();
        hash.write(kind.as_bytes());
        let mut bytes = [0; 4];
        for character in characters {
            hash.write(character.encode_utf8(&mut bytes).as_bytes());
        }
        let row = 1 + hash.finish() % (self.rows as u64 - 1);
        i32::try_from(row).unwrap_or(0)
    }
}

/// FNV-1a with 64 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The word with compatible characters made equal (NFKC) and in lower case.
pub fn normalised(word: &str) -> String {
    lower(&folded(word)).collect()
}

/// The word as [`normalised`] makes it, but for capitals of ASCII, which [`lower`] takes away: words of ASCII are
/// read where they lie. For others `tokenizers` allocates.
pub(crate) fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let mut text = NormalizedString::from(word);
    text.nfkc().lowercase();
    Cow::Owned(text.get().to_owned())
}

/// The characters of a word that was [`folded`].
pub(crate) fn lower(word: &str) -> impl Iterator<Item = char> {
    word.chars().map(|character| character.to_ascii_lowercase())
}

/// `x` for letters, `X` for capital ones where they are told apart, `d` for digits, anything else as it is; runs are cut to
/// two.
fn shape<'a>(word: &str, cased: bool, shape: &'a mut [char; WORD_CHARACTERS_MAX]) -> &'a [char] {
    let mut count = 0;
    for character in word.chars() {
        let class = match character {
            _ if cased && character.is_uppercase() => 'X',
            _ if character.is_alphabetic() => 'x',
            _ if character.is_numeric() => 'd',
            _ => character,
        };
        if !shape[..count].ends_with(&[class, class]) {
            shape[count] = class;
            count += 1;
        }
        if count == WORD_CHARACTERS_MAX {
            break;
        }
    }
    &shape[..count]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASHING: Hashing = Hashing {
        rows: 1 << 14,
        per_word: 24,
        prefix_max: 2,
        suffix_max: 1,
        piece_min: 3,
        piece_max: 4,
        cased: false,
    };

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of the IETF draft "The FNV non-cryptographic hash algorithm", appendix C.
        let hash = |text: &str| {
            let mut hash = Fnv::default();
            hash.write(text.as_bytes());
            hash.finish()
        };
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_word_has_itself_its_ends_its_shape_and_its_pieces() {
        let mut rows = [9; 24];
        HASHING.word("Play", &mut rows);
        let row = |kind: &str, text: &str| HASHING.row(kind, text.chars());
        let expected = [
            row("w=", "play"),
            row("p=", "p"),
            row("p=", "pl"),
            row("s=", "y"),
            row("h=", "xx"),
            row("g=", "<pl"),
            row("g=", "pla"),
            row("g=", "lay"),
            row("g=", "ay>"),
            row("g=", "<pla"),
            row("g=", "play"),
            row("g=", "lay>"),
        ];
        assert_eq!(rows[..12], expected);
        assert_eq!(rows[12..], [0; 12]);
    }

    #[test]
    fn compatible_characters_and_capitals_are_equal() {
        assert_eq!(normalised("Ｐｌａｙ"), "play");
        assert_eq!(normalised("CAFE\u{301}"), "caf\u{e9}");
    }

    proptest! {
        #[test]
        fn every_row_is_one_of_the_table(word in any::<String>()) {
            let mut rows = [-1; 24];
            HASHING.word(&word, &mut rows);
            prop_assert!(rows.iter().all(|row| (0..1 << 14).contains(row)));
            prop_assert!(rows[0] > 0);
        }
    }
}
