//! Walks a YAML tree and collects faults on the way.

use std::sync::Arc;
use std::time::Duration;

use super::Reference;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Source, Span, nearest};
use crate::limits::NAME_BYTES_MAX;
use crate::quantity::{self, QuantityFault};
use crate::yaml::{Path, Place, Yaml};

pub(crate) struct Reader {
    pub(crate) source: Arc<Source>,
    pub(crate) faults: Diagnostics,
    /// Entries that are probably there under another spelling, by the mapping they are missing in.
    misspelt: Vec<(Path, String)>,
    /// Places whose value a faulty parameter left open; what is wrong there follows from that fault.
    open: Vec<Span>,
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct At<'a> {
    pub(crate) value: &'a Yaml,
    pub(crate) path: Path,
}

impl<'a> At<'a> {
    fn key(&self, key: &str, value: &'a Yaml) -> At<'a> {
        At {
            value,
            path: self.path.key(key),
        }
    }
}

impl Reader {
    pub(crate) fn new(source: Arc<Source>) -> Reader {
        Reader {
            source,
            faults: Diagnostics::new(),
            misspelt: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Remembers that a fault of a parameter, reported elsewhere, left this place without a value.
    pub(crate) fn has_no_value(&mut self, path: &Path) {
        let span = self.span(path, Place::Value);
        self.open.push(span);
    }

    /// All faults but those that follow from others.
    pub(crate) fn into_faults(mut self) -> Diagnostics {
        let open = std::mem::take(&mut self.open);
        self.faults.retain(|fault| {
            let of_parameter = [Code("MT0118"), Code("MT0119")].contains(&fault.code);
            let place = fault.labels.first().map(|label| &label.span);
            of_parameter || !place.is_some_and(|place| open.contains(place))
        });
        self.faults
    }

    /// The text at a path. Finding it means reading the file again, so that is not done for faults that would
    /// only be counted.
    pub(crate) fn span(&self, path: &Path, place: Place) -> Span {
        if self.faults.is_full() {
            return Span::new(&self.source, 0..0);
        }
        path.find(&self.source, place)
    }

    pub(crate) fn wrong(&mut self, at: &At<'_>, expected: &str, example: Option<&str>) {
        let message = format!("expected {expected}, found {}", at.value.describe());
        let fault = Diagnostic::error(Code("MT0113"), self.span(&at.path, Place::Value), message);
        self.faults.push(fault.help(match (example, at.value) {
            (Some(example), _) => format!("write it as in `{example}`"),
            (None, Yaml::List(_)) => "write entries as `name: value`, without `-` before them".to_owned(),
            (None, Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Number(_)) => {
                "put it in quotes if it is meant as text".to_owned()
            }
            (None, Yaml::Null | Yaml::Text(_) | Yaml::Map(_)) => {
                "write a value here, or see docs/pipeline-format.md".to_owned()
            }
        }));
    }

    /// The entries of a mapping.
    pub(crate) fn entries<'a>(&mut self, at: &At<'a>, expected: &str) -> Vec<(&'a str, At<'a>)> {
        match at.value {
            Yaml::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.as_str(), at.key(key, value)))
                .collect(),
            _ => {
                self.wrong(at, expected, None);
                Vec::new()
            }
        }
    }

    /// The entries of a mapping whose keys are known; unknown ones are faults.
    pub(crate) fn known<'a>(
        &mut self,
        at: &At<'a>,
        what: &str,
        keys: &[&'static str],
    ) -> Vec<(&'a str, At<'a>)> {
        let expected = format!("a mapping with {}", keys.join(", "));
        let mut entries = self.entries(at, &expected);
        entries.retain(|(key, value)| {
            let known = keys.contains(key);
            if !known {
                let span = self.span(&value.path, Place::Key);
                let message = format!("{what} has no entry `{key}`");
                let fault = Diagnostic::error(Code("MT0111"), span.clone(), message);
                self.faults.push(match without_blank(key, value.value, keys) {
                    Some((meant, mended)) => {
                        self.misspelt.push((at.path.clone(), meant.to_owned()));
                        fault.help("put a blank after the colon").fix(span, mended)
                    }
                    None => {
                        let near = nearest(key, keys.iter().copied());
                        self.misspelt
                            .extend(near.map(|near| (at.path.clone(), near.to_owned())));
                        fault.suggest(span, key, keys.iter().copied())
                    }
                });
            }
            known
        });
        entries
    }

