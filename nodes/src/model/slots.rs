//! `model/slots`: the parts of an utterance that fill in what somebody wants.

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
mod spans;

pub(super) use spans::{Finder, Span};

use names::{KEEP, Names, OTHERS};
pub(super) use names::{Part, field_name, kinds};

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
        Ok(words_and_text())
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
            add_search(&mut cost, model.card.model.net.0.words_max, tags(&model).len());
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
        let path = self.shelf.beside(params, path_of)?;
        let (model, runs) = self.shelf.open(params, placement)?;
        let names = names(&model, params).map_err(refused)?;
        let words = Words::read(&model, &signature.inputs).map_err(refused)?;
        let words_max = model.card.model.net.0.words_max;
        Ok(Box::new(SlotsNode {
            runs,
            words,
            fields: names.fields,
            finder: Finder::new(path, names.parts, words_max),
        }))
    }
}

/// What a node reads that finds spans of a text.
pub(super) fn words_and_text() -> InputSpecs {
    let most = u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX);
    let text = Accepts::Type(TensorType::text(most).into());
    let about = "words of `text/tokenize` with the same model";
    InputSpecs {
        named: vec![
            InputSpec::required(WORDS, Accepts::Any, about),
            InputSpec::required(TEXT, text, "the text that the words are of"),
        ],
        further: None,
    }
}

/// Adds what the search for the best path of so many tags takes.
pub(super) fn add_search(cost: &mut Cost, words: usize, tags: usize) {
    // What likely paths take, tags of words, spans, and the chain.
    let paths = 4 * words * (3 * tags + 1) + words * size_of::<Span>();
    cost.workspace_bytes += (paths + Path::bytes_for(tags)) as u64;
    cost.flops += (6 * words * tags * tags) as u64;
}

fn tags(model: &Entry<SlotsConfig>) -> &[String] {
    &model.card.model.net.0.tags
}

fn names(model: &Entry<SlotsConfig>, params: &Params) -> Result<Names, Vec<KindFault>> {
    Names::of(&model.name, tags(model), params)
}

/// The chain of a net, to be shared by its nodes.
pub(super) fn path_of(net: &<SlotsConfig as NetConfig>::Net) -> Result<Path, LowerError> {
    let path = Path::of(&net.0, &net.0.config().tags)?;
    path.ok_or_else(|| LowerError::reference(&"the net has no tags"))
}

/// Where words arrive.
pub(super) struct Words {
    pub(super) ids: Ids,
    /// The field of the places of words.
    offsets: usize,
}

impl Words {
    pub(super) fn read(
        model: &Entry<SlotsConfig>,
        inputs: &[ConnectedInput],
    ) -> Result<Words, Vec<KindFault>> {
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

    /// Where each of so many words begins and ends, in bytes.
    pub(super) fn places<'a>(&self, words: &'a ReadLease, count: u32) -> Result<&'a [i32], NodeError> {
        let places = words.tensor::<i32>(self.offsets)?;
        match places.len() == 2 * count as usize {
            true => Ok(places),
            false => Err(NodeError::Failed(format!(
                "{count} words have {} places",
                places.len() / 2
            ))),
        }
    }
}

struct SlotsNode {
    runs: Runs,
    words: Words,
    fields: Vec<String>,
    finder: Finder,
}

impl Node for SlotsNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let words = inputs.require(0)?;
        let text = inputs.require(1)?.text(0)?;
        let (ids, count) = self.words.ids.of(words)?;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let dims = [count, dim(self.finder.labels())];
        let field = self.fields.len() + LOGITS;
        let place = Place {
            lease: out,
            field,
            dims: &dims,
            is_read: true,
        };
        let done = self.runs.run(&ids, place, scratch, false)?;
        let logits = out.tensor::<f32>(field, &dims)?;
        self.finder.find(logits, self.words.places(words, count)?)?;
        self.write(text, count as usize, out)?;
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}

impl SlotsNode {
    /// Writes everything but the scores.
    fn write(&self, text: &str, count: usize, out: &mut WriteLease) -> Result<(), NodeError> {
        let (fields, spans) = (self.fields.len(), self.finder.spans());
        for field in 0..fields {
            let slot = spans.iter().find(|slot| slot.part == field);
            out.text(field, slot.map_or(Ok(""), |slot| slot.of(text))?)?;
        }
        let found = dim(spans.len());
        let whole = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        out.tensor::<i32>(fields, &[])?.fill(whole(spans.len()));
        let least = spans.iter().map(|slot| slot.confidence).fold(1.0, f32::min);
        out.tensor::<f32>(fields + 1, &[])?.fill(least);
        let kinds = out.tensor::<i32>(fields + 2, &[found])?;
        for (kind, slot) in kinds.iter_mut().zip(spans) {
            *kind = whole(slot.part);
        }
        let ranges = out.tensor::<i32>(fields + 3, &[found, 2])?;
        for (range, slot) in ranges.chunks_exact_mut(2).zip(spans) {
            range.copy_from_slice(&slot.range);
        }
        let confidences = out.tensor::<f32>(fields + 4, &[found])?;
        for (confidence, slot) in confidences.iter_mut().zip(spans) {
            *confidence = slot.confidence;
        }
        let tags = out.tensor::<i32>(fields + 5, &[dim(count)])?;
        for (to, tag) in tags.iter_mut().zip(self.finder.tags()) {
            *to = whole(*tag as usize);
        }
        Ok(())
    }
}
