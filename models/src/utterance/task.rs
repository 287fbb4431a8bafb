//! The task: utterances, their intents and their slots.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::UtteranceConfig;
use super::corpus::{Labels, Utterance};
use super::learner::UtteranceLearner;
use super::settings::{self, FIGURES, LessonSettings, NetSettings};
use super::{evaluate, read, ship, teacher};
use crate::card::DataSource;
use crate::data::{DataReport, TextExample, classes, inspect};
use crate::evaluation::Evaluation;
use crate::recipe::{self, CardSettings, DataSettings, Recipe, Section, TrainSettings};
use crate::task::{
    EvaluationSources, Prepared, ReadSet, Shipped, Sides, Sources, StartOptions, Task, TaskError, origin,
    sides,
};
use crate::train::{Beginning, Observer, TrainError, TrainState, beginning, train};
use crate::weights::Tensors;

/// Parts of the net that answer; the others are the encoder.
const HEADS: &[&str] = &["intent", "grams", "tag", "transitions", "start", "end"];
const ENCODER: &[&str] = &["table", "input", "convolutions", "attention", "norm"];

/// Intents and slots of utterances, and what is out of scope.
pub struct UtteranceTask;

impl Task for UtteranceTask {
    fn name(&self) -> &'static str {
        "utterance"
    }

    fn about(&self) -> &'static str {
        "the intent of an utterance, its slots, and whether it is anything known at all"
    }

    fn sections(&self) -> Vec<Section> {
        vec![
            settings::data(),
            settings::net(),
            settings::lesson(),
            recipe::train(FIGURES),
            recipe::card(),
        ]
    }

    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError> {
        Ok(Box::new(PreparedUtterances::new(recipe, sources)?))
    }

    fn evaluate(&self, model: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
        evaluate::evaluate(model, sources)
    }
}

/// A training of an utterance net that has its data.
pub(super) struct PreparedUtterances {
    pub(super) recipe: Recipe,
    pub(super) learner: UtteranceLearner,
    pub(super) valid: Vec<Utterance>,
    pub(super) lesson: LessonSettings,
    pub(super) card: CardSettings,
    pub(super) data: Vec<DataSource>,
    train: TrainSettings,
    report: DataReport,
    origin: String,
    start: Option<Tensors>,
    from: Option<PathBuf>,
}

impl PreparedUtterances {
    fn new(recipe: &Recipe, sources: &Sources) -> Result<Self, TaskError> {
        let data: DataSettings = recipe.section("data")?;
        let net: NetSettings = recipe.section("net")?;
        let lesson: LessonSettings = recipe.section("lesson")?;
        let train: TrainSettings = recipe.section("train")?;
        let mut rows = rows(&data, &net, recipe, sources)?;
        let labels = read::labels(&[&rows.learnt[..], &rows.choosing].concat(), &lesson.out_of_scope);
        let labels = fit(labels, &lesson, &rows)?;
        let report = inspect(&rows.learnt, &rows.valid, Some(&labels.intents));
        let out_of_scope = labels.out_of_scope.map(|index| labels.intents[index].clone());
        let config = net.config(labels.intents.clone(), out_of_scope, labels.tags.clone());
        config.validate()?;
        if lesson.scope == crate::decide::ScopeScore::Odds && labels.out_of_scope.is_none() {
            return Err(TaskError::Setting {
                section: "lesson",
                setting: "scope",
                fault: "odds need `out_of_scope`, an intent that stands for everything else".to_owned(),
            });
        }
        let corpus = (
            read::utterances(&rows.learnt, &labels),
            read::utterances(&rows.choosing, &labels),
        );
        let mut learner = UtteranceLearner::new(config, lesson.lesson(), corpus, train.select.clone());
        if !lesson.names.is_empty() {
            let names = read::names(&sources.data.join(&lesson.names), net.splitting())?;
            rows.data.push(names.source);
            learner = learner.with_names(&names.values);
        }
        if let Some(folder) = &sources.teacher {
            if !data.also.is_empty() {
                return Err(TaskError::Setting {
                    section: "data",
                    setting: "also",
                    fault: "a teacher numbers the lines of one file".to_owned(),
                });
            }
            let (teacher, checksum) = teacher::read(folder, &net, &labels, rows.train_rows)?;
            learner = learner.with_teacher(teacher);
            rows.data.push(DataSource {
                name: "teacher.safetensors".to_owned(),
                origin: "what a larger model says of the training texts and of texts made from them"
                    .to_owned(),
                licence: "that of the larger model and of the texts".to_owned(),
                role: "trained on, beside the labels".to_owned(),
                manifest_sha256: checksum,
            });
        }
        Ok(Self {
            origin: origin(recipe, &rows.data),
            card: recipe.section("card")?,
            valid: read::utterances(&rows.valid, &labels),
            start: sources.start(&train)?,
            from: sources.from.clone(),
            recipe: recipe.clone(),
            data: rows.data,
            learner,
            lesson,
            train,
            report,
        })
    }

    pub(super) fn config(&self) -> &UtteranceConfig {
        &self.learner.config
    }
}

/// Reads the files of a recipe; what judges may have only the labels of what is learnt from.
fn rows(
    data: &DataSettings,
    net: &NetSettings,
    recipe: &Recipe,
    sources: &Sources,
) -> Result<Sides<TextExample>, TaskError> {
    let wanted = read::Rows::of(data)?;
    sides(data, recipe, sources, |path, learnt| {
        let labels = learnt.map(|learnt| read::labels(learnt, ""));
        let set = read::read(path, &wanted, net.splitting(), labels.as_ref())?;
        Ok(ReadSet {
            file: set.file,
            sha256: set.sha256,
            examples: set.examples,
        })
    })
}

/// Refuses data without what the settings ask for.
fn fit(labels: Labels, lesson: &LessonSettings, rows: &Sides<TextExample>) -> Result<Labels, TaskError> {
    if !labels.intents.is_empty() {
        classes(&rows.learnt, None)?;
    }
    if labels.intents.is_empty() && labels.tags.is_empty() {
        classes(&rows.learnt, None)?;
    }
    if !lesson.out_of_scope.is_empty() && labels.out_of_scope.is_none() {
        return Err(TaskError::Setting {
            section: "lesson",
            setting: "out_of_scope",
            fault: format!("no row has the intent `{}`", lesson.out_of_scope),
        });
    }
    Ok(labels)
}

impl Prepared for PreparedUtterances {
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
        let mut adaptation = start.adaptation.clone();
        // Which heads and layers there are depends on the data and the sizes.
        let tensors = self.config().tensors();
        let is_there = |path: &String| {
            tensors
                .iter()
                .any(|tensor| tensor.name.split('.').next() == Some(path))
        };
        adaptation
            .frozen
            .retain(|path| !ENCODER.contains(&path.as_str()) || is_there(path));
        adaptation.whole.retain(is_there);
        let options = self.train.options(start, adaptation);
        let weights = beginning::weights(
            &self.learner,
            options.seed,
            &beginning::Given {
                start: self.start.as_ref(),
                from: self.from.as_deref(),
                heads: HEADS,
            },
        )?;
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
