//! The loop: epochs of steps, from any state to the last.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use burn::tensor::Device;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::adapt::Adapter;
use super::flat::{layout, values, with_values};
use super::optimiser::{AdamW, Rates, learning_rate};
use super::shard::{Outcome, Shard};
use super::state::{Best, EpochRecord, Sums, TrainState};
use super::{Learner, Observer, Place, Progress, TrainError, TrainOptions};

/// Steps that are drawn ahead by each thread that draws.
const AHEAD: usize = 2;
/// Steps that are timed before a budget is turned into epochs; the first is not one of them.
const TIMED_STEPS: usize = 8;
/// Share of a budget that training may fill: the rest is for judging and for writing the model.
const BUDGET_SHARE: f64 = 0.9;

/// What a training begins with.
#[derive(Debug)]
pub struct Beginning {
    /// How it is trained.
    pub options: TrainOptions,
    /// Names the recipe and the data.
    pub origin: String,
    /// Weights to start from instead of random ones.
    pub weights: Option<Vec<f32>>,
}

impl TrainState {
    /// The state before the first step.
    ///
    /// # Errors
    /// [`TrainError::Options`] for options that cannot be trained with, [`TrainError::OtherNet`] for weights of another
    /// net.
    pub fn begin<L: Learner>(learner: &L, beginning: &Beginning) -> Result<Self, TrainError> {
        let options = beginning.options.clone();
        options.validate()?;
        let net = learner.net(options.seed, &Device::flex().autodiff())?;
        let segments = layout(&net);
        let base = match &beginning.weights {
            Some(weights) => weights.clone(),
            None => values(&net),
        };
        let expected: usize = segments.iter().map(|segment| segment.range.len()).sum();
        if base.len() != expected {
            return Err(TrainError::OtherNet {
                reason: format!("it needs {expected} numbers, there are {}", base.len()),
            });
        }
        let adapter = Adapter::new(segments, base, &options.adaptation)?;
        let trained = adapter.start(options.seed);
        Ok(Self {
            origin: beginning.origin.clone(),
            epochs: options.epochs,
            step: 0,
            optimiser: AdamW::new(&trained),
            base: adapter.base().to_vec(),
            trained,
            sums: Sums::default(),
            history: Vec::new(),
            best: None,
            options,
        })
    }

    /// The net of the best epoch, or of the present average before there is one.
    ///
    /// # Errors
    /// [`TrainError`] if the state is not one of this learner's.
    pub fn net<L: Learner>(&self, learner: &L, device: &Device) -> Result<L::Net, TrainError> {
        let adapter = self.adapter(learner)?;
        let best = self
            .best
            .as_ref()
            .map_or(&self.optimiser.average, |best| &best.average);
        let mut weights = Vec::new();
        adapter.weights(best, &mut weights);
        Ok(with_values(learner.net(0, device)?, &weights))
    }

    fn adapter<L: Learner>(&self, learner: &L) -> Result<Adapter, TrainError> {
        let segments = layout(&learner.net(0, &Device::flex().autodiff())?);
        let expected: usize = segments.iter().map(|segment| segment.range.len()).sum();
        let adapter = Adapter::new(segments, self.base.clone(), &self.options.adaptation)?;
        if self.base.len() != expected || adapter.count() != self.trained.len() {
            return Err(TrainError::OtherNet {
                reason: "the checkpoint is of a net of other sizes".to_owned(),
            });
        }
        Ok(adapter)
    }

    /// True when the last epoch is done, or none of the last ones was better.
    pub fn is_done(&self) -> bool {
        let patience = self.options.patience;
        let waited = match (&self.best, self.history.len()) {
            (Some(best), done) => done.saturating_sub(best.epoch + 1),
            (None, _) => 0,
        };
        self.history.len() >= self.epochs || patience > 0 && waited >= patience
    }
}

/// Trains from a state to the last epoch and returns the final state.
///
/// # Errors
/// [`TrainError::Stopped`] if the observer ended it, after the state was given to it to keep; [`TrainError::Diverged`]
/// for a loss that is not finite.
pub fn train<L: Learner>(
    learner: &L,
    state: TrainState,
    budget: Option<Duration>,
    observer: &mut dyn Observer,
) -> Result<TrainState, TrainError> {
    crate::fused::keep_memory();
    let mut trainer = Trainer::new(learner, state)?;
    while !trainer.state.is_done() {
        if budget.is_some_and(|budget| observer.elapsed() > budget) && trainer.state.best.is_some() {
            trainer.state.epochs = trainer.state.history.len();
            break;
        }
        trainer.epoch(budget, observer)?;
        observer.keep(&trainer.state)?;
    }
    Ok(trainer.state)
}

