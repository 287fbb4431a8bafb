//! Which slots share a buffer.
//!
//! # Source
//! Greedy by size: Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference",
//! algorithm 2, with whole buffers as the shared objects. The conflict rule is ours: not overlap of lifetimes in
//! one serial order, which is wrong when nodes run in parallel, but *every reader of the one is an ancestor of the
//! writer of the other*.

use std::sync::Arc;

use super::order::{NodeSet, Order};
use super::{Slot, SlotId, SlotOwner, small};
use crate::arena::BufferId;
use crate::graph::{Feed, Graph, NodeId, Producer};
use crate::port::{Layout, PortType};
use crate::spec::OnError;

pub(super) struct MemoryPlan {
    pub(super) slots: Vec<Slot>,
    /// By node, the slot of its scratch memory.
    pub(super) scratch: Vec<Option<SlotId>>,
    pub(super) buffers: Vec<u64>,
    pub(super) unshared_bytes: u64,
    pub(super) lower_bound_bytes: u64,
}

/// Shares buffers among the values of a graph and the scratch memory of its nodes, given in bytes by node.
pub(super) fn plan(graph: &Graph, order: &Order, scratch_bytes: &[u64]) -> MemoryPlan {
    let mut slots = slots(graph);
    let scratch = scratch(graph, scratch_bytes, &mut slots);
    let mut by_size: Vec<usize> = (0..slots.len()).collect();
    by_size.sort_by_key(|slot| (std::cmp::Reverse(slots[*slot].layout.bytes), *slot));
    let mut buffers: Vec<(u64, Vec<usize>)> = Vec::new();
    for slot in by_size {
        let bytes = slots[slot].layout.bytes as u64;
        // Every buffer is at least this large by now; the smallest that is free of conflicts wastes least.
        let fits = |(_, others): &&mut (u64, Vec<usize>)| {
            others
                .iter()
                .all(|other| can_share(&slots[*other], &slots[slot], &order.before))
        };
        let best = buffers.iter_mut().filter(fits).min_by_key(|(bytes, _)| *bytes);
        match best {
            Some((_, others)) => others.push(slot),
            None => buffers.push((bytes, vec![slot])),
        }
    }
    for (buffer, (_, sharing)) in buffers.iter().enumerate() {
        sharing
            .iter()
            .for_each(|slot| slots[*slot].buffer = BufferId(small(buffer)));
    }
    let mut unshared_bytes: u64 = slots.iter().map(|slot| slot.layout.bytes as u64).sum();
    let mut lower_bound_bytes = lower_bound(graph, &slots, &order.before);
    let mut buffers: Vec<u64> = buffers.into_iter().map(|(bytes, _)| bytes).collect();
    for slot in &mut slots {
        if let SlotOwner::Output(node, _) = slot.owner
            && graph.nodes[node.index()].on_error == OnError::LastGood
        {
            // It lives from firing to firing and shares with nobody, in any plan.
            let bytes = slot.layout.bytes as u64;
            slot.keep = Some(BufferId(small(buffers.len())));
            buffers.push(bytes);
            unshared_bytes += bytes;
            lower_bound_bytes += bytes;
        }
    }
    MemoryPlan {
        slots,
        scratch,
        buffers,
        unshared_bytes,
        lower_bound_bytes,
    }
}

/// Adds one slot for every node that needs scratch memory. Its one reader is its writer, so it may share a buffer with
/// whatever is dead before the node begins or written after it has ended.
fn scratch(graph: &Graph, scratch_bytes: &[u64], slots: &mut Vec<Slot>) -> Vec<Option<SlotId>> {
    let nodes = graph.nodes.iter().zip(scratch_bytes).enumerate();
    let added = nodes.map(|(index, (node, bytes))| {
        if *bytes == 0 {
            return None;
        }
        let (slot, node_id) = (SlotId(small(slots.len())), NodeId(small(index)));
        slots.push(Slot {
            owner: SlotOwner::Scratch(node_id),
            name: format!("{} scratch", node.name),
            port: None,
            layout: Arc::new(Layout::scratch(usize::try_from(*bytes).unwrap_or(usize::MAX / 2))),
            buffer: BufferId(0),
            keep: None,
            readers: vec![node_id],
            is_output: false,
            leavable: 0,
        });
        Some(slot)
    });
    added.collect()
}

/// One slot per input and per output of a node, in that order, with buffers still to be chosen.
fn slots(graph: &Graph) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (index, input) in graph.inputs.iter().enumerate() {
        let producer = Producer::Input(u16::try_from(index).unwrap_or(u16::MAX));
        slots.push(new_slot(producer, input.name.clone(), &input.port));
    }
    let mut first_of_node = Vec::with_capacity(graph.nodes.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        first_of_node.push(slots.len());
        for (output, spec) in node.signature.outputs.iter().enumerate() {
            let producer = Producer::Node(NodeId(small(index)), u16::try_from(output).unwrap_or(u16::MAX));
            let name = match node.signature.outputs.len() {
                1 => node.name.clone(),
                _ => format!("{}.{}", node.name, spec.name),
            };
            slots.push(new_slot(producer, name, &spec.port));
        }
    }
    let slot_of = |feed: &Feed| match feed.producer {
        Producer::Input(index) => usize::from(index),
        Producer::Node(node, output) => first_of_node[node.index()] + usize::from(output),
    };
    for (index, node) in graph.nodes.iter().enumerate() {
        for feed in node.feeds.iter().flatten() {
            let readers = &mut slots[slot_of(feed)].readers;
            let reader = NodeId(small(index));
            if readers.last() != Some(&reader) {
                readers.push(reader);
            }
        }
    }
    for output in &graph.outputs {
        slots[slot_of(&output.feed)].is_output = true;
    }
    slots
}

fn new_slot(producer: Producer, name: String, port: &PortType) -> Slot {
    Slot {
        owner: producer.into(),
        name,
        port: Some(port.clone()),
        layout: Arc::new(Layout::of(port)),
        buffer: BufferId(0),
        keep: None,
        readers: Vec::new(),
        is_output: false,
        leavable: 0,
    }
}

fn can_share(a: &Slot, b: &Slot, before: &[NodeSet]) -> bool {
    ends_before(a, b, before) || ends_before(b, a, before)
}

/// Whether nobody needs `first` any more when `then` is written, whatever the timing.
fn ends_before(first: &Slot, then: &Slot, before: &[NodeSet]) -> bool {
    let Some(writer) = then.owner.node() else {
        return false;
    };
    if first.is_output {
        return false;
    }
    let before = &before[writer.index()];
    let written = first
        .owner
        .node()
        .is_none_or(|node| before.contains(node.index()));
    written && first.readers.iter().all(|reader| before.contains(reader.index()))
}

/// The most bytes that certainly live at the same time, whatever the timing: those of the values that were written
/// before some node begins, or by it, and are read by it or after it.
fn lower_bound(graph: &Graph, slots: &[Slot], before: &[NodeSet]) -> u64 {
    let live = |node: usize| -> u64 {
        let is_live = |slot: &&Slot| {
            let writer = slot.owner.node().map(NodeId::index);
            let written = writer.is_none_or(|writer| writer == node || before[node].contains(writer));
            let needed = |reader: &NodeId| reader.index() == node || before[reader.index()].contains(node);
            let by_it = writer == Some(node);
            written && (by_it || slot.is_output || slot.readers.iter().any(needed))
        };
        slots
            .iter()
            .filter(is_live)
            .map(|slot| slot.layout.bytes as u64)
            .sum()
    };
    (0..graph.nodes.len()).map(live).max().unwrap_or(0)
}
