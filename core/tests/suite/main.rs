//! The compiler and the runtime as a whole, on pipelines of stand-in kinds.
//!
//! Random pipelines are drawn as YAML text ([`draft`]) and evaluated by a reference that shares nothing with the
//! runtime; the kinds ([`kinds`]) mix what they read, or misbehave as they are told.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "a test that cannot go on fails; the numbers are small or exact"
)]

mod agreement;
mod contract;
mod deadlines;
mod draft;
mod faults;
mod inputs;
mod kinds;
mod lanes;
mod makespan;
mod measured;
mod memory;
mod mix;
mod optimal;
mod page;
mod pipeline;
mod placing;
mod precise;
mod residence;
mod sharing;
