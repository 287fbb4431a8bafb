//! Holds a draft against the contracts of the pipeline and of its agents.

use std::sync::Arc;

use super::{
    AgentVerdict, Bytes, ChainVerdict, DeviceBytes, Draft, MemoryVerdict, Plan, PlannedInput, PlannedNode,
    PlannedOutput, SlotId, input_dims, session_bytes, small,
};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::graph::{Feed, Graph, Producer};
use crate::machine::{DeviceKind, Machine};
use crate::quantity;
use crate::yaml::{Path, Place};

pub(super) fn finish(
    graph: &Graph,
    catalog: &Catalog,
    machine: &Machine,
    draft: Draft,
) -> Result<Plan, Diagnostics> {
    let mut faults = graph.warnings.clone();
    let memory = memory(graph, machine, &draft, &mut faults);
    let chains = chains(graph, &draft, &mut faults);
    let agents = agents(graph, machine, &draft, &mut faults);
    let egress = egress(graph, catalog, &mut faults);
    let slot_of = |feed: &Feed| match feed.producer {
        Producer::Input(index) => SlotId(u32::from(index)),
        Producer::Node(node, output) => draft.nodes[node.index()].slots[usize::from(output)],
    };
    let outputs = graph.outputs.iter().map(|output| PlannedOutput {
        name: output.name.clone(),
        port: output.port.clone(),
        slot: slot_of(&output.feed),
        field: output.feed.field,
    });
    let outputs = outputs.collect();
    let inputs = graph
        .inputs
        .iter()
        .enumerate()
        .map(|(index, input)| PlannedInput {
            name: input.name.clone(),
            port: input.port.clone(),
            slot: SlotId(small(index)),
        });
    let inputs: Vec<PlannedInput> = inputs.collect();
    let plan = Plan {
        name: graph.name.clone(),
        machine: machine.clone(),
        input_dims: input_dims::of(&inputs),
        inputs,
        nodes: draft.nodes,
        steps: draft.steps,
        slots: draft.slots,
        buffers: draft.buffers,
        outputs,
        deadline: graph.contract.deadline,
        finish: draft.finish,
        memory,
        chains,
        agents,
        egress,
        is_audited: graph.contract.is_audited || graph.agents.iter().any(|agent| agent.contract.is_audited),
        warnings: Diagnostics::new(),
        source: Arc::clone(&graph.source),
    };
    let (mut plan, warnings) = faults.or(plan)?;
    plan.warnings = warnings;
    Ok(plan)
}

fn memory(graph: &Graph, machine: &Machine, draft: &Draft, faults: &mut Diagnostics) -> MemoryVerdict {
    let bytes = draft.device_bytes(machine);
    let contract = &graph.contract;
    let max = |bound: &Option<(u64, Path)>| bound.as_ref().map(|(bytes, _)| *bytes);
    let verdict = MemoryVerdict {
        cpu: bytes.on(DeviceKind::Cpu),
        cpu_bytes_max: max(&contract.memory_cpu_bytes),
        gpu: bytes.on(DeviceKind::Gpu),
        gpu_bytes_max: max(&contract.memory_gpu_bytes),
        unshared_bytes: draft.memory.unshared_bytes,
        lower_bound_bytes: draft.memory.lower_bound_bytes,
        largest: largest(draft, |_| true),
        is_serial: draft.is_serial,
    };
    let cpu_largest = largest(draft, |node| machine.device(node.device).kind == DeviceKind::Cpu);
    let gpu_largest = largest_of_nodes(draft, |node| machine.device(node.device).kind == DeviceKind::Gpu);
    for (place, bound, bytes, largest) in [
        ("the CPU", &contract.memory_cpu_bytes, verdict.cpu, &cpu_largest),
        ("GPUs", &contract.memory_gpu_bytes, verdict.gpu, &gpu_largest),
    ] {
        if let Some((max, path)) = bound.as_ref().filter(|(max, _)| bytes.total() > *max) {
            let span = path.find(&graph.source, Place::Value);
            faults.push(over(span, (place, bytes, *max), largest));
        }
    }
    for (id, device) in machine.devices() {
        let bytes = bytes.of_device(id);
        if bytes.total() > device.memory_bytes {
            let span = Path::root().key("pipeline").find(&graph.source, Place::Value);
            let (name, largest) = match device.kind {
                DeviceKind::Cpu => ("the CPU", &cpu_largest),
                DeviceKind::Gpu => (device.name.as_str(), &gpu_largest),
            };
            let message = format!(
                "the pipeline needs {} on {name}, the machine has {}",
                quantity::Bytes(bytes.total()),
                quantity::Bytes(device.memory_bytes)
            );
            let help = format!("the largest part is {largest}");
            faults.push(Diagnostic::error(Code("MT0301"), span, message).help(help));
        }
    }
    verdict
}

