//! The GPU that nodes may run on: found by trying adapters out, spoken to by one thread, and done without when it fails.
//!
//! Programs built without the feature `gpu` have none, and so have machines without an adapter; both are normal. An
//! adapter is tried out in a child process first (`gpu/probe.rs`), because drivers are foreign code that may hang or end the
//! process. What runs there is compared with the CPU before it answers anything (`gpu/net.rs`). Of several adapters the first hardware
//! one that passes is taken.
//!
//! Invariant: only the thread of its driver ever computes on a GPU.

use std::path::PathBuf;
use std::sync::Arc;

use motet_core::machine::Device;

#[cfg(feature = "gpu")]
mod driver;
#[cfg(feature = "gpu")]
pub(crate) mod net;
#[cfg(feature = "gpu")]
pub mod probe;

#[cfg(feature = "gpu")]
pub(crate) use driver::Driver;

/// Which GPU to look for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuWish {
    /// None.
    #[default]
    Off,
    /// One that is not played by the CPU.
    Hardware,
    /// Any, also one that the CPU plays; that is for tests, and `place: auto` never takes it.
    Software,
}

/// Where adapters are tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prober {
    /// In this process, which a crashing driver then ends.
    Here,
    /// In child processes of this program, which must answer `probe-gpu` as `motet` does.
    Child(PathBuf),
}

/// A GPU, looked for when somebody first has a use for it. Clones share it.
#[derive(Clone, Default)]
pub struct Gpu {
    inner: Option<Arc<Inner>>,
}

#[cfg_attr(
    not(feature = "gpu"),
    expect(dead_code, reason = "without the feature nobody looks")
)]
struct Inner {
    wish: GpuWish,
    prober: Prober,
    #[cfg(feature = "gpu")]
    found: std::sync::OnceLock<Result<Arc<Driver>, String>>,
}

impl Gpu {
    /// No GPU.
    pub fn none() -> Gpu {
        Gpu::default()
    }

    /// The GPU of this wish, to be looked for later; none in a program without the feature `gpu`.
    pub fn wished(wish: GpuWish, prober: Prober) -> Gpu {
        if wish == GpuWish::Off || !cfg!(feature = "gpu") {
            return Gpu::none();
        }
        Gpu {
            inner: Some(Arc::new(Inner {
                wish,
                prober,
                #[cfg(feature = "gpu")]
                found: std::sync::OnceLock::new(),
            })),
        }
    }

    /// Whether there may be one; nobody has looked yet.
    pub fn is_wished(&self) -> bool {
        self.inner.is_some()
    }

    /// What tells it from other wishes in this process.
    pub(crate) fn id(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| Arc::as_ptr(inner) as usize)
    }

    /// Looks for it, at the first call, and returns it as a machine has it.
    ///
    /// # Errors
    /// Why there is none.
    pub fn device(&self) -> Result<Device, String> {
        #[cfg(feature = "gpu")]
        return self.driver().map(|driver| driver.device().clone());
        #[cfg(not(feature = "gpu"))]
        Err(NOT_BUILT.to_owned())
    }
}

/// Why a program without the feature has no GPU.
#[cfg(not(feature = "gpu"))]
const NOT_BUILT: &str = "this program was built without the feature `gpu`";

#[cfg(feature = "gpu")]
impl Gpu {
    /// Looks for the GPU, at the first call, and returns who speaks to it.
    pub(crate) fn driver(&self) -> Result<Arc<Driver>, String> {
        let Some(inner) = &self.inner else {
            return Err("no GPU was asked for".to_owned());
        };
        let found = inner.found.get_or_init(|| {
            look(inner.wish, &inner.prober).inspect_err(|why| tracing::info!("no GPU: {why}"))
        });
        found.clone()
    }

    /// Takes the GPU away from this program, as when a card is pulled out. For tests of what happens then.
    ///
    /// # Errors
    /// There is none.
    pub fn destroy(&self) -> Result<(), String> {
        self.driver()?.destroy()
    }

    /// What has been moved to and from it so far.
    ///
    /// # Errors
    /// There is none.
    pub fn traffic(&self) -> Result<Traffic, String> {
        Ok(self.driver()?.traffic())
    }
}

/// Values moved between CPU and GPU.
#[cfg(feature = "gpu")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Tensors moved to the GPU.
    pub up_count: u64,
    /// Tensors moved back.
    pub down_count: u64,
    /// Tensors that were there already.
    pub kept_count: u64,
}

/// The first adapter that the wish allows and that passes its trial.
#[cfg(feature = "gpu")]
fn look(wish: GpuWish, prober: &Prober) -> Result<Arc<Driver>, String> {
    use motet_models::gpu::AdapterKind;
    let mut reasons = Vec::new();
    for adapter in probe::adapters(prober)? {
        let name = &adapter.name;
        if adapter.kind == AdapterKind::Software && wish != GpuWish::Software {
            reasons.push(format!("`{name}` is played by the CPU"));
            continue;
        }
        match probe::try_out(prober, &adapter) {
            Ok(speeds) => match Driver::start(&adapter, speeds) {
                Ok(driver) => return Ok(Arc::new(driver)),
                Err(why) => reasons.push(format!("`{name}`: {why}")),
            },
            Err(why) => reasons.push(format!("`{name}`: {why}")),
        }
    }
    Err(match reasons.is_empty() {
        true => "there is no adapter".to_owned(),
        false => reasons.join("; "),
    })
}
