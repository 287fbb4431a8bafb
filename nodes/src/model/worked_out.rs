//! Models that are no nets, found by their names: each is read once and shared by all nodes that name it, in every pipeline
//! that is given the same [`Loaded`](super::Loaded).
//!
//! As with nets, the card alone settles ports, types and bytes; weights that are there must be those of the card. Here is no
//! program and nothing to compare with one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use motet_core::catalog::{BuildError, KindFault, Params, Weights};
use motet_models::card::{self, Card};
use motet_models::model::{ModelError, NetCard};

use super::cards::Found;
use super::shelf::{MODEL, unlike};
use super::sources::ModelSources;
use super::{refused, with_causes};

/// A model whose weights were worked out, not approached.
pub(crate) trait WorkedOut: Sized + Send + Sync + 'static {
    /// Its sizes, as a card holds them.
    type Config: Send + Sync + 'static;
    /// Why weights are not those of a card.
    type Error: std::error::Error + 'static;
    /// What tells it from models of other tasks.
    const TASK: &'static str;

    /// Reads a card and checks that it does not contradict itself.
    fn read_card(text: &str) -> Result<Card<NetCard<Self::Config>>, ModelError>;

    /// The model of a card with the weights in a file.
    fn read(card: &Card<NetCard<Self::Config>>, path: &Path) -> Result<Self, Self::Error>;

    /// The same with the bytes of a file.
    fn from_bytes(card: &Card<NetCard<Self::Config>>, bytes: &[u8]) -> Result<Self, Self::Error>;

    /// Bytes of the weights in memory.
    fn bytes(config: &Self::Config) -> u64;
}

/// The models of one task of these sources.
pub(crate) struct WorkedOutShelf<M: WorkedOut> {
    sources: ModelSources,
    entries: Mutex<BTreeMap<String, Arc<WorkedOutEntry<M>>>>,
}

/// A model with what has been read of it.
pub(crate) struct WorkedOutEntry<M: WorkedOut> {
    /// As pipelines name it.
    pub(crate) name: String,
    pub(crate) card: Card<NetCard<M::Config>>,
    /// The weights, where they come along.
    along: Option<&'static [u8]>,
    model: Mutex<Option<Arc<M>>>,
}

impl<M: WorkedOut> WorkedOutShelf<M> {
    pub(crate) fn new(sources: ModelSources) -> Self {
        Self {
            sources,
            entries: Mutex::default(),
        }
    }

    /// The model that the parameters name.
    pub(crate) fn find(&self, params: &Params) -> Result<Arc<WorkedOutEntry<M>>, Vec<KindFault>> {
        let name = params.text(MODEL).unwrap_or_default();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(name) {
            return Ok(Arc::clone(entry));
        }
        let Found { text, card, along } = self.sources.card(name, M::read_card)?;
        let file = match along {
            None => self.sources.weights(&card),
            Some(_) => Some(PathBuf::new()),
        };
        let sum = card::sha256(text.as_bytes());
        let shown = file.as_deref().unwrap_or("".as_ref()).display();
        let key = format!("{} {sum} {shown}", M::TASK);
        let entry = self.sources.loaded.share(key, || WorkedOutEntry {
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
    pub(crate) fn open(&self, params: &Params) -> Result<(Arc<WorkedOutEntry<M>>, Arc<M>), BuildError> {
        let entry = self.find(params).map_err(|faults| refused(params, &faults))?;
        let model = self.model(&entry).map_err(|reason| BuildError::Model {
            model: entry.name.clone(),
            reason,
        })?;
        Ok((entry, model))
    }

    fn model(&self, entry: &WorkedOutEntry<M>) -> Result<Arc<M>, String> {
        let mut kept = entry.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*kept {
            return Ok(Arc::clone(model));
        }
        let file = &entry.card.weights.file;
        let read = match entry.along {
            Some(bytes) => M::from_bytes(&entry.card, bytes),
            None => M::read(&entry.card, &self.sources.weights_of(&entry.card)?),
        };
        let model = read.map_err(|error| format!("`{file}`: {}", with_causes(&error)))?;
        Ok(Arc::clone(kept.insert(Arc::new(model))))
    }
}

impl<M: WorkedOut> WorkedOutEntry<M> {
    /// The weights, counted once for all nodes that name the model.
    pub(crate) fn weights(&self) -> Weights {
        Weights {
            key: format!("{} f32", self.name),
            bytes: M::bytes(&self.card.model.net),
        }
    }
}
