//! A graph with every decision taken: devices, order, memory, and the verdict on the contract.
//!
//! A [`Plan`] is a plain value: it can be printed, compared and stored, and the same graph, machine and options
//! give the same plan, byte for byte. The runtime makes no choice but which ready step goes next.
//!
//! Invariant: two slots share a buffer only if every reader of the one is an ancestor of the writer of the other,
//! so no timing of parallel nodes can make them meet.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::arena::BufferId;
use crate::catalog::{Catalog, Cost, Params, Signature};
use crate::diagnostic::{Diagnostics, Source};
use crate::expression::Expression;
use crate::graph::{Feed, Graph, NodeId, Producer};
use crate::machine::{DeviceId, Machine};
use crate::placement::{Placement, Precision};
use crate::port::{Layout, PortType};
use crate::profile::Profile;
use crate::spec::OnError;

mod budget;
mod candidate;
mod device_bytes;
mod draft;
mod exact;
mod input_dims;
mod memory;
mod order;
mod place;
mod print;
mod residence;
mod schedule;
mod session_bytes;
mod transfer;
mod verdict;

use device_bytes::DeviceBytes;
use draft::Draft;
pub use input_dims::InputDim;

/// Names a slot: the place of one value, written once per firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SlotId(pub u32);

impl SlotId {
    /// As an index into the slots of its plan.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names a step of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct StepId(pub u32);

impl StepId {
    /// As an index into the steps of its plan.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a plan is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanOptions {
    /// Plan for one node at a time: less memory, no parallelism.
    pub serial: bool,
    /// Measured times, in place of assumed speeds where they are there.
    pub profile: Option<Arc<Profile>>,
}

/// Why a way to run a node was not taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The request would end later, all other nodes staying where they are.
    Slower {
        /// When it would end, from its arrival.
        request: Duration,
    },
    /// The request would end at the same time, and all nodes together would work as long or longer.
    NoSooner,
    /// It would be better, but the search had reached its bound before it came to that.
    Unsought,
    /// More memory would be needed than contract and machine allow.
    Memory,
    /// Its accuracy is below what the model promises, or unknown; the text is the kind's.
    Accuracy(String),
}

/// The way to run a node that would have been second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunnerUp {
    /// Where.
    pub device: DeviceId,
    /// How.
    pub precision: Precision,
    /// Over how many workers.
    pub width: u16,
    /// Why not.
    pub lost: Lost,
}

/// A node with its decisions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedNode {
    /// Its name; in an agent `agent/name`.
    pub name: String,
    /// The agent it belongs to.
    pub agent: Option<usize>,
    /// The kind it is of.
    pub kind: String,
    /// Its parameters.
    pub params: Params,
    /// Its ports.
    pub signature: Signature,
    /// What arrives at each input.
    pub feeds: Vec<Option<Feed>>,
    /// Pairs of `(input, dimension)` that must have the same size.
    pub equal_dims: Vec<[(u16, u16); 2]>,
    /// It runs only when this holds.
    #[serde(serialize_with = "print::condition")]
    pub when: Option<Expression>,
    /// What happens when it fails.
    #[serde(serialize_with = "print::on_error")]
    pub on_error: OnError,
    /// Where it runs.
    pub device: DeviceId,
    /// What would have been second, where there was a choice.
    pub runner_up: Option<RunnerUp>,
    /// How it computes.
    pub precision: Precision,
    /// Over how many workers of its device a firing is split.
    pub width: u16,
    /// The step it is part of.
    pub step: StepId,
    /// Slots it writes, one per output.
    pub slots: Vec<SlotId>,
    /// Where its scratch memory lies, if it asked for any.
    pub scratch: Option<SlotId>,
    /// What a firing takes.
    pub cost: Cost,
    /// Estimated time of a firing.
    pub estimate: Duration,
    /// True where that was measured, false where it follows from assumed speeds.
    pub is_measured: bool,
    /// Estimated time from the arrival of the request to the end of this node.
    pub finish: Duration,
}

