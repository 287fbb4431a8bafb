//! The probabilities of tags and of pairs of tags in all sequences at once.

/// Weights of pairs of tags and of the first and last tag, with their exponentials.
#[derive(Clone, Debug)]
pub(super) struct Chained {
    pub(super) labels: usize,
    /// `[labels, labels]`.
    pub(super) transitions: Vec<f64>,
    pub(super) start: Vec<f64>,
    pub(super) end: Vec<f64>,
    /// `[from, to]` and, so that both ways read it row by row, `[to, from]`.
    factors: Vec<f64>,
    factors_turned: Vec<f64>,
}

/// Memory of the way forward and back.
#[derive(Clone, Debug, Default)]
pub(super) struct Lattice {
    /// `[rows, labels]`: exponentials of the emissions less the largest of the row.
    factors: Vec<f64>,
    /// `[rows, labels]`: share of each label among all that leads to its row.
    forward: Vec<f64>,
    /// `[rows]`: what the shares of a row were divided by.
    scales: Vec<f64>,
    /// `[labels]` each.
    backward: Vec<f64>,
    arriving: Vec<f64>,
    /// `[rows, labels]`: the probability that a row has a label.
    pub(super) labels: Vec<f64>,
    /// `[labels, labels]`: the expected number of pairs.
    pub(super) pairs: Vec<f64>,
}

impl Chained {
    pub(super) fn new(labels: usize) -> Self {
        Self {
            labels,
            transitions: vec![0.0; labels * labels],
            start: vec![0.0; labels],
            end: vec![0.0; labels],
            factors: vec![1.0; labels * labels],
            factors_turned: vec![1.0; labels * labels],
        }
    }

    /// Takes the exponentials of the transitions anew.
    pub(super) fn refresh(&mut self) {
        for (from, row) in self.transitions.chunks_exact(self.labels).enumerate() {
            for (to, transition) in row.iter().enumerate() {
                let factor = transition.exp();
                self.factors[from * self.labels + to] = factor;
                self.factors_turned[to * self.labels + from] = factor;
            }
        }
    }

    /// The score of one sequence.
    #[cfg(test)]
    pub(super) fn score(&self, emissions: &[f64], path: &[usize]) -> f64 {
        let rows: f64 = path
            .iter()
            .zip(emissions.chunks_exact(self.labels))
            .map(|(label, row)| row[*label])
            .sum();
        let steps: f64 = path
            .windows(2)
            .map(|pair| self.transitions[pair[0] * self.labels + pair[1]])
            .sum();
        let first = path.first().map_or(0.0, |label| self.start[*label]);
        let last = path.last().map_or(0.0, |label| self.end[*label]);
        rows + steps + first + last
    }
}

impl Lattice {
    /// Writes the probabilities of labels and pairs of at least one row; returns the logarithm of the sum of the
    /// exponentials of the scores of all sequences.
    ///
    /// # Source
    /// Rabiner 1989, "A tutorial on hidden Markov models", section V.A, for the scaling.
    pub(super) fn run(&mut self, chained: &Chained, emissions: &[f64]) -> f64 {
        let labels = chained.labels;
        let rows = emissions.len() / labels;
        for memory in [&mut self.factors, &mut self.forward, &mut self.labels] {
            memory.resize(rows * labels, 0.0);
        }
        self.scales.resize(rows, 0.0);
        self.backward.resize(labels, 0.0);
        self.arriving.resize(labels, 0.0);
        self.pairs.clear();
        self.pairs.resize(labels * labels, 0.0);
        let log_sum = self.forwards(chained, emissions);
        let last = (rows - 1) * labels;
        let ends = self.forward[last..]
            .iter()
            .zip(&chained.end)
            .map(|(share, end)| share * end.exp());
        let ending: f64 = ends.sum();
        for (place, end) in self.backward.iter_mut().zip(&chained.end) {
            *place = end.exp() / ending;
        }
        self.backwards(chained, rows);
        for (pairs, factor) in self.pairs.iter_mut().zip(&chained.factors) {
            *pairs *= factor;
        }
        log_sum + ending.ln()
    }

    /// Fills shares and scales from the first row to the last.
    fn forwards(&mut self, chained: &Chained, emissions: &[f64]) -> f64 {
        let labels = chained.labels;
        let mut log_sum = 0.0;
        for (row, emissions) in emissions.chunks_exact(labels).enumerate() {
            let most = emissions.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let factors = &mut self.factors[row * labels..][..labels];
            for (factor, emission) in factors.iter_mut().zip(emissions) {
                *factor = (emission - most).exp();
            }
            let (before, here) = self.forward.split_at_mut(row * labels);
            let here = &mut here[..labels];
            if row == 0 {
                here.iter_mut()
                    .zip(&chained.start)
                    .for_each(|(share, start)| *share = start.exp());
            } else {
                here.fill(0.0);
                let before = &before[(row - 1) * labels..];
                for (share, factors) in before.iter().zip(chained.factors.chunks_exact(labels)) {
                    add_scaled(here, *share, factors);
                }
            }
            here.iter_mut()
                .zip(factors)
                .for_each(|(share, factor)| *share *= *factor);
            let scale: f64 = here.iter().sum();
            here.iter_mut().for_each(|share| *share /= scale);
            self.scales[row] = scale;
            log_sum += most + scale.ln();
        }
        log_sum
    }

