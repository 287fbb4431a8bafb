//! A plan before the contract has been looked at: everything placed, ordered, and laid out in memory.

use std::time::Duration;

use super::{
    DeviceBytes, PlannedNode, Slot, SlotId, Step, memory, order, place, residence, session_bytes, small,
};
use crate::graph::Graph;
use crate::machine::{DeviceKind, Machine};

/// A plan before the contract has been looked at.
pub(super) struct Draft {
    pub(super) nodes: Vec<PlannedNode>,
    pub(super) steps: Vec<Step>,
    pub(super) slots: Vec<Slot>,
    pub(super) buffers: Vec<u64>,
    pub(super) memory: memory::MemoryPlan,
    pub(super) finish: Duration,
    pub(super) is_serial: bool,
}

impl Draft {
    pub(super) fn new(graph: &Graph, placement: place::Placement, is_serial: bool) -> Draft {
        let place::Placement {
            nodes: mut placed,
            finish,
        } = placement;
        let order = order::order(graph, &placed, is_serial);
        let scratch: Vec<u64> = placed.iter().map(|placed| placed.cost.scratch_bytes).collect();
        let memory = memory::plan(graph, &order, &scratch);
        let mut nodes = Vec::with_capacity(graph.nodes.len());
        let mut next_slot = graph.inputs.len();
        for (index, node) in graph.nodes.iter().enumerate() {
            let slots = next_slot..next_slot + node.signature.outputs.len();
            next_slot = slots.end;
            nodes.push(PlannedNode {
                name: node.name.clone(),
                agent: node.agent,
                kind: node.kind.clone(),
                params: node.params.clone(),
                signature: node.signature.clone(),
                feeds: node.feeds.clone(),
                equal_dims: node.equal_dims.clone(),
                when: node.when.clone(),
                on_error: node.on_error,
                device: placed[index].device,
                runner_up: placed[index].runner_up.take(),
                precision: placed[index].precision,
                width: placed[index].width,
                step: order.step_of[index],
                slots: slots.map(|slot| SlotId(small(slot))).collect(),
                scratch: memory.scratch[index],
                cost: placed[index].cost.clone(),
                estimate: placed[index].estimate,
                is_measured: placed[index].is_measured,
                finish: placed[index].finish,
            });
        }
        let mut slots = memory.slots.clone();
        residence::settle(graph, &placed, &mut slots);
        Draft {
            nodes,
            steps: order.steps,
            slots,
            buffers: memory.buffers.clone(),
            memory,
            finish,
            is_serial,
        }
    }

    pub(super) fn arena_bytes(&self) -> u64 {
        self.buffers.iter().sum()
    }

    pub(super) fn session_bytes(&self) -> u64 {
        session_bytes::of_pipeline(self.nodes.iter(), self.slots.len())
    }

    pub(super) fn device_bytes(&self, machine: &Machine) -> DeviceBytes {
        DeviceBytes::of(machine, &self.nodes, self.arena_bytes(), self.session_bytes())
    }

    pub(super) fn exceeds(&self, graph: &Graph, machine: &Machine) -> bool {
        let bytes = self.device_bytes(machine);
        let over = |kind, bound: &Option<(u64, _)>| {
            bound
                .as_ref()
                .is_some_and(|(max, _)| bytes.on(kind).total() > *max)
        };
        over(DeviceKind::Cpu, &graph.contract.memory_cpu_bytes)
            || over(DeviceKind::Gpu, &graph.contract.memory_gpu_bytes)
            || machine
                .devices()
                .any(|(id, device)| bytes.of_device(id).total() > device.memory_bytes)
    }
}
