//! Lanes of worker threads. The caller coordinates and owns every counter; steps travel by value.

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::firing::Firing;
use super::step::{Done, StepWork};
use super::{Executor, Request, Response, RunError};
use crate::arena::Arena;
use crate::clock::Clock;
use crate::limits::WORKERS_MAX;
use crate::session::Session;

/// Most steps that wait for a worker; a caller that finds the lane full waits.
const TASKS_MAX: usize = 1_024;

struct Task {
    work: Box<StepWork>,
    arena: Arc<Arena>,
    clock: Arc<dyn Clock>,
    reply: Sender<Done>,
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

/// Hands steps to a fixed set of worker threads, which end when this is dropped and their work is done. One lane may
/// serve many sessions.
pub struct Parallel {
    tasks: Sender<Task>,
    worker_count: usize,
}

impl Parallel {
    /// A lane of this many ordinary threads, at least one.
    ///
    /// # Errors
    /// What the operating system says when it cannot start a thread.
    pub fn new(worker_count: usize) -> std::io::Result<Parallel> {
        Parallel::spawned_by(worker_count, &Threads)
    }

    /// A lane whose threads are started by `spawn`.
    ///
    /// # Errors
    /// What the operating system says when it cannot start a thread.
    pub fn spawned_by(worker_count: usize, spawn: &dyn Spawn) -> std::io::Result<Parallel> {
        let worker_count = worker_count.clamp(1, WORKERS_MAX);
        let (tasks, queue) = bounded(TASKS_MAX);
        for worker in 0..worker_count {
            let queue = queue.clone();
            let body = move || work(&queue, u16::try_from(worker).unwrap_or(u16::MAX));
            spawn.spawn(format!("motet-cpu-{worker}"), Box::new(body))?;
        }
        Ok(Parallel { tasks, worker_count })
    }

    /// How many threads it has.
    pub fn worker_count(&self) -> usize {
        self.worker_count
    }
}

/// The life of a worker: it waits, and does not spin, between steps.
fn work(queue: &Receiver<Task>, worker: u16) {
    for Task {
        mut work,
        arena,
        clock,
        reply,
    } in queue
    {
        work.worker = worker;
        work.execute(&arena, clock.as_ref());
        drop(arena);
        // A session that is gone needs no answer.
        let _ = reply.send(Done { work });
    }
}

impl Executor for Parallel {
    fn run(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
    ) -> Result<Response, RunError> {
        let mut firing = Firing::begin(session, request, clock.as_ref())?;
        loop {
            while let Some(work) = firing.next(session) {
                let task = Task {
                    work,
                    arena: Arc::clone(session.arena()),
                    clock: Arc::clone(clock),
                    reply: session.done.0.clone(),
                };
                if let Err(refused) = self.tasks.send(task) {
                    put_back(session, refused.into_inner().work);
                    return Err(RunError::LaneClosed);
                }
            }
            if firing.running_count() == 0 {
                return Ok(firing.finish(clock.now()));
            }
            match receive(&session.done.1, firing.deadline, clock.as_ref()) {
                Ok(done) => firing.complete(session, done.work),
                Err(RecvTimeoutError::Timeout) => {
                    firing.abandon(session, clock.now());
                    return Ok(firing.finish(clock.now()));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(RunError::LaneClosed),
            }
        }
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

/// Takes back steps that were late in an earlier request; waits for them no longer than to a moment.
pub(super) fn collect_late(
    session: &mut Session,
    until: Option<Duration>,
    clock: &dyn Clock,
) -> Result<(), RunError> {
    while let Some(step) = session.steps.iter().position(Option::is_none) {
        let Ok(done) = receive(&session.done.1, until, clock) else {
            let node = session.plan().steps[step].nodes[0];
            let node = session.plan().nodes[node.index()].name.clone();
            return Err(RunError::StillRunning { node });
        };
        put_back(session, done.work);
    }
    Ok(())
}

/// Takes back a step of which nothing shall remain.
fn put_back(session: &mut Session, mut work: Box<StepWork>) {
    work.forget();
    let step = work.step;
    session.steps[step.index()] = Some(work);
}
