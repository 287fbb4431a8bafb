//! AVX2 with FMA: eight lanes, 16 registers.

use std::arch::x86_64::*;

use super::simd::Simd;

/// Proof that the CPU has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The CPU has AVX2 and FMA.
    #[inline(always)]
    pub(super) unsafe fn assume() -> Avx2 {
        Avx2(())
    }
}

/// Sixteen numbers of which eight, taken from `8 - count`, are a mask for the first `count` lanes.
static MASK: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// Instructions that touch no memory, by a token.
macro_rules! proven {
    ($token:ident: $($instructions:tt)*) => {{
        let Avx2(()) = $token;
        // SAFETY: the token proves that the CPU has the instructions, and they touch no memory.
        unsafe { $($instructions)* }
    }};
}

impl Simd for Avx2 {
    type F = __m256;
    const LANES: usize = 8;
    const TILE_ROWS: usize = 6;

    #[inline(always)]
    fn enter<F: FnOnce()>(self, body: F) {
        #[target_feature(enable = "avx2,fma")]
        #[inline(never)]
        unsafe fn call<F: FnOnce()>(body: F) {
            body();
        }
        // SAFETY: the token proves that the CPU has these features.
        unsafe { call(body) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        proven! { self: _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: the caller vouches for a vector of numbers, the token for the instruction.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> __m256 {
        debug_assert!(count <= 8);
        // SAFETY: the caller vouches for reading `count` numbers, and the mask, read within its array for any
        // count up to eight, lets no other lane through; the token vouches for the instructions.
        unsafe {
            let mask = _mm256_loadu_si256(MASK.as_ptr().add(8 - count).cast());
            _mm256_maskload_ps(from, mask)
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m256) {
        // SAFETY: the caller vouches for room for a vector, the token for the instruction.
        unsafe { _mm256_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, value: __m256) {
        debug_assert!(count <= 8);
        // SAFETY: the caller vouches for writing `count` numbers, and the mask, read within its array for any
        // count up to eight, lets no other lane through; the token vouches for the instructions.
        unsafe {
            let mask = _mm256_loadu_si256(MASK.as_ptr().add(8 - count).cast());
            _mm256_maskstore_ps(to, mask, value);
        }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        proven! { self: _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        proven! { self: _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        proven! { self: _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        proven! { self: _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        proven! { self: _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        proven! { self: _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        proven! { self: _mm256_min_ps(a, b) }
    }

    #[inline(always)]
    fn abs(self, a: __m256) -> __m256 {
        proven! { self: _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
    }

    #[inline(always)]
    fn round(self, a: __m256) -> __m256 {
        proven! { self: _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }

    #[inline(always)]
    fn pow2(self, a: __m256) -> __m256 {
        proven! { self:
            let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(a), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn with_sign(self, value: __m256, sign: __m256) -> __m256 {
        proven! { self: _mm256_or_ps(value, _mm256_and_ps(sign, _mm256_set1_ps(-0.0))) }
    }

    #[inline(always)]
    fn sum(self, a: __m256) -> f32 {
        proven! { self:
            let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }

    #[inline(always)]
    fn largest(self, a: __m256) -> f32 {
        proven! { self:
            let four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        }
    }
}
