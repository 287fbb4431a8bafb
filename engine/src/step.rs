//! What the steps of a program have in common.

use std::fmt;
use std::ops::Range;

use crate::kernel::schedule::READS_MAX;
use crate::kernel::{Rows, RowsMut};

pub(crate) mod attention;
pub(crate) mod conv;
pub(crate) mod embed;
pub(crate) mod linear;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod recurrent;
pub(crate) mod rowwise;

/// Numbers of an input.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 32-bit whole numbers: ids.
    I32(&'a [i32]),
}

impl<'a> Numbers<'a> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Numbers::F32(values) => values.len(),
            Numbers::I32(values) => values.len(),
        }
    }

    pub(crate) fn part(self, range: Range<usize>) -> Numbers<'a> {
        match self {
            Numbers::F32(values) => Numbers::F32(&values[range]),
            Numbers::I32(values) => Numbers::I32(&values[range]),
        }
    }

    pub(crate) fn f32(self) -> &'a [f32] {
        match self {
            Numbers::F32(values) => values,
            Numbers::I32(_) => unreachable!("a program has refused ids where numbers are read"),
        }
    }

    pub(crate) fn i32(self) -> &'a [i32] {
        match self {
            Numbers::I32(values) => values,
            Numbers::F32(_) => unreachable!("a program has refused numbers where ids are read"),
        }
    }
}

/// Why a step could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// An id is not the number of a row of the table.
    #[error("id {id} is not one of the {count} rows of the table")]
    Id {
        /// The id.
        id: i32,
        /// Rows of the table.
        count: usize,
    },
}

/// A value as a step reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read<'a> {
    /// From the first row that is read to the end of the last.
    pub(crate) numbers: Numbers<'a>,
    pub(crate) stride: usize,
    /// Of the whole value.
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl<'a> Read<'a> {
    pub(crate) fn rows(&self) -> Rows<'a> {
        Rows {
            values: self.numbers.f32(),
            stride: self.stride,
        }
    }
}

/// One step at work on one block of rows.
pub(crate) struct Call<'a> {
    pub(crate) reads: Reads<'a>,
    /// The rows to write, counted over the whole value; `out` begins with the first of them.
    pub(crate) rows: Range<usize>,
    pub(crate) out: RowsMut<'a>,
    pub(crate) scratch: &'a mut [u32],
}

/// A few values without an allocation.
pub(crate) struct Reads<'a> {
    reads: [Option<Read<'a>>; READS_MAX],
}

impl<'a> Reads<'a> {
    pub(crate) fn first(&self) -> Option<&Read<'a>> {
        self.reads[0].as_ref()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Read<'a>> {
        self.reads.get(index).copied().flatten()
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(rows: Range<usize>) -> Call<'a> {
        Call {
            reads: Reads {
                reads: [None; READS_MAX],
            },
            rows,
            out: RowsMut {
                values: &mut [],
                stride: 0,
            },
            scratch: &mut [],
        }
    }

    pub(crate) fn push(&mut self, read: Read<'a>) {
        let free = self.reads.reads.iter_mut().find(|read| read.is_none());
        *free.expect("the builder gives a step at most READS_MAX values") = Some(read);
    }

    /// A value that the builder connected.
    pub(crate) fn read(&self, index: usize) -> Read<'a> {
        self.reads.get(index).expect("the builder connected this value")
    }
}

/// One fused computation with its weights.
pub(crate) trait Step: fmt::Debug + Send + Sync {
    /// What it does, for people: `linear 256 -> 1024, gelu`.
    fn about(&self) -> String;

    /// The least height of the first value that it reads.
    fn height_min(&self) -> usize {
        1
    }

    /// The height of what it writes, given the heights of what it reads; at least 1 from [`Step::height_min`] on.
    fn height(&self, reads: &[usize]) -> usize {
        reads[0]
    }

    /// Floating-point operations for an output of so many rows.
    fn flops(&self, rows: usize) -> u64;

    /// Bytes of its packed weights.
    fn weight_bytes(&self) -> u64 {
        0
    }

    /// True when 8-bit numbers would serve, so that the range of its first input is worth knowing.
    fn is_quantisable(&self) -> bool {
        false
    }

    /// Computes the rows of a block.
    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError>;
}
