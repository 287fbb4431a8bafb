//! Clinical notes: what is said of whom in them, what must not leave with them, and the documents that are drafted of them.
//!
//! The algorithms read plain texts and know no pipeline ([`context`], [`times`], [`doses`], [`risks`], [`fhir`]); the kinds
//! join them to ports ([`annotate`], [`bundle`]). Lists travel between nodes as JSON: [`spans`] has that of mentions, [`draft`] what a
//! draft is made of. Invariant: an error never repeats a word of a text.

pub mod annotate;
pub mod bundle;
pub mod context;
pub mod doses;
pub mod draft;
pub mod fhir;
mod number;
pub mod risks;
pub mod spans;
pub mod times;
mod words;

pub use annotate::Annotate;
pub use bundle::Documents;
pub use context::sentences;
