//! Finds the text of a value again.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::diagnostic::{Source, Span};

/// One step from a value to a value within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a sequence.
    Index(usize),
}

/// Where a value stands in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Segment>);

/// No list is as long.
const NOWHERE: Segment = Segment::Index(usize::MAX);

/// What of an entry is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The key itself.
    Key,
    /// The value.
    Value,
}

impl Path {
    /// The whole document.
    pub fn root() -> Path {
        Path::default()
    }

    /// A path that leads nowhere: its text is empty and found without reading the file.
    pub(crate) fn nowhere() -> Path {
        Path(vec![NOWHERE])
    }

    /// The way through these segments.
    pub(super) fn of(segments: Vec<Segment>) -> Path {
        Path(segments)
    }

    /// The value under a key.
    #[must_use]
    pub fn key(&self, name: &str) -> Path {
        let mut path = self.clone();
        path.0.push(Segment::Key(name.to_owned()));
        path
    }

    /// The item at an index.
    #[must_use]
    pub fn index(&self, index: usize) -> Path {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }

    /// The text of the key or value at this path; of the document's first line when there is none.
    pub fn find(&self, source: &Arc<Source>, place: Place) -> Span {
        if self.0.first() == Some(&NOWHERE) {
            return Span::new(source, 0..0);
        }
        let sort = RefCell::new(Sort::Collection);
        let seek = Seek {
            path: &self.0,
            place,
            sort: &sort,
        };
        let found = seek.deserialize(serde_yaml::Deserializer::from_str(&source.text));
        let location = found.err().and_then(|error| error.location());
        let text = &source.text;
        let Some(location) = location else {
            return Span::new(source, 0..line_end(text, 0));
        };
        let start = offset_of(text, location.line(), location.column());
        let range = match (place, self.0.last()) {
            (Place::Key, Some(Segment::Key(name))) => start..key_end(text, start, name),
            (Place::Key, _) | (Place::Value, _) => value_range(text, start, &sort.borrow()),
        };
        Span::new(source, range)
    }
}

/// The part of a value's span that a string value came from: without quotes. `None` when the text in the file
/// is not the string itself (escapes, folding, `${..}`).
pub fn inner(span: &Span, value: &str) -> Option<Span> {
    let text = span.text();
    if text == value {
        return Some(span.clone());
    }
    // Where no quote stands, the second byte may lie within a letter.
    let unquoted = text.get(1..).filter(|_| text.len() == value.len() + 2);
    let quoted = unquoted.is_some_and(|rest| rest.starts_with(value));
    quoted.then(|| span.within(1..1 + value.len()))
}

/// Walks to the path and fails there: the library then tells where it was.
#[derive(Clone, Copy)]
struct Seek<'a> {
    path: &'a [Segment],
    place: Place,
    /// Takes what stands at the end of the path.
    sort: &'a RefCell<Sort>,
}

/// What stands at the end of a path.
enum Sort {
    Collection,
    Text(String),
    /// A number, `true`, `~` or nothing.
    Word,
}

impl Seek<'_> {
    fn stop<E: Error>(self, sort: Sort) -> Result<(), E> {
        self.sort.replace(sort);
        Err(E::custom("here"))
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value looked for")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.stop(Sort::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.stop(Sort::Word)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.stop(Sort::Word)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.stop(Sort::Word)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.stop(Sort::Word)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.stop(Sort::Word)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Segment::Index(wanted), rest)) = self.path.split_first() else {
            return Err(A::Error::custom("here"));
        };
        for _ in 0..*wanted {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(Seek { path: rest, ..self })?;
        Err(A::Error::custom("here"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Some((Segment::Key(wanted), rest)) = self.path.split_first() else {
            return Err(A::Error::custom("here"));
        };
        let stop = rest.is_empty() && self.place == Place::Key;
        while let Some(found) = entries.next_key_seed(SeekKey { wanted, stop })? {
            if found {
                entries.next_value_seed(Seek { path: rest, ..self })?;
                return Err(A::Error::custom("here"));
            }
            entries.next_value::<IgnoredAny>()?;
        }
        Err(A::Error::custom("here"))
    }
}

struct SeekKey<'a> {
    wanted: &'a str,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for SeekKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for SeekKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        if key == self.wanted && self.stop {
            Err(E::custom("here"))
        } else {
            Ok(key == self.wanted)
        }
    }
}

/// Byte offset of a line and column, both from 1, by the line breaks YAML knows.
pub(crate) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let mut line_now = 1;
    let mut column_now = 1;
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        if (line_now, column_now) == (line, column) {
            return offset;
        }
        let breaks = matches!(character, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
            || character == '\r' && characters.peek().is_none_or(|(_, next)| *next != '\n');
        if breaks {
            line_now += 1;
            column_now = 1;
        } else {
            column_now += 1;
        }
        if line_now > line {
            return offset;
        }
    }
    text.len()
}

fn line_end(text: &str, start: usize) -> usize {
    let end = text[start..]
        .find('\n')
        .map_or(text.len(), |length| start + length);
    start + text[start..end].trim_end().len()
}

fn key_end(text: &str, start: usize, name: &str) -> usize {
    let rest = &text[start..];
    match rest.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => start + quoted_length(rest, quote),
        _ if rest.starts_with(name) => start + name.len(),
        _ => {
            let end = line_end(text, start);
            rest.find(':').map_or(end, |length| (start + length).min(end))
        }
    }
}

