//! A response as JSON: what `motet run` prints.

use motet_core::arena::ReadLease;
use motet_core::execute::{Outcome, Response};
use motet_core::value::Value;
use serde_json::{Map, Number, Value as Json};

/// The outputs of a response by what came of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Values of the outputs that are present.
    pub outputs: Map<String, Json>,
    /// Why others are absent.
    pub absent: Map<String, Json>,
    /// What went wrong with the rest.
    pub failed: Map<String, Json>,
    /// From the arrival of the request to the response, in microseconds.
    pub latency_us: u64,
}

impl Answer {
    /// Copies the outputs of a response, in the order of the pipeline.
    pub fn of(response: &Response) -> Answer {
        let latency = response.trace.latency().as_micros();
        let latency_us = u64::try_from(latency).unwrap_or(u64::MAX);
        let mut answer = Answer {
            latency_us,
            ..Answer::default()
        };
        for (name, outcome) in &response.outputs {
            match outcome {
                Outcome::Present(lease) => match json_of_lease(lease) {
                    Ok(value) => answer.outputs.insert(name.clone(), value),
                    Err(message) => answer.failed.insert(name.clone(), Json::String(message)),
                },
                Outcome::Absent(why) => answer.absent.insert(name.clone(), Json::String(why.clone())),
                Outcome::Failed(failure) => answer
                    .failed
                    .insert(name.clone(), Json::String(failure.to_string())),
            };
        }
        answer
    }

    /// As an object; `absent` and `failed` only where there are any.
    pub fn to_json(&self) -> Map<String, Json> {
        let mut object = Map::new();
        object.insert("outputs".to_owned(), Json::Object(self.outputs.clone()));
        for (key, entries) in [("absent", &self.absent), ("failed", &self.failed)] {
            if !entries.is_empty() {
                object.insert(key.to_owned(), Json::Object(entries.clone()));
            }
        }
        object.insert("latency_us".to_owned(), Json::from(self.latency_us));
        object
    }
}

/// The value that a lease shows, as JSON; an error for text that is not UTF-8.
fn json_of_lease(lease: &ReadLease) -> Result<Json, String> {
    Value::copy_of(lease)
        .map(|value| json_of(&value))
        .map_err(|error| error.to_string())
}

/// A value as JSON: numbers, nested lists, text or an object. A 32-bit float is written with the fewest digits that
/// name it; one that is not finite is `null`.
pub fn json_of(value: &Value) -> Json {
    match value {
        Value::F32 { dims, data } => nested(dims, data, |value| shortest(*value)),
        Value::I32 { dims, data } => nested(dims, data, |value| Json::from(*value)),
        Value::I64 { dims, data } => nested(dims, data, |value| Json::from(*value)),
        Value::U8 { dims, data } => nested(dims, data, |value| Json::from(*value)),
        Value::Text(text) => Json::String(text.clone()),
        Value::Record(fields) => Json::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), json_of(value)))
                .collect(),
        ),
    }
}

fn shortest(value: f32) -> Json {
    let parsed = value.to_string().parse().ok().and_then(Number::from_f64);
    parsed.map_or(Json::Null, Json::Number)
}

fn nested<T>(dims: &[u32], data: &[T], one: fn(&T) -> Json) -> Json {
    let Some((size, rest)) = dims.split_first() else {
        return data.first().map_or(Json::Null, one);
    };
    let stride: usize = rest.iter().map(|size| *size as usize).product();
    let row = |index: usize| {
        nested(
            rest,
            data.get(index * stride..(index + 1) * stride).unwrap_or(&[]),
            one,
        )
    };
    Json::Array((0..*size as usize).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &Value, expected: &str) {
        assert_eq!(json_of(value).to_string(), expected);
    }

    #[test]
    fn values_become_the_json_that_reads_back_as_them() {
        check(&Value::number(0.1), "0.1");
        check(&Value::number(f32::NAN), "null");
        check(&Value::samples([1.0, -0.5]), "[1.0,-0.5]");
        check(
            &Value::F32 {
                dims: vec![2, 3],
                data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            },
            "[[1.0,2.0,3.0],[4.0,5.0,6.0]]",
        );
        check(
            &Value::I64 {
                dims: vec![0],
                data: vec![],
            },
            "[]",
        );
        check(
            &Value::I64 {
                dims: vec![],
                data: vec![i64::MIN],
            },
            "-9223372036854775808",
        );
        check(&Value::Text("a \"b\"\n".to_owned()), r#""a \"b\"\n""#);
        let record = vec![
            ("z".to_owned(), Value::number(1.5)),
            ("a".to_owned(), Value::Text("x".to_owned())),
        ];
        check(&Value::Record(record), r#"{"z":1.5,"a":"x"}"#);
    }
}
