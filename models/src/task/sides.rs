//! Which examples are learnt from, which choose among epochs, and which judge.

use std::path::Path;
use std::sync::Arc;

use super::{Sources, TaskError};
use crate::card::DataSource;
use crate::data::{DataError, Example, SplitBy, split};
use crate::recipe::{DataSettings, Recipe};

/// A file that was read.
pub(crate) struct ReadSet<E> {
    /// The file.
    pub(crate) file: Arc<Path>,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub(crate) sha256: String,
    /// Its examples.
    pub(crate) examples: Vec<E>,
}

/// Examples by what they are for.
pub(crate) struct Sides<E> {
    /// Lines of the file to learn from, which a teacher numbers.
    pub(crate) train_rows: usize,
    pub(crate) learnt: Vec<E>,
    /// Drawn from the file to learn from.
    pub(crate) choosing: Vec<E>,
    pub(crate) valid: Vec<E>,
    /// The files, for the card.
    pub(crate) data: Vec<DataSource>,
}

/// Reads the files of a recipe and splits them as it says. `read` is given the examples to learn from when it reads those
/// to judge by.
pub(crate) fn sides<E: Example + Clone>(
    data: &DataSettings,
    recipe: &Recipe,
    sources: &Sources,
    read: impl Fn(&Path, Option<&[E]>) -> Result<ReadSet<E>, DataError>,
) -> Result<Sides<E>, TaskError> {
    let path = sources
        .train
        .clone()
        .unwrap_or_else(|| sources.data.join(&data.train));
    let mut set = read(&path, None)?;
    let by = match (data.split_rows, data.group.as_str()) {
        (true, _) => SplitBy::RowsAtRisk,
        (false, "") => SplitBy::Group {
            field: "group".to_owned(),
        },
        (false, field) => SplitBy::Group {
            field: field.to_owned(),
        },
    };
    let seed = recipe.seeds.first().copied().unwrap_or(0);
    let train_rows = set.examples.last().map_or(0, |example| example.place().line);
    // A file of one's own is not mixed with those of the recipe.
    let further = match (data.also.as_str(), &sources.train) {
        ("", _) | (_, Some(_)) => None,
        (name, None) => Some(read(&sources.data.join(name), None)?),
    };
    let further = further.map(|further| {
        let told = source(data, &further, "trained on");
        set.examples.extend(further.examples);
        told
    });
    let named = match (&sources.valid, data.valid.as_str()) {
        (Some(path), _) => Some(path.clone()),
        // A file of one's own is not judged by the examples of the recipe.
        (None, "") => None,
        (None, _) if sources.train.is_some() => None,
        (None, name) => Some(sources.data.join(name)),
    };
    let (learnt, valid, mut sets) = match named {
        Some(path) => {
            let valid = read(&path, Some(&set.examples))?;
            let sets = vec![
                source(data, &set, "trained on"),
                source(data, &valid, "calibrated and reported on, never trained on"),
            ];
            (set.examples, valid.examples, sets)
        }
        None => {
            let share = data.split_percent / 100.0;
            let (learnt, valid) = split(&set.examples, &by, share, seed)?.take(&set.examples);
            let role = format!(
                "trained on, but {} % of it, which is calibrated and reported on",
                data.split_percent
            );
            (learnt, valid, vec![source(data, &set, &role)])
        }
    };
    sets.extend(further);
    // Who chooses among epochs is drawn by rows where rows have no group: no figure is reported on it.
    let choosing = match data.choose_percent {
        share if share > 0.0 => {
            let has_groups = learnt.iter().all(|example| example.group().is_some());
            let by = if has_groups { &by } else { &SplitBy::RowsAtRisk };
            Some(split(&learnt, by, share / 100.0, seed)?.take(&learnt))
        }
        _ => None,
    };
    let (learnt, choosing) = choosing.unwrap_or((learnt, Vec::new()));
    Ok(Sides {
        train_rows,
        learnt,
        choosing,
        valid,
        data: sets,
    })
}

/// A file as the card names it.
fn source<E>(data: &DataSettings, set: &ReadSet<E>, role: &str) -> DataSource {
    DataSource {
        name: set
            .file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        origin: data.origin.clone(),
        licence: data.licence.clone(),
        role: role.to_owned(),
        manifest_sha256: set.sha256.clone(),
    }
}

/// A field and what it must be in rows that are read, from `field=value`.
///
/// # Errors
/// [`TaskError::Setting`] for what is no field with a value.
pub(crate) fn wanted(only: &str) -> Result<(String, String), TaskError> {
    let parts = only
        .split_once('=')
        .map(|(field, value)| (field.trim(), value.trim()));
    match parts {
        Some((field, value)) if !field.is_empty() => Ok((field.to_owned(), value.to_owned())),
        _ => Err(TaskError::Setting {
            section: "data",
            setting: "only",
            fault: format!("`{only}` is no field with a value, as `lang=en` is"),
        }),
    }
}
