//! The mentions of what a model knows in a text of any length: what kinds have in common that look for them.
//!
//! Sentences are read one by one, those longer than the model reads in pieces. It is no kind. Invariant: mentions are in
//! the order of the text and do not overlap.

use std::ops::Range;

use motet_core::catalog::{BuildError, Cost, KindFault, Params};
use motet_core::node::NodeError;
use motet_core::placement::{Placement, PrecisionOffer};
use motet_models::decide::Decision;
use motet_models::utterance::{Reader, SlotsConfig, UtteranceConfig};

use super::runs::Runs;
use super::shelf::Shelf;
use super::slots::{Finder, Span, add_search, kinds, path_of};
use super::sources::ModelSources;
use crate::notes::spans::{ENTITIES_BYTES, ENTITIES_MAX, Entity};

/// The models that find mentions. All that is opened shares the weights of a model in one precision.
pub(crate) struct Mentions {
    shelf: Shelf<SlotsConfig>,
}

impl Mentions {
    /// The models of these sources.
    pub(crate) fn new(sources: ModelSources) -> Mentions {
        Mentions {
            shelf: Shelf::with_face(sources, "slots"),
        }
    }

    /// Looks for the model that the parameters name.
    pub(crate) fn check(&self, params: &Params) -> Result<(), Vec<KindFault>> {
        self.shelf.find(params).map(drop)
    }

    /// The kinds of mentions that it finds, in small letters.
    pub(crate) fn kinds(&self, params: &Params) -> Result<Vec<String>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let (kinds, _) = kinds(&model.card.model.net.0.tags);
        Ok(kinds.iter().map(|kind| kind.to_lowercase()).collect())
    }

    /// The precisions of that model.
    pub(crate) fn offers(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.shelf.offers(params)
    }

    /// Over how many workers that model can be split with profit.
    pub(crate) fn width_max(&self, params: &Params) -> u16 {
        self.shelf.width_max(params)
    }

    /// What it takes to read so many bytes of text at most.
    pub(crate) fn cost(&self, params: &Params, bytes: usize, placement: &Placement) -> Cost {
        let mut cost = self.shelf.cost(params, placement);
        let Ok(model) = self.shelf.find(params) else {
            return cost;
        };
        let net = &model.card.model.net.0;
        add_search(&mut cost, net.words_max, net.tags.len());
        // The longest text is as many pieces as the model reads at once, and some of them are short sentences.
        let pieces = (bytes / 6 / net.words_max.max(1)).max(1) as u64;
        cost.flops *= pieces;
        cost.scratch_bytes += 4 * own_words(net).iter().sum::<usize>() as u64;
        cost.workspace_bytes += (Reader::new(net).bytes() + held_bytes(bytes)) as u64;
        cost
    }

    /// What reads texts with that model, placed. Mentions less certain than `least` are only counted.
    pub(crate) fn open(
        &self,
        params: &Params,
        placement: &Placement,
        least: f64,
    ) -> Result<MentionReader, BuildError> {
        let path = self.shelf.beside(params, path_of)?;
        let (model, runs) = self.shelf.open(params, placement)?;
        let net = model.card.model.net.0.clone();
        let (kinds, parts) = kinds(&net.tags);
        let kinds = kinds.iter().map(|kind| kind.to_lowercase()).collect();
        Ok(MentionReader {
            runs,
            reader: Reader::new(&net),
            finder: Finder::new(path, parts, net.words_max),
            least,
            decision: model.card.model.decision.clone().unwrap_or_default(),
            kinds,
            places: Vec::with_capacity(2 * net.words_max),
            net,
        })
    }
}

/// Numbers and words of scratch memory that are a reader's own: the ids of a piece, and the scores of its words.
fn own_words(net: &UtteranceConfig) -> [usize; 2] {
    [net.words_max * net.ids_per_word(), net.words_max * net.tags.len()]
}

/// What is held for a text while it is read: its sentences, its mentions, and these as JSON.
fn held_bytes(text: usize) -> usize {
    let sentences = text.div_ceil(2) * size_of::<Range<usize>>();
    sentences + ENTITIES_MAX * size_of::<Entity>() + ENTITIES_BYTES
}

/// Reads texts.
pub(crate) struct MentionReader {
    runs: Runs,
    reader: Reader,
    finder: Finder,
    least: f64,
    decision: Decision,
    kinds: Vec<String>,
    net: UtteranceConfig,
    /// Where the words of the piece at work lie in the text, two numbers each.
    places: Vec<i32>,
}

/// What was found in a text so far.
#[derive(Default)]
pub(crate) struct Found {
    /// The mentions.
    pub(crate) entities: Vec<Entity>,
    /// How many more were less certain than they had to be.
    pub(crate) doubtful: usize,
    /// Whether there were more than a list has room for.
    pub(crate) is_partial: bool,
}

impl MentionReader {
    /// Reads a sentence, in as many pieces as it takes.
    pub(crate) fn read(
        &mut self,
        text: &str,
        sentence: Range<usize>,
        scratch: &mut [u32],
        found: &mut Found,
    ) -> Result<(), NodeError> {
        let (mut start, end) = (sentence.start, sentence.end);
        while start < end && !found.is_partial {
            let piece = text.get(start..end).unwrap_or_default();
            let (words, _) = self.reader.words(piece);
            let Some(last) = words.last() else {
                return Ok(());
            };
            let next = start + last.end;
            self.places.clear();
            for word in words {
                self.places
                    .extend([word.start, word.end].map(|at| i32::try_from(start + at).unwrap_or(i32::MAX)));
            }
            self.score(piece, scratch)?;
            self.take(found)?;
            start = next;
        }
        Ok(())
    }

    /// Finds the spans of the words that were read last.
    fn score(&mut self, piece: &str, scratch: &mut [u32]) -> Result<(), NodeError> {
        let count = self.places.len() / 2;
        let [ids, scores] = own_words(&self.net);
        let too_small = || NodeError::Failed("the scratch memory is too small".to_owned());
        let (ids, rest) = scratch.split_at_mut_checked(ids).ok_or_else(too_small)?;
        let (scores, words) = rest.split_at_mut_checked(scores).ok_or_else(too_small)?;
        let ids: &mut [i32] = bytemuck::cast_slice_mut(&mut ids[..count * self.net.ids_per_word()]);
        let scores: &mut [f32] = bytemuck::cast_slice_mut(&mut scores[..count * self.net.tags.len()]);
        self.reader.ids(piece, ids);
        self.runs.run_ids_here(ids, scores, words)?;
        self.finder.find(scores, &self.places)
    }

    /// Takes what was found last.
    fn take(&self, found: &mut Found) -> Result<(), NodeError> {
        for span in self.finder.spans() {
            let confidence = self.decision.of_span(span.confidence);
            if f64::from(confidence) < self.least {
                found.doubtful += 1;
                continue;
            }
            if found.entities.len() == ENTITIES_MAX {
                found.is_partial = true;
                return Ok(());
            }
            found.entities.push(self.entity(span, confidence)?);
        }
        Ok(())
    }

    fn entity(&self, span: &Span, confidence: f32) -> Result<Entity, NodeError> {
        let [start, end] = span.range.map(|at| u32::try_from(at).unwrap_or(0));
        let kind = self.kinds.get(span.part).cloned();
        Ok(Entity {
            kind: kind.ok_or_else(|| NodeError::Failed("a mention of no kind".to_owned()))?,
            start,
            end,
            confidence,
        })
    }

    /// What it has to say about how it runs.
    pub(crate) fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}
