//! Each step against its definition in `f64`, on every instruction set, on one worker and on three.

use std::ops::Range;

use motet_engine::{
    Activation, BuildError, Builder, Conv, Cpu, Dense, Mask, Norm, Numbers, Padding, Precision, Ranges,
    Recurrence, Table, Value, Window,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::shared::{cpus, dense, numbers, pool, run};

const ACTIVATIONS: [Activation; 7] = [
    Activation::None,
    Activation::Relu,
    Activation::Gelu,
    Activation::Silu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Leaky,
];

/// Sizes around those of vectors.
const SIZES: [usize; 8] = [1, 7, 8, 16, 17, 31, 33, 65];

/// An activation by its definition.
fn activated(activation: Activation, x: f64) -> f64 {
    // The error function by its Taylor series: Abramowitz and Stegun 1964, 7.1.5.
    let erf = |x: f64| {
        let (mut term, mut sum) = (x, x);
        for n in (1..120).map(f64::from) {
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    };
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        // Beyond 6 the series loses its digits, and the function is 1 to all of them.
        Activation::Gelu if x.abs() > 6.0 => x.max(0.0),
        Activation::Gelu => x / 2.0 * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Activation::Silu => x * sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::Leaky => x.max(x / 5.0).max(-0.4),
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The sum of products of a row and a column of `[depth, columns]` weights, plus the bias.
fn product(row: &[f64], weights: &[f32], bias: &[f32], column: usize) -> f64 {
    let weight = |k: usize| f64::from(weights[k * bias.len() + column]);
    let products = row.iter().enumerate().map(|(k, x)| x * weight(k));
    f64::from(bias[column]) + products.sum::<f64>()
}

/// Rows of numbers in `f64`.
fn rows(x: &[f32], columns: usize) -> Vec<Vec<f64>> {
    let row = |row: &[f32]| row.iter().copied().map(f64::from).collect();
    x.chunks(columns).map(row).collect()
}

/// What a step is given: an image of `x.len() / width / columns` rows, of at most `height_max`.
struct Given<'a> {
    height_max: usize,
    width: usize,
    columns: usize,
    x: &'a [f32],
}

impl Given<'_> {
    /// Fails where a step on any instruction set and number of workers is further than the tolerance from what is
    /// expected, or writes beyond it.
    fn check(
        &self,
        expected: &[f64],
        tolerance: f64,
        step: impl Fn(&mut Builder, Value) -> Result<Value, BuildError>,
    ) -> Result<(), TestCaseError> {
        let pool = pool(2);
        for cpu in cpus() {
            let mut builder = Builder::new("layer", cpu, Precision::F32, Ranges::new());
            let size = (self.height_max, self.width);
            let x = builder.image("x", size, self.columns).unwrap();
            let y = step(&mut builder, x).unwrap();
            builder.output("y", y).unwrap();
            let program = builder.build();
            for program in [program.clone(), program.split(3)] {
                let seen = run(&program, self.x, Some(&pool)).unwrap();
                let (seen, beyond) = seen.split_at(expected.len());
                for (at, (seen, expected)) in seen.iter().zip(expected).enumerate() {
                    let off = (f64::from(*seen) - expected).abs();
                    let near = off <= tolerance * expected.abs().max(1.0);
                    prop_assert!(near, "{cpu} [{at}] {seen}, expected {expected}");
                }
                prop_assert!(beyond.iter().all(|x| x.is_nan()));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_dense_layer_is_its_definition_with_any_activation(
        height in 1usize..40,
        depth in prop::sample::select(&SIZES[..]),
        columns in prop::sample::select(&SIZES[..]),
        activation in prop::sample::select(&ACTIVATIONS[..]),
        with_residual in any::<bool>(),
    ) {
        let (weights, bias) = (numbers(depth * columns, 1), numbers(columns, 2));
        let (more, zeros) = (numbers(depth * columns, 3), vec![0.0; columns]);
        let x = numbers(height * depth, 4);
        let one = |row: &Vec<f64>, column: usize| {
            let residual = if with_residual { product(row, &more, &zeros, column) } else { 0.0 };
            activated(activation, product(row, &weights, &bias, column) + residual)
        };
        let x_rows = rows(&x, depth);
        let expected: Vec<f64> = x_rows
            .iter()
            .flat_map(|row| (0..columns).map(move |column| one(row, column)))
            .collect();
        let given = Given { height_max: 40, width: 1, columns: depth, x: &x };
        given.check(&expected, 2e-5, |builder, x| {
            let residual = match with_residual {
                true => Some(builder.linear("more", x, dense(&more, &zeros, Activation::None))?),
                false => None,
            };
            builder.linear("y", x, Dense { residual, ..dense(&weights, &bias, activation) })
        })?;
    }

    #[test]
    fn attention_sees_what_its_mask_lets_through(
        keys in 1usize..40,
        heads in 1usize..4,
        width in prop::sample::select(&[1usize, 7, 16, 33][..]),
        (before, after) in (0usize..45, 0usize..45),
        kind in 0usize..3,
    ) {
        let mask = [Mask::None, Mask::Causal, Mask::Band { before, after }][kind];
        let sees = |query: usize, key: usize| match kind {
            0 => true,
            1 => key <= query,
            _ => key + before >= query && key <= query + after,
        };
        let wide = heads * width;
        let x = numbers(keys * 3 * wide, 1);
        let qkv = rows(&x, 3 * wide);
        let mut expected = Vec::new();
        for query in 0..keys {
            for column in 0..wide {
                let head = column / width * width..column / width * width + width;
                let score = |key: usize| {
                    let products = head.clone().map(|c| qkv[query][c] * qkv[key][wide + c]);
                    (products.sum::<f64>() / (width as f64).sqrt()).exp()
                };
                let seen = || (0..keys).filter(|key| sees(query, *key));
                let whole: f64 = seen().map(score).sum();
                expected.push(seen().map(|key| score(key) / whole * qkv[key][2 * wide + column]).sum());
            }
        }
        let given = Given { height_max: 40, width: 1, columns: 3 * wide, x: &x };
        given.check(&expected, 5e-6, |builder, x| builder.attention("y", x, heads, mask))?;
    }

    #[test]
    fn a_norm_is_the_published_equation(
        height in 1usize..12,
        columns in prop::sample::select(&SIZES[1..]),
        (is_rms, with_beta, with_residual) in any::<(bool, bool, bool)>(),
    ) {
        let (gamma, beta) = (numbers(columns, 1), numbers(if with_beta { columns } else { 0 }, 2));
        let x = numbers(height * columns, 3);
        let share = if with_residual { 2.0 } else { 1.0 };
        let mut expected = Vec::new();
        for row in rows(&x, columns) {
            let row: Vec<f64> = row.iter().map(|x| share * x).collect();
            let mean = if is_rms { 0.0 } else { row.iter().sum::<f64>() / columns as f64 };
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / columns as f64;
            expected.extend(row.iter().enumerate().map(|(at, x)| {
                let beta = beta.get(at).copied().unwrap_or(0.0);
                (x - mean) / (variance + 1e-3).sqrt() * f64::from(gamma[at]) + f64::from(beta)
            }));
        }
        let given = Given { height_max: 12, width: 1, columns, x: &x };
        given.check(&expected, 1e-5, |builder, x| {
            let residual = with_residual.then_some(x);
            let norm = Norm { gamma: &gamma, beta: &beta, epsilon: 1e-3, residual };
            if is_rms { builder.rms_norm("y", x, norm) } else { builder.layer_norm("y", x, norm) }
        })?;
    }

    #[test]
    fn a_softmax_and_its_logarithm_are_their_definitions(
        height in 1usize..12,
        columns in prop::sample::select(&SIZES[..]),
        is_log in any::<bool>(),
    ) {
        let x: Vec<f32> = numbers(height * columns, 1).iter().map(|x| 9.0 * x).collect();
        let mut expected = Vec::new();
        for row in rows(&x, columns) {
            let whole = row.iter().map(|x| x.exp()).sum::<f64>().ln();
            expected.extend(row.iter().map(|x| if is_log { x - whole } else { (x - whole).exp() }));
        }
        let given = Given { height_max: 12, width: 1, columns, x: &x };
        given.check(&expected, 3e-6, |builder, x| {
            if is_log { builder.log_softmax("y", x) } else { builder.softmax("y", x) }
        })?;
    }

    #[test]
    fn pools_are_means_and_maxima_of_the_pixels_under_each_window(
        (height, width, channels) in (4usize..9, 2usize..6, prop::sample::select(&[1usize, 7, 16, 33][..])),
        kernel in (1usize..4, 1usize..3),
        stride in (1usize..3, 1usize..3),
        dilation in (1usize..3, 1usize..3),
        (top, left, bottom, right) in (0usize..2, 0usize..2, 0usize..2, 0usize..2),
        is_max in any::<bool>(),
    ) {
        let padding = Padding { top, left, bottom, right };
        let window = Window { kernel, stride, dilation, padding };
        let last = (dilation.0 * (kernel.0 - 1), dilation.1 * (kernel.1 - 1));
        prop_assume!(last.0 < height + top + bottom && last.1 < width + left + right);
        let x = numbers(height * width * channels, 1);
        let mut expected = Vec::new();
        for row in (0..height + top + bottom - last.0).step_by(stride.0) {
            for column in (0..width + left + right - last.1).step_by(stride.1) {
                let taps = (0..kernel.0).flat_map(|i| (0..kernel.1).map(move |j| (i, j)));
                let places = taps.map(|(i, j)| {
                    ((row + i * dilation.0).wrapping_sub(top), (column + j * dilation.1).wrapping_sub(left))
                });
                let pixels: Vec<usize> = places
                    .filter(|(y, x)| *y < height && *x < width)
                    .map(|(y, x)| (y * width + x) * channels)
                    .collect();
                for channel in 0..channels {
                    let values = || pixels.iter().map(|pixel| f64::from(x[pixel + channel]));
                    expected.push(match (pixels.is_empty(), is_max) {
                        (true, _) => 0.0,
                        (false, true) => values().fold(f64::NEG_INFINITY, f64::max),
                        (false, false) => values().sum::<f64>() / pixels.len() as f64,
                    });
                }
            }
        }
        let given = Given { height_max: height + 2, width, columns: channels, x: &x };
        given.check(&expected, 1e-6, |builder, x| {
            if is_max { builder.max("y", x, window) } else { builder.average("y", x, window) }
        })?;
    }

    #[test]
    fn recurrences_are_the_formulas_of_pytorch(
        (height, depth) in (1usize..7, 1usize..5),
        hidden in prop::sample::select(&[1usize, 4, 7, 16, 17][..]),
        (is_lstm, is_backward) in any::<(bool, bool)>(),
    ) {
        let gates = if is_lstm { 4 } else { 3 };
        let (input_weights, input_bias) = (numbers(depth * gates * hidden, 1), numbers(gates * hidden, 2));
        let (weights, bias) = (numbers(hidden * gates * hidden, 3), numbers(gates * hidden, 4));
        let x = numbers(height * depth, 5);
        let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
        let mut expected = vec![0.0; height * hidden];
        for step in 0..height {
            let row = if is_backward { height - 1 - step } else { step };
            let x = &rows(&x, depth)[row];
            let gate = |values: &[f64], weights: &[f32], bias: &[f32]| -> Vec<f64> {
                (0..gates * hidden).map(|at| product(values, weights, bias, at)).collect()
            };
            let (of_x, of_h) = (gate(x, &input_weights, &input_bias), gate(&h, &weights, &bias));
            for at in 0..hidden {
                let sum = |gate: usize| of_x[gate * hidden + at] + of_h[gate * hidden + at];
                if is_lstm {
                    c[at] = sigmoid(sum(1)) * c[at] + sigmoid(sum(0)) * sum(2).tanh();
                    h[at] = sigmoid(sum(3)) * c[at].tanh();
                } else {
                    let (r, z) = (sigmoid(sum(0)), sigmoid(sum(1)));
                    let n = (of_x[2 * hidden + at] + r * of_h[2 * hidden + at]).tanh();
                    h[at] = (1.0 - z) * n + z * h[at];
                }
            }
            expected[row * hidden..][..hidden].copy_from_slice(&h);
        }
        let given = Given { height_max: 7, width: 1, columns: depth, x: &x };
        let recurrence = Recurrence {
            input_weights: &input_weights,
            input_bias: &input_bias,
            weights: &weights,
            bias: &bias,
            is_backward,
        };
        given.check(&expected, 1e-5, |builder, x| match is_lstm {
            true => builder.lstm("y", x, recurrence),
            false => builder.gru("y", x, recurrence),
        })?;
    }

    #[test]
    fn a_part_of_a_value_is_read_as_if_it_stood_alone(
        height in 3usize..12,
        columns in prop::sample::select(&[6usize, 17, 33, 40][..]),
        ends in (0usize..100, 0usize..100),
        step in 0usize..STEPS,
    ) {
        let [first, end] = [ends.0.min(ends.1), ends.0.max(ends.1)].map(|at| at * (columns - 3) / 100);
        let part = first..end + 3;
        let x = numbers(height * columns, 1);
        let alone: Vec<f32> = x.chunks(columns).flat_map(|row| row[part.clone()].to_vec()).collect();
        // A step on a value of its own has been compared with its definition above.
        let alone = Given { height_max: height, width: 1, columns: part.len(), x: &alone };
        let mut builder = Builder::new("alone", Cpu::PORTABLE, Precision::F32, Ranges::new());
        let value = builder.input("x", height, part.len()).unwrap();
        let y = any_step(&mut builder, value, step).unwrap();
        builder.output("y", y).unwrap();
        let expected: Vec<f64> = run(&builder.build(), alone.x, None).unwrap().into_iter().map(f64::from).collect();
        let whole = Given { height_max: height, width: 1, columns, x: &x };
        whole.check(&expected, 1e-5, |builder, x| any_step(builder, cut(x, &part), step))?;
        // The same part of a value that lies in the scratch, where rows are spread.
        whole.check(&expected, 1e-5, |builder, x| {
            let inner = builder.activation("inner", x, Activation::None)?;
            any_step(builder, cut(inner, &part), step)
        })?;
    }
}

fn cut(value: Value, part: &Range<usize>) -> Value {
    value.part(part.start, part.len()).unwrap()
}

/// Steps of [`any_step`].
const STEPS: usize = 12;

/// One of the steps that read numbers.
fn any_step(builder: &mut Builder, x: Value, step: usize) -> Result<Value, BuildError> {
    let columns = x.columns();
    let (weights, bias) = (numbers(columns * columns, 7), numbers(columns, 8));
    let norm = Norm {
        gamma: &bias,
        beta: &[],
        epsilon: 1e-2,
        residual: Some(x),
    };
    let window = Window {
        padding: Padding {
            top: 1,
            ..Padding::default()
        },
        ..Window::of((2, 1))
    };
    let taps = numbers(2 * columns * columns, 9);
    let conv = Conv {
        weights: &taps,
        bias: &bias,
        window,
        activation: Activation::Tanh,
    };
    let deep = Conv {
        weights: &taps[..2 * columns],
        ..conv
    };
    let gates = numbers(3 * columns * columns, 10);
    let gate_bias = numbers(3 * columns, 11);
    let recurrence = Recurrence {
        input_weights: &gates,
        input_bias: &gate_bias,
        weights: &gates,
        bias: &gate_bias,
        is_backward: false,
    };
    let residual = Dense {
        residual: Some(x),
        ..dense(&weights, &bias, Activation::Gelu)
    };
    match step {
        0 => builder.linear("y", x, residual),
        1 => builder.layer_norm("y", x, norm),
        2 => builder.rms_norm("y", x, norm),
        3 => builder.softmax("y", x),
        4 => builder.log_softmax("y", x),
        5 => builder.add("y", x, x),
        6 => builder.scale("y", x, &bias, &weights[..columns]),
        7 => builder.conv("y", x, conv),
        8 => builder.depthwise("y", x, deep),
        9 => builder.max("y", x, window),
        10 => builder.global_average("y", x),
        11 => builder.gru("y", x, recurrence),
        _ => unreachable!("there are no more steps"),
    }
}

#[test]
fn a_gate_is_the_product_of_two_parts() {
    let (height, columns) = (5, 14);
    let x = numbers(height * columns, 3);
    let given = Given {
        height_max: height,
        width: 1,
        columns,
        x: &x,
    };
    let gate = |row: &[f32]| {
        (0..7)
            .map(|at| f64::from(row[at]) * sigmoid(f64::from(row[7 + at])))
            .collect()
    };
    let expected: Vec<f64> = x
        .chunks(columns)
        .flat_map(|row| -> Vec<f64> { gate(row) })
        .collect();
    let step = |builder: &mut Builder, x: Value| {
        let open = builder.activation("open", x.part(7, 7).unwrap(), Activation::Sigmoid)?;
        builder.multiply("y", x.part(0, 7).unwrap(), open)
    };
    given.check(&expected, 1e-5, step).unwrap();
}

#[test]
fn a_row_of_ids_becomes_the_sum_of_their_rows_and_nothing_stays_nothing() {
    let (columns, each) = (17, 3);
    let values = numbers(6 * columns, 4);
    let table = Table {
        values: &values,
        columns,
        positions: None,
    };
    let ids = [1, 5, 0, 0, 0, 0, 2, 2, 4];
    let row = |ids: &[i32], column: usize| {
        let present = ids.iter().filter(|id| **id != 0);
        present
            .map(|id| f64::from(values[usize::try_from(*id).unwrap() * columns + column]))
            .sum::<f64>()
    };
    for cpu in cpus() {
        let mut builder = Builder::new("sum", cpu, Precision::F32, Ranges::new());
        let x = builder.id_rows("ids", 4, each).unwrap();
        let y = builder.embed_sum("y", x, 0..each, table).unwrap();
        builder.output("y", y).unwrap();
        let program = builder.build();
        let mut scratch = vec![0; program.scratch_words()];
        let mut out = vec![f32::NAN; 4 * columns];
        program
            .run(&[Numbers::I32(&ids)], &mut [&mut out], &mut scratch, None)
            .unwrap();
        for (row_index, ids) in ids.chunks(each).enumerate() {
            for column in 0..columns {
                let found = f64::from(out[row_index * columns + column]);
                assert!((found - row(ids, column)).abs() < 1e-5);
            }
        }
        let unknown = program.run(&[Numbers::I32(&[1, 6, 0])], &mut [&mut out], &mut scratch, None);
        assert!(unknown.unwrap_err().to_string().contains('6'));
    }
}

#[test]
fn heads_of_a_part_are_those_of_the_part_alone() {
    let (height, columns) = (9, 6 * 8);
    let x = numbers(height * columns, 1);
    let alone: Vec<f32> = x.chunks(columns).flat_map(|row| row[12..36].to_vec()).collect();
    let attention = |builder: &mut Builder, x: Value| builder.attention("y", x, 2, Mask::Causal);
    let mut builder = Builder::new("alone", Cpu::PORTABLE, Precision::F32, Ranges::new());
    let value = builder.input("x", height, 24).unwrap();
    let y = attention(&mut builder, value).unwrap();
    builder.output("y", y).unwrap();
    let expected = run(&builder.build(), &alone, None).unwrap();
    let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
    let given = Given {
        height_max: height,
        width: 1,
        columns,
        x: &x,
    };
    given
        .check(&expected, 1e-5, |builder, x| {
            attention(builder, x.part(12, 24).unwrap())
        })
        .unwrap();
}

#[test]
fn what_is_observed_of_a_part_is_the_part() {
    let mut builder = Builder::new("part", Cpu::detect(), Precision::F32, Ranges::new());
    let x = builder.input("x", 2, 4).unwrap();
    let weights = numbers(4, 1);
    let y = builder
        .linear(
            "y",
            x.part(1, 2).unwrap(),
            dense(&weights, &[0.0; 2], Activation::None),
        )
        .unwrap();
    builder.output("y", y).unwrap();
    let program = builder.build();
    let mut scratch = vec![0; program.scratch_words()];
    let mut ranges = Ranges::new();
    let x = [9.0, 0.5, -2.0, 8.0, 7.0, 1.0, 1.5, -6.0];
    program
        .observe(
            &[Numbers::F32(&x)],
            &mut [&mut [0.0; 4]],
            &mut scratch,
            &mut ranges,
        )
        .unwrap();
    assert_eq!(ranges.largest().collect::<Vec<_>>(), [("y", 2.0)]);
}
