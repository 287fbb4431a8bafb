//! Names resolved and types checked: a pipeline with its sub-pipelines as one acyclic graph.
//!
//! [`Graph::resolve`] expands agents, finds what every reference means, orders the nodes, asks each kind for its
//! ports and checks every edge. It reports all faults at once. Nothing after it knows the word *agent* but for
//! accounting.
//!
//! Invariant: nodes are stored in topological order, so every feed of a node comes from an input or from a node
//! with a smaller [`NodeId`].

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::catalog::{Catalog, Params, Signature};
use crate::diagnostic::{Diagnostics, Source, Span};
use crate::expression::Expression;
use crate::port::PortType;
use crate::spec::{Contract, OnError, PlaceWish, PrecisionWish, Spec};
use crate::yaml::{Path, Place};

mod check;
mod connect;
mod flatten;
mod refer;

/// Names a node of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index into the nodes of its graph or plan.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What gives a value: an input of the pipeline or an output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Producer {
    /// Index of a pipeline input.
    Input(u16),
    /// An output of a node.
    Node(NodeId, u16),
}

/// What arrives at an input: all of what a producer gives, or one field of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// What gives it.
    pub producer: Producer,
    /// The field meant, for a record of which one field is read.
    pub field: Option<u16>,
}

/// An entry's place in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The text.
    pub source: Arc<Source>,
    /// The place in it.
    pub path: Path,
}

impl Located {
    /// The text of its key or value.
    pub fn span(&self, place: Place) -> Span {
        self.path.find(&self.source, place)
    }
}

/// An input of the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphInput {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub port: PortType,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphNode {
    /// Its name; in an agent `agent/name`.
    pub name: String,
    /// The agent it belongs to, as an index into [`Graph::agents`].
    pub agent: Option<usize>,
    /// The kind it is of.
    pub kind: String,
    /// Its parameters, defaults included.
    pub params: Params,
    /// Its ports.
    pub signature: Signature,
    /// What arrives at each input of the signature.
    pub feeds: Vec<Option<Feed>>,
    /// Pairs of `(input, dimension)` that must have the same size at run time.
    pub equal_dims: Vec<[(u16, u16); 2]>,
    /// It runs only when this holds.
    pub when: Option<Expression>,
    /// Where it may run.
    pub place: PlaceWish,
    /// How it may compute.
    pub precision: PrecisionWish,
    /// What happens when it fails.
    pub on_error: OnError,
    /// Where it stands.
    pub at: Located,
}

/// An output of the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphOutput {
    /// Its name.
    pub name: String,
    /// What it gives.
    pub feed: Feed,
    /// The type of that.
    pub port: PortType,
}

/// A sub-pipeline after expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphAgent {
    /// Its name; within another agent `outer/inner`.
    pub name: String,
    /// The agent it is used by, as an index into [`Graph::agents`].
    pub parent: Option<usize>,
    /// What it promises.
    pub contract: Contract,
    /// Where its own file is; the paths of its contract lie there.
    pub source: Arc<Source>,
}

/// A deadline along a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphChain {
    /// Its name; in an agent `agent/name`.
    pub name: String,
    /// The nodes along it, first to last.
    pub nodes: Vec<NodeId>,
    /// From the arrival of the request to the end of the last node.
    pub deadline: Duration,
    /// Share of requests that must keep it.
    pub quantile: f64,
    /// Share of the deadline to keep free in the estimate.
    pub headroom: f64,
    /// Where it stands.
    pub at: Located,
}

/// A condition that a test makes over the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphExpectation {
    /// As written.
    pub text: String,
    /// The same, checked; its inputs are the outputs of the pipeline in order.
    pub condition: Expression,
}

/// A resolved pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Name of the pipeline.
    pub name: String,
    /// Its text.
    pub source: Arc<Source>,
    /// What it promises.
    pub contract: Contract,
    /// What it takes.
    pub inputs: Vec<GraphInput>,
    /// Its nodes in topological order, those of agents included.
    pub nodes: Vec<GraphNode>,
    /// What it gives.
    pub outputs: Vec<GraphOutput>,
    /// Its sub-pipelines.
    pub agents: Vec<GraphAgent>,
    /// Its deadlines, those of agents included.
    pub chains: Vec<GraphChain>,
    /// For each test of the spec, its conditions.
    pub expectations: Vec<Vec<GraphExpectation>>,
    /// What the author should look at.
    pub warnings: Diagnostics,
}

/// Reads the files of agents. Paths are relative to the folder of the file that names them, and an implementation
/// refuses a path that leaves the folder all pipelines are in.
pub trait Library {
    /// The pipeline file in folder `uses`, seen from folder `base`; `base` is empty for the first file.
    ///
    /// # Errors
    /// [`LibraryError`].
    fn find(&self, base: &str, uses: &str) -> Result<LibraryEntry, LibraryError>;
}

/// A pipeline file that a [`Library`] found.
#[derive(Clone, Debug)]
pub struct LibraryEntry {
    /// The folder it lies in, to be given back as `base`; equal folders have equal names.
    pub base: String,
    /// Its text.
    pub source: Arc<Source>,
}

/// Why an agent's file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// There is no such file.
    #[error("there is no pipeline in `{0}`")]
    Missing(String),
    /// The path leads out of the folder of pipelines.
    #[error("`{0}` leads out of the folder of pipelines")]
    Outside(String),
    /// The file is there and cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// As named.
        path: String,
        /// Why.
        reason: String,
    },
}

/// A library without files, for pipelines without agents.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLibrary;

impl Library for NoLibrary {
    fn find(&self, _base: &str, uses: &str) -> Result<LibraryEntry, LibraryError> {
        Err(LibraryError::Missing(uses.to_owned()))
    }
}

impl Graph {
    /// Resolves a pipeline and the sub-pipelines it uses.
    ///
    /// # Errors
    /// Every fault: unknown names and kinds, faulty parameters, edges whose ends do not agree, cycles, broken
    /// chains and tests.
    pub fn resolve(spec: &Spec, catalog: &Catalog, library: &dyn Library) -> Result<Graph, Diagnostics> {
        let mut faults = Diagnostics::new();
        let flat = flatten::flatten(spec, library, &mut faults);
        let order = connect::order(&flat, &mut faults);
        let mut connected = connect::connect(&flat, &order, catalog, &mut faults);
        let outputs = check::outputs(&flat, &connected, &mut faults);
        let chains = check::chains(&flat, &connected, &mut faults);
        let expectations = check::expectations(&flat, &outputs, &mut faults);
        check::limits(&flat, &connected, &mut faults);
        check::unused(&flat, &connected, &outputs, &mut faults);
        let nodes = connected.take_nodes();
        let inputs = spec.inputs.iter();
        let inputs = inputs.map(|entry| GraphInput {
            name: entry.name.clone(),
            port: entry.port.clone(),
        });
        let graph = Graph {
            name: spec.pipeline.clone(),
            source: Arc::clone(&spec.source),
            contract: spec.contract.clone(),
            inputs: inputs.collect(),
            nodes,
            outputs: outputs.into_iter().flatten().collect(),
            agents: flat.agents(),
            chains,
            expectations,
            warnings: Diagnostics::new(),
        };
        let (mut graph, warnings) = faults.or(graph)?;
        graph.warnings = warnings;
        Ok(graph)
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&GraphNode> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// What a producer gives.
    pub fn port(&self, producer: Producer) -> &PortType {
        match producer {
            Producer::Input(index) => &self.inputs[usize::from(index)].port,
            Producer::Node(node, output) => {
                &self.nodes[node.index()].signature.outputs[usize::from(output)].port
            }
        }
    }
}
