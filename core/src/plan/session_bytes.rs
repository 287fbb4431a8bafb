//! What a session keeps beside weights, values and workspaces: an estimate, since nobody counts every name and list.
//!
//! It stands for the text of the pipeline, graph and plan, the tables of the catalog, steps with their leases, and the
//! queue of a lane. `core/tests/held.rs` holds the parts for nodes and slots against the allocator; `tests/memory.rs` of the
//! workspace holds the whole against it on every pipeline that comes with the project.

/// What is there whatever the pipeline: the catalog, the text of the file, and what nodes keep of parameters and cards.
/// With nodes and slots it covers the 121 to 147 KB that are measured for pipelines of four to seven nodes.
const BASE_BYTES: u64 = 128 << 10;

/// A node: its entry in the text, its names, parameters, ports and costs in graph and plan, its step, its turn in a trace.
const NODE_BYTES: u64 = 6 << 10;

/// A slot: its name, type and layout, and its state while a request is under way.
const SLOT_BYTES: u64 = 3 << 9;

/// Of a whole pipeline.
pub(super) fn of_pipeline(node_count: usize, slot_count: usize) -> u64 {
    BASE_BYTES + of_part(node_count, slot_count)
}

/// Of an agent within a pipeline.
pub(super) fn of_part(node_count: usize, slot_count: usize) -> u64 {
    NODE_BYTES * node_count as u64 + SLOT_BYTES * slot_count as u64
}
