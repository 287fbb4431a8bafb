//! Utterances that can be understood in two ways.

use std::collections::{HashMap, HashSet, VecDeque};

use motet_core::diagnostic::{Code, Diagnostic};
use motet_core::yaml::Place;

use super::Grammar;
use super::network::{Network, WordArc};

/// Most pairs of nodes that are looked at.
const PAIRS_MAX: usize = 1 << 20;

/// Two nodes that the same words lead to, and whether these words mean something else on the two ways.
type Pair = (u32, u32, bool);

/// A warning about one of the shortest utterances that mean two things, though in each reading other words are the value of
/// a slot. Beyond some million pairs of nodes, none is searched for.
///
/// # Source
/// Mohri 2002, "Edit-distance of weighted automata", section 3.1, and Allauzen, Mohri and Rastogi 2008, "General algorithms
/// for testing the ambiguity of finite automata", section 3: the automaton crossed with itself.
pub(super) fn alike(grammar: &Grammar, network: &Network) -> Option<Diagnostic> {
    let arcs = by_node(network);
    let from = |node: u32| arcs[node as usize];
    let mut seen: HashSet<Pair> = HashSet::from([(0, 0, false)]);
    let mut before: HashMap<Pair, (Pair, [WordArc; 2])> = HashMap::new();
    let mut open = VecDeque::from([(0, 0, false)]);
    while let Some(pair) = open.pop_front() {
        let (left, right, differs) = pair;
        if let (Some(first), Some(second)) = (network.ends[left as usize], network.ends[right as usize])
            && (differs || first != second)
        {
            return Some(warning(grammar, network, &way(&before, pair), [first, second]));
        }
        for a in from(left) {
            for b in from(right).iter().filter(|b| b.word == a.word) {
                let next = (a.to, b.to, differs || a.tag != b.tag);
                // Two ways that are the same so far are looked at once.
                if (left == right && !differs && b < a) || seen.contains(&next) {
                    continue;
                }
                if seen.len() >= PAIRS_MAX {
                    return None;
                }
                seen.insert(next);
                before.insert(next, (pair, [*a, *b]));
                open.push_back(next);
            }
        }
    }
    None
}

/// The arcs of each node.
fn by_node(network: &Network) -> Vec<&[WordArc]> {
    (0_u32..)
        .take(network.ends.len())
        .map(|node| {
            let first = network.arcs.partition_point(|arc| arc.from < node);
            let count = network.arcs[first..].partition_point(|arc| arc.from == node);
            &network.arcs[first..first + count]
        })
        .collect()
}

/// The arcs of both ways to a pair.
fn way(before: &HashMap<Pair, (Pair, [WordArc; 2])>, mut pair: Pair) -> Vec<[WordArc; 2]> {
    let mut arcs = Vec::new();
    while let Some((last, both)) = before.get(&pair) {
        arcs.push(*both);
        pair = *last;
    }
    arcs.reverse();
    arcs
}

fn warning(grammar: &Grammar, network: &Network, way: &[[WordArc; 2]], ends: [u32; 2]) -> Diagnostic {
    let words: Vec<&str> = way
        .iter()
        .map(|[arc, _]| network.words[arc.word as usize].as_str())
        .collect();
    let means = |side: usize| {
        let mut meaning = grammar.intents[ends[side] as usize].name.clone();
        let mut last = None;
        for tag in way.iter().map(|arcs| arcs[side].tag) {
            if let Some(tag) = tag.filter(|_| tag != last) {
                let tag = &network.tags[tag as usize];
                meaning.push_str(&format!(" {}={}", tag.name, tag.value));
            }
            last = tag;
        }
        meaning
    };
    let message = format!(
        "`{}` means both `{}` and `{}`",
        words.join(" "),
        means(0),
        means(1)
    );
    let span = |end: u32| {
        grammar.intents[end as usize]
            .path
            .find(&grammar.source, Place::Key)
    };
    let mut warning = Diagnostic::warning(Code("MT0609"), span(ends[1]), message);
    if ends[0] != ends[1] {
        warning = warning.and(span(ends[0]), "the other");
    }
    warning
        .help("what is heard is the same, so that either may be answered: say one of them with other words")
}
