//! Speech: grammars, and what is heard by them.

pub mod commands;
pub mod grammar;
pub mod listen;
mod told;

pub use commands::Commands;
