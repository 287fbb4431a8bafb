//! Climbing the likelihood of the sentences, one sentence at a time.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::lattice::{Chained, Lattice};
use super::{Crf, CrfOptions, Encoded};

/// Below this, the common factor of the weights is multiplied into them.
const FACTOR_MIN: f64 = 1e-3;

/// Weights while they are learnt: `factor` times `weights` are those of the features.
struct Learner {
    /// `[features, labels]`.
    weights: Vec<f32>,
    factor: f64,
    chained: Chained,
    lattice: Lattice,
    emissions: Vec<f64>,
}

/// Sets the weights of `crf` to those under which the tags of `sentences` are most likely, less the penalty.
///
/// Each step follows the slope of one sentence and of its share of the penalty. The penalty shrinks all weights by the
/// same factor, which is kept apart from them, so a step costs what the features of the sentence cost. The length of
/// the steps falls in a straight line to zero, which needs no average over the way.
///
/// # Source
/// Bottou 2012, "Stochastic gradient descent tricks", section 5.1; Defazio et al. 2023, "When, why and how much? Adaptive
/// learning rate scheduling by refinement", for the straight line.
pub(super) fn train(crf: &mut Crf, sentences: &[Encoded], options: CrfOptions) {
    let mut learner = Learner::new(crf.tags.len(), crf.weights.len());
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let steps = f64::from(options.passes) * sentences.len() as f64;
    let shrinking = 2.0 * options.penalty / sentences.len() as f64;
    let mut step = 0.0;
    for _ in 0..options.passes {
        order.shuffle(&mut random);
        for &sentence in &order {
            let rate = options.rate * (1.0 - step / steps);
            learner.step(&sentences[sentence], rate, shrinking);
            step += 1.0;
        }
    }
    learner.merge_factor();
    crf.weights = learner.weights;
    let narrow = |values: &[f64]| values.iter().map(|value| narrowed(*value)).collect();
    crf.transitions = narrow(&learner.chained.transitions);
    crf.start = narrow(&learner.chained.start);
    crf.end = narrow(&learner.chained.end);
}

impl Learner {
    fn new(labels: usize, weights: usize) -> Self {
        Self {
            weights: vec![0.0; weights],
            factor: 1.0,
            chained: Chained::new(labels),
            lattice: Lattice::default(),
            emissions: Vec::new(),
        }
    }

    /// One step along the slope of the likelihood of a sentence.
    fn step(&mut self, sentence: &Encoded, rate: f64, shrinking: f64) {
        let labels = self.chained.labels;
        self.emit(sentence);
        self.chained.refresh();
        self.lattice.run(&self.chained, &self.emissions);
        self.lattice.subtract(&sentence.gold, labels);
        let kept = 1.0 - rate * shrinking;
        self.factor *= kept;
        if self.factor < FACTOR_MIN {
            self.merge_factor();
        }
        let rate_of_weights = narrowed(rate / self.factor);
        let mut slopes = vec![0.0_f32; labels];
        for (token, errors) in self.lattice.labels.chunks_exact(labels).enumerate() {
            for (slope, error) in slopes.iter_mut().zip(errors) {
                *slope = -rate_of_weights * narrowed(*error);
            }
            for feature in sentence.token(token) {
                let weights = &mut self.weights[*feature as usize * labels..][..labels];
                weights
                    .iter_mut()
                    .zip(&slopes)
                    .for_each(|(weight, slope)| *weight += slope);
            }
        }
        let (first, last) = (
            &self.lattice.labels[..labels],
            self.lattice.labels.rchunks_exact(labels).next(),
        );
        descend(&mut self.chained.transitions, &self.lattice.pairs, rate, kept);
        descend(&mut self.chained.start, first, rate, kept);
        descend(&mut self.chained.end, last.unwrap_or(first), rate, kept);
    }

    /// The scores of the tags of each token.
    fn emit(&mut self, sentence: &Encoded) {
        let labels = self.chained.labels;
        self.emissions.clear();
        let mut sums = vec![0.0_f32; labels];
        for token in 0..sentence.ends.len() {
            sums.fill(0.0);
            for feature in sentence.token(token) {
                let weights = &self.weights[*feature as usize * labels..][..labels];
                sums.iter_mut()
                    .zip(weights)
                    .for_each(|(sum, weight)| *sum += weight);
            }
            self.emissions
                .extend(sums.iter().map(|sum| f64::from(*sum) * self.factor));
        }
    }

