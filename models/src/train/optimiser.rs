//! AdamW over a flat vector of weights, its learning-rate schedule, and the running average of the weights.
//!
//! Flat vectors make a checkpoint exact: a resumed training takes the very steps the unbroken one would. The work is
//! cut into blocks of a fixed size, so that the result does not depend on the number of threads.

use rayon::ThreadPool;
use rayon::prelude::*;

/// Decay of the mean gradient.
const BETA_1: f32 = 0.9;
/// Decay of the mean squared gradient.
const BETA_2: f32 = 0.999;
/// Added to the root of the mean squared gradient.
const EPSILON: f32 = 1e-8;
/// Weights that are stepped together.
const BLOCK: usize = 1 << 15;

/// The state of AdamW and of the average: two moments and a mean per weight, and the number of steps taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdamW {
    /// Mean gradients.
    pub first: Vec<f32>,
    /// Mean squared gradients.
    pub second: Vec<f32>,
    /// Average of the weights.
    pub average: Vec<f32>,
    /// Steps taken.
    pub steps: usize,
}

/// How far one step goes.
#[derive(Clone, Copy, Debug)]
pub struct Rates<'a> {
    /// Learning rate.
    pub learning_rate: f32,
    /// Weight decay of each weight.
    pub decay: &'a [f32],
    /// Largest norm of the gradient.
    pub gradient_norm_max: f32,
    /// Decay of the average.
    pub average_decay: f32,
}

impl AdamW {
    /// Returns the state before the first step.
    pub fn new(weights: &[f32]) -> Self {
        Self {
            first: vec![0.0; weights.len()],
            second: vec![0.0; weights.len()],
            average: weights.to_vec(),
            steps: 0,
        }
    }

    /// Takes one step on `weights` against `gradient`, on the threads of `pool`.
    ///
    /// # Source
    /// Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2. The average begins with a
    /// small decay, so that the first weights are soon forgotten.
    ///
    /// # Panics
    /// If the vectors have other lengths than those of [`AdamW::new`].
    pub fn step(&mut self, weights: &mut [f32], gradient: &[f32], rates: Rates<'_>, pool: &ThreadPool) {
        assert!(gradient.len() == weights.len() && rates.decay.len() == weights.len());
        let shorten = pool.install(|| {
            let squares: Vec<f32> = gradient
                .par_chunks(BLOCK)
                .map(|block| block.iter().map(|value| value * value).sum::<f32>())
                .collect();
            let norm = squares.iter().sum::<f32>().sqrt();
            (rates.gradient_norm_max / norm).min(1.0)
        });
        let average_decay = rates
            .average_decay
            .min((1 + self.steps) as f32 / (10 + self.steps) as f32);
        self.steps += 1;
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let factors = Factors {
            shorten,
            bias_1: 1.0 / (1.0 - BETA_1.powi(steps)),
            bias_2: 1.0 / (1.0 - BETA_2.powi(steps)),
            learning_rate: rates.learning_rate,
            average_decay,
        };
        pool.install(|| {
            let state = self
                .first
                .par_chunks_mut(BLOCK)
                .zip(self.second.par_chunks_mut(BLOCK))
                .zip(self.average.par_chunks_mut(BLOCK));
            let given = gradient.par_chunks(BLOCK).zip(rates.decay.par_chunks(BLOCK));
            weights.par_chunks_mut(BLOCK).zip(given).zip(state).for_each(
                |((weights, given), ((first, second), average))| {
                    factors.step(weights, given, (first, second, average));
                },
            );
        });
    }
}

/// What all weights of a step have in common.
struct Factors {
    shorten: f32,
    bias_1: f32,
    bias_2: f32,
    learning_rate: f32,
    average_decay: f32,
}

impl Factors {
    fn step(
        &self,
        weights: &mut [f32],
        (gradient, decay): (&[f32], &[f32]),
        (first, second, average): (&mut [f32], &mut [f32], &mut [f32]),
    ) {
        let moments = first.iter_mut().zip(second).zip(average);
        let given = gradient.iter().zip(decay);
        for ((weight, (gradient, decay)), ((first, second), average)) in
            weights.iter_mut().zip(given).zip(moments)
        {
            let gradient = gradient * self.shorten;
            *first = BETA_1 * *first + (1.0 - BETA_1) * gradient;
            *second = BETA_2 * *second + (1.0 - BETA_2) * gradient * gradient;
            let step = (*first * self.bias_1) / ((*second * self.bias_2).sqrt() + EPSILON);
            *weight -= self.learning_rate * (step + decay * *weight);
            *average = self.average_decay * *average + (1.0 - self.average_decay) * *weight;
        }
    }
}

