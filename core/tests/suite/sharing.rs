//! Memory: no timing of parallel nodes lets two owners of one buffer meet.

use motet_core::execute::{Durations, Executor, Outcome, Request, Response, RunFailure, Simulated};
use motet_core::graph::NodeId;
use motet_core::plan::{Plan, Slot, StepId};
use motet_core::session::Session;
use motet_core::trace::NodeOutcome;
use motet_core::value::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::draft::{Draft, drafts};
use crate::kinds::Stage;
use crate::pipeline;

const GRAPH_COUNT: u32 = 2_000;
const TIMING_COUNT: u64 = 5;

/// True when some node found its buffer taken.
fn met(response: &Response) -> bool {
    let leased = |outcome: &Outcome| matches!(outcome, Outcome::Failed(RunFailure::Leased { .. }));
    let in_use =
        |outcome: &NodeOutcome| matches!(outcome, NodeOutcome::Failed(text) if text.contains("still in use"));
    response.outputs.iter().any(|(_, outcome)| leased(outcome))
        || response.trace.intervals.iter().any(|turn| in_use(&turn.outcome))
}

/// Whether any of some random timings lets two owners of one buffer meet.
fn any_timing_meets(draft: &Draft, plan: Plan, stage: &Stage) -> bool {
    let mut session = Session::open(plan.into(), &stage.catalog()).unwrap();
    (0..TIMING_COUNT).any(|seed| {
        let executor = Simulated {
            seed,
            worker_count: 1 + (seed as usize * 3) % 8,
            durations: Durations::Random,
        };
        let request = draft.request(&draft.firing(seed, false));
        let response = executor.run(&mut session, &request, &stage.clock()).unwrap();
        let met = met(&response);
        drop(response);
        assert_eq!(session.busy_unkept_count(), 0, "every buffer comes back");
        met
    })
}

trait Unkept {
    fn busy_unkept_count(&self) -> usize;
}

impl Unkept for Session {
    /// Buffers in use, but for those that hold a last good value from firing to firing.
    fn busy_unkept_count(&self) -> usize {
        let kept = self
            .plan()
            .slots
            .iter()
            .filter(|slot| slot.keep.is_some())
            .count();
        self.arena().busy_count().saturating_sub(kept)
    }
}

/// By step, the steps that end before it begins: the reference, by following `successors` from every step.
fn reachable(plan: &Plan, from: StepId) -> Vec<bool> {
    let mut seen = vec![false; plan.steps.len()];
    let mut stack = vec![from];
    while let Some(step) = stack.pop() {
        for next in &plan.step(step).successors {
            if !std::mem::replace(&mut seen[next.index()], true) {
                stack.push(*next);
            }
        }
    }
    seen
}

/// Whether `first` certainly ends before `then` begins.
fn precedes(plan: &Plan, reach: &[Vec<bool>], first: NodeId, then: NodeId) -> bool {
    let (a, b) = (plan.nodes[first.index()].step, plan.nodes[then.index()].step);
    let place = |node: NodeId| plan.step(a).nodes.iter().position(|other| *other == node);
    if a == b {
        place(first) < place(then)
    } else {
        reach[a.index()][b.index()]
    }
}

/// Whether everybody who touches `first` has ended before `then` is written.
fn is_over(plan: &Plan, reach: &[Vec<bool>], first: &Slot, then: &Slot) -> bool {
    let Some(writer) = then.owner.node() else {
        return false;
    };
    let written = first
        .owner
        .node()
        .is_none_or(|node| precedes(plan, reach, node, writer));
    let read = first
        .readers
        .iter()
        .all(|reader| precedes(plan, reach, *reader, writer));
    !first.is_output && written && read
}

fn breaks_the_rule(plan: &Plan) -> bool {
    let steps = (0..plan.steps.len()).map(|step| StepId(step as u32));
    let reach: Vec<Vec<bool>> = steps.map(|step| reachable(plan, step)).collect();
    let slots = &plan.slots;
    let mut pairs = (0..slots.len()).flat_map(|a| (0..a).map(move |b| (&slots[a], &slots[b])));
    pairs.any(|(a, b)| a.buffer == b.buffer && !is_over(plan, &reach, a, b) && !is_over(plan, &reach, b, a))
}

proptest! {
    #![proptest_config(Config { cases: GRAPH_COUNT, ..Config::default() })]

    #[test]
    fn a_buffer_is_never_shared_by_two_nodes_that_may_overlap(draft in drafts(40, true), serial: bool) {
        let stage = Stage::new();
        let plan = pipeline::plan(&draft.yaml(), &stage.catalog(), serial).unwrap();
        prop_assert!(!breaks_the_rule(&plan));
        prop_assert!(!any_timing_meets(&draft, Plan::clone(&plan), &stage));
    }
}

