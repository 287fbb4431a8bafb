//! What remains to be checked once the nodes are connected: outputs, chains, tests, limits, things nobody uses.

use std::collections::BTreeSet;

use super::connect::{Connected, NoFeed};
use super::flatten::Flat;
use super::refer::{self, Head};
use super::{Feed, GraphChain, GraphExpectation, GraphNode, GraphOutput, Located, NodeId, Producer};
use crate::catalog::ConnectedInput;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::limits::EDGES_MAX;
use crate::port::{PortType, Privacy};
use crate::spec::{ChainEntry, Reference};
use crate::yaml::Place;

/// The outputs of the pipeline itself; `None` for one with faults.
pub(super) fn outputs(
    flat: &Flat,
    connected: &Connected,
    faults: &mut Diagnostics,
) -> Vec<Option<GraphOutput>> {
    let spec = &flat.scopes[0].spec;
    let mut outputs = Vec::with_capacity(spec.outputs.len());
    for entry in &spec.outputs {
        let target = refer::target(flat, 0, &entry.from, faults);
        let found = target.map(|target| connected.feed(flat, 0, &entry.from, &target));
        outputs.push(match found {
            Some(Ok((feed, port))) => {
                private_output(flat, &entry.name, &entry.from, &port, faults);
                Some(GraphOutput {
                    name: entry.name.clone(),
                    feed,
                    port,
                })
            }
            Some(Err(NoFeed::Fault(fault))) => {
                faults.push(*fault);
                None
            }
            Some(Err(NoFeed::Unknown)) | None => None,
        });
    }
    for (class, names, path) in &spec.contract.privacy {
        for name in names
            .iter()
            .filter(|name| !spec.outputs.iter().any(|output| output.name == **name))
        {
            let span = spec.span(path, Place::Value);
            let message = format!(
                "`{}` may reach output `{name}`, which does not exist",
                class.name()
            );
            let known: Vec<&str> = spec.outputs.iter().map(|output| output.name.as_str()).collect();
            let fault = Diagnostic::error(Code("MT0228"), span, message);
            faults.push(refer::suggest_segment(fault, name, &known));
        }
    }
    outputs
}

/// A confidential value may leave only through an output that the contract names for its class.
fn private_output(flat: &Flat, name: &str, from: &Reference, port: &PortType, faults: &mut Diagnostics) {
    let spec = &flat.scopes[0].spec;
    let class = port.privacy();
    let allowed = |(allowed, names, _): &(Privacy, Vec<String>, _)| {
        *allowed >= class && names.iter().any(|allowed| allowed == name)
    };
    // A misspelt name there has been reported.
    let misspelt = |(_, names, _): &(Privacy, Vec<String>, _)| {
        let unknown = |found: &&String| !spec.outputs.iter().any(|output| output.name == **found);
        let mut unknown = names.iter().filter(unknown);
        unknown.any(|found| nearest(found, [name]).is_some())
    };
    let contract = &spec.contract.privacy;
    if class == Privacy::None || contract.iter().any(allowed) || contract.iter().any(misspelt) {
        return;
    }
    let span = spec.span(&from.path, Place::Value);
    let message = format!(
        "output `{name}` would give out a value of class `{}`",
        class.name()
    );
    let help = format!(
        "put a node that lowers the class before it, or allow it: `contract: {{privacy: {{{}: [{name}]}}}}`",
        class.name()
    );
    faults.push(Diagnostic::error(Code("MT0217"), span, message).help(help));
}

/// The chains of all contracts, as nodes.
pub(super) fn chains(flat: &Flat, connected: &Connected, faults: &mut Diagnostics) -> Vec<GraphChain> {
    let mut chains = Vec::new();
    for (scope, entry) in flat.scopes.iter().enumerate() {
        for chain in &entry.spec.contract.chains {
            let Some(nodes) = stations(flat, connected, scope, chain, faults) else {
                continue;
            };
            chains.push(GraphChain {
                name: format!("{}{}", entry.prefix, chain.name),
                nodes,
                deadline: chain.deadline,
                quantile: chain.quantile,
                headroom: chain.headroom,
                at: flat.located(scope, &chain.path),
            });
        }
    }
    chains
}

