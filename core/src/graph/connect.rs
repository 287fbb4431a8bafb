//! Orders the nodes and connects them: kinds, parameters, ports and edges.

use std::collections::BTreeMap;

use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::flatten::Flat;
use super::refer::{self, Crossing, Head, Target};
use super::{Feed, GraphNode, NodeId, Producer};
use crate::catalog::{Accepts, Catalog, ConnectedInput, InputSpecs, NodeKind, OutputSpec, Params, Signature};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::port::PortType;
use crate::spec::Reference;
use crate::yaml::Place;

mod edge;
pub(super) mod fault;
mod params;
mod precision;

/// Flat nodes in the order they can run, those on cycles left out, and what each of their inputs refers to.
pub(super) struct Order {
    pub(super) nodes: Vec<usize>,
    /// By flat node: for each entry of `in:`, what it refers to.
    targets: Vec<Vec<Option<Target>>>,
}

pub(super) fn order(flat: &Flat, faults: &mut Diagnostics) -> Order {
    let mut targets = Vec::with_capacity(flat.nodes.len());
    for (index, node) in flat.nodes.iter().enumerate() {
        flat.hush(faults);
        let inputs = &flat.entry(index).inputs;
        targets.push(
            inputs
                .iter()
                .map(|(_, reference)| refer::target(flat, node.scope, reference, faults))
                .collect(),
        );
    }
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    for _ in &flat.nodes {
        graph.add_node(());
    }
    for (index, targets) in targets.iter().enumerate() {
        let targets: &Vec<Option<Target>> = targets;
        for target in targets.iter().flatten() {
            if let Head::Node(producer) = target.head {
                graph.update_edge(NodeIndex::new(producer), NodeIndex::new(index), ());
            }
        }
    }
    let mut on_cycle = vec![false; flat.nodes.len()];
    for component in kosaraju_scc(&graph) {
        let looped = component.len() > 1 || graph.contains_edge(component[0], component[0]);
        if looped {
            component.iter().for_each(|node| on_cycle[node.index()] = true);
            report_cycle(flat, &graph, &component, faults);
        }
    }
    graph.retain_edges(|graph, edge| {
        graph
            .edge_endpoints(edge)
            .is_none_or(|(from, to)| !on_cycle[from.index()] && !on_cycle[to.index()])
    });
    let sorted = toposort(&graph, None).unwrap_or_default();
    let nodes = sorted
        .into_iter()
        .map(NodeIndex::index)
        .filter(|node| !on_cycle[*node])
        .collect();
    Order { nodes, targets }
}

/// Prints a cycle as the chain of its names, beginning with the node that stands first in the file.
fn report_cycle(flat: &Flat, graph: &DiGraph<(), ()>, component: &[NodeIndex], faults: &mut Diagnostics) {
    let Some(start) = component.iter().min().copied() else {
        return;
    };
    let mut chain = vec![start];
    let mut before: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    // The shortest way from the first node back to itself.
    let last = loop {
        let Some(node) = queue.pop_front() else { return };
        if graph.contains_edge(node, start) {
            break node;
        }
        let mut next: Vec<NodeIndex> = graph
            .neighbors(node)
            .filter(|next| component.contains(next))
            .collect();
        next.sort_unstable();
        for next in next {
            if next != start && !before.contains_key(&next) {
                before.insert(next, node);
                queue.push_back(next);
            }
        }
    };
    let mut back = vec![];
    let mut node = last;
    while node != start {
        back.push(node);
        let Some(previous) = before.get(&node) else { return };
        node = *previous;
    }
    chain.extend(back.into_iter().rev());
    chain.push(start);
    let names: Vec<String> = chain.iter().map(|node| flat.name(node.index())).collect();
    let message = format!("the nodes form a cycle: {}", names.join(" -> "));
    let entry = flat.entry(start.index());
    let at = flat.located(flat.nodes[start.index()].scope, &entry.path.key("in"));
    let fault = Diagnostic::error(Code("MT0205"), at.span(Place::Value), message);
    faults.push(fault.help("remove one of these edges; state between firings belongs inside a node"));
}

/// The nodes that could be connected.
pub(super) struct Connected {
    /// In topological order; `None` for a node with faults.
    nodes: Vec<Option<GraphNode>>,
    /// By flat node, its place in `nodes`.
    ids: BTreeMap<usize, usize>,
    input_ports: Vec<PortType>,
}

