//! One lane for each device: steps run where the plan puts them, with the answers of the reference.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use motet_core::execute::{Durations, Executor, Parallel, Request, Sequential, Simulated, Spawn};
use motet_core::limits::LANE_STEPS_MAX;
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::plan::Plan;
use motet_core::session::Session;
use motet_core::trace::NodeOutcome;
use motet_core::value::Value;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::draft::{Came, Draft, Reference, drafts};
use crate::kinds::Stage;
use crate::mix::scramble;
use crate::pipeline;

/// Three workers and two GPUs that do not exist: stand-in nodes run anywhere.
fn machine() -> Machine {
    let gpu = |name: &str| Device {
        name: name.to_owned(),
        kind: DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 30,
        flops_per_second: 2e11,
        overhead_seconds: 5e-6,
        transfer_bytes_per_second: 1e9,
        is_software: false,
    };
    Machine::cpu(3, 1 << 30).with(gpu("gpu0")).with(gpu("gpu1"))
}

/// Threads whose names make stand-in nodes look at the lane they run on.
#[derive(Default)]
struct Strict {
    names: Mutex<Vec<String>>,
}

impl Spawn for Strict {
    fn spawn(&self, name: String, body: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        let name = name.replace("motet-", "strict-");
        self.names.lock().unwrap().push(name.clone());
        std::thread::Builder::new().name(name).spawn(body).map(|_| ())
    }
}

/// The same pipeline with wishes for a device, drawn from a seed.
fn placed(draft: &Draft, seed: u64) -> String {
    let mut text = String::new();
    for (index, part) in draft.yaml().split("    kind: test/mix\n").enumerate() {
        if index > 0 {
            let place = ["auto", "cpu", "gpu"][scramble(seed ^ index as u64) as usize % 3];
            text.push_str(&format!("    kind: test/either\n    place: {place}\n"));
        }
        text.push_str(part);
    }
    text
}

fn play(draft: &Draft, plan: &Arc<Plan>, executor: &dyn Executor) -> Vec<Vec<Came>> {
    let stage = Stage::new();
    let mut session = Session::open(plan.clone(), &stage.catalog()).unwrap();
    let firings = (0..4u64).map(|seed| {
        let request = draft.request(&draft.firing(seed, seed % 2 == 1));
        let response = executor.run(&mut session, &request, &stage.clock()).unwrap();
        for turn in &response.trace.intervals {
            assert_eq!(turn.device, plan.nodes[turn.node.index()].device);
        }
        pipeline::came(&response)
    });
    firings.collect()
}

#[test]
fn a_machine_gets_a_thread_for_each_worker_of_the_cpu_and_one_for_each_gpu() {
    let strict = Strict::default();
    let parallel = Parallel::for_machine(&machine(), &strict).unwrap();
    assert_eq!(parallel.worker_count(), 5);
    let names = strict.names.lock().unwrap().join(" ");
    assert_eq!(
        names,
        "strict-cpu-0 strict-cpu-1 strict-cpu-2 strict-gpu0-0 strict-gpu1-0"
    );
}

/// Nodes beside each other, by turns on the CPU and on a GPU, and one after each that lies on the other device.
fn crowd(pair_count: usize) -> String {
    let mut text = String::from("motet: 1\npipeline: crowd\ninputs: {x: f32}\nnodes:\n");
    let mut outputs = String::new();
    for pair in 0..pair_count {
        let places = [["cpu", "gpu"], ["gpu", "cpu"]][pair % 2];
        let node = |name: &str, from: &str, place: &str| {
            format!(
                "  {name}{pair}: {{kind: test/either, in: {from}, place: {place}, with: {{seed: {pair}}}}}\n"
            )
        };
        text.push_str(&node("first", "x", places[0]));
        text.push_str(&node("then", &format!("first{pair}"), places[1]));
        outputs.push_str(&format!("y{pair}: then{pair}.score, "));
    }
    text + &format!("outputs: {{{}}}\n", outputs.trim_end_matches(", "))
}

/// One worker of the CPU and one GPU.
fn small_machine() -> Machine {
    let machine = machine();
    let (_, gpu) = machine.devices().nth(1).unwrap();
    Machine::cpu(1, 1 << 30).with(gpu.clone())
}

