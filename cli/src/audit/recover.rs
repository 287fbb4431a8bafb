//! Moves a line whose writing was cut short out of a log, and notes that in the log.
//!
//! Only what stands behind the last whole line is moved, and only when all before it is sound. The bytes are kept in a
//! file beside the part. A recovery that is cut short itself is finished by the next one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::AuditOptions;
use super::entry::{Anchor, Recovered};
use super::fault::AuditFault;
use super::folder::{sync_folder, with_ending};
use super::hash::Digest;
use super::line::LINE_BYTES_MAX;
use super::log::Log;

/// What a recovery did.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// How many bytes were moved.
    pub bytes: u64,
    /// The file that they are kept in.
    pub kept_in: PathBuf,
    /// The line that says so: now the last of the log.
    pub head: Anchor,
}

/// Moves a torn last line out of a log. Open the log after this.
///
/// # Errors
/// [`AuditFault::NotTorn`] where there is nothing to do; [`AuditFault::Unsound`] where more is wrong than a crash can
/// bring about; [`AuditFault::InTheWay`] where the file to be made is there and holds something else; the faults of
/// opening and of writing.
pub fn recover(path: &Path, options: AuditOptions) -> Result<Recovery, AuditFault> {
    let (mut log, scan) = Log::found(path, options)?;
    let kept_in = log.torn_path(scan.torn_next);
    let kept = kept(&kept_in)?;
    let torn = match (scan.tail.is_empty(), kept) {
        (true, None) => {
            let path = path.to_path_buf();
            return Err(AuditFault::NotTorn { path });
        }
        // An earlier recovery was stopped before it could note what it had done.
        (true, Some(kept)) => kept,
        (false, Some(kept)) if kept != scan.tail => return Err(AuditFault::InTheWay { path: kept_in }),
        (false, kept) => {
            if kept.is_none() {
                keep(&kept_in, &scan.tail)?;
            }
            log.cut(scan.sound_bytes)?;
            scan.tail
        }
    };
    let bytes = torn.len() as u64;
    let head = log.recovered(Recovered {
        bytes,
        digest: Digest::of(&torn),
        torn: scan.torn_next,
    })?;
    Ok(Recovery { bytes, kept_in, head })
}

/// What a file holds that a torn line was moved to earlier; none where there is no such file.
fn kept(path: &Path) -> Result<Option<Vec<u8>>, AuditFault> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(AuditFault::of(path, "found", error)),
    };
    if !metadata.is_file() || metadata.len() > LINE_BYTES_MAX as u64 + 1 {
        let path = path.to_path_buf();
        return Err(AuditFault::InTheWay { path });
    }
    let bytes = fs::read(path).map_err(|error| AuditFault::of(path, "read", error))?;
    Ok(Some(bytes))
}

/// Writes a file that is whole as soon as it is there.
fn keep(path: &Path, bytes: &[u8]) -> Result<(), AuditFault> {
    let draft_path = with_ending(path, ".new");
    let write = || -> io::Result<()> {
        // Left by a recovery that was cut short; the log is locked, so no other one is at work.
        match fs::remove_file(&draft_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut draft = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft_path)?;
        draft.write_all(bytes)?;
        draft.sync_all()?;
        fs::rename(&draft_path, path)
    };
    write().map_err(|error| AuditFault::of(path, "made", error))?;
    sync_folder(path)
}