/// What other runtimes do: two values share a buffer when their lifetimes in one serial order do not overlap.
fn shared_by_serial_lifetimes(plan: &Plan) -> Plan {
    let order: Vec<NodeId> = plan.steps.iter().flat_map(|step| step.nodes.clone()).collect();
    let at = |node: &NodeId| order.iter().position(|other| other == node).unwrap() + 1;
    let lifetime = |slot: &Slot| {
        let begin = slot.owner.node().map_or(0, |node| at(&node));
        let read = slot.readers.iter().map(at).max().unwrap_or(begin);
        (begin, if slot.is_output { usize::MAX } else { read })
    };
    let mut plan = plan.clone();
    let lifetimes: Vec<(usize, usize)> = plan.slots.iter().map(lifetime).collect();
    let mut ends: Vec<(usize, u64)> = Vec::new();
    let mut slots: Vec<usize> = (0..plan.slots.len()).collect();
    slots.sort_by_key(|slot| lifetimes[*slot]);
    for slot in slots {
        let ((begin, end), bytes) = (lifetimes[slot], plan.slots[slot].layout.bytes as u64);
        let free = ends.iter().position(|(until, _)| *until < begin);
        let buffer = free.unwrap_or(ends.len());
        match free {
            Some(buffer) => ends[buffer] = (end, bytes.max(ends[buffer].1)),
            None => ends.push((end, bytes)),
        }
        plan.slots[slot].buffer = motet_core::arena::BufferId(buffer as u32);
    }
    plan.buffers = ends.into_iter().map(|(_, bytes)| bytes).collect();
    plan
}

#[test]
fn sharing_by_serial_lifetimes_lets_owners_meet_in_most_random_graphs_and_ours_in_none() {
    const SAMPLE_COUNT: usize = 300;
    let mut runner = TestRunner::deterministic();
    let strategy = drafts(40, false);
    let (mut theirs, mut ours) = (0, 0);
    for _ in 0..SAMPLE_COUNT {
        let draft = strategy.new_tree(&mut runner).unwrap().current();
        let stage = Stage::new();
        let plan = pipeline::plan(&draft.yaml(), &stage.catalog(), false).unwrap();
        theirs += usize::from(any_timing_meets(
            &draft,
            shared_by_serial_lifetimes(&plan),
            &stage,
        ));
        ours += usize::from(any_timing_meets(&draft, Plan::clone(&plan), &stage));
    }
    println!(
        "of {SAMPLE_COUNT} graphs, owners meet in {theirs} by serial lifetimes and in {ours} by ancestry"
    );
    assert_eq!(ours, 0);
    assert!(theirs * 2 > SAMPLE_COUNT, "{theirs} of {SAMPLE_COUNT}");
}

/// Serially `left` has been read before `right` is written, so the two may share; in parallel they run side by side.
#[test]
fn two_branches_of_one_input_show_why_serial_lifetimes_are_not_enough() {
    let text = r#"
motet: 1
pipeline: branches
inputs: {x: "f32[8]"}
nodes:
  left: {kind: test/mix, in: x, with: {size: 8}}
  left_end: {kind: test/mix, in: left.score}
  right: {kind: test/mix, in: x, with: {size: 8}}
  right_end: {kind: test/mix, in: right.score}
outputs: {left: left_end, right: right_end}
"#;
    let stage = Stage::new();
    let ours = Plan::clone(&pipeline::plan(text, &stage.catalog(), false).unwrap());
    let theirs = shared_by_serial_lifetimes(&ours);
    let buffer = |plan: &Plan, name: &str| plan.slots.iter().find(|slot| slot.name == name).unwrap().buffer;
    assert_eq!(buffer(&theirs, "left"), buffer(&theirs, "right"));
    assert_ne!(buffer(&ours, "left"), buffer(&ours, "right"));
    let meets = |plan: Plan| {
        let mut session = Session::open(plan.into(), &stage.catalog()).unwrap();
        let executor = Simulated {
            seed: 1,
            worker_count: 2,
            durations: Durations::Random,
        };
        let request = Request::new().with("x", Value::samples(vec![1.0; 8]));
        met(&executor.run(&mut session, &request, &stage.clock()).unwrap())
    };
    assert!(meets(theirs));
    assert!(!meets(ours));
}

/// `first`'s value is dead once `second` has run, so the scratch memory of `third` may lie there; that of `second` may
/// not, and that of two nodes side by side never meets.
#[test]
fn scratch_memory_shares_with_what_is_dead_and_with_nothing_else() {
    let text = r#"
motet: 1
pipeline: scratch
inputs: {x: "f32[8]"}
nodes:
  first: {kind: test/mix, in: x, with: {size: 2000}}
  second: {kind: test/mix, in: first, with: {scratch: 8000}}
  third: {kind: test/mix, in: second, with: {scratch: 8000}}
  beside: {kind: test/mix, in: x, with: {scratch: 8000}}
outputs: {third: third, beside: beside}
"#;
    let stage = Stage::new();
    let plan = pipeline::plan(text, &stage.catalog(), false).unwrap();
    let slot = |name: &str| plan.slots.iter().find(|slot| slot.name == name).unwrap();
    let [first, second, third, beside] =
        ["first", "second scratch", "third scratch", "beside scratch"].map(|name| slot(name).buffer);
    assert!(first == third || second == third, "one of the two is dead");
    assert!(first != second && ![first, second, third].contains(&beside));
    assert_eq!(slot("third scratch").layout.bytes, 8_000);
    assert_eq!(
        plan.node("third")
            .unwrap()
            .1
            .scratch
            .map(|slot| plan.slots[slot.index()].readers.len()),
        Some(1)
    );
    let page = plan.to_string();
    assert!(
        page.lines()
            .any(|line| line.contains("second scratch") && line.ends_with('-')),
        "{page}"
    );
}
