//! Arguments about audit logs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The audit log of a pipeline that runs.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuditArguments {
    /// Note every request in this log, which `motet audit create` made, before it runs, and its end before its answer is
    /// given out.
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,

    /// The file with the key that lines of the log are hashed with.
    #[arg(long, value_name = "FILE", requires = "audit")]
    pub(crate) audit_key: Option<PathBuf>,

    /// The input that says whom a request is about: its hash with the key is noted.
    #[arg(
        long,
        value_name = "INPUT",
        default_value = "patient",
        hide_default_value = true
    )]
    pub(crate) audit_patient: String,

    /// Who asks, for the log.
    #[arg(long, value_name = "NAME", default_value = "local")]
    pub(crate) caller: motet::audit::CallerId,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Make a new log; one that is there is not touched.
    Create {
        /// The file.
        #[arg(id = "log-file", value_name = "LOG")]
        log: PathBuf,
        /// A file with a key of 32 to 64 bytes, which nobody else may read.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Find changed, missing, added and reordered lines.
    Verify {
        /// The log.
        #[arg(id = "log-file", value_name = "LOG")]
        log: PathBuf,
        /// The file with its key.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// A line that must be there, as an earlier verification printed the last one.
        #[arg(long, value_name = "SEQUENCE:HASH")]
        anchor: Option<motet::audit::Anchor>,
    },
    /// Move a line that was cut short by a crash out of a log, so that it can be written again.
    Recover {
        /// The log.
        #[arg(id = "log-file", value_name = "LOG")]
        log: PathBuf,
        /// The file with its key.
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Print every request as a FHIR AuditEvent, a line each.
    Events {
        /// The log.
        #[arg(id = "log-file", value_name = "LOG")]
        log: PathBuf,
    },
}
