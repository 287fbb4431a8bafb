//! What people call an asset, such as `hydraulic pump 2`, and where a text says so.
//!
//! All words stand next to each other, in their order. Numbers are the same or it is another asset. One word may be
//! misspelt, where it is long and another one is as it should be. Invariant: an alias has a word of letters.

use std::ops::Range;

use super::around::{Characters, Written};

/// Most words of an alias.
pub(super) const ALIAS_WORDS_MAX: usize = 8;
/// Shortest word, in characters, that may be misspelt by one edit, and by two.
const MISSPELT_MIN: [usize; 2] = [5, 9];
/// Words that may stand before a number: `pump no 2`.
const NUMBERING: [&str; 6] = ["no", "nr", "num", "number", "unit", "nos"];

/// What people call an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alias {
    words: Vec<Word>,
}

/// A word of a name: letters in small, or digits.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Letters(String),
    Number(String),
}

/// A run of letters or digits of a text.
struct Token {
    word: Word,
    first: usize,
    end: usize,
}

impl Alias {
    /// The alias that a name is; none for a name without a word of letters, or with too many words.
    pub(super) fn of(name: &str) -> Option<Alias> {
        let words: Vec<Word> = tokens(&Characters::of(name))
            .into_iter()
            .map(|token| token.word)
            .collect();
        let has_letters = words.iter().any(|word| matches!(word, Word::Letters(_)));
        (has_letters && words.len() <= ALIAS_WORDS_MAX).then_some(Alias { words })
    }

    /// True where a text is this name and nothing else.
    pub(super) fn is(&self, text: &str) -> bool {
        let characters = Characters::of(text);
        let tokens = tokens(&characters);
        self.match_at(&tokens)
            .is_some_and(|(_, count)| count == tokens.len())
            && self.find(text).is_some()
    }

    /// The bytes of the first place of a text that names the asset.
    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        let characters = Characters::of(text);
        let tokens = tokens(&characters);
        for first in 0..tokens.len() {
            let Some((written, count)) = self.match_at(&tokens[first..]) else {
                continue;
            };
            let is_joined_before =
                written.first > 0 && matches!(characters.at(written.first - 1), Some('-' | '_'));
            let is_close = tokens[first..first + count]
                .windows(2)
                .all(|pair| is_gap(&characters, pair[0].end..pair[1].first));
            let is_numbered =
                self.is_unnumbered() && is_number_next(&tokens[first + count..], &characters, written.end);
            if is_close && !is_joined_before && !is_numbered && characters.holds(written) {
                return Some(characters.byte(written.first)..characters.byte(written.end));
            }
        }
        None
    }

    fn is_unnumbered(&self) -> bool {
        matches!(self.words.last(), Some(Word::Letters(_)))
    }

    /// How it is written from the first of these tokens on, and over how many of them.
    fn match_at(&self, tokens: &[Token]) -> Option<(Written, usize)> {
        let (mut at, mut misspelt, mut right) = (0, 0, 0);
        for word in &self.words {
            if let (Word::Number(_), Word::Letters(found)) = (word, &tokens.get(at)?.word)
                && NUMBERING.contains(&found.as_str())
            {
                at += 1;
            }
            match (word, &tokens.get(at)?.word) {
                (Word::Number(number), Word::Number(found)) if number == found => {}
                (Word::Letters(word), Word::Letters(found)) if word == found => right += 1,
                (Word::Letters(word), Word::Letters(found)) if is_misspelt(word, found) => misspelt += 1,
                (Word::Letters(_) | Word::Number(_), Word::Letters(_) | Word::Number(_)) => return None,
            }
            at += 1;
        }
        let is_sure = misspelt == 0 || (misspelt == 1 && right > 0);
        let (first, end) = (tokens.first()?.first, tokens.get(at.checked_sub(1)?)?.end);
        let written = Written {
            first,
            end,
            is_joined: false,
        };
        is_sure.then_some((written, at))
    }
}

/// Runs of letters and of digits; `2.5` is one run, so that it is not taken for 2.
fn tokens(text: &Characters) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = text.at(at) {
        let first = at;
        let is_digit = character.is_numeric();
        let is_same = |index: usize| {
            let found = text.at(index);
            let is_point =
                matches!(found, Some('.' | ',')) && text.at(index + 1).is_some_and(char::is_numeric);
            found.is_some_and(|found| match is_digit {
                true => found.is_numeric() || is_point,
                false => found.is_alphabetic(),
            })
        };
        while is_same(at) {
            at += 1;
        }
        if at == first {
            at += 1;
            continue;
        }
        let letters = (first..at)
            .filter_map(|index| text.at(index))
            .flat_map(char::to_lowercase);
        let word = letters.collect();
        let word = if is_digit {
            Word::Number(word)
        } else {
            Word::Letters(word)
        };
        tokens.push(Token { word, first, end: at });
    }
    tokens
}

/// True for what may stand between two words of a name.
fn is_gap(text: &Characters, gap: Range<usize>) -> bool {
    gap.len() <= 3
        && gap
            .clone()
            .filter_map(|index| text.at(index))
            .all(|it| matches!(it, ' ' | '-' | '_' | '#' | '.'))
}

/// True where a number follows a name that has none: it is one of several of that name.
fn is_number_next(rest: &[Token], text: &Characters, end: usize) -> bool {
    let is_near = |token: &Token, from: usize| is_gap(text, from..token.first);
    match rest {
        [next, ..] if matches!(next.word, Word::Number(_)) => is_near(next, end),
        [
            Token {
                word: Word::Letters(word),
                first,
                end: behind,
            },
            next,
            ..,
        ] if NUMBERING.contains(&word.as_str()) => {
            is_gap(text, end..*first) && matches!(next.word, Word::Number(_)) && is_near(next, *behind)
        }
        _ => false,
    }
}

