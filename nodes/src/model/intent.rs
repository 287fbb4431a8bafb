//! `model/intent`: what somebody wants, or that it is nothing known.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::decide::{Abstain, Decision, ScopeScore};
use motet_models::utterance::IntentConfig;

use super::cards::at_model;
use super::runs::{Place, Runs};
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::utterance::{Asked, Ids};
use super::{dim, label_bytes, model_param, refused};

const INPUT: &str = "words";
/// The label where there is no answer.
const NONE: &str = "none";

/// Fields of the answer, in order.
const LABEL: usize = 0;
const CLASS: usize = 1;
const CONFIDENCE: usize = 2;
const SCOPE: usize = 3;
const ABSTAIN: usize = 4;
const LOGITS: usize = 5;

/// The kind `model/intent`. All its nodes share the weights of a model in one precision.
pub struct Intent {
    shelf: Shelf<IntentConfig>,
}

impl Intent {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Intent {
        Intent {
            shelf: Shelf::with_face(sources, "intent"),
        }
    }

    /// The model that the parameters name, which can decide.
    fn find(&self, params: &Params) -> Result<Arc<Entry<IntentConfig>>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let config = &model.card.model.net.0;
        let other = config.out_of_scope_index();
        if let Err(fault) = decision(&model).validate(other) {
            let message = format!("the model card contradicts itself: {fault}");
            return Err(vec![at_model(message)]);
        }
        let is_none = config.intents.iter().position(|intent| intent == NONE);
        if is_none.is_some() && is_none != other {
            let message = format!(
                "model `{}` has an intent `{NONE}`, which is what the label says where there is no answer",
                model.name
            );
            return Err(vec![
                at_model(message).help("give the intent another name in the card"),
            ]);
        }
        Ok(model)
    }
}

impl NodeKind for Intent {
    fn name(&self) -> &str {
        "model/intent"
    }

    fn about(&self) -> &str {
        "Tells what somebody wants, from the words that `text/tokenize` gives for the same model, or from their field \
         `ids` alone. Output: `label`, the likeliest intent, or `none` where the model abstains because the words are \
         like nothing it knows; `class`, the number of the likeliest intent in the order of the card, also where it \
         abstains; `confidence`, the probability of that intent among those that the model knows, so calibrated that \
         of answers with 0.9 about 9 in 10 are right; `scope`, how well the words fit anything known, larger is \
         better, 0 for a model that never abstains; `abstain`, 1 where it does, else 0; `logits`, the scores of all \
         intents. When to abstain says the card. Rules say `intent.label == 'none'` or `intent.abstain == 1`."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "words of `text/tokenize` with the same model, or their `ids`";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.find(params)?;
        asked(&model).read_ids(inputs, INPUT)?;
        let intents = &model.card.model.net.0.intents;
        let one = |element| TensorType::scalar(element);
        let scores = vec![Dim::exactly(dim(intents.len()))];
        let answer = PortType::Record(vec![
            Field::new("label", TensorType::text(label_bytes(intents))),
            Field::new("class", one(Element::I32)),
            Field::new("confidence", one(Element::F32).within(0.0, 1.0)),
            Field::new("scope", one(Element::F32)),
            Field::new("abstain", one(Element::U8).within(0.0, 1.0)),
            Field::new("logits", TensorType::new(Element::F32, scores)),
        ]);
        Ok(vec![OutputSpec::new("intent", answer)])
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
        self.shelf.cost(params, placement)
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let refused = |faults: Vec<KindFault>| refused(params, &faults);
        let model = self.find(params).map_err(refused)?;
        let ids = asked(&model)
            .read_ids(&signature.inputs, INPUT)
            .map_err(refused)?;
        let (model, runs) = self.shelf.open(params, placement)?;
        Ok(Box::new(IntentNode {
            decision: decision(&model),
            other: model.card.model.net.0.out_of_scope_index(),
            model,
            ids,
            runs,
        }))
    }
}

fn asked(model: &Entry<IntentConfig>) -> Asked<'_> {
    Asked {
        model: &model.name,
        config: &model.card.model.net.0,
    }
}

/// How a model decides. Where its card does not say, it abstains when everything else is likelier than any intent.
fn decision(model: &Entry<IntentConfig>) -> Decision {
    let card = &model.card.model;
    card.decision.clone().unwrap_or_else(|| Decision {
        abstain: card.net.0.out_of_scope.as_ref().map(|_| Abstain {
            by: ScopeScore::Odds,
            threshold: 0.0,
            false_rejection: 0.0,
        }),
        ..Decision::default()
    })
}

struct IntentNode {
    model: Arc<Entry<IntentConfig>>,
    decision: Decision,
    /// Number of the intent that stands for everything else.
    other: Option<usize>,
    ids: Ids,
    runs: Runs,
}

impl Node for IntentNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let (ids, _) = self.ids.of(inputs.require(0)?)?;
        let intents = &self.model.card.model.net.0.intents;
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let dims = [dim(intents.len())];
        let place = Place {
            lease: out,
            field: LOGITS,
            dims: &dims,
            is_read: true,
        };
        let done = self.runs.run(&ids, place, scratch, false)?;
        let scores = out.tensor::<f32>(LOGITS, &dims)?;
        let decided = self
            .decision
            .decide(scores, self.other)
            .ok_or_else(|| NodeError::Failed("there is no intent to choose".to_owned()))?;
        let label = match decided.abstains {
            true => NONE,
            false => intents.get(decided.class).map_or("", String::as_str),
        };
        out.text(LABEL, label)?;
        out.tensor::<i32>(CLASS, &[])?
            .fill(i32::try_from(decided.class).unwrap_or(i32::MAX));
        // A probability may be rounded to a little more than 1.
        out.tensor::<f32>(CONFIDENCE, &[])?
            .fill(decided.confidence.clamp(0.0, 1.0));
        out.tensor::<f32>(SCOPE, &[])?.fill(decided.scope);
        out.tensor::<u8>(ABSTAIN, &[])?.fill(u8::from(decided.abstains));
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}
