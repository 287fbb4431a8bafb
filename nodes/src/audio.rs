//! Nodes that work on sound.

pub(crate) mod framing;
pub mod log_mel;
pub mod mfcc;
pub mod resample;
pub mod speak;

pub use log_mel::LogMel;
pub use mfcc::Mfcc;
pub use resample::Resample;
pub use speak::Speak;

use motet_core::catalog::{Accepts, ConnectedInput};
use motet_core::limits::DIM_MAX;
use motet_core::port::{Dim, Element, PortType, TensorType};

/// What a node takes that works on mono sound of any length.
pub(crate) fn any_sound() -> Accepts {
    Accepts::Type(TensorType::new(Element::F32, vec![Dim::at_most("T", DIM_MAX)]).into())
}

/// The type of the sound that arrives at the first input.
fn sound(inputs: &[ConnectedInput]) -> Option<&TensorType> {
    match inputs.first()?.port.as_ref()? {
        PortType::Tensor(tensor) => Some(tensor),
        PortType::Record(_) => None,
    }
}
