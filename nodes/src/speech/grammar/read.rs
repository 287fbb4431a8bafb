//! Reads a grammar file.

use std::ops::Range;
use std::sync::Arc;

use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Source, Span};
use motet_core::yaml::{self, Path, Place, Yaml, inner};

use super::number::{NUMBER_MAX, spoken};
use super::pattern::{Form, is_name, parse};
use super::{Grammar, Intent, Origin, Pattern, Pronunciation, Rule, Slot, Value};

const HEAD: [&str; 6] = ["grammar", "about", "intents", "slots", "rules", "pronunciations"];
/// Most values of a slot of numbers.
const NUMBERS_MAX: i64 = 1_000;

/// Reads the text of a grammar. What its names mean is checked later.
pub(super) fn read(source: &Arc<Source>) -> Result<Grammar, Diagnostics> {
    let document = yaml::read_source(source)?;
    let mut reader = Reader {
        source: Arc::clone(source),
        faults: Diagnostics::new(),
    };
    let grammar = reader.grammar(&document);
    reader.faults.or(grammar).map(|(grammar, _)| grammar)
}

struct Reader {
    source: Arc<Source>,
    faults: Diagnostics,
}

impl Reader {
    fn grammar(&mut self, document: &Yaml) -> Grammar {
        let root = Path::root();
        for (name, _) in self.entries(document, &root, "a mapping with `grammar`, `intents` and `slots`") {
            if !HEAD.contains(&name) {
                let span = root.key(name).find(&self.source, Place::Key);
                let fault = Diagnostic::error(
                    Code("MT0111"),
                    span.clone(),
                    format!("a grammar has no entry `{name}`"),
                );
                self.faults.push(fault.suggest(span, name, HEAD));
            }
        }
        match document.get("grammar") {
            Some(Yaml::Integer(1)) => (),
            Some(other) => self.wrong(other, &root.key("grammar"), "the version of the format, 1"),
            None => self.missing("grammar", "grammar: 1"),
        }
        let about = match document.get("about") {
            None => String::new(),
            Some(Yaml::Text(text)) => text.clone(),
            Some(other) => {
                self.wrong(other, &root.key("about"), "a text");
                String::new()
            }
        };
        if document.get("intents").is_none() {
            self.missing("intents", "intents: {stop: [stop, halt]}");
        }
        let grammar = Grammar {
            source: Arc::clone(&self.source),
            about,
            intents: self.section(document, "intents", |reader, name, value, path| Intent {
                name: name.to_owned(),
                patterns: reader.patterns(value, &path),
                path,
            }),
            slots: self.section(document, "slots", |reader, name, value, path| Slot {
                name: name.to_owned(),
                values: reader.slot(value, &path),
                path,
            }),
            rules: self.section(document, "rules", |reader, name, value, path| Rule {
                name: name.to_owned(),
                patterns: reader.patterns(value, &path),
                path,
            }),
            pronunciations: self.pronunciations(document),
        };
        if grammar.intents.is_empty() && document.get("intents").is_some() && !self.faults.has_errors() {
            let span = root.key("intents").find(&self.source, Place::Key);
            let fault = Diagnostic::error(Code("MT0605"), span, "there is no intent");
            self.faults
                .push(fault.help("add what may be said, as in `stop: [stop, halt]`"));
        }
        grammar
    }

    /// The entries of a section, whose names are checked.
    fn section<T>(
        &mut self,
        document: &Yaml,
        section: &str,
        mut read: impl FnMut(&mut Self, &str, &Yaml, Path) -> T,
    ) -> Vec<T> {
        let Some(value) = document.get(section) else {
            return Vec::new();
        };
        let path = Path::root().key(section);
        let mut found = Vec::new();
        for (name, value) in self.entries(value, &path, "a mapping of names") {
            let path = path.key(name);
            if !is_name(name) {
                let span = path.find(&self.source, Place::Key);
                let fault = Diagnostic::error(Code("MT0601"), span, format!("`{name}` is no name"));
                self.faults
                    .push(fault.help("names are small letters, digits and `_`, and begin with a letter"));
            }
            found.push(read(self, name, value, path));
        }
        found
    }

