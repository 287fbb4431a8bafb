//! Parameters of a pipeline: defaults in the file, values from outside, and their use as `${name}`.

use std::sync::Arc;

use super::reader::{At, Reader};
use crate::diagnostic::{Code, Diagnostic, Source, Span, nearest};
use crate::limits::{SPEC_BYTES_MAX, TEXT_BYTES_MAX};
use crate::yaml::{self, Path, Place, Yaml};

/// Values for the parameters of a pipeline, from `--set name=value` or from an agent's `with:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    entries: Vec<(String, Given)>,
    /// The `with:` they stand in, unless they come from outside of any file.
    at: Option<(Arc<Source>, Path)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Given {
    /// A value with a type.
    Value(Yaml),
    /// Text that takes the type of the default.
    Word(String),
}

impl Settings {
    /// Values as they stand in an agent's `with:`, which is at this path of that file.
    pub(crate) fn written(entries: &[(String, Yaml)], source: &Arc<Source>, path: Path) -> Settings {
        let entries = entries.iter();
        Settings {
            entries: entries
                .map(|(name, value)| (name.clone(), Given::Value(value.clone())))
                .collect(),
            at: Some((Arc::clone(source), path)),
        }
    }

    /// Adds `name=value`; where the default is a number, `true` or `false`, the value is read as one, else it
    /// is text.
    pub fn set(&mut self, name: &str, value: &str) {
        self.entries.retain(|(entry, _)| entry != name);
        self.entries
            .push((name.to_owned(), Given::Word(value.to_owned())));
    }

    /// The value of a parameter that has this default, unless it is not set.
    fn get(&self, name: &str, default: &Yaml) -> Option<Yaml> {
        let (_, given) = self.entries.iter().find(|(entry, _)| entry == name)?;
        Some(match given {
            Given::Value(value) => value.clone(),
            Given::Word(word) if matches!(default, Yaml::Text(_)) => Yaml::Text(word.clone()),
            Given::Word(word) => match yaml::read(word) {
                Ok(scalar @ (Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Number(_))) => scalar,
                Ok(_) | Err(_) => Yaml::Text(word.clone()),
            },
        })
    }

    /// Where a setting stands, if it stands in a file.
    fn span(&self, name: &str, place: Place) -> Option<Span> {
        let (source, path) = self.at.as_ref()?;
        Some(path.key(name).find(source, place))
    }
}

/// Reads `params:` and replaces every `${name}` in the other sections.
pub(super) fn substitute(reader: &mut Reader, document: &mut Yaml, settings: &Settings) {
    let values = read_params(reader, document, settings);
    let Yaml::Map(sections) = document else { return };
    let mut replacing = Replacing {
        reader,
        values,
        bytes: 0,
    };
    for (section, value) in sections {
        if section != "params" {
            replacing.replace(value, &Path::root().key(section));
        }
    }
}

fn read_params(reader: &mut Reader, document: &Yaml, settings: &Settings) -> Vec<(String, Yaml)> {
    let mut values = Vec::new();
    let section = document.get("params");
    let path = Path::root().key("params");
    if let Some(value) = section {
        for (name, at) in reader.entries(
            &At {
                value,
                path: path.clone(),
            },
            "a mapping of names to defaults",
        ) {
            if !reader.name(name, &at.path) {
                continue;
            }
            if matches!(at.value, Yaml::List(_) | Yaml::Map(_)) {
                reader.wrong(&at, "a text, a number, `true` or `false`", Some("threshold: 0.7"));
                continue;
            }
            let value = settings.get(name, at.value).unwrap_or_else(|| at.value.clone());
            if value == Yaml::Null {
                let span = reader.span(&at.path, Place::Key);
                let fault =
                    Diagnostic::error(Code("MT0119"), span, format!("parameter `{name}` has no value"));
                reader
                    .faults
                    .push(fault.help(format!("set it with `--set {name}=value`, or give it a default")));
            }
            if !same_sort(at.value, &value) {
                reader
                    .faults
                    .push(other_sort(reader, settings, &at, name, &value));
            }
            values.push((name.to_owned(), value));
        }
    }
    let known: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    let unknown = settings
        .entries
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()));
    for (name, _) in unknown {
        let place = if section.is_some() {
            path.clone()
        } else {
            Path::root()
        };
        let declared = reader.span(&place, Place::Key);
        let message = format!("the pipeline has no parameter `{name}`");
        reader.faults.push(match settings.span(name, Place::Key) {
            Some(span) => Diagnostic::error(Code("MT0119"), span.clone(), message)
                .and(declared, "its parameters would stand here")
                .suggest(span, name, known.iter().copied()),
            None => {
                let fault = Diagnostic::error(Code("MT0119"), declared, message);
                match nearest(name, known.iter().copied()) {
                    Some(near) => fault.help(format!("did you mean `{near}`?")),
                    None => fault.help("add it to `params:`, or leave the setting out"),
                }
            }
        });
    }
    values
}

