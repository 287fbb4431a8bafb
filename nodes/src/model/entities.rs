//! `model/entities`: the mentions of things in a text of any length, such as diseases and drugs in a note.

use std::ops::Range;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Element, Field, PortType, TensorType};
use motet_models::decide::Decision;
use motet_models::utterance::{Reader, SlotsConfig, UtteranceConfig};

use super::runs::Runs;
use super::shelf::Shelf;
use super::slots::{Finder, Span, add_search, kinds, path_of};
use super::sources::ModelSources;
use super::{dim, model_param};
use crate::notes::annotate::text_bytes;
use crate::notes::sentences;
use crate::notes::spans::{ENTITIES_BYTES, ENTITIES_MAX, Entity, to_json};

const TEXT: &str = "text";
const LEAST: &str = "least";

/// The kind `model/entities`. All its nodes share the weights of a model in one precision.
pub struct Entities {
    shelf: Shelf<SlotsConfig>,
}

impl Entities {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Entities {
        Entities {
            shelf: Shelf::with_face(sources, "slots"),
        }
    }

    fn net(&self, params: &Params) -> Option<UtteranceConfig> {
        let model = self.shelf.find(params).ok()?;
        Some(model.card.model.net.0.clone())
    }
}

impl NodeKind for Entities {
    fn name(&self) -> &str {
        "model/entities"
    }

    fn about(&self) -> &str {
        "Finds the mentions of what a model knows in a text of any length, sentence by sentence: `bc5cdr@1` finds diseases and \
         chemicals. Sentences longer than the model reads are read in pieces. Output: `entities`, a list as JSON, each with \
         `kind`, `start` and `end` in bytes of the text, and `confidence`, how often mentions with such a score are right; \
         `count`, how many there are; `doubtful`, how many more were found that were less certain than `least` and left out; \
         `partial`, 1 where there were more than 2,000 mentions, of which the first are given."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            model_param(),
            ParamSpec {
                name: LEAST,
                param_type: ParamType::Number { min: 0.0, max: 1.0 },
                default: Some(ParamValue::Number(0.0)),
                about: "the least confidence of a mention that is given",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let most = u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX);
        let text = Accepts::Type(TensorType::text(most).into());
        Ok(InputSpecs {
            named: vec![InputSpec::required(TEXT, text, "what somebody wrote or said")],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        self.shelf.find(params)?;
        let whole = || TensorType::scalar(Element::I32);
        let answer = PortType::Record(vec![
            Field::new("entities", TensorType::text(dim(ENTITIES_BYTES))),
            Field::new("count", whole()),
            Field::new("doubtful", whole()),
            Field::new("partial", TensorType::scalar(Element::U8).within(0.0, 1.0)),
        ]);
        Ok(vec![OutputSpec::new("found", answer)])
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.shelf.offers(params)
    }

    fn width_max(&self, params: &Params, _: &Signature) -> u16 {
        self.shelf.width_max(params)
    }

    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost {
        let mut cost = self.shelf.cost(params, placement);
        let Some(net) = self.net(params) else {
            return cost;
        };
        add_search(&mut cost, net.words_max, net.tags.len());
        // The longest text is as many pieces as the model reads at once, and some of them are short sentences.
        let bytes = text_bytes(&signature.inputs);
        let pieces = (bytes / 6 / net.words_max.max(1)).max(1) as u64;
        cost.flops *= pieces;
        cost.scratch_bytes += 4 * own_words(&net).iter().sum::<usize>() as u64;
        cost.workspace_bytes += (Reader::new(&net).bytes() + held_bytes(bytes)) as u64;
        cost
    }

    fn build(
        &self,
        params: &Params,
        _: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let path = self.shelf.beside(params, path_of)?;
        let (model, runs) = self.shelf.open(params, placement)?;
        let net = model.card.model.net.0.clone();
        let (kinds, parts) = kinds(&net.tags);
        let kinds = kinds.iter().map(|kind| kind.to_lowercase()).collect();
        Ok(Box::new(EntitiesNode {
            runs,
            reader: Reader::new(&net),
            finder: Finder::new(path, parts, net.words_max),
            least: params.number(LEAST).unwrap_or_default(),
            decision: model.card.model.decision.clone().unwrap_or_default(),
            kinds,
            places: Vec::with_capacity(2 * net.words_max),
            net,
        }))
    }
}

/// Numbers and words of scratch memory that are this node's own: the ids of a piece, and the scores of its words.
fn own_words(net: &UtteranceConfig) -> [usize; 2] {
    [net.words_max * net.ids_per_word(), net.words_max * net.tags.len()]
}

/// What is held for a text while it is read: its sentences, its mentions, and these as JSON.
fn held_bytes(text: usize) -> usize {
    let sentences = text.div_ceil(2) * size_of::<Range<usize>>();
    sentences + ENTITIES_MAX * size_of::<Entity>() + ENTITIES_BYTES
}

struct EntitiesNode {
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

impl Node for EntitiesNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let scratch = bytemuck::cast_slice_mut(scratch.into_slice::<i32>());
        let mut found = Found::default();
        for sentence in sentences(text) {
            self.read(text, sentence, scratch, &mut found)?;
        }
        out.text(0, &to_json(&found.entities)?)?;
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        out.tensor::<i32>(1, &[])?.fill(whole(found.entities.len()));
        out.tensor::<i32>(2, &[])?.fill(whole(found.doubtful));
        out.tensor::<u8>(3, &[])?.fill(u8::from(found.is_partial));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}

/// What was found in a text so far.
#[derive(Default)]
struct Found {
    entities: Vec<Entity>,
    doubtful: usize,
    is_partial: bool,
}

impl EntitiesNode {
    /// Reads a sentence, in as many pieces as it takes.
    fn read(
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
}
