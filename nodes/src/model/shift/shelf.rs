//! Models of process sensors as nodes find them.

use std::path::Path;

use motet_models::model::ModelError;
use motet_models::shift::model::{ShiftCard, read_card};
use motet_models::shift::{ShiftConfig, ShiftModel};

use crate::model::worked_out::{WorkedOut, WorkedOutEntry, WorkedOutShelf};

/// The models of process sensors of these sources.
pub(crate) type ShiftShelf = WorkedOutShelf<ShiftModel>;
/// One of them.
pub(crate) type ShiftEntry = WorkedOutEntry<ShiftModel>;

impl WorkedOut for ShiftModel {
    type Config = ShiftConfig;
    type Error = ModelError;
    const TASK: &'static str = "shift";

    fn read_card(text: &str) -> Result<ShiftCard, ModelError> {
        read_card(text)
    }

    fn read(card: &ShiftCard, path: &Path) -> Result<Self, ModelError> {
        ShiftModel::read(card, path)
    }

    fn from_bytes(card: &ShiftCard, bytes: &[u8]) -> Result<Self, ModelError> {
        ShiftModel::from_bytes(card, bytes)
    }

    fn bytes(config: &ShiftConfig) -> u64 {
        (size_of::<f32>() * config.parameters()) as u64
    }
}

impl ShiftEntry {
    /// How many sensors it knows.
    pub(crate) fn sensors(&self) -> usize {
        self.card.model.net.sensors.len()
    }
}
