//! A trained keyword net with its card: what pipelines and the evaluation run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::detect::DetectionRule;
use super::net::{KeywordNet, KeywordNetConfig};
use super::window::Windowing;
use crate::audio::LogMelConfig;
use crate::card::{Card, CardError};
use crate::net::ConfigFault;

/// The card of the model that comes along.
pub const BUILTIN_CARD: &str = include_str!("../../weights/keyword/card.yaml");

/// Largest file of weights that is read, in bytes.
pub const WEIGHTS_BYTES_MAX: u64 = 64 << 20;

/// The part of a card that only keyword models have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeywordCard {
    /// Classes in the order of the outputs; the first is `none`.
    pub labels: Vec<String>,
    /// Features the net hears.
    pub features: LogMelConfig,
    /// Sizes of the net.
    pub net: KeywordNetConfig,
    /// Frames from one window to the next in longer sounds.
    pub hop_frames: usize,
    /// Temperature that divides the scores before the softmax.
    pub temperature: f32,
    /// When a keyword counts as heard.
    pub rule: DetectionRule,
    /// The largest absolute value that each step of the program reads, for 8-bit integers: [`crate::lowering::calibrate`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, f32>,
}

/// Why a keyword model cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file of the model cannot be read or written.
    #[error("cannot use `{path}`")]
    File {
        /// Path of the file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The card is malformed, or the weights are not those of the card.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The card contradicts itself.
    #[error("the model card contradicts itself: {fault}")]
    Contradiction {
        /// The rule that is broken.
        fault: &'static str,
    },
    /// The weights do not fit the net of the card.
    #[error("the weights do not fit the net: {reason}")]
    Weights {
        /// What does not fit.
        reason: String,
    },
}

/// A trained keyword net.
#[derive(Clone, Debug)]
pub struct KeywordModel {
    net: KeywordNet,
    card: Card<KeywordCard>,
    device: Device,
}

impl KeywordModel {
    /// Returns the model that comes with Motet, `wakewords@1`.
    ///
    /// # Errors
    /// As [`KeywordModel::load`]; none for an undamaged build.
    pub fn builtin(device: &Device) -> Result<Self, ModelError> {
        Self::from_bytes(
            BUILTIN_CARD,
            include_bytes!("../../weights/keyword/weights.safetensors"),
            device,
        )
    }

    /// Reads `card.yaml` and the weights it names from `folder`.
    ///
    /// # Errors
    /// [`ModelError::File`] if one cannot be read, [`ModelError::Card`] for a malformed card or another checksum,
    /// [`ModelError::Contradiction`] and [`ModelError::Weights`] if the parts do not fit each other.
    pub fn load(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        let path = folder.join("card.yaml");
        let text = String::from_utf8_lossy(&read(&path)?).into_owned();
        let card = Card::<KeywordCard>::parse(&text)?;
        if Path::new(&card.weights.file).components().count() != 1 || card.weights.file.contains("..") {
            return Err(ModelError::Contradiction {
                fault: "the weights must lie beside the card",
            });
        }
        Self::from_bytes(&text, &read(&folder.join(&card.weights.file))?, device)
    }

    /// Builds the model from the text of its card and the bytes of its weights.
    ///
    /// # Errors
    /// As [`KeywordModel::load`].
    pub fn from_bytes(card: &str, weights: &[u8], device: &Device) -> Result<Self, ModelError> {
        let card = Card::<KeywordCard>::parse(card)?;
        card.verify(weights)?;
        validate(&card.model)?;
        let mut net = card.model.net.init(0, device);
        let mut store = SafetensorsStore::from_bytes(Some(weights.to_vec()));
        let applied = net.load_from(&mut store).map_err(|error| ModelError::Weights {
            reason: error.to_string(),
        })?;
        if !applied.unused.is_empty() {
            return Err(ModelError::Weights {
                reason: format!("unused: {}", applied.unused.join(", ")),
            });
        }
        Ok(Self {
            net: net.no_grad(),
            card,
            device: device.clone(),
        })
    }

    /// Returns the bytes of the weights of `net`, as a safetensors file.
    ///
    /// # Errors
    /// [`ModelError::Weights`] if they cannot be written.
    pub fn weights_of(net: &KeywordNet) -> Result<Vec<u8>, ModelError> {
        let failed = |error: &dyn std::fmt::Display| ModelError::Weights {
            reason: error.to_string(),
        };
        // Without the default metadata, a map in random order, equal weights give equal bytes.
        let mut store = SafetensorsStore::from_bytes(None).clear_metadata();
        net.save_into(&mut store).map_err(|error| failed(&error))?;
        store.get_bytes().map_err(|error| failed(&error))
    }

    /// Returns one row of class scores (logits) per window.
    ///
    /// # Shapes
    /// `windows`: `[batch, window_frames, bins]`, raw log-mel; result: `[batch, classes]`.
    pub fn logits(&self, windows: Tensor<3>) -> Tensor<2> {
        self.net.forward(windows)
    }

    /// Returns one row of calibrated class probabilities per window.
    ///
    /// # Shapes
    /// As [`KeywordModel::logits`]; each row sums to 1.
    pub fn probabilities(&self, windows: Tensor<3>) -> Tensor<2> {
        softmax(self.logits(windows) / self.card.model.temperature, 1)
    }

    /// Returns the card.
    pub fn card(&self) -> &Card<KeywordCard> {
        &self.card
    }

    /// Returns the device that holds the weights.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the net, for lowering or inspection.
    pub fn net(&self) -> &KeywordNet {
        &self.net
    }

    /// Returns the classes in the order of the outputs; the first is `none`.
    pub fn labels(&self) -> &[String] {
        &self.card.model.labels
    }

    /// Returns the features that [`KeywordModel::logits`] expects.
    pub fn features(&self) -> &LogMelConfig {
        &self.card.model.features
    }

    /// Returns the number of frames of a window.
    pub fn window_frames(&self) -> usize {
        self.card.model.net.window_frames
    }

    /// Returns how longer sounds are cut into windows.
    pub fn windowing(&self) -> Windowing {
        let model = &self.card.model;
        Windowing {
            bins: model.net.bins,
            window_frames: model.net.window_frames,
            hop_frames: model.hop_frames,
        }
    }

    /// Returns the rule by which a keyword counts as heard.
    pub fn rule(&self) -> DetectionRule {
        self.card.model.rule
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    use std::io::Read;
    let failed = |source| ModelError::File {
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(WEIGHTS_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

/// Bounds every size, so that no card can ask for more memory than a keyword net needs.
fn validate(card: &KeywordCard) -> Result<(), ModelError> {
    let net = &card.net;
    net.validate()
        .map_err(|ConfigFault(fault)| ModelError::Contradiction { fault })?;
    let fault = if card.labels.len() != net.classes {
        "there must be as many labels as classes"
    } else if net.bins != card.features.bins {
        "the net and the features must have equally many bins"
    } else if card.hop_frames == 0 || !(card.temperature > 0.0 && card.temperature.is_finite()) {
        "hop_frames and temperature must be above 0"
    } else if !(0.0..=1.0).contains(&card.rule.threshold) {
        "the threshold must be from 0 to 1"
    } else {
        return Ok(());
    };
    Err(ModelError::Contradiction { fault })
}
