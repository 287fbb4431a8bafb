//! How an utterance net learns: what an epoch is, how an utterance is varied, and what is lost.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::batch::{Drawn, batch_of};
use super::config::UtteranceConfig;
use super::corpus::{Labels, Utterance, Vocabulary};
use super::crf::{Allowed, Chain, Gradient};
use super::dropping::Drop;
use super::net::UtteranceNet;
use super::score::{answer, figures};
use super::substitute::Substitutes;
use crate::lowering::tensor_values;
use crate::net::random_weights;
use crate::train::{Learner, Loss, Place, TrainError};

/// Batches of utterances of like length are made from so many batches at a time.
const POOL_BATCHES: usize = 20;

/// How utterances are varied and what is lost on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Utterances of a step.
    pub batch: usize,
    /// Share of the numbers between layers that is dropped, from 0 to below 1.
    pub dropout: f32,
    /// Chance that the word itself is hidden, and only its parts are seen.
    pub word_dropout: f32,
    /// Chance that a n-gram is hidden.
    pub gram_dropout: f32,
    /// Chance that an utterance has its slots refilled, and then that each slot is.
    pub substitution: [f32; 2],
    /// Chance that a slot is refilled with a value that no utterance has, where there are any of its kind.
    pub named: f32,
    /// Share of the target that is spread over all intents.
    pub label_smoothing: f32,
    /// Weight of the loss of intents.
    pub intent_weight: f32,
    /// Weight of the loss of tags.
    pub tag_weight: f32,
    /// How often an utterance that is out of scope is met in an epoch.
    pub out_of_scope_repeats: usize,
    /// Utterances out of scope made in each epoch of halves of two that are in scope.
    pub mixed_outliers: usize,
    /// Weight of the answers of a teacher.
    pub teacher_weight: f32,
    /// What the scores of teacher and net are divided by before they are compared.
    pub teacher_temperature: f32,
    /// Weight of the angle to the vectors of a teacher.
    pub vector_weight: f32,
}

/// A corpus, a net of some sizes, and how it learns.
#[derive(Clone, Debug)]
pub struct UtteranceLearner {
    /// Sizes of the net.
    pub config: UtteranceConfig,
    /// How it learns.
    pub lesson: Lesson,
    /// Names of the outputs.
    pub labels: Labels,
    /// What it learns from.
    pub training: Vec<Utterance>,
    /// What chooses among epochs.
    pub judging: Vec<Utterance>,
    /// The figure that chooses: one of [`figures`]' names.
    pub select: String,
    vocabulary: Vocabulary,
    allowed: Allowed,
    substitutes: Substitutes,
    teacher: Option<Teacher>,
}

/// What a teacher says of utterances: one row for each of the training examples, then one for each further one, which
/// has no label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Teacher {
    /// `[rows, intents in scope]`, logits; empty for none.
    pub scores: Vec<f32>,
    /// `[rows, columns]`, each of length 1; empty for none.
    pub vectors: Vec<f32>,
    /// Columns of the vectors.
    pub columns: usize,
    /// Utterances that the teacher alone knows something of.
    pub further: Vec<Utterance>,
}

impl UtteranceLearner {
    /// Prepares a corpus for a net of these sizes.
    pub fn new(
        config: UtteranceConfig,
        lesson: Lesson,
        corpus: (Vec<Utterance>, Vec<Utterance>),
        select: String,
    ) -> Self {
        let (training, judging) = corpus;
        let labels = Labels::of(&config);
        Self {
            vocabulary: Vocabulary::of(&config, training.iter().chain(&judging)),
            allowed: Allowed::bio(&labels.tags),
            substitutes: Substitutes::of(&labels.tags, &training),
            teacher: None,
            config,
            lesson,
            labels,
            training,
            judging,
            select,
        }
    }

    /// The same with further values of slots: kinds, and words.
    #[must_use]
    pub fn with_names(mut self, names: &[(String, Vec<String>)]) -> Self {
        self.substitutes.add(&self.labels.tags, names);
        self
    }

    /// The same with a teacher.
    #[must_use]
    pub fn with_teacher(mut self, teacher: Teacher) -> Self {
        self.config.vector = teacher.columns;
        self.vocabulary = Vocabulary::of(
            &self.config,
            self.training.iter().chain(&self.judging).chain(&teacher.further),
        );
        self.teacher = Some(teacher);
        self
    }

    /// Utterances that a teacher alone knows something of.
    fn further(&self) -> &[Utterance] {
        self.teacher.as_ref().map_or(&[], |teacher| &teacher.further)
    }