/// Why a target gives no feed.
pub(super) enum NoFeed {
    /// The producer has faults of its own, which have been reported.
    Unknown,
    /// To be reported at the reference.
    Fault(Box<Diagnostic>),
}

impl Connected {
    pub(super) fn node(&self, flat: usize) -> Option<(NodeId, &GraphNode)> {
        let id = *self.ids.get(&flat)?;
        let node = self.nodes[id].as_ref()?;
        Some((NodeId(u32::try_from(id).unwrap_or(u32::MAX)), node))
    }

    /// The node of this id, unless it has faults.
    pub(super) fn node_of_id(&self, id: NodeId) -> Option<&GraphNode> {
        self.nodes.get(id.index())?.as_ref()
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &GraphNode> {
        self.nodes.iter().flatten()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.nodes.iter().all(Option::is_some)
    }

    pub(super) fn take_nodes(&mut self) -> Vec<GraphNode> {
        std::mem::take(&mut self.nodes).into_iter().flatten().collect()
    }

    /// What a target gives: the feed and its type. A fault at the border of an agent on the way is reported there
    /// and only there.
    pub(super) fn feed(
        &self,
        flat: &Flat,
        scope: usize,
        reference: &Reference,
        target: &Target,
    ) -> Result<(Feed, PortType), NoFeed> {
        for crossing in &target.crossings {
            let Crossing {
                scope,
                reference,
                input,
            } = crossing;
            let mut reported_there = Diagnostics::new();
            let there = refer::target(flat, *scope, reference, &mut reported_there).ok_or(NoFeed::Unknown)?;
            let crossing = self.feed_at(flat, *scope, reference, &there);
            let (_, port) = crossing.map_err(|_| NoFeed::Unknown)?;
            if let Some((inner, input)) = input {
                let declared = &flat.scopes[*inner].spec.inputs[*input].port;
                if edge::agent_mismatch(declared, &port).is_some() {
                    return Err(NoFeed::Unknown);
                }
            }
        }
        self.feed_at(flat, scope, reference, target)
    }

    fn feed_at(
        &self,
        flat: &Flat,
        scope: usize,
        reference: &Reference,
        target: &Target,
    ) -> Result<(Feed, PortType), NoFeed> {
        let span = || flat.located(scope, &reference.path).span(Place::Value);
        let (producer, port, mut rest) = match target.head {
            Head::Input(index) => {
                let producer = Producer::Input(u16::try_from(index).unwrap_or(u16::MAX));
                (producer, &self.input_ports[index], target.rest.as_slice())
            }
            Head::Node(node) => {
                let (id, found) = self.node(node).ok_or(NoFeed::Unknown)?;
                let outputs = &found.signature.outputs;
                let (index, used) = pick_output(outputs, &target.rest).map_err(|fault| {
                    NoFeed::Fault(Box::new(fault.diagnostic(span(), &found.name, outputs)))
                })?;
                let producer = Producer::Node(id, u16::try_from(index).unwrap_or(u16::MAX));
                (producer, &outputs[index].port, &target.rest[used..])
            }
        };
        let mut field = None;
        let mut port = port.clone();
        if let Some(name) = rest.first() {
            let Some((index, tensor)) = port.field(name) else {
                let names: Vec<&str> = match &port {
                    PortType::Tensor(_) => Vec::new(),
                    PortType::Record(fields) => fields.iter().map(|field| field.name.as_str()).collect(),
                };
                let message = format!(
                    "`{}` carries {port} and has no field `{name}`",
                    reference.segments[0]
                );
                let fault = Diagnostic::error(Code("MT0203"), span(), message);
                return Err(NoFeed::Fault(Box::new(refer::suggest_segment(
                    fault, name, &names,
                ))));
            };
            field = Some(u16::try_from(index).unwrap_or(u16::MAX));
            port = PortType::Tensor(tensor.clone());
            rest = &rest[1..];
        }
        if let Some(name) = rest.first() {
            let message = format!("a field has no part `{name}`");
            return Err(NoFeed::Fault(Box::new(Diagnostic::error(
                Code("MT0203"),
                span(),
                message,
            ))));
        }
        Ok((Feed { producer, field }, port))
    }
}

/// Why none of a node's outputs is meant.
enum OutputFault {
    NoOutput(String),
    Several,
}

impl OutputFault {
    fn diagnostic(self, span: crate::diagnostic::Span, node: &str, outputs: &[OutputSpec]) -> Diagnostic {
        let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
        match self {
            OutputFault::NoOutput(name) => {
                let message = format!("node `{node}` has no output `{name}`");
                refer::suggest_segment(Diagnostic::error(Code("MT0203"), span, message), &name, &names)
            }
            OutputFault::Several => {
                let message = format!("node `{node}` has several outputs");
                Diagnostic::error(Code("MT0204"), span, message).help(format!(
                    "write one of them: {node}.{}",
                    names.join(&format!(", {node}."))
                ))
            }
        }
    }
}

/// The output a reference means and how many of its parts name it: `node.output`, or `node` alone (and then
/// perhaps a field) when there is one output.
fn pick_output(outputs: &[OutputSpec], rest: &[String]) -> Result<(usize, usize), OutputFault> {
    let named = rest
        .first()
        .and_then(|name| outputs.iter().position(|output| output.name == *name));
    match (named, outputs, rest.first()) {
        (Some(index), _, _) => Ok((index, 1)),
        (None, [only], Some(name)) if !matches!(only.port, PortType::Record(_)) => {
            Err(OutputFault::NoOutput(name.clone()))
        }
        (None, [_], _) => Ok((0, 0)),
        (None, _, Some(name)) => Err(OutputFault::NoOutput(name.clone())),
        (None, _, None) => Err(OutputFault::Several),
    }
}

pub(super) fn connect(flat: &Flat, order: &Order, catalog: &Catalog, faults: &mut Diagnostics) -> Connected {
    let input_ports = flat.scopes[0]
        .spec
        .inputs
        .iter()
        .map(|entry| entry.port.clone())
        .collect();
    let ids = order
        .nodes
        .iter()
        .enumerate()
        .map(|(id, flat)| (*flat, id))
        .collect();
    let mut connected = Connected {
        nodes: Vec::with_capacity(order.nodes.len()),
        ids,
        input_ports,
    };
    for node in &order.nodes {
        flat.hush(faults);
        let found = Connecting {
            flat,
            node: *node,
            targets: &order.targets[*node],
            connected: &connected,
        }
        .node(catalog, faults);
        connected.nodes.push(found);
    }
    // A node on a cycle is not in the order; its kind and parameters are checked all the same.
    for node in (0..flat.nodes.len()).filter(|node| !order.nodes.contains(node)) {
        flat.hush(faults);
        let connecting = Connecting {
            flat,
            node,
            targets: &order.targets[node],
            connected: &connected,
        };
        connecting.kind_and_params(catalog, faults);
    }
    edge::agent_inputs(flat, &connected, faults);
    edge::agent_outputs(flat, &connected, faults);
    connected
}

struct Connecting<'a> {
    flat: &'a Flat,
    node: usize,
    targets: &'a [Option<Target>],
    connected: &'a Connected,
}

