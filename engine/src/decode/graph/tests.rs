use proptest::prelude::*;

use super::*;

const BLANK: usize = 0;

fn arc(from: u32, to: u32, label: u32) -> Arc {
    Arc { to, from, label }
}

/// All strings of at most so many arcs from the start to an end.
fn strings(graph: &[Arc], ends: &[u32], longest: usize) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut open = vec![(0, Vec::new())];
    while let Some((node, string)) = open.pop() {
        if ends.contains(&node) {
            found.push(string.clone());
        }
        if string.len() < longest {
            for (index, arc) in graph.iter().enumerate().filter(|(_, arc)| arc.from == node) {
                let mut longer: Vec<usize> = string.clone();
                longer.push(index);
                open.push((arc.to, longer));
            }
        }
    }
    found
}

/// The best alignment of frames with a string of arcs, by trying all.
fn slow(scores: &[f32], labels: usize, string: &[(u32, f32)]) -> f32 {
    // Symbols: blank, label, blank, ..., as in the figure of the paper.
    let mut symbols = vec![(BLANK, 0.0)];
    for (label, weight) in string {
        symbols.extend([(*label as usize, *weight), (BLANK, 0.0)]);
    }
    fn go(rows: &[&[f32]], symbols: &[(usize, f32)], at: usize) -> f32 {
        let Some((row, rest)) = rows.split_first() else {
            return if at + 2 >= symbols.len() {
                0.0
            } else {
                f32::NEG_INFINITY
            };
        };
        let own = row[symbols[at].0];
        let mut ways = vec![go(rest, symbols, at)];
        if at + 1 < symbols.len() {
            ways.push(go(rest, symbols, at + 1) + symbols[at + 1].1);
        }
        if at + 2 < symbols.len() && symbols[at].0 != symbols[at + 2].0 && symbols[at + 2].0 != BLANK {
            ways.push(go(rest, symbols, at + 2) + symbols[at + 2].1);
        }
        // A way is chosen for the frame behind; without one the string must be complete.
        own + match rest.is_empty() {
            true => go(rest, symbols, at),
            false => ways.into_iter().fold(f32::NEG_INFINITY, f32::max),
        }
    }
    let rows: Vec<&[f32]> = scores.chunks(labels).collect();
    let first = go(&rows, &symbols, 0);
    let second = match symbols.len() {
        1 => f32::NEG_INFINITY,
        _ => go(&rows, &symbols, 1) + symbols[1].1,
    };
    first.max(second)
}

fn search(graph: &[Arc], ends: &[u32], (scores, weights): (&[f32], &[f32])) -> Option<(Vec<Step>, f32)> {
    let nodes = graph
        .iter()
        .map(|arc| arc.from.max(arc.to) + 1)
        .max()
        .unwrap_or(1);
    let graph = LabelGraph::new(nodes as usize, graph, 0, ends).unwrap();
    let mut search = Search::new(&graph, 8);
    let found = search.best(&graph, (scores, 4, BLANK), weights);
    found.map(|(path, score)| (path.to_vec(), score))
}

proptest! {
    #[test]
    fn it_is_the_best_of_all_strings_and_alignments(
        graph in prop::collection::vec((0u32..4, 0u32..4, 1u32..4), 1..7),
        ends in prop::collection::vec(0u32..4, 1..3),
        scores in prop::collection::vec(-9i8..0, 0..5),
        weights in prop::collection::vec(-3i8..3, 7),
        more in prop::collection::vec(-9i8..0, 15),
    ) {
        let mut arcs: Vec<Arc> = graph.iter().map(|(from, to, label)| arc(*from, *to, *label)).collect();
        // So that every node is there.
        arcs.push(arc(3, 3, 1));
        let frames = scores.len();
        let scores: Vec<f32> = scores.iter().chain(&more).take(4 * frames).map(|score| f32::from(*score)).collect();
        let weights: Vec<f32> = weights.iter().cycle().take(arcs.len()).map(|weight| f32::from(*weight)).collect();
        let of = |string: &Vec<usize>| -> f32 {
            let string: Vec<(u32, f32)> = string.iter().map(|index| (arcs[*index].label, weights[*index])).collect();
            slow(&scores, 4, &string)
        };
        let expected = strings(&arcs, &ends, frames).iter().map(of).fold(f32::NEG_INFINITY, f32::max);
        match search(&arcs, &ends, (&scores, &weights)) {
            None => prop_assert!(expected == f32::NEG_INFINITY),
            Some((path, score)) => {
                prop_assert!((score - expected).abs() < 1e-3, "{} {}", score, expected);
                // The path itself leads from the start to an end, and has the score.
                let mut node = 0;
                let mut at = 0;
                let mut sum = 0.0;
                for step in &path {
                    let arc = arcs[step.arc as usize];
                    prop_assert_eq!(arc.from, node);
                    prop_assert!(step.start >= at && step.end > step.start);
                    let blanks = (at..step.start).map(|frame| scores[4 * frame as usize]);
                    sum += blanks.sum::<f32>() + step.score + weights[step.arc as usize];
                    (node, at) = (arc.to, step.end);
                }
                sum += (at as usize..frames).map(|frame| scores[4 * frame]).sum::<f32>();
                prop_assert!(ends.contains(&node));
                prop_assert!((sum - score).abs() < 1e-3);
            }
        }
    }
}

#[test]
fn equal_labels_need_a_blank_between_them() {
    let graph = [arc(0, 1, 2), arc(1, 2, 2)];
    let of = |frames: &[usize]| -> Vec<f32> {
        let row = |label: &usize| {
            let label = *label;
            (0..4).map(move |at| if at == label { 0.0 } else { f32::NEG_INFINITY })
        };
        frames.iter().flat_map(row).collect()
    };
    let spoken = |frames: &[usize]| {
        let found = search(&graph, &[2], (&of(frames), &[0.0, 0.0]));
        found.map(|(path, _)| {
            path.iter()
                .map(|step| (step.arc, step.start, step.end))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(spoken(&[2, 2, 0, 2]), Some(vec![(0, 0, 2), (1, 3, 4)]));
    assert_eq!(spoken(&[0, 2, 0, 2, 0]), Some(vec![(0, 1, 2), (1, 3, 4)]));
    assert_eq!(spoken(&[2, 2, 2]), None);
    assert_eq!(spoken(&[2]), None);
    assert_eq!(spoken(&[]), None);
}

#[test]
fn a_graph_that_cannot_be_is_refused() {
    assert_eq!(
        LabelGraph::new(2, &[arc(0, 2, 1)], 0, &[1]),
        Err(GraphError::NoSuchNode { node: 2, nodes: 2 })
    );
    assert_eq!(
        LabelGraph::new(GRAPH_STATES_MAX + 1, &[], 0, &[]),
        Err(GraphError::TooLarge {
            found: GRAPH_STATES_MAX + 1
        })
    );
    let nothing = LabelGraph::new(1, &[], 0, &[0]).unwrap();
    let mut search = Search::new(&nothing, 2);
    let silence = search.best(&nothing, (&[-1.0, -2.0], 1, 0), &[]);
    assert_eq!(silence.map(|(path, score)| (path.len(), score)), Some((0, -3.0)));
}
