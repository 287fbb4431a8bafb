//! A run allocates nothing for values: what it takes from the heap does not depend on how large they are.
//!
//! This is a binary of its own because it replaces the allocator, and it holds one test because others would be
//! counted with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, Params, Signature,
};
use motet_core::clock::{Clock, Virtual};
use motet_core::execute::{Executor, Parallel, Request, Response, Sequential};
use motet_core::graph::{Graph, NoLibrary};
use motet_core::machine::Machine;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::plan::{Plan, PlanOptions};
use motet_core::session::Session;
use motet_core::spec::Spec;
use motet_core::value::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Adds one to every element.
struct Increment;

impl NodeKind for Increment {
    fn name(&self) -> &str {
        "test/increment"
    }

    fn about(&self) -> &str {
        "Adds one."
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let named = vec![InputSpec::required("x", Accepts::Any, "Numbers.")];
        Ok(InputSpecs { named, further: None })
    }

    fn outputs(&self, _: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        Ok(vec![OutputSpec::new("y", inputs[0].port.clone().unwrap())])
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost::default()
    }

    fn build(&self, _: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(Incrementer))
    }
}

struct Incrementer;

impl Node for Incrementer {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let x = inputs.tensor::<f32>(0)?;
        let y = outputs.tensor::<f32>(0, inputs.require(0)?.dims(0)?)?;
        for (y, x) in y.iter_mut().zip(x) {
            *y = x + 1.0;
        }
        Ok(())
    }
}

/// Sixteen nodes: a line of eight, and eight beside each other.
fn pipeline(length: usize) -> String {
    let mut text = format!("motet: 1\npipeline: sixteen\ninputs: {{x: \"f32[T<={length}]\"}}\nnodes:\n");
    for node in 0..8 {
        let from = if node == 0 {
            "x".to_owned()
        } else {
            format!("line{}", node - 1)
        };
        text.push_str(&format!("  line{node}: {{kind: test/increment, in: {from}}}\n"));
        text.push_str(&format!("  wide{node}: {{kind: test/increment, in: x}}\n"));
    }
    text.push_str("outputs: {line: line7");
    (0..8).for_each(|node| text.push_str(&format!(", w{node}: wide{node}")));
    text.push_str("}\n");
    text
}

/// Allocations and bytes of one run in the steady state; the least of several, since other threads of the test
/// harness allocate now and then.
fn taken_by_a_run(executor: &dyn Executor, length: usize) -> (usize, usize) {
    let mut catalog = Catalog::new();
    catalog.register(Increment).unwrap();
    let spec = Spec::parse(&pipeline(length)).unwrap();
    let graph = Graph::resolve(&spec, &catalog, &NoLibrary).unwrap();
    let machine = Machine::cpu(2, 1 << 30);
    let plan = Plan::compile(
        &graph,
        &catalog,
        &machine,
        &PlanOptions {
            serial: false,
            profile: None,
        },
    )
    .unwrap();
    let mut session = Session::open(Arc::new(plan), &catalog).unwrap();
    let request = Request::new().with("x", Value::samples(vec![1.0; length]));
    let clock: Arc<dyn Clock> = Arc::new(Virtual::default());
    let mut response = Response::default();
    let mut run = || {
        let region = Region::new(ALLOCATOR);
        executor
            .run_into(&mut session, &request, &clock, &mut response)
            .unwrap();
        let change = region.change();
        assert!(response.failure().is_none());
        assert_eq!(response.outputs.len(), 9);
        (change.allocations + change.reallocations, change.bytes_allocated)
    };
    run();
    (0..10).map(|_| run()).min().unwrap()
}

#[test]
fn a_request_allocates_nothing_whatever_the_size_of_its_values() {
    let parallel = Parallel::new(2).unwrap();
    for (name, executor) in [
        ("sequential", &Sequential as &dyn Executor),
        ("parallel", &parallel),
    ] {
        let small = taken_by_a_run(executor, 256);
        let large = taken_by_a_run(executor, 256 << 10);
        println!(
            "{name}: {} allocations, {} bytes for 16 nodes; ports of 1 KiB and 1 MiB",
            small.0, small.1
        );
        assert_eq!(small, large, "{name}: ports of 1 KiB and of 1 MiB");
        // A lane is told of a request once; nothing else is made anew.
        let allowed = if name == "sequential" { 0 } else { 1 };
        assert!(
            small.0 <= allowed,
            "{name}: {} allocations, {} bytes",
            small.0,
            small.1
        );
    }
}
