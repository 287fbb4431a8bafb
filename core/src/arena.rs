//! The memory of one session: buffers made once, lent out by moving.
//!
//! A [`WriteLease`] owns its buffer; [`WriteLease::publish`] turns it into a [`ReadLease`], which may be cloned;
//! when the last reader is gone the buffer is free again. Nothing is locked while a node works. The plan says
//! which values share a buffer; if it were wrong, [`Arena::lease`] would answer [`Busy`], never hand out memory
//! that somebody still reads.
//!
//! Invariant: a buffer has one writer and no reader, or no writer and any number of readers. `Arc::get_mut`
//! checks it: a lease is given out only when the arena holds the one reference there is.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytemuck::{Pod, Zeroable};
use serde::Serialize;

use crate::port::{Element, FieldLayout, Layout};

mod scratch;
#[cfg(test)]
mod tests;

pub use scratch::ScratchLease;

/// Floats that are checked between two chances to stop early.
const FINITE_CHUNK: usize = 1_024;

/// Names a buffer of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct BufferId(pub u32);

/// The unit of allocation: one cache line, which keeps every field aligned.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

struct Buffer {
    lines: Box<[Line]>,
}

/// What a value is on another device than the CPU. Whoever made it knows its type; to the arena it is opaque, and gone with the
/// last lease of the value.
pub type Resident = Arc<dyn Any + Send + Sync>;

/// The fields of one value that lie on another device, by their numbers.
type Residents = Vec<(usize, Resident)>;

/// Somebody still writes or reads the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("buffer {} is still in use", buffer.0)]
pub struct Busy {
    /// Which one.
    pub buffer: BufferId,
}

/// Why a value could not be read or written as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The value has no such part.
    #[error("there is no field {index}")]
    NoField {
        /// Index asked for.
        index: usize,
    },
    /// Another element than the type says.
    #[error("the value holds {}, not {}", found.name(), wanted.name())]
    Element {
        /// What was asked for.
        wanted: Element,
        /// What the type says.
        found: Element,
    },
    /// More dimensions or larger sizes than planned.
    #[error("shape {found:?} does not fit the planned {planned:?}")]
    Shape {
        /// The sizes asked for.
        found: Vec<u32>,
        /// The largest sizes planned.
        planned: Vec<u32>,
    },
    /// The elements lie on another device.
    #[error("field {index} lies on another device")]
    Elsewhere {
        /// The field.
        index: usize,
    },
    /// Text that is not UTF-8.
    #[error("the text is not UTF-8 at byte {at}")]
    Utf8 {
        /// Where it stops being UTF-8.
        at: usize,
    },
}

/// Rust types that a tensor may be read as.
pub trait Scalar: Pod {
    /// The element of such a tensor; bytes also read text.
    const ELEMENT: Element;
}

impl Scalar for f32 {
    const ELEMENT: Element = Element::F32;
}
impl Scalar for i32 {
    const ELEMENT: Element = Element::I32;
}
impl Scalar for i64 {
    const ELEMENT: Element = Element::I64;
}
impl Scalar for u8 {
    const ELEMENT: Element = Element::U8;
}

/// The buffers of one session.
pub struct Arena {
    /// Empty while a writer owns the buffer.
    homes: Box<[Mutex<Option<Arc<Buffer>>>]>,
    bytes: usize,
}

impl Arena {
    /// Allocates buffers of at least these sizes, in bytes, filled with zeros.
    pub fn allocate(buffer_bytes: impl IntoIterator<Item = usize>) -> Arc<Arena> {
        let mut bytes = 0;
        let homes = buffer_bytes
            .into_iter()
            .map(|wanted| {
                let line_count = wanted.div_ceil(size_of::<Line>());
                bytes += line_count * size_of::<Line>();
                Mutex::new(Some(Arc::new(Buffer {
                    lines: vec![Line::zeroed(); line_count].into(),
                })))
            })
            .collect();
        Arc::new(Arena { homes, bytes })
    }

