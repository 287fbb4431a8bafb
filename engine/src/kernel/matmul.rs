//! Rows times packed weights, with bias, residual and activation on the way out.
//!
//! # Source
//! The tile held in registers follows Goto and van de Geijn 2008, "Anatomy of high-performance matrix
//! multiplication"; panels are packed when a program is built, so nothing is packed at run time but rows of
//! another format.

use super::Kernel;
use super::dot::{Bf16Portable, Dot, F32, Int8Portable, Int16Portable};
use super::math;
use super::pack::{Format, Packed};
use super::product::Product;
use super::simd::Simd;
use super::tiles::{Played, Tiles};
use crate::cpu::{Level, TileRegisters};

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
    /// `max(x, x / 5, -2 / 5)`: the leaky rectifier of Maas, Hannun and Ng 2013 with an end.
    Leaky,
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
            Activation::Leaky => "leaky",
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

/// `out = activation(a * weights + bias + residual)`. With 8-bit weights, numbers of `a` beyond what was calibrated
/// count as the largest, and a row of `a` with a NaN or an infinity gives a row of NaN.
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

impl Matmul<'_> {
    /// Words that a product of so many rows needs beside its rows.
    pub(crate) fn scratch(weights: &Packed, rows: usize) -> usize {
        match weights.format() {
            Format::F32 => 0,
            Format::Bf16 | Format::Int8 | Format::Int16 => spread(weights.deep()) * rows,
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
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            // SAFETY: a `Cpu` is of these registers only if it has AMX, BF16 and VNNI.
            Format::Bf16 if cpu.tiles() == TileRegisters::Amx => unsafe { x86::bf16_tiles(self) },
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            // SAFETY: as above.
            Format::Int8 if cpu.tiles() == TileRegisters::Amx => unsafe { x86::int8_tiles(self) },
            Format::Bf16 if cpu.has_tiles() => self.by_tiles(Played::<false>::new(), Bf16Portable),
            Format::Int8 if cpu.has_tiles() => self.by_tiles(Played::<true>::new(), Int8Portable),
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
        self.in_words(
            #[inline(always)]
            // SAFETY: as `in_words` promises.
            |product, rows| unsafe { product.run(dot, rows) },
        );
    }

    #[inline(always)]
    fn by_tiles<T: Tiles, D: Dot>(self, mut tiles: T, dot: D) {
        self.in_words(
            #[inline(always)]
            // SAFETY: as `in_words` promises; weights are packed for tiles where the CPU has them.
            |product, rows| unsafe { product.run_tiles(&mut tiles, dot, rows) },
        );
    }

    /// Packs the rows and has the product of words computed: slices that reach to the last row, words of rows as long
    /// as panels are deep, and `out` borrowed by nobody else.
    #[inline(always)]
    fn in_words(self, multiply: impl FnOnce(&Product<'_>, usize)) {
        let panels = self.weights.panels();
        let mut is_sound = true;
        let (a, a_stride) = match self.weights.format() {
            Format::F32 => (bytemuck::cast_slice(self.a.values), self.a.stride),
            Format::Bf16 | Format::Int8 | Format::Int16 => {
                let stride = spread(panels.deep);
                for (row, words) in self.scratch.chunks_exact_mut(stride).take(self.rows).enumerate() {
                    let values = &self.a.values[row * self.a.stride..][..self.weights.depth()];
                    is_sound &= self.weights.pack_row(values, &mut words[..panels.deep]);
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
        multiply(&product, self.rows);
        if !is_sound {
            spoil(
                (self.a, self.weights.depth()),
                self.rows,
                (self.out, self.weights.columns()),
            );
        }
    }
}

/// Writes NaN where a row of `a` is not finite.
#[cold]
fn spoil((a, depth): (Rows<'_>, usize), rows: usize, (out, columns): (RowsMut<'_>, usize)) {
    for row in 0..rows {
        let values = &a.values[row * a.stride..][..depth];
        if !values.iter().all(|value| value.is_finite()) {
            out.values[row * out.stride..][..columns].fill(f32::NAN);
        }
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
    #[cfg(target_os = "linux")]
    use crate::kernel::amx::Amx;
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
    /// The process may use AMX, and the CPU has AVX-512 F, BW, DQ, VL, BF16 and FMA.
    #[cfg(target_os = "linux")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")]
    pub(super) unsafe fn bf16_tiles(matmul: Matmul<'_>) {
        // SAFETY: the caller vouches for the CPU and the process.
        let (tiles, dot) = unsafe { (Amx::<false>::assume(), Avx512Bf16::assume(Avx512::assume())) };
        matmul.by_tiles(tiles, dot);
    }

    /// # Safety
    /// The process may use AMX, and the CPU has AVX-512 F, BW, DQ, VL, VNNI and FMA.
    #[cfg(target_os = "linux")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
    pub(super) unsafe fn int8_tiles(matmul: Matmul<'_>) {
        // SAFETY: the caller vouches for the CPU and the process.
        let (tiles, dot) = unsafe { (Amx::<true>::assume(), Avx512Int8::assume(Avx512::assume())) };
        matmul.by_tiles(tiles, dot);
    }

    /// # Safety
    /// The CPU has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn int16(matmul: Matmul<'_>) {
        // SAFETY: the caller vouches for the CPU.
        matmul.by(Avx2Int16(unsafe { Avx2::assume() }));
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
        Activation::Leaky => each(
            s,
            values,
            #[inline(always)]
            |x| math::leaky(s, x),
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
    use crate::kernel::trial::{ACTIVATIONS, SIZES, activated, cpus, dense, near, numbers};

    /// A product with what is done to it on its way out.
    #[derive(Clone, Copy, Debug)]
    struct Case {
        rows: usize,
        depth: usize,
        columns: usize,
        with_bias: bool,
        with_residual: bool,
        activation: Activation,
    }

    fn case() -> impl Strategy<Value = Case> {
        let size = || prop::sample::select(&SIZES[..]);
        let activation = prop::sample::select(&ACTIVATIONS[..]);
        let rows = prop_oneof![4 => 1usize..40, 1 => 63usize..100];
        let sizes = (rows, size(), size(), any::<bool>(), any::<bool>(), activation);
        sizes.prop_map(
            |(rows, depth, columns, with_bias, with_residual, activation)| Case {
                rows,
                depth,
                columns,
                with_bias,
                with_residual,
                activation,
            },
        )
    }

    impl Case {
        fn a(&self) -> Vec<f32> {
            numbers(self.rows * self.depth, 1)
        }

        fn weights(&self) -> Vec<f32> {
            numbers(self.depth * self.columns, 2)
        }

        fn bias(&self) -> Vec<f32> {
            numbers(if self.with_bias { self.columns } else { 0 }, 3)
        }

        fn residual(&self) -> Option<Vec<f32>> {
            self.with_residual.then(|| numbers(self.rows * self.columns, 4))
        }

        fn slow(&self) -> Vec<f64> {
            let (a, w, bias, residual) = (self.a(), self.weights(), self.bias(), self.residual());
            let one = |row: usize, column: usize| {
                let factors = |k: usize| (a[row * self.depth + k], w[k * self.columns + column]);
                let products = (0..self.depth)
                    .map(factors)
                    .map(|(a, w)| f64::from(a) * f64::from(w));
                let bias = bias.get(column).copied().unwrap_or(0.0);
                let more = residual
                    .as_ref()
                    .map_or(0.0, |residual| residual[row * self.columns + column]);
                let sum = products.sum::<f64>() + f64::from(bias) + f64::from(more);
                activated(self.activation, sum)
            };
            (0..self.rows)
                .flat_map(|row| (0..self.columns).map(move |column| one(row, column)))
                .collect()
        }

        fn run(&self, packed: &Packed) -> Vec<f32> {
            let (a, residual) = (self.a(), self.residual());
            let stride = self.columns + 3;
            let mut out = vec![f32::NAN; self.rows * stride];
            Matmul {
                a: Rows {
                    values: &a,
                    stride: self.depth,
                },
                rows: self.rows,
                weights: packed,
                residual: residual.as_ref().map(|values| Rows {
                    values,
                    stride: self.columns,
                }),
                activation: self.activation,
                out: RowsMut {
                    values: &mut out,
                    stride,
                },
                scratch: &mut vec![u32::MAX; Matmul::scratch(packed, self.rows)],
            }
            .run();
            dense(&out, stride, self.columns)
        }
    }

    proptest! {
        #[test]
        fn every_format_on_every_cpu_gives_the_slow_product(case in case()) {
            let (w, bias, expected) = (case.weights(), case.bias(), case.slow());
            let matrix = Matrix { values: &w, depth: case.depth, columns: case.columns };
            let check = |packed: &Packed, tolerance: f64| {
                // No activation is steeper than 1.13, and each is computed to a millionth.
                let tolerance = 1.13 * tolerance + 1e-6;
                for (at, (seen, expected)) in case.run(packed).iter().zip(&expected).enumerate() {
                    let off = (f64::from(*seen) - expected).abs();
                    prop_assert!(off <= tolerance, "{:?} [{at}] {seen} {expected}", packed.format());
                }
                Ok(())
            };
            let (depth, root) = (case.depth as f64, (case.depth as f64).sqrt());
            for cpu in cpus() {
                check(&Packed::f32(cpu, matrix, &bias), 1e-6 * depth)?;
                check(&Packed::bf16(cpu, matrix, &bias), 0.02 * root)?;
                check(&Packed::int8(cpu, matrix, &bias, 1.0), 0.03 * root)?;
                if cpu == Cpu::PORTABLE {
                    check(&Packed::int8_as(cpu, Format::Int16, (matrix, &bias), 1.0), 0.03 * root)?;
                }
            }
        }
    }

    #[test]
    fn rows_too_many_for_the_cache_are_taken_block_by_block() {
        let case = Case {
            rows: 230,
            depth: 1100,
            columns: 33,
            with_bias: true,
            with_residual: false,
            activation: Activation::None,
        };
        let (w, bias, expected) = (case.weights(), case.bias(), case.slow());
        let matrix = Matrix {
            values: &w,
            depth: case.depth,
            columns: case.columns,
        };
        for cpu in cpus() {
            near(&case.run(&Packed::f32(cpu, matrix, &bias)), &expected, 1e-3).unwrap();
            near(&case.run(&Packed::bf16(cpu, matrix, &bias)), &expected, 0.5).unwrap();
            near(&case.run(&Packed::int8(cpu, matrix, &bias, 1.0)), &expected, 1.0).unwrap();
        }
    }

    #[test]
    fn eight_bit_products_are_the_same_on_every_cpu() {
        let case = Case {
            rows: 5,
            depth: 37,
            columns: 21,
            with_bias: true,
            with_residual: false,
            activation: Activation::None,
        };
        let (w, bias) = (case.weights(), case.bias());
        let matrix = Matrix {
            values: &w,
            depth: case.depth,
            columns: case.columns,
        };
        let expected = case.run(&Packed::int8(Cpu::PORTABLE, matrix, &bias, 1.0));
        let wide = Packed::int8_as(Cpu::PORTABLE, Format::Int16, (matrix, &bias), 1.0);
        for seen in cpus()
            .iter()
            .map(|cpu| case.run(&Packed::int8(*cpu, matrix, &bias, 1.0)))
            .chain([case.run(&wide)])
        {
            for (seen, expected) in seen.iter().zip(&expected) {
                assert!((seen - expected).abs() < 1e-5, "{seen} {expected}");
            }
        }
    }
}
