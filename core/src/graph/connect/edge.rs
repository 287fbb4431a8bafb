//! Checks the two ends of an edge against each other.

use std::collections::BTreeMap;

use super::{Connected, NoFeed};
use crate::catalog::{Accepts, ConnectedInput, InputSpecs};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, nearest};
use crate::graph::flatten::Flat;
use crate::graph::{Feed, Producer, refer};
use crate::limits::FIELDS_MAX;
use crate::port::{Field, Mismatch, PortType};
use crate::spec::Reference;
use crate::yaml::Place;

/// An edge under examination.
pub(super) struct Edge<'a> {
    pub(super) flat: &'a Flat,
    pub(super) node: usize,
    pub(super) input: &'a str,
    pub(super) reference: &'a Reference,
    pub(super) feed: Feed,
}

/// The name of the input that each entry of `in:` goes to; `None` when any is faulty.
pub(super) fn names(
    flat: &Flat,
    node: usize,
    specs: &InputSpecs,
    faults: &mut Diagnostics,
) -> Option<Vec<String>> {
    let (entry, scope) = (flat.entry(node), flat.nodes[node].scope);
    let known: Vec<&str> = specs.named.iter().map(|spec| spec.name.as_str()).collect();
    let mut names = Vec::new();
    let mut misspelt = Vec::new();
    let mut sound = true;
    for (name, reference) in &entry.inputs {
        let span = |place| flat.located(scope, &reference.path).span(place);
        match name {
            Some(name) if known.contains(&name.as_str()) || specs.further.is_some() => {
                names.push(name.clone())
            }
            Some(name) => {
                let message = format!("kind `{}` has no input `{name}`", entry.kind);
                let fault = Diagnostic::error(Code("MT0206"), span(Place::Key), message);
                faults.push(fault.suggest(span(Place::Key), name, known.iter().copied()));
                misspelt.extend(nearest(name, known.iter().copied()));
                sound = false;
            }
            // A lone reference goes to the first declared input, or takes its own name where inputs are free.
            None => match (known.first(), &specs.further) {
                (Some(first), _) => names.push((*first).to_owned()),
                (None, Some(_)) => names.push(reference.segments[0].clone()),
                (None, None) => {
                    let message = format!("kind `{}` has no inputs", entry.kind);
                    faults.push(Diagnostic::error(Code("MT0206"), span(Place::Value), message));
                    sound = false;
                }
            },
        }
    }
    for spec in specs
        .named
        .iter()
        .filter(|spec| !spec.optional && !names.contains(&spec.name))
        .filter(|spec| !misspelt.contains(&spec.name.as_str()))
    {
        let span = flat.located(scope, &entry.path).span(Place::Key);
        let message = format!("input `{}` of node `{}` is not connected", spec.name, entry.name);
        let takes = match &spec.accepts {
            Accepts::Any => "any value".to_owned(),
            Accepts::Type(port) => port.to_string(),
        };
        let help = format!("add it to `in:`; it takes {takes}: {}", spec.about);
        faults.push(Diagnostic::error(Code("MT0207"), span, message).help(help));
        sound = false;
    }
    if names.len() > FIELDS_MAX {
        let span = flat.located(scope, &entry.path.key("in")).span(Place::Key);
        faults.push(Diagnostic::error(
            Code("MT0230"),
            span,
            format!("a node has at most {FIELDS_MAX} inputs"),
        ));
        sound = false;
    }
    sound.then_some(names)
}

/// Whether the input takes what arrives; reports the fact that differs.
pub(super) fn accept(edge: &Edge<'_>, accepts: &Accepts, found: &PortType, faults: &mut Diagnostics) -> bool {
    let Accepts::Type(wanted) = accepts else {
        return true;
    };
    let Err(mismatch) = wanted.accepts(found) else {
        return true;
    };
    let Edge {
        flat,
        node,
        input,
        reference,
        feed,
    } = edge;
    let (entry, scope) = (flat.entry(*node), flat.nodes[*node].scope);
    let span = flat.located(scope, &reference.path).span(Place::Value);
    let message = format!(
        "`{}` carries `{found}`, but `{}.{input}` takes `{wanted}`: the {mismatch} differs",
        reference.segments.join("."),
        entry.name
    );
    let fault = Diagnostic::error(mismatch_code(&mismatch), span, message)
        .here(format!("`{}.{input}` takes {wanted}", entry.name));
    let ends = Ends {
        flat,
        scope,
        reference,
        producer: feed.producer,
    };
    faults.push(ends.explain(fault, &mismatch, wanted, found));
    false
}

