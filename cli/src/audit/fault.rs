//! Why an audit log could not be used. Every fault means the same to a request: it is not run, or not answered.

use std::io;
use std::path::{Path, PathBuf};

use super::moment::MomentFault;
use super::verify::Finding;

/// Why an audit log could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// There is no log. One that was used before has been taken away.
    #[error("there is no audit log `{}`", path.display())]
    Missing {
        /// As named.
        path: PathBuf,
    },
    /// There is no folder for the log.
    #[error("there is no folder `{}`", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// There is a log already.
    #[error("there is an audit log `{}` already", path.display())]
    Exists {
        /// The newest part of it.
        path: PathBuf,
    },
    /// A link, a folder or a device stands where the log is due.
    #[error("`{}` is not a regular file", path.display())]
    NotRegular {
        /// As named.
        path: PathBuf,
    },
    /// Others than the owner may write the log.
    #[error("`{}` has mode {mode:03o}, so others than its owner may write it; expected 600 or 640", path.display())]
    Exposed {
        /// The part.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another process, or another handle of this one, has the log in use.
    #[error("the audit log `{}` is in use by another process", path.display())]
    Busy {
        /// The part.
        path: PathBuf,
    },
    /// The last line was cut short, by a crash or a full disk.
    #[error(
        "the last line of `{}` was cut short: {bytes} bytes stand after sequence {}; `motet audit recover` moves them \
         aside",
        path.display(), *sequence
    )]
    Torn {
        /// The part.
        path: PathBuf,
        /// The last whole entry.
        sequence: u64,
        /// How many bytes stand behind it; none where a recovery was cut short after it had moved them.
        bytes: u64,
    },
    /// There is nothing to recover.
    #[error("the last line of `{}` is whole, so there is nothing to recover", path.display())]
    NotTorn {
        /// The part.
        path: PathBuf,
    },
    /// The file that the torn line is to be moved to holds something else.
    #[error("`{}` is in the way: it does not hold what is to be moved there", path.display())]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The newest part is not what was written.
    #[error("the audit log cannot be continued: {0}")]
    Unsound(Box<Finding>),
    /// The file was taken away or replaced while the log was in use.
    #[error("`{}` was taken away or replaced while it was in use", path.display())]
    Replaced {
        /// The part.
        path: PathBuf,
    },
    /// The file was cut or added to by somebody else while the log was in use.
    #[error("`{}` has {found} bytes where {expected} were written", path.display())]
    Length {
        /// The part.
        path: PathBuf,
        /// As it was left.
        expected: u64,
        /// As it is.
        found: u64,
    },
    /// The disk, or the share of it that may be used, is full.
    #[error("the audit log `{}` cannot be written: the disk is full", path.display())]
    Full {
        /// The part.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("the audit log `{}` cannot be {doing}: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What was tried, as a participle.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A line could not be written earlier, so it is not known where the log ends.
    #[error("the audit log `{}` failed earlier; open it anew", path.display())]
    Broken {
        /// The part.
        path: PathBuf,
    },
    /// Too many requests have begun and not ended.
    #[error("{open_max} requests have begun and not ended, which is the most at one time")]
    TooManyOpen {
        /// The most.
        open_max: usize,
    },
    /// A request has too many models.
    #[error("a request has {found} models; at most {models_max} can be noted")]
    TooManyModels {
        /// Models of the request.
        found: usize,
        /// The most.
        models_max: usize,
    },
    /// The clock shows no time that can be noted.
    #[error(transparent)]
    Clock(#[from] MomentFault),
    /// The size at which a part ends is too small or too large.
    #[error("a part of an audit log has {min} to {max} bytes, not {found}")]
    PartBytes {
        /// As wished.
        found: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// All numbers have been used.
    #[error("the audit log has as many lines or parts as can be numbered")]
    Exhausted,
}

impl AuditFault {
    /// Its stable code.
    pub fn code(&self) -> &'static str {
        match self {
            AuditFault::Missing { .. } | AuditFault::NoFolder { .. } | AuditFault::Exists { .. } => "MT0801",
            AuditFault::NotRegular { .. } | AuditFault::Exposed { .. } => "MT0802",
            AuditFault::Busy { .. } => "MT0803",
            AuditFault::Torn { .. } | AuditFault::NotTorn { .. } | AuditFault::InTheWay { .. } => "MT0804",
            AuditFault::Unsound(_) => "MT0805",
            AuditFault::Replaced { .. } | AuditFault::Length { .. } => "MT0806",
            AuditFault::Full { .. } | AuditFault::Refused { .. } | AuditFault::Broken { .. } => "MT0807",
            AuditFault::TooManyOpen { .. }
            | AuditFault::TooManyModels { .. }
            | AuditFault::Clock(_)
            | AuditFault::PartBytes { .. }
            | AuditFault::Exhausted => "MT0808",
        }
    }

    /// The fault for what the system said when something was tried with a file.
    pub(super) fn of(path: &Path, doing: &'static str, source: io::Error) -> AuditFault {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AuditFault::Missing { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                AuditFault::Full { path }
            }
            _ => AuditFault::Refused { path, doing, source },
        }
    }
}
