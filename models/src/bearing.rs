//! Bearings by their vibration: whether a machine is as it was learnt to be, and which part of a bearing is damaged.
//!
//! Two stages. A density of band levels ([`Normal`]) is learnt from normal running alone, for each axis: its limit follows
//! from a stated number of false alarms. A net of a few weights ([`BearingNet`]) tells the element from how far the lines of
//! damage stand out ([`Examiner`]); it knows only ratios and orders, so it goes along when another machine learns its own
//! normal. Training is of recordings with known damage ([`BearingTask`]); calibration on a machine needs a few minutes of its
//! normal running. Nothing here predicts how long a bearing will last. Invariant: a model scores waveforms of the length, rate,
//! unit and number of axes in its card, and of no others.

mod augment;
mod calibrate;
mod config;
mod corpus;
mod evaluate;
mod features;
mod learner;
mod measure;
mod net;
mod normal;
mod quality;
mod settings;
mod ship;
mod task;
#[cfg(test)]
mod tests;

pub use config::{BearingConfig, WaveUnit};
pub use features::{BANDS, Examined, Examiner, LEVELS, LINES, LineKind, SCORED};
pub use net::BearingNet;
pub use normal::{LearntFrom, Normal, NormalError, scored};
pub use quality::{is_saturated, is_stuck, levels_tell_another_unit, rate_is_off};
pub use task::BearingTask;

/// Elements of a bearing, in the order of the answers of the net.
pub const ELEMENTS: [&str; 3] = ["inner_race", "outer_race", "ball"];

/// The label of a machine that is as it was learnt to be.
pub const NORMAL: &str = "normal";
