//! Why a command did not end well, and the exit code that says so.

use std::io;

use motet::Error;
use motet_core::diagnostic::Diagnostics;
use serde_json::json;

use crate::output::Output;
use crate::render;

/// Why a command did not end well.
pub(crate) enum Failure {
    /// What was asked is not so, and that has been printed.
    No,
    /// The pipeline is faulty.
    Faults(Diagnostics),
    /// Bad input, with a code where it has one.
    Bad {
        code: Option<&'static str>,
        message: String,
        help: Option<String>,
    },
    /// An error that is not the user's.
    Internal(String),
    /// Nobody reads the output any more.
    Closed,
}

impl Failure {
    /// Exit code for bad input.
    pub(crate) const BAD_INPUT: u8 = 2;
    /// Exit code for an error of the program.
    pub(crate) const INTERNAL: u8 = 3;

    /// Bad input without a code of its own.
    pub(crate) fn bad(message: impl Into<String>) -> Failure {
        Failure::Bad {
            code: None,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Closed => 0,
            Failure::No => 1,
            Failure::Faults(_) | Failure::Bad { .. } => Failure::BAD_INPUT,
            Failure::Internal(_) => Failure::INTERNAL,
        }
    }

    /// Prints it: JSON to standard output, text to standard error.
    pub(crate) fn report(self, output: &mut Output) -> Result<(), Failure> {
        let (code, message, help) = match self {
            Failure::No | Failure::Closed => return Ok(()),
            Failure::Faults(faults) => return render::faults(&faults, output),
            Failure::Bad { code, message, help } => (code, message, help),
            Failure::Internal(message) => (
                None,
                message,
                Some("this is a fault of motet; please report it".to_owned()),
            ),
        };
        if output.is_json() {
            return output.json(&json!({"error": {"code": code, "message": message, "help": help}}));
        }
        output.error(&render::message(
            code,
            &message,
            help.as_deref(),
            output.colour_on_error(),
        ));
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        if let Error::Pipeline(faults) = error {
            return Failure::Faults(faults);
        }
        let code = error.code();
        if error.is_bad_input() {
            let help = code.map(|code| format!("`motet explain {code}` says more"));
            return Failure::Bad {
                code,
                message: error.to_string(),
                help,
            };
        }
        Failure::Internal(error.to_string())
    }
}

impl From<motet::FileError> for Failure {
    fn from(error: motet::FileError) -> Failure {
        Failure::from(Error::from(error))
    }
}

impl From<motet::profile::ProfileFileError> for Failure {
    fn from(error: motet::profile::ProfileFileError) -> Failure {
        Failure::Bad {
            code: Some(error.code()),
            message: error.to_string(),
            help: Some("`motet profile` writes a new one".to_owned()),
        }
    }
}

/// For what is written to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::Closed;
        }
        Failure::Internal(format!("the output cannot be written: {error}"))
    }
}
