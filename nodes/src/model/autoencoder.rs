//! `model/autoencoder`: how unusual rows of features are.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::machine::DeviceKind;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_models::autoencoder::AutoencoderConfig;

use super::runs::{Place, Runs};
use super::shelf::{Entry, Shelf};
use super::sources::ModelSources;
use super::{dim, model_param, refused};

const INPUT: &str = "features";

/// The kind `model/autoencoder`. All its nodes share the weights of a model in one precision.
pub struct Autoencoder {
    shelf: Shelf<AutoencoderConfig>,
}

impl Autoencoder {
    /// The kind with the models of these sources.
    pub fn new(sources: ModelSources) -> Autoencoder {
        Autoencoder {
            shelf: Shelf::new(sources),
        }
    }
}

impl NodeKind for Autoencoder {
    fn name(&self) -> &str {
        "model/autoencoder"
    }

    fn about(&self) -> &str {
        "Restores rows of features through a few numbers: what the net has learnt to restore it restores well, so the \
         error tells how unusual the rows are. There are as many columns as the model's card has, and at least one \
         row. Output: `error`, the mean of the squared differences over all rows and columns; `likeness`, e^-error, \
         from 0 to 1; `restored`, the rows as the net restores them."
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
        let dims = read_rows(&model, inputs)?;
        let answer = PortType::Record(vec![
            Field::new("error", TensorType::scalar(Element::F32)),
            Field::new("likeness", TensorType::scalar(Element::F32).within(0.0, 1.0)),
            Field::new("restored", TensorType::new(Element::F32, dims)),
        ]);
        Ok(vec![OutputSpec::new("anomaly", answer)])
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
        Ok(Box::new(AutoencoderNode { model, runs }))
    }
}

/// Checks that the rows are those of the card and returns their sizes.
fn read_rows(
    model: &Entry<AutoencoderConfig>,
    inputs: &[ConnectedInput],
) -> Result<Vec<Dim>, Vec<KindFault>> {
    let net = &model.card.model.net;
    let columns = net.widths.first().copied().unwrap_or(0);
    super::expect_rows(
        inputs,
        INPUT,
        &model.name,
        (Element::F32, net.rows_max, Some(columns)),
    )?;
    match inputs.first().and_then(|input| input.port.as_ref()) {
        Some(PortType::Tensor(tensor)) => Ok(tensor.dims.clone()),
        Some(PortType::Record(_)) | None => Ok(Vec::new()),
    }
}

struct AutoencoderNode {
    model: Arc<Entry<AutoencoderConfig>>,
    runs: Runs,
}

impl Node for AutoencoderNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let features = inputs.require(0)?;
        let rows = features.dims(0)?.first().copied().unwrap_or_default();
        let columns = self.model.card.model.net.widths.first().copied().unwrap_or(1);
        let (mut split, scratch) = outputs.split();
        let out = split.record(0)?;
        let place = Place {
            lease: out,
            field: 2,
            dims: &[rows, dim(columns)],
            is_read: false,
        };
        let done = self.runs.run(features, place, scratch, true)?;
        let error = done.distance;
        #[expect(clippy::cast_possible_truncation, reason = "a mean of 32-bit floats")]
        let (error, likeness) = (error as f32, (-error).exp() as f32);
        out.tensor::<f32>(0, &[])?.fill(error);
        out.tensor::<f32>(1, &[])?.fill(likeness.clamp(0.0, 1.0));
        done.fallback.into_iter().for_each(|why| outputs.fell_back(why));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.runs.remarks()
    }
}
