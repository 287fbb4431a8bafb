//! Holds a draft against the contracts of the pipeline and of its agents.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    AgentVerdict, Bytes, ChainVerdict, Draft, MemoryVerdict, Plan, PlannedInput, PlannedNode, PlannedOutput,
    Slot, SlotId, small,
};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Source};
use crate::graph::{Feed, Graph, Producer};
use crate::machine::Machine;
use crate::quantity;
use crate::spec::Contract;
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
    let agents = agents(graph, &draft, &mut faults);
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
    let plan = Plan {
        name: graph.name.clone(),
        machine: machine.clone(),
        inputs: inputs.collect(),
        nodes: draft.nodes,
        steps: draft.steps,
        slots: draft.slots,
        buffers: draft.buffers,
        outputs,
        deadline: graph.contract.deadline,
        memory,
        chains,
        agents,
        egress,
        warnings: Diagnostics::new(),
        source: Arc::clone(&graph.source),
    };
    let (mut plan, warnings) = faults.or(plan)?;
    plan.warnings = warnings;
    Ok(plan)
}

/// What nodes take on the CPU beside buffers of this size; weights of one key count once.
pub(super) fn cpu_bytes<'a>(nodes: impl IntoIterator<Item = &'a PlannedNode>, buffers: u64) -> Bytes {
    let mut bytes = Bytes {
        buffers,
        ..Bytes::default()
    };
    let mut weights = BTreeMap::new();
    for node in nodes {
        bytes.workspaces += node.cost.workspace_bytes;
        if let Some(shared) = &node.cost.weights {
            weights.insert(shared.key.as_str(), shared.bytes);
        }
    }
    bytes.weights = weights.values().sum();
    bytes
}

fn memory(graph: &Graph, machine: &Machine, draft: &Draft, faults: &mut Diagnostics) -> MemoryVerdict {
    let cpu = cpu_bytes(&draft.nodes, draft.buffers.iter().sum());
    let verdict = MemoryVerdict {
        cpu,
        cpu_bytes_max: graph.contract.memory_cpu_bytes.as_ref().map(|(bytes, _)| *bytes),
        unshared_bytes: draft.memory.unshared_bytes,
        lower_bound_bytes: draft.memory.lower_bound_bytes,
        largest: largest(&draft.nodes, &draft.slots),
        is_serial: draft.is_serial,
    };
    over(&graph.contract, &graph.source, cpu, &verdict.largest, faults);
    if let Some((_, cpu_device)) = machine.devices().next()
        && cpu.total() > cpu_device.memory_bytes
    {
        let span = Path::root().key("pipeline").find(&graph.source, Place::Value);
        let message = format!(
            "the pipeline needs {} on the CPU, the machine has {}",
            quantity::Bytes(cpu.total()),
            quantity::Bytes(cpu_device.memory_bytes)
        );
        let help = format!("the largest part is {}", verdict.largest);
        faults.push(Diagnostic::error(Code("MT0301"), span, message).help(help));
    }
    verdict
}

fn over(contract: &Contract, source: &Arc<Source>, cpu: Bytes, largest: &str, faults: &mut Diagnostics) {
    let Some((max, path)) = &contract.memory_cpu_bytes else {
        return;
    };
    if cpu.total() <= *max {
        return;
    }
    let span = path.find(source, Place::Value);
    let message = format!(
        "the pipeline needs {} on the CPU, the contract allows {}",
        quantity::Bytes(cpu.total()),
        quantity::Bytes(*max)
    );
    let enough = format!("{} KiB", cpu.total().div_ceil(1_024));
    let help = format!("the largest part is {largest}; bound its inputs tighter, or allow {enough}");
    faults.push(
        Diagnostic::error(Code("MT0301"), span.clone(), message)
            .help(help)
            .fix(span, enough),
    );
}

/// The largest slot or set of weights, for people.
fn largest(nodes: &[PlannedNode], slots: &[Slot]) -> String {
    let weights = nodes.iter().filter_map(|node| {
        let weights = node.cost.weights.as_ref()?;
        Some((weights.bytes, format!("weights `{}`", weights.key)))
    });
    let workspaces = nodes.iter().map(|node| {
        (
            node.cost.workspace_bytes,
            format!("the workspace of `{}`", node.name),
        )
    });
    let values = slots
        .iter()
        .map(|slot| (slot.layout.bytes as u64, format!("the value of `{}`", slot.name)));
    let all = weights.chain(workspaces).chain(values);
    let largest = all.fold(
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

fn agents(graph: &Graph, draft: &Draft, faults: &mut Diagnostics) -> Vec<AgentVerdict> {
    let mut verdicts = Vec::with_capacity(graph.agents.len());
    for (index, agent) in graph.agents.iter().enumerate() {
        let own = |node: &&PlannedNode| node.agent.is_some_and(|owner| is_within(graph, owner, index));
        let slots = draft.nodes.iter().filter(own).flat_map(|node| &node.slots);
        let slot_bytes = |slot: &SlotId| {
            let slot = &draft.slots[slot.index()];
            slot.layout.bytes as u64 * if slot.keep.is_some() { 2 } else { 1 }
        };
        let cpu = cpu_bytes(draft.nodes.iter().filter(own), slots.map(slot_bytes).sum());
        let bound = agent.contract.memory_cpu_bytes.as_ref();
        if let Some((max, path)) = bound.filter(|(max, _)| cpu.total() > *max) {
            let span = path.find(&agent.source, Place::Value);
            let message = format!(
                "agent `{}` needs {} on the CPU, its contract allows {}",
                agent.name,
                quantity::Bytes(cpu.total()),
                quantity::Bytes(*max)
            );
            let help = "allow more there, or bound what is fed to it tighter";
            faults.push(Diagnostic::error(Code("MT0305"), span, message).help(help));
        }
        verdicts.push(AgentVerdict {
            name: agent.name.clone(),
            cpu,
            cpu_bytes_max: bound.map(|(max, _)| *max),
        });
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
