//! Faults in a pipeline file as values.
//!
//! A [`Diagnostic`] speaks to the author of a file: a stable code, one sentence, the places in the text, one
//! `help` that can be acted on and, where a single edit certainly mends it, that edit as a [`Fix`]. It does
//! *not* know how to print itself in colour: the `motet` binary does that.
//!
//! Invariant: [`Diagnostics`] is sorted by source, position and code, and holds no two equal entries.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::limits::DIAGNOSTICS_MAX;

/// Longest message, label or help; a name in it may be as long as the file.
const MESSAGE_CHARACTERS_MAX: usize = 1_000;

/// One text a pipeline is made of: the file itself, or the file of an agent it uses.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown to people, usually a path as the user typed it.
    pub name: String,
    /// The whole text, without a byte order mark.
    pub text: String,
}

impl Source {
    /// A named text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        let text: String = text.into();
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Arc::new(Source {
            name: name.into(),
            text,
        })
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor_char(offset);
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }

    fn floor_char(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// A range of bytes in one source.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// The text it lies in.
    pub source: Arc<Source>,
    /// Bytes within that text.
    pub range: Range<usize>,
}

impl Span {
    /// The range of `source` from `start` to `end`, cut to the text.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Span {
        let start = source.floor_char(range.start);
        let end = source.floor_char(range.end).max(start);
        Span {
            source: Arc::clone(source),
            range: start..end,
        }
    }

    /// Line from 1.
    pub fn line(&self) -> usize {
        self.source.line_and_column(self.range.start).0
    }

    /// The text it covers.
    pub fn text(&self) -> &str {
        &self.source.text[self.range.clone()]
    }

    /// A part of this span, by offsets from its start.
    pub fn within(&self, part: Range<usize>) -> Span {
        let start = self.range.start + part.start;
        Span::new(&self.source, start..(self.range.start + part.end).max(start))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.source.line_and_column(self.range.start);
        write!(f, "{}:{line}:{column}", self.source.name)
    }
}

/// The stable name of a kind of fault, such as `MT0214`; `docs/errors.md` has a section for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Code(pub &'static str);

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How bad it is: an error stops the pipeline, a warning does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The pipeline is refused.
    Error,
    /// The pipeline runs; the author should look.
    Warning,
}

/// A place in the text and what it has to do with the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there; may be empty for the first label.
    pub text: String,
}

/// An edit that mends the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The text to replace; an empty span inserts.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// One fault: see the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// The places, the most important first; never empty once in a [`Diagnostics`] made by this crate.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// The edit that does it, where one is certain.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let labels = vec![Label {
            span,
            text: String::new(),
        }];
        Diagnostic {
            code,
            severity: Severity::Error,
            message: printable(message.into()),
            labels,
            help: None,
            fix: None,
        }
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, span, message)
        }
    }

    /// Says what is at the first place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Diagnostic {
        if let Some(first) = self.labels.first_mut() {
            first.text = printable(text.into());
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            text: printable(text.into()),
        });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(printable(help.into()));
        self
    }

    /// Adds the edit that does what `help` says.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.fix = Some(Fix {
            span,
            replacement: replacement.into(),
        });
        self
    }

    /// Offers the nearest of the known names, with the edit, or lists what is known when none is near.
    #[must_use]
    pub fn suggest<'a>(
        self,
        span: Span,
        found: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Diagnostic {
        match nearest(found, known.clone()) {
            Some(name) => {
                let replacement = name.to_owned();
                self.help(format!("did you mean `{name}`?"))
                    .fix(span, replacement)
            }
            None => {
                let mut names: Vec<&str> = known.into_iter().collect();
                names.sort_unstable();
                names.dedup();
                let more = names.len().saturating_sub(12);
                names.truncate(12);
                match (names.is_empty(), more) {
                    (true, _) => self,
                    (false, 0) => self.help(format!("known here: {}", names.join(", "))),
                    (false, more) => self.help(format!("known here: {} and {more} more", names.join(", "))),
                }
            }
        }
    }

    fn place(&self) -> Option<(&str, usize)> {
        self.labels
            .first()
            .map(|label| (label.span.source.name.as_str(), label.span.range.start))
    }
}

/// Text for a terminal: control characters of the author's file are escaped, and what is very long is cut.
fn printable(text: String) -> String {
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.len() <= MESSAGE_CHARACTERS_MAX && !text.contains(hidden) {
        return text;
    }
    let mut printed = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MESSAGE_CHARACTERS_MAX {
            printed.push('…');
            break;
        }
        if hidden(character) {
            printed.extend(character.escape_default());
        } else {
            printed.push(character);
        }
    }
    printed
}

/// The known name nearest to `found` by edit distance (Damerau and Levenshtein), if it is near enough to be
/// meant.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (found.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// All faults of one pipeline, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    entries: Vec<Diagnostic>,
    dropped_count: usize,
}