    /// Fills the probabilities from the last row to the first; pairs still lack the factors of the transitions.
    fn backwards(&mut self, chained: &Chained, rows: usize) {
        let labels = chained.labels;
        for row in (0..rows).rev() {
            let here = row * labels;
            let shares = self.forward[here..][..labels].iter().zip(&self.backward);
            for (place, (forward, backward)) in self.labels[here..][..labels].iter_mut().zip(shares) {
                *place = forward * backward;
            }
            if row == 0 {
                break;
            }
            let factors = self.factors[here..][..labels].iter().zip(&self.backward);
            for (place, (factor, backward)) in self.arriving.iter_mut().zip(factors) {
                *place = factor * backward / self.scales[row];
            }
            let before = &self.forward[here - labels..here];
            for (pairs, share) in self.pairs.chunks_exact_mut(labels).zip(before) {
                add_scaled(pairs, *share, &self.arriving);
            }
            self.backward.fill(0.0);
            for (arriving, factors) in self
                .arriving
                .iter()
                .zip(chained.factors_turned.chunks_exact(labels))
            {
                add_scaled(&mut self.backward, *arriving, factors);
            }
        }
    }
}

/// Adds a multiple of one row to another. Multiples that are lost beside a probability of 1 are left out.
fn add_scaled(sums: &mut [f64], scale: f64, row: &[f64]) {
    if scale < 1e-30 {
        return;
    }
    sums.iter_mut()
        .zip(row)
        .for_each(|(sum, value)| *sum += scale * value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chained(labels: usize, scores: &[f64]) -> Chained {
        let mut chained = Chained::new(labels);
        let (transitions, ends) = scores.split_at(labels * labels);
        chained.transitions = transitions.to_vec();
        (chained.start, chained.end) = (ends[..labels].to_vec(), ends[labels..].to_vec());
        chained.refresh();
        chained
    }

    /// Every sequence of `rows` labels.
    fn paths(rows: usize, labels: usize) -> impl Iterator<Item = Vec<usize>> {
        let digit = move |number: usize, row| number / labels.pow(row) % labels;
        (0..labels.pow(u32::try_from(rows).unwrap())).map(move |number| {
            (0..u32::try_from(rows).unwrap())
                .map(|row| digit(number, row))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn sums_and_probabilities_are_those_of_all_sequences_one_by_one(
            (labels, scores, emissions) in (1usize..4, 1usize..5).prop_flat_map(|(labels, rows)| {
                let scores = |count| prop::collection::vec(-3.0..3.0, count);
                (Just(labels), scores(labels * labels + 2 * labels), scores(rows * labels))
            })
        ) {
            let chained = chained(labels, &scores);
            let mut lattice = Lattice::default();
            let log_sum = lattice.run(&chained, &emissions);
            let rows = emissions.len() / labels;
            let (mut sum, mut of_labels, mut of_pairs) = (0.0, vec![0.0; rows * labels], vec![0.0; labels * labels]);
            for path in paths(rows, labels) {
                let weight = (chained.score(&emissions, &path) - log_sum).exp();
                sum += weight;
                path.iter().enumerate().for_each(|(row, label)| of_labels[row * labels + label] += weight);
                path.windows(2).for_each(|pair| of_pairs[pair[0] * labels + pair[1]] += weight);
            }
            prop_assert!((sum - 1.0).abs() < 1e-9);
            let near = |seen: &[f64], expected: &[f64]| seen.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
            prop_assert!(near(&lattice.labels, &of_labels) && near(&lattice.pairs, &of_pairs));
        }
    }

    #[test]
    fn probabilities_are_the_slopes_of_the_log_likelihood() {
        // Finite differences of the logarithm of the sum, by each emission, transition and end.
        let (labels, rows) = (3, 4);
        let number = |place: usize| f64::from(u32::try_from(place * 7919 % 1000).unwrap()) / 250.0 - 2.0;
        let scores: Vec<f64> = (0..labels * labels + 2 * labels).map(number).collect();
        let emissions: Vec<f64> = (50..50 + rows * labels).map(number).collect();
        let log_sum =
            |scores: &[f64], emissions: &[f64]| Lattice::default().run(&chained(labels, scores), emissions);
        let mut lattice = Lattice::default();
        lattice.run(&chained(labels, &scores), &emissions);
        let step = 1e-5;
        let slope = |moved: &dyn Fn(f64) -> f64| (moved(step) - moved(-step)) / (2.0 * step);
        for (place, expected) in lattice.labels.iter().enumerate() {
            let seen = slope(&|step| {
                let mut emissions = emissions.clone();
                emissions[place] += step;
                log_sum(&scores, &emissions)
            });
            assert!(
                (seen - expected).abs() < 1e-8,
                "emission {place}: {seen} {expected}"
            );
        }
        let ends = [&lattice.labels[..labels], &lattice.labels[(rows - 1) * labels..]].concat();
        for (place, expected) in lattice.pairs.iter().chain(&ends).enumerate() {
            let seen = slope(&|step| {
                let mut scores = scores.clone();
                scores[place] += step;
                log_sum(&scores, &emissions)
            });
            assert!((seen - expected).abs() < 1e-8, "score {place}: {seen} {expected}");
        }
    }
}
