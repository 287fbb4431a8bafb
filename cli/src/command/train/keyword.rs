//! `motet train keyword`: trains, calibrates, measures and writes a model.
//!
//! Temperature and threshold are chosen on voices that one more training, the fold, never heard; then every seed is
//! trained on all voices of the training side. Each epoch is saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use indicatif::ProgressBar;
use motet_models::keyword::{
    Corpus, Decision, EvaluateOptions, Evaluation, Fold, LABELS, Observer, Progress, Shipment, TrainError,
    TrainOptions, TrainState, calibrate, evaluate, model_of, ship, train,
};

use super::super::eval::bad;
use super::super::eval::keyword::folders;
use super::note;
use crate::arguments::TrainArguments;
use crate::failure::Failure;
use crate::output::Output;

/// The voices of one in five groups choose temperature and threshold.
const FOLD: Fold = Fold { index: 0, of: 5 };

pub(super) fn run(arguments: &TrainArguments, output: &mut Output) -> Result<(), Failure> {
    let stop = super::stop_flag()?;
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("keyword-model"));
    std::fs::create_dir_all(&out)
        .map_err(|error| Failure::bad(format!("`{}` cannot be made: {error}", out.display())))?;
    let folders = folders(&arguments.data);
    let corpus = Corpus::read(&folders).map_err(|error| bad(&error))?;
    let (heard, unseen) = corpus.split(FOLD);
    let seeds = if arguments.seeds.is_empty() {
        vec![1]
    } else {
        arguments.seeds.clone()
    };
    let first = seeds.first().copied().unwrap_or(1);
    let training = Training {
        arguments,
        out: out.clone(),
        stop,
    };

    let fold = training.train("fold", &heard, training.options(first), output)?;
    let device = Device::flex();
    let threads = arguments.data.threads as usize;
    let draft = model_of(&fold, Decision::uncalibrated(), &device).map_err(|error| bad(&error))?;
    let calibration = calibrate(&draft, &unseen, threads).map_err(|error| bad(&error))?;
    let decision = Decision {
        temperature: calibration.temperature,
        rule: calibration.rule,
    };
    note(
        output,
        &format!(
            "calibrated on unseen voices: {}; {}",
            calibration.stream, calibration.false_alarms
        ),
    )?;

    let mut states = Vec::new();
    let mut evaluations: Vec<Evaluation> = Vec::new();
    for seed in &seeds {
        let state = training.train(&format!("seed-{seed}"), &corpus, training.options(*seed), output)?;
        let model = model_of(&state, decision, &device).map_err(|error| bad(&error))?;
        let options = EvaluateOptions {
            folders: folders.clone(),
            threads,
        };
        let evaluation = evaluate(&model, &options).map_err(|error| bad(&error))?;
        note(output, &format!("seed {seed}\n{evaluation}"))?;
        states.push(state);
        evaluations.push(evaluation);
    }
    let shipment = Shipment {
        states: &states,
        decision,
        evaluations: &evaluations,
        metrics: &calibration.metrics(FOLD),
        folders: &folders,
    };
    let card = ship(&shipment, &out).map_err(|error| bad(&error))?;
    if output.is_json() {
        return output.json(&serde_json::json!({"folder": out, "card": card}));
    }
    output.line(&format!(
        "wrote the model of seed {} to {}",
        card.seed.chosen,
        out.display()
    ))
}

struct Training<'a> {
    arguments: &'a TrainArguments,
    out: PathBuf,
    stop: Arc<AtomicBool>,
}

impl Training<'_> {
    fn options(&self, seed: u64) -> TrainOptions {
        let mut options = TrainOptions::standard(seed, LABELS.len());
        options.shards = self.arguments.data.threads as usize;
        if let Some(epochs) = self.arguments.epochs {
            options.epochs = epochs as usize;
        }
        if self.arguments.data.synthetic.is_none() {
            options.diet.synthetic_keywords = 0;
        }
        options
    }

    /// Trains under a name, which is that of its checkpoint, or goes on from there.
    fn train(
        &self,
        name: &str,
        corpus: &Corpus,
        options: TrainOptions,
        output: &mut Output,
    ) -> Result<TrainState, Failure> {
        let path = self.out.join(format!("{name}.checkpoint.json"));
        let state = if self.arguments.resume && path.exists() {
            let state = TrainState::load(&path).map_err(|error| bad(&error))?;
            if state.options != options {
                return Err(bad(&TrainError::OtherOptions));
            }
            note(output, &format!("{name}: going on after epoch {}", state.epochs))?;
            state
        } else {
            TrainState::new(options)
        };
        let mut watch = Watch::new(name, path.clone(), &self.stop);
        let trained = train(corpus, state, &mut watch);
        watch.bar.finish_and_clear();
        if let Some(failure) = watch.failure {
            return Err(failure);
        }
        match trained {
            Ok(state) => Ok(state),
            Err(TrainError::Stopped { epochs }) => {
                note(
                    output,
                    &format!("{name}: stopped after epoch {epochs}; `--resume` goes on from there"),
                )?;
                Err(Failure::No)
            }
            Err(error) => Err(bad(&error)),
        }
    }
}

/// Draws the bar, saves each epoch, and ends the training when asked to.
struct Watch<'a> {
    name: String,
    path: PathBuf,
    stop: &'a AtomicBool,
    bar: ProgressBar,
    on_terminal: bool,
    failure: Option<Failure>,
}

impl<'a> Watch<'a> {
    fn new(name: &str, path: PathBuf, stop: &'a AtomicBool) -> Watch<'a> {
        let (bar, on_terminal) =
            super::watch::bar("{msg} {wide_bar} {pos}/{len} steps, {per_sec}, {eta} left");
        Watch {
            name: name.to_owned(),
            path,
            stop,
            bar,
            on_terminal,
            failure: None,
        }
    }

    fn save(&self, path: &Path, state: &TrainState) -> Result<(), Failure> {
        state.save(path).map_err(|error| bad(&error))
    }
}

impl Observer for Watch<'_> {
    fn step(&mut self, progress: &Progress) {
        let (done, all) = (
            progress.epoch * progress.steps + progress.step,
            progress.epochs * progress.steps,
        );
        if self.bar.length().is_none() {
            self.bar.set_length(all as u64);
            // What an earlier run did says nothing about the speed of this one.
            self.bar.set_position((progress.epoch * progress.steps) as u64);
            self.bar.reset_eta();
        }
        self.bar.set_position(done as u64);
        self.bar.set_message(summary(&self.name, progress));
    }

    fn epoch(&mut self, progress: &Progress, state: &TrainState) -> bool {
        if !self.on_terminal {
            // Standard error may be closed; the training is worth more than the line.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr().lock(),
                format!("{}\n", summary(&self.name, progress)).as_bytes(),
            );
        }
        if let Err(failure) = self.save(&self.path, state) {
            self.failure = Some(failure);
            return false;
        }
        // Relaxed: pairs with the store in the handler of Ctrl-C, which carries no data.
        !self.stop.load(Ordering::Relaxed)
    }
}

fn summary(name: &str, progress: &Progress) -> String {
    format!(
        "{name} epoch {}/{} loss {:.4} accuracy {:.2} %",
        progress.epoch + 1,
        progress.epochs,
        progress.loss,
        100.0 * progress.accuracy
    )
}