fn over(span: Span, (place, bytes, max): (&str, Bytes, u64), largest: &str) -> Diagnostic {
    let message = format!(
        "the pipeline needs {} on {place}, the contract allows {}",
        quantity::Bytes(bytes.total()),
        quantity::Bytes(max)
    );
    let enough = format!("{} KiB", bytes.total().div_ceil(1_024));
    let help = format!("the largest part is {largest}; bound its inputs tighter, or allow {enough}");
    Diagnostic::error(Code("MT0301"), span.clone(), message)
        .help(help)
        .fix(span, enough)
}

/// The largest slot, set of weights or workspace of some nodes, or the session, for people.
fn largest(draft: &Draft, is_meant: impl Fn(&PlannedNode) -> bool) -> String {
    let values = draft.slots.iter().map(|slot| {
        let what = match slot.port {
            Some(_) => format!("the value of `{}`", slot.name),
            None => format!("the memory `{}`", slot.name),
        };
        (slot.layout.bytes as u64, what)
    });
    let session = (draft.session_bytes(), "the book-keeping of a session".to_owned());
    largest_part(parts(draft, is_meant).chain(values).chain([session]))
}

/// The largest set of weights or workspace of some nodes, for people.
fn largest_of_nodes(draft: &Draft, is_meant: impl Fn(&PlannedNode) -> bool) -> String {
    largest_part(parts(draft, is_meant))
}

fn parts(draft: &Draft, is_meant: impl Fn(&PlannedNode) -> bool) -> impl Iterator<Item = (u64, String)> {
    let (mut weights, mut workspaces) = (Vec::new(), Vec::new());
    for node in draft.nodes.iter().filter(|node| is_meant(node)) {
        let shared = node.cost.weights.as_ref();
        weights.extend(shared.map(|weights| (weights.bytes, format!("weights `{}`", weights.key))));
        workspaces.push((
            node.cost.workspace_bytes,
            format!("the workspace of `{}`", node.name),
        ));
    }
    weights.into_iter().chain(workspaces)
}

fn largest_part(parts: impl Iterator<Item = (u64, String)>) -> String {
    let largest = parts.fold(
        (0, String::new()),
        |best, next| if next.0 > best.0 { next } else { best },
    );
    format!("{} with {}", largest.1, quantity::Bytes(largest.0))
}

fn chains(graph: &Graph, draft: &Draft, faults: &mut Diagnostics) -> Vec<ChainVerdict> {
    let mut verdicts = Vec::with_capacity(graph.chains.len());
    for chain in &graph.chains {
        let last = chain
            .nodes
            .last()
            .map(|node| draft.nodes[node.index()].finish)
            .unwrap_or_default();
        let allowed = chain.deadline.mul_f64((1.0 - chain.headroom).max(0.0));
        if last > allowed {
            let span = chain.at.span(Place::Value);
            let message = format!(
                "chain `{}` is estimated at {}, the contract allows {}",
                chain.name,
                quantity::Time(last),
                quantity::Time(allowed)
            );
            let help = "give it more time or less headroom, or make the nodes along it smaller";
            faults.push(Diagnostic::error(Code("MT0303"), span, message).help(help));
        }
        verdicts.push(ChainVerdict {
            name: chain.name.clone(),
            nodes: chain.nodes.clone(),
            deadline: chain.deadline,
            quantile: chain.quantile,
            allowed,
            estimate: last,
        });
    }
    verdicts
}

