//! A linear chain of tags: its likelihood and the gradient of it, for training.
//!
//! The best path is found by [`motet_engine::decode`]. Here is what training needs: how likely the right path is among
//! all that are allowed, and how each score moves that. It is computed outside of Burn, because a chain of small steps is
//! what Burn is slow at; [`Chain::gradient`] gives numbers that Burn goes on from.
//!
//! # Source
//! Lafferty, McCallum and Pereira 2001, "Conditional random fields", section 3; Rabiner 1989, "A tutorial on hidden
//! Markov models", section V.A, for the scaling.

/// Which tags may follow which: BIO, so that `I-x` stands after `B-x` and `I-x` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    tags: usize,
    follows: Vec<bool>,
    starts: Vec<bool>,
}

impl Allowed {
    /// What BIO allows among tags of these names.
    pub fn bio<T: AsRef<str>>(names: &[T]) -> Self {
        let inner = |name: &str| name.strip_prefix("I-").map(str::to_owned);
        let of = |name: &str| name.get(2..).unwrap_or_default().to_owned();
        let follows = names.iter().flat_map(|before| {
            let before = before.as_ref();
            names.iter().map(move |after| match inner(after.as_ref()) {
                Some(kind) => before != "O" && of(before) == kind,
                None => true,
            })
        });
        Self {
            tags: names.len(),
            follows: follows.collect(),
            starts: names.iter().map(|name| inner(name.as_ref()).is_none()).collect(),
        }
    }

    /// Scores of transitions, minus infinity where they are not allowed: `[tags, tags]`.
    pub fn transitions(&self, scores: &[f32]) -> Vec<f32> {
        masked(scores, &self.follows)
    }

    /// Scores of beginnings, minus infinity where they are not allowed: `[tags]`.
    pub fn start(&self, scores: &[f32]) -> Vec<f32> {
        masked(scores, &self.starts)
    }

    /// True for a path that is allowed.
    pub fn allows(&self, path: &[usize]) -> bool {
        let starts = path.first().is_none_or(|first| self.starts[*first]);
        starts
            && path
                .windows(2)
                .all(|pair| self.follows[pair[0] * self.tags + pair[1]])
    }
}

fn masked(scores: &[f32], allowed: &[bool]) -> Vec<f32> {
    let pairs = scores.iter().zip(allowed);
    pairs
        .map(|(score, allowed)| if *allowed { *score } else { f32::NEG_INFINITY })
        .collect()
}

/// A chain with its scores as factors.
#[derive(Clone, Debug)]
pub struct Chain {
    tags: usize,
    /// Exponentials of the scores of transitions; 0 where they are not allowed.
    transitions: Vec<f32>,
    start: Vec<f32>,
    end: Vec<f32>,
    /// The scores themselves, of what is allowed.
    scores: [Vec<f32>; 3],
}

/// How the loss moves with each score.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// `[tags, tags]`.
    pub transitions: Vec<f32>,
    /// `[tags]`.
    pub start: Vec<f32>,
    /// `[tags]`.
    pub end: Vec<f32>,
}

impl Gradient {
    /// Zero.
    pub fn zero(tags: usize) -> Self {
        Self {
            transitions: vec![0.0; tags * tags],
            start: vec![0.0; tags],
            end: vec![0.0; tags],
        }
    }
}

impl Chain {
    /// A chain of scores: `[tags, tags]` from a row to the next, `[tags]` to begin and to end with.
    ///
    /// # Panics
    /// If the scores are of another number of tags.
    pub fn new(allowed: &Allowed, transitions: &[f32], start: &[f32], end: &[f32]) -> Self {
        let tags = allowed.tags;
        assert!(transitions.len() == tags * tags && start.len() == tags && end.len() == tags);
        let factors = |scores: &[f32]| scores.iter().map(|score| score.exp()).collect::<Vec<f32>>();
        let (transitions, start) = (allowed.transitions(transitions), allowed.start(start));
        Self {
            tags,
            transitions: factors(&transitions),
            start: factors(&start),
            end: factors(end),
            scores: [transitions, start, end.to_vec()],
        }
    }

