//! What the author of a pipeline wrote, read but not yet resolved.
//!
//! [`Spec::parse`] turns text into a plain value. It knows the sections of the format and the form of every
//! entry; it does *not* know which kinds of node exist or whether names refer to anything. Every entry keeps
//! its [`Path`], so that later stages can point at the author's line.
//!
//! Invariant: names in a `Spec` are valid and unique among inputs, nodes and agents, and all counts are within
//! [`crate::limits`].

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostics, Source, Span};
use crate::placement::Precision;
use crate::port::{PortType, Privacy};
use crate::yaml::{Path, Place, Yaml};

mod contract;
mod node;
mod reader;
mod section;
mod settings;
mod sheet;

pub use settings::Settings;
pub use sheet::{Sheet, SheetSection};

/// A pipeline file.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The text, for spans.
    pub source: Arc<Source>,
    /// Name of the pipeline.
    pub pipeline: String,
    /// What it is for.
    pub about: Option<String>,
    /// What the pipeline promises.
    pub contract: Contract,
    /// What it takes.
    pub inputs: Vec<InputEntry>,
    /// Sub-pipelines it uses.
    pub agents: Vec<AgentEntry>,
    /// Its nodes.
    pub nodes: Vec<NodeEntry>,
    /// What it gives.
    pub outputs: Vec<OutputEntry>,
    /// Cases that must hold.
    pub tests: Vec<TestEntry>,
}

/// The promises of a pipeline or agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contract {
    /// Most bytes on the CPU.
    pub memory_cpu_bytes: Option<(u64, Path)>,
    /// Most bytes on GPUs.
    pub memory_gpu_bytes: Option<(u64, Path)>,
    /// Where data may leave the machine to; `Some` of an empty list means nowhere.
    pub egress: Option<(Vec<String>, Path)>,
    /// Outputs that a value of a class above `none` may reach.
    pub privacy: Vec<(Privacy, Vec<String>, Path)>,
    /// True where no request may be answered without a line in an audit log.
    pub is_audited: bool,
    /// Deadline of a whole request.
    pub deadline: Option<Duration>,
    /// Deadlines of single chains.
    pub chains: Vec<ChainEntry>,
}

/// A deadline from an input to a node.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainEntry {
    /// Its name.
    pub name: String,
    /// Inputs and nodes along the chain, first to last.
    pub stations: Vec<String>,
    /// From the arrival of the request to the end of the last node.
    pub deadline: Duration,
    /// Share of requests that must keep it, 0 to 1.
    pub quantile: f64,
    /// Share of the deadline to keep free in the estimate, 0 to 1.
    pub headroom: f64,
    /// Where it stands.
    pub path: Path,
}

/// An input of the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct InputEntry {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub port: PortType,
    /// Where it stands.
    pub path: Path,
}

/// A reference to something that gives a value: an input, a node, an agent, or one of their ports or fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The names between the dots; never empty.
    pub segments: Vec<String>,
    /// Where it stands.
    pub path: Path,
}

/// Where a node may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlaceWish {
    /// Where it is quickest within the contract.
    #[default]
    Auto,
    /// On the CPU.
    Cpu,
    /// On a GPU.
    Gpu,
}

/// How a node may compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrecisionWish {
    /// In the quickest precision whose accuracy the model's card admits.
    Auto,
    /// In this one.
    Exactly(Precision),
}

/// Nobody gives up accuracy without having said so.
impl Default for PrecisionWish {
    fn default() -> PrecisionWish {
        PrecisionWish::Exactly(Precision::F32)
    }
}

/// What to do when a node fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Outputs that need it fail.
    #[default]
    Fail,
    /// Its outputs are absent.
    Absent,
    /// Its outputs are those of the last firing that succeeded, absent before the first.
    LastGood,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeEntry {
    /// Its name.
    pub name: String,
    /// The kind it is of.
    pub kind: String,
    /// What it reads; without a name, the first input of the kind is meant.
    pub inputs: Vec<(Option<String>, Reference)>,
    /// Its parameters.
    pub with: Vec<(String, Yaml)>,
    /// It runs only when this holds.
    pub when: Option<String>,
    /// Where it may run.
    pub place: PlaceWish,
    /// How it may compute.
    pub precision: PrecisionWish,
    /// What happens when it fails.
    pub on_error: OnError,
    /// Where it stands.
    pub path: Path,
}

/// A sub-pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentEntry {
    /// Its name here.
    pub name: String,
    /// The folder of its pipeline, relative to this one.
    pub uses: String,
    /// What its inputs are connected to.
    pub inputs: Vec<(String, Reference)>,
    /// Values of its parameters.
    pub with: Vec<(String, Yaml)>,
    /// Where it stands.
    pub path: Path,
}

/// An output of the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputEntry {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub from: Reference,
}

/// A case that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct TestEntry {
    /// A sentence.
    pub name: String,
    /// A value for each input, or the name of a file with it.
    pub feed: Vec<(String, Yaml)>,
    /// What must be true of the outputs.
    pub expect: Vec<Expectation>,
    /// Where it stands.
    pub path: Path,
}

/// One thing that must be true of the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As written, for people.
    pub text: String,
    /// A condition over the outputs, as in `decision.action == 'stop'`.
    pub condition: String,
    /// Where it stands.
    pub path: Path,
}

impl Spec {
    /// Reads a pipeline file with the defaults of its parameters.
    ///
    /// # Errors
    /// Every fault of form, each with its place in the text.
    pub fn parse(text: &str) -> Result<Spec, Diagnostics> {
        Spec::parse_source(Source::new("pipeline.yaml", text), &Settings::default())
    }

    /// Reads a named pipeline file with settings for its parameters.
    ///
    /// # Errors
    /// Every fault of form, each with its place in the text.
    pub fn parse_source(source: Arc<Source>, settings: &Settings) -> Result<Spec, Diagnostics> {
        section::read(source, settings)
    }

    /// The text of the key or value at a path.
    pub fn span(&self, path: &Path, place: Place) -> Span {
        path.find(&self.source, place)
    }
}
