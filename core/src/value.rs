//! Values outside of an arena: what a caller brings and takes away.

use serde::{Serialize, Serializer};

use crate::arena::{ReadLease, ValueError, WriteLease};
use crate::port::{Element, PortType, TensorType};

/// A tensor, a text or a record that owns its data, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// 32-bit floats.
    F32 {
        /// Sizes, slowest first; none for one number.
        dims: Vec<u32>,
        /// Elements.
        data: Vec<f32>,
    },
    /// 32-bit integers.
    I32 {
        /// Sizes.
        dims: Vec<u32>,
        /// Elements.
        data: Vec<i32>,
    },
    /// 64-bit integers.
    I64 {
        /// Sizes.
        dims: Vec<u32>,
        /// Elements.
        data: Vec<i64>,
    },
    /// Bytes.
    U8 {
        /// Sizes.
        dims: Vec<u32>,
        /// Elements.
        data: Vec<u8>,
    },
    /// Text.
    Text(String),
    /// Named parts.
    Record(Vec<(String, Value)>),
}

/// Why a value is not what an input takes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The pipeline has no such input.
    #[error("the pipeline has no input `{name}`; its inputs are {known}")]
    Unknown {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// An input was not given.
    #[error("input `{name}` is missing; it takes {port}")]
    Missing {
        /// The input.
        name: String,
        /// Its type.
        port: String,
    },
    /// Another element or structure.
    #[error("input `{name}` takes {port}, but was given {found}")]
    Type {
        /// The input.
        name: String,
        /// Its type.
        port: String,
        /// What was given.
        found: String,
    },
    /// Other sizes.
    #[error("input `{name}` takes {port}, but was given the shape {found:?}")]
    Shape {
        /// The input.
        name: String,
        /// Its type.
        port: String,
        /// The sizes given.
        found: Vec<u32>,
    },
    /// Dimensions of one name have different sizes.
    #[error("dimension `{dim}` has size {first} at `{first_input}` and {second} at `{second_input}`")]
    UnequalDims {
        /// The dimension's name.
        dim: String,
        /// The input that came first.
        first_input: String,
        /// Its size there.
        first: u32,
        /// The other input.
        second_input: String,
        /// Its size there.
        second: u32,
    },
    /// NaN or an infinity.
    #[error("input `{name}` holds a value that is not finite at position {at}")]
    NotFinite {
        /// The input.
        name: String,
        /// Index of the element.
        at: usize,
    },
    /// A value outside the range that the type states.
    #[error("input `{name}` holds {value} at position {at}, outside its range {range}")]
    OutOfRange {
        /// The input.
        name: String,
        /// Index of the element.
        at: usize,
        /// The element, as printed.
        value: String,
        /// The range.
        range: String,
    },
}

impl InputError {
    /// Its stable code, explained in `docs/errors.md`.
    pub fn code(&self) -> crate::diagnostic::Code {
        crate::diagnostic::Code(match self {
            InputError::Unknown { .. } => "MT0409",
            InputError::Missing { .. } => "MT0410",
            InputError::Type { .. } => "MT0407",
            InputError::Shape { .. } | InputError::UnequalDims { .. } => "MT0406",
            InputError::NotFinite { .. } => "MT0405",
            InputError::OutOfRange { .. } => "MT0412",
        })
    }
}

impl Value {
    /// One-dimensional floats.
    pub fn samples(data: impl Into<Vec<f32>>) -> Value {
        let data = data.into();
        Value::F32 {
            dims: vec![u32::try_from(data.len()).unwrap_or(u32::MAX)],
            data,
        }
    }

    /// One float.
    pub fn number(value: f32) -> Value {
        Value::F32 {
            dims: Vec::new(),
            data: vec![value],
        }
    }

