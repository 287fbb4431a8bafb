//! Dimensions of one name in several inputs of the pipeline, which must have one size in a request.

use std::collections::BTreeMap;

use serde::Serialize;

use super::PlannedInput;
use crate::port::Element;

/// A dimension of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InputDim {
    /// Which input.
    pub input: u16,
    /// Which of its tensors.
    pub field: u16,
    /// Which of its dimensions.
    pub dim: u16,
}

/// By name, the places of the dimensions that stand at more than one.
pub(super) fn of(inputs: &[PlannedInput]) -> Vec<(String, Vec<InputDim>)> {
    let small = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
    let mut places: BTreeMap<&str, Vec<InputDim>> = BTreeMap::new();
    for (input, planned) in inputs.iter().enumerate() {
        for (field, tensor) in planned.port.tensors().enumerate() {
            // Text counts its own bytes: `T` of two texts has nothing in common.
            if tensor.element == Element::Utf8 {
                continue;
            }
            for (dim, declared) in tensor.dims.iter().enumerate() {
                if let Some(name) = declared.name.as_deref() {
                    places.entry(name).or_default().push(InputDim {
                        input: small(input),
                        field: small(field),
                        dim: small(dim),
                    });
                }
            }
        }
    }
    let shared = places.into_iter().filter(|(_, places)| places.len() > 1);
    shared.map(|(name, places)| (name.to_owned(), places)).collect()
}
