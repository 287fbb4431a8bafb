//! Shows how far a training has come, keeps its state, and ends it when asked to.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use motet_core::clock::{Clock, Monotonic};
use motet_models::train::{EpochRecord, Observer, Progress, TrainError, TrainState};

/// Time after which the state is kept, in the middle of an epoch too.
const KEEP_EVERY: Duration = Duration::from_secs(30);

/// Draws the bar, or writes a line for each epoch where there is no terminal.
pub(super) struct Watch<'a> {
    name: String,
    path: PathBuf,
    stop: &'a Arc<AtomicBool>,
    clock: Monotonic,
    bar: ProgressBar,
    on_terminal: bool,
    kept: Duration,
    /// When the examples that speed is told by began, and how many there were.
    begun: Option<(Duration, usize)>,
    examples_before: usize,
}

impl<'a> Watch<'a> {
    pub(super) fn new(name: &str, path: PathBuf, stop: &'a Arc<AtomicBool>) -> Watch<'a> {
        let (bar, on_terminal) = bar("{msg} {wide_bar} {pos}/{len} steps, {eta} left");
        Watch {
            name: name.to_owned(),
            path,
            stop,
            clock: Monotonic::start(),
            bar,
            on_terminal,
            kept: Duration::ZERO,
            begun: None,
            examples_before: 0,
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Examples per second since the first step of this run.
    fn rate(&mut self, progress: &Progress) -> f64 {
        let (now, all) = (self.elapsed(), self.examples_before + progress.examples);
        let (start, before) = *self.begun.get_or_insert((now, all));
        let seconds = now.saturating_sub(start).as_secs_f64();
        (all - before.min(all)) as f64 / seconds.max(1e-9)
    }
}

impl Observer for Watch<'_> {
    fn elapsed(&self) -> Duration {
        self.clock.now()
    }

    fn step(&mut self, progress: &Progress) -> bool {
        let rate = self.rate(progress);
        let (done, all) = (
            progress.epoch * progress.steps + progress.step,
            progress.epochs * progress.steps,
        );
        if self.bar.length().is_none() {
            // What an earlier run did says nothing about the speed of this one.
            self.bar.set_position(done.saturating_sub(1) as u64);
            self.bar.reset_eta();
        }
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        self.bar
            .set_message(format!("{} {rate:.0} examples/s", summary(&self.name, progress)));
        // Relaxed: pairs with the store in the handler of Ctrl-C, which carries no data.
        self.stop.load(Ordering::Relaxed)
    }

    fn epoch(&mut self, progress: &Progress, record: &EpochRecord) {
        let rate = self.rate(progress);
        self.examples_before += progress.examples;
        let figures: Vec<String> = record
            .figures
            .iter()
            .map(|(name, value)| format!("{name} {:.2} %", 100.0 * value))
            .collect();
        let parts = [vec![summary(&self.name, progress)], figures].concat();
        let line = format!("{} ({rate:.0} examples/s)", parts.join(", "));
        if self.on_terminal {
            self.bar.println(line);
            return;
        }
        // Standard error may be closed; the training is worth more than the line.
        let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), format!("{line}\n").as_bytes());
    }

    fn is_due(&self) -> bool {
        self.elapsed().saturating_sub(self.kept) >= KEEP_EVERY
    }

    fn keep(&mut self, state: &TrainState) -> Result<(), TrainError> {
        state.save(&self.path)?;
        self.kept = self.elapsed();
        Ok(())
    }
}

/// A bar on standard error, hidden where that is no terminal; and whether it is one.
pub(super) fn bar(template: &str) -> (ProgressBar, bool) {
    let on_terminal = std::io::stderr().is_terminal();
    let target = if on_terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    (bar, on_terminal)
}

fn summary(name: &str, progress: &Progress) -> String {
    format!(
        "{name} epoch {}/{} loss {:.4} right {:.2} %",
        progress.epoch + 1,
        progress.epochs,
        progress.loss,
        100.0 * progress.accuracy
    )
}
