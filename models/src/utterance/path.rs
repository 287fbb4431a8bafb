//! The chain of a net for the way to the best path, and how likely parts of a path are.

use std::ops::Range;

use motet_engine::decode::viterbi;

use super::crf::Allowed;
use super::net::UtteranceNet;
use crate::lowering::{LowerError, values};

/// Scores of the chain of a net, with minus infinity for what BIO does not allow: no path through it begins with `I-x`
/// or goes on with it after anything but `B-x` and `I-x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    transitions: Vec<f32>,
    start: Vec<f32>,
    end: Vec<f32>,
    factors: Factors,
}

/// Exponentials of the scores, the largest of each made 1; 0 for what is not allowed.
#[derive(Clone, Debug, PartialEq)]
struct Factors {
    /// `[to, from]`: the other way round than the scores.
    backward: Vec<f32>,
    /// `[from, to]`.
    forward: Vec<f32>,
    start: Vec<f32>,
    end: Vec<f32>,
    /// For each tag, the one that goes on with its slot.
    inner: Vec<Option<usize>>,
}

impl Path {
    /// The chain of a net for tags of these names; none where it has no tags.
    ///
    /// # Errors
    /// [`LowerError::Reference`] if Burn does not give it.
    pub fn of(net: &UtteranceNet, tags: &[String]) -> Result<Option<Self>, LowerError> {
        let (Some(transitions), Some(start), Some(end)) = (&net.transitions, &net.start, &net.end) else {
            return Ok(None);
        };
        let scores = [values(transitions)?, values(start)?, values(end)?];
        Ok(Some(Self::new(tags, scores)))
    }

    fn new(tags: &[String], [transitions, start, end]: [Vec<f32>; 3]) -> Self {
        let allowed = Allowed::bio(tags);
        let (transitions, start) = (allowed.transitions(&transitions), allowed.start(&start));
        let forward = exponentials(&transitions);
        let count = tags.len();
        let turned = (0..count).flat_map(|to| (0..count).map(move |from| (from, to)));
        let inner = tags.iter().map(|tag| {
            let name = format!("I-{}", tag.get(2..)?);
            tags.iter().position(|other| *other == name)
        });
        let factors = Factors {
            backward: turned.map(|(from, to)| forward[from * count + to]).collect(),
            forward,
            start: exponentials(&start),
            end: exponentials(&end),
            inner: inner.collect(),
        };
        Self {
            transitions,
            start,
            end,
            factors,
        }
    }

    /// The chain, to look for the best path.
    pub fn chain(&self) -> viterbi::Chain<'_> {
        viterbi::Chain {
            transitions: &self.transitions,
            start: &self.start,
            end: &self.end,
        }
    }

    /// Bytes that a chain of so many tags holds.
    pub fn bytes_for(tags: usize) -> usize {
        4 * (3 * tags * tags + 4 * tags) + tags * size_of::<Option<usize>>()
    }

    /// Numbers that [`Path::marginals`] needs for so many rows.
    pub fn scratch(&self, rows: usize) -> usize {
        3 * rows * self.start.len()
    }

    /// How likely parts of paths are, for these scores of rows.
    ///
    /// # Shapes
    /// `emissions` is `[rows, tags]`, at least one row; `scratch` has [`Path::scratch`] numbers.
    ///
    /// # Panics
    /// If the slices are not of these sizes.
    ///
    /// # Source
    /// Lafferty, McCallum and Pereira 2001, "Conditional random fields", section 3; Rabiner 1989, "A tutorial on hidden
    /// Markov models", section V.A, for the scaling.
    pub fn marginals<'a>(&'a self, emissions: &[f32], scratch: &'a mut [f32]) -> Marginals<'a> {
        let tags = self.start.len();
        assert!(!emissions.is_empty() && emissions.len().is_multiple_of(tags));
        let (forward, rest) = scratch.split_at_mut(emissions.len());
        let (rows, rest) = rest.split_at_mut(emissions.len());
        let backward = &mut rest[..emissions.len()];
        self.go_forward(emissions, rows, forward);
        self.go_backward(rows, forward, backward);
        Marginals {
            factors: &self.factors,
            forward,
            rows,
            backward,
        }
    }

    /// Writes the probabilities of tags given all rows before, and the factors of rows, each divided by the sum of its row.
    fn go_forward(&self, emissions: &[f32], rows: &mut [f32], forward: &mut [f32]) {
        let tags = self.start.len();
        let emissions = emissions.chunks_exact(tags);
        for (row, (scores, factors)) in emissions.zip(rows.chunks_exact_mut(tags)).enumerate() {
            let (before, here) = forward.split_at_mut(row * tags);
            let here = &mut here[..tags];
            match row {
                0 => here.copy_from_slice(&self.factors.start),
                _ => {
                    here.fill(0.0);
                    add_products(&before[(row - 1) * tags..], &self.factors.forward, here);
                }
            }
            let largest = largest(scores);
            for ((factor, score), here) in factors.iter_mut().zip(scores).zip(here.iter_mut()) {
                *factor = (score - largest).exp();
                *here *= *factor;
            }
            let scale = 1.0 / here.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            here.iter_mut().chain(factors).for_each(|value| *value *= scale);
        }
    }

    /// Writes what comes behind each row, so that its products with what came before sum up to 1.
    fn go_backward(&self, rows: &[f32], forward: &[f32], backward: &mut [f32]) {
        let tags = self.start.len();
        let last = forward.len() - tags;
        let ends = forward[last..].iter().zip(&self.factors.end);
        let scale = 1.0 / ends.map(|(a, b)| a * b).sum::<f32>().max(f32::MIN_POSITIVE);
        for (value, end) in backward[last..].iter_mut().zip(&self.factors.end) {
            *value = end * scale;
        }
        for row in (1..backward.len() / tags).rev() {
            let (here, behind) = backward.split_at_mut(row * tags);
            let here = &mut here[(row - 1) * tags..];
            here.fill(0.0);
            let lines = self.factors.backward.chunks_exact(tags);
            let weights = behind.iter().zip(&rows[row * tags..]);
            for (line, (behind, factor)) in lines.zip(weights) {
                let weight = behind * factor;
                here.iter_mut()
                    .zip(line)
                    .for_each(|(here, factor)| *here += weight * factor);
            }
        }
    }
}

