//! Placement: by hand on small pipelines, and against every schedule there is on tiny random ones.

use std::time::Duration;

use motet_core::graph::{Graph, Producer};
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::plan::Plan;
use motet_core::port::TensorType;
use motet_core::quantity::Time;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::draft::drafts;
use crate::kinds::Stage;
use crate::pipeline;

/// A CPU of `workers` (20 Gflop/s, 5 us per node) and a GPU of 2 Tflop/s, 50 us per node and 1 GB/s to and fro.
fn machine(workers: u32) -> Machine {
    Machine::cpu(workers, 1 << 30).with(Device {
        name: "gpu0".to_owned(),
        kind: DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 30,
        flops_per_second: 2e12,
        overhead_seconds: 50e-6,
        transfer_bytes_per_second: 1e9,
    })
}

fn plan(text: &str, machine: &Machine) -> std::sync::Arc<Plan> {
    pipeline::plan_for(text, &Stage::new().catalog(), machine, false).unwrap()
}

/// A node on the CPU that gives 250,001 floats, and one that may run anywhere and reads all but one of them: 1 ms of
/// transfer.
fn pair(flops: u64) -> String {
    format!(
        "motet: 1
pipeline: pair
inputs: {{x: f32}}
nodes:
  first: {{kind: test/mix, in: x, with: {{size: 249999}}}}
  second: {{kind: test/either, in: first, with: {{flops: {flops}}}}}
outputs: {{y: second}}
"
    )
}

fn check(flops: u64, device: &str, runner_up: &str, micros: [u64; 2]) {
    let machine = machine(1);
    let plan = plan(&pair(flops), &machine);
    let (_, second) = plan.node("second").unwrap();
    let (other, other_finish) = second.runner_up.unwrap();
    let name = |device| machine.device(device).name.as_str();
    assert_eq!(
        (name(second.device), name(other)),
        (device, runner_up),
        "{flops} flops"
    );
    assert_eq!(
        [second.finish, other_finish],
        micros.map(Duration::from_micros),
        "{flops} flops"
    );
    let printed = format!("{device} ({runner_up} would end at {})", Time(other_finish));
    assert!(plan.to_string().contains(&printed), "{printed}\n{plan}");
}

#[test]
fn a_node_goes_where_it_ends_first_with_its_transfers() {
    // first ends at 5 us. 20 Mflop: 1 ms and 5 us on the CPU; on the GPU 1 ms transfer, 10 us and 50 us.
    check(20_000_000, "cpu", "gpu0", [1_010, 1_065]);
    // 40 Mflop: 2 ms and 5 us on the CPU; 1 ms, 20 us and 50 us on the GPU.
    check(40_000_000, "gpu0", "cpu", [1_075, 2_010]);
}

#[test]
fn the_values_of_a_request_lie_on_the_cpu() {
    let text = r#"motet: 1
pipeline: input
inputs: {x: "f32[250000]"}
nodes: {only: {kind: test/either, in: x, with: {flops: 20000000}}}
outputs: {y: only}
"#;
    let plan = plan(text, &machine(1));
    assert_eq!(plan.nodes[0].finish, Duration::from_micros(1_005));
    assert_eq!(
        plan.nodes[0].runner_up.unwrap().1,
        Duration::from_micros(1_060),
        "1 ms of transfer"
    );
}

#[test]
fn a_wish_is_granted_where_it_can_be() {
    let text = |place: &str| pair(1).replace("in: first,", &format!("in: first, place: {place},"));
    let device = |place| plan(&text(place), &machine(1)).node("second").unwrap().1.device;
    assert_eq!((device("cpu").0, device("gpu").0, device("auto").0), (0, 1, 0));
}