/// One or more nodes in a straight line on one device, handed over as one task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Its nodes, in order.
    pub nodes: Vec<NodeId>,
    /// Where it runs.
    pub device: DeviceId,
    /// Estimated time from its start to the end of everything that depends on it (HEFT upward rank).
    pub rank: Duration,
    /// Its place in the planned order of starts: of the steps that are ready, the one with the least goes first.
    pub turn: u32,
    /// Steps that must end before it starts.
    pub awaits: u32,
    /// Steps that wait for it.
    pub successors: Vec<StepId>,
}

/// Who writes a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotOwner {
    /// The request: the value of an input, by its index.
    Input(u16),
    /// A node: the value of one of its outputs.
    Output(NodeId, u16),
    /// A node, for itself: its scratch memory.
    Scratch(NodeId),
}

impl SlotOwner {
    /// The node that writes it.
    pub fn node(self) -> Option<NodeId> {
        match self {
            SlotOwner::Input(_) => None,
            SlotOwner::Output(node, _) | SlotOwner::Scratch(node) => Some(node),
        }
    }
}

impl From<Producer> for SlotOwner {
    fn from(producer: Producer) -> SlotOwner {
        match producer {
            Producer::Input(index) => SlotOwner::Input(index),
            Producer::Node(node, output) => SlotOwner::Output(node, output),
        }
    }
}

/// The place of one value, or of what a node scribbles while it runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slot {
    /// Who writes it.
    pub owner: SlotOwner,
    /// As printed: `mic`, `mel.frames`.
    pub name: String,
    /// What it carries; `None` for scratch memory.
    pub port: Option<PortType>,
    /// Where its parts lie in the buffer.
    #[serde(skip)]
    pub layout: Arc<Layout>,
    /// The buffer it lives in.
    pub buffer: BufferId,
    /// A second buffer with the last good value, for nodes with `on_error: last_good`.
    pub keep: Option<BufferId>,
    /// Nodes that read it; of scratch memory the owner alone.
    pub readers: Vec<NodeId>,
    /// True when it is given out and lives to the end of the firing.
    pub is_output: bool,
    /// One bit for each field whose elements may stay on the device of the node that writes it: whoever reads them is
    /// there as well.
    pub leavable: u64,
}

/// An input of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedInput {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub port: PortType,
    /// Where it goes.
    pub slot: SlotId,
}

/// An output of the pipeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedOutput {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub port: PortType,
    /// Where it comes from.
    pub slot: SlotId,
    /// The field given out, for one field of a record.
    pub field: Option<u16>,
}

/// Bytes by what they are for, on one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Weights, one copy per model.
    pub weights: u64,
    /// Buffers of the arena.
    pub buffers: u64,
    /// What nodes allocate for themselves.
    pub workspaces: u64,
    /// What a session keeps beside all these: names, tables, steps and leases. It is an estimate from the numbers of nodes
    /// and slots, and lies on the CPU alone.
    pub session: u64,
}

impl Bytes {
    /// All together.
    pub fn total(self) -> u64 {
        self.weights + self.buffers + self.workspaces + self.session
    }
}

/// What the plan takes and what the contract allows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryVerdict {
    /// On the CPU.
    pub cpu: Bytes,
    /// The contract's bound on that.
    pub cpu_bytes_max: Option<u64>,
    /// On all GPUs together.
    pub gpu: Bytes,
    /// The contract's bound on that.
    pub gpu_bytes_max: Option<u64>,
    /// What all slots would take without sharing.
    pub unshared_bytes: u64,
    /// No plan for these values can take less.
    pub lower_bound_bytes: u64,
    /// The largest contributor, for people.
    pub largest: String,
    /// True when nodes run one after the other, by wish or to fit the contract.
    pub is_serial: bool,
}

/// What a chain is estimated to take and what the contract allows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainVerdict {
    /// Its name.
    pub name: String,
    /// The nodes along it.
    pub nodes: Vec<NodeId>,
    /// From the arrival of the request to the end of the last node.
    pub deadline: Duration,
    /// Share of requests that must keep it.
    pub quantile: f64,
    /// The deadline less the headroom.
    pub allowed: Duration,
    /// The estimate, from assumed speeds.
    pub estimate: Duration,
}

