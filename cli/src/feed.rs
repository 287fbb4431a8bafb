//! Turns what a person, a program or a test gives into a value for an input.
//!
//! What is given is JSON (a test's YAML is turned into it): numbers and nested lists for tensors, text for text,
//! mappings for records, and the name of a file for any of them. A recording is decoded and brought to the rate of
//! the port; one of several channels, or a CSV, is for a port of channels. Shapes, ranges and finiteness are checked where every request is, in `motet_core::value`.

use std::path::{Path, PathBuf};

use motet_core::port::{Element, Field, PortType};
use motet_core::value::Value;
use motet_core::yaml::Yaml;
use motet_models::audio::ClipError;
use serde_json::Value as Json;

use crate::confine::{ConfineError, confine};
use crate::load::{FileError, read_text};

mod recording;
mod tensor;

/// Largest JSON or text file that is read as a value, in bytes.
pub const DATA_BYTES_MAX: usize = 64 << 20;

/// Which files a feed may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Any the user may read; relative paths start from this folder. For paths that the user types.
    From(PathBuf),
    /// Only those below this folder. For paths that stand in a pipeline file.
    Within(PathBuf),
    /// None at all. For pipelines that have no folder.
    Nowhere,
}

/// Why what was given is no value for an input. Each has a stable code; see [`FeedError::code`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// A file cannot be used.
    #[error("input `{input}`: {source}")]
    File {
        /// The input.
        input: String,
        /// Why.
        source: FileError,
    },
    /// A recording cannot be decoded.
    #[error("input `{input}`: `{}`: {source}", path.display())]
    Recording {
        /// The input.
        input: String,
        /// The file as named.
        path: PathBuf,
        /// Why.
        source: ClipError,
    },
    /// A table of numbers is faulty.
    #[error("input `{input}`: `{}` line {line}: {reason}", path.display())]
    Table {
        /// The input.
        input: String,
        /// The file as named.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A recording is longer than the input takes.
    #[error("input `{input}`: `{}` lasts {seconds:.2} s, the input takes at most {seconds_max:.2} s", path.display())]
    TooLong {
        /// The input.
        input: String,
        /// The file as named.
        path: PathBuf,
        /// Its length.
        seconds: f64,
        /// The longest that fits.
        seconds_max: f64,
    },
    /// A recording cannot be brought to the rate of the input.
    #[error("input `{input}`: `{}` cannot be resampled to the rate of the input: {reason}", path.display())]
    Rate {
        /// The input.
        input: String,
        /// The file as named.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something else than the input takes.
    #[error("input `{input}` takes {port}, but was given {found}")]
    Type {
        /// The input.
        input: String,
        /// Its type.
        port: String,
        /// What was given.
        found: String,
    },
    /// Nested lists that are not a box of numbers.
    #[error(
        "input `{input}`: the list at depth {depth} has {found} items where the first one there has {expected}"
    )]
    Ragged {
        /// The input.
        input: String,
        /// From 1 for the outermost list.
        depth: usize,
        /// Items of the first list at this depth.
        expected: usize,
        /// Items of the list that differs.
        found: usize,
    },
    /// A whole number that the element cannot hold, or a part of one.
    #[error("input `{input}`: {value} is not a value of {element}")]
    Number {
        /// The input.
        input: String,
        /// The number as given.
        value: String,
        /// The element of the input.
        element: &'static str,
    },
    /// NaN, an infinity, or a number too large for a 32-bit float.
    #[error("input `{input}`: {value} is not finite as a 32-bit float")]
    NotFinite {
        /// The input.
        input: String,
        /// The number as given.
        value: String,
    },
    /// A file, or what the user typed, is not JSON.
    #[error("input `{input}`: {what} is not JSON: {reason}")]
    Json {
        /// The input.
        input: String,
        /// The name of the file in backticks, or `the value`.
        what: String,
        /// Why, with line and column.
        reason: String,
    },
}