/// Where the two ends of a faulty edge stand.
struct Ends<'a> {
    flat: &'a Flat,
    scope: usize,
    reference: &'a Reference,
    producer: Producer,
}

impl Ends<'_> {
    /// Adds the other end, what to do, and the edit that does it where one is certain.
    fn explain(
        &self,
        fault: Diagnostic,
        mismatch: &Mismatch,
        wanted: &PortType,
        found: &PortType,
    ) -> Diagnostic {
        let mut fault = fault;
        if let Producer::Input(index) = self.producer {
            let spec = &self.flat.scopes[0].spec;
            let declared = spec.span(&spec.inputs[usize::from(index)].path, Place::Value);
            fault = fault.and(declared.clone(), format!("carries {found}"));
            fault = stated_fact(fault, mismatch, wanted, found, declared);
        } else if let Some(producer) = self.producer_span() {
            fault = fault.and(producer, format!("carries {found}"));
        }
        if fault.help.is_some() {
            return fault;
        }
        if let Some(field) = fitting_field(wanted, found) {
            let span = self
                .flat
                .located(self.scope, &self.reference.path)
                .span(Place::Value);
            let whole = format!("{}.{field}", self.reference.segments.join("."));
            let mended = span.text().replace(&self.reference.segments.join("."), &whole);
            return fault
                .help(format!("read one field of the record: `{whole}`"))
                .fix(span, mended);
        }
        let help = mismatch.help(wanted, found);
        fault.help(help.unwrap_or_else(|| "put a node between that makes the one of the other".to_owned()))
    }

    fn producer_span(&self) -> Option<Span> {
        let mut reported_before = Diagnostics::new();
        match refer::target(self.flat, self.scope, self.reference, &mut reported_before)?.head {
            refer::Head::Node(node) => {
                let scope = self.flat.nodes[node].scope;
                Some(
                    self.flat
                        .located(scope, &self.flat.entry(node).path)
                        .span(Place::Key),
                )
            }
            refer::Head::Input(_) => None,
        }
    }
}

/// The only field of a record that would be taken.
fn fitting_field<'a>(wanted: &PortType, found: &'a PortType) -> Option<&'a str> {
    let (PortType::Tensor(_), PortType::Record(fields)) = (wanted, found) else {
        return None;
    };
    let fits = |field: &&Field| wanted.accepts(&PortType::Tensor(field.tensor.clone())).is_ok();
    let mut fitting = fields.iter().filter(fits);
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first.name.as_str())
}

/// A fact that the pipeline's own input leaves out can be added there: an edit that mends the edge.
fn stated_fact(
    fault: Diagnostic,
    mismatch: &Mismatch,
    wanted: &PortType,
    found: &PortType,
    declared: Span,
) -> Diagnostic {
    let (PortType::Tensor(wanted), PortType::Tensor(found)) = (wanted, found) else {
        return fault;
    };
    let mut mended = found.clone();
    match mismatch {
        Mismatch::Rate if found.rate_mhz.is_none() => mended.rate_mhz = wanted.rate_mhz,
        Mismatch::Unit if found.unit.is_none() => mended.unit.clone_from(&wanted.unit),
        Mismatch::Range if found.range.is_none() => mended.range = wanted.range,
        _ => return fault,
    }
    let text = declared.text();
    let quoted = text.starts_with(['"', '\'']) || mended.to_string().contains([',', '[']);
    let replacement = if quoted {
        format!("\"{mended}\"")
    } else {
        mended.to_string()
    };
    fault
        .help(format!("if that is so, state it: {mended}"))
        .fix(declared, replacement)
}

fn mismatch_code(mismatch: &Mismatch) -> Code {
    match mismatch {
        Mismatch::Structure | Mismatch::Element => Code("MT0211"),
        Mismatch::Shape => Code("MT0212"),
        Mismatch::Rate => Code("MT0214"),
        Mismatch::Unit => Code("MT0215"),
        Mismatch::Range => Code("MT0216"),
        Mismatch::Privacy => Code("MT0217"),
    }
}

