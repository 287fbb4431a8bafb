//! GPUs through wgpu: which there are, and a Burn device on one of them.
//!
//! Drivers are foreign code: listing or opening an adapter may hang or end the process. Whoever cannot afford that does it
//! in a child process first. Everything here is about one adapter; which of them to use is not decided here.
//! Invariant: an [`OpenGpu`] has computed a product rightly.

use std::time::Duration;

use burn::tensor::wgpu::{WgpuSetup, wgpu};
use burn::tensor::{Device, Tensor, TensorData};
use futures_lite::future::block_on;
use serde::{Deserialize, Serialize};

use crate::lowering::{LowerError, relative_rms, tensor_values};

/// Rows, columns and depth of the product that a new device has to compute.
const TRIAL: usize = 64;
/// Largest relative RMS of that product.
const TRIAL_TOLERANCE: f64 = 1e-5;
/// Rows, columns and depth of the product that is timed.
const TIMED: usize = 512;
/// Numbers that are moved to the device and back, and timed.
const MOVED: usize = 1 << 20;
/// Turns of what is timed, of which the least counts.
const TURNS: usize = 3;

/// What sort of adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A card with memory of its own.
    Discrete,
    /// A part of the processor, with the processor's memory.
    Integrated,
    /// A share of a GPU, given by a hypervisor.
    Virtual,
    /// The CPU playing GPU; for tests.
    Software,
    /// Unknown.
    Other,
}

impl AdapterKind {
    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            AdapterKind::Discrete => "discrete",
            AdapterKind::Integrated => "integrated",
            AdapterKind::Virtual => "virtual",
            AdapterKind::Software => "software",
            AdapterKind::Other => "other",
        }
    }
}

/// An adapter as its driver describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Its place in the list of [`adapters`].
    pub index: usize,
    /// What sort.
    pub kind: AdapterKind,
    /// Its name.
    pub name: String,
    /// The graphics interface it is reached by: `vulkan`, `metal`, `dx12`, `gl`.
    pub api: String,
    /// Name and version of the driver.
    pub driver: String,
    /// The card's place on the PCI bus, where it is known: `0000:01:00.0`.
    pub bus: String,
    /// Its memory, in bytes, where the system tells.
    pub memory_bytes: Option<u64>,
    /// Largest single buffer, in bytes.
    pub buffer_bytes_max: u64,
}

/// How quick a device is, measured with small work; what a plan assumes where nothing better is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speeds {
    /// Floating-point operations per second in a product of `[512, 512]` matrices.
    pub flops_per_second: f64,
    /// Seconds from handing over one number to its double.
    pub overhead_seconds: f64,
    /// Bytes per second to the device and back, 4 MiB at a time.
    pub transfer_bytes_per_second: f64,
}

/// Why an adapter cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// There is no adapter of this number.
    #[error("there is no adapter {0}")]
    Missing(usize),
    /// It was refused by driver or runtime.
    #[error("the adapter cannot be opened: {0}")]
    Refused(String),
    /// It gives no answer.
    #[error("the adapter gives no answer: {0}")]
    Trial(#[from] LowerError),
    /// It computes wrongly.
    #[error(
        "the adapter computes a product that is off by {found:.1e} (relative RMS), {TRIAL_TOLERANCE:.0e} is allowed"
    )]
    Wrong {
        /// Relative RMS of the difference.
        found: f64,
    },
}

/// A device that Burn may compute on.
pub struct OpenGpu {
    adapter: Adapter,
    device: Device,
    handle: wgpu::Device,
}

/// Lists the adapters of the first graphics interface that has a hardware one, or of the first that has any.
pub fn adapters() -> Vec<Adapter> {
    let found = found().map_or_else(Vec::new, |(_, adapters)| adapters);
    let found = found.iter().enumerate();
    found.map(|(index, adapter)| describe(index, adapter)).collect()
}

impl OpenGpu {
    /// Opens an adapter by its place in the list and lets it compute a product.
    ///
    /// # Errors
    /// [`GpuError`] says what it lacks.
    pub fn open(index: usize) -> Result<OpenGpu, GpuError> {
        let (instance, found) = found().ok_or(GpuError::Missing(index))?;
        let Some(adapter) = found.into_iter().nth(index) else {
            return Err(GpuError::Missing(index));
        };
        let refused = |reason: &dyn std::fmt::Display| GpuError::Refused(reason.to_string());
        let (device, queue) =
            block_on(adapter.request_device(&wanted(&adapter))).map_err(|error| refused(&error))?;
        let handle = device.clone();
        let backend = adapter.get_info().backend;
        let described = describe(index, &adapter);
        let setup = WgpuSetup {
            instance,
            adapter,
            device,
            queue,
            backend,
        };
        let device = Device::wgpu_options()
            .setup(setup)
            .init()
            .map_err(|error| refused(&error))?;
        let open = OpenGpu {
            adapter: described,
            device,
            handle,
        };
        open.try_out()?;
        Ok(open)
    }

    /// What was opened.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Where tensors are made.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Takes the device away from everybody, as when a card is pulled out: what is computed on it from now on fails.
    pub fn destroy(&self) {
        self.handle.destroy();
    }

