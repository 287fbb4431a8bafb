//! The best path of CTC scores through a graph of labels.
//!
//! A graph says which strings of labels there are: those on the arcs of its ways from the start to an end. The search is
//! exact, without a beam: its time and memory are known beforehand.

/// Most nodes of a graph, and most arcs.
pub const GRAPH_STATES_MAX: usize = 1 << 20;

/// An arc that says a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arc {
    /// The node behind it.
    pub to: u32,
    /// The node before it.
    pub from: u32,
    /// Its label; not the blank.
    pub label: u32,
}

/// Why there is no graph of these arcs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// It has too many nodes or arcs.
    #[error("{found} nodes or arcs, {GRAPH_STATES_MAX} are the most")]
    TooLarge {
        /// How many there are.
        found: usize,
    },
    /// An arc, the start or an end names a node that is not there.
    #[error("node {node} is none of {nodes}")]
    NoSuchNode {
        /// The node.
        node: u32,
        /// How many there are.
        nodes: usize,
    },
}

/// Which strings of labels there are.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelGraph {
    /// By the node behind them.
    arcs: Vec<Arc>,
    /// Place of each arc among those that were given.
    given: Vec<u32>,
    /// For each node the first of the arcs that lead to it, and their count at the end.
    incoming: Vec<u32>,
    /// For each node its place among those that several arcs lead to; [`NONE`] for the others.
    joins: Vec<u32>,
    join_count: usize,
    start: u32,
    is_end: Vec<bool>,
}

const NONE: u32 = u32::MAX;

impl LabelGraph {
    /// A graph of so many nodes.
    ///
    /// # Errors
    /// [`GraphError`] if it is too large, or something names a node that is not there.
    pub fn new(nodes: usize, arcs: &[Arc], start: u32, ends: &[u32]) -> Result<Self, GraphError> {
        let found = nodes.max(arcs.len());
        if found > GRAPH_STATES_MAX {
            return Err(GraphError::TooLarge { found });
        }
        let named = arcs.iter().flat_map(|arc| [arc.from, arc.to]);
        let mut named = named.chain([start]).chain(ends.iter().copied());
        if let Some(node) = named.find(|node| *node as usize >= nodes) {
            return Err(GraphError::NoSuchNode { node, nodes });
        }
        let mut order: Vec<(Arc, u32)> = arcs.iter().copied().zip(0..).collect();
        order.sort();
        let mut incoming = vec![0; nodes + 1];
        for (arc, _) in &order {
            incoming[arc.to as usize + 1] += 1;
        }
        for node in 0..nodes {
            incoming[node + 1] += incoming[node];
        }
        let mut join_count = 0;
        let joins = incoming.windows(2).map(|ends| match ends[1] - ends[0] {
            0 | 1 => NONE,
            _ => {
                join_count += 1;
                join_count - 1
            }
        });
        let joins = joins.collect();
        let mut is_end = vec![false; nodes];
        ends.iter().for_each(|end| is_end[*end as usize] = true);
        Ok(Self {
            arcs: order.iter().map(|(arc, _)| *arc).collect(),
            given: order.iter().map(|(_, given)| *given).collect(),
            incoming,
            joins,
            join_count: join_count as usize,
            start,
            is_end,
        })
    }

    /// How many arcs there are.
    pub fn arcs(&self) -> usize {
        self.arcs.len()
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.is_end.len()
    }

    /// One more than the largest label.
    pub fn labels(&self) -> usize {
        let labels = self.arcs.iter().map(|arc| arc.label as usize + 1);
        labels.max().unwrap_or(0)
    }

    fn arcs_to(&self, node: u32) -> std::ops::Range<usize> {
        self.incoming[node as usize] as usize..self.incoming[node as usize + 1] as usize
    }
}

/// An arc of a path, and the frames that say it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The arc, by its place among those that the graph was made of.
    pub arc: u32,
    /// The first of its frames.
    pub start: u32,
    /// The frame behind its last.
    pub end: u32,
    /// The sum of the scores of its label over these frames.
    pub score: f32,
}

/// Memory for searches through one graph, so that they allocate nothing.
#[derive(Clone, Debug)]
pub struct Search {
    frames_max: usize,
    arcs: Vec<f32>,
    nodes: [Vec<f32>; 2],
    entries: Vec<Entry>,
    back: Back,
    path: Vec<Step>,
}

/// The best of the arcs that lead to a node, and the best with another label.
#[derive(Clone, Copy, Debug)]
struct Entry {
    best: (f32, u32),
    label: u32,
    other: (f32, u32),
}

