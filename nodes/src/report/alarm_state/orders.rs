//! What operators want of an alarm, as text.

use motet_core::diagnostic::nearest;
use motet_core::quantity::{self, QuantityFault};

use super::super::alarm::Event;

/// Most bytes of the orders of one request.
pub const ORDERS_BYTES: usize = 4_096;
/// Most orders of one request.
pub const ORDERS_MAX: usize = 64;

const SHELVE: &str = "shelve";
/// Orders without a time.
const PLAIN: [(&str, Event); 7] = [
    ("acknowledge", Event::Acknowledge),
    ("reset", Event::Reset),
    ("unshelve", Event::Unshelve),
    ("suppress", Event::Suppress),
    ("unsuppress", Event::Unsuppress),
    ("take out of service", Event::TakeOutOfService),
    ("return to service", Event::ReturnToService),
];

/// Why a text holds no orders. Orders are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// It begins like a JSON list and is none of texts.
    #[error("the orders are no JSON list of texts, from line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Too many at once.
    #[error("a request has at most {ORDERS_MAX} orders, found {0}")]
    TooMany(usize),
    /// Words that are no order.
    #[error("order {index}, `{found}`, is not known{}", .nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?")))]
    Unknown {
        /// Which.
        index: usize,
        /// Its first letters.
        found: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// Shelving without a time that can be read.
    #[error("order {index} needs a time as in `shelve 30 min`")]
    Time {
        /// Which.
        index: usize,
        /// What is wrong with the time.
        #[source]
        source: QuantityFault,
    },
}

/// Reads orders: one a line, or a JSON list of texts.
pub(super) fn read(text: &str) -> Result<Vec<Event>, OrderError> {
    let listed: Vec<String> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| OrderError::Json {
            line: error.line(),
            column: error.column(),
        })?
    } else {
        text.lines().map(str::to_owned).collect()
    };
    let orders: Vec<&str> = listed
        .iter()
        .map(|order| order.trim())
        .filter(|order| !order.is_empty())
        .collect();
    if orders.len() > ORDERS_MAX {
        return Err(OrderError::TooMany(orders.len()));
    }
    orders
        .iter()
        .zip(1..)
        .map(|(order, index)| event(order, index))
        .collect()
}

fn event(order: &str, index: usize) -> Result<Event, OrderError> {
    if let Some((_, event)) = PLAIN.iter().find(|(name, _)| *name == order) {
        return Ok(*event);
    }
    let time = order
        .strip_prefix(SHELVE)
        .filter(|time| time.is_empty() || time.starts_with(' '));
    match time {
        Some(time) => quantity::duration(time.trim())
            .map(Event::Shelve)
            .map_err(|source| OrderError::Time { index, source }),
        None => Err(OrderError::Unknown {
            index,
            found: order.chars().take(32).collect(),
            nearest: nearest(order, PLAIN.iter().map(|(name, _)| *name).chain([SHELVE])),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn orders_come_one_a_line_or_as_a_list() {
        let half_hour = Event::Shelve(Duration::from_secs(1_800));
        let expected = vec![Event::Acknowledge, half_hour, Event::TakeOutOfService];
        let lines = "acknowledge\n  shelve 30 min \r\n\ntake out of service\n";
        let list = r#"["acknowledge", "shelve 0.5 h", "take out of service"]"#;
        assert_eq!(read(lines), Ok(expected.clone()));
        assert_eq!(read(list), Ok(expected));
        assert_eq!(read(" \n"), Ok(Vec::new()));
        assert_eq!(read("[]"), Ok(Vec::new()));
    }

    #[test]
    fn every_event_of_an_operator_has_a_word() {
        for (name, event) in PLAIN {
            assert_eq!(read(name), Ok(vec![event]));
        }
    }

    #[test]
    fn what_is_no_order_is_told_with_its_place() {
        let check = |text: &str, expected: &str| {
            assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:.40}");
        };
        check(
            "reset\nacknowlege",
            "order 2, `acknowlege`, is not known; did you mean `acknowledge`?",
        );
        check("Dance", "order 1, `Dance`, is not known");
        check(
            "shelved",
            "order 1, `shelved`, is not known; did you mean `shelve`?",
        );
        check("shelve", "order 1 needs a time as in `shelve 30 min`");
        check("shelve 30", "order 1 needs a time as in `shelve 30 min`");
        check("shelve -1 s", "order 1 needs a time as in `shelve 30 min`");
        check("shelve for a while", "order 1 needs a time as in `shelve 30 min`");
        check(
            "[1]",
            "the orders are no JSON list of texts, from line 1, column 2",
        );
        check(
            "[\"reset\"",
            "the orders are no JSON list of texts, from line 1, column 8",
        );
        check(&"reset\n".repeat(65), "a request has at most 64 orders, found 65");
        let long = "é".repeat(1_000);
        check(&long, &format!("order 1, `{}`, is not known", "é".repeat(32)));
    }
}
