//! Reads nested lists of numbers as a tensor.

use motet_core::port::{Element, TensorType};
use motet_core::value::Value;
use serde_json::{Number, Value as Json};

use super::{FeedError, Feeding, describe};

/// The tensor that `given` spells out: a number, or lists nested as deep as it has dimensions.
pub(super) fn read(feeding: &Feeding<'_>, tensor: &TensorType, given: &Json) -> Result<Value, FeedError> {
    let input = feeding.input;
    let mut flat = Flat {
        feeding,
        dims: Vec::new(),
        numbers: Vec::new(),
    };
    flat.collect(given, 0)?;
    let dims = flat
        .dims
        .iter()
        .map(|size| u32::try_from(*size).unwrap_or(u32::MAX))
        .collect();
    let refused = |number: &Number, element: Element| FeedError::Number {
        input: input.to_owned(),
        value: number.to_string(),
        element: element.name(),
    };
    let numbers = flat.numbers.iter();
    match tensor.element {
        Element::F32 => {
            let data = numbers
                .map(|number| float(input, number))
                .collect::<Result<_, _>>()?;
            Ok(Value::F32 { dims, data })
        }
        Element::I32 => {
            let whole = |number: &Number| number.as_i64().and_then(|value| i32::try_from(value).ok());
            let data = numbers.map(|number| whole(number).ok_or_else(|| refused(number, Element::I32)));
            Ok(Value::I32 {
                dims,
                data: data.collect::<Result<_, _>>()?,
            })
        }
        Element::I64 => {
            let data = numbers.map(|number| number.as_i64().ok_or_else(|| refused(number, Element::I64)));
            Ok(Value::I64 {
                dims,
                data: data.collect::<Result<_, _>>()?,
            })
        }
        Element::U8 => {
            let whole = |number: &Number| number.as_u64().and_then(|value| u8::try_from(value).ok());
            let data = numbers.map(|number| whole(number).ok_or_else(|| refused(number, Element::U8)));
            Ok(Value::U8 {
                dims,
                data: data.collect::<Result<_, _>>()?,
            })
        }
        Element::Utf8 => Err(feeding.wrong(describe(given))),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a number beyond the range of f32 becomes infinite and is refused"
)]
fn float(input: &str, number: &Number) -> Result<f32, FeedError> {
    let value = number.as_f64().unwrap_or(f64::NAN) as f32;
    if value.is_finite() {
        return Ok(value);
    }
    Err(FeedError::NotFinite {
        input: input.to_owned(),
        value: number.to_string(),
    })
}

/// Nested lists laid out row by row.
struct Flat<'a, 'j> {
    feeding: &'a Feeding<'a>,
    /// Items of the first list met at each depth; complete once a number has been met.
    dims: Vec<usize>,
    numbers: Vec<&'j Number>,
}

impl<'j> Flat<'_, 'j> {
    fn collect(&mut self, given: &'j Json, depth: usize) -> Result<(), FeedError> {
        match given {
            Json::Number(number) if depth == self.dims.len() => {
                self.numbers.push(number);
                Ok(())
            }
            Json::Array(items) => {
                match self.dims.get(depth) {
                    None if self.numbers.is_empty() => self.dims.push(items.len()),
                    Some(expected) if *expected == items.len() => {}
                    Some(expected) => {
                        let input = self.feeding.input.to_owned();
                        let (expected, found) = (*expected, items.len());
                        return Err(FeedError::Ragged {
                            input,
                            depth: depth + 1,
                            expected,
                            found,
                        });
                    }
                    None => return Err(self.feeding.wrong("numbers and lists side by side")),
                }
                items.iter().try_for_each(|item| self.collect(item, depth + 1))
            }
            Json::Number(_) => Err(self.feeding.wrong("numbers and lists side by side")),
            other => Err(self.feeding.wrong(describe(other))),
        }
    }
}
