//! `motet plan`: the page of decisions and the verdict.

use motet::{Machine, local_machine};

use super::builder;
use crate::arguments::PlanArguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;

pub(super) fn run(arguments: &PlanArguments, output: &mut Output) -> Result<(), Failure> {
    let mut builder = builder(&arguments.pipeline)?;
    if let Some(bytes) = arguments.memory {
        let here = local_machine(arguments.pipeline.workers);
        let workers = here.devices().next().map_or(1, |(_, cpu)| cpu.workers);
        builder = builder.machine(Machine::cpu(workers, bytes));
    }
    let pipeline = builder.open(&arguments.pipeline.pipeline)?;
    if output.is_json() {
        return output.json(pipeline.plan().as_ref());
    }
    render::faults(pipeline.warnings(), output)?;
    output.text(&pipeline.plan().to_string())
}
