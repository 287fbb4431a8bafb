//! Everything that can go wrong between a path and an answer, as one type.

use motet_core::catalog::{BuildError, DuplicateKind};
use motet_core::diagnostic::Diagnostics;
use motet_core::execute::RunError;
use motet_core::session::OpenError;

use crate::feed::FeedError;
use crate::load::FileError;

/// Why a pipeline gave no answer. Each part is an error of its own that a program can match on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pipeline file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The pipeline is faulty; printing this lists every fault with its place.
    #[error("{0}")]
    Pipeline(Diagnostics),
    /// Two node kinds have one name.
    #[error(transparent)]
    Kind(#[from] DuplicateKind),
    /// A node could not be built.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A worker thread could not be started.
    #[error("a worker thread could not be started: {0}")]
    Threads(#[source] std::io::Error),
    /// What was given is no value for an input.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// Measured times that make no profile.
    #[error(transparent)]
    Profile(#[from] motet_core::profile::ProfileError),
    /// A node gave no answer while it was to be measured.
    #[error("{0}, so its nodes cannot be measured")]
    Unmeasured(String),
    /// The request could not begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The contract asks for an audit log, and there is none.
    #[error("pipeline `{0}` answers nothing without an audit log, and none is named")]
    Unaudited(String),
    /// The request cannot be noted in the audit log, so it has no answer.
    #[cfg(unix)]
    #[error(transparent)]
    Audit(#[from] crate::auditor::AuditError),
}

impl Error {
    /// The stable code of an error that has one; faults of a pipeline have one each.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Error::File(error) => Some(error.code()),
            Error::Feed(error) => Some(error.code()),
            Error::Run(RunError::Input(error)) => Some(error.code().0),
            Error::Unaudited(_) => Some("MT0810"),
            #[cfg(unix)]
            Error::Audit(error) => Some(error.code()),
            Error::Open(OpenError::Build {
                cause: BuildError::Model { .. },
                ..
            }) => Some("MT0416"),
            Error::Open(OpenError::Build {
                cause: BuildError::Device { .. },
                ..
            }) => Some("MT0417"),
            Error::Open(OpenError::Build {
                cause: BuildError::Program { .. },
                ..
            }) => Some("MT0418"),
            Error::Pipeline(_)
            | Error::Kind(_)
            | Error::Open(_)
            | Error::Threads(_)
            | Error::Profile(_)
            | Error::Unmeasured(_)
            | Error::Run(_) => None,
        }
    }

    /// True when what the user gave is at fault: a file, an argument, a pipeline, an input.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Error::File(_)
            | Error::Pipeline(_)
            | Error::Feed(_)
            | Error::Run(RunError::Input(_))
            | Error::Open(OpenError::Build {
                cause: BuildError::Model { .. } | BuildError::Program { .. },
                ..
            }) => true,
            Error::Kind(_)
            | Error::Open(_)
            | Error::Threads(_)
            | Error::Profile(_)
            | Error::Unmeasured(_)
            | Error::Run(_) => false,
            Error::Unaudited(_) => true,
            // A log that is not there is the caller's doing; a disk that is full is too, and the message says so.
            #[cfg(unix)]
            Error::Audit(_) => true,
        }
    }
}

impl From<Diagnostics> for Error {
    fn from(faults: Diagnostics) -> Error {
        Error::Pipeline(faults)
    }
}
