//! The memory that nodes may take on each device, before arena and session are planned.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use crate::graph::Graph;
use crate::machine::{DeviceKind, Machine};

/// Most bytes of weights and workspaces.
pub(super) struct Budget {
    /// By device.
    device_bytes: Vec<u64>,
    is_gpu: Vec<bool>,
    /// On all GPUs together.
    gpu_bytes: u64,
}

/// What the nodes placed so far take.
#[derive(Clone)]
pub(super) struct Usage<'a> {
    device_bytes: Vec<u64>,
    weights: BTreeSet<(u16, &'a str)>,
}

impl Budget {
    /// What contract and machine leave once arena and session have this many bytes of the CPU's memory.
    pub(super) fn of(graph: &Graph, machine: &Machine, taken_bytes: u64) -> Budget {
        let contract = &graph.contract;
        let bound = |bound: &Option<(u64, _)>| bound.as_ref().map_or(u64::MAX, |(bytes, _)| *bytes);
        let device_bytes = machine.devices().map(|(_, device)| match device.kind {
            DeviceKind::Cpu => {
                let bytes = device.memory_bytes.min(bound(&contract.memory_cpu_bytes));
                bytes.saturating_sub(taken_bytes)
            }
            DeviceKind::Gpu => device.memory_bytes,
        });
        Budget {
            device_bytes: device_bytes.collect(),
            is_gpu: machine
                .devices()
                .map(|(_, device)| device.kind == DeviceKind::Gpu)
                .collect(),
            gpu_bytes: bound(&contract.memory_gpu_bytes),
        }
    }

    /// Nothing is used yet.
    pub(super) fn usage<'a>(&self) -> Usage<'a> {
        Usage {
            device_bytes: vec![0; self.device_bytes.len()],
            weights: BTreeSet::new(),
        }
    }

    /// Bytes above the bounds.
    pub(super) fn overflow(&self, usage: &Usage<'_>) -> u64 {
        let over = self.device_bytes.iter().zip(&usage.device_bytes);
        let over = over
            .map(|(max, bytes)| bytes.saturating_sub(*max))
            .fold(0, u64::saturating_add);
        let gpu = self.is_gpu.iter().zip(&usage.device_bytes);
        let gpu = gpu
            .filter(|(is_gpu, _)| **is_gpu)
            .map(|(_, bytes)| *bytes)
            .fold(0, u64::saturating_add);
        over.saturating_add(gpu.saturating_sub(self.gpu_bytes))
    }
}

impl<'a> Usage<'a> {
    /// Places one more node; weights of one key count once on each device.
    pub(super) fn add(&mut self, candidate: &'a Candidate) {
        let mut bytes = candidate.cost.workspace_bytes;
        if let Some(weights) = &candidate.cost.weights
            && self.weights.insert((candidate.device.0, weights.key.as_str()))
        {
            bytes = bytes.saturating_add(weights.bytes);
        }
        let used = &mut self.device_bytes[usize::from(candidate.device.0)];
        *used = used.saturating_add(bytes);
    }
}
