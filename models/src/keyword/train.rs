//! Training: epochs of drawn examples, data-parallel shards, AdamW, and an average of the weights.
//!
//! Each shard runs on its own one-thread pool, and their gradients are added in a fixed order: equal options give
//! equal weights, bit for bit, on one machine. The result is the averaged weights. The state after every epoch is
//! a plain value, so a training can stop and go on anywhere.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

use super::data::{Corpus, DataError};
use super::draw::{Diet, Drawer, Place};
use super::net::{KeywordNet, KeywordNetConfig, Moments};
use super::optimise::{self, AdamW, Rates};
use super::parameters::{self, Kind};
use crate::audio::{LogMel, LogMelConfig, LogMelError};

/// Share of each batch's statistics in the running ones.
const MOMENTUM: f32 = 0.05;

/// How a net is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainOptions {
    /// Sizes of the net.
    pub net: KeywordNetConfig,
    /// Features it hears.
    pub features: LogMelConfig,
    /// What an epoch consists of.
    pub diet: Diet,
    /// Seed of first weights, examples and dropout.
    pub seed: u64,
    /// Passes over the diet.
    pub epochs: usize,
    /// Examples per step, over all shards.
    pub batch: usize,
    /// Threads that share a batch; results differ between shard counts.
    pub shards: usize,
    /// Highest learning rate.
    pub learning_rate: f32,
    /// Decay of weight matrices per step and learning rate.
    pub weight_decay: f32,
    /// Share of the target that is spread over all classes.
    pub label_smoothing: f32,
    /// Share of pooled features that are dropped.
    pub dropout: f32,
    /// Decay of the average of the weights, per step.
    pub average_decay: f32,
}

impl TrainOptions {
    /// Returns the options that the committed weights were trained with, for one of the seeds.
    pub fn standard(seed: u64, classes: usize) -> Self {
        Self {
            net: KeywordNetConfig::standard(classes),
            features: LogMelConfig::speech(),
            diet: Diet {
                keyword_passes: 1,
                synthetic_keywords: 1_200,
                none: 1_300,
            },
            seed,
            epochs: 30,
            batch: 64,
            shards: 1,
            learning_rate: 3e-3,
            weight_decay: 0.02,
            label_smoothing: 0.05,
            dropout: 0.1,
            average_decay: 0.995,
        }
    }
}

/// Why a training failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The recordings cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An option is out of its range, or the corpus lacks what it asks for.
    #[error("cannot train: {fault}")]
    Options {
        /// The rule that is broken.
        fault: &'static str,
    },
    /// The features cannot be computed.
    #[error("cannot compute features")]
    Features(#[from] LogMelError),
    /// A thread pool cannot be started.
    #[error("cannot start a thread")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The loss is no longer a number.
    #[error("the loss of epoch {epoch} is not a finite number")]
    Diverged {
        /// Epoch, from 0.
        epoch: usize,
    },
    /// The state to resume from was made with other options.
    #[error("the checkpoint was made with other options")]
    OtherOptions,
    /// The training was stopped by its observer.
    #[error("training was stopped after epoch {epochs}")]
    Stopped {
        /// Epochs done.
        epochs: usize,
    },
}

/// Everything that the rest of a training depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainState {
    /// The options it was started with.
    pub options: TrainOptions,
    /// Epochs done.
    pub epochs: usize,
    /// Weights, as the optimiser steps them.
    pub weights: Vec<f32>,
    /// Average of the weights: the result.
    pub average: Vec<f32>,
    /// Moments of the optimiser.
    pub optimiser: AdamW,
    /// Mean loss of each epoch done, in nats.
    pub losses: Vec<f32>,
}

impl TrainState {
    /// Returns the state before the first epoch.
    pub fn new(options: TrainOptions) -> Self {
        let net = options.net.init(options.seed, &Device::flex());
        let weights = parameters::values(&net);
        Self {
            options,
            epochs: 0,
            average: weights.clone(),
            optimiser: AdamW::new(weights.len()),
            losses: Vec::new(),
            weights,
        }
    }

    /// Returns the net of the averaged weights.
    pub fn net(&self, device: &Device) -> KeywordNet {
        parameters::with_values(self.options.net.init(0, device), &self.average)
    }
}

/// How far a training has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Epoch in work, from 0.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub step: usize,
    /// Steps per epoch.
    pub steps: usize,
    /// Examples per step.
    pub batch: usize,
    /// Mean loss of this epoch so far, in nats.
    pub loss: f32,
    /// Share of this epoch's examples classified rightly so far.
    pub accuracy: f32,
}

/// Watches a training.
pub trait Observer {
    /// Called after every step.
    fn step(&mut self, progress: &Progress);

    /// Called after every epoch with the state to keep; `false` ends the training.
    fn epoch(&mut self, progress: &Progress, state: &TrainState) -> bool;
}

