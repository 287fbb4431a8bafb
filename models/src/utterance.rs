//! What a person wants, from words: the intent of an utterance, its slots, and whether it is anything known at all.
//!
//! One net ([`net`]) reads hashed features of words; two heads share its encoder, and a model has one or both. Slots
//! are the best path of a linear chain ([`crf`]) over the scores of their head. Whoever asks gets a program for one
//! head: [`IntentConfig`] and [`SlotsConfig`] are the same weights seen from either side.

mod batch;
mod compare;
pub mod config;
pub mod corpus;
pub mod crf;
mod dropping;
mod evaluate;
pub mod frames;
pub mod learner;
mod lower;
mod measure;
pub mod net;
pub mod path;
mod programs;
mod read;
pub mod reader;
pub mod score;
mod settings;
mod ship;
pub mod substitute;
mod task;
mod teacher;

pub use config::{IntentConfig, SlotsConfig, UtteranceConfig};
pub use net::UtteranceNet;
pub use path::Path;
pub use reader::Reader;
pub use task::UtteranceTask;
