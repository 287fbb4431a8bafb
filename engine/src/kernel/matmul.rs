//! Rows times packed weights, with bias, residual and activation on the way out.
//!
//! # Source
//! The tile held in registers follows Goto and van de Geijn 2008, "Anatomy of high-performance matrix
//! multiplication"; panels are packed when a program is built, so nothing is packed at run time but rows of
//! another format.

use super::Kernel;
use super::dot::{Bf16Portable, Dot, F32, Int8Portable, Int16Portable};
use super::math;
use super::pack::{Format, Packed, Panels};
use super::simd::Simd;
use crate::cpu::Level;

/// What happens to a number on its way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x / 2 * (1 + erf(x / sqrt 2))`: Hendrycks and Gimpel 2016.
    Gelu,
    /// `x / (1 + e^-x)`: Elfwing, Uchibe and Doya 2018.
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
}

impl Activation {
    /// As printed; nothing for [`Activation::None`].
    pub fn name(self) -> &'static str {
        match self {
            Activation::None => "",
            Activation::Relu => "relu",
            Activation::Gelu => "gelu",
            Activation::Silu => "silu",
            Activation::Tanh => "tanh",
            Activation::Sigmoid => "sigmoid",
        }
    }
}

/// Rows of numbers, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
}

/// Rows of numbers to be written, `stride` apart.
#[derive(Debug)]
pub(crate) struct RowsMut<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) stride: usize,
}

/// `out = activation(a * weights + bias + residual)`.
pub(crate) struct Matmul<'a> {
    /// `[rows, depth]`.
    pub(crate) a: Rows<'a>,
    pub(crate) rows: usize,
    pub(crate) weights: &'a Packed,
    /// `[rows, columns]`, added before the activation.
    pub(crate) residual: Option<Rows<'a>>,
    pub(crate) activation: Activation,
    /// `[rows, columns]`.
    pub(crate) out: RowsMut<'a>,
    /// [`Matmul::scratch`] words for rows of another format than `f32`.
    pub(crate) scratch: &'a mut [u32],
}

/// Bytes of rows that stay in the second-level cache while panels pass by.
const ROWS_BYTES: usize = 256 << 10;