impl FeedError {
    /// Its stable code, a section of `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            FeedError::File { source, .. } => source.code(),
            FeedError::Recording { source, .. } => recording_code(source),
            FeedError::Table { .. } => "MT0403",
            FeedError::TooLong { .. } | FeedError::Rate { .. } => "MT0404",
            FeedError::Type { .. } => "MT0407",
            FeedError::Ragged { .. } => "MT0406",
            FeedError::Number { .. } => "MT0412",
            FeedError::NotFinite { .. } => "MT0405",
            FeedError::Json { .. } => "MT0411",
        }
    }
}

fn recording_code(error: &ClipError) -> &'static str {
    match error {
        ClipError::Read { .. } => "MT0413",
        ClipError::Directory { .. } => "MT0402",
        ClipError::Channels { .. } | ClipError::Rate { .. } | ClipError::TooLong => "MT0404",
        ClipError::NotFinite { .. } => "MT0405",
        ClipError::TooLarge => "MT0414",
        // Empty, cut off, damaged, or no recording at all.
        _ => "MT0403",
    }
}

/// One input that is to get a value.
#[derive(Clone, Copy, Debug)]
pub struct Feeding<'a> {
    /// Name of the input.
    pub input: &'a str,
    /// What it takes.
    pub port: &'a PortType,
    /// Which files may be named.
    pub files: &'a Files,
}

