//! `model/tagger`: a label for each token of a text.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::encoder::EncoderConfig;

use super::compiled::argmax;
use super::runs::{Place, Runs};
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::{dim, label_bytes, model_param, refused};

const INPUT: &str = "ids";

/// The kind `model/tagger`. All its nodes share the weights of a model in one precision.
pub struct Tagger {
    shelf: Shelf<EncoderConfig>,
}

impl Tagger {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Tagger {
        Tagger {
            shelf: Shelf::new(sources),
        }
    }
}

impl NodeKind for Tagger {
    fn name(&self) -> &str {
        "model/tagger"
    }

    fn about(&self) -> &str {
        "Gives every token of a text a label, with a transformer encoder. Tokens come as ids of the model's \
         vocabulary, one at least and at most as many as the model's card allows. Output: `label`, the one that most \
         tokens have, the first of the card among equals; `class`, its number from 0; `confidence`, the probability of \
         the likeliest label of a token, averaged over the tokens; `labels`, the number of each token's label; \
         `logits`, the scores of all labels for each token."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "ids of tokens, `i32`, each below the size of the model's vocabulary";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        let tokens = read_tokens(&model, inputs)?;
        let labels = Dim::exactly(dim(model.card.model.net.labels));
        let answer = PortType::Record(vec![
            Field::new("label", TensorType::text(label_bytes(&model.card.model.labels))),
            Field::new("class", TensorType::scalar(Element::I32)),
            Field::new("confidence", TensorType::scalar(Element::F32).within(0.0, 1.0)),
            Field::new("labels", TensorType::new(Element::I32, vec![tokens.clone()])),
            Field::new("logits", TensorType::new(Element::F32, vec![tokens, labels])),
        ]);
        Ok(vec![OutputSpec::new("tags", answer)])
    }

    fn devices(&self) -> &[DeviceKind] {
        self.shelf.devices()
    }

    fn keeps_on_device(&self) -> bool {
        true
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
            let net = &model.card.model.net;
            cost.workspace_bytes += 4 * (net.tokens_max + net.labels) as u64;
        }
        cost
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (model, runs) = self.shelf.open(params, placement)?;
        read_tokens(&model, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        let net = &model.card.model.net;
        Ok(Box::new(TaggerNode {
            runs,
            labels: vec![0; net.tokens_max],
            counts: vec![0.0; net.labels],
            model,
        }))
    }
}

/// Checks that the ids are such as the card allows and returns how many there are.
fn read_tokens(model: &Entry<EncoderConfig>, inputs: &[ConnectedInput]) -> Result<Dim, Vec<KindFault>> {
    let net = &model.card.model.net;
    super::expect_rows(inputs, INPUT, &model.name, (Element::I32, net.tokens_max, None))?;
    let port = inputs.first().and_then(|input| input.port.as_ref());
    let tokens = match port {
        Some(PortType::Tensor(tensor)) => tensor.dims.first(),
        Some(PortType::Record(_)) | None => None,
    };
    Ok(tokens
        .cloned()
        .unwrap_or_else(|| Dim::exactly(dim(net.tokens_max))))
}

struct TaggerNode {
    model: Arc<Entry<EncoderConfig>>,
    runs: Runs,
    /// The label of each token of the longest text.
    labels: Vec<i32>,
    /// How many tokens have each label.
    counts: Vec<f32>,
}

impl Node for TaggerNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let input = inputs.require(0)?;
        let ids = input.tensor::<i32>(0)?;
        let label_count = self.counts.len();
        let tokens = dim(ids.len());
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let place = Place {
            lease: out,
            field: 4,
            dims: &[tokens, dim(label_count)],
            is_read: true,
        };
        let done = self.runs.run(input, place, scratch, false)?;
        let logits = out.tensor::<f32>(4, &[tokens, dim(label_count)])?;
        let labels = self
            .labels
            .get_mut(..ids.len())
            .ok_or_else(|| NodeError::Failed("more tokens than the model allows".to_owned()))?;
        self.counts.fill(0.0);
        let mut confidence = 0.0_f64;
        for (row, label) in logits.chunks_exact(label_count).zip(labels.iter_mut()) {
            let best = argmax(row);
            self.counts[best] += 1.0;
            *label = i32::try_from(best).unwrap_or(i32::MAX);
            // The probability of the best is 1 / sum e^(score - best score).
            let sum: f32 = row.iter().map(|score| (score - row[best]).exp()).sum();
            confidence += f64::from(1.0 / sum);
        }
        let class = argmax(&self.counts);
        let names = &self.model.card.model.labels;
        out.text(0, names.get(class).map_or("", String::as_str))?;
        out.tensor::<i32>(1, &[])?
            .fill(i32::try_from(class).unwrap_or(i32::MAX));
        let confidence = confidence / ids.len().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        out.tensor::<f32>(2, &[])?
            .fill((confidence as f32).clamp(0.0, 1.0));
        out.tensor::<i32>(3, &[tokens])?.copy_from_slice(labels);
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}
