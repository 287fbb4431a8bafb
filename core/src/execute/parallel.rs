//! Lanes of worker threads, one lane for each device. Steps travel by value; whoever ends one finds out under the
//! firing's lock what may run now, goes on with the most urgent step of its own lane and hands out the others.
//!
//! Nobody spins, and nobody waits for a device but the thread that is there for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::firing::{Firing, begin, lock};
use super::step::{Done, StepWork};
use super::{Executor, Request, Response, RunError};
use crate::arena::Arena;
use crate::clock::Clock;
use crate::limits::WORKERS_MAX;
use crate::machine::{DeviceKind, Machine};
use crate::session::Session;

/// What the steps of one request have in common.
struct Errand {
    firing: Arc<Mutex<Firing>>,
    arena: Arc<Arena>,
    clock: Arc<dyn Clock>,
    reply: Sender<Done>,
    /// Held by tasks alone: a worker that held it would keep its own queue open for ever.
    lanes: Arc<[Sender<Task>]>,
}

struct Task {
    work: Box<StepWork>,
    errand: Arc<Errand>,
}

/// Starts the threads of a lane. Tensor libraries want their threads set up in a way of their own; this is where
/// that happens.
pub trait Spawn {
    /// Starts a thread of this name that runs `body` to its end.
    ///
    /// # Errors
    /// What the operating system says.
    fn spawn(&self, name: String, body: Box<dyn FnOnce() + Send>) -> std::io::Result<()>;
}

/// Ordinary threads.
struct Threads;

impl Spawn for Threads {
    fn spawn(&self, name: String, body: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        std::thread::Builder::new().name(name).spawn(body).map(|_| ())
    }
}

/// Hands steps to fixed sets of worker threads, which end when this is dropped and their work is done. It may serve many
/// sessions at a time. A step whose device has no lane here runs on the CPU's.
///
/// A lane's queue has no bound of its own: it never holds more than the steps of all sessions under way.
pub struct Parallel {
    /// By device; the first is the CPU's.
    lanes: Arc<[Sender<Task>]>,
    worker_count: usize,
}

impl Parallel {
    /// A CPU lane of this many ordinary threads, at least one.
    ///
    /// # Errors
    /// What the operating system says when it cannot start a thread.
    pub fn new(worker_count: usize) -> std::io::Result<Parallel> {
        Parallel::spawned_by(worker_count, &Threads)
    }

    /// A CPU lane whose threads are started by `spawn`.
    ///
    /// # Errors
    /// What the operating system says when it cannot start a thread.
    pub fn spawned_by(worker_count: usize, spawn: &dyn Spawn) -> std::io::Result<Parallel> {
        let worker_count = worker_count.clamp(1, WORKERS_MAX);
        let lane = lane("cpu", worker_count, spawn)?;
        Ok(Parallel {
            lanes: Arc::new([lane]),
            worker_count,
        })
    }

    /// A lane for each device of a machine, started by `spawn`: as many threads as the CPU has workers, and one for
    /// each GPU, since what is queued on a GPU belongs to the thread that queued it.
    ///
    /// # Errors
    /// What the operating system says when it cannot start a thread.
    pub fn for_machine(machine: &Machine, spawn: &dyn Spawn) -> std::io::Result<Parallel> {
        let mut worker_count = 0;
        let mut lanes = Vec::new();
        for (_, device) in machine.devices() {
            let count = match device.kind {
                DeviceKind::Cpu => (device.workers as usize).clamp(1, WORKERS_MAX),
                DeviceKind::Gpu => 1,
            };
            worker_count += count;
            lanes.push(lane(&device.name, count, spawn)?);
        }
        Ok(Parallel {
            lanes: lanes.into(),
            worker_count,
        })
    }

    /// How many threads it has, all lanes together.
    pub fn worker_count(&self) -> usize {
        self.worker_count
    }
}

