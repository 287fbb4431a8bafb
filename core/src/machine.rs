//! The devices a plan may use, as plain facts.
//!
//! Whoever opens a session looks at the real machine (or names an imagined one, to plan for it); this crate
//! only reads the result.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a device of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct DeviceId(pub u16);

/// What sort of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// General-purpose cores.
    Cpu,
    /// A graphics processor.
    Gpu,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            DeviceKind::Cpu => "cpu",
            DeviceKind::Gpu => "gpu",
        })
    }
}

/// One device and the figures that placement needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    /// Shown to people, for example `cpu` or `gpu0`.
    pub name: String,
    /// What sort.
    pub kind: DeviceKind,
    /// Nodes it runs at the same time.
    pub workers: u32,
    /// Memory that sessions may use, in bytes.
    pub memory_bytes: u64,
    /// Floating-point operations per second of one worker, for small nets.
    pub flops_per_second: f64,
    /// Fixed time per node, in seconds.
    pub overhead_seconds: f64,
    /// Bytes per second to and from the CPU; not used for the CPU itself.
    pub transfer_bytes_per_second: f64,
    /// True for a GPU that the CPU plays: `place: auto` never takes it.
    pub is_software: bool,
}

/// The devices of one machine; the first is always its CPU.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Machine {
    /// Never empty.
    devices: Vec<Device>,
}

impl Machine {
    /// A machine with a CPU of this many workers and this much memory, and nothing else. The speed is a
    /// cautious assumption: 20 Gflop/s and 5 us per node.
    pub fn cpu(workers: u32, memory_bytes: u64) -> Machine {
        let cpu = Device {
            name: "cpu".to_owned(),
            kind: DeviceKind::Cpu,
            workers: workers.max(1),
            memory_bytes,
            flops_per_second: 20e9,
            overhead_seconds: 5e-6,
            transfer_bytes_per_second: f64::INFINITY,
            is_software: false,
        };
        Machine { devices: vec![cpu] }
    }

    /// The same machine with one more device.
    #[must_use]
    pub fn with(mut self, device: Device) -> Machine {
        self.devices.push(device);
        self
    }

    /// The same machine without its GPUs.
    #[must_use]
    pub fn without_gpus(mut self) -> Machine {
        self.devices.retain(|device| device.kind == DeviceKind::Cpu);
        self
    }

    /// All devices; [`DeviceId`] counts them.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices
            .iter()
            .enumerate()
            .map(|(index, device)| (DeviceId(index_u16(index)), device))
    }

    /// One device.
    pub fn device(&self, id: DeviceId) -> &Device {
        &self.devices[usize::from(id.0)]
    }
}

fn index_u16(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