/// True for a word that most likely is another one with a slip in it: vowels, doubled letters or neighbours that are
/// mistaken. Other letters make other words, as in `mixer` and `miner`.
fn is_misspelt(word: &str, found: &str) -> bool {
    let length = word.chars().count();
    let edits = MISSPELT_MIN.iter().filter(|least| length >= **least).count();
    edits > 0
        && word.chars().next() == found.chars().next()
        && found.chars().count().abs_diff(length) <= edits
        && distance(word, found) <= edits
        && (frame(word) == frame(found) || is_swapped(word, found))
}

/// How many letters are put in, left out, changed or swapped with their neighbour between two words.
///
/// # Source
/// Damerau (1964), "A technique for computer detection and correction of spelling errors", in the form that touches no
/// letter twice (optimal string alignment).
fn distance(word: &str, found: &str) -> usize {
    let (word, found): (Vec<char>, Vec<char>) = (word.chars().collect(), found.chars().collect());
    let columns = found.len() + 1;
    let mut table: Vec<usize> = (0..(word.len() + 1) * columns)
        .map(|cell| if cell < columns { cell } else { 0 })
        .collect();
    for row in 1..=word.len() {
        table[row * columns] = row;
        for column in 1..columns {
            let at = |up: usize, left: usize| table[(row - up) * columns + column - left];
            let change = usize::from(word[row - 1] != found[column - 1]);
            let mut least = (at(1, 0) + 1).min(at(0, 1) + 1).min(at(1, 1) + change);
            let is_swap = row > 1
                && column > 1
                && word[row - 1] == found[column - 2]
                && word[row - 2] == found[column - 1];
            if is_swap {
                least = least.min(at(2, 2) + 1);
            }
            table[row * columns + column] = least;
        }
    }
    table.last().copied().unwrap_or(0)
}

/// The letters of a word without its vowels, doubled ones once.
fn frame(word: &str) -> String {
    let mut frame: String = word
        .chars()
        .filter(|letter| !matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y'))
        .collect();
    let mut last = None;
    frame.retain(|letter| last.replace(letter) != Some(letter));
    frame
}

/// True for two words that differ by two neighbours that changed places.
fn is_swapped(word: &str, found: &str) -> bool {
    let (word, found): (Vec<char>, Vec<char>) = (word.chars().collect(), found.chars().collect());
    let differing: Vec<usize> = (0..word.len())
        .filter(|index| word.get(*index) != found.get(*index))
        .collect();
    match differing[..] {
        [first, second] => {
            word.len() == found.len()
                && second == first + 1
                && word[first] == found[second]
                && word[second] == found[first]
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(alias: &str, text: &str, expected: Option<&str>) {
        let found = Alias::of(alias).unwrap().find(text);
        assert_eq!(found.map(|range| &text[range]), expected, "{text}");
    }

    #[test]
    fn an_asset_is_found_by_its_words() {
        for text in [
            "hydraulic pump 2",
            "Hydraulic Pump no. 2",
            "hydraulic pump #2",
            "HYDRAULIC PUMP NR 2",
            "hydraulic-pump-2",
        ] {
            check("hydraulic pump 2", text, Some(text));
        }
        check(
            "hydraulic pump 2",
            "changed hydralic pump 2 seals",
            Some("hydralic pump 2"),
        );
        check(
            "hydraulic pump 2",
            "hydraulic pump2 leaking",
            Some("hydraulic pump2"),
        );
        check(
            "hydraulic pump 2",
            "changed hydrualic pump 2 seals",
            Some("hydrualic pump 2"),
        );
        check("main conveyor", "main conveyer belt torn", Some("main conveyer"));
    }

    #[test]
    fn another_number_is_another_asset() {
        for text in [
            "hydraulic pump 20",
            "hydraulic pump 12",
            "hydraulic pump 1",
            "hydraulic pump 2.5",
            "hydraulic pump 2A",
            "hydraulic pump 2 b",
            "hydraulic pump 2-1",
            "hydraulic pump",
            "hydraulic pumps 1 and 3",
            "hydraulic pump 02",
            "hydraulic pump 2 bar low",
            "hydraulic pump, 2 seals",
            "2 hydraulic pump",
            "electro-hydraulic pump 2",
            "hydraulic pump 2/4a",
        ] {
            check("hydraulic pump 2", text, None);
        }
        check("main conveyor", "main conveyor 3 stopped", None);
        check("main conveyor", "main conveyor no 3 stopped", None);
    }

    #[test]
    fn another_word_is_another_asset() {
        check("feed pump 2", "fed pump 2", None);
        check("boiler 2", "broiler 2", None);
        check("hydraulic motor 2", "hydraulic rotor 2", None);
        check("coolant mixer 2", "coolant miner 2", None);
        check("main crane 2", "main crate 2", None);
        check("hydraulic pump 2", "hydralic pmup 2", None);
        assert_eq!(Alias::of("12"), None);
    }

    #[test]
    fn edits_are_counted_as_in_published_examples() {
        // Wikipedia, "Damerau-Levenshtein distance", for the second; Levenshtein's own pair is the first.
        for (word, found, expected) in [
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("ab", "ba", 1),
            ("", "abc", 3),
            ("pump", "pump", 0),
        ] {
            assert_eq!(distance(word, found), expected, "{word} {found}");
        }
    }
}
