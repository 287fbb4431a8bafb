//! Process sensors: rows of values out of texts.

pub mod table;

pub use table::Table;
