//! Spoken keywords: the net that hears a few words and calls everything else `none`, and the task of training it.
//!
//! The way through: [`sets`] reads manifests into the recordings of [`data`], [`draw`] makes examples of them with
//! [`augment`], [`learner`] says what is lost on them by the [`net`], and the training is that of all tasks
//! ([`crate::train`]). [`calibrate`](mod@calibrate) chooses when a word counts as heard, [`evaluate`] counts what a model
//! gets right, and [`model`] is the net with its card. A running model cuts spectrograms with [`window`] and turns
//! probabilities into words with [`detect`](mod@detect).
//! Invariant: the voices that a model is judged by were never heard in its training, as far as the data name them; in
//! those of `wakewords@1` the speakers of the digits are the one exception.

pub mod augment;
mod baseline;
pub mod calibrate;
pub mod data;
pub mod detect;
pub mod draw;
pub mod evaluate;
pub mod learner;
mod lower;
mod measure;
pub mod model;
pub mod net;
pub mod score;
pub mod sets;
pub mod settings;
pub mod ship;
mod task;
pub mod window;

pub use calibrate::{Calibration, calibrate};
pub use data::{Corpus, DataError, Fold, Judged, NONE, Recording};
pub use detect::{Detection, DetectionRule, detect, strongest};
pub use evaluate::{Confusion, Evaluation, FalseAlarms, Heard, StreamRecall};
pub use learner::{KeywordLearner, Lesson};
pub use model::{BUILTIN_CARD, KeywordCard, KeywordModel, ModelError};
pub use net::{KeywordNet, KeywordNetConfig};
pub use score::ScoreError;
pub use sets::Sets;
pub use settings::DataSettings;
pub use ship::Decision;
pub use task::KeywordTask;
pub use window::Windowing;
