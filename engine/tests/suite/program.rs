//! Programs as their users see them: bits, shapes, print and whole nets.

use motet_engine::{
    Activation, Builder, Conv, Cpu, Dense, Mask, Norm, Numbers, Padding, Precision, Problem, Program, Ranges,
    RunError, Table, Window,
};
use proptest::prelude::*;

use super::shared::{cpus, dense, numbers, pool, run};

/// A block of a transformer without its norms: attention, projection with residual, two dense layers.
fn block(cpu: Cpu, precision: Precision, ranges: Ranges, sizes: (usize, usize, usize)) -> Program {
    let (rows, heads, width) = sizes;
    let wide = heads * width;
    let scale = |values: Vec<f32>, depth: usize| -> Vec<f32> {
        values
            .into_iter()
            .map(|value| value / (depth as f32).sqrt())
            .collect()
    };
    let weights = |depth: usize, columns: usize, seed| scale(numbers(depth * columns, seed), depth);
    let mut builder = Builder::new("block", cpu, precision, ranges);
    let x = builder.input("x", rows, wide).unwrap();
    let (w, b) = (weights(wide, 3 * wide, 1), numbers(3 * wide, 2));
    let qkv = builder.linear("qkv", x, dense(&w, &b, Activation::None)).unwrap();
    let answers = builder.attention("attention", qkv, heads, Mask::None).unwrap();
    let (w, b) = (weights(wide, wide, 3), numbers(wide, 4));
    let residual = Some(x);
    let projected = Dense {
        residual,
        ..dense(&w, &b, Activation::None)
    };
    let y = builder.linear("projection", answers, projected).unwrap();
    let (w, b) = (weights(wide, 4 * wide, 5), numbers(4 * wide, 6));
    let hidden = builder.linear("up", y, dense(&w, &b, Activation::Gelu)).unwrap();
    let (w, b) = (weights(4 * wide, wide, 7), numbers(wide, 8));
    let z = builder
        .linear(
            "down",
            hidden,
            Dense {
                residual: Some(y),
                ..dense(&w, &b, Activation::None)
            },
        )
        .unwrap();
    builder.output("z", z).unwrap();
    builder.build()
}

