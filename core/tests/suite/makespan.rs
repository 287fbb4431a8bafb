//! Simulated time obeys what every schedule must: order, the number of workers, and Graham's bound.

use std::time::Duration;

use motet_core::execute::{Durations, Executor, Simulated};
use motet_core::graph::Producer;
use motet_core::plan::Plan;
use motet_core::session::Session;
use motet_core::trace::Trace;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::draft::drafts;
use crate::kinds::Stage;
use crate::pipeline;

/// How long each node took, in nanoseconds.
fn lengths(plan: &Plan, trace: &Trace) -> Vec<f64> {
    let mut lengths = vec![0.0; plan.nodes.len()];
    for turn in &trace.intervals {
        lengths[turn.node.index()] = (turn.end - turn.start).as_nanos() as f64;
    }
    lengths
}

/// Work of all nodes, and the longest chain of steps, order edges included.
fn work_and_critical_path(plan: &Plan, lengths: &[f64]) -> (f64, f64) {
    let step_length = |step: usize| -> f64 {
        plan.steps[step]
            .nodes
            .iter()
            .map(|node| lengths[node.index()])
            .sum()
    };
    let mut longest = vec![0.0f64; plan.steps.len()];
    for step in 0..plan.steps.len() {
        longest[step] += step_length(step);
        for next in &plan.steps[step].successors {
            longest[next.index()] = longest[next.index()].max(longest[step]);
        }
    }
    (lengths.iter().sum(), longest.into_iter().fold(0.0, f64::max))
}

proptest! {
    #![proptest_config(Config { cases: 150, ..Config::default() })]

    /// Graham 1969, "Bounds on multiprocessing timing anomalies", theorem 2.
    #[test]
    fn no_worker_idles_while_a_step_could_run(
        draft in drafts(40, false),
        serial: bool,
        worker_count in 1usize..9,
        seed: u64,
        is_random: bool,
    ) {
        let stage = Stage::new();
        let plan = pipeline::plan(&draft.yaml(), &stage.catalog(), serial).unwrap();
        let mut session = Session::open(plan.clone(), &stage.catalog()).unwrap();
        let durations = if is_random { Durations::Random } else { Durations::Estimated };
        let executor = Simulated { seed, worker_count, durations };
        let request = draft.request(&draft.firing(seed, false));
        let trace = executor.run(&mut session, &request, &stage.clock()).unwrap().trace;
        prop_assert_eq!(trace.intervals.len(), plan.nodes.len());

        let (work, critical_path) = work_and_critical_path(&plan, &lengths(&plan, &trace));
        let workers = worker_count as f64;
        let bound = work / workers + (1.0 - 1.0 / workers) * critical_path;
        let makespan = trace.latency().as_nanos() as f64;
        prop_assert!(makespan <= bound + 1.0, "{} > {}", makespan, bound);
        prop_assert!(makespan + 1.0 >= critical_path.max(work / workers), "quicker than possible");

        let turn = |node: usize| trace.intervals.iter().find(|turn| turn.node.index() == node).unwrap();
        for (index, node) in plan.nodes.iter().enumerate() {
            for feed in node.feeds.iter().flatten() {
                if let Producer::Node(producer, _) = feed.producer {
                    prop_assert!(turn(producer.index()).end <= turn(index).start);
                }
            }
        }
        for moment in trace.intervals.iter().map(|turn| turn.start) {
            let at_work = trace.intervals.iter().filter(|turn| turn.start <= moment && moment < turn.end);
            let mut workers: Vec<u16> = at_work.map(|turn| turn.worker).collect();
            let count = workers.len();
            workers.sort_unstable();
            workers.dedup();
            prop_assert_eq!(workers.len(), count, "a worker does two things at once");
            prop_assert!(count <= worker_count);
        }
    }
}

#[test]
fn equally_urgent_steps_run_in_the_order_of_the_plan() {
    let nodes: Vec<String> = (0..9)
        .map(|node| format!("  n{node}: {{kind: test/mix, in: x}}"))
        .collect();
    let outputs: Vec<String> = (0..9).map(|node| format!("n{node}: n{node}")).collect();
    let text = format!(
        "motet: 1\npipeline: flat\ninputs: {{x: f32}}\nnodes:\n{}\noutputs: {{{}}}\n",
        nodes.join("\n"),
        outputs.join(", ")
    );
    let stage = Stage::new();
    let mut session = pipeline::open(&text, &stage.catalog());
    let request = motet_core::execute::Request::new().with("x", motet_core::value::Value::number(1.0));
    let run = motet_core::execute::Sequential
        .run(&mut session, &request, &stage.clock())
        .unwrap();
    let order: Vec<usize> = run.trace.intervals.iter().map(|turn| turn.node.index()).collect();
    assert_eq!(order, (0..9).collect::<Vec<_>>());
    assert_eq!(run.trace.latency(), Duration::ZERO, "nobody moved the clock");
}
