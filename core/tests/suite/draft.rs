//! Random pipelines: drawn by proptest, written as YAML, and evaluated without the runtime as a reference.

use std::fmt::Write;

use motet_core::execute::Request;
use motet_core::value::Value;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::mix::{Part, digest, mixed, scramble};

/// A random pipeline of 1 to 40 nodes of kind `test/mix`.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) inputs: Vec<u32>,
    pub(crate) nodes: Vec<NodeDraft>,
    pub(crate) outputs: Vec<Edge>,
}

#[derive(Clone, Debug)]
pub(crate) struct NodeDraft {
    pub(crate) inputs: Vec<Edge>,
    pub(crate) size: u32,
    pub(crate) outs: usize,
    pub(crate) seed: u64,
    pub(crate) flops: u64,
    pub(crate) scratch: u64,
    pub(crate) fails: u64,
    pub(crate) panics: bool,
    pub(crate) skips: u64,
    pub(crate) optional: bool,
    pub(crate) state: bool,
    /// The condition `i0 > 0.5`, when `i0` is one number.
    pub(crate) has_condition: bool,
    pub(crate) on_error: &'static str,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Input(usize),
    Node(usize, usize, Part),
}

/// What a node's draft is drawn from; edges become exact once the nodes before it are known.
type Seedling = (
    Vec<(Index, bool, Index, u8)>,
    (u32, usize, u64, u64, u64),
    (u8, u8, bool, bool, bool),
);

fn seedling() -> impl Strategy<Value = Seedling> {
    (
        vec((any::<Index>(), any::<bool>(), any::<Index>(), 0u8..4), 0..4),
        (1u32..300, 1usize..3, 0u64..1 << 48, 0u64..20_000_000, 0u64..5_000),
        (0u8..16, 0u8..12, any::<bool>(), any::<bool>(), any::<bool>()),
    )
}

/// Random pipelines of at most `node_count_max` nodes; some of their nodes fail now and then, when asked for.
pub(crate) fn drafts(node_count_max: usize, with_faults: bool) -> impl Strategy<Value = Draft> {
    let parts = (
        vec(1u32..200, 1..4),
        vec(seedling(), 1..=node_count_max),
        vec((any::<Index>(), any::<Index>(), 0u8..4), 1..5),
    );
    parts.prop_map(move |(inputs, seedlings, outputs)| {
        let mut nodes: Vec<NodeDraft> = Vec::new();
        for seedling in seedlings {
            let node = node(&inputs, &nodes, seedling, with_faults);
            nodes.push(node);
        }
        let outputs = outputs.iter().map(|(from, out, part)| {
            let from = from.index(nodes.len());
            Edge::Node(from, out.index(nodes[from].outs), part_of(*part))
        });
        let mut outputs: Vec<Edge> = outputs.collect();
        // Without this most random pipelines would end in the middle.
        outputs.push(Edge::Node(nodes.len() - 1, 0, Part::Whole));
        Draft {
            inputs,
            nodes,
            outputs,
        }
    })
}

fn part_of(draw: u8) -> Part {
    match draw {
        0 => Part::Score,
        1 => Part::Data,
        _ => Part::Whole,
    }
}

fn node(inputs: &[u32], nodes: &[NodeDraft], seedling: Seedling, with_faults: bool) -> NodeDraft {
    let (edges, (size, outs, seed, flops, scratch), (fault, control, optional, state, panics)) = seedling;
    let edge = |(from, is_near, out, part): (Index, bool, Index, u8)| {
        // Half of the edges come from one of the last two nodes: without them there would be no long chains.
        let sources = inputs.len() + nodes.len();
        let source = match is_near && !nodes.is_empty() {
            true => sources - 1 - from.index(nodes.len().min(2)),
            false => from.index(sources),
        };
        match source.checked_sub(inputs.len()) {
            None => Edge::Input(source),
            Some(node) => Edge::Node(node, out.index(nodes[node].outs), part_of(part)),
        }
    };
    let edges: Vec<Edge> = edges.into_iter().map(edge).collect();
    let has_number = matches!(edges.first(), Some(Edge::Node(_, _, Part::Score)));
    NodeDraft {
        size,
        outs,
        seed,
        flops,
        // Half of the nodes do without.
        scratch: scratch.saturating_sub(2_500),
        fails: if with_faults && fault < 3 { 2 } else { 0 },
        panics,
        skips: if control < 2 { 2 } else { 0 },
        optional: optional && control < 6,
        state: state && with_faults,
        has_condition: has_number && control % 2 == 0,
        on_error: ["fail", "absent", "last_good"][usize::from(fault % 3)],
        inputs: edges,
    }
}

impl Draft {
    /// The pipeline as its author would write it.
    pub(crate) fn yaml(&self) -> String {
        let mut text = String::from("motet: 1\npipeline: random\ninputs:\n");
        for (index, size) in self.inputs.iter().enumerate() {
            writeln!(text, "  in{index}: f32[T{index}<={size}]").unwrap();
        }
        text.push_str("nodes:\n");
        for (index, node) in self.nodes.iter().enumerate() {
            let inputs = node.inputs.iter().enumerate();
            let inputs: Vec<String> = inputs
                .map(|(input, edge)| format!("i{input}: {}", self.name(*edge)))
                .collect();
            let NodeDraft {
                seed,
                size,
                outs,
                flops,
                scratch,
                fails,
                skips,
                ..
            } = node;
            let NodeDraft {
                optional,
                state,
                panics,
                ..
            } = node;
            writeln!(text, "  n{index}:\n    kind: test/mix").unwrap();
            writeln!(text, "    in: {{{}}}", inputs.join(", ")).unwrap();
            writeln!(
                text,
                "    with: {{seed: {seed}, size: {size}, outs: {outs}, flops: {flops}, scratch: {scratch}, fails: {fails},"
            )
            .unwrap();
            let arity = inputs.len();
            writeln!(
                text,
                "      skips: {skips}, arity: {arity}, optional: {optional}, state: {state}, panics: {panics}}}"
            )
            .unwrap();
            if node.has_condition {
                writeln!(text, "    when: i0 > 0.5").unwrap();
            }
            if node.fails > 0 {
                writeln!(text, "    on_error: {}", node.on_error).unwrap();
            }
        }
        text.push_str("outputs:\n");
        for (index, edge) in self.outputs.iter().enumerate() {
            writeln!(text, "  out{index}: {}", self.name(*edge)).unwrap();
        }
        text
    }

