//! Vectors of `f32` as a kernel sees them: written once, compiled for every instruction set.
//!
//! A value of a type that implements [`Simd`] is a *token*: it exists only where the CPU has the instructions, so
//! its methods are safe to call. A kernel is generic over the token; `Cpu::run` ([`super`]) enters it with the
//! right target features switched on, and everything below is inlined into that one function.

/// Operations on vectors of [`Simd::LANES`] numbers. All methods work lane by lane unless they say otherwise.
pub(crate) trait Simd: Copy {
    /// A vector.
    type F: Copy;
    /// Numbers in a vector.
    const LANES: usize;
    /// Rows of the largest tile of a matrix product whose sums stay in registers, two vectors wide.
    const TILE_ROWS: usize;

    /// Calls a function compiled for these vectors, by itself.
    fn enter<F: FnOnce()>(self, body: F);
    fn splat(self, value: f32) -> Self::F;
    /// # Safety
    /// `from` is valid for reading [`Simd::LANES`] numbers.
    unsafe fn load(self, from: *const f32) -> Self::F;
    /// The first `count` numbers; the other lanes are 0.
    ///
    /// # Safety
    /// `from` is valid for reading `count` numbers, at most [`Simd::LANES`].
    unsafe fn load_some(self, from: *const f32, count: usize) -> Self::F;
    /// # Safety
    /// `to` is valid for writing [`Simd::LANES`] numbers.
    unsafe fn store(self, to: *mut f32, value: Self::F);
    /// Writes the first `count` lanes.
    ///
    /// # Safety
    /// `to` is valid for writing `count` numbers, at most [`Simd::LANES`].
    unsafe fn store_some(self, to: *mut f32, count: usize, value: Self::F);

    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a * b + c`, rounded once where the CPU can.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    fn abs(self, a: Self::F) -> Self::F;
    /// To the nearest whole number.
    fn round(self, a: Self::F) -> Self::F;
    /// `2^a` for whole `a` from -126 to 127.
    fn pow2(self, a: Self::F) -> Self::F;
    /// `value` with the sign of `sign`; `value` is not negative.
    fn with_sign(self, value: Self::F, sign: Self::F) -> Self::F;
    /// The sum of all lanes.
    fn sum(self, a: Self::F) -> f32;
    /// The largest of all lanes.
    fn largest(self, a: Self::F) -> f32;

    /// The vector at the start of a slice.
    #[inline(always)]
    fn at(self, from: &[f32]) -> Self::F {
        assert!(from.len() >= Self::LANES);
        // SAFETY: the slice is long enough.
        unsafe { self.load(from.as_ptr()) }
    }

    /// As many numbers as the slice has, at most a vector; the other lanes are 0.
    #[inline(always)]
    fn at_most(self, from: &[f32]) -> Self::F {
        // SAFETY: no more is read than the slice has.
        unsafe { self.load_some(from.as_ptr(), from.len().min(Self::LANES)) }
    }

    /// Writes a vector to the start of a slice.
    #[inline(always)]
    fn put(self, to: &mut [f32], value: Self::F) {
        assert!(to.len() >= Self::LANES);
        // SAFETY: the slice is long enough.
        unsafe { self.store(to.as_mut_ptr(), value) }
    }

    /// Writes as many lanes as the slice takes.
    #[inline(always)]
    fn put_most(self, to: &mut [f32], value: Self::F) {
        // SAFETY: no more is written than the slice takes.
        unsafe { self.store_some(to.as_mut_ptr(), to.len().min(Self::LANES), value) }
    }
}

/// The twin of every instruction set: plain Rust, on any CPU, and the form that Miri can check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

const LANES: usize = 8;

#[inline(always)]
fn map(a: [f32; LANES], f: impl Fn(f32) -> f32) -> [f32; LANES] {
    std::array::from_fn(|lane| f(a[lane]))
}

#[inline(always)]
fn zip(a: [f32; LANES], b: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

impl Simd for Portable {
    type F = [f32; LANES];
    const LANES: usize = LANES;
    const TILE_ROWS: usize = 2;

    #[inline(always)]
    fn enter<F: FnOnce()>(self, body: F) {
        #[inline(never)]
        fn call<F: FnOnce()>(body: F) {
            body();
        }
        call(body);
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [value; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::F {
        // SAFETY: the caller vouches for `LANES` numbers.
        unsafe { from.cast::<Self::F>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> Self::F {
        let mut value = [0.0; LANES];
        // SAFETY: the caller vouches for `count` numbers, and `value` has room for them.
        unsafe { std::ptr::copy_nonoverlapping(from, value.as_mut_ptr(), count) };
        value
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::F) {
        // SAFETY: the caller vouches for `LANES` numbers.
        unsafe { to.cast::<Self::F>().write_unaligned(value) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, value: Self::F) {
        // SAFETY: the caller vouches for `count` numbers, at most `LANES`.
        unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), to, count) };
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        // As the instruction: of a NaN and a number, the second operand.
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn abs(self, a: Self::F) -> Self::F {
        map(a, f32::abs)
    }

    #[inline(always)]
    fn round(self, a: Self::F) -> Self::F {
        // Adding and taking away 1.5 * 2^23 leaves the nearest whole number; larger ones are whole already.
        const WHOLE: f32 = 12_582_912.0;
        map(a, |a| {
            if a.abs() < 4_194_304.0 {
                (a + WHOLE) - WHOLE
            } else {
                a
            }
        })
    }

    #[inline(always)]
    fn pow2(self, a: Self::F) -> Self::F {
        #[allow(clippy::cast_possible_truncation, reason = "whole and from -126 to 127")]
        map(a, |a| f32::from_bits(((a as i32 + 127) << 23).cast_unsigned()))
    }

    #[inline(always)]
    fn with_sign(self, value: Self::F, sign: Self::F) -> Self::F {
        zip(value, sign, f32::copysign)
    }

    #[inline(always)]
    fn sum(self, a: Self::F) -> f32 {
        ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
    }

    #[inline(always)]
    fn largest(self, a: Self::F) -> f32 {
        a.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
}