fn lane(name: &str, worker_count: usize, spawn: &dyn Spawn) -> std::io::Result<Sender<Task>> {
    let (tasks, queue) = unbounded();
    for worker in 0..worker_count {
        let queue = queue.clone();
        let body = move || work(&queue, u16::try_from(worker).unwrap_or(u16::MAX));
        spawn.spawn(format!("motet-{name}-{worker}"), Box::new(body))?;
    }
    Ok(tasks)
}

/// The life of a worker: it waits, and does not spin, between steps.
fn work(queue: &Receiver<Task>, worker: u16) {
    for Task { mut work, errand } in queue {
        loop {
            work.worker = worker;
            work.execute(&errand.arena, errand.clock.as_ref());
            let lane = errand.lane_of(&work);
            let mut firing = lock(&errand.firing);
            let is_in_time = firing.complete(work);
            let is_last = firing.is_complete();
            drop(firing);
            if !is_in_time || is_last {
                // A session that is gone needs no answer.
                let _ = errand.reply.try_send(Done);
                break;
            }
            match errand.hand_out(Some(lane)) {
                Some(next) => work = next,
                None => break,
            }
        }
    }
}

impl Errand {
    fn lane_of(&self, work: &StepWork) -> usize {
        let lane = usize::from(work.device.0);
        if lane < self.lanes.len() { lane } else { 0 }
    }

    /// Gives every step that may run to its lane, but for the most urgent one of the caller's own lane, which is
    /// returned.
    fn hand_out(self: &Arc<Errand>, own: Option<usize>) -> Option<Box<StepWork>> {
        let mut kept = None;
        loop {
            let next = lock(&self.firing).next();
            let Some(work) = next else { return kept };
            let lane = self.lane_of(&work);
            if kept.is_none() && own == Some(lane) {
                kept = Some(work);
                continue;
            }
            let errand = Arc::clone(self);
            if let Err(refused) = self.lanes[lane].send(Task { work, errand }) {
                lock(&self.firing).refuse(refused.into_inner().work);
                let _ = self.reply.try_send(Done);
            }
        }
    }
}

impl Executor for Parallel {
    fn run_into(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
        response: &mut Response,
    ) -> Result<(), RunError> {
        response.clear();
        begin(session, request, clock.as_ref())?;
        let errand = Arc::new(Errand {
            firing: Arc::clone(&session.firing),
            arena: Arc::clone(session.arena()),
            clock: Arc::clone(clock),
            reply: session.done.0.clone(),
            lanes: Arc::clone(&self.lanes),
        });
        errand.hand_out(None);
        drop(errand);
        let mut firing = lock(&session.firing);
        let deadline = firing.deadline;
        while !firing.is_complete() && !firing.is_refused {
            drop(firing);
            let told = receive(&session.done.1, deadline, clock.as_ref());
            firing = lock(&session.firing);
            if told.is_err() {
                break;
            }
        }
        let is_refused = firing.is_refused;
        if is_refused || !firing.is_complete() {
            firing.abandon(clock.now());
        }
        firing.finish(clock.now(), response);
        if is_refused {
            response.clear();
            return Err(RunError::LaneClosed);
        }
        Ok(())
    }
}

fn receive(
    done: &Receiver<Done>,
    deadline: Option<Duration>,
    clock: &dyn Clock,
) -> Result<Done, RecvTimeoutError> {
    match deadline.filter(|_| clock.is_real()) {
        Some(deadline) => done.recv_timeout(deadline.saturating_sub(clock.now())),
        None => done.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

/// Waits for steps that were late in an earlier request, no longer than to a moment.
pub(super) fn collect_late(
    session: &mut Session,
    until: Option<Duration>,
    clock: &dyn Clock,
) -> Result<(), RunError> {
    loop {
        let missing = lock(&session.firing).steps.iter().position(Option::is_none);
        let Some(step) = missing else { break };
        if receive(&session.done.1, until, clock).is_err() {
            let node = session.plan().steps[step].nodes[0];
            let node = session.plan().nodes[node.index()].name.clone();
            return Err(RunError::StillRunning { node });
        }
    }
    // What is still said of earlier requests concerns nobody.
    while session.done.1.try_recv().is_ok() {}
    Ok(())
}
