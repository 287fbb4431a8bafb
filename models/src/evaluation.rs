//! What is known of how good a model is: plain values that a page or a table is made of.
//!
//! Each task fills in what it measures. Here is no printing: the program makes a table and a page of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::card::{Cost, DataSource};

/// A model, how good it is beside a baseline, where it fails, and what it costs. What is empty was not measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Heading, such as the name and version of the model.
    pub title: String,
    /// What the model does, in a sentence or two.
    pub about: String,
    /// Facts on the model: parameters, seed, sizes of the data.
    pub facts: Vec<Fact>,
    /// What a reader must know before any figure.
    pub warnings: Vec<String>,
    /// What the model must not be used for.
    pub must_not_be_used_for: Vec<String>,
    /// Name of the baseline of the table of metrics.
    pub baseline: String,
    /// How good the model and the baseline are.
    pub metrics: Vec<MetricRow>,
    /// Which class is taken for which.
    pub confusion: Option<ConfusionCounts>,
    /// Precision over recall.
    pub precision_recall: Vec<Curve>,
    /// Whether probabilities mean what they say.
    pub reliability: Option<Reliability>,
    /// Errors among what is answered over the share that is answered.
    pub risk_coverage: Vec<Curve>,
    /// How training went.
    pub learning: Option<Learning>,
    /// Each class by itself.
    pub classes: Vec<ClassRow>,
    /// The surest of the wrong answers.
    pub mistakes: Vec<Mistake>,
    /// Size and time, by precision.
    pub costs: Vec<CostRow>,
    /// What the model learnt from and was judged by.
    pub data: Vec<DataSource>,
}

/// A fact on the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// A figure with the limits of its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// Lower and upper limit, at 95 %.
    pub limits: Option<(f64, f64)>,
}

/// How a figure is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Scale {
    /// A share from 0 to 1, in percent with one digit.
    Percent,
    /// A number with three digits after the point.
    Number,
}

/// Which way a figure should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Better {
    /// Larger is better.
    Higher,
    /// Smaller is better.
    Lower,
}

/// A metric of the model and of the baseline, on the same examples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricRow {
    /// What is measured.
    pub name: String,
    /// How it is printed.
    pub scale: Scale,
    /// Which way it should go.
    pub better: Better,
    /// Figure of the model.
    pub model: Figure,
    /// Figure of the baseline.
    pub baseline: Option<Figure>,
    /// The model's less the baseline's, of pairs.
    pub difference: Option<Figure>,
}

/// How often each class was taken for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfusionCounts {
    /// Names of the classes.
    pub labels: Vec<String>,
    /// `counts[gold][found]`.
    pub counts: Vec<Vec<u64>>,
}

/// A named line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Points from left to right, both coordinates from 0 to 1.
    pub points: Vec<(f64, f64)>,
}

/// Confidence against accuracy, before and after the temperature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reliability {
    /// Mean confidence and accuracy of each bin before.
    pub before: Vec<(f64, f64)>,
    /// Mean confidence and accuracy of each bin after.
    pub after: Vec<(f64, f64)>,
    /// What logits are divided by.
    pub temperature: f64,
    /// Expected calibration error before.
    pub ece_before: f64,
    /// Expected calibration error after.
    pub ece_after: f64,
}

/// How training went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learning {
    /// What is measured after each epoch.
    pub metric: String,
    /// The epochs.
    pub epochs: Vec<Epoch>,
}

/// One pass over the examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// Its number.
    pub epoch: u32,
    /// Mean loss on the examples learnt from.
    pub train_loss: f64,
    /// Mean loss on those kept apart.
    pub valid_loss: Option<f64>,
    /// The metric on those kept apart, from 0 to 1.
    pub metric: Option<f64>,
}

/// One class by itself; NaN is printed as a dash.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    /// Name of the class.
    pub name: String,
    /// Examples of it.
    pub support: u64,
    /// Share of what was found that is right.
    pub precision: f64,
    /// Share of what is there that was found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// A wrong answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// What was asked.
    pub text: String,
    /// What was right.
    pub gold: String,
    /// What was answered.
    pub found: String,
    /// How sure the model was, from 0 to 1.
    pub confidence: f64,
}

/// What the model costs in one precision of its arithmetic, and how good it is then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CostRow {
    /// Name of the precision.
    pub precision: String,
    /// Metrics in this precision, by the names of [`Evaluation::metrics`].
    pub metrics: BTreeMap<String, f64>,
    /// Size and time.
    pub cost: Cost,
}
