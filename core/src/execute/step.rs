//! The work of one step: its nodes one after the other, with the leases they need.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::arena::{Arena, BufferId, Busy, ReadLease, ScratchLease, WriteLease};
use crate::clock::Clock;
use crate::condition::LeaseValues;
use crate::graph::{NodeId, Producer};
use crate::machine::DeviceId;
use crate::node::{Inputs, Node, NodeError, Outputs};
use crate::plan::{Plan, PlannedNode, SlotId, StepId};
use crate::port::Layout;
use crate::spec::OnError;
use crate::trace::{Interval, NodeOutcome};

use super::{Cause, RunFailure, discard, panic_text};

/// Everything a step needs, moved to whoever runs it and back.
pub(crate) struct StepWork {
    pub(crate) step: StepId,
    pub(crate) device: DeviceId,
    pub(crate) nodes: Vec<NodeWork>,
    plan: Arc<Plan>,
    /// When the step could have begun.
    pub(crate) ready: Duration,
    pub(crate) worker: u16,
    /// The number of the firing it was taken for.
    pub(crate) firing: u64,
}

pub(crate) struct NodeWork {
    pub(crate) id: NodeId,
    /// `None` after a panic, until it is built anew.
    node: Option<Box<dyn Node>>,
    pub(crate) inputs: Vec<Option<ReadLease>>,
    passings: Vec<Passing>,
    /// For each absent input, why.
    pub(crate) causes: Vec<Option<Cause>>,
    leases: Vec<WriteLease>,
    /// Where its scratch memory lies.
    scratch: Option<(BufferId, Arc<Layout>)>,
    /// That memory, while the node has its turn.
    scratch_lease: Option<ScratchLease>,
    pub(crate) outputs: Vec<Published>,
    /// On the session's clock.
    pub(crate) deadline: Option<Duration>,
    pub(crate) start: Duration,
    pub(crate) end: Duration,
    pub(crate) outcome: Option<NodeOutcome>,
    pub(crate) failure: Option<RunFailure>,
}

/// An output of a node and the last good one, where that is kept.
pub(crate) struct Published {
    pub(crate) slot: SlotId,
    layout: Arc<Layout>,
    buffer: BufferId,
    keep: Option<BufferId>,
    pub(crate) value: Option<ReadLease>,
    pub(crate) cause: Option<Cause>,
    kept: Option<ReadLease>,
    /// One bit for each field whose elements may stay on the node's device.
    leavable: u64,
    /// Nobody reads it and the pipeline does not give it out.
    is_unread: bool,
    /// The pipeline gives it out.
    is_given_out: bool,
}

/// A value that an input takes from the previous node of the step.
struct Passing {
    input: usize,
    output: usize,
    field: Option<u16>,
    /// Nobody else wants the value.
    moves: bool,
}

impl StepWork {
    pub(crate) fn new(plan: &Arc<Plan>, step: StepId, nodes: Vec<Box<dyn Node>>) -> StepWork {
        let planned = plan.step(step);
        let nodes = planned
            .nodes
            .iter()
            .zip(nodes)
            .map(|(id, node)| NodeWork::new(plan, *id, node))
            .collect();
        let device = planned.device;
        StepWork {
            step,
            device,
            nodes,
            plan: Arc::clone(plan),
            ready: Duration::ZERO,
            worker: 0,
            firing: 0,
        }
    }

    pub(crate) fn reset(&mut self) {
        for node in &mut self.nodes {
            node.outputs.iter_mut().for_each(|output| output.kept = None);
            let Some(mut own) = node.node.take() else { continue };
            match catch_unwind(AssertUnwindSafe(|| own.reset())) {
                Ok(()) => node.node = Some(own),
                Err(panic) => {
                    discard(panic);
                    discard(own);
                }
            }
        }
    }

    /// What its nodes say of how they were opened.
    pub(crate) fn remarks(&self) -> Vec<(NodeId, String)> {
        let remarks = |work: &NodeWork| {
            let remarks = work.node.as_ref().map_or_else(Vec::new, |node| node.remarks());
            let id = work.id;
            remarks.into_iter().map(move |remark| (id, remark))
        };
        self.nodes.iter().flat_map(remarks).collect()
    }

