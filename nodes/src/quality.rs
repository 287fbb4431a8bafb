//! Nodes that look whether data can be believed, before models score them: flags beside values, by rules over what is normal.

pub mod rows;
pub mod waveform;

pub use rows::Rows;
pub use waveform::WaveformQuality;
