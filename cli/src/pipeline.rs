//! A pipeline from its folder to a plan: the arrows `parse`, `resolve` and `compile` in one call.

use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

use motet_core::catalog::{BuildError, Catalog, DuplicateKind, NodeKind};
use motet_core::diagnostic::{Diagnostics, Source};
use motet_core::graph::{Graph, Library, NoLibrary};
use motet_core::machine::{DeviceKind, Machine};
use motet_core::plan::{Plan, PlanOptions};
use motet_core::profile::Profile;
use motet_core::session::OpenError;
use motet_core::spec::{PlaceWish, Settings, Spec};
use motet_nodes::{Cpu, Gpu, Loaded, ModelFolders, ModelSources};

#[cfg(unix)]
use crate::auditor::{AuditSettings, Auditor};
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
    options: PlanOptions,
    sources: ModelSources,
    #[cfg(unix)]
    audit: Option<Arc<Audited>>,
}

/// The audit log of a pipeline: opened by its first runner, and shared by all.
#[cfg(unix)]
struct Audited {
    settings: AuditSettings,
    opened: Mutex<Option<Auditor>>,
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
            sources: ModelSources::default(),
            settings: Settings::default(),
            workers: None,
            machine: None,
            profile: None,
            executor: ExecutorChoice::Parallel,
            #[cfg(unix)]
            audit: None,
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

    /// The instructions that its nets are computed with.
    pub(crate) fn cpu(&self) -> Cpu {
        self.sources.cpu
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

    /// Builds the nodes and allocates all memory, to run requests one at a time. Where a GPU does not do a node's work as
    /// the CPU does, the pipeline is planned anew without it, if its author left that open; [`Runner::remarks`] says so.
    ///
    /// # Errors
    /// [`Error::Open`] names the node that could not be built; [`Error::Threads`] when no worker could be started;
    /// [`Error::Audit`] when the audit log cannot be written.
    #[cfg(unix)]
    pub fn runner(&self) -> Result<Runner, Error> {
        let runner = self.unaudited()?;
        let Some(audit) = &self.audit else {
            return Ok(runner);
        };
        let mut opened = audit.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let auditor = match &*opened {
            Some(auditor) => auditor.clone(),
            None => opened
                .insert(Auditor::open(&audit.settings, self, &self.sources)?)
                .clone(),
        };
        Ok(runner.audited(auditor))
    }

    /// As on other systems, but without an audit log.
    #[cfg(not(unix))]
    pub fn runner(&self) -> Result<Runner, Error> {
        self.unaudited()
    }

    fn unaudited(&self) -> Result<Runner, Error> {
        let opened = Runner::open(Arc::clone(&self.plan), &self.catalog, self.executor);
        let Err(Error::Open(OpenError::Build {
            node,
            cause: cause @ BuildError::Device { .. },
        })) = opened
        else {
            return opened;
        };
        let machine = self.plan.machine.clone().without_gpus();
        let Ok(plan) = Plan::compile(&self.graph, &self.catalog, &machine, &self.options) else {
            return Err(Error::Open(OpenError::Build { node, cause }));
        };
        let remark = format!("{cause}; everything is planned on the CPU instead");
        tracing::warn!("node `{node}`: {remark}");
        let runner = Runner::open(Arc::new(plan), &self.catalog, self.executor)?;
        Ok(runner.remarking(node, remark))
    }
}

/// Adds a kind to a catalog.
type Register = Box<dyn FnOnce(&mut Catalog) -> Result<(), DuplicateKind> + Send>;

/// How a pipeline is to be compiled and run.
pub struct Builder {
    kinds: Vec<Register>,
    weights: Vec<PathBuf>,
    sources: ModelSources,
    settings: Settings,
    workers: Option<u32>,
    machine: Option<Machine>,
    profile: Option<Arc<Profile>>,
    executor: ExecutorChoice,
    #[cfg(unix)]
    audit: Option<AuditSettings>,
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
        self.sources.cpu = cpu;
        self
    }

    /// Shares models with all other pipelines that are given the same: weights that several of them name are in memory
    /// once.
    #[must_use]
    pub fn share(mut self, loaded: &Loaded) -> Builder {
        self.sources.loaded = loaded.clone();
        self
    }

