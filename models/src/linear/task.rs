//! The task: texts sorted into classes by their words.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::corpus::{Corpus, names, read};
use super::settings::{self, DataSettings, LessonSettings, NetSettings};
use super::solve::Lesson;
use super::{LinearConfig, evaluate, ship};
use crate::card::DataSource;
use crate::data::{DataReport, Example, SplitBy, classes, folds, inspect};
use crate::evaluation::Evaluation;
use crate::recipe::{self, CardSettings, Recipe, Section};
use crate::task::{
    EvaluationSources, Prepared, ReadSet, Shipped, Sources, StartOptions, Task, TaskError, origin, sides,
};
use crate::train::{Observer, TrainError, TrainState};

/// The figures of `train: {select: ...}`, of which there are none: no epoch is chosen.
const FIGURES: &[&str] = &[];

/// The role of a file that is only learnt from.
pub(super) const LEARNT: &str = "trained on";

/// Classes of texts, by their words.
pub struct LinearTask;

impl Task for LinearTask {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn about(&self) -> &'static str {
        "the class of a text by its words, with linear machines: for few or long texts"
    }

    fn sections(&self) -> Vec<Section> {
        vec![
            settings::data(),
            settings::net(),
            settings::lesson(),
            recipe::card(),
        ]
    }

    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError> {
        Ok(Box::new(PreparedTexts::new(recipe, sources)?))
    }

    fn evaluate(&self, model: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
        evaluate::evaluate(model, sources)
    }
}

/// What a training and its folds share.
pub(super) struct Common {
    pub(super) recipe: Recipe,
    pub(super) corpus: Corpus,
    pub(super) config: LinearConfig,
    pub(super) lesson: LessonSettings,
    pub(super) card: CardSettings,
    pub(super) data: Vec<DataSource>,
    report: DataReport,
    has_from: bool,
}

/// A training of linear machines that has its data, or a fold of one.
pub(super) struct PreparedTexts {
    pub(super) common: Arc<Common>,
    /// Rows that are learnt from; the last part is what is written.
    parts: Vec<Vec<usize>>,
    /// Rows that judge the first part.
    pub(super) judged: Vec<usize>,
    pub(super) folds: Vec<PreparedTexts>,
    origin: String,
}

impl PreparedTexts {
    fn new(recipe: &Recipe, sources: &Sources) -> Result<Self, TaskError> {
        let data: DataSettings = recipe.section("data")?;
        let net: NetSettings = recipe.section("net")?;
        let lesson: LessonSettings = recipe.section("lesson")?;
        let fields = data.fields()?;
        let mut rows = sides(&data.shared(), recipe, sources, |path, learnt| {
            let known = learnt.map(names);
            let set = read(path, &fields, known.as_deref())?;
            Ok(ReadSet {
                file: set.file,
                sha256: set.sha256,
                examples: set.examples,
            })
        })?;
        let names = classes(&rows.learnt, None)?.names;
        let config = net.config(names.len());
        config.validate()?;
        let report = inspect(&rows.learnt, &rows.valid, Some(&names));
        let texts = data.texts()?;
        let of = |rows: &[_]| Corpus::new(&names, texts.clone(), rows).len();
        let (learnt, judging) = (of(&rows.learnt), of(&rows.valid));
        let corpus = Corpus::new(&names, texts.clone(), &[&rows.learnt[..], &rows.valid].concat());
        let origin = origin(recipe, &rows.data);
        for source in rows.data.iter_mut().filter(|source| source.role != LEARNT) {
            source.role = role(&source.role, data.learn_all);
        }
        let common = Arc::new(Common {
            recipe: recipe.clone(),
            corpus,
            config,
            lesson,
            card: recipe.section("card")?,
            data: rows.data,
            report,
            has_from: sources.from.is_some() || sources.teacher.is_some(),
        });
        let all = data.learn_all.then(|| (0..learnt + judging).collect());
        Ok(Self {
            parts: std::iter::once((0..learnt).collect()).chain(all).collect(),
            judged: (learnt..learnt + judging).collect(),
            folds: folds_of(&common, learnt, &origin)?,
            common,
            origin,
        })
    }

    pub(super) fn lesson(&self) -> Lesson<'_> {
        Lesson {
            corpus: &self.common.corpus,
            config: &self.common.config,
            settings: &self.common.lesson,
            parts: &self.parts,
        }
    }

    /// The number of the part that is written.
    pub(super) fn last_part(&self) -> usize {
        self.parts.len() - 1
    }
}

/// The role of a file that judges, or of one of which a part does: the folds calibrate, and all may be learnt in the end.
fn role(of_sides: &str, learn_all: bool) -> String {
    let reported = of_sides.replace("calibrated and reported on", "reported on");
    match learn_all {
        true => format!(
            "{}; the weights learnt from all of it after that",
            reported.replace("never trained on", "not trained on for that")
        ),
        false => reported,
    }
}

/// Trainings that each leave out a part of the first rows; a group stays whole.
fn folds_of(common: &Arc<Common>, rows: usize, origin: &str) -> Result<Vec<PreparedTexts>, TaskError> {
    let examples = &common.corpus.examples()[..rows];
    let by = match examples.iter().all(|example| example.group().is_some()) {
        true => SplitBy::Group {
            field: "group".to_owned(),
        },
        false => SplitBy::RowsAtRisk,
    };
    let seed = common.recipe.seeds.first().copied().unwrap_or(0);
    let splits = folds(examples, &by, common.lesson.folds, seed)?;
    let fold = |(index, split): (usize, crate::data::Split)| PreparedTexts {
        common: Arc::clone(common),
        parts: vec![split.train],
        judged: split.valid,
        folds: Vec::new(),
        origin: format!("{origin} fold {index}"),
    };
    Ok(splits.into_iter().enumerate().map(fold).collect())
}

impl Prepared for PreparedTexts {
    fn report(&self) -> &DataReport {
        &self.common.report
    }

    fn heads(&self) -> &'static [&'static str] {
        &[]
    }

    fn encoder(&self) -> &'static [&'static str] {
        &["encoder"]
    }

    fn figures(&self) -> &'static [&'static str] {
        FIGURES
    }

    fn folds(&self) -> Vec<&dyn Prepared> {
        self.folds.iter().map(|fold| fold as &dyn Prepared).collect()
    }

    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        if self.common.has_from {
            return Err(TrainError::Options {
                fault: "`--from` and `--teacher` are for nets; a linear model is solved anew",
            });
        }
        self.lesson().begin(start, &self.origin)
    }

    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        self.lesson().train(state, budget, observer)
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
