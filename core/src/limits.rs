//! Every bound of the compiler and the runtime, in one place.
//!
//! A pipeline that passes these limits has a memory bound that fits in 64 bits and a graph that every
//! algorithm in this crate handles without recursion deeper than [`DEPTH_MAX`].

/// Longest pipeline file, in bytes.
pub const SPEC_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of YAML collections.
pub const DEPTH_MAX: usize = 24;
/// Most nodes in a graph, sub-pipelines included.
pub const NODES_MAX: usize = 2_048;
/// Most edges in a graph.
pub const EDGES_MAX: usize = 16_384;
/// Most inputs of a pipeline.
pub const INPUTS_MAX: usize = 64;
/// Most dimensions of a tensor.
pub const DIMS_MAX: usize = 6;
/// Most elements along one dimension.
pub const DIM_MAX: u32 = 1 << 28;
/// Most bytes one port may carry.
pub const PORT_BYTES_MAX: u64 = 1 << 30;
/// Most fields of a record, and most inputs of a node (an expression keeps them in a 64-bit set).
pub const FIELDS_MAX: usize = 64;
/// Longest name of a pipeline, node, port, field or parameter, in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// Longest text value of a parameter, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// Most agents of a pipeline, those of agents included.
pub const AGENTS_MAX: usize = 256;
/// Deepest nesting of agents within agents.
pub const AGENT_DEPTH_MAX: usize = 4;
/// Most faults reported for one file; the rest are counted.
pub const DIAGNOSTICS_MAX: usize = 100;
/// Longest file of measured times, in bytes.
pub const PROFILE_BYTES_MAX: usize = 8 << 20;
/// Most measured times in one file.
pub const PROFILE_ROWS_MAX: usize = 1 << 16;
/// Most worker threads of one lane.
pub const WORKERS_MAX: usize = 256;
/// Most steps that wait in the queue of one lane, those of all sessions together; further ones wait in their sessions.
pub const LANE_STEPS_MAX: usize = 512;

/// Every arena buffer, and every field inside one, starts on a multiple of this many bytes.
pub const ALIGNMENT_BYTES: usize = 64;
