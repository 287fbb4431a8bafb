//! The commands, one file each.

use std::path::Path;
use std::sync::Arc;

use clap::CommandFactory;
use motet::profile::read_profile;
use motet::{
    Builder, Cpu, DeviceKind, Gpu, GpuWish, Machine, Most, Pipeline, Privacy, Prober, fingerprint,
    local_machine,
};

use crate::arguments::{Arguments, Command, PipelineArguments};
use crate::failure::Failure;
use crate::output::Output;

#[cfg(unix)]
mod audit;
mod bench;
mod check;
mod devices;
mod eval;
mod explain;
mod graph;
mod models;
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
        Command::Devices => devices::run(output),
        #[cfg(feature = "gpu")]
        Command::ProbeGpu { adapter } => output.line(&motet_nodes::gpu::probe::answer(*adapter)),
        Command::Explain { topic } => explain::explain(topic, output),
        Command::Kinds => explain::kinds(output),
        Command::Graph(graph) => graph::run(graph, output),
        Command::Train(train) => train::run(train, output),
        Command::Eval(eval) => eval::run(eval, output),
        Command::Models(models) => models::run(models, output),
        #[cfg(unix)]
        Command::Audit(command) => audit::run(command, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "motet", &mut script);
            output.text(&String::from_utf8_lossy(&script))
        }
    }
}

/// A builder with the settings of the command line.
fn builder(arguments: &PipelineArguments) -> Result<Builder, Failure> {
    let (cpu, gpu) = (cpu()?, gpu()?);
    let mut builder = Pipeline::builder().cpu(cpu).gpu(&gpu);
    for (name, value) in &arguments.set {
        builder = builder.set(name, value);
    }
    for folder in &arguments.models {
        builder = builder.models(folder);
    }
    #[cfg(unix)]
    if let Some(settings) = audit::settings(&arguments.audit) {
        builder = builder.audit(settings);
    }
    if let Some(count) = arguments.workers {
        builder = builder.workers(count);
    }
    if let Some(path) = &arguments.profile {
        let profile = read_profile(path)?;
        let mut machine = local_machine(arguments.workers);
        // Where a GPU was measured there must be one.
        if profile
            .rows()
            .iter()
            .any(|row| row.placement.device == DeviceKind::Gpu)
        {
            machine = gpu.device().into_iter().fold(machine, Machine::with);
        }
        let here = fingerprint(&machine, cpu);
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
    Ok(Cpu::detect_at_most(most))
}

/// The GPU that nets may run on: a hardware one, or what `MOTET_GPU` says.
#[allow(
    clippy::disallowed_methods,
    reason = "tests and comparisons choose the GPU from outside"
)]
fn gpu() -> Result<Gpu, Failure> {
    let wish = match std::env::var_os("MOTET_GPU")
        .as_ref()
        .and_then(|wish| wish.to_str())
    {
        None | Some("hardware") => GpuWish::Hardware,
        Some("off") => GpuWish::Off,
        Some("software") => GpuWish::Software,
        Some(_) => {
            return Err(Failure::bad(
                "MOTET_GPU: expected `hardware`, `software` or `off`",
            ));
        }
    };
    let program = std::env::current_exe().map_err(|error| Failure::Internal(error.to_string()))?;
    Ok(Gpu::wished(wish, Prober::Child(program)))
}

/// Tells of panics by their place alone where a pipeline reads confidential values, which a message may repeat.
fn hush_panics(pipeline: &Pipeline) {
    let inputs = &pipeline.plan().inputs;
    if !inputs.iter().any(|input| input.port.privacy() == Privacy::Phi) {
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("a panic at {place}; its message may repeat confidential values and is not shown");
    }));
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
