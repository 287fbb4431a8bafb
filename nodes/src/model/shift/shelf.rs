//! Models of process sensors, found by their names: each is read once and shared by all nodes of a kind that name it, in
//! every pipeline that is given the same [`Loaded`](crate::Loaded).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use motet_core::catalog::{BuildError, KindFault, Params, Weights};
use motet_models::card;
use motet_models::shift::ShiftModel;
use motet_models::shift::model::{ShiftCard, read_card};

use crate::model::cards::Found;
use crate::model::shelf::{MODEL, unlike};
use crate::model::sources::ModelSources;
use crate::model::{refused, with_causes};

/// The models of process sensors of these sources.
pub(crate) struct ShiftShelf {
    sources: ModelSources,
    entries: Mutex<BTreeMap<String, Arc<ShiftEntry>>>,
}

/// A model with what has been read of it.
pub(crate) struct ShiftEntry {
    /// As pipelines name it.
    pub(crate) name: String,
    pub(crate) card: ShiftCard,
    /// The weights, where they come along.
    along: Option<&'static [u8]>,
    model: Mutex<Option<Arc<ShiftModel>>>,
}

impl ShiftShelf {
    pub(crate) fn new(sources: ModelSources) -> ShiftShelf {
        ShiftShelf {
            sources,
            entries: Mutex::default(),
        }
    }

    /// The model that the parameters name.
    pub(crate) fn find(&self, params: &Params) -> Result<Arc<ShiftEntry>, Vec<KindFault>> {
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
        let has_weights = file.is_some();
        let sum = card::sha256(text.as_bytes());
        let key = format!("shift {sum} {}", file.unwrap_or_default().display());
        let entry = self.sources.loaded.share(key, || ShiftEntry {
            name: name.to_owned(),
            card,
            along,
            model: Mutex::default(),
        });
        if has_weights {
            self.model(&entry).map_err(|reason| vec![unlike(reason)])?;
        }
        entries.insert(name.to_owned(), Arc::clone(&entry));
        Ok(entry)
    }

    /// That model with its weights.
    pub(crate) fn open(&self, params: &Params) -> Result<(Arc<ShiftEntry>, Arc<ShiftModel>), BuildError> {
        let entry = self.find(params).map_err(|faults| refused(params, &faults))?;
        let model = self.model(&entry).map_err(|reason| BuildError::Model {
            model: entry.name.clone(),
            reason,
        })?;
        Ok((entry, model))
    }

    fn model(&self, entry: &ShiftEntry) -> Result<Arc<ShiftModel>, String> {
        let mut kept = entry.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*kept {
            return Ok(Arc::clone(model));
        }
        let file = &entry.card.weights.file;
        let read = match entry.along {
            Some(bytes) => ShiftModel::from_bytes(&entry.card, bytes),
            None => ShiftModel::read(&entry.card, &self.sources.weights_of(&entry.card)?),
        };
        let model = read.map_err(|error| format!("`{file}`: {}", with_causes(&error)))?;
        Ok(Arc::clone(kept.insert(Arc::new(model))))
    }
}

impl ShiftEntry {
    /// The weights, counted once for all nodes that name the model.
    pub(crate) fn weights(&self) -> Weights {
        let config = &self.card.model.net;
        Weights {
            key: format!("{} f32", self.name),
            bytes: (size_of::<f32>() * config.parameters()) as u64,
        }
    }

    /// How many sensors it knows.
    pub(crate) fn sensors(&self) -> usize {
        self.card.model.net.sensors.len()
    }
}
