//! AVX-512: sixteen lanes, 32 registers.

use std::arch::x86_64::*;

use super::simd::Simd;

/// Proof that the CPU has AVX-512 F, BW, DQ, VL and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The CPU has AVX-512 F, BW, DQ, VL and FMA.
    #[inline(always)]
    pub(super) unsafe fn assume() -> Avx512 {
        Avx512(())
    }
}

#[inline(always)]
fn mask(count: usize) -> __mmask16 {
    debug_assert!(count <= 16);
    #[allow(clippy::cast_possible_truncation, reason = "at most sixteen bits are set")]
    let mask = ((1u32 << count) - 1) as u16;
    mask
}

/// Instructions that touch no memory, by a token.
macro_rules! proven {
    ($token:ident: $($instructions:tt)*) => {{
        let Avx512(()) = $token;
        // SAFETY: the token proves that the CPU has the instructions, and they touch no memory.
        unsafe { $($instructions)* }
    }};
}

impl Simd for Avx512 {
    type F = __m512;
    const LANES: usize = 16;
    const TILE_ROWS: usize = 12;

    #[inline(always)]
    fn enter<F: FnOnce()>(self, body: F) {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
        #[inline(never)]
        unsafe fn call<F: FnOnce()>(body: F) {
            body();
        }
        // SAFETY: the token proves that the CPU has these features.
        unsafe { call(body) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        proven! { self: _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: the caller vouches for a vector of numbers, the token for the instruction.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> __m512 {
        // SAFETY: the caller vouches for reading `count` numbers, and the mask lets no other lane through; the token
        // vouches for the instructions.
        unsafe { _mm512_maskz_loadu_ps(mask(count), from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m512) {
        // SAFETY: the caller vouches for room for a vector, the token for the instruction.
        unsafe { _mm512_storeu_ps(to, value) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, value: __m512) {
        // SAFETY: the caller vouches for writing `count` numbers, and the mask lets no other lane through; the token
        // vouches for the instructions.
        unsafe { _mm512_mask_storeu_ps(to, mask(count), value) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        proven! { self: _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        proven! { self: _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        proven! { self: _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        proven! { self: _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        proven! { self: _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        proven! { self: _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        proven! { self: _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn abs(self, a: __m512) -> __m512 {
        proven! { self: _mm512_abs_ps(a) }
    }

    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        proven! { self: _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }

    #[inline(always)]
    fn pow2(self, a: __m512) -> __m512 {
        proven! { self: _mm512_scalef_ps(_mm512_set1_ps(1.0), a) }
    }

    #[inline(always)]
    fn with_sign(self, value: __m512, sign: __m512) -> __m512 {
        proven! { self: _mm512_or_ps(value, _mm512_and_ps(sign, _mm512_set1_ps(-0.0))) }
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        proven! { self: _mm512_reduce_add_ps(a) }
    }

    #[inline(always)]
    fn largest(self, a: __m512) -> f32 {
        proven! { self: _mm512_reduce_max_ps(a) }
    }
}
