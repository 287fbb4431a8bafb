//! Nodes that look whether data can be believed, before models score them.

pub mod waveform;

pub use waveform::WaveformQuality;
