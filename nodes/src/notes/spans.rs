//! Mentions in a text, as they travel from node to node.
//!
//! A list of mentions is JSON in a field of text: `[{"kind": "disease", "start": 8, "end": 17, "confidence": 0.93}]`.
//! Invariant: mentions of one list are in the order of the text and do not overlap.

use motet_core::node::NodeError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Most mentions in a list.
pub const ENTITIES_MAX: usize = 2_000;
/// Most bytes of a list as JSON: a mention with the longest name of a kind and the largest numbers has less than 128.
pub const ENTITIES_BYTES: usize = 128 * ENTITIES_MAX;

/// A mention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// What it is of, in small letters.
    pub kind: String,
    /// Where it begins, in bytes of the text.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// How likely it is right, from 0 to 1.
    pub confidence: f32,
}

/// Anything as JSON.
///
/// # Errors
/// [`NodeError::Failed`] for numbers that JSON does not have.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, NodeError> {
    serde_json::to_string(value).map_err(|error| NodeError::Failed(format!("no JSON can be made: {error}")))
}

/// A value from JSON. What is wrong with it is told by its place alone: its text may be confidential.
///
/// # Errors
/// [`NodeError::Failed`] for what is no such value.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str, what: &str) -> Result<T, NodeError> {
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        NodeError::Failed(format!(
            "{what} is not in the form it has to be in, from line {line}, column {column}"
        ))
    })
}

/// A list from JSON, and its place in a text of so many bytes checked.
///
/// # Errors
/// [`NodeError::Failed`] for anything that is no list of mentions of this text.
pub(crate) fn entities_of(json: &str, text: &str) -> Result<Vec<Entity>, NodeError> {
    let found: Vec<Entity> = from_json(json, "the list of mentions")?;
    let mut end = 0;
    for entity in &found {
        let range = entity.range();
        if range.start < end || text.get(range.clone()).is_none_or(str::is_empty) {
            return Err(NodeError::Failed(format!(
                "the list of mentions is of another text: bytes {} to {} are no further part of this one",
                range.start, range.end
            )));
        }
        end = range.end;
    }
    Ok(found)
}

impl Entity {
    /// The bytes of the text that it covers.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
