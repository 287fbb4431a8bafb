//! Texts with numbers for classes, and which of them are learnt from.

use std::path::Path;

use super::features::{Scratch, rarity, values};
use super::terms::Terms;
use crate::baseline::SparseRows;
use crate::data::{DataError, Example, TextExample, TextFields, TextOptions, TextSet};

/// Longest text that is read, in characters.
const CHARACTERS_MAX: usize = 1 << 16;

/// Rows that have a class.
#[derive(Clone, Debug)]
pub(super) struct Corpus {
    /// Names of the classes, by name.
    pub(super) classes: Vec<String>,
    /// Names of the fields of texts, the one that judges first.
    pub(super) fields: Vec<String>,
    examples: Vec<TextExample>,
    /// The class of each.
    labels: Vec<u32>,
}

impl Corpus {
    /// The rows of these that have one of the classes.
    pub(super) fn new(classes: &[String], fields: Vec<String>, rows: &[TextExample]) -> Self {
        let class = |row: &TextExample| {
            let label = row.label()?;
            let place = classes.binary_search_by(|name| name.as_str().cmp(label));
            u32::try_from(place.ok()?).ok()
        };
        let (examples, labels) = rows
            .iter()
            .filter_map(|row| Some((row.clone(), class(row)?)))
            .unzip();
        Self {
            classes: classes.to_vec(),
            fields,
            examples,
            labels,
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.examples.len()
    }

    pub(super) fn examples(&self) -> &[TextExample] {
        &self.examples
    }

    /// The class of a row.
    pub(super) fn label(&self, row: usize) -> u32 {
        self.labels[row]
    }

    /// The text of a row in a field, the one that judges being the first; none where the row has no such field.
    pub(super) fn text(&self, row: usize, field: usize) -> Option<&str> {
        let example = &self.examples[row];
        match field.checked_sub(1) {
            None => Some(&example.text),
            Some(further) => example.further.get(further)?.as_deref(),
        }
    }

    /// All texts of some rows, each with its class.
    fn texts(&self, rows: &[usize]) -> impl Iterator<Item = (&str, u32)> {
        rows.iter().flat_map(move |row| {
            let texts = (0..self.fields.len()).filter_map(move |field| self.text(*row, field));
            texts.map(move |text| (text, self.labels[*row]))
        })
    }

    /// What is learnt from some rows: how rare each term is in them, all their texts, and the classes of those.
    pub(super) fn problem(&self, terms: &Terms, rows: &[usize]) -> Problem {
        let idf = rarity(terms, self.texts(rows).map(|(text, _)| text));
        let mut scratch = Scratch::new(terms);
        let mut texts = SparseRows::new(terms.rows);
        let mut labels = Vec::new();
        let mut row = Vec::new();
        for (text, label) in self.texts(rows) {
            row.clear();
            values(terms, &idf, (text, &mut scratch), |place, value| {
                // Rows are at most `ROWS_MAX`.
                row.push((u32::try_from(place).unwrap_or(u32::MAX), value));
            });
            texts.push(row.iter().copied());
            labels.push(label);
        }
        Problem { idf, texts, labels }
    }
}

/// What machines are trained on.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// `[rows]`, see [`rarity`].
    pub(super) idf: Vec<f32>,
    /// A row for each text.
    pub(super) texts: SparseRows,
    /// The class of each text.
    pub(super) labels: Vec<u32>,
}

/// Reads a file of texts, of which all have one of the classes where those are known.
///
/// # Errors
/// As [`TextSet::read_json_lines`].
pub(super) fn read(
    path: &Path,
    fields: &TextFields,
    classes: Option<&[String]>,
) -> Result<TextSet, DataError> {
    // A model counts words for itself.
    let whole = |text: &str| {
        std::iter::once(0..text.len())
            .filter(|text| !text.is_empty())
            .collect()
    };
    let options = TextOptions {
        fields,
        labels: classes,
        tags: None,
        characters_max: CHARACTERS_MAX,
        words: &whole,
    };
    TextSet::read_json_lines(path, &options)
}

/// Names of the classes of these rows, by name.
pub(super) fn names(rows: &[TextExample]) -> Vec<String> {
    let mut names: Vec<String> = rows.iter().filter_map(|row| row.label.clone()).collect();
    names.sort();
    names.dedup();
    names
}