struct Trainer<'a, L: Learner> {
    learner: &'a L,
    adapter: Adapter,
    shards: Vec<Shard<L::Net>>,
    /// All threads together, for work on whole vectors.
    pool: ThreadPool,
    decay: Vec<f32>,
    weights: Vec<f32>,
    /// When the first step was done, which is slower than the others.
    first_step_done: Duration,
    state: TrainState,
}

impl<'a, L: Learner> Trainer<'a, L> {
    fn new(learner: &'a L, state: TrainState) -> Result<Self, TrainError> {
        state.options.validate()?;
        let adapter = state.adapter(learner)?;
        let net = learner.net(state.options.seed, &Device::flex().autodiff())?;
        let shards = (0..state.options.shards)
            .map(|_| Shard::new(net.clone()))
            .collect::<Result<_, _>>()?;
        let pool = ThreadPoolBuilder::new()
            .num_threads(state.options.shards)
            .build()?;
        Ok(Self {
            learner,
            decay: adapter.decay(state.options.weight_decay),
            adapter,
            shards,
            pool,
            weights: Vec::new(),
            first_step_done: Duration::ZERO,
            state,
        })
    }

    /// Does the rest of the epoch at work and judges the average of the weights.
    fn epoch(&mut self, budget: Option<Duration>, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let learner = self.learner;
        let epoch = self.state.history.len();
        let steps = learner.epoch(self.state.options.seed, epoch);
        if steps.iter().all(Vec::is_empty) {
            return Err(TrainError::Options {
                fault: "an epoch has no examples",
            });
        }
        let done: usize = self.state.step - self.before(epoch, steps.len());
        let rest = &steps[done.min(steps.len())..];
        let (seed, loaders) = (self.state.options.seed, self.shards.len().min(rest.len()));
        std::thread::scope(|scope| {
            let queues: Vec<Receiver<Result<Vec<L::Example>, TrainError>>> = (0..loaders)
                .map(|first| {
                    let (send, receive) = sync_channel(AHEAD);
                    scope.spawn(move || {
                        for step in rest.iter().skip(first).step_by(loaders) {
                            let place = |index: &usize| Place {
                                seed,
                                epoch,
                                index: *index,
                            };
                            let drawn = step.iter().map(|index| learner.draw(place(index))).collect();
                            // The other end is gone when the training ended.
                            if send.send(drawn).is_err() {
                                return;
                            }
                        }
                    });
                    receive
                })
                .collect();
            for index in 0..rest.len() {
                let Ok(examples) = queues[index % loaders].recv() else {
                    break;
                };
                let stop = self.step(examples?, (done + index, steps.len()), budget, observer)?;
                if stop || observer.is_due() {
                    observer.keep(&self.state)?;
                }
                if stop {
                    return Err(TrainError::Stopped {
                        steps: self.state.step,
                    });
                }
            }
            Ok(())
        })?;
        self.judge(observer, steps.len())
    }

    /// Steps before an epoch: all epochs have the same number.
    fn before(&self, epoch: usize, steps: usize) -> usize {
        (epoch * steps).min(self.state.step)
    }

