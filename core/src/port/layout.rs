//! Where the parts of a value lie within an arena buffer.
//!
//! A buffer begins with the actual sizes, one `u32` per dimension of every field, and goes on with the fields,
//! each on a line of its own. A value thus carries its shape with it and is compared byte by byte.

use serde::Serialize;

use super::{Element, PortType};
use crate::limits::ALIGNMENT_BYTES;

/// The place of one tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldLayout {
    /// Its name; empty for a port that carries one tensor.
    pub name: String,
    /// What it is made of.
    pub element: Element,
    /// Its planned sizes: largest, and whether exact.
    pub dims: Vec<(u32, bool)>,
    /// Index of its first size in the head of the buffer.
    pub head_index: usize,
    /// Byte offset of its first element.
    pub offset: usize,
    /// Most bytes it may have.
    pub bytes_max: usize,
}

/// The places of all tensors of one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// The parts, in the order of the type.
    pub fields: Vec<FieldLayout>,
    /// True for a record, false for a port that carries one tensor.
    pub is_record: bool,
    /// Bytes of a buffer that holds it, a multiple of [`ALIGNMENT_BYTES`].
    pub bytes: usize,
}

impl Layout {
    /// The layout of a type within the limits of this crate.
    pub fn of(port: &PortType) -> Layout {
        let names: Vec<&str> = match port {
            PortType::Tensor(_) => vec![""],
            PortType::Record(fields) => fields.iter().map(|field| field.name.as_str()).collect(),
        };
        let sizes: usize = port.tensors().map(|tensor| tensor.dims.len()).sum();
        let mut offset = align(sizes * size_of::<u32>());
        let mut head_index = 0;
        let mut fields = Vec::with_capacity(names.len());
        for (name, tensor) in names.into_iter().zip(port.tensors()) {
            let bytes_max = usize::try_from(tensor.bytes_max()).unwrap_or(usize::MAX);
            fields.push(FieldLayout {
                name: name.to_owned(),
                element: tensor.element,
                dims: tensor.dims.iter().map(|dim| (dim.max, dim.exact)).collect(),
                head_index,
                offset,
                bytes_max,
            });
            head_index += tensor.dims.len();
            offset += align(bytes_max);
        }
        Layout {
            fields,
            is_record: matches!(port, PortType::Record(_)),
            bytes: offset.max(ALIGNMENT_BYTES),
        }
    }

    /// Bytes of the sizes at the head of a value.
    pub(crate) fn head_bytes(&self) -> usize {
        let last = self.fields.last();
        last.map_or(0, |field| {
            (field.head_index + field.dims.len()) * size_of::<u32>()
        })
    }

    /// The layout of scratch memory: bytes without sizes and fields.
    pub fn scratch(bytes: usize) -> Layout {
        Layout {
            fields: Vec::new(),
            is_record: false,
            bytes: align(bytes.max(1)),
        }
    }
}

fn align(bytes: usize) -> usize {
    bytes.div_ceil(ALIGNMENT_BYTES) * ALIGNMENT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_starts_on_its_own_line_after_the_sizes() {
        let port = PortType::parse("record{label: utf8[T<=32], score: f32, frames: f32[T<=3, 40]}").unwrap();
        let layout = Layout::of(&port);
        let offsets: Vec<usize> = layout.fields.iter().map(|field| field.offset).collect();
        assert_eq!(offsets, [64, 128, 192]);
        assert_eq!(layout.fields[2].head_index, 1);
        assert_eq!(layout.bytes, 192 + 512);
    }
}