impl Matmul<'_> {
    /// Words that a product of so many rows needs beside its rows.
    pub(crate) fn scratch(weights: &Packed, rows: usize) -> usize {
        match weights.format() {
            Format::F32 => 0,
            Format::Bf16 | Format::Int8 | Format::Int16 => {
                spread(weights.format().words(weights.depth())) * rows
            }
        }
    }

    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short for the rows.
    pub(crate) fn run(self) {
        self.check();
        let cpu = self.weights.cpu();
        match self.weights.format() {
            Format::F32 => cpu.run(InF32(self)),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Cpu` says that it has BF16 only if so.
            Format::Bf16 if cpu.has_bf16() => unsafe { x86::bf16(self) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Cpu` says that it has VNNI only if so.
            Format::Int8 if cpu.has_int8() => unsafe { x86::int8(self) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Cpu` is of a level only if the CPU has its instructions.
            Format::Int16 if cpu.level() >= Level::Avx2 => unsafe { x86::int16(self) },
            Format::Bf16 => self.by(Bf16Portable),
            Format::Int8 => self.by(Int8Portable),
            Format::Int16 => self.by(Int16Portable),
        }
    }

    fn check(&self) {
        let last = self.rows.saturating_sub(1);
        let reach = |stride: usize, width: usize| if self.rows == 0 { 0 } else { last * stride + width };
        let (depth, columns) = (self.weights.depth(), self.weights.columns());
        assert!(self.a.values.len() >= reach(self.a.stride, depth));
        assert!(self.out.values.len() >= reach(self.out.stride, columns));
        if let Some(residual) = self.residual {
            assert!(residual.values.len() >= reach(residual.stride, columns));
        }
        assert!(self.scratch.len() >= Matmul::scratch(self.weights, self.rows));
    }

    #[inline(always)]
    fn by<D: Dot>(self, dot: D) {
        let panels = self.weights.panels();
        let (a, a_stride) = match self.weights.format() {
            Format::F32 => (bytemuck::cast_slice(self.a.values), self.a.stride),
            Format::Bf16 | Format::Int8 | Format::Int16 => {
                let stride = spread(panels.deep);
                for (row, words) in self.scratch.chunks_exact_mut(stride).take(self.rows).enumerate() {
                    let values = &self.a.values[row * self.a.stride..][..self.weights.depth()];
                    self.weights.pack_row(values, &mut words[..panels.deep]);
                }
                (&*self.scratch, stride)
            }
        };
        let product = Product {
            a,
            a_stride,
            panels,
            residual: self.residual,
            activation: self.activation,
            out: self.out.values.as_mut_ptr(),
            out_stride: self.out.stride,
        };
        // SAFETY: `check` has seen that every slice reaches to the last row; words of rows are as long as panels
        // are deep; `out` is borrowed by nobody else.
        unsafe { product.run(dot, self.rows) }
    }
}

/// A distance between rows at which neighbours do not fall on the same lines of the cache: an odd number of lines.
pub(crate) fn spread(width: usize) -> usize {
    let lines = width.div_ceil(16);
    if width < 16 { width } else { (lines | 1) * 16 }
}

struct InF32<'a>(Matmul<'a>);

impl Kernel for InF32<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.0.by(F32(simd));
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Matmul;
    use crate::kernel::avx2::Avx2;
    use crate::kernel::avx512::Avx512;
    use crate::kernel::dot::{Avx2Int16, Avx512Bf16, Avx512Int8};

    /// # Safety
    /// The CPU has AVX-512 F, BW, DQ, VL, BF16 and FMA.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")]
    pub(super) unsafe fn bf16(matmul: Matmul<'_>) {
        // SAFETY: the caller vouches for the CPU.
        matmul.by(unsafe { Avx512Bf16::assume(Avx512::assume()) });
    }

    /// # Safety
    /// The CPU has AVX-512 F, BW, DQ, VL, VNNI and FMA.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
    pub(super) unsafe fn int8(matmul: Matmul<'_>) {
        // SAFETY: the caller vouches for the CPU.
        matmul.by(unsafe { Avx512Int8::assume(Avx512::assume()) });
    }

    /// # Safety
    /// The CPU has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn int16(matmul: Matmul<'_>) {
        // SAFETY: the caller vouches for the CPU.
        matmul.by(Avx2Int16(unsafe { Avx2::assume() }));
    }
}

/// A product in words.
pub(super) struct Product<'a> {
    pub(super) a: &'a [u32],
    pub(super) a_stride: usize,
    pub(super) panels: Panels<'a>,
    pub(super) residual: Option<Rows<'a>>,
    pub(super) activation: Activation,
    pub(super) out: *mut f32,
    pub(super) out_stride: usize,
}

/// Calls `$tile` with the number of rows as a constant.
macro_rules! by_rows {
    ($rows:expr, $max:expr, $($count:literal)*, $tile:ident) => {
        match $rows {
            // Only tiles that the registers have room for are compiled.
            $($count => if const { $count <= $max } { $tile!($count) },)*
            _ => unreachable!("tiles are no higher than the registers allow"),
        }
    };
}

impl Product<'_> {
    /// # Safety
    /// The rows of `a`, `out` and `residual` and the panels reach as far as `rows`, columns and depth say.
    #[inline(always)]
    pub(super) unsafe fn run<D: Dot>(&self, dot: D, rows: usize) {
        let most = D::S::TILE_ROWS;
        let block = (ROWS_BYTES / (4 * self.a_stride.max(1)) / most).max(1) * most;
        let mut first = 0;
        while first < rows {
            let end = rows.min(first + block);
            let mut column = 0;
            while column < self.panels.columns {
                let wide = self.panels.columns - column > D::S::LANES;
                // SAFETY: as the caller vouches.
                unsafe {
                    if wide {
                        self.panel::<D, 2>(dot, column, first..end);
                    } else {
                        self.panel::<D, 1>(dot, column, first..end);
                    }
                }
                column += 2 * D::S::LANES;
            }
            first = end;
        }
    }

    /// # Safety
    /// As of `run`; the panel at `column` is `V` vectors wide.
    #[inline(always)]
    unsafe fn panel<D: Dot, const V: usize>(&self, dot: D, column: usize, rows: std::ops::Range<usize>) {
        // Tiles of almost equal height keep the registers busy to the last row.
        let tiles = rows.len().div_ceil(D::S::TILE_ROWS);
        let mut row = rows.start;
        for tile in (0..tiles).rev() {
            let height = (rows.end - row).div_ceil(tile + 1);
            macro_rules! tile {
                ($count:literal) => {
                    dot.enter(
                        #[inline(always)]
                        || {
                            // SAFETY: as the caller vouches; the tile ends before `rows` do.
                            unsafe { self.tile::<D, V, $count>(dot, column, row) }
                        },
                    )
                };
            }
            by_rows!(height, D::S::TILE_ROWS, 1 2 3 4 5 6 7 8 9 10 11 12, tile);
            row += height;
        }
    }

    /// `R` rows of the panel at `column`, sums in registers.
    ///
    /// # Safety
    /// As of `panel`; `row + R` rows are there.
    #[inline(always)]
    #[allow(
        clippy::needless_range_loop,
        reason = "plain loops over constants are unrolled, which keeps the sums in registers"
    )]
    unsafe fn tile<D: Dot, const V: usize, const R: usize>(&self, dot: D, column: usize, row: usize) {
        let s = dot.simd();
        let lanes = D::S::LANES;
        let deep = self.panels.deep;
        // SAFETY: as the caller vouches: panels are filled up to whole vectors, rows are as deep as panels, and
        // the rows of `out` and `residual` have all columns; the last vector is read and written in part.
        unsafe {
            let mut words = self.panels.words.as_ptr().add(column * deep);
            let mut a = self.a.as_ptr().add(row * self.a_stride);
            let start: [D::Sums; V] =
                std::array::from_fn(|v| dot.start(self.panels.start.as_ptr().add(column + v * lanes)));
            let mut sums = [start; R];
            for _ in 0..deep {
                let b: [D::Words; V] = std::array::from_fn(|v| dot.words(words.add(v * lanes)));
                for (r, sums) in sums.iter_mut().enumerate() {
                    for v in 0..V {
                        sums[v] = dot.add(sums[v], a.add(r * self.a_stride), b[v]);
                    }
                }
                words = words.add(V * lanes);
                a = a.add(1);
            }
            let lowest = s.splat(match self.activation {
                Activation::Relu => 0.0,
                _ => f32::NEG_INFINITY,
            });
            let out = self.out.add(row * self.out_stride + column);
            let scale = self.panels.scale.as_ptr().add(column);
            let bias = self.panels.bias.as_ptr().add(column);
            if self.panels.columns - column >= V * lanes {
                match self.residual {
                    None => {
                        for (r, sums) in sums.iter().enumerate() {
                            for v in 0..V {
                                let value = dot.finish(sums[v], scale.add(v * lanes), bias.add(v * lanes));
                                s.store(out.add(r * self.out_stride + v * lanes), s.max(lowest, value));
                            }
                        }
                    }
                    Some(residual) => {
                        let from = residual.values.as_ptr().add(row * residual.stride + column);
                        for (r, sums) in sums.iter().enumerate() {
                            for v in 0..V {
                                let value = dot.finish(sums[v], scale.add(v * lanes), bias.add(v * lanes));
                                let more = s.load(from.add(r * residual.stride + v * lanes));
                                let to = out.add(r * self.out_stride + v * lanes);
                                s.store(to, s.max(lowest, s.add(value, more)));
                            }
                        }
                    }
                }
            } else {
                let mut tile = [[s.splat(0.0); V]; R];
                for (sums, tile) in sums.iter().zip(&mut tile) {
                    for v in 0..V {
                        tile[v] = dot.finish(sums[v], scale.add(v * lanes), bias.add(v * lanes));
                    }
                }
                self.store_some(s, &tile, (row, column), lowest);
            }
            if !matches!(self.activation, Activation::None | Activation::Relu) {
                let width = (V * lanes).min(self.panels.columns - column);
                for r in 0..R {
                    let to = self.out.add((row + r) * self.out_stride + column);
                    activate(s, self.activation, std::slice::from_raw_parts_mut(to, width));
                }
            }
        }
    }

    /// Stores a tile that ends with the columns.
    ///
    /// # Safety
    /// As of `tile`.
    #[inline(always)]
    unsafe fn store_some<S: Simd, const V: usize>(
        &self,
        s: S,
        tile: &[[S::F; V]],
        (row, column): (usize, usize),
        lowest: S::F,
    ) {
        for (r, values) in tile.iter().enumerate() {
            for (v, value) in values.iter().enumerate() {
                let at = column + v * S::LANES;
                let count = self.panels.columns.saturating_sub(at).min(S::LANES);
                // SAFETY: as the caller vouches; nothing beyond the columns is read or written.
                unsafe {
                    let more = match self.residual {
                        Some(residual) => s.load_some(
                            residual.values.as_ptr().add((row + r) * residual.stride + at),
                            count,
                        ),
                        None => s.splat(0.0),
                    };
                    let to = self.out.add((row + r) * self.out_stride + at);
                    s.store_some(to, count, s.max(lowest, s.add(*value, more)));
                }
            }
        }
    }
}

/// Applies an activation in place.
#[inline(always)]
pub(super) fn activate<S: Simd>(s: S, activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::None => (),
        Activation::Relu => each(
            s,
            values,
            #[inline(always)]
            |x| s.max(s.splat(0.0), x),
        ),
        Activation::Gelu => each(
            s,
            values,
            #[inline(always)]
            |x| math::gelu(s, x),
        ),
        Activation::Silu => each(
            s,
            values,
            #[inline(always)]
            |x| math::silu(s, x),
        ),
        Activation::Tanh => each(
            s,
            values,
            #[inline(always)]
            |x| math::tanh(s, x),
        ),
        Activation::Sigmoid => each(
            s,
            values,
            #[inline(always)]
            |x| math::sigmoid(s, x),
        ),
    }
}

#[inline(always)]
pub(super) fn each<S: Simd>(s: S, values: &mut [f32], f: impl Fn(S::F) -> S::F) {
    for part in values.chunks_mut(S::LANES) {
        let value = f(s.at_most(part));
        s.put_most(part, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cpu::Cpu;
    use crate::kernel::pack::Matrix;
    use crate::kernel::trial::{cpus, numbers};

    fn slow(a: &[f32], w: &[f32], bias: &[f32], depth: usize) -> Vec<f64> {
        let columns = bias.len();
        let one = |row: &[f32], column: usize| -> f64 {
            let products = row
                .iter()
                .enumerate()
                .map(|(k, a)| f64::from(*a) * f64::from(w[k * columns + column]));
            f64::from(bias[column]) + products.sum::<f64>()
        };
        a.chunks(depth)
            .flat_map(|row| (0..columns).map(move |column| one(row, column)))
            .collect()
    }

    fn check(packed: &Packed, rows: usize, tolerance: f64) -> Result<(), TestCaseError> {
        let (depth, columns) = (packed.depth(), packed.columns());
        let a = numbers(rows * depth, 1);
        let residual = numbers(rows * columns, 4);
        let expected = slow(&a, &numbers(depth * columns, 2), &numbers(columns, 3), depth);
        let stride = columns + 3;
        let mut out = vec![f32::NAN; rows * stride];
        let mut scratch = vec![0; Matmul::scratch(packed, rows)];
        Matmul {
            a: Rows {
                values: &a,
                stride: depth,
            },
            rows,
            weights: packed,
            residual: Some(Rows {
                values: &residual,
                stride: columns,
            }),
            activation: Activation::Relu,
            out: RowsMut {
                values: &mut out,
                stride,
            },
            scratch: &mut scratch,
        }
        .run();
        for (row, expected) in expected.chunks(columns).enumerate() {
            for column in 0..columns {
                let expected = (expected[column] + f64::from(residual[row * columns + column])).max(0.0);
                let seen = f64::from(out[row * stride + column]);
                prop_assert!(
                    (seen - expected).abs() <= tolerance,
                    "[{row}, {column}] {seen} {expected}"
                );
            }
            prop_assert!(
                out[row * stride + columns..(row + 1) * stride]
                    .iter()
                    .all(|x| x.is_nan())
            );
        }
        Ok(())
    }

    const SIZES: [usize; 14] = [1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 48, 65, 130];

    proptest! {
        #[test]
        fn every_format_on_every_cpu_gives_the_slow_product(
            rows in 1usize..40,
            depth in prop::sample::select(&SIZES[..]),
            columns in prop::sample::select(&SIZES[..]),
        ) {
            let (w, bias) = (numbers(depth * columns, 2), numbers(columns, 3));
            let matrix = Matrix { values: &w, depth, columns };
            let largest = (depth as f64).sqrt();
            for cpu in cpus() {
                check(&Packed::f32(cpu, matrix, &bias), rows, 1e-6 * depth as f64)?;
                check(&Packed::bf16(cpu, matrix, &bias), rows, 0.02 * largest)?;
                check(&Packed::int8(cpu, matrix, &bias, 1.0), rows, 0.03 * largest)?;
                if cpu == Cpu::PORTABLE {
                    check(&Packed::int8_as(cpu, Format::Int16, (matrix, &bias), 1.0), rows, 0.03 * largest)?;
                }
            }
        }
    }

    #[test]
    fn eight_bit_products_are_the_same_on_every_cpu() {
        let (depth, columns, rows) = (37, 21, 5);
        let (w, bias, a) = (
            numbers(depth * columns, 2),
            numbers(columns, 3),
            numbers(rows * depth, 1),
        );
        let matrix = Matrix {
            values: &w,
            depth,
            columns,
        };
        let answer = |packed: &Packed| {
            let mut out = vec![0.0; rows * columns];
            let mut scratch = vec![0; Matmul::scratch(packed, rows)];
            Matmul {
                a: Rows {
                    values: &a,
                    stride: depth,
                },
                rows,
                weights: packed,
                residual: None,
                activation: Activation::None,
                out: RowsMut {
                    values: &mut out,
                    stride: columns,
                },
                scratch: &mut scratch,
            }
            .run();
            out
        };
        let expected = answer(&Packed::int8(Cpu::PORTABLE, matrix, &bias, 1.0));
        let wide = Packed::int8_as(Cpu::PORTABLE, Format::Int16, (matrix, &bias), 1.0);
        for seen in cpus()
            .iter()
            .map(|cpu| answer(&Packed::int8(*cpu, matrix, &bias, 1.0)))
            .chain([answer(&wide)])
        {
            for (seen, expected) in seen.iter().zip(&expected) {
                assert!((seen - expected).abs() < 1e-5, "{seen} {expected}");
            }
        }
    }
}
