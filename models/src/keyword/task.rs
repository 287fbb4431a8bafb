//! The task: spoken keywords, and everything else that is none of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::calibrate::{Calibration, calibrate};
use super::data::{Corpus, Fold, Judged};
use super::learner::KeywordLearner;
use super::model::KeywordModel;
use super::net::KeywordNetConfig;
use super::sets::Sets;
use super::settings::{self, DataSettings, FIGURES, FeatureSettings, LessonSettings, NetSettings};
use super::{measure, ship};
use crate::audio::LogMelConfig;
use crate::card::DataSource;
use crate::data::DataReport;
use crate::evaluation::Evaluation;
use crate::recipe::{self, CardSettings, Recipe, Section, TrainSettings};
use crate::task::{EvaluationSources, Prepared, Shipped, Sources, StartOptions, Task, TaskError, origin};
use crate::train::{Beginning, Observer, TrainError, TrainState, beginning, train};
use crate::weights::Tensors;

/// Parts of the net that answer; the others are the encoder.
const HEADS: &[&str] = &["head"];
const ENCODER: &[&str] = &["stem", "blocks"];

/// Spoken keywords.
pub struct KeywordTask;

impl Task for KeywordTask {
    fn name(&self) -> &'static str {
        "keyword"
    }

    fn about(&self) -> &'static str {
        "which of a few spoken words is heard, if any"
    }

    fn sections(&self) -> Vec<Section> {
        vec![
            settings::data(),
            settings::net(),
            settings::features(),
            settings::lesson(),
            recipe::train(FIGURES),
            recipe::card(),
        ]
    }

    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError> {
        Ok(Box::new(PreparedKeyword::new(recipe, sources)?))
    }

    fn evaluate(&self, model: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
        measure::evaluate(model, sources)
    }
}

/// A training of a keyword net that has its data.
pub(super) struct PreparedKeyword {
    pub(super) recipe: Recipe,
    pub(super) card: CardSettings,
    pub(super) labels: Vec<String>,
    pub(super) net: KeywordNetConfig,
    pub(super) features: LogMelConfig,
    pub(super) data: Vec<DataSource>,
    pub(super) judged: Judged,
    pub(super) training: Training,
    pub(super) fold: Fold,
    /// Voices that the training of the fold does not hear.
    unseen: Corpus,
    /// Share of their keywords that must be heard, from 0 to 1.
    kept: f64,
    report: DataReport,
    of_fold: TrainingOfFold,
}

/// What is learnt from, and how.
pub(super) struct Training {
    pub(super) learner: KeywordLearner,
    settings: TrainSettings,
    origin: String,
    start: Option<Tensors>,
    from: Option<PathBuf>,
}

impl PreparedKeyword {
    fn new(recipe: &Recipe, sources: &Sources) -> Result<Self, TaskError> {
        let data: DataSettings = recipe.section("data")?;
        let net: NetSettings = recipe.section("net")?;
        let features = recipe.section::<FeatureSettings>("features")?.config();
        let lesson: LessonSettings = recipe.section("lesson")?;
        let settings: TrainSettings = recipe.section("train")?;
        let seed = recipe.seeds.first().copied().unwrap_or(0);
        let sets = Sets::read(&data, sources, seed)?;
        let net = net.config(&features, sets.labels.len());
        net.validate()?;
        let fold = Fold {
            index: 0,
            of: lesson.folds,
        };
        let (heard, unseen) = sets.corpus.split(fold);
        let learner = |corpus: Corpus| {
            let corpus = Arc::new(corpus);
            KeywordLearner::new(net.clone(), features.clone(), lesson.lesson(), corpus)
        };
        let origin = origin(recipe, &sets.sources);
        let start = sources.start(&settings)?;
        let training = |learner: KeywordLearner, origin: String| Training {
            learner,
            settings: settings.clone(),
            origin,
            start: start.clone(),
            from: sources.from.clone(),
        };
        Ok(Self {
            recipe: recipe.clone(),
            card: recipe.section("card")?,
            of_fold: TrainingOfFold {
                training: training(
                    learner(heard)?,
                    format!("{origin}, fold {} of {}", fold.index, fold.of),
                ),
                report: sets.report.clone(),
            },
            training: training(learner(sets.corpus)?, origin),
            labels: sets.labels,
            data: sets.sources,
            judged: sets.judged,
            report: sets.report,
            kept: lesson.kept_percent / 100.0,
            features,
            unseen,
            fold,
            net,
        })
    }

    /// Chooses temperature and threshold for the model of the fold.
    pub(super) fn calibrate(&self, model: &KeywordModel, threads: usize) -> Result<Calibration, TaskError> {
        let found = calibrate(model, &self.unseen, self.kept, threads);
        found.map_err(|error| ship::measure(&error))
    }
}

impl Prepared for PreparedKeyword {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn heads(&self) -> &'static [&'static str] {
        HEADS
    }

    fn encoder(&self) -> &'static [&'static str] {
        ENCODER
    }

    fn figures(&self) -> &'static [&'static str] {
        FIGURES
    }

    fn folds(&self) -> Vec<&dyn Prepared> {
        vec![&self.of_fold]
    }

    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        self.training.begin(start)
    }

    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        self.training.train(state, budget, observer)
    }

    fn origin(&self) -> &str {
        &self.training.origin
    }

    fn ship(
        &self,
        states: &[TrainState],
        folder: &Path,
        _elapsed: &dyn Fn() -> Duration,
    ) -> Result<Shipped, TaskError> {
        ship::ship(self, states, folder)
    }
}

impl Training {
    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        let (settings, learner) = (&self.settings, &self.learner);
        let options = settings.options(start, start.adaptation.clone());
        learner.validate(&options)?;
        let given = beginning::Given {
            start: self.start.as_ref(),
            from: self.from.as_deref(),
            heads: HEADS,
        };
        let weights = beginning::weights(learner, options.seed, &given)?;
        let beginning = Beginning {
            options,
            origin: self.origin.clone(),
            weights: Some(weights),
        };
        TrainState::begin(learner, &beginning)
    }

    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        let learner = self.learner.adapted(&state.options.adaptation);
        train(&learner, state, budget, observer)
    }
}

/// The training without the voices that say how the model must decide.
struct TrainingOfFold {
    training: Training,
    report: DataReport,
}

impl Prepared for TrainingOfFold {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn heads(&self) -> &'static [&'static str] {
        HEADS
    }

    fn encoder(&self) -> &'static [&'static str] {
        ENCODER
    }

    fn figures(&self) -> &'static [&'static str] {
        FIGURES
    }

    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        self.training.begin(start)
    }

    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        self.training.train(state, budget, observer)
    }

    fn origin(&self) -> &str {
        &self.training.origin
    }

    /// A fold is no model by itself.
    fn ship(
        &self,
        _states: &[TrainState],
        _folder: &Path,
        _elapsed: &dyn Fn() -> Duration,
    ) -> Result<Shipped, TaskError> {
        Err(ship::measure(&"a fold is no model by itself"))
    }
}
