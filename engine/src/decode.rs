//! From scores to labels: the last step of a net that names a sequence.
//!
//! Not here: beams, language models, text. Nothing is allocated while decoding.

pub mod ctc;
pub mod graph;
pub mod viterbi;