    /// The negative logarithm of the likelihood of `path`, and its gradient: that of `emissions` is written into
    /// `of_emissions`, that of the chain is added to `of_chain`.
    ///
    /// # Shapes
    /// `emissions` and `of_emissions` are `[rows, tags]`, `path` is `[rows]`, at least one.
    ///
    /// # Panics
    /// If the shapes are others.
    pub fn gradient(
        &self,
        emissions: &[f32],
        path: &[usize],
        of_emissions: &mut [f32],
        of_chain: &mut Gradient,
    ) -> f32 {
        let (tags, rows) = (self.tags, path.len());
        assert!(rows > 0 && emissions.len() == rows * tags && of_emissions.len() == rows * tags);
        let factors = Factors::of(emissions, tags);
        let (forward, scales, end_scale) = self.forward(&factors, rows);
        let log_scales: f32 = scales.iter().chain([&end_scale]).map(|scale| scale.ln()).sum();
        let normaliser = log_scales + factors.largest.iter().sum::<f32>();
        // Rows from the last to the first; `after` is what comes behind a row, for each of its tags.
        let mut after: Vec<f32> = self.end.iter().map(|end| end / end_scale).collect();
        let last = &forward[(rows - 1) * tags..];
        for ((to, forward), end) in of_chain.end.iter_mut().zip(last).zip(&after) {
            *to += forward * end;
        }
        let mut weighed = vec![0.0; tags];
        for row in (0..rows).rev() {
            let here = &forward[row * tags..][..tags];
            let to = &mut of_emissions[row * tags..][..tags];
            for ((to, here), after) in to.iter_mut().zip(here).zip(&after) {
                *to = here * after;
            }
            if row == 0 {
                break;
            }
            let emission = &factors.values[row * tags..][..tags];
            for ((weighed, emission), after) in weighed.iter_mut().zip(emission).zip(&after) {
                *weighed = emission * after / scales[row];
            }
            let before = &forward[(row - 1) * tags..][..tags];
            let lines = self.transitions.chunks_exact(tags);
            let to = of_chain.transitions.chunks_exact_mut(tags);
            for (((before, line), to), after) in before.iter().zip(lines).zip(to).zip(&mut after) {
                let mut sum = 0.0;
                for ((factor, weighed), to) in line.iter().zip(&weighed).zip(to) {
                    let product = factor * weighed;
                    sum += product;
                    *to += before * product;
                }
                *after = sum;
            }
        }
        for (to, of) in of_chain.start.iter_mut().zip(&of_emissions[..tags]) {
            *to += of;
        }
        normaliser - self.take_path(emissions, path, of_emissions, of_chain)
    }

    /// Probabilities of tags given all before, the sum of each row before it was made 1, and that behind the last.
    fn forward(&self, factors: &Factors, rows: usize) -> (Vec<f32>, Vec<f32>, f32) {
        let tags = self.tags;
        let mut forward = vec![0.0; rows * tags];
        let mut scales = Vec::with_capacity(rows);
        for row in 0..rows {
            let (before, rest) = forward.split_at_mut(row * tags);
            let here = &mut rest[..tags];
            match row {
                0 => here.copy_from_slice(&self.start),
                _ => {
                    let before = &before[(row - 1) * tags..];
                    for (before, line) in before.iter().zip(self.transitions.chunks_exact(tags)) {
                        for (here, factor) in here.iter_mut().zip(line) {
                            *here += before * factor;
                        }
                    }
                }
            }
            let emission = &factors.values[row * tags..][..tags];
            for (here, emission) in here.iter_mut().zip(emission) {
                *here *= emission;
            }
            let scale = here.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            here.iter_mut().for_each(|value| *value /= scale);
            scales.push(scale);
        }
        let last = &forward[(rows - 1) * tags..];
        let end_scale: f32 = last.iter().zip(&self.end).map(|(a, b)| a * b).sum();
        (forward, scales, end_scale.max(f32::MIN_POSITIVE))
    }

