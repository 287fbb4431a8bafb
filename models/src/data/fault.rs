//! A fault of one row, and the list in which a reader collects them.

use std::path::Path;
use std::sync::Arc;

use super::{DataError, FAULTS_MAX, Problem};

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}:{line}: {problem}", file.display())]
pub struct DataFault {
    /// The file.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Collects faults up to a limit and counts the rest.
#[derive(Debug)]
pub(super) struct Faults {
    file: Arc<Path>,
    faults: Vec<DataFault>,
    more: usize,
}

impl Faults {
    pub(super) fn new(file: &Arc<Path>) -> Self {
        Self {
            file: file.clone(),
            faults: Vec::new(),
            more: 0,
        }
    }

    /// Adds a fault of the file itself.
    pub(super) fn push(&mut self, line: usize, problem: Problem) {
        let file = self.file.clone();
        self.push_in(&file, line, problem);
    }

    /// Adds a fault of a file that this one names.
    pub(super) fn push_in(&mut self, file: &Arc<Path>, line: usize, problem: Problem) {
        if self.faults.len() == FAULTS_MAX {
            self.more += 1;
            return;
        }
        self.faults.push(DataFault {
            file: file.clone(),
            line,
            problem,
        });
    }

    /// Returns `value` if nothing was wrong.
    ///
    /// # Errors
    /// [`DataError::Faults`].
    pub(super) fn or<T>(self, value: T) -> Result<T, DataError> {
        if self.faults.is_empty() {
            return Ok(value);
        }
        Err(DataError::Faults {
            faults: self.faults,
            more: self.more,
        })
    }
}