    fn merge_factor(&mut self) {
        let factor = narrowed(self.factor);
        self.weights.iter_mut().for_each(|weight| *weight *= factor);
        self.factor = 1.0;
    }
}

impl Lattice {
    /// Takes the tags that are right from the probabilities: what is left is the slope of the negative log-likelihood.
    fn subtract(&mut self, gold: &[usize], labels: usize) {
        for (row, label) in gold.iter().enumerate() {
            self.labels[row * labels + label] -= 1.0;
        }
        for pair in gold.windows(2) {
            self.pairs[pair[0] * labels + pair[1]] -= 1.0;
        }
    }
}

fn descend(weights: &mut [f64], slopes: &[f64], rate: f64, kept: f64) {
    weights
        .iter_mut()
        .zip(slopes)
        .for_each(|(weight, slope)| *weight = kept * *weight - rate * slope);
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
fn narrowed(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The negative log-likelihood with the penalty.
    fn loss(learner: &mut Learner, sentences: &[Encoded], penalty: f64) -> f64 {
        learner.merge_factor();
        learner.chained.refresh();
        let mut loss = 0.0;
        for sentence in sentences {
            learner.emit(sentence);
            let score = learner.chained.score(&learner.emissions, &sentence.gold);
            loss += learner.lattice.run(&learner.chained, &learner.emissions) - score;
        }
        let chained = &learner.chained;
        let squares = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        let weights = learner
            .weights
            .iter()
            .map(|weight| f64::from(*weight).powi(2))
            .sum::<f64>();
        loss + penalty
            * (weights + squares(&chained.transitions) + squares(&chained.start) + squares(&chained.end))
    }

    fn sentences() -> Vec<Encoded> {
        let sentence = |features: &[u32], gold: &[usize]| Encoded {
            features: features.to_vec(),
            ends: (1..=gold.len()).map(|token| token * 2).collect(),
            gold: gold.to_vec(),
        };
        vec![
            sentence(&[0, 1, 0, 2, 3, 1], &[0, 1, 1]),
            sentence(&[2, 3, 0, 1], &[1, 0]),
            sentence(&[0, 3, 0, 2], &[0, 0]),
        ]
    }

    #[test]
    fn a_step_follows_the_slope_that_finite_differences_give() {
        let (rate, penalty, away) = (1e-4, 0.3, 1e-2_f32);
        let sentence = &sentences()[..1];
        let mut learner = Learner::new(2, 8);
        // Away from zero, where the penalty has no slope.
        (0..5).for_each(|_| learner.step(&sentence[0], 0.5, 2.0 * penalty));
        learner.merge_factor();
        let mut slopes = Vec::new();
        for place in 0..learner.weights.len() {
            let kept = learner.weights[place];
            let mut at = |weight| {
                learner.weights[place] = weight;
                loss(&mut learner, sentence, penalty)
            };
            slopes.push((at(kept + away) - at(kept - away)) / (2.0 * f64::from(away)));
            learner.weights[place] = kept;
        }
        let before = learner.weights.clone();
        learner.step(&sentence[0], rate, 2.0 * penalty);
        learner.merge_factor();
        for (place, slope) in slopes.iter().enumerate() {
            let seen = f64::from(before[place] - learner.weights[place]) / rate;
            // Single precision leaves three digits of so small a step.
            assert!((seen - slope).abs() < 5e-3, "weight {place}: {seen} {slope}");
        }
    }

    #[test]
    fn training_ends_where_no_weight_has_a_slope() {
        let sentences = sentences();
        let penalty = 0.5;
        let mut learner = Learner::new(2, 8);
        for step in 0..30_000_u32 {
            let rate = 0.05 * (1.0 - f64::from(step) / 30_000.0);
            let sentence = &sentences[step as usize % sentences.len()];
            learner.step(sentence, rate, 2.0 * penalty / sentences.len() as f64);
        }
        let least = loss(&mut learner, &sentences, penalty);
        // The loss is convex: it rises from its least value whichever way one goes.
        for place in 0..learner.weights.len() {
            for step in [-0.02_f32, 0.02] {
                learner.weights[place] += step;
                assert!(loss(&mut learner, &sentences, penalty) > least, "weight {place}");
                learner.weights[place] -= step;
            }
        }
        for place in 0..4 {
            for step in [-0.02, 0.02] {
                learner.chained.transitions[place] += step;
                assert!(
                    loss(&mut learner, &sentences, penalty) > least,
                    "transition {place}"
                );
                learner.chained.transitions[place] -= step;
            }
        }
    }
}
