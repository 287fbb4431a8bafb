//! Texts with a class, with tags of their tokens, or with both.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::fault::Faults;
use super::problem::{nearest, quote};
use super::tags::{check_tags, span_names};
use super::{DataError, Example, Place, Problem, Side, TokenSpans, file, json_lines, tsv};
use crate::card::sha256;

/// One text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextExample {
    /// Its name, unique in the file; `line-N` where the file gives none.
    pub id: String,
    /// Where it was read.
    pub place: Place,
    /// Who or what it comes from, if the file says so.
    pub group: Option<String>,
    /// The text, not empty.
    pub text: String,
    /// Texts of [`TextFields::further`], in that order; none where the row has no such field, or nothing in it.
    pub further: Vec<Option<String>>,
    /// Bytes of [`Self::text`] that each token covers: ascending, none empty.
    pub tokens: Vec<Range<usize>>,
    /// The class of the text.
    pub label: Option<String>,
    /// One tag a token: `O`, `B-name` or `I-name`.
    pub tags: Option<Vec<String>>,
    /// Names and tokens of spans that no tag says: each lies within one that tags do, or around it.
    pub untagged: Vec<(String, Range<usize>)>,
    /// What is to be done, and what plays which role in it, where the file says so; the tags are of the same words.
    pub frames: Option<Vec<FrameExample>>,
    /// The side that the file asks for.
    pub side: Option<Side>,
}

/// A frame of a text: what evokes it and what plays its roles. Words are places among the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameExample {
    /// Its name.
    pub name: String,
    /// The words that evoke it.
    pub words: Range<usize>,
    /// Names of roles, and the words that play them.
    pub roles: Vec<(String, Range<usize>)>,
}

impl TextExample {
    /// Returns the tokens as texts.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.tokens
            .iter()
            .filter_map(|token| self.text.get(token.clone()))
    }
}

impl Example for TextExample {
    fn id(&self) -> &str {
        &self.id
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn side(&self) -> Option<Side> {
        self.side
    }

    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn span_names(&self) -> Vec<&str> {
        self.tags.as_deref().map(span_names).unwrap_or_default()
    }

    fn untagged(&self) -> usize {
        self.untagged.len()
    }
}

/// Names of the fields to read, where they are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextFields {
    /// The text, else `text`.
    pub text: Option<String>,
    /// Fields of further texts that mean the same, of which a row has some or none.
    pub further: Vec<String>,
    /// The class, else `label` or `intent`.
    pub label: Option<String>,
    /// The tags, else `tags` or `slots`.
    pub tags: Option<String>,
    /// Spans over tokens instead of tags; none for `spans` of characters.
    pub spans: Option<TokenSpans>,
    /// The group, else `group`; as in `speaker` or `patient`.
    pub group: Option<String>,
    /// A field and what it must be in rows that are read; all others are passed over.
    pub only: Option<(String, String)>,
}

/// How texts are read.
#[derive(Clone, Copy)]
pub struct TextOptions<'a> {
    /// Names of the fields.
    pub fields: &'a TextFields,
    /// The classes of the recipe, if it names them.
    pub labels: Option<&'a [String]>,
    /// The names of spans of the recipe, if it names them.
    pub tags: Option<&'a [String]>,
    /// Longest text, in characters.
    pub characters_max: usize,
    /// Splits a text into tokens: ascending ranges of bytes, on boundaries of characters, none empty.
    pub words: &'a dyn Fn(&str) -> Vec<Range<usize>>,
}

/// A file of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct TextSet {
    /// The file.
    pub file: Arc<Path>,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its examples, in the order of the file; one at least.
    pub examples: Vec<TextExample>,
}

impl TextSet {
    /// Reads a file of JSON Lines: one object a line, with `text` or `tokens`, and `label`, `tags` or `spans`.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::TooLarge`], [`DataError::Empty`], [`DataError::Faults`].
    pub fn read_json_lines(path: &Path, options: &TextOptions<'_>) -> Result<Self, DataError> {
        Self::parse_json_lines(path, &file::read(path)?, options)
    }

    /// Reads a file of tokens and tags: a token, a tab and a tag a line, and a blank line between sentences.
    ///
    /// # Errors
    /// As [`Self::read_json_lines`].
    pub fn read_tsv(path: &Path, options: &TextOptions<'_>) -> Result<Self, DataError> {
        Self::parse_tsv(path, &file::read(path)?, options)
    }

    /// Reads the bytes of a file of JSON Lines; `path` is only named.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Faults`].
    ///
    /// # Panics
    /// If [`TextOptions::words`] gives no ascending ranges on boundaries of characters.
    pub fn parse_json_lines(path: &Path, bytes: &[u8], options: &TextOptions<'_>) -> Result<Self, DataError> {
        let mut collector = Collector::new(path, options);
        json_lines::read(bytes, &mut collector);
        collector.finish(bytes)
    }

    /// Reads the bytes of a file of tokens and tags; `path` is only named.
    ///
    /// # Errors
    /// As [`Self::parse_json_lines`].
    pub fn parse_tsv(path: &Path, bytes: &[u8], options: &TextOptions<'_>) -> Result<Self, DataError> {
        let mut collector = Collector::new(path, options);
        tsv::read(bytes, &mut collector);
        collector.finish(bytes)
    }
}

