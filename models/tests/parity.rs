//! One suite for every net on every way to compute it: Burn flex, Burn ndarray, and the engine in each precision and
//! on each level of the CPU, against each other and against the float64 answers of the reference workload.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing to unwrap has failed"
)]

mod parity {
    mod drawn;
    mod engines;
    mod trio;
    mod wakewords;
}
