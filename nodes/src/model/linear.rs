//! Linear models as nodes find them.

use std::path::Path;

use motet_models::decide::Decision;
use motet_models::linear::model::{LinearCard, read_card};
use motet_models::linear::{LinearConfig, LinearModel};
use motet_models::model::ModelError;
use motet_models::weights::WeightsError;

use super::worked_out::{WorkedOut, WorkedOutEntry, WorkedOutShelf};

/// The linear models of these sources.
pub(crate) type LinearShelf = WorkedOutShelf<LinearModel>;
/// One of them.
pub(crate) type LinearEntry = WorkedOutEntry<LinearModel>;

impl WorkedOut for LinearModel {
    type Config = LinearConfig;
    type Error = WeightsError;
    const TASK: &'static str = "linear";

    fn read_card(text: &str) -> Result<LinearCard, ModelError> {
        read_card(text)
    }

    fn read(card: &LinearCard, path: &Path) -> Result<Self, WeightsError> {
        LinearModel::read(card, path)
    }

    fn from_bytes(card: &LinearCard, bytes: &[u8]) -> Result<Self, WeightsError> {
        LinearModel::from_bytes(card, bytes)
    }

    fn bytes(config: &LinearConfig) -> u64 {
        config.bytes() as u64
    }
}

impl LinearEntry {
    /// How it decides; one whose card does not say always answers.
    pub(crate) fn decision(&self) -> Decision {
        self.card.model.decision.clone().unwrap_or_default()
    }
}
