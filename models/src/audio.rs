//! Sound before any net: decoding a clip, changing its rate, the log-mel spectrogram and its coefficients.
//!
//! Nothing here reads a device or knows a model. Invariant: samples are mono `f32`, nominally in -1..1.

pub mod clip;
pub mod log_mel;
pub mod mfcc;
pub mod resample;

pub use clip::{Clip, ClipError, ClipHeader, decode, decode_channels};
pub use log_mel::{LogMel, LogMelConfig, LogMelError};
pub use mfcc::{Mfcc, MfccConfig, MfccError};
pub use resample::{ResampleError, resample};
