//! Why a file of weights is refused.

use safetensors::SafeTensorError;

use super::{FILE_BYTES_MAX, HEADER_BYTES_MAX};

/// One variant per fault of a file of weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("the weights cannot be read")]
    File(#[from] std::io::Error),
    /// The file is longer than any that is read.
    #[error("the weights have {bytes} bytes, at most {FILE_BYTES_MAX} are read")]
    TooLarge {
        /// Its length.
        bytes: u64,
    },
    /// The file ends before its header or its values do.
    #[error("the weights are cut off: {found} of {expected} bytes are there")]
    Truncated {
        /// Bytes that the header speaks of.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// The file goes on after its values.
    #[error("the weights have {found} bytes, their header speaks of {expected}")]
    Excess {
        /// Bytes that the header speaks of.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// The header claims to be longer than any that is read.
    #[error("the header claims to have {bytes} bytes, at most {HEADER_BYTES_MAX} are read")]
    HeaderTooLong {
        /// The length it claims.
        bytes: u64,
    },
    /// The header is not the JSON of a safetensors file.
    #[error("the header is malformed: {reason}")]
    Header {
        /// What is wrong.
        reason: String,
    },
    /// The bytes of a tensor overlap those of another, leave a gap, or do not fit its shape.
    #[error("the bytes of {tensor} overlap others, leave a gap or do not fit its shape")]
    Offsets {
        /// Which tensor, where the header's reader tells.
        tensor: String,
    },
    /// The product of the sizes of a tensor is beyond what a machine can address.
    #[error("the sizes of a tensor overflow")]
    Overflow,
    /// The net needs tensors that are not there.
    #[error("the weights lack {}", list(tensors))]
    Missing {
        /// Their names in Burn.
        tensors: Vec<String>,
    },
    /// There are tensors that the net has no use for.
    #[error("the net has no use for {}", list(tensors))]
    LeftOver {
        /// Their names in the file.
        tensors: Vec<String>,
    },
    /// A tensor does not hold floats that can be used.
    #[error("tensor `{tensor}` holds {found}, expected F32, F16 or BF16")]
    Element {
        /// Which tensor.
        tensor: String,
        /// What it holds.
        found: String,
    },
    /// A tensor has other sizes than the net needs.
    #[error("tensor `{tensor}` has the shape {found:?}, the net needs {expected:?}")]
    Shape {
        /// Which tensor.
        tensor: String,
        /// Sizes the net needs.
        expected: Vec<usize>,
        /// Sizes in the file.
        found: Vec<usize>,
    },
    /// A tensor holds NaN or an infinity.
    #[error("tensor `{tensor}` holds a value that is not finite")]
    NotFinite {
        /// Which tensor.
        tensor: String,
    },
    /// The file is not the one that the card was written for.
    #[error("the weights have the checksum {found}, the card says {expected}")]
    Checksum {
        /// Checksum in the card.
        expected: String,
        /// Checksum of the file.
        found: String,
    },
}

impl WeightsError {
    /// Sorts what the reader of headers finds.
    pub(super) fn of_header(fault: SafeTensorError) -> Self {
        match fault {
            SafeTensorError::InvalidOffset(tensor) => Self::Offsets {
                tensor: format!("tensor `{tensor}`"),
            },
            SafeTensorError::TensorInvalidInfo | SafeTensorError::MisalignedSlice => Self::Offsets {
                tensor: "a tensor".to_owned(),
            },
            SafeTensorError::ValidationOverflow => Self::Overflow,
            fault => Self::Header {
                reason: fault.to_string(),
            },
        }
    }
}

/// The first few names, and how many there are more.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
