//! YAML as a plain tree, and the way from a path in that tree back to the text.
//!
//! This is the only place that knows `serde_yaml`. Depth and size are bounded before the library sees the text,
//! equal keys are refused (the library would keep the last one silently), and values are found again by reading
//! the text once more with a seed that stops at the path.

mod explain;
mod locate;
mod tree;

pub(crate) use locate::offset_of;
pub use locate::{Path, Place, Segment, inner};
pub use tree::{Also, Yaml, YamlFault, read};
