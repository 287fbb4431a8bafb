//! Models that come along: cards and weights that are part of the program.
//!
//! A folder `weights/NAME/` with `card.yaml` and `weights.safetensors` is one; the build script lists them. The keyword
//! model is not among them: see [`crate::keyword::KeywordModel::builtin`]. Their cards are read and their checksums
//! compared like those of any other model, when they are asked for.

/// A model that comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// The name of the model, without its version, as in its card.
    pub name: &'static str,
    /// The text of its card.
    pub card: &'static str,
    /// The file of its weights.
    pub weights: &'static [u8],
}

/// All of them, by name.
pub const ALL: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
