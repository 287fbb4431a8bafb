//! A text as words: where each is, how it is written, and what stands between it and the next.
//!
//! Hyphens and digits are no part of a word, so "Adjei-Mensah" is two words whose gap is "-". A word's range is
//! always on character boundaries. Reading takes memory of about 100 bytes for each word of the text.

use std::ops::Range;

use super::lexicon::{self, fold};

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `word`.
    Small,
    /// `Word`, `McWord`, `O'Word`.
    Capital,
    /// `WORD`.
    Capitals,
    /// `W`.
    Initial,
    /// `HbA`, or next to a digit: never a name.
    Code,
}

/// A word of a text.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Its bytes in the text, without a possessive `'s`.
    pub range: Range<usize>,
    /// Its bytes with the possessive.
    pub end_possessive: usize,
    pub shape: Shape,
    /// True in a line without small letters.
    pub is_in_capitals: bool,
    /// True in a line without capitals.
    pub is_in_small: bool,
    folded: Range<usize>,
}

/// A text and its words.
pub(super) struct Reading<'a> {
    pub text: &'a str,
    pub words: Vec<Word>,
    folded: String,
}

impl<'a> Reading<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reading = Reading {
            text,
            words: Vec::new(),
            folded: String::with_capacity(text.len()),
        };
        let mut first_of_line = 0;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            reading.read_line(start..start + line.len());
            reading.join_letters(first_of_line);
            reading.judge_line(first_of_line);
            first_of_line = reading.words.len();
            start += line.len();
        }
        reading
    }

    /// A word in small letters without accents, by its place.
    pub(super) fn folded(&self, index: usize) -> &str {
        self.words
            .get(index)
            .and_then(|word| self.folded.get(word.folded.clone()))
            .unwrap_or_default()
    }

    /// The text between a word, with its possessive, and the next; up to the end for the last.
    pub(super) fn gap(&self, index: usize) -> &'a str {
        let start = self
            .words
            .get(index)
            .map_or(self.text.len(), |word| word.end_possessive);
        let end = self
            .words
            .get(index + 1)
            .map_or(self.text.len(), |word| word.range.start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// The text between the word before and a word.
    pub(super) fn gap_before(&self, index: usize) -> &'a str {
        match index.checked_sub(1) {
            Some(before) => self.gap(before),
            None => {
                let end = self.words.first().map_or(0, |word| word.range.start);
                self.text.get(..end).unwrap_or_default()
            }
        }
    }

    pub(super) fn is_possessive(&self, index: usize) -> bool {
        self.words
            .get(index)
            .is_some_and(|word| word.end_possessive > word.range.end)
    }

    /// Whether a sentence, a line or a speaker's turn begins with this word.
    pub(super) fn is_first_of_sentence(&self, index: usize) -> bool {
        let gap = self.gap_before(index);
        if index == 0 || gap.contains(['\n', '!', '?', ':', ';', '•', '*', '|', '\t']) {
            return true;
        }
        gap.contains('.') && !self.is_abbreviation(index - 1)
    }

    /// The first place of a word that begins at or after a byte.
    pub(super) fn word_at(&self, byte: usize) -> usize {
        self.words.partition_point(|word| word.range.start < byte)
    }

    /// Whether the full stop after a word is that of an abbreviation before a name.
    fn is_abbreviation(&self, index: usize) -> bool {
        let is_initial = self
            .words
            .get(index)
            .is_some_and(|word| word.shape == Shape::Initial);
        is_initial
            || ["dr", "mr", "mrs", "ms", "prof", "st", "sr", "rev", "drs"].contains(&self.folded(index))
    }

    fn read_line(&mut self, line: Range<usize>) {
        let text = self.text.get(line.clone()).unwrap_or_default();
        let mut letters = text.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if !letter.is_alphabetic() {
                continue;
            }
            let mut end = at + letter.len_utf8();
            while let Some((next, sign)) = letters.peek().copied() {
                let after = text
                    .get(next + sign.len_utf8()..)
                    .and_then(|rest| rest.chars().next());
                let joins = matches!(sign, '\'' | '’') && after.is_some_and(char::is_alphabetic);
                if !(sign.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&sign) || joins) {
                    break;
                }
                end = next + sign.len_utf8();
                letters.next();
            }
            self.push(line.start + at..line.start + end);
        }
    }

    fn push(&mut self, whole: Range<usize>) {
        let written = self.text.get(whole.clone()).unwrap_or_default();
        let stem = ["'s", "’s", "'S", "’S"]
            .iter()
            .find_map(|ending| written.strip_suffix(ending))
            .filter(|stem| !stem.is_empty())
            .unwrap_or(written);
        let start = self.folded.len();
        stem.chars().for_each(|letter| fold(letter, &mut self.folded));
        let range = whole.start..whole.start + stem.len();
        let is_beside =
            |sign: Option<char>| sign.is_some_and(|sign| sign.is_numeric() || matches!(sign, '_' | '@'));
        let before = self
            .text
            .get(..whole.start)
            .and_then(|text| text.chars().next_back());
        let after = self.text.get(whole.end..).and_then(|text| text.chars().next());
        let shape = if is_beside(before) || is_beside(after) {
            Shape::Code
        } else {
            shape(stem)
        };
        self.words.push(Word {
            range,
            end_possessive: whole.end,
            shape,
            is_in_capitals: false,
            is_in_small: false,
            folded: start..self.folded.len(),
        });
    }

    /// Single letters beside each other are an acronym as it is said, "C O P D", and no initials.
    fn join_letters(&mut self, first: usize) {
        for index in first + 1..self.words.len() {
            let is_letter = |place: usize| {
                self.words.get(place).is_some_and(|word| {
                    word.range.len() == 1 && matches!(word.shape, Shape::Initial | Shape::Code)
                })
            };
            if is_letter(index - 1) && is_letter(index) && self.gap(index - 1) == " " {
                for word in self.words.get_mut(index - 1..=index).unwrap_or_default() {
                    word.shape = Shape::Code;
                }
            }
        }
    }

    /// A sentence of capitals within a line is one for all its words.
    fn judge_sentence(&mut self, sentence: Range<usize>) {
        let words = self.words.get_mut(sentence).unwrap_or_default();
        let is_small = |word: &&Word| matches!(word.shape, Shape::Small | Shape::Capital);
        let capitals = words.iter().filter(|word| word.shape == Shape::Capitals).count();
        if capitals > 2 && !words.iter().any(|word| is_small(&word)) {
            words.iter_mut().for_each(|word| word.is_in_capitals = true);
        }
    }

    /// Notes for each word of a line whether the line has small letters and capitals.
    fn judge_line(&mut self, first: usize) {
        let line = self.words.get_mut(first..).unwrap_or_default();
        let count = |shape: Shape| line.iter().filter(|word| word.shape == shape).count();
        let (small, capital, capitals) = (count(Shape::Small), count(Shape::Capital), count(Shape::Capitals));
        for word in line {
            word.is_in_capitals = small == 0 && capital == 0 && capitals > 0;
            word.is_in_small = capital == 0 && capitals == 0 && small > 2;
        }
        let mut start = first;
        for index in first + 1..=self.words.len() {
            if index == self.words.len() || self.gap_before(index).contains(['.', '!', '?', ';']) {
                self.judge_sentence(start..index);
                start = index;
            }
        }
    }
}