    fn name(&self, edge: Edge) -> String {
        let (node, out, part) = match edge {
            Edge::Input(index) => return format!("in{index}"),
            Edge::Node(node, out, part) => (node, out, part),
        };
        let output = if self.nodes[node].outs > 1 {
            format!("n{node}.o{out}")
        } else {
            format!("n{node}")
        };
        match part {
            Part::Whole => output,
            Part::Score => format!("{output}.score"),
            Part::Data => format!("{output}.data"),
        }
    }

    /// The values of one firing, in the order of the inputs; the seed decides values, lengths and, in a partial
    /// firing, which inputs are absent.
    pub(crate) fn firing(&self, seed: u64, is_partial: bool) -> Vec<Option<Vec<f32>>> {
        let values = self.inputs.iter().enumerate().map(|(index, size)| {
            let start = scramble(seed ^ (index as u64) << 32);
            let length = start % (u64::from(*size) + 1);
            let value = |at| (scramble(start ^ at) >> 40) as f32 / 1e6;
            (!is_partial || start >> 63 == 0).then(|| (0..length).map(value).collect())
        });
        values.collect()
    }

    /// The same as a request.
    pub(crate) fn request(&self, firing: &[Option<Vec<f32>>]) -> Request {
        let mut request = if firing.iter().all(Option::is_some) {
            Request::new()
        } else {
            Request::partial()
        };
        for (index, value) in firing.iter().enumerate() {
            if let Some(value) = value {
                request.set(format!("in{index}"), Value::samples(value.clone()));
            }
        }
        request
    }
}

/// What came of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Came {
    /// The words of its elements.
    Present(Vec<u32>),
    Absent,
    Failed,
}

#[derive(Clone, Debug)]
enum Given {
    Value(crate::mix::Mixed),
    Absent,
    Failed,
}

/// Evaluates a draft node by node, with nothing of the runtime: no plan, no buffers, no threads.
pub(crate) struct Reference<'a> {
    draft: &'a Draft,
    state: Vec<u64>,
    good: Vec<Option<Vec<Given>>>,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(draft: &'a Draft) -> Reference<'a> {
        Reference {
            draft,
            state: vec![0; draft.nodes.len()],
            good: vec![None; draft.nodes.len()],
        }
    }

    /// What one firing gives, by output.
    pub(crate) fn fire(&mut self, firing: &[Option<Vec<f32>>]) -> Vec<Came> {
        let mut given: Vec<Vec<Given>> = Vec::new();
        for (index, node) in self.draft.nodes.iter().enumerate() {
            let read: Vec<Came> = node
                .inputs
                .iter()
                .map(|edge| came(*edge, firing, &given))
                .collect();
            let outputs = self.node(index, node, &read);
            given.push(outputs);
        }
        self.draft
            .outputs
            .iter()
            .map(|edge| came(*edge, firing, &given))
            .collect()
    }

    fn node(&mut self, index: usize, node: &NodeDraft, read: &[Came]) -> Vec<Given> {
        let missing = read.iter().find(|came| !matches!(came, Came::Present(_)));
        match missing.filter(|_| !node.optional) {
            Some(Came::Failed) => return vec![Given::Failed; node.outs],
            Some(_) => return vec![Given::Absent; node.outs],
            None => {}
        }
        let holds = |came: &Came| matches!(came, Came::Present(words) if f32::from_bits(words[0]) > 0.5);
        if node.has_condition && !holds(&read[0]) {
            return vec![Given::Absent; node.outs];
        }
        let words = read.iter().map(|came| match came {
            Came::Present(words) => Some(words.clone()),
            Came::Absent | Came::Failed => None,
        });
        let digest = digest(node.seed, self.state[index], &words.collect::<Vec<_>>());
        if node.state {
            self.state[index] = scramble(digest);
        }
        if node.fails > 0 && digest.is_multiple_of(node.fails) {
            if node.panics {
                self.state[index] = 0;
            }
            return match (node.on_error, &self.good[index]) {
                ("fail", _) => vec![Given::Failed; node.outs],
                ("last_good", Some(good)) => good.clone(),
                _ => vec![Given::Absent; node.outs],
            };
        }
        let left_out = node.skips > 0 && digest.is_multiple_of(node.skips);
        let output = |out| match left_out && out + 1 == node.outs {
            true => Given::Absent,
            false => Given::Value(mixed(digest, out, node.size)),
        };
        let outputs: Vec<Given> = (0..node.outs).map(output).collect();
        self.good[index] = Some(outputs.clone());
        outputs
    }
}

fn came(edge: Edge, firing: &[Option<Vec<f32>>], given: &[Vec<Given>]) -> Came {
    match edge {
        Edge::Input(index) => match &firing[index] {
            Some(value) => Came::Present(value.iter().map(|value| value.to_bits()).collect()),
            None => Came::Absent,
        },
        Edge::Node(node, out, part) => match &given[node][out] {
            Given::Value(mixed) => Came::Present(mixed.words(part)),
            Given::Absent => Came::Absent,
            Given::Failed => Came::Failed,
        },
    }
}
