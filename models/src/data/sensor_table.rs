//! One table of sensors: columns of numbers by name, and a column of time that never goes back.

use std::collections::BTreeSet;
use std::path::Path;

use super::fault::Faults;
use super::problem::{nearest, quote};
use super::time::seconds;
use super::{DataError, LINE_BYTES_MAX, Problem, file};

/// A column of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, as the first row says.
    pub name: String,
    /// Its values, all finite.
    pub values: Vec<f32>,
}

/// A table of sensors.
#[derive(Clone, Debug, PartialEq)]
pub struct SensorTable {
    /// Columns of one length, in the order of the file or of the options.
    pub columns: Vec<Column>,
    /// Seconds since the first row, one a row, never going back; absent without a column of time.
    pub times_s: Option<Vec<f64>>,
}

/// What is wanted of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableOptions<'a> {
    pub(super) time: Option<&'a str>,
    pub(super) columns: Option<&'a [String]>,
    pub(super) delimiter: u8,
}

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TableFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Takes a line and what is wrong with it.
pub(super) type Report<'a> = dyn FnMut(usize, Problem) + 'a;

impl SensorTable {
    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// Returns the values of a column.
    pub fn column(&self, name: &str) -> Option<&[f32]> {
        let column = self.columns.iter().find(|column| column.name == name)?;
        Some(&column.values)
    }

    /// Reads a table as people have it: a first row of names, cells parted by the one of `,`, `;` and tabulator that is most
    /// frequent there, and times in the first column that is called so or begins with a date. All others hold values.
    ///
    /// # Errors
    /// The first [`TableFault`].
    pub fn read_csv(bytes: &[u8]) -> Result<Self, TableFault> {
        let mut fault = None;
        let table = Self::guess(bytes, &mut |line, problem| {
            fault.get_or_insert(TableFault { line, problem });
        });
        let none = || TableFault {
            line: 1,
            problem: Problem::NoRow,
        };
        table.ok_or_else(|| fault.unwrap_or_else(none))
    }

    /// Reads a file as [`SensorTable::read_csv`] does, with all its faults.
    ///
    /// # Errors
    /// [`DataError::Read`], [`DataError::TooLarge`], and [`DataError::Faults`] for its rows.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let bytes = file::read(path)?;
        let mut faults = Faults::new(&file::shared(path));
        let table = Self::guess(&bytes, &mut |line, problem| faults.push(line, problem));
        let table = faults.or(table)?;
        table.ok_or_else(|| DataError::Empty {
            path: path.to_path_buf(),
        })
    }

    fn guess(bytes: &[u8], report: &mut Report<'_>) -> Option<Self> {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
        // The last of equals, so that a table of one column is parted by commas.
        let delimiter = [b'\t', b';', b',']
            .into_iter()
            .max_by_key(|delimiter| count(*delimiter));
        let delimiter = delimiter.unwrap_or(b',');
        let head = head(bytes, delimiter);
        let time = head.iter().find(|(_, cell)| *cell == Cell::Time);
        let options = TableOptions {
            time: time.map(|(name, _)| name.as_str()),
            columns: None,
            delimiter,
        };
        Self::parse(bytes, &options, report)
    }

    /// Reads a table with a first row of names; nothing if any row is faulty.
    pub(super) fn parse(bytes: &[u8], options: &TableOptions<'_>, report: &mut Report<'_>) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let long = |(_, line): &(usize, &[u8])| line.len() > LINE_BYTES_MAX;
        if let Some((index, line)) = bytes.split(|byte| *byte == b'\n').enumerate().find(long) {
            report(index + 1, Problem::LineTooLong { bytes: line.len() });
            return None;
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter)
            .from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        // Reading from memory fails only where rows differ in length, which `flexible` admits.
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            report(1, Problem::NoRow);
            return None;
        }
        let header = line_of(&record, bytes);
        let mut layout = Layout::of(&record, options)
            .map_err(|problems| problems.into_iter().for_each(|problem| report(header, problem)))
            .ok()?;
        let mut is_sound = true;
        let mut rows = 0;
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let line = line_of(&record, bytes);
            layout.read(&record, rows == 0, &mut |problem| {
                is_sound = false;
                report(line, problem);
            });
            rows += 1;
        }
        if rows == 0 {
            report(header, Problem::NoRow);
            return None;
        }
        is_sound.then(|| layout.take())
    }
}

/// What columns of time are called.
const TIMES: [&str; 8] = [
    "t",
    "time",
    "times",
    "time_s",
    "seconds",
    "timestamp",
    "datetime",
    "date",
];

/// What the first value of a column looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Number,
    /// A date with a time, or a number of seconds in a column that is called so.
    Time,
    Other,
}

/// Returns the columns of a table with what their first values look like; none where it has no rows.
pub(super) fn head(bytes: &[u8], delimiter: u8) -> Vec<(String, Cell)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(bytes)
        .into_byte_records();
    let (Some(Ok(names)), Some(Ok(cells))) = (rows.next(), rows.next()) else {
        return Vec::new();
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let looks = |name: &str, cell: &[u8]| {
        let cell = text(cell);
        let is_called_so = TIMES.iter().any(|time| name.eq_ignore_ascii_case(time));
        match (cell.parse::<f64>().is_ok(), seconds(&cell).is_some()) {
            (_, true) if is_called_so => Cell::Time,
            (true, _) => Cell::Number,
            (false, true) => Cell::Time,
            (false, false) => Cell::Other,
        }
    };
    let names = names.iter().map(text);
    names
        .zip(&cells)
        .map(|(name, cell)| {
            let looks = looks(&name, cell);
            (name, looks)
        })
        .collect()
}

