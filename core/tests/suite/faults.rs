//! Nodes that fail in every way: the fault is typed and named, the others answer, every buffer comes back, the next
//! request runs.

use motet_core::arena::ValueError;
use motet_core::execute::{
    Durations, Executor, Outcome, Parallel, Request, Response, RunError, RunFailure, Sequential, Simulated,
};
use motet_core::node::NodeError;
use motet_core::port::Element;
use motet_core::session::{OpenError, Session};
use motet_core::trace::NodeOutcome;
use motet_core::value::Value;

use crate::kinds::Stage;
use crate::pipeline;

fn pipeline(does: &str, on_error: &str) -> String {
    format!(
        "motet: 1
pipeline: faults
inputs: {{x: f32, y: f32}}
nodes:
  odd: {{kind: test/odd, in: x, with: {{does: {does}}}, on_error: {on_error}}}
  after: {{kind: test/mix, in: odd}}
  other: {{kind: test/odd, in: y}}
outputs: {{odd: odd, after: after, other: other}}
"
    )
}

/// The node misbehaves on a negative `x`.
fn request(x: f32) -> Request {
    Request::new()
        .with("x", Value::number(x))
        .with("y", Value::number(2.0))
}

fn executors() -> Vec<Box<dyn Executor>> {
    let simulated = Simulated {
        seed: 7,
        worker_count: 2,
        durations: Durations::Random,
    };
    vec![
        Box::new(Sequential),
        Box::new(simulated),
        Box::new(Parallel::new(2).unwrap()),
    ]
}

fn failure<'a>(response: &'a Response, output: &str) -> Option<&'a RunFailure> {
    match response.output(output) {
        Some(Outcome::Failed(failure)) => Some(failure),
        _ => None,
    }
}

/// How a node's turn came out.
fn turn<'a>(session: &Session, response: &'a Response, node: &str) -> &'a NodeOutcome {
    let id = session.plan().node(node).unwrap().0;
    let mut turns = response.trace.intervals.iter();
    &turns.find(|turn| turn.node == id).unwrap().outcome
}

fn check(does: &str, expected: &NodeError) {
    for executor in executors() {
        let stage = Stage::new();
        let mut session = pipeline::open(&pipeline(does, "fail"), &stage.catalog());
        let built_count = stage.built.try_iter().count();
        for _ in 0..2 {
            let response = executor
                .run(&mut session, &request(-1.0), &stage.clock())
                .unwrap();
            let wanted = RunFailure::Node {
                node: "odd".to_owned(),
                error: expected.clone(),
            };
            assert_eq!(failure(&response, "odd"), Some(&wanted), "{does}");
            assert_eq!(failure(&response, "after"), Some(&wanted), "{does}");
            assert_eq!(response.value("other"), Some(Value::number(2.0)), "{does}");
            assert_eq!(*turn(&session, &response, "after"), NodeOutcome::Skipped);
            drop(response);
            assert_eq!(session.arena().busy_count(), 0, "{does}: every buffer is free");
            let response = executor.run(&mut session, &request(1.0), &stage.clock()).unwrap();
            assert_eq!(failure(&response, "after"), None, "{does}");
            assert!(
                matches!(response.output("odd"), Some(Outcome::Present(_))),
                "{does}"
            );
        }
        let panics = matches!(expected, NodeError::Panicked(_));
        assert_eq!(built_count, 2);
        assert_eq!(
            stage.built.try_iter().count(),
            if panics { 2 } else { 0 },
            "{does}: built anew"
        );
    }
}

