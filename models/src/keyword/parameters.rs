//! What each weight of the net is to its optimiser, in the order of its flat vector ([`crate::train::flat`]).

use super::net::KeywordNet;
use crate::train::flat::layout;

pub use crate::train::flat::{gradients, values, with_values};

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
    let segments = layout(net).into_iter();
    let kinds = segments.map(|segment| {
        let kind = match (segment.is_trained, segment.is_matrix()) {
            (false, _) => Kind::Running,
            (true, true) => Kind::Matrix,
            (true, false) => Kind::Vector,
        };
        std::iter::repeat_n(kind, segment.range.len())
    });
    kinds.flatten().collect()
}
