//! Rows of sensors out of a stretch of text, as they come from a machine: with holes, and with stamps as they are.
//!
//! A [`SensorTable`](super::SensorTable) is refused where a value is missing or time goes back; here both are kept, for a
//! stream has them. Invariant: what was read has as many values as rows times sensors, and a value that is not there is 0.

use std::collections::BTreeSet;

use super::LINE_BYTES_MAX;
use super::problem::{nearest, quote};
use super::time::seconds;

/// Largest magnitude of a stamp, in seconds: the year 9999 is within it.
const SECONDS_MAX: f64 = 1e12;
/// What stands for a value that is not there, in small letters.
const NOTHING: [&str; 6] = ["", "nan", "null", "none", "na", "n/a"];

/// How rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOptions {
    /// The column of time.
    pub time: String,
    /// The columns of values, in the order that is wanted.
    pub sensors: Vec<String>,
    /// What stands between two cells, as in `b','`.
    pub delimiter: u8,
    /// Whether a comma stands before the fraction of a number.
    pub has_decimal_comma: bool,
    /// Most rows of a text.
    pub rows_max: usize,
}

/// Rows that were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SensorRows {
    /// Milliseconds since 1970; seconds of any other origin count from there.
    pub times_ms: Vec<i64>,
    /// `[rows, sensors]`, all finite, 0 where there is none.
    pub values: Vec<f32>,
    /// `[rows, sensors]`, 1 where there is a value, else 0.
    pub valid: Vec<u8>,
}

