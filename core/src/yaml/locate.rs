//! Finds the text of a value again.

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
        let seek = Seek { path: &self.0, place };
        let found = seek.deserialize(serde_yaml::Deserializer::from_str(&source.text));
        let location = found.err().and_then(|error| error.location());
        let text = &source.text;
        let Some(location) = location else {
            return Span::new(source, 0..line_end(text, 0));
        };
        let start = offset_of(text, location.line(), location.column());
        let range = match (place, self.0.last()) {
            (Place::Key, Some(Segment::Key(name))) => start..key_end(text, start, name),
            (Place::Key, _) | (Place::Value, _) => value_range(text, start),
        };
        Span::new(source, range)
    }
}

/// The part of a value's span that a string value came from: without quotes. `None` when the text in the file
/// is not the string itself (escapes, folding, `${..}`).
pub(crate) fn inner(span: &Span, value: &str) -> Option<Span> {
    let text = span.text();
    if text == value {
        return Some(span.clone());
    }
    let quoted = text.len() >= 2 && text[1..].starts_with(value) && text.len() == value.len() + 2;
    quoted.then(|| span.within(1..1 + value.len()))
}

/// Walks to the path and fails there: the library then tells where it was.
struct Seek<'a> {
    path: &'a [Segment],
    place: Place,
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
    if rest.starts_with(name) {
        return start + name.len();
    }
    let end = line_end(text, start);
    rest.find(':').map_or(end, |length| (start + length).min(end))
}

fn value_range(text: &str, start: usize) -> Range<usize> {
    let rest = &text[start..];
    let line = &rest[..line_end(text, start) - start];
    let length = match rest.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => quoted_length(rest, quote),
        Some(b'[' | b'{') => bracket_length(rest),
        _ => {
            let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let in_flow = flow_depth(&text[line_start..start]) > 0;
            let stop = if in_flow { line.find([',', ']', '}']) } else { None };
            let stop = stop.unwrap_or(line.len());
            line[..stop].find(" #").unwrap_or(stop)
        }
    };
    start..start + rest[..length.min(rest.len())].trim_end().len()
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

fn bracket_length(rest: &str) -> usize {
    let mut depth = 0usize;
    for (offset, byte) in rest.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return offset + 1;
        }
    }
    rest.len()
}

fn flow_depth(line: &str) -> usize {
    let mut depth = 0usize;
    let mut previous = ' ';
    for character in line.chars() {
        match character {
            // A bracket inside a plain word, as in `f32[3]`, opens nothing.
            '[' | '{' if depth > 0 || !previous.is_alphanumeric() => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = character;
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 1\nnodes:\n  mel: {kind: audio/log-mel, in: mic}   # comment\n  \"é\": 'it''s'\n\
                        list:\n  - x\n  - f32[T<=3, 4] rate=1kHz # end\n";

    fn check(path: Path, place: Place, expected: &str) {
        let source = Source::new("t.yaml", TEXT);
        assert_eq!(path.find(&source, place).text(), expected);
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
        check(
            Path::root().key("list").index(1),
            Place::Value,
            "f32[T<=3, 4] rate=1kHz",
        );
    }

    #[test]
    fn windows_line_ends_do_not_shift_the_place() {
        let source = Source::new("t.yaml", TEXT.replace('\n', "\r\n"));
        let path = Path::root().key("list").index(1);
        assert_eq!(path.find(&source, Place::Value).text(), "f32[T<=3, 4] rate=1kHz");
    }
}
