//! From files of texts to utterances with numbers for labels.

use std::collections::BTreeSet;
use std::path::Path;

use super::corpus::{Labels, Utterance};
use crate::card::DataSource;
use crate::data::{DataError, Nested, TextExample, TextFields, TextOptions, TextSet, TokenSpans};
use crate::recipe::{DataSettings, Recipe};
use crate::task::{TaskError, wanted};
use crate::text::{Splitting, split};

/// Longest utterance that is read, in characters.
const CHARACTERS_MAX: usize = 4_096;

/// Which rows are read, and from which fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// `tsv`, or JSON Lines.
    format: String,
    fields: TextFields,
}

impl Rows {
    /// As the settings of a recipe say.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for an `only` that is no field with a value.
    pub(super) fn of(data: &DataSettings) -> Result<Self, TaskError> {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        Ok(Self {
            format: data.format.clone(),
            fields: TextFields {
                group: named(&data.group),
                label: named(&data.label),
                only: named(&data.only).map(|only| wanted(&only)).transpose()?,
                spans: named(&data.spans).map(|field| TokenSpans {
                    field,
                    label: data.span_label.clone(),
                    until: data.span_until.clone(),
                    nested: nested(&data.nested),
                }),
                ..TextFields::default()
            },
        })
    }

    /// Those of a file, by its ending, from the fields that the model of a card was trained on.
    pub(super) fn in_file(path: &Path, recipe: Option<&Recipe>) -> Self {
        let is_tsv = path.extension().is_some_and(|ending| ending == "tsv");
        let data = recipe.and_then(|recipe| recipe.sections.get("data"));
        // Cards that were written before there were such settings have none of them.
        let named = |name: &str| {
            let value = data?.get(name)?.as_str()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let rest = |name: &str| named(name).unwrap_or_default();
        Self {
            format: if is_tsv { "tsv" } else { "jsonl" }.to_owned(),
            fields: TextFields {
                label: named("label"),
                only: named("only").and_then(|only| wanted(&only).ok()),
                spans: named("spans").map(|field| TokenSpans {
                    field,
                    label: rest("span_label"),
                    until: rest("span_until"),
                    nested: nested(&rest("nested")),
                }),
                ..TextFields::default()
            },
        }
    }

    /// Of these the rows with such a field, where one is named.
    ///
    /// # Errors
    /// As [`Rows::of`].
    pub(super) fn only(mut self, only: Option<&str>) -> Result<Self, TaskError> {
        if let Some(only) = only {
            self.fields.only = Some(wanted(only)?);
        }
        Ok(self)
    }
}

/// What a setting says of spans within spans; its declaration admits no other words.
fn nested(word: &str) -> Nested {
    match word {
        "outermost" => Nested::Outermost,
        "innermost" => Nested::Innermost,
        _ => Nested::Refused,
    }
}

/// Reads a file of utterances.
///
/// # Errors
/// As [`TextSet::read_json_lines`].
pub(super) fn read(
    path: &Path,
    rows: &Rows,
    splitting: Splitting,
    known: Option<&Labels>,
) -> Result<TextSet, DataError> {
    let words = |text: &str| split(text, splitting);
    let intents = known.filter(|labels| !labels.intents.is_empty());
    let kinds: Option<Vec<String>> = known.filter(|labels| !labels.tags.is_empty()).map(|labels| {
        let kind = |tag: &String| Some(tag.strip_prefix("B-")?.to_owned());
        labels.tags.iter().filter_map(kind).collect()
    });
    let options = TextOptions {
        fields: &rows.fields,
        labels: intents.map(|labels| labels.intents.as_slice()),
        tags: kinds.as_deref(),
        characters_max: CHARACTERS_MAX,
        words: &words,
    };
    match rows.format.as_str() {
        "tsv" => TextSet::read_tsv(path, &options),
        _ => TextSet::read_json_lines(path, &options),
    }
}

/// Values of slots by their kinds, and the file they are of.
pub(super) struct Names {
    pub(super) values: Vec<(String, Vec<String>)>,
    pub(super) source: DataSource,
}

/// Reads a file of values of slots: texts with their kinds as labels.
///
/// # Errors
/// As [`TextSet::read_json_lines`].
pub(super) fn names(path: &Path, splitting: Splitting) -> Result<Names, DataError> {
    let set = read(path, &Rows::default(), splitting, None)?;
    let value = |example: &TextExample| {
        let words = example.words().map(str::to_owned).collect();
        Some((example.label.clone()?, words))
    };
    Ok(Names {
        values: set.examples.iter().filter_map(value).collect(),
        source: DataSource {
            name: set
                .file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            origin: "lists of names; see what makes the file".to_owned(),
            licence: "that of the lists".to_owned(),
            role: "put into sentences that are trained on".to_owned(),
            manifest_sha256: set.sha256,
        },
    })
}

/// Names of all intents and tags of these examples, by name; both tags of each kind of slot.
pub(super) fn labels(examples: &[TextExample], out_of_scope: &str) -> Labels {
    let intents: BTreeSet<&String> = examples
        .iter()
        .filter_map(|example| example.label.as_ref())
        .collect();
    let kinds: BTreeSet<&str> = examples
        .iter()
        .filter_map(|example| example.tags.as_ref())
        .flatten()
        .filter_map(|tag| tag.split_once('-'))
        .map(|(_, kind)| kind)
        .collect();
    let inner = kinds
        .iter()
        .flat_map(|kind| [format!("B-{kind}"), format!("I-{kind}")]);
    let tags: Vec<String> = match kinds.is_empty() {
        true => Vec::new(),
        false => std::iter::once("O".to_owned()).chain(inner).collect(),
    };
    let intents: Vec<String> = intents.into_iter().cloned().collect();
    Labels {
        out_of_scope: intents.iter().position(|intent| intent == out_of_scope),
        intents,
        tags,
    }
}

/// Examples as utterances; a label that is none of the known ones counts as absent.
pub(super) fn utterances(examples: &[TextExample], labels: &Labels) -> Vec<Utterance> {
    let utterance = |example: &TextExample| Utterance {
        words: example.words().map(str::to_owned).collect(),
        intent: example
            .label
            .as_ref()
            .and_then(|label| labels.intents.iter().position(|intent| intent == label)),
        tags: example
            .tags
            .as_ref()
            .filter(|_| !labels.tags.is_empty())
            .map(|tags| {
                let number = |tag: &String| labels.tags.iter().position(|known| known == tag).unwrap_or(0);
                tags.iter().map(number).collect()
            }),
        untagged: example
            .untagged
            .iter()
            .map(|(kind, words)| (kind.clone(), words.start, words.end))
            .collect(),
        frames: example.frames.clone().filter(|_| !labels.tags.is_empty()),
        // A teacher numbers the lines of the file.
        taught: Some(example.place.line.saturating_sub(1)),
    };
    examples.iter().map(utterance).collect()
}
