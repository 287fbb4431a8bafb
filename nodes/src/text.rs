//! Text from values, and words from text.

pub mod template;
pub mod tokenize;

pub use template::Template;
pub use tokenize::Tokenize;
