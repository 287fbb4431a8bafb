//! What kinds need to know of models: where they lie, what runs them, and what is in memory already.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use motet_engine::Cpu;
use motet_models::builtin::{self, Builtin};
use motet_models::card::Card;

use super::compiled::SplitThreads;
use crate::gpu::Gpu;

/// Where models are looked for, the first folder first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFolders {
    /// Folders of cards.
    pub cards: Vec<PathBuf>,
    /// Folders of weights.
    pub weights: Vec<PathBuf>,
    /// The folder of the pipeline, for other files that its nodes name.
    pub files: Option<PathBuf>,
}

/// Models that are in memory, of all nets and pipelines, and the threads that nets are split over. Clones share both; a model
/// that nobody uses any more is dropped.
#[derive(Clone, Default)]
pub struct Loaded {
    /// By what tells one model from another: see `Shelf::find`.
    entries: Arc<Mutex<BTreeMap<String, Weak<dyn Any + Send + Sync>>>>,
    pub(super) threads: SplitThreads,
}

/// What kinds need to know of models.
#[derive(Clone)]
pub struct ModelSources {
    /// Where models are looked for.
    pub folders: ModelFolders,
    /// What the CPU can do.
    pub cpu: Cpu,
    /// The GPU that nets may run on.
    pub gpu: Gpu,
    /// What is in memory already.
    pub loaded: Loaded,
    /// Models that come along, for names that no folder has a card for.
    pub builtin: &'static [Builtin],
}

impl Default for ModelSources {
    /// No folders, the models that come along, all that this CPU can do, no GPU, and nothing in memory.
    fn default() -> ModelSources {
        ModelSources {
            folders: ModelFolders::default(),
            cpu: Cpu::detect(),
            gpu: Gpu::none(),
            loaded: Loaded::default(),
            builtin: builtin::ALL,
        }
    }
}

impl ModelSources {
    /// The file with the weights of a card: in a folder of the model's own, as `motet train` writes it, or beside others.
    pub(super) fn weights<C>(&self, card: &Card<C>) -> Option<PathBuf> {
        let ModelFolders { cards, weights, .. } = &self.folders;
        let own = |folder: &PathBuf| folder.join(&card.name).join(&card.weights.file);
        let beside = |folder: &PathBuf| folder.join(&card.weights.file);
        let folders = || weights.iter().chain(cards);
        let mut paths = folders().map(own).chain(folders().map(beside));
        paths.find(|path| path.is_file())
    }

    /// The same for weights that are needed.
    ///
    /// # Errors
    /// Why there are none, or none that may be read.
    pub(super) fn weights_of<C>(&self, card: &Card<C>) -> Result<PathBuf, String> {
        let file = &card.weights.file;
        if Path::new(file).components().count() != 1 || file.contains("..") {
            return Err(format!(
                "the card names weights outside of their folder: `{file}`"
            ));
        }
        self.weights(card).ok_or_else(|| {
            format!(
                "its weights `{file}` are in none of the folders given; name theirs with `--models FOLDER`"
            )
        })
    }
}

impl Loaded {
    /// How many models there are.
    pub fn count(&self) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.values().filter(|entry| entry.strong_count() > 0).count()
    }

    /// The model of this key, made if it is not there.
    pub(super) fn share<T: Send + Sync + 'static>(&self, key: String, make: impl FnOnce() -> T) -> Arc<T> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| entry.strong_count() > 0);
        let known = entries.get(&key).and_then(Weak::upgrade);
        if let Some(Ok(entry)) = known.map(Arc::downcast::<T>) {
            return entry;
        }
        let entry = Arc::new(make());
        let shared: Arc<dyn Any + Send + Sync> = entry.clone();
        entries.insert(key, Arc::downgrade(&shared));
        entry
    }
}
