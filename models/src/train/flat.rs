//! The weights of a net as one flat vector: what the optimiser steps, checkpoints keep, and averages mix.
//!
//! The order is that in which Burn visits the module, so a vector fits every net of the same configuration.

use std::ops::Range;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

/// A parameter of a net and where it lies in the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Path in the module, as in `blocks.0.conv.weight`.
    pub name: String,
    /// Its values in the flat vector.
    pub range: Range<usize>,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// False for running statistics, which are measured and not trained.
    pub is_trained: bool,
}

impl Segment {
    /// True for a matrix or a kernel: what weight decay is for. Scales, shifts and biases have one dimension.
    pub fn is_matrix(&self) -> bool {
        self.shape.len() > 1
    }
}

/// Returns every parameter of `net` with its place, for a net on a device with autodiff.
pub fn layout<M: Module>(net: &M) -> Vec<Segment> {
    let mut surveyor = Surveyor {
        path: Vec::new(),
        segments: Vec::new(),
        next: 0,
    };
    net.visit(&mut surveyor);
    surveyor.segments
}

/// Returns every weight of `net`, parameter by parameter, row by row.
pub fn values<M: Module>(net: &M) -> Vec<f32> {
    let mut reader = Reader {
        gradients: None,
        values: Vec::new(),
    };
    net.visit(&mut reader);
    reader.values
}

/// Returns the gradient of every weight, in the order of [`values`]; zero for weights without one.
pub fn gradients<M: Module>(net: &M, gradients: &Gradients, count: usize) -> Vec<f32> {
    let mut reader = Reader {
        gradients: Some(gradients),
        values: Vec::with_capacity(count),
    };
    net.visit(&mut reader);
    reader.values
}

/// Returns `net` with `values` for weights.
///
/// # Panics
/// If there are fewer values than weights: both come from one configuration.
pub fn with_values<M: Module>(net: M, values: &[f32]) -> M {
    net.map(&mut Writer { values })
}

struct Surveyor {
    path: Vec<String>,
    segments: Vec<Segment>,
    next: usize,
}

impl ModuleVisitor for Surveyor {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let shape = value.dims().to_vec();
        let end = self.next + shape.iter().product::<usize>();
        self.segments.push(Segment {
            name: self.path.join("."),
            range: self.next..end,
            shape,
            is_trained: value.is_require_grad(),
        });
        self.next = end;
    }
}

struct Reader<'a> {
    gradients: Option<&'a Gradients>,
    values: Vec<f32>,
}

impl ModuleVisitor for Reader<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = match self.gradients {
            None => Some(param.val().detach()),
            Some(gradients) => param.val().grad(gradients),
        };
        let data = value.map(|value| value.into_data().convert::<f32>());
        match data.as_ref().and_then(|data| data.as_slice::<f32>().ok()) {
            Some(data) => self.values.extend_from_slice(data),
            None => self
                .values
                .extend(std::iter::repeat_n(0.0, param.val().shape().num_elements())),
        }
    }
}

struct Writer<'a> {
    values: &'a [f32],
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (head, rest) = self.values.split_at(param.val().shape().num_elements());
        self.values = rest;
        param.map(|value| {
            let data = TensorData::new(head.to_vec(), value.shape());
            Tensor::from_data(data, &value.device()).set_require_grad(value.is_require_grad())
        })
    }
}
