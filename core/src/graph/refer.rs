//! Finds what a reference means.

use super::Located;
use super::flatten::Flat;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::spec::Reference;
use crate::yaml::Place;

/// What the first part of a reference leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) head: Head,
    /// What follows: a port, a field, or both.
    pub(super) rest: Vec<String>,
    /// The borders of agents on the way.
    pub(super) crossings: Vec<Crossing>,
}

/// A border of an agent that a reference crosses: the reference that stands there in turn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Crossing {
    pub(super) scope: usize,
    pub(super) reference: Reference,
    /// The scope and the index of the agent's input, when it is one.
    pub(super) input: Option<(usize, usize)>,
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
    let mut origin = flat.located(scope, &reference.path);
    let (mut scope, mut segments) = (scope, reference.segments.clone());
    let mut crossings = Vec::new();
    for _ in 0..STEPS_MAX {
        let spec = &flat.scopes[scope].spec;
        let name = segments.first()?.clone();
        if let Some(entry) = spec.nodes.iter().position(|node| node.name == name) {
            let (head, rest) = (Head::Node(flat.node_of(scope, entry)), segments.split_off(1));
            return Some(Target {
                head,
                rest,
                crossings,
            });
        }
        if let Some(index) = spec.inputs.iter().position(|input| input.name == name) {
            let Some((user, agent)) = flat.scopes[scope].user else {
                let (head, rest) = (Head::Input(index), segments.split_off(1));
                return Some(Target {
                    head,
                    rest,
                    crossings,
                });
            };
            let agent = &flat.scopes[user].spec.agents[agent];
            let (_, bound) = agent.inputs.iter().find(|(input, _)| *input == name)?;
            segments.splice(0..1, bound.segments.iter().cloned());
            crossings.push(Crossing {
                scope: user,
                reference: bound.clone(),
                input: Some((scope, index)),
            });
            origin = flat.located(user, &bound.path);
            scope = user;
            continue;
        }
        if let Some(agent) = spec.agents.iter().position(|agent| agent.name == name) {
            // A file that could not be read has been reported.
            let inner = flat.scopes[scope].agents.get(agent).copied().flatten()?;
            let (output, used) = agent_output(flat, inner, &segments, &origin, faults)?;
            let from = &flat.scopes[inner].spec.outputs[output].from;
            segments.splice(0..used, from.segments.iter().cloned());
            crossings.push(Crossing {
                scope: inner,
                reference: from.clone(),
                input: None,
            });
            origin = flat.located(inner, &from.path);
            scope = inner;
            continue;
        }
        unknown(flat, scope, &name, &origin, faults);
        return None;
    }
    let message = "agents feed each other in a circle";
    let fault = Diagnostic::error(
        Code("MT0205"),
        flat.located(scope, &reference.path).span(Place::Value),
        message,
    );
    faults.push(fault.help("an agent cannot read what is made from its own output"));
    None
}

/// The output that `agent.output.rest` means, or `agent.rest` when the agent has one output, and how many segments
/// name it.
fn agent_output(
    flat: &Flat,
    inner: usize,
    segments: &[String],
    origin: &Located,
    faults: &mut Diagnostics,
) -> Option<(usize, usize)> {
    let outputs = &flat.scopes[inner].spec.outputs;
    let wanted = segments.get(1);
    let named = wanted.and_then(|name| outputs.iter().position(|output| output.name == *name));
    match (named, outputs.as_slice()) {
        (Some(output), _) => Some((output, 2)),
        (None, [_]) => Some((0, 1)),
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
            None
        }
    }
}

/// Points at one segment of the reference that the diagnostic points at, and offers the nearest name in place of it.
/// Where the text does not hold the segment, because a parameter or an agent's file put it there, there is no edit.
pub(super) fn suggest_segment(diagnostic: Diagnostic, found: &str, known: &[&str]) -> Diagnostic {
    let Some(span) = diagnostic.labels.first().map(|label| label.span.clone()) else {
        return diagnostic;
    };
    let Some(part) = word(span.text(), found).map(|part| span.within(part)) else {
        let suggested = diagnostic.suggest(span, found, known.iter().copied());
        return Diagnostic {
            fix: None,
            ..suggested
        };
    };
    let mut suggested = diagnostic.suggest(part.clone(), found, known.iter().copied());
    suggested
        .labels
        .iter_mut()
        .take(1)
        .for_each(|label| label.span = part.clone());
    suggested
}

/// Where a name stands in a text as a word of its own.
fn word(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let whole = |at: usize| {
        !text[..at].ends_with(belongs) && !text[at + name.len()..].starts_with(belongs) && !name.is_empty()
    };
    text.match_indices(name)
        .find(|(at, _)| whole(*at))
        .map(|(at, _)| at..at + name.len())
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
