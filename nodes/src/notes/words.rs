//! A text as words with their places, and a tree of phrases that is matched against them.
//!
//! It is not a tokenizer for a model: letters, digits and marks are told apart, nothing is stemmed or spelled
//! anew. Invariant: words come in the order of the text, never overlap, and begin and end on char boundaries.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use thiserror::Error;

/// Most words of a phrase: the work at one place of a text is bounded by it.
pub(crate) const PHRASE_WORDS_MAX: usize = 16;
/// Most phrases that one line with alternatives may stand for.
pub(crate) const ALTERNATIVES_MAX: usize = 4_000;
/// Written in a phrase, stands for the start of a sentence.
const START: &str = "^";
/// Written in a phrase, stands for the end of a clause: a comma, stop, closing bracket or line break follows.
const END: &str = "|";

/// What a [`Word`] is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Letters, with apostrophes within.
    Letters,
    /// ASCII digits.
    Digits,
    /// One char that is neither, such as a comma.
    Mark,
}

/// A word, a number or a mark of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Where it stands, in bytes.
    pub(crate) range: Range<usize>,
    pub(crate) sort: Sort,
    /// Line breaks between the word before and this one; 2 stands for more.
    pub(crate) breaks: u8,
}

/// A text with its words. Takes at most 32 bytes for each byte of the text.
pub(crate) struct Reading<'a> {
    pub(crate) text: &'a str,
    pub(crate) words: Vec<Word>,
}

impl<'a> Reading<'a> {
    /// Splits a text. Hyphens within a word part it and vanish: `follow-up` is two words.
    pub(crate) fn new(text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut chars = text.char_indices().peekable();
        let (mut breaks, mut before) = (0_u8, ' ');
        while let Some((start, letter)) = chars.next() {
            let mut end = start + letter.len_utf8();
            let after = chars.peek().map_or(' ', |(_, next)| *next);
            if letter == '\n' {
                breaks = (breaks + 1).min(2);
            }
            let is_inner_hyphen = is_hyphen(letter) && is_of_word(before) && is_of_word(after);
            before = letter;
            if letter.is_whitespace() || letter.is_control() || is_inner_hyphen {
                continue;
            }
            let sort = sort_of(letter);
            while let Some((at, next)) = chars.peek().copied() {
                let is_joined = match sort {
                    Sort::Letters => sort_of(next) == sort || is_inner_apostrophe(text, at, next),
                    Sort::Digits => sort_of(next) == sort,
                    Sort::Mark => false,
                };
                if !is_joined {
                    break;
                }
                end = at + next.len_utf8();
                before = next;
                chars.next();
            }
            words.push(Word {
                range: start..end,
                sort,
                breaks,
            });
            breaks = 0;
        }
        Reading { text, words }
    }

