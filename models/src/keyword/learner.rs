//! How a keyword net learns: what an epoch is, how a window is drawn, and what is lost.

use std::sync::Arc;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::data::Corpus;
use super::draw::{Diet, Disturbance, Drawer};
use super::net::{KeywordNet, KeywordNetConfig, MOMENTUM};
use crate::audio::{LogMel, LogMelConfig};
use crate::train::{Adaptation, Learner, Loss, Measured, Place, TrainError, TrainOptions};

/// What an epoch consists of, how sounds are disturbed, and what is lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// Windows of a step.
    pub batch: usize,
    /// What an epoch consists of.
    pub diet: Diet,
    /// What is done to a sound.
    pub disturbance: Disturbance,
    /// Share of the pooled features that is dropped, from 0 to below 1.
    pub dropout: f32,
    /// Share of the target that is spread over all classes.
    pub label_smoothing: f32,
}

impl Lesson {
    /// The lesson that the committed weights were trained with.
    pub fn standard() -> Self {
        Self {
            batch: 64,
            diet: Diet {
                keyword_passes: 1,
                synthetic_keywords: 1_200,
                none: 1_300,
            },
            disturbance: Disturbance::standard(),
            dropout: 0.1,
            label_smoothing: 0.05,
        }
    }
}

/// A corpus, a net of some sizes, and how it learns.
#[derive(Clone)]
pub struct KeywordLearner {
    config: KeywordNetConfig,
    lesson: Lesson,
    drawer: Drawer,
    log_mel: LogMel,
    /// True where normalisations keep the statistics that they came with.
    is_steady: bool,
}

/// A window with its class.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// `[window_frames, bins]`, raw log-mel.
    window: Vec<f32>,
    class: usize,
    /// Factors of the pooled features.
    dropout: Vec<f32>,
}

impl KeywordLearner {
    /// Prepares a corpus for a net of these sizes.
    ///
    /// # Errors
    /// [`TrainError::Options`] where the corpus has no keyword, the sizes contradict each other, or the features are out
    /// of bounds.
    pub fn new(
        config: KeywordNetConfig,
        features: LogMelConfig,
        lesson: Lesson,
        corpus: Arc<Corpus>,
    ) -> Result<Self, TrainError> {
        let fault = if corpus.keywords.is_empty() {
            Some("keywords of two voices at least are needed")
        } else if features.bins != config.bins {
            Some("the features and the net differ in bins")
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(TrainError::Options { fault });
        }
        let log_mel = LogMel::new(features).map_err(|_| TrainError::Options {
            fault: "the features are out of bounds",
        })?;
        Ok(Self {
            drawer: Drawer::new(corpus, lesson.diet, lesson.disturbance),
            config,
            lesson,
            log_mel,
            is_steady: false,
        })
    }

    /// Refuses options that do not go with the lesson.
    ///
    /// # Errors
    /// [`TrainError::Options`] names the rule that is broken.
    pub fn validate(&self, options: &TrainOptions) -> Result<(), TrainError> {
        let rules = [
            (
                self.lesson.batch >= 2 * options.shards,
                "each thread needs at least two examples of a batch",
            ),
            (
                self.drawer.epoch_length() >= self.lesson.batch,
                "an epoch is shorter than a batch",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, fault)) => Err(TrainError::Options { fault }),
            None => Ok(()),
        }
    }

    /// The learner of a net of which so much is trained.
    ///
    /// Where a part of the net stays as it is, so do all running statistics, and training normalises by them: a layer that
    /// is not trained must not change its output either.
    #[must_use]
    pub fn adapted(&self, adaptation: &Adaptation) -> Self {
        Self {
            is_steady: adaptation.lora_rank > 0 || !adaptation.frozen.is_empty(),
            ..self.clone()
        }
    }

    /// The factors that drop a share of the pooled features and scale up the others.
    fn dropout(&self, place: Place, position: usize) -> Vec<f32> {
        let share = self.lesson.dropout;
        let mut random = ChaCha8Rng::seed_from_u64(place.seed ^ 0x0D20_9007);
        random.set_stream((place.epoch as u64) << 32 | position as u64);
        let factor = |_| match random.random::<f32>() < share {
            true => 0.0,
            false => 1.0 / (1.0 - share),
        };
        (0..2 * self.config.channels).map(factor).collect()
    }
}

impl Learner for KeywordLearner {
    type Net = KeywordNet;
    type Example = Drawn;

    fn net(&self, seed: u64, device: &Device) -> Result<KeywordNet, TrainError> {
        Ok(self.config.init(seed, device))
    }

    /// Whole batches alone, for the statistics of a few windows say little.
    fn epoch(&self, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
        let numbers = self.drawer.epoch(seed, epoch);
        numbers
            .chunks_exact(self.lesson.batch.max(1))
            .map(<[usize]>::to_vec)
            .collect()
    }

    fn draw(&self, place: Place) -> Result<Drawn, TrainError> {
        let mut window = vec![0.0; self.config.window_frames * self.config.bins];
        let mut log_mel = self.log_mel.clone();
        let class = self.drawer.example(place, &mut log_mel, &mut window);
        Ok(Drawn {
            class: class.map_err(|error| TrainError::Burn {
                reason: error.to_string(),
            })?,
            dropout: self.dropout(place, self.drawer.position(place.index)),
            window,
        })
    }

    fn loss(&self, net: &KeywordNet, examples: &[Drawn], device: &Device) -> Result<Loss, TrainError> {
        let count = examples.len();
        let joined =
            |part: fn(&Drawn) -> &[f32]| examples.iter().flat_map(part).copied().collect::<Vec<f32>>();
        let windows = TensorData::new(
            joined(|example| &example.window),
            [count, self.config.window_frames, self.config.bins],
        );
        let windows = Tensor::<3>::from_data(windows, device);
        let dropout = TensorData::new(
            joined(|example| &example.dropout),
            [count, 2 * self.config.channels],
        );
        let dropout = Tensor::<2>::from_data(dropout, device);
        let (logits, moments) = match self.is_steady {
            true => (net.forward_steady(windows, dropout), Vec::new()),
            false => net.forward_training(windows, dropout),
        };
        let classes: Vec<i64> = examples.iter().map(|example| example.class as i64).collect();
        let targets = Tensor::<1, Int>::from_data(TensorData::new(classes, [count]), device);
        let found = logits.clone().detach().argmax(1).squeeze_dim::<1>(1);
        let right = found.equal(targets.clone()).int().sum().into_scalar::<i64>();
        let loss = CrossEntropyLossConfig::new()
            .with_smoothing(Some(self.lesson.label_smoothing))
            .init(device);
        Ok(Loss {
            mean: loss.forward(logits, targets),
            right: usize::try_from(right).unwrap_or(0),
            beside: None,
            measured: measured(net.moved(&moments, MOMENTUM))?,
        })
    }

    /// Nothing: no voice that could choose among epochs is kept from training, and the last one is the result.
    fn judge(&self, _net: &KeywordNet) -> Result<Vec<(String, f64)>, TrainError> {
        Ok(Vec::new())
    }
}

fn measured(moved: Vec<(String, Tensor<1>)>) -> Result<Vec<Measured>, TrainError> {
    let values = |(name, values): (String, Tensor<1>)| {
        let values = crate::lowering::tensor_values(values.detach());
        values.map(|values| Measured { name, values })
    };
    moved
        .into_iter()
        .map(values)
        .collect::<Result<_, _>>()
        .map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })
}