/// A setting that is not of the sort of its default.
fn other_sort(reader: &Reader, settings: &Settings, at: &At<'_>, name: &str, value: &Yaml) -> Diagnostic {
    let message = format!(
        "parameter `{name}` is set to {}, but its default is {}",
        value.describe(),
        at.value.describe()
    );
    let default = reader.span(&at.path, Place::Value);
    let fault = match settings.span(name, Place::Value) {
        Some(span) => Diagnostic::error(Code("MT0119"), span, message).and(default, "its default"),
        None => Diagnostic::error(Code("MT0119"), default, message),
    };
    let sort = match at.value {
        Yaml::Bool(_) => "`true` or `false`",
        Yaml::Integer(_) | Yaml::Number(_) => "a number",
        Yaml::Null | Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_) => "a text",
    };
    fault.help(format!("set it to {sort}"))
}

fn same_sort(default: &Yaml, value: &Yaml) -> bool {
    match (default, value) {
        (Yaml::Null, _) | (_, Yaml::Null) => true,
        (Yaml::Integer(_) | Yaml::Number(_), value) => value.number().is_some(),
        (Yaml::Text(_), Yaml::Text(_)) | (Yaml::Bool(_), Yaml::Bool(_)) => true,
        _ => false,
    }
}

struct Replacing<'a> {
    reader: &'a mut Reader,
    values: Vec<(String, Yaml)>,
    /// Bytes of all texts made so far.
    bytes: usize,
}