    /// Lets nodes run on this GPU, where there is one; without this no GPU is looked for. It is looked for when the first
    /// pipeline has a use for it. Give all pipelines of a process the same.
    #[must_use]
    pub fn gpu(mut self, gpu: &Gpu) -> Builder {
        self.sources.gpu = gpu.clone();
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

    /// Notes every request in an audit log before it runs, and its end before its answer is handed out.
    #[cfg(unix)]
    #[must_use]
    pub fn audit(mut self, settings: AuditSettings) -> Builder {
        self.audit = Some(settings);
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
        let mut sources = self.sources;
        sources.folders = ModelFolders {
            cards: beside.chain(self.weights.iter().cloned()).collect(),
            weights: self.weights,
            files: folder.clone(),
        };
        let mut catalog = motet_nodes::catalog_with(&sources);
        for register in self.kinds {
            register(&mut catalog).map_err(Error::Kind)?;
        }
        let spec = Spec::parse_source(source, &self.settings)?;
        let graph = Graph::resolve(&spec, &catalog, library)?;
        let machine = self.machine.unwrap_or_else(|| {
            let machine = motet_nodes::local_machine(self.workers);
            match uses_gpu(&graph, &catalog).then(|| sources.gpu.device()) {
                Some(Ok(gpu)) => machine.with(gpu),
                Some(Err(why)) => {
                    let is_asked = graph.nodes.iter().any(|node| node.place == PlaceWish::Gpu);
                    if is_asked {
                        tracing::warn!("`place: gpu`, but no GPU can be used: {why}");
                    }
                    machine
                }
                None => machine,
            }
        });
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
            options,
            sources,
            #[cfg(unix)]
            audit: self.audit.map(|settings| {
                Arc::new(Audited {
                    settings,
                    opened: Mutex::default(),
                })
            }),
        })
    }
}

/// Whether any node could run on a GPU if there were one.
fn uses_gpu(graph: &Graph, catalog: &Catalog) -> bool {
    graph.nodes.iter().any(|node| {
        let kind = catalog.get(&node.kind);
        node.place != PlaceWish::Cpu && kind.is_some_and(|kind| kind.devices().contains(&DeviceKind::Gpu))
    })
}

#[cfg(test)]
mod tests {
    use motet_core::catalog::{
        ConnectedInput, Cost, InputSpecs, KindFault, OutputSpec, ParamSpec, Params, Signature,
    };
    use motet_core::machine::Device;
    use motet_core::node::{Inputs, Node, NodeError, Outputs};
    use motet_core::placement::Placement;
    use motet_core::port::{Element, TensorType};
    use motet_core::value::Value;

    use super::*;

    /// Gives a number; on a GPU it finds that the GPU computes wrongly.
    struct Fussy;

    impl NodeKind for Fussy {
        fn name(&self) -> &str {
            "test/fussy"
        }

        fn about(&self) -> &str {
            "Gives a number."
        }

        fn params(&self) -> Vec<ParamSpec> {
            Vec::new()
        }

        fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
            Ok(InputSpecs::default())
        }

        fn outputs(&self, _: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
            Ok(vec![OutputSpec::new("y", TensorType::scalar(Element::F32))])
        }

        fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
            Cost {
                flops: 1_000_000_000,
                ..Cost::default()
            }
        }

        fn devices(&self) -> &[DeviceKind] {
            &[DeviceKind::Cpu, DeviceKind::Gpu]
        }

        fn build(&self, _: &Params, _: &Signature, placed: &Placement) -> Result<Box<dyn Node>, BuildError> {
            match placed.device {
                DeviceKind::Cpu => Ok(Box::new(Fussy)),
                DeviceKind::Gpu => Err(BuildError::Device {
                    device: "gpu0".to_owned(),
                    reason: "its answers are off".to_owned(),
                }),
            }
        }
    }

    impl Node for Fussy {
        fn run(&mut self, _: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
            outputs.tensor::<f32>(0, &[])?.fill(7.0);
            Ok(())
        }
    }

    fn placed(place: &str) -> Pipeline {
        let gpu = Device {
            name: "gpu0".to_owned(),
            kind: DeviceKind::Gpu,
            workers: 1,
            memory_bytes: 1 << 30,
            flops_per_second: 1e12,
            overhead_seconds: 1e-6,
            transfer_bytes_per_second: 1e9,
            is_software: false,
        };
        let text = format!(
            "motet: 1\npipeline: fussy\ninputs: {{}}\nnodes: {{n: {{kind: test/fussy, place: {place}}}}}\noutputs: {{y: n}}\n"
        );
        let builder = Pipeline::builder()
            .machine(Machine::cpu(1, 1 << 30).with(gpu))
            .executor(ExecutorChoice::Sequential)
            .kind(Fussy);
        builder.text(&text).unwrap()
    }

    #[test]
    fn a_gpu_that_computes_wrongly_is_planned_around_and_that_is_said() {
        let pipeline = placed("auto");
        assert_eq!(
            pipeline.plan().nodes[0].device.0,
            1,
            "the plan would have liked the GPU"
        );
        let mut runner = pipeline.runner().unwrap();
        assert_eq!(runner.plan().nodes[0].device.0, 0);
        let remarks = runner.remarks();
        assert_eq!(remarks[0].0, "n");
        assert!(
            remarks[0].1.contains("off; everything is planned on the CPU"),
            "{remarks:?}"
        );
        let request = motet_core::execute::Request::new();
        assert_eq!(runner.run(&request).unwrap().value("y"), Some(Value::number(7.0)));
    }

    #[test]
    fn a_gpu_that_is_asked_for_and_computes_wrongly_is_an_error_with_a_code() {
        let Err(error) = placed("gpu").runner() else {
            panic!("the runner was opened")
        };
        assert_eq!(error.code(), Some("MT0417"));
        assert!(error.to_string().contains("its answers are off"), "{error}");
    }
}
