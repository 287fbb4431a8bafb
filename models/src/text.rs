//! From text to words and to the features that nets read.
//!
//! A text is split into words where people see them ([`words`]); each word becomes the numbers of a few rows of a table
//! ([`hashing`]), so that a net needs no vocabulary and knows something of every word. Invariant: the range of a word
//! lies on character boundaries of the text as it was given, whatever normalisation did.

pub mod hashing;
pub mod words;

pub use hashing::{Hashing, WORD_FEATURES_MAX};
pub use words::{Splitting, split, split_into};
