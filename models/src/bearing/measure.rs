//! How good a model is: windows that it did not learn from, by what was left out, beside rules that learn next to nothing.

use std::sync::Arc;
use std::time::Duration;

use burn::tensor::Device;

use super::ELEMENTS;
use super::config::BearingConfig;
use super::corpus::{Corpus, Fold, Window};
use super::features::{BANDS, LINES, LineKind};
use super::learner::{BearingLearner, narrow};
use super::net::BearingNet;
use super::normal::Normal;
use super::settings::LessonSettings;
use crate::lowering::tensor_values;
use crate::net::Net;
use crate::net::Sample;
use crate::recipe::TrainSettings;
use crate::task::{StartOptions, TaskError};
use crate::train::{Adaptation, Beginning, EpochRecord, Observer, Progress, TrainError, TrainState, train};

/// Standard deviations above the mean of normal levels from which the plain rule calls a level raised: the tail of a normal
/// distribution that leaves one window in 86,400.
const RULE_DEVIATIONS: f64 = 4.3;

/// What a window was taken for: an element, or none for normal running.
pub(super) type Found = Option<usize>;

/// A window's answer beside what is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) window: usize,
    pub(super) gold: Found,
    pub(super) found: Found,
    /// The probability of the likeliest element.
    pub(super) probability: f32,
}

/// How folds are trained.
pub(super) struct Lesson<'a> {
    pub(super) corpus: &'a Arc<Corpus>,
    pub(super) config: &'a BearingConfig,
    pub(super) settings: &'a LessonSettings,
    pub(super) train: &'a TrainSettings,
}

impl Lesson<'_> {
    /// A learner of some windows.
    pub(super) fn learner(&self, learnt: Vec<usize>) -> BearingLearner {
        let corpus = Arc::clone(self.corpus);
        BearingLearner::new(self.config.clone(), (corpus, learnt), self.settings.clone())
    }

    /// The answers of a net that learnt without what judges it.
    ///
    /// # Errors
    /// [`TaskError::Train`] if it cannot be trained.
    pub(super) fn answers(&self, fold: &Fold, seed: u64) -> Result<Vec<Answer>, TaskError> {
        let learner = self.learner(fold.learnt.clone());
        let start = StartOptions {
            seed,
            shards: 1,
            epochs: None,
            adaptation: Adaptation::default(),
        };
        let options = self.train.options(&start, Adaptation::default());
        let beginning = Beginning {
            options,
            origin: fold.name.clone(),
            weights: None,
        };
        let state = train(
            &learner,
            TrainState::begin(&learner, &beginning)?,
            None,
            &mut Quiet,
        )?;
        let net = state.net(&learner, &Device::flex())?;
        answers(&net, self.corpus, &fold.judged)
    }
}

/// The answers of a net with its density to some windows.
///
/// # Errors
/// [`TaskError::Lower`] if Burn gives no answer.
pub(super) fn answers(net: &BearingNet, corpus: &Corpus, judged: &[usize]) -> Result<Vec<Answer>, TaskError> {
    let windows = || judged.iter().map(|window| &corpus.windows[*window]);
    let rows: Vec<f32> = windows()
        .flat_map(|window| window.examined.features().map(narrow))
        .collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sample::Numbers(rows).rows(LINES, &net.device())?;
    let probabilities = tensor_values(net.compute(rows)?)?;
    let normal = &net.config().normal[0];
    let pairs = judged.iter().zip(probabilities.chunks(ELEMENTS.len()));
    Ok(pairs
        .map(|(index, probabilities)| {
            let window = &corpus.windows[*index];
            let (element, probability) = likeliest(probabilities);
            let is_raised = normal.score(&window.examined.scored()) > normal.limit;
            Answer {
                window: *index,
                gold: window.element,
                found: is_raised.then_some(element),
                probability,
            }
        })
        .collect())
}

/// The first of the largest, and its value.
pub(super) fn likeliest(probabilities: &[f32]) -> (usize, f32) {
    let pairs = probabilities.iter().copied().enumerate();
    pairs.fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
}

/// What rules say without any net: a level above the normal ones, then the line that stands out furthest in the most impulsive
/// band.
pub(super) fn rules(corpus: &Corpus, judged: &[usize]) -> Vec<Answer> {
    let raised = RaisedLevel::of(corpus.normal());
    let line = |window: &Window| {
        let lines = &window.examined.lines[BANDS - 1];
        let of = |kind: LineKind| lines[kind as usize].map_or(0.0, |line| line.decibels);
        let by_element = [LineKind::InnerRace, LineKind::OuterRace, LineKind::Ball].map(of);
        likeliest(&by_element.map(narrow)).0
    };
    let answer = |index: &usize| {
        let window = &corpus.windows[*index];
        Answer {
            window: *index,
            gold: window.element,
            found: raised.is_raised(window).then(|| line(window)),
            probability: 1.0,
        }
    };
    judged.iter().map(answer).collect()
}

