//! Why a whole set is refused.

use std::fmt::Write;
use std::path::PathBuf;

use super::DataFault;

/// Largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 256 << 20;

/// Most faults that are kept; further ones are counted.
pub const FAULTS_MAX: usize = 100;

/// Why a set of examples is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is larger than [`FILE_BYTES_MAX`].
    #[error("`{path}` is larger than {FILE_BYTES_MAX} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file holds no example.
    #[error("`{path}` holds no example")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The tables that a manifest names have more than [`TABLE_BYTES_MAX`](super::TABLE_BYTES_MAX) bytes together.
    #[error("the tables of `{path}` have more than {max} bytes together", max = super::TABLE_BYTES_MAX)]
    TooManyTables {
        /// The manifest.
        path: PathBuf,
    },
    /// Rows are not what they should be.
    #[error("{}", listed(faults, *more))]
    Faults {
        /// The first [`FAULTS_MAX`] of them, in the order of the file.
        faults: Vec<DataFault>,
        /// How many there are besides.
        more: usize,
    },
    /// No example has a label, so there is nothing to classify.
    #[error("none of the {rows} examples has a label")]
    NoLabel {
        /// Number of examples.
        rows: usize,
    },
    /// All examples have the same label, so there is nothing to tell apart.
    #[error("all labels are `{label}`, expected two classes or more")]
    OneClass {
        /// The label.
        label: String,
    },
}

fn listed(faults: &[DataFault], more: usize) -> String {
    let count = faults.len() + more;
    let mut text = match count {
        1 => "1 row is faulty".to_owned(),
        _ => format!("the data have {count} faults"),
    };
    for fault in faults {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n  {fault}");
    }
    if more > 0 {
        let _ = write!(text, "\n  and {more} more");
    }
    text
}
