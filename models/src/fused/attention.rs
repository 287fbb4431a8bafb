//! Multi-head attention.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};
use motet_engine::passes::Attention;

use super::{NoCheckpointing, Node, Training, cpu, dense, is_training, node, nodes, numbers, tensor};

/// Returns `softmax(query key^T / sqrt(width / heads)) value`, head by head; heads are parts of a row side by side.
///
/// `hidden` is true for keys that no query sees; a query that sees none has no answer but NaN.
///
/// # Shapes
/// `qkv` and result: `[batch, tokens, width]`; `hidden`: `[batch, tokens]`.
///
/// # Source
/// Vaswani et al. 2017, "Attention is all you need", equation 1.
pub fn attention(qkv: [Tensor<3>; 3], heads: usize, hidden: Option<Tensor<2, Bool>>) -> Tensor<3> {
    let is_training = qkv.iter().any(is_training);
    let parents = nodes(qkv.each_ref().map(node)).filter(|_| is_training);
    let Some(parents) = parents else {
        return plain(qkv, heads, hidden);
    };
    let [batch, tokens, width] = qkv[0].dims();
    let sizes = Attention {
        batch,
        tokens,
        width,
        heads,
    };
    let hidden: Vec<bool> =
        hidden.map_or_else(Vec::new, |hidden| hidden.into_data().iter::<bool>().collect());
    let parents = parents.map(Node::into_parts);
    let qkv = [&parents[0].0, &parents[1].0, &parents[2].0].map(dense);
    let guards = parents.map(|(_, guard)| guard);
    let (out, shares) = sizes.forward(cpu(), qkv.each_ref().map(numbers), &hidden);
    let out = tensor(out, qkv[0].shape());
    let step = match Heads
        .prepare::<NoCheckpointing>(guards)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(step) => step.finish(Saved { sizes, qkv, shares }, out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    Tensor::from_primitive::<Training>(step)
}

fn plain(qkv: [Tensor<3>; 3], heads: usize, hidden: Option<Tensor<2, Bool>>) -> Tensor<3> {
    let [batch, tokens, width] = qkv[0].dims();
    let [query, key, value] = qkv.map(|x| x.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2));
    let scale = ((width / heads) as f64).sqrt();
    let mut scores = query.matmul(key.transpose()) / scale;
    if let Some(hidden) = hidden {
        let hidden = hidden
            .reshape([batch, 1, 1, tokens])
            .expand([batch, heads, tokens, tokens]);
        scores = scores.mask_fill(hidden, f32::NEG_INFINITY);
    }
    let mixed = softmax(scores, 3).matmul(value).swap_dims(1, 2);
    mixed.reshape([batch, tokens, width])
}

#[derive(Debug)]
struct Heads;

#[derive(Clone, Debug)]
struct Saved {
    sizes: Attention,
    qkv: [FlexTensor; 3],
    shares: Vec<f32>,
}

impl Backward<Flex, 3> for Heads {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = dense(&gradients.consume::<Flex>(&ops.node));
        let Saved { sizes, qkv, shares } = ops.state;
        let to = sizes.back(cpu(), qkv.each_ref().map(numbers), &shares, numbers(&gradient));
        let to = [to.query, to.key, to.value];
        for (parent, to) in ops.parents.into_iter().zip(to) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, tensor(to, gradient.shape()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::fused::trial::check;

    /// Two sequences of five rows, three heads of seven numbers.
    fn folded(qkv: [Tensor<2>; 3]) -> [Tensor<3>; 3] {
        qkv.map(|x| x.reshape([2, 5, 21]))
    }

    #[test]
    fn attention_and_its_gradients_are_those_of_the_plain_operations() {
        let shapes = [[10, 21]; 3];
        check(
            shapes,
            |qkv| attention(folded(qkv), 3, None).reshape([10, 21]),
            |qkv| plain(folded(qkv), 3, None).reshape([10, 21]),
        );
        let hidden = || {
            let rows = [
                [false, true, false, false, true],
                [false, false, false, false, true],
            ];
            Some(Tensor::from_data(
                TensorData::from(rows),
                &Device::flex().autodiff(),
            ))
        };
        check(
            shapes,
            |qkv| attention(folded(qkv), 3, hidden()).reshape([10, 21]),
            |qkv| plain(folded(qkv), 3, hidden()).reshape([10, 21]),
        );
    }
}
