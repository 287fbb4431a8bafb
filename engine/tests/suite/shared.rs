//! What the tests of programs share.

use motet_engine::{Activation, Cpu, Dense, Most, Numbers, Program, RunError};

/// Numbers from -1 to 1. Source: Knuth's linear congruential generator, "MMIX".
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Every instruction set of this CPU, the portable one first, and tiles in plain Rust.
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
    cpus
}

pub(crate) fn dense<'a>(weights: &'a [f32], bias: &'a [f32], activation: Activation) -> Dense<'a> {
    Dense {
        weights,
        bias,
        activation,
        residual: None,
    }
}

/// The output of a program with one input and one output, with room for its largest height.
pub(crate) fn run(
    program: &Program,
    x: &[f32],
    pool: Option<&rayon::ThreadPool>,
) -> Result<Vec<f32>, RunError> {
    let shape = program.outputs().next().unwrap();
    // Whatever lies in the scratch and in the output must not matter.
    let mut scratch = vec![f32::NAN.to_bits(); program.scratch_words()];
    let mut out = vec![f32::NAN; shape.height_max * shape.width * shape.columns];
    program.run(&[Numbers::F32(x)], &mut [&mut out], &mut scratch, pool)?;
    Ok(out)
}

pub(crate) fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
}
