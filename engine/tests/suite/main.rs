//! Programs through their public face: what they compute and what they refuse.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::cast_possible_truncation, reason = "sizes of tests are small")]

mod faults;
mod layers;
mod program;
mod shared;
