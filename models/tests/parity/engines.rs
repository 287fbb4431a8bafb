//! The ways to compute a net.

use std::path::PathBuf;

use motet_engine::{Cpu, Most, Precision, Program, Ranges};
use motet_models::lowering::{Lowering, answer, calibrate, reference, relative_rms, tolerance};
use motet_models::net::{Net, Sample};

/// All precisions.
pub(crate) const ALL: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

/// Every level and precision, with a name.
pub(crate) fn ways() -> Vec<(String, Cpu, Precision)> {
    let all = [Most::Portable, Most::Avx2, Most::Avx512, Most::All];
    let mut ways: Vec<(String, Cpu, Precision)> = Vec::new();
    for most in all {
        let cpu = Cpu::detect().at_most(most);
        for precision in ALL {
            let name = format!("engine {precision:?} on {cpu}");
            // A CPU without the instructions has fewer levels.
            if !ways.iter().any(|(other, _, _)| *other == name) {
                ways.push((name, cpu, precision));
            }
        }
    }
    ways
}

/// The program of a net, one way.
pub(crate) fn lowered(net: &dyn Net, (cpu, precision): (Cpu, Precision), ranges: &Ranges) -> Program {
    let ranges = ranges.clone();
    let how = Lowering {
        cpu,
        precision,
        ranges,
    };
    net.lower(&how).unwrap()
}

/// The ranges of a net, in 32-bit floats on plain instructions.
pub(crate) fn ranges(net: &dyn Net, samples: &[Sample]) -> Ranges {
    let program = net.lower(&Lowering::f32(Cpu::PORTABLE)).unwrap();
    calibrate(&program, samples).unwrap()
}

/// Checks every way in these precisions against Burn flex on these samples.
pub(crate) fn check(net: &dyn Net, samples: &[Sample], ranges: &Ranges, precisions: &[Precision]) {
    let expected: Vec<Vec<f32>> = samples
        .iter()
        .map(|sample| reference(net, sample).unwrap())
        .collect();
    let ways = ways().into_iter();
    for (name, cpu, precision) in ways.filter(|(_, _, precision)| precisions.contains(precision)) {
        let program = lowered(net, (cpu, precision), ranges);
        for (sample, expected) in samples.iter().zip(&expected) {
            let found = answer(&program, sample).unwrap();
            let error = relative_rms(&found, expected);
            // In a small net with random weights a few roundings of 8 bits may weigh more than in a trained one, but a wrong
            // kernel is off by far more.
            let room = if precision == Precision::F32 { 1.0 } else { 3.0 };
            assert!(
                error <= room * tolerance(precision),
                "{name}: off by {error:.1e}\n{program}"
            );
        }
    }
}

/// Share of the rows whose largest value is at the same place.
pub(crate) fn agreement(found: &[f32], expected: &[f32], columns: usize) -> f64 {
    let best = |row: &[f32]| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    let rows = found.chunks(columns).zip(expected.chunks(columns));
    let same = rows.clone().filter(|(a, b)| best(a) == best(b)).count();
    same as f64 / rows.count() as f64
}

/// A folder beside the project, or a word about `test`, which is skipped.
pub(crate) fn shared(test: &str, part: &str) -> Option<PathBuf> {
    #[allow(
        clippy::disallowed_methods,
        reason = "only a test asks the environment where the files lie"
    )]
    let named = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = named.unwrap_or(beside).join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    #[allow(clippy::print_stdout, reason = "a skipped test says so by name")]
    {
        println!("skipped `{test}`: there is no shared/{part}; set MOTET_SHARED");
    }
    None
}
