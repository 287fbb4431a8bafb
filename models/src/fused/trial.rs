//! What the tests of fused layers share.

use burn::tensor::{Device, Tensor, TensorData};

/// A layer of three inputs.
type Inputs = [Tensor<2>; 3];

/// Checks that `fused` gives what `plain` gives, with and without autodiff, and the same gradients; and that these are
/// slopes of `plain` by finite differences.
pub(super) fn check(
    shapes: [[usize; 2]; 3],
    fused: impl Fn(Inputs) -> Tensor<2>,
    plain: impl Fn(Inputs) -> Tensor<2>,
) {
    let device = Device::flex().autodiff();
    let start: [Vec<f32>; 3] = [0, 1, 2].map(|input| values(shapes[input][0] * shapes[input][1], input));
    let inputs = |start: &[Vec<f32>; 3], device: &Device| -> Inputs {
        [0, 1, 2].map(|input| {
            let data = TensorData::new(start[input].clone(), shapes[input]);
            Tensor::from_data(data, device)
        })
    };
    let run = |layer: &dyn Fn(Inputs) -> Tensor<2>| {
        let inputs = inputs(&start, &device).map(Tensor::require_grad);
        let out = layer(inputs.clone());
        let weights = weights(&out);
        let gradients = (out.clone() * weights).sum().backward();
        let to = inputs.map(|input| input.grad(&gradients).map(list));
        (list(out), to)
    };
    let ((seen, seen_to), (expected, expected_to)) = (run(&fused), run(&plain));
    near(&seen, &expected, 1e-5);
    for (seen, expected) in seen_to.iter().zip(&expected_to) {
        match (seen, expected) {
            (Some(seen), Some(expected)) => near(seen, expected, 1e-5),
            (seen, expected) => assert_eq!(seen.is_some(), expected.is_some()),
        }
    }
    let without = Device::flex();
    near(
        &list(fused(inputs(&start, &without))),
        &list(plain(inputs(&start, &without))),
        1e-6,
    );
    let loss = |start: &[Vec<f32>; 3]| {
        let out = plain(inputs(start, &without));
        let weights = weights(&out);
        list(out * weights).iter().map(|x| f64::from(*x)).sum::<f64>()
    };
    for (input, to) in seen_to.iter().enumerate() {
        let Some(to) = to else { continue };
        for at in [0, to.len() / 2, to.len() - 1] {
            let moved = |step: f32| {
                let mut start = start.clone();
                start[input][at] += step;
                loss(&start)
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let off = (f64::from(to[at]) - slope).abs();
            assert!(
                off < 5e-3 * slope.abs().max(1.0),
                "input {input} [{at}]: {} {slope}",
                to[at]
            );
        }
    }
}

/// Numbers from -1 to 1. Source: Weyl 1916, multiples of an irrational number.
fn values(count: usize, seed: usize) -> Vec<f32> {
    let one = |at: usize| ((at + 1) as f32 * (0.618_034 + 0.117 * seed as f32)).fract() * 2.0 - 1.0;
    (0..count).map(one).collect()
}

fn weights(out: &Tensor<2>) -> Tensor<2> {
    let [rows, columns] = out.dims();
    let data = TensorData::new(values(rows * columns, 5), [rows, columns]);
    Tensor::from_data(data, &out.device())
}

fn list<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn near(seen: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(seen.len(), expected.len());
    for (at, (seen, expected)) in seen.iter().zip(expected).enumerate() {
        let off = (seen - expected).abs();
        assert!(
            off <= tolerance * expected.abs().max(1.0),
            "[{at}] {seen}, expected {expected}"
        );
    }
}
