//! What a model must beat: classical learners, trained on the same examples in seconds.
//!
//! Texts become sparse rows ([`TfIdf`]) that a linear machine sorts into classes ([`LinearSvm`]); tokens get tags from
//! a conditional random field over hand-made features ([`Crf`]); rows of sensors are compared with normal ones by their
//! principal components ([`Hotelling`]) or by random cuts ([`IsolationForest`]). Here is no net and no file: texts, tags and classes
//! go in. Invariant: the same examples, options and seed give the same learner, number by number.

pub mod crf;
pub mod hotelling;
pub mod isolation_forest;
pub mod linear_svm;
pub mod sparse;
pub mod tf_idf;

#[cfg(test)]
mod reference;

pub use crf::{Crf, CrfOptions, TaggedSentence};
pub use hotelling::Hotelling;
pub use isolation_forest::IsolationForest;
pub use linear_svm::{LinearSvm, SvmOptions, SvmProblem, SvmSolution, balanced, top_margins};
pub use sparse::SparseRows;
pub use tf_idf::TfIdf;

/// Why a learner cannot learn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
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
    /// There is nothing to learn from.
    #[error("there are no examples")]
    NoExamples,
}
