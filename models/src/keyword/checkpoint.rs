//! Files that are whole or absent: checkpoints of a training, and a model with its card.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::train::TrainState;
pub(super) use crate::train::state::write_whole;

/// Why a file could not be kept or found again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be read or written.
    #[error("cannot use `{path}`")]
    File {
        /// Path of the file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The checkpoint is not what it should be.
    #[error("the checkpoint `{path}` is malformed")]
    Malformed {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl TrainState {
    /// Writes the state to `path`, replacing what is there only once it is complete.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        write_whole(path, |out| {
            serde_json::to_writer(out, self).map_err(io::Error::from)
        })
        .map_err(|source| CheckpointError::File {
            path: path.to_path_buf(),
            source,
        })
    }

    /// Reads a state that [`TrainState::save`] wrote.
    ///
    /// # Errors
    /// [`CheckpointError`] names the file.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let failed = |source| CheckpointError::File {
            path: path.to_path_buf(),
            source,
        };
        let reader = BufReader::new(File::open(path).map_err(failed)?);
        serde_json::from_reader(reader).map_err(|source| CheckpointError::Malformed {
            path: path.to_path_buf(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::keyword::train::TrainOptions;

    #[test]
    fn a_state_is_found_again_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let state = TrainState::new(TrainOptions::standard(5, 7));
        state.save(&path).unwrap();
        assert_eq!(TrainState::load(&path).unwrap(), state);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left");
    }

    #[test]
    fn a_damaged_checkpoint_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::write(&path, "{\"epochs\": 3").unwrap();
        assert!(matches!(
            TrainState::load(&path),
            Err(CheckpointError::Malformed { .. })
        ));
        assert!(matches!(
            TrainState::load(folder.path()),
            Err(CheckpointError::File { .. } | CheckpointError::Malformed { .. })
        ));
    }
}
