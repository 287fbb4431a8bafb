//! Process sensors of one machine: how unlikely the means of their last rows are, seen from normal rows.
//!
//! For each sensor a few numbers are learnt from normal rows ([`normal`]): mean, variance, how long values hang together.
//! The means of the last rows are then Student-t distributed around the learnt mean, with as many degrees of freedom as the
//! normal rows are worth; the score of a sensor is the logarithm of that tail, the score of a row the largest of its
//! sensors ([`Scorer`]). Beside it stand rules that find data which cannot be trusted ([`quality`]). Here is no net and no
//! program. Invariant: what is given row by row depends on the rows alone, never on how they were cut into chunks.

mod compare;
pub mod config;
mod conformal;
mod evaluate;
pub mod model;
pub mod normal;
pub mod quality;
mod recording;
mod score;
mod settings;
mod ship;
pub mod student;
mod task;
#[cfg(test)]
mod tests;

pub use config::{LimitBy, Sensor, SensorKind, ShiftConfig};
pub use model::ShiftModel;
pub use normal::Normal;
pub use quality::{Fault, Quality, RowFaults};
pub use score::{Beginning, Scorer, SensorScore};
pub use student::Student;
pub use task::ShiftTask;
