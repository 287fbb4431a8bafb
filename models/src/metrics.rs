//! What a model gets right and wrong, and how sure these figures are.
//!
//! Plain numbers go in and plain numbers come out: classes are indices, scores are floats, tags are texts. Here is no
//! net, no file and no choice of a threshold for anybody: a threshold is returned beside what it costs. Invariant: a
//! figure that its definition leaves open (a recall without examples) is NaN, never zero.

pub mod bootstrap;
pub mod calibration;
pub mod classification;
pub mod events;
pub mod mcnemar;
pub mod ranking;
pub mod risk;
pub mod spans;
pub mod temperature;
pub mod vus;

#[cfg(test)]
mod reference;

pub use bootstrap::{
    BootstrapOptions, ConfidenceInterval, Difference, bootstrap, bootstrap_by_group, paired,
};
pub use calibration::{Forecasts, ReliabilityBin};
pub use classification::{ClassScores, Confused, ConfusionMatrix};
pub use events::{EventFigures, FlaggedRows, RowFigures, event_figures, row_figures};
pub use mcnemar::McNemar;
pub use ranking::{OperatingPoint, PrecisionRecall, Ranking};
pub use risk::{RiskCoverage, RiskPoint};
pub use spans::{Mention, SeenSplit, SeenValues, SpanCounts, SpanReport, mentions};
pub use temperature::{Temperature, fit_temperature};
pub use vus::vus_pr;

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Two lists that belong together differ in length.
    #[error("there are {found} {what}, {expected} are needed")]
    Length {
        /// What is listed.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A class is named that does not exist.
    #[error("class {class} is named, but there are only {classes}")]
    Class {
        /// The class.
        class: u32,
        /// How many there are.
        classes: usize,
    },
    /// A score is not a number.
    #[error("score {index} is not a number")]
    NotANumber {
        /// Where it stands.
        index: usize,
    },
}

/// Refuses lists of different lengths.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), MetricError> {
    if expected == found {
        return Ok(());
    }
    Err(MetricError::Length {
        what,
        expected,
        found,
    })
}

/// Refuses classes that do not exist.
fn known_classes(named: &[u32], classes: usize) -> Result<(), MetricError> {
    match named.iter().find(|class| **class as usize >= classes) {
        Some(&class) => Err(MetricError::Class { class, classes }),
        None => Ok(()),
    }
}

/// Refuses NaN.
fn numbers(mut scores: impl Iterator<Item = f64>) -> Result<(), MetricError> {
    match scores.position(f64::is_nan) {
        Some(index) => Err(MetricError::NotANumber { index }),
        None => Ok(()),
    }
}

/// The share `part` of `whole`; NaN of nothing.
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The harmonic mean of precision and recall: twice what is right over what is found and what is there. NaN where
/// there is neither.
fn f1(right: u64, found: u64, gold: u64) -> f64 {
    (2 * right) as f64 / (found + gold) as f64
}