    /// The number of an example of an epoch is that of an utterance, then that of one that a teacher knows, and then that
    /// of one that is made of two.
    fn utterance(&self, place: Place, random: &mut ChaCha8Rng) -> Utterance {
        let further = place.index.checked_sub(self.training.len());
        if let Some(utterance) = further.and_then(|index| self.further().get(index)) {
            return utterance.clone();
        }
        match self.training.get(place.index) {
            Some(utterance) => {
                let [whole, each] = self.lesson.substitution;
                match &utterance.tags {
                    Some(_) if random.random::<f32>() < whole => {
                        self.substitutes
                            .refill(utterance, [each, self.lesson.named], random)
                    }
                    Some(_) | None => utterance.clone(),
                }
            }
            None => self.mixed(random),
        }
    }

    /// The beginning of one utterance and the end of another with a different intent: nothing that is known.
    fn mixed(&self, random: &mut ChaCha8Rng) -> Utterance {
        let mut draw = || &self.training[random.random_range(0..self.training.len())];
        let in_scope = |utterance: &Utterance| {
            utterance.intent.is_some() && utterance.intent != self.labels.out_of_scope
        };
        // A corpus of one intent is refused; a few hundred tries find another in any other.
        let mut pair = (draw(), draw());
        for _ in 0..1_000 {
            if in_scope(pair.0) && in_scope(pair.1) && pair.0.intent != pair.1.intent {
                break;
            }
            pair = (draw(), draw());
        }
        let (first, second) = (&pair.0.words, &pair.1.words);
        let head = random.random_range(1..=(first.len() / 2).max(1)).min(first.len());
        let tail = (random.random_range(0..=second.len() / 2) + 1).min(second.len());
        Utterance {
            words: [&first[..head], &second[second.len() - tail..]].concat(),
            intent: self.labels.out_of_scope,
            tags: None,
            untagged: Vec::new(),
            frames: None,
            taught: None,
        }
    }

