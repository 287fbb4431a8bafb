//! `model/slots`: the parts of an utterance that fill in what somebody wants.

use std::sync::Arc;

use motet_core::arena::{ReadLease, WriteLease};
use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::lowering::LowerError;
use motet_models::net::NetConfig;
use motet_models::utterance::{Path, SlotsConfig};

use super::runs::{Place, Runs};
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::utterance::{Asked, Ids};
use super::{dim, model_param, refused};

mod names;

use names::{KEEP, Names, OTHERS, Part};

const WORDS: &str = "words";
const TEXT: &str = "text";
/// The place of the scores behind the fields of slots.
const LOGITS: usize = 6;

/// The kind `model/slots`. All its nodes share the weights of a model in one precision.
pub struct Slots {
    shelf: Shelf<SlotsConfig>,
}

impl Slots {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Slots {
        Slots {
            shelf: Shelf::with_face(sources, "slots"),
        }
    }
}

impl NodeKind for Slots {
    fn name(&self) -> &str {
        "model/slots"
    }

    fn about(&self) -> &str {
        "Finds the parts of a text that fill in what somebody wants, as in `play some [jazz] by [miles davis]`. The \
         words are those that `text/tokenize` gives of `text` for the same model. Output: a text for each slot that \
         the model knows, empty where there is none of it, the first where there are several; its name is that of \
         the card in small letters, `time_range` for `timeRange`. Behind them `count`, how many slots were found; \
         `confidence`, the least of their confidences, 1 where there is none; for each of them `kinds`, the number of \
         its field, `ranges`, where it begins and ends in the text, in bytes, and `confidences`, the probability that \
         the model gives to exactly this slot, which is not calibrated; for each word `tags`, the number of its tag in the card; `logits`, the scores of all tags for each word, to \
         which those of the card's chain are added. With `keep` only these slots have fields and are counted. The \
         tags are the best path of the chain in which no slot goes on that has not begun. Rules say \
         `slots.artist != ''`."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![
            model_param(),
            ParamSpec {
                name: KEEP,
                param_type: ParamType::Texts,
                default: Some(ParamValue::Texts(Vec::new())),
                about: "the slots that are wanted; all of the model when empty",
            },
        ]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let most = u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX);
        let text = Accepts::Type(TensorType::text(most).into());
        let about = "words of `text/tokenize` with the same model";
        Ok(InputSpecs {
            named: vec![
                InputSpec::required(WORDS, Accepts::Any, about),
                InputSpec::required(TEXT, text, "the text that the words are of"),
            ],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let names = names(&model, params)?;
        let words = Words::read(&model, inputs)?.ids.words;
        let bytes = inputs.get(1).and_then(|input| input.port.as_ref());
        let bytes = bytes.and_then(|port| port.tensors().next());
        let bytes = bytes.map_or(0, |text| text.dims.iter().map(|dim| dim.max).max().unwrap_or(0));
        let slots = Dim::at_most("S", words.max);
        let whole = |dims| TensorType::new(Element::I32, dims);
        let share = |dims| TensorType::new(Element::F32, dims).within(0.0, 1.0);
        let logits = vec![words.clone(), Dim::exactly(dim(tags(&model).len()))];
        let others = [
            whole(Vec::new()),
            share(Vec::new()),
            whole(vec![slots.clone()]),
            whole(vec![slots.clone(), Dim::exactly(2)]),
            share(vec![slots]),
            whole(vec![words]),
            TensorType::new(Element::F32, logits),
        ];
        let texts = names
            .fields
            .into_iter()
            .map(|name| Field::new(name, TensorType::text(bytes)));
        let others = OTHERS.iter().copied().zip(others);
        let others = others.map(|(name, tensor)| Field::new(name, tensor));
        let answer = PortType::Record(texts.chain(others).collect());
        Ok(vec![OutputSpec::new("slots", answer)])
    }

    fn devices(&self) -> &[DeviceKind] {
        self.shelf.devices()
    }

    fn precisions(&self, params: &Params) -> Vec<PrecisionOffer> {
        self.shelf.offers(params)
    }

    fn width_max(&self, params: &Params, _: &Signature) -> u16 {
        self.shelf.width_max(params)
    }

    fn cost(&self, params: &Params, _: &Signature, placement: &Placement) -> Cost {
        let mut cost = self.shelf.cost(params, placement);
        if let Ok(model) = self.shelf.find(params) {
            let (words, tags) = (model.card.model.net.0.words_max, tags(&model).len());
            // What likely paths take, tags of words, slots, and the chain.
            let paths = 4 * words * (3 * tags + 1) + words * size_of::<Slot>();
            cost.workspace_bytes += (paths + Path::bytes_for(tags)) as u64;
            cost.flops += (6 * words * tags * tags) as u64;
        }
        cost
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let refused = |faults: Vec<KindFault>| refused(params, &faults);
        let take = |net: &<SlotsConfig as NetConfig>::Net| {
            let path = Path::of(&net.0, &net.0.config().tags)?;
            path.ok_or_else(|| LowerError::reference(&"the net has no tags"))
        };
        let path = self.shelf.beside(params, take)?;
        let (model, runs) = self.shelf.open(params, placement)?;
        let names = names(&model, params).map_err(refused)?;
        let words = Words::read(&model, &signature.inputs).map_err(refused)?;
        let words_max = model.card.model.net.0.words_max;
        Ok(Box::new(SlotsNode {
            runs,
            words,
            names,
            tags: vec![0; words_max],
            scratch: vec![0.0; path.scratch(words_max)],
            found: Vec::with_capacity(words_max),
            path,
        }))
    }
}

fn tags(model: &Entry<SlotsConfig>) -> &[String] {
    &model.card.model.net.0.tags
}

fn names(model: &Entry<SlotsConfig>, params: &Params) -> Result<Names, Vec<KindFault>> {
    Names::of(&model.name, tags(model), params)
}

/// Where words arrive.
struct Words {
    ids: Ids,
    /// The field of the places of words.
    offsets: usize,
}

impl Words {
    fn read(model: &Entry<SlotsConfig>, inputs: &[ConnectedInput]) -> Result<Words, Vec<KindFault>> {
        let asked = Asked {
            model: &model.name,
            config: &model.card.model.net.0,
        };
        let ids = asked.read_ids(inputs, WORDS)?;
        let port = inputs.first().and_then(|input| input.port.as_ref());
        let offsets = match port {
            Some(record @ PortType::Record(_)) => record.field("offsets"),
            Some(PortType::Tensor(_)) | None => None,
        };
        match offsets {
            Some((offsets, tensor)) if asked.rows(tensor, 2).is_some() => Ok(Words { ids, offsets }),
            Some(_) | None => Err(vec![asked.refused(port, WORDS)]),
        }
    }
}

/// A slot that was found: its field, its words, where it begins and ends in the text, and how likely it is.
#[derive(Clone, Copy)]
struct Slot {
    field: usize,
    words: [usize; 2],
    range: [i32; 2],
    confidence: f32,
}

struct SlotsNode {
    runs: Runs,
    words: Words,
    names: Names,
    path: Arc<Path>,
    /// The tag of each word of the longest text.
    tags: Vec<u32>,
    scratch: Vec<f32>,
    found: Vec<Slot>,
}

impl Node for SlotsNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let words = inputs.require(0)?;
        let text = inputs.require(1)?.text(0)?;
        let (ids, count) = self.words.ids.of(words)?;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let dims = [count, dim(self.path.chain().labels())];
        let place = Place {
            lease: out,
            field: self.names.fields.len() + LOGITS,
            dims: &dims,
            is_read: true,
        };
        let done = self.runs.run(&ids, place, scratch, false)?;
        let logits = out.tensor::<f32>(self.names.fields.len() + LOGITS, &dims)?;
        self.decode(logits)?;
        self.collect(words, count as usize)?;
        self.weigh(logits);
        self.write(text, count as usize, out)?;
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}

