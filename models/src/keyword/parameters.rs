//! The weights of a net as one flat vector: what the optimiser steps, checkpoints keep, and averages mix.
//!
//! The order is that in which Burn visits the module, so a vector fits every net of the same configuration.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

use super::net::KeywordNet;

/// Returns every weight of `net`, layer by layer, row by row.
pub fn values(net: &KeywordNet) -> Vec<f32> {
    let mut reader = Reader {
        gradients: None,
        values: Vec::new(),
    };
    net.visit(&mut reader);
    reader.values
}

/// Returns the gradient of every weight, in the order of [`values`]; zero for weights that are not trained.
pub fn gradients(net: &KeywordNet, gradients: &Gradients) -> Vec<f32> {
    let mut reader = Reader {
        gradients: Some(gradients),
        values: Vec::new(),
    };
    net.visit(&mut reader);
    reader.values
}

/// What a weight is to the optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An entry of a matrix: trained, with weight decay.
    Matrix,
    /// A scale or a shift: trained, without weight decay.
    Vector,
    /// A running statistic: not trained but measured.
    Running,
}

/// Returns what each weight is, in the order of [`values`], for a net on a device with autodiff.
pub fn kinds(net: &KeywordNet) -> Vec<Kind> {
    let mut sorter = Sorter { kinds: Vec::new() };
    net.visit(&mut sorter);
    sorter.kinds
}

/// Returns `net` with `values` for weights.
///
/// # Panics
/// If there are fewer values than weights: both come from one configuration.
pub fn with_values(net: KeywordNet, values: &[f32]) -> KeywordNet {
    net.map(&mut Writer { values })
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
        match value.map(|value| value.into_data().convert::<f32>()) {
            Some(data) => self.values.extend(data.iter::<f32>()),
            None => self
                .values
                .extend(std::iter::repeat_n(0.0, param.val().shape().num_elements())),
        }
    }
}

struct Sorter {
    kinds: Vec<Kind>,
}

impl ModuleVisitor for Sorter {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let kind = match (value.is_require_grad(), D) {
            (false, _) => Kind::Running,
            (true, 1) => Kind::Vector,
            (true, _) => Kind::Matrix,
        };
        self.kinds
            .extend(std::iter::repeat_n(kind, value.shape().num_elements()));
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