/// Trains from `state` to the last epoch and returns the final state.
///
/// # Errors
/// [`TrainError::Stopped`] if the observer ended it, [`TrainError::Diverged`] for a loss that is not finite.
pub fn train(
    corpus: &Corpus,
    state: TrainState,
    observer: &mut dyn Observer,
) -> Result<TrainState, TrainError> {
    let mut trainer = Trainer::new(corpus, state)?;
    while trainer.state.epochs < trainer.state.options.epochs {
        let progress = trainer.epoch(observer)?;
        let go_on = observer.epoch(&progress, &trainer.state);
        if !go_on && trainer.state.epochs < trainer.state.options.epochs {
            return Err(TrainError::Stopped {
                epochs: trainer.state.epochs,
            });
        }
    }
    Ok(trainer.state)
}

struct Trainer<'a> {
    drawer: Drawer<'a>,
    shards: Vec<Shard>,
    kinds: Vec<Kind>,
    decay: Vec<f32>,
    state: TrainState,
}

impl<'a> Trainer<'a> {
    fn new(corpus: &'a Corpus, state: TrainState) -> Result<Self, TrainError> {
        let options = &state.options;
        let fault = if options.shards == 0 || options.batch < 2 * options.shards {
            Some("each shard needs at least two examples of a batch")
        } else if corpus.keywords.is_empty() || corpus.digits.is_empty() || corpus.sentences.is_empty() {
            Some("keywords, digits and sentences are needed")
        } else if corpus.noise.is_empty() {
            Some("a recording of noise is needed")
        } else if options.features.bins != options.net.bins {
            Some("the features and the net differ in bins")
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(TrainError::Options { fault });
        }
        let device = Device::flex().autodiff();
        let net = options.net.init(options.seed, &device);
        let kinds = parameters::kinds(&net);
        let decay = kinds
            .iter()
            .map(|kind| {
                if *kind == Kind::Matrix {
                    options.weight_decay
                } else {
                    0.0
                }
            })
            .collect();
        let shards = (0..options.shards)
            .map(|_| Shard::new(options, net.clone()))
            .collect::<Result<_, _>>()?;
        let drawer = Drawer::new(corpus, options.diet, options.seed);
        Ok(Self {
            drawer,
            shards,
            kinds,
            decay,
            state,
        })
    }

    fn epoch(&mut self, observer: &mut dyn Observer) -> Result<Progress, TrainError> {
        let options = self.state.options.clone();
        let epoch = self.state.epochs;
        let place = |(index, source)| Place { epoch, index, source };
        let places: Vec<Place> = self
            .drawer
            .epoch(epoch)
            .into_iter()
            .enumerate()
            .map(place)
            .collect();
        let steps = places.len() / options.batch;
        if steps == 0 {
            return Err(TrainError::Options {
                fault: "an epoch is shorter than a batch",
            });
        }
        let (mut loss, mut right) = (0.0, 0);
        let mut progress = Progress {
            epoch,
            epochs: options.epochs,
            step: 0,
            steps,
            batch: options.batch,
            loss: 0.0,
            accuracy: 0.0,
        };
        for (step, batch) in places.chunks_exact(options.batch).enumerate() {
            let outcome = self.step(batch, epoch * steps + step, options.epochs * steps)?;
            loss += outcome.loss;
            right += outcome.right;
            progress.step = step + 1;
            progress.loss = loss / (step + 1) as f32;
            progress.accuracy = right as f32 / ((step + 1) * options.batch) as f32;
            if !loss.is_finite() {
                return Err(TrainError::Diverged { epoch });
            }
            observer.step(&progress);
        }
        self.state.epochs += 1;
        self.state.losses.push(progress.loss);
        Ok(progress)
    }

    fn step(&mut self, batch: &[Place], step: usize, steps: usize) -> Result<Outcome, TrainError> {
        let (drawer, weights) = (&self.drawer, &self.state.weights);
        let share = batch.len().div_ceil(self.shards.len());
        let parts = std::thread::scope(|scope| {
            let work = |(shard, places): (&'_ mut Shard, &'_ [Place])| shard.run(drawer, weights, places);
            let run = |job| scope.spawn(move || work(job));
            let handles: Vec<_> = self.shards.iter_mut().zip(batch.chunks(share)).map(run).collect();
            handles
                .into_iter()
                .map(|handle| handle.join())
                .collect::<Vec<_>>()
        });
        let mut total = Outcome::default();
        for part in parts {
            let part = part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            total.add(part, batch.len());
        }
        let options = &self.state.options;
        let warm_up = (steps / options.epochs.max(1)).max(1) * 2;
        let learning_rate = optimise::learning_rate(options.learning_rate, warm_up, step, steps);
        let rates = Rates {
            learning_rate,
            decay: &self.decay,
        };
        self.state
            .optimiser
            .step(&mut self.state.weights, &total.gradient, rates);
        let running = self.kinds.iter().zip(&total.running);
        for (weight, (kind, running)) in self.state.weights.iter_mut().zip(running) {
            if *kind == Kind::Running {
                *weight = *running;
            }
        }
        optimise::average(
            &mut self.state.average,
            &self.state.weights,
            options.average_decay,
            step,
        );
        Ok(total)
    }
}

