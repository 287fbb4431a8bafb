//! The autoencoder: dense layers that squeeze a row of features and restore it.
//!
//! What it has learnt to restore it restores well; the error of the rest is the measure of how unusual it is.

mod lower;
pub mod net;

pub use net::{AutoencoderConfig, AutoencoderNet};