    fn entries<'a>(&mut self, value: &'a Yaml, path: &Path, expected: &str) -> Vec<(&'a str, &'a Yaml)> {
        match value {
            Yaml::Map(entries) => entries
                .iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect(),
            other => {
                self.wrong(other, path, expected);
                Vec::new()
            }
        }
    }

    /// One pattern or a list of them.
    fn patterns(&mut self, value: &Yaml, path: &Path) -> Vec<Pattern> {
        match value {
            Yaml::List(values) if !values.is_empty() => {
                let each = values.iter().enumerate();
                each.filter_map(|(index, value)| self.pattern(value, path.index(index)))
                    .collect()
            }
            other => self.pattern(other, path.clone()).into_iter().collect(),
        }
    }

    fn pattern(&mut self, value: &Yaml, path: Path) -> Option<Pattern> {
        let text = match value {
            Yaml::Text(text) => text.clone(),
            // `yes` and `no` are words here.
            Yaml::Bool(is_true)
                if path
                    .find(&self.source, Place::Value)
                    .text()
                    .eq_ignore_ascii_case("yes")
                    && *is_true =>
            {
                "yes".to_owned()
            }
            other => {
                self.wrong(other, &path, "what is said, as in `turn [it] off`");
                return None;
            }
        };
        let origin = Origin {
            path,
            place: Place::Value,
            text,
        };
        self.parsed(origin)
    }

    fn parsed(&mut self, origin: Origin) -> Option<Pattern> {
        match parse(&origin.text) {
            Ok(form) => Some(Pattern { form, origin }),
            Err(fault) => {
                let span = origin.span(&self.source, &fault.at);
                let diagnostic = Diagnostic::error(Code("MT0601"), span, fault.message);
                self.faults.push(diagnostic.help(fault.help));
                None
            }
        }
    }

    fn slot(&mut self, value: &Yaml, path: &Path) -> Vec<Value> {
        match value {
            Yaml::List(values) if !values.is_empty() => {
                let each = values.iter().enumerate();
                let value = |(index, value): (usize, &Yaml)| {
                    let pattern = self.pattern(value, path.index(index))?;
                    self.plain(&pattern);
                    Some(Value {
                        value: pattern.origin.text.trim().to_lowercase(),
                        said: vec![pattern],
                    })
                };
                each.filter_map(value).collect()
            }
            Yaml::Map(entries) => match entries.as_slice() {
                [(name, range @ Yaml::Map(_))] if name == "number" => {
                    self.numbers(range, &path.key("number"))
                }
                [] => {
                    self.wrong(value, path, "the values of the slot");
                    Vec::new()
                }
                entries => entries
                    .iter()
                    .map(|(name, said)| self.value(name, said, path.key(name)))
                    .collect(),
            },
            other => {
                self.wrong(
                    other,
                    path,
                    "a list of values, a mapping from values to what is said, or `number: {from: 1, to: 9}`",
                );
                Vec::new()
            }
        }
    }

    /// A value in a list is said as it is written.
    fn plain(&mut self, pattern: &Pattern) {
        let is_plain = match &pattern.form {
            Form::Word(_) => true,
            Form::Sequence(parts) => parts.iter().all(|part| matches!(part, Form::Word(_))),
            Form::Choice(_) | Form::Free(_) | Form::Optional(_) | Form::Slot { .. } | Form::Rule { .. } => {
                false
            }
        };
        if !is_plain {
            let span = pattern.origin.span(&self.source, &(0..pattern.origin.text.len()));
            let fault = Diagnostic::error(Code("MT0601"), span, "a value in a list is said as it is written");
            self.faults
                .push(fault.help("give it a name: write the slot as a mapping, `big: big [one]`"));
        }
    }

    fn value(&mut self, name: &str, said: &Yaml, path: Path) -> Value {
        let said = match said {
            Yaml::Null => {
                let origin = Origin {
                    path,
                    place: Place::Key,
                    text: name.to_owned(),
                };
                self.parsed(origin).into_iter().collect()
            }
            said => self.patterns(said, &path),
        };
        Value {
            value: name.to_owned(),
            said,
        }
    }

    /// `{from: 1, to: 9}`, with `step` where not every number may be said.
    fn numbers(&mut self, range: &Yaml, path: &Path) -> Vec<Value> {
        let mut bound = |name: &str, default: Option<i64>, min: i64| match range.get(name) {
            Some(Yaml::Integer(number)) if (min..=NUMBER_MAX).contains(number) => Some(*number),
            Some(other) => {
                self.wrong(
                    other,
                    &path.key(name),
                    &format!("a whole number from {min} to {NUMBER_MAX}"),
                );
                None
            }
            None => default,
        };
        let bounds = [
            bound("from", None, 0),
            bound("to", None, 0),
            bound("step", Some(1), 1),
        ];
        let [Some(from), Some(to), Some(step)] = bounds else {
            if range.get("from").is_none() || range.get("to").is_none() {
                let span = path.find(&self.source, Place::Value);
                let fault =
                    Diagnostic::error(Code("MT0112"), span, "a range of numbers needs `from` and `to`");
                self.faults
                    .push(fault.help("write it as in `number: {from: 0, to: 100, step: 5}`"));
            }
            return Vec::new();
        };
        let count = (to - from) / step + 1;
        if from > to || count > NUMBERS_MAX {
            let span = path.find(&self.source, Place::Value);
            let message = match from > to {
                true => format!("there is no number from {from} to {to}"),
                false => format!("{count} numbers are more than {NUMBERS_MAX}"),
            };
            self.faults.push(
                Diagnostic::error(Code("MT0607"), span, message)
                    .help("make the range smaller, or `step` larger"),
            );
            return Vec::new();
        }
        let steps = (0..count).map(|index| from + index * step);
        let value = |number: i64| {
            let origin = Origin {
                path: path.clone(),
                place: Place::Value,
                text: spoken(number),
            };
            Value {
                value: number.to_string(),
                said: self.parsed(origin).into_iter().collect(),
            }
        };
        steps.map(value).collect()
    }

    fn pronunciations(&mut self, document: &Yaml) -> Vec<Pronunciation> {
        let Some(value) = document.get("pronunciations") else {
            return Vec::new();
        };
        let path = Path::root().key("pronunciations");
        let entries = self.entries(
            value,
            &path,
            "a mapping from words to phones, as in `latte: L AA T EY`",
        );
        let read = |(word, value): (&str, &Yaml)| {
            let path = path.key(word);
            let texts = match value {
                Yaml::Text(text) => vec![(text.clone(), path.clone())],
                Yaml::List(values) => {
                    let each = values.iter().enumerate();
                    let text = |(index, value): (usize, &Yaml)| match value {
                        Yaml::Text(text) => Some((text.clone(), path.index(index))),
                        other => {
                            self.wrong(other, &path.index(index), "phones, as in `L AA T EY`");
                            None
                        }
                    };
                    each.filter_map(text).collect()
                }
                other => {
                    self.wrong(other, &path, "phones, as in `L AA T EY`");
                    Vec::new()
                }
            };
            Pronunciation {
                word: word.to_lowercase(),
                phones: texts,
                path,
            }
        };
        entries.into_iter().map(read).collect()
    }

    fn wrong(&mut self, value: &Yaml, path: &Path, expected: &str) {
        let span = path.find(&self.source, Place::Value);
        let message = format!("expected {expected}, found {}", value.describe());
        let fault = Diagnostic::error(Code("MT0113"), span, message);
        self.faults.push(fault.help(match value {
            Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Number(_) => {
                "put it in quotes, as it is spoken, if it is meant as words"
            }
            Yaml::Null | Yaml::Text(_) | Yaml::List(_) | Yaml::Map(_) => "docs/voice.md has the format",
        }));
    }

    fn missing(&mut self, name: &str, example: &str) {
        let span = Span::new(&self.source, 0..0);
        let fault = Diagnostic::error(Code("MT0112"), span, format!("a grammar has no entry `{name}`"));
        self.faults.push(fault.help(format!("add `{example}`")));
    }
}

impl Origin {
    /// A part of the text, where it stands in the file; the whole value where the file has it in other letters.
    pub(super) fn span(&self, source: &Arc<Source>, part: &Range<usize>) -> Span {
        let span = self.path.find(source, self.place);
        match inner(&span, &self.text) {
            Some(text) => text.within(part.clone()),
            None => span,
        }
    }
}
