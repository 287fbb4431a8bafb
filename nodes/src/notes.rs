//! Clinical notes: what is said of whom in them, what must not leave with them, and the documents that are drafted of them.
//!
//! The algorithms read plain texts and know no pipeline ([`context`], [`times`], [`doses`], [`risks`],
//! [`sections`], [`identifiers`], [`mask`], [`fhir`]); the kinds
//! join them to ports ([`annotate`], [`segment`], [`compose`], [`deidentify`], [`bundle`]). Lists travel between nodes as JSON: [`spans`] has that of mentions, [`draft`] what a
//! draft is made of. Invariant: an error never repeats a word of a text.

pub mod annotate;
pub mod bundle;
pub mod compose;
pub mod context;
pub mod deidentify;
pub mod doses;
pub mod draft;
pub mod fhir;
pub mod identifiers;
mod lists;
pub mod mask;
mod number;
pub mod risks;
pub mod sections;
pub mod segment;
pub mod spans;
pub mod times;
mod words;

pub use annotate::Annotate;
pub use bundle::Documents;
pub use compose::Compose;
pub use context::sentences;
pub use deidentify::Deidentify;
pub use segment::Segment;
