//! Values that stay on a GPU, devices that the CPU plays, and nodes that fall back on the CPU.

use std::sync::{Arc, Mutex};

use motet_core::arena::Resident;
use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
};
use motet_core::clock::{Clock, Virtual};
use motet_core::execute::{Durations, Executor, Outcome, Parallel, Request, Sequential, Simulated};
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::plan::Plan;
use motet_core::port::PortType;
use motet_core::report::Report;
use motet_core::session::Session;
use motet_core::trace::NodeOutcome;
use motet_core::value::Value;

use crate::pipeline;

/// Doubles four numbers and adds them up. On a GPU, which is this very thread, it leaves and takes them there.
struct Double {
    /// Where each firing found its input: `here` or `there`.
    found: Arc<Mutex<Vec<&'static str>>>,
    keeps: bool,
}

struct DoubleNode {
    found: Arc<Mutex<Vec<&'static str>>>,
    is_there: bool,
    fails: bool,
}

impl NodeKind for Double {
    fn name(&self) -> &str {
        if self.keeps { "test/double" } else { "test/bring" }
    }

    fn about(&self) -> &str {
        "Doubles four numbers."
    }

    fn params(&self) -> Vec<ParamSpec> {
        vec![ParamSpec {
            name: "fails",
            param_type: ParamType::Flag,
            default: Some(ParamValue::Flag(false)),
            about: "whether its device fails",
        }]
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        Ok(InputSpecs {
            named: vec![InputSpec::required("x", Accepts::Any, "Four numbers.")],
            further: None,
        })
    }

    fn outputs(&self, _: &Params, _: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        let port = PortType::parse("record{sum: f32, data: f32[4]}").unwrap();
        Ok(vec![OutputSpec::new("o", port)])
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost {
            flops: 1_000_000_000,
            ..Cost::default()
        }
    }

    fn devices(&self) -> &[DeviceKind] {
        &[DeviceKind::Cpu, DeviceKind::Gpu]
    }

    fn keeps_on_device(&self) -> bool {
        self.keeps
    }

    fn build(
        &self,
        params: &Params,
        _: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(DoubleNode {
            found: Arc::clone(&self.found),
            is_there: self.keeps && placement.device == DeviceKind::Gpu,
            fails: params.flag("fails") == Some(true),
        }))
    }
}

impl Node for DoubleNode {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let input = inputs.require(0)?;
        let there = input
            .resident(0)
            .and_then(|value| value.downcast_ref::<Vec<f32>>());
        let (place, data) = match there.filter(|_| self.is_there) {
            Some(there) => ("there", there.clone()),
            None => ("here", input.tensor::<f32>(0)?.to_vec()),
        };
        self.found.lock().unwrap().push(place);
        let doubled: Vec<f32> = data.iter().map(|value| 2.0 * value).collect();
        let out = outputs.record(0)?;
        out.tensor::<f32>(0, &[])?.fill(doubled.iter().sum());
        let resident: Resident = Arc::new(doubled.clone());
        if self.is_there && out.may_leave(1) {
            out.leave::<f32>(1, &[4], resident)?;
        } else {
            out.tensor::<f32>(1, &[4])?.copy_from_slice(&doubled);
            if self.is_there {
                out.attach(1, resident);
            }
        }
        if self.fails {
            outputs.fell_back("the device is gone".to_owned());
        }
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        let ready = || "ready at once".to_owned();
        self.is_there.then(ready).into_iter().collect()
    }
}

fn machine(is_software: bool) -> Machine {
    Machine::cpu(2, 1 << 30).with(Device {
        name: "gpu0".to_owned(),
        kind: DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 30,
        flops_per_second: 1e12,
        overhead_seconds: 1e-6,
        transfer_bytes_per_second: 1e9,
        is_software,
    })
}

fn catalog() -> (Catalog, Arc<Mutex<Vec<&'static str>>>) {
    let found = Arc::new(Mutex::new(Vec::new()));
    let mut catalog = Catalog::new();
    for keeps in [true, false] {
        let found = Arc::clone(&found);
        catalog.register(Double { found, keeps }).unwrap();
    }
    (catalog, found)
}

fn text(nodes: &str, outputs: &str) -> String {
    format!(
        "motet: 1\npipeline: residence\ninputs: {{x: \"f32[4]\"}}\nnodes:\n{nodes}outputs: {{{outputs}}}\n"
    )
}

