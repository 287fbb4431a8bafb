//! Standard output: the one way this program prints.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use crate::arguments::{Arguments, Format};
use crate::failure::Failure;

/// Standard output with the user's wishes on form.
pub(crate) struct Output {
    writer: BufWriter<Stdout>,
    format: Format,
    colour: bool,
    colour_on_error: bool,
}

impl Output {
    pub(crate) fn new(arguments: &Arguments) -> Output {
        Output {
            writer: BufWriter::new(io::stdout()),
            format: arguments.format,
            colour: arguments.color.is_wanted(io::stdout().is_terminal()),
            colour_on_error: arguments.color.is_wanted(io::stderr().is_terminal()),
        }
    }

    /// Whether programs read this.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether standard error takes colours.
    pub(crate) fn colour_on_error(&self) -> bool {
        self.colour_on_error
    }

    /// `text` in an ANSI style such as `32` for green, where colours are wanted.
    pub(crate) fn styled(&self, style: &str, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Prints text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.writer.write_all(text.as_bytes())?)
    }

    /// Prints a line.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        Ok(writeln!(self.writer, "{text}")?)
    }

    /// Prints a value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.writer, value).map_err(io::Error::from)?;
        Ok(writeln!(self.writer)?)
    }

    /// Sends on what has been printed.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }

    /// Prints to standard error. Nothing can be done when that fails, so nothing is.
    pub(crate) fn error(&mut self, text: &str) {
        let _ = self.writer.flush();
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}
