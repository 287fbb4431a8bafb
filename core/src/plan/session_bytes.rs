//! What a session keeps beside weights, values and workspaces: an estimate, since nobody counts every name and list.
//!
//! It stands for the text of the pipeline, graph and plan, the tables of the catalog, steps with their leases, and the
//! queue of a lane. `core/tests/held.rs` holds the parts for nodes and slots against the allocator; `tests/memory.rs` of the
//! workspace holds the whole against it on four pipelines that come with the project.

use super::PlannedNode;
use crate::catalog::Signature;

/// What is there whatever the pipeline: the catalog, the text of the file, and what nodes keep of parameters and cards.
/// With nodes and slots it covers the 121 to 151 KB that are measured for pipelines of four to seven nodes.
const BASE_BYTES: u64 = 132 << 10;

/// A node: its entry in the text, its names, parameters, ports and costs in graph and plan, its step, its turn in a trace.
const NODE_BYTES: u64 = 6 << 10;

/// A slot: its name, type and layout, and its state while a request is under way.
const SLOT_BYTES: u64 = 3 << 9;

/// A field of a port beyond [`FIELDS_COVERED`]: its name and type, in the graph and in the plan.
const FIELD_BYTES: u64 = 640;

/// Fields of a port that the bytes of nodes and slots cover.
const FIELDS_COVERED: usize = 8;

/// Of a whole pipeline.
pub(super) fn of_pipeline<'a>(nodes: impl Iterator<Item = &'a PlannedNode>, slot_count: usize) -> u64 {
    BASE_BYTES + of_part(nodes, slot_count)
}

/// Of an agent within a pipeline.
pub(super) fn of_part<'a>(nodes: impl Iterator<Item = &'a PlannedNode>, slot_count: usize) -> u64 {
    let node_bytes = nodes.map(|node| NODE_BYTES + FIELD_BYTES * fields_beyond(&node.signature));
    SLOT_BYTES * slot_count as u64 + node_bytes.sum::<u64>()
}

/// Fields of all ports of a node beyond those that are covered.
fn fields_beyond(signature: &Signature) -> u64 {
    let inputs = signature.inputs.iter().filter_map(|input| input.port.as_ref());
    let ports = inputs.chain(signature.outputs.iter().map(|output| &output.port));
    ports
        .map(|port| port.tensors().count().saturating_sub(FIELDS_COVERED) as u64)
        .sum()
}