    /// Whether the last good value of an output lies in this buffer.
    pub(crate) fn keeps(&self, buffer: BufferId) -> bool {
        let mut outputs = self.nodes.iter().flat_map(|node| &node.outputs);
        outputs.any(|output| output.keep == Some(buffer) && output.kept.is_some())
    }

    pub(crate) fn missing_nodes(&mut self) -> impl Iterator<Item = (NodeId, &mut Option<Box<dyn Node>>)> {
        self.nodes
            .iter_mut()
            .filter(|node| node.node.is_none())
            .map(|node| (node.id, &mut node.node))
    }

    /// Runs all nodes, one after the other.
    pub(crate) fn execute(&mut self, arena: &Arc<Arena>, clock: &dyn Clock) {
        // Where one node ends the next begins: reading the clock costs as much as all the rest of a hand-over.
        let mut now = clock.now();
        for index in 0..self.nodes.len() {
            self.begin(index, arena, now);
            self.run(index);
            now = clock.now();
            self.end(index, arena, now);
        }
    }

    /// Gathers what the node reads and takes the buffers it writes, unless it has no turn.
    pub(crate) fn begin(&mut self, index: usize, arena: &Arc<Arena>, now: Duration) {
        let (before, rest) = self.nodes.split_at_mut(index);
        let work = &mut rest[0];
        let planned = &self.plan.nodes[work.id.index()];
        if let Some(previous) = before.last_mut() {
            work.read_from(previous);
        }
        work.start = now;
        if let Some(cause) = work.missing_input(planned) {
            work.skip(cause);
        } else if planned
            .when
            .as_ref()
            .is_some_and(|when| !when.holds(&LeaseValues(&work.inputs)))
        {
            work.skip(Cause::Condition(work.id));
        } else if work.deadline.is_some_and(|deadline| now > deadline) {
            work.cancel(&planned.name, NodeOutcome::Cancelled);
        } else if let Err(busy) = work.lease(arena) {
            let failure = RunFailure::Leased {
                node: planned.name.clone(),
                busy,
            };
            work.fail(failure, OnError::Fail);
        }
    }

    /// The node's own work; it may panic without harm.
    pub(crate) fn run(&mut self, index: usize) {
        let work = &mut self.nodes[index];
        if work.outcome.is_some() {
            return;
        }
        let planned = &self.plan.nodes[work.id.index()];
        let _span = tracing::trace_span!("node", name = planned.name.as_str(), kind = planned.kind.as_str())
            .entered();
        let Some(mut node) = work.node.take() else { return };
        let (inputs, leases, now) = (&work.inputs, &mut work.leases, work.start);
        let scratch = work.scratch_lease.as_mut();
        let result = match unequal_dims(planned, inputs) {
            Some(error) => Ok(Err(error)),
            // The node stays outside: dropped while its own panic unwinds, it could end the process.
            None => catch_unwind(AssertUnwindSafe(|| {
                let mut outputs = Outputs::new(leases).with_scratch(scratch);
                let done = node.run(&Inputs::new(inputs, now), &mut outputs);
                done.map(|()| outputs.fallback())
            })),
        };
        let error = match result {
            Ok(result) => {
                work.node = Some(node);
                match result.and_then(|fallback| work.check_outputs(planned).map(|()| fallback)) {
                    Ok(fallback) => {
                        work.outcome = fallback.map(NodeOutcome::FellBack);
                        None
                    }
                    Err(error) => Some(error),
                }
            }
            Err(panic) => {
                // What a panic says may repeat what the node read, as that of a slice off a character boundary does.
                let text = match planned.signature.reads_phi() {
                    true => "its message may repeat confidential values and is not shown".to_owned(),
                    false => panic_text(panic.as_ref()),
                };
                discard(panic);
                discard(node);
                Some(NodeError::Panicked(text))
            }
        };
        if let Some(error) = error {
            let failure = RunFailure::Node {
                node: planned.name.clone(),
                error,
            };
            work.fail(failure, planned.on_error);
        }
    }

