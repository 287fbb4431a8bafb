//! A net of a card: read, checked, built, lowered, and compared with what it was lowered from.
//!
//! Invariant: a program of [`Model::program`] has answered seeded inputs as its net in Burn does.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use burn::tensor::Device;
use motet_engine::{Cpu, Precision, Program};
use serde::{Deserialize, Serialize};

use crate::card::{Card, CardError};
use crate::decide::Decision;
use crate::lowering::{LowerError, Lowering, verify};
use crate::net::{ConfigFault, Net, NetConfig};
use crate::weights::{Weights, WeightsError};

/// The part of a card that nets of one kind have; `C` are the sizes of the net.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetCard<C> {
    /// Sizes of the net.
    pub net: C,
    /// Names of the classes in the order of the outputs; none for nets without classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The largest absolute value that each step of the program reads, for 8-bit integers: [`crate::lowering::calibrate`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<String, f32>,
    /// How scores become a decision, for classifiers; without it the largest score is the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The card is malformed.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The card contradicts itself.
    #[error("the model card contradicts itself")]
    Config(#[from] ConfigFault),
    /// The weights are not those of the card.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The net has no program that agrees with it.
    #[error(transparent)]
    Lower(#[from] LowerError),
}

/// A net with its card.
#[derive(Clone, Debug)]
pub struct Model<C: NetConfig> {
    card: Card<NetCard<C>>,
    net: C::Net,
}

/// Reads a card and checks that it does not contradict itself.
///
/// # Errors
/// [`ModelError::Card`], [`ModelError::Config`].
pub fn read_card<C: NetConfig>(text: &str) -> Result<Card<NetCard<C>>, ModelError> {
    let card = Card::<NetCard<C>>::parse(text)?;
    card.model.net.validate()?;
    let finite = |largest: &f32| largest.is_finite() && *largest >= 0.0;
    if !card.model.ranges.values().all(finite) {
        return Err(ConfigFault("`ranges` must be finite and not below 0").into());
    }
    Ok(card)
}

impl<C: NetConfig> Model<C> {
    /// Builds the net of a card with the weights in a file.
    ///
    /// # Errors
    /// [`ModelError::Weights`] if the file is not that of the card.
    pub fn load(card: Card<NetCard<C>>, weights: &Path, device: &Device) -> Result<Self, ModelError> {
        let config = &card.model.net;
        let weights = Weights::read(weights, &config.tensors(), &card.weights.sha256)?;
        let net = config.build(weights, device)?;
        Ok(Self { card, net })
    }

    /// Builds the net of a card with weights that are in memory, as the bytes of a file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(card: Card<NetCard<C>>, weights: &[u8], device: &Device) -> Result<Self, ModelError> {
        let config = &card.model.net;
        let (mut source, bytes) = (Cursor::new(weights), weights.len() as u64);
        let weights = Weights::read_from(&mut source, bytes, &config.tensors(), &card.weights.sha256)?;
        let net = config.build(weights, device)?;
        Ok(Self { card, net })
    }

    /// The card.
    pub fn card(&self) -> &Card<NetCard<C>> {
        &self.card
    }

    /// The net in Burn.
    pub fn net(&self) -> &C::Net {
        &self.net
    }

    /// The net in Burn alone.
    pub fn into_net(self) -> C::Net {
        self.net
    }

    /// The net of a card with random weights: it has the sizes of the model and none of its knowledge.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn random(card: Card<NetCard<C>>, device: &Device) -> Result<Self, ModelError> {
        let net = card.model.net.init(card.seed.chosen, device)?;
        Ok(Self { card, net })
    }

    /// The program of the net, not yet compared with Burn: [`Model::verify`] does that.
    ///
    /// # Errors
    /// [`ModelError::Lower`] if the engine refuses a step.
    pub fn lower(&self, cpu: Cpu, precision: Precision) -> Result<Program, ModelError> {
        let how = Lowering::of_card(cpu, precision, &self.card.model.ranges);
        Ok(self.net.lower(&how)?)
    }

    /// Compares a program with the net and returns how far it is off, as a relative RMS.
    ///
    /// # Errors
    /// [`ModelError::Lower`] if it disagrees.
    pub fn verify(&self, program: &Program, precision: Precision) -> Result<f64, ModelError> {
        Ok(verify(&self.net, program, precision)?)
    }

    /// The program of the net, after it has been compared with Burn.
    ///
    /// # Errors
    /// [`ModelError::Lower`] if there is none, or none that agrees.
    pub fn program(&self, cpu: Cpu, precision: Precision) -> Result<Program, ModelError> {
        let program = self.lower(cpu, precision)?;
        self.verify(&program, precision)?;
        Ok(program)
    }
}
