//! A training: the machines of all classes, one after the other, from any state to the last.
//!
//! A state has, for each part of the data that is learnt from, the weights `[rows, classes]` and the biases `[classes]`. A
//! step is one class of one part, and all parts are one epoch. The order in which rows are looked at is drawn anew for each
//! class from the seed, so that a training that goes on is the same as one that did not stop.

use std::time::Duration;

use half::f16;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::LinearConfig;
use super::corpus::Corpus;
use super::measure::measure;
use super::model::LinearModel;
use super::settings::LessonSettings;
use crate::baseline::{BaselineError, SvmProblem, SvmSolution, balanced};
use crate::task::{StartOptions, TaskError, beginning_at_once};
use crate::train::state::Sums;
use crate::train::{EpochRecord, Observer, Progress, TrainError, TrainState};

/// What machines are trained on and how.
#[derive(Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) config: &'a LinearConfig,
    pub(super) settings: &'a LessonSettings,
    /// The rows that are learnt from; each part has machines of its own.
    pub(super) parts: &'a [Vec<usize>],
}

impl Lesson<'_> {
    /// Numbers of the machines of one part.
    fn part_len(&self) -> usize {
        (self.config.terms.rows + 1) * self.config.classes
    }

    /// The state before the first class.
    ///
    /// # Errors
    /// [`TrainError::Options`] for what only nets have: epochs, frozen parts, low-rank changes.
    pub(super) fn begin(&self, start: &StartOptions, origin: &str) -> Result<TrainState, TrainError> {
        beginning_at_once(start, origin, vec![0.0; self.parts.len() * self.part_len()])
    }

    /// Solves the classes that are left.
    ///
    /// # Errors
    /// [`TrainError::Stopped`] if the observer ended it, after the state was given to it to keep;
    /// [`TrainError::OtherNet`] for a state of other sizes; [`TrainError::Options`] when the budget is over.
    pub(super) fn train(
        &self,
        mut state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        let classes = self.config.classes;
        if state.trained.len() != self.parts.len() * self.part_len() {
            return Err(TrainError::OtherNet {
                reason: "the checkpoint is of a model of other sizes".to_owned(),
            });
        }
        let steps = self.parts.len() * classes;
        while state.step < steps {
            let (part, first) = (state.step / classes, state.step % classes);
            let problem = self.corpus.problem(&self.config.terms, &self.parts[part]);
            let weights = match self.settings.balanced {
                true => balanced(&problem.labels, classes),
                false => vec![1.0; classes],
            };
            let machines = SvmProblem::new(&problem.texts, &problem.labels, &weights).map_err(failed)?;
            for class in first..classes {
                if budget.is_some_and(|budget| observer.elapsed() > budget) {
                    observer.keep(&state)?;
                    return Err(TrainError::Options {
                        fault: "the budget is over before every class is learnt; go on with `--resume`",
                    });
                }
                let solution = self.solve(&machines, class, state.options.seed)?;
                self.put(&mut state, (part, class), &solution);
                state.sums.examples += problem.labels.len();
                let stop = observer.step(&progress(&state, steps));
                if stop || observer.is_due() {
                    observer.keep(&state)?;
                }
                if stop {
                    return Err(TrainError::Stopped { steps: state.step });
                }
            }
        }
        if state.history.is_empty() {
            let progress = progress(&state, steps);
            let record = EpochRecord {
                epoch: 0,
                loss: progress.loss,
                accuracy: progress.accuracy,
                figures: Vec::new(),
            };
            observer.epoch(&progress, &record);
            state.history.push(record);
        }
        observer.keep(&state)?;
        Ok(state)
    }

    fn solve(&self, machines: &SvmProblem<'_>, class: usize, seed: u64) -> Result<SvmSolution, TrainError> {
        let class = u32::try_from(class).unwrap_or(u32::MAX);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::from(class));
        machines
            .solve(class, self.settings.options(seed), &mut random)
            .map_err(failed)
    }

    /// Writes the machine of a class of a part into the state.
    fn put(&self, state: &mut TrainState, (part, class): (usize, usize), solution: &SvmSolution) {
        let (length, classes) = (self.part_len(), self.config.classes);
        let column = state.trained[part * length..][..length].iter_mut();
        #[allow(
            clippy::cast_possible_truncation,
            reason = "weights are kept in single precision"
        )]
        column
            .skip(class)
            .step_by(classes)
            .zip(&solution.weights)
            .for_each(|(place, weight)| *place = *weight as f32);
        state.step += 1;
        state.sums.loss += solution.loss;
        state.sums.right += solution.right;
    }

    /// The model of a part, with the weights as a file stores them.
    ///
    /// # Errors
    /// [`TaskError`] for a state of another training.
    pub(super) fn model(&self, state: &TrainState, part: usize) -> Result<LinearModel, TaskError> {
        let problem = self.corpus.problem(&self.config.terms, &self.parts[part]);
        let length = self.part_len();
        let of_part = state.trained.get(part * length..(part + 1) * length);
        let of_part = of_part.ok_or_else(|| measure(&"the state is of a model of other sizes"))?;
        let stored = |weight: &f32| f16::from_f32(*weight).to_f32();
        let mut weights: Vec<f32> = of_part.iter().map(stored).collect();
        let bias = weights.split_off(length - self.config.classes);
        Ok(LinearModel::new(self.config.clone(), problem.idf, weights, bias)?)
    }
}

/// What a training makes as small as it can: half the squared length of all weights, and the costs of all rows.
pub(super) fn objective(state: &TrainState) -> f64 {
    let square: f64 = state
        .trained
        .iter()
        .map(|weight| f64::from(*weight).powi(2))
        .sum();
    square / 2.0 + state.sums.loss
}

/// What failed in the classical learner.
fn failed(error: BaselineError) -> TrainError {
    TrainError::Burn {
        reason: error.to_string(),
    }
}

fn progress(state: &TrainState, steps: usize) -> Progress {
    let Sums {
        loss,
        right,
        examples,
    } = state.sums;
    let count = examples.max(1) as f64;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "for people, seven digits are enough"
    )]
    Progress {
        epoch: 0,
        epochs: 1,
        step: state.step,
        steps,
        examples,
        loss: (loss / count) as f32,
        accuracy: (right as f64 / count) as f32,
    }
}
