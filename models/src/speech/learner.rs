//! How a speech net learns.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::config::SpeechConfig;
use super::corpus::{Sound, needed};
use super::ctc;
use super::front::{self, FrontProgram};
use super::net::SpeechNet;
use super::phones::{BLANK, OUTPUTS};
use super::score::{error_rate, heard, phone_errors, side_by_side, with_margins};
use super::vary::Varier;
use crate::lowering::tensor_values;
use crate::net::{NetConfig, random_weights};
use crate::train::{Learner, Loss, Place, TrainError};

/// How much the lengths are shuffled before sounds of like length are put together.
const JITTER: f32 = 0.15;

/// Sounds, a net of some sizes, and how it learns.
#[derive(Clone, Debug)]
pub struct SpeechLearner {
    /// Sizes of the net.
    pub config: SpeechConfig,
    /// What it learns from: each has more frames than its phones need.
    pub training: Vec<Sound>,
    /// What chooses among epochs.
    pub judging: Vec<Sound>,
    varier: Varier,
    /// The front of the net, if it has one: it is not trained, so that it runs as a program while examples are drawn.
    front: Option<Arc<FrontProgram>>,
    /// Share of the columns between layers that is dropped.
    dropout: f32,
    /// Sounds of each step.
    steps: Vec<usize>,
    /// Mean number of phones, by which losses are divided.
    phones: f32,
}

/// A sound as it is met once.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Features, `[frames, bins]`; of a net with a front the rows that it makes of them.
    heard: Vec<f32>,
    /// Frames of features.
    frames: usize,
    phones: Vec<u8>,
    seed: u64,
}

impl SpeechLearner {
    /// Prepares sounds for a net. A step has about so many seconds of them.
    pub fn new(
        config: SpeechConfig,
        (training, judging): (Vec<Sound>, Vec<Sound>),
        varier: Varier,
        (step_seconds, dropout): (f32, f32),
    ) -> Self {
        let features = &config.features;
        let mut lengths: Vec<usize> = training.iter().map(|sound| sound.frames(features)).collect();
        lengths.sort_unstable();
        let most = step_seconds
            * f32::from(
                u16::try_from(features.sample_rate_hz as usize / features.hop_samples).unwrap_or(u16::MAX),
            );
        let mut steps = Vec::new();
        let mut count = 0;
        for length in lengths {
            if count > 0 && (count + 1) as f32 * length as f32 > most {
                steps.push(count);
                count = 0;
            }
            count += 1;
        }
        steps.push(count);
        let phones: usize = training.iter().map(|sound| sound.phones.len()).sum();
        Self {
            phones: phones as f32 / training.len().max(1) as f32,
            config,
            training,
            judging,
            varier,
            front: None,
            dropout,
            steps,
        }
    }

    /// With the front of the net, for one that has it.
    pub(super) fn with_front(mut self, front: FrontProgram) -> Self {
        self.front = Some(Arc::new(front));
        self
    }

    /// Features as the net hears them behind its front.
    fn heard(&self, features: Vec<f32>) -> Result<Vec<f32>, TrainError> {
        let Some(front) = &self.front else {
            return Ok(features);
        };
        let rows = front.rows(&with_margins(&features, &self.config));
        rows.map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })
    }

    /// Scores of examples side by side, `[batch, units, outputs]`.
    fn scores(&self, net: &SpeechNet, examples: &[Drawn], device: &Device) -> Tensor<3> {
        let frames: Vec<usize> = examples.iter().map(|example| example.frames).collect();
        let mut dropping = self.dropping(examples, device);
        if self.front.is_none() {
            let sounds: Vec<Vec<f32>> = examples.iter().map(|example| example.heard.clone()).collect();
            let features = Tensor::<3>::from_data(side_by_side(&sounds, &self.config).into_data(), device);
            return net.forward(features, &frames, &mut dropping);
        }
        let longest = examples
            .iter()
            .map(|example| example.heard.len())
            .max()
            .unwrap_or(0);
        let mut rows = vec![0.0; examples.len() * longest];
        for (example, place) in examples.iter().zip(rows.chunks_exact_mut(longest.max(1))) {
            place[..example.heard.len()].copy_from_slice(&example.heard);
        }
        let shape = [examples.len(), longest / front::COLUMNS, front::COLUMNS];
        let rows = Tensor::<3>::from_data(TensorData::new(rows, shape), device);
        net.behind_front(rows, &frames, &mut dropping)
    }

    /// Drops whole columns of each sound.
    ///
    /// # Source
    /// Tompson et al. 2015, "Efficient object localization using convolutional networks", section 3.2.
    fn dropping<'a>(
        &'a self,
        examples: &'a [Drawn],
        device: &'a Device,
    ) -> impl FnMut(Tensor<3>) -> Tensor<3> + 'a {
        let seed = examples.first().map_or(0, |example| example.seed);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        move |x: Tensor<3>| {
            if self.dropout <= 0.0 {
                return x;
            }
            let [count, _, width] = x.dims();
            let kept = 1.0 / (1.0 - self.dropout);
            let factor = |random: &mut ChaCha8Rng| {
                if random.random::<f32>() < self.dropout {
                    0.0
                } else {
                    kept
                }
            };
            let factors: Vec<f32> = (0..count * width).map(|_| factor(&mut random)).collect();
            x * Tensor::<3>::from_data(TensorData::new(factors, [count, 1, width]), device)
        }
    }
}

