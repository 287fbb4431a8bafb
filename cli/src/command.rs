//! The commands, one file each.

use std::path::Path;
use std::sync::Arc;

use clap::CommandFactory;
use motet::profile::read_profile;
use motet::{Builder, Pipeline, fingerprint, local_machine};
use motet_nodes::{Cpu, Most};

use crate::arguments::{Arguments, Command, EvalCommand, PipelineArguments, TrainCommand};
use crate::failure::Failure;
use crate::output::Output;

mod bench;
mod check;
mod eval;
mod explain;
mod graph;
mod plan;
mod profile;
mod run;
mod serve;
mod test;
mod train;

/// Runs the command of the arguments.
pub(crate) fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(check) => check::run(check, output),
        Command::Plan(plan) => plan::run(plan, output),
        Command::Run(run) => run::run(run, output),
        Command::Test(test) => test::run(test, output),
        Command::Bench(bench) => bench::run(bench, output),
        Command::Profile(profile) => profile::run(profile, output),
        Command::Explain { topic } => explain::explain(topic, output),
        Command::Kinds => explain::kinds(output),
        Command::Graph(graph) => graph::run(graph, output),
        Command::Train(TrainCommand::Keyword(train)) => train::run(train, output),
        Command::Eval(EvalCommand::Keyword(eval)) => eval::run(eval, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "motet", &mut script);
            output.text(&String::from_utf8_lossy(&script))
        }
    }
}

/// A builder with the settings of the command line.
fn builder(arguments: &PipelineArguments) -> Result<Builder, Failure> {
    let mut builder = Pipeline::builder().cpu(cpu()?);
    for (name, value) in &arguments.set {
        builder = builder.set(name, value);
    }
    for folder in &arguments.models {
        builder = builder.models(folder);
    }
    if let Some(count) = arguments.workers {
        builder = builder.workers(count);
    }
    if let Some(path) = &arguments.profile {
        let profile = read_profile(path)?;
        let here = fingerprint(&local_machine(arguments.workers));
        if *profile.machine() != here {
            return Err(Failure::Bad {
                code: Some("MT0415"),
                message: format!(
                    "`{}` was measured on `{}` with {} workers, this is `{}` with {}",
                    path.display(),
                    profile.machine().cpu,
                    profile.machine().workers,
                    here.cpu,
                    here.workers
                ),
                help: Some("measure again here with `motet profile`".to_owned()),
            });
        }
        builder = builder.profile(Arc::new(profile));
    }
    Ok(builder)
}

/// The instructions that nets are computed with: all that the CPU has, or fewer where `MOTET_CPU` says so.
#[allow(
    clippy::disallowed_methods,
    reason = "tests and comparisons bound the instructions from outside"
)]
fn cpu() -> Result<Cpu, Failure> {
    let Some(most) = std::env::var_os("MOTET_CPU") else {
        return Ok(Cpu::detect());
    };
    let most = most.to_string_lossy().parse::<Most>();
    let most = most.map_err(|fault| Failure::bad(format!("MOTET_CPU: {fault}")))?;
    Ok(Cpu::detect().at_most(most))
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of it.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Bad {
        code: Some("MT0413"),
        message: format!("`{}` cannot be written: {error}", path.display()),
        help: None,
    };
    let Some(name) = path.file_name() else {
        return Err(Failure::bad(format!("`{}` does not name a file", path.display())));
    };
    let mut part = name.to_os_string();
    part.push(".part");
    let part = path.with_file_name(part);
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed would not help anybody either.
        let _ = std::fs::remove_file(&part);
    }
    written.map_err(failed)
}
