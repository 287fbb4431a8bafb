//! Nodes that work on waveforms of machines: one axis, or several side by side.

pub mod envelope;
pub mod orders;
pub mod scale;
pub mod statistics;
pub(crate) mod waveform;
pub mod welch;

pub use envelope::Envelope;
pub use orders::Orders;
pub use scale::Scale;
pub use statistics::Moments;
pub use welch::Spectrum;
