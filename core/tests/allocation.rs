//! A request allocates nothing: not in most runs, but in each one once the first are over, on whatever thread.
//!
//! This is a binary of its own because it replaces the allocator, and it holds one test because others would be
//! counted with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};

use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
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

const WORKERS: u32 = 2;
/// By length of the ports in floats, the requests before anything is counted and those that are. Both workers take part
/// in the former, so that by their end every thread has waited once, which is when it makes what it waits with.
const REQUESTS: [(usize, usize, usize); 2] = [(256, 200, 2_000), (256 << 10, 5, 20)];

/// Adds one to every element.
struct Increment {
    /// Where `wide0` and `wide1` meet while it is on, so that both workers take part in a request.
    meeting: Arc<Meeting>,
}

struct Meeting {
    is_on: AtomicBool,
    barrier: Barrier,
}

impl NodeKind for Increment {
    fn name(&self) -> &str {
        "test/increment"
    }

    fn about(&self) -> &str {
        "Adds one."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: "meets",
            param_type: ParamType::Flag,
            default: Some(ParamValue::Flag(false)),
            about: "For tests.",
        }]
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

    fn build(&self, params: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        let meets = params.flag("meets") == Some(true);
        Ok(Box::new(Incrementer {
            meeting: meets.then(|| Arc::clone(&self.meeting)),
        }))
    }
}

struct Incrementer {
    meeting: Option<Arc<Meeting>>,
}

impl Node for Incrementer {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        // Relaxed: it is changed only while no request is under way.
        if let Some(meeting) = self
            .meeting
            .as_ref()
            .filter(|meeting| meeting.is_on.load(Relaxed))
        {
            meeting.barrier.wait();
        }
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
        let meets = node < 2;
        text.push_str(&format!(
            "  wide{node}: {{kind: test/increment, in: x, with: {{meets: {meets}}}}}\n"
        ));
    }
    text.push_str("outputs: {line: line7");
    (0..8).for_each(|node| text.push_str(&format!(", w{node}: wide{node}")));
    text.push_str("}\n");
    text
}

fn session(length: usize, meeting: &Arc<Meeting>) -> Session {
    let mut catalog = Catalog::new();
    let meeting = Arc::clone(meeting);
    catalog.register(Increment { meeting }).unwrap();
    let spec = Spec::parse(&pipeline(length)).unwrap();
    let graph = Graph::resolve(&spec, &catalog, &NoLibrary).unwrap();
    let machine = Machine::cpu(WORKERS, 1 << 30);
    let options = PlanOptions {
        serial: false,
        profile: None,
    };
    let plan = Plan::compile(&graph, &catalog, &machine, &options).unwrap();
    Session::open(Arc::new(plan), &catalog).unwrap()
}

/// Demands that no request after the first ones allocates anything, on any thread.
fn check(name: &str, executor: &dyn Executor, does_meet: bool) {
    for (length, warm_up_count, count) in REQUESTS {
        let meeting = Arc::new(Meeting {
            is_on: AtomicBool::new(does_meet),
            barrier: Barrier::new(WORKERS as usize),
        });
        let mut session = session(length, &meeting);
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
        (0..warm_up_count).for_each(|_| {
            run();
        });
        meeting.is_on.store(false, Relaxed);
        for repeat in 0..count {
            assert_eq!(
                run(),
                (0, 0),
                "{name}, ports of {length} floats, request {repeat}"
            );
        }
    }
}

#[test]
fn no_request_allocates_anything_whatever_the_size_of_its_values() {
    check("sequential", &Sequential, false);
    check("parallel", &Parallel::new(WORKERS as usize).unwrap(), true);
}
