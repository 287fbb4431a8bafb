//! Tasks: what can be learnt, and what a training of it is made of.
//!
//! A task is one folder of this crate: a net, a [`Learner`](crate::train::Learner) of it, figures, a card, and the
//! lowering of the net to a program. The [`Task`] names the settings of its recipes and prepares a training from one;
//! everything that trainings have in common lives in [`crate::train`].

mod at_once;
mod sides;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::card::{CardError, DataSource, sha256};
use crate::data::{DataError, DataReport, SplitError};
use crate::decide::Decision;
use crate::lowering::LowerError;
use crate::net::ConfigFault;
use crate::recipe::{Recipe, Section, SectionError, TrainSettings};
use crate::train::{Adaptation, Observer, TrainError, TrainState};
use crate::weights::{Tensors, WeightsError};

pub(crate) use at_once::beginning_at_once;
pub(crate) use sides::{ReadSet, Sides, sides, wanted};

/// Names a recipe and its data, so that a training goes on only with both.
pub(crate) fn origin(recipe: &Recipe, data: &[DataSource]) -> String {
    let written = serde_json::to_string(recipe).unwrap_or_default();
    let sums: Vec<&str> = data
        .iter()
        .map(|source| source.manifest_sha256.as_str())
        .collect();
    sha256(format!("{written}\n{}", sums.join("\n")).as_bytes())
}

/// Something that can be learnt from examples.
pub trait Task: Sync {
    /// Its name in recipes.
    fn name(&self) -> &'static str;

    /// One sentence for people.
    fn about(&self) -> &'static str;

    /// The sections of its recipes.
    fn sections(&self) -> Vec<Section>;

    /// Reads and checks the data of a recipe.
    ///
    /// # Errors
    /// [`TaskError`] says what of the recipe or the data cannot be used.
    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError>;

    /// Measures a model in a folder, and the classical baseline beside it.
    ///
    /// # Errors
    /// [`TaskError`] says what of the model or the data cannot be used.
    fn evaluate(
        &self,
        model: &Path,
        sources: &EvaluationSources<'_>,
    ) -> Result<crate::evaluation::Evaluation, TaskError>;
}

/// Where a training finds its files.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The folder that the files of the recipe lie in.
    pub data: PathBuf,
    /// The folder of the recipe; none for one that comes with Motet.
    pub recipe: Option<PathBuf>,
    /// A file to learn from instead of the recipe's.
    pub train: Option<PathBuf>,
    /// A file to judge by instead of the recipe's.
    pub valid: Option<PathBuf>,
    /// A model, or a file of weights, to begin with.
    pub from: Option<PathBuf>,
    /// A folder with what a teacher says of the examples.
    pub teacher: Option<PathBuf>,
    /// A folder with synthetic speech.
    pub synthetic: Option<PathBuf>,
}

impl Sources {
    /// The tensors that a training begins with, where its settings name a file of them.
    pub(crate) fn start(&self, settings: &TrainSettings) -> Result<Option<Tensors>, TaskError> {
        match settings.start.as_str() {
            "" => Ok(None),
            name => self.tensors(name).map(Some),
        }
    }

    /// Tensors of a file beside the recipe.
    ///
    /// # Errors
    /// [`TaskError::Weights`] if it cannot be read.
    pub fn tensors(&self, name: &str) -> Result<Tensors, TaskError> {
        let failed = |path: PathBuf| |source| TaskError::Weights { path, source };
        match &self.recipe {
            Some(folder) => Tensors::read(&folder.join(name)).map_err(failed(folder.join(name))),
            None => {
                let found = crate::tasks::FILES.iter().find(|(file, _)| *file == name);
                let bytes = found.map_or(&[][..], |(_, bytes)| bytes);
                Tensors::parse(bytes).map_err(failed(PathBuf::from(name)))
            }
        }
    }
}

/// Where an evaluation finds its files.
#[derive(Clone)]
pub struct EvaluationSources<'a> {
    /// What the model is judged by: a file, or a folder with the files of its recipe.
    pub valid: PathBuf,
    /// What the baseline learns from; none for no baseline.
    pub train: Option<PathBuf>,
    /// Of texts: a field and what it is in the rows that judge, as in `source=para`, instead of the recipe's.
    pub only: Option<String>,
    /// A folder with synthetic speech.
    pub synthetic: Option<PathBuf>,
    /// Threads that share the work.
    pub threads: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Time since any moment, for latencies.
    pub elapsed: &'a dyn Fn() -> Duration,
}

/// A training that has its data.
pub trait Prepared {
    /// What was found in the data.
    fn report(&self) -> &DataReport;

    /// Parts of the net that are trained whole beside low-rank changes of the others: its heads.
    fn heads(&self) -> &'static [&'static str];

    /// What `encoder` stands for where parts are frozen: everything but the heads.
    fn encoder(&self) -> &'static [&'static str];

    /// Names of the figures that it is judged by.
    fn figures(&self) -> &'static [&'static str];

    /// Trainings on a part of the data that come before those of the seeds: what each leaves out says how the model must
    /// decide. None where nothing of the kind is needed.
    fn folds(&self) -> Vec<&dyn Prepared> {
        Vec::new()
    }

    /// The state before the first step.
    ///
    /// # Errors
    /// [`TrainError::OtherNet`] for weights to begin with that are of another net.
    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError>;

    /// Trains from a state to the last epoch.
    ///
    /// # Errors
    /// As [`crate::train::train`].
    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError>;

    /// Names the recipe and the data, so that a state goes on only with both.
    fn origin(&self) -> &str;

    /// Given the states of the folds and then one for each seed, measures them, calibrates the best and writes it as a model
    /// with its card into a folder. Returns the figures of all for people. `elapsed` is the time since any moment, for
    /// latencies.
    ///
    /// # Errors
    /// [`TaskError`] if the model cannot be measured or written; what was in the folder is then unchanged.
    fn ship(
        &self,
        states: &[TrainState],
        folder: &Path,
        elapsed: &dyn Fn() -> Duration,
    ) -> Result<Shipped, TaskError>;
}

/// How a training begins.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// Seed of first weights, order and augmentation.
    pub seed: u64,
    /// Threads that share a batch.
    pub shards: usize,
    /// Passes over the examples instead of the recipe's.
    pub epochs: Option<usize>,
    /// What of the net is trained.
    pub adaptation: Adaptation,
}

/// A model that was written.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// The text of its card.
    pub card: String,
    /// Figures for people, a line each.
    pub figures: Vec<String>,
    /// Bytes of its weights.
    pub bytes: u64,
    /// How it decides.
    pub decision: Option<Decision>,
}

/// Why a task cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The data cannot be read, or rows of them are faulty.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The data cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A section of the recipe does not have what the task declares.
    #[error(transparent)]
    Section(#[from] SectionError),
    /// Settings of the recipe contradict each other or the data.
    #[error("{fault}")]
    Setting {
        /// The section.
        section: &'static str,
        /// The setting.
        setting: &'static str,
        /// What is wrong.
        fault: String,
    },
    /// The sizes of the net contradict each other.
    #[error("the net cannot be: {0}")]
    Config(#[from] ConfigFault),
    /// The training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Weights cannot be used.
    #[error("`{}`: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WeightsError,
    },
    /// A card cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    Card {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CardError,
    },
    /// A file of a model cannot be read or written.
    #[error("cannot use `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The model has no program that agrees with it.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// The model cannot be measured on these data.
    #[error("cannot measure: {reason}")]
    Measure {
        /// Why not.
        reason: String,
    },
}