fn value_range(text: &str, start: usize, sort: &Sort) -> Range<usize> {
    let start = start + properties_length(&text[start..]);
    let rest = &text[start..];
    let line = &rest[..line_end(text, start) - start];
    let length = match (rest.bytes().next(), sort) {
        (Some(quote @ (b'"' | b'\'')), Sort::Text(_)) => quoted_length(rest, quote),
        (Some(b'|' | b'>'), Sort::Text(_)) => line.len(),
        (_, Sort::Text(text)) if rest.starts_with(text.as_str()) => text.len(),
        // The first of several lines that are folded into one text.
        (_, Sort::Text(text)) => {
            let same = line.chars().zip(text.chars()).take_while(|(a, b)| a == b);
            same.map(|(character, _)| character.len_utf8()).sum()
        }
        (_, Sort::Word) => line.find([' ', '\t', ',', ']', '}']).unwrap_or(line.len()),
        (Some(b'[' | b'{'), Sort::Collection) => bracket_length(rest),
        // The first line of a mapping or list over several lines.
        (_, Sort::Collection) => line.find(" #").unwrap_or(line.len()),
    };
    start..start + rest[..length.min(rest.len())].trim_end().len()
}

/// Bytes of the anchor before a value.
fn properties_length(rest: &str) -> usize {
    if !rest.starts_with('&') {
        return 0;
    }
    let anchor = rest.find(char::is_whitespace).unwrap_or(rest.len());
    anchor + (rest[anchor..].len() - rest[anchor..].trim_start().len())
}

fn quoted_length(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

/// Bytes up to the bracket that closes the first one; brackets in quotes and comments do not count.
fn bracket_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    while at < bytes.len() {
        let begins = at == 0 || b" \t\r\n,[{:".contains(&bytes[at - 1]);
        match bytes[at] {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            quote @ (b'"' | b'\'') if begins => at += quoted_length(&rest[at..], quote) - 1,
            b'#' if begins => at += rest[at..].find('\n').unwrap_or(rest.len() - at - 1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 1\nnodes:\n  mel: {kind: audio/log-mel, in: mic}   # comment\n  \"é\": 'it''s'\n\
                        list:\n  - x\n  - f32[T<=3, 4] rate=1kHz # end\n\
                        flow: {\n  \"a: b\": one, two: 2, three: \"}\", # }\n  four: ~}\n\
                        bare:\nfolded: one\n  two # three\nmarked: &m here # too\nagain: *m\nlast: x,y\n";

    fn check(path: Path, place: Place, expected: &str) {
        for text in [
            TEXT.to_owned(),
            TEXT.replace('\n', "\r\n"),
            format!("\u{feff}{TEXT}"),
        ] {
            let source = Source::new("t.yaml", text);
            assert_eq!(path.find(&source, place).text().replace('\r', ""), expected);
        }
    }

    #[test]
    fn keys_and_values_are_found_again() {
        let nodes = Path::root().key("nodes");
        check(Path::root().key("a"), Place::Value, "1");
        check(nodes.key("mel"), Place::Key, "mel");
        check(nodes.key("mel"), Place::Value, "{kind: audio/log-mel, in: mic}");
        check(nodes.key("mel").key("kind"), Place::Value, "audio/log-mel");
        check(nodes.key("mel").key("in"), Place::Key, "in");
        check(nodes.key("mel").key("in"), Place::Value, "mic");
        check(nodes.key("é"), Place::Value, "'it''s'");
        check(nodes.key("é"), Place::Key, "\"é\"");
        check(
            Path::root().key("list").index(1),
            Place::Value,
            "f32[T<=3, 4] rate=1kHz",
        );
        check(nodes, Place::Value, "mel: {kind: audio/log-mel, in: mic}");
    }

    #[test]
    fn values_end_where_they_end_within_braces_and_over_several_lines() {
        let flow = Path::root().key("flow");
        check(flow.key("a: b"), Place::Key, "\"a: b\"");
        check(flow.key("a: b"), Place::Value, "one");
        check(flow.key("two"), Place::Value, "2");
        check(flow.key("three"), Place::Value, "\"}\"");
        check(flow.key("four"), Place::Value, "~");
        let whole = "{\n  \"a: b\": one, two: 2, three: \"}\", # }\n  four: ~}";
        check(flow, Place::Value, whole);
        check(Path::root().key("bare"), Place::Value, "");
        check(Path::root().key("folded"), Place::Value, "one");
        check(Path::root().key("marked"), Place::Value, "here");
        check(Path::root().key("last"), Place::Value, "x,y");
    }

    #[test]
    fn quotes_are_left_out_and_long_letters_are_not_taken_for_them() {
        let found = |text: &str, value: &str| {
            let source = Source::new("t.yaml", text);
            inner(&Span::new(&source, 0..text.len()), value).map(|span| span.text().to_owned())
        };
        assert_eq!(found("'mic'", "mic").as_deref(), Some("mic"));
        assert_eq!(found("mic", "mic").as_deref(), Some("mic"));
        assert_eq!(found("é", ""), None);
        assert_eq!(found("'it''s'", "it's"), None);
    }

    #[test]
    fn an_alias_is_found_where_its_value_was_marked() {
        check(Path::root().key("again"), Place::Value, "here");
    }
}
