//! Nodes that write text.

pub mod template;

pub use template::Template;
