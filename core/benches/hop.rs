//! What it costs to hand a value from one node to the next: `cargo bench -p motet-core --bench hop`, or with `-- fused` for one
//! of them.
//!
//! A chain of nodes that pass a value on without touching more than its first byte; the difference between a long and
//! a short chain, by the difference in length: the median, and the least of all repeats in brackets. Fused, the nodes are
//! one step on the caller's thread. As steps, every node's value is given out, so that each is handed over by itself; a
//! worker goes on with the next step of its own lane. Across threads, every second node is for a GPU that does not exist,
//! so that each hop wakes the thread of the other lane.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints what the machine's clock says, and stops where it cannot go on"
)]

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, InputSpec, InputSpecs, KindFault, NodeKind,
    OutputSpec, ParamSpec, Params, Signature,
};
use motet_core::clock::{Clock, Monotonic};
use motet_core::execute::{Executor, Parallel, Request, Response, Sequential, Spawn};
use motet_core::graph::{Graph, NoLibrary};
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::node::{Inputs, Node, NodeError, Outputs};
use motet_core::placement::Placement;
use motet_core::plan::{Plan, PlanOptions};
use motet_core::session::Session;
use motet_core::spec::Spec;
use motet_core::value::Value;

/// Nodes of the long and of the short chain.
const LENGTHS: [usize; 2] = [41, 1];
const REPEATS: usize = 300;

struct Pass;

impl NodeKind for Pass {
    fn name(&self) -> &str {
        "bench/pass"
    }

    fn about(&self) -> &str {
        "Passes bytes on."
    }

    fn params(&self) -> Vec<ParamSpec> {
        Vec::new()
    }

    fn inputs(&self, _: &Params) -> Result<InputSpecs, Vec<KindFault>> {
        let named = vec![InputSpec::required("x", Accepts::Any, "Anything.")];
        Ok(InputSpecs { named, further: None })
    }

