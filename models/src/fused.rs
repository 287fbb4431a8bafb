//! Layers that training passes through in one step each way, where Burn's own take many.
//!
//! Each computes what the composition of Burn's operations beside it computes, to float rounding, and is differentiable.
//! It is one node of the graph of gradients, whose passes are those of [`motet_engine::passes`], when a tensor is on the
//! `flex` device with autodiff and without checkpoints. Everywhere else, also where nets are run and programs are compared
//! with them, it is that composition.

use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, DispatchTensorKind, Flex};
use burn::tensor::{Bytes, DType, Shape, Tensor};
use motet_engine::{Cpu, Most};

mod attention;
mod gelu;
mod linear;
mod memory;
mod norm;
#[cfg(test)]
mod trial;

pub use attention::attention;
pub use gelu::gelu;
pub use linear::{linear, linear_gelu};
pub use memory::keep_memory;
pub use norm::layer_norm;

/// Where a pass can be one step.
type Training = Autodiff<Flex, NoCheckpointing>;
/// A tensor with its place in the graph.
type Node = FloatTensor<Training>;

/// True where a gradient may flow to the tensor, and one step can bring it there.
fn is_training<const D: usize>(tensor: &Tensor<D>) -> bool {
    let tensor = tensor.clone().into_dispatch();
    let is_flex = match &tensor.kind {
        DispatchTensorKind::Autodiff(inner) => matches!(**inner, DispatchTensorKind::Flex(_)),
        _ => false,
    };
    is_flex && tensor.autodiff == burn::backend::DispatchAutodiffContext::Enabled(Default::default())
}

/// The tensors as nodes, if a gradient may flow to one of them and all of them are numbers of 32 bits on `flex`.
fn nodes<const N: usize>(tensors: [Option<Node>; N]) -> Option<[Node; N]> {
    let mut all = Vec::with_capacity(N);
    for tensor in tensors {
        all.push(tensor?);
    }
    all.try_into().ok()
}

/// The tensor as a node, if it is of numbers of 32 bits on `flex`; a constant where it is not on a device with autodiff.
fn node<const D: usize>(tensor: &Tensor<D>) -> Option<Node> {
    if tensor.dtype() != DType::F32 {
        return None;
    }
    if let Ok(node) = tensor.clone().try_into_primitive::<Training>() {
        return Some(node);
    }
    let constant = tensor.clone().try_into_primitive::<Flex>().ok()?;
    Some(Training::from_inner(constant))
}

/// The same numbers, row after row.
fn dense(tensor: &FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

/// The numbers of a tensor that [`dense`] gave.
fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a dense tensor of 32-bit numbers")
}

/// A tensor of numbers.
fn tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), DType::F32)
}

/// What this CPU can do; the tiles of AMX do not compute in 32 bits, and are not asked for.
fn cpu() -> Cpu {
    Cpu::detect_at_most(Most::Avx512Dot)
}