    fn loss_of_intents(&self, scores: Tensor<2>, examples: &[Drawn], device: &Device) -> Option<Tensor<1>> {
        let [count, intents] = scores.dims();
        let smoothing = self.lesson.label_smoothing;
        let mut targets = vec![0.0_f32; count * intents];
        let mut some = false;
        for (example, row) in examples.iter().zip(targets.chunks_exact_mut(intents)) {
            if let Some(intent) = example.intent {
                row.fill(smoothing / intents as f32);
                row[intent] += 1.0 - smoothing;
                some = true;
            }
        }
        let logarithms = log_softmax(scores.clone(), 1);
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [count, intents]), device);
        let mut loss =
            some.then(|| (targets * logarithms).sum().neg() * self.lesson.intent_weight / count as f32);
        if let Some(taught) = self.loss_to_teacher(scores, examples, device) {
            loss = Some(match loss {
                Some(loss) => loss + taught,
                None => taught,
            });
        }
        loss
    }

    /// # Source
    /// Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network", section 2.
    fn loss_to_teacher(&self, scores: Tensor<2>, examples: &[Drawn], device: &Device) -> Option<Tensor<1>> {
        let teacher = self
            .teacher
            .as_ref()
            .filter(|teacher| !teacher.scores.is_empty())?;
        let intents = scores.dims()[1];
        let known: Vec<usize> = (0..intents)
            .filter(|intent| Some(*intent) != self.labels.out_of_scope)
            .collect();
        let (count, columns) = (examples.len(), known.len());
        let temperature = self.lesson.teacher_temperature;
        let mut targets = vec![0.0_f32; count * columns];
        for (example, row) in examples.iter().zip(targets.chunks_exact_mut(columns)) {
            if let Some(taught) = example.taught {
                row.copy_from_slice(&teacher.scores[taught * columns..][..columns]);
                soften(row, temperature);
            }
        }
        // What stands for everything else is moved out of the way: the teacher knows nothing of it.
        let mut hidden = vec![0.0_f32; intents];
        if let Some(other) = self.labels.out_of_scope {
            hidden[other] = -1e9;
        }
        let mut spread = vec![0.0_f32; count * intents];
        for (row, targets) in spread
            .chunks_exact_mut(intents)
            .zip(targets.chunks_exact(columns))
        {
            for (intent, target) in known.iter().zip(targets) {
                row[*intent] = *target;
            }
        }
        let hidden = Tensor::<2>::from_data(TensorData::new(hidden, [1, intents]), device);
        let logarithms = log_softmax(scores / temperature + hidden, 1);
        let targets = Tensor::<2>::from_data(TensorData::new(spread, [count, intents]), device);
        let weight = self.lesson.teacher_weight * temperature * temperature / count as f32;
        Some((targets * logarithms).sum().neg() * weight)
    }

    /// One less the cosine of the angle to the vectors of the teacher.
    fn loss_to_vectors(
        &self,
        net: &UtteranceNet,
        pooled: Tensor<2>,
        examples: &[Drawn],
        device: &Device,
    ) -> Option<Tensor<1>> {
        let teacher = self
            .teacher
            .as_ref()
            .filter(|teacher| !teacher.vectors.is_empty())?;
        let (count, columns) = (examples.len(), teacher.columns);
        let mut targets = vec![0.0_f32; count * columns];
        let mut taught = 0;
        for (example, row) in examples.iter().zip(targets.chunks_exact_mut(columns)) {
            if let Some(place) = example.taught {
                row.copy_from_slice(&teacher.vectors[place * columns..][..columns]);
                taught += 1;
            }
        }
        let found = net.vector.as_ref()?.forward(pooled);
        let lengths = (found.clone().powi_scalar(2).sum_dim(1) + 1e-6).sqrt();
        let targets = Tensor::<2>::from_data(TensorData::new(targets, [count, columns]), device);
        let cosines = (found / lengths * targets).sum();
        Some((cosines.neg() + taught as f32) * self.lesson.vector_weight / count as f32)
    }

    /// The loss of the chain. Its value and its gradient are computed outside of Burn; Burn is given a sum of products
    /// that has this gradient, moved to this value.
    fn loss_of_tags(
        &self,
        net: &UtteranceNet,
        scores: Tensor<3>,
        examples: &[Drawn],
        device: &Device,
    ) -> Result<Option<Tensor<1>>, TrainError> {
        let (Some(transitions), Some(start), Some(end)) = (&net.transitions, &net.start, &net.end) else {
            return Ok(None);
        };
        let [count, length, tags] = scores.dims();
        let read = |values: Result<Vec<f32>, crate::lowering::LowerError>| {
            values.map_err(|error| TrainError::Burn {
                reason: error.to_string(),
            })
        };
        let emissions = read(tensor_values(scores.clone().detach()))?;
        let values = [
            read(tensor_values(transitions.val().detach()))?,
            read(tensor_values(start.val().detach()))?,
            read(tensor_values(end.val().detach()))?,
        ];
        let chain = Chain::new(&self.allowed, &values[0], &values[1], &values[2]);
        let mut of_chain = Gradient::zero(tags);
        let mut of_emissions = vec![0.0; emissions.len()];
        let mut loss = 0.0;
        for ((example, emissions), of_emissions) in examples
            .iter()
            .zip(emissions.chunks_exact(length * tags))
            .zip(of_emissions.chunks_exact_mut(length * tags))
        {
            if let Some(path) = example.tags.as_ref().filter(|path| !path.is_empty()) {
                let end = path.len() * tags;
                loss += chain.gradient(&emissions[..end], path, &mut of_emissions[..end], &mut of_chain);
            }
        }
        let tensor = |values: Vec<f32>, shape: Vec<usize>| TensorData::new(values, shape);
        let of_emissions = Tensor::<3>::from_data(tensor(of_emissions, vec![count, length, tags]), device);
        let of_transitions = Tensor::<2>::from_data(tensor(of_chain.transitions, vec![tags, tags]), device);
        let of_start = Tensor::<1>::from_data(tensor(of_chain.start, vec![tags]), device);
        let of_end = Tensor::<1>::from_data(tensor(of_chain.end, vec![tags]), device);
        let sum = (scores * of_emissions).sum()
            + (transitions.val() * of_transitions).sum()
            + (start.val() * of_start).sum()
            + (end.val() * of_end).sum();
        let moved = sum.clone().detach().neg() + loss;
        Ok(Some((sum + moved) * self.lesson.tag_weight / count as f32))
    }
}

impl Learner for UtteranceLearner {
    type Net = UtteranceNet;
    type Example = Drawn;

    fn net(&self, seed: u64, device: &Device) -> Result<UtteranceNet, TrainError> {
        let weights = random_weights(&self.config.tensors(), seed);
        let net = self.config.build_net(weights, device);
        net.map_err(|error| TrainError::Burn {
            reason: error.to_string(),
        })
    }

