//! Products by tiles: matrices of 16 rows of 16 words in registers of their own, multiplied by one instruction.
//!
//! [`Tiles`] is what a CPU does with such registers. [`Played`] does the same in plain Rust, step by step as Intel's
//! manual has it, so that packing, loops, edges and what follows them are tested on any machine. The instructions
//! themselves are in [`super::amx`] and nowhere else.
//!
//! # Source
//! Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 2: `LDTILECFG`, `TILELOADD`,
//! `TDPBF16PS`, `TDPBUSD`, `TILESTORED`.

use std::ops::Range;

use super::dot::Dot;
use super::matmul::{Activation, activate};
use super::product::{Product, ROWS_BYTES};
use super::simd::Simd;

/// Rows of a tile, and words in each of them.
pub(super) const SIDE: usize = 16;

/// Rows and columns of the four tiles whose sums are computed together.
const PAIR: usize = 2 * SIDE;

/// Registers by their number: sums of two by two tiles, tiles of rows above each other, tiles of columns side by side.
const TOP_LEFT: usize = 0;
const TOP_RIGHT: usize = 1;
const LOW_LEFT: usize = 2;
const LOW_RIGHT: usize = 3;
const TOP: usize = 4;
const LOW: usize = 5;
const LEFT: usize = 6;
const RIGHT: usize = 7;

/// Eight registers, each for a tile of up to 16 rows of 16 words.
pub(super) trait Tiles {
    /// Sets the rows of each register, 1 to 16, and empties it.
    fn configure(&mut self, rows: [usize; 8]);
    /// Loads the rows of register `T`, `stride` words apart.
    ///
    /// # Safety
    /// `from` is valid for reading 16 words at each of the rows.
    unsafe fn load<const T: usize>(&mut self, from: *const u32, stride: usize);
    /// Adds the product of registers `A` and `B` to register `C`: for each word of `A` as of [`Dot::add`].
    fn multiply<const C: usize, const A: usize, const B: usize>(&mut self);
    /// Stores the rows of register `T`, `stride` words apart.
    ///
    /// # Safety
    /// `to` is valid for writing 16 words at each of the rows.
    unsafe fn store<const T: usize>(&mut self, to: *mut u32, stride: usize);
}

/// The rows of each register for a product of so many rows, 1 to [`PAIR`].
fn registers(rows: usize) -> [usize; 8] {
    // A register that is not used has a row all the same: none would not be valid.
    let (top, low) = (rows.min(SIDE), rows.saturating_sub(SIDE).max(1));
    [top, top, low, low, top, low, SIDE, SIDE]
}

/// Sums of two by two tiles on their way out.
#[repr(C, align(64))]
struct Sums([u32; PAIR * PAIR]);

/// Two by two tiles of a product, or as many as it has there.
#[derive(Clone, Copy)]
struct Corner {
    row: usize,
    rows: usize,
    column: usize,
}