    /// The word as it is written; empty behind the last.
    pub(crate) fn written(&self, at: usize) -> &'a str {
        self.words
            .get(at)
            .map_or("", |word| &self.text[word.range.clone()])
    }

    /// The word in small letters, with straight apostrophes.
    pub(crate) fn lower(&self, at: usize) -> Cow<'a, str> {
        lower(self.written(at))
    }

    /// Whether the word is this one, written in small ASCII letters.
    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        self.written(at).eq_ignore_ascii_case(word)
    }

    /// Whether the word is one of these, written in small ASCII letters.
    pub(crate) fn is_one_of(&self, at: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(at, word))
    }

    /// Whether these words stand here one after the other.
    pub(crate) fn are(&self, at: usize, words: &[&str]) -> bool {
        let mut places = at..;
        words
            .iter()
            .all(|word| places.next().is_some_and(|place| self.is(place, word)))
    }

    pub(crate) fn sort(&self, at: usize) -> Option<Sort> {
        self.words.get(at).map(|word| word.sort)
    }

    /// What stands between the word before and this one; none at the first word and behind the last.
    pub(crate) fn gap(&self, at: usize) -> Option<&'a str> {
        let before = self.words.get(at.checked_sub(1)?)?;
        let word = self.words.get(at)?;
        Some(&self.text[before.range.end..word.range.start])
    }

    /// Whether the word follows the one before without a space or hyphen.
    pub(crate) fn touches(&self, at: usize) -> bool {
        self.gap(at) == Some("")
    }

    /// Whether only a hyphen stands between the word before and this one.
    pub(crate) fn is_hyphenated(&self, at: usize) -> bool {
        self.gap(at)
            .is_some_and(|gap| !gap.is_empty() && gap.chars().all(is_hyphen))
    }

    /// The bytes from one word up to, not including, another.
    pub(crate) fn bytes(&self, words: Range<usize>) -> Range<usize> {
        let start = self.words.get(words.start).map(|word| word.range.start);
        let last = self
            .words
            .get(words.end.saturating_sub(1))
            .map(|word| word.range.end);
        let start = start.unwrap_or(self.text.len());
        start..last.unwrap_or(start).max(start)
    }

    /// The first word that begins at this byte or behind it.
    pub(crate) fn word_from(&self, byte: usize) -> usize {
        self.words.partition_point(|word| word.range.start < byte)
    }

    /// The word that this byte is in, or the first behind it.
    pub(crate) fn word_over(&self, byte: usize) -> usize {
        self.words.partition_point(|word| word.range.end <= byte)
    }

    /// Whether a clause ends before this word.
    pub(crate) fn is_clause_end(&self, at: usize) -> bool {
        self.words.get(at).is_none_or(|word| word.breaks > 0)
            || matches!(self.written(at), "." | "," | ";" | ")" | "]" | "!" | "?")
    }
}

fn sort_of(letter: char) -> Sort {
    if letter.is_ascii_digit() {
        Sort::Digits
    } else if is_of_word(letter) {
        Sort::Letters
    } else {
        Sort::Mark
    }
}

/// Letters, digits, and whatever joins them, such as combining marks; so that no word is cut inside a cluster.
fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() && !matches!(letter, '¼'..='¾')
        || matches!(letter, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}' | '\u{2011}' | '\u{2013}')
}

fn is_inner_apostrophe(text: &str, at: usize, letter: char) -> bool {
    let follows = || text[at + letter.len_utf8()..].chars().next();
    matches!(letter, '\'' | '\u{2019}') && follows().is_some_and(char::is_alphabetic)
}

fn lower(word: &str) -> Cow<'_, str> {
    if word
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(word);
    }
    Cow::Owned(word.to_lowercase().replace('\u{2019}', "'"))
}

/// Why a phrase cannot be added to [`Phrases`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum PhraseFault {
    #[error("the phrase has no word")]
    Empty,
    #[error("the phrase has {count} words, {PHRASE_WORDS_MAX} are allowed")]
    Long { count: usize },
    #[error("the alternatives in `{{ }}` are not closed, are nested or are more than {ALTERNATIVES_MAX}")]
    Alternatives,
}

/// Phrases as a tree over words, each with what it stands for. The longest phrase at a place is found in as many
/// steps as it has words, however many phrases there are.
#[derive(Clone, Debug)]
pub(crate) struct Phrases<T> {
    words: BTreeMap<String, u32>,
    steps: BTreeMap<(u32, u32), u32>,
    /// What ends at each node of the tree; node 0 is its root.
    ends: Vec<Vec<T>>,
}

impl<T: Clone> Phrases<T> {
    pub(crate) fn new() -> Self {
        Phrases {
            words: BTreeMap::from([(START.to_owned(), 0), (END.to_owned(), 1)]),
            steps: BTreeMap::new(),
            ends: vec![Vec::new()],
        }
    }

