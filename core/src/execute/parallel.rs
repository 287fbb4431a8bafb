//! Lanes of worker threads, one lane for each device. Steps travel by value; whoever ends one finds out under the
//! firing's lock what may run now, goes on with the most urgent step of its own lane and hands out the others.
//!
//! Nobody spins, and nobody waits for a device but the thread that is there for it.
//!
//! The queue of a lane is allocated with the lane and has a bound. A worker never waits for room in it: two lanes that
//! hand steps to each other would wait for ever. What finds a queue full goes back to its firing, and the thread that
//! waits for the answer of that firing waits for the room: it holds no lock, and the workers of the full lane, none of
//! which waits for anything but its next step, are sure to make some.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::firing::{Firing, begin, lock};
use super::queue::{Queue, Refused, Taker};
use super::step::StepWork;
use super::{Executor, Request, Response, RunError};
use crate::arena::Arena;
use crate::clock::Clock;
use crate::limits::{LANE_STEPS_MAX, WORKERS_MAX};
use crate::machine::{DeviceId, DeviceKind, Machine};
use crate::session::Session;

/// What the steps of a session have in common on its way over some lanes, request after request.
pub(crate) struct Errand {
    firing: Arc<Mutex<Firing>>,
    arena: Arc<Arena>,
    clock: Arc<dyn Clock>,
    told: Arc<Condvar>,
    /// Kept open by their executor alone: neither a session nor a worker keeps threads alive.
    lanes: Weak<Lanes>,
}

/// By device, the queue of its lane; the first is the CPU's. They close when this is dropped.
struct Lanes(Vec<Arc<Queue<Task>>>);

impl Drop for Lanes {
    fn drop(&mut self) {
        self.0.iter().for_each(|queue| queue.close());
    }
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
/// At most [`LANE_STEPS_MAX`] steps wait in the queue of a lane; others wait in their sessions.
pub struct Parallel {
    lanes: Arc<Lanes>,
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
            lanes: Arc::new(Lanes(vec![lane])),
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
        // Dropped half filled, it ends the threads that there are.
        let mut lanes = Lanes(Vec::new());
        for (_, device) in machine.devices() {
            let count = match device.kind {
                DeviceKind::Cpu => (device.workers as usize).clamp(1, WORKERS_MAX),
                DeviceKind::Gpu => 1,
            };
            worker_count += count;
            lanes.0.push(lane(&device.name, count, spawn)?);
        }
        Ok(Parallel {
            lanes: Arc::new(lanes),
            worker_count,
        })
    }

    /// How many threads it has, all lanes together.
    pub fn worker_count(&self) -> usize {
        self.worker_count
    }

    /// What the lanes are told of a session: the same as last time, unless lanes or clock are others.
    fn errand(&self, session: &mut Session, clock: &Arc<dyn Clock>) -> Arc<Errand> {
        let lanes = Arc::downgrade(&self.lanes);
        let is_same =
            |errand: &&Arc<Errand>| Weak::ptr_eq(&errand.lanes, &lanes) && Arc::ptr_eq(&errand.clock, clock);
        if let Some(errand) = session.errand.as_ref().filter(is_same) {
            return Arc::clone(errand);
        }
        let errand = Arc::new(Errand {
            firing: Arc::clone(&session.firing),
            arena: Arc::clone(session.arena()),
            clock: Arc::clone(clock),
            told: Arc::clone(&session.told),
            lanes,
        });
        session.errand = Some(Arc::clone(&errand));
        errand
    }
}

fn lane(name: &str, worker_count: usize, spawn: &dyn Spawn) -> std::io::Result<Arc<Queue<Task>>> {
    let queue = Queue::new(LANE_STEPS_MAX);
    for worker in 0..worker_count {
        let taker = queue.taker();
        let body = move || work(&taker, u16::try_from(worker).unwrap_or(u16::MAX));
        let spawned = spawn.spawn(format!("motet-{name}-{worker}"), Box::new(body));
        if let Err(error) = spawned {
            queue.close();
            return Err(error);
        }
    }
    Ok(queue)
}

/// The life of a worker: it waits, and does not spin, between steps.
fn work(tasks: &Taker<Task>, worker: u16) {
    while let Some(Task { mut work, errand }) = tasks.take() {
        loop {
            work.worker = worker;
            work.execute(&errand.arena, errand.clock.as_ref());
            let device = work.device;
            let mut firing = lock(&errand.firing);
            let is_in_time = firing.complete(work);
            let is_last = firing.is_complete();
            drop(firing);
            if !is_in_time || is_last {
                errand.told.notify_one();
                break;
            }
            match errand.hand_out(Some(device)) {
                Some(next) => work = next,
                None => break,
            }
        }
    }
}

