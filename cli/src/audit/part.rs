//! One file of an audit log, locked, to which lines are added durably.
//!
//! The lock belongs to the file, not to its name, and the name must lead to the locked file before and after each line
//! is written: a log that was moved, replaced, cut or added to by somebody else is found out before an answer is given.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::fault::AuditFault;
use super::folder::{sync_folder, with_ending};

/// A part that this process alone may write.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
    identity: (u64, u64),
    bytes: u64,
}

impl Part {
    /// Opens and locks a part that is there.
    pub(super) fn open(path: &Path) -> Result<Part, AuditFault> {
        // Opening a pipe or a device could wait for it, so what it is comes first. A link is never followed.
        regular(path)?;
        let file = OpenOptions::new().read(true).append(true).open(path);
        let file = file.map_err(|error| AuditFault::of(path, "opened", error))?;
        let part = Part::locked(path, file)?;
        let mode = part.metadata()?.mode() & 0o777;
        if mode & 0o022 != 0 {
            let path = path.to_path_buf();
            return Err(AuditFault::Exposed { path, mode });
        }
        Ok(part)
    }

    /// Makes a part with its first line. It has its name only when the line is durable, so there is never half of one.
    pub(super) fn make(path: &Path, first: &[u8]) -> Result<Part, AuditFault> {
        let draft_path = with_ending(path, ".new");
        discard_draft(&draft_path)?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft_path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => AuditFault::Busy {
                path: draft_path.clone(),
            },
            _ => AuditFault::of(&draft_path, "made", error),
        })?;
        let mut part = Part::locked(&draft_path, file)?;
        part.append(first)?;
        // Whoever makes a part holds the lock of its draft, so none can come between the look and the move.
        if fs::symlink_metadata(path).is_ok() {
            let path = path.to_path_buf();
            return Err(AuditFault::Exists { path });
        }
        fs::rename(&draft_path, path).map_err(|error| AuditFault::of(path, "made", error))?;
        path.clone_into(&mut part.path);
        sync_folder(path)?;
        part.check()?;
        Ok(part)
    }

    fn locked(path: &Path, file: File) -> Result<Part, AuditFault> {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let path = path.to_path_buf();
                return Err(AuditFault::Busy { path });
            }
            Err(TryLockError::Error(error)) => return Err(AuditFault::of(path, "locked", error)),
        }
        let metadata = file.metadata();
        let metadata = metadata.map_err(|error| AuditFault::of(path, "read", error))?;
        let part = Part {
            path: path.to_path_buf(),
            file,
            identity: identity(&metadata),
            bytes: metadata.len(),
        };
        part.check()?;
        Ok(part)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file, to be read from its beginning.
    pub(super) fn reader(&self) -> Result<File, AuditFault> {
        let file = File::open(&self.path).map_err(|error| AuditFault::of(&self.path, "read", error))?;
        self.check()?;
        Ok(file)
    }

    /// Adds a line in one write. It is durable, and where its name says, when this returns.
    pub(super) fn append(&mut self, line: &[u8]) -> Result<(), AuditFault> {
        self.check()?;
        write_durably(&mut self.file, line).map_err(|error| AuditFault::of(&self.path, "written", error))?;
        self.bytes += line.len() as u64;
        self.check()
    }

    /// Cuts off what stands behind the first `bytes`.
    pub(super) fn cut(&mut self, bytes: u64) -> Result<(), AuditFault> {
        self.check()?;
        let cut = self.file.set_len(bytes).and_then(|()| self.file.sync_all());
        cut.map_err(|error| AuditFault::of(&self.path, "cut", error))?;
        self.bytes = bytes;
        self.check()
    }

    /// That the name leads to this file and that nobody else has changed its length.
    fn check(&self) -> Result<(), AuditFault> {
        let path = || self.path.clone();
        let found = match fs::symlink_metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(AuditFault::Replaced { path: path() });
            }
            Err(error) => return Err(AuditFault::of(&self.path, "found", error)),
        };
        if identity(&found) != self.identity {
            return Err(AuditFault::Replaced { path: path() });
        }
        if found.len() != self.bytes {
            return Err(AuditFault::Length {
                path: path(),
                expected: self.bytes,
                found: found.len(),
            });
        }
        Ok(())
    }

    fn metadata(&self) -> Result<Metadata, AuditFault> {
        let metadata = self.file.metadata();
        metadata.map_err(|error| AuditFault::of(&self.path, "read", error))
    }

    /// The open file, as a process that is being started shares it.
    #[cfg(test)]
    pub(super) fn shared(&self) -> File {
        self.file.try_clone().unwrap()
    }

    /// Writes to another file instead, as if the disk had become that.
    #[cfg(test)]
    pub(super) fn divert(&mut self, file: File) {
        self.file.unlock().unwrap();
        self.file = file;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started shares it for a moment, and the lock with it.
        let _ = self.file.unlock();
    }
}

/// Writes and waits until the disk has it.
fn write_durably(file: &mut File, line: &[u8]) -> io::Result<()> {
    file.write_all(line)?;
    file.sync_data()
}

/// Removes what a part was being made in when its maker was cut short.
fn discard_draft(draft_path: &Path) -> Result<(), AuditFault> {
    if matches!(fs::symlink_metadata(draft_path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    // A draft in use is locked, so this does not take it away from its maker.
    let _draft = Part::open(draft_path)?;
    fs::remove_file(draft_path).map_err(|error| AuditFault::of(draft_path, "removed", error))
}

fn regular(path: &Path) -> Result<(), AuditFault> {
    let metadata = fs::symlink_metadata(path).map_err(|error| AuditFault::of(path, "found", error))?;
    if metadata.is_file() {
        return Ok(());
    }
    let path = path.to_path_buf();
    Err(AuditFault::NotRegular { path })
}

/// Device and number of a file, which no two files have at one time.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