fn agents(graph: &Graph, machine: &Machine, draft: &Draft, faults: &mut Diagnostics) -> Vec<AgentVerdict> {
    let mut verdicts = Vec::with_capacity(graph.agents.len());
    for (index, agent) in graph.agents.iter().enumerate() {
        let own = |node: &&PlannedNode| node.agent.is_some_and(|owner| is_within(graph, owner, index));
        let nodes = draft.nodes.iter().filter(own);
        let slots = nodes
            .clone()
            .flat_map(|node| node.slots.iter().chain(&node.scratch));
        let slot_bytes = |slot: &SlotId| {
            let slot = &draft.slots[slot.index()];
            slot.layout.bytes as u64 * if slot.keep.is_some() { 2 } else { 1 }
        };
        let arena_bytes = slots.clone().map(slot_bytes).sum();
        let session_bytes = session_bytes::of_part(nodes.clone(), slots.count());
        let bytes = DeviceBytes::of(machine, nodes, arena_bytes, session_bytes);
        let verdict = AgentVerdict {
            name: agent.name.clone(),
            cpu: bytes.on(DeviceKind::Cpu),
            cpu_bytes_max: agent.contract.memory_cpu_bytes.as_ref().map(|(max, _)| *max),
            gpu: bytes.on(DeviceKind::Gpu),
            gpu_bytes_max: agent.contract.memory_gpu_bytes.as_ref().map(|(max, _)| *max),
        };
        for (place, bound, bytes) in [
            ("the CPU", &agent.contract.memory_cpu_bytes, verdict.cpu),
            ("GPUs", &agent.contract.memory_gpu_bytes, verdict.gpu),
        ] {
            let Some((max, path)) = bound.as_ref().filter(|(max, _)| bytes.total() > *max) else {
                continue;
            };
            let span = path.find(&agent.source, Place::Value);
            let message = format!(
                "agent `{}` needs {} on {place}, its contract allows {}",
                agent.name,
                quantity::Bytes(bytes.total()),
                quantity::Bytes(*max)
            );
            let help = "allow more there, or bound what is fed to it tighter";
            faults.push(Diagnostic::error(Code("MT0305"), span, message).help(help));
        }
        verdicts.push(verdict);
    }
    verdicts
}

fn is_within(graph: &Graph, agent: usize, outer: usize) -> bool {
    let mut agent = Some(agent);
    while let Some(index) = agent {
        if index == outer {
            return true;
        }
        agent = graph.agents[index].parent;
    }
    false
}

/// Where nodes send data, held against the contract of the pipeline and of the agent each belongs to.
fn egress(graph: &Graph, catalog: &Catalog, faults: &mut Diagnostics) -> Vec<String> {
    let mut all = Vec::new();
    for node in &graph.nodes {
        let Some(kind) = catalog.get(&node.kind) else {
            continue;
        };
        for place in kind.egress(&node.params) {
            let mut contracts = vec![(&graph.contract, "the contract".to_owned())];
            let mut agent = node.agent;
            while let Some(index) = agent {
                let owner = &graph.agents[index];
                contracts.push((&owner.contract, format!("the contract of agent `{}`", owner.name)));
                agent = owner.parent;
            }
            for (contract, whose) in contracts {
                let allowed = contract
                    .egress
                    .as_ref()
                    .is_none_or(|(places, _)| places.contains(&place));
                if !allowed {
                    let span = node.at.span(Place::Key);
                    let message = format!(
                        "node `{}` sends data to `{place}`, which {whose} does not allow",
                        node.name
                    );
                    let help = format!("remove the node, or add `{place}` to `egress`");
                    faults.push(Diagnostic::error(Code("MT0304"), span, message).help(help));
                }
            }
            all.push(place);
        }
    }
    all.sort();
    all.dedup();
    all
}
