//! Weights in the order in which tiles read them, made once when a program is built.
//!
//! Columns stand in panels two vectors wide (the last one may be one vector wide). Within a panel the words of one
//! depth stand side by side, so a tile reads its weights from front to back. Columns and depth are filled up with
//! zeros; what they compute is never stored. For a CPU with tile registers vectors are as wide as a tile, and the
//! words of the depth fill whole tiles.

use super::tiles::SIDE;
use crate::cpu::{Cpu, Level};

// Words are read as bytes and as halves in the order in which weights were shifted into them.
const _: () = assert!(cfg!(target_endian = "little"));

/// How numbers lie in the 32-bit words of a matrix product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One `f32`.
    F32,
    /// Two `bf16`.
    Bf16,
    /// Four 8-bit numbers: `u8` with 128 for zero in rows, `i8` in columns.
    Int8,
    /// Two `i16` that hold 8-bit numbers, for CPUs without products of those.
    Int16,
}

impl Format {
    /// As printed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Format::F32 => "f32",
            Format::Bf16 => "bf16",
            Format::Int8 | Format::Int16 => "int8",
        }
    }

    /// Numbers in a word.
    pub(crate) const fn per_word(self) -> usize {
        match self {
            Format::F32 => 1,
            Format::Bf16 | Format::Int16 => 2,
            Format::Int8 => 4,
        }
    }

    /// Words that a row of `depth` numbers takes.
    pub(crate) const fn words(self, depth: usize) -> usize {
        depth.div_ceil(self.per_word())
    }
}

/// A matrix `[depth, columns]` as it is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    /// Row-major numbers.
    pub(crate) values: &'a [f32],
    pub(crate) depth: usize,
    pub(crate) columns: usize,
}

/// Sixteen words on a cache line.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u32; 16]);

/// Words that start on a cache line.
#[derive(Debug)]
struct Words {
    lines: Vec<Line>,
}

impl Words {
    fn zeros(count: usize) -> Words {
        Words {
            lines: vec![Line([0; 16]); count.div_ceil(16)],
        }
    }

    fn get(&self) -> &[u32] {
        bytemuck::cast_slice(&self.lines)
    }

    fn get_mut(&mut self) -> &mut [u32] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }
}

/// A packed matrix and its bias.
#[derive(Debug)]
pub(crate) struct Packed {
    cpu: Cpu,
    format: Format,
    depth: usize,
    columns: usize,
    /// Words of the depth, with what fills it up.
    deep: usize,
    words: Words,
    /// What sums begin with, one word a column: the bias, or what takes away the shift of 8-bit rows.
    start: Words,
    /// Of 8-bit formats: the number that a sum of 1 stands for, one a column.
    scale: Words,
    /// Of 8-bit formats: the bias, one a column.
    bias: Words,
    /// Of 8-bit formats: rows are multiplied by this and rounded.
    row_scale: f32,
}

impl Packed {
    /// Packs weights and bias (`columns` numbers, or none for zero) for products in `f32`.
    pub(crate) fn f32(cpu: Cpu, matrix: Matrix<'_>, bias: &[f32]) -> Packed {
        Packed::filled(cpu, Format::F32, matrix, bias, |_, value| value.to_bits())
    }

    /// The same in `bf16`, for any CPU; sums are `f32`.
    pub(crate) fn bf16(cpu: Cpu, matrix: Matrix<'_>, bias: &[f32]) -> Packed {
        Packed::filled(cpu, Format::Bf16, matrix, bias, |_, value| u32::from(bf16(value)))
    }

    /// The same in 8 bits: one scale a column, one for all rows, which hold numbers of at most `row_max`.
    pub(crate) fn int8(cpu: Cpu, matrix: Matrix<'_>, bias: &[f32], row_max: f32) -> Packed {
        // The plain twin computes what the CPU would: 8-bit words unless it is AVX2 that it stands beside.
        let format = match cpu.level() {
            Level::Avx512 if cpu.has_int8() => Format::Int8,
            Level::Avx2 | Level::Avx512 => Format::Int16,
            Level::Portable => Format::Int8,
        };
        Packed::int8_as(cpu, format, (matrix, bias), row_max)
    }

