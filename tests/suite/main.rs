//! End-to-end tests: each module shows one promise of the project from outside.

mod broken;
mod keyword;
mod shared;
mod tidy;