fn relative_rms(seen: &[f32], expected: &[f32]) -> f64 {
    let square = |value: f64| value * value;
    let error: f64 = seen
        .iter()
        .zip(expected)
        .map(|(a, b)| square(f64::from(a - b)))
        .sum();
    let size: f64 = expected.iter().map(|b| square(f64::from(*b))).sum();
    (error / size).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_program_gives_the_same_bits_on_one_worker_and_on_several(
        rows in 1usize..60,
        heads in 1usize..4,
        width in 1usize..20,
        workers in 2usize..5,
        is_narrow in any::<bool>(),
        cpu in prop::sample::select(cpus()),
    ) {
        let pool = pool(workers);
        let precision = if is_narrow { Precision::Bf16 } else { Precision::F32 };
        let program = block(cpu, precision, Ranges::new(), (60, heads, width));
        let x = numbers(rows * heads * width, 9);
        let alone = run(&program, &x, None).unwrap();
        let together = run(&program.split(workers), &x, Some(&pool)).unwrap();
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&alone), bits(&together));
        prop_assert!(alone[..rows * heads * width].iter().all(|value| value.is_finite()));
        prop_assert!(alone[rows * heads * width..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn every_instruction_set_and_precision_agrees_with_plain_f32(
        rows in 1usize..40,
        heads in 1usize..3,
        width in prop::sample::select(&[1usize, 7, 16, 31, 33][..]),
    ) {
        let sizes = (40, heads, width);
        let x = numbers(rows * heads * width, 9);
        let plain = block(Cpu::PORTABLE, Precision::F32, Ranges::new(), sizes);
        let count = rows * heads * width;
        let expected = run(&plain, &x, None).unwrap()[..count].to_vec();
        let mut ranges = Ranges::new();
        let mut scratch = vec![0; plain.scratch_words()];
        let mut out = vec![0.0; 40 * heads * width];
        plain.observe(&[Numbers::F32(&x)], &mut [&mut out], &mut scratch, &mut ranges).unwrap();
        for cpu in cpus() {
            for (precision, bound) in [(Precision::F32, 1e-6), (Precision::Bf16, 1e-2), (Precision::Int8, 3e-2)] {
                let program = block(cpu, precision, ranges.clone(), sizes);
                let seen = run(&program, &x, None).unwrap();
                let error = relative_rms(&seen[..count], &expected);
                prop_assert!(error < bound, "{cpu} {precision:?} {error}");
            }
        }
    }
}

#[test]
fn shapes_are_checked_when_a_program_is_built() {
    let mut builder = Builder::new("p", Cpu::detect(), Precision::F32, Ranges::new());
    let x = builder.input("x", 4, 3).unwrap();
    let problem = |result: Result<_, motet_engine::BuildError>| result.unwrap_err().problem;
    let nan = [f32::NAN; 6];
    let good = [0.5; 6];
    let bias = [0.0; 2];
    let expected = Problem::Size {
        tensor: "weights",
        expected: 6,
        found: 5,
    };
    assert_eq!(
        problem(builder.linear("a", x, dense(&good[..5], &bias, Activation::None))),
        expected
    );
    let expected = Problem::NotFinite { tensor: "weights" };
    assert_eq!(
        problem(builder.linear("a", x, dense(&nan, &bias, Activation::None))),
        expected
    );
    let y = builder
        .linear("a", x, dense(&good, &bias, Activation::None))
        .unwrap();
    assert_eq!(
        problem(builder.linear("a", x, dense(&good, &bias, Activation::None))),
        Problem::Duplicate
    );
    let residual = Dense {
        residual: Some(x),
        ..dense(&good, &bias, Activation::None)
    };
    assert!(matches!(
        problem(builder.linear("b", x, residual)),
        Problem::Shape { .. }
    ));
    assert!(matches!(
        problem(builder.attention("b", y, 1, Mask::None)),
        Problem::Shape { .. }
    ));
    assert!(builder.input("x", 4, 3).is_err());
    assert!(builder.input("w", 0, 3).is_err());
    assert_eq!(x.part(2, 2), None);
    assert_eq!(builder.output("o", x).unwrap_err().problem, Problem::Output);
}

#[test]
fn a_run_refuses_what_does_not_fit() {
    let program = block(Cpu::detect(), Precision::F32, Ranges::new(), (4, 1, 8));
    let mut scratch = vec![0; program.scratch_words()];
    let mut out = vec![0.0; 32];
    let x = numbers(32, 1);
    let attempt = |x: &[f32], out: &mut [f32], scratch: &mut [u32]| {
        program.run(&[Numbers::F32(x)], &mut [out], scratch, None)
    };
    assert!(matches!(
        attempt(&[], &mut out, &mut scratch),
        Err(RunError::Input { .. })
    ));
    assert!(matches!(
        attempt(&x[..7], &mut out, &mut scratch),
        Err(RunError::Input { .. })
    ));
    assert!(matches!(
        attempt(&numbers(40, 1), &mut out, &mut scratch),
        Err(RunError::Input { .. })
    ));
    assert!(matches!(
        attempt(&x, &mut out[..31], &mut scratch),
        Err(RunError::Output { .. })
    ));
    assert!(matches!(
        attempt(&x, &mut out, &mut scratch[1..]),
        Err(RunError::Scratch { .. })
    ));
    assert_eq!(attempt(&x, &mut out, &mut scratch), Ok(()));
}

#[test]
fn a_program_prints_its_steps_and_its_memory() {
    let program = block(Cpu::PORTABLE, Precision::F32, Ranges::new(), (4, 2, 8));
    let text = program.to_string();
    assert!(
        text.starts_with("program block  for portable, 1 worker(s)\n  in   x [4, 16]\n"),
        "{text}"
    );
    assert!(text.contains("attention 2 x 8, f32  [4, 16]"), "{text}");
    assert!(text.contains("linear 64 -> 16, residual, f32  [4, 16]"), "{text}");
}

/// A convolution over channels, by its definition, on an image with channels last.
fn slow_conv(
    x: &[f32],
    (height, width): (usize, usize),
    conv: &Conv<'_>,
    is_depthwise: bool,
) -> (Vec<f64>, usize, usize) {
    let channels = x.len() / (height * width);
    let Window {
        kernel,
        stride,
        dilation,
        padding,
    } = conv.window;
    let size = |size: usize, pad: usize, kernel: usize, dilation: usize, stride: usize| {
        (size + pad - dilation * (kernel - 1) - 1) / stride + 1
    };
    let rows = size(
        height,
        padding.top + padding.bottom,
        kernel.0,
        dilation.0,
        stride.0,
    );
    let columns = size(
        width,
        padding.left + padding.right,
        kernel.1,
        dilation.1,
        stride.1,
    );
    let depth = if is_depthwise { 1 } else { channels };
    let mut out = Vec::new();
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        for output in 0..conv.bias.len() {
            let mut sum = f64::from(conv.bias[output]);
            for (c, i, j) in (0..depth * kernel.0 * kernel.1).map(|at| {
                (
                    at / (kernel.0 * kernel.1),
                    at / kernel.1 % kernel.0,
                    at % kernel.1,
                )
            }) {
                let y = (row * stride.0 + i * dilation.0).wrapping_sub(padding.top);
                let z = (column * stride.1 + j * dilation.1).wrapping_sub(padding.left);
                if y < height && z < width {
                    let channel = if is_depthwise { output } else { c };
                    let weight = conv.weights[((output * depth + c) * kernel.0 + i) * kernel.1 + j];
                    sum += f64::from(x[(y * width + z) * channels + channel]) * f64::from(weight);
                }
            }
            out.push(sum.max(0.0));
        }
    }
    (out, rows, columns)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn convolutions_of_any_window_are_what_their_definition_says(
        (height_max, cut, width) in (6usize..14, 0usize..5, 1usize..8),
        (channels, outputs) in (prop::sample::select(&[1usize, 3, 16, 17][..]), 1usize..40),
        kernel in (1usize..4, 1usize..4),
        stride in (1usize..3, 1usize..3),
        (top, left, bottom, right) in (0usize..3, 0usize..3, 0usize..3, 0usize..3),
        dilation in 1usize..3,
    ) {
        let padding = Padding { top, left, bottom, right };
        let window = Window { kernel, stride, dilation: (dilation, 1), padding };
        prop_assume!(width + left + right >= kernel.1);
        let height = height_max - cut;
        prop_assume!(height + top + bottom > dilation * (kernel.0 - 1));
        let pool = pool(2);
        let taps = kernel.0 * kernel.1;
        let (dense_weights, dense_bias) = (numbers(outputs * channels * taps, 1), numbers(outputs, 2));
        let (deep_weights, deep_bias) = (numbers(outputs * taps, 3), numbers(outputs, 4));
        let first = Conv { weights: &dense_weights, bias: &dense_bias, window, activation: Activation::Relu };
        let second = Conv { weights: &deep_weights, bias: &deep_bias, ..first };
        let padding = Padding { top: 2, left: 2, bottom: 2, right: 2 };
        let second = Conv { window: Window { padding, ..window }, ..second };
        let mut builder = Builder::new("image", Cpu::detect(), Precision::F32, Ranges::new());
        let x = builder.image("x", (height_max, width), channels).unwrap();
        let y = builder.conv("dense", x, first).unwrap();
        let z = builder.depthwise("deep", y, second).unwrap();
        let mean = builder.global_average("mean", z).unwrap();
        builder.output("z", z).unwrap();
        builder.output("m", mean).unwrap();
        let program = builder.build();

        let values = numbers(height * width * channels, 5);
        let (y, rows, columns) = slow_conv(&values, (height, width), &first, false);
        let y: Vec<f32> = y.into_iter().map(|value| value as f32).collect();
        let (z, rows, columns) = slow_conv(&y, (rows, columns), &second, true);
        for program in [program.clone(), program.split(2)] {
            let mut scratch = vec![f32::NAN.to_bits(); program.scratch_words()];
            let mut heights = [0; 2];
            program.output_heights(&[height], &mut scratch, &mut heights).unwrap();
            prop_assert_eq!(heights, [rows, 1]);
            let (mut out, mut means) = (vec![f32::NAN; rows * columns * outputs], vec![f32::NAN; outputs]);
            program.run(&[Numbers::F32(&values)], &mut [&mut out, &mut means], &mut scratch, Some(&pool)).unwrap();
            for (seen, expected) in out.iter().zip(&z) {
                prop_assert!((f64::from(*seen) - expected).abs() < 1e-4 * (1.0 + expected), "{seen} {expected}");
            }
            for (output, seen) in means.iter().enumerate() {
                let expected: f64 = z.iter().skip(output).step_by(outputs).sum::<f64>() / (rows * columns) as f64;
                prop_assert!((f64::from(*seen) - expected).abs() < 1e-4 * (1.0 + expected), "{seen} {expected}");
            }
        }
    }
}

