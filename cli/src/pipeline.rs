//! A pipeline from its folder to a plan: the arrows `parse`, `resolve` and `compile` in one call.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use motet_core::catalog::{Catalog, DuplicateKind, NodeKind};
use motet_core::diagnostic::{Diagnostics, Source};
use motet_core::graph::{Graph, Library, NoLibrary};
use motet_core::machine::Machine;
use motet_core::plan::{Plan, PlanOptions};
use motet_core::profile::Profile;
use motet_core::spec::{Settings, Spec};
use motet_nodes::{Cpu, ModelFolders};

use crate::error::Error;
use crate::feed::Files;
use crate::library::FolderLibrary;
use crate::load::{LoadedPipeline, load_pipeline};
use crate::runner::{ExecutorChoice, Runner};

/// The folder beside a pipeline that holds the cards of its models.
const MODELS_FOLDER: &str = "models";

/// A compiled pipeline. Any number of [`Runner`]s may run it at the same time.
#[derive(Clone)]
pub struct Pipeline {
    spec: Spec,
    graph: Graph,
    plan: Arc<Plan>,
    catalog: Arc<Catalog>,
    folder: Option<PathBuf>,
    executor: ExecutorChoice,
}

impl Pipeline {
    /// Reads and compiles the pipeline in a folder (its `pipeline.yaml`) or in a file, for this machine, with the node
    /// kinds that come with Motet.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read, [`Error::Pipeline`] with every fault in it.
    pub fn open(path: impl AsRef<Path>) -> Result<Pipeline, Error> {
        Pipeline::builder().open(path)
    }

    /// To add node kinds, settings or workers first.
    pub fn builder() -> Builder {
        Builder {
            kinds: Vec::new(),
            weights: Vec::new(),
            cpu: Cpu::detect(),
            settings: Settings::default(),
            workers: None,
            machine: None,
            profile: None,
            executor: ExecutorChoice::Parallel,
        }
    }

    /// The same pipeline with another plan.
    pub(crate) fn with_plan(&self, plan: Arc<Plan>) -> Pipeline {
        Pipeline { plan, ..self.clone() }
    }

    /// The same pipeline, run by another executor.
    #[must_use]
    pub fn with_executor(&self, executor: ExecutorChoice) -> Pipeline {
        Pipeline {
            executor,
            ..self.clone()
        }
    }

    /// What the author wrote.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Names resolved and types checked.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The decisions and the verdict; printing it gives the page of `motet plan`.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What the author should look at, though it runs.
    pub fn warnings(&self) -> &Diagnostics {
        &self.plan.warnings
    }

    /// The node kinds it was compiled with.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The files that the pipeline's own tests may name: those in its folder. A pipeline from text has none.
    pub fn own_files(&self) -> Files {
        self.folder.clone().map_or(Files::Nowhere, Files::Within)
    }

    /// Builds the nodes and allocates all memory, to run requests one at a time.
    ///
    /// # Errors
    /// [`Error::Open`] names the node that could not be built; [`Error::Threads`] when no worker could be started.
    pub fn runner(&self) -> Result<Runner, Error> {
        Runner::open(Arc::clone(&self.plan), &self.catalog, self.executor)
    }
}

/// Adds a kind to a catalog.
type Register = Box<dyn FnOnce(&mut Catalog) -> Result<(), DuplicateKind> + Send>;

/// How a pipeline is to be compiled and run.
pub struct Builder {
    kinds: Vec<Register>,
    weights: Vec<PathBuf>,
    cpu: Cpu,
    settings: Settings,
    workers: Option<u32>,
    machine: Option<Machine>,
    profile: Option<Arc<Profile>>,
    executor: ExecutorChoice,
}

impl Builder {
    /// Adds a node kind of your own.
    #[must_use]
    pub fn kind(mut self, kind: impl NodeKind + 'static) -> Builder {
        self.kinds.push(Box::new(|catalog| catalog.register(kind)));
        self
    }

    /// Looks for the weights of models in this folder, as `--models` does; the first folder that has a file wins. Cards
    /// lie in `models/` beside the pipeline, or in one of these folders.
    #[must_use]
    pub fn models(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.weights.push(folder.into());
        self
    }

    /// Computes nets with these instructions instead of all that the CPU has.
    #[must_use]
    pub fn cpu(mut self, cpu: Cpu) -> Builder {
        self.cpu = cpu;
        self
    }

    /// Sets a parameter of the pipeline, as `--set name=value` does; the value is read as YAML.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Builder {
        self.settings.set(name, value);
        self
    }

    /// Plans for this many CPU workers instead of one per core.
    #[must_use]
    pub fn workers(mut self, count: u32) -> Builder {
        self.workers = Some(count);
        self
    }

    /// Plans for another machine than this one.
    #[must_use]
    pub fn machine(mut self, machine: Machine) -> Builder {
        self.machine = Some(machine);
        self
    }

    /// Plans by these measured times instead of assumed speeds. Whether they were measured on such a machine is for the
    /// caller to see to.
    #[must_use]
    pub fn profile(mut self, profile: Arc<Profile>) -> Builder {
        self.profile = Some(profile);
        self
    }

    /// Chooses who does the work; [`ExecutorChoice::Parallel`] unless set.
    #[must_use]
    pub fn executor(mut self, executor: ExecutorChoice) -> Builder {
        self.executor = executor;
        self
    }

    /// Reads and compiles the pipeline in a folder or file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Pipeline`]; [`Error::Kind`] when an added kind has a name that is taken.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Pipeline, Error> {
        self.loaded(load_pipeline(path.as_ref())?)
    }

    /// Compiles a pipeline that has been read already.
    ///
    /// # Errors
    /// [`Error::Pipeline`], [`Error::Kind`].
    pub fn loaded(self, loaded: LoadedPipeline) -> Result<Pipeline, Error> {
        let library = FolderLibrary::around(&loaded);
        self.compile(loaded.source, &library, Some(loaded.folder))
    }

    /// Compiles a pipeline from text. It has no folder, so it can neither use agents nor name files in its tests.
    ///
    /// # Errors
    /// [`Error::Pipeline`], [`Error::Kind`].
    pub fn text(self, text: &str) -> Result<Pipeline, Error> {
        self.compile(Source::new("pipeline.yaml", text), &NoLibrary, None)
    }

    fn compile(
        self,
        source: Arc<Source>,
        library: &dyn Library,
        folder: Option<PathBuf>,
    ) -> Result<Pipeline, Error> {
        let beside = folder.iter().map(|folder| folder.join(MODELS_FOLDER));
        let models = ModelFolders {
            cards: beside.chain(self.weights.iter().cloned()).collect(),
            weights: self.weights,
        };
        let mut catalog = motet_nodes::catalog_with(&models, self.cpu);
        for register in self.kinds {
            register(&mut catalog).map_err(Error::Kind)?;
        }
        let spec = Spec::parse_source(source, &self.settings)?;
        let graph = Graph::resolve(&spec, &catalog, library)?;
        let machine = self
            .machine
            .unwrap_or_else(|| motet_nodes::local_machine(self.workers));
        let options = PlanOptions {
            serial: false,
            profile: self.profile,
        };
        let plan = Plan::compile(&graph, &catalog, &machine, &options)?;
        let (plan, catalog) = (Arc::new(plan), Arc::new(catalog));
        Ok(Pipeline {
            spec,
            graph,
            plan,
            catalog,
            folder,
            executor: self.executor,
        })
    }
}
