//! What a model answers, and the figures of that.

use super::corpus::Corpus;
use super::features::{Scratch, Seen};
use super::model::{LinearModel, decide};
use crate::decide::Decision;
use crate::evaluation::{Better, Scale};
use crate::metrics::{ConfusionMatrix, Forecasts};
use crate::task::TaskError;

/// Bins of the expected calibration error.
pub(super) const BINS: usize = 15;

/// The answer to one text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// The row it is of.
    pub(super) row: usize,
    pub(super) gold: u32,
    /// `[classes]`.
    pub(super) margins: Vec<f32>,
    pub(super) seen: Seen,
}

/// What one answer contributes to the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) gold: u32,
    pub(super) found: u32,
    /// True where an answer is given.
    pub(super) answers: bool,
}

/// A figure that answers are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Accuracy,
    MacroF1,
    Answered,
    AccuracyOfAnswered,
}

impl Figure {
    pub(super) const ALL: [Figure; 4] = [
        Figure::Accuracy,
        Figure::MacroF1,
        Figure::Answered,
        Figure::AccuracyOfAnswered,
    ];

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Figure::Accuracy => "accuracy",
            Figure::MacroF1 => "macro-F1",
            Figure::Answered => "share that is answered",
            Figure::AccuracyOfAnswered => "accuracy of what is answered",
        }
    }

    pub(super) fn scale(self) -> Scale {
        match self {
            Figure::MacroF1 => Scale::Number,
            Figure::Accuracy | Figure::Answered | Figure::AccuracyOfAnswered => Scale::Percent,
        }
    }

    pub(super) fn better(self) -> Better {
        Better::Higher
    }

    /// True for those that a machine without a threshold has.
    pub(super) fn is_of_all(self) -> bool {
        matches!(self, Figure::Accuracy | Figure::MacroF1)
    }

    /// Its value for some answers; NaN without any that count.
    pub(super) fn value(self, marks: &[Mark], classes: usize) -> f64 {
        let share = |part: &dyn Fn(&Mark) -> bool, whole: &dyn Fn(&Mark) -> bool| {
            let count = |is: &dyn Fn(&Mark) -> bool| marks.iter().filter(|mark| is(mark)).count();
            count(&|mark| whole(mark) && part(mark)) as f64 / count(whole) as f64
        };
        let is_right = |mark: &Mark| mark.gold == mark.found;
        match self {
            Figure::Accuracy => share(&is_right, &|_| true),
            Figure::Answered => share(&|mark| mark.answers, &|_| true),
            Figure::AccuracyOfAnswered => share(&is_right, &|mark| mark.answers),
            Figure::MacroF1 => matrix(marks, classes).map_or(f64::NAN, |matrix| matrix.macro_f1()),
        }
    }
}

/// How often each class was taken for each.
pub(super) fn matrix(marks: &[Mark], classes: usize) -> Result<ConfusionMatrix, TaskError> {
    let gold: Vec<u32> = marks.iter().map(|mark| mark.gold).collect();
    let found: Vec<u32> = marks.iter().map(|mark| mark.found).collect();
    ConfusionMatrix::count(classes, &gold, &found).map_err(|error| measure(&error))
}

/// The answers to some rows by one of their fields; rows without it are passed over.
pub(super) fn answers(model: &LinearModel, corpus: &Corpus, rows: &[usize], field: usize) -> Vec<Answer> {
    let mut scratch = Scratch::new(model.terms());
    let texts = rows
        .iter()
        .filter_map(|row| Some((*row, corpus.text(*row, field)?)));
    texts
        .map(|(row, text)| {
            let mut margins = vec![0.0; model.config().classes];
            let seen = model.margins(text, &mut scratch, &mut margins);
            Answer {
                row,
                gold: corpus.label(row),
                margins,
                seen,
            }
        })
        .collect()
}

/// What each answer contributes.
pub(super) fn marks(answers: &[Answer], decision: &Decision) -> Vec<Mark> {
    let mark = |answer: &Answer| {
        let decided = decide(decision, &answer.margins, answer.seen)?;
        Some(Mark {
            gold: answer.gold,
            found: u32::try_from(decided.class).ok()?,
            answers: !decided.abstains,
        })
    };
    answers.iter().filter_map(mark).collect()
}

/// The probabilities of answers at a temperature.
pub(super) fn forecasts(answers: &[Answer], temperature: f64) -> Result<Forecasts, TaskError> {
    let (margins, gold, classes) = scores(answers);
    Forecasts::from_logits(&margins, &gold, classes, temperature).map_err(|error| measure(&error))
}

/// The margins of answers row by row, the classes that are right, and how many there are.
pub(super) fn scores(answers: &[Answer]) -> (Vec<f32>, Vec<u32>, usize) {
    let classes = answers.first().map_or(0, |answer| answer.margins.len());
    let margins = answers.iter().flat_map(|answer| answer.margins.iter().copied());
    let gold = answers.iter().map(|answer| answer.gold);
    (margins.collect(), gold.collect(), classes)
}

pub(super) fn measure(reason: &dyn std::fmt::Display) -> TaskError {
    TaskError::Measure {
        reason: reason.to_string(),
    }
}