#[test]
fn more_steps_than_a_lane_takes_in_wait_in_their_session_and_lanes_that_feed_each_other_go_on() {
    // On each lane wait more steps than its queue is long, and workers of both hand out to the other.
    let text = crowd(3 * LANE_STEPS_MAX / 2);
    let stage = Stage::new();
    let plan = pipeline::plan_for(&text, &stage.catalog(), &small_machine(), false).unwrap();
    let parallel = Parallel::for_machine(&small_machine(), &Strict::default()).unwrap();
    let request = Request::new().with("x", Value::number(2.0));
    let answer = |executor: &dyn Executor, session: &mut Session| {
        pipeline::came(&executor.run(session, &request, &stage.clock()).unwrap())
    };
    let open = || Session::open(plan.clone(), &stage.catalog()).unwrap();
    let expected = answer(&Sequential, &mut open());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut session = open();
                (0..3).for_each(|_| assert_eq!(answer(&parallel, &mut session), expected));
            });
        }
    });
}

#[test]
fn a_step_that_finds_no_room_before_the_deadline_is_cancelled_and_the_session_goes_on() {
    let stage = Stage::new();
    let blocked = "motet: 1
pipeline: blocked
inputs: {x: f32}
nodes: {blocked: {kind: test/odd, in: x, with: {does: blocks}}}
outputs: {y: blocked}
";
    let wide = crowd(LANE_STEPS_MAX + 100).replace("place: gpu", "place: cpu");
    let parallel = Parallel::new(1).unwrap();
    let mut first = pipeline::open(blocked, &stage.catalog());
    let mut second = pipeline::open(&wide, &stage.catalog());
    let request = Request::new().with("x", Value::number(-1.0));
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| parallel.run(&mut first, &request, &stage.clock()).unwrap());
        stage.waiting.recv().unwrap();
        // The one worker is taken, so the queue fills up and nothing leaves it.
        let hurried = request.clone().within(Duration::ZERO);
        let response = parallel.run(&mut second, &hurried, &stage.going_clock()).unwrap();
        let count = |outcome: NodeOutcome| {
            let turns = response.trace.intervals.iter();
            turns.filter(|turn| turn.outcome == outcome).count()
        };
        let node_count = second.plan().nodes.len();
        // A pair is one step of two nodes.
        assert_eq!(count(NodeOutcome::Late), 2 * LANE_STEPS_MAX);
        assert_eq!(count(NodeOutcome::Cancelled), node_count - 2 * LANE_STEPS_MAX);
        drop(response);
        stage.open_gate.send(()).unwrap();
        assert!(waits.join().unwrap().failure().is_none());
    });
    let response = parallel.run(&mut second, &request, &stage.clock()).unwrap();
    assert!(response.failure().is_none());
    drop(response);
    assert_eq!(second.arena().busy_count(), 0);
}

proptest! {
    #![proptest_config(Config { cases: 60, ..Config::default() })]

    #[test]
    fn every_step_runs_on_the_lane_of_its_device_and_gives_what_the_reference_gives(
        draft in drafts(20, true),
        seed: u64,
        serial: bool,
    ) {
        let stage = Stage::new();
        let plan = pipeline::plan_for(&placed(&draft, seed), &stage.catalog(), &machine(), serial).unwrap();
        let mut reference = Reference::new(&draft);
        let expected: Vec<Vec<Came>> =
            (0..4u64).map(|seed| reference.fire(&draft.firing(seed, seed % 2 == 1))).collect();
        prop_assert_eq!(&play(&draft, &plan, &Sequential), &expected, "sequential");
        let strict = Strict::default();
        let parallel = Parallel::for_machine(&machine(), &strict).unwrap();
        prop_assert_eq!(&play(&draft, &plan, &parallel), &expected, "parallel");
        let simulated = Simulated { seed, worker_count: 3, durations: Durations::Random };
        prop_assert_eq!(&play(&draft, &plan, &simulated), &expected, "simulated");
        // Where there is no lane for a GPU, the CPU's does its work.
        prop_assert_eq!(&play(&draft, &plan, &Parallel::new(2).unwrap()), &expected, "one lane");
    }

    #[test]
    fn a_gpu_does_one_thing_at_a_time(draft in drafts(30, false), seed: u64) {
        let stage = Stage::new();
        let plan = pipeline::plan_for(&placed(&draft, seed), &stage.catalog(), &machine(), false).unwrap();
        let mut session = Session::open(plan, &stage.catalog()).unwrap();
        let request = draft.request(&draft.firing(seed, false));
        let simulated = Simulated { seed, worker_count: 3, durations: Durations::Random };
        let trace = simulated.run(&mut session, &request, &stage.clock()).unwrap().trace;
        for turn in &trace.intervals {
            let beside = |other: &&motet_core::trace::Interval| {
                other.device == turn.device && other.start <= turn.start && turn.start < other.end
            };
            let count = trace.intervals.iter().filter(beside).count();
            let workers = [3, 1, 1][usize::from(turn.device.0)];
            prop_assert!(count <= workers, "{} at once on device {}", count, turn.device.0);
        }
    }
}