    fn epoch(&self, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
        let mut random = generator(seed, epoch, u32::MAX as usize);
        let repeats = |index: &usize| match self.training[*index].intent {
            Some(intent) if Some(intent) == self.labels.out_of_scope => self.lesson.out_of_scope_repeats,
            _ => 1,
        };
        let mut order: Vec<usize> = (0..self.training.len())
            .flat_map(|index| std::iter::repeat_n(index, repeats(&index)))
            .collect();
        if self.labels.out_of_scope.is_some() {
            order.extend((0..self.lesson.mixed_outliers).map(|more| self.training.len() + more));
        }
        order.shuffle(&mut random);
        let length = |index: &usize| {
            self.training
                .get(*index)
                .map_or(8, |utterance| utterance.words.len())
        };
        let mut steps: Vec<Vec<usize>> = Vec::new();
        for pool in order.chunks_mut(POOL_BATCHES * self.lesson.batch) {
            pool.sort_by_key(length);
            steps.extend(pool.chunks(self.lesson.batch).map(<[usize]>::to_vec));
        }
        steps.shuffle(&mut random);
        steps
    }

    fn draw(&self, place: Place) -> Result<Drawn, TrainError> {
        let mut random = generator(place.seed, place.epoch, place.index);
        let mut utterance = self.utterance(place, &mut random);
        utterance.words.truncate(self.config.words_max);
        let count = utterance.words.len();
        if let Some(tags) = &mut utterance.tags {
            tags.truncate(count);
        }
        let each = self.config.hashing.per_word;
        let mut features = Vec::with_capacity(count * each);
        for word in &utterance.words {
            let start = features.len();
            self.vocabulary.features(word, &mut features);
            if random.random::<f32>() < self.lesson.word_dropout {
                features[start] = 0;
            }
        }
        let mut grams = self.vocabulary.grams(&utterance.words);
        for gram in &mut grams {
            if random.random::<f32>() < self.lesson.gram_dropout {
                *gram = 0;
            }
        }
        Ok(Drawn {
            features,
            grams,
            words: count,
            intent: utterance.intent,
            tags: utterance.tags,
            taught: utterance.taught,
            seed: random.next_u64(),
        })
    }

    fn loss(&self, net: &UtteranceNet, examples: &[Drawn], device: &Device) -> Result<Loss, TrainError> {
        let (batch, looked_up) = batch_of(net, examples, device)?;
        let mut dropping = Drop::new(self.lesson.dropout, examples, device);
        let scores = net.forward(&batch, &mut dropping);
        let right = scores
            .intents
            .as_ref()
            .map_or(0, |scores| right(scores, examples));
        let mut parts = Vec::new();
        parts.extend(self.loss_to_vectors(net, scores.pooled, examples, device));
        if let Some(scores) = scores.intents {
            parts.extend(self.loss_of_intents(scores, examples, device));
        }
        if let Some(scores) = scores.tags {
            parts.extend(self.loss_of_tags(net, scores, examples, device)?);
        }
        let mean = parts
            .into_iter()
            .reduce(|a, b| a + b)
            .ok_or(TrainError::Options {
                fault: "no example of a step has a label",
            })?;
        Ok(Loss {
            mean,
            right,
            beside: Some(Box::new(move |gradients, segments, all| {
                looked_up.pull(gradients, segments, all)
            })),
            measured: Vec::new(),
        })
    }

    fn judge(&self, net: &UtteranceNet) -> Result<Vec<(String, f64)>, TrainError> {
        if self.judging.is_empty() {
            return Ok(Vec::new());
        }
        let answers = answer(net, &self.labels, &self.judging)?;
        let mut figures = figures(&self.labels, &self.judging, &answers);
        if let Some(at) = figures.iter().position(|(name, _)| *name == self.select) {
            figures.swap(0, at);
        }
        Ok(figures)
    }
}

/// Makes scores of a teacher probabilities.
fn soften(row: &mut [f32], temperature: f32) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut()
        .for_each(|score| *score = ((*score - largest) / temperature).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|score| *score /= sum);
}

/// How many of the examples with an intent have their largest score there.
fn right(scores: &Tensor<2>, examples: &[Drawn]) -> usize {
    let chosen = scores.clone().detach().argmax(1).into_data().convert::<i64>();
    let chosen = chosen.as_slice::<i64>().map(<[i64]>::to_vec).unwrap_or_default();
    let pairs = examples.iter().zip(chosen);
    pairs
        .filter(|(example, chosen)| {
            example
                .intent
                .is_some_and(|intent| i64::try_from(intent) == Ok(*chosen))
        })
        .count()
}

/// A generator for one example of one epoch.
fn generator(seed: u64, epoch: usize, index: usize) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x0077_E2A9_CE00);
    random.set_stream((epoch as u64) << 32 | index as u64);
    random
}
