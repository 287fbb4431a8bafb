//! What a plan says about its memory, and that it always says the same.

use motet_core::plan::{Plan, PlanOptions};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::draft::drafts;
use crate::kinds::Stage;
use crate::pipeline;

proptest! {
    #![proptest_config(Config { cases: 150, ..Config::default() })]

    #[test]
    fn buffers_lie_between_the_lower_bound_and_no_sharing(draft in drafts(40, true), serial: bool) {
        let stage = Stage::new();
        let plan = pipeline::plan(&draft.yaml(), &stage.catalog(), serial).unwrap();
        let memory = &plan.memory;
        prop_assert!(memory.lower_bound_bytes <= plan.arena_bytes());
        prop_assert!(plan.arena_bytes() <= memory.unshared_bytes);
        prop_assert_eq!(memory.cpu.buffers, plan.arena_bytes());
        prop_assert_eq!(memory.gpu.session, 0);
        for slot in &plan.slots {
            for buffer in [Some(slot.buffer), slot.keep].into_iter().flatten() {
                prop_assert!(slot.layout.bytes as u64 <= plan.buffers[buffer.0 as usize]);
            }
        }
    }

    #[test]
    fn the_same_pipeline_gives_the_same_plan_and_page(draft in drafts(40, true), serial: bool) {
        let stage = Stage::new();
        let plan = || pipeline::plan(&draft.yaml(), &stage.catalog(), serial).unwrap();
        let (first, second) = (plan(), plan());
        prop_assert_eq!(&first, &second);
        prop_assert_eq!(first.to_string(), second.to_string());
    }
}

#[test]
fn a_serial_plan_never_needs_more_than_a_concurrent_one() {
    let mut runner = TestRunner::deterministic();
    let strategy = drafts(40, false);
    let (mut serial_bytes, mut concurrent_bytes) = (0, 0);
    for _ in 0..200 {
        let text = strategy.new_tree(&mut runner).unwrap().current().yaml();
        let catalog = Stage::new().catalog();
        let graph = pipeline::graph(&text, &catalog).unwrap();
        let bytes = |serial| {
            let plan = Plan::compile(
                &graph,
                &catalog,
                &pipeline::machine(),
                &PlanOptions {
                    serial,
                    profile: None,
                },
            );
            plan.unwrap().arena_bytes()
        };
        let (serial, concurrent) = (bytes(true), bytes(false));
        assert!(serial <= concurrent, "{serial} > {concurrent}\n{text}");
        serial_bytes += serial;
        concurrent_bytes += concurrent;
    }
    println!("200 graphs: {serial_bytes} bytes serial, {concurrent_bytes} concurrent");
    assert!(
        serial_bytes < concurrent_bytes,
        "one after the other, more values share"
    );
}

#[test]
fn a_last_good_value_counts_as_memory_of_its_own() {
    let text = |on_error: &str| {
        format!(
            "motet: 1
pipeline: keeps
inputs: {{x: f32}}
nodes: {{only: {{kind: test/mix, in: x, with: {{size: 100}}, on_error: {on_error}}}}}
outputs: {{y: only}}
"
        )
    };
    let stage = Stage::new();
    let plan = |on_error| pipeline::plan(&text(on_error), &stage.catalog(), false).unwrap();
    let (without, with) = (plan("absent"), plan("last_good"));
    let value = with.slots[1].layout.bytes as u64;
    assert_eq!(with.arena_bytes(), without.arena_bytes() + value);
    assert_eq!(with.memory.unshared_bytes, without.memory.unshared_bytes + value);
    assert_eq!(
        with.memory.lower_bound_bytes,
        without.memory.lower_bound_bytes + value
    );
}

/// Found before any request is refused for its time: the planner's loops are over slots and their readers.
#[test]
fn a_pipeline_of_two_thousand_nodes_is_planned() {
    let mut text = String::from("motet: 1\npipeline: large\ninputs: {x: f32}\nnodes:\n");
    for node in 0..2_000usize {
        let source = |back: usize| match node.checked_sub(back) {
            Some(node) => format!("n{node}.score"),
            None => "x".to_owned(),
        };
        let (a, b) = (source(1 + node * 7 % 13), source(1 + node * 11 % 50));
        text.push_str(&format!(
            "  n{node}: {{kind: test/mix, in: {{i0: {a}, i1: {b}}}, with: {{arity: 2, size: {}}}}}\n",
            node % 97 + 1
        ));
    }
    text.push_str("outputs: {y: n1999}\n");
    let stage = Stage::new();
    let clock = motet_core::clock::Monotonic::start();
    let now = || motet_core::clock::Clock::now(&clock);
    let spec = motet_core::spec::Spec::parse(&text).unwrap();
    let parsed = now();
    let graph =
        motet_core::graph::Graph::resolve(&spec, &stage.catalog(), &motet_core::graph::NoLibrary).unwrap();
    let resolved = now();
    let options = PlanOptions {
        serial: false,
        profile: None,
    };
    let plan = Plan::compile(&graph, &stage.catalog(), &pipeline::machine(), &options).unwrap();
    let compiled = now();
    println!(
        "parse {parsed:?}, resolve {:?}, compile {:?}",
        resolved - parsed,
        compiled - resolved
    );
    assert_eq!(plan.nodes.len(), 2_000);
    // With a choice for every node, the bound on what is looked at holds the time down.
    let text = text.replace("test/mix", "test/either");
    let graph = pipeline::graph(&text, &stage.catalog()).unwrap();
    let machine = pipeline::machine().with(motet_core::machine::Device {
        name: "gpu0".to_owned(),
        kind: motet_core::machine::DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 30,
        flops_per_second: 2e12,
        overhead_seconds: 6e-6,
        transfer_bytes_per_second: 1e9,
        is_software: false,
    });
    let begun = now();
    let choosing = Plan::compile(&graph, &stage.catalog(), &machine, &options).unwrap();
    println!("compile with a choice of two devices {:?}", now() - begun);
    assert!(choosing.finish <= plan.finish);
    assert!(plan.arena_bytes() < plan.memory.unshared_bytes);
}
