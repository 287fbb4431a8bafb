//! Training, whatever the task: data-parallel shards, AdamW over flat vectors, averages, checkpoints.
//!
//! A [`Learner`] says what a net is, what an epoch consists of and what is lost on a few examples; [`train`] does the
//! rest. Each shard computes on a private pool of one thread, and their gradients are added in a fixed order: equal
//! recipes give equal weights, bit for bit, on one machine and one number of shards. Examples are drawn ahead on
//! threads of their own. The whole state is a plain value ([`TrainState`]), so that a training can be stopped after any
//! step and go on as if it had not been.

pub mod adapt;
pub mod beginning;
pub mod flat;
pub mod optimiser;
mod run;
mod shard;
pub mod state;

use std::path::PathBuf;
use std::time::Duration;

use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor};
use serde::{Deserialize, Serialize};

pub use adapt::Adaptation;
pub use flat::Segment;
pub use run::{Beginning, train};
pub use state::{Best, EpochRecord, StateError, TrainState};

/// A task as the training sees it.
pub trait Learner: Sync {
    /// The net in Burn.
    type Net: Module + Clone + Send + Sync + 'static;
    /// An example, with its features and augmentation.
    type Example: Send + Sync;

    /// The net with its first weights; equal seeds give equal ones.
    ///
    /// # Errors
    /// [`TrainError`] if it cannot be built.
    fn net(&self, seed: u64, device: &Device) -> Result<Self::Net, TrainError>;

    /// Which examples go into each step of an epoch. Equal arguments give equal steps.
    fn epoch(&self, seed: u64, epoch: usize) -> Vec<Vec<usize>>;

    /// An example as it is met in an epoch. Equal arguments give equal examples.
    ///
    /// # Errors
    /// [`TrainError`] if its file cannot be read any more.
    fn draw(&self, place: Place) -> Result<Self::Example, TrainError>;

    /// What is lost on a few examples, on a device with autodiff.
    ///
    /// # Errors
    /// [`TrainError`] if Burn gives no answer.
    fn loss(&self, net: &Self::Net, examples: &[Self::Example], device: &Device) -> Result<Loss, TrainError>;

    /// How good a net is on the examples that choose among epochs, as named figures. The first is the one that counts;
    /// larger is better. Without figures the last epoch is the best.
    ///
    /// # Errors
    /// [`TrainError`] if Burn gives no answer.
    fn judge(&self, net: &Self::Net) -> Result<Vec<(String, f64)>, TrainError>;
}

/// Where an example stands in a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Seed of the training.
    pub seed: u64,
    /// Epoch, from 0.
    pub epoch: usize,
    /// Number of the example in its set.
    pub index: usize,
}

/// What a net loses on some examples.
pub struct Loss {
    /// Mean over the examples, a tensor of one number that knows its way back to the weights.
    pub mean: Tensor<1>,
    /// How many of the examples were answered rightly.
    pub right: usize,
    /// Gradients that autodiff does not see, such as those of rows of a table that were looked up outside of it.
    pub beside: Option<Beside>,
    /// New values of weights that have no gradient: running statistics. Each share of a step gives the same names in the
    /// same order.
    pub measured: Vec<Measured>,
}

/// New values of a weight that is measured and not trained.
///
/// The values of all shares of a step are averaged, each by its number of examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Path in the module, as in `blocks.0.norm.mean`.
    pub name: String,
    /// Its values.
    pub values: Vec<f32>,
}

/// Adds gradients to those of all weights, which are laid out in segments, from those of the tensors of a loss.
pub type Beside = Box<dyn FnOnce(&Gradients, &[Segment], &mut [f32])>;