    fn outputs(&self, _: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>> {
        Ok(vec![OutputSpec::new("y", inputs[0].port.clone().unwrap())])
    }

    fn devices(&self) -> &[DeviceKind] {
        &[DeviceKind::Cpu, DeviceKind::Gpu]
    }

    fn cost(&self, _: &Params, _: &Signature, _: &Placement) -> Cost {
        Cost::default()
    }

    fn build(&self, _: &Params, _: &Signature, _: &Placement) -> Result<Box<dyn Node>, BuildError> {
        Ok(Box::new(Pass))
    }
}

impl Node for Pass {
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError> {
        let x = inputs.require(0)?;
        outputs.tensor::<u8>(0, x.dims(0)?)?[0] = x.tensor::<u8>(0)?[0];
        Ok(())
    }
}

/// What the nodes of a chain have to do with each other.
#[derive(Clone, Copy, PartialEq)]
enum Links {
    /// They are one step.
    Fused,
    /// Every value is given out, so that no two nodes are one step.
    Steps,
    /// They lie on the CPU and on a GPU by turns.
    Lanes,
}

struct Threads;

impl Spawn for Threads {
    fn spawn(&self, name: String, body: Box<dyn FnOnce() + Send>) -> std::io::Result<()> {
        std::thread::Builder::new().name(name).spawn(body).map(|_| ())
    }
}

/// A CPU of two workers and a GPU that does not exist: the nodes run anywhere.
fn machine() -> Machine {
    Machine::cpu(2, 1 << 34).with(Device {
        name: "gpu0".to_owned(),
        kind: DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 34,
        flops_per_second: 1e12,
        overhead_seconds: 1e-6,
        transfer_bytes_per_second: 1e12,
        is_software: false,
    })
}

fn chain(length: usize, bytes: usize, links: Links) -> Session {
    let mut text = format!("motet: 1\npipeline: chain\ninputs: {{x: \"u8[{bytes}]\"}}\nnodes:\n");
    let mut outputs = String::from("outputs: {");
    for node in 0..length {
        let from = match node {
            0 => "x".to_owned(),
            _ => format!("n{}", node - 1),
        };
        let is_gpu = links == Links::Lanes && node % 2 == 1;
        let place = if is_gpu { "gpu" } else { "cpu" };
        text.push_str(&format!(
            "  n{node}: {{kind: bench/pass, in: {from}, place: {place}}}\n"
        ));
        if links == Links::Steps || node + 1 == length {
            outputs.push_str(&format!("n{node}: n{node}, "));
        }
    }
    text.push_str(&format!("{}}}\n", outputs.trim_end_matches(", ")));
    let mut catalog = Catalog::new();
    catalog.register(Pass).unwrap();
    let graph = Graph::resolve(&Spec::parse(&text).unwrap(), &catalog, &NoLibrary).unwrap();
    let options = PlanOptions {
        serial: false,
        profile: None,
    };
    let plan = Plan::compile(&graph, &catalog, &machine(), &options).unwrap();
    assert_eq!(plan.steps.len(), if links == Links::Fused { 1 } else { length });
    Session::open(Arc::new(plan), &catalog).unwrap()
}

/// Median and least time of a request, in nanoseconds.
fn request_times(executor: &dyn Executor, mut session: Session, bytes: usize) -> [f64; 2] {
    let clock: Arc<dyn Clock> = Arc::new(Monotonic::start());
    let value = Value::U8 {
        dims: vec![u32::try_from(bytes).unwrap()],
        data: vec![1; bytes],
    };
    let request = Request::new().with("x", value);
    let mut response = Response::default();
    let mut times: Vec<Duration> = (0..REPEATS)
        .map(|_| {
            let begun = Instant::now();
            executor
                .run_into(&mut session, &request, &clock, &mut response)
                .unwrap();
            let time = begun.elapsed();
            assert!(response.failure().is_none());
            time
        })
        .collect();
    times.sort_unstable();
    [times[REPEATS / 2], times[0]].map(|time| time.as_secs_f64() * 1e9)
}

/// Half the time of waking a thread that waits and being woken by it, in nanoseconds: no hop across threads can be
/// quicker unless somebody spins.
fn wake_up_time() -> f64 {
    const COUNT: u32 = 2_000;
    let [there, back] = [(); 2].map(|()| Arc::new((Mutex::new(0u32), Condvar::new())));
    let say = |to: &(Mutex<u32>, Condvar), word: u32| {
        *to.0.lock().unwrap() = word;
        to.1.notify_one();
    };
    let hear = |from: &(Mutex<u32>, Condvar), word: u32| {
        drop(
            from.1
                .wait_while(from.0.lock().unwrap(), |said| *said != word)
                .unwrap(),
        );
    };
    let other = (Arc::clone(&there), Arc::clone(&back));
    let echo = std::thread::spawn(move || {
        for word in 1..=COUNT {
            hear(&other.0, word);
            say(&other.1, word);
        }
    });
    let begun = Instant::now();
    for word in 1..=COUNT {
        say(&there, word);
        hear(&back, word);
    }
    let time = begun.elapsed();
    echo.join().unwrap();
    time.as_secs_f64() * 1e9 / f64::from(2 * COUNT)
}

fn main() {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let parallel = Parallel::for_machine(&machine(), &Threads).unwrap();
    for (name, executor, links) in [
        ("fused, one thread", &Sequential as &dyn Executor, Links::Fused),
        ("steps, one thread", &Sequential, Links::Steps),
        ("steps, one lane", &parallel, Links::Steps),
        ("across threads", &parallel, Links::Lanes),
    ] {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !name.contains(wanted.as_str()))
        {
            continue;
        }
        for bytes in [1 << 10, 4 << 20] {
            let [long, short] =
                LENGTHS.map(|length| request_times(executor, chain(length, bytes, links), bytes));
            let hops = (LENGTHS[0] - LENGTHS[1]) as f64;
            println!(
                "{name:<18} {:>4} KiB  {:>6.0} ns per hop ({:.0}); a request of one node {:.1} us ({:.1})",
                bytes >> 10,
                (long[0] - short[0]) / hops,
                (long[1] - short[1]) / hops,
                short[0] / 1e3,
                short[1] / 1e3,
            );
        }
    }
    println!("waking a waiting thread, alone: {:.0} ns", wake_up_time());
}
