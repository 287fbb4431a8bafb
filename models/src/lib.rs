//! Motet's nets in Burn: examples, features, training, evaluation, model cards and weights.
//!
//! This crate reads, checks and splits examples ([`data`]), turns sound and text into features ([`audio`], [`text`]),
//! trains nets from recipes ([`recipe`], [`task`], [`train`], in fused steps: [`fused`]), counts what they get right
//! ([`metrics`]) beside what a classical learner does ([`baseline`]), and keeps their weights with a card that says what
//! they are ([`card`]). Its tasks are utterances ([`utterance`]), texts by their words ([`linear`]), spoken keywords ([`keyword`]), the
//! phones of speech ([`speech`]), bearings by their vibration ([`bearing`], over the algorithms of [`vibration`]) and rows of process
//! sensors ([`shift`]); further nets
//! ([`classifier`], [`encoder`], [`autoencoder`]) are built of a card and a file that nobody vouches for
//! ([`model`](mod@model), [`weights`]), or of those that come along ([`builtin`]). For the CPU each net lowers itself to a program of the engine, which is checked
//! against Burn ([`lowering`]). It knows no pipelines and no ports: `motet-nodes` makes nodes of it. Invariant: weights
//! are used only after their checksum has been compared with their card.

pub mod audio;
pub mod autoencoder;
pub mod baseline;
pub mod bearing;
pub mod beta;
pub mod builtin;
pub mod card;
pub mod classifier;
pub mod data;
pub mod decide;
pub mod encoder;
pub mod evaluation;
pub mod fused;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod keyword;
pub mod linear;
pub mod lowering;
pub mod metrics;
pub mod model;
pub mod net;
pub mod recipe;
pub mod shift;
mod shipping;
pub mod speech;
pub mod task;
pub mod tasks;
pub mod text;
pub mod train;
pub mod utterance;
pub mod vibration;
pub mod weights;

#[cfg(doctest)]
#[doc = include_str!("../../docs/add-a-model.md")]
struct AddAModel;
