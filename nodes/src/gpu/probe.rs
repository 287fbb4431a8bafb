//! Adapters are looked at and tried out in a child process: a driver that crashes or hangs there is an entry in a list.
//!
//! The child is the same program, called with [`ARGUMENT`]: alone it lists the adapters, with a number after it tries that one
//! out. It answers with one line of JSON.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use motet_core::clock::{Clock, Monotonic};
use motet_models::gpu::{self, Adapter, OpenGpu, Speeds};
use serde::de::DeserializeOwned;

use super::Prober;

/// What a program is called with to answer for [`answer`].
pub const ARGUMENT: &str = "probe-gpu";
/// Longest time a child may take; drivers compile programs in it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest answer.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// What the child answers: all adapters, or how quick the one of this number is, or why it is not.
pub fn answer(adapter: Option<usize>) -> String {
    let json = match adapter {
        None => serde_json::to_string(&Ok::<_, String>(gpu::adapters())),
        Some(index) => serde_json::to_string(&measure(index)),
    };
    // A number that JSON does not know is no answer; the caller says so.
    json.unwrap_or_default()
}

/// The adapters there are.
///
/// # Errors
/// How the driver failed.
pub fn adapters(prober: &Prober) -> Result<Vec<Adapter>, String> {
    match prober {
        Prober::Here => Ok(gpu::adapters()),
        Prober::Child(program) => ask(program, None),
    }
}

/// Tries an adapter out.
///
/// # Errors
/// What is wrong with it, or how its driver failed.
pub fn try_out(prober: &Prober, adapter: &Adapter) -> Result<Speeds, String> {
    match prober {
        Prober::Here => measure(adapter.index),
        Prober::Child(program) => ask(program, Some(adapter.index)),
    }
}

fn measure(index: usize) -> Result<Speeds, String> {
    let open = OpenGpu::open(index).map_err(|error| error.to_string())?;
    let clock = Monotonic::start();
    open.speeds(&|| clock.now()).map_err(|error| error.to_string())
}

fn ask<T: DeserializeOwned>(program: &Path, adapter: Option<usize>) -> Result<T, String> {
    let mut command = Command::new(program);
    command.arg(ARGUMENT);
    command.args(adapter.map(|index| index.to_string()));
    answer_of(&mut command)
}

fn answer_of<T: DeserializeOwned>(command: &mut Command) -> Result<T, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("the probe cannot be started: {error}"))?;
    let text = read_within(&mut child, PATIENCE);
    if text.is_none() {
        // It may have ended by itself in this moment.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match text {
        None => Err(format!("the driver gave no answer within {PATIENCE:?}")),
        Some(_) if is_crash(status) => Err(format!("the driver ended the probe: {status}")),
        Some(text) => serde_json::from_str::<Result<T, String>>(text.trim())
            .map_err(|_| "the probe gave no answer".to_owned())?,
    }
}

/// All that a child writes, if it closes its output in time.
fn read_within(child: &mut Child, patience: Duration) -> Option<String> {
    let output = child.stdout.take()?;
    let (send, receive) = sync_channel(1);
    // This thread ends when the child does, which is killed if it is late.
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.take(ANSWER_BYTES_MAX).read_to_string(&mut text);
        let _ = send.send(read.map(|_| text));
    });
    receive.recv_timeout(patience).ok()?.ok()
}

/// Whether a child was ended by a signal, or as panics and aborts do.
fn is_crash(status: ExitStatus) -> bool {
    status.code().is_none_or(|code| code > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a child that runs this script.
    fn asked(script: &str) -> Result<Vec<Adapter>, String> {
        answer_of(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn a_driver_that_crashes_refuses_or_babbles_is_told_from_one_that_answers() {
        assert_eq!(asked(r#"echo '{"Ok": []}'"#), Ok(Vec::new()));
        assert_eq!(
            asked(r#"echo '{"Err": "no such adapter"}'"#),
            Err("no such adapter".to_owned())
        );
        let crashed = asked("kill -SEGV $$").unwrap_err();
        assert!(
            crashed.starts_with("the driver ended the probe: signal: 11"),
            "{crashed}"
        );
        assert_eq!(asked("echo oops"), Err("the probe gave no answer".to_owned()));
        assert!(ask::<Vec<Adapter>>(Path::new("/nonexistent"), None).is_err());
    }

    #[test]
    fn a_driver_that_hangs_is_given_up() {
        let mut child = Command::new("sleep")
            .arg("60")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        assert_eq!(read_within(&mut child, Duration::from_millis(20)), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
