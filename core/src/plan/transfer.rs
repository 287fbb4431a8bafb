//! What a plan charges for moving values between devices.

use std::time::Duration;

use super::{Plan, PlannedNode, Slot, SlotOwner};
use crate::graph::Producer;
use crate::machine::DeviceId;
use crate::port::TensorType;

impl Plan {
    /// The time that the estimates of the plan charge, beside the node's own, for what it reads from another device and for
    /// what it gives to another or out of the pipeline. A node on a GPU that was measured where it stands took that long for both.
    pub fn transfer_estimate(&self, node: &PlannedNode) -> Duration {
        let here = node.device;
        let read = node.feeds.iter().flatten().map(|feed| {
            let (slot, from) = match feed.producer {
                Producer::Input(input) => (self.inputs[usize::from(input)].slot, DeviceId(0)),
                Producer::Node(producer, output) => {
                    let producer = &self.nodes[producer.index()];
                    (producer.slots[usize::from(output)], producer.device)
                }
            };
            self.moving(&self.slots[slot.index()], (from, here))
        });
        let given = node.slots.iter().map(|slot| {
            let slot = &self.slots[slot.index()];
            let readers = slot
                .readers
                .iter()
                .map(|reader| self.nodes[reader.index()].device);
            let out = slot.is_output.then_some(DeviceId(0));
            let slowest = readers.chain(out).map(|to| self.moving(slot, (here, to)));
            slowest.fold(0.0, f64::max)
        });
        // What arrives from several devices arrives at the same time; what is given goes one after the other.
        let seconds = read.fold(0.0, f64::max) + given.sum::<f64>();
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// Seconds to move a value.
    fn moving(&self, slot: &Slot, (from, to): (DeviceId, DeviceId)) -> f64 {
        debug_assert!(
            !matches!(slot.owner, SlotOwner::Scratch(_)),
            "scratch memory stays"
        );
        if from == to {
            return 0.0;
        }
        let bytes: u64 = slot
            .port
            .iter()
            .flat_map(|port| port.tensors())
            .map(TensorType::bytes_max)
            .sum();
        let rate = |id| self.machine.device(id).transfer_bytes_per_second;
        bytes as f64 / rate(from).min(rate(to))
    }
}