    pub(super) fn int8_as(
        cpu: Cpu,
        format: Format,
        (matrix, bias): (Matrix<'_>, &[f32]),
        row_max: f32,
    ) -> Packed {
        let mut largest = vec![0.0f32; matrix.columns];
        for row in matrix.values.chunks_exact(matrix.columns) {
            for (largest, value) in largest.iter_mut().zip(row) {
                *largest = largest.max(value.abs());
            }
        }
        let steps: Vec<f32> = largest.iter().map(|largest| step(*largest)).collect();
        let quantise = |column: usize, value: f32| i32::from(quantised(value / steps[column]));
        let mut packed = Packed::filled(cpu, format, matrix, &[], |column, value| {
            let bits = match format {
                Format::Int8 => 0xff,
                Format::F32 | Format::Bf16 | Format::Int16 => 0xffff,
            };
            quantise(column, value).cast_unsigned() & bits
        });
        let row_step = step(row_max);
        packed.row_scale = 1.0 / row_step;
        for (column, step) in steps.iter().enumerate() {
            let values = matrix.values.iter().skip(column).step_by(matrix.columns);
            let sum: i32 = values.map(|value| quantise(column, *value)).sum();
            // Rows are stored as `q + 128`, so each sum holds 128 times the column too much.
            if format == Format::Int8 {
                packed.start.get_mut()[column] = (-128 * sum).cast_unsigned();
            }
            packed.scale.get_mut()[column] = (row_step * step).to_bits();
            packed.bias.get_mut()[column] = bias.get(column).copied().unwrap_or(0.0).to_bits();
        }
        packed
    }

    fn filled(
        cpu: Cpu,
        format: Format,
        matrix: Matrix<'_>,
        bias: &[f32],
        bits: impl Fn(usize, f32) -> u32,
    ) -> Packed {
        let Matrix {
            values,
            depth,
            columns,
        } = matrix;
        assert_eq!(values.len(), depth * columns);
        assert!(bias.is_empty() || bias.len() == columns);
        let is_tiled = cpu.has_tiles() && matches!(format, Format::Bf16 | Format::Int8);
        let (lanes, deep) = match is_tiled {
            true => (SIDE, format.words(depth).next_multiple_of(SIDE)),
            false => (lanes(cpu, format), format.words(depth)),
        };
        let padded = columns.next_multiple_of(lanes);
        let mut packed = Packed {
            cpu,
            format,
            depth,
            columns,
            deep,
            words: Words::zeros(padded * deep),
            start: Words::zeros(padded),
            scale: Words::zeros(padded),
            bias: Words::zeros(padded),
            row_scale: 1.0,
        };
        let place = Place { lanes, padded, deep };
        let per_word = format.per_word();
        let words = packed.words.get_mut();
        for (row, values) in values.chunks_exact(columns).enumerate() {
            let shift = 32 / per_word * (row % per_word);
            for (column, value) in values.iter().enumerate() {
                words[place.of(row / per_word, column)] |= bits(column, *value) << shift;
            }
        }
        for (start, bias) in packed.start.get_mut().iter_mut().zip(bias) {
            *start = bias.to_bits();
        }
        packed
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        64 * [&self.words, &self.start, &self.scale, &self.bias]
            .map(|words| words.lines.len())
            .iter()
            .sum::<usize>()
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Words of a packed row.
    pub(super) fn deep(&self) -> usize {
        self.deep
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn cpu(&self) -> Cpu {
        self.cpu
    }

    pub(super) fn panels(&self) -> Panels<'_> {
        Panels {
            words: self.words.get(),
            start: self.start.get(),
            scale: bytemuck::cast_slice(self.scale.get()),
            bias: bytemuck::cast_slice(self.bias.get()),
            columns: self.columns,
            deep: self.deep,
        }
    }

    /// Turns a row of numbers into words of this format; false when they cannot say what the row holds: 8 bits know
    /// no NaN and no infinity.
    ///
    /// # Panics
    /// The slices do not have the sizes of a row.
    #[inline(always)]
    #[must_use]
    pub(super) fn pack_row(&self, row: &[f32], words: &mut [u32]) -> bool {
        assert!(row.len() == self.depth && words.len() == self.deep);
        match self.format {
            Format::F32 => {
                words.copy_from_slice(bytemuck::cast_slice(row));
                true
            }
            Format::Bf16 => {
                let (pairs, last) = row.as_chunks::<2>();
                for (word, [low, high]) in words.iter_mut().zip(pairs) {
                    *word = u32::from(bf16(*low)) | u32::from(bf16(*high)) << 16;
                }
                if let [last] = last {
                    words[pairs.len()] = u32::from(bf16(*last));
                }
                words[row.len().div_ceil(2)..].fill(0);
                true
            }
            Format::Int8 => {
                let bytes: &mut [u8] = bytemuck::cast_slice_mut(words);
                // What fills up the row meets weights of zero.
                bytes[row.len()..].fill(0);
                let mut largest = 0;
                for (byte, value) in bytes.iter_mut().zip(row) {
                    largest = size(*value).max(largest);
                    *byte = quantised(value * self.row_scale).cast_unsigned() ^ 0x80;
                }
                largest < size(f32::INFINITY)
            }
            Format::Int16 => {
                let halves: &mut [i16] = bytemuck::cast_slice_mut(words);
                halves[row.len()..].fill(0);
                let mut largest = 0;
                for (half, value) in halves.iter_mut().zip(row) {
                    largest = size(*value).max(largest);
                    *half = i16::from(quantised(value * self.row_scale));
                }
                largest < size(f32::INFINITY)
            }
        }
    }
}

/// Packed words as a tile reads them.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    pub(super) words: &'a [u32],
    pub(super) start: &'a [u32],
    pub(super) scale: &'a [f32],
    pub(super) bias: &'a [f32],
    pub(super) columns: usize,
    /// Words in the depth, with what fills it up.
    pub(super) deep: usize,
}

/// Where the word of a depth and a column stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) lanes: usize,
    /// Columns, filled up to whole vectors.
    pub(super) padded: usize,
    pub(super) deep: usize,
}

