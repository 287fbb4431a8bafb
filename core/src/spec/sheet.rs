//! A file whose sections and entries are declared: the form of recipes.
//!
//! It is checked as a pipeline file is: all faults at once, each with its place, the nearest name and, where one edit
//! mends it, that edit. What the entries mean is for whoever declared them.

use std::sync::Arc;

use super::reader::{At, Reader};
use super::section::not_a_document;
use crate::catalog::{ParamSpec, ParamValue, Params};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Source, Span};
use crate::yaml::{self, Path, Place, Yaml};

/// A section of a declared file.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetSection {
    /// Its name.
    pub name: &'static str,
    /// Its entries.
    pub entries: Vec<ParamSpec>,
}

/// A declared file as it was read: what its author wrote, in that order, then defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The text.
    pub source: Arc<Source>,
    /// Entries outside of sections.
    pub head: Params,
    /// Sections by name, in the order in which they are declared.
    pub sections: Vec<(String, Params)>,
}

impl Sheet {
    /// Reads a file. Which sections there are may depend on the entries outside of them.
    ///
    /// # Errors
    /// Every fault of form, each with its place in the text.
    pub fn read(
        source: Arc<Source>,
        what: &str,
        head: &[ParamSpec],
        sections: &dyn Fn(&Params) -> Vec<SheetSection>,
    ) -> Result<Sheet, Diagnostics> {
        let document = yaml::read(&source.text).map_err(|fault| not_a_document(&source, *fault))?;
        let mut reader = Reader::new(Arc::clone(&source));
        let root = At {
            value: &document,
            path: Path::root(),
        };
        let mut first = Params::default();
        let mut declared = Vec::new();
        if let Yaml::Map(entries) = &document {
            first = Params::new(written(&mut reader, &root, entries, head));
            declared = sections(&first);
        }
        // Without sections, what they depend on is faulty, and which entries there may be is not known.
        let mut names: Vec<&'static str> = head.iter().map(|spec| spec.name).collect();
        names.extend(declared.iter().map(|section| section.name));
        if !declared.is_empty() || !matches!(document, Yaml::Map(_)) {
            reader.known(&root, what, &names);
        }
        let mut values: Vec<_> = first
            .iter()
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        complete(&mut reader, &root, what, (head, &mut values));
        let mut read = Vec::new();
        for section in &declared {
            let path = Path::root().key(section.name);
            let nothing = Yaml::Map(Vec::new());
            let at = At {
                value: document.get(section.name).unwrap_or(&nothing),
                path: path.clone(),
            };
            let names: Vec<&'static str> = section.entries.iter().map(|spec| spec.name).collect();
            let title = format!("`{}`", section.name);
            reader.known(&at, &title, &names);
            let mut values = match at.value {
                Yaml::Map(entries) => written(&mut reader, &at, entries, &section.entries),
                _ => Vec::new(),
            };
            if document.get(section.name).is_some() {
                complete(&mut reader, &at, &title, (&section.entries, &mut values));
            } else if section.entries.iter().any(|spec| !spec.is_optional()) {
                let needed = section.entries.iter().find(|spec| !spec.is_optional());
                let example = needed.map_or(String::new(), |spec| {
                    format!("{}: {{{}: ...}}", section.name, spec.name)
                });
                reader.required(&root, what, section.name, &example);
            } else {
                fill(&section.entries, &mut values);
            }
            read.push((section.name.to_owned(), Params::new(values)));
        }
        let sheet = Sheet {
            source,
            head: Params::new(values),
            sections: read,
        };
        reader.into_faults().or(sheet).map(|(sheet, _)| sheet)
    }

    /// The entries of a section; none for a section that is not declared.
    pub fn section(&self, name: &str) -> Option<&Params> {
        let mut sections = self.sections.iter();
        sections
            .find(|(section, _)| section == name)
            .map(|(_, params)| params)
    }

    /// Where an entry of a section stands, or the section, or the beginning of the file: the first that is there.
    pub fn span(&self, section: &str, entry: &str) -> Span {
        let section_path = Path::root().key(section);
        let document = yaml::read(&self.source.text).ok();
        let section_value = document.as_ref().and_then(|document| document.get(section));
        match section_value {
            None => Span::new(&self.source, 0..0),
            Some(value) if value.get(entry).is_some() => {
                section_path.key(entry).find(&self.source, Place::Value)
            }
            Some(_) => section_path.find(&self.source, Place::Key),
        }
    }

    /// The fault of an entry whose value is of the right form and contradicts something else.
    pub fn contradiction(&self, section: &str, entry: &str, message: String, help: &str) -> Diagnostics {
        let span = self.span(section, entry);
        Diagnostics::from(Diagnostic::error(Code("MT0509"), span, message).help(help))
    }
}

/// What stands in a mapping, as it is declared.
fn written(
    reader: &mut Reader,
    at: &At<'_>,
    entries: &[(String, Yaml)],
    specs: &[ParamSpec],
) -> Vec<(String, ParamValue)> {
    let mut values = Vec::new();
    for (name, value) in entries {
        let Some(spec) = specs.iter().find(|spec| spec.name == name) else {
            continue;
        };
        match spec.param_type.read(value) {
            Ok(value) => values.push((name.clone(), value)),
            Err(fault) => {
                let span = reader.span(&at.path.key(name), Place::Value);
                let message = format!("`{name}`: {}", fault.message);
                let diagnostic = Diagnostic::error(Code("MT0113"), span.clone(), message);
                reader.faults.push(match fault.nearest {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(span, near),
                    None => diagnostic.help(format!("`{name}` is {}", spec.about)),
                });
            }
        }
    }
    values
}

/// Adds defaults, and faults for what is missing.
fn complete(
    reader: &mut Reader,
    at: &At<'_>,
    what: &str,
    (specs, values): (&[ParamSpec], &mut Vec<(String, ParamValue)>),
) {
    for spec in specs.iter().filter(|spec| !spec.is_optional()) {
        reader.required(at, what, spec.name, &format!("{}: ...", spec.name));
    }
    fill(specs, values);
}

fn fill(specs: &[ParamSpec], values: &mut Vec<(String, ParamValue)>) {
    for spec in specs {
        if let Some(default) = &spec.default
            && !values.iter().any(|(name, _)| name == spec.name)
        {
            values.push((spec.name.to_owned(), default.clone()));
        }
    }
}
