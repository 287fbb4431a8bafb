//! The history of maintenance, as it arrives: an order a line.
//!
//! A line is a JSON object `{id, date, text, asset?}`; other fields are not looked at. A line that is anything else
//! refuses all of them, with its number. Invariant: an [`Order`] has a number that a report can carry, a day, and words,
//! and no other order of its history has its number.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::report::moment::{Date, Moment, MomentError};
use crate::report::record::NAME_BYTES_MAX;

/// Most orders of a history.
pub const ORDERS_MAX: usize = 4_096;
/// Most bytes of a history.
pub const ORDERS_BYTES: usize = 1 << 20;
/// Most bytes of the text of an order.
pub const ORDER_TEXT_BYTES_MAX: usize = 2_048;

/// A maintenance order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its number: letters, digits and `_-/#`.
    pub id: String,
    /// Its day.
    pub date: Date,
    /// What somebody wrote, with a letter or digit at least.
    pub text: String,
    /// The asset that it was booked on, if the history says so.
    pub asset: Option<String>,
}

/// Why a history is refused. Lines count from 1; no message repeats a word of a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrdersError {
    /// A line is no JSON object with these fields.
    #[error(
        "line {line} of the orders is no JSON object with texts `id`, `date` and `text`, from column {column}"
    )]
    Form {
        /// The line.
        line: usize,
        /// Its byte, from 1.
        column: usize,
    },
    /// A number that a report cannot carry.
    #[error(
        "the `id` in line {line} of the orders is no number of 1 to {NAME_BYTES_MAX} letters, digits and `_-/#`"
    )]
    Id {
        /// The line.
        line: usize,
    },
    /// A number that an earlier order has.
    #[error("the `id` in line {line} of the orders is that of line {first} as well")]
    Twice {
        /// The line.
        line: usize,
        /// The earlier line.
        first: usize,
    },
    /// A day that is none.
    #[error("the `date` in line {line} of the orders is none")]
    Date {
        /// The line.
        line: usize,
        /// What is wrong with it.
        source: MomentError,
    },
    /// A text without words, or one that is too long.
    #[error("the `text` in line {line} of the orders has no word, or more than {ORDER_TEXT_BYTES_MAX} bytes")]
    Text {
        /// The line.
        line: usize,
    },
    /// Too many orders.
    #[error("line {line} of the orders is beyond the {ORDERS_MAX} orders that are read")]
    TooMany {
        /// The first line beyond.
        line: usize,
    },
}

/// Reads a history. Lines without anything on them are passed over.
///
/// # Errors
/// The first fault.
pub fn read(history: &str) -> Result<Vec<Order>, OrdersError> {
    let mut orders = Vec::new();
    let mut first_lines: BTreeMap<String, usize> = BTreeMap::new();
    for (line, text) in (1..).zip(history.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        if orders.len() == ORDERS_MAX {
            return Err(OrdersError::TooMany { line });
        }
        let order = order(line, text)?;
        if let Some(first) = first_lines.insert(order.id.clone(), line) {
            return Err(OrdersError::Twice { line, first });
        }
        orders.push(order);
    }
    Ok(orders)
}

/// A line as JSON has it.
#[derive(Deserialize)]
struct Line {
    id: Id,
    date: String,
    text: String,
    #[serde(default)]
    asset: Option<String>,
}

/// Numbers of orders are written with quotes or without.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

fn order(line: usize, text: &str) -> Result<Order, OrdersError> {
    let found: Line = serde_json::from_str(text).map_err(|error| OrdersError::Form {
        line,
        column: error.column(),
    })?;
    let id = match found.id {
        Id::Text(id) => id,
        Id::Number(id) => id.to_string(),
    };
    if !is_id(&id) {
        return Err(OrdersError::Id { line });
    }
    let date = day(&found.date).map_err(|source| OrdersError::Date { line, source })?;
    let has_word = found.text.chars().any(char::is_alphanumeric);
    if !has_word || found.text.len() > ORDER_TEXT_BYTES_MAX {
        return Err(OrdersError::Text { line });
    }
    let asset = found.asset.map(|asset| asset.trim().to_owned());
    Ok(Order {
        id,
        date,
        text: found.text,
        asset: asset.filter(|asset| !asset.is_empty()),
    })
}

