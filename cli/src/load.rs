//! Reads small text files, above all the pipeline file itself.
//!
//! Nothing larger than its limit is read into memory, and every way a file can disappoint is an error of its own
//! with a stable code.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use motet_core::diagnostic::Source;
use motet_core::limits::SPEC_BYTES_MAX;

/// The name of the file that makes a folder a pipeline.
pub const PIPELINE_FILE: &str = "pipeline.yaml";

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is no file of this name.
    #[error("there is no file `{}`", path.display())]
    Missing {
        /// As named.
        path: PathBuf,
    },
    /// A folder stands where a file is due.
    #[error("`{}` is a folder, not a file", path.display())]
    Folder {
        /// As named.
        path: PathBuf,
    },
    /// A path in a pipeline file leads out of the pipeline's folder.
    #[error("`{}` leads out of the pipeline's folder", path.display())]
    Outside {
        /// As named.
        path: PathBuf,
    },
    /// The file is there and cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// As named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not UTF-8 text.
    #[error("`{}` is not UTF-8 text{}", path.display(), looks_like(*guess))]
    NotUtf8 {
        /// As named.
        path: PathBuf,
        /// The encoding it seems to have.
        guess: Option<&'static str>,
    },
    /// The file is larger than is read.
    #[error("`{}` is larger than {bytes_max} bytes", path.display())]
    TooLarge {
        /// As named.
        path: PathBuf,
        /// Most bytes that are read.
        bytes_max: usize,
    },
}

impl FileError {
    /// Its stable code, a section of `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            FileError::Missing { .. } => "MT0401",
            FileError::Folder { .. } => "MT0402",
            FileError::Outside { .. } => "MT0408",
            FileError::Unreadable { .. } | FileError::NotUtf8 { .. } => "MT0413",
            FileError::TooLarge { .. } => "MT0414",
        }
    }

    /// The error for what the system said of a path.
    pub(crate) fn of(path: &Path, source: io::Error) -> FileError {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::Missing { path },
            io::ErrorKind::IsADirectory => FileError::Folder { path },
            _ => FileError::Unreadable { path, source },
        }
    }
}

fn looks_like(guess: Option<&'static str>) -> String {
    guess.map_or_else(String::new, |name| {
        format!("; it looks like {name}, save it as UTF-8")
    })
}

/// A pipeline file and the folder its relative paths start from.
#[derive(Clone, Debug)]
pub struct LoadedPipeline {
    /// The text under the name the user gave it.
    pub source: Arc<Source>,
    /// The canonical folder it lies in.
    pub folder: PathBuf,
}

/// Reads the pipeline at `path`: a folder with a `pipeline.yaml`, or a file.
///
/// # Errors
/// [`FileError`].
pub fn load_pipeline(path: &Path) -> Result<LoadedPipeline, FileError> {
    let file = if path.is_dir() {
        path.join(PIPELINE_FILE)
    } else {
        path.to_path_buf()
    };
    let text = read_text(&file, SPEC_BYTES_MAX)?;
    let canonical = file.canonicalize().map_err(|error| FileError::of(&file, error))?;
    let folder = canonical.parent().unwrap_or(Path::new("/")).to_path_buf();
    Ok(LoadedPipeline {
        source: Source::new(file.display().to_string(), text),
        folder,
    })
}

/// Reads a file of UTF-8 text of at most `bytes_max` bytes. A byte order mark is kept.
///
/// # Errors
/// [`FileError`].
pub fn read_text(path: &Path, bytes_max: usize) -> Result<String, FileError> {
    let bytes = read_bytes(path, bytes_max)?;
    let guess = match bytes.as_slice() {
        [0xff, 0xfe, ..] => Some("UTF-16 (little endian)"),
        [0xfe, 0xff, ..] => Some("UTF-16 (big endian)"),
        [first, 0, ..] if first.is_ascii() => Some("UTF-16 (little endian)"),
        [0, second, ..] if second.is_ascii() => Some("UTF-16 (big endian)"),
        _ => None,
    };
    if guess.is_some() {
        return Err(FileError::NotUtf8 {
            path: path.to_path_buf(),
            guess,
        });
    }
    String::from_utf8(bytes).map_err(|_| FileError::NotUtf8 {
        path: path.to_path_buf(),
        guess: None,
    })
}

/// Reads a file of at most `bytes_max` bytes.
///
/// # Errors
/// [`FileError`].
pub fn read_bytes(path: &Path, bytes_max: usize) -> Result<Vec<u8>, FileError> {
    let failed = |error| FileError::of(path, error);
    // Opening a pipe or a device would wait for it, so what it is comes first.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(FileError::Folder {
            path: path.to_path_buf(),
        });
    }
    if !metadata.is_file() {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
        return Err(FileError::Unreadable {
            path: path.to_path_buf(),
            source,
        });
    }
    let mut bytes = Vec::new();
    let limit = bytes_max as u64 + 1;
    File::open(path)
        .map_err(failed)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > bytes_max {
        return Err(FileError::TooLarge {
            path: path.to_path_buf(),
            bytes_max,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, bytes: Option<&[u8]>, code: &str, message: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
        let error = load_pipeline(&path).unwrap_err();
        assert_eq!(error.code(), code);
        let shown = error
            .to_string()
            .replace(&folder.path().display().to_string(), "");
        assert_eq!(shown, message);
    }

    #[test]
    fn each_way_a_file_disappoints_has_its_code() {
        check("a.yaml", None, "MT0401", "there is no file `/a.yaml`");
        check(
            "b.yaml",
            Some(b"\xff\xfem\0o\0"),
            "MT0413",
            "`/b.yaml` is not UTF-8 text; it looks like UTF-16 (little endian), save it as UTF-8",
        );
        check(
            "c.yaml",
            Some(b"\0m\0o"),
            "MT0413",
            "`/c.yaml` is not UTF-8 text; it looks like UTF-16 (big endian), save it as UTF-8",
        );
        check(
            "d.yaml",
            Some(b"about: caf\xe9"),
            "MT0413",
            "`/d.yaml` is not UTF-8 text",
        );
        let large = vec![b'#'; SPEC_BYTES_MAX + 1];
        check(
            "e.yaml",
            Some(&large),
            "MT0414",
            "`/e.yaml` is larger than 1048576 bytes",
        );
    }

    #[test]
    fn a_folder_needs_a_pipeline_file_that_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load_pipeline(folder.path()).unwrap_err().code(), "MT0401");
        std::fs::create_dir(folder.path().join(PIPELINE_FILE)).unwrap();
        assert_eq!(load_pipeline(folder.path()).unwrap_err().code(), "MT0402");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_permission_and_a_device_are_unreadable() {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            read_bytes(Path::new("/dev/zero"), 10).unwrap_err().code(),
            "MT0413"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.yaml");
        std::fs::write(&path, "motet: 1\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        match read_bytes(&path, 10) {
            Err(error) => assert_eq!(error.code(), "MT0413"),
            Ok(_) => println!("skipped a_file_without_permission: this user may read everything"),
        }
    }
}
