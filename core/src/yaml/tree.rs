//! Reads YAML into a tree of our own.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::diagnostic::Code;
use crate::limits::{DEPTH_MAX, SPEC_BYTES_MAX};

/// Most values of one document, aliases counted each time they are used.
const VALUES_MAX: usize = 200_000;
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
}

/// Reads one document.
///
/// # Errors
/// The first fault: too long, too deep, not YAML, an equal key, a tag, several documents.
pub fn read(text: &str) -> Result<Yaml, YamlFault> {
    if text.len() > SPEC_BYTES_MAX {
        let message = format!(
            "the file has {} bytes; at most {SPEC_BYTES_MAX} are read",
            text.len()
        );
        let help = Some("move data out of the pipeline file");
        return Err(YamlFault {
            code: Code("MT0101"),
            message,
            help,
            at: (1, 1),
        });
    }
    if let Some(offset) = opened_too_often(text) {
        return Err(too_deep(position(text, offset)));
    }
    let value_count = Cell::new(0);
    let seed = TreeSeed {
        depth: 0,
        value_count: &value_count,
    };
    seed.deserialize(serde_yaml::Deserializer::from_str(text))
        .map_err(|error| explain(&error))
}

fn too_deep(at: (usize, usize)) -> YamlFault {
    let message = format!("collections are nested deeper than {DEPTH_MAX}");
    YamlFault {
        code: Code("MT0102"),
        message,
        help: Some("flatten this part of the file"),
        at,
    }
}

/// The offset at which more than [`OPENINGS_MAX`] collections are open. Quotes are not looked at: a text with
/// that many unclosed brackets is refused too.
fn opened_too_often(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut dashes = 0usize;
    let mut previous = b'\n';
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            b'-' | b'?' => dashes += 1,
            b' ' if matches!(previous, b'-' | b'?' | b' ') => {}
            _ => dashes = 0,
        }
        if open > OPENINGS_MAX || dashes > OPENINGS_MAX && byte == b' ' {
            return Some(offset);
        }
        previous = byte;
    }
    None
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

const DUPLICATE: &str = "equal key";
const DEEP: &str = "nested too deep";
const MANY: &str = "too many values";

fn explain(error: &serde_yaml::Error) -> YamlFault {
    let at = error
        .location()
        .map_or((1, 1), |location| (location.line(), location.column()));
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let text = text
        .rsplit_once(": ")
        .filter(|(path, _)| !path.contains(' '))
        .map_or(text, |(_, rest)| rest);
    let fault = |code, message: String, help| YamlFault {
        code: Code(code),
        message,
        help,
        at,
    };
    if let Some(key) = text.strip_prefix(DUPLICATE) {
        return fault(
            "MT0103",
            format!("the key{key} stands twice"),
            Some("rename or remove one of them"),
        );
    }
    if text.contains(DEEP) || text.contains("recursion limit") {
        return too_deep(at);
    }
    if text.contains(MANY) || text.contains("repetition limit") {
        let message = "aliases make the document larger than it may be".to_owned();
        return fault(
            "MT0104",
            message,
            Some("write the values out, or use fewer aliases"),
        );
    }
    if text.contains("more than one document") {
        let message = "the file holds several documents".to_owned();
        return fault(
            "MT0105",
            message,
            Some("keep one document; remove `---` between them"),
        );
    }
    if text.contains("invalid type: enum") {
        let message = "tags such as `!name` are not read here".to_owned();
        return fault("MT0106", message, Some("remove the tag"));
    }
    fault(
        "MT0100",
        format!("this is not YAML: {text}"),
        Some("check indentation, quotes and colons near here"),
    )
}

#[derive(Clone, Copy)]
struct TreeSeed<'a> {
    depth: usize,
    value_count: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for TreeSeed<'_> {
    type Value = Yaml;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        self.value_count.set(self.value_count.get() + 1);
        if self.depth > DEPTH_MAX {
            return Err(D::Error::custom(DEEP));
        }
        if self.value_count.get() > VALUES_MAX {
            return Err(D::Error::custom(MANY));
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
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.0)? {
            list.push(item);
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut seen = BTreeSet::new();
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(UniqueKey(&seen))? {
            seen.insert(key.clone());
            map.push((key, entries.next_value_seed(self.0)?));
        }
        Ok(Yaml::Map(map))
    }
}

/// Refuses a key that was seen before; failing here, and not after, makes the library point at the key.
struct UniqueKey<'a>(&'a BTreeSet<String>);

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
        if self.0.contains(key) {
            Err(E::custom(format!("{DUPLICATE} `{key}`")))
        } else {
            Ok(key.to_owned())
        }
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
        refuse("a: 1\n---\nb: 2\n", "MT0105", (1, 1));
        refuse("a: !b 1\n", "MT0106", (1, 4));
        refuse("a: [1, 2\nb: 3\n", "MT0100", (2, 2));
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
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            text.push_str(&format!(
                "a{level}: &a{level} [{}]\n",
                [before.as_str(); 9].join(", ")
            ));
        }
        assert_eq!(read(&text).unwrap_err().code, Code("MT0104"));
    }
}
