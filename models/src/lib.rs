//! Motet's nets in Burn: features, training, evaluation, model cards and weights.
//!
//! This crate turns sound into features ([`audio`]), trains and measures nets ([`keyword`]) and keeps their
//! weights with a card that says what they are ([`card`]). Further nets ([`classifier`], [`encoder`],
//! [`autoencoder`], [`utterance`]) are built of a card and a file that nobody vouches for ([`model`](mod@model),
//! [`weights`]), or of those that come along ([`builtin`]). For
//! the CPU each net lowers itself to a program of the engine, which is checked against Burn ([`lowering`]). It knows
//! no pipelines and no ports: `motet-nodes` makes nodes of it. Invariant: weights are used only after their checksum
//! has been compared with their card.

pub mod audio;
pub mod autoencoder;
pub mod builtin;
pub mod card;
pub mod classifier;
pub mod decide;
pub mod encoder;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod keyword;
pub mod lowering;
pub mod model;
pub mod net;
pub mod text;
pub mod train;
pub mod utterance;
pub mod weights;