    /// What a lease shows, copied.
    ///
    /// # Errors
    /// [`ValueError`] for text that is not UTF-8.
    pub fn copy_of(lease: &ReadLease) -> Result<Value, ValueError> {
        if !lease.is_record() {
            return tensor_of(lease, 0);
        }
        let fields = (0..lease.field_count())
            .map(|field| Ok((lease.field_name(field).to_owned(), tensor_of(lease, field)?)));
        Ok(Value::Record(fields.collect::<Result<_, ValueError>>()?))
    }

    /// Its element, unless it is a record.
    pub fn element(&self) -> Option<Element> {
        match self {
            Value::F32 { .. } => Some(Element::F32),
            Value::I32 { .. } => Some(Element::I32),
            Value::I64 { .. } => Some(Element::I64),
            Value::U8 { .. } => Some(Element::U8),
            Value::Text(_) => Some(Element::Utf8),
            Value::Record(_) => None,
        }
    }

    /// Its sizes; the length in bytes for text, none for a record.
    pub fn dims(&self) -> Vec<u32> {
        match self {
            Value::F32 { dims, .. }
            | Value::I32 { dims, .. }
            | Value::I64 { dims, .. }
            | Value::U8 { dims, .. } => dims.clone(),
            Value::Text(text) => vec![u32::try_from(text.len()).unwrap_or(u32::MAX)],
            Value::Record(_) => Vec::new(),
        }
    }

    /// A part of a record.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Record(fields) => fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    fn describe(&self) -> String {
        match self.element() {
            Some(Element::Utf8) => "text".to_owned(),
            Some(element) => format!("{}{:?}", element.name(), self.dims()),
            None => "a record".to_owned(),
        }
    }

    /// Writes it into a lease after checking it against the type.
    ///
    /// # Errors
    /// The first thing that is not as the type says.
    pub(crate) fn write(
        &self,
        name: &str,
        port: &PortType,
        lease: &mut WriteLease,
    ) -> Result<(), InputError> {
        match (port, self) {
            (PortType::Tensor(tensor), value) => value.write_tensor((name, tensor), 0, lease),
            (PortType::Record(fields), Value::Record(given)) if given.len() == fields.len() => {
                fields.iter().enumerate().try_for_each(|(index, field)| {
                    let part = format!("{name}.{}", field.name);
                    let value = self.field(&field.name).ok_or_else(|| InputError::Missing {
                        name: part.clone(),
                        port: field.tensor.to_string(),
                    })?;
                    value.write_tensor((&part, &field.tensor), index, lease)
                })
            }
            (PortType::Record(_), value) => Err(InputError::Type {
                name: name.to_owned(),
                port: port.to_string(),
                found: value.describe(),
            }),
        }
    }

    fn write_tensor(
        &self,
        (name, tensor): (&str, &TensorType),
        field: usize,
        lease: &mut WriteLease,
    ) -> Result<(), InputError> {
        let explain = |error: ValueError| match error {
            ValueError::Shape { found, .. } => InputError::Shape {
                name: name.to_owned(),
                port: tensor.to_string(),
                found,
            },
            ValueError::NoField { .. }
            | ValueError::Element { .. }
            | ValueError::Elsewhere { .. }
            | ValueError::Utf8 { .. } => InputError::Type {
                name: name.to_owned(),
                port: tensor.to_string(),
                found: self.describe(),
            },
        };
        let short = |dims: &Vec<u32>| InputError::Shape {
            name: name.to_owned(),
            port: tensor.to_string(),
            found: dims.clone(),
        };
        match self {
            Value::F32 { dims, data } => {
                if let Some(at) = first_bad(data, |value| value.is_finite()) {
                    let name = name.to_owned();
                    return Err(InputError::NotFinite { name, at });
                }
                check_range(name, tensor, data, |value| f64::from(*value))?;
                copy(lease.tensor(field, dims).map_err(explain)?, data).ok_or_else(|| short(dims))
            }
            Value::I32 { dims, data } => {
                check_range(name, tensor, data, |value| f64::from(*value))?;
                copy(lease.tensor(field, dims).map_err(explain)?, data).ok_or_else(|| short(dims))
            }
            Value::I64 { dims, data } => {
                check_range(name, tensor, data, |value| *value as f64)?;
                copy(lease.tensor(field, dims).map_err(explain)?, data).ok_or_else(|| short(dims))
            }
            Value::U8 { dims, data } if tensor.element == Element::U8 => {
                check_range(name, tensor, data, |value| f64::from(*value))?;
                copy(lease.tensor(field, dims).map_err(explain)?, data).ok_or_else(|| short(dims))
            }
            Value::Text(text) => lease.text(field, text).map_err(explain),
            Value::U8 { .. } | Value::Record(_) => Err(InputError::Type {
                name: name.to_owned(),
                port: tensor.to_string(),
                found: self.describe(),
            }),
        }
    }
}