#[test]
fn a_fault_of_a_node_is_typed_names_it_and_leaves_the_rest_alone() {
    let port = || "y".to_owned();
    check("fails", &NodeError::Failed("out of luck".to_owned()));
    check("panics", &NodeError::Panicked("in anger".to_owned()));
    check("nan", &NodeError::NotFinite { port: port() });
    check("infinity", &NodeError::NotFinite { port: port() });
    check("unwritten", &NodeError::Unwritten { port: port() });
    check("half", &NodeError::Unwritten { port: port() });
    let shape = ValueError::Shape {
        found: vec![3],
        planned: vec![2],
    };
    check("too_large", &NodeError::Value(shape));
    let element = ValueError::Element {
        wanted: Element::I32,
        found: Element::F32,
    };
    check("wrong_element", &NodeError::Value(element));
}

#[test]
fn a_node_that_panics_again_while_it_is_taken_down_is_contained_too() {
    check("panics_twice", &NodeError::Panicked("in anger".to_owned()));
}

#[test]
fn a_tolerated_fault_makes_outputs_absent() {
    for executor in executors() {
        let stage = Stage::new();
        let mut session = pipeline::open(&pipeline("fails", "absent"), &stage.catalog());
        let response = executor
            .run(&mut session, &request(-1.0), &stage.clock())
            .unwrap();
        for output in ["odd", "after"] {
            let Some(Outcome::Absent(why)) = response.output(output) else {
                panic!("{output} is there")
            };
            assert_eq!(why, "`odd` failed and may");
        }
        assert_eq!(
            *turn(&session, &response, "odd"),
            NodeOutcome::Failed("node `odd`: out of luck".to_owned())
        );
        drop(response);
        assert_eq!(session.arena().busy_count(), 0);
    }
}

#[test]
fn a_fault_after_a_success_gives_the_last_good_value() {
    for executor in executors() {
        let stage = Stage::new();
        let mut session = pipeline::open(&pipeline("panics", "last_good"), &stage.catalog());
        let mut odd = |x: f32| {
            let response = executor.run(&mut session, &request(x), &stage.clock()).unwrap();
            let value = response.value("odd");
            let outcome = turn(&session, &response, "odd").clone();
            drop(response);
            (value, outcome, session.arena().busy_count())
        };
        let text = || "node `odd`: panicked: in anger".to_owned();
        assert_eq!(odd(-1.0), (None, NodeOutcome::Failed(text()), 0));
        assert_eq!(
            odd(5.0),
            (Some(Value::number(5.0)), NodeOutcome::Ran, 1),
            "one buffer keeps the value"
        );
        assert_eq!(
            odd(-1.0),
            (Some(Value::number(5.0)), NodeOutcome::LastGood(text()), 1)
        );
        assert_eq!(odd(6.0), (Some(Value::number(6.0)), NodeOutcome::Ran, 1));
        assert_eq!(
            odd(-2.0),
            (Some(Value::number(6.0)), NodeOutcome::LastGood(text()), 1)
        );
        session.reset();
        assert_eq!(session.arena().busy_count(), 0);
    }
}

#[test]
fn a_response_that_is_kept_refuses_the_next_request_until_it_is_dropped() {
    for executor in executors() {
        for on_error in ["fail", "last_good"] {
            let stage = Stage::new();
            let mut session = pipeline::open(&pipeline("fails", on_error), &stage.catalog());
            let mut run = |x| executor.run(&mut session, &request(x), &stage.clock());
            let first = run(1.0).unwrap();
            assert!(
                matches!(run(2.0), Err(RunError::Leased(_))),
                "a value is still held"
            );
            assert_eq!(first.value("odd"), Some(Value::number(1.0)), "and is as it was");
            drop(first);
            let second = run(-1.0).unwrap();
            if on_error == "last_good" {
                assert!(
                    matches!(run(2.0), Err(RunError::Leased(_))),
                    "the last good value is held"
                );
                assert_eq!(second.value("odd"), Some(Value::number(1.0)));
            }
            drop(second);
            assert_eq!(run(3.0).unwrap().value("odd"), Some(Value::number(3.0)));
        }
    }
}

