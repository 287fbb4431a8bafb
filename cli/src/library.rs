//! Finds the files of agents on the file system.
//!
//! An agent's `use:` names a folder below the pipeline's own folder or beside it. Nothing outside the folder
//! that holds the pipelines is ever read; see [`crate::confine`].

use std::path::{Path, PathBuf};

use motet_core::diagnostic::Source;
use motet_core::graph::{Library, LibraryEntry, LibraryError};
use motet_core::limits::SPEC_BYTES_MAX;

use crate::confine::{ConfineError, confine};
use crate::load::{FileError, LoadedPipeline, PIPELINE_FILE, read_text};

/// The folder of pipelines around one of them.
#[derive(Clone, Debug)]
pub struct FolderLibrary {
    /// Canonical: agents lie within.
    root: PathBuf,
    /// Canonical: the first pipeline's own folder.
    folder: PathBuf,
    /// `folder` as the user would name it.
    shown: PathBuf,
}

impl FolderLibrary {
    /// The library around a pipeline: its own folder and everything beside it.
    pub fn around(pipeline: &LoadedPipeline) -> FolderLibrary {
        let folder = pipeline.folder.clone();
        let root = folder.parent().unwrap_or(&folder).to_path_buf();
        let shown = Path::new(&pipeline.source.name).parent();
        let shown = shown
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        FolderLibrary {
            root,
            shown: shown.to_path_buf(),
            folder,
        }
    }

    /// A file the user can open from where they are.
    fn shown(&self, file: &Path) -> String {
        let inside = file.strip_prefix(&self.folder).map(|rest| self.shown.join(rest));
        let beside = || {
            let rest = file.strip_prefix(&self.root).unwrap_or(file);
            let named = self.shown.file_name().and(self.shown.parent());
            named.map_or_else(|| self.shown.join("..").join(rest), |parent| parent.join(rest))
        };
        inside.unwrap_or_else(|_| beside()).display().to_string()
    }
}

impl Library for FolderLibrary {
    fn find(&self, base: &str, uses: &str) -> Result<LibraryEntry, LibraryError> {
        let base = if base.is_empty() {
            self.folder.as_path()
        } else {
            Path::new(base)
        };
        let folder = confine(&self.root, base, uses).map_err(|error| match error {
            ConfineError::Missing => LibraryError::Missing(uses.to_owned()),
            ConfineError::Outside => LibraryError::Outside(uses.to_owned()),
        })?;
        let file = confine(&self.root, &folder, PIPELINE_FILE).map_err(|error| match error {
            ConfineError::Missing => LibraryError::Missing(uses.to_owned()),
            ConfineError::Outside => LibraryError::Outside(uses.to_owned()),
        })?;
        let text = read_text(&file, SPEC_BYTES_MAX).map_err(|error| reason(uses, &error))?;
        let base = folder.to_str().ok_or_else(|| LibraryError::Unreadable {
            path: uses.to_owned(),
            reason: "the name of its folder is not UTF-8".to_owned(),
        })?;
        Ok(LibraryEntry {
            base: base.to_owned(),
            source: Source::new(self.shown(&file), text),
        })
    }
}

/// What is wrong, in the author's words for the path: never a path of this machine.
fn reason(uses: &str, error: &FileError) -> LibraryError {
    let reason = match error {
        FileError::Missing { .. } => return LibraryError::Missing(uses.to_owned()),
        FileError::Outside { .. } => return LibraryError::Outside(uses.to_owned()),
        FileError::Folder { .. } => format!("its `{PIPELINE_FILE}` is a folder"),
        FileError::Unreadable { source, .. } => source.to_string(),
        FileError::NotUtf8 { .. } => "it is not UTF-8 text".to_owned(),
        FileError::TooLarge { bytes_max, .. } => format!("it is larger than {bytes_max} bytes"),
    };
    LibraryError::Unreadable {
        path: uses.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::load_pipeline;

    fn check(uses: &str, expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["set/main", "set/main/inner", "set/other", "set/bad", "outside"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in ["set/main", "set/main/inner", "set/other", "outside"] {
            std::fs::write(
                folder.path().join(name).join(PIPELINE_FILE),
                format!("# {name}\n"),
            )
            .unwrap();
        }
        std::fs::write(folder.path().join("set/bad").join(PIPELINE_FILE), b"\xff\xff").unwrap();
        let loaded = load_pipeline(&folder.path().join("set/main")).unwrap();
        let found = FolderLibrary::around(&loaded).find("", uses);
        let found = found
            .map(|entry| entry.source.text.clone())
            .map_err(|error| error.to_string());
        assert_eq!(
            found,
            expected.map(str::to_owned).map_err(str::to_owned),
            "{uses:?}"
        );
    }

    #[test]
    fn agents_are_found_below_and_beside_and_nowhere_else() {
        check("inner", Ok("# set/main/inner\n"));
        check("../other", Ok("# set/other\n"));
        check("../none", Err("there is no pipeline in `../none`"));
        check(
            "../../outside",
            Err("`../../outside` leads out of the folder of pipelines"),
        );
        check(
            "../../no-such-place",
            Err("`../../no-such-place` leads out of the folder of pipelines"),
        );
        check("/etc", Err("`/etc` leads out of the folder of pipelines"));
        check("../bad", Err("`../bad` cannot be read: it is not UTF-8 text"));
    }

    #[test]
    fn files_are_shown_as_the_user_would_name_them() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["main", "other"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join(PIPELINE_FILE), "motet: 1\n").unwrap();
        }
        let loaded = load_pipeline(&folder.path().join("main")).unwrap();
        let entry = FolderLibrary::around(&loaded).find("", "../other").unwrap();
        assert_eq!(
            entry.source.name,
            folder
                .path()
                .join("other")
                .join(PIPELINE_FILE)
                .display()
                .to_string()
        );
    }
}
