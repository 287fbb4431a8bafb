//! The one thread that speaks to a GPU.
//!
//! Work is handed to it and waited for, no longer than stated: a driver that hangs keeps its thread, nobody else. After
//! a failure the device has to compute a small product; if it cannot, it is lost, and everybody is told at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use motet_core::machine::{Device, DeviceKind};
use motet_models::gpu::{Adapter, AdapterKind, OpenGpu, Speeds};
use motet_models::lowering::LowerError;

use super::Traffic;

/// Longest time that opening a device, or a net on it, may take; programs of the GPU are compiled then.
pub(crate) const OPEN_PATIENCE: Duration = Duration::from_secs(120);

type Job = Box<dyn FnOnce(&OpenGpu) + Send>;

/// Who speaks to one GPU.
pub(crate) struct Driver {
    device: Device,
    /// Holds the work of all sessions under way, a job for each node at most.
    jobs: Sender<Job>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    lost: Option<String>,
    traffic: Traffic,
}

/// Why a job was not done.
#[derive(Clone, Debug)]
struct Failure {
    why: String,
    is_lost: bool,
}

impl Driver {
    /// Starts the thread, which opens the adapter.
    ///
    /// # Errors
    /// What the driver says.
    pub(super) fn start(adapter: &Adapter, speeds: Speeds) -> Result<Driver, String> {
        let name = "gpu0".to_owned();
        let (jobs, queue) = channel::<Job>();
        let (opened, open) = sync_channel(1);
        let wanted = adapter.clone();
        let body = move || {
            let gpu = match catch_unwind(|| OpenGpu::open(wanted.index)) {
                Ok(Ok(gpu)) if *gpu.adapter() != wanted => {
                    return drop(opened.send(Err("the list of adapters has changed".to_owned())));
                }
                Ok(Ok(gpu)) => gpu,
                Ok(Err(error)) => return drop(opened.send(Err(error.to_string()))),
                Err(_) => return drop(opened.send(Err("the driver panicked".to_owned()))),
            };
            if opened.send(Ok(())).is_ok() {
                queue.into_iter().for_each(|job: Job| job(&gpu));
            }
        };
        std::thread::Builder::new()
            .name(format!("motet-{name}-driver"))
            .spawn(body)
            .map_err(|error| error.to_string())?;
        let answer = open.recv_timeout(OPEN_PATIENCE);
        answer.map_err(|_| format!("the driver gave no answer within {OPEN_PATIENCE:?}"))??;
        let device = Device {
            name,
            kind: DeviceKind::Gpu,
            workers: 1,
            memory_bytes: adapter.memory_bytes.unwrap_or(adapter.buffer_bytes_max),
            flops_per_second: speeds.flops_per_second,
            overhead_seconds: speeds.overhead_seconds,
            transfer_bytes_per_second: speeds.transfer_bytes_per_second,
            is_software: adapter.kind == AdapterKind::Software,
        };
        Ok(Driver {
            device,
            jobs,
            state: Arc::default(),
        })
    }

    /// As a machine has it.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// Lets the thread do some work and waits for its answer, no longer than this from when it begins. Where it does not
    /// even begin in that time, because the thread is busy with others, it is given up without harm to the device.
    ///
    /// # Errors
    /// Why there is none. A device that is lost answers at once, ever after.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&OpenGpu) -> Result<T, LowerError> + Send + 'static,
    ) -> Result<T, String> {
        if let Some(why) = self.lost() {
            return Err(why);
        }
        let (reply, answer) = sync_channel(1);
        let (begin, begun) = sync_channel(0);
        let job = move |gpu: &OpenGpu| {
            // Whoever lost patience in the queue wants nothing any more.
            if begin.send(()).is_err() {
                return;
            }
            let result = match catch_unwind(AssertUnwindSafe(|| work(gpu))) {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(error)) => Err(Failure::found(gpu, error.to_string())),
                Err(panic) => Err(Failure::found(gpu, said(panic.as_ref()))),
            };
            // Whoever lost patience reads no answer.
            let _ = reply.try_send(result);
        };
        if self.jobs.send(Box::new(job)).is_err() {
            return Err(self.lose("its thread has ended".to_owned()));
        }
        if let Err(RecvTimeoutError::Timeout) = begun.recv_timeout(patience) {
            return Err(format!(
                "`{}` is busy: no turn within {patience:?}",
                self.device.name
            ));
        }
        drop(begun);
        match answer.recv_timeout(patience) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) if failure.is_lost => Err(self.lose(failure.why)),
            Ok(Err(failure)) => Err(failure.why),
            Err(RecvTimeoutError::Timeout) => Err(self.lose(format!("no answer within {patience:?}"))),
            Err(RecvTimeoutError::Disconnected) => Err(self.lose("its thread has ended".to_owned())),
        }
    }

    /// Counts what was moved.
    pub(crate) fn count(&self, moved: Traffic) {
        let traffic = &mut self.state().traffic;
        traffic.up_count += moved.up_count;
        traffic.down_count += moved.down_count;
        traffic.kept_count += moved.kept_count;
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.state().traffic
    }

    /// Takes the device away.
    pub(super) fn destroy(&self) -> Result<(), String> {
        self.ask(OPEN_PATIENCE, |gpu| {
            gpu.destroy();
            Ok(())
        })
    }

    /// Why the device is lost, if it is.
    pub(crate) fn lost(&self) -> Option<String> {
        self.state().lost.clone()
    }

    /// Tells everybody, and the log once, that the device is lost.
    fn lose(&self, why: String) -> String {
        let mut state = self.state();
        if state.lost.is_none() {
            tracing::warn!(
                "`{}` is lost ({why}): its nodes go on with the CPU",
                self.device.name
            );
        }
        state
            .lost
            .get_or_insert(format!("`{}` is lost: {why}", self.device.name))
            .clone()
    }

    /// A thread that panicked with the lock broke nothing: it holds it for an assignment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failure {
    /// A failure after which the device has to show whether it is still there.
    fn found(gpu: &OpenGpu, why: String) -> Failure {
        let trial = catch_unwind(AssertUnwindSafe(|| gpu.try_out()));
        let is_lost = !matches!(trial, Ok(Ok(())));
        Failure { why, is_lost }
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.unwrap_or_else(|| "no message".to_owned()))
}