impl Errand {
    /// Gives every step that may run to its lane, but for the most urgent one of the caller's own lane, which is
    /// returned.
    fn hand_out(self: &Arc<Errand>, own: Option<DeviceId>) -> Option<Box<StepWork>> {
        let lanes = self.lanes.upgrade();
        let lanes = lanes.as_ref().map_or(&[][..], |lanes| &lanes.0);
        let own = own.map(|device| lane_of(lanes, device));
        let mut kept = None;
        loop {
            let next = lock(&self.firing).next();
            let Some(work) = next else { return kept };
            let lane = lane_of(lanes, work.device);
            if kept.is_none() && own == Some(lane) {
                kept = Some(work);
                continue;
            }
            let errand = Arc::clone(self);
            let sent = match lanes.get(lane) {
                Some(lane) => lane.give(Task { work, errand }),
                None => Err(Refused::Closed(Task { work, errand })),
            };
            match sent {
                Ok(()) => continue,
                Err(Refused::Full(task)) => lock(&self.firing).postpone(task.work),
                Err(Refused::Closed(task)) => lock(&self.firing).refuse(task.work),
            }
            self.told.notify_one();
        }
    }

    /// Gives a step to its lane once there is room, until the deadline. False when there was none by then; the step is
    /// postponed again.
    fn hand_out_late(
        self: &Arc<Errand>,
        lanes: &[Arc<Queue<Task>>],
        work: Box<StepWork>,
        deadline: Option<Duration>,
    ) -> bool {
        let lane = &lanes[lane_of(lanes, work.device)];
        let errand = Arc::clone(self);
        let task = Task { work, errand };
        match lane.give_within(task, time_left(deadline, self.clock.as_ref())) {
            Ok(()) => true,
            Err(Refused::Full(task)) => {
                lock(&self.firing).postpone(task.work);
                false
            }
            Err(Refused::Closed(task)) => {
                lock(&self.firing).refuse(task.work);
                true
            }
        }
    }
}

fn lane_of(lanes: &[Arc<Queue<Task>>], device: DeviceId) -> usize {
    let lane = usize::from(device.0);
    if lane < lanes.len() { lane } else { 0 }
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
        let errand = self.errand(session, clock);
        errand.hand_out(None);
        let mut firing = lock(&session.firing);
        let deadline = firing.deadline;
        while !firing.is_complete() && !firing.is_refused {
            let is_in_time;
            if let Some(work) = firing.take_postponed() {
                drop(firing);
                is_in_time = errand.hand_out_late(&self.lanes.0, work, deadline);
                firing = lock(&session.firing);
            } else {
                let time = time_left(deadline, clock.as_ref());
                (firing, is_in_time) = wait(&session.told, firing, time);
            }
            if !is_in_time {
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

/// How long to wait at most; on a clock that does not go by itself, for ever.
fn time_left(deadline: Option<Duration>, clock: &dyn Clock) -> Option<Duration> {
    let deadline = deadline.filter(|_| clock.is_real());
    deadline.map(|deadline| deadline.saturating_sub(clock.now()))
}

/// Waits until somebody says that the firing has changed, and whether that was in time.
fn wait<'f>(
    told: &Condvar,
    firing: MutexGuard<'f, Firing>,
    time: Option<Duration>,
) -> (MutexGuard<'f, Firing>, bool) {
    match time {
        None => (told.wait(firing).unwrap_or_else(PoisonError::into_inner), true),
        Some(time) => {
            let waited = told.wait_timeout(firing, time);
            let (firing, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            (firing, !timeout.timed_out())
        }
    }
}

/// Waits for steps that were late in an earlier request, no longer than to a moment.
pub(super) fn collect_late(
    session: &Session,
    until: Option<Duration>,
    clock: &dyn Clock,
) -> Result<(), RunError> {
    let mut firing = lock(&session.firing);
    while let Some(step) = firing.steps.iter().position(Option::is_none) {
        let is_in_time;
        (firing, is_in_time) = wait(&session.told, firing, time_left(until, clock));
        if !is_in_time && firing.steps[step].is_none() {
            let node = session.plan().steps[step].nodes[0];
            let node = session.plan().nodes[node.index()].name.clone();
            return Err(RunError::StillRunning { node });
        }
    }
    Ok(())
}
