//! Finds what a reference means.

use super::Located;
use super::flatten::Flat;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::spec::Reference;
use crate::yaml::Place;

/// What the first part of a reference leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) head: Head,
    /// What follows: a port, a field, or both.
    pub(super) rest: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// An input of the pipeline itself.
    Input(usize),
    /// A flat node.
    Node(usize),
}

/// Steps through agents before giving up: references may chain from agent to agent.
const STEPS_MAX: usize = 64;

/// Follows a reference of a scope through agents to a node or to an input of the pipeline.
pub(super) fn target(
    flat: &Flat,
    scope: usize,
    reference: &Reference,
    faults: &mut Diagnostics,
) -> Option<Target> {
    let origin = flat.located(scope, &reference.path);
    let (mut scope, mut segments) = (scope, reference.segments.clone());
    for _ in 0..STEPS_MAX {
        let spec = &flat.scopes[scope].spec;
        let name = segments.first()?.clone();
        if let Some(entry) = spec.nodes.iter().position(|node| node.name == name) {
            return Some(Target {
                head: Head::Node(flat.node_of(scope, entry)),
                rest: segments.split_off(1),
            });
        }
        if let Some(index) = spec.inputs.iter().position(|input| input.name == name) {
            let Some((user, agent)) = flat.scopes[scope].user else {
                return Some(Target {
                    head: Head::Input(index),
                    rest: segments.split_off(1),
                });
            };
            let agent = &flat.scopes[user].spec.agents[agent];
            let (_, bound) = agent.inputs.iter().find(|(input, _)| *input == name)?;
            segments.splice(0..1, bound.segments.iter().cloned());
            scope = user;
            continue;
        }
        if let Some(agent) = spec.agents.iter().position(|agent| agent.name == name) {
            // A file that could not be read has been reported.
            let inner = flat.scopes[scope].agents.get(agent).copied().flatten()?;
            segments = agent_output(flat, inner, &segments, &origin, faults)?;
            scope = inner;
            continue;
        }
        unknown(flat, scope, &name, &origin, faults);
        return None;
    }
    let fault = Diagnostic::error(
        Code("MT0205"),
        origin.span(Place::Value),
        "agents feed each other in a circle",
    );
    faults.push(fault.help("an agent cannot read what is made from its own output"));
    None
}

/// `agent.output.rest`, or `agent.rest` when the agent has one output, in the names of the agent's own file.
fn agent_output(
    flat: &Flat,
    inner: usize,
    segments: &[String],
    origin: &Located,
    faults: &mut Diagnostics,
) -> Option<Vec<String>> {
    let outputs = &flat.scopes[inner].spec.outputs;
    let wanted = segments.get(1);
    let named = wanted.and_then(|name| outputs.iter().find(|output| output.name == *name));
    let (output, used) = match (named, outputs.as_slice()) {
        (Some(output), _) => (output, 2),
        (None, [only]) => (only, 1),
        (None, _) => {
            let span = origin.span(Place::Value);
            let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
            let agent = &segments[0];
            faults.push(match wanted {
                Some(name) => {
                    let message = format!("agent `{agent}` has no output `{name}`");
                    suggest_segment(Diagnostic::error(Code("MT0203"), span, message), name, &names)
                }
                None => Diagnostic::error(
                    Code("MT0204"),
                    span,
                    format!("agent `{agent}` has several outputs"),
                )
                .help(format!(
                    "write one of them: {agent}.{}",
                    names.join(&format!(", {agent}."))
                )),
            });
            return None;
        }
    };
    let mut path = output.from.segments.clone();
    path.extend_from_slice(&segments[used..]);
    Some(path)
}

/// Offers the nearest name in place of one segment of the reference that the diagnostic points at.
pub(super) fn suggest_segment(diagnostic: Diagnostic, found: &str, known: &[&str]) -> Diagnostic {
    let Some(span) = diagnostic.labels.first().map(|label| label.span.clone()) else {
        return diagnostic;
    };
    let at = span.text().find(found);
    let part = at.map_or(span.clone(), |at| span.within(at..at + found.len()));
    diagnostic.suggest(part, found, known.iter().copied())
}

fn unknown(flat: &Flat, scope: usize, name: &str, origin: &Located, faults: &mut Diagnostics) {
    let spec = &flat.scopes[scope].spec;
    let inputs = spec.inputs.iter().map(|entry| entry.name.as_str());
    let nodes = spec.nodes.iter().map(|entry| entry.name.as_str());
    let agents = spec.agents.iter().map(|entry| entry.name.as_str());
    let known: Vec<&str> = inputs.chain(nodes).chain(agents).collect();
    let message = format!("there is no input, node or agent `{name}`");
    let fault = Diagnostic::error(Code("MT0202"), origin.span(Place::Value), message);
    faults.push(suggest_segment(fault, name, &known));
}
