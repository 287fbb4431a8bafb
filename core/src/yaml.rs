//! YAML as a plain tree, and the way from a path in that tree back to the text.
//!
//! This is the only place that knows `serde_yaml`. Depth and size are bounded before the library sees the text,
//! equal keys are refused (the library would keep the last one silently), and values are found again by reading
//! the text once more with a seed that stops at the path.

mod explain;
mod locate;
mod tree;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};

pub(crate) use locate::offset_of;
pub use locate::{Path, Place, Segment, inner};
pub use tree::{Also, Yaml, YamlFault, read};

/// Reads the one document of a source that is no pipeline: a grammar or a world.
///
/// # Errors
/// As [`read`], with the place in the source.
pub fn read_source(source: &Arc<Source>) -> Result<Yaml, Diagnostics> {
    read(&source.text).map_err(|fault| {
        let offset = offset_of(&source.text, fault.at.0, fault.at.1);
        let found = Diagnostic::error(fault.code, Span::new(source, offset..offset), fault.message);
        let mut faults = Diagnostics::new();
        faults.push(match fault.help {
            Some(help) => found.help(help),
            None => found,
        });
        faults
    })
}