impl SlotsNode {
    /// Finds the best path of tags.
    fn decode(&mut self, logits: &[f32]) -> Result<(), NodeError> {
        let chain = self.path.chain();
        let tags = self
            .tags
            .get_mut(..logits.len() / chain.labels())
            .ok_or_else(|| NodeError::Failed("more words than the model allows".to_owned()))?;
        // A word in no slot is always allowed, so there is a path through all scores that are numbers.
        chain
            .best(logits, &mut self.scratch, tags)
            .map(|_| ())
            .ok_or_else(|| NodeError::Failed("the scores of the tags are no numbers".to_owned()))
    }

    /// Gathers the words of each slot.
    fn collect(&mut self, words: &ReadLease, count: usize) -> Result<(), NodeError> {
        let offsets = words.tensor::<i32>(self.words.offsets)?;
        if offsets.len() != 2 * count {
            let message = format!("{count} words have {} places", offsets.len() / 2);
            return Err(NodeError::Failed(message));
        }
        self.found.clear();
        for (word, (tag, place)) in self.tags.iter().zip(offsets.chunks_exact(2)).enumerate() {
            match (self.names.parts.get(*tag as usize), self.found.last_mut()) {
                (Some(Part::Begin(field)), _) => self.found.push(Slot {
                    field: *field,
                    words: [word, word + 1],
                    range: [place[0], place[1]],
                    confidence: 1.0,
                }),
                // It stands behind a word of the same slot: the chain allows nothing else.
                (Some(Part::Inside(_)), Some(slot)) => {
                    slot.words[1] = word + 1;
                    slot.range[1] = place[1];
                }
                (Some(Part::Inside(_) | Part::Outside) | None, _) => (),
            }
        }
        Ok(())
    }

