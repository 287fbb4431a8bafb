//! One lane for each device: steps run where the plan puts them, with the answers of the reference.

use std::sync::{Arc, Mutex};

use motet_core::execute::{Durations, Executor, Parallel, Sequential, Simulated, Spawn};
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::plan::Plan;
use motet_core::session::Session;
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