impl Feeding<'_> {
    /// The value for what a program gives.
    ///
    /// Text for a text input is that text, for any other input the name of a file: `.wav` and `.flac` for sound,
    /// JSON otherwise. `{"file": "name"}` names a file for any input.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn json(&self, given: &Json) -> Result<Value, FeedError> {
        if let Some(name) = self.named_file(given) {
            return self.file(name);
        }
        match (self.port, given) {
            (PortType::Tensor(tensor), Json::String(text)) if tensor.element == Element::Utf8 => {
                Ok(Value::Text(text.clone()))
            }
            (_, Json::String(name)) => self.file(name),
            (PortType::Tensor(tensor), given) => tensor::read(self, tensor, given),
            (PortType::Record(fields), given) => self.record(fields, given),
        }
    }

    /// The value for what stands in a test of a pipeline file.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn yaml(&self, given: &Yaml) -> Result<Value, FeedError> {
        self.json(&self.yaml_to_json(given)?)
    }

    /// The value for what a user types: text for a text input (`@name` reads it from a file), numbers or JSON, or the
    /// name of a file.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn typed(&self, text: &str) -> Result<Value, FeedError> {
        if let Some(name) = text.strip_prefix('@') {
            return self.file(name);
        }
        let is_text = matches!(self.port, PortType::Tensor(tensor) if tensor.element == Element::Utf8);
        match serde_json::from_str::<Json>(text) {
            Ok(given) if !is_text && !given.is_string() => self.json(&given),
            // No file of a sensible name begins like this.
            Err(error) if !is_text && text.starts_with(['[', '{']) => Err(FeedError::Json {
                input: self.input.to_owned(),
                what: "the value".to_owned(),
                reason: error.to_string(),
            }),
            Ok(_) | Err(_) => self.json(&Json::String(text.to_owned())),
        }
    }

    /// The name in `{"file": name}`, unless that is a record of its own.
    fn named_file<'j>(&self, given: &'j Json) -> Option<&'j str> {
        let given = given.as_object().filter(|entries| entries.len() == 1)?;
        let name = given.get("file")?.as_str()?;
        self.port.field("file").is_none().then_some(name)
    }

    fn file(&self, name: &str) -> Result<Value, FeedError> {
        let file = |source| FeedError::File {
            input: self.input.to_owned(),
            source,
        };
        let shown = PathBuf::from(name);
        let path = match self.files {
            Files::Nowhere => return Err(file(FileError::Outside { path: shown })),
            Files::From(folder) => folder.join(name),
            Files::Within(folder) => confine(folder, folder, name).map_err(|error| match error {
                ConfineError::Outside => file(FileError::Outside { path: shown.clone() }),
                ConfineError::Missing => self.missing(name),
            })?,
        };
        if !path.exists() {
            return Err(self.missing(name));
        }
        let is_json = shown
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        match self.port {
            PortType::Tensor(tensor) if tensor.element == Element::Utf8 => {
                let text = read_text(&path, DATA_BYTES_MAX).map_err(|error| file(renamed(error, &shown)))?;
                Ok(Value::Text(
                    text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned),
                ))
            }
            PortType::Tensor(tensor) if !is_json => recording::read(self, tensor, (&path, shown)),
            PortType::Tensor(_) | PortType::Record(_) => {
                let text = read_text(&path, DATA_BYTES_MAX).map_err(|error| file(renamed(error, &shown)))?;
                let given: Json = serde_json::from_str(&text).map_err(|error| FeedError::Json {
                    input: self.input.to_owned(),
                    what: format!("`{}`", shown.display()),
                    reason: error.to_string(),
                })?;
                if given.is_string() {
                    Err(self.wrong("text"))
                } else {
                    self.json(&given)
                }
            }
        }
    }

    /// A word that is no file: where it does not even look like the name of one, the fault is that it is text.
    fn missing(&self, name: &str) -> FeedError {
        if name.contains(['/', '.']) {
            let source = FileError::Missing {
                path: PathBuf::from(name),
            };
            return FeedError::File {
                input: self.input.to_owned(),
                source,
            };
        }
        self.wrong("text, which is not the name of a file either")
    }

    fn record(&self, fields: &[Field], given: &Json) -> Result<Value, FeedError> {
        let Some(entries) = given.as_object() else {
            return Err(self.wrong(describe(given)));
        };
        let mut parts = Vec::with_capacity(fields.len());
        for (name, given) in entries {
            let Some(field) = fields.iter().find(|field| field.name == *name) else {
                return Err(self.wrong(&format!("a mapping with `{}`", name.escape_debug())));
            };
            let port = PortType::Tensor(field.tensor.clone());
            let input = format!("{}.{name}", self.input);
            let feeding = Feeding {
                input: &input,
                port: &port,
                files: self.files,
            };
            parts.push((name.clone(), feeding.json(given)?));
        }
        Ok(Value::Record(parts))
    }

    fn yaml_to_json(&self, given: &Yaml) -> Result<Json, FeedError> {
        Ok(match given {
            Yaml::Null => Json::Null,
            Yaml::Bool(value) => Json::Bool(*value),
            Yaml::Integer(value) => Json::from(*value),
            Yaml::Number(value) => serde_json::Number::from_f64(*value)
                .map(Json::Number)
                .ok_or_else(|| FeedError::NotFinite {
                    input: self.input.to_owned(),
                    value: value.to_string(),
                })?,
            Yaml::Text(value) => Json::String(value.clone()),
            Yaml::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| self.yaml_to_json(item))
                    .collect::<Result<_, _>>()?,
            ),
            Yaml::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), self.yaml_to_json(item)?)));
                Json::Object(entries.collect::<Result<_, FeedError>>()?)
            }
        })
    }

    fn wrong(&self, found: &str) -> FeedError {
        FeedError::Type {
            input: self.input.to_owned(),
            port: self.port.to_string(),
            found: found.to_owned(),
        }
    }
}

/// For people: what sort of JSON this is.
fn describe(given: &Json) -> &'static str {
    match given {
        Json::Null => "nothing",
        Json::Bool(_) => "`true` or `false`",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "a mapping",
    }
}

/// The same error under the name that the path has in the feed.
fn renamed(error: FileError, shown: &Path) -> FileError {
    let path = shown.to_path_buf();
    match error {
        FileError::Missing { .. } => FileError::Missing { path },
        FileError::Folder { .. } => FileError::Folder { path },
        FileError::Outside { .. } => FileError::Outside { path },
        FileError::Unreadable { source, .. } => FileError::Unreadable { path, source },
        FileError::NotUtf8 { guess, .. } => FileError::NotUtf8 { path, guess },
        FileError::TooLarge { bytes_max, .. } => FileError::TooLarge { path, bytes_max },
    }
}

#[cfg(test)]
mod tests;
