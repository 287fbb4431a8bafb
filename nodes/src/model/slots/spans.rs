//! Spans of words by the best path of tags.

use std::sync::Arc;

use motet_core::node::NodeError;
use motet_models::utterance::Path;

use super::names::Part;

/// A span that was found.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Span {
    /// What it is of: the number in its [`Part`].
    pub(in crate::model) part: usize,
    /// Its words.
    words: [usize; 2],
    /// Where it begins and ends in the text, in bytes.
    pub(in crate::model) range: [i32; 2],
    /// How likely exactly this span is.
    pub(in crate::model) confidence: f32,
}

impl Span {
    /// Its text.
    pub(in crate::model) fn of<'t>(&self, text: &'t str) -> Result<&'t str, NodeError> {
        let [start, end] = self.range.map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        text.get(start..end).ok_or_else(|| {
            NodeError::Failed(format!(
                "the words are of another text: this one has no part from byte {start} to {end}"
            ))
        })
    }
}

/// Finds spans, in memory of its own.
pub(in crate::model) struct Finder {
    path: Arc<Path>,
    /// What each tag says of its word.
    parts: Vec<Part>,
    /// The tag of each word of the longest text.
    tags: Vec<u32>,
    scratch: Vec<f32>,
    found: Vec<Span>,
}

impl Finder {
    /// Memory for texts of so many words.
    pub(in crate::model) fn new(path: Arc<Path>, parts: Vec<Part>, words_max: usize) -> Finder {
        Finder {
            tags: vec![0; words_max],
            scratch: vec![0.0; path.scratch(words_max)],
            found: Vec::with_capacity(words_max),
            path,
            parts,
        }
    }

    /// Tags that a word can have.
    pub(in crate::model) fn labels(&self) -> usize {
        self.path.chain().labels()
    }

    /// The spans that were found last, in the order of the text.
    pub(in crate::model) fn spans(&self) -> &[Span] {
        &self.found
    }

    /// The tags of the words that were read last, and of words before.
    pub(in crate::model) fn tags(&self) -> &[u32] {
        &self.tags
    }

    /// Finds the spans of a text, by the scores of the tags of its words and where these lie in it.
    ///
    /// # Errors
    /// Scores that are no numbers, or of too many words.
    pub(in crate::model) fn find(&mut self, logits: &[f32], places: &[i32]) -> Result<(), NodeError> {
        let chain = self.path.chain();
        let tags = self
            .tags
            .get_mut(..logits.len() / chain.labels())
            .ok_or_else(|| NodeError::Failed("more words than the model allows".to_owned()))?;
        // A word in no span is always allowed, so there is a path through all scores that are numbers.
        chain
            .best(logits, &mut self.scratch, tags)
            .ok_or_else(|| NodeError::Failed("the scores of the tags are no numbers".to_owned()))?;
        self.found.clear();
        for (word, (tag, place)) in tags.iter().zip(places.chunks_exact(2)).enumerate() {
            match (self.parts.get(*tag as usize), self.found.last_mut()) {
                (Some(Part::Begin(part)), _) => self.found.push(Span {
                    part: *part,
                    words: [word, word + 1],
                    range: [place[0], place[1]],
                    confidence: 1.0,
                }),
                // It stands behind a word of the same span: the chain allows nothing else.
                (Some(Part::Inside(_)), Some(span)) => {
                    span.words[1] = word + 1;
                    span.range[1] = place[1];
                }
                (Some(Part::Inside(_) | Part::Outside) | None, _) => (),
            }
        }
        if !self.found.is_empty() {
            let marginals = self.path.marginals(logits, &mut self.scratch);
            for span in &mut self.found {
                let words = span.words[0]..span.words[1];
                span.confidence = marginals.of(words.clone(), &self.tags[words]);
            }
        }
        Ok(())
    }
}
