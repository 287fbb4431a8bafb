//! `model/autoencoder`: how unusual rows of features are.

use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind, OutputSpec,
    ParamSpec, Params, Signature,
};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::{Placement, PrecisionOffer};
use motet_core::port::{Dim, Element, Field, PortType, TensorType};
use motet_engine::{Cpu, Numbers};
use motet_models::autoencoder::AutoencoderConfig;

use super::compiled::Compiled;
use super::shelf::{Entry, ModelFolders, Shelf};
use super::{dim, model_param, refused};

const INPUT: &str = "features";
/// Values whose squares are summed up in 32 bits before they join a sum in 64.
const CHUNK: usize = 256;
/// Sums side by side, which the compiler turns into vectors.
const LANES: usize = 16;

/// The kind `model/autoencoder`. All its nodes share the weights of a model in one precision.
pub struct Autoencoder {
    shelf: Shelf<AutoencoderConfig>,
}

impl Autoencoder {
    /// The kind with the models of these folders, for this CPU.
    pub fn new(folders: ModelFolders, cpu: Cpu) -> Autoencoder {
        Autoencoder {
            shelf: Shelf::new(folders, cpu),
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
        let (model, compiled) = self.shelf.open(params, placement)?;
        read_rows(&model, &signature.inputs).map_err(|faults| refused(params, &faults))?;
        Ok(Box::new(AutoencoderNode { model, compiled }))
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
    compiled: Compiled,
}

impl Node for AutoencoderNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let features = inputs.tensor::<f32>(0)?;
        let columns = self.model.card.model.net.widths.first().copied().unwrap_or(1);
        let (mut outputs, scratch) = outputs.split();
        let out = outputs.record(0)?;
        let restored = out.tensor::<f32>(2, &[dim(features.len() / columns), dim(columns)])?;
        self.compiled.run(Numbers::F32(features), restored, scratch)?;
        let error = mean_square(features, restored);
        #[expect(clippy::cast_possible_truncation, reason = "a mean of 32-bit floats")]
        let (error, likeness) = (error as f32, (-error).exp() as f32);
        out.tensor::<f32>(0, &[])?.fill(error);
        out.tensor::<f32>(1, &[])?.fill(likeness.clamp(0.0, 1.0));
        Ok(())
    }
}

/// The mean of the squared differences.
fn mean_square(left: &[f32], right: &[f32]) -> f64 {
    let chunks = left.chunks(CHUNK).zip(right.chunks(CHUNK));
    let sum = |(left, right): (&[f32], &[f32])| {
        let mut sums = [0.0f32; LANES];
        for (left, right) in left.chunks(LANES).zip(right.chunks(LANES)) {
            for ((sum, a), b) in sums.iter_mut().zip(left).zip(right) {
                *sum += (a - b) * (a - b);
            }
        }
        f64::from(sums.iter().sum::<f32>())
    };
    chunks.map(sum).sum::<f64>() / left.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_square_is_that_of_the_definition() {
        let left: Vec<f32> = (0..1000_u16).map(f32::from).collect();
        let right: Vec<f32> = left.iter().map(|value| value + 3.0).collect();
        assert!((mean_square(&left, &right) - 9.0).abs() < 1e-9);
        assert!(mean_square(&[], &[]).abs() < 1e-9);
    }
}
