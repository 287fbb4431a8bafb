//! The best path through a linear chain of labels.

/// Scores of a linear-chain conditional random field beside those of its rows: logarithms, or any scores that add.
/// Minus infinity forbids; NaN does too.
///
/// # Source
/// Viterbi 1967, "Error bounds for convolutional codes"; Lafferty, McCallum and Pereira 2001, "Conditional random
/// fields".
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    /// `[labels, labels]`: from the label of a row to that of the next.
    pub transitions: &'a [f32],
    /// `[labels]`: to begin with a label.
    pub start: &'a [f32],
    /// `[labels]`: to end with a label.
    pub end: &'a [f32],
}

impl Chain<'_> {
    /// How many labels there are.
    pub fn labels(&self) -> usize {
        self.start.len()
    }

    /// Numbers that [`Chain::best`] needs for so many rows.
    pub fn scratch(&self, rows: usize) -> usize {
        rows * self.labels()
    }

    /// Writes the labels of the best path and returns its score: that of its start, its rows, its transitions and
    /// its end. None if all paths are forbidden; then `path` means nothing. Of paths with equal scores, it is the
    /// one with the first labels, seen from the end. A path of no rows has the score 0.
    ///
    /// # Shapes
    /// `emissions` is `[rows, labels]`, `path` is `[rows]`, `scratch` has [`Chain::scratch`] numbers.
    ///
    /// # Panics
    /// The slices are not of these sizes.
    pub fn best(&self, emissions: &[f32], scratch: &mut [f32], path: &mut [u32]) -> Option<f32> {
        let labels = self.labels();
        assert!(self.transitions.len() == labels * labels && self.end.len() == labels);
        assert!(emissions.len() == path.len() * labels && scratch.len() >= emissions.len());
        if path.is_empty() {
            return Some(0.0);
        }
        if labels == 0 {
            return None;
        }
        let scratch = &mut scratch[..emissions.len()];
        self.forward(emissions, scratch);
        let mut rows = scratch.rchunks_exact(labels);
        let last = rows.next()?;
        let (mut label, score) = best(last.iter().zip(self.end).map(|(score, end)| score + end))?;
        // The same sums as on the way forward have the same largest one.
        let mut places = path.iter_mut().rev();
        if let Some(place) = places.next() {
            *place = label;
        }
        for (place, row) in places.zip(rows) {
            let to = self.transitions.iter().skip(label as usize).step_by(labels);
            (label, _) = best(row.iter().zip(to).map(|(score, transition)| score + transition))?;
            *place = label;
        }
        Some(score)
    }

    /// Writes the score of the best path to each label of each row.
    fn forward(&self, emissions: &[f32], scores: &mut [f32]) {
        let labels = self.labels();
        let (mut before, mut rest) = scores.split_at_mut(labels);
        for ((score, start), emission) in before.iter_mut().zip(self.start).zip(emissions) {
            *score = start + emission;
        }
        for emissions in emissions.chunks_exact(labels).skip(1) {
            let (row, behind) = rest.split_at_mut(labels);
            row.fill(f32::NEG_INFINITY);
            for (from, transitions) in before.iter().zip(self.transitions.chunks_exact(labels)) {
                for (best, transition) in row.iter_mut().zip(transitions) {
                    let score = from + transition;
                    *best = if score > *best { score } else { *best };
                }
            }
            for (score, emission) in row.iter_mut().zip(emissions) {
                *score += emission;
            }
            (before, rest) = (row, behind);
        }
    }
}

