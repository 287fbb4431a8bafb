//! What the tests of kernels share.

use proptest::test_runner::TestCaseError;

use super::Activation;
use crate::cpu::{Cpu, Most};

/// Every instruction set of this CPU, the portable one first, and tiles that it has not: played in plain Rust, and the
/// assembly of AMX with its instructions played.
pub(crate) fn cpus() -> Vec<Cpu> {
    let all = Cpu::detect();
    let bounds = [
        Most::Portable,
        Most::Avx2,
        Most::Avx512,
        Most::Avx512Dot,
        Most::All,
    ];
    let mut cpus = bounds.map(|most| all.at_most(most)).to_vec();
    cpus.dedup();
    cpus.push(Cpu::PORTABLE_TILES);
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    cpus.extend(super::amx::trap::cpu());
    cpus
}

/// Numbers from -1 to 1, the same for the same seed. Source: Marsaglia 2003, xorshift.
pub(crate) fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f32::from(u16::try_from(state >> 16).unwrap()) / 32_768.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Sizes around those of vectors.
pub(crate) const SIZES: [usize; 14] = [1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 48, 65, 130];

/// Fails where `seen` is further than `tolerance` from `expected`, relative to numbers larger than 1.
pub(crate) fn near(seen: &[f32], expected: &[f64], tolerance: f64) -> Result<(), TestCaseError> {
    if seen.len() != expected.len() {
        let message = format!("{} numbers, expected {}", seen.len(), expected.len());
        return Err(TestCaseError::fail(message));
    }
    for (at, (seen, expected)) in seen.iter().zip(expected).enumerate() {
        let off = (f64::from(*seen) - expected).abs();
        if off.is_nan() || off > tolerance * expected.abs().max(1.0) {
            return Err(TestCaseError::fail(format!("[{at}] {seen}, expected {expected}")));
        }
    }
    Ok(())
}

/// The first `columns` numbers of each row; what stands between rows must be NaN as before.
pub(crate) fn dense(values: &[f32], stride: usize, columns: usize) -> Vec<f32> {
    let rows = values.chunks(stride);
    for row in rows.clone() {
        assert!(
            row[columns..].iter().all(|x| x.is_nan()),
            "written beyond the columns"
        );
    }
    rows.flat_map(|row| &row[..columns]).copied().collect()
}

/// The error function. Source: its Taylor series, Abramowitz and Stegun 1964, 7.1.5.
fn erf(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..100 {
        let n = f64::from(n);
        term *= -x * x / n;
        sum += term / (2.0 * n + 1.0);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

/// An activation by its definition.
pub(crate) fn activated(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        // Beyond 6 the series loses its digits, and the error function is 1 to all that are seen.
        Activation::Gelu if x.abs() > 6.0 => x.max(0.0),
        Activation::Gelu => x / 2.0 * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Leaky => x.max(x / 5.0).max(-0.4),
    }
}

/// All of them.
pub(crate) const ACTIVATIONS: [Activation; 7] = [
    Activation::None,
    Activation::Relu,
    Activation::Gelu,
    Activation::Silu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Leaky,
];
