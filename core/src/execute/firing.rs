//! One request on its way through a session: what has arrived, what waits, what is ready.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use crate::arena::{Busy, ReadLease};
use crate::clock::Clock;
use crate::graph::{Feed, NodeId, Producer};
use crate::plan::{Plan, SlotId, StepId};
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

/// Counters and values of one request; the caller's thread alone owns them.
pub(super) struct Firing {
    plan: Arc<Plan>,
    slots: Vec<SlotState>,
    awaits: Vec<u32>,
    /// Steps that may run, the least urgent first, and since when.
    ready: Vec<(StepId, Duration)>,
    running_count: usize,
    /// On the session's clock.
    pub(super) deadline: Option<Duration>,
    failures: Vec<(NodeId, RunFailure)>,
    trace: Trace,
}

impl Firing {
    /// Takes the values of a request into the arena, once everything that an earlier one left there is gone.
    pub(super) fn begin(
        session: &mut Session,
        request: &Request,
        clock: &dyn Clock,
    ) -> Result<Firing, RunError> {
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
        session.firing_count += 1;
        let plan = Arc::clone(session.plan());
        let slots = plan.slots.iter().map(|slot| SlotState {
            value: None,
            cause: None,
            edge_count: u32::from(slot.is_output),
        });
        let mut firing = Firing {
            slots: slots.collect(),
            awaits: plan.steps.iter().map(|step| step.awaits).collect(),
            ready: Vec::with_capacity(plan.steps.len()),
            running_count: 0,
            deadline,
            failures: Vec::new(),
            trace: Trace {
                start: now,
                intervals: Vec::with_capacity(plan.nodes.len()),
                ..Trace::default()
            },
            plan: Arc::clone(&plan),
        };
        for feed in plan.nodes.iter().flat_map(|node| node.feeds.iter().flatten()) {
            firing.slots[slot_of(&plan, feed).index()].edge_count += 1;
        }
        firing.take_inputs(session, request, now)?;
        for step in (0..firing.awaits.len())
            .filter(|step| firing.awaits[*step] == 0)
            .collect::<Vec<_>>()
        {
            firing.push_ready(StepId(u32::try_from(step).unwrap_or(u32::MAX)), now);
        }
        firing.set_deadlines(session, now);
        Ok(firing)
    }