/// Returns the learning rate at `step` of `steps`: a linear rise over the first `warm_up`, then half a cosine
/// down to zero at the end.
///
/// # Source
/// Loshchilov and Hutter, "SGDR", 2017, equation 5, with one period.
pub fn learning_rate(peak: f32, warm_up: usize, step: usize, steps: usize) -> f32 {
    if step < warm_up {
        return peak * (step + 1) as f32 / warm_up as f32;
    }
    let progress = (step - warm_up) as f32 / (steps.saturating_sub(warm_up)).max(1) as f32;
    peak * 0.5 * (1.0 + (std::f32::consts::PI * progress.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::nn::Linear;
    use burn::optim::{AdamWConfig, GradientsParams};
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    #[test]
    fn a_step_equals_that_of_burns_adamw_on_one_thread_and_on_two() {
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let device = Device::flex().autodiff();
            let start = vec![0.5_f32, -1.0, 2.0, 0.1, -0.3, 0.7];
            let weight = Param::from_data(TensorData::new(start.clone(), [2, 3]), &device);
            let mut layer = Linear { weight, bias: None };
            let mut optimiser = AdamWConfig::new()
                .with_epsilon(EPSILON)
                .with_weight_decay(0.1)
                .init();
            let (mut weights, mut own) = (start.clone(), AdamW::new(&start));
            for step in 0..5 {
                let input = Tensor::<2>::from_data([[0.5, 0.1 * step as f32 - 0.3], [0.2, 0.4]], &device);
                let loss = layer.forward(input).square().mean();
                let gradients = loss.backward();
                let gradient = layer
                    .weight
                    .val()
                    .grad(&gradients)
                    .unwrap()
                    .into_data()
                    .try_to_vec::<f32>()
                    .unwrap();
                own.step(
                    &mut weights,
                    &gradient,
                    Rates {
                        learning_rate: 0.05,
                        decay: &[0.1; 6],
                        gradient_norm_max: 5.0,
                        average_decay: 0.9,
                    },
                    &pool,
                );
                let gradients = GradientsParams::from_grads(gradients, &layer);
                layer = optimiser.step(0.05, layer, gradients);
            }
            let expected = layer.weight.val().into_data().try_to_vec::<f32>().unwrap();
            for (found, expected) in weights.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_average_of_weights_that_stay_is_those_weights_and_a_long_gradient_is_shortened() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (mut weights, mut optimiser) = (vec![3.0_f32, 1.0], AdamW::new(&[3.0, 1.0]));
        let rates = |gradient_norm_max| Rates {
            learning_rate: 0.0,
            decay: &[0.0; 2],
            gradient_norm_max,
            average_decay: 0.9,
        };
        optimiser.step(&mut weights, &[30.0, 40.0], rates(5.0), &pool);
        let near = |(average, weight): (&f32, &f32)| (average - weight).abs() < 1e-5;
        assert!(optimiser.average.iter().zip(&weights).all(near));
        // 50 long, shortened to 5, and a tenth of it in the first moment.
        assert!((optimiser.first[0] - 0.3).abs() < 1e-6 && (optimiser.first[1] - 0.4).abs() < 1e-6);
        optimiser.step(&mut weights, &[0.0, 0.0], rates(5.0), &pool);
        assert_eq!(weights, [3.0, 1.0]);
    }

    #[test]
    fn the_learning_rate_rises_then_falls_to_zero() {
        assert!((learning_rate(1.0, 10, 0, 110) - 0.1).abs() < 1e-6);
        assert!((learning_rate(1.0, 10, 10, 110) - 1.0).abs() < 1e-6);
        assert!((learning_rate(1.0, 10, 60, 110) - 0.5).abs() < 1e-6);
        assert!(learning_rate(1.0, 10, 110, 110).abs() < 1e-6);
    }
}