/// Dimensions of declared inputs that share a name: their bounds must agree now, their sizes at run time.
pub(super) fn equal_dims(
    flat: &Flat,
    node: usize,
    specs: &InputSpecs,
    inputs: &[ConnectedInput],
    faults: &mut Diagnostics,
) -> Vec<[(u16, u16); 2]> {
    let mut first: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (index, spec) in specs.named.iter().enumerate() {
        let Accepts::Type(PortType::Tensor(declared)) = &spec.accepts else {
            continue;
        };
        for (dim, name) in declared
            .dims
            .iter()
            .enumerate()
            .filter_map(|(dim, d)| Some((dim, d.name.as_ref()?)))
        {
            let Some((other, other_dim)) = first.get(name.as_str()).copied() else {
                first.insert(name, (index, dim));
                continue;
            };
            let dim_of =
                |input: usize, dim: usize| match inputs.get(input).and_then(|input| input.port.as_ref()) {
                    Some(PortType::Tensor(tensor)) => tensor.dims.get(dim),
                    Some(PortType::Record(_)) | None => None,
                };
            let (Some(a), Some(b)) = (dim_of(other, other_dim), dim_of(index, dim)) else {
                continue;
            };
            if (a.max, a.exact) != (b.max, b.exact) {
                let (entry, scope) = (flat.entry(node), flat.nodes[node].scope);
                let span = flat.located(scope, &entry.path.key("in")).span(Place::Value);
                let message = format!(
                    "`{name}` is {a} at `{}` and {b} at `{}`, but must be one size",
                    specs.named[other].name, spec.name
                );
                faults
                    .push(Diagnostic::error(Code("MT0213"), span, message).help("give both the same bound"));
            }
            let small = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
            pairs.push([(small(other), small(other_dim)), (small(index), small(dim))]);
        }
    }
    pairs
}

/// What is connected to the inputs of agents must be what the agents' own files declare.
pub(super) fn agent_inputs(flat: &Flat, connected: &Connected, faults: &mut Diagnostics) {
    for inner in flat.scopes.iter() {
        let Some((user, agent)) = inner.user else { continue };
        let agent = &flat.scopes[user].spec.agents[agent];
        for input in &inner.spec.inputs {
            let Some((_, reference)) = agent.inputs.iter().find(|(name, _)| *name == input.name) else {
                continue;
            };
            let Some(target) = refer::target(flat, user, reference, faults) else {
                continue;
            };
            let (feed, found) = match connected.feed(flat, user, reference, &target) {
                Ok(found) => found,
                Err(NoFeed::Fault(fault)) => {
                    faults.push(*fault);
                    continue;
                }
                Err(NoFeed::Unknown) => continue,
            };
            let Some(mismatch) = agent_mismatch(&input.port, &found) else {
                continue;
            };
            let span = flat.located(user, &reference.path).span(Place::Value);
            let message = format!(
                "`{}` carries `{found}`, but agent `{}` takes `{}` as `{}`: the {mismatch} differs",
                reference.segments.join("."),
                agent.name,
                input.port,
                input.name
            );
            let there = inner.spec.span(&input.path, Place::Value);
            let fault = Diagnostic::error(mismatch_code(&mismatch), span, message);
            let fault = fault.and(there, format!("takes {}", input.port));
            let ends = Ends {
                flat,
                scope: user,
                reference,
                producer: feed.producer,
            };
            faults.push(ends.explain(fault, &mismatch, &input.port, &found));
        }
    }
}

/// What keeps a value from entering an agent by an input that is declared like this.
pub(super) fn agent_mismatch(declared: &PortType, found: &PortType) -> Option<Mismatch> {
    let private = (found.privacy() > declared.privacy()).then_some(Mismatch::Privacy);
    declared.accepts(found).err().or(private)
}

/// The outputs of agents' own files must refer to something, read or not.
pub(super) fn agent_outputs(flat: &Flat, connected: &Connected, faults: &mut Diagnostics) {
    for (scope, inner) in flat.scopes.iter().enumerate().skip(1) {
        for output in &inner.spec.outputs {
            let Some(target) = refer::target(flat, scope, &output.from, faults) else {
                continue;
            };
            if let Err(NoFeed::Fault(fault)) = connected.feed(flat, scope, &output.from, &target) {
                faults.push(*fault);
            }
        }
    }
}
