//! One request on its way through a session: what has arrived, what waits, what is ready.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::arena::{Arena, Busy, ReadLease};
use crate::clock::Clock;
use crate::graph::{Feed, NodeId, Producer};
use crate::machine::DeviceId;
use crate::plan::{InputDim, Plan, SlotId, StepId};
use crate::session::Session;
use crate::trace::{Interval, NodeOutcome, Trace};
use crate::value::InputError;

use super::parallel::collect_late;
use super::step::{StepWork, project};
use super::{Cause, Outcome, Request, Response, RunError, RunFailure};

struct SlotState {
    value: Option<ReadLease>,
    cause: Option<Cause>,
    /// Edges whose reader has not taken the value yet; an output counts as one that never does.
    edge_count: u32,
}

/// Counters and values of one request on its way. It lives as long as its session, so that no request allocates it
/// anew; whoever ends a step holds its lock for as long as it takes to find out what comes next.
pub(crate) struct Firing {
    plan: Arc<Plan>,
    /// `None` while somebody works on the step.
    pub(crate) steps: Vec<Option<Box<StepWork>>>,
    slots: Vec<SlotState>,
    /// By slot, the edges that leave it, and one more for an output.
    edge_counts: Vec<u32>,
    awaits: Vec<u32>,
    /// Steps that may run, the least urgent first, and since when.
    ready: Vec<(StepId, Duration)>,
    running_count: usize,
    /// Steps that were taken to be handed out and found the queue of their lane full.
    #[expect(
        clippy::vec_box,
        reason = "a step moves in its box, which no request makes anew"
    )]
    postponed: Vec<Box<StepWork>>,
    /// On the session's clock.
    pub(super) deadline: Option<Duration>,
    failures: Vec<(NodeId, RunFailure)>,
    trace: Trace,
    /// Which firing of the session this is; a step that comes back to a later one is late.
    pub(super) number: u64,
    /// No answer counts any more.
    is_over: bool,
    /// A lane took no more steps.
    pub(super) is_refused: bool,
}

/// Takes the values of a request into the arena, once everything that an earlier one left there is gone.
pub(super) fn begin(session: &mut Session, request: &Request, clock: &dyn Clock) -> Result<(), RunError> {
    let now = clock.now();
    let asked = [request.deadline, session.plan().deadline]
        .into_iter()
        .flatten()
        .min();
    let deadline = asked.map(|deadline| now.saturating_add(deadline));
    collect_late(session, deadline, clock)?;
    session.mend()?;
    if let Some(buffer) = session.held() {
        return Err(Busy { buffer }.into());
    }
    let mut firing = lock(&session.firing);
    firing.reset(now, deadline);
    let begun = firing.take_inputs(session.arena(), request, now);
    if begun.is_err() {
        firing.clear();
        return begun;
    }
    for step in 0..firing.awaits.len() {
        if firing.awaits[step] == 0 {
            firing.push_ready(StepId(u32::try_from(step).unwrap_or(u32::MAX)), now);
        }
    }
    firing.set_deadlines(now);
    Ok(())
}