fn stations(
    flat: &Flat,
    connected: &Connected,
    scope: usize,
    chain: &ChainEntry,
    faults: &mut Diagnostics,
) -> Option<Vec<NodeId>> {
    let mut stations = Vec::new();
    for station in &chain.stations {
        let segments = station.split('.').map(str::to_owned).collect();
        let reference = Reference {
            segments,
            path: chain.path.clone(),
        };
        let target = refer::target(flat, scope, &reference, faults)?;
        let here = match target.head {
            Head::Input(index) => Producer::Input(u16::try_from(index).unwrap_or(u16::MAX)),
            Head::Node(node) => Producer::Node(connected.node(node)?.0, 0),
        };
        stations.push((station.as_str(), here));
    }
    let leads = |pair: &[(&str, Producer)]| leads_to(connected, pair[0].1, pair[1].1);
    if let Some(pair) = stations.windows(2).find(|pair| !leads(pair)) {
        let span = flat.located(scope, &chain.path).span(Place::Value);
        let (from, to) = (pair[0].0, pair[1].0);
        let message = format!("chain `{}`: nothing leads from `{from}` to `{to}`", chain.name);
        let fault = Diagnostic::error(Code("MT0224"), span.clone(), message);
        // Inputs come first, and nodes have their numbers in the order they can run.
        stations.sort_by_key(|(_, producer)| *producer);
        let ordered: Vec<&str> = stations.iter().map(|(name, _)| *name).collect();
        let mended = ordered.join(" -> ");
        faults.push(if stations.windows(2).all(leads) {
            fault.help(format!("did you mean `{mended}`?")).fix(span, mended)
        } else {
            fault.help("name stations in the order the data takes, as in `mic -> mel -> decide`")
        });
        return None;
    }
    let node = |(_, producer): &(&str, Producer)| match producer {
        Producer::Node(id, _) => Some(*id),
        Producer::Input(_) => None,
    };
    Some(stations.iter().filter_map(node).collect())
}

/// Whether a value takes part in another; also when nodes with faults stand between and nobody can tell.
fn leads_to(connected: &Connected, from: Producer, to: Producer) -> bool {
    let Producer::Node(to, _) = to else { return false };
    let mut seen = BTreeSet::new();
    let mut stack = vec![to];
    while let Some(node) = stack.pop() {
        let Some(found) = connected.node_of_id(node) else {
            return true;
        };
        if !seen.insert(node) {
            continue;
        }
        for feed in found.feeds.iter().flatten() {
            match (feed.producer, from) {
                (Producer::Input(found), Producer::Input(wanted)) if found == wanted => return true,
                (Producer::Node(found, _), Producer::Node(wanted, _)) if found == wanted => return true,
                (Producer::Node(found, _), _) => stack.push(found),
                (Producer::Input(_), _) => {}
            }
        }
    }
    false
}