/// The plain rule on the root mean square.
struct RaisedLevel {
    limit: f64,
}

impl RaisedLevel {
    fn of<'a>(normal: impl Iterator<Item = &'a Window>) -> Self {
        let levels: Vec<f64> = normal.map(|window| window.examined.statistics.rms.ln()).collect();
        let count = levels.len() as f64;
        let mean = levels.iter().sum::<f64>() / count;
        let squares: f64 = levels.iter().map(|level| (level - mean).powi(2)).sum();
        Self {
            limit: mean + RULE_DEVIATIONS * (squares / (count - 1.0)).sqrt(),
        }
    }

    fn is_raised(&self, window: &Window) -> bool {
        window.examined.statistics.rms.ln() > self.limit
    }
}

/// The share of answers that are right; NaN without any.
pub(super) fn accuracy(answers: &[Answer]) -> f64 {
    let right = answers
        .iter()
        .filter(|answer| answer.gold == answer.found)
        .count();
    right as f64 / answers.len() as f64
}

/// How well normal running is told from damage, whatever the element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Detection {
    /// Windows with damage, and how many of them are beyond the limit.
    pub(super) damaged: [usize; 2],
    /// Windows of normal running of the other side, and how many of them are beyond the limit.
    pub(super) normal: [usize; 2],
    /// The lowest score of damage over the limit.
    pub(super) least: f64,
    /// The highest score of normal running over the limit.
    pub(super) most: f64,
}

impl Detection {
    /// By the density.
    pub(super) fn of(normal: &Normal, corpus: &Corpus) -> Self {
        Self::by(corpus, |window| {
            normal.score(&window.examined.scored()) / normal.limit
        })
    }

    /// By the plain rule; ratios are of root mean squares.
    pub(super) fn by_rule(corpus: &Corpus) -> Self {
        let rule = RaisedLevel::of(corpus.normal());
        Self::by(corpus, |window| {
            (window.examined.statistics.rms.ln() - rule.limit).exp()
        })
    }

    fn by(corpus: &Corpus, over_limit: impl Fn(&Window) -> f64) -> Self {
        let mut found = Self {
            damaged: [0; 2],
            normal: [0; 2],
            least: f64::INFINITY,
            most: 0.0,
        };
        for window in corpus.windows.iter().filter(|window| window.is_whole) {
            let ratio = over_limit(window);
            match (window.element, window.side) {
                (Some(_), _) => {
                    found.damaged[0] += 1;
                    found.damaged[1] += usize::from(ratio > 1.0);
                    found.least = found.least.min(ratio);
                }
                (None, crate::data::Side::Valid) => {
                    found.normal[0] += 1;
                    found.normal[1] += usize::from(ratio > 1.0);
                    found.most = found.most.max(ratio);
                }
                (None, crate::data::Side::Train) => (),
            }
        }
        found
    }

    /// The share of damage that is found.
    pub(super) fn recall(&self) -> f64 {
        self.damaged[1] as f64 / self.damaged[0] as f64
    }
}

/// How long a window takes from samples to probabilities.
///
/// # Errors
/// [`TaskError::Measure`], [`TaskError::Lower`].
pub(super) fn times(
    net: &BearingNet,
    corpus: &Corpus,
    (judged, elapsed): (&[usize], &dyn Fn() -> Duration),
) -> Result<Vec<Duration>, TaskError> {
    let how = crate::lowering::Lowering::f32(motet_engine::Cpu::detect());
    let program = net.lower(&how)?;
    let mut examiner = net
        .config()
        .examiner()
        .map_err(|error| super::corpus::measure(&error))?;
    let mut times = Vec::new();
    for window in judged {
        let (samples, shaft_hz) = corpus.samples(*window);
        let begun = elapsed();
        let examined = examiner
            .examine(samples, shaft_hz)
            .map_err(|error| super::corpus::measure(&error))?;
        crate::lowering::answer(
            &program,
            &Sample::Numbers(examined.features().map(narrow).to_vec()),
        )?;
        times.push(elapsed().saturating_sub(begun));
    }
    Ok(times)
}

/// Watches a training of a fold, of which nothing is kept.
struct Quiet;

impl Observer for Quiet {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn step(&mut self, _progress: &Progress) -> bool {
        false
    }

    fn epoch(&mut self, _progress: &Progress, _record: &EpochRecord) {}

    fn is_due(&self) -> bool {
        false
    }

    fn keep(&mut self, _state: &TrainState) -> Result<(), TrainError> {
        Ok(())
    }
}
