//! Functions of the activation layers, in vectors.

use super::simd::Simd;

/// `e^x` to 2 units in the last place; below -87.3 it gives the smallest normal number, above 88 the largest power.
///
/// # Source
/// Range reduction to `[-ln 2 / 2, ln 2 / 2]` in two parts and the minimax polynomial of degree 5 of the Cephes
/// library (Moshier 1989, `expf`).
#[inline(always)]
#[allow(
    clippy::excessive_precision,
    reason = "the coefficients as they are published"
)]
pub(super) fn exp<S: Simd>(s: S, x: S::F) -> S::F {
    // In this order a NaN stays one.
    let x = s.max(s.splat(-87.3), s.min(s.splat(88.0), x));
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.mul_add(n, s.splat(-0.693_359_375), x);
    let r = s.mul_add(n, s.splat(2.121_944_4e-4), r);
    let coefficients = [
        1.987_569_15e-4,
        1.398_199_95e-3,
        8.333_451_9e-3,
        4.166_579_6e-2,
        1.666_666_55e-1,
        5.000_000_1e-1,
    ];
    let mut p = s.splat(coefficients[0]);
    for coefficient in &coefficients[1..] {
        p = s.mul_add(p, r, s.splat(*coefficient));
    }
    let p = s.mul_add(p, s.mul(r, r), s.add(r, s.splat(1.0)));
    s.mul(p, s.pow2(n))
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(super) fn sigmoid<S: Simd>(s: S, x: S::F) -> S::F {
    let e = exp(s, s.sub(s.splat(0.0), x));
    s.div(s.splat(1.0), s.add(s.splat(1.0), e))
}

/// `max(x, x / 5, -2 / 5)`. A NaN stays one: of a NaN and a number, the second operand is returned.
#[inline(always)]
pub(super) fn leaky<S: Simd>(s: S, x: S::F) -> S::F {
    s.max(s.splat(-0.4), s.max(s.mul(x, s.splat(0.2)), x))
}

/// The hyperbolic tangent, to 3e-7; near 0 that is much of the number, as the difference from 1 cancels.
///
/// # Source
/// `tanh |x| = (1 - e^-2|x|) / (1 + e^-2|x|)` with the sign of `x`: Abramowitz and Stegun 1964, 4.5.26.
#[inline(always)]
pub(super) fn tanh<S: Simd>(s: S, x: S::F) -> S::F {
    let e = exp(s, s.mul(s.abs(x), s.splat(-2.0)));
    let t = s.div(s.sub(s.splat(1.0), e), s.add(s.splat(1.0), e));
    s.with_sign(s.max(s.splat(0.0), t), x)
}

/// The Gaussian error linear unit, `x / 2 * (1 + erf(x / sqrt 2))`, to 2e-7 of `|x|`.
///
/// # Source
/// Hendrycks and Gimpel 2016.
#[inline(always)]
pub(super) fn gelu<S: Simd>(s: S, x: S::F) -> S::F {
    let half = s.mul(x, s.splat(0.5));
    s.mul_add(half, erf_and_bell(s, x).0, half)
}

/// The Gaussian error linear unit and its slope, `(1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) / sqrt(2 pi)`.
#[inline(always)]
pub(super) fn gelu_and_slope<S: Simd>(s: S, x: S::F) -> (S::F, S::F) {
    let (erf, bell) = erf_and_bell(s, x);
    let half = s.mul(x, s.splat(0.5));
    let share = s.mul_add(erf, s.splat(0.5), s.splat(0.5));
    let density = s.mul(
        bell,
        s.splat(0.5 * std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2),
    );
    (s.mul_add(half, erf, half), s.mul_add(x, density, share))
}

/// `erf(x / sqrt 2)` to 2e-7, and `e^(-x^2 / 2)`.
///
/// # Source
/// Abramowitz and Stegun 1964, 7.1.26.
#[inline(always)]
#[allow(
    clippy::excessive_precision,
    reason = "the coefficients as they are published"
)]
fn erf_and_bell<S: Simd>(s: S, x: S::F) -> (S::F, S::F) {
    let z = s.mul(s.abs(x), s.splat(std::f32::consts::FRAC_1_SQRT_2));
    let t = s.div(s.splat(1.0), s.mul_add(s.splat(0.327_591_1), z, s.splat(1.0)));
    let mut p = s.splat(1.061_405_429);
    for coefficient in [-1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592] {
        p = s.mul_add(p, t, s.splat(coefficient));
    }
    let bell = exp(s, s.sub(s.splat(0.0), s.mul(z, z)));
    let erf = s.sub(s.splat(1.0), s.mul(s.mul(p, t), bell));
    (s.with_sign(s.max(erf, s.splat(0.0)), x), bell)
}

/// The sigmoid linear unit, `x * sigmoid(x)`.
///
/// # Source
/// Elfwing, Uchibe and Doya 2018, "Sigmoid-weighted linear units".
#[inline(always)]
pub(super) fn silu<S: Simd>(s: S, x: S::F) -> S::F {
    s.mul(x, sigmoid(s, x))
}
