//! Motet.

pub mod arena;
pub mod catalog;
pub mod diagnostic;
pub mod expression;
pub mod limits;
pub mod machine;
pub mod node;
pub mod port;
pub mod quantity;
pub mod spec;
pub mod yaml;