/// One thread's share of every batch.
struct Shard {
    pool: ThreadPool,
    net: KeywordNet,
    log_mel: LogMel,
    options: TrainOptions,
}

/// What a batch, or a shard's part of it, gave.
#[derive(Default)]
struct Outcome {
    loss: f32,
    right: usize,
    gradient: Vec<f32>,
    /// All values of the net with the running statistics moved on.
    running: Vec<f32>,
    examples: usize,
}

impl Outcome {
    /// Adds a part, weighted by its share of `batch` examples.
    fn add(&mut self, part: Self, batch: usize) {
        let share = part.examples as f32 / batch as f32;
        self.loss += share * part.loss;
        self.right += part.right;
        self.examples += part.examples;
        accumulate(&mut self.gradient, &part.gradient, share);
        accumulate(&mut self.running, &part.running, share);
    }
}

fn accumulate(sum: &mut Vec<f32>, values: &[f32], share: f32) {
    sum.resize(values.len(), 0.0);
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += share * value;
    }
}

impl Shard {
    fn new(options: &TrainOptions, net: KeywordNet) -> Result<Self, TrainError> {
        Ok(Self {
            pool: ThreadPoolBuilder::new().num_threads(1).build()?,
            net,
            log_mel: LogMel::new(options.features.clone())?,
            options: options.clone(),
        })
    }

    fn run(&mut self, drawer: &Drawer<'_>, weights: &[f32], places: &[Place]) -> Result<Outcome, TrainError> {
        let Self {
            pool,
            net,
            log_mel,
            options,
        } = self;
        pool.install(|| {
            let (windows, classes) = draw(drawer, places, options, log_mel)?;
            Ok(pass(
                parameters::with_values(net.clone(), weights),
                options,
                places,
                (windows, classes),
            ))
        })
    }
}

fn draw(
    drawer: &Drawer<'_>,
    places: &[Place],
    options: &TrainOptions,
    log_mel: &mut LogMel,
) -> Result<(Vec<f32>, Vec<i64>), TrainError> {
    let window_values = options.net.window_frames * options.net.bins;
    let mut windows = vec![0.0; places.len() * window_values];
    let mut classes = Vec::with_capacity(places.len());
    for (place, window) in places.iter().zip(windows.chunks_exact_mut(window_values)) {
        classes.push(drawer.example(*place, log_mel, window)? as i64);
    }
    Ok((windows, classes))
}

fn pass(net: KeywordNet, options: &TrainOptions, places: &[Place], drawn: (Vec<f32>, Vec<i64>)) -> Outcome {
    let device = Device::flex().autodiff();
    let (count, sizes) = (places.len(), &options.net);
    let windows = TensorData::new(drawn.0, [count, sizes.window_frames, sizes.bins]);
    let classes = TensorData::new(drawn.1, [count]);
    let targets = Tensor::<1, Int>::from_data(classes, &device);
    let (logits, moments) = net.forward_training(
        Tensor::from_data(windows, &device),
        dropout(options, places, &device),
    );
    let right = logits
        .clone()
        .detach()
        .argmax(1)
        .squeeze_dim::<1>(1)
        .equal(targets.clone())
        .int()
        .sum();
    let loss = CrossEntropyLossConfig::new()
        .with_smoothing(Some(options.label_smoothing))
        .init(&device)
        .forward(logits, targets);
    let gradients = loss.backward();
    let gradient = parameters::gradients(&net, &gradients, 0);
    let moved = net.map_moments(|layer, old| Moments {
        mean: old.mean * (1.0 - MOMENTUM) + moments[layer].mean.clone() * MOMENTUM,
        variance: old.variance * (1.0 - MOMENTUM) + moments[layer].variance.clone() * MOMENTUM,
    });
    Outcome {
        loss: loss.into_scalar::<f32>(),
        right: usize::try_from(right.into_scalar::<i64>()).unwrap_or(0),
        gradient,
        running: parameters::values(&moved),
        examples: count,
    }
}

/// Returns the factors that drop a share of the pooled features and scale up the others.
fn dropout(options: &TrainOptions, places: &[Place], device: &Device) -> Tensor<2> {
    let features = 2 * options.net.channels;
    let factor = |random: &mut ChaCha8Rng| {
        if random.random::<f32>() < options.dropout {
            0.0
        } else {
            1.0 / (1.0 - options.dropout)
        }
    };
    let row = |place: &Place| {
        let mut random = ChaCha8Rng::seed_from_u64(options.seed ^ 0x0D20_9007);
        random.set_stream((place.epoch as u64) << 32 | place.index as u64);
        (0..features).map(|_| factor(&mut random)).collect::<Vec<f32>>()
    };
    let factors: Vec<f32> = places.iter().flat_map(row).collect();
    Tensor::from_data(TensorData::new(factors, [places.len(), features]), device)
}
