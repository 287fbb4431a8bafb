//! Nodes that decide: rules over other nodes' answers, a number worked out from them, and a choice among several.

pub mod number;
pub mod rules;
pub mod select;

pub use number::Number;
pub use rules::Rules;
pub use select::Select;
