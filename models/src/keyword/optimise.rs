//! AdamW over a flat vector of weights, its learning-rate schedule, and the running average of the weights.
//!
//! Flat vectors make a checkpoint exact: a resumed training takes the very steps the unbroken one would.

use serde::{Deserialize, Serialize};

pub use crate::train::optimiser::learning_rate;

/// Decay of the mean gradient.
const BETA_1: f32 = 0.9;
/// Decay of the mean squared gradient.
const BETA_2: f32 = 0.999;
/// Added to the root of the mean squared gradient.
const EPSILON: f32 = 1e-8;
/// Largest norm of a gradient; longer ones are shortened to it.
const GRADIENT_NORM_MAX: f32 = 5.0;

/// The state of AdamW: two moments per weight and the number of steps taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamW {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u32,
}

impl AdamW {
    /// Returns the state before the first step.
    pub fn new(weights: usize) -> Self {
        Self {
            first: vec![0.0; weights],
            second: vec![0.0; weights],
            steps: 0,
        }
    }

    /// Takes one step on `weights` against `gradient`, whose norm is limited to 5.
    ///
    /// `decay` holds the weight decay of each weight.
    ///
    /// # Source
    /// Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.
    pub fn step(&mut self, weights: &mut [f32], gradient: &[f32], rates: Rates<'_>) {
        self.steps += 1;
        let norm = gradient.iter().map(|value| value * value).sum::<f32>().sqrt();
        let shorten = if norm > GRADIENT_NORM_MAX {
            GRADIENT_NORM_MAX / norm
        } else {
            1.0
        };
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let (bias_1, bias_2) = (1.0 - BETA_1.powi(steps), 1.0 - BETA_2.powi(steps));
        for (index, weight) in weights.iter_mut().enumerate() {
            let gradient = gradient[index] * shorten;
            let (first, second) = (&mut self.first[index], &mut self.second[index]);
            *first = BETA_1 * *first + (1.0 - BETA_1) * gradient;
            *second = BETA_2 * *second + (1.0 - BETA_2) * gradient * gradient;
            let step = (*first / bias_1) / ((*second / bias_2).sqrt() + EPSILON);
            *weight -= rates.learning_rate * (step + rates.decay[index] * *weight);
        }
    }
}

/// How far one step goes.
#[derive(Clone, Copy, Debug)]
pub struct Rates<'a> {
    /// Learning rate.
    pub learning_rate: f32,
    /// Weight decay of each weight.
    pub decay: &'a [f32],
}

/// Moves `average` towards `weights`; the first steps count more, so the start is soon forgotten.
pub fn average(average: &mut [f32], weights: &[f32], decay: f32, step: usize) {
    let decay = decay.min((1 + step) as f32 / (10 + step) as f32);
    for (average, weight) in average.iter_mut().zip(weights) {
        *average = decay * *average + (1.0 - decay) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::nn::Linear;
    use burn::optim::{AdamWConfig, GradientsParams};
    use burn::tensor::{Device, Tensor, TensorData};

    #[test]
    fn a_step_equals_that_of_burns_adamw() {
        let device = Device::flex().autodiff();
        let start = vec![0.5_f32, -1.0, 2.0, 0.1, -0.3, 0.7];
        let weight = Param::from_data(TensorData::new(start.clone(), [2, 3]), &device);
        let mut layer = Linear { weight, bias: None };
        let mut optimiser = AdamWConfig::new()
            .with_epsilon(EPSILON)
            .with_weight_decay(0.1)
            .init();
        let (mut weights, mut own) = (start, AdamW::new(6));
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
                },
            );
            let gradients = GradientsParams::from_grads(gradients, &layer);
            layer = optimiser.step(0.05, layer, gradients);
        }
        let expected = layer.weight.val().into_data().try_to_vec::<f32>().unwrap();
        for (found, expected) in weights.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn the_average_of_a_constant_is_the_constant() {
        let mut mean = vec![0.0_f32];
        for step in 0..2000 {
            average(&mut mean, &[3.0], 0.99, step);
        }
        assert!((mean[0] - 3.0).abs() < 1e-4);
    }
}
