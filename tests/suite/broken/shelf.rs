//! Files of a broken pipeline and of the agents beside it, some of them replaced in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use motet_core::diagnostic::{Diagnostic, Source};
use motet_core::graph::{Library, LibraryEntry, LibraryError};

/// A folder of pipeline files.
pub(super) struct Shelf {
    root: PathBuf,
    /// Texts that stand in for files, by path below the root.
    replaced: BTreeMap<String, String>,
}

impl Shelf {
    pub(super) fn new(root: &Path) -> Shelf {
        Shelf {
            root: root.to_path_buf(),
            replaced: BTreeMap::new(),
        }
    }

    /// The text of a file, with `\n` line ends or not as it was written.
    pub(super) fn source(&self, name: &str) -> Option<Arc<Source>> {
        let text = match self.replaced.get(name) {
            Some(text) => text.clone(),
            None => std::fs::read_to_string(self.root.join(name)).ok()?,
        };
        Some(Source::new(name, text))
    }

    /// Does what the fix of a diagnostic says, in memory.
    pub(super) fn mend(&mut self, diagnostic: &Diagnostic) {
        let fix = diagnostic.fix.as_ref().expect("a fix");
        let mut text = fix.span.source.text.clone();
        text.replace_range(fix.span.range.clone(), &fix.replacement);
        self.replaced.insert(fix.span.source.name.clone(), text);
    }
}

impl Library for Shelf {
    fn find(&self, base: &str, uses: &str) -> Result<LibraryEntry, LibraryError> {
        let outside = || LibraryError::Outside(uses.to_owned());
        let mut folder: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
        if uses.starts_with('/') {
            return Err(outside());
        }
        for part in uses.split('/') {
            match part {
                ".." => drop(folder.pop().ok_or_else(outside)?),
                part => folder.push(part),
            }
        }
        let base = folder.join("/");
        let source = self.source(&format!("{base}/pipeline.yaml"));
        source
            .map(|source| LibraryEntry { base, source })
            .ok_or_else(|| LibraryError::Missing(uses.to_owned()))
    }
}
