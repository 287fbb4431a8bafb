//! Placement by hand, on small pipelines.

use std::time::Duration;

use motet_core::graph::Producer;
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::plan::{Lost, Plan};
use motet_core::quantity::Time;
use proptest::prelude::*;

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
        is_software: false,
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
    let other = second.runner_up.as_ref().unwrap();
    let name = |device| machine.device(device).name.as_str();
    assert_eq!(
        (name(second.device), name(other.device)),
        (device, runner_up),
        "{flops} flops"
    );
    let [finish, request] = micros.map(Duration::from_micros);
    assert_eq!(second.finish, finish, "{flops} flops");
    let Lost::Slower { request: lost } = other.lost else {
        panic!("{other:?}")
    };
    // An answer of two floats goes back from the GPU.
    assert!(lost.abs_diff(request) <= Duration::from_nanos(8), "{lost:?}");
    let printed = format!("{runner_up} f32: the request would end at {}", Time(lost));
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
    let Lost::Slower { request } = plan.nodes[0].runner_up.as_ref().unwrap().lost else {
        panic!("{plan}");
    };
    // 1 ms of transfer, and 8 ns of an answer of two floats.
    assert_eq!(request, Duration::from_nanos(1_060_008));
}

#[test]
fn a_plan_tells_what_it_charges_for_the_way_to_a_device_and_back() {
    let text = pair(1).replace("in: first,", "in: first, place: gpu,");
    let plan = plan(&text, &machine(1));
    let charged = |name| plan.transfer_estimate(plan.node(name).unwrap().1);
    // A record of 250,001 floats goes to the GPU, and one of two comes back.
    let [there, back] = [Duration::from_micros(1_000), Duration::from_nanos(8)];
    assert!(
        charged("second").abs_diff(there + back) <= Duration::from_nanos(8),
        "{:?}",
        charged("second")
    );
    assert!(
        charged("first").abs_diff(there) <= Duration::from_nanos(8),
        "{:?}",
        charged("first")
    );
}

#[test]
fn a_wish_is_granted_where_it_can_be() {
    let text = |place: &str| pair(1).replace("in: first,", &format!("in: first, place: {place},"));
    let device = |place| plan(&text(place), &machine(1)).node("second").unwrap().1.device;
    assert_eq!((device("cpu").0, device("gpu").0, device("auto").0), (0, 1, 0));
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