impl Product<'_> {
    /// As [`Product::run`], by tiles: panels are two tiles wide, and what fills up rows and panels is zero.
    ///
    /// # Safety
    /// As of [`Product::run`]; rows and panels are filled up to whole tiles.
    #[inline(always)]
    pub(super) unsafe fn run_tiles<T: Tiles, D: Dot>(&self, tiles: &mut T, dot: D, rows: usize) {
        let whole = rows / PAIR * PAIR;
        let block = (ROWS_BYTES / (4 * self.a_stride.max(1)) / PAIR).max(1) * PAIR;
        let mut sums = Sums([0; PAIR * PAIR]);
        // Registers are set up once for all whole tiles and once for the last ones.
        for part in [0..whole, whole..rows] {
            if part.is_empty() {
                continue;
            }
            tiles.configure(registers(part.len().min(PAIR)));
            for first in part.clone().step_by(block) {
                // SAFETY: as the caller vouches; the rows are those of `part`.
                unsafe { self.tile_rows(tiles, dot, first..part.end.min(first + block), &mut sums) };
            }
        }
    }

    /// All columns of rows that stay in the cache.
    ///
    /// # Safety
    /// As of `run_tiles`; registers are set up for the rows.
    #[inline(always)]
    unsafe fn tile_rows<T: Tiles, D: Dot>(&self, tiles: &mut T, dot: D, rows: Range<usize>, sums: &mut Sums) {
        for column in (0..self.panels.columns).step_by(PAIR) {
            for row in rows.clone().step_by(PAIR) {
                let corner = Corner {
                    row,
                    rows: (rows.end - row).min(PAIR),
                    column,
                };
                // SAFETY: as the caller vouches; a panel is one tile wide where its columns are.
                unsafe {
                    match (corner.rows > SIDE, self.panels.columns - column > SIDE) {
                        (true, true) => self.corner::<T, true, true>(tiles, corner, sums),
                        (true, false) => self.corner::<T, true, false>(tiles, corner, sums),
                        (false, true) => self.corner::<T, false, true>(tiles, corner, sums),
                        (false, false) => self.corner::<T, false, false>(tiles, corner, sums),
                    }
                    self.finish(dot, corner, sums);
                }
            }
        }
    }

    /// Sums of two by two tiles: `LOWER` where there are rows for a second one, `WIDE` where there are columns.
    ///
    /// # Safety
    /// As of `tile_rows`.
    #[inline(always)]
    unsafe fn corner<T: Tiles, const LOWER: bool, const WIDE: bool>(
        &self,
        tiles: &mut T,
        corner: Corner,
        sums: &mut Sums,
    ) {
        let (stride, width) = (self.a_stride, if WIDE { PAIR } else { SIDE });
        // SAFETY: as the caller vouches: rows and panels have whole tiles of words, `start` has whole panels.
        unsafe {
            let start = self.panels.start.as_ptr().add(corner.column);
            // A stride of 0 gives every row of a tile the same words to begin with.
            tiles.load::<TOP_LEFT>(start, 0);
            if WIDE {
                tiles.load::<TOP_RIGHT>(start.add(SIDE), 0);
            }
            if LOWER {
                tiles.load::<LOW_LEFT>(start, 0);
                if WIDE {
                    tiles.load::<LOW_RIGHT>(start.add(SIDE), 0);
                }
            }
            let mut top = self.a.as_ptr().add(corner.row * stride);
            let mut left = self.panels.words.as_ptr().add(corner.column * self.panels.deep);
            for _ in 0..self.panels.deep / SIDE {
                tiles.load::<LEFT>(left, width);
                tiles.load::<TOP>(top, stride);
                tiles.multiply::<TOP_LEFT, TOP, LEFT>();
                if WIDE {
                    tiles.load::<RIGHT>(left.add(SIDE), width);
                    tiles.multiply::<TOP_RIGHT, TOP, RIGHT>();
                }
                if LOWER {
                    tiles.load::<LOW>(top.add(SIDE * stride), stride);
                    tiles.multiply::<LOW_LEFT, LOW, LEFT>();
                    if WIDE {
                        tiles.multiply::<LOW_RIGHT, LOW, RIGHT>();
                    }
                }
                top = top.add(SIDE);
                left = left.add(SIDE * width);
            }
            let to = sums.0.as_mut_ptr();
            tiles.store::<TOP_LEFT>(to, PAIR);
            if WIDE {
                tiles.store::<TOP_RIGHT>(to.add(SIDE), PAIR);
            }
            if LOWER {
                tiles.store::<LOW_LEFT>(to.add(SIDE * PAIR), PAIR);
                if WIDE {
                    tiles.store::<LOW_RIGHT>(to.add(SIDE * PAIR + SIDE), PAIR);
                }
            }
        }
    }

    /// Takes sums to their place in `out`.
    ///
    /// # Safety
    /// As of `tile_rows`.
    #[inline(always)]
    unsafe fn finish<D: Dot>(&self, dot: D, corner: Corner, sums: &Sums) {
        let s = dot.simd();
        let lanes = D::S::LANES;
        let columns = (self.panels.columns - corner.column).min(PAIR);
        let lowest = s.splat(match self.activation {
            Activation::Relu => 0.0,
            _ => f32::NEG_INFINITY,
        });
        for row in 0..corner.rows {
            let at = corner.row + row;
            // SAFETY: as the caller vouches: `scale` and `bias` have whole panels, the row of `out` and that of
            // `residual` have all columns, and no more of them is read or written.
            unsafe {
                let out = self.out.add(at * self.out_stride + corner.column);
                for first in (0..columns).step_by(lanes) {
                    let count = (columns - first).min(lanes);
                    let column = corner.column + first;
                    let scale = self.panels.scale.as_ptr().add(column);
                    let bias = self.panels.bias.as_ptr().add(column);
                    let words = dot.start(sums.0.as_ptr().add(row * PAIR + first));
                    let mut value = dot.finish(words, scale, bias);
                    if let Some(residual) = self.residual {
                        let from = residual.values.as_ptr().add(at * residual.stride + column);
                        value = s.add(value, s.load_some(from, count));
                    }
                    // Of a NaN and a number, the second operand is returned.
                    s.store_some(out.add(first), count, s.max(lowest, value));
                }
                if !matches!(self.activation, Activation::None | Activation::Relu) {
                    activate(s, self.activation, std::slice::from_raw_parts_mut(out, columns));
                }
            }
        }
    }
}

