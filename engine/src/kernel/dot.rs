//! Products of words: what a matrix product does with 32 bits of a row and 32 bits of a column.
//!
//! A word holds one `f32`, two `bf16`, two `i16` or four 8-bit numbers. All formats share one tile loop
//! ([`super::matmul`]); they differ in how a word of `a` and a vector of words of `b` add to the sums.

use super::simd::{Portable, Simd};

/// One way to multiply words.
pub(super) trait Dot: Copy {
    type S: Simd;
    /// A vector of words of `b`.
    type Words: Copy;
    /// A vector of sums.
    type Sums: Copy;

    fn simd(self) -> Self::S;
    /// Calls a function compiled for the instructions of this product, by itself: a tile is worth a call, and one
    /// function of all tiles would take minutes to compile.
    #[inline(always)]
    fn enter<F: FnOnce()>(self, body: F) {
        self.simd().enter(body);
    }
    /// Sums to begin with.
    ///
    /// # Safety
    /// `from` is valid for reading a vector of words.
    unsafe fn start(self, from: *const u32) -> Self::Sums;
    /// # Safety
    /// `from` is valid for reading a vector of words.
    unsafe fn words(self, from: *const u32) -> Self::Words;
    /// Adds the products of the word at `a` with each word of `b`.
    ///
    /// # Safety
    /// `a` is valid for reading.
    unsafe fn add(self, sums: Self::Sums, a: *const u32, b: Self::Words) -> Self::Sums;
    /// Sums as numbers, times `scale` plus `bias` where the format needs it.
    ///
    /// # Safety
    /// `scale` and `bias` are valid for reading a vector of numbers.
    unsafe fn finish(self, sums: Self::Sums, scale: *const f32, bias: *const f32) -> <Self::S as Simd>::F;
}

/// `f32`, any vectors. Sums begin with the bias.
#[derive(Clone, Copy)]
pub(super) struct F32<S>(pub(super) S);

impl<S: Simd> Dot for F32<S> {
    type S = S;
    type Words = S::F;
    type Sums = S::F;

    #[inline(always)]
    fn simd(self) -> S {
        self.0
    }

