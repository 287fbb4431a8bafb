//! What a plan takes on each device.

use std::collections::BTreeMap;

use super::{Bytes, PlannedNode};
use crate::machine::{DeviceId, DeviceKind, Machine};

/// Bytes by device; arena and session lie on the CPU.
pub(super) struct DeviceBytes {
    by_device: Vec<(DeviceKind, Bytes)>,
}

impl DeviceBytes {
    /// What these nodes take beside buffers and a session of these sizes; weights of one key count once on each device.
    pub(super) fn of<'a>(
        machine: &Machine,
        nodes: impl IntoIterator<Item = &'a PlannedNode>,
        buffers: u64,
        session: u64,
    ) -> DeviceBytes {
        let empty = machine
            .devices()
            .map(|(_, device)| (device.kind, Bytes::default()));
        let mut by_device: Vec<(DeviceKind, Bytes)> = empty.collect();
        if let Some((_, cpu)) = by_device.first_mut() {
            (cpu.buffers, cpu.session) = (buffers, session);
        }
        let mut weights = BTreeMap::new();
        for node in nodes {
            by_device[usize::from(node.device.0)].1.workspaces += node.cost.workspace_bytes;
            if let Some(shared) = &node.cost.weights {
                weights.insert((node.device, shared.key.as_str()), shared.bytes);
            }
            if let Some(shared) = &node.cost.fallback {
                weights.insert((DeviceId(0), shared.key.as_str()), shared.bytes);
            }
        }
        for ((device, _), bytes) in weights {
            by_device[usize::from(device.0)].1.weights += bytes;
        }
        DeviceBytes { by_device }
    }

    /// On all devices of a kind together.
    pub(super) fn on(&self, kind: DeviceKind) -> Bytes {
        let devices = self.by_device.iter().filter(|(other, _)| *other == kind);
        devices.fold(Bytes::default(), |sum, (_, bytes)| Bytes {
            weights: sum.weights + bytes.weights,
            buffers: sum.buffers + bytes.buffers,
            workspaces: sum.workspaces + bytes.workspaces,
            session: sum.session + bytes.session,
        })
    }

    /// On one device.
    pub(super) fn of_device(&self, device: DeviceId) -> Bytes {
        self.by_device[usize::from(device.0)].1
    }
}
