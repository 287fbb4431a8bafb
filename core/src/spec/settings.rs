//! Parameters of a pipeline: defaults in the file, values from outside, and their use as `${name}`.

use super::reader::{At, Reader};
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{self, Path, Place, Yaml};

/// Values for the parameters of a pipeline, from `--set name=value` or from an agent's `with:`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    entries: Vec<(String, Yaml)>,
}

impl Settings {
    /// Values as they stand in an agent's `with:`.
    pub fn new(entries: Vec<(String, Yaml)>) -> Settings {
        Settings { entries }
    }

    /// Adds `name=value`; the value is read as YAML, so that `0.7` is a number and `stop` a text.
    pub fn set(&mut self, name: &str, value: &str) {
        let value = match yaml::read(value) {
            Ok(scalar @ (Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Number(_))) => scalar,
            _ => Yaml::Text(value.to_owned()),
        };
        self.entries.retain(|(entry, _)| entry != name);
        self.entries.push((name.to_owned(), value));
    }

    fn get(&self, name: &str) -> Option<&Yaml> {
        self.entries
            .iter()
            .find(|(entry, _)| entry == name)
            .map(|(_, value)| value)
    }
}

/// Reads `params:` and replaces every `${name}` in the other sections.
pub(super) fn substitute(reader: &mut Reader, document: &mut Yaml, settings: &Settings) {
    let values = read_params(reader, document, settings);
    let Yaml::Map(sections) = document else { return };
    for (section, value) in sections {
        if section != "params" {
            replace(reader, value, &Path::root().key(section), &values);
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
            let value = settings.get(name).unwrap_or(at.value);
            if *value == Yaml::Null {
                let span = reader.span(&at.path, Place::Key);
                let fault =
                    Diagnostic::error(Code("MT0119"), span, format!("parameter `{name}` has no value"));
                reader
                    .faults
                    .push(fault.help(format!("set it with `--set {name}=value`, or give it a default")));
            }
            if !same_sort(at.value, value) {
                let span = reader.span(&at.path, Place::Value);
                let message = format!(
                    "parameter `{name}` is set to {}, but its default is {}",
                    value.describe(),
                    at.value.describe()
                );
                reader
                    .faults
                    .push(Diagnostic::error(Code("MT0119"), span, message));
            }
            values.push((name.to_owned(), value.clone()));
        }
    }
    let known: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    for (name, _) in settings
        .entries
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
    {
        let place = if section.is_some() {
            path.clone()
        } else {
            Path::root()
        };
        let span = reader.span(&place, Place::Key);
        let fault = Diagnostic::error(
            Code("MT0119"),
            span,
            format!("the pipeline has no parameter `{name}`"),
        );
        reader
            .faults
            .push(match crate::diagnostic::nearest(name, known.iter().copied()) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help("add it to `params:`, or leave the setting out"),
            });
    }
    values
}

fn same_sort(default: &Yaml, value: &Yaml) -> bool {
    match (default, value) {
        (Yaml::Null, _) | (_, Yaml::Null) => true,
        (Yaml::Integer(_) | Yaml::Number(_), value) => value.number().is_some(),
        (Yaml::Text(_), Yaml::Text(_)) | (Yaml::Bool(_), Yaml::Bool(_)) => true,
        _ => false,
    }
}

fn replace(reader: &mut Reader, value: &mut Yaml, path: &Path, values: &[(String, Yaml)]) {
    match value {
        Yaml::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                replace(reader, item, &path.index(index), values);
            }
        }
        Yaml::Map(entries) => {
            for (key, item) in entries {
                replace(reader, item, &path.key(key), values);
            }
        }
        Yaml::Text(text) if text.contains("${") => {
            let text = text.clone();
            *value = replace_text(reader, &text, path, values);
        }
        Yaml::Null | Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Number(_) | Yaml::Text(_) => {}
    }
}

fn replace_text(reader: &mut Reader, text: &str, path: &Path, values: &[(String, Yaml)]) -> Yaml {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if let Some(before) = rest[..start].strip_suffix('$') {
            replaced.push_str(before);
            replaced.push_str("${");
            rest = &rest[start + 2..];
            continue;
        }
        replaced.push_str(&rest[..start]);
        let Some(length) = rest[start..].find('}') else {
            let span = reader.span(path, Place::Value);
            reader.fault("MT0118", span, "`${` has no `}`");
            return Yaml::Text(text.to_owned());
        };
        let name = &rest[start + 2..start + length];
        let whole = start == 0 && length + 1 == rest.len() && replaced.is_empty();
        match values.iter().find(|(entry, _)| entry == name) {
            Some((_, value)) if whole => return value.clone(),
            Some((_, value)) => replaced.push_str(&value.scalar_text().unwrap_or_else(|| match value {
                Yaml::Bool(flag) => flag.to_string(),
                _ => String::new(),
            })),
            None => {
                let span = reader.span(path, Place::Value);
                let fault = Diagnostic::error(
                    Code("MT0118"),
                    span.clone(),
                    format!("there is no parameter `{name}`"),
                );
                let known = values.iter().map(|(name, _)| name.as_str());
                let near = crate::diagnostic::nearest(name, known);
                reader.faults.push(match near {
                    Some(near) => {
                        let mended = span
                            .text()
                            .replace(&format!("${{{name}}}"), &format!("${{{near}}}"));
                        fault.help(format!("did you mean `{near}`?")).fix(span, mended)
                    }
                    None => fault.help(format!("add `{name}` to `params:`")),
                });
            }
        }
        rest = &rest[start + length + 1..];
    }
    replaced.push_str(rest);
    Yaml::Text(replaced)
}