impl Connecting<'_> {
    fn kind_and_params<'c>(
        &self,
        catalog: &'c Catalog,
        faults: &mut Diagnostics,
    ) -> Option<(&'c dyn NodeKind, Params, InputSpecs)> {
        let (entry, scope) = (self.flat.entry(self.node), self.flat.nodes[self.node].scope);
        let Some(kind) = catalog.get(&entry.kind) else {
            let span = self
                .flat
                .located(scope, &entry.path.key("kind"))
                .span(Place::Value);
            let message = format!("there is no kind `{}`", entry.kind);
            let fault = Diagnostic::error(Code("MT0201"), span.clone(), message);
            faults.push(fault.suggest(span, &entry.kind, catalog.names()));
            return None;
        };
        let params = params::read(self.flat, self.node, kind.as_ref(), faults)?;
        match kind.inputs(&params) {
            Ok(inputs) => Some((kind.as_ref(), params, inputs)),
            Err(found) => {
                fault::report(self.flat, self.node, found, faults);
                None
            }
        }
    }

    fn node(&self, catalog: &Catalog, faults: &mut Diagnostics) -> Option<GraphNode> {
        let (kind, params, specs) = self.kind_and_params(catalog, faults)?;
        let (entry, scope) = (self.flat.entry(self.node), self.flat.nodes[self.node].scope);
        let name = self.flat.name(self.node);
        let (inputs, feeds) = self.inputs(&specs, faults)?;
        let equal_dims = edge::equal_dims(self.flat, self.node, &specs, &inputs, faults);
        let outputs = match kind.outputs(&params, &inputs) {
            Ok(outputs) => outputs,
            Err(found) => {
                fault::report(self.flat, self.node, found, faults);
                return None;
            }
        };
        let outputs = self.outputs(outputs, kind, &inputs, faults)?;
        precision::check(self.flat, self.node, kind, &params, faults);
        let when = match &entry.when {
            Some(_) => {
                let at = self.flat.located(scope, &entry.path.key("when"));
                Some(fault::when(entry, at, &inputs, faults)?)
            }
            None => None,
        };
        Some(GraphNode {
            name,
            agent: scope.checked_sub(1),
            kind: entry.kind.clone(),
            params,
            signature: Signature { inputs, outputs },
            feeds,
            equal_dims,
            when,
            place: entry.place,
            precision: entry.precision,
            on_error: entry.on_error,
            at: self.flat.located(scope, &entry.path),
        })
    }

    /// Connects `in:` to the inputs of the kind; `None` when any edge is faulty.
    fn inputs(
        &self,
        specs: &InputSpecs,
        faults: &mut Diagnostics,
    ) -> Option<(Vec<ConnectedInput>, Vec<Option<Feed>>)> {
        let (entry, scope) = (self.flat.entry(self.node), self.flat.nodes[self.node].scope);
        let named = edge::names(self.flat, self.node, specs, faults)?;
        let mut inputs = Vec::new();
        let mut feeds = Vec::new();
        let mut sound = true;
        let declared = specs
            .named
            .iter()
            .map(|spec| (spec.name.clone(), spec.accepts.clone(), spec.optional));
        let further = named
            .iter()
            .filter(|name| specs.named.iter().all(|spec| spec.name != **name));
        let further = further.map(|name| (name.clone(), specs.further.clone().unwrap_or(Accepts::Any), true));
        for (name, accepts, optional) in declared.chain(further) {
            let at = named.iter().position(|given| *given == name);
            let (feed, port) = match at {
                None => (None, None),
                Some(at) => {
                    let reference = &entry.inputs[at].1;
                    let target = self.targets[at].as_ref();
                    let feed = target.map(|target| self.connected.feed(self.flat, scope, reference, target));
                    match feed {
                        Some(Ok((feed, port))) => {
                            sound &= edge::accept(
                                &edge::Edge {
                                    flat: self.flat,
                                    node: self.node,
                                    input: &name,
                                    reference,
                                    feed,
                                },
                                &accepts,
                                &port,
                                faults,
                            );
                            (Some(feed), Some(port))
                        }
                        Some(Err(NoFeed::Fault(fault))) => {
                            faults.push(*fault);
                            sound = false;
                            (None, None)
                        }
                        Some(Err(NoFeed::Unknown)) | None => {
                            sound = false;
                            (None, None)
                        }
                    }
                }
            };
            inputs.push(ConnectedInput { name, port, optional });
            feeds.push(feed);
        }
        sound.then_some((inputs, feeds))
    }

    /// Outputs are at least as confidential as the inputs, and bounded.
    fn outputs(
        &self,
        mut outputs: Vec<OutputSpec>,
        kind: &dyn NodeKind,
        inputs: &[ConnectedInput],
        faults: &mut Diagnostics,
    ) -> Option<Vec<OutputSpec>> {
        let privacy = inputs
            .iter()
            .filter_map(|input| input.port.as_ref())
            .map(PortType::privacy)
            .max();
        for output in &mut outputs {
            if !kind.lowers_privacy() {
                for tensor in output.port.tensors_mut() {
                    tensor.privacy = tensor.privacy.max(privacy.unwrap_or_default());
                }
            }
            if !output.port.fits_limits() {
                let (entry, scope) = (self.flat.entry(self.node), self.flat.nodes[self.node].scope);
                let span = self.flat.located(scope, &entry.path).span(Place::Key);
                let message = format!(
                    "output `{}` would be {}, more than 1 GiB",
                    output.name, output.port
                );
                faults
                    .push(Diagnostic::error(Code("MT0230"), span, message).help("bound its inputs tighter"));
                return None;
            }
        }
        Some(outputs)
    }
}
