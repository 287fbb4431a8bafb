//! A dense layer, and one with the Gaussian error linear unit behind it.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Flex, TensorMetadata};
use burn::nn::Linear;
use burn::tensor::activation::gelu;
use burn::tensor::{Shape, Tensor};
use motet_engine::passes::{self, View};

use super::{NoCheckpointing, Node, Training, cpu, dense, is_training, node, nodes, numbers, tensor};

/// Returns `x weight + bias` of a layer.
///
/// # Shapes
/// `x`: `[.., inputs]`; result: `[.., outputs]`.
pub fn linear<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    match parents(layer, &x) {
        Some(parents) => step(parents, false),
        None => layer.forward(x),
    }
}

/// Returns `gelu(x weight + bias)` of a layer.
///
/// # Shapes
/// `x`: `[.., inputs]`; result: `[.., outputs]`.
pub fn linear_gelu<const D: usize>(layer: &Linear, x: Tensor<D>) -> Tensor<D> {
    match parents(layer, &x) {
        Some(parents) => step(parents, true),
        None => gelu(layer.forward(x)),
    }
}

fn parents<const D: usize>(layer: &Linear, x: &Tensor<D>) -> Option<[Node; 3]> {
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref()?.val());
    if !is_training(x) && !is_training(&weight) && !is_training(&bias) {
        return None;
    }
    nodes([node(x), node(&weight), node(&bias)])
}

fn step<const D: usize>(parents: [Node; 3], with_gelu: bool) -> Tensor<D> {
    let parents = parents.map(Node::into_parts);
    let [x, weight, bias] = [&parents[0].0, &parents[1].0, &parents[2].0].map(dense);
    let guards = parents.map(|(_, guard)| guard);
    let outputs = weight.shape()[1];
    let mut shape: Vec<usize> = x.shape().iter().copied().collect();
    *shape.last_mut().expect("rows have numbers") = outputs;
    let shape = Shape::from(shape);
    let (rows, matrix) = (rows(&x), rows(&weight));
    let (out, slopes) = if with_gelu {
        let (out, slopes) = passes::linear_gelu(cpu(), rows, matrix, numbers(&bias));
        (out, Some(tensor(slopes, shape.clone())))
    } else {
        (passes::linear(rows, matrix, numbers(&bias)), None)
    };
    let out = tensor(out, shape);
    let step = match Dense
        .prepare::<NoCheckpointing>(guards)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(step) => step.finish(Saved { x, weight, slopes }, out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    Tensor::from_primitive::<Training>(step)
}

/// The rows of a tensor, as many as there are.
fn rows(tensor: &FlexTensor) -> View<'_> {
    let shape = tensor.shape();
    View::rows(numbers(tensor), shape[shape.num_dims() - 1])
}

#[derive(Debug)]
struct Dense;

#[derive(Clone, Debug)]
struct Saved {
    x: FlexTensor,
    weight: FlexTensor,
    /// Of the activation, if there is one.
    slopes: Option<FlexTensor>,
}

impl Backward<Flex, 3> for Dense {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut gradient = dense(&gradients.consume::<Flex>(&ops.node));
        let Saved { x, weight, slopes } = ops.state;
        if let Some(slopes) = slopes {
            gradient = Flex::float_mul(gradient, slopes);
        }
        let wanted = [0, 1, 2].map(|index| ops.parents[index].is_some());
        let to = passes::linear_back(rows(&x), rows(&weight), rows(&gradient), wanted);
        let shapes = [x.shape(), weight.shape(), Shape::from([weight.shape()[1]])];
        let to = [to.x, to.weight, to.bias];
        for ((parent, to), shape) in ops.parents.into_iter().zip(to).zip(shapes) {
            if let (Some(parent), Some(to)) = (parent, to) {
                gradients.register::<Flex>(parent.id, tensor(to, shape));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fused::trial::check;
    use burn::module::{Module, Param, ParamId};

    fn layer(weight: Tensor<2>, bias: Tensor<2>) -> Linear {
        Linear {
            weight: Param::initialized(ParamId::new(), weight),
            bias: Some(Param::initialized(ParamId::new(), bias.squeeze_dim(0))),
        }
    }

    #[test]
    fn a_layer_and_its_gradients_are_those_of_the_plain_operations() {
        let plain = |x: Tensor<2>, weight: Tensor<2>, bias: Tensor<2>| x.matmul(weight) + bias;
        let shapes = [[6, 19], [19, 37], [1, 37]];
        check(
            shapes,
            |[x, weight, bias]| linear(&layer(weight, bias), x),
            |[x, weight, bias]| plain(x, weight, bias),
        );
        check(
            shapes,
            |[x, weight, bias]| linear_gelu(&layer(weight, bias), x.reshape([2, 3, 19])).reshape([6, 37]),
            |[x, weight, bias]| gelu(plain(x, weight, bias)),
        );
    }

    #[test]
    fn weights_that_are_not_trained_get_no_gradient() {
        let device = burn::tensor::Device::flex();
        let layer = layer(Tensor::ones([2, 3], &device), Tensor::ones([1, 3], &device)).no_grad();
        let x = Tensor::<2>::ones([1, 2], &device.autodiff()).require_grad();
        let gradients = linear(&layer, x.clone()).sum().backward();
        let to_x = x.grad(&gradients).expect("a gradient").into_data();
        to_x.assert_eq(&burn::tensor::TensorData::from([[3.0_f32, 3.0]]), true);
    }
}
