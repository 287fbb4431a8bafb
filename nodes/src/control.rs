//! Nodes that decide: rules over other nodes' answers, a number worked out from them, a choice among several, and
//! plans for robots.

pub mod number;
pub mod plan;
pub mod rules;
pub mod select;

pub use number::Number;
pub use plan::Planner;
pub use rules::Rules;
pub use select::Select;