/// Why a text has no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// There is not even a header.
    #[error("there is no header")]
    NoHeader,
    /// A column is not there.
    #[error("the header has no column `{column}`{hint}")]
    NoColumn {
        /// The column.
        column: String,
        /// The nearest one, or what stands between the cells.
        hint: String,
    },
    /// Two columns have one name.
    #[error("two columns have the name `{column}`")]
    ColumnTwice {
        /// The name.
        column: String,
    },
    /// A line is too long.
    #[error("line {line} has {bytes} bytes, expected {LINE_BYTES_MAX} at most")]
    LineTooLong {
        /// The line, from 1.
        line: usize,
        /// Its length.
        bytes: usize,
    },
    /// A row has more or fewer cells than the header.
    #[error("row {row} has {found} cells, the header {expected}")]
    Ragged {
        /// The row, from 1 for that behind the header.
        row: usize,
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A stamp is no time.
    #[error("row {row}: `{cell}` in `{column}` is no time")]
    NotATime {
        /// The row, from 1.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// A value is no number.
    #[error("row {row}: `{cell}` in `{column}` is no number")]
    NotANumber {
        /// The row, from 1.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// There are too many rows.
    #[error("there are more than {most} rows")]
    TooManyRows {
        /// How many there may be.
        most: usize,
    },
}

impl SensorRows {
    /// Forgets what was read, and keeps the memory.
    pub fn clear(&mut self) {
        self.times_ms.clear();
        self.values.clear();
        self.valid.clear();
    }

    /// Reads a text with a header, instead of what was read before. Stamps are `2024-05-31 13:30:47`, with `T`, a fraction
    /// and `Z` or an offset as they like, or seconds; an empty cell, `NaN`, `null` and an infinity are no value.
    ///
    /// # Errors
    /// [`RowError`]; what was read before the fault is then still there.
    pub fn read(&mut self, text: &str, options: &RowOptions) -> Result<(), RowError> {
        self.clear();
        let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
        let long = |(_, line): &(usize, &[u8])| line.len() > LINE_BYTES_MAX;
        if let Some((index, line)) = bytes.split(|byte| *byte == b'\n').enumerate().find(long) {
            return Err(RowError::LineTooLong {
                line: index + 1,
                bytes: line.len(),
            });
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter)
            .from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        // Reading from memory fails only where rows differ in length, which `flexible` admits.
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            return Err(RowError::NoHeader);
        }
        let places = Places::of(&record, options)?;
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            if self.times_ms.len() == options.rows_max {
                return Err(RowError::TooManyRows {
                    most: options.rows_max,
                });
            }
            self.push(&record, &places, options)?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        record: &csv::ByteRecord,
        places: &Places,
        options: &RowOptions,
    ) -> Result<(), RowError> {
        let row = self.times_ms.len() + 1;
        if record.len() != places.cells {
            return Err(RowError::Ragged {
                row,
                expected: places.cells,
                found: record.len(),
            });
        }
        let stamp = cell(record, places.time);
        let time_ms = milliseconds(stamp).ok_or_else(|| RowError::NotATime {
            row,
            column: quote(&options.time),
            cell: quote(stamp),
        })?;
        for (place, column) in places.sensors.iter().zip(&options.sensors) {
            let text = cell(record, *place);
            let value = value(text, options.has_decimal_comma).ok_or_else(|| RowError::NotANumber {
                row,
                column: quote(column),
                cell: quote(text),
            })?;
            self.values.push(value.unwrap_or(0.0));
            self.valid.push(u8::from(value.is_some()));
        }
        self.times_ms.push(time_ms);
        Ok(())
    }
}

/// Which cell of a row is what.
struct Places {
    cells: usize,
    time: usize,
    sensors: Vec<usize>,
}

impl Places {
    fn of(header: &csv::ByteRecord, options: &RowOptions) -> Result<Self, RowError> {
        let names: Vec<&str> = (0..header.len()).map(|place| cell(header, place)).collect();
        let mut seen = BTreeSet::new();
        let wanted =
            |name: &&&str| **name == options.time || options.sensors.iter().any(|sensor| sensor == **name);
        if let Some(twice) = names.iter().filter(wanted).find(|name| !seen.insert(**name)) {
            return Err(RowError::ColumnTwice { column: quote(twice) });
        }
        let find = |name: &str| {
            let place = names.iter().position(|known| *known == name);
            place.ok_or_else(|| RowError::NoColumn {
                column: quote(name),
                hint: hint(name, &names),
            })
        };
        Ok(Self {
            cells: names.len(),
            time: find(&options.time)?,
            sensors: options
                .sensors
                .iter()
                .map(|name| find(name))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// What may be the reason that a column is not there.
fn hint(name: &str, names: &[&str]) -> String {
    if let [header] = names
        && let Some(other) = header.find([';', '\t'])
    {
        let between = if header[other..].starts_with(';') {
            "a semicolon"
        } else {
            "a tab"
        };
        return format!("; between its cells seems to be {between}");
    }
    nearest(name, names.iter().copied())
        .map(|near| format!(", did you mean `{near}`"))
        .unwrap_or_default()
}

fn cell(record: &csv::ByteRecord, place: usize) -> &str {
    let bytes = record.get(place).unwrap_or_default();
    // The text was UTF-8, and is cut at letters of one byte.
    std::str::from_utf8(bytes).unwrap_or_default().trim()
}

/// A stamp in milliseconds.
fn milliseconds(stamp: &str) -> Option<i64> {
    let seconds = seconds(stamp).filter(|seconds| seconds.abs() <= SECONDS_MAX)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "1e15 milliseconds fit, and fractions are rounded"
    )]
    let time_ms = (1e3 * seconds).round() as i64;
    Some(time_ms)
}

/// A value, which may not be there; none for what is no number.
fn value(text: &str, has_decimal_comma: bool) -> Option<Option<f32>> {
    let read = match has_decimal_comma && text.contains(',') {
        // A point would then stand between thousands, and is refused.
        true if text.contains('.') => return None,
        true => text.replacen(',', ".", 1).parse::<f32>(),
        false => text.parse::<f32>(),
    };
    match read {
        Ok(value) => Some(Some(value).filter(|value| value.is_finite())),
        Err(_) => NOTHING
            .iter()
            .any(|nothing| text.eq_ignore_ascii_case(nothing))
            .then_some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> RowOptions {
        RowOptions {
            time: "time".to_owned(),
            sensors: vec!["b".to_owned(), "a".to_owned()],
            delimiter: b',',
            has_decimal_comma: false,
            rows_max: 3,
        }
    }

    fn read(text: &str, options: &RowOptions) -> Result<SensorRows, RowError> {
        let mut rows = SensorRows::default();
        rows.read(text, options).map(|()| rows)
    }

    /// The message of what is wrong with a text.
    fn fault(text: &str) -> String {
        read(text, &options()).expect_err(text).to_string()
    }

    #[test]
    fn values_are_found_by_their_names_and_holes_are_kept() {
        let text = "\u{feff}a,\"time\",b,other\r\n1.5,2020-03-01 15:44:06.25,,x\r\nNaN,1,-2e1,\"y, z\"\r\nnull,0.5,inf,\r\n";
        let rows = read(text, &options()).unwrap();
        // `date -u -d '2020-03-01 15:44:06' +%s`
        assert_eq!(rows.times_ms, [1_583_077_446_250, 1_000, 500]);
        assert_eq!(rows.values, [0.0, 1.5, -20.0, 0.0, 0.0, 0.0]);
        assert_eq!(rows.valid, [0, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn a_header_alone_has_no_rows() {
        assert_eq!(read("time,a,b\n", &options()), Ok(SensorRows::default()));
    }

    #[test]
    fn semicolons_and_decimal_commas_are_read_where_they_are_stated() {
        let stated = RowOptions {
            delimiter: b';',
            has_decimal_comma: true,
            ..options()
        };
        let rows = read("time;a;b\n1;2,5;-0,25\n", &stated).unwrap();
        assert_eq!(rows.values, [-0.25, 2.5]);
        assert!(matches!(
            read("time;a;b\n1;1.234,5;1\n", &stated),
            Err(RowError::NotANumber { .. })
        ));
        assert_eq!(
            fault("time;a;b\n1;2;3\n"),
            "the header has no column `time`; between its cells seems to be a semicolon"
        );
    }

    #[test]
    fn hostile_texts_are_refused_with_their_reason() {
        assert_eq!(fault(""), "there is no header");
        assert!(fault("1,2,3\n4,5,6\n").starts_with("the header has no column `time`"));
        assert!(fault("time,a,B\n1,2,3\n").starts_with("the header has no column `b`"));
        assert_eq!(fault("time,a,b,a\n1,2,3,4\n"), "two columns have the name `a`");
        assert_eq!(fault("time,a,b\n1,2\n"), "row 1 has 2 cells, the header 3");
        assert_eq!(
            fault("time,a,b\n1,2,3\n4,\"5,6\n"),
            "row 2 has 2 cells, the header 3"
        );
        assert_eq!(
            fault("time,a,b\nnoon,2,3\n"),
            "row 1: `noon` in `time` is no time"
        );
        assert_eq!(
            fault("time,a,b\n1e300,2,3\n"),
            "row 1: `1e300` in `time` is no time"
        );
        assert_eq!(
            fault("time,a,b\n1,2,broken\n"),
            "row 1: `broken` in `b` is no number"
        );
        assert_eq!(
            fault("time,a,b\n1,1,1\n2,1,1\n3,1,1\n4,1,1\n"),
            "there are more than 3 rows"
        );
    }

    #[test]
    fn a_mebibyte_of_garbage_is_refused() {
        let mut state = 1_u32;
        let mut letter = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(u8::try_from(state >> 25).unwrap())
        };
        let garbage: String = (0..1 << 20).map(|_| letter()).collect();
        assert!(read(&garbage, &options()).is_err());
        let line = "a".repeat(LINE_BYTES_MAX + 1);
        assert!(matches!(
            read(&line, &options()),
            Err(RowError::LineTooLong { line: 1, .. })
        ));
    }
}
