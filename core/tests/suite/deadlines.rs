//! Deadlines: work is cancelled at node boundaries, a late node holds up nobody else and is taken back later.

use std::sync::Arc;
use std::time::Duration;

use motet_core::clock::{Clock, Monotonic};
use motet_core::execute::{
    Executor, Outcome, Parallel, Request, Response, RunError, RunFailure, Sequential, Spawn,
};
use motet_core::session::Session;
use motet_core::trace::NodeOutcome;
use motet_core::value::Value;

use crate::kinds::Stage;
use crate::pipeline;

const MILLI: Duration = Duration::from_millis(1);

fn late(output: &str, response: &Response, node: &str) -> bool {
    let expected = RunFailure::Deadline {
        node: node.to_owned(),
    };
    matches!(response.output(output), Some(Outcome::Failed(failure)) if *failure == expected)
}

fn outcomes(session: &Session, response: &Response) -> Vec<(String, NodeOutcome)> {
    let turns = response.trace.intervals.iter();
    turns
        .map(|turn| {
            (
                session.plan().nodes[turn.node.index()].name.clone(),
                turn.outcome.clone(),
            )
        })
        .collect()
}

fn x(value: f32) -> Request {
    Request::new().with("x", Value::number(value))
}

/// Two branches of `x`: a slow one of three nodes and a quick one.
fn branches(contract: &str) -> String {
    format!(
        "motet: 1
pipeline: branches
contract: {{{contract}}}
inputs: {{x: f32}}
nodes:
  slow: {{kind: test/odd, in: x, with: {{does: takes_time, millis: 10}}}}
  middle: {{kind: test/odd, in: slow}}
  last: {{kind: test/odd, in: middle}}
  quick: {{kind: test/mix, in: slow}}
outputs: {{last: last, quick: quick}}
"
    )
}

#[test]
fn a_node_does_not_begin_once_the_deadline_of_the_request_has_passed() {
    for (contract, request) in [
        ("deadline: 5 ms", x(-1.0)),
        ("egress: none", x(-1.0).within(5 * MILLI)),
    ] {
        let stage = Stage::new();
        let mut session = pipeline::open(&branches(contract), &stage.catalog());
        let response = Sequential.run(&mut session, &request, &stage.clock()).unwrap();
        assert!(
            late("last", &response, "middle") && late("quick", &response, "quick"),
            "the first cancelled"
        );
        let outcomes = outcomes(&session, &response);
        assert_eq!(outcomes[0], ("slow".to_owned(), NodeOutcome::Ran));
        assert!(outcomes.contains(&("middle".to_owned(), NodeOutcome::Cancelled)));
        assert!(outcomes.contains(&("last".to_owned(), NodeOutcome::Skipped)));
        drop(response);
        assert_eq!(session.arena().busy_count(), 0);
        let response = Sequential.run(&mut session, &x(1.0), &stage.clock()).unwrap();
        assert_eq!(
            response.value("last"),
            Some(Value::number(1.0)),
            "the next request has its own deadline"
        );
    }
}

#[test]
fn the_shorter_of_the_deadlines_of_request_and_contract_counts() {
    let stage = Stage::new();
    let mut session = pipeline::open(&branches("deadline: 50 ms"), &stage.catalog());
    let clock = stage.clock();
    let mut is_late = |request: Request| {
        late(
            "last",
            &Sequential.run(&mut session, &request, &clock).unwrap(),
            "middle",
        )
    };
    assert!(!is_late(x(-1.0)));
    assert!(is_late(x(-1.0).within(5 * MILLI)));
    assert!(!is_late(x(-1.0).within(500 * MILLI)));
    assert!(
        !is_late(x(-1.0).within(Duration::MAX)),
        "a deadline without end is none"
    );
}

#[test]
fn the_deadline_of_a_chain_cancels_its_nodes_and_no_others() {
    let stage = Stage::new();
    let contract = "chains: {answer: {path: x -> slow -> last, deadline: 5 ms}}";
    let mut session = pipeline::open(&branches(contract), &stage.catalog());
    let response = Sequential.run(&mut session, &x(-1.0), &stage.clock()).unwrap();
    assert!(late("last", &response, "last"));
    assert!(
        matches!(response.output("quick"), Some(Outcome::Present(_))),
        "it is on no chain"
    );
}

/// `late` blocks until the gate opens; `time` lets the deadline pass once it does; `given` came before both.
fn blocked(does: &str, contract: &str) -> String {
    format!(
        "motet: 1
pipeline: blocked
contract: {{{contract}}}
inputs: {{x: f32}}
nodes:
  given: {{kind: test/odd, in: x}}
  late: {{kind: test/odd, in: given, with: {{does: {does}}}}}
  after: {{kind: test/odd, in: late}}
  time: {{kind: test/odd, in: x, with: {{does: outlasts, millis: 20}}}}
outputs: {{given: given, after: after, time: time}}
"
    )
}