/// Returns the line of a row; the reader counts blank lines before a row as its own.
fn line_of(record: &csv::ByteRecord, bytes: &[u8]) -> usize {
    let Some(position) = record.position() else {
        return 0;
    };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = bytes.get(start..).unwrap_or_default();
    let blank = blank
        .iter()
        .take_while(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|byte| **byte == b'\n')
        .count();
    usize::try_from(position.line()).unwrap_or(usize::MAX) + blank
}

/// Which cell of a row belongs where, and what was read so far.
struct Layout {
    cells: usize,
    time: Option<(usize, String)>,
    /// Index of the cell of each column; nothing once a column turned out to hold no numbers.
    sources: Vec<Option<usize>>,
    columns: Vec<Column>,
    times_s: Vec<f64>,
    /// Time of the first row, and the last cell of time with its seconds.
    first_s: Option<f64>,
    before: Option<(String, f64)>,
}

impl Layout {
    fn of(header: &csv::ByteRecord, options: &TableOptions<'_>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let names = names(header, &mut problems);
        let find = |name: &str| {
            let index = names.iter().position(|known| known == name);
            index.ok_or_else(|| Problem::ColumnMissing {
                column: quote(name),
                near: nearest(name, names.iter().map(String::as_str)),
            })
        };
        let mut found = |name: &str| find(name).map_err(|problem| problems.push(problem)).ok();
        let time = options
            .time
            .and_then(|name| found(name).map(|index| (index, name.to_owned())));
        let wanted: Vec<String> = match options.columns {
            Some(columns) => columns.to_vec(),
            None => {
                let is_value = |name: &&String| options.time != Some(name.as_str());
                names.iter().filter(is_value).cloned().collect()
            }
        };
        let sources: Vec<Option<usize>> = wanted.iter().map(|name| found(name)).collect();
        if wanted.is_empty() {
            problems.push(Problem::NoColumn);
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let column = |name| Column {
            name,
            values: Vec::new(),
        };
        Ok(Self {
            cells: header.len(),
            time,
            sources,
            columns: wanted.into_iter().map(column).collect(),
            times_s: Vec::new(),
            first_s: None,
            before: None,
        })
    }

    fn read(&mut self, record: &csv::ByteRecord, is_first: bool, fault: &mut dyn FnMut(Problem)) {
        if record.len() != self.cells {
            fault(Problem::Ragged {
                expected: self.cells,
                found: record.len(),
            });
            return;
        }
        let cell = |index: usize| String::from_utf8_lossy(record.get(index).unwrap_or_default());
        if let Some((index, name)) = &self.time {
            let (index, name) = (*index, name.clone());
            if let Err(problem) = self.read_time(cell(index).trim(), &name) {
                fault(problem);
            }
        }
        for (source, column) in self.sources.iter_mut().zip(&mut self.columns) {
            let Some(index) = *source else { continue };
            match number(cell(index).trim(), &column.name) {
                Ok(value) => column.values.push(value),
                Err(problem) => {
                    // A column of words is one fault, not one a row.
                    if is_first && matches!(problem, Problem::NotANumber { .. }) {
                        *source = None;
                    }
                    fault(problem);
                }
            }
        }
    }

    fn read_time(&mut self, cell: &str, column: &str) -> Result<(), Problem> {
        let Some(time_s) = seconds(cell) else {
            return Err(Problem::NotATime {
                column: quote(column),
                cell: quote(cell),
            });
        };
        if let Some((before, before_s)) = &self.before
            && time_s < *before_s
        {
            // The later time stays the one to compare with, so that one jump is one fault for each row behind it.
            return Err(Problem::TimeBack {
                before: before.clone(),
                cell: quote(cell),
            });
        }
        let first_s = *self.first_s.get_or_insert(time_s);
        self.times_s.push(time_s - first_s);
        self.before = Some((quote(cell), time_s));
        Ok(())
    }

    fn take(&mut self) -> SensorTable {
        SensorTable {
            columns: std::mem::take(&mut self.columns),
            times_s: self.time.is_some().then(|| std::mem::take(&mut self.times_s)),
        }
    }
}

/// Returns the names of the columns.
fn names(header: &csv::ByteRecord, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::with_capacity(header.len());
    for (index, name) in header.iter().enumerate() {
        let name = std::str::from_utf8(name).unwrap_or_else(|error| {
            problems.push(Problem::NotUtf8 {
                offset: error.valid_up_to(),
            });
            ""
        });
        let name = name.trim();
        if name.is_empty() {
            problems.push(Problem::ColumnUnnamed { index });
        } else if !seen.insert(name.to_owned()) {
            problems.push(Problem::ColumnTwice { column: quote(name) });
        }
        names.push(name.to_owned());
    }
    names
}

fn number(cell: &str, column: &str) -> Result<f32, Problem> {
    let column = || quote(column);
    if cell.is_empty() {
        return Err(Problem::Gap { column: column() });
    }
    match cell.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Problem::NotFinite {
            column: column(),
            cell: quote(cell),
        }),
        Err(_) => Err(Problem::NotANumber {
            column: column(),
            cell: quote(cell),
        }),
    }
}
