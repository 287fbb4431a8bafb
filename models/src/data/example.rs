//! What all examples share: a name, a place in a file, a group and a label.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as it was named.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A side of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is learnt from.
    Train,
    /// What is only judged by.
    Valid,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Valid => "valid",
        })
    }
}

/// An example of any kind, as those see it who count, compare and split examples.
pub trait Example {
    /// Its name.
    fn id(&self) -> &str;
    /// Where it was read.
    fn place(&self) -> &Place;
    /// Who or what it comes from: a speaker, a patient, a machine.
    fn group(&self) -> Option<&str>;
    /// Its class.
    fn label(&self) -> Option<&str>;
    /// The side that its file asks for.
    fn side(&self) -> Option<Side>;
    /// Its text.
    fn text(&self) -> Option<&str> {
        None
    }
    /// Checksum of what it is made of, if that is a file of its own.
    fn sha256(&self) -> Option<&str> {
        None
    }
    /// Names of the spans in it, one for each span.
    fn span_names(&self) -> Vec<&str> {
        Vec::new()
    }
    /// Further spans, which are not learnt: they lie within others, or around them.
    fn untagged(&self) -> usize {
        0
    }
}