/// The shortest schedule of all: every order of the nodes, every device for each, each node as soon as it can.
fn shortest(graph: &Graph, costs: &[[f64; 2]], machine: &Machine) -> f64 {
    struct Search<'a> {
        graph: &'a Graph,
        costs: &'a [[f64; 2]],
        rate: f64,
        best: f64,
    }
    impl Search<'_> {
        fn go(&mut self, done: &mut Vec<Option<(usize, f64)>>, free: [f64; 2]) {
            if done.iter().all(Option::is_some) {
                let makespan = done.iter().flatten().map(|(_, end)| *end).fold(0.0, f64::max);
                self.best = self.best.min(makespan);
            }
            for node in 0..done.len() {
                if done[node].is_some() {
                    continue;
                }
                for device in 0..2 {
                    if let Some(ready) = self.ready(node, device, done) {
                        let end = ready.max(free[device]) + self.costs[node][device];
                        let mut free = free;
                        free[device] = end;
                        done[node] = Some((device, end));
                        self.go(done, free);
                        done[node] = None;
                    }
                }
            }
        }

        fn ready(&self, node: usize, device: usize, done: &[Option<(usize, f64)>]) -> Option<f64> {
            let mut ready = 0.0f64;
            for feed in self.graph.nodes[node].feeds.iter().flatten() {
                let (from, end) = match feed.producer {
                    Producer::Input(_) => (0, 0.0),
                    Producer::Node(producer, _) => done[producer.index()]?,
                };
                let bytes: u64 = self
                    .graph
                    .port(feed.producer)
                    .tensors()
                    .map(TensorType::bytes_max)
                    .sum();
                ready = ready.max(
                    end + if from == device {
                        0.0
                    } else {
                        bytes as f64 / self.rate
                    },
                );
            }
            Some(ready)
        }
    }
    let rate = machine.devices().nth(1).unwrap().1.transfer_bytes_per_second;
    let mut search = Search {
        graph,
        costs,
        rate,
        best: f64::INFINITY,
    };
    search.go(&mut vec![None; graph.nodes.len()], [0.0; 2]);
    search.best
}

fn seconds(plan: &Plan) -> f64 {
    plan.nodes
        .iter()
        .map(|node| node.finish)
        .max()
        .unwrap()
        .as_secs_f64()
}

#[test]
fn a_placement_is_never_worse_than_the_cpu_alone_and_near_the_best_there_is() {
    let mut runner = TestRunner::deterministic();
    let strategy = drafts(5, false);
    let stage = Stage::new();
    let (mut worst, mut sum, mut moved_count) = (0.0f64, 0.0, 0);
    const COUNT: usize = 300;
    for _ in 0..COUNT {
        let text = strategy
            .new_tree(&mut runner)
            .unwrap()
            .current()
            .yaml()
            .replace("test/mix", "test/either");
        let machine = machine(1);
        let graph = pipeline::graph(&text, &stage.catalog()).unwrap();
        let placed = plan(&text, &machine);
        let costs = graph.nodes.iter().map(|node| {
            let flops = node.params.integer("flops").unwrap() as f64;
            [5e-6 + flops / 20e9, 50e-6 + flops / 2e12]
        });
        let best = shortest(&graph, &costs.collect::<Vec<_>>(), &machine);
        let (found, alone) = (seconds(&placed), seconds(&plan(&text, &Machine::cpu(1, 1 << 30))));
        assert!(
            found <= alone + 1e-9,
            "{found} > {alone} on the CPU alone\n{text}"
        );
        assert!(
            found >= best - 1e-8,
            "{found} < {best}: no schedule is that short\n{text}"
        );
        worst = worst.max(found / best);
        sum += found / best;
        moved_count += usize::from(placed.nodes.iter().any(|node| node.device.0 == 1));
    }
    println!(
        "{COUNT} graphs: {} times the best on average, {worst} at worst; GPU used in {moved_count}",
        sum / COUNT as f64
    );
    assert!(moved_count > COUNT / 4 && worst < 1.6, "{worst}");
}

proptest! {
    #[test]
    fn the_estimate_of_a_plan_keeps_order_and_counts_workers(draft in drafts(30, false), workers in 1u32..5) {
        let plan = plan(&draft.yaml(), &Machine::cpu(workers, 1 << 30));
        let start = |node: usize| plan.nodes[node].finish.saturating_sub(plan.nodes[node].estimate);
        let slack = Duration::from_nanos(5);
        for (index, node) in plan.nodes.iter().enumerate() {
            for feed in node.feeds.iter().flatten() {
                if let Producer::Node(producer, _) = feed.producer {
                    prop_assert!(plan.nodes[producer.index()].finish <= start(index) + slack);
                }
            }
            let begun = start(index) + slack;
            let at_work = (0..plan.nodes.len()).filter(|other| start(*other) < begun && begun < plan.nodes[*other].finish);
            prop_assert!(at_work.count() <= workers as usize);
        }
    }
}
