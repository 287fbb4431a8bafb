//! Utterances side by side, with the rows of their words looked up.

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::config::{GRAMS_PER_WORD, UtteranceConfig};
use super::net::{Batch, UtteranceNet};
use crate::lowering::with_values;
use crate::train::{Segment, TrainError};

/// An utterance as it is met.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub(super) features: Vec<i32>,
    pub(super) grams: Vec<i32>,
    pub(super) words: usize,
    pub(super) intent: Option<usize>,
    pub(super) tags: Option<Vec<usize>>,
    pub(super) taught: Option<usize>,
    pub(super) seed: u64,
}

impl Drawn {
    /// An utterance as it is, with nothing hidden.
    pub(super) fn plain(config: &UtteranceConfig, words: &[String]) -> Self {
        let words = &words[..words.len().min(config.words_max)];
        let mut features = vec![0; words.len() * config.hashing.per_word];
        for (word, rows) in words
            .iter()
            .zip(features.chunks_exact_mut(config.hashing.per_word))
        {
            config.hashing.word(word, rows);
        }
        Self {
            features,
            grams: super::corpus::grams(config, words),
            words: words.len(),
            intent: None,
            tags: None,
            taught: None,
            seed: 0,
        }
    }
}

/// Where the rows of a batch were looked up, for the way back.
pub(super) struct LookedUp {
    embedded: Tensor<3>,
    features: Vec<i32>,
    each: usize,
    /// Sums of n-grams and their ids, `[batch, words * 3]`.
    grams: Option<(Tensor<2>, Vec<i32>)>,
}

/// A batch of utterances, as wide as the longest, and how its gradients come back to the tables.
///
/// # Errors
/// [`TrainError::Burn`] if a table cannot be read.
pub(super) fn batch_of(
    net: &UtteranceNet,
    examples: &[Drawn],
    device: &Device,
) -> Result<(Batch, LookedUp), TrainError> {
    let config = net.config();
    let (count, each) = (examples.len(), config.hashing.per_word);
    let length = examples
        .iter()
        .map(|example| example.words)
        .max()
        .unwrap_or(1)
        .max(1);
    let mut features = vec![0_i32; count * length * each];
    let mut mask = vec![0.0_f32; count * length];
    for (index, example) in examples.iter().enumerate() {
        features[index * length * each..][..example.features.len()].copy_from_slice(&example.features);
        // An utterance without words is one word without features.
        mask[index * length..][..example.words.max(1)].fill(1.0);
    }
    let failed = |error: crate::lowering::LowerError| TrainError::Burn {
        reason: error.to_string(),
    };
    let columns = config.embedding;
    let sums = with_values(&net.table, |table| sums(table, columns, &features, each)).map_err(failed)?;
    let leaf = |values: Vec<f32>, shape: Vec<usize>| TensorData::new(values, shape);
    let embedded = Tensor::<3>::from_data(leaf(sums, vec![count, length, columns]), device);
    let embedded = if device.is_autodiff() {
        embedded.require_grad()
    } else {
        embedded
    };
    let grams = match &net.grams {
        None => None,
        Some(table) => {
            let (each, columns) = (length * GRAMS_PER_WORD, config.intents.len());
            let mut ids = vec![0_i32; count * each];
            for (example, ids) in examples.iter().zip(ids.chunks_exact_mut(each)) {
                ids[..example.grams.len()].copy_from_slice(&example.grams);
            }
            let sums = with_values(table, |table| self::sums(table, columns, &ids, each)).map_err(failed)?;
            let sums = Tensor::<2>::from_data(leaf(sums, vec![count, columns]), device);
            Some((
                if device.is_autodiff() {
                    sums.require_grad()
                } else {
                    sums
                },
                ids,
            ))
        }
    };
    let batch = Batch {
        embedded: embedded.clone(),
        grams: grams.as_ref().map(|(sums, _)| sums.clone()),
        mask: Tensor::from_data(leaf(mask, vec![count, length, 1]), device),
    };
    let looked_up = LookedUp {
        embedded,
        features,
        each,
        grams,
    };
    Ok((batch, looked_up))
}

impl LookedUp {
    /// Adds the gradients of sums to those of the rows that were added up.
    pub(super) fn pull(self, gradients: &Gradients, segments: &[Segment], all: &mut [f32]) {
        let grams = self.grams.map(|(sums, ids)| (sums.grad(gradients), ids));
        let tables = [
            (
                "table",
                self.embedded.grad(gradients).map(|of| of.flatten::<2>(0, 1)),
                self.features,
                self.each,
            ),
            match grams {
                Some((of, ids)) => {
                    let rows = of.as_ref().map_or(1, |of| of.dims()[0]);
                    let each = ids.len() / rows.max(1);
                    ("grams", of, ids, each)
                }
                None => ("grams", None, Vec::new(), 1),
            },
        ];
        for (name, of, ids, each) in tables {
            let segment = segments.iter().find(|segment| segment.name == name);
            let (Some(segment), Some(of)) = (segment, of) else {
                continue;
            };
            let columns = of.dims()[1];
            let data = of.into_data().convert::<f32>();
            let table = &mut all[segment.range.clone()];
            let rows = data.as_slice::<f32>().unwrap_or_default();
            for (row, ids) in rows.chunks_exact(columns).zip(ids.chunks_exact(each)) {
                for id in ids.iter().filter(|id| **id != 0) {
                    let to = &mut table[id.unsigned_abs() as usize * columns..][..columns];
                    to.iter_mut().zip(row).for_each(|(to, of)| *to += of);
                }
            }
        }
    }
}

/// The sum of the rows of each row of ids; id 0 stands for nothing.
fn sums(table: &[f32], columns: usize, ids: &[i32], each: usize) -> Vec<f32> {
    let mut sums = vec![0.0; ids.len() / each * columns];
    for (sum, ids) in sums.chunks_exact_mut(columns).zip(ids.chunks_exact(each)) {
        for id in ids.iter().filter(|id| **id != 0) {
            let row = &table[id.unsigned_abs() as usize * columns..][..columns];
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    }
    sums
}