impl Replacing<'_> {
    fn replace(&mut self, value: &mut Yaml, path: &Path) {
        match value {
            Yaml::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.replace(item, &path.index(index));
                }
            }
            Yaml::Map(entries) => {
                for (key, item) in entries {
                    self.replace(item, &path.key(key));
                }
            }
            Yaml::Text(text) if text.contains("${") && self.bytes <= SPEC_BYTES_MAX => {
                let replaced = self.text(text, path).unwrap_or(Yaml::Null);
                if replaced == Yaml::Null {
                    self.reader.has_no_value(path);
                }
                *value = replaced;
                self.bytes += if let Yaml::Text(text) = value {
                    text.len()
                } else {
                    0
                };
                if self.bytes > SPEC_BYTES_MAX {
                    self.too_long(path, "the values of parameters make the file", SPEC_BYTES_MAX);
                }
            }
            Yaml::Null | Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Number(_) | Yaml::Text(_) => {}
        }
    }

    fn text(&mut self, text: &str, path: &Path) -> Option<Yaml> {
        let mut replaced = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            if replaced.len() > TEXT_BYTES_MAX {
                self.too_long(path, "the values of parameters make this text", TEXT_BYTES_MAX);
                return None;
            }
            if let Some(before) = rest[..start].strip_suffix('$') {
                replaced.push_str(before);
                replaced.push_str("${");
                rest = &rest[start + 2..];
                continue;
            }
            replaced.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else {
                let span = self.reader.span(path, Place::Value);
                let fault = Diagnostic::error(Code("MT0118"), span.clone(), "`${` has no `}`");
                let fault =
                    fault.help("write `${name}` for a parameter, or `$${` for the characters themselves");
                let begun = self.values.iter().map(|(name, _)| format!("${{{name}"));
                let begun = begun.filter(|begun| rest[start..].starts_with(begun.as_str()));
                self.reader.faults.push(match begun.max_by_key(String::len) {
                    Some(begun) if span.text().matches(&begun).count() == 1 => {
                        let mended = span.text().replace(&begun, &format!("{begun}}}"));
                        fault.fix(span, mended)
                    }
                    Some(_) | None => fault,
                });
                return None;
            };
            let name = &rest[start + 2..start + length];
            let whole = start == 0 && length + 1 == rest.len() && replaced.is_empty();
            match self.values.iter().find(|(entry, _)| entry == name) {
                Some((_, value)) if whole => return Some(value.clone()),
                Some((_, Yaml::Bool(flag))) => replaced.push_str(&flag.to_string()),
                Some((_, value)) => replaced.push_str(&value.scalar_text().unwrap_or_default()),
                None => {
                    self.unknown(name, path);
                    return None;
                }
            }
            rest = &rest[start + length + 1..];
        }
        replaced.push_str(rest);
        if replaced.len() > TEXT_BYTES_MAX {
            self.too_long(path, "the values of parameters make this text", TEXT_BYTES_MAX);
            return None;
        }
        Some(Yaml::Text(replaced))
    }

    fn unknown(&mut self, name: &str, path: &Path) {
        let span = self.reader.span(path, Place::Value);
        let message = format!("there is no parameter `{name}`");
        let fault = Diagnostic::error(Code("MT0118"), span.clone(), message);
        let known = self.values.iter().map(|(name, _)| name.as_str());
        let fault = match nearest(name, known) {
            Some(near) => {
                let mended = span
                    .text()
                    .replace(&format!("${{{name}}}"), &format!("${{{near}}}"));
                fault.help(format!("did you mean `{near}`?")).fix(span, mended)
            }
            None => fault.help(format!("add `{name}` to `params:`")),
        };
        self.reader.faults.push(fault);
    }

    fn too_long(&mut self, path: &Path, what: &str, max: usize) {
        let span = self.reader.span(path, Place::Value);
        let fault = Diagnostic::error(Code("MT0118"), span, format!("{what} longer than {max} bytes"));
        self.reader
            .faults
            .push(fault.help("use shorter values, or fewer of them"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;

    const TEXT: &str = "motet: 1\npipeline: p\nparams: {word: go, share: 0.5, loud: true, path: ~}\n\
                        inputs: {a: f32}\nnodes:\n  n: {kind: k, in: a, with: {w: \"${word}\", s: \"${share}\", \
                        l: \"${loud}\", t: \"$${word} ${word} at ${share}\"}}\noutputs: {b: n}\n";

    fn parse(text: &str, settings: &[(&str, &str)]) -> Result<Vec<(String, Yaml)>, Vec<String>> {
        let mut given = Settings::default();
        settings.iter().for_each(|(name, value)| given.set(name, value));
        Spec::parse_source(Source::new("p.yaml", text), &given)
            .map(|spec| spec.nodes[0].with.clone())
            .map_err(|faults| {
                faults
                    .iter()
                    .map(|fault| format!("{}: {}", fault.code, fault.message))
                    .collect()
            })
    }

    #[test]
    fn a_setting_takes_the_type_of_the_default() {
        let with = parse(
            TEXT,
            &[
                ("word", "1e3"),
                ("share", "0.75"),
                ("loud", "false"),
                ("path", "x"),
            ],
        )
        .unwrap();
        let values: Vec<&Yaml> = with.iter().map(|(_, value)| value).collect();
        let text = |text: &str| Yaml::Text(text.to_owned());
        assert_eq!(
            values,
            [
                &text("1e3"),
                &Yaml::Number(0.75),
                &Yaml::Bool(false),
                &text("${word} 1e3 at 0.75")
            ]
        );
    }

    #[test]
    fn one_faulty_parameter_is_one_fault() {
        let check = |text: &str, settings: &[(&str, &str)], expected: &[&str]| {
            assert_eq!(parse(text, settings).unwrap_err(), expected);
        };
        check(TEXT, &[], &["MT0119: parameter `path` has no value"]);
        let used = TEXT.replace("in: a,", "in: a, place: \"${path}\",");
        check(&used, &[], &["MT0119: parameter `path` has no value"]);
        let unknown = TEXT.replace("in: a,", "in: a, place: \"${plce}\",");
        check(
            &unknown,
            &[("path", "cpu")],
            &["MT0118: there is no parameter `plce`"],
        );
        check(
            TEXT,
            &[("path", "x"), ("share", "much")],
            &["MT0119: parameter `share` is set to `much`, but its default is the number `0.5`"],
        );
        check(
            TEXT,
            &[("path", "x"), ("shar", "1")],
            &["MT0119: the pipeline has no parameter `shar`"],
        );
    }

    #[test]
    fn values_of_parameters_cannot_fill_the_memory() {
        let long = TEXT.replace("word: go", &format!("word: {}", "x".repeat(60_000)));
        let twice = long.replace("$${word} ${word}", "${word} ${word}");
        let settings = [("path", "x")];
        assert!(parse(&long, &settings).is_ok());
        let fault = parse(&twice, &settings).unwrap_err();
        assert_eq!(
            fault,
            ["MT0118: the values of parameters make this text longer than 65536 bytes"]
        );
        let entries: String = (0..100)
            .map(|index| format!("p{index}: \"${{word}}-\", "))
            .collect();
        let often = long.replace("with: {", &format!("with: {{{entries}"));
        let fault = parse(&often, &settings).unwrap_err();
        assert_eq!(
            fault,
            ["MT0118: the values of parameters make the file longer than 1048576 bytes"]
        );
    }
}
