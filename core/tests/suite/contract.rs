//! The contract of a pipeline and of its agents, held against the plan.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use motet_core::diagnostic::{Diagnostics, Source};
use motet_core::execute::{Executor, Request, Sequential};
use motet_core::graph::{Graph, Library, LibraryEntry, LibraryError};
use motet_core::machine::Machine;
use motet_core::plan::{Bytes, Plan, PlanOptions};
use motet_core::session::Session;
use motet_core::spec::Spec;
use motet_core::value::Value;

use crate::kinds::Stage;
use crate::pipeline;

/// Pipelines by folder.
struct Shelf(BTreeMap<&'static str, String>);

impl Library for Shelf {
    fn find(&self, _: &str, uses: &str) -> Result<LibraryEntry, LibraryError> {
        let text = self
            .0
            .get(uses)
            .ok_or_else(|| LibraryError::Missing(uses.to_owned()))?;
        let source = Source::new(format!("{uses}/pipeline.yaml"), text.clone());
        Ok(LibraryEntry {
            base: uses.to_owned(),
            source,
        })
    }
}

const OUTER: &str = "motet: 1
pipeline: outer
contract: {egress: none}
inputs: {x: f32}
agents:
  one: {use: inner, in: {x: x}}
  two: {use: inner, in: {x: x}}
nodes:
  both: {kind: test/mix, in: {i0: one.y, i1: two.y}, with: {arity: 2, model: shared, weights: 1000}}
outputs: {y: both}
";

fn inner(contract: &str, with: &str) -> String {
    format!(
        "motet: 1
pipeline: inner
contract:
  {contract}
inputs: {{x: f32}}
nodes:
  work: {{kind: test/mix, in: x, with: {{model: shared, weights: 1000, workspace: 500{with}}}}}
outputs: {{y: work.score}}
"
    )
}

fn compile(inner: String) -> Result<Arc<Plan>, Diagnostics> {
    let catalog = Stage::new().catalog();
    let shelf = Shelf(BTreeMap::from([("inner", inner)]));
    let graph = Graph::resolve(&Spec::parse(OUTER)?, &catalog, &shelf)?;
    Plan::compile(
        &graph,
        &catalog,
        &pipeline::machine(),
        &PlanOptions {
            serial: false,
            profile: None,
        },
    )
    .map(Arc::new)
}

/// Code, file, line and text of every fault.
fn places(faults: &Diagnostics) -> Vec<(&'static str, String, usize, String)> {
    let place = faults.iter().map(|fault| {
        let span = &fault.labels[0].span;
        (
            fault.code.0,
            span.source.name.clone(),
            span.line(),
            span.text().to_owned(),
        )
    });
    place.collect()
}

#[test]
fn each_agent_is_charged_for_all_it_uses_and_the_whole_for_shared_weights_once() {
    let plan = compile(inner("memory: {cpu: 64 KiB}", "")).unwrap();
    let own = Bytes {
        weights: 1_000,
        buffers: 64 + 64 + 64,
        workspaces: 500,
        // An estimate: one node with one slot.
        session: 7_680,
    };
    for (agent, name) in plan.agents.iter().zip(["one", "two"]) {
        assert_eq!(
            (agent.name.as_str(), agent.cpu, agent.cpu_bytes_max),
            (name, own, Some(64 << 10))
        );
    }
    assert_eq!(
        (plan.memory.cpu.weights, plan.memory.cpu.workspaces),
        (1_000, 1_000)
    );
    let page = plan.to_string();
    assert!(
        page.contains("agent    one: 9.2 KiB of 64.0 KiB allowed"),
        "{page}"
    );
}

#[test]
fn a_pipeline_of_agents_runs_like_one_written_flat() {
    let flat = "motet: 1
pipeline: flat
inputs: {x: f32}
nodes:
  one: {kind: test/mix, in: x}
  two: {kind: test/mix, in: x}
  both: {kind: test/mix, in: {i0: one.score, i1: two.score}, with: {arity: 2}}
outputs: {y: both}
";
    let stage = Stage::new();
    let answer = |plan: Arc<Plan>| {
        let mut session = Session::open(plan, &stage.catalog()).unwrap();
        let request = Request::new().with("x", Value::number(3.0));
        Sequential
            .run(&mut session, &request, &stage.clock())
            .unwrap()
            .value("y")
            .unwrap()
    };
    let nested = answer(compile(inner("egress: none", "")).unwrap());
    assert_eq!(
        nested,
        answer(pipeline::plan(flat, &stage.catalog(), false).unwrap())
    );
}

#[test]
fn an_agent_over_its_own_memory_is_refused_in_its_own_file() {
    let faults = compile(inner("memory: {cpu: 1 KiB}", "")).unwrap_err();
    let place = ("MT0305", "inner/pipeline.yaml".to_owned(), 4, "1 KiB".to_owned());
    assert_eq!(places(&faults), [place.clone(), place], "both uses of it");
    assert!(
        faults
            .iter()
            .next()
            .unwrap()
            .message
            .starts_with("agent `one` needs 9.2 KiB")
    );
}

#[test]
fn data_leaves_only_to_where_the_pipeline_and_the_agent_allow() {
    let sends = ", sends: 'https://a.example'";
    let faults = compile(inner("egress: [https://a.example]", sends)).unwrap_err();
    let work = ("MT0304", "inner/pipeline.yaml".to_owned(), 7, "work".to_owned());
    assert_eq!(
        places(&faults),
        [work.clone(), work],
        "the outer contract says none"
    );
    let text = |allowed: &str| {
        format!(
            "motet: 1
pipeline: sender
contract: {{egress: [{allowed}]}}
inputs: {{x: f32}}
nodes: {{out: {{kind: test/mix, in: x, with: {{sends: 'https://b.example https://a.example'}}}}}}
outputs: {{y: out}}
"
        )
    };
    let catalog = Stage::new().catalog();
    let faults = pipeline::plan(&text("https://a.example"), &catalog, false).unwrap_err();
    assert_eq!(pipeline::codes(&faults), [("MT0304", 5)]);
    let plan = pipeline::plan(&text("https://a.example, https://b.example"), &catalog, false).unwrap();
    assert_eq!(plan.egress, ["https://a.example", "https://b.example"]);
    assert!(
        plan.to_string()
            .contains("egress   https://a.example, https://b.example\n")
    );
}

#[test]
fn a_node_that_needs_a_gpu_is_refused_without_one() {
    let text = |node: &str| {
        format!("motet: 1\npipeline: gpu\ninputs: {{x: f32}}\nnodes:\n  n: {node}\noutputs: {{y: n}}\n")
    };
    let catalog = Stage::new().catalog();
    for node in [
        "{kind: test/gpu, in: x}",
        "{kind: test/either, in: x, place: gpu}",
        "{kind: test/gpu, in: x, place: cpu}",
    ] {
        let faults = pipeline::plan(&text(node), &catalog, false).unwrap_err();
        assert_eq!(pipeline::codes(&faults), [("MT0302", 5)], "{node}");
    }
}

/// Two wide branches that only share memory one after the other.
fn wide(contract: &str) -> String {
    format!(
        r#"motet: 1
pipeline: wide
contract:
  {contract}
inputs: {{x: "f32[8]"}}
nodes:
  left: {{kind: test/mix, in: x, with: {{size: 100000}}}}
  left_end: {{kind: test/mix, in: left.score}}
  right: {{kind: test/mix, in: x, with: {{size: 100000}}}}
  right_end: {{kind: test/mix, in: right.score}}
outputs: {{left: left_end, right: right_end}}
"#
    )
}

#[test]
fn a_plan_over_its_memory_runs_one_node_after_the_other_before_it_is_refused() {
    let catalog = Stage::new().catalog();
    let free = |serial| {
        pipeline::plan(&wide("egress: none"), &catalog, serial)
            .unwrap()
            .memory
            .cpu
            .total()
    };
    let (concurrent, serial) = (free(false), free(true));
    assert!(serial + 400_000 < concurrent, "{serial} and {concurrent}");
    let bounded = |bytes: u64| pipeline::plan(&wide(&format!("memory: {{cpu: {bytes} B}}")), &catalog, false);
    assert!(!bounded(concurrent).unwrap().memory.is_serial);
    let plan = bounded(concurrent - 1).unwrap();
    assert!(plan.memory.is_serial && plan.memory.cpu.total() == serial);
    assert!(plan.to_string().contains("; nodes run one after the other"));
    assert!(bounded(serial).is_ok());
    let faults = bounded(serial - 1).unwrap_err();
    assert_eq!(pipeline::codes(&faults), [("MT0301", 4)]);
    let fault = faults.iter().next().unwrap();
    assert!(
        fault
            .help
            .as_ref()
            .unwrap()
            .contains("the largest part is the value of `right` with 390.8 KiB"),
        "{:?}",
        fault.help
    );
    let fix = fault.fix.as_ref().unwrap();
    let mut mended = wide(&format!("memory: {{cpu: {} B}}", serial - 1));
    mended.replace_range(fix.span.range.clone(), &fix.replacement);
    assert!(
        pipeline::plan(&mended, &catalog, false).is_ok(),
        "the fix makes it pass"
    );
}

#[test]
fn the_memory_of_the_machine_bounds_a_plan_like_a_contract() {
    let catalog = Stage::new().catalog();
    let text = wide("egress: none");
    let serial = pipeline::plan(&text, &catalog, true).unwrap().memory.cpu.total();
    let on = |bytes| pipeline::plan_for(&text, &catalog, &Machine::cpu(2, bytes), false);
    assert!(on(serial).unwrap().memory.is_serial);
    assert_eq!(pipeline::codes(&on(serial - 1).unwrap_err()), [("MT0301", 2)]);
}

#[test]
fn a_chain_must_be_estimated_within_its_deadline_less_the_headroom() {
    // Three nodes of 5 us each; `late` lies on no chain.
    let text = |deadline: &str, headroom: &str| {
        format!(
            "motet: 1
pipeline: chain
contract:
  chains:
    answer: {{path: x -> a -> c, deadline: {deadline}, headroom: {headroom}, quantile: 0.99}}
inputs: {{x: f32}}
nodes:
  a: {{kind: test/mix, in: x}}
  b: {{kind: test/mix, in: a}}
  c: {{kind: test/mix, in: b}}
  late: {{kind: test/mix, in: c, with: {{flops: 20000000}}}}
outputs: {{c: c, late: late}}
"
        )
    };
    let catalog = Stage::new().catalog();
    let compile = |deadline, headroom| pipeline::plan(&text(deadline, headroom), &catalog, false);
    let plan = compile("20 us", "20 %").unwrap();
    assert_eq!(plan.chains[0].estimate, Duration::from_micros(15));
    assert_eq!(plan.chains[0].allowed, Duration::from_micros(16));
    assert_eq!(
        pipeline::codes(&compile("20 us", "30 %").unwrap_err()),
        [("MT0303", 5)]
    );
    assert_eq!(
        pipeline::codes(&compile("14 us", "0 %").unwrap_err()),
        [("MT0303", 5)]
    );
}

#[test]
fn a_confidential_value_leaves_only_where_the_contract_names_the_output() {
    let text = |contract: &str, kind: &str| {
        format!(
            "motet: 1
pipeline: clinic
contract: {contract}
inputs: {{talk: 'f32[8] privacy=phi'}}
nodes:
  heard: {{kind: test/mix, in: talk}}
  told: {{kind: {kind}, in: heard}}
outputs:
  told: told
"
        )
    };
    let catalog = Stage::new().catalog();
    let compile = |contract, kind| pipeline::plan(&text(contract, kind), &catalog, false);
    assert_eq!(
        pipeline::codes(&compile("{egress: none}", "test/mix").unwrap_err()),
        [("MT0217", 9)]
    );
    assert!(compile("{privacy: {phi: [told]}}", "test/mix").is_ok());
    let lower = compile("{privacy: {personal: [told]}}", "test/mix").unwrap_err();
    assert_eq!(
        pipeline::codes(&lower),
        [("MT0217", 9)],
        "personal is less than phi"
    );
    assert!(
        compile("{egress: none}", "test/redact").is_ok(),
        "a kind made to lower the class"
    );
}