    /// One step; true when the observer ends the training.
    fn step(
        &mut self,
        examples: Vec<L::Example>,
        (step, steps): (usize, usize),
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<bool, TrainError> {
        let epoch = self.state.history.len();
        self.adapter.weights(&self.state.trained, &mut self.weights);
        let outcome = self.compute(examples)?;
        let finite = |values: &[f32]| values.iter().map(|value| value * 0.0).sum::<f32>() == 0.0;
        let measured = outcome.measured.iter().all(|weight| finite(&weight.values));
        if !outcome.loss.is_finite() || !finite(&outcome.gradient) || !measured {
            return Err(TrainError::Diverged { epoch, step });
        }
        let gradient = self.adapter.gradient(&self.state.trained, outcome.gradient);
        // They have neither gradient nor decay: the step leaves them as they are and mixes them into the average.
        self.adapter.measure(&outcome.measured, &mut self.state.trained)?;
        let options = &self.state.options;
        let all = self.state.epochs * steps;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count is one"
        )]
        let warm_up = (options.warm_up * all as f32) as usize;
        let rates = Rates {
            learning_rate: learning_rate(options.learning_rate, warm_up, self.state.step, all),
            decay: &self.decay,
            gradient_norm_max: options.gradient_norm_max,
            average_decay: options.average_decay,
        };
        self.state
            .optimiser
            .step(&mut self.state.trained, &gradient, rates, &self.pool);
        self.state.step += 1;
        let sums = &mut self.state.sums;
        sums.loss += outcome.loss;
        sums.right += outcome.right;
        sums.examples += outcome.examples;
        if self.state.step == 1 {
            self.first_step_done = observer.elapsed();
        }
        if let Some(budget) = budget
            && self.state.step == TIMED_STEPS + 1
        {
            let elapsed = observer.elapsed();
            let timed = elapsed.saturating_sub(self.first_step_done).as_secs_f64();
            let epoch_seconds = timed / TIMED_STEPS as f64 * steps as f64;
            self.state.epochs = affordable(&self.state, budget, elapsed, epoch_seconds);
        }
        Ok(observer.step(&self.progress(step + 1, steps)))
    }

    /// Loss and gradient of a batch, each shard with its share.
    fn compute(&self, examples: Vec<L::Example>) -> Result<Outcome, TrainError> {
        let share = examples.len().div_ceil(self.shards.len()).max(1);
        let mut shares: Vec<Vec<L::Example>> = Vec::with_capacity(self.shards.len());
        let mut examples = examples.into_iter().peekable();
        while examples.peek().is_some() {
            shares.push(examples.by_ref().take(share).collect());
        }
        let (learner, weights) = (self.learner, &self.weights);
        let outcomes = std::thread::scope(|scope| {
            let mut handles = Vec::with_capacity(shares.len());
            for (shard, share) in self.shards.iter().zip(shares) {
                handles.push(scope.spawn(move || shard.run(learner, weights, &share)));
            }
            let join = |handle: std::thread::ScopedJoinHandle<'_, Result<Outcome, TrainError>>| {
                handle
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            handles.into_iter().map(join).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(Outcome::merge(outcomes, &self.pool))
    }

    fn progress(&self, step: usize, steps: usize) -> Progress {
        let Sums {
            loss,
            right,
            examples,
        } = self.state.sums;
        let count = examples.max(1) as f64;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "for people, seven digits are enough"
        )]
        Progress {
            epoch: self.state.history.len(),
            epochs: self.state.epochs,
            step,
            steps,
            examples,
            loss: (loss / count) as f32,
            accuracy: (right as f64 / count) as f32,
        }
    }

    fn judge(&mut self, observer: &mut dyn Observer, steps: usize) -> Result<(), TrainError> {
        let epoch = self.state.history.len();
        let progress = self.progress(steps, steps);
        self.adapter
            .weights(&self.state.optimiser.average, &mut self.weights);
        let net = with_values(self.learner.net(0, &Device::flex())?, &self.weights);
        let figures = self.pool.install(|| self.learner.judge(&net))?;
        let score = figures.first().map_or(f64::NAN, |(_, score)| *score);
        // Where nothing chooses among epochs, the last one is the best.
        let is_better = self
            .state
            .best
            .as_ref()
            .is_none_or(|best| score > best.score || score.is_nan());
        if is_better {
            self.state.best = Some(Best {
                epoch,
                score,
                average: self.state.optimiser.average.clone(),
            });
        }
        self.state.history.push(EpochRecord {
            epoch,
            loss: progress.loss,
            accuracy: progress.accuracy,
            figures,
        });
        self.state.sums = Sums::default();
        let record = &self.state.history[epoch];
        observer.epoch(&progress, record);
        Ok(())
    }
}

/// How many epochs fit into a budget, when one takes so many seconds.
fn affordable(state: &TrainState, budget: Duration, elapsed: Duration, epoch_seconds: f64) -> usize {
    let left = BUDGET_SHARE * budget.as_secs_f64() - elapsed.as_secs_f64();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast of a float saturates"
    )]
    let fitting = (left / epoch_seconds.max(1e-9)) as usize;
    fitting.clamp(1, state.options.epochs)
}
