//! The classifier: a net of depthwise-separable convolutions over an image of features.

mod lower;
pub mod net;

pub use net::{BlockConfig, ClassifierConfig, ClassifierNet, StemConfig, Window};