/// What an agent takes of the whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentVerdict {
    /// Its name.
    pub name: String,
    /// What its nodes take, agents within it included, without sharing with others.
    pub cpu: Bytes,
    /// Its contract's bound on that.
    pub cpu_bytes_max: Option<u64>,
    /// What its nodes take on GPUs.
    pub gpu: Bytes,
    /// Its contract's bound on that.
    pub gpu_bytes_max: Option<u64>,
}

/// A compiled pipeline: see the module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Name of the pipeline.
    pub name: String,
    /// The machine it was made for.
    pub machine: Machine,
    /// What it takes.
    pub inputs: Vec<PlannedInput>,
    /// Dimensions of one name in several inputs, which must have one size.
    pub input_dims: Vec<(String, Vec<InputDim>)>,
    /// Its nodes, in topological order.
    pub nodes: Vec<PlannedNode>,
    /// Its steps, in an order they may run one after the other.
    pub steps: Vec<Step>,
    /// The places of all values.
    pub slots: Vec<Slot>,
    /// Bytes of each buffer.
    pub buffers: Vec<u64>,
    /// What it gives.
    pub outputs: Vec<PlannedOutput>,
    /// Deadline of a whole request.
    pub deadline: Option<Duration>,
    /// Estimated time from the arrival of a request to its end, outputs back on the CPU.
    pub finish: Duration,
    /// Memory, planned and allowed.
    pub memory: MemoryVerdict,
    /// Latency, estimated and allowed.
    pub chains: Vec<ChainVerdict>,
    /// What each agent takes.
    pub agents: Vec<AgentVerdict>,
    /// Where data leaves the machine to; empty means nowhere.
    pub egress: Vec<String>,
    /// True where the contract, or that of an agent, wants no answer without a line in an audit log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_audited: bool,
    /// What the author should look at.
    #[serde(skip)]
    pub warnings: Diagnostics,
    /// The pipeline's text, for the places of run-time faults.
    #[serde(skip)]
    pub source: Arc<Source>,
}

impl Plan {
    /// Decides devices, order and memory, and holds them against the contract.
    ///
    /// # Errors
    /// Diagnostics `MT03xx`: a device that is not there, memory or latency over the contract, egress that it does
    /// not allow, a kind that the catalog no longer has.
    pub fn compile(
        graph: &Graph,
        catalog: &Catalog,
        machine: &Machine,
        options: &PlanOptions,
    ) -> Result<Plan, Diagnostics> {
        let choices = candidate::choices(graph, catalog, machine, options.profile.as_deref())?;
        let draft = |is_serial, taken_bytes| {
            let frame = place::Frame {
                is_serial,
                taken_bytes,
            };
            Draft::new(graph, place::place(graph, machine, &choices, frame), is_serial)
        };
        let mut best = draft(options.serial, 0);
        // What arena and session take is known only now. Placed anew around it, some nodes may leave the CPU; and one after
        // the other, more values can share a buffer: slower, but within the contract and the machine.
        let has_choice = choices.iter().any(|choices| choices.open.len() > 1);
        for is_serial in [options.serial, true] {
            if is_serial != best.is_serial && best.exceeds(graph, machine) {
                best = draft(is_serial, 0);
            }
            if has_choice && best.exceeds(graph, machine) {
                best = draft(is_serial, best.arena_bytes() + best.session_bytes());
            }
        }
        verdict::finish(graph, catalog, machine, best)
    }

    /// The step a node is part of.
    pub fn step(&self, id: StepId) -> &Step {
        &self.steps[id.index()]
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<(NodeId, &PlannedNode)> {
        let index = self.nodes.iter().position(|node| node.name == name)?;
        Some((NodeId(u32::try_from(index).ok()?), &self.nodes[index]))
    }

    /// How a node runs.
    pub fn placement(&self, node: &PlannedNode) -> Placement {
        Placement {
            device: self.machine.device(node.device).kind,
            precision: node.precision,
            width: node.width,
        }
    }

    /// Bytes of the arena: all buffers.
    pub fn arena_bytes(&self) -> u64 {
        self.buffers.iter().sum()
    }
}

fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
