//! What the tests of kernels share.

use proptest::test_runner::TestCaseError;

use crate::cpu::{Cpu, Most};

/// Every instruction set of this CPU, the portable one first.
pub(crate) fn cpus() -> Vec<Cpu> {
    let all = Cpu::detect();
    let mut cpus: Vec<Cpu> = [Most::Portable, Most::Avx2, Most::Avx512, Most::All]
        .map(|most| all.at_most(most))
        .to_vec();
    cpus.dedup();
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
