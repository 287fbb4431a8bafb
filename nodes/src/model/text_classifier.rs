//! `model/text-classifier`: which class a text belongs to, by its words.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::limits::TEXT_BYTES_MAX;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::decide::Decision;
use motet_models::linear::model::decide;
use motet_models::linear::{LinearConfig, LinearModel, Scratch};

use super::cards::at_model;
use super::linear::{LinearEntry, LinearShelf};
use super::sources::ModelSources;
use super::{dim, label_bytes, model_param};

const INPUT: &str = "text";
/// The label where there is no answer.
const NONE: &str = "none";

/// Fields of the answer, in order.
const LABEL: usize = 0;
const CLASS: usize = 1;
const CONFIDENCE: usize = 2;
const SCOPE: usize = 3;
const ABSTAIN: usize = 4;
const CUT: usize = 5;
const MARGINS: usize = 6;

/// The kind `model/text-classifier`. All its nodes share the weights of a model.
pub struct TextClassifier {
    shelf: LinearShelf,
}

impl TextClassifier {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> TextClassifier {
        TextClassifier {
            shelf: LinearShelf::new(sources),
        }
    }

    /// The model that the parameters name, none of whose classes is called as what is said where there is no answer.
    fn find(&self, params: &Params) -> Result<Arc<LinearEntry>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        if model.card.model.labels.iter().any(|label| label == NONE) {
            let message = format!(
                "model `{}` has a class `{NONE}`, which is what the label says where there is no answer",
                model.name
            );
            let fault = at_model(message);
            return Err(vec![fault.help("give the class another name in the card")]);
        }
        Ok(model)
    }
}

impl NodeKind for TextClassifier {
    fn name(&self) -> &str {
        "model/text-classifier"
    }

    fn about(&self) -> &str {
        "Sorts a text into one of the classes of a linear model, by its words and runs of words. Output: `label`, the \
         likeliest class, or `none` where the model abstains because the text is like nothing it knows or has no word \
         that it knows; `class`, the number of the likeliest class in the order of the card, also where it abstains; \
         `confidence`, the probability of that class, so calibrated that of answers with 0.9 about 9 in 10 are right; \
         `scope`, the largest margin, by which it abstains, 0 for a model that never does; `abstain`, 1 where it does, \
         else 0; `cut`, 1 where the text has more words than the model reads, else 0; `margins`, that of each class, \
         above 0 where its machine takes the text for its own. Rules say `section.label == 'ALLERGY'`."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let most = u32::try_from(TEXT_BYTES_MAX).unwrap_or(u32::MAX);
        let text = Accepts::Type(TensorType::text(most).into());
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, text, "what is to be sorted")],
            further: None,
        })
    }

    fn outputs(
        &self,
        params: &Params,
        _inputs: &[ConnectedInput],
    ) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.find(params)?;
        let labels = &model.card.model.labels;
        let one = |element| TensorType::scalar(element);
        let margins = vec![Dim::exactly(dim(labels.len()))];
        let answer = PortType::Record(vec![
            Field::new("label", TensorType::text(label_bytes(labels))),
            Field::new("class", one(Element::I32)),
            Field::new("confidence", one(Element::F32).within(0.0, 1.0)),
            Field::new("scope", one(Element::F32)),
            Field::new("abstain", one(Element::U8).within(0.0, 1.0)),
            Field::new("cut", one(Element::U8).within(0.0, 1.0)),
            Field::new("margins", TensorType::new(Element::F32, margins)),
        ]);
        Ok(vec![OutputSpec::new("class", answer)])
    }

    fn cost(&self, params: &Params, signature: &Signature, _: &Placement) -> Cost {
        let Ok(model) = self.shelf.find(params) else {
            return Cost::default();
        };
        let config = &model.card.model.net;
        Cost {
            flops: flops(config, text_bytes(signature)),
            workspace_bytes: Scratch::bytes(&config.terms) as u64,
            weights: Some(model.weights()),
            ..Cost::default()
        }
    }

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let (entry, model) = self.shelf.open(params)?;
        Ok(Box::new(TextClassifierNode {
            decision: entry.decision(),
            scratch: Scratch::new(model.terms()),
            entry,
            model,
        }))
    }
}

/// The longest text that may arrive.
fn text_bytes(signature: &Signature) -> usize {
    let port = signature.inputs.first().and_then(|input| input.port.as_ref());
    let text = port.and_then(|port| port.tensors().next());
    let most = text.and_then(|text| text.dims.first());
    most.map_or(TEXT_BYTES_MAX, |most| most.max as usize)
}

/// Operations for a text of so many bytes: each is hashed into every run of words that it is in, each term is weighed and
/// added to all margins.
fn flops(config: &LinearConfig, bytes: usize) -> u64 {
    let terms = &config.terms;
    // A word and the blank behind it are two bytes at least.
    let words = bytes.div_ceil(2).min(terms.words_max);
    let runs = terms.run_max.saturating_sub(terms.run_min) + usize::from(terms.run_max > 0);
    let hashed = 2 * bytes * (terms.grams + runs * terms.run_max);
    let weighed = (words * terms.grams + bytes * runs).min(terms.rows);
    (hashed + weighed * (8 + 2 * config.classes)) as u64
}

struct TextClassifierNode {
    entry: Arc<LinearEntry>,
    model: Arc<LinearModel>,
    decision: Decision,
    scratch: Scratch,
}

impl Node for TextClassifierNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let text = inputs.require(0)?.text(0)?;
        let labels = &self.entry.card.model.labels;
        let out = outputs.record(0)?;
        let margins = out.tensor::<f32>(MARGINS, &[dim(labels.len())])?;
        let seen = self.model.margins(text, &mut self.scratch, margins);
        let decided = decide(&self.decision, margins, seen)
            .ok_or_else(|| NodeError::Failed("there is no class to choose".to_owned()))?;
        let label = match decided.abstains {
            true => NONE,
            false => labels.get(decided.class).map_or("", String::as_str),
        };
        out.text(LABEL, label)?;
        out.tensor::<i32>(CLASS, &[])?
            .fill(i32::try_from(decided.class).unwrap_or(i32::MAX));
        // A probability may be rounded to a little more than 1.
        out.tensor::<f32>(CONFIDENCE, &[])?
            .fill(decided.confidence.clamp(0.0, 1.0));
        out.tensor::<f32>(SCOPE, &[])?.fill(decided.scope);
        out.tensor::<u8>(ABSTAIN, &[])?.fill(u8::from(decided.abstains));
        out.tensor::<u8>(CUT, &[])?.fill(u8::from(seen.is_cut));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
