//! What measured times change in a plan.

use std::sync::Arc;
use std::time::Duration;

use motet_core::diagnostic::Diagnostics;
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::placement::{Placement, Precision};
use motet_core::plan::{Lost, Plan, PlanOptions};
use motet_core::profile::{Fingerprint, Profile, ProfileRow, Workload};

use crate::kinds::Stage;
use crate::pipeline;

/// Two workers, and a GPU of 1 MiB that takes and gives 1 GB/s.
fn machine() -> Machine {
    Machine::cpu(2, 1 << 30).with(Device {
        name: "gpu0".to_owned(),
        kind: DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 20,
        flops_per_second: 2e12,
        overhead_seconds: 50e-6,
        transfer_bytes_per_second: 1e9,
        is_software: false,
    })
}

type Row<'a> = (&'a str, DeviceKind, Precision, u16, f64);

/// The plan of a text in which some nodes were measured, in milliseconds.
fn plan(text: &str, rows: &[Row<'_>]) -> Result<Arc<Plan>, Diagnostics> {
    let catalog = Stage::new().catalog();
    let graph = pipeline::graph(text, &catalog)?;
    let rows = rows.iter().map(|(name, device, precision, width, millis)| {
        let node = graph.node(name).unwrap();
        ProfileRow {
            workload: Workload::of(&node.kind, &node.params, &node.signature),
            placement: Placement {
                device: *device,
                precision: *precision,
                width: *width,
            },
            seconds: millis / 1e3,
            count: 9,
            spread: 0.0,
        }
    });
    let profile = Profile::new(Fingerprint::default(), rows.collect()).unwrap();
    let options = PlanOptions {
        serial: false,
        profile: Some(Arc::new(profile)),
    };
    Plan::compile(&graph, &catalog, &machine(), &options).map(Arc::new)
}

fn one(contract: &str, entries: &str, with: &str) -> String {
    format!(
        "motet: 1
pipeline: one
contract: {{{contract}}}
inputs: {{x: f32}}
nodes:
  net: {{kind: test/either, in: x, {entries} with: {{{with}}}}}
outputs: {{y: net}}
"
    )
}

const CPU: DeviceKind = DeviceKind::Cpu;
const GPU: DeviceKind = DeviceKind::Gpu;
const F32: Precision = Precision::F32;
const BF16: Precision = Precision::Bf16;

#[test]
fn a_measured_time_takes_the_place_of_an_assumed_one() {
    let text = one("", "", "flops: 20000000");
    let assumed = plan(&text, &[]).unwrap();
    assert!(!assumed.nodes[0].is_measured);
    let measured = plan(&text, &[("net", CPU, F32, 1, 7.0)]).unwrap();
    let net = &measured.nodes[0];
    assert_eq!((net.estimate, net.is_measured), (Duration::from_millis(7), true));
    assert!(
        measured
            .to_string()
            .contains("7.00 ms estimated for a request, from measured times"),
        "{measured}"
    );
    // The GPU is assumed to take 0.06 ms; nobody measured it, and assumptions do not win against figures.
    assert_eq!((net.device.0, &net.runner_up), (0, &None));
    let both = plan(&text, &[("net", CPU, F32, 1, 7.0), ("net", GPU, F32, 1, 3.0)]).unwrap();
    assert_eq!(both.nodes[0].device.0, 1);
}

#[test]
fn a_large_node_is_split_where_nobody_else_needs_the_workers() {
    let rows = |name| [(name, CPU, F32, 1, 10.0), (name, CPU, F32, 2, 6.0)];
    let alone = plan(&one("", "", "width: 2"), &rows("net")).unwrap();
    assert_eq!(
        (alone.nodes[0].width, alone.finish),
        (2, Duration::from_millis(6))
    );
    let lost = &alone.nodes[0].runner_up.as_ref().unwrap();
    assert_eq!(
        (lost.width, &lost.lost),
        (
            1,
            &Lost::Slower {
                request: Duration::from_millis(10)
            }
        )
    );
    assert!(alone.to_string().contains("cpu x2"), "{alone}");
    let text = "motet: 1
pipeline: two
inputs: {x: f32}
nodes:
  a: {kind: test/mix, in: x, with: {width: 2, seed: 1}}
  b: {kind: test/mix, in: x, with: {width: 2, seed: 2}}
outputs: {a: a, b: b}
";
    let both = plan(text, &[rows("a"), rows("b")].concat()).unwrap();
    let widths: Vec<u16> = both.nodes.iter().map(|node| node.width).collect();
    assert_eq!(
        (widths, both.finish),
        (vec![1, 1], Duration::from_millis(10)),
        "6 and 6 would be 12"
    );
}

/// Two nodes beside each other, of which `a` takes 10 ms.
fn beside(rows: [f64; 2]) -> Arc<Plan> {
    let text = "motet: 1
pipeline: beside
inputs: {x: f32}
nodes:
  a: {kind: test/mix, in: x}
  b: {kind: test/either, in: x, with: {seed: 2}}
outputs: {a: a, b: b}
";
    let [cpu, gpu] = rows;
    let rows = [
        ("a", CPU, F32, 1, 10.0),
        ("b", CPU, F32, 1, cpu),
        ("b", GPU, F32, 1, gpu),
    ];
    plan(text, &rows).unwrap()
}

#[test]
fn what_ends_no_sooner_but_takes_more_work_is_not_called_slower() {
    let check = |rows, expected: Lost, text: &str| {
        let plan = beside(rows);
        assert_eq!(plan.finish, Duration::from_millis(10));
        let node = plan.node("b").unwrap().1;
        assert_eq!(node.runner_up.as_ref().expect(text).lost, expected);
        assert!(plan.to_string().contains(text), "{text}\n{plan}");
    };
    check(
        [2.0, 3.0],
        Lost::NoSooner,
        "gpu0 f32: no sooner, with no less work",
    );
    check(
        [3.0, 2.0],
        Lost::NoSooner,
        "cpu f32: no sooner, with no less work",
    );
    // An answer of twelve bytes goes back from the GPU.
    let request = Duration::from_nanos(11_000_012);
    check(
        [2.0, 11.0],
        Lost::Slower { request },
        "gpu0 f32: the request would end at 11.00 ms",
    );
    let request = Duration::from_nanos(10_002_012);
    check(
        [2.0, 10.002],
        Lost::Slower { request },
        "gpu0 f32: the request would end 2 us later",
    );
}

#[test]
fn auto_takes_the_quickest_precision_that_is_vouched_for() {
    let rows = [("net", CPU, F32, 1, 10.0), ("net", CPU, BF16, 1, 4.0)];
    let check = |entries: &str, with: &str, expected: Precision| {
        let plan = plan(&one("", entries, with), &rows).unwrap();
        assert_eq!(plan.nodes[0].precision, expected, "{entries} {with}");
        plan
    };
    check("precision: auto, place: cpu,", "bf16: good", BF16);
    check("place: cpu,", "bf16: good", F32);
    let barred = check("precision: auto, place: cpu,", "bf16: bad", F32);
    let lost = &barred.nodes[0].runner_up.as_ref().unwrap();
    assert_eq!(
        (lost.precision, &lost.lost),
        (BF16, &Lost::Accuracy("measured to be bad".to_owned()))
    );
    assert!(
        barred.to_string().contains("cpu bf16: measured to be bad"),
        "{barred}"
    );
    // What was not measured is not chosen by itself, and where nothing was, the reference is.
    let plan = plan(&one("", "precision: auto,", "bf16: good, int8: good"), &[]).unwrap();
    assert_eq!(plan.nodes[0].precision, F32);
}

#[test]
fn the_memory_of_a_gpu_bounds_what_is_placed_there() {
    let rows = [("net", CPU, F32, 1, 10.0), ("net", GPU, F32, 1, 1.0)];
    let check = |contract: &str, entries: &str, weights: u64| {
        plan(
            &one(contract, entries, &format!("model: m, weights: {weights}")),
            &rows,
        )
    };
    let fits = check("memory: {gpu: 600 KiB}", "", 600 << 10).unwrap();
    assert_eq!(
        (
            fits.nodes[0].device.0,
            fits.memory.gpu.weights,
            fits.memory.cpu.weights
        ),
        (1, 600 << 10, 0)
    );
    assert!(
        fits.to_string().contains("gpu 600.0 KiB of 600.0 KiB allowed"),
        "{fits}"
    );
    // Over the contract, or over what the device has.
    for plan in [
        check("memory: {gpu: 500 KiB}", "", 600 << 10),
        check("", "", 2 << 20),
    ] {
        let plan = plan.unwrap();
        assert_eq!(plan.nodes[0].device.0, 0);
        assert_eq!(plan.nodes[0].runner_up.as_ref().unwrap().lost, Lost::Memory);
        assert!(plan.to_string().contains("gpu0 f32: over the memory"), "{plan}");
    }
    let wish = |contract, weights| check(contract, "place: gpu,", weights).unwrap_err();
    assert_eq!(
        pipeline::codes(&wish("memory: {gpu: 500 KiB}", 600 << 10)),
        [("MT0301", 3)]
    );
    assert_eq!(pipeline::codes(&wish("", 2 << 20)), [("MT0301", 2)]);
    // Nodes leave the CPU as well when its memory is short.
    let rows = [("net", CPU, F32, 1, 1.0), ("net", GPU, F32, 1, 10.0)];
    let text = one("memory: {cpu: 500 KiB}", "", "model: m, weights: 614400");
    assert_eq!(plan(&text, &rows).unwrap().nodes[0].device.0, 1);
}

#[test]
fn a_shared_model_is_counted_once_on_each_device() {
    let text = "motet: 1
pipeline: shared
inputs: {x: f32}
nodes:
  a: {kind: test/either, in: x, place: gpu, with: {model: m, weights: 1000}}
  b: {kind: test/either, in: a, place: gpu, with: {model: m, weights: 1000}}
  c: {kind: test/mix, in: b, with: {model: m, weights: 1000}}
outputs: {c: c}
";
    let plan = plan(text, &[]).unwrap();
    assert_eq!((plan.memory.gpu.weights, plan.memory.cpu.weights), (1_000, 1_000));
}