    /// Measures how quick the device is, by a clock.
    ///
    /// # Errors
    /// It gives no answer.
    pub fn speeds(&self, now: &dyn Fn() -> Duration) -> Result<Speeds, LowerError> {
        let least = |work: &dyn Fn() -> Result<(), LowerError>| {
            // The first turn compiles the kernels.
            work()?;
            let mut least = Duration::MAX;
            for _ in 0..TURNS {
                let start = now();
                work()?;
                least = least.min(now().saturating_sub(start));
            }
            Ok::<f64, LowerError>(least.as_secs_f64().max(1e-9))
        };
        let numbers = |count: usize| TensorData::new(vec![0.5_f32; count], [count]);
        let overhead = least(&|| {
            let one = Tensor::<1>::from_data(numbers(1), &self.device);
            tensor_values(one * 2.0).map(drop)
        })?;
        let moved = least(&|| {
            let all = Tensor::<1>::from_data(numbers(MOVED), &self.device);
            tensor_values(all).map(drop)
        })?;
        let square = Tensor::<1>::from_data(numbers(TIMED * TIMED), &self.device).reshape([TIMED, TIMED]);
        let product = least(&|| {
            let corner = square.clone().matmul(square.clone()).slice([0..1, 0..1]);
            tensor_values(corner).map(drop)
        })?;
        let beyond = |seconds: f64| (seconds - overhead).max(seconds / 10.0);
        Ok(Speeds {
            flops_per_second: 2.0 * TIMED.pow(3) as f64 / beyond(product),
            overhead_seconds: overhead,
            transfer_bytes_per_second: 2.0 * 4.0 * MOVED as f64 / beyond(moved),
        })
    }

    /// Lets the device compute a product and compares it with that of its definition.
    ///
    /// # Errors
    /// [`GpuError::Trial`] if it gives none, [`GpuError::Wrong`] if it gives another.
    pub fn try_out(&self) -> Result<(), GpuError> {
        let value = |index: usize| ((index * 7 + index / TRIAL * 3) % 11) as f32 - 5.0;
        let values: Vec<f32> = (0..TRIAL * TRIAL).map(value).collect();
        let tensor = Tensor::<2>::from_data(TensorData::new(values.clone(), [TRIAL, TRIAL]), &self.device);
        let found = tensor_values(tensor.clone().matmul(tensor))?;
        let expected: Vec<f32> = (0..TRIAL * TRIAL)
            .map(|index| {
                let (row, column) = (index / TRIAL * TRIAL, index % TRIAL);
                (0..TRIAL)
                    .map(|inner| values[row + inner] * values[inner * TRIAL + column])
                    .sum()
            })
            .collect();
        let found = relative_rms(&found, &expected);
        if found.is_nan() || found > TRIAL_TOLERANCE {
            return Err(GpuError::Wrong { found });
        }
        Ok(())
    }
}

/// The instance of the first graphics interface with a hardware adapter, else with any, and its adapters.
fn found() -> Option<(wgpu::Instance, Vec<wgpu::Adapter>)> {
    let interfaces = [
        wgpu::Backends::VULKAN,
        wgpu::Backends::METAL,
        wgpu::Backends::DX12,
        wgpu::Backends::GL,
    ];
    let mut software = None;
    for backends in interfaces {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapters = block_on(instance.enumerate_adapters(backends));
        let is_hardware = |adapter: &wgpu::Adapter| kind(&adapter.get_info()) != AdapterKind::Software;
        if adapters.iter().any(is_hardware) {
            return Some((instance, adapters));
        }
        if software.is_none() && !adapters.is_empty() {
            software = Some((instance, adapters));
        }
    }
    software
}

/// All of an adapter that needs no unsafe promise.
fn wanted(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    let left_out = wgpu::Features::MAPPABLE_PRIMARY_BUFFERS | wgpu::Features::all_experimental_mask();
    wgpu::DeviceDescriptor {
        label: Some("motet"),
        required_features: adapter.features().difference(left_out),
        required_limits: adapter.limits(),
        // The tensor library pools memory itself.
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..wgpu::DeviceDescriptor::default()
    }
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> Adapter {
    let info = adapter.get_info();
    Adapter {
        index,
        kind: kind(&info),
        api: info.backend.to_str().to_owned(),
        driver: [info.driver.as_str(), info.driver_info.as_str()]
            .join(" ")
            .trim()
            .to_owned(),
        memory_bytes: memory_bytes(&info.device_pci_bus_id),
        name: info.name,
        bus: info.device_pci_bus_id,
        buffer_bytes_max: adapter.limits().max_buffer_size,
    }
}

/// The memory of a card, where its driver in the kernel tells.
fn memory_bytes(bus: &str) -> Option<u64> {
    let is_plain = |letter: char| letter.is_ascii_hexdigit() || matches!(letter, ':' | '.');
    let bus = Some(bus).filter(|bus| !bus.is_empty() && bus.chars().all(is_plain))?;
    let text = std::fs::read_to_string(format!("/sys/bus/pci/devices/{bus}/mem_info_vram_total")).ok()?;
    text.trim().parse().ok()
}

fn kind(info: &wgpu::AdapterInfo) -> AdapterKind {
    match info.device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
        wgpu::DeviceType::Other => AdapterKind::Other,
    }
}