/// The first of the largest scores; none if no score is above minus infinity.
fn best(scores: impl Iterator<Item = f32>) -> Option<(u32, f32)> {
    let mut best = None;
    let mut largest = f32::NEG_INFINITY;
    for (label, score) in (0u32..).zip(scores) {
        if score > largest {
            (best, largest) = (Some((label, score)), score);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_textbook_patient_had_a_fever_on_the_last_day() {
        // Healthy and fever; normal, cold, dizzy. The path healthy, healthy, fever has probability 0.01512:
        // Russell and Norvig's filtering example in the form that Wikipedia's "Viterbi algorithm" gives.
        let log = |values: &[f32]| values.iter().map(|x| x.ln()).collect::<Vec<f32>>();
        let chain = Chain {
            transitions: &log(&[0.7, 0.3, 0.4, 0.6]),
            start: &log(&[0.6, 0.4]),
            end: &[0.0, 0.0],
        };
        let mut path = [9; 3];
        let days = log(&[0.5, 0.1, 0.4, 0.3, 0.1, 0.6]);
        let score = chain.best(&days, &mut [f32::NAN; 6], &mut path).unwrap();
        assert_eq!(path, [0, 0, 1]);
        assert!((score.exp() - 0.01512).abs() < 1e-6);
    }

    #[test]
    fn what_is_forbidden_is_not_taken() {
        const NO: f32 = f32::NEG_INFINITY;
        let check = |transitions: [f32; 4], emissions: &[f32], expected: Option<&[u32]>| {
            let chain = Chain {
                transitions: &transitions,
                start: &[0.0, 0.0],
                end: &[0.0, 0.0],
            };
            let mut path = vec![9; emissions.len() / 2];
            let score = chain.best(emissions, &mut vec![0.0; emissions.len()], &mut path);
            assert_eq!(score.map(|_| &path[..]), expected);
        };
        check([0.0, NO, 0.0, 0.0], &[5.0, 0.0, 0.0, 9.0], Some(&[1, 1]));
        check([NO, NO, NO, NO], &[1.0, 2.0], Some(&[1]));
        check([NO, NO, NO, NO], &[1.0, 2.0, 3.0, 4.0], None);
        check([0.0; 4], &[f32::NAN, 1.0, 2.0, f32::NAN], Some(&[1, 0]));
        check([0.0; 4], &[f32::NAN, f32::NAN], None);
        check([0.0; 4], &[0.0; 6], Some(&[0, 0, 0]));
        check([0.0; 4], &[], Some(&[]));
    }

    /// The score of one path.
    fn of(chain: &Chain<'_>, emissions: &[f32], path: &[usize]) -> f64 {
        let labels = chain.labels();
        let sum = |scores: Vec<f32>| scores.into_iter().map(f64::from).sum::<f64>();
        let rows = path
            .iter()
            .enumerate()
            .map(|(row, label)| emissions[row * labels + label]);
        let steps = path
            .windows(2)
            .map(|pair| chain.transitions[pair[0] * labels + pair[1]]);
        let ends = [chain.start[path[0]], chain.end[path[path.len() - 1]]];
        sum(rows.chain(steps).chain(ends).collect())
    }

    /// Scores of which a fifth is forbidden.
    fn scores(count: usize) -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(
            prop_oneof![4 => -4.0f32..4.0, 1 => Just(f32::NEG_INFINITY)],
            count,
        )
    }

    proptest! {
        #[test]
        fn no_path_is_better(
            (rows, transitions, start, end, emissions) in (1usize..6, 1usize..5).prop_flat_map(|(rows, labels)| {
                (Just(rows), scores(labels * labels), scores(labels), scores(labels), scores(rows * labels))
            })
        ) {
            let chain = Chain { transitions: &transitions, start: &start, end: &end };
            let labels = chain.labels();
            let mut path = vec![9; rows];
            let seen = chain.best(&emissions, &mut vec![f32::NAN; chain.scratch(rows)], &mut path);
            let mut best = f64::NEG_INFINITY;
            for number in 0..labels.pow(u32::try_from(rows).unwrap()) {
                let path: Vec<usize> = (0..rows).map(|row| number / labels.pow(u32::try_from(row).unwrap()) % labels).collect();
                best = best.max(of(&chain, &emissions, &path));
            }
            match seen {
                None => prop_assert!(best == f64::NEG_INFINITY),
                Some(score) => {
                    let path: Vec<usize> = path.iter().map(|label| *label as usize).collect();
                    prop_assert!((f64::from(score) - best).abs() < 1e-4, "{score} {best}");
                    prop_assert!((of(&chain, &emissions, &path) - best).abs() < 1e-4);
                }
            }
        }
    }
}