/// The firing of a session. A thread that panicked with the lock broke nothing: nodes run without it.
pub(crate) fn lock(firing: &Mutex<Firing>) -> MutexGuard<'_, Firing> {
    firing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Firing {
    /// A firing that has not begun, over these steps of the plan.
    pub(crate) fn new(plan: &Arc<Plan>, steps: Vec<Option<Box<StepWork>>>) -> Firing {
        let mut edge_counts: Vec<u32> = plan.slots.iter().map(|slot| u32::from(slot.is_output)).collect();
        for feed in plan.nodes.iter().flat_map(|node| node.feeds.iter().flatten()) {
            edge_counts[slot_of(plan, feed).index()] += 1;
        }
        let slot = |_| SlotState {
            value: None,
            cause: None,
            edge_count: 0,
        };
        Firing {
            plan: Arc::clone(plan),
            steps,
            slots: plan.slots.iter().map(slot).collect(),
            edge_counts,
            awaits: vec![0; plan.steps.len()],
            ready: Vec::with_capacity(plan.steps.len()),
            running_count: 0,
            postponed: Vec::with_capacity(plan.steps.len()),
            deadline: None,
            failures: Vec::new(),
            trace: Trace::default(),
            number: 0,
            is_over: true,
            is_refused: false,
        }
    }

    fn reset(&mut self, now: Duration, deadline: Option<Duration>) {
        for (slot, edge_count) in self.slots.iter_mut().zip(&self.edge_counts) {
            (slot.value, slot.cause, slot.edge_count) = (None, None, *edge_count);
        }
        for (awaits, step) in self.awaits.iter_mut().zip(&self.plan.steps) {
            *awaits = step.awaits;
        }
        self.ready.clear();
        self.running_count = 0;
        self.deadline = deadline;
        self.failures.clear();
        self.trace.intervals.clear();
        self.trace.intervals.reserve(self.plan.nodes.len());
        (self.trace.start, self.trace.input_bytes) = (now, 0);
        self.number += 1;
        (self.is_over, self.is_refused) = (false, false);
    }

    /// Lets go of every value and of every step that waits.
    fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.value = None);
        self.ready.clear();
        self.is_over = true;
    }

    fn take_inputs(&mut self, arena: &Arc<Arena>, request: &Request, now: Duration) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        for name in request.values.iter().map(|(name, _)| name).chain(&request.absent) {
            if !plan.inputs.iter().any(|input| input.name == *name) {
                let known: Vec<&str> = plan.inputs.iter().map(|input| input.name.as_str()).collect();
                let known = known.join(", ");
                return Err(InputError::Unknown {
                    name: name.clone(),
                    known,
                }
                .into());
            }
        }
        for (index, input) in plan.inputs.iter().enumerate() {
            let Some((_, value)) = request.values.iter().find(|(name, _)| *name == input.name) else {
                if !request.is_partial && !request.absent.contains(&input.name) {
                    let port = input.port.to_string();
                    return Err(InputError::Missing {
                        name: input.name.clone(),
                        port,
                    }
                    .into());
                }
                let cause = Cause::NotFed(u16::try_from(index).unwrap_or(u16::MAX));
                self.slots[input.slot.index()].cause = Some(cause);
                continue;
            };
            let slot = &plan.slots[input.slot.index()];
            let mut lease = arena.lease(slot.buffer, &slot.layout)?;
            value.write(&input.name, &input.port, &mut lease)?;
            self.trace.input_bytes += lease.written_bytes();
            self.slots[input.slot.index()].value = Some(lease.publish(now));
        }
        self.equal_dims()?;
        // An input that nobody reads would keep its buffer to the end.
        for input in &plan.inputs {
            self.release_if_read(input.slot);
        }
        Ok(())
    }

    /// Dimensions of one name have one size in all inputs of the pipeline.
    fn equal_dims(&self) -> Result<(), InputError> {
        let size = |place: &InputDim| {
            let input = &self.plan.inputs[usize::from(place.input)];
            let value = self.slots[input.slot.index()].value.as_ref()?;
            let sizes = value.dims(usize::from(place.field)).ok()?;
            Some((&input.name, *sizes.get(usize::from(place.dim))?))
        };
        for (dim, places) in &self.plan.input_dims {
            let mut sizes = places.iter().filter_map(size);
            let Some((first_input, first)) = sizes.next() else {
                continue;
            };
            if let Some((second_input, second)) = sizes.find(|(_, other)| *other != first) {
                return Err(InputError::UnequalDims {
                    dim: dim.clone(),
                    first_input: first_input.clone(),
                    first,
                    second_input: second_input.clone(),
                    second,
                });
            }
        }
        Ok(())
    }

    fn set_deadlines(&mut self, now: Duration) {
        for work in self.steps.iter_mut().flatten() {
            for node in &mut work.nodes {
                node.deadline = self.deadline;
            }
        }
        for chain in &self.plan.chains {
            let until = now.saturating_add(chain.deadline);
            for id in &chain.nodes {
                let step = self.plan.nodes[id.index()].step;
                let nodes = self.steps[step.index()]
                    .iter_mut()
                    .flat_map(|work| &mut work.nodes);
                for node in nodes.filter(|node| node.id == *id) {
                    node.deadline = Some(node.deadline.map_or(until, |deadline| deadline.min(until)));
                }
            }
        }
    }

    fn push_ready(&mut self, step: StepId, since: Duration) {
        let turn = |step: &StepId| self.plan.step(*step).turn;
        let at = self.ready.partition_point(|(other, _)| turn(other) > turn(&step));
        self.ready.insert(at, (step, since));
    }

    /// Whether nothing runs and nothing can.
    pub(super) fn is_complete(&self) -> bool {
        self.running_count == 0 && self.ready.is_empty()
    }

    /// The devices of the steps that may run, the least urgent first.
    pub(super) fn ready_devices(
        &self,
    ) -> impl DoubleEndedIterator<Item = DeviceId> + ExactSizeIterator + Clone {
        self.ready.iter().map(|(step, _)| self.plan.step(*step).device)
    }

    /// Takes the most urgent step that may run, with all that it reads.
    pub(super) fn next(&mut self) -> Option<Box<StepWork>> {
        let last = self.ready.len().checked_sub(1)?;
        self.take(last)
    }

    /// Takes a step that may run, by its place in the queue. A value goes with the last step that reads it: the nodes
    /// of that step let go of it one by one, and the later ones may write where it lay.
    pub(super) fn take(&mut self, at: usize) -> Option<Box<StepWork>> {
        let (step, since) = self.ready.remove(at);
        let mut work = self.steps[step.index()].take()?;
        for node in &mut work.nodes {
            for input in 0..node.inputs.len() {
                let Some(feed) = self.plan.nodes[node.id.index()].feeds[input] else {
                    continue;
                };
                let slot = slot_of(&self.plan, &feed);
                let state = &mut self.slots[slot.index()];
                node.causes[input] = state.cause;
                state.edge_count -= 1;
                let value = match state.edge_count {
                    0 => state.value.take(),
                    _ => state.value.clone(),
                };
                node.inputs[input] = value.and_then(|lease| project(lease, feed.field));
            }
        }
        work.ready = since;
        work.firing = self.number;
        self.running_count += 1;
        Some(work)
    }

    /// Takes back a step: its outputs, its turns, and the steps that waited for it. Nothing remains of a step that
    /// comes after its request has been answered; then the answer is false.
    pub(super) fn complete(&mut self, mut work: Box<StepWork>) -> bool {
        if self.is_over || work.firing != self.number {
            self.put_back(work);
            return false;
        }
        self.running_count -= 1;
        let ended = work.nodes.last().map_or(work.ready, |node| node.end);
        for node in &mut work.nodes {
            self.failures
                .extend(node.failure.take().map(|failure| (node.id, failure)));
            for output in &mut node.outputs {
                let state = &mut self.slots[output.slot.index()];
                state.value = output.value.take();
                state.cause = output.cause.take();
                self.release_if_read(output.slot);
            }
        }
        self.trace.intervals.extend(work.intervals());
        let step = work.step;
        self.steps[step.index()] = Some(work);
        for successor in 0..self.plan.step(step).successors.len() {
            let successor = self.plan.step(step).successors[successor];
            self.awaits[successor.index()] -= 1;
            if self.awaits[successor.index()] == 0 {
                self.push_ready(successor, ended);
            }
        }
        true
    }

    /// Takes back a step of which nothing shall remain.
    pub(super) fn put_back(&mut self, mut work: Box<StepWork>) {
        work.forget();
        let step = work.step;
        self.steps[step.index()] = Some(work);
    }

    fn release_if_read(&mut self, slot: SlotId) {
        let state = &mut self.slots[slot.index()];
        if state.edge_count == 0 {
            state.value = None;
        }
    }

    /// Keeps a step whose lane has no room, until there is some. It counts as handed out.
    pub(super) fn postpone(&mut self, work: Box<StepWork>) {
        if self.is_over || work.firing != self.number {
            self.put_back(work);
        } else {
            self.postponed.push(work);
        }
    }

    /// The most urgent of the steps that were postponed.
    pub(super) fn take_postponed(&mut self) -> Option<Box<StepWork>> {
        let turn = |at: &usize| self.plan.step(self.postponed[*at].step).turn;
        let first = (0..self.postponed.len()).min_by_key(turn)?;
        Some(self.postponed.swap_remove(first))
    }

    /// Takes back a step whose lane is closed: the firing cannot go on.
    pub(super) fn refuse(&mut self, work: Box<StepWork>) {
        if self.is_over || work.firing != self.number {
            self.put_back(work);
            return;
        }
        self.running_count -= 1;
        self.put_back(work);
        self.ready.clear();
        self.is_refused = true;
    }

    /// Gives up on everything that has not ended: the deadline has passed, or a lane is closed.
    pub(super) fn abandon(&mut self, now: Duration) {
        self.is_over = true;
        self.ready.clear();
        while let Some(work) = self.postponed.pop() {
            self.put_back(work);
        }
        for (index, node) in self.plan.nodes.iter().enumerate() {
            let id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
            if self.trace.intervals.iter().any(|interval| interval.node == id) {
                continue;
            }
            let with_lane = self.steps[node.step.index()].is_none();
            let outcome = if with_lane {
                NodeOutcome::Late
            } else {
                NodeOutcome::Cancelled
            };
            self.failures.push((
                id,
                RunFailure::Deadline {
                    node: node.name.clone(),
                },
            ));
            let interval = Interval {
                node: id,
                device: node.device,
                worker: 0,
                ready: now,
                start: now,
                end: now,
                outcome,
            };
            self.trace.intervals.push(interval);
            for slot in &node.slots {
                self.slots[slot.index()].cause = Some(Cause::Deadline(id));
            }
        }
    }

    /// Fills the response with what came of every output, and lets go of everything else.
    pub(super) fn finish(&mut self, now: Duration, response: &mut Response) {
        self.trace.end = now;
        for (index, output) in self.plan.outputs.iter().enumerate() {
            let state = &self.slots[output.slot.index()];
            let value = state.value.clone().and_then(|lease| project(lease, output.field));
            let outcome = match (value, state.cause) {
                (Some(value), _) => Outcome::Present(value),
                (None, cause) => self.absence(cause),
            };
            match response.outputs.get_mut(index) {
                Some((name, old)) => {
                    // A response that is filled again mostly has the names already.
                    if *name != output.name {
                        name.clone_from(&output.name);
                    }
                    *old = outcome;
                }
                None => response.outputs.push((output.name.clone(), outcome)),
            }
        }
        response.outputs.truncate(self.plan.outputs.len());
        std::mem::swap(&mut response.trace, &mut self.trace);
        self.clear();
    }

    fn absence(&self, cause: Option<Cause>) -> Outcome {
        let name = |id: NodeId| &self.plan.nodes[id.index()].name;
        let failure = |id: NodeId| {
            let found = self
                .failures
                .iter()
                .find(|(node, _)| *node == id)
                .map(|(_, failure)| failure.clone());
            found.unwrap_or_else(|| RunFailure::Deadline {
                node: name(id).clone(),
            })
        };
        match cause {
            Some(Cause::Failed(id) | Cause::Deadline(id)) => Outcome::Failed(failure(id)),
            Some(Cause::NotFed(input)) => Outcome::Absent(format!(
                "input `{}` was not given",
                self.plan.inputs[usize::from(input)].name
            )),
            Some(Cause::Condition(id)) => {
                Outcome::Absent(format!("the condition of `{}` did not hold", name(id)))
            }
            Some(Cause::NotEmitted(id)) => Outcome::Absent(format!("`{}` gave nothing", name(id))),
            Some(Cause::Tolerated(id)) => Outcome::Absent(format!("`{}` failed and may", name(id))),
            None => Outcome::Absent("nothing was given".to_owned()),
        }
    }
}

fn slot_of(plan: &Plan, feed: &Feed) -> SlotId {
    match feed.producer {
        Producer::Input(index) => plan.inputs[usize::from(index)].slot,
        Producer::Node(node, output) => plan.nodes[node.index()].slots[usize::from(output)],
    }
}
