//! Motet's nets in Burn: features, training, evaluation, model cards and weights.
//!
//! This crate turns sound into features ([`audio`]), trains and measures nets ([`keyword`]) and keeps their
//! weights with a card that says what they are ([`card`]). It knows no pipelines and no ports: `motet-nodes`
//! makes nodes of it. Invariant: weights are used only after their checksum has been compared with their card.

pub mod audio;
pub mod card;
pub mod keyword;