const NO_ENTRY: Entry = Entry {
    best: (f32::NEG_INFINITY, NONE),
    label: NONE,
    other: (f32::NEG_INFINITY, NONE),
};

/// Where the best path to each state came from, frame by frame.
#[derive(Clone, Debug)]
struct Back {
    arcs: Vec<Came>,
    nodes: Vec<Came>,
    /// The best arc and the best other one that lead to nodes where several do.
    joins: Vec<[u32; 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Came {
    /// From the same state.
    Stayed,
    /// From the node before the arc.
    FromNode,
    /// From the best arc that leads to the node.
    FromBest,
    /// From the best arc with another label.
    FromOther,
}

/// A place on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Node(u32),
    Arc(u32),
}

impl Search {
    /// Memory for so many frames.
    pub fn new(graph: &LabelGraph, frames_max: usize) -> Self {
        Self {
            frames_max,
            arcs: vec![0.0; graph.arcs()],
            nodes: [vec![0.0; graph.nodes()], vec![0.0; graph.nodes()]],
            entries: vec![NO_ENTRY; graph.nodes()],
            back: Back {
                arcs: vec![Came::Stayed; frames_max * graph.arcs()],
                nodes: vec![Came::Stayed; frames_max * graph.nodes()],
                joins: vec![[NONE; 2]; frames_max * graph.join_count],
            },
            path: Vec::with_capacity(frames_max),
        }
    }

    /// Bytes that a search through a graph takes.
    pub fn bytes(graph: &LabelGraph, frames_max: usize) -> usize {
        let (arcs, nodes) = (graph.arcs(), graph.nodes());
        let each = arcs + nodes + size_of::<[u32; 2]>() * graph.join_count + size_of::<Step>();
        4 * arcs + (8 + size_of::<Entry>()) * nodes + frames_max * each
    }

    /// Finds the path with the largest sum of the scores of its frames, each of which says the label of an arc or the
    /// blank, and of the `weights` of its arcs. Returns the path and its score; none if every path is forbidden, as when
    /// there are fewer frames than the shortest string has labels. Scores are logarithms, or any that add; minus infinity
    /// forbids, NaN does too.
    ///
    /// An arc is one frame or more of its label; between two arcs there may be blanks, and there must be one between equal
    /// labels.
    ///
    /// # Shapes
    /// `scores`: `[frames, labels]`; `weights`: `[arcs]`, in the order in which the graph was given them.
    ///
    /// # Panics
    /// If the slices are not of these sizes, a label or the blank is beyond `labels`, there are more frames than there is
    /// memory for, or the memory was made for another graph.
    ///
    /// # Source
    /// Graves, Fernandez, Gomez and Schmidhuber 2006, "Connectionist temporal classification", section 3.1 for what frames
    /// say; Viterbi 1967, "Error bounds for convolutional codes"; Young, Russell and Thornton 1989, "Token passing", for
    /// networks of words.
    pub fn best(
        &mut self,
        graph: &LabelGraph,
        (scores, labels, blank): (&[f32], usize, usize),
        weights: &[f32],
    ) -> Option<(&[Step], f32)> {
        assert!(blank < labels && graph.labels() <= labels && weights.len() == graph.arcs());
        assert!(self.arcs.len() == graph.arcs() && self.entries.len() == graph.nodes());
        assert!(scores.len().is_multiple_of(labels) && scores.len() / labels <= self.frames_max);
        self.arcs.fill(f32::NEG_INFINITY);
        self.nodes[0].fill(f32::NEG_INFINITY);
        self.nodes[0][graph.start as usize] = 0.0;
        for (frame, row) in scores.chunks_exact(labels).enumerate() {
            self.enter(graph, frame);
            self.advance_arcs(graph, (frame, row), weights);
            self.advance_nodes(graph.nodes(), (frame, row[blank]));
        }
        let frames = scores.len() / labels;
        let (end, score) = self.end(graph)?;
        self.trace(graph, end, (scores, labels, frames));
        Some((&self.path, score))
    }

    /// Finds the best arcs that lead to each node.
    fn enter(&mut self, graph: &LabelGraph, frame: usize) {
        let joins = &mut self.back.joins[frame * graph.join_count..];
        for (node, entry) in (0_u32..).zip(&mut self.entries) {
            *entry = NO_ENTRY;
            for arc in graph.arcs_to(node) {
                let (label, found) = (graph.arcs[arc].label, (self.arcs[arc], id(arc)));
                if found.0 > entry.best.0 {
                    if label != entry.label {
                        entry.other = entry.best;
                    }
                    (entry.best, entry.label) = (found, label);
                } else if label != entry.label && found.0 > entry.other.0 {
                    entry.other = found;
                }
            }
            if let Some(join) = joins.get_mut(graph.joins[node as usize] as usize)
                && graph.joins[node as usize] != NONE
            {
                *join = [entry.best.1, entry.other.1];
            }
        }
    }