#[test]
fn an_output_that_the_last_good_firing_left_out_is_absent_afterwards() {
    // The node leaves its second output out, or fails, by what it reads; these three inputs make it do one thing each.
    let text = "motet: 1
pipeline: leaves-out
inputs: {x: f32}
nodes:
  two: {kind: test/mix, in: x, with: {outs: 2, skips: 2, fails: 3}, on_error: last_good}
outputs: {a: two.o0.score, b: two.o1.score}
";
    let stage = Stage::new();
    let mut session = pipeline::open(text, &stage.catalog());
    let clock = stage.clock();
    let mut run = |x| {
        let response = Sequential
            .run(&mut session, &Request::new().with("x", Value::number(x)), &clock)
            .unwrap();
        (
            response.value("a"),
            response.value("b"),
            turn(&session, &response, "two").clone(),
        )
    };
    let digest = |x: f32| crate::mix::digest(0, 0, &[Some(vec![x.to_bits()])]);
    let find = |wanted: fn(u64) -> bool| (1..100u16).map(f32::from).find(|x| wanted(digest(*x))).unwrap();
    let (both, left_out, fails) = (
        find(|digest| digest % 3 != 0 && digest % 2 != 0),
        find(|digest| digest % 3 != 0 && digest % 2 == 0),
        find(|digest| digest % 3 == 0),
    );
    assert!(matches!(run(both), (Some(_), Some(_), NodeOutcome::Ran)));
    let (a, b, _) = run(left_out);
    assert!(a.is_some() && b.is_none());
    assert!(
        matches!(run(fails), (Some(_), None, NodeOutcome::LastGood(_))),
        "not the `b` of long ago"
    );
}

#[test]
fn a_node_that_cannot_be_built_is_named() {
    for (does, expected) in [
        ("build_fails", "node `odd`: no such luck"),
        ("build_panics", "built in anger"),
    ] {
        let stage = Stage::new();
        let plan = pipeline::plan(&pipeline(does, "fail"), &stage.catalog(), false).unwrap();
        let error = Session::open(plan, &stage.catalog()).err().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let stage = Stage::new();
    let plan = pipeline::plan(&pipeline("copies", "fail"), &stage.catalog(), false).unwrap();
    let expected = OpenError::UnknownKind {
        node: plan.nodes[0].name.clone(),
        kind: plan.nodes[0].kind.clone(),
    };
    let error = Session::open(plan, &motet_core::catalog::Catalog::new()).err();
    assert_eq!(error, Some(expected));
}

#[test]
fn a_node_that_panics_while_it_is_reset_is_built_anew() {
    let stage = Stage::new();
    let mut session = pipeline::open(&pipeline("panics_in_reset", "fail"), &stage.catalog());
    assert_eq!(stage.built.try_iter().count(), 2);
    session.reset();
    let response = Sequential
        .run(&mut session, &request(1.0), &stage.clock())
        .unwrap();
    assert_eq!(response.value("odd"), Some(Value::number(1.0)));
    assert_eq!(stage.built.try_iter().count(), 1);
}

#[test]
fn a_node_that_keeps_what_it_read_is_refused_the_next_request_until_it_is_reset() {
    for executor in executors() {
        let stage = Stage::new();
        let mut session = pipeline::open(&pipeline("keeps", "fail"), &stage.catalog());
        let response = executor
            .run(&mut session, &request(-1.0), &stage.clock())
            .unwrap();
        assert_eq!(response.value("odd"), Some(Value::number(-1.0)));
        drop(response);
        assert_eq!(session.arena().busy_count(), 1, "the node holds its input");
        let refused = executor.run(&mut session, &request(1.0), &stage.clock()).err();
        assert!(
            matches!(refused, Some(RunError::Leased(_))),
            "nobody overwrites it"
        );
        session.reset();
        let response = executor.run(&mut session, &request(1.0), &stage.clock()).unwrap();
        assert_eq!(response.value("odd"), Some(Value::number(1.0)));
    }
}