fn shape(word: &str) -> Shape {
    let mut letters = word.chars();
    let Some(first) = letters.next() else {
        return Shape::Code;
    };
    let rest: Vec<char> = letters.collect();
    if let (false, ['\'' | '’', second, ..]) = (first.is_uppercase(), rest.as_slice()) {
        return if second.is_uppercase() {
            Shape::Capital
        } else {
            Shape::Small
        };
    }
    if !first.is_uppercase() {
        return Shape::Small;
    }
    if rest.is_empty() {
        return Shape::Initial;
    }
    if !rest.iter().any(|letter| letter.is_lowercase()) {
        return Shape::Capitals;
    }
    match rest.iter().position(|letter| letter.is_uppercase()) {
        Some(inner) if !is_prefix(word, inner + 1) => Shape::Code,
        _ => Shape::Capital,
    }
}

/// Whether the letters before a capital within a word are those of a surname, as in `McIlroy`.
fn is_prefix(word: &str, letters: usize) -> bool {
    let mut prefix = String::new();
    word.chars()
        .take(letters)
        .for_each(|letter| fold(letter, &mut prefix));
    let known = [
        "mc", "mac", "o'", "d'", "de", "la", "le", "di", "du", "van", "von", "fitz", "el", "al", "da", "l'",
        "n'", "t'", "sh",
    ];
    known.contains(&prefix.as_str()) || lexicon::is_given_name(&prefix)
}