    fn advance_arcs(&mut self, graph: &LabelGraph, (frame, row): (usize, &[f32]), weights: &[f32]) {
        let back = &mut self.back.arcs[frame * graph.arcs()..][..graph.arcs()];
        let given = graph.arcs.iter().zip(&graph.given);
        for ((score, came), (arc, given)) in self.arcs.iter_mut().zip(back).zip(given) {
            let entry = &self.entries[arc.from as usize];
            let (mut before, mut from) = (self.nodes[0][arc.from as usize], Came::FromNode);
            let (arriving, way) = match entry.label == arc.label {
                true => (entry.other.0, Came::FromOther),
                false => (entry.best.0, Came::FromBest),
            };
            if arriving > before {
                (before, from) = (arriving, way);
            }
            before += weights[*given as usize];
            // What stays has paid for the arc already.
            if *score >= before || before.is_nan() {
                (before, from) = (*score, Came::Stayed);
            }
            let said = before + row[arc.label as usize];
            *score = if said.is_nan() { f32::NEG_INFINITY } else { said };
            *came = from;
        }
    }

    fn advance_nodes(&mut self, count: usize, (frame, blank): (usize, f32)) {
        let back = &mut self.back.nodes[frame * count..][..count];
        let [before, after] = &mut self.nodes;
        for (((before, after), entry), came) in
            before.iter().zip(after.iter_mut()).zip(&self.entries).zip(back)
        {
            let (score, from) = match entry.best.0 > *before {
                true => (entry.best.0, Came::FromBest),
                false => (*before, Came::Stayed),
            };
            let said = score + blank;
            *after = if said.is_nan() { f32::NEG_INFINITY } else { said };
            *came = from;
        }
        self.nodes.swap(0, 1);
    }

    /// The best state that a path may end in.
    fn end(&self, graph: &LabelGraph) -> Option<(State, f32)> {
        let mut best = (None, f32::NEG_INFINITY);
        let ends = (0_u32..).zip(&graph.is_end).filter(|(_, is_end)| **is_end);
        for (node, _) in ends {
            let arcs = graph
                .arcs_to(node)
                .map(|arc| (State::Arc(id(arc)), self.arcs[arc]));
            for (state, score) in [(State::Node(node), self.nodes[0][node as usize])]
                .into_iter()
                .chain(arcs)
            {
                if score > best.1 {
                    best = (Some(state), score);
                }
            }
        }
        Some((best.0?, best.1))
    }

    /// Walks back from the end and writes the arcs on the way.
    fn trace(&mut self, graph: &LabelGraph, end: State, (scores, labels, frames): (&[f32], usize, usize)) {
        self.path.clear();
        let (mut state, mut open) = (end, None::<Step>);
        for frame in (0..frames).rev() {
            match state {
                State::Node(node) => {
                    let came = self.back.nodes[frame * graph.nodes() + node as usize];
                    if came == Came::FromBest {
                        state = State::Arc(self.arriving(graph, (frame, node), came));
                    }
                }
                State::Arc(arc) => {
                    let at = &graph.arcs[arc as usize];
                    let step = open.get_or_insert(Step {
                        arc: graph.given[arc as usize],
                        start: 0,
                        end: id(frame) + 1,
                        score: 0.0,
                    });
                    step.start = id(frame);
                    step.score += scores[frame * labels + at.label as usize];
                    let came = self.back.arcs[frame * graph.arcs() + arc as usize];
                    if came != Came::Stayed {
                        self.path.extend(open.take());
                        state = match came {
                            Came::FromNode | Came::Stayed => State::Node(at.from),
                            Came::FromBest | Came::FromOther => {
                                State::Arc(self.arriving(graph, (frame, at.from), came))
                            }
                        };
                    }
                }
            }
        }
        self.path.reverse();
    }

    /// The arc that led to a node at a frame.
    fn arriving(&self, graph: &LabelGraph, (frame, node): (usize, u32), came: Came) -> u32 {
        let place = usize::from(came == Came::FromOther);
        match graph.joins[node as usize] {
            NONE => graph.incoming[node as usize],
            join => self.back.joins[frame * graph.join_count + join as usize][place],
        }
    }
}

/// A place among arcs or frames.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a graph has at most a million arcs, and no sound so many frames"
)]
fn id(place: usize) -> u32 {
    place as u32
}

#[cfg(test)]
mod tests;