impl Place {
    #[inline(always)]
    pub(super) fn of(self, depth: usize, column: usize) -> usize {
        let wide = 2 * self.lanes;
        let first = column / wide * wide;
        let width = wide.min(self.padded - first);
        first * self.deep + depth * width + (column - first)
    }
}

/// Columns side by side in the vectors that multiply this format on this CPU.
pub(super) fn lanes(cpu: Cpu, format: Format) -> usize {
    let wide = match format {
        Format::F32 => cpu.level() == Level::Avx512,
        Format::Bf16 => cpu.has_bf16(),
        Format::Int8 => cpu.has_int8(),
        Format::Int16 => false,
    };
    if wide { 16 } else { 8 }
}

/// The bits of an absolute value: they are in the order of what they stand for; then comes infinity, then NaN.
#[inline(always)]
fn size(value: f32) -> u32 {
    value.to_bits() & 0x7fff_ffff
}

/// The upper half of an `f32`, rounded to nearest, ties to even. Source: IEEE 754 binary32, truncated to bfloat16.
#[inline(always)]
pub(super) fn bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    // Rounding a NaN could carry over into its sign, or leave an infinity.
    let kept = if value.is_nan() {
        (bits >> 16) | 0x40
    } else {
        rounded
    };
    #[allow(clippy::cast_possible_truncation, reason = "the upper half of a word")]
    let upper = kept as u16;
    upper
}

/// The step between neighbours of an 8-bit number that reaches up to `largest`.
pub(super) fn step(largest: f32) -> f32 {
    if largest > 0.0 { largest / 127.0 } else { 1.0 }
}

/// The nearest of the numbers from -127 to 127; of a NaN, any.
#[inline(always)]
fn quantised(value: f32) -> i8 {
    // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
    const WHOLE: f32 = 12_582_912.0;
    let bits = (value.clamp(-127.0, 127.0) + WHOLE).to_bits();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the lowest byte holds the whole number"
    )]
    let byte = bits as u8;
    byte.cast_signed()
}