/// A full tile: rows of words.
pub(super) type Tile = [[u32; SIDE]; SIDE];

/// Tile registers in plain Rust: words are four 8-bit numbers if `IS_WHOLE`, `u8` in rows and `i8` in columns, else two
/// `bf16`.
pub(super) struct Played<const IS_WHOLE: bool> {
    rows: [usize; 8],
    tiles: [Tile; 8],
}

impl<const IS_WHOLE: bool> Played<IS_WHOLE> {
    /// Registers that are not set up.
    pub(super) fn new() -> Played<IS_WHOLE> {
        Played {
            rows: [0; 8],
            tiles: [[[0; SIDE]; SIDE]; 8],
        }
    }
}

impl<const IS_WHOLE: bool> Tiles for Played<IS_WHOLE> {
    fn configure(&mut self, rows: [usize; 8]) {
        assert!(rows.iter().all(|rows| (1..=SIDE).contains(rows)), "#GP");
        *self = Played::new();
        self.rows = rows;
    }

    unsafe fn load<const T: usize>(&mut self, from: *const u32, stride: usize) {
        assert!(self.rows[T] > 0, "#UD");
        // Rows beyond those of the register become zero.
        self.tiles[T] = [[0; SIDE]; SIDE];
        for row in 0..self.rows[T] {
            // SAFETY: the caller vouches for 16 words at each of the rows.
            self.tiles[T][row] = unsafe { from.add(row * stride).cast::<[u32; SIDE]>().read_unaligned() };
        }
    }

    fn multiply<const C: usize, const A: usize, const B: usize>(&mut self) {
        let is_defined = C != A && C != B && A != B && self.rows[C] > 0;
        assert!(
            is_defined && self.rows[C] == self.rows[A] && self.rows[B] == SIDE,
            "#UD"
        );
        let (a, b) = (self.tiles[A], self.tiles[B]);
        for (sums, a) in self.tiles[C].iter_mut().zip(&a).take(self.rows[C]) {
            match IS_WHOLE {
                true => add_bytes(sums, a, &b),
                false => add_bf16(sums, a, &b),
            }
        }
    }

    unsafe fn store<const T: usize>(&mut self, to: *mut u32, stride: usize) {
        assert!(self.rows[T] > 0, "#UD");
        for row in 0..self.rows[T] {
            // SAFETY: the caller vouches for 16 words at each of the rows.
            unsafe {
                to.add(row * stride)
                    .cast::<[u32; SIDE]>()
                    .write_unaligned(self.tiles[T][row]);
            }
        }
    }
}

/// A row of `TDPBUSD`: sums wrap around.
pub(super) fn add_bytes(sums: &mut [u32; SIDE], a: &[u32; SIDE], b: &Tile) {
    for (a, b) in a.iter().zip(b) {
        for (sum, b) in sums.iter_mut().zip(b) {
            let pairs = a.to_le_bytes().into_iter().zip(b.to_le_bytes());
            let products = pairs.map(|(a, b)| i32::from(a) * i32::from(b.cast_signed()));
            *sum = sum.wrapping_add(products.sum::<i32>().cast_unsigned());
        }
    }
}