    /// Adds a phrase; `{a|b} c` stands for `a c` and `b c`, and `{a|} c` for `a c` and `c`. Says for how many
    /// phrases it stood.
    ///
    /// # Errors
    /// The phrase is empty or too long, or its alternatives are not written well.
    pub(crate) fn add(&mut self, phrase: &str, value: &T) -> Result<usize, PhraseFault> {
        let all = alternatives(phrase)?;
        for phrase in &all {
            self.add_one(phrase, value.clone())?;
        }
        Ok(all.len())
    }

    fn add_one(&mut self, phrase: &str, value: T) -> Result<(), PhraseFault> {
        let reading = Reading::new(phrase);
        let count = reading.words.len();
        match count {
            0 => return Err(PhraseFault::Empty),
            1..=PHRASE_WORDS_MAX => (),
            _ => return Err(PhraseFault::Long { count }),
        }
        let mut node = 0;
        for at in 0..count {
            let fresh_word = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            let word = *self
                .words
                .entry(reading.lower(at).into_owned())
                .or_insert(fresh_word);
            let fresh_node = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            node = *self.steps.entry((node, word)).or_insert(fresh_node);
            if node == fresh_node {
                self.ends.push(Vec::new());
            }
        }
        if let Some(end) = self.ends.get_mut(node as usize) {
            end.push(value);
        }
        Ok(())
    }

    /// The longest phrase from word `at` on that stands for something `wanted`, and where it ends. Of two that are
    /// as long, the one bound to the start of `within` or to the end of a clause.
    pub(crate) fn longest(
        &self,
        reading: &Reading<'_>,
        within: &Range<usize>,
        at: usize,
        wanted: impl Fn(&T) -> bool,
    ) -> Option<(usize, &[T])> {
        let mut best: Option<(usize, &[T])> = None;
        let mut keep = |node: u32, place: usize| {
            let values = self.ends.get(node as usize).map_or(&[][..], Vec::as_slice);
            let is_longer = best.is_none_or(|(end, _)| place > end);
            if is_longer && values.iter().any(&wanted) {
                best = Some((place, values));
            }
        };
        if at == within.start
            && let Some(bound) = self.steps.get(&(0, 0))
        {
            self.walk(reading, at..within.end, *bound, &mut keep);
        }
        self.walk(reading, at..within.end, 0, &mut keep);
        best
    }

    /// Follows the words from a node on, as far as phrases go.
    fn walk(&self, reading: &Reading<'_>, words: Range<usize>, node: u32, keep: &mut impl FnMut(u32, usize)) {
        let (mut node, end) = (node, words.end);
        for place in words {
            let word = self.words.get(reading.lower(place).as_ref());
            let Some(next) = word.and_then(|word| self.steps.get(&(node, *word))) else {
                return;
            };
            node = *next;
            let after = place + 1;
            if let Some(closed) = self.steps.get(&(node, 1))
                && (after >= end || reading.is_clause_end(after))
            {
                keep(*closed, after);
            }
            keep(node, after);
        }
    }
}

/// Every phrase that a phrase with alternatives stands for.
fn alternatives(phrase: &str) -> Result<Vec<String>, PhraseFault> {
    let mut all = vec![String::new()];
    let mut rest = phrase;
    while let Some((before, opened)) = rest.split_once('{') {
        let (choices, behind) = opened.split_once('}').ok_or(PhraseFault::Alternatives)?;
        if choices.contains('{') || before.contains('}') {
            return Err(PhraseFault::Alternatives);
        }
        let choices: Vec<&str> = choices.split('|').collect();
        if all.len() * choices.len() > ALTERNATIVES_MAX {
            return Err(PhraseFault::Alternatives);
        }
        let grown = all.iter().flat_map(|start| {
            choices
                .iter()
                .map(move |choice| format!("{start}{before}{choice}"))
        });
        all = grown.collect();
        rest = behind;
    }
    if rest.contains('}') {
        return Err(PhraseFault::Alternatives);
    }
    for phrase in &mut all {
        phrase.push_str(rest);
    }
    Ok(all)
}