#[test]
fn ids_are_looked_up_and_rows_normalised() {
    let table = numbers(5 * 3, 1);
    let positions = numbers(4 * 3, 2);
    let (gamma, beta) = (numbers(3, 3), numbers(3, 4));
    let mut builder = Builder::new("rows", Cpu::detect(), Precision::F32, Ranges::new());
    let ids = builder.ids("ids", 4).unwrap();
    let x = builder
        .embed(
            "embed",
            ids,
            Table {
                values: &table,
                columns: 3,
                positions: Some(&positions),
            },
        )
        .unwrap();
    let norm = Norm {
        gamma: &gamma,
        beta: &beta,
        epsilon: 1e-5,
        residual: Some(x),
    };
    let y = builder.layer_norm("norm", x, norm).unwrap();
    let sum = builder.add("sum", y, x).unwrap();
    let p = builder.softmax("p", sum).unwrap();
    let logs = builder.log_softmax("logs", sum).unwrap();
    builder.output("p", p).unwrap();
    builder.output("logs", logs).unwrap();
    let program = builder.build();
    let mut scratch = vec![f32::NAN.to_bits(); program.scratch_words()];
    let (mut p, mut logs) = ([0.0; 9], [0.0; 9]);
    let ids = [4, 0, 2];
    program
        .run(
            &[Numbers::I32(&ids)],
            &mut [&mut p, &mut logs],
            &mut scratch,
            None,
        )
        .unwrap();
    for (row, id) in ids.iter().enumerate() {
        let x: Vec<f64> = (0..3)
            .map(|c| f64::from(table[*id as usize * 3 + c] + positions[row * 3 + c]))
            .collect();
        let mean = x.iter().sum::<f64>() / 3.0 * 2.0;
        let variance = x.iter().map(|x| (2.0 * x - mean).powi(2)).sum::<f64>() / 3.0;
        let sum = |c: usize| {
            let normal = (2.0 * x[c] - mean) / (variance + 1e-5).sqrt();
            normal * f64::from(gamma[c]) + f64::from(beta[c]) + x[c]
        };
        let whole: f64 = (0..3).map(|c| sum(c).exp()).sum();
        for c in 0..3 {
            assert!((f64::from(p[row * 3 + c]) - sum(c).exp() / whole).abs() < 1e-5);
            assert!((f64::from(logs[row * 3 + c]) - (sum(c) - whole.ln())).abs() < 1e-5);
        }
    }
    let unknown = program.run(
        &[Numbers::I32(&[1, 5])],
        &mut [&mut p, &mut logs],
        &mut scratch,
        None,
    );
    let cause = motet_engine::StepError::Id { id: 5, count: 5 };
    assert_eq!(
        unknown,
        Err(RunError::Step {
            step: "embed".to_owned(),
            cause
        })
    );
}
