//! Why a waveform cannot be analysed.

use realfft::FftError;

/// Why a waveform cannot be analysed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VibrationError {
    /// There are too few samples.
    #[error("{found} samples are too few, {needed} are needed")]
    TooShort {
        /// Least number of samples.
        needed: usize,
        /// Number of samples.
        found: usize,
    },
    /// There is another number of samples than was planned for.
    #[error("{found} samples were given, {expected} were planned for")]
    Length {
        /// What was planned for.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// A setting is out of its range.
    #[error("{fault}")]
    Setting {
        /// The rule that is broken.
        fault: &'static str,
    },
    /// A sample is infinite or not a number.
    #[error("sample {index} is not a finite number")]
    NotFinite {
        /// Its index.
        index: usize,
    },
    /// The transform refused its buffers.
    #[error("the Fourier transform failed")]
    Transform(#[from] FftError),
}
