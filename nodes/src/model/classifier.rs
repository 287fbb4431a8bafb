//! `model/classifier`: which class an image of features belongs to.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::classifier::ClassifierConfig;

use super::compiled::argmax;
use super::runs::{Place, Runs};
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::{dim, label_bytes, model_param, refused};

const INPUT: &str = "features";

/// The kind `model/classifier`. All its nodes share the weights of a model in one precision.
pub struct Classifier {
    shelf: Shelf<ClassifierConfig>,
}

impl Classifier {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Classifier {
        Classifier {
            shelf: Shelf::new(sources),
        }
    }
}

impl NodeKind for Classifier {
    fn name(&self) -> &str {
        "model/classifier"
    }

    fn about(&self) -> &str {
        "Tells which class an image of features belongs to, with a net of depthwise-separable convolutions. The image \
         has the columns of the model's card and at most its height; MFCC of `audio/mfcc` are such an image, a row \
         for each frame. Output: `label`, the likeliest class; `score`, its probability; `class`, its number from 0; \
         `scores`, the probability of every class in the order of the card."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![model_param()]
    }

    fn inputs(&self, _params: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "rows of features, as many columns as the model's card has";
        Ok(InputSpecs {
            named: vec![InputSpec::required(INPUT, Accepts::Any, about)],
            further: None,
        })
    }

    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let model = self.shelf.find(params)?;
        read_rows(&model, inputs)?;
        let score = TensorType::scalar(Element::F32).within(0.0, 1.0);
        let scores = TensorType {
            dims: vec![Dim::exactly(dim(model.card.model.net.classes))],
            ..score.clone()
        };
        let answer = PortType::Record(vec![
            Field::new("label", TensorType::text(label_bytes(&model.card.model.labels))),
            Field::new("score", score),
            Field::new("class", TensorType::scalar(Element::I32)),
            Field::new("scores", scores),
        ]);
        Ok(vec![OutputSpec::new("class", answer)])
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
        self.shelf.cost(params, placement)
    }

    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        let (model, runs) = self.shelf.open(params, placement)?;
        read_rows(&model, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        Ok(Box::new(ClassifierNode { model, runs }))
    }
}

/// Checks that the rows are those of the card.
fn read_rows(model: &Entry<ClassifierConfig>, inputs: &[ConnectedInput]) -> Result<(), Vec<KindFault>> {
    let net = &model.card.model.net;
    let columns = net.width * net.channels;
    super::expect_rows(
        inputs,
        INPUT,
        &model.name,
        (Element::F32, net.height, Some(columns)),
    )
}

struct ClassifierNode {
    model: Arc<Entry<ClassifierConfig>>,
    runs: Runs,
}

impl Node for ClassifierNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let lease = inputs.require(0)?;
        let rows = lease.dims(0)?.first().map_or(0, |rows| *rows as usize);
        let card = &self.model.card.model;
        if !card.net.accepts(rows) {
            return Err(NodeError::Failed(format!(
                "{rows} rows are fewer than the convolutions of `{}` need",
                self.model.name
            )));
        }
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let place = Place {
            lease: out,
            field: 3,
            dims: &[dim(card.net.classes)],
            is_read: true,
        };
        let done = self.runs.run(lease, place, scratch, false)?;
        let scores = out.tensor::<f32>(3, &[dim(card.net.classes)])?;
        let class = argmax(scores);
        let score = scores.get(class).copied().unwrap_or_default();
        out.text(0, card.labels.get(class).map_or("", String::as_str))?;
        // A probability may be rounded to a little more than 1.
        out.tensor::<f32>(1, &[])?.fill(score.clamp(0.0, 1.0));
        out.tensor::<i32>(2, &[])?
            .fill(i32::try_from(class).unwrap_or(i32::MAX));
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}
