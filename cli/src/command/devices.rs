//! `motet devices`: what is in this machine, and what of Motet each can run.

use motet::{Cpu, local_machine};
use motet_core::quantity::Bytes;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Serialize)]
struct Row {
    /// As plans name it, or the number of an adapter that plans do not use.
    device: String,
    /// `cpu`, or the sort of adapter.
    sort: String,
    name: String,
    /// In bytes, where it is known.
    memory: Option<u64>,
    driver: String,
    /// What it runs, or why it runs nothing.
    runs: String,
}

#[derive(Debug, Serialize)]
struct Page {
    devices: Vec<Row>,
    /// What to do about GPUs that are not listed.
    hint: Option<String>,
}

pub(super) fn run(output: &mut Output) -> Result<(), Failure> {
    let mut devices = vec![cpu(super::cpu()?)];
    let hint = gpus(&mut devices)?;
    let page = Page { devices, hint };
    if output.is_json() {
        return output.json(&page);
    }
    for row in &page.devices {
        let memory = row
            .memory
            .map_or_else(String::new, |bytes| format!("  {}", Bytes(bytes)));
        let driver = if row.driver.is_empty() {
            String::new()
        } else {
            format!("  {}", row.driver)
        };
        let head = format!("{:<9} {:<10}  {}{memory}{driver}", row.device, row.sort, row.name);
        output.line(head.trim_end())?;
        output.line(&format!("          {}", row.runs))?;
    }
    match &page.hint {
        Some(hint) => output.line(&format!("\n{hint}")),
        None => Ok(()),
    }
}

fn cpu(instructions: Cpu) -> Row {
    let machine = local_machine(None);
    let found = motet::fingerprint(&machine, instructions);
    Row {
        device: "cpu".to_owned(),
        sort: "cpu".to_owned(),
        name: format!("{}, {} workers", found.cpu, found.workers),
        memory: machine.devices().next().map(|(_, cpu)| cpu.memory_bytes),
        driver: String::new(),
        runs: format!("all kinds; nets in f32, bf16 and int8 by {instructions}"),
    }
}

/// The kinds that may run on a GPU.
#[cfg(feature = "gpu")]
fn kinds() -> String {
    use motet::{DeviceKind, Gpu, GpuWish, Prober};

    let sources = motet_nodes::ModelSources {
        gpu: Gpu::wished(GpuWish::Hardware, Prober::Here),
        ..motet_nodes::ModelSources::default()
    };
    let catalog = motet_nodes::catalog_with(&sources);
    let kinds = catalog
        .kinds()
        .filter(|kind| kind.devices().contains(&DeviceKind::Gpu));
    let names: Vec<&str> = kinds.map(|kind| kind.name()).collect();
    names.join(", ")
}

/// Adds the adapters, each tried out in a child process.
#[cfg(feature = "gpu")]
fn gpus(devices: &mut Vec<Row>) -> Result<Option<String>, Failure> {
    use motet::Prober;
    use motet_models::gpu::AdapterKind;
    use motet_nodes::gpu::probe;

    let program = std::env::current_exe().map_err(|error| Failure::Internal(error.to_string()))?;
    let prober = Prober::Child(program);
    let adapters = match probe::adapters(&prober) {
        Ok(adapters) => adapters,
        Err(why) => return Ok(Some(format!("no GPU can be listed: {why}"))),
    };
    if adapters.is_empty() {
        return Ok(Some(
            "there is no GPU, or no driver of Vulkan, Metal, DirectX 12 or OpenGL for it".to_owned(),
        ));
    }
    let mut is_taken = false;
    for adapter in adapters {
        let tried = probe::try_out(&prober, &adapter);
        let is_software = adapter.kind == AdapterKind::Software;
        let is_usable = tried.is_ok() && !is_software;
        let is_plans = is_usable && !is_taken;
        is_taken |= is_usable;
        let runs = match &tried {
            Err(why) => format!("nothing: {why}"),
            Ok(speeds) => {
                let speeds = format!(
                    "{:.1} Gflop/s, {:.1} GB/s to and fro, {:.0} us a step",
                    speeds.flops_per_second / 1e9,
                    speeds.transfer_bytes_per_second / 1e9,
                    speeds.overhead_seconds * 1e6
                );
                match is_software {
                    true => format!("tests alone (`MOTET_GPU=software`): the CPU plays it; {speeds}"),
                    false => format!("{} in f32; {speeds}", kinds()),
                }
            }
        };
        devices.push(Row {
            device: if is_plans {
                "gpu0".to_owned()
            } else {
                format!("adapter {}", adapter.index)
            },
            sort: adapter.kind.name().to_owned(),
            memory: adapter.memory_bytes,
            driver: format!("{} {}", adapter.api, adapter.driver).trim().to_owned(),
            name: adapter.name,
            runs,
        });
    }
    Ok(None)
}

/// Tells how to get GPUs.
#[cfg(not(feature = "gpu"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
fn gpus(_: &mut Vec<Row>) -> Result<Option<String>, Failure> {
    Ok(Some(
        "this program looks for no GPU; one that does is built by `cargo build --release --features gpu`"
            .to_owned(),
    ))
}
