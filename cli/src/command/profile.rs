//! `motet profile`: measures nodes in every placement they may have, for plans by measured times.

use motet::profile::Effort;
use motet_core::quantity::Time;

use super::{builder, write_whole};
use crate::arguments::ProfileArguments;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(arguments: &ProfileArguments, output: &mut Output) -> Result<(), Failure> {
    let pipeline = builder(&arguments.pipeline)?.open(&arguments.pipeline.pipeline)?;
    let effort = Effort {
        warm_up: arguments.warm_up,
        repeat: arguments.repeat,
        rounds: arguments.rounds,
    };
    if arguments.inputs.is_empty() && pipeline.spec().tests.is_empty() {
        return Err(Failure::bad(
            "the pipeline has no samples: give its inputs with `--in`",
        ));
    }
    let profile = pipeline.measure(effort, |pipeline, runner| {
        if arguments.inputs.is_empty() {
            let tests = 0..pipeline.spec().tests.len();
            return tests.map(|test| pipeline.test_request(runner, test)).collect();
        }
        let given = arguments
            .inputs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(vec![runner.request(given)?])
    })?;
    let text = profile
        .to_json()
        .map_err(|error| Failure::Internal(error.to_string()))?;
    write_whole(&arguments.out, text.as_bytes())?;
    if output.is_json() {
        return output.text(&format!("{text}\n"));
    }
    output.line("kind                  device  precision  width     median     spread")?;
    for row in profile.rows() {
        let time = |seconds: f64| Time(std::time::Duration::from_secs_f64(seconds)).to_string();
        output.line(&format!(
            "{:<20}  {:<6}  {:<9}  {:>5}  {:>9}  {:>9}",
            row.workload.kind,
            row.placement.device,
            row.placement.precision,
            row.placement.width,
            time(row.seconds),
            time(row.spread)
        ))?;
    }
    output.line(&format!(
        "wrote {}: plan by it with `--profile {0}`",
        arguments.out.display()
    ))
}