    /// An entry that must be there.
    pub(crate) fn required<'a>(
        &mut self,
        at: &At<'a>,
        what: &str,
        key: &str,
        example: &str,
    ) -> Option<At<'a>> {
        let Yaml::Map(_) = at.value else { return None };
        if let Some(value) = at.value.get(key) {
            return Some(at.key(key, value));
        }
        if self
            .misspelt
            .iter()
            .any(|(path, meant)| *path == at.path && meant == key)
        {
            return None;
        }
        let span = self.span(
            &at.path,
            if at.path == Path::root() {
                Place::Value
            } else {
                Place::Key
            },
        );
        let fault = Diagnostic::error(Code("MT0112"), span, format!("{what} has no entry `{key}`"));
        self.faults.push(fault.help(format!("add `{example}`")));
        None
    }

    pub(crate) fn text(&mut self, at: &At<'_>, expected: &str) -> Option<String> {
        match at.value {
            Yaml::Text(text) => Some(text.clone()),
            _ => {
                self.wrong(at, expected, None);
                None
            }
        }
    }

    /// A list of texts, or one text.
    pub(crate) fn texts(&mut self, at: &At<'_>, expected: &str) -> Vec<String> {
        match at.value {
            Yaml::Text(text) => vec![text.clone()],
            Yaml::List(items) => {
                let mut texts = Vec::new();
                for (index, value) in items.iter().enumerate() {
                    texts.extend(self.text(
                        &At {
                            value,
                            path: at.path.index(index),
                        },
                        expected,
                    ));
                }
                texts
            }
            _ => {
                self.wrong(at, expected, None);
                Vec::new()
            }
        }
    }

    /// One word out of a few.
    pub(crate) fn choice<T: Copy>(&mut self, at: &At<'_>, words: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        if let Yaml::Text(text) = at.value {
            if let Some((_, value)) = words.iter().find(|(name, _)| name == text) {
                return Some(*value);
            }
            let span = self.span(&at.path, Place::Value);
            let message = format!("expected one of {}, found `{text}`", names.join(", "));
            let fault = Diagnostic::error(Code("MT0113"), span.clone(), message);
            self.faults.push(fault.suggest(span, text, names));
            return None;
        }
        self.wrong(at, &format!("one of {}", names.join(", ")), None);
        None
    }

    pub(crate) fn duration(&mut self, at: &At<'_>) -> Option<Duration> {
        self.quantity(at, quantity::duration, "ms")
    }

    pub(crate) fn bytes(&mut self, at: &At<'_>) -> Option<u64> {
        self.quantity(at, quantity::bytes, "MiB")
    }

    pub(crate) fn share(&mut self, at: &At<'_>) -> Option<f64> {
        self.quantity(at, quantity::share, "%")
    }

    fn quantity<T>(
        &mut self,
        at: &At<'_>,
        read: impl Fn(&str) -> Result<T, QuantityFault>,
        unit: &str,
    ) -> Option<T> {
        let Some(text) = at.value.scalar_text() else {
            self.wrong(at, "a quantity with a unit", Some(&format!("80 {unit}")));
            return None;
        };
        match read(&text) {
            Ok(value) => Some(value),
            Err(fault) => {
                let span = self.span(&at.path, Place::Value);
                let diagnostic = Diagnostic::error(Code("MT0116"), span.clone(), fault.to_string());
                self.faults.push(match fault.mended() {
                    Some(mended) => diagnostic
                        .help(format!("did you mean `{mended}`?"))
                        .fix(span, mended),
                    None => diagnostic.help(format!("write it as in `80 {unit}`")),
                });
                None
            }
        }
    }

    /// Whether a key is a name: lower-case letters, digits and `_`, a letter first. A `-` would be a minus in a
    /// condition.
    pub(crate) fn name(&mut self, key: &str, path: &Path) -> bool {
        let Some((message, help)) = name_fault(key) else {
            return true;
        };
        let span = self.span(path, Place::Key);
        let fault = Diagnostic::error(Code("MT0114"), span.clone(), message).help(help);
        let mended = mend_name(key);
        self.faults.push(if name_fault(&mended).is_none() {
            fault.fix(span, mended)
        } else {
            fault
        });
        false
    }

    /// A reference such as `mel` or `intent.keyword.label`.
    pub(crate) fn reference(&mut self, at: &At<'_>) -> Option<Reference> {
        let text = self.text(
            at,
            "the name of an input, node or agent, or of one of their ports",
        )?;
        let segments: Vec<String> = text.split('.').map(str::to_owned).collect();
        if segments.len() > 4 || segments.iter().any(|segment| name_fault(segment).is_some()) {
            let span = self.span(&at.path, Place::Value);
            let fault = Diagnostic::error(Code("MT0114"), span, format!("`{text}` is not a reference"));
            self.faults
                .push(fault.help("write names with dots between, as in `intent.label`"));
            return None;
        }
        Some(Reference {
            segments,
            path: at.path.clone(),
        })
    }
}

/// `kind:audio/log-mel` is one key without a value; the known key it begins with, and the text with a blank.
fn without_blank(key: &str, value: &Yaml, keys: &[&'static str]) -> Option<(&'static str, String)> {
    let (name, rest) = key.split_once(':')?;
    let known = keys.iter().copied().find(|known| *known == name)?;
    (*value == Yaml::Null).then(|| (known, format!("{name}: {rest}")))
}

fn name_fault(name: &str) -> Option<(String, String)> {
    if name.len() > NAME_BYTES_MAX {
        let message = format!(
            "the name has {} bytes; at most {NAME_BYTES_MAX} are allowed",
            name.len()
        );
        return Some((message, "shorten it".to_owned()));
    }
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let rest = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if first && rest {
        return None;
    }
    let help = "a name begins with a lower-case letter and goes on with letters, digits and `_`";
    Some((
        format!("`{}` is not a name", name.escape_debug()),
        help.to_owned(),
    ))
}

/// The nearest text that consists of the characters of a name.
pub(crate) fn mend_name(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}