/// The conditions of every test, over the outputs as inputs.
pub(super) fn expectations(
    flat: &Flat,
    outputs: &[Option<GraphOutput>],
    faults: &mut Diagnostics,
) -> Vec<Vec<GraphExpectation>> {
    let spec = &flat.scopes[0].spec;
    let inputs: Vec<ConnectedInput> = spec
        .outputs
        .iter()
        .zip(outputs)
        .map(|(entry, output)| ConnectedInput {
            name: entry.name.clone(),
            port: output.as_ref().map(|output| output.port.clone()),
            optional: true,
        })
        .collect();
    let complete = outputs.iter().all(Option::is_some);
    let mut all = Vec::with_capacity(spec.tests.len());
    for test in &spec.tests {
        for (name, _) in &test.feed {
            if !spec.inputs.iter().any(|input| input.name == *name) {
                let span = spec.span(&test.path.key("feed").key(name), Place::Key);
                let message = format!("test `{}` feeds `{name}`, which is not an input", test.name);
                let known = spec.inputs.iter().map(|input| input.name.as_str());
                let fault = Diagnostic::error(Code("MT0228"), span.clone(), message);
                faults.push(fault.suggest(span, name, known));
            }
        }
        let mut conditions = Vec::new();
        for expectation in test.expect.iter().filter(|_| complete) {
            let at = flat.located(0, &expectation.path);
            let mut found = Diagnostics::new();
            let condition =
                super::connect::fault::condition(at.clone(), &expectation.condition, &inputs, &mut found);
            match condition {
                Some(condition) => {
                    conditions.push(GraphExpectation {
                        text: expectation.text.clone(),
                        condition,
                    });
                }
                // In `decision.action: stop` the name stands in the key.
                None if expectation.text != expectation.condition => {
                    let first = found.iter().next();
                    first
                        .into_iter()
                        .for_each(|found| faults.push(entry_fault(found, &at, &inputs)));
                }
                None => faults.extend(found),
            }
        }
        all.push(conditions);
    }
    all
}

/// The fault of a condition that stands as `output: value`: the name is the key, and the type that of the value.
fn entry_fault(found: &Diagnostic, at: &Located, outputs: &[ConnectedInput]) -> Diagnostic {
    let of_type = found.code == Code("MT0222");
    let code = if of_type { found.code } else { Code("MT0228") };
    let span = at.span(if of_type { Place::Value } else { Place::Key });
    let path = span.text().to_owned();
    let mut fault = Diagnostic::error(code, span.clone(), found.message.clone());
    fault.help.clone_from(&found.help);
    if of_type {
        return match other_sort(at, &path, outputs) {
            Some(mended) => fault.help(format!("did you mean `{mended}`?")).fix(span, mended),
            None => fault,
        };
    }
    match mend_output(&path, outputs) {
        Some(mended) => fault.help(format!("did you mean `{mended}`?")).fix(span, mended),
        None => fault,
    }
}

/// The value of an expectation with quotes, or without, where the output then can have it.
fn other_sort(at: &Located, value: &str, outputs: &[ConnectedInput]) -> Option<String> {
    let key = at.span(Place::Key);
    let key = key.text().trim_matches(['"', '\'']);
    let bare = value.trim_matches(['"', '\'']);
    let mended = if bare == value {
        format!("'{value}'")
    } else {
        bare.to_owned()
    };
    let condition = format!("{key} == {mended}");
    let mut found = Diagnostics::new();
    super::connect::fault::condition(at.clone(), &condition, outputs, &mut found).map(|_| mended)
}

/// The nearest output path to one that names nothing.
fn mend_output(path: &str, outputs: &[ConnectedInput]) -> Option<String> {
    let paths: Vec<String> = outputs
        .iter()
        .flat_map(|output| match &output.port {
            Some(PortType::Record(fields)) => fields
                .iter()
                .map(|field| format!("{}.{}", output.name, field.name))
                .collect(),
            Some(PortType::Tensor(_)) | None => vec![output.name.clone()],
        })
        .collect();
    nearest(path, paths.iter().map(String::as_str))
        .filter(|near| *near != path)
        .map(str::to_owned)
}

pub(super) fn limits(flat: &Flat, connected: &Connected, faults: &mut Diagnostics) {
    let edge_count: usize = connected
        .nodes()
        .map(|node| node.feeds.iter().flatten().count())
        .sum();
    if edge_count > EDGES_MAX {
        let spec = &flat.scopes[0].spec;
        let span = spec.span(&crate::yaml::Path::root().key("nodes"), Place::Key);
        let message = format!("the pipeline has {edge_count} edges; at most {EDGES_MAX} are allowed");
        faults.push(Diagnostic::error(Code("MT0230"), span, message).help("split it into several pipelines"));
    }
}

