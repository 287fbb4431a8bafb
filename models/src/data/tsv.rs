//! Tokens and tags, one of each a line with a tab between them, and a blank line after each sentence.
//!
//! A line that begins with `#` and has no tab is a comment. Comments of the form `# name = value` say something about
//! what follows: `id`, and the field of the label, about the next sentence; the field of the group about all sentences
//! up to the next such comment. A sentence that is `-DOCSTART-` alone is left out.

use super::text::{Collector, Draft, TextFields, join};
use super::{Problem, file};

/// Marks the beginning of a document in the files of CoNLL 2003.
const DOCUMENT: &str = "-DOCSTART-";

/// Reads all sentences.
pub(super) fn read(bytes: &[u8], collector: &mut Collector<'_>) {
    let mut sentence = Sentence::default();
    for (line, text) in file::lines(bytes) {
        let text = match text {
            Ok(text) => text,
            Err(problem) => {
                collector.fault(line, problem);
                sentence.is_faulty = true;
                continue;
            }
        };
        if text.trim().is_empty() {
            sentence.end(collector);
        } else if text.starts_with('#') && !text.contains('\t') {
            sentence.comment(text, collector.options.fields);
        } else if let Err(problem) = sentence.token(line, text) {
            collector.fault(line, problem);
            sentence.is_faulty = true;
        }
    }
    sentence.end(collector);
}

/// What was read of a sentence so far.
#[derive(Debug, Default)]
struct Sentence {
    lines: Vec<usize>,
    id: Option<String>,
    label: Option<String>,
    group: Option<String>,
    tokens: Vec<String>,
    tags: Vec<String>,
    is_faulty: bool,
}

impl Sentence {
    fn comment(&mut self, text: &str, fields: &TextFields) {
        let Some((name, value)) = text.trim_start_matches('#').split_once('=') else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if value.is_empty() {
            return;
        }
        let value = Some(value.to_owned());
        let is_label = match &fields.label {
            Some(label) => name == label,
            None => name == "label" || name == "intent",
        };
        if name == fields.group.as_deref().unwrap_or("group") {
            self.group = value;
        } else if name == "id" {
            self.id = value;
        } else if is_label {
            self.label = value;
        }
    }

    fn token(&mut self, line: usize, text: &str) -> Result<(), Problem> {
        let mut columns = text.split('\t');
        let (Some(token), Some(tag), None) = (columns.next(), columns.next(), columns.next()) else {
            let found = text.split('\t').count();
            return Err(Problem::TsvColumns { found });
        };
        if token.trim().is_empty() {
            let index = self.tokens.len();
            return Err(Problem::EmptyToken { index });
        }
        self.lines.push(line);
        self.tokens.push(token.to_owned());
        self.tags.push(tag.trim().to_owned());
        Ok(())
    }

    fn end(&mut self, collector: &mut Collector<'_>) {
        // The group holds for the sentences that follow; all else begins anew.
        let group = self.group.clone();
        if self.tokens.is_empty() && !self.is_faulty {
            return;
        }
        let ended = std::mem::take(self);
        self.group.clone_from(&group);
        if ended.is_faulty || ended.tokens == [DOCUMENT] {
            return;
        }
        let (text, tokens) = join(&ended.tokens);
        collector.add(Draft {
            line: ended.lines.first().copied().unwrap_or_default(),
            token_lines: ended.lines,
            id: ended.id,
            group,
            text,
            further: Vec::new(),
            tokens,
            label: ended.label,
            tags: Some(ended.tags),
            untagged: Vec::new(),
            frames: None,
            side: None,
        });
    }
}
