//! How the net learns: all examples in each step, every element as heavy as the others, and weights that cost their squares.

use std::sync::Arc;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use super::ELEMENTS;
use super::config::BearingConfig;
use super::corpus::Corpus;
use super::features::LINES;
use super::net::BearingNet;
use super::settings::LessonSettings;
use crate::lowering::tensor_values;
use crate::net::NetConfig;
use crate::train::{Learner, Loss, Place, TrainError};

/// Windows, a net of some sizes, and how it learns.
pub(super) struct BearingLearner {
    pub(super) config: BearingConfig,
    corpus: Arc<Corpus>,
    learnt: Vec<usize>,
    lesson: LessonSettings,
    /// What an example of each element counts.
    weights: [f32; ELEMENTS.len()],
}

/// The features of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    features: [f32; LINES],
    element: usize,
}

impl BearingLearner {
    /// Prepares windows with damage for a net, whose features are centred by them.
    pub(super) fn new(
        mut config: BearingConfig,
        (corpus, learnt): (Arc<Corpus>, Vec<usize>),
        lesson: LessonSettings,
    ) -> Self {
        let features: Vec<[f64; LINES]> = learnt
            .iter()
            .map(|window| corpus.windows[*window].examined.features())
            .collect();
        let count = features.len().max(1) as f64;
        for line in 0..LINES {
            let mean = features.iter().map(|row| row[line]).sum::<f64>() / count;
            let squares = features.iter().map(|row| (row[line] - mean).powi(2)).sum::<f64>();
            config.center[line] = narrow(mean);
            config.spread[line] = narrow((squares / count).sqrt().max(1e-3));
        }
        let weights = std::array::from_fn(|element| {
            let of = |window: &&usize| corpus.windows[**window].element == Some(element);
            let own = learnt.iter().filter(of).count().max(1);
            learnt.len() as f32 / (ELEMENTS.len() * own) as f32
        });
        Self {
            config,
            corpus,
            learnt,
            lesson,
            weights,
        }
    }

    fn examples(&self) -> usize {
        self.learnt.len() * (1 + self.lesson.copies)
    }

    /// Half the sum of the squares of all weights, without biases.
    fn squares(net: &BearingNet) -> Tensor<1> {
        let square = |layer: &burn::nn::Linear| {
            let weight = layer.weight.val();
            (weight.clone() * weight).sum() * 0.5
        };
        let head = square(&net.head);
        match &net.inner {
            Some(inner) => head + square(inner),
            None => head,
        }
    }
}

impl Learner for BearingLearner {
    type Net = BearingNet;
    type Example = Drawn;

    fn net(&self, seed: u64, device: &Device) -> Result<BearingNet, TrainError> {
        self.config.init(seed, device).map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })
    }

    fn epoch(&self, _seed: u64, _epoch: usize) -> Vec<Vec<usize>> {
        vec![(0..self.examples()).collect()]
    }

    fn draw(&self, place: Place) -> Result<Drawn, TrainError> {
        let missing = TrainError::Options {
            fault: "an epoch asks for an example that is not there",
        };
        let count = self.learnt.len().max(1);
        let (copy, index) = (place.index / count, place.index % count);
        let Some(window) = self.learnt.get(index).copied() else {
            return Err(missing);
        };
        let of = &self.corpus.windows[window];
        let features = match copy {
            0 => of.examined.features(),
            copy => self
                .corpus
                .varied((window, copy), &self.lesson.variation(), place.seed)
                .map_err(|error| TrainError::Burn {
                    reason: error.to_string(),
                })?,
        };
        Ok(Drawn {
            features: features.map(narrow),
            element: of.element.ok_or(missing)?,
        })
    }

    fn loss(&self, net: &BearingNet, examples: &[Drawn], device: &Device) -> Result<Loss, TrainError> {
        let rows: Vec<f32> = examples.iter().flat_map(|example| example.features).collect();
        let rows = Tensor::<2>::from_data(TensorData::new(rows, [examples.len(), LINES]), device);
        let target = |example: &Drawn| {
            let mut row = [0.0; ELEMENTS.len()];
            row[example.element] = self.weights[example.element];
            row
        };
        let targets: Vec<f32> = examples.iter().flat_map(target).collect();
        let shape = [examples.len(), ELEMENTS.len()];
        let targets = Tensor::<2>::from_data(TensorData::new(targets, shape), device);
        let scores = net.scores(rows);
        let values = tensor_values(scores.clone().detach()).map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })?;
        let is_right = |(scores, example): &(&[f32], &Drawn)| {
            let own = scores[example.element];
            scores.iter().all(|score| *score <= own)
        };
        let right = values
            .chunks(ELEMENTS.len())
            .zip(examples)
            .filter(is_right)
            .count();
        let lost = (log_softmax(scores, 1) * targets).sum().neg() / examples.len() as f32;
        let penalty = self.lesson.penalty / self.examples() as f32;
        Ok(Loss {
            mean: lost + Self::squares(net) * penalty,
            right,
            beside: None,
            measured: Vec::new(),
        })
    }

    /// Nothing chooses among epochs: what is made small is convex, and the last is the best.
    fn judge(&self, _net: &BearingNet) -> Result<Vec<(String, f64)>, TrainError> {
        Ok(Vec::new())
    }
}

#[allow(clippy::cast_possible_truncation, reason = "nets have 32-bit floats")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}
