//! Nets as nodes.

pub mod keyword;

pub use keyword::Keyword;
