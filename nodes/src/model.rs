//! Models as nodes.
//!
//! `model/keyword` comes with its weights; the others find a model by its name: see [`ModelSources`].

use motet_core::catalog::{BuildError, ConnectedInput, FaultPlace, KindFault, ParamSpec, ParamType, Params};
use motet_core::port::{Element, PortType};

pub mod autoencoder;
pub mod bearing;
pub(crate) mod cards;
pub mod classifier;
mod compiled;
pub mod entities;
pub mod frames;
pub mod intent;
pub mod keyword;
pub(crate) mod linear;
pub(crate) mod mentions;
#[cfg(all(test, feature = "gpu"))]
mod on_gpu;
pub mod phones;
mod runs;
mod shelf;
pub mod shift;
pub mod slots;
mod sources;
pub mod tagger;
#[cfg(test)]
mod tests;
pub mod text_classifier;
mod utterance;
pub(crate) mod worked_out;

pub use autoencoder::Autoencoder;
pub use bearing::BearingModel;
pub use cards::ModelIdentity;
pub(crate) use cards::at_model;
pub use classifier::Classifier;
pub use entities::Entities;
pub use frames::Frames;
pub use intent::Intent;
pub use keyword::Keyword;
pub use phones::Phones;
pub use shift::Shift;
pub use slots::Slots;
pub use sources::{Loaded, ModelFolders, ModelSources};
pub use tagger::Tagger;
pub use text_classifier::TextClassifier;

use shelf::MODEL;

/// Bytes of a label, or more where one of the model is longer.
const LABEL_BYTES: u32 = 32;

/// The parameter that names a model.
pub(crate) fn model_param() -> ParamSpec {
    ParamSpec {
        name: MODEL,
        param_type: ParamType::Text,
        default: None,
        about: "name and version of the model, as in `kws@1`: its card is `kws.card.yaml`, its weights are named there",
    }
}

/// A node is built although its ports were refused.
pub(crate) fn refused(params: &Params, faults: &[KindFault]) -> BuildError {
    BuildError::Model {
        model: params.text(MODEL).unwrap_or_default().to_owned(),
        reason: crate::first_message(faults),
    }
}

/// Checks that at most so many rows of so many columns arrive at the first input; without columns, single values.
fn expect_rows(
    inputs: &[ConnectedInput],
    input: &str,
    model: &str,
    (element, rows_max, columns): (Element, usize, Option<usize>),
) -> Result<(), Vec<KindFault>> {
    let port = inputs.first().and_then(|input| input.port.as_ref());
    let fits = match port {
        Some(PortType::Tensor(tensor)) if tensor.element == element => {
            match (tensor.dims.as_slice(), columns) {
                ([rows], None) => rows.max as usize <= rows_max,
                ([rows, found], Some(columns)) => {
                    rows.max as usize <= rows_max && found.exact && found.max as usize == columns
                }
                _ => false,
            }
        }
        Some(PortType::Tensor(_) | PortType::Record(_)) | None => false,
    };
    if fits {
        return Ok(());
    }
    let columns = columns.map_or_else(String::new, |columns| format!(", {columns}"));
    let expected = format!(
        "model `{model}` reads `{}[R<={rows_max}{columns}]`",
        element.name()
    );
    let message = match port {
        Some(port) => format!("`{port}` arrives here, but {expected}"),
        None => format!("nothing arrives here, but {expected}"),
    };
    Err(vec![KindFault::new(FaultPlace::Input(input.to_owned()), message)])
}

/// Room for the longest of these labels.
fn label_bytes(labels: &[String]) -> u32 {
    let longest = labels.iter().map(String::len).max().unwrap_or(0);
    u32::try_from(longest).unwrap_or(u32::MAX).max(LABEL_BYTES)
}

/// A size as ports count it.
pub(crate) fn dim(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