/// Every element lies in the range that the type states, if it states one.
fn check_range<T: std::fmt::Display>(
    name: &str,
    tensor: &TensorType,
    data: &[T],
    number: impl Fn(&T) -> f64,
) -> Result<(), InputError> {
    let Some(range) = tensor.range else { return Ok(()) };
    match first_bad(data, |value| {
        let number = number(value);
        (number >= range.low) & (number <= range.high)
    }) {
        Some(at) => Err(InputError::OutOfRange {
            name: name.to_owned(),
            at,
            value: data[at].to_string(),
            range: range.to_string(),
        }),
        None => Ok(()),
    }
}

/// Where the first element stands that is not as it should be. Whole blocks are looked at without a branch, which the
/// compiler turns into vectors.
fn first_bad<T>(data: &[T], is_good: impl Fn(&T) -> bool) -> Option<usize> {
    const BLOCK: usize = 256;
    let mut blocks = data.chunks(BLOCK);
    let is_bad = |block: &[T]| !block.iter().fold(true, |all, value| all & is_good(value));
    let first = blocks.position(is_bad)? * BLOCK;
    let rest = data[first..].iter().position(|value| !is_good(value))?;
    Some(first + rest)
}

fn copy<T: Copy>(target: &mut [T], data: &[T]) -> Option<()> {
    (target.len() == data.len()).then(|| target.copy_from_slice(data))
}

fn tensor_of(lease: &ReadLease, field: usize) -> Result<Value, ValueError> {
    let dims = lease.dims(field)?.to_vec();
    Ok(match lease.element(field)? {
        Element::F32 => Value::F32 {
            dims,
            data: lease.tensor(field)?.to_vec(),
        },
        Element::I32 => Value::I32 {
            dims,
            data: lease.tensor(field)?.to_vec(),
        },
        Element::I64 => Value::I64 {
            dims,
            data: lease.tensor(field)?.to_vec(),
        },
        Element::U8 => Value::U8 {
            dims,
            data: lease.tensor(field)?.to_vec(),
        },
        Element::Utf8 => Value::Text(lease.text(field)?.to_owned()),
    })
}

/// A number for no dimensions, nested lists for several, text, or a mapping.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::F32 { dims, data } => nested(dims, data).serialize(serializer),
            Value::I32 { dims, data } => nested(dims, data).serialize(serializer),
            Value::I64 { dims, data } => nested(dims, data).serialize(serializer),
            Value::U8 { dims, data } => nested(dims, data).serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Record(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

fn nested<T: Copy + Into<serde_json::Value>>(dims: &[u32], data: &[T]) -> serde_json::Value {
    match dims.split_first() {
        None => data.first().copied().map_or(serde_json::Value::Null, Into::into),
        Some((size, rest)) => {
            let stride = rest.iter().map(|size| *size as usize).product::<usize>();
            let parts =
                (0..*size as usize).map(|index| nested(rest, &data[index * stride..(index + 1) * stride]));
            serde_json::Value::Array(parts.collect())
        }
    }
}
