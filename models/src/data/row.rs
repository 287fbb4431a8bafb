//! A line that is a JSON object, and its fields by name and type.
//!
//! A field that is `null` counts as absent. Of two fields with one name JSON keeps the last.

use serde_json::{Map, Value};

use super::problem::{nearest, quote};
use super::{FieldType, Problem, Side};

/// One line of JSON Lines.
#[derive(Debug)]
pub(super) struct Row(Map<String, Value>);

impl Row {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Result<Self, Problem> {
        match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::NotAnObject),
            Err(error) => {
                let reason = error.to_string();
                // The place is said apart: it counts lines from this one.
                let reason = reason.split(" at line ").next().unwrap_or_default();
                Err(Problem::NotJson {
                    reason: quote(reason),
                    column: error.column(),
                })
            }
        }
    }

    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    /// Returns the one of two names that the row has a field of.
    pub(super) fn either<'a>(&self, first: &'a str, second: &'a str) -> Result<Option<&'a str>, Problem> {
        match (self.get(first), self.get(second)) {
            (Some(_), Some(_)) => Err(Problem::BothFields {
                first: first.to_owned(),
                second: second.to_owned(),
            }),
            (Some(_), None) => Ok(Some(first)),
            (None, Some(_)) => Ok(Some(second)),
            (None, None) => Ok(None),
        }
    }

    /// Returns a string.
    pub(super) fn text(&self, field: &str) -> Result<Option<String>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(field, FieldType::Text)),
        }
    }

    /// Returns a string that is not empty, or a whole number as one.
    pub(super) fn name(&self, field: &str) -> Result<Option<String>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Err(Problem::EmptyField {
                field: field.to_owned(),
            }),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
            Some(_) => Err(wrong(field, FieldType::Name)),
        }
    }

    /// Returns a whole number from 0.
    pub(super) fn count(&self, field: &str) -> Result<Option<u64>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| wrong(field, FieldType::Count)),
        }
    }

    /// Returns a number.
    pub(super) fn number(&self, field: &str) -> Result<Option<f64>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| wrong(field, FieldType::Number)),
        }
    }

    /// Returns an array of whole numbers from 0.
    pub(super) fn counts(&self, field: &str) -> Result<Option<Vec<u64>>, Problem> {
        let Some(list) = self.list(field)? else {
            return Ok(None);
        };
        let count = |(index, value): (usize, &Value)| {
            let count = value.as_u64();
            count.ok_or_else(|| wrong(&format!("{field}[{index}]"), FieldType::Count))
        };
        list.iter()
            .enumerate()
            .map(count)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Returns an array of strings.
    pub(super) fn texts(&self, field: &str) -> Result<Option<Vec<String>>, Problem> {
        let Some(list) = self.list(field)? else {
            return Ok(None);
        };
        let text = |(index, value): (usize, &Value)| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| wrong(&format!("{field}[{index}]"), FieldType::Text))
        };
        list.iter()
            .enumerate()
            .map(text)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Returns an array of objects.
    pub(super) fn rows(&self, field: &str) -> Result<Option<Vec<Self>>, Problem> {
        let Some(list) = self.list(field)? else {
            return Ok(None);
        };
        let row = |(index, value): (usize, &Value)| {
            let row = value.as_object().cloned().map(Self);
            row.ok_or_else(|| wrong(&format!("{field}[{index}]"), FieldType::Object))
        };
        list.iter()
            .enumerate()
            .map(row)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn list(&self, field: &str) -> Result<Option<&Vec<Value>>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(wrong(field, FieldType::List)),
        }
    }

    /// Returns the names and values of an object of strings.
    pub(super) fn pairs(&self, field: &str) -> Result<Vec<(String, String)>, Problem> {
        let object = match self.get(field) {
            None => return Ok(Vec::new()),
            Some(Value::Object(object)) => object,
            Some(_) => return Err(wrong(field, FieldType::Object)),
        };
        let pair = |(name, value): (&String, &Value)| {
            let value = value.as_str().map(str::to_owned);
            let value = value.ok_or_else(|| wrong(&format!("{field}.{name}"), FieldType::Text))?;
            Ok((name.clone(), value))
        };
        object.iter().map(pair).collect()
    }

    /// Returns the side that the field `split` asks for.
    pub(super) fn side(&self) -> Result<Option<Side>, Problem> {
        match self.text("split")?.as_deref() {
            None => Ok(None),
            Some("train") => Ok(Some(Side::Train)),
            Some("valid") => Ok(Some(Side::Valid)),
            Some(found) => Err(Problem::UnknownSide { found: quote(found) }),
        }
    }

    /// Returns the fault that `field` is missing, with the field that may have been meant.
    pub(super) fn missing(&self, field: &str) -> Problem {
        Problem::MissingField {
            field: field.to_owned(),
            near: nearest(field, self.0.keys().map(String::as_str)),
        }
    }
}

fn wrong(field: &str, expected: FieldType) -> Problem {
    Problem::WrongType {
        field: quote(field),
        expected,
    }
}

/// Returns the value, or keeps what is wrong with it for later.
pub(super) fn note<T>(found: Result<Option<T>, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    found.unwrap_or_else(|problem| {
        problems.push(problem);
        None
    })
}
