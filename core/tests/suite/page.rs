//! What people and other programs read: the plan's page and the trace.

use motet_core::execute::{Durations, Executor, Request, Simulated};
use motet_core::value::Value;

use crate::kinds::Stage;
use crate::pipeline;

const SMALL: &str = r#"motet: 1
pipeline: small
contract:
  memory: {cpu: 192 KiB}
  egress: none
  deadline: 10 ms
  chains: {answer: {path: mic -> heard -> decide, deadline: 5 ms, quantile: 0.99, headroom: 20 %}}
inputs: {mic: "f32[T<=100] rate=16kHz"}
nodes:
  heard: {kind: test/mix, in: mic, with: {size: 100, flops: 2000000, model: ears, weights: 2048}}
  level: {kind: test/mix, in: mic, with: {size: 10}, on_error: last_good}
  decide: {kind: test/mix, in: {i0: heard.score, i1: level.data}, with: {arity: 2, workspace: 1024}}
outputs: {answer: decide}
"#;

#[test]
fn the_page_of_a_small_plan() {
    let stage = Stage::new();
    let plan = pipeline::plan(SMALL, &stage.catalog(), false).unwrap();
    insta::assert_snapshot!(plan.to_string(), @r##"
    plan small  for 4 workers and 1.0 GiB
      step  node    kind      device  precision  estimate  finish
      0     level   test/mix  cpu     f32            5 us    5 us
      1     heard   test/mix  cpu     f32          105 us  105 us
      2     decide  test/mix  cpu     f32            5 us  110 us

      slot  value   buffer  bytes  type
      0     mic          1    512  f32[T<=100] rate=16kHz
      1     level    2 + 3    192  record{score: f32, data: f32[T<=10]}
      2     heard        0    576  record{score: f32, data: f32[T<=100]}
      3     decide       1    192  record{score: f32, data: f32[T<=1]}

    memory   cpu 160.4 KiB of 192.0 KiB allowed: weights 2.0 KiB, buffers 1.4 KiB, workspaces 1.0 KiB, session 156.0 KiB
             4 buffers; 1.6 KiB without sharing, no plan below 1.2 KiB; largest: the book-keeping of a session with 156.0 KiB
    time     110 us estimated for a request, from assumed speeds; nothing was measured
    chain    answer: 110 us estimated of 4.00 ms allowed (deadline 5.00 ms, 99 % of requests)  heard -> decide
    request  deadline 10.00 ms
    egress   none: nothing leaves this machine
    verdict  ACCEPT
    "##);
}

/// Trace Event Format: complete events with microseconds, and the name of each process.
#[test]
fn a_trace_is_written_as_chrome_draws_it() {
    let stage = Stage::new();
    let mut session = pipeline::open(SMALL, &stage.catalog());
    let executor = Simulated {
        seed: 1,
        worker_count: 2,
        durations: Durations::Estimated,
    };
    let request = Request::new().with("mic", Value::samples(vec![0.5; 100]));
    let response = executor.run(&mut session, &request, &stage.clock()).unwrap();
    assert_eq!(response.trace.input_bytes, 400);
    let text = response.trace.to_chrome_json(session.plan()).to_string();
    insta::assert_snapshot!(text.replace("},{", "},\n{"), @r##"
    {"traceEvents":[{"name":"process_name","ph":"M","pid":0,"args":{"name":"cpu"}},
    {"name":"level","cat":"test/mix","ph":"X","ts":0.0,"dur":5.0,"pid":0,"tid":1,"args":{"waited_us":0.0,"outcome":"ran"}},
    {"name":"heard","cat":"test/mix","ph":"X","ts":0.0,"dur":105.0,"pid":0,"tid":0,"args":{"waited_us":0.0,"outcome":"ran"}},
    {"name":"decide","cat":"test/mix","ph":"X","ts":105.0,"dur":5.0,"pid":0,"tid":0,"args":{"waited_us":0.0,"outcome":"ran"}}],"displayTimeUnit":"ms"}
    "##);
}

#[test]
fn a_turn_says_since_when_it_waited() {
    let text = "motet: 1
pipeline: queue
inputs: {x: f32}
nodes: {a: {kind: test/mix, in: x}, b: {kind: test/mix, in: x}, c: {kind: test/mix, in: {i0: a, i1: b}, with: {arity: 2}}}
outputs: {c: c}
";
    let stage = Stage::new();
    let mut session = pipeline::open(text, &stage.catalog());
    let executor = Simulated {
        seed: 1,
        worker_count: 1,
        durations: Durations::Estimated,
    };
    let request = Request::new().with("x", Value::number(1.0));
    let response = executor.run(&mut session, &request, &stage.clock()).unwrap();
    let micros = |time: std::time::Duration| time.as_micros();
    let turns = response.trace.intervals.iter();
    let turns: Vec<_> = turns
        .map(|turn| (micros(turn.ready), micros(turn.start), micros(turn.end)))
        .collect();
    assert_eq!(
        turns,
        [(0, 0, 5), (0, 5, 10), (10, 10, 15)],
        "the second waits for the one worker"
    );
}
