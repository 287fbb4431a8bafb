//! The `motet` program: reads arguments, calls the library, prints.
//!
//! It is the one place that reads the environment and the time of day, and it decides nothing that the library could.
//! Invariant: everything it prints goes through [`output::Output`], which ends quietly when nobody reads any more.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

mod arguments;
mod command;
mod failure;
mod output;
mod render;

use arguments::{Arguments, Format};
use failure::Failure;
use output::Output;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Whoever asked may have closed the pipe; there is nobody left to tell.
            let _ = error.print();
            return if is_help {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(Failure::BAD_INPUT)
            };
        }
    };
    start_log(&arguments);
    let mut output = Output::new(&arguments);
    let result = command::run(&arguments, &mut output).and_then(|()| output.flush());
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.exit_code();
            match failure.report(&mut output).and_then(|()| output.flush()) {
                Ok(()) | Err(Failure::Closed) => ExitCode::from(code),
                Err(_) => ExitCode::from(Failure::INTERNAL),
            }
        }
    }
}

/// Sends log lines to standard error, at the level of `--log`, of `MOTET_LOG`, or warnings only.
fn start_log(arguments: &Arguments) {
    use tracing_subscriber::EnvFilter;
    #[allow(
        clippy::disallowed_methods,
        reason = "how much to log may come from the environment"
    )]
    let level = arguments.log.clone().or_else(|| std::env::var("MOTET_LOG").ok());
    let filter =
        EnvFilter::try_new(level.as_deref().unwrap_or("warn")).unwrap_or_else(|_| EnvFilter::new("warn"));
    let colour = arguments
        .color
        .is_wanted(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour);
    // A second subscriber is refused; there is none before this one.
    let _ = match arguments.format {
        Format::Text => log.compact().try_init(),
        Format::Json => log.try_init(),
    };
}
