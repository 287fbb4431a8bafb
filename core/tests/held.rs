//! What graph, plan and session of a pipeline keep beside values, against what the plan says of it.
//!
//! This is a binary of its own because it replaces the allocator, and it holds one test because others would be
//! counted with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::sync::Arc;

use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::clock::{Clock, Virtual};
use motet_core::execute::{Executor, Request, Response, Sequential};
use motet_core::graph::{Graph, NoLibrary};
use motet_core::machine::Machine;
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::plan::{Plan, PlanOptions};
use motet_core::port::PortType;
use motet_core::session::Session;
use motet_core::spec::Spec;
use motet_core::value::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A kind with about as much to say of itself as those that come with the project.
struct Described;

impl NodeKind for Described {
    fn name(&self) -> &str {
        "test/described"
    }

    fn about(&self) -> &str {
        "Gives a record."
    }

    fn params(&self) -> Vec<ParamSpec> {
        let names = ["window", "hop", "threshold"];
        let param = |name| ParamSpec {
            name,
            param_type: ParamType::Text,
            default: Some(ParamValue::Text("as the model card says".to_owned())),
            about: "For tests.",
        };
        names.map(param).to_vec()
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let about = "Any value at all, which is looked at and not changed.";
        let named = vec![
            InputSpec::required("signal", Accepts::Any, about),
            InputSpec::required("further", Accepts::Any, about),
        ];
        Ok(InputSpecs { named, further: None })
    }

    fn outputs(&self, _: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let port =
            PortType::parse("record{label: utf8[T<=24], score: f32 range=0..1, scores: f32[7], at: f32}");
        Ok(vec![OutputSpec::new("heard", port.unwrap())])
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost {
            scratch_bytes: 64,
            ..Cost::default()
        }
    }

    fn build(&self, _: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(Describer))
    }
}

struct Describer;

impl Node for Describer {
    fn run(&mut self, _: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let heard = outputs.record(0)?;
        heard.text(0, "jarvis")?;
        heard.tensor::<f32>(1, &[])?.fill(0.5);
        heard.tensor::<f32>(2, &[7])?.fill(0.5);
        heard.tensor::<f32>(3, &[])?.fill(0.5);
        Ok(())
    }
}

/// A line of nodes, each of which reads the one before it and the input.
fn text(node_count: usize) -> String {
    let mut text =
        String::from("motet: 1\npipeline: described\ninputs: {mic: \"f32[T<=100] rate=16kHz\"}\nnodes:\n");
    for node in 0..node_count {
        let from = match node {
            0 => "mic".to_owned(),
            _ => format!("described{}", node - 1),
        };
        text.push_str(&format!(
            "  described{node}: {{kind: test/described, in: {{signal: {from}, further: mic}}}}\n"
        ));
    }
    text.push_str(&format!("outputs: {{answer: described{}}}\n", node_count - 1));
    text
}

fn check(node_count: usize) {
    let text = text(node_count);
    let request = Request::new().with("mic", Value::samples(vec![1.0; 100]));
    let clock: Arc<dyn Clock> = Arc::new(Virtual::default());
    let options = PlanOptions {
        serial: false,
        profile: None,
    };
    let region = Region::new(ALLOCATOR);
    let mut catalog = Catalog::new();
    catalog.register(Described).unwrap();
    let spec = Spec::parse(&text).unwrap();
    let graph = Graph::resolve(&spec, &catalog, &NoLibrary).unwrap();
    let plan = Plan::compile(&graph, &catalog, &Machine::cpu(1, 1 << 30), &options).unwrap();
    let mut session = Session::open(Arc::new(plan), &catalog).unwrap();
    let mut response = Response::default();
    for _ in 0..2 {
        let run = Sequential.run_into(&mut session, &request, &clock, &mut response);
        run.unwrap();
    }
    let change = region.change();
    let held = (change.bytes_allocated - change.bytes_deallocated - session.arena().bytes()) as u64;
    let plan = session.plan();
    let planned = plan.memory.cpu.session;
    let slot_count = plan.slots.len();
    assert!(
        held <= planned,
        "{node_count} nodes, {slot_count} slots: {held} bytes held, {planned} planned"
    );
    drop((spec, graph));
}

#[test]
fn what_a_session_keeps_beside_values_is_within_its_plan_for_few_and_for_many_nodes() {
    [1, 8, 64, 512, 2_000].into_iter().for_each(check);
}
