//! Texts sorted into classes by their words: linear machines over hashed words and runs of words.
//!
//! A text becomes one sparse row ([`terms`], [`features`]); one support vector machine for each class gives it a margin
//! ([`LinearModel`]). The problem is convex, so a training has no epochs: each class is solved to its end, one after the
//! other. Here is no net and no program. Invariant: what is written into a file gives the margins of the training but for
//! the rounding to 16 bits.

mod compare;
pub mod config;
mod corpus;
mod evaluate;
pub mod features;
mod measure;
pub mod model;
mod settings;
mod ship;
mod solve;
mod task;
pub mod terms;
#[cfg(test)]
mod tests;

pub use config::LinearConfig;
pub use features::{Scratch, Seen};
pub use model::LinearModel;
pub use task::LinearTask;
pub use terms::Terms;
