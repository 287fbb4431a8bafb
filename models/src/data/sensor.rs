//! Tables of sensors in a folder, named by a manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::Faults;
use super::manifest::{self, Entry, ManifestFields};
use super::problem::quote;
use super::row::note;
use super::sensor_table::{self, Cell, SensorTable, TableOptions};
use super::{DataError, Example, Place, Problem, Side, file};
use crate::card::sha256;

/// Most bytes of tables that one set may have.
pub const TABLE_BYTES_MAX: usize = 1 << 30;

/// A stretch of measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorExample {
    /// Its name, unique in the manifest; its file where the manifest gives none.
    pub id: String,
    /// Where it was named.
    pub place: Place,
    /// What was measured, if the manifest says so.
    pub group: Option<String>,
    /// The file.
    pub path: PathBuf,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub sha256: String,
    /// The class of the stretch.
    pub label: Option<String>,
    /// What was measured.
    pub table: SensorTable,
    /// The side that the manifest asks for.
    pub side: Option<Side>,
}

impl Example for SensorExample {
    fn id(&self) -> &str {
        &self.id
    }

    fn place(&self) -> &Place {
        &self.place
    }

    fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    fn side(&self) -> Option<Side> {
        self.side
    }

    fn sha256(&self) -> Option<&str> {
        Some(&self.sha256)
    }
}

/// How tables are read.
#[derive(Clone, Copy, Debug)]
pub struct SensorOptions<'a> {
    /// Names of the fields of the manifest.
    pub fields: &'a ManifestFields,
    /// The classes of the recipe, if it names them.
    pub labels: Option<&'a [String]>,
    /// The column of time, if there is one.
    pub time: Option<&'a str>,
    /// The columns of values; without them, all that the first table has besides that of time.
    pub columns: Option<&'a [String]>,
    /// What stands between two cells, as in `b','`.
    pub delimiter: u8,
}

/// A manifest of tables.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorSet {
    /// The manifest.
    pub file: Arc<Path>,
    /// SHA-256 checksum of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its examples, in the order of the manifest; one at least, and all with the same columns.
    pub examples: Vec<SensorExample>,
}

impl SensorSet {
    /// Reads a manifest and the tables that it names, which lie in its folder or below.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::TooLarge`] and [`DataError::Empty`] for the manifest,
    /// [`DataError::Faults`] for its lines and for the rows of the tables, [`DataError::TooManyTables`] beyond
    /// [`TABLE_BYTES_MAX`].
    pub fn read(path: &Path, options: &SensorOptions<'_>) -> Result<Self, DataError> {
        let bytes = file::read(path)?;
        let manifest = file::shared(path);
        let mut faults = Faults::new(&manifest);
        let entries = manifest::read(&manifest, &bytes, options.fields, options.labels, &mut faults);
        let mut columns = options.columns.map(<[String]>::to_vec);
        let mut examples = Vec::with_capacity(entries.len());
        let mut table_bytes = 0_usize;
        for entry in entries {
            let table = match file::read(&entry.path) {
                Ok(table) => table,
                Err(error) => {
                    faults.push(entry.place.line, unusable(&entry, &error));
                    continue;
                }
            };
            table_bytes = table_bytes.saturating_add(table.len());
            if table_bytes > TABLE_BYTES_MAX {
                return Err(DataError::TooManyTables {
                    path: path.to_path_buf(),
                });
            }
            let wanted = TableOptions {
                time: options.time,
                columns: columns.as_deref(),
                delimiter: options.delimiter,
            };
            let Some(example) = example(entry, &table, &wanted, &mut faults) else {
                continue;
            };
            let names = || example.table.columns.iter().map(|column| column.name.clone());
            columns.get_or_insert_with(|| names().collect());
            examples.push(example);
        }
        let examples = faults.or(examples)?;
        if examples.is_empty() {
            return Err(DataError::Empty {
                path: path.to_path_buf(),
            });
        }
        Ok(Self {
            file: manifest,
            sha256: sha256(&bytes),
            examples,
        })
    }
}

impl SensorExample {
    /// Reads one table that no manifest names. Without columns in the options, those are taken whose first value is a
    /// number. Where the column of time that the options name is not there, it is the first that is called so or whose first
    /// value is a date with a time.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::TooLarge`], and [`DataError::Faults`] for its rows.
    pub fn read(path: &Path, options: &SensorOptions<'_>) -> Result<Self, DataError> {
        let bytes = file::read(path)?;
        let named = file::shared(path);
        let mut faults = Faults::new(&named);
        let head = sensor_table::head(&bytes, options.delimiter);
        let found = head.iter().find(|(_, cell)| *cell == Cell::Time);
        let is_there = |name: &&str| head.iter().any(|(known, _)| known == name);
        let stated = options.time.filter(is_there);
        let found = found.map(|(name, _)| name.as_str());
        let time = stated.or(found).or(options.time);
        let numbers = head
            .iter()
            .filter(|(name, cell)| *cell == Cell::Number && Some(name.as_str()) != time);
        let numbers: Vec<String> = numbers.map(|(name, _)| name.clone()).collect();
        let wanted = TableOptions {
            time,
            columns: Some(options.columns.unwrap_or(&numbers)),
            delimiter: options.delimiter,
        };
        let table = SensorTable::parse(&bytes, &wanted, &mut |line, problem| faults.push(line, problem));
        let mut tables = faults.or(Vec::from_iter(table))?;
        let table = tables.pop().ok_or_else(|| DataError::Empty {
            path: path.to_path_buf(),
        })?;
        Ok(Self {
            id: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            place: Place { file: named, line: 1 },
            group: None,
            path: path.to_path_buf(),
            sha256: sha256(&bytes),
            label: None,
            table,
            side: None,
        })
    }
}

fn example(
    entry: Entry,
    bytes: &[u8],
    wanted: &TableOptions<'_>,
    faults: &mut Faults,
) -> Option<SensorExample> {
    let path = file::shared(&entry.path);
    let table = SensorTable::parse(bytes, wanted, &mut |line, problem| {
        faults.push_in(&path, line, problem);
    })?;
    let mut problems = Vec::new();
    let (rows, found) = (note(entry.row.count("rows"), &mut problems), table.rows() as u64);
    if let Some(expected) = rows
        && expected != found
    {
        let file = quote(&entry.file);
        problems.push(Problem::RowCount {
            file,
            expected,
            found,
        });
    }
    if !problems.is_empty() {
        problems
            .into_iter()
            .for_each(|problem| faults.push(entry.place.line, problem));
        return None;
    }
    Some(SensorExample {
        id: entry.id,
        place: entry.place,
        group: entry.group,
        path: entry.path,
        sha256: sha256(bytes),
        label: entry.label,
        table,
        side: entry.side,
    })
}

fn unusable(entry: &Entry, error: &DataError) -> Problem {
    let reason = match error {
        DataError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            "no such file".to_owned()
        }
        DataError::Read { source, .. } => source.to_string(),
        other => quote(&other.to_string()),
    };
    Problem::FileUnusable {
        file: quote(&entry.file),
        reason,
    }
}

#[cfg(test)]
mod tests;
