//! Keeps paths that stand in a pipeline file inside a folder.
//!
//! A pipeline file may come from somebody else. A path in it may neither leave the folder it is meant for nor tell
//! whether anything exists outside it: a path that leads out is refused before the disk is asked, and a link
//! that leads out is refused whether or not its target exists. Paths a *user* types are not confined.

use std::path::{Component, Path, PathBuf};

/// Why a path was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfineError {
    /// It is absolute, holds a zero byte, or leads out of the folder, directly or through a link.
    #[error("the path leads out of its folder")]
    Outside,
    /// There is nothing at this path.
    #[error("there is no such file or folder")]
    Missing,
}

/// The place of `wanted`, seen from `base`, when it lies within `root`.
///
/// `root` and `base` are canonical, and `base` lies within `root`. The answer is canonical.
///
/// # Errors
/// [`ConfineError`].
pub fn confine(root: &Path, base: &Path, wanted: &str) -> Result<PathBuf, ConfineError> {
    if wanted.contains('\0') {
        return Err(ConfineError::Outside);
    }
    let mut path = base.to_path_buf();
    for component in Path::new(wanted).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            Component::RootDir | Component::Prefix(_) => return Err(ConfineError::Outside),
        }
        if !path.starts_with(root) {
            return Err(ConfineError::Outside);
        }
        // A link is judged at once: what lies behind it is only asked for when it stays inside.
        if path.is_symlink() {
            path = match path.canonicalize() {
                Ok(target) if target.starts_with(root) => target,
                Ok(_) | Err(_) => return Err(ConfineError::Outside),
            };
        }
    }
    path.canonicalize().map_err(|_| ConfineError::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_move_within_the_folder_and_no_further() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let base = root.join("one");
        std::fs::create_dir_all(base.join("inputs")).unwrap();
        std::fs::create_dir_all(root.join("two")).unwrap();
        std::fs::write(base.join("inputs/a.txt"), "a").unwrap();
        let cases = [
            ("inputs/a.txt", Ok(base.join("inputs/a.txt"))),
            ("./inputs/../inputs/a.txt", Ok(base.join("inputs/a.txt"))),
            ("../two", Ok(root.join("two"))),
            ("../three", Err(ConfineError::Missing)),
            ("inputs/b.txt", Err(ConfineError::Missing)),
            ("../../etc/passwd", Err(ConfineError::Outside)),
            ("../../nothing/at/all", Err(ConfineError::Outside)),
            ("../../one", Err(ConfineError::Outside)),
            ("/etc/passwd", Err(ConfineError::Outside)),
            ("/nothing", Err(ConfineError::Outside)),
            ("inputs/a.txt\0.flac", Err(ConfineError::Outside)),
        ];
        for (wanted, expected) in cases {
            assert_eq!(confine(&root, &base, wanted), expected, "{wanted:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_refused_whether_or_not_its_target_exists() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("inner")).unwrap();
        for (name, target) in [("there", "/"), ("dangling", "/no/such/place"), ("kept", "inner")] {
            std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        }
        assert_eq!(confine(&root, &root, "there"), Err(ConfineError::Outside));
        assert_eq!(
            confine(&root, &root, "there/etc/passwd"),
            Err(ConfineError::Outside)
        );
        assert_eq!(confine(&root, &root, "dangling"), Err(ConfineError::Outside));
        assert_eq!(confine(&root, &root, "kept"), Ok(root.join("inner")));
    }
}
