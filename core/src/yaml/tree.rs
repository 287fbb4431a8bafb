//! Reads YAML into a tree of our own.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::explain;
use super::locate::{Path, Segment};
use crate::diagnostic::Code;
use crate::limits::{DEPTH_MAX, SPEC_BYTES_MAX};

/// Most values of one document, aliases counted each time they are used.
const VALUES_MAX: usize = 200_000;
/// Most bytes of text of one document, aliases counted each time they are used.
const TEXT_BYTES_MAX: usize = 4 * SPEC_BYTES_MAX;
/// Most openings without a closing on the way through a text, before the library reads it: its time grows with
/// the square of this.
const OPENINGS_MAX: usize = 256;

/// A YAML value with its mappings in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    /// `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Yaml>),
    /// A mapping with unique keys.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// For people: what sort of value this is.
    pub fn describe(&self) -> String {
        match self {
            Yaml::Null => "nothing".to_owned(),
            Yaml::Bool(value) => format!("`{value}`"),
            Yaml::Integer(value) => format!("the number `{value}`"),
            Yaml::Number(value) => format!("the number `{value}`"),
            Yaml::Text(value) if value.chars().count() > 40 => "a long text".to_owned(),
            Yaml::Text(value) => format!("`{value}`"),
            Yaml::List(_) => "a list".to_owned(),
            Yaml::Map(_) => "a mapping".to_owned(),
        }
    }

    /// Any number as a float.
    pub fn number(&self) -> Option<f64> {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a parameter near 2^53 has no use for its last bit"
            )]
            Yaml::Integer(value) => Some(*value as f64),
            Yaml::Number(value) => Some(*value),
            Yaml::Null | Yaml::Bool(_) | Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// A text or number as text, for quantities.
    pub fn scalar_text(&self) -> Option<String> {
        match self {
            Yaml::Text(value) => Some(value.clone()),
            Yaml::Integer(value) => Some(value.to_string()),
            Yaml::Number(value) => Some(value.to_string()),
            Yaml::Null | Yaml::Bool(_) | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        match self {
            Yaml::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Why a text is not a document we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlFault {
    /// Its stable code.
    pub code: Code,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: Option<&'static str>,
    /// Line and column from 1, the column in characters.
    pub at: (usize, usize),
    /// Another place that has to do with it, and what is there.
    pub also: Option<(Also, String)>,
    /// Bytes to replace, and what by, where that certainly mends it.
    pub fix: Option<(Range<usize>, String)>,
}

/// Another place that has to do with a [`YamlFault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Also {
    /// Line and column from 1.
    At(usize, usize),
    /// The key at this path.
    Key(Path),
}

/// Reads one document.
///
/// # Errors
/// The first fault: too long, too deep, not YAML, an equal key, a tag, several documents.
pub fn read(text: &str) -> Result<Yaml, Box<YamlFault>> {
    read_once(text).map_err(|mut fault| {
        fault.fix = fault.fix.take().filter(|(range, by)| {
            let mended = [&text[..range.start], by.as_str(), &text[range.end..]].concat();
            read_once(&mended).is_ok()
        });
        fault
    })
}

fn read_once(text: &str) -> Result<Yaml, Box<YamlFault>> {
    if text.len() > SPEC_BYTES_MAX {
        return Err(Box::new(explain::too_long(text.len())));
    }
    if let Some((offset, character)) = text.char_indices().find(|(_, character)| is_refused(*character)) {
        return Err(Box::new(explain::control_character(
            character,
            offset,
            position(text, offset),
        )));
    }
    if let Some(offset) = opened_too_often(text) {
        return Err(Box::new(explain::too_deep(position(text, offset))));
    }
    let walk = Walk::default();
    let seed = TreeSeed {
        depth: 0,
        walk: &walk,
    };
    let read = seed.deserialize(serde_yaml::Deserializer::from_str(text));
    read.map_err(|error| Box::new(explain::library(text, &error, walk.refusal.take())))
}

/// Characters that YAML does not allow in a document.
fn is_refused(character: char) -> bool {
    let allowed = matches!(character, '\t' | '\n' | '\r' | '\u{85}');
    character.is_control() && !allowed || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// The offset at which more than [`OPENINGS_MAX`] collections are open. Quotes are not looked at: a text with
/// that many unclosed brackets is refused too.
fn opened_too_often(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut dashes = 0usize;
    let mut previous = b'\n';
    for (offset, byte) in text.bytes().enumerate() {
        match (previous, byte) {
            (_, b'[' | b'{') => open += 1,
            (_, b']' | b'}') => open = open.saturating_sub(1),
            (b'-' | b'?', b' ') => dashes += 1,
            (b' ' | b'\n', b' ' | b'-' | b'?') => {}
            _ => dashes = 0,
        }
        if open > OPENINGS_MAX || dashes > OPENINGS_MAX {
            return Some(offset);
        }
        previous = byte;
    }
    None
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

/// What we refuse although the library would take it.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The path of a key that its mapping already has.
    EqualKey(Path, String),
    TooDeep,
    TooLarge,
}

/// What is kept on the way through a document.
#[derive(Default)]
struct Walk {
    value_count: Cell<usize>,
    text_bytes: Cell<usize>,
    segments: RefCell<Vec<Segment>>,
    /// Why the walk was stopped; the library only carries the place.
    refusal: RefCell<Option<Refusal>>,
}

impl Walk {
    fn refuse<E: Error>(&self, refusal: Refusal) -> E {
        self.refusal.replace(Some(refusal));
        E::custom("refused")
    }

    fn count_text<E: Error>(&self, text: &str) -> Result<(), E> {
        self.text_bytes.set(self.text_bytes.get() + text.len());
        if self.text_bytes.get() > TEXT_BYTES_MAX {
            Err(self.refuse(Refusal::TooLarge))
        } else {
            Ok(())
        }
    }

    fn within<T>(&self, segment: Segment, read: impl FnOnce() -> T) -> T {
        self.segments.borrow_mut().push(segment);
        let value = read();
        self.segments.borrow_mut().pop();
        value
    }
}

#[derive(Clone, Copy)]
struct TreeSeed<'a> {
    depth: usize,
    walk: &'a Walk,
}

impl<'de> DeserializeSeed<'de> for TreeSeed<'_> {
    type Value = Yaml;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        let walk = self.walk;
        walk.value_count.set(walk.value_count.get() + 1);
        if self.depth > DEPTH_MAX {
            return Err(walk.refuse(Refusal::TooDeep));
        }
        if walk.value_count.get() > VALUES_MAX {
            return Err(walk.refuse(Refusal::TooLarge));
        }
        deserializer.deserialize_any(TreeVisitor(TreeSeed {
            depth: self.depth + 1,
            ..self
        }))
    }
}