/// A day, or the day of a time.
fn day(text: &str) -> Result<Date, MomentError> {
    match text.contains('T') {
        true => text.parse::<Moment>().map(Moment::date),
        false => text.parse(),
    }
}

/// True for what a report carries as the number of an order.
fn is_id(id: &str) -> bool {
    let edges = [id.chars().next(), id.chars().next_back()];
    let has_edges = edges.iter().all(|edge| edge.is_some_and(char::is_alphanumeric));
    let is_letter = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '/' | '#');
    id.len() <= NAME_BYTES_MAX && has_edges && id.chars().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lines: &[&str]) -> String {
        read(&lines.join("\n")).unwrap_err().to_string()
    }

    const SOUND: &str =
        r#"{"id": "4500017", "date": "2024-03-12", "text": "bearing replaced", "asset": " P-101 "}"#;

    #[test]
    fn an_order_is_a_line_with_a_number_a_day_and_words() {
        let lines = format!(
            "{SOUND}\n\n{{\"id\": 18, \"date\": \"2024-03-13T07:30:00\", \"text\": \"ok\", \"cost\": [1], \"asset\": \"\"}}\r\n"
        );
        let orders = read(&lines).unwrap();
        assert_eq!(orders[0].asset.as_deref(), Some("P-101"));
        assert_eq!(orders[0].date.to_string(), "2024-03-12");
        assert_eq!((orders[1].id.as_str(), orders[1].asset.as_deref()), ("18", None));
        assert_eq!(orders[1].date.to_string(), "2024-03-13");
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn a_hostile_line_is_refused_with_its_number_and_none_of_its_words() {
        let line = |id: &str, date: &str, text: &str| {
            format!(r#"{{"id": {id}, "date": "{date}", "text": "{text}"}}"#)
        };
        let long = "x ".repeat(ORDER_TEXT_BYTES_MAX);
        let deep = "[".repeat(100_000);
        let cases = [
            ("secret".to_owned(), "is no JSON object"),
            ("[1, 2]".to_owned(), "is no JSON object"),
            (deep, "is no JSON object"),
            (
                r#"{"id": "1", "date": "2024-01-01"}"#.to_owned(),
                "is no JSON object",
            ),
            (
                r#"{"id": "1", "id": "2", "date": "2024-01-01", "text": "a"}"#.to_owned(),
                "is no JSON object",
            ),
            (line("-1", "2024-01-01", "secret"), "is no JSON object"),
            (line(r#""""#, "2024-01-01", "secret"), "the `id`"),
            (line(r#""a b""#, "2024-01-01", "secret"), "the `id`"),
            (line(r#""1\u202e2""#, "2024-01-01", "secret"), "the `id`"),
            (
                line(r#""4500017""#, "2024-01-01", "secret"),
                "that of line 1 as well",
            ),
            (line("2", "2024-02-30", "secret"), "the `date`"),
            (line("2", "12.03.2024", "secret"), "the `date`"),
            (line("2", "2024-01-01", " .. "), "the `text`"),
            (line("2", "2024-01-01", &long), "the `text`"),
        ];
        for (line, expected) in cases {
            let message = refused(&[SOUND, "", &line]);
            assert!(message.contains("line 3"), "{message}");
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_history_has_no_more_orders_than_are_read() {
        let line = |id: usize| format!(r#"{{"id": {id}, "date": "2024-01-01", "text": "a"}}"#);
        let lines: Vec<String> = (0..=ORDERS_MAX).map(line).collect();
        assert_eq!(read(&lines[1..].join("\n")).unwrap().len(), ORDERS_MAX);
        let beyond = read(&lines.join("\n"));
        assert_eq!(beyond, Err(OrdersError::TooMany { line: ORDERS_MAX + 1 }));
    }
}
