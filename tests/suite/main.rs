//! End-to-end tests: each module shows one promise of the project from outside.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing to unwrap has failed"
)]

mod assistant;
mod broken;
mod grounding;
mod keyword;
mod machine_report;
mod press_line;
mod process_sensors;
mod robot_voice;
mod shared;
mod stand_in;
mod tidy;
mod trio;
#[cfg(unix)]
mod ward_notes;
