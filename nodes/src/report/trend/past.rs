//! The days before, as a table: what was measured before the first request.
//!
//! A line is `time,value` or `time,value,load`, with a heading or without; a time is Unix milliseconds or
//! `2024-03-12T14:05:00`. A line whose value is not there (empty, `nan`, `null`) is passed over; one that is anything else
//! refuses all of them, with its number. Invariant: measurements that are returned are finite and in the order of time.

use super::history::Measurement;
use crate::report::moment::Moment;

/// Most bytes of the table.
pub const PAST_BYTES: usize = 1 << 20;
/// Most columns.
const COLUMNS_MAX: usize = 3;

/// Why a table is refused. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PastError {
    /// A line with too few or too many cells.
    #[error("line {line} of the history has {found} cells, expected `time,value` or `time,value,load`")]
    Cells {
        /// The line.
        line: usize,
        /// How many it has.
        found: usize,
    },
    /// A time that is none.
    #[error(
        "the time in line {line} of the history is neither Unix milliseconds nor as `2024-03-12T14:05:00`"
    )]
    Time {
        /// The line.
        line: usize,
    },
    /// A value or load that is no finite number of 32 bits.
    #[error("line {line} of the history has a cell that is no finite number")]
    Number {
        /// The line.
        line: usize,
    },
    /// A time that is not after that of the line before.
    #[error("the time in line {line} of the history is not after the one before")]
    Order {
        /// The line.
        line: usize,
    },
    /// A time that is not before the measurement that came with the table.
    #[error("the time in line {line} of the history is not before that of the value")]
    Future {
        /// The line.
        line: usize,
    },
}

/// Reads the measurements of a table, all of them before a time.
///
/// # Errors
/// The first fault.
pub fn read(table: &str, before_ms: i64) -> Result<Vec<Measurement>, PastError> {
    let mut measurements: Vec<Measurement> = Vec::new();
    let mut last: Option<i64> = None;
    let mut is_first = true;
    for (line, text) in (1..).zip(table.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        if !(2..=COLUMNS_MAX).contains(&cells.len()) {
            return Err(PastError::Cells {
                line,
                found: cells.len(),
            });
        }
        // A heading has no digit: `time,value`.
        if std::mem::take(&mut is_first) && !text.contains(|letter: char| letter.is_ascii_digit()) {
            continue;
        }
        let at_ms = time(cells[0]).ok_or(PastError::Time { line })?;
        if last.replace(at_ms).is_some_and(|last| at_ms <= last) {
            return Err(PastError::Order { line });
        }
        if at_ms >= before_ms {
            return Err(PastError::Future { line });
        }
        let value = number(line, cells[1])?;
        let load = cells.get(2).map_or(Ok(None), |cell| number(line, cell))?;
        measurements.extend(value.map(|value| Measurement { at_ms, value, load }));
    }
    Ok(measurements)
}

fn time(cell: &str) -> Option<i64> {
    let seconds = |moment: Moment| moment.seconds() * 1_000;
    match cell.parse::<i64>() {
        Ok(at_ms) => Moment::from_seconds(at_ms.div_euclid(1_000)).map(|_| at_ms),
        Err(_) => cell.strip_suffix('Z').unwrap_or(cell).parse().ok().map(seconds),
    }
}

fn number(line: usize, cell: &str) -> Result<Option<f64>, PastError> {
    if ["", "nan", "null"]
        .iter()
        .any(|absent| cell.eq_ignore_ascii_case(absent))
    {
        return Ok(None);
    }
    match cell.parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(Some(f64::from(number))),
        Ok(_) | Err(_) => Err(PastError::Number { line }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_times_and_values_and_may_have_loads() {
        let table = "time,value,load\n1970-01-01T00:00:10,1.5,1500\n\n20000,,1500\r\n30000,nan\n1970-01-01T00:00:40Z,-2e0,\n";
        let found = read(table, 50_000).unwrap();
        let expected = [(10_000, 1.5, Some(1_500.0)), (40_000, -2.0, None)];
        let expected = expected.map(|(at_ms, value, load)| Measurement { at_ms, value, load });
        assert_eq!(found, expected);
        assert_eq!(read("", 0), Ok(Vec::new()));
        assert_eq!(read("5,1\n", 6).unwrap().len(), 1);
    }

    #[test]
    fn a_hostile_line_is_refused_with_its_number() {
        let check =
            |table: &str, expected: PastError| assert_eq!(read(table, 1_000), Err(expected), "{table}");
        check("time,value\n1,2,3,4", PastError::Cells { line: 2, found: 4 });
        check("7", PastError::Cells { line: 1, found: 1 });
        check("1,1\nyesterday,2", PastError::Time { line: 2 });
        check("-1,1", PastError::Time { line: 1 });
        check("99999999999999999999,1", PastError::Time { line: 1 });
        check("1,1\n2,two", PastError::Number { line: 2 });
        check("1,inf", PastError::Number { line: 1 });
        check("1,1e39", PastError::Number { line: 1 });
        check("2,1\n2,1", PastError::Order { line: 2 });
        check("2,1\n1000,1", PastError::Future { line: 2 });
        check("time,value\ntime,value", PastError::Time { line: 2 });
    }
}