/// How likely parts of a path are: see [`Path::marginals`].
#[derive(Debug)]
pub struct Marginals<'a> {
    factors: &'a Factors,
    forward: &'a [f32],
    rows: &'a [f32],
    backward: &'a [f32],
}

impl Marginals<'_> {
    /// The share of all paths, each counted as likely as it is, that have these tags at these rows and do not go on with
    /// the slot behind them: from 0 to 1.
    ///
    /// # Panics
    /// If there are no tags at these rows.
    pub fn of(&self, rows: Range<usize>, tags: &[u32]) -> f32 {
        assert!(!rows.is_empty() && rows.len() == tags.len());
        let count = self.factors.start.len();
        let step = |from: usize, row: usize, to: usize| {
            self.factors.forward[from * count + to] * self.rows[row * count + to]
        };
        let mut tag = tags[0] as usize;
        let mut before = self.forward[rows.start * count + tag];
        for (row, next) in rows.clone().zip(tags).skip(1) {
            before *= step(tag, row, *next as usize);
            tag = *next as usize;
        }
        let whole = before * self.backward[(rows.end - 1) * count + tag];
        let longer = match self.factors.inner[tag] {
            Some(inner) if rows.end * count < self.rows.len() => {
                before * step(tag, rows.end, inner) * self.backward[rows.end * count + inner]
            }
            Some(_) | None => 0.0,
        };
        (whole - longer).clamp(0.0, 1.0)
    }
}

/// Adds `weights` times the rows of a matrix to `sums`.
fn add_products(weights: &[f32], matrix: &[f32], sums: &mut [f32]) {
    for (weight, row) in weights.iter().zip(matrix.chunks_exact(sums.len())) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += weight * value;
        }
    }
}

fn exponentials(scores: &[f32]) -> Vec<f32> {
    let largest = largest(scores);
    scores.iter().map(|score| (score - largest).exp()).collect()
}

fn largest(scores: &[f32]) -> f32 {
    scores.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 5] = ["O", "B-a", "I-a", "B-b", "I-b"];

    fn numbers(count: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-3.0f32..3.0, count)
    }

    proptest! {
        #[test]
        fn a_part_is_as_likely_as_all_paths_with_it_together(
            (rows, start_row, length) in (1_usize..5).prop_flat_map(|rows| (Just(rows), 0..rows))
                .prop_flat_map(|(rows, start)| (Just(rows), Just(start), 1..=rows - start)),
            kind in 0_u32..2,
            transitions in numbers(25), start in numbers(5), end in numbers(5), emissions in numbers(20),
        ) {
            let names = NAMES.map(str::to_owned);
            let emissions = &emissions[..rows * 5];
            let path = Path::new(&names, [transitions, start, end]);
            let mut scratch = vec![f32::NAN; path.scratch(rows)];
            let part: Vec<u32> = (0..length).map(|at| 2 * kind + 1 + u32::from(at > 0)).collect();
            let range = start_row..start_row + length;
            let found = path.marginals(emissions, &mut scratch).of(range.clone(), &part);
            // By going through every path; what is not allowed has an exponential of 0.
            let chain = path.chain();
            let (mut all, mut with) = (0.0_f64, 0.0_f64);
            for number in 0..5_usize.pow(u32::try_from(rows).unwrap()) {
                let tags: Vec<usize> = (0..rows).map(|row| number / 5_usize.pow(u32::try_from(row).unwrap()) % 5).collect();
                let mut score = f64::from(chain.start[tags[0]] + chain.end[tags[rows - 1]]);
                score += tags.iter().enumerate().map(|(row, tag)| f64::from(emissions[row * 5 + tag])).sum::<f64>();
                score += tags.windows(2).map(|pair| f64::from(chain.transitions[pair[0] * 5 + pair[1]])).sum::<f64>();
                let has = tags[range.clone()].iter().zip(&part).all(|(a, b)| *a == *b as usize);
                let goes_on = tags.get(range.end).is_some_and(|tag| *tag == 2 * kind as usize + 2);
                all += score.exp();
                with += if has && !goes_on { score.exp() } else { 0.0 };
            }
            prop_assert!((f64::from(found) - with / all).abs() < 1e-4, "{found} {}", with / all);
        }
    }
}