/// How a net is trained, whatever it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainOptions {
    /// Seed of first weights, order and augmentation.
    pub seed: u64,
    /// Passes over the examples.
    pub epochs: usize,
    /// Threads that share a batch; results differ between counts.
    pub shards: usize,
    /// Highest learning rate.
    pub learning_rate: f32,
    /// Share of all steps, from 0 to 1, over which the learning rate rises.
    pub warm_up: f32,
    /// Decay of weight matrices per step and learning rate.
    pub weight_decay: f32,
    /// Largest norm of a gradient; longer ones are shortened to it.
    pub gradient_norm_max: f32,
    /// Decay of the average of the weights, per step.
    pub average_decay: f32,
    /// Epochs without a better judgement after which the training ends; 0 for never.
    pub patience: usize,
    /// What of the net is trained.
    pub adaptation: Adaptation,
}

impl TrainOptions {
    /// Refuses what cannot be trained with.
    ///
    /// # Errors
    /// [`TrainError::Options`] names the rule that is broken.
    pub fn validate(&self) -> Result<(), TrainError> {
        let positive = |value: f32| value.is_finite() && value > 0.0;
        let rules = [
            (self.epochs > 0, "`epochs` must be at least 1"),
            (
                (1..=256).contains(&self.shards),
                "the number of threads must be from 1 to 256",
            ),
            (positive(self.learning_rate), "`learning_rate` must be above 0"),
            (
                (0.0..=1.0).contains(&self.warm_up),
                "`warm_up` must be from 0 to 1",
            ),
            (self.weight_decay >= 0.0, "`weight_decay` must not be below 0"),
            (
                positive(self.gradient_norm_max),
                "`gradient_norm_max` must be above 0",
            ),
            (
                (0.0..1.0).contains(&self.average_decay),
                "`average_decay` must be from 0 to below 1",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, fault)) => Err(TrainError::Options { fault }),
            None => Ok(()),
        }
    }
}

/// How far a training has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Epoch in work, from 0.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub step: usize,
    /// Steps of this epoch.
    pub steps: usize,
    /// Examples done in this epoch.
    pub examples: usize,
    /// Mean loss of this epoch so far, in nats.
    pub loss: f32,
    /// Share of this epoch's examples answered rightly so far, from 0 to 1.
    pub accuracy: f32,
}

/// Watches a training, keeps its state, and can end it.
pub trait Observer {
    /// Time since the training began, for budgets.
    fn elapsed(&self) -> Duration;

    /// Called after every step; `true` ends the training after this step.
    fn step(&mut self, progress: &Progress) -> bool;

    /// Called after every epoch.
    fn epoch(&mut self, progress: &Progress, record: &EpochRecord);

    /// True when the state should be kept now, asked after each step.
    fn is_due(&self) -> bool;

    /// Keeps the state.
    ///
    /// # Errors
    /// [`TrainError::State`] where it cannot be written.
    fn keep(&mut self, state: &TrainState) -> Result<(), TrainError>;
}

/// Why a training ended without a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// An option is out of its range, or the data lack what it asks for.
    #[error("cannot train: {fault}")]
    Options {
        /// The rule that is broken.
        fault: &'static str,
    },
    /// A file of the data can no longer be read.
    #[error("cannot use `{}`: {reason}", path.display())]
    Data {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A thread pool cannot be started.
    #[error("cannot start a thread")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The loss is no longer a number.
    #[error(
        "the loss is not a finite number at step {step} of epoch {epoch}; a lower learning rate may help"
    )]
    Diverged {
        /// Epoch, from 0.
        epoch: usize,
        /// Step of the epoch, from 0.
        step: usize,
    },
    /// The state to go on from was made with other options.
    #[error("the checkpoint was made with another recipe: {difference}")]
    OtherOptions {
        /// What differs.
        difference: String,
    },
    /// Weights to start from are those of another net.
    #[error("the weights to start from are of another net: {reason}")]
    OtherNet {
        /// What does not fit.
        reason: String,
    },
    /// The state cannot be kept or found again.
    #[error(transparent)]
    State(#[from] StateError),
    /// The training was stopped; its state is kept.
    #[error("training was stopped after {steps} steps")]
    Stopped {
        /// Steps done.
        steps: usize,
    },
    /// Burn gives no answer.
    #[error("the net cannot be computed: {reason}")]
    Burn {
        /// What Burn says.
        reason: String,
    },
}
