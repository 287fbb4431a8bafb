//! A manifest: JSON Lines that name files beside it, with a label and a group each.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::fault::Faults;
use super::problem::quote;
use super::row::{Row, note};
use super::text::{duplicate, unknown_label};
use super::{Place, Problem, Side, file};

/// Names of the fields of a manifest to read, where they are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestFields {
    /// The class, else `label` or `intent`.
    pub label: Option<String>,
    /// The group, else `group`; as in `speaker` or `asset`.
    pub group: Option<String>,
}

/// One line of a manifest.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) group: Option<String>,
    pub(super) label: Option<String>,
    pub(super) side: Option<Side>,
    /// The file as the manifest names it.
    pub(super) file: String,
    pub(super) path: PathBuf,
    pub(super) row: Row,
}

/// Reads the lines of the manifest `path`; the files that it names are not looked at.
pub(super) fn read(
    path: &Arc<Path>,
    bytes: &[u8],
    fields: &ManifestFields,
    labels: Option<&[String]>,
    faults: &mut Faults,
) -> Vec<Entry> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut first_lines = Seen::default();
    let mut entries = Vec::new();
    for (line, text) in file::lines(bytes) {
        let row = match text {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Row::parse(text),
            Err(problem) => Err(problem),
        };
        let place = Place {
            file: path.clone(),
            line,
        };
        let entry = row
            .map_err(|problem| vec![problem])
            .and_then(|row| entry((row, place, folder), fields, labels, &mut first_lines));
        match entry {
            Ok(entry) => entries.push(entry),
            Err(problems) => problems
                .into_iter()
                .for_each(|problem| faults.push(line, problem)),
        }
    }
    entries
}

/// Lines in which names were first used.
#[derive(Debug, Default)]
struct Seen {
    ids: HashMap<String, usize>,
    files: HashMap<String, usize>,
}

fn entry(
    (row, place, folder): (Row, Place, &Path),
    fields: &ManifestFields,
    labels: Option<&[String]>,
    seen: &mut Seen,
) -> Result<Entry, Vec<Problem>> {
    let mut problems = Vec::new();
    let label = match &fields.label {
        Some(field) => row.name(field),
        None => row
            .either("label", "intent")
            .and_then(|field| field.map_or(Ok(None), |field| row.name(field))),
    };
    let label = note(label, &mut problems);
    let group = row.name(fields.group.as_deref().unwrap_or("group"));
    let group = note(group, &mut problems);
    let side = note(row.side(), &mut problems);
    let id = note(row.name("id"), &mut problems);
    let file = row
        .name("file")
        .and_then(|file| file.ok_or_else(|| row.missing("file")));
    let file = note(file.map(Some), &mut problems);
    problems.extend(label.as_ref().and_then(|label| unknown_label(label, labels)));
    problems.extend(
        id.as_ref()
            .and_then(|id| duplicate(id, place.line, &mut seen.ids)),
    );
    if let Some(file) = &file {
        problems.extend(check_file(file, place.line, seen));
    }
    match file {
        Some(file) if problems.is_empty() => Ok(Entry {
            id: id.unwrap_or_else(|| file.clone()),
            place,
            group,
            label,
            side,
            path: folder.join(&file),
            file,
            row,
        }),
        _ => Err(problems),
    }
}

fn check_file(file: &str, line: usize, seen: &mut Seen) -> Option<Problem> {
    let inside = |component: Component<'_>| matches!(component, Component::Normal(_) | Component::CurDir);
    if !Path::new(file).components().all(inside) {
        return Some(Problem::FileOutside { file: quote(file) });
    }
    if let Some(first_line) = seen.files.get(file) {
        return Some(Problem::FileTwice {
            file: quote(file),
            first_line: *first_line,
        });
    }
    seen.files.insert(file.to_owned(), line);
    None
}