/// Warns of nodes and inputs that lead to no output.
pub(super) fn unused(
    flat: &Flat,
    connected: &Connected,
    outputs: &[Option<GraphOutput>],
    faults: &mut Diagnostics,
) {
    if !connected.is_complete() || outputs.iter().any(Option::is_none) || faults.has_errors() {
        return;
    }
    let nodes: Vec<_> = connected.nodes().collect();
    let spec = &flat.scopes[0].spec;
    let mut node_used = vec![false; nodes.len()];
    let mut input_used = vec![false; spec.inputs.len()];
    let mut stack: Vec<Producer> = outputs
        .iter()
        .flatten()
        .map(|output| output.feed.producer)
        .collect();
    while let Some(producer) = stack.pop() {
        match producer {
            Producer::Input(index) => input_used[usize::from(index)] = true,
            Producer::Node(node, _) if !std::mem::replace(&mut node_used[node.index()], true) => {
                stack.extend(
                    nodes[node.index()]
                        .feeds
                        .iter()
                        .flatten()
                        .map(|feed| feed.producer),
                );
            }
            Producer::Node(_, _) => {}
        }
    }
    unused_ends(flat, &nodes, &node_used, faults);
    let read = |index: usize| {
        let here = |feed: &Feed| feed.producer == Producer::Input(u16::try_from(index).unwrap_or(u16::MAX));
        nodes.iter().any(|node| node.feeds.iter().flatten().any(here))
    };
    for (index, entry) in spec.inputs.iter().enumerate() {
        if input_used[index] || read(index) {
            continue;
        }
        let span = spec.span(&entry.path, Place::Key);
        let message = format!("no output needs input `{}`", entry.name);
        faults.push(Diagnostic::warning(Code("MT0219"), span, message).help("remove it, or connect it"));
    }
}

/// Warns of the last node of every chain that leads to no output, and of agents nobody needs. What stands before such
/// a node, and the inside of an agent that is needed for something else, is not the author's concern.
fn unused_ends(flat: &Flat, nodes: &[&GraphNode], used: &[bool], faults: &mut Diagnostics) {
    let mut is_read = vec![false; nodes.len()];
    for feed in nodes.iter().flat_map(|node| node.feeds.iter().flatten()) {
        if let Producer::Node(node, _) = feed.producer {
            is_read[node.index()] = true;
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        if used[index] || is_read[index] || node.agent.is_some() {
            continue;
        }
        let message = format!("no output needs node `{}`", node.name);
        let fault = Diagnostic::warning(Code("MT0218"), node.at.span(Place::Key), message);
        faults.push(fault.help("remove it, or add it to `outputs:`"));
    }
    let spec = &flat.scopes[0].spec;
    for entry in &spec.agents {
        let prefix = format!("{}/", entry.name);
        let mut inside = nodes
            .iter()
            .zip(used)
            .filter(|(node, _)| node.name.starts_with(&prefix));
        let needed = inside.clone().any(|(_, used)| *used);
        if needed || inside.next().is_none() || reads_agent(nodes, &prefix) {
            continue;
        }
        let message = format!("no output needs agent `{}`", entry.name);
        let fault = Diagnostic::warning(Code("MT0218"), spec.span(&entry.path, Place::Key), message);
        faults.push(fault.help("remove it, or read one of its outputs"));
    }
}

/// Whether a node outside of an agent reads one inside.
fn reads_agent(nodes: &[&GraphNode], prefix: &str) -> bool {
    let outside = nodes.iter().filter(|node| !node.name.starts_with(prefix));
    let mut feeds = outside.flat_map(|node| node.feeds.iter().flatten());
    feeds.any(|feed| match feed.producer {
        Producer::Node(node, _) => nodes[node.index()].name.starts_with(prefix),
        Producer::Input(_) => false,
    })
}
