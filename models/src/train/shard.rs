//! One share of each batch, on a thread of its own.

use burn::module::Module;
use burn::tensor::Device;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::flat::{Segment, gradients, layout, with_values};
use super::{Learner, Measured, TrainError};

/// A net and the pool of one thread that it computes in.
pub(super) struct Shard<M> {
    pool: ThreadPool,
    net: M,
    segments: Vec<Segment>,
}

/// What a share of a batch gave.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Sum of the losses of its examples.
    pub(super) loss: f64,
    /// Examples answered rightly.
    pub(super) right: usize,
    /// Examples.
    pub(super) examples: usize,
    /// Gradient of the mean loss of its examples.
    pub(super) gradient: Vec<f32>,
    /// New values of weights without a gradient.
    pub(super) measured: Vec<Measured>,
}

impl<M: Module + Clone + Send + Sync> Shard<M> {
    pub(super) fn new(net: M) -> Result<Self, TrainError> {
        let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
        let segments = layout(&net);
        Ok(Self { pool, net, segments })
    }

    /// Computes the loss and the gradient of some examples with these weights.
    pub(super) fn run<L: Learner<Net = M>>(
        &self,
        learner: &L,
        weights: &[f32],
        examples: &[L::Example],
    ) -> Result<Outcome, TrainError> {
        let device = Device::flex().autodiff();
        self.pool.install(|| {
            let net = with_values(self.net.clone(), weights);
            let loss = learner.loss(&net, examples, &device)?;
            let mean = loss.mean.clone().detach().into_scalar::<f32>();
            let all = loss.mean.backward();
            let mut gradient = gradients(&net, &all, weights.len());
            if let Some(beside) = loss.beside {
                beside(&all, &self.segments, &mut gradient);
            }
            Ok(Outcome {
                loss: f64::from(mean) * examples.len() as f64,
                right: loss.right,
                examples: examples.len(),
                gradient,
                measured: loss.measured,
            })
        })
    }
}

impl Outcome {
    /// Weighs gradients and measurements of shares by their examples and adds them, in the order of the shards.
    pub(super) fn merge(outcomes: Vec<Outcome>, pool: &ThreadPool) -> Outcome {
        use rayon::prelude::*;

        let examples: usize = outcomes.iter().map(|outcome| outcome.examples).sum();
        let mut outcomes = outcomes.into_iter();
        let Some(mut total) = outcomes.next() else {
            return Outcome::default();
        };
        let weight = |outcome: &Outcome| outcome.examples as f32 / examples.max(1) as f32;
        let first = weight(&total);
        let others: Vec<Outcome> = outcomes.collect();
        pool.install(|| {
            let blocks = total.gradient.par_chunks_mut(BLOCK).enumerate();
            blocks.for_each(|(index, block)| {
                block.iter_mut().for_each(|value| *value *= first);
                for other in &others {
                    let weight = weight(other);
                    let other = &other.gradient[index * BLOCK..];
                    for (value, other) in block.iter_mut().zip(other) {
                        *value += weight * other;
                    }
                }
            });
        });
        for place in 0..total.measured.len() {
            let values = &mut total.measured[place].values;
            values.iter_mut().for_each(|value| *value *= first);
            for other in &others {
                let weight = weight(other);
                if let Some(other) = other.measured.get(place) {
                    for (value, other) in values.iter_mut().zip(&other.values) {
                        *value += weight * other;
                    }
                }
            }
        }
        for other in others {
            total.loss += other.loss;
            total.right += other.right;
            total.examples += other.examples;
        }
        total
    }
}

/// Weights that are added together.
const BLOCK: usize = 1 << 15;
