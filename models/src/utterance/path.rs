//! The chain of a net for the way to the best path.

use motet_engine::decode::viterbi;

use super::crf::Allowed;
use super::net::UtteranceNet;
use crate::lowering::{LowerError, values};

/// Scores of the chain of a net, with minus infinity for what BIO does not allow: no path through it begins with `I-x`
/// or goes on with it after anything but `B-x` and `I-x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    transitions: Vec<f32>,
    start: Vec<f32>,
    end: Vec<f32>,
}

impl Path {
    /// The chain of a net for tags of these names; none where it has no tags.
    ///
    /// # Errors
    /// [`LowerError::Reference`] if Burn does not give it.
    pub fn of(net: &UtteranceNet, tags: &[String]) -> Result<Option<Self>, LowerError> {
        let (Some(transitions), Some(start), Some(end)) = (&net.transitions, &net.start, &net.end) else {
            return Ok(None);
        };
        let allowed = Allowed::bio(tags);
        Ok(Some(Self {
            transitions: allowed.transitions(&values(transitions)?),
            start: allowed.start(&values(start)?),
            end: values(end)?,
        }))
    }

    /// The chain, to look for the best path.
    pub fn chain(&self) -> viterbi::Chain<'_> {
        viterbi::Chain {
            transitions: &self.transitions,
            start: &self.start,
            end: &self.end,
        }
    }
}