    /// Finds how likely each slot is.
    fn weigh(&mut self, logits: &[f32]) {
        if self.found.is_empty() {
            return;
        }
        let marginals = self.path.marginals(logits, &mut self.scratch);
        for slot in &mut self.found {
            let words = slot.words[0]..slot.words[1];
            slot.confidence = marginals.of(words.clone(), &self.tags[words]);
        }
    }

    /// Writes everything but the scores.
    fn write(&self, text: &str, count: usize, out: &mut WriteLease) -> Result<(), NodeError> {
        let fields = self.names.fields.len();
        for field in 0..fields {
            let slot = self.found.iter().find(|slot| slot.field == field);
            out.text(field, slot.map_or(Ok(""), |slot| slot.of(text))?)?;
        }
        let found = dim(self.found.len());
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        out.tensor::<i32>(fields, &[])?.fill(whole(self.found.len()));
        let least = self.found.iter().map(|slot| slot.confidence).fold(1.0, f32::min);
        out.tensor::<f32>(fields + 1, &[])?.fill(least);
        let kinds = out.tensor::<i32>(fields + 2, &[found])?;
        for (kind, slot) in kinds.iter_mut().zip(&self.found) {
            *kind = whole(slot.field);
        }
        let ranges = out.tensor::<i32>(fields + 3, &[found, 2])?;
        for (range, slot) in ranges.chunks_exact_mut(2).zip(&self.found) {
            range.copy_from_slice(&slot.range);
        }
        let confidences = out.tensor::<f32>(fields + 4, &[found])?;
        for (confidence, slot) in confidences.iter_mut().zip(&self.found) {
            *confidence = slot.confidence;
        }
        let tags = out.tensor::<i32>(fields + 5, &[dim(count)])?;
        for (to, tag) in tags.iter_mut().zip(&self.tags) {
            *to = whole(*tag as usize);
        }
        Ok(())
    }
}

impl Slot {
    /// Its text.
    fn of<'t>(&self, text: &'t str) -> Result<&'t str, NodeError> {
        let [start, end] = self.range.map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        text.get(start..end).ok_or_else(|| {
            NodeError::Failed(format!(
                "the words are of another text: this one has no part from byte {start} to {end}"
            ))
        })
    }
}
