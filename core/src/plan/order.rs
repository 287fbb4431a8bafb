//! Steps, the order between them, and which node certainly ends before which other begins.

use std::time::Duration;

use super::place::Placed;
use super::{Step, StepId, small};
use crate::graph::{Graph, NodeId, Producer};

/// The steps of a plan and the ancestors of each node.
pub(super) struct Order {
    pub(super) steps: Vec<Step>,
    pub(super) step_of: Vec<StepId>,
    /// By node, the nodes that end before it begins, whatever the timing.
    pub(super) before: Vec<NodeSet>,
}

/// A set of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeSet(Vec<u64>);

impl NodeSet {
    fn empty(node_count: usize) -> NodeSet {
        NodeSet(vec![0; node_count.div_ceil(64)])
    }

    pub(super) fn contains(&self, node: usize) -> bool {
        self.0[node / 64] & (1 << (node % 64)) != 0
    }

    fn insert(&mut self, node: usize) {
        self.0[node / 64] |= 1 << (node % 64);
    }

    fn unite(&mut self, other: &NodeSet) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }
}

pub(super) fn order(graph: &Graph, placed: &[Placed], is_serial: bool) -> Order {
    let producers = producers(graph);
    let chains = chains(graph, &producers, placed);
    let mut step_of = vec![StepId(0); graph.nodes.len()];
    for (step, nodes) in chains.iter().enumerate() {
        nodes.iter().for_each(|node| step_of[*node] = StepId(small(step)));
    }
    let mut awaited: Vec<Vec<usize>> = vec![Vec::new(); chains.len()];
    for (node, producers) in producers.iter().enumerate() {
        let step = step_of[node].index();
        awaited[step].extend(
            producers
                .iter()
                .map(|from| step_of[*from].index())
                .filter(|from| *from != step),
        );
    }
    for (step, awaited) in awaited.iter_mut().enumerate() {
        // An order edge: without it two steps could run at the same time.
        if is_serial && step > 0 {
            awaited.push(step - 1);
        }
        awaited.sort_unstable();
        awaited.dedup();
    }
    let before = before(&chains, &awaited, graph.nodes.len());
    let mut steps: Vec<Step> = chains
        .iter()
        .enumerate()
        .map(|(step, nodes)| Step {
            nodes: nodes.iter().map(|node| NodeId(small(*node))).collect(),
            device: placed[nodes[0]].device,
            turn: placed[nodes[0]].turn,
            rank: nodes
                .iter()
                .map(|node| placed[*node].rank)
                .max()
                .unwrap_or(Duration::ZERO),
            awaits: small(awaited[step].len()),
            successors: Vec::new(),
        })
        .collect();
    for (step, awaited) in awaited.iter().enumerate() {
        for from in awaited {
            steps[*from].successors.push(StepId(small(step)));
        }
    }
    Order {
        steps,
        step_of,
        before,
    }
}

/// By node, the nodes it reads from.
fn producers(graph: &Graph) -> Vec<Vec<usize>> {
    let sources = |node: &crate::graph::GraphNode| {
        let mut producers: Vec<usize> = node
            .feeds
            .iter()
            .flatten()
            .filter_map(|feed| match feed.producer {
                Producer::Node(producer, _) => Some(producer.index()),
                Producer::Input(_) => None,
            })
            .collect();
        producers.sort_unstable();
        producers.dedup();
        producers
    };
    graph.nodes.iter().map(sources).collect()
}

/// Straight lines on one device, each after all it reads from: `b` joins the line of `a` when it reads from no node
/// but `a`, and no other node and no output of the pipeline reads from `a`. A step is given back as a whole, so an
/// output in the middle of one would wait for all of it, and be lost if the rest were late.
fn chains(graph: &Graph, producers: &[Vec<usize>], placed: &[Placed]) -> Vec<Vec<usize>> {
    let mut reader_count = vec![0usize; producers.len()];
    for output in &graph.outputs {
        if let Producer::Node(node, _) = output.feed.producer {
            reader_count[node.index()] += 1;
        }
    }
    producers
        .iter()
        .flatten()
        .for_each(|producer| reader_count[*producer] += 1);
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut chain_of = vec![0usize; producers.len()];
    for node in 0..producers.len() {
        let joined = match producers[node].as_slice() {
            [only] if reader_count[*only] == 1 && placed[*only].device == placed[node].device => {
                Some(chain_of[*only])
            }
            _ => None,
        };
        chain_of[node] = joined.unwrap_or(chains.len());
        match joined {
            Some(chain) => chains[chain].push(node),
            None => chains.push(vec![node]),
        }
    }
    // A chain reads from outside at its first node only, so the order of first nodes is a topological order.
    chains
}

fn before(chains: &[Vec<usize>], awaited: &[Vec<usize>], node_count: usize) -> Vec<NodeSet> {
    let mut before = vec![NodeSet::empty(node_count); node_count];
    // By chain: everything that has ended when the chain has ended.
    let mut ended: Vec<NodeSet> = Vec::with_capacity(chains.len());
    for (chain, nodes) in chains.iter().enumerate() {
        let mut set = NodeSet::empty(node_count);
        awaited[chain].iter().for_each(|from| set.unite(&ended[*from]));
        for node in nodes {
            before[*node] = set.clone();
            set.insert(*node);
        }
        ended.push(set);
    }
    before
}
