//! From text to plan, session and answer, in one call each.

use std::sync::Arc;

use motet_core::catalog::Catalog;
use motet_core::diagnostic::Diagnostics;
use motet_core::execute::{Outcome, Response};
use motet_core::graph::{Graph, NoLibrary};
use motet_core::machine::Machine;
use motet_core::plan::{Plan, PlanOptions};
use motet_core::session::Session;
use motet_core::spec::Spec;

use crate::draft::Came;

pub(crate) fn graph(text: &str, catalog: &Catalog) -> Result<Graph, Diagnostics> {
    Graph::resolve(&Spec::parse(text)?, catalog, &NoLibrary)
}

pub(crate) fn machine() -> Machine {
    Machine::cpu(4, 1 << 30)
}

pub(crate) fn plan(text: &str, catalog: &Catalog, serial: bool) -> Result<Arc<Plan>, Diagnostics> {
    plan_for(text, catalog, &machine(), serial)
}

pub(crate) fn plan_for(
    text: &str,
    catalog: &Catalog,
    machine: &Machine,
    serial: bool,
) -> Result<Arc<Plan>, Diagnostics> {
    Plan::compile(
        &graph(text, catalog)?,
        catalog,
        machine,
        &PlanOptions {
            serial,
            profile: None,
        },
    )
    .map(Arc::new)
}

/// A session over a pipeline that must compile.
pub(crate) fn open(text: &str, catalog: &Catalog) -> Session {
    let plan = plan(text, catalog, false).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
    Session::open(plan, catalog).unwrap()
}

/// The codes and lines of all faults.
pub(crate) fn codes(faults: &Diagnostics) -> Vec<(&'static str, usize)> {
    let found = faults
        .iter()
        .map(|fault| (fault.code.0, fault.labels[0].span.line()));
    found.collect()
}

/// What came of every output, as words.
pub(crate) fn came(response: &Response) -> Vec<Came> {
    let outputs = response.outputs.iter().map(|(_, outcome)| match outcome {
        Outcome::Absent(_) => Came::Absent,
        Outcome::Failed(_) => Came::Failed,
        Outcome::Present(lease) => {
            let fields = 0..lease.field_count();
            let bytes = fields.flat_map(|field| lease.bytes(field).unwrap());
            let bytes: Vec<u8> = bytes.copied().collect();
            let words = bytes
                .chunks_exact(4)
                .map(|word| u32::from_ne_bytes(word.try_into().unwrap()));
            Came::Present(words.collect())
        }
    });
    outputs.collect()
}
