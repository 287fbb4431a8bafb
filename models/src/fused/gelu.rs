//! The Gaussian error linear unit.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::Tensor;
use burn::tensor::activation;
use motet_engine::passes;

use super::{NoCheckpointing, Training, cpu, dense, is_training, node, numbers, tensor};

/// Returns `x / 2 * (1 + erf(x / sqrt 2))`.
///
/// # Source
/// Hendrycks and Gimpel 2016.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let Some(node) = node(&x).filter(|_| is_training(&x)) else {
        return activation::gelu(x);
    };
    drop(x);
    let (x, guard) = node.into_parts();
    let shape = x.shape();
    let mut values = numbers(&dense(&x)).to_vec();
    let slopes = tensor(passes::gelu(cpu(), &mut values), shape.clone());
    let out = tensor(values, shape);
    let step = match Gelu
        .prepare::<NoCheckpointing>([guard])
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(step) => step.finish(slopes, out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    Tensor::from_primitive::<Training>(step)
}

#[derive(Debug)]
struct Gelu;

impl Backward<Flex, 1> for Gelu {
    /// The slopes.
    type State = burn::backend::flex::FlexTensor;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let [x] = ops.parents;
        if let Some(x) = x {
            gradients.register::<Flex>(x.id, Flex::float_mul(gradient, ops.state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fused::trial::check;

    #[test]
    fn gelu_and_its_gradient_are_those_of_the_plain_operation() {
        check(
            [[4, 37], [1, 1], [1, 1]],
            |[x, _, _]| gelu(x),
            |[x, _, _]| activation::gelu(x),
        );
    }
}
