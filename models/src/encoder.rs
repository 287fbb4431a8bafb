//! The encoder: a transformer that gives every token of a text a score for each label.

mod lower;
pub mod net;

pub use net::{EncoderConfig, EncoderNet};