    /// Publishes what the node wrote and lets go of what it read.
    pub(crate) fn end(&mut self, index: usize, arena: &Arc<Arena>, now: Duration) {
        let (before, rest) = self.nodes.split_at_mut(index);
        let work = &mut rest[0];
        work.scratch_lease = None;
        work.publish(arena, now);
        // Nobody would let go of a value that nobody reads.
        let unread = work.outputs.iter_mut().filter(|output| output.is_unread);
        unread.for_each(|output| output.value = None);
        work.inputs.iter_mut().for_each(|input| *input = None);
        work.end = now;
        // A value between two nodes of a step has no other reader, unless the pipeline gives it out.
        if let Some(previous) = before.last_mut() {
            let inner = previous.outputs.iter_mut().filter(|output| !output.is_given_out);
            inner.for_each(|output| output.value = None);
        }
    }

    /// Drops what a late turn left behind.
    pub(crate) fn forget(&mut self) {
        for work in &mut self.nodes {
            work.outcome = None;
            work.failure = None;
            work.inputs.iter_mut().for_each(|input| *input = None);
            for output in &mut work.outputs {
                (output.value, output.cause) = (None, None);
            }
        }
    }

    /// The turns of its nodes.
    pub(crate) fn intervals(&mut self) -> impl Iterator<Item = Interval> {
        let (device, worker) = (self.device, self.worker);
        let mut ready = self.ready;
        self.nodes.iter_mut().map(move |work| {
            let outcome = work.outcome.take().unwrap_or(NodeOutcome::Ran);
            let interval = Interval {
                node: work.id,
                device,
                worker,
                ready,
                start: work.start,
                end: work.end,
                outcome,
            };
            ready = work.end;
            interval
        })
    }
}

impl NodeWork {
    fn new(plan: &Plan, id: NodeId, node: Box<dyn Node>) -> NodeWork {
        let planned = &plan.nodes[id.index()];
        let outputs = planned.slots.iter().map(|slot| {
            let planned = &plan.slots[slot.index()];
            Published {
                slot: *slot,
                layout: Arc::clone(&planned.layout),
                buffer: planned.buffer,
                keep: planned.keep,
                value: None,
                cause: None,
                kept: None,
                leavable: planned.leavable,
                is_unread: !planned.is_output && planned.readers.is_empty(),
                is_given_out: planned.is_output,
            }
        });
        NodeWork {
            id,
            node: Some(node),
            inputs: vec![None; planned.feeds.len()],
            passings: passings(plan, id),
            causes: vec![None; planned.feeds.len()],
            leases: Vec::with_capacity(planned.slots.len()),
            scratch: planned.scratch.map(|slot| {
                let slot = &plan.slots[slot.index()];
                (slot.buffer, Arc::clone(&slot.layout))
            }),
            scratch_lease: None,
            outputs: outputs.collect(),
            deadline: None,
            start: Duration::ZERO,
            end: Duration::ZERO,
            outcome: None,
            failure: None,
        }
    }

    /// Takes the values that the previous node of the step gives.
    fn read_from(&mut self, previous: &mut NodeWork) {
        for passing in &self.passings {
            let output = &mut previous.outputs[passing.output];
            let value = match passing.moves {
                true => output.value.take(),
                false => output.value.clone(),
            };
            self.inputs[passing.input] = value.and_then(|lease| project(lease, passing.field));
            self.causes[passing.input] = output.cause;
        }
    }

    fn missing_input(&self, planned: &PlannedNode) -> Option<Cause> {
        let inputs = planned.signature.inputs.iter().enumerate();
        let mut absent = inputs.filter(|(index, input)| !input.optional && self.inputs[*index].is_none());
        absent
            .next()
            .map(|(index, _)| self.causes[index].unwrap_or(Cause::NotEmitted(self.id)))
    }

    fn skip(&mut self, cause: Cause) {
        self.outcome = Some(NodeOutcome::Skipped);
        self.outputs
            .iter_mut()
            .for_each(|output| output.cause = Some(cause));
    }

    fn cancel(&mut self, name: &str, outcome: NodeOutcome) {
        self.failure = Some(RunFailure::Deadline {
            node: name.to_owned(),
        });
        self.outcome = Some(outcome);
        let cause = Cause::Deadline(self.id);
        self.outputs
            .iter_mut()
            .for_each(|output| output.cause = Some(cause));
    }