fn planned(text: &str, machine: &Machine) -> Arc<Plan> {
    pipeline::plan_for(text, &catalog().0, machine, false).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Which fields of `a` may stay on the GPU, as `sum data`.
fn stays(rest: &str, outputs: &str) -> [bool; 2] {
    let nodes = format!("  a: {{kind: test/double, in: x, place: gpu}}\n{rest}");
    let plan = planned(&text(&nodes, outputs), &machine(false));
    let slot = plan.node("a").unwrap().1.slots[0];
    [0, 1].map(|field| plan.slots[slot.index()].leavable & (1 << field) != 0)
}

#[test]
fn what_nobody_on_the_cpu_reads_may_stay_on_the_gpu() {
    let there = "  b: {kind: test/double, in: a.data, place: gpu}\n";
    assert_eq!(stays(there, "y: b.sum"), [true, true]);
    assert_eq!(
        stays(there, "y: b.sum, z: a.data"),
        [true, false],
        "it is given out"
    );
    assert_eq!(stays(there, "y: b.sum, z: a.sum"), [false, true]);
    assert_eq!(stays(there, "y: b.sum, z: a"), [false, false]);
    let here = "  b: {kind: test/double, in: a.data, place: cpu}\n";
    assert_eq!(stays(here, "y: b.sum"), [true, false], "the CPU reads it");
    let both = format!("{there}  c: {{kind: test/double, in: a.data, place: cpu}}\n");
    assert_eq!(stays(&both, "y: b.sum, z: c.sum"), [true, false]);
    let other = "  b: {kind: test/bring, in: a.data, place: gpu}\n";
    assert_eq!(
        stays(other, "y: b.sum"),
        [true, false],
        "its reader takes nothing there"
    );
    let last = there.replace("place: gpu", "place: gpu, on_error: last_good");
    assert_eq!(
        stays(&last, "y: b.sum"),
        [true, true],
        "the reader's own values are kept, not these"
    );
}

#[test]
fn values_stay_where_they_are_under_every_executor_and_the_answer_is_the_same() {
    let chain = "  a: {kind: test/double, in: x, place: PLACE}
  b: {kind: test/double, in: a.data, place: PLACE}
  c: {kind: test/double, in: b.data, place: PLACE}\n";
    let parallel = Parallel::for_machine(&machine(false), &Named).unwrap();
    let simulated = Simulated {
        seed: 3,
        worker_count: 2,
        durations: Durations::Random,
    };
    let executors: [&dyn Executor; 3] = [&Sequential, &parallel, &simulated];
    for (place, expected) in [("gpu", ["here", "there", "there"]), ("cpu", ["here"; 3])] {
        let plan = planned(
            &text(&chain.replace("PLACE", place), "y: c.sum, z: c.data"),
            &machine(false),
        );
        for executor in executors {
            let (catalog, found) = catalog();
            let mut session = Session::open(Arc::clone(&plan), &catalog).unwrap();
            let remarks = if place == "gpu" { 3 } else { 0 };
            assert_eq!(session.remarks().len(), remarks);
            for _ in 0..2 {
                let clock: Arc<dyn Clock> = Arc::new(Virtual::default());
                let request = Request::new().with("x", Value::samples(vec![1.0, 2.0, 3.0, 4.0]));
                let response = executor.run(&mut session, &request, &clock).unwrap();
                assert_eq!(response.value("y"), Some(Value::number(80.0)));
                let Some(Outcome::Present(data)) = response.output("z") else {
                    panic!("no data")
                };
                assert_eq!(data.tensor::<f32>(0).unwrap(), [8.0, 16.0, 24.0, 32.0]);
                drop(response);
                assert_eq!(std::mem::take(&mut *found.lock().unwrap()), expected, "{place}");
            }
        }
    }
}

/// Threads of the lanes.
struct Named;

impl motet_core::execute::Spawn for Named {
    fn spawn(&self, name: String, body: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        std::thread::Builder::new().name(name).spawn(body).map(|_| ())
    }
}

#[test]
fn a_node_that_falls_back_gives_its_answer_and_is_counted() {
    let nodes = "  a: {kind: test/double, in: x, place: gpu, with: {fails: true}}\n";
    let plan = planned(&text(nodes, "y: a.sum"), &machine(false));
    let mut session = Session::open(Arc::clone(&plan), &catalog().0).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Virtual::default());
    let request = Request::new().with("x", Value::samples(vec![1.0; 4]));
    let response = Sequential.run(&mut session, &request, &clock).unwrap();
    assert_eq!(response.value("y"), Some(Value::number(8.0)));
    let outcome = &response.trace.intervals[0].outcome;
    assert_eq!(*outcome, NodeOutcome::FellBack("the device is gone".to_owned()));
    let report = Report::of(&plan, std::slice::from_ref(&response.trace));
    assert_eq!(
        (report.nodes[0].ran_count, report.nodes[0].fallback_count),
        (1, 1)
    );
    assert!(
        report.to_string().contains("fallback a: 1 of 1 turns on the CPU"),
        "{report}"
    );
}

#[test]
fn a_gpu_that_the_cpu_plays_is_taken_on_request_only() {
    let device = |place: &str, is_software| {
        let nodes = format!("  a: {{kind: test/double, in: x, place: {place}}}\n");
        let plan = planned(&text(&nodes, "y: a.sum"), &machine(is_software));
        plan.node("a").unwrap().1.device.0
    };
    assert_eq!([device("auto", false), device("auto", true)], [1, 0]);
    assert_eq!([device("gpu", false), device("gpu", true)], [1, 1]);
}