struct TreeVisitor<'a>(TreeSeed<'a>);

impl<'de> Visitor<'de> for TreeVisitor<'_> {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_unit<E: Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Integer(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a number beyond 2^63 is only ever refused as out of range"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Yaml, E> {
        Ok(i64::try_from(value).map_or(Yaml::Number(value as f64), Yaml::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Yaml, E> {
        self.0.walk.count_text(value)?;
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let (walk, mut list) = (self.0.walk, Vec::new());
        while let Some(item) = walk.within(Segment::Index(list.len()), || items.next_element_seed(self.0))? {
            list.push(item);
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let walk = self.0.walk;
        let mut seen = BTreeSet::new();
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(UniqueKey { seen: &seen, walk })? {
            seen.insert(key.clone());
            let value = walk.within(Segment::Key(key.clone()), || entries.next_value_seed(self.0))?;
            map.push((key, value));
        }
        Ok(Yaml::Map(map))
    }
}

/// Refuses a key that was seen before; failing here, and not after, makes the library point at the key.
struct UniqueKey<'a> {
    seen: &'a BTreeSet<String>,
    walk: &'a Walk,
}

impl<'de> DeserializeSeed<'de> for UniqueKey<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for UniqueKey<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is text")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        self.walk.count_text(key)?;
        if self.seen.contains(key) {
            let path = Path::of(self.walk.segments.borrow().clone());
            return Err(self.walk.refuse(Refusal::EqualKey(path.key(key), key.to_owned())));
        }
        Ok(key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(text: &str, code: &str, at: (usize, usize)) {
        let fault = read(text).expect_err(text);
        assert_eq!((fault.code.0, fault.at), (code, at), "{fault:?}");
    }

    #[test]
    fn values_keep_their_sort() {
        let tree = read("a: no\nb: 1e3\nc: 12:30\nd: 7\ne: [true, ~]\n").unwrap();
        assert_eq!(tree.get("a"), Some(&Yaml::Text("no".to_owned())));
        assert_eq!(tree.get("b"), Some(&Yaml::Number(1e3)));
        assert_eq!(tree.get("c"), Some(&Yaml::Text("12:30".to_owned())));
        assert_eq!(tree.get("d"), Some(&Yaml::Integer(7)));
        assert_eq!(
            tree.get("e"),
            Some(&Yaml::List(vec![Yaml::Bool(true), Yaml::Null]))
        );
    }

    #[test]
    fn hostile_documents_are_refused_at_their_place() {
        refuse("a: 1\nb: 2\na: 3\n", "MT0103", (3, 1));
        refuse("a: 1\n---\nb: 2\n", "MT0105", (2, 1));
        refuse("--- # one\na: 1\n...\n--- {b: 2}\n", "MT0105", (4, 1));
        refuse("a: !b 1\n", "MT0106", (1, 4));
        refuse("a: [1, 2\nb: 3\n", "MT0100", (2, 2));
        refuse("a: 1\n\tb: 2\n", "MT0100", (2, 1));
        refuse("a: *b\n", "MT0100", (1, 4));
        refuse("[a]: 1\n", "MT0106", (1, 1));
        refuse("é: 1\nb: é\u{0}\n", "MT0107", (2, 5));
        refuse(&"[".repeat(100_000), "MT0102", (1, 257));
        refuse(&"{a: ".repeat(100_000), "MT0102", (1, 1_025));
        refuse(&"- ".repeat(100_000), "MT0102", (1, 514));
        refuse(
            &format!("{}x{}", "[".repeat(30), "]".repeat(30)),
            "MT0102",
            (1, 25),
        );
        refuse(&" ".repeat(SPEC_BYTES_MAX + 1), "MT0101", (1, 1));
    }

    #[test]
    fn a_single_slip_is_mended() {
        let mend = |text: &str, expected: Option<&str>| {
            let (fix, mut mended) = (read(text).expect_err(text).fix, text.to_owned());
            let mended = fix.map(|(range, by)| {
                mended.replace_range(range, &by);
                mended
            });
            assert_eq!(mended.as_deref(), expected, "{text}");
        };
        mend("a:\n\tb: 1\n", Some("a:\n  b: 1\n"));
        mend("a:\n\tb: 1\n\tc: 1\n", None);
        mend("é: b: c # d\n", Some("é: \"b: c\" # d\n"));
        mend(
            "a: {m: f32[T<=4] rate=1kHz, n: 2}\n",
            Some("a: {m: \"f32[T<=4] rate=1kHz\", n: 2}\n"),
        );
        mend(
            "a: {m: f32[2, 3] rate=1kHz}\n",
            Some("a: {m: \"f32[2, 3] rate=1kHz\"}\n"),
        );
        mend("a: 1\n---\nb: 2\n", Some("a: 1\n\nb: 2\n"));
        mend("a: 1\n---\na: 2\n", None);
        mend("a: !b c\n", Some("a: c\n"));
        mend("a: \u{7}b\n", Some("a: b\n"));
        mend("a: [1\n", None);
    }

    #[test]
    fn a_banner_of_dashes_is_no_nesting() {
        assert!(read(&format!("# {} title\na: 1\n", "-".repeat(300))).is_ok());
    }

    #[test]
    fn an_equal_key_is_told_from_its_like_in_the_keys_around_it() {
        let fault = read("tests:\n  a spoken word: here:\n    feed: 1\n    feed: 2\n").unwrap_err();
        assert_eq!(fault.code, Code("MT0100"), "{fault:?}");
        let fault = read("tests:\n  a b:\n    feed: 1\n    feed: 2\n").unwrap_err();
        assert_eq!((fault.code.0, fault.at), ("MT0103", (4, 5)), "{fault:?}");
        let first = Path::root().key("tests").key("a b").key("feed");
        assert_eq!(fault.also.unwrap().0, Also::Key(first));
        refuse("nested too deep: !x 1\n", "MT0106", (1, 18));
    }

    fn bomb(first: &str) -> String {
        let mut text = format!("a0: &a0 {first}\n");
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            text.push_str(&format!(
                "a{level}: &a{level} [{}]\n",
                [before.as_str(); 9].join(", ")
            ));
        }
        text
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        assert_eq!(
            read(&bomb("[x, x, x, x, x, x, x, x, x]")).unwrap_err().code,
            Code("MT0104")
        );
    }

    #[test]
    fn aliases_of_a_long_text_are_counted_by_their_bytes() {
        let text = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(100_000),
            ["*a"; 1_000].join(", ")
        );
        assert_eq!(read(&text).unwrap_err().code, Code("MT0104"));
    }
}
