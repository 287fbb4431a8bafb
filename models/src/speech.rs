//! Speech as phones: a streaming net that scores them, frame by frame.
//!
//! The way through: [`corpus`] reads recordings with what is said in them ([`lexicon`]), [`learner`] varies them
//! ([`vary`]) and loses over all alignments ([`ctc`]) of [`phones`] to what the [`net`] scores; [`score`] counts the phones
//! that are wrong. Which words are meant by the phones is for whoever has a grammar. Invariant: what is heard at a moment
//! does not depend on sound later than [`SpeechConfig::look_ahead_seconds`].

pub mod config;
pub mod corpus;
pub mod ctc;
mod evaluate;
mod front;
pub mod learner;
pub mod lexicon;
mod lower;
pub mod net;
pub mod phones;
pub mod score;
mod settings;
mod ship;
pub mod spelling;
mod task;
#[cfg(test)]
mod tests;
pub mod vary;
pub mod windows;

pub use config::{SpeechConfig, StemKind};
pub use learner::SpeechLearner;
pub use lexicon::Lexicon;
pub use net::SpeechNet;
pub use spelling::Spelling;
pub use task::SpeechTask;
