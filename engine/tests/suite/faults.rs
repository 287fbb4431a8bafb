//! What does not fit is refused with its name, and what is no number stays none.

use motet_engine::{
    Activation, BuildError, Builder, Conv, Cpu, Dense, Numbers, Padding, Precision, Problem, Program, Ranges,
    RunError, Table, Value, Window,
};

use super::shared::{cpus, dense, numbers};

fn builder() -> Builder {
    Builder::new("faulty", Cpu::detect(), Precision::F32, Ranges::new())
}

fn problem(result: Result<Value, BuildError>) -> Problem {
    result.unwrap_err().problem
}

/// What a run of a program with one output answers.
fn attempt(program: &Program, inputs: &[Numbers<'_>]) -> Result<Vec<f32>, RunError> {
    let shape = program.outputs().next().unwrap();
    let mut out = vec![f32::NAN; shape.height_max * shape.width * shape.columns];
    let mut scratch = vec![f32::NAN.to_bits(); program.scratch_words()];
    program.run(inputs, &mut [&mut out], &mut scratch, None)?;
    Ok(out)
}

/// The error of `attempt`, which must be that of asking for heights too.
fn refused(program: &Program, inputs: &[Numbers<'_>]) -> RunError {
    let heights: Vec<usize> = inputs
        .iter()
        .zip(program.inputs())
        .map(|(numbers, shape)| numbers.count() / (shape.width * shape.columns))
        .collect();
    let mut scratch = vec![0; program.scratch_words()];
    let asked = program.output_heights(&heights, &mut scratch, &mut [0; 8]);
    let error = attempt(program, inputs).unwrap_err();
    assert_eq!(asked, Err(error.clone()));
    error
}

#[test]
fn a_window_that_does_not_move_or_has_no_taps_is_refused() {
    let mut builder = builder();
    let x = builder.image("x", (6, 6), 2).unwrap();
    let bias = [0.0; 2];
    let weights = numbers(2 * 2 * 9, 1);
    let windows = [
        ((3, 3), (0, 1), (1, 1)),
        ((3, 3), (1, 0), (1, 1)),
        ((3, 3), (1, 1), (0, 1)),
        ((3, 3), (1, 1), (1, 0)),
        ((0, 3), (1, 1), (1, 1)),
        ((3, 0), (1, 1), (1, 1)),
    ];
    for (kernel, stride, dilation) in windows {
        let window = Window {
            kernel,
            stride,
            dilation,
            padding: Padding::default(),
        };
        let conv = Conv {
            weights: &weights,
            bias: &bias,
            window,
            activation: Activation::None,
        };
        assert_eq!(problem(builder.conv("a", x, conv)), Problem::Range(0));
        assert_eq!(problem(builder.depthwise("a", x, conv)), Problem::Range(0));
        assert_eq!(problem(builder.average("a", x, window)), Problem::Range(0));
        assert_eq!(problem(builder.max("a", x, window)), Problem::Range(0));
    }
}

#[test]
fn a_window_too_large_to_count_is_refused() {
    let mut builder = builder();
    let x = builder.image("x", (6, 6), 2).unwrap();
    let most = usize::MAX;
    let huge_padding = Padding {
        top: most,
        left: most,
        bottom: most,
        right: most,
    };
    let windows = [
        Window::of((most, most)),
        Window {
            dilation: (most, 1),
            ..Window::of((3, 3))
        },
        Window {
            padding: huge_padding,
            ..Window::of((3, 3))
        },
        Window {
            padding: huge_padding,
            ..Window::of((most, most))
        },
    ];
    for window in windows {
        assert!(matches!(
            problem(builder.max("a", x, window)),
            Problem::Range(_) | Problem::Shape { .. }
        ));
    }
}

#[test]
fn a_layer_without_outputs_is_refused() {
    let mut builder = builder();
    let x = builder.image("x", (6, 6), 2).unwrap();
    let conv = Conv {
        weights: &[],
        bias: &[],
        window: Window::of((3, 3)),
        activation: Activation::None,
    };
    let one = Conv {
        window: Window::of((1, 1)),
        ..conv
    };
    let nothing = dense(&[], &[], Activation::None);
    assert_eq!(problem(builder.linear("a", x, nothing)), Problem::Range(0));
    assert_eq!(problem(builder.conv("a", x, conv)), Problem::Range(0));
    assert_eq!(problem(builder.conv("a", x, one)), Problem::Range(0));
    let expected = Problem::Size {
        tensor: "bias",
        expected: 2,
        found: 0,
    };
    let weights = numbers(2 * 9, 1);
    let conv = Conv {
        weights: &weights,
        ..conv
    };
    assert_eq!(problem(builder.depthwise("a", x, conv)), expected);
}

#[test]
fn numbers_of_the_wrong_kind_are_refused() {
    let weights = numbers(6, 1);
    let mut of_ids = builder();
    let ids = of_ids.ids("ids", 4).unwrap();
    let table = Table {
        values: &weights,
        columns: 3,
        positions: None,
    };
    let y = of_ids.embed("embed", ids, table).unwrap();
    of_ids.output("y", y).unwrap();
    let error = attempt(&of_ids.build(), &[Numbers::F32(&[0.0, 1.0])]).unwrap_err();
    assert_eq!(error.to_string(), "input `ids` must hold ids, numbers were given");

    let mut of_numbers = builder();
    let x = of_numbers.input("x", 4, 3).unwrap();
    let y = of_numbers
        .linear("linear", x, dense(&weights, &[0.0; 2], Activation::None))
        .unwrap();
    of_numbers.output("y", y).unwrap();
    let program = of_numbers.build();
    let inputs = [Numbers::I32(&[1, 2, 3])];
    let error = attempt(&program, &inputs).unwrap_err();
    assert_eq!(error.to_string(), "input `x` must hold numbers, ids were given");
    let mut scratch = vec![0; program.scratch_words()];
    let observed = program.observe(&inputs, &mut [&mut [0.0; 8]], &mut scratch, &mut Ranges::new());
    assert_eq!(observed, Err(error));
}

#[test]
fn sums_of_values_of_unequal_height_are_refused() {
    let (weights, bias) = (numbers(9, 1), numbers(3, 2));
    let (x, y) = (numbers(12, 3), numbers(9, 4));
    type Sum<'a> = &'a dyn Fn(&mut Builder, Value, Value) -> Result<Value, BuildError>;
    let residual = |builder: &mut Builder, x: Value, y: Value| {
        let dense = Dense {
            residual: Some(y),
            ..dense(&weights, &bias, Activation::None)
        };
        builder.linear("sum", x, dense)
    };
    let norm = |builder: &mut Builder, x: Value, y: Value| {
        let norm = motet_engine::Norm {
            gamma: &bias,
            beta: &[],
            epsilon: 1e-5,
            residual: Some(y),
        };
        builder.layer_norm("sum", x, norm)
    };
    let add = |builder: &mut Builder, x: Value, y: Value| builder.add("sum", x, y);
    let sums: [Sum<'_>; 3] = [&add, &residual, &norm];
    for sum in sums {
        let mut builder = builder();
        let a = builder.input("a", 4, 3).unwrap();
        let b = builder.input("b", 4, 3).unwrap();
        let z = sum(&mut builder, a, b).unwrap();
        builder.output("z", z).unwrap();
        let program = builder.build();
        for program in [program.clone(), program.split(2)] {
            let error = refused(&program, &[Numbers::F32(&x), Numbers::F32(&y)]);
            let expected = "step `sum` reads values of height 4 and 3, which must be equal";
            assert_eq!(error.to_string(), expected);
            assert!(attempt(&program, &[Numbers::F32(&y), Numbers::F32(&y)]).is_ok());
        }
    }
}

#[test]
fn an_image_with_no_room_for_one_window_is_refused() {
    let window = Window {
        stride: (2, 1),
        dilation: (2, 1),
        padding: Padding {
            top: 1,
            ..Padding::default()
        },
        ..Window::of((3, 2))
    };
    let (weights, bias) = (numbers(2 * 2 * 6, 1), numbers(2, 2));
    let conv = Conv {
        weights: &weights,
        bias: &bias,
        window,
        activation: Activation::None,
    };
    let depthwise = Conv {
        weights: &weights[..12],
        ..conv
    };
    type Windowed<'a> = &'a dyn Fn(&mut Builder, Value) -> Result<Value, BuildError>;
    let steps: [Windowed<'_>; 4] = [
        &|builder, x| builder.conv("window", x, conv),
        &|builder, x| builder.depthwise("window", x, depthwise),
        &|builder, x| builder.average("window", x, window),
        &|builder, x| builder.max("window", x, window),
    ];
    for step in steps {
        let mut builder = builder();
        let x = builder.image("x", (9, 3), 2).unwrap();
        let y = step(&mut builder, x).unwrap();
        let mean = builder.global_average("mean", y).unwrap();
        builder.output("mean", mean).unwrap();
        let program = builder.build();
        // Three taps two apart span five rows, one of which may be padding.
        let values = numbers(4 * 3 * 2, 3);
        assert!(attempt(&program, &[Numbers::F32(&values)]).is_ok());
        let error = refused(&program, &[Numbers::F32(&values[..3 * 3 * 2])]);
        assert_eq!(
            error.to_string(),
            "step `window` reads a value of height 3, at least 4 are needed"
        );
    }
}

/// A dense layer of 32 columns on rows of 32 numbers, in a precision.
fn layer(cpu: Cpu, precision: Precision, activation: Activation) -> Program {
    let ranges = Ranges::from_largest([("layer".to_owned(), 1.0)]);
    let mut builder = Builder::new("layer", cpu, precision, ranges);
    let x = builder.input("x", 40, 32).unwrap();
    let (weights, bias) = (numbers(32 * 32, 1), numbers(32, 2));
    let residual = Some(x);
    let dense = Dense {
        residual,
        ..dense(&weights, &bias, activation)
    };
    let y = builder.linear("layer", x, dense).unwrap();
    builder.output("y", y).unwrap();
    builder.build()
}

#[test]
fn what_is_no_number_stays_none_in_every_precision() {
    let activations = [
        Activation::None,
        Activation::Relu,
        Activation::Gelu,
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Leaky,
    ];
    // A quiet NaN, one whose rounding to bf16 would carry over into its sign, and a signalling one.
    let faults = [f32::NAN, f32::from_bits(0x7fff_ffff), f32::from_bits(0xff80_0001)];
    for cpu in cpus() {
        for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
            for activation in activations {
                let program = layer(cpu, precision, activation);
                let good = numbers(40 * 32, 3);
                let expected = attempt(&program, &[Numbers::F32(&good)]).unwrap();
                for (fault, (row, column)) in faults.iter().zip([(0, 0), (17, 31), (39, 13)]) {
                    let mut bad = good.clone();
                    bad[row * 32 + column] = *fault;
                    let seen = attempt(&program, &[Numbers::F32(&bad)]).unwrap();
                    for (at, (seen, expected)) in seen.iter().zip(&expected).enumerate() {
                        let stays = match at / 32 == row {
                            true => seen.is_nan(),
                            false => seen.to_bits() == expected.to_bits(),
                        };
                        assert!(
                            stays,
                            "{cpu} {precision:?} {activation:?} [{at}] {seen} {expected}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn an_infinity_does_not_become_a_plausible_number_in_eight_bits() {
    for cpu in cpus() {
        let program = layer(cpu, Precision::Int8, Activation::Tanh);
        let mut x = numbers(2 * 32, 3);
        x[5] = f32::NEG_INFINITY;
        let seen = attempt(&program, &[Numbers::F32(&x)]).unwrap();
        assert!(seen[..32].iter().all(|y| y.is_nan()));
        assert!(seen[32..64].iter().all(|y| y.is_finite()));
    }
}