    fn take_inputs(&mut self, session: &Session, request: &Request, now: Duration) -> Result<(), RunError> {
        let plan = Arc::clone(&self.plan);
        for (name, _) in &request.values {
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
                if !request.is_partial {
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
            let mut lease = session.arena().lease(slot.buffer, &slot.layout)?;
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
        let mut seen: Vec<(&str, &str, u32)> = Vec::new();
        for input in &self.plan.inputs {
            let Some(value) = &self.slots[input.slot.index()].value else {
                continue;
            };
            for (field, tensor) in input.port.tensors().enumerate() {
                let sizes = value.dims(field).unwrap_or(&[]);
                for (dim, size) in tensor.dims.iter().zip(sizes) {
                    // Text counts its own bytes: `T` of two texts has nothing in common.
                    let Some(name) = dim
                        .name
                        .as_deref()
                        .filter(|_| tensor.element != crate::port::Element::Utf8)
                    else {
                        continue;
                    };
                    match seen.iter().find(|(other, _, _)| *other == name) {
                        Some((_, first_input, first)) if first != size => {
                            return Err(InputError::UnequalDims {
                                dim: name.to_owned(),
                                first_input: (*first_input).to_owned(),
                                first: *first,
                                second_input: input.name.clone(),
                                second: *size,
                            });
                        }
                        Some(_) => {}
                        None => seen.push((name, &input.name, *size)),
                    }
                }
            }
        }
        Ok(())
    }

    fn set_deadlines(&self, session: &mut Session, now: Duration) {
        for work in session.steps.iter_mut().flatten() {
            for node in &mut work.nodes {
                node.deadline = self.deadline;
            }
        }
        for chain in &self.plan.chains {
            let until = now.saturating_add(chain.deadline);
            for id in &chain.nodes {
                let step = self.plan.nodes[id.index()].step;
                let nodes = session.steps[step.index()]
                    .iter_mut()
                    .flat_map(|work| &mut work.nodes);
                for node in nodes.filter(|node| node.id == *id) {
                    node.deadline = Some(node.deadline.map_or(until, |deadline| deadline.min(until)));
                }
            }
        }
    }

    fn push_ready(&mut self, step: StepId, since: Duration) {
        let rank = |step: &StepId| self.plan.step(*step).rank;
        let at = self
            .ready
            .partition_point(|(other, _)| (rank(other), Reverse(other.0)) < (rank(&step), Reverse(step.0)));
        self.ready.insert(at, (step, since));
    }

    /// How many steps may run now.
    pub(super) fn ready_count(&self) -> usize {
        self.ready.len()
    }

    /// How many steps are with a lane.
    pub(super) fn running_count(&self) -> usize {
        self.running_count
    }

    /// Takes the most urgent step that may run, with all that it reads.
    pub(super) fn next(&mut self, session: &mut Session) -> Option<Box<StepWork>> {
        let last = self.ready.len().checked_sub(1)?;
        self.take(session, last)
    }

    /// Takes a step that may run, by its place in the queue. A value goes with the last step that reads it: the nodes
    /// of that step let go of it one by one, and the later ones may write where it lay.
    pub(super) fn take(&mut self, session: &mut Session, at: usize) -> Option<Box<StepWork>> {
        let (step, since) = self.ready.remove(at);
        let mut work = session.steps[step.index()].take()?;
        let plan = Arc::clone(&self.plan);
        for node in &mut work.nodes {
            for (input, feed) in plan.nodes[node.id.index()].feeds.iter().enumerate() {
                let Some(feed) = feed else { continue };
                let slot = slot_of(&plan, feed);
                let state = &mut self.slots[slot.index()];
                node.inputs[input] = state.value.as_ref().and_then(|lease| project(lease, feed.field));
                node.causes[input] = state.cause;
                state.edge_count -= 1;
                self.release_if_read(slot);
            }
        }
        work.ready = since;
        self.running_count += 1;
        Some(work)
    }

    /// Takes back a step: its outputs, its turns, and the steps that waited for it.
    pub(super) fn complete(&mut self, session: &mut Session, mut work: Box<StepWork>) {
        self.running_count -= 1;
        let plan = Arc::clone(&self.plan);
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
        for successor in &plan.step(work.step).successors {
            self.awaits[successor.index()] -= 1;
            if self.awaits[successor.index()] == 0 {
                self.push_ready(*successor, ended);
            }
        }
        let step = work.step;
        session.steps[step.index()] = Some(work);
    }

    fn release_if_read(&mut self, slot: SlotId) {
        let state = &mut self.slots[slot.index()];
        if state.edge_count == 0 {
            state.value = None;
        }
    }

    /// Gives up on everything that has not ended: the deadline has passed.
    pub(super) fn abandon(&mut self, session: &Session, now: Duration) {
        let plan = Arc::clone(&self.plan);
        for (index, node) in plan.nodes.iter().enumerate() {
            let id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
            if self.trace.intervals.iter().any(|interval| interval.node == id) {
                continue;
            }
            let with_lane = session.steps[node.step.index()].is_none();
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

    /// The response, with what came of every output.
    pub(super) fn finish(mut self, now: Duration) -> Response {
        self.trace.end = now;
        let plan = Arc::clone(&self.plan);
        let outputs = plan.outputs.iter().map(|output| {
            let state = &self.slots[output.slot.index()];
            let value = state
                .value
                .as_ref()
                .and_then(|lease| project(lease, output.field));
            let outcome = match (value, state.cause) {
                (Some(value), _) => Outcome::Present(value),
                (None, cause) => self.absence(cause),
            };
            (output.name.clone(), outcome)
        });
        let outputs = outputs.collect();
        Response {
            outputs,
            trace: self.trace,
        }
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
