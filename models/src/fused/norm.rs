//! Layer normalisation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::nn::LayerNorm;
use burn::tensor::Tensor;
use motet_engine::passes::{self, Normal};

use super::{NoCheckpointing, Node, Training, cpu, dense, is_training, node, nodes, numbers, tensor};

/// Returns `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, where mean and variance are those of a row.
///
/// `epsilon` is the layer's own, which Burn does not tell.
///
/// # Shapes
/// `x` and result: `[.., width]`.
///
/// # Source
/// Ba, Kiros and Hinton 2016, "Layer normalization", equation 4.
pub fn layer_norm<const D: usize>(layer: &LayerNorm, x: Tensor<D>, epsilon: f32) -> Tensor<D> {
    match parents(layer, &x) {
        Some(parents) => step(parents, epsilon),
        None => layer.forward(x),
    }
}

fn parents<const D: usize>(layer: &LayerNorm, x: &Tensor<D>) -> Option<[Node; 3]> {
    let (gamma, beta) = (layer.gamma.val(), layer.beta.as_ref()?.val());
    if !is_training(x) && !is_training(&gamma) && !is_training(&beta) {
        return None;
    }
    nodes([node(x), node(&gamma), node(&beta)])
}

fn step<const D: usize>(parents: [Node; 3], epsilon: f32) -> Tensor<D> {
    let parents = parents.map(Node::into_parts);
    let [x, gamma, beta] = [&parents[0].0, &parents[1].0, &parents[2].0].map(dense);
    let guards = parents.map(|(_, guard)| guard);
    let factors = (numbers(&gamma), numbers(&beta));
    let (out, normal) = passes::norm(cpu(), numbers(&x), factors, epsilon);
    let out = tensor(out, x.shape());
    let step = match Norm.prepare::<NoCheckpointing>(guards).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(Saved { normal, gamma }, out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    Tensor::from_primitive::<Training>(step)
}

#[derive(Debug)]
struct Norm;

#[derive(Clone, Debug)]
struct Saved {
    normal: Normal,
    gamma: FlexTensor,
}

impl Backward<Flex, 3> for Norm {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = dense(&gradients.consume::<Flex>(&ops.node));
        let Saved { normal, gamma } = ops.state;
        let to = passes::norm_back(cpu(), &normal, numbers(&gamma), numbers(&gradient));
        let shapes = [gradient.shape(), gamma.shape(), gamma.shape()];
        let to = [to.x, to.gamma, to.beta];
        for ((parent, to), shape) in ops.parents.into_iter().zip(to).zip(shapes) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, tensor(to, shape));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Param, ParamId};
    use burn::nn::LayerNormConfig;

    use super::*;
    use crate::fused::trial::check;

    #[test]
    fn the_norm_and_its_gradients_are_those_of_the_plain_operations() {
        let layer = |gamma: Tensor<2>, beta: Tensor<2>| {
            let mut layer = LayerNormConfig::new(33).with_epsilon(1e-3).init(&gamma.device());
            layer.gamma = Param::initialized(ParamId::new(), gamma.squeeze_dim(0));
            layer.beta = Some(Param::initialized(ParamId::new(), beta.squeeze_dim(0)));
            layer
        };
        let plain = |x: Tensor<2>, gamma: Tensor<2>, beta: Tensor<2>| {
            let off = x.clone() - x.mean_dim(1);
            let variance = off.clone().square().mean_dim(1);
            off / (variance + 1e-3).sqrt() * gamma + beta
        };
        check(
            [[5, 33], [1, 33], [1, 33]],
            |[x, gamma, beta]| layer_norm(&layer(gamma, beta), x, 1e-3),
            |[x, gamma, beta]| plain(x, gamma, beta),
        );
    }
}
