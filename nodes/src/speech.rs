//! Speech: grammars and what is heard by them.

pub mod grammar;