/// A row of `TDPBF16PS`: lower and upper halves are summed apart, each step rounded once, then their sum is added.
/// Numbers too small for a full mantissa count as zero, read or written, whatever the CPU does with them elsewhere.
pub(super) fn add_bf16(sums: &mut [u32; SIDE], a: &[u32; SIDE], b: &Tile) {
    let low = |word: u32| flushed(f32::from_bits(word << 16));
    let high = |word: u32| flushed(f32::from_bits(word & 0xffff_0000));
    let mut halves = [[0.0f32; 2]; SIDE];
    for (a, b) in a.iter().zip(b) {
        for (halves, b) in halves.iter_mut().zip(b) {
            halves[0] = flushed(low(*a).mul_add(low(*b), halves[0]));
            halves[1] = flushed(high(*a).mul_add(high(*b), halves[1]));
        }
    }
    for (sum, halves) in sums.iter_mut().zip(halves) {
        let more = flushed(halves[0] + halves[1]);
        *sum = flushed(flushed(f32::from_bits(*sum)) + more).to_bits();
    }
}

fn flushed(value: f32) -> f32 {
    if value.is_subnormal() {
        0.0f32.copysign(value)
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One word of `a` by one of `b`, added to a sum.
    fn product<const IS_WHOLE: bool>(sum: u32, a: u32, b: u32) -> u32 {
        let mut tiles = Played::<IS_WHOLE>::new();
        tiles.configure(registers(1));
        let mut words = [[0u32; SIDE]; 3];
        (words[0][0], words[1][0], words[2][0]) = (sum, a, b);
        let columns = [[b; SIDE]; SIDE];
        // SAFETY: each pointer is to as many words as are read from it or written to it.
        unsafe {
            tiles.load::<TOP_LEFT>(words[0].as_ptr(), 0);
            tiles.load::<TOP>(words[1].as_ptr(), 0);
            tiles.load::<LEFT>(columns.as_ptr().cast(), SIDE);
            tiles.multiply::<TOP_LEFT, TOP, LEFT>();
            tiles.store::<TOP_LEFT>(words[2].as_mut_ptr(), SIDE);
        }
        words[2][0]
    }

    fn bf16_pair(low: f32, high: f32) -> u32 {
        (low.to_bits() >> 16) | (high.to_bits() & 0xffff_0000)
    }

    #[test]
    fn played_tiles_sum_halves_apart_as_the_manual_says() {
        // One after the other the sum would be 1: in the manual's order 2^24 + 1 is rounded to 2^24 first.
        let sum = (-16_777_216.0f32).to_bits();
        let four_thousand = bf16_pair(4096.0, 1.0);
        let seen = f32::from_bits(product::<false>(sum, four_thousand, four_thousand));
        assert_eq!(seen.to_bits(), 0.0f32.to_bits());
    }

    #[test]
    fn played_tiles_count_tiny_numbers_as_zero_and_keep_what_is_no_number() {
        let tiny = f32::MIN_POSITIVE / 2.0;
        let one = bf16_pair(1.0, 0.0);
        assert_eq!(product::<false>(tiny.to_bits(), one, bf16_pair(0.0, 1.0)), 0);
        assert_eq!(product::<false>(0, one, bf16_pair(tiny, 0.0)), 0);
        let least = bf16_pair(f32::MIN_POSITIVE, 0.0);
        assert_eq!(product::<false>(0, least, bf16_pair(0.5, 0.0)), 0);
        assert_eq!(
            product::<false>(0, least, bf16_pair(1.0, 0.0)),
            f32::MIN_POSITIVE.to_bits()
        );
        let nan = f32::from_bits(product::<false>(0, one, bf16_pair(f32::NAN, 0.0)));
        assert!(nan.is_nan());
    }

    #[test]
    fn played_tiles_multiply_unsigned_rows_by_signed_columns_and_wrap_around() {
        let a = u32::from_le_bytes([255, 0, 128, 1]);
        let b = u32::from_le_bytes([0x80, 1, 2, 0xff]);
        let sum = product::<true>(5u32, a, b).cast_signed();
        assert_eq!(sum, 5 - 255 * 128 + 128 * 2 - 1);
        let most = u32::from_le_bytes([255; 4]);
        let largest = i32::MAX.cast_unsigned();
        let seen = product::<true>(largest, most, u32::from_le_bytes([127; 4]));
        assert_eq!(seen, largest.wrapping_add(4 * 255 * 127));
    }

    #[test]
    fn registers_have_the_rows_of_two_tiles() {
        assert_eq!(registers(1), [1, 1, 1, 1, 1, 1, 16, 16]);
        assert_eq!(registers(16), [16, 16, 1, 1, 16, 1, 16, 16]);
        assert_eq!(registers(23), [16, 16, 7, 7, 16, 7, 16, 16]);
        assert_eq!(registers(32), [16; 8]);
    }
}