impl Learner for SpeechLearner {
    type Net = SpeechNet;
    type Example = Drawn;

    fn net(&self, seed: u64, device: &Device) -> Result<SpeechNet, TrainError> {
        let net = self
            .config
            .build_net(random_weights(&self.config.tensors(), seed), device);
        net.map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })
    }

    fn epoch(&self, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
        let mut random = generator(seed, epoch, u32::MAX as usize);
        let features = &self.config.features;
        let mut order: Vec<(f32, usize)> = (0..self.training.len())
            .map(|index| {
                let jitter = 1.0 + JITTER * (2.0 * random.random::<f32>() - 1.0);
                (self.training[index].frames(features) as f32 * jitter, index)
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut order = order.into_iter().map(|(_, index)| index);
        let mut steps: Vec<Vec<usize>> = self
            .steps
            .iter()
            .map(|count| order.by_ref().take(*count).collect())
            .collect();
        steps.shuffle(&mut random);
        steps
    }

    fn draw(&self, place: Place) -> Result<Drawn, TrainError> {
        let mut random = generator(place.seed, place.epoch, place.index);
        let sound = self.training.get(place.index).ok_or(TrainError::Options {
            fault: "an epoch asks for an example that is not there",
        })?;
        let frames_min = (needed(&sound.phones) + 1) * self.config.stride;
        let features = sound.features(&self.config.features);
        let varied = self.varier.vary(&features, frames_min, &mut random);
        Ok(Drawn {
            frames: varied.len() / self.config.features.bins,
            heard: self.heard(varied)?,
            phones: sound.phones.clone(),
            seed: random.next_u64(),
        })
    }

    fn loss(&self, net: &SpeechNet, examples: &[Drawn], device: &Device) -> Result<Loss, TrainError> {
        let scores = self.scores(net, examples, device);
        let [count, units, outputs] = scores.dims();
        let values = tensor_values(scores.clone().detach()).map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })?;
        // The loss and its gradient are computed outside of Burn, which is given a sum of products that has this gradient,
        // moved to this value.
        let mut gradient = vec![0.0; values.len()];
        let (mut loss, mut right) = (0.0, 0);
        let rows = values
            .chunks_exact(units * outputs)
            .zip(gradient.chunks_exact_mut(units * outputs));
        for (example, (values, gradient)) in examples.iter().zip(rows) {
            let own = self.config.units(example.frames) * OUTPUTS;
            let found = ctc::loss(
                &values[..own],
                (OUTPUTS, BLANK),
                &example.phones,
                &mut gradient[..own],
            );
            if found.is_finite() {
                loss += found;
            }
            right += usize::from(heard(&values[..own]) == example.phones);
        }
        #[allow(clippy::cast_possible_truncation, reason = "losses are 32-bit floats")]
        let loss = loss as f32;
        let gradient = Tensor::<3>::from_data(TensorData::new(gradient, [count, units, outputs]), device);
        let sum = (scores * gradient).sum();
        let moved = sum.clone().detach().neg() + loss;
        Ok(Loss {
            mean: (sum + moved) / (count as f32 * self.phones),
            right,
            beside: None,
            measured: Vec::new(),
        })
    }

    fn judge(&self, net: &SpeechNet) -> Result<Vec<(String, f64)>, TrainError> {
        if self.judging.is_empty() {
            return Ok(Vec::new());
        }
        let counts = phone_errors(net, &self.judging)?;
        Ok(vec![("phone accuracy".to_owned(), 1.0 - error_rate(&counts))])
    }
}

/// A generator for one example of one epoch.
fn generator(seed: u64, epoch: usize, index: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x5EEC_4000);
    random.set_stream((epoch as u64) << 32 | index as u64);
    random
}
