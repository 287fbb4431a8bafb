//! Linear models, found by their names: each is read once and shared by all nodes that name it, in every pipeline that is
//! given the same [`Loaded`](super::Loaded).
//!
//! As with nets, the card alone settles ports, types and bytes; weights that are there must be those of the card.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use motet_core::catalog::{BuildError, KindFault, Params, Weights};
use motet_models::card;
use motet_models::decide::Decision;
use motet_models::linear::LinearModel;
use motet_models::linear::model::{LinearCard, read_card};

use super::cards::Found;
use super::refused;
use super::shelf::{MODEL, unlike};
use super::sources::ModelSources;

/// The linear models of these sources.
pub(crate) struct LinearShelf {
    sources: ModelSources,
    entries: Mutex<BTreeMap<String, Arc<LinearEntry>>>,
}

/// A model with what has been read of it.
pub(crate) struct LinearEntry {
    /// As pipelines name it.
    pub(crate) name: String,
    pub(crate) card: LinearCard,
    /// The weights, where they come along.
    along: Option<&'static [u8]>,
    model: Mutex<Option<Arc<LinearModel>>>,
}

impl LinearShelf {
    pub(crate) fn new(sources: ModelSources) -> LinearShelf {
        LinearShelf {
            sources,
            entries: Mutex::default(),
        }
    }

    /// The model that the parameters name.
    pub(crate) fn find(&self, params: &Params) -> Result<Arc<LinearEntry>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name) {
            return Ok(Arc::clone(entry));
        }
        let Found { text, card, along } = self.sources.card(name, read_card)?;
        let file = match along {
            None => self.sources.weights(&card),
            Some(_) => Some(PathBuf::new()),
        };
        let sum = card::sha256(text.as_bytes());
        let key = format!(
            "linear {sum} {}",
            file.as_deref().unwrap_or("".as_ref()).display()
        );
        let entry = self.sources.loaded.share(key, || LinearEntry {
            name: name.to_owned(),
            card,
            along,
            model: Mutex::default(),
        });
        if file.is_some() {
            self.model(&entry).map_err(|reason| vec![unlike(reason)])?;
        }
        entries.insert(name.to_owned(), Arc::clone(&entry));
        Ok(entry)
    }

    /// That model with its weights.
    pub(crate) fn open(&self, params: &Params) -> Result<(Arc<LinearEntry>, Arc<LinearModel>), BuildError> {
        let entry = self.find(params).map_err(|faults| refused(params, &faults))?;
        let model = self.model(&entry).map_err(|reason| BuildError::Model {
            model: entry.name.clone(),
            reason,
        })?;
        Ok((entry, model))
    }

    fn model(&self, entry: &LinearEntry) -> Result<Arc<LinearModel>, String> {
        let mut kept = entry.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*kept {
            return Ok(Arc::clone(model));
        }
        let file = &entry.card.weights.file;
        let read = match entry.along {
            Some(bytes) => LinearModel::from_bytes(&entry.card, bytes),
            None => LinearModel::read(&entry.card, &self.sources.weights_of(&entry.card)?),
        };
        let model = read.map_err(|error| format!("`{file}`: {}", super::with_causes(&error)))?;
        Ok(Arc::clone(kept.insert(Arc::new(model))))
    }
}

impl LinearEntry {
    /// The weights, counted once for all nodes that name the model.
    pub(crate) fn weights(&self) -> Weights {
        Weights {
            key: format!("{} f32", self.name),
            bytes: self.card.model.net.bytes() as u64,
        }
    }

    /// How it decides; one whose card does not say always answers.
    pub(crate) fn decision(&self) -> Decision {
        self.card.model.decision.clone().unwrap_or_default()
    }
}