/// An example whose parts are read, but not compared with each other.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) line: usize,
    /// Line of each token, if they have lines of their own.
    pub(super) token_lines: Vec<usize>,
    pub(super) id: Option<String>,
    pub(super) group: Option<String>,
    pub(super) text: String,
    pub(super) further: Vec<Option<String>>,
    pub(super) tokens: Vec<Range<usize>>,
    pub(super) label: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) untagged: Vec<(String, Range<usize>)>,
    pub(super) frames: Option<Vec<FrameExample>>,
    pub(super) side: Option<Side>,
}

/// Checks drafts and collects examples and faults.
pub(super) struct Collector<'a> {
    pub(super) options: &'a TextOptions<'a>,
    file: Arc<Path>,
    faults: Faults,
    examples: Vec<TextExample>,
    first_lines: HashMap<String, usize>,
}

impl<'a> Collector<'a> {
    fn new(path: &Path, options: &'a TextOptions<'a>) -> Self {
        let file = file::shared(path);
        Self {
            options,
            faults: Faults::new(&file),
            file,
            examples: Vec::new(),
            first_lines: HashMap::new(),
        }
    }

    pub(super) fn fault(&mut self, line: usize, problem: Problem) {
        self.faults.push(line, problem);
    }

    /// Adds an example, or the faults that it has.
    pub(super) fn add(&mut self, draft: Draft) {
        let line = draft.line;
        let problems = self.check(&draft);
        let is_sound = problems.is_empty();
        for problem in problems {
            let of_token = problem.tag_index().and_then(|index| draft.token_lines.get(index));
            self.faults.push(*of_token.unwrap_or(&line), problem);
        }
        if !is_sound {
            return;
        }
        self.examples.push(TextExample {
            id: draft.id.unwrap_or_else(|| format!("line-{line}")),
            place: Place {
                file: self.file.clone(),
                line,
            },
            group: draft.group,
            text: draft.text,
            further: draft.further,
            tokens: draft.tokens,
            label: draft.label,
            tags: draft.tags,
            untagged: draft.untagged,
            frames: draft.frames,
            side: draft.side,
        });
    }

    fn check(&mut self, draft: &Draft) -> Vec<Problem> {
        let mut problems = Vec::new();
        let (characters, max) = (draft.text.chars().count(), self.options.characters_max);
        if characters > max {
            problems.push(Problem::TextTooLong { characters, max });
        } else if draft.text.trim().is_empty() || draft.tokens.is_empty() {
            problems.push(Problem::EmptyText);
        }
        for text in draft.further.iter().flatten() {
            let characters = text.chars().count();
            if characters > max {
                problems.push(Problem::TextTooLong { characters, max });
            }
        }
        problems.extend(
            draft
                .label
                .as_ref()
                .and_then(|label| unknown_label(label, self.options.labels)),
        );
        if let Some(tags) = &draft.tags {
            if tags.len() == draft.tokens.len() {
                // A frame or role that nobody learnt is judged as one that is never found.
                let known = self.options.tags.filter(|_| draft.frames.is_none());
                problems.extend(check_tags(tags, known));
            } else {
                problems.push(Problem::TagCount {
                    tokens: draft.tokens.len(),
                    tags: tags.len(),
                });
            }
        }
        problems.extend(
            draft
                .id
                .as_ref()
                .and_then(|id| duplicate(id, draft.line, &mut self.first_lines)),
        );
        problems
    }

    fn finish(self, bytes: &[u8]) -> Result<TextSet, DataError> {
        let examples = self.faults.or(self.examples)?;
        if examples.is_empty() {
            return Err(DataError::Empty {
                path: self.file.to_path_buf(),
            });
        }
        Ok(TextSet {
            file: self.file,
            sha256: sha256(bytes),
            examples,
        })
    }
}

/// Says that `label` is none of the recipe's, if that names them.
pub(super) fn unknown_label(label: &str, known: Option<&[String]>) -> Option<Problem> {
    let known = known?;
    if known.iter().any(|known| known == label) {
        return None;
    }
    Some(Problem::UnknownLabel {
        label: quote(label),
        near: nearest(label, known.iter().map(String::as_str)),
    })
}

/// Says that `id` was there before, and else remembers it.
pub(super) fn duplicate(id: &str, line: usize, first_lines: &mut HashMap<String, usize>) -> Option<Problem> {
    if let Some(first_line) = first_lines.get(id) {
        return Some(Problem::DuplicateId {
            id: quote(id),
            first_line: *first_line,
        });
    }
    first_lines.insert(id.to_owned(), line);
    None
}

/// Returns the tokens joined by single spaces, and where each lies.
pub(super) fn join(tokens: &[String]) -> (String, Vec<Range<usize>>) {
    let mut text = String::with_capacity(tokens.iter().map(|token| token.len() + 1).sum());
    let mut ranges = Vec::with_capacity(tokens.len());
    for token in tokens {
        if !ranges.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(token);
        ranges.push(start..text.len());
    }
    (text, ranges)
}

#[cfg(test)]
pub(super) mod tests;
