//! The keyword net: six wake words and `none`.
//!
//! The way through: [`data`] reads recordings, [`draw`] makes examples of them with [`augment`],
//! [`train`](mod@train) steps the [`net`] with [`optimise`], [`evaluate`](mod@evaluate) counts what it gets right,
//! and [`model`] is the net with its card, written by [`ship`](mod@ship). A running model cuts spectrograms with
//! [`window`] and turns probabilities into words with [`detect`](mod@detect).
//! Invariant: the voices that a model is judged by were never heard in its training, with the one exception that
//! the data force: the speakers of the digits.

pub mod augment;
pub mod calibrate;
pub mod checkpoint;
pub mod data;
pub mod detect;
pub mod draw;
pub mod evaluate;
mod lower;
pub mod model;
pub mod net;
pub mod optimise;
pub mod parameters;
pub mod score;
pub mod ship;
pub mod train;
pub mod window;

pub use calibrate::{Calibration, calibrate};
pub use checkpoint::CheckpointError;
pub use data::{Corpus, DataError, DataFolders, Fold, Judged, LABELS, NONE, Recording};
pub use detect::{Detection, DetectionRule, detect, strongest};
pub use evaluate::{Confusion, EvaluateOptions, Evaluation, FalseAlarms, StreamRecall, evaluate};
pub use model::{KeywordCard, KeywordModel, ModelError};
pub use net::{KeywordNet, KeywordNetConfig};
pub use score::ScoreError;
pub use ship::{Decision, Shipment, choose, model_of, ship};
pub use train::{Observer, Progress, TrainError, TrainOptions, TrainState, train};
pub use window::Windowing;
