//! The task: normal rows of process sensors, and how far later ones are from them.

use std::path::Path;
use std::time::Duration;

use super::recording::{Recording, Recordings, read};
use super::settings::{self, DataSettings, LessonSettings};
use super::{ShiftConfig, ShiftModel, evaluate, ship};
use crate::card::DataSource;
use crate::data::{DataReport, inspect};
use crate::evaluation::Evaluation;
use crate::recipe::{self, CardSettings, Recipe, Section};
use crate::task::{
    EvaluationSources, Prepared, Shipped, Sources, StartOptions, Task, TaskError, beginning_at_once, origin,
};
use crate::train::{EpochRecord, Observer, TrainError, TrainState};

/// Scores of rows of process sensors, by normal rows of the same machine.
pub struct ShiftTask;

impl Task for ShiftTask {
    fn name(&self) -> &'static str {
        "shift"
    }

    fn about(&self) -> &'static str {
        "how far rows of process sensors are from normal rows of the same machine: nothing is learnt by gradients"
    }

    fn sections(&self) -> Vec<Section> {
        vec![settings::data(), settings::lesson(), recipe::card()]
    }

    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError> {
        Ok(Box::new(PreparedRows::new(recipe, sources)?))
    }

    fn evaluate(&self, model: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
        evaluate::evaluate(model, sources)
    }
}

/// A model that has its rows.
pub(super) struct PreparedRows {
    pub(super) recipe: Recipe,
    pub(super) lesson: LessonSettings,
    pub(super) card: CardSettings,
    pub(super) config: ShiftConfig,
    /// What was learnt, with the limit of the recipe.
    pub(super) model: ShiftModel,
    pub(super) learnt: Recordings,
    pub(super) valid: Option<Recordings>,
    /// Which of `learnt` the model is learnt from.
    normal: usize,
    /// Names under `kinds` that the table does not have.
    pub(super) unknown: Vec<String>,
    pub(super) data: Vec<DataSource>,
    report: DataReport,
    has_from: bool,
    origin: String,
}

impl PreparedRows {
    fn new(recipe: &Recipe, sources: &Sources) -> Result<Self, TaskError> {
        let mut settings: DataSettings = recipe.section("data")?;
        if sources.train.is_some() && sources.recipe.is_none() {
            // A recipe that comes along speaks of its own recordings, not of a file that is given instead.
            settings.origin = "own data".to_owned();
            settings.licence = "not stated".to_owned();
        }
        let lesson: LessonSettings = recipe.section("lesson")?;
        let path = sources
            .train
            .clone()
            .unwrap_or_else(|| sources.data.join(&settings.train));
        let learnt = read(&path, &settings)?;
        // A file of one's own is not judged by the recordings of the recipe.
        let of_recipe = (sources.train.is_none() && !settings.valid.is_empty())
            .then(|| sources.data.join(&settings.valid));
        let of_valid = sources.valid.clone().or(of_recipe);
        let valid = of_valid
            .as_deref()
            .map(|path| read(path, &settings))
            .transpose()?;
        let normal = chosen(&learnt, &settings)?;
        let (sensors, unknown) = settings.sensors(&learnt.all[normal].sensors)?;
        if let (Some(name), false) = (unknown.first(), learnt.is_table) {
            return Err(TaskError::Setting {
                section: "data",
                setting: "kinds",
                fault: format!("`{name}` is no sensor of the tables"),
            });
        }
        let config = lesson.config(sensors);
        let model = learnt.all[normal].model(&config)?;
        let mut data = vec![settings.source(&learnt.sha256, &path, &role(&learnt, normal, lesson.rows))];
        if let (Some(valid), Some(path)) = (&valid, &of_valid) {
            data.push(settings.source(&valid.sha256, path, "reported on"));
        }
        let none = Vec::new();
        Ok(Self {
            report: inspect(
                &learnt.examples,
                valid.as_ref().map_or(&none, |valid| &valid.examples),
                None,
            ),
            recipe: recipe.clone(),
            lesson,
            card: recipe.section("card")?,
            config,
            model,
            normal,
            valid,
            unknown,
            origin: origin(recipe, &data),
            data,
            learnt,
            has_from: sources.from.is_some() || sources.teacher.is_some(),
        })
    }

    /// What the model is learnt from.
    pub(super) fn normal(&self) -> &Recording {
        &self.learnt.all[self.normal]
    }
}

/// What the tables were used for, as the card says it.
fn role(learnt: &Recordings, normal: usize, rows: usize) -> String {
    match learnt.is_table {
        true => format!("the first {rows} rows learnt from, the limit chosen by the others"),
        false => format!(
            "the first {rows} rows of `{}` learnt from, the limit chosen by its others; settings chosen on all tables",
            learnt.all[normal].name
        ),
    }
}

/// Which table the model is learnt from.
fn chosen(learnt: &Recordings, settings: &DataSettings) -> Result<usize, TaskError> {
    if learnt.is_table || settings.normal.is_empty() {
        return Ok(0);
    }
    let is_named = |example: &crate::data::SensorExample| example.id == settings.normal;
    learnt
        .examples
        .iter()
        .position(is_named)
        .ok_or_else(|| TaskError::Setting {
            section: "data",
            setting: "normal",
            fault: format!("the manifest has no table `{}`", settings.normal),
        })
}

impl Prepared for PreparedRows {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn heads(&self) -> &'static [&'static str] {
        &[]
    }

    fn encoder(&self) -> &'static [&'static str] {
        &["encoder"]
    }

    fn figures(&self) -> &'static [&'static str] {
        &[]
    }

    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        if self.has_from {
            return Err(TrainError::Options {
                fault: "`--from` and `--teacher` are for nets; a model of process sensors is learnt anew from its rows",
            });
        }
        beginning_at_once(start, &self.origin, vec![0.0; self.config.parameters()])
    }

    fn train(
        &self,
        mut state: TrainState,
        _budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        state.trained = self
            .model
            .tensors()
            .iter()
            .flat_map(|(_, tensor)| tensor.values.clone())
            .collect();
        state.step = 1;
        state.sums.examples = self.config.rows;
        if state.history.is_empty() {
            state.history.push(EpochRecord {
                epoch: 0,
                loss: 0.0,
                accuracy: 0.0,
                figures: Vec::new(),
            });
        }
        observer.keep(&state)?;
        Ok(state)
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
