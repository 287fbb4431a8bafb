//! Motet.

pub mod arena;
pub mod catalog;
pub mod clock;
pub mod condition;
pub mod diagnostic;
pub mod execute;
pub mod expression;
pub mod graph;
pub mod limits;
pub mod machine;
pub mod node;
pub mod plan;
pub mod port;
pub mod quantity;
pub mod session;
pub mod spec;
pub mod trace;
pub mod value;
pub mod yaml;
