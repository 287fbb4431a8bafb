//! Weights that a training begins with: random ones, of which some or most are taken from files.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::flat::{Segment, layout, values};
use super::{Learner, TrainError};
use crate::weights::Tensors;

/// Files to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Some tensors of the net: all that the file has must fit.
    pub start: Option<&'a Tensors>,
    /// A model, or its weights: everything but the heads must be there.
    pub from: Option<&'a Path>,
    /// Parts that may be left as they are drawn, since other data have other labels.
    pub heads: &'a [&'a str],
}

/// The weights of a net to begin with, in the order of its flat vector.
///
/// # Errors
/// [`TrainError::OtherNet`] for tensors that do not fit, [`TrainError::Data`] for a file that cannot be read.
pub fn weights<L: Learner>(learner: &L, seed: u64, given: &Given<'_>) -> Result<Vec<f32>, TrainError> {
    let net = learner.net(seed, &Device::flex().autodiff())?;
    let segments = layout(&net);
    let mut weights = values(&net);
    if let Some(tensors) = given.start {
        for (name, tensor) in tensors.iter() {
            let fault = |reason: &str| TrainError::OtherNet {
                reason: format!("tensor `{name}` to begin with {reason}"),
            };
            let segment = segments
                .iter()
                .find(|segment| segment.name == name)
                .ok_or_else(|| fault("is none of the net"))?;
            if segment.shape != tensor.shape {
                return Err(fault(&format!(
                    "is {:?}, the net has {:?}",
                    tensor.shape, segment.shape
                )));
            }
            weights[segment.range.clone()].copy_from_slice(&tensor.values);
        }
    }
    if let Some(path) = given.from {
        take_over(&segments, &mut weights, &file_of(path), given.heads)?;
    }
    Ok(weights)
}

/// Takes every tensor of another model that has the name and the shape of one of the net.
fn take_over(
    segments: &[Segment],
    weights: &mut [f32],
    path: &Path,
    heads: &[&str],
) -> Result<(), TrainError> {
    let tensors = read(path)?;
    for segment in segments {
        let is_head = heads
            .iter()
            .any(|head| segment.name.split('.').next() == Some(head));
        let found = tensors.get(&segment.name);
        match found {
            Some(tensor) if tensor.shape == segment.shape => {
                weights[segment.range.clone()].copy_from_slice(&tensor.values);
            }
            Some(_) | None if is_head => (),
            Some(tensor) => {
                return Err(TrainError::OtherNet {
                    reason: format!(
                        "`{}` has {:?} in `{}`, the net needs {:?}",
                        segment.name,
                        tensor.shape,
                        path.display(),
                        segment.shape
                    ),
                });
            }
            None => {
                return Err(TrainError::OtherNet {
                    reason: format!("`{}` is not in `{}`", segment.name, path.display()),
                });
            }
        }
    }
    Ok(())
}

/// The weights of a model in a folder, or the file itself.
/// The tensors of a model, or of a file of weights.
///
/// # Errors
/// [`TrainError::Data`] for a file that cannot be read.
pub fn tensors(path: &Path) -> Result<Tensors, TrainError> {
    read(&file_of(path))
}

fn file_of(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join(crate::card::WEIGHTS_FILE),
        false => path.to_path_buf(),
    }
}

fn read(path: &Path) -> Result<Tensors, TrainError> {
    Tensors::read(path).map_err(|error| TrainError::Data {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}
