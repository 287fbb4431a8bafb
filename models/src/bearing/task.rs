//! The task: bearings by their vibration.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::calibrate::PreparedNormal;
use super::config::BearingConfig;
use super::corpus::{Corpus, Fold, measure, read};
use super::features::LINES;
use super::learner::BearingLearner;
use super::measure::Lesson;
use super::normal::Normal;
use super::settings::{self, BearingSettings, DataSettings, FIGURES, LessonSettings, NetSettings};
use super::{evaluate, ship};
use crate::card::DataSource;
use crate::data::{DataReport, WaveformSet, inspect};
use crate::evaluation::Evaluation;
use crate::net::NetConfig;
use crate::recipe::{self, CardSettings, Recipe, Section, TrainSettings};
use crate::task::{EvaluationSources, Prepared, Shipped, Sources, StartOptions, Task, TaskError, origin};
use crate::train::{Beginning, Observer, TrainError, TrainState, beginning, train};

/// Parts of the net that answer.
const HEADS: &[&str] = &["head"];
const ENCODER: &[&str] = &["inner"];

/// Bearings by their vibration.
pub struct BearingTask;

impl Task for BearingTask {
    fn name(&self) -> &'static str {
        "bearing"
    }

    fn about(&self) -> &'static str {
        "whether a machine vibrates as it was learnt to, and which part of its bearing is damaged"
    }

    fn sections(&self) -> Vec<Section> {
        vec![
            settings::data(),
            settings::bearing(),
            settings::net(),
            settings::lesson(),
            recipe::train(FIGURES),
            recipe::card(),
        ]
    }

    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError> {
        match &sources.train {
            // A file of one's own is normal running of a machine, unless it is a manifest.
            Some(file) if !is_manifest(file) => Ok(Box::new(PreparedNormal::new(recipe, sources, file)?)),
            Some(_) | None => Ok(Box::new(PreparedBearing::new(recipe, sources)?)),
        }
    }

    fn evaluate(&self, model: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
        evaluate::evaluate(model, sources)
    }
}

fn is_manifest(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "jsonl")
}

/// A training of a bearing net that has its data.
pub(super) struct PreparedBearing {
    pub(super) recipe: Recipe,
    pub(super) card: CardSettings,
    pub(super) data: Vec<DataSource>,
    pub(super) material: Material,
    pub(super) learner: BearingLearner,
    report: DataReport,
    origin: String,
    from: Option<PathBuf>,
}

/// Recordings in windows, the sizes, and how is learnt.
pub(super) struct Material {
    pub(super) corpus: Arc<Corpus>,
    pub(super) config: BearingConfig,
    pub(super) lesson: LessonSettings,
    pub(super) train: TrainSettings,
    pub(super) folds: Vec<Fold>,
}

impl Material {
    /// Measures the recordings of a recipe and learns their normal running.
    pub(super) fn new(recipe: &Recipe, [train, valid]: [WaveformSet; 2]) -> Result<Self, TaskError> {
        let data: DataSettings = recipe.section("data")?;
        let bearing: BearingSettings = recipe.section("bearing")?;
        let net: NetSettings = recipe.section("net")?;
        let corpus = Arc::new(Corpus::new(&bearing, (train.examples, valid.examples))?);
        let mut config = draft(&bearing, &net)?;
        let levels: Vec<_> = corpus.normal().map(|window| window.examined.levels).collect();
        let normal = Normal::learn(&levels, config.chance(1)).map_err(|error| measure(&error))?;
        config.normal = vec![normal];
        config.validate()?;
        Ok(Self {
            folds: corpus.folds(&data.group),
            lesson: recipe.section("lesson")?,
            train: recipe.section("train")?,
            corpus,
            config,
        })
    }

    pub(super) fn lesson(&self) -> Lesson<'_> {
        Lesson {
            corpus: &self.corpus,
            config: &self.config,
            settings: &self.lesson,
            train: &self.train,
        }
    }

    /// All windows with damage of the training side: what the last fold learns from.
    pub(super) fn learnt(&self) -> Vec<usize> {
        self.folds
            .last()
            .map(|fold| fold.learnt.clone())
            .unwrap_or_default()
    }

    /// Windows of the validation part.
    pub(super) fn judged(&self) -> &[usize] {
        self.folds.last().map_or(&[], |fold| &fold.judged)
    }
}

/// The sizes of a recipe, before anything is learnt.
pub(super) fn draft(bearing: &BearingSettings, net: &NetSettings) -> Result<BearingConfig, TaskError> {
    let (geometry, window_samples, unit) = bearing.read()?;
    Ok(BearingConfig {
        bearing: geometry,
        sample_rate_hz: bearing.sample_rate_hz,
        window_samples,
        unit,
        hidden: net.hidden,
        center: [0.0; LINES],
        spread: [1.0; LINES],
        false_alarms_a_day: bearing.false_alarms_a_day,
        normal: Vec::new(),
    })
}

impl PreparedBearing {
    fn new(recipe: &Recipe, sources: &Sources) -> Result<Self, TaskError> {
        let data: DataSettings = recipe.section("data")?;
        let named =
            |own: &Option<PathBuf>, name: &str| own.clone().unwrap_or_else(|| sources.data.join(name));
        let paths = [
            named(&sources.train, &data.train),
            named(&sources.valid, &data.valid),
        ];
        let [train, valid] = read(&data, (&paths[0], &paths[1]))?;
        let report = inspect(&train.examples, &valid.examples, None);
        let source = |set: &WaveformSet, role: &str| DataSource {
            name: set
                .file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            origin: data.origin.clone(),
            licence: data.licence.clone(),
            role: role.to_owned(),
            manifest_sha256: set.sha256.clone(),
        };
        let told = vec![
            source(&train, "trained on; normal running learnt from it"),
            source(&valid, "reported on, never trained on"),
        ];
        let material = Material::new(recipe, [train, valid])?;
        let learnt = material.learnt();
        if learnt.is_empty() {
            return Err(measure(&"no recording of the training part has damage"));
        }
        Ok(Self {
            origin: origin(recipe, &told),
            card: recipe.section("card")?,
            learner: material.lesson().learner(learnt),
            from: sources.from.clone(),
            recipe: recipe.clone(),
            data: told,
            material,
            report,
        })
    }
}

impl Prepared for PreparedBearing {
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
        let options = self.material.train.options(start, start.adaptation.clone());
        let given = beginning::Given {
            start: None,
            from: self.from.as_deref(),
            heads: &[],
        };
        let weights = beginning::weights(&self.learner, options.seed, &given)?;
        let beginning = Beginning {
            options,
            origin: self.origin.clone(),
            weights: Some(weights),
        };
        TrainState::begin(&self.learner, &beginning)
    }

    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        train(&self.learner, state, budget, observer)
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn ship(
        &self,
        states: &[TrainState],
        folder: &Path,
        elapsed: &dyn Fn() -> Duration,
    ) -> Result<Shipped, TaskError> {
        ship::ship(self, states, folder, elapsed)
    }
}
