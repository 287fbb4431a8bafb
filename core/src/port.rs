//! What an edge carries: element, shape with an upper bound, and the facts that must agree at both ends.
//!
//! A [`PortType`] is a tensor or a record of small tensors. Every dimension has an upper bound, so every port
//! has a size in bytes before anything runs. Types are written as short strings, `f32[T<=48000] rate=16kHz
//! range=-1..1`; [`PortType::parse`] reads them and `Display` writes them.
//!
//! Invariant: printing and parsing a type gives the same type.

use std::fmt;

use serde::Serialize;

use crate::limits::{DIM_MAX, PORT_BYTES_MAX};

mod accept;
mod layout;
mod parse;

pub use accept::Mismatch;
pub use layout::{FieldLayout, Layout};
pub use parse::TypeFault;

/// The type of one number, or of one byte of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// 32-bit IEEE 754 float.
    F32,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer.
    I64,
    /// Byte without a meaning.
    U8,
    /// Byte of UTF-8 text; its one dimension counts bytes.
    Utf8,
}

impl Element {
    /// All of them, in the order they are listed to people.
    pub const ALL: [Element; 5] = [
        Element::F32,
        Element::I32,
        Element::I64,
        Element::U8,
        Element::Utf8,
    ];

    /// As written in a type.
    pub fn name(self) -> &'static str {
        match self {
            Element::F32 => "f32",
            Element::I32 => "i32",
            Element::I64 => "i64",
            Element::U8 => "u8",
            Element::Utf8 => "utf8",
        }
    }

    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Element::F32 | Element::I32 => 4,
            Element::I64 => 8,
            Element::U8 | Element::Utf8 => 1,
        }
    }
}

/// One dimension of a tensor: an exact size or an upper bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Dim {
    /// The largest size, 1 to [`DIM_MAX`].
    pub max: u32,
    /// True when the size is always `max`.
    pub exact: bool,
    /// Dimensions of one node, or of one pipeline's inputs, that share a name have the same size.
    pub name: Option<String>,
}

impl Dim {
    /// Always this size.
    pub fn exactly(size: u32) -> Dim {
        Dim {
            max: size,
            exact: true,
            name: None,
        }
    }

    /// At most this size, under a name.
    pub fn at_most(name: &str, max: u32) -> Dim {
        Dim {
            max,
            exact: false,
            name: Some(name.to_owned()),
        }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.exact) {
            (None, true) => write!(f, "{}", self.max),
            (None, false) => write!(f, "<={}", self.max),
            (Some(name), true) => write!(f, "{name}={}", self.max),
            (Some(name), false) => write!(f, "{name}<={}", self.max),
        }
    }
}

/// A closed interval that all values lie in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Range {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.low, self.high)
    }
}

/// How confidential a value is. A node's outputs are at least as confidential as its inputs, unless its kind
/// is made to lower the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Privacy {
    /// May go anywhere.
    #[default]
    None,
    /// Tells something about a person.
    Personal,
    /// Protected health information.
    Phi,
}

impl Privacy {
    /// All of them, least confidential first.
    pub const ALL: [Privacy; 3] = [Privacy::None, Privacy::Personal, Privacy::Phi];

    /// As written in a type.
    pub fn name(self) -> &'static str {
        match self {
            Privacy::None => "none",
            Privacy::Personal => "personal",
            Privacy::Phi => "phi",
        }
    }
}

/// A tensor on an edge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorType {
    /// What it is made of.
    pub element: Element,
    /// Its dimensions, slowest first; none for a single value.
    pub dims: Vec<Dim>,
    /// Samples or frames per second, in thousandths of a hertz.
    pub rate_mhz: Option<u64>,
    /// Physical unit, as in `g` or `mm/s`.
    pub unit: Option<String>,
    /// Where all values lie.
    pub range: Option<Range>,
    /// How confidential it is.
    pub privacy: Privacy,
}

impl TensorType {
    /// A tensor without further facts.
    pub fn new(element: Element, dims: Vec<Dim>) -> TensorType {
        TensorType {
            element,
            dims,
            rate_mhz: None,
            unit: None,
            range: None,
            privacy: Privacy::None,
        }
    }

    /// Text of at most `bytes` bytes.
    pub fn text(bytes: u32) -> TensorType {
        TensorType::new(Element::Utf8, vec![Dim::at_most("T", bytes)])
    }

    /// One number.
    pub fn scalar(element: Element) -> TensorType {
        TensorType::new(element, Vec::new())
    }