impl Diagnostics {
    /// No faults.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds a fault; beyond [`DIAGNOSTICS_MAX`] it is only counted, or takes the place of a warning if it is an error.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.entries.contains(&diagnostic) {
            return;
        }
        if self.entries.len() >= DIAGNOSTICS_MAX {
            self.dropped_count += 1;
            // An error is never lost to warnings.
            let warning = self
                .entries
                .iter()
                .rposition(|entry| entry.severity == Severity::Warning);
            match warning.filter(|_| diagnostic.severity == Severity::Error) {
                Some(warning) => drop(self.entries.remove(warning)),
                None => return,
            }
        }
        let at = self
            .entries
            .partition_point(|other| order(other, &diagnostic) != Ordering::Greater);
        self.entries.insert(at, diagnostic);
    }

    /// Adds all faults of another.
    pub fn extend(&mut self, other: Diagnostics) {
        self.dropped_count += other.dropped_count;
        for diagnostic in other.entries {
            self.push(diagnostic);
        }
    }

    /// Keeps the faults of which this holds.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.entries.retain(keep);
    }

    /// The faults, sorted by source, position and code.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.entries.iter()
    }

    /// How many faults did not fit.
    pub fn dropped_count(&self) -> usize {
        self.dropped_count
    }

    /// True when further faults would only be counted, so that nobody needs to find their places.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= DIAGNOSTICS_MAX
    }

    /// True when there is no fault at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True when at least one is an error.
    pub fn has_errors(&self) -> bool {
        self.entries
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// `Err` with everything if there is an error, else the value with the warnings.
    ///
    /// # Errors
    /// All of them, when one at least is an error.
    pub fn or<T>(self, value: T) -> Result<(T, Diagnostics), Diagnostics> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok((value, self))
        }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        let mut all = Diagnostics::new();
        all.push(diagnostic);
        all
    }
}

/// One line per fault, `file:line:column: error[CODE]: message`.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.entries {
            let severity = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            if let Some(label) = diagnostic.labels.first() {
                write!(f, "{}: ", label.span)?;
            }
            writeln!(f, "{severity}[{}]: {}", diagnostic.code, diagnostic.message)?;
        }
        if self.dropped_count > 0 {
            writeln!(f, "and {} more", self.dropped_count)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

fn order(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    (a.place(), a.code, &a.message).cmp(&(b.place(), b.code, &b.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["audio/log-mel", "audio/resample", "model/keyword"];
        assert_eq!(nearest("audio/logmel", known), Some("audio/log-mel"));
        assert_eq!(nearest("moddel/keyword", known), Some("model/keyword"));
        assert_eq!(nearest("text/template", known), None);
    }

    #[test]
    fn a_message_holds_no_control_characters_and_is_not_endless() {
        let source = Source::new("a.yaml", "x");
        let say = |text: &str| Diagnostic::error(Code("MT0001"), Span::new(&source, 0..1), text).message;
        assert_eq!(say("a `\u{1b}[31m`\n\u{202e}"), "a `\\u{1b}[31m`\\n\\u{202e}");
        assert_eq!(say(&"é".repeat(5_000)).chars().count(), 1_001);
    }

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let source = Source::new("a.yaml", "a: é\nbé: x\n");
        let at = source.text.find('x').unwrap();
        assert_eq!(source.line_and_column(at), (2, 5));
    }

    #[test]
    fn faults_are_sorted_by_position_and_kept_once() {
        let source = Source::new("a.yaml", "one\ntwo\n");
        let mut all = Diagnostics::new();
        all.push(Diagnostic::error(
            Code("MT0002"),
            Span::new(&source, 4..7),
            "later",
        ));
        all.push(Diagnostic::warning(
            Code("MT0001"),
            Span::new(&source, 0..3),
            "earlier",
        ));
        all.push(Diagnostic::error(
            Code("MT0002"),
            Span::new(&source, 4..7),
            "later",
        ));
        let text = all.to_string();
        assert_eq!(
            text,
            "a.yaml:1:1: warning[MT0001]: earlier\na.yaml:2:1: error[MT0002]: later\n"
        );
    }

    #[test]
    fn an_error_is_kept_however_many_warnings_there_are() {
        let source = Source::new("a.yaml", "x".repeat(2 * DIAGNOSTICS_MAX));
        let mut all = Diagnostics::new();
        for at in 0..DIAGNOSTICS_MAX + 5 {
            all.push(Diagnostic::warning(
                Code("MT0001"),
                Span::new(&source, at..at + 1),
                "look",
            ));
        }
        assert!(!all.has_errors());
        all.push(Diagnostic::error(
            Code("MT0002"),
            Span::new(&source, 0..1),
            "stop",
        ));
        assert!(all.has_errors());
        assert_eq!((all.iter().count(), all.dropped_count()), (DIAGNOSTICS_MAX, 6));
    }
}
