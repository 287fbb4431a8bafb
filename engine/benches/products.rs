//! Speed of one dense layer as a program, by format: `cargo bench -p motet-engine --bench products`.
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot be set up has failed"
)]
#![allow(clippy::print_stdout, reason = "figures are what this is for")]

use std::time::Instant;

use motet_engine::{Activation, Builder, Cpu, Dense, Most, Numbers, Precision, Ranges};

/// Rows, depth and columns.
const SIZES: [(usize, usize, usize); 4] = [(128, 256, 256), (128, 1024, 256), (196, 640, 128), (125, 64, 64)];

fn main() {
    println!("least of 400 runs, Gflop/s (8 bits: Gop/s)");
    let mut cpus = [Most::All, Most::Avx512Dot, Most::Avx2]
        .map(|most| Cpu::detect().at_most(most))
        .to_vec();
    cpus.dedup();
    for cpu in cpus {
        for size in SIZES {
            let speeds = [Precision::F32, Precision::Bf16, Precision::Int8]
                .map(|precision| speed(cpu, precision, size));
            let (rows, depth, columns) = size;
            println!(
                "{cpu} [{rows}, {depth}] x [{depth}, {columns}]: f32 {:.0}, bf16 {:.0}, int8 {:.0}",
                speeds[0], speeds[1], speeds[2]
            );
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a measurement asks the machine for the time"
)]
fn speed(cpu: Cpu, precision: Precision, (rows, depth, columns): (usize, usize, usize)) -> f64 {
    let ranges = Ranges::from_largest([("layer".to_owned(), 1.0)]);
    let mut builder = Builder::new("product", cpu, precision, ranges);
    let x = builder.input("x", rows, depth).unwrap();
    let weights = vec![0.1; depth * columns];
    let dense = Dense {
        weights: &weights,
        bias: &vec![0.0; columns],
        activation: Activation::Relu,
        residual: None,
    };
    let y = builder.linear("layer", x, dense).unwrap();
    builder.output("y", y).unwrap();
    let program = builder.build();
    let (x, mut y) = (vec![0.5; rows * depth], vec![0.0; rows * columns]);
    let mut scratch = vec![0; program.scratch_words()];
    let mut least = f64::INFINITY;
    for _ in 0..400 {
        let start = Instant::now();
        program
            .run(&[Numbers::F32(&x)], &mut [&mut y], &mut scratch, None)
            .unwrap();
        least = least.min(start.elapsed().as_secs_f64());
    }
    2.0 * (rows * depth * columns) as f64 / least / 1e9
}