    /// Takes a buffer for writing a value of this layout.
    ///
    /// # Errors
    /// [`Busy`] while somebody writes or reads it.
    ///
    /// # Panics
    /// When the buffer is not one of this arena or is smaller than the layout: the plan was broken.
    pub fn lease(self: &Arc<Arena>, buffer: BufferId, layout: &Arc<Layout>) -> Result<WriteLease, Busy> {
        let mut home = self.home(buffer);
        let free = home.as_mut().and_then(Arc::get_mut);
        let Some(free) = free else {
            return Err(Busy { buffer });
        };
        assert!(
            free.lines.len() * size_of::<Line>() >= layout.bytes,
            "a buffer holds every planned value"
        );
        // A field that nobody writes has no elements, whatever lay here before.
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut free.lines);
        bytes[..layout.head_bytes()].fill(0);
        Ok(WriteLease {
            held: Held {
                arena: Arc::clone(self),
                id: buffer,
                buffer: home.take(),
            },
            layout: Arc::clone(layout),
            written: 0,
            leavable: 0,
            left: 0,
            residents: Residents::new(),
        })
    }

    /// How many buffers are being written or read.
    pub fn busy_count(&self) -> usize {
        (0..self.homes.len())
            .filter(|index| {
                let mut home = self.homes[*index].lock().unwrap_or_else(PoisonError::into_inner);
                home.as_mut().is_none_or(|buffer| Arc::get_mut(buffer).is_none())
            })
            .count()
    }

    /// How many leases read a buffer.
    pub(crate) fn reader_count(&self, buffer: BufferId) -> usize {
        let home = self.home(buffer);
        home.as_ref().map_or(0, |buffer| Arc::strong_count(buffer) - 1)
    }

    /// Bytes allocated, all buffers together.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn home(&self, buffer: BufferId) -> std::sync::MutexGuard<'_, Option<Arc<Buffer>>> {
        self.homes[buffer.0 as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer that this lease alone may write. Dropped without publishing, it gives the buffer back.
pub struct WriteLease {
    held: Held,
    layout: Arc<Layout>,
    /// One bit per field that has been given its sizes.
    written: u64,
    /// One bit per field whose elements nobody reads on the CPU.
    leavable: u64,
    /// One bit per field whose elements lie on another device alone.
    left: u64,
    residents: Residents,
}

/// A buffer away from its home, to which it returns.
struct Held {
    arena: Arc<Arena>,
    id: BufferId,
    /// `None` only after publishing.
    buffer: Option<Arc<Buffer>>,
}

impl WriteLease {
    /// Gives a field its actual sizes and returns its elements, to be filled.
    ///
    /// # Shapes
    /// `dims`: as many as planned, each at most the planned size and equal to it where that is exact.
    ///
    /// # Errors
    /// [`ValueError::NoField`], [`ValueError::Element`] (bytes may also write text), [`ValueError::Shape`].
    pub fn tensor<T: Scalar>(&mut self, field: usize, dims: &[u32]) -> Result<&mut [T], ValueError> {
        let place = self
            .layout
            .fields
            .get(field)
            .ok_or(ValueError::NoField { index: field })?;
        check_element::<T>(place)?;
        check_shape(place, dims)?;
        let (head_index, offset) = (place.head_index, place.offset);
        let element_count: usize = dims.iter().map(|size| *size as usize).product();
        self.written |= 1 << field;
        let bytes = self.bytes_mut();
        let head: &mut [u32] = bytemuck::cast_slice_mut(&mut bytes[..(head_index + dims.len()) * 4]);
        head[head_index..].copy_from_slice(dims);
        Ok(bytemuck::cast_slice_mut(
            &mut bytes[offset..offset + element_count * size_of::<T>()],
        ))
    }

    /// Writes text into a field.
    ///
    /// # Errors
    /// As [`WriteLease::tensor`]; the text may be too long.
    pub fn text(&mut self, field: usize, text: &str) -> Result<(), ValueError> {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let place = self
            .layout
            .fields
            .get(field)
            .ok_or(ValueError::NoField { index: field })?;
        if place.element != Element::Utf8 {
            return Err(ValueError::Element {
                wanted: Element::Utf8,
                found: place.element,
            });
        }
        self.tensor::<u8>(field, &[length])?
            .copy_from_slice(text.as_bytes());
        Ok(())
    }

    /// The same lease, with one bit for each field that [`WriteLease::leave`] is allowed for.
    pub(crate) fn leavable(mut self, fields: u64) -> WriteLease {
        self.leavable = fields;
        self
    }

    /// Whether the elements of a field may stay on the device of the node that writes it: nobody reads them elsewhere.
    pub fn may_leave(&self, field: usize) -> bool {
        self.leavable & (1 << field) != 0
    }

    /// States what a field is on the device of the node that writes it, besides its elements here.
    pub fn attach(&mut self, field: usize, resident: Resident) {
        self.residents.push((field, resident));
    }

    /// Gives a field its actual sizes and leaves its elements on the device of the node that writes it.
    ///
    /// # Errors
    /// [`ValueError::Elsewhere`] where somebody reads them here; [`ValueError::NoField`], [`ValueError::Shape`].
    pub fn leave<T: Scalar>(
        &mut self,
        field: usize,
        dims: &[u32],
        resident: Resident,
    ) -> Result<(), ValueError> {
        if !self.may_leave(field) {
            return Err(ValueError::Elsewhere { index: field });
        }
        self.tensor::<T>(field, dims)?;
        self.left |= 1 << field;
        self.attach(field, resident);
        Ok(())
    }

    /// The layout it was planned with.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// True when any field has been written.
    pub fn is_begun(&self) -> bool {
        self.written != 0
    }

    /// The first field not yet written, if any.
    pub fn unwritten(&self) -> Option<usize> {
        (0..self.layout.fields.len()).find(|field| self.written & (1 << field) == 0)
    }

    /// Bytes of all elements written.
    pub(crate) fn written_bytes(&mut self) -> u64 {
        let layout = Arc::clone(&self.layout);
        let head: &[u32] = bytemuck::cast_slice(self.bytes_mut());
        let bytes = layout.fields.iter().map(|field| {
            let dims = &head[field.head_index..field.head_index + field.dims.len()];
            dims.iter().map(|size| u64::from(*size)).product::<u64>() * field.element.bytes() as u64
        });
        bytes.sum()
    }

    /// Whether every float written is finite.
    pub(crate) fn is_finite(&self) -> bool {
        let buffer = self.held.buffer.as_ref();
        let bytes: &[u8] = buffer.map_or(&[], |buffer| bytemuck::cast_slice(&buffer.lines));
        // What lies elsewhere is looked at when it comes here.
        let is_here = |index: usize| self.left & (1 << index) == 0;
        let mut floats = self
            .layout
            .fields
            .iter()
            .enumerate()
            .filter(|(index, field)| field.element == Element::F32 && is_here(*index));
        floats.all(|(_, field)| {
            let head: &[u32] = bytemuck::cast_slice(&bytes[..(field.head_index + field.dims.len()) * 4]);
            let count: usize = head[field.head_index..]
                .iter()
                .map(|size| *size as usize)
                .product();
            let data: &[f32] = bytemuck::cast_slice(&bytes[field.offset..field.offset + count * 4]);
            // Without a way out in the middle, many are looked at in one instruction.
            let mut chunks = data.chunks(FINITE_CHUNK);
            chunks.all(|chunk| chunk.iter().fold(true, |all, value| all & value.is_finite()))
        })
    }

    /// Publishes a copy of another value of the same layout.
    pub(crate) fn copy_from(mut self, value: &ReadLease) -> ReadLease {
        let length = self.layout.bytes;
        self.bytes_mut()[..length].copy_from_slice(&value.all_bytes()[..length]);
        self.publish(value.stamp)
    }

    /// Ends the writing: from now on the value is read-only.
    pub fn publish(self, stamp: Duration) -> ReadLease {
        let WriteLease {
            mut held,
            layout,
            left,
            residents,
            ..
        } = self;
        let buffer = held
            .buffer
            .take()
            .unwrap_or_else(|| Arc::new(Buffer { lines: Box::new([]) }));
        *held.arena.home(held.id) = Some(Arc::clone(&buffer));
        ReadLease {
            buffer,
            layout,
            field: None,
            left,
            // An empty list would be an allocation all the same.
            residents: (!residents.is_empty()).then(|| Arc::new(residents)),
            stamp,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let buffer = self.held.buffer.as_mut().and_then(Arc::get_mut);
        buffer.map_or(&mut [], |buffer| bytemuck::cast_slice_mut(&mut buffer.lines))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            *self.arena.home(self.id) = Some(buffer);
        }
    }
}

/// A published value, or one field of it. Cloning it copies no data.
#[derive(Clone)]
pub struct ReadLease {
    buffer: Arc<Buffer>,
    layout: Arc<Layout>,
    /// When set, the lease shows this field alone, as field 0.
    field: Option<u16>,
    /// One bit per field whose elements lie on another device alone.
    left: u64,
    residents: Option<Arc<Residents>>,
    stamp: Duration,
}

impl ReadLease {
    /// The same value seen as one of its fields.
    ///
    /// # Errors
    /// [`ValueError::NoField`].
    pub fn project(&self, field: usize) -> Result<ReadLease, ValueError> {
        self.place(field)?;
        let field = u16::try_from(field).map_err(|_| ValueError::NoField { index: field })?;
        Ok(ReadLease {
            field: Some(field),
            ..self.clone()
        })
    }

    /// When the value came into being, on the session's clock.
    pub fn stamp(&self) -> Duration {
        self.stamp
    }

    /// How many fields it shows: one for a tensor.
    pub fn field_count(&self) -> usize {
        if self.field.is_some() {
            1
        } else {
            self.layout.fields.len()
        }
    }

    /// The name of a field; empty for a port that carries one tensor.
    pub fn field_name(&self, field: usize) -> &str {
        self.place(field).map_or("", |place| place.name.as_str())
    }

    /// True when this shows a record, false when it shows one tensor.
    pub fn is_record(&self) -> bool {
        self.layout.is_record && self.field.is_none()
    }

    /// What a field is made of.
    ///
    /// # Errors
    /// [`ValueError::NoField`].
    pub fn element(&self, field: usize) -> Result<Element, ValueError> {
        Ok(self.place(field)?.element)
    }

    /// Actual sizes of a field.
    ///
    /// # Errors
    /// [`ValueError::NoField`].
    pub fn dims(&self, field: usize) -> Result<&[u32], ValueError> {
        let place = self.place(field)?;
        let end = place.head_index + place.dims.len();
        let head: &[u32] = bytemuck::cast_slice(&self.all_bytes()[..end * 4]);
        Ok(&head[place.head_index..])
    }

    /// Elements of a field, in row-major order.
    ///
    /// # Errors
    /// [`ValueError::NoField`], [`ValueError::Element`] (bytes also read text), [`ValueError::Elsewhere`].
    pub fn tensor<T: Scalar>(&self, field: usize) -> Result<&[T], ValueError> {
        check_element::<T>(self.place(field)?)?;
        Ok(bytemuck::cast_slice(self.bytes(field)?))
    }

    /// The text of a field.
    ///
    /// # Errors
    /// [`ValueError::NoField`], [`ValueError::Element`], [`ValueError::Utf8`].
    pub fn text(&self, field: usize) -> Result<&str, ValueError> {
        let place = self.place(field)?;
        if place.element != Element::Utf8 {
            return Err(ValueError::Element {
                wanted: Element::Utf8,
                found: place.element,
            });
        }
        std::str::from_utf8(self.bytes(field)?).map_err(|error| ValueError::Utf8 {
            at: error.valid_up_to(),
        })
    }

    /// Bytes of a field's elements.
    ///
    /// # Errors
    /// [`ValueError::NoField`], [`ValueError::Elsewhere`].
    pub fn bytes(&self, field: usize) -> Result<&[u8], ValueError> {
        let place = self.place(field)?;
        if self.left & (1 << self.shown(field)) != 0 {
            return Err(ValueError::Elsewhere { index: field });
        }
        let count: usize = self.dims(field)?.iter().map(|size| *size as usize).product();
        Ok(&self.all_bytes()[place.offset..place.offset + count * place.element.bytes()])
    }

    /// What a field is on the device of the node that wrote it, if it is there.
    pub fn resident(&self, field: usize) -> Option<&Resident> {
        let index = self.shown(field);
        let mut residents = self.residents.as_deref()?.iter();
        residents
            .find(|(other, _)| *other == index)
            .map(|(_, resident)| resident)
    }

    /// The number that a field has in the layout.
    fn shown(&self, field: usize) -> usize {
        self.field.map_or(field, usize::from)
    }

    /// Every byte of the value, the head of sizes included.
    fn all_bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.buffer.lines)
    }

    fn place(&self, field: usize) -> Result<&FieldLayout, ValueError> {
        let index = match self.field {
            None => field,
            Some(shown) if field == 0 => usize::from(shown),
            Some(_) => return Err(ValueError::NoField { index: field }),
        };
        self.layout
            .fields
            .get(index)
            .ok_or(ValueError::NoField { index: field })
    }
}

/// The elements of the first field, so that a tensor library can read the buffer where it lies.
impl AsRef<[u8]> for ReadLease {
    fn as_ref(&self) -> &[u8] {
        self.bytes(0).unwrap_or(&[])
    }
}

fn check_element<T: Scalar>(place: &FieldLayout) -> Result<(), ValueError> {
    let text_as_bytes = place.element == Element::Utf8 && T::ELEMENT == Element::U8;
    if place.element == T::ELEMENT || text_as_bytes {
        Ok(())
    } else {
        Err(ValueError::Element {
            wanted: T::ELEMENT,
            found: place.element,
        })
    }
}

fn check_shape(place: &FieldLayout, dims: &[u32]) -> Result<(), ValueError> {
    let fits = dims.len() == place.dims.len()
        && dims.iter().zip(&place.dims).all(
            |(size, (max, exact))| {
                if *exact { size == max } else { size <= max }
            },
        );
    if fits {
        Ok(())
    } else {
        let planned = place.dims.iter().map(|(max, _)| *max).collect();
        Err(ValueError::Shape {
            found: dims.to_vec(),
            planned,
        })
    }
}
