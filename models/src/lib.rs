//! Motet's nets in Burn: features, training, evaluation, model cards and weights.
//!
//! This crate turns sound into features ([`audio`]), trains and measures nets ([`keyword`]) and keeps their
//! weights with a card that says what they are ([`card`]). Further nets ([`classifier`], [`encoder`],
//! [`autoencoder`]) are built of a card and a file that nobody vouches for ([`model`](mod@model), [`weights`]). For
//! the CPU each net lowers itself to a program of the engine, which is checked against Burn ([`lowering`]). It knows
//! no pipelines and no ports: `motet-nodes` makes nodes of it. Invariant: weights are used only after their checksum
//! has been compared with their card.

pub mod audio;
pub mod autoencoder;
pub mod baseline;
pub mod card;
pub mod classifier;
pub mod data;
pub mod decide;
pub mod encoder;
pub mod evaluation;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod keyword;
pub mod lowering;
pub mod metrics;
pub mod model;
pub mod net;
pub mod recipe;
pub mod task;
pub mod tasks;
pub mod text;
pub mod train;
pub mod utterance;
pub mod weights;

#[cfg(doctest)]
#[doc = include_str!("../../docs/add-a-model.md")]
struct AddAModel;
