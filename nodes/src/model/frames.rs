//! `model/frames`: what is to be done, and what plays which role in it.

use std::sync::Arc;

use motet_core::arena::WriteLease;
use motet_core::catalog::{
    BuildError, ConnectedInput, Cost, FaultPlace, InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec,
    Params, Signature,
};
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::utterance::SlotsConfig;
use motet_models::utterance::frames::{has_roles, owners, role};
use serde::Serialize;

use super::runs::{Place, Runs};
use super::shelf::{Entry, MODEL, Shelf};
use super::slots::{Finder, Part, Span, Words, add_search, field_name, kinds, path_of, words_and_text};
use super::sources::ModelSources;
use super::{dim, model_param, refused};

/// Most bytes of the frames as JSON; what is beyond is counted and left out.
const COMMANDS_BYTES: usize = 16 << 10;
/// The place of the scores.
const LOGITS: usize = 4;

/// The kind `model/frames`. All its nodes share the weights of a model in one precision.
pub struct Frames {
    shelf: Shelf<SlotsConfig>,
}

impl Frames {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Frames {
        Frames {
            shelf: Shelf::with_face(sources, "slots"),
        }
    }

    /// The model that the parameters name, which must find frames, and the longest name of one.
    fn find(&self, params: &Params) -> Result<(Arc<Entry<SlotsConfig>>, Kinds), Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let kinds = Kinds::of(&model.card.model.net.0.tags);
        if has_roles(kinds.names.iter().map(String::as_str)) {
            return Ok((model, kinds));
        }
        let message = format!("model `{}` finds slots, but no frames", model.name);
        let place = FaultPlace::Param(MODEL.to_owned(), None);
        Err(vec![KindFault::new(place, message).help(
            "use `model/slots`, or name a model whose card has tags such as `B-Taking` and `B-Taking.Theme`",
        )])
    }
}

impl NodeKind for Frames {
    fn name(&self) -> &str {
        "model/frames"
    }

    fn about(&self) -> &str {
        "Finds what a text asks for as frames, as in `[bring] [me] [the mug]`: a frame is evoked by words of the text, and \
         others play roles in it. The words are those that `text/tokenize` gives of `text` for the same model. Output: \
         `intent`, the name of the first frame in small letters, as in `bringing`, empty where there is none; `count`, how \
         many there are; `confidence`, the least probability of any of their parts, 1 where there is none, which is not \
         calibrated; `commands`, all of them as JSON: each has `intent`, `confidence`, `text`, which is the words that \
         evoke it, and `slots`, its roles with `name`, `value`, and `start` and `end` in bytes of the text; `logits`, the \
         scores of all tags for each word. `control/plan` makes steps of `commands`."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(words_and_text())
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let (model, kinds) = self.find(params)?;
        let words = Words::read(&model, inputs)?.ids.words;
        let tags = Dim::exactly(dim(model.card.model.net.0.tags.len()));
        let longest = kinds.fields.iter().map(String::len).max().unwrap_or(0);
        let answer = PortType::Record(vec![
            Field::new("intent", TensorType::text(dim(longest.max(1)))),
            Field::new("count", TensorType::scalar(Element::I32)),
            Field::new("confidence", TensorType::scalar(Element::F32).within(0.0, 1.0)),
            Field::new("commands", TensorType::text(dim(COMMANDS_BYTES))),
            Field::new("logits", TensorType::new(Element::F32, vec![words, tags])),
        ]);
        Ok(vec![OutputSpec::new("frames", answer)])
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
            let net = &model.card.model.net.0;
            add_search(&mut cost, net.words_max, net.tags.len());
            // The frames of a text, and the same as JSON.
            cost.workspace_bytes += 2 * COMMANDS_BYTES as u64;
        }
        cost
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let path = self.shelf.beside(params, path_of)?;
        let (model, runs) = self.shelf.open(params, placement)?;
        let (_, kinds) = self.find(params).map_err(|faults| refused(params, &faults))?;
        let words = Words::read(&model, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        Ok(Box::new(FramesNode {
            runs,
            words,
            finder: Finder::new(path, kinds.parts.clone(), model.card.model.net.0.words_max),
            kinds,
        }))
    }
}

