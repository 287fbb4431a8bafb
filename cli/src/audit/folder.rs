//! The files of an audit log: their names, and making new names durable.
//!
//! The first part has the name of the log, later ones have their number after it: `audit.jsonl`, `audit.jsonl.2`,
//! `audit.jsonl.3`. A part keeps its name for ever. What a recovery moves out of a part lies beside it, as in
//! `audit.jsonl.torn-1`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::fault::AuditFault;

/// The parts of a log that are there, in their order. Earlier ones may have been moved to another place.
///
/// # Errors
/// [`AuditFault::NoFolder`], [`AuditFault::Refused`] where the folder cannot be read.
pub fn parts(log: &Path) -> Result<Vec<PathBuf>, AuditFault> {
    let mut numbers = numbers(log)?;
    numbers.sort_unstable();
    Ok(numbers.into_iter().map(|number| part_path(log, number)).collect())
}

/// The number of the newest part; none where there is no log.
pub(super) fn newest(log: &Path) -> Result<Option<NonZeroU32>, AuditFault> {
    Ok(numbers(log)?.into_iter().max())
}

/// The file of a part.
pub(super) fn part_path(log: &Path, part: NonZeroU32) -> PathBuf {
    match part.get() {
        1 => log.to_path_buf(),
        number => with_ending(log, &format!(".{number}")),
    }
}

/// The same path with more at its end.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(ending);
    PathBuf::from(path)
}

/// Makes the names in the folder of a file durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), AuditFault> {
    let folder = folder(path);
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| AuditFault::of(folder, "made durable", error))
}

fn numbers(log: &Path) -> Result<Vec<NonZeroU32>, AuditFault> {
    let missing = || AuditFault::Missing {
        path: log.to_path_buf(),
    };
    let name = log.file_name().ok_or_else(missing)?.as_encoded_bytes();
    let folder = folder(log);
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AuditFault::NoFolder {
            path: folder.to_path_buf(),
        },
        _ => AuditFault::of(folder, "listed", error),
    };
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let found = entry.map_err(failed)?.file_name();
        numbers.extend(found.as_encoded_bytes().strip_prefix(name).and_then(number));
    }
    Ok(numbers)
}

/// The number of a part from what its name has after that of the log.
fn number(ending: &[u8]) -> Option<NonZeroU32> {
    if ending.is_empty() {
        return Some(NonZeroU32::MIN);
    }
    let digits = std::str::from_utf8(ending.strip_prefix(b".")?).ok()?;
    let number: NonZeroU32 = digits.parse().ok()?;
    (number.get() > 1 && number.to_string() == digits).then_some(number)
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_the_order_of_their_numbers_and_nothing_else_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.jsonl");
        assert!(parts(&log).unwrap().is_empty());
        let others = [
            ".1",
            ".02",
            ".0",
            ".x",
            ".2.torn-1",
            ".new",
            ".99999999999",
            "x",
            "2",
        ];
        for ending in ["", ".10", ".9", ".2"].iter().chain(&others) {
            fs::write(with_ending(&log, ending), "").unwrap();
        }
        let names: Vec<String> = parts(&log)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["a.jsonl", "a.jsonl.2", "a.jsonl.9", "a.jsonl.10"]);
        assert_eq!(newest(&log).unwrap(), NonZeroU32::new(10));
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let found = parts(&folder.path().join("none/a.jsonl"));
        assert!(matches!(found, Err(AuditFault::NoFolder { .. })), "{found:?}");
    }

    #[test]
    fn a_bare_name_lies_in_the_current_folder() {
        assert_eq!(super::folder(Path::new("a.jsonl")), Path::new("."));
        assert_eq!(super::folder(Path::new("/a.jsonl")), Path::new("/"));
    }
}