#[test]
fn a_late_node_holds_up_nobody_else_and_is_taken_back_by_a_later_request() {
    let deadline = |request: Request| request.within(10 * MILLI);
    for (contract, ask) in [
        ("egress: none", deadline as fn(Request) -> Request),
        ("deadline: 10 ms", |it| it),
    ] {
        let stage = Stage::new();
        let lane = Parallel::new(2).unwrap();
        let mut session = pipeline::open(&blocked("blocks", contract), &stage.catalog());
        let response = lane
            .run(&mut session, &ask(x(-3.0)), &stage.going_clock())
            .unwrap();
        assert!(late("after", &response, "late") || late("after", &response, "after"));
        assert_eq!(
            response.value("given"),
            Some(Value::number(-3.0)),
            "it came in time"
        );
        assert_eq!(response.value("time"), Some(Value::number(-3.0)));
        let outcomes = outcomes(&session, &response);
        assert!(
            outcomes.contains(&("late".to_owned(), NodeOutcome::Late)),
            "{outcomes:?}"
        );
        drop(response);

        let refused = lane.run(&mut session, &ask(x(1.0)), &stage.going_clock()).err();
        assert_eq!(
            refused,
            Some(RunError::StillRunning {
                node: "late".to_owned()
            })
        );
        let refused = Sequential
            .run(&mut session, &ask(x(1.0)), &stage.going_clock())
            .err();
        assert_eq!(
            refused,
            Some(RunError::StillRunning {
                node: "late".to_owned()
            })
        );

        stage.open_gate.send(()).unwrap();
        let response = lane
            .run(&mut session, &x(4.0).within(1_000 * MILLI), &stage.clock())
            .unwrap();
        assert_eq!(
            response.value("after"),
            Some(Value::number(4.0)),
            "not the late answer"
        );
        drop(response);
        assert_eq!(session.arena().busy_count(), 0);
    }
}

#[test]
fn a_node_that_blocks_is_late_by_the_clock_of_the_machine() {
    let stage = Stage::new();
    let text = "motet: 1
pipeline: blocked
inputs: {x: f32}
nodes: {late: {kind: test/odd, in: x, with: {does: blocks}}}
outputs: {late: late}
";
    let clock: Arc<dyn Clock> = Arc::new(Monotonic::start());
    let lane = Parallel::new(1).unwrap();
    let mut session = pipeline::open(text, &stage.catalog());
    let response = lane
        .run(&mut session, &x(-1.0).within(3 * MILLI), &clock)
        .unwrap();
    assert!(late("late", &response, "late"));
    assert!(response.trace.latency() >= 3 * MILLI);
    stage.open_gate.send(()).unwrap();
    let response = lane.run(&mut session, &x(2.0), &clock).unwrap();
    assert_eq!(response.value("late"), Some(Value::number(2.0)));
}

#[test]
fn a_worker_outlives_a_late_node_whose_session_is_gone_and_that_panics_when_dropped() {
    let stage = Stage::new();
    let lane = Parallel::new(1).unwrap();
    let text = "motet: 1
pipeline: blocked
inputs: {x: f32}
nodes: {late: {kind: test/odd, in: x, with: {does: blocks_and_spoils}}}
outputs: {late: late}
";
    let clock: Arc<dyn Clock> = Arc::new(Monotonic::start());
    let mut session = pipeline::open(text, &stage.catalog());
    let response = lane
        .run(&mut session, &x(-1.0).within(3 * MILLI), &clock)
        .unwrap();
    assert!(late("late", &response, "late"));
    drop((response, session));
    stage.open_gate.send(()).unwrap();
    let mut other = pipeline::open(text, &stage.catalog());
    let response = lane.run(&mut other, &x(1.0), &clock).unwrap();
    assert_eq!(response.value("late"), Some(Value::number(1.0)));
}

/// Starts no thread, so nobody ever takes a task.
struct NoThreads;

impl Spawn for NoThreads {
    fn spawn(&self, _: String, _: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_lane_without_workers_says_so_and_the_session_stays_whole() {
    let stage = Stage::new();
    let lane = Parallel::spawned_by(2, &NoThreads).unwrap();
    let mut session = pipeline::open(&branches("egress: none"), &stage.catalog());
    assert_eq!(
        lane.run(&mut session, &x(1.0), &stage.clock()).err(),
        Some(RunError::LaneClosed)
    );
    assert_eq!(session.arena().busy_count(), 0);
    let response = Sequential.run(&mut session, &x(1.0), &stage.clock()).unwrap();
    assert_eq!(response.value("last"), Some(Value::number(1.0)));
}