/// What the tags of a model are of.
struct Kinds {
    /// Names of spans, as in the card.
    names: Vec<String>,
    /// Names in the letters of fields: of frames, and of roles without their frame.
    fields: Vec<String>,
    /// What each tag says.
    parts: Vec<Part>,
}

impl Kinds {
    fn of(tags: &[String]) -> Kinds {
        let (names, parts) = kinds(tags);
        let field = |name: &String| field_name(role(name).map_or(name, |(_, role)| role)).to_lowercase();
        Kinds {
            fields: names.iter().map(field).collect(),
            names,
            parts,
        }
    }
}

/// A frame as it is told.
#[derive(Serialize)]
struct Told<'a> {
    accepted: bool,
    intent: &'a str,
    confidence: f32,
    text: &'a str,
    slots: Vec<RoleTold<'a>>,
}

#[derive(Serialize)]
struct RoleTold<'a> {
    name: &'a str,
    value: &'a str,
    start: i32,
    end: i32,
}

struct FramesNode {
    runs: Runs,
    words: Words,
    finder: Finder,
    kinds: Kinds,
}

impl Node for FramesNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let words = inputs.require(0)?;
        let text = inputs.require(1)?.text(0)?;
        let (ids, count) = self.words.ids.of(words)?;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let dims = [count, dim(self.finder.labels())];
        let place = Place {
            lease: out,
            field: LOGITS,
            dims: &dims,
            is_read: true,
        };
        let done = self.runs.run(&ids, place, scratch, false)?;
        let logits = out.tensor::<f32>(LOGITS, &dims)?;
        self.finder.find(logits, self.words.places(words, count)?)?;
        self.write(text, out)?;
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}

impl FramesNode {
    /// Writes everything but the scores.
    fn write(&self, text: &str, out: &mut WriteLease) -> Result<(), NodeError> {
        let spans = self.finder.spans();
        let names: Vec<&str> = spans
            .iter()
            .map(|span| self.kinds.names[span.part].as_str())
            .collect();
        let owners = owners(&names);
        let (mut told, mut is_full) = (String::from("["), false);
        let (mut count, mut first, mut least) = (0_i32, "", 1.0_f32);
        for (place, span) in spans
            .iter()
            .enumerate()
            .filter(|(place, _)| role(names[*place]).is_none())
        {
            let roles = spans.iter().zip(&owners).enumerate();
            let roles = roles.filter(|(at, (_, owner))| *at != place && **owner == Some(place));
            let roles: Vec<&Span> = roles.map(|(_, (span, _))| span).collect();
            let confidence = roles
                .iter()
                .map(|span| span.confidence)
                .fold(span.confidence, f32::min);
            let frame = self.told(text, (span, confidence), &roles)?;
            // A bracket behind the last.
            is_full |= told.len() + frame.len() + 2 > COMMANDS_BYTES;
            if !is_full {
                if told.len() > 1 {
                    told.push(',');
                }
                told.push_str(&frame);
            }
            if count == 0 {
                first = &self.kinds.fields[span.part];
            }
            count = count.saturating_add(1);
            least = least.min(confidence);
        }
        told.push(']');
        out.text(0, first)?;
        out.tensor::<i32>(1, &[])?.fill(count);
        out.tensor::<f32>(2, &[])?.fill(least);
        out.text(3, &told).map_err(NodeError::from)
    }

    fn told(
        &self,
        text: &str,
        (span, confidence): (&Span, f32),
        roles: &[&Span],
    ) -> Result<String, NodeError> {
        let mut slots = Vec::with_capacity(roles.len());
        for role in roles {
            slots.push(RoleTold {
                name: &self.kinds.fields[role.part],
                value: role.of(text)?,
                start: role.range[0],
                end: role.range[1],
            });
        }
        let told = Told {
            accepted: true,
            intent: &self.kinds.fields[span.part],
            confidence,
            text: span.of(text)?,
            slots,
        };
        serde_json::to_string(&told).map_err(|fault| NodeError::Failed(fault.to_string()))
    }
}
