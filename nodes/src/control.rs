//! Nodes that decide: rules over other nodes' answers, and a choice among several.

pub mod rules;
pub mod select;

pub use rules::Rules;
pub use select::Select;