    fn fail(&mut self, failure: RunFailure, on_error: OnError) {
        self.leases.clear();
        let text = failure.to_string();
        self.failure = Some(failure);
        let good = on_error == OnError::LastGood && self.outputs.iter().any(|output| output.kept.is_some());
        self.outcome = Some(if good {
            NodeOutcome::LastGood(text)
        } else {
            NodeOutcome::Failed(text)
        });
        let cause = match on_error {
            OnError::Fail => Cause::Failed(self.id),
            OnError::Absent | OnError::LastGood => Cause::Tolerated(self.id),
        };
        for output in &mut self.outputs {
            output.cause = Some(cause);
            if good {
                output.value.clone_from(&output.kept);
            }
        }
    }

    fn lease(&mut self, arena: &Arc<Arena>) -> Result<(), Busy> {
        for output in &self.outputs {
            let lease = arena.lease(output.buffer, &output.layout)?;
            self.leases.push(lease.leavable(output.leavable));
        }
        if let Some((buffer, layout)) = &self.scratch {
            self.scratch_lease = Some(arena.lease_scratch(*buffer, layout)?);
        }
        Ok(())
    }

    fn check_outputs(&self, planned: &PlannedNode) -> Result<(), NodeError> {
        for (lease, spec) in self.leases.iter().zip(&planned.signature.outputs) {
            if lease.unwritten().is_some() && (lease.is_begun() || !spec.may_be_absent) {
                return Err(NodeError::Unwritten {
                    port: spec.name.clone(),
                });
            }
            if lease.is_begun() && !lease.is_finite() {
                return Err(NodeError::NotFinite {
                    port: spec.name.clone(),
                });
            }
        }
        Ok(())
    }

    fn publish(&mut self, arena: &Arc<Arena>, now: Duration) {
        for (lease, output) in self.leases.drain(..).zip(&mut self.outputs) {
            if !lease.is_begun() {
                output.kept = None;
                output.cause = Some(Cause::NotEmitted(self.id));
                continue;
            }
            let value = lease.publish(now);
            if let Some(keep) = output.keep {
                output.kept = None;
                let copy = arena.lease(keep, &output.layout).ok();
                output.kept = copy.map(|copy| copy.copy_from(&value));
            }
            output.value = Some(value);
            output.cause = None;
        }
    }
}

/// What a node takes from the one before it in its step.
fn passings(plan: &Plan, id: NodeId) -> Vec<Passing> {
    let planned = &plan.nodes[id.index()];
    let nodes = &plan.step(planned.step).nodes;
    let at = nodes.iter().position(|node| *node == id).unwrap_or(0);
    let Some(previous) = at.checked_sub(1).map(|before| nodes[before]) else {
        return Vec::new();
    };
    let mut passings: Vec<Passing> = Vec::new();
    for (input, feed) in planned.feeds.iter().enumerate() {
        let Some(feed) = feed else { continue };
        let Producer::Node(producer, output) = feed.producer else {
            continue;
        };
        if producer != previous {
            continue;
        }
        let output = usize::from(output);
        let earlier = passings.iter_mut().filter(|passing| passing.output == output);
        earlier.for_each(|passing| passing.moves = false);
        let slot = &plan.slots[plan.nodes[previous.index()].slots[output].index()];
        passings.push(Passing {
            input,
            output,
            field: feed.field,
            moves: !slot.is_output && slot.readers == [id],
        });
    }
    passings
}

impl Drop for NodeWork {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            discard(node);
        }
    }
}

/// The part of a value that an input reads.
pub(crate) fn project(lease: ReadLease, field: Option<u16>) -> Option<ReadLease> {
    match field {
        None => Some(lease),
        Some(field) => lease.project(usize::from(field)).ok(),
    }
}

/// Sizes that share a name in the kind's declaration must be equal.
fn unequal_dims(planned: &PlannedNode, inputs: &[Option<ReadLease>]) -> Option<NodeError> {
    let size = |(input, dim): (u16, u16)| {
        let lease = inputs[usize::from(input)].as_ref()?;
        lease.dims(0).ok()?.get(usize::from(dim)).copied()
    };
    let unequal = planned
        .equal_dims
        .iter()
        .find(|[a, b]| matches!((size(*a), size(*b)), (Some(a), Some(b)) if a != b));
    unequal.map(|[a, b]| {
        let name = |(input, _): (u16, u16)| planned.signature.inputs[usize::from(input)].name.as_str();
        NodeError::Failed(format!(
            "inputs `{}` and `{}` have different lengths",
            name(*a),
            name(*b)
        ))
    })
}