    /// States the range of all values.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> TensorType {
        self.range = Some(Range { low, high });
        self
    }

    /// States samples or frames per second, in thousandths of a hertz.
    #[must_use]
    pub fn at_rate(mut self, rate_mhz: u64) -> TensorType {
        self.rate_mhz = Some(rate_mhz);
        self
    }

    /// Most elements it may hold, at most [`PORT_BYTES_MAX`] (saturating).
    pub fn elements_max(&self) -> u64 {
        self.dims
            .iter()
            .fold(1, |product: u64, dim| product.saturating_mul(u64::from(dim.max)))
    }

    /// Most bytes it may hold (saturating).
    pub fn bytes_max(&self) -> u64 {
        self.elements_max().saturating_mul(self.element.bytes() as u64)
    }
}

/// A named part of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// Unique within the record.
    pub name: String,
    /// What it holds.
    pub tensor: TensorType,
}

impl Field {
    /// A named tensor.
    pub fn new(name: impl Into<String>, tensor: TensorType) -> Field {
        Field {
            name: name.into(),
            tensor,
        }
    }
}

/// What a port carries.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PortType {
    /// One tensor.
    Tensor(TensorType),
    /// Several named tensors that belong together, such as a label and its score.
    Record(Vec<Field>),
}

impl PortType {
    /// The tensors it is made of: one without a name, or the fields.
    pub fn tensors(&self) -> impl Iterator<Item = &TensorType> {
        let (one, many) = match self {
            PortType::Tensor(tensor) => (Some(tensor), None),
            PortType::Record(fields) => (None, Some(fields)),
        };
        one.into_iter()
            .chain(many.into_iter().flatten().map(|field| &field.tensor))
    }

    /// The same, to change.
    pub fn tensors_mut(&mut self) -> impl Iterator<Item = &mut TensorType> {
        let (one, many) = match self {
            PortType::Tensor(tensor) => (Some(tensor), None),
            PortType::Record(fields) => (None, Some(fields)),
        };
        one.into_iter()
            .chain(many.into_iter().flatten().map(|field| &mut field.tensor))
    }

    /// The index and type of a field, when this is a record that has it.
    pub fn field(&self, name: &str) -> Option<(usize, &TensorType)> {
        match self {
            PortType::Tensor(_) => None,
            PortType::Record(fields) => {
                let index = fields.iter().position(|field| field.name == name)?;
                Some((index, &fields[index].tensor))
            }
        }
    }

    /// The most confidential class of any part.
    pub fn privacy(&self) -> Privacy {
        self.tensors()
            .map(|tensor| tensor.privacy)
            .max()
            .unwrap_or_default()
    }

    /// Whether every part stays within [`DIM_MAX`] and the whole within [`PORT_BYTES_MAX`].
    pub fn fits_limits(&self) -> bool {
        let total = self
            .tensors()
            .fold(0u64, |sum, tensor| sum.saturating_add(tensor.bytes_max()));
        total <= PORT_BYTES_MAX
            && self
                .tensors()
                .all(|tensor| tensor.dims.iter().all(|dim| (1..=DIM_MAX).contains(&dim.max)))
    }
}

impl From<TensorType> for PortType {
    fn from(tensor: TensorType) -> PortType {
        PortType::Tensor(tensor)
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.element.name())?;
        if !self.dims.is_empty() {
            let dims: Vec<String> = self.dims.iter().map(Dim::to_string).collect();
            write!(f, "[{}]", dims.join(", "))?;
        }
        if let Some(rate) = self.rate_mhz {
            write!(f, " rate={}", Rate(rate))?;
        }
        if let Some(unit) = &self.unit {
            write!(f, " unit={unit}")?;
        }
        if let Some(range) = self.range {
            write!(f, " range={range}")?;
        }
        if self.privacy != Privacy::None {
            write!(f, " privacy={}", self.privacy.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for PortType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortType::Tensor(tensor) => tensor.fmt(f),
            PortType::Record(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| format!("{}: {}", field.name, field.tensor))
                    .collect();
                write!(f, "record{{{}}}", fields.join(", "))
            }
        }
    }
}

/// Prints a rate given in thousandths of a hertz: `16kHz`, `12.5Hz`.
#[derive(Clone, Copy, Debug)]
pub struct Rate(pub u64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= 1_000_000 {
            write!(f, "{}kHz", self.0 as f64 / 1e6)
        } else {
            write!(f, "{}Hz", self.0 as f64 / 1e3)
        }
    }
}