    #[inline(always)]
    unsafe fn start(self, from: *const u32) -> S::F {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { self.0.load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn words(self, from: *const u32) -> S::F {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { self.0.load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn add(self, sums: S::F, a: *const u32, b: S::F) -> S::F {
        // SAFETY: the caller vouches for the word.
        let a = unsafe { *a.cast::<f32>() };
        self.0.mul_add(self.0.splat(a), b, sums)
    }

    #[inline(always)]
    unsafe fn finish(self, sums: S::F, _scale: *const f32, _bias: *const f32) -> S::F {
        sums
    }
}

const LANES: usize = Portable::LANES;

/// Two `bf16` a word, in plain Rust. Sums begin with the bias.
#[derive(Clone, Copy)]
pub(super) struct Bf16Portable;

impl Dot for Bf16Portable {
    type S = Portable;
    type Words = [u32; LANES];
    type Sums = [f32; LANES];

    #[inline(always)]
    fn simd(self) -> Portable {
        Portable
    }

    #[inline(always)]
    unsafe fn start(self, from: *const u32) -> [f32; LANES] {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { Portable.load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn words(self, from: *const u32) -> [u32; LANES] {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { from.cast::<[u32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn add(self, sums: [f32; LANES], a: *const u32, b: [u32; LANES]) -> [f32; LANES] {
        // SAFETY: the caller vouches for the word.
        let a = unsafe { *a };
        let low = |word: u32| f32::from_bits(word << 16);
        let high = |word: u32| f32::from_bits(word & 0xffff_0000);
        std::array::from_fn(|lane| sums[lane] + low(a) * low(b[lane]) + high(a) * high(b[lane]))
    }

    #[inline(always)]
    unsafe fn finish(self, sums: [f32; LANES], _scale: *const f32, _bias: *const f32) -> [f32; LANES] {
        sums
    }
}

/// Four `u8` by four `i8` a word, in plain Rust. Sums begin with what takes away the shift of `a`.
#[derive(Clone, Copy)]
pub(super) struct Int8Portable;

#[inline(always)]
unsafe fn finish_portable(sums: [i32; LANES], scale: *const f32, bias: *const f32) -> [f32; LANES] {
    // SAFETY: the caller vouches for vectors of numbers.
    let (scale, bias) = unsafe { (Portable.load(scale), Portable.load(bias)) };
    #[allow(clippy::cast_precision_loss, reason = "sums of products of 8-bit numbers")]
    Portable.mul_add(sums.map(|sum| sum as f32), scale, bias)
}

impl Dot for Int8Portable {
    type S = Portable;
    type Words = [u32; LANES];
    type Sums = [i32; LANES];

    #[inline(always)]
    fn simd(self) -> Portable {
        Portable
    }

    #[inline(always)]
    unsafe fn start(self, from: *const u32) -> [i32; LANES] {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { from.cast::<[i32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn words(self, from: *const u32) -> [u32; LANES] {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { from.cast::<[u32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn add(self, sums: [i32; LANES], a: *const u32, b: [u32; LANES]) -> [i32; LANES] {
        // SAFETY: the caller vouches for the word.
        let a = unsafe { *a }.to_le_bytes();
        std::array::from_fn(|lane| {
            let products = a.iter().zip(b[lane].to_le_bytes());
            let products = products.map(|(a, b)| i32::from(*a) * i32::from(b.cast_signed()));
            sums[lane] + products.sum::<i32>()
        })
    }

    #[inline(always)]
    unsafe fn finish(self, sums: [i32; LANES], scale: *const f32, bias: *const f32) -> [f32; LANES] {
        // SAFETY: as the caller vouches.
        unsafe { finish_portable(sums, scale, bias) }
    }
}

/// Two `i16` a word, in plain Rust. Sums begin at zero.
#[derive(Clone, Copy)]
pub(super) struct Int16Portable;

impl Dot for Int16Portable {
    type S = Portable;
    type Words = [u32; LANES];
    type Sums = [i32; LANES];

    #[inline(always)]
    fn simd(self) -> Portable {
        Portable
    }

    #[inline(always)]
    unsafe fn start(self, from: *const u32) -> [i32; LANES] {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { from.cast::<[i32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn words(self, from: *const u32) -> [u32; LANES] {
        // SAFETY: the caller vouches for a vector of words.
        unsafe { from.cast::<[u32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn add(self, sums: [i32; LANES], a: *const u32, b: [u32; LANES]) -> [i32; LANES] {
        // SAFETY: the caller vouches for the word.
        let a = unsafe { *a };
        #[allow(clippy::cast_possible_truncation, reason = "the halves of a word")]
        let halves = |word: u32| [word as i16, (word >> 16) as i16].map(i32::from);
        let [a0, a1] = halves(a);
        std::array::from_fn(|lane| {
            let [b0, b1] = halves(b[lane]);
            sums[lane] + a0 * b0 + a1 * b1
        })
    }

    #[inline(always)]
    unsafe fn finish(self, sums: [i32; LANES], scale: *const f32, bias: *const f32) -> [f32; LANES] {
        // SAFETY: as the caller vouches.
        unsafe { finish_portable(sums, scale, bias) }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2Int16, Avx512Bf16, Avx512Int8};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Dot;
    use crate::kernel::avx2::Avx2;
    use crate::kernel::avx512::Avx512;
    use crate::kernel::simd::Simd;

    /// Two `bf16` a word, by `VDPBF16PS`.
    #[derive(Clone, Copy)]
    pub(in crate::kernel) struct Avx512Bf16(Avx512);

    impl Avx512Bf16 {
        /// # Safety
        /// The CPU has AVX-512 BF16.
        #[inline(always)]
        pub(in crate::kernel) unsafe fn assume(simd: Avx512) -> Avx512Bf16 {
            Avx512Bf16(simd)
        }
    }

    impl Dot for Avx512Bf16 {
        type S = Avx512;
        type Words = __m512bh;
        type Sums = __m512;

        #[inline(always)]
        fn simd(self) -> Avx512 {
            self.0
        }

        #[inline(always)]
        fn enter<F: FnOnce()>(self, body: F) {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")]
            #[inline(never)]
            unsafe fn call<F: FnOnce()>(body: F) {
                body();
            }
            // SAFETY: the token proves that the CPU has these features.
            unsafe { call(body) }
        }

        #[inline(always)]
        unsafe fn start(self, from: *const u32) -> __m512 {
            // SAFETY: the caller vouches for a vector of words, the token for the instruction.
            unsafe { self.0.load(from.cast()) }
        }

        #[inline(always)]
        unsafe fn words(self, from: *const u32) -> __m512bh {
            // SAFETY: the caller vouches for a vector of words, the token for the instruction.
            unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_loadu_si512(from.cast())) }
        }

        #[inline(always)]
        unsafe fn add(self, sums: __m512, a: *const u32, b: __m512bh) -> __m512 {
            // SAFETY: the caller vouches for the word, the token for the instructions.
            unsafe {
                let a = _mm512_set1_epi32(a.cast::<i32>().read());
                _mm512_dpbf16_ps(sums, std::mem::transmute::<__m512i, __m512bh>(a), b)
            }
        }

        #[inline(always)]
        unsafe fn finish(self, sums: __m512, _scale: *const f32, _bias: *const f32) -> __m512 {
            sums
        }
    }

    /// Four `u8` by four `i8` a word, by `VPDPBUSD`.
    #[derive(Clone, Copy)]
    pub(in crate::kernel) struct Avx512Int8(Avx512);

    impl Avx512Int8 {
        /// # Safety
        /// The CPU has AVX-512 VNNI.
        #[inline(always)]
        pub(in crate::kernel) unsafe fn assume(simd: Avx512) -> Avx512Int8 {
            Avx512Int8(simd)
        }
    }

    impl Dot for Avx512Int8 {
        type S = Avx512;
        type Words = __m512i;
        type Sums = __m512i;

        #[inline(always)]
        fn simd(self) -> Avx512 {
            self.0
        }

        #[inline(always)]
        fn enter<F: FnOnce()>(self, body: F) {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma")]
            #[inline(never)]
            unsafe fn call<F: FnOnce()>(body: F) {
                body();
            }
            // SAFETY: the token proves that the CPU has these features.
            unsafe { call(body) }
        }

        #[inline(always)]
        unsafe fn start(self, from: *const u32) -> __m512i {
            // SAFETY: the caller vouches for a vector of words, the token for the instruction.
            unsafe { _mm512_loadu_si512(from.cast()) }
        }

        #[inline(always)]
        unsafe fn words(self, from: *const u32) -> __m512i {
            // SAFETY: the caller vouches for a vector of words, the token for the instruction.
            unsafe { _mm512_loadu_si512(from.cast()) }
        }

        #[inline(always)]
        unsafe fn add(self, sums: __m512i, a: *const u32, b: __m512i) -> __m512i {
            // SAFETY: the caller vouches for the word, the token for the instructions.
            unsafe { _mm512_dpbusd_epi32(sums, _mm512_set1_epi32(a.cast::<i32>().read()), b) }
        }

        #[inline(always)]
        unsafe fn finish(self, sums: __m512i, scale: *const f32, bias: *const f32) -> __m512 {
            // SAFETY: the caller vouches for vectors of numbers, the token for the instructions.
            unsafe {
                self.0
                    .mul_add(_mm512_cvtepi32_ps(sums), self.0.load(scale), self.0.load(bias))
            }
        }
    }

    /// Two `i16` a word, by `VPMADDWD`.
    #[derive(Clone, Copy)]
    pub(in crate::kernel) struct Avx2Int16(pub(in crate::kernel) Avx2);

    impl Dot for Avx2Int16 {
        type S = Avx2;
        type Words = __m256i;
        type Sums = __m256i;

        #[inline(always)]
        fn simd(self) -> Avx2 {
            self.0
        }

        #[inline(always)]
        unsafe fn start(self, from: *const u32) -> __m256i {
            // SAFETY: the caller vouches for a vector of words, the token for the instruction.
            unsafe { _mm256_loadu_si256(from.cast()) }
        }

        #[inline(always)]
        unsafe fn words(self, from: *const u32) -> __m256i {
            // SAFETY: the caller vouches for a vector of words, the token for the instruction.
            unsafe { _mm256_loadu_si256(from.cast()) }
        }

        #[inline(always)]
        unsafe fn add(self, sums: __m256i, a: *const u32, b: __m256i) -> __m256i {
            // SAFETY: the caller vouches for the word, the token for the instructions.
            unsafe {
                let a = _mm256_set1_epi32(a.cast::<i32>().read());
                _mm256_add_epi32(sums, _mm256_madd_epi16(a, b))
            }
        }

        #[inline(always)]
        unsafe fn finish(self, sums: __m256i, scale: *const f32, bias: *const f32) -> __m256 {
            // SAFETY: the caller vouches for vectors of numbers, the token for the instructions.
            unsafe {
                self.0
                    .mul_add(_mm256_cvtepi32_ps(sums), self.0.load(scale), self.0.load(bias))
            }
        }
    }
}