    /// Takes the right path off the gradients and returns its score.
    fn take_path(
        &self,
        emissions: &[f32],
        path: &[usize],
        of_emissions: &mut [f32],
        of_chain: &mut Gradient,
    ) -> f32 {
        let tags = self.tags;
        let [transitions, start, end] = &self.scores;
        let (first, last) = (path[0], path[path.len() - 1]);
        let mut score = start[first] + end[last];
        of_chain.start[first] -= 1.0;
        of_chain.end[last] -= 1.0;
        for (row, tag) in path.iter().enumerate() {
            score += emissions[row * tags + tag];
            of_emissions[row * tags + tag] -= 1.0;
        }
        for pair in path.windows(2) {
            let at = pair[0] * tags + pair[1];
            score += transitions[at];
            of_chain.transitions[at] -= 1.0;
        }
        score
    }
}

/// Exponentials of the scores of rows, the largest of each row made 1.
struct Factors {
    values: Vec<f32>,
    largest: Vec<f32>,
}

impl Factors {
    fn of(emissions: &[f32], tags: usize) -> Self {
        let rows = emissions.chunks_exact(tags);
        let largest: Vec<f32> = rows
            .clone()
            .map(|row| row.iter().copied().fold(f32::NEG_INFINITY, f32::max))
            .collect();
        let values = rows
            .zip(&largest)
            .flat_map(|(row, largest)| row.iter().map(move |score| (score - largest).exp()));
        Self {
            values: values.collect(),
            largest,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["O", "B-a", "I-a", "B-b"];

    /// The loss by going through every path.
    fn slow(scores: [&[f32]; 4], path: &[usize]) -> f64 {
        let [emissions, transitions, start, end] = scores;
        let allowed = Allowed::bio(&NAMES);
        let (tags, rows) = (NAMES.len(), path.len());
        let score = |path: &[usize]| {
            let rows = path
                .iter()
                .enumerate()
                .map(|(row, tag)| emissions[row * tags + tag]);
            let steps = path.windows(2).map(|pair| transitions[pair[0] * tags + pair[1]]);
            let ends = [start[path[0]], end[path[path.len() - 1]]];
            rows.chain(steps).chain(ends).map(f64::from).sum::<f64>()
        };
        let paths = (0..tags.pow(u32::try_from(rows).unwrap()))
            .map(|number| {
                (0..rows)
                    .map(|row| number / tags.pow(u32::try_from(row).unwrap()) % tags)
                    .collect::<Vec<usize>>()
            })
            .filter(|path| allowed.allows(path));
        paths.map(|path| score(&path).exp()).sum::<f64>().ln() - score(path)
    }

    fn numbers(count: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-3.0f32..3.0, count)
    }

    fn paths() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(0usize..4, 1..5)
            .prop_filter("allowed", |path| Allowed::bio(&NAMES).allows(path))
    }

    proptest! {
        #[test]
        fn the_loss_is_that_of_all_paths_and_its_gradient_that_of_small_differences(
            (path, emissions, transitions, start, end) in paths().prop_flat_map(|path| {
                let rows = path.len();
                (Just(path), numbers(4 * rows), numbers(16), numbers(4), numbers(4))
            })
        ) {
            let allowed = Allowed::bio(&NAMES);
            let mut of_emissions = vec![9.0; emissions.len()];
            let mut of_chain = Gradient::zero(4);
            let loss = Chain::new(&allowed, &transitions, &start, &end)
                .gradient(&emissions, &path, &mut of_emissions, &mut of_chain);
            prop_assert!((f64::from(loss) - slow([&emissions, &transitions, &start, &end], &path)).abs() < 1e-4);
            let found = [&of_emissions, &of_chain.transitions, &of_chain.start, &of_chain.end];
            let given = [emissions, transitions, start, end];
            for (which, found) in found.into_iter().enumerate() {
                for (at, found) in found.iter().enumerate() {
                    let moved = |by: f32| {
                        let mut given = given.clone();
                        given[which][at] += by;
                        let [a, b, c, d] = &given;
                        slow([a, b, c, d], &path)
                    };
                    let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                    prop_assert!((f64::from(*found) - expected).abs() < 1e-3, "{which} {at}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn an_inner_tag_follows_its_own_kind_alone() {
        let allowed = Allowed::bio(&NAMES);
        assert!(allowed.allows(&[1, 2, 2, 3, 0]));
        for path in [&[2][..], &[0, 2], &[3, 2], &[1, 0, 2]] {
            assert!(!allowed.allows(path), "{path:?}");
        }
    }
}
