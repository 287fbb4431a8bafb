//! What of a net is trained: all of it, a part, or low-rank changes of its matrices.
//!
//! The optimiser steps a vector of its own; an [`Adapter`] turns it into the weights of the net and turns the gradient
//! of the weights back. With everything trained the two vectors are the same.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::flat::Segment;
use super::{Measured, TrainError};

/// How strongly a low-rank change acts: twice its product, as with `alpha = 2 r` in the paper.
const LORA_SCALE: f32 = 2.0;

/// What of a net is trained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptation {
    /// Paths in the module that stay as they are, as in `encoder`.
    #[serde(default)]
    pub frozen: Vec<String>,
    /// Rank of the changes of matrices; 0 to train the matrices themselves.
    #[serde(default)]
    pub lora_rank: usize,
    /// Paths that are trained whole beside low-rank changes: the heads of a net.
    #[serde(default)]
    pub whole: Vec<String>,
}

/// What becomes of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// It stays.
    Frozen,
    /// It is trained; its values begin at this place of the trained vector.
    Whole { at: usize },
    /// It is measured; its values stand in the trained vector as well, without gradient and decay.
    Measured { at: usize },
    /// The product of two narrow matrices is added to it.
    LowRank { at: usize, rows: usize, columns: usize },
}

/// Turns the trained vector into weights and back.
#[derive(Clone, Debug)]
pub struct Adapter {
    segments: Vec<Segment>,
    parts: Vec<Part>,
    rank: usize,
    base: Vec<f32>,
    count: usize,
}

impl Adapter {
    /// An adapter of a net of this layout with these weights.
    ///
    /// # Errors
    /// [`TrainError::Options`] if nothing is left to train, or a path names no parameter.
    pub fn new(segments: Vec<Segment>, base: Vec<f32>, adaptation: &Adaptation) -> Result<Self, TrainError> {
        let paths = adaptation.frozen.iter().chain(&adaptation.whole);
        for path in paths {
            if !segments.iter().any(|segment| lies_in(&segment.name, path)) {
                return Err(TrainError::Options {
                    fault: "the net has no part of the name to freeze",
                });
            }
        }
        let (mut count, mut is_trained) = (0, false);
        let rank = adaptation.lora_rank;
        let parts = segments
            .iter()
            .map(|segment| {
                let within = |paths: &[String]| paths.iter().any(|path| lies_in(&segment.name, path));
                let at = count;
                let (rows, columns) = matrix(segment);
                if within(&adaptation.frozen) {
                    Part::Frozen
                } else if !segment.is_trained {
                    count += segment.range.len();
                    Part::Measured { at }
                } else if rank == 0 || within(&adaptation.whole) {
                    count += segment.range.len();
                    is_trained = true;
                    Part::Whole { at }
                } else if segment.is_matrix() && rows.min(columns) > rank {
                    count += rank * (rows + columns);
                    is_trained = true;
                    Part::LowRank { at, rows, columns }
                } else {
                    Part::Frozen
                }
            })
            .collect();
        if !is_trained {
            return Err(TrainError::Options {
                fault: "no part of the net is left to train",
            });
        }
        Ok(Self {
            segments,
            parts,
            rank,
            base,
            count,
        })
    }

    /// How many numbers are trained or measured.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The weights that the net began with.
    pub fn base(&self) -> &[f32] {
        &self.base
    }

    /// True when the trained vector is that of the weights.
    fn is_whole(&self) -> bool {
        self.count == self.base.len() && self.rank == 0
    }

    /// The trained vector before the first step: it changes nothing.
    ///
    /// # Source
    /// Hu et al. 2021, "LoRA", section 4.1: one factor is drawn, the other is zero.
    pub fn start(&self, seed: u64) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x10_2A);
        let mut trained = vec![0.0; self.count];
        for (segment, part) in self.segments.iter().zip(&self.parts) {
            match *part {
                Part::Frozen => (),
                Part::Whole { at } | Part::Measured { at } => {
                    let values = &self.base[segment.range.clone()];
                    trained[at..at + values.len()].copy_from_slice(values);
                }
                Part::LowRank { at, rows, .. } => {
                    let bound = (3.0 / rows as f32).sqrt();
                    for value in &mut trained[at..at + rows * self.rank] {
                        *value = bound * (2.0 * random.random::<f32>() - 1.0);
                    }
                }
            }
        }
        trained
    }

    /// Writes the weights of a trained vector.
    pub fn weights(&self, trained: &[f32], weights: &mut Vec<f32>) {
        if self.is_whole() {
            weights.clear();
            weights.extend_from_slice(trained);
            return;
        }
        weights.clone_from(&self.base);
        for (segment, part) in self.segments.iter().zip(&self.parts) {
            let place = &mut weights[segment.range.clone()];
            match *part {
                Part::Frozen => (),
                Part::Whole { at } | Part::Measured { at } => {
                    place.copy_from_slice(&trained[at..at + place.len()]);
                }
                Part::LowRank { at, rows, columns } => {
                    let (down, up) = self.factors(trained, at, rows, columns);
                    for (row, down) in place.chunks_exact_mut(columns).zip(down.chunks_exact(self.rank)) {
                        for (down, up) in down.iter().zip(up.chunks_exact(columns)) {
                            for (value, up) in row.iter_mut().zip(up) {
                                *value += LORA_SCALE * down * up;
                            }
                        }
                    }
                }
            }
        }
    }

    /// The gradient of the trained vector, from that of the weights.
    pub fn gradient(&self, trained: &[f32], gradient: Vec<f32>) -> Vec<f32> {
        if self.is_whole() {
            return gradient;
        }
        let mut pulled = vec![0.0; self.count];
        for (segment, part) in self.segments.iter().zip(&self.parts) {
            let given = &gradient[segment.range.clone()];
            match *part {
                Part::Frozen | Part::Measured { .. } => (),
                Part::Whole { at } => pulled[at..at + given.len()].copy_from_slice(given),
                Part::LowRank { at, rows, columns } => {
                    let (down, up) = self.factors(trained, at, rows, columns);
                    let (to_down, to_up) =
                        pulled[at..at + self.rank * (rows + columns)].split_at_mut(rows * self.rank);
                    let rows = given.chunks_exact(columns);
                    let down = down.chunks_exact(self.rank);
                    for ((given, down), to_down) in rows.zip(down).zip(to_down.chunks_exact_mut(self.rank)) {
                        let ups = up.chunks_exact(columns).zip(to_up.chunks_exact_mut(columns));
                        for ((down, to_down), (up, to_up)) in down.iter().zip(to_down).zip(ups) {
                            *to_down = LORA_SCALE * given.iter().zip(up).map(|(a, b)| a * b).sum::<f32>();
                            for (to_up, given) in to_up.iter_mut().zip(given) {
                                *to_up += LORA_SCALE * down * given;
                            }
                        }
                    }
                }
            }
        }
        pulled
    }

    /// Writes what was measured into the trained vector; what is frozen stays.
    ///
    /// # Errors
    /// [`TrainError::OtherNet`] for a measurement of no weight of the net, or of other sizes.
    pub fn measure(&self, measured: &[Measured], trained: &mut [f32]) -> Result<(), TrainError> {
        for Measured { name, values } in measured {
            let mut parts = self.segments.iter().zip(&self.parts);
            let part =
                parts.find(|(segment, _)| segment.name == *name && segment.range.len() == values.len());
            match part {
                Some((_, Part::Measured { at })) => trained[*at..at + values.len()].copy_from_slice(values),
                Some((_, Part::Frozen)) => (),
                Some((_, Part::Whole { .. } | Part::LowRank { .. })) | None => {
                    return Err(TrainError::OtherNet {
                        reason: format!("`{name}` is none of the weights that are measured"),
                    });
                }
            }
        }
        Ok(())
    }

    /// The weight decay of each number that is trained: that of matrices, and none of scales and shifts.
    pub fn decay(&self, weight_decay: f32) -> Vec<f32> {
        let mut decay = vec![0.0; self.count];
        for (segment, part) in self.segments.iter().zip(&self.parts) {
            let range = match *part {
                Part::Frozen | Part::Measured { .. } => continue,
                Part::Whole { at } => at..at + segment.range.len(),
                Part::LowRank { at, rows, columns } => at..at + self.rank * (rows + columns),
            };
            if segment.is_matrix() {
                decay[range].fill(weight_decay);
            }
        }
        decay
    }

    /// The two factors of a change: `[rows, rank]` and `[rank, columns]`.
    fn factors<'a>(
        &self,
        trained: &'a [f32],
        at: usize,
        rows: usize,
        columns: usize,
    ) -> (&'a [f32], &'a [f32]) {
        trained[at..at + self.rank * (rows + columns)].split_at(rows * self.rank)
    }
}

/// A parameter as a matrix: its first size, and all others together.
fn matrix(segment: &Segment) -> (usize, usize) {
    let rows = segment.shape.first().copied().unwrap_or(1).max(1);
    (rows, segment.range.len() / rows)
}

/// True for a path itself and for everything under it.
fn lies_in(name: &str, path: &str) -> bool {
    name.strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> Vec<Segment> {
        let segment = |name: &str, range, shape: &[usize]| Segment {
            name: name.to_owned(),
            range,
            shape: shape.to_vec(),
            is_trained: true,
        };
        vec![
            segment("encoder.weight", 0..12, &[4, 3]),
            segment("encoder.bias", 12..15, &[3]),
            segment("head.weight", 15..21, &[3, 2]),
        ]
    }

    fn adapter(frozen: &[&str], lora_rank: usize, whole: &[&str]) -> Result<Adapter, TrainError> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let base = (0..21_u8).map(|value| f32::from(value) / 10.0).collect();
        let adaptation = Adaptation {
            frozen: owned(frozen),
            lora_rank,
            whole: owned(whole),
        };
        Adapter::new(segments(), base, &adaptation)
    }

    #[test]
    fn before_the_first_step_the_weights_are_those_it_began_with() {
        for (frozen, rank, whole) in [(&[][..], 0, &[][..]), (&["encoder"], 0, &[]), (&[], 2, &["head"])] {
            let adapter = adapter(frozen, rank, whole).unwrap();
            let mut weights = Vec::new();
            adapter.weights(&adapter.start(3), &mut weights);
            assert_eq!(weights, adapter.base());
        }
    }

    #[test]
    fn what_is_frozen_stays() {
        let adapter = adapter(&["encoder"], 0, &[]).unwrap();
        assert_eq!(adapter.count(), 6);
        let mut weights = Vec::new();
        adapter.weights(&[9.0; 6], &mut weights);
        assert_eq!(weights[..15], adapter.base()[..15]);
        assert_eq!(weights[15..], [9.0; 6]);
        assert_eq!(adapter.decay(0.5), [0.5; 6]);
    }

    #[test]
    fn what_is_measured_stands_in_the_trained_vector_without_gradient_and_decay() {
        let mut segments = segments();
        segments[0].is_trained = false;
        let adapter = |frozen: &[String]| {
            let adaptation = Adaptation {
                frozen: frozen.to_vec(),
                ..Adaptation::default()
            };
            Adapter::new(segments.clone(), vec![1.0; 21], &adaptation).unwrap()
        };
        let measured = |name: &str, count: usize| Measured {
            name: name.to_owned(),
            values: vec![7.0; count],
        };
        let whole = adapter(&[]);
        let mut trained = whole.start(1);
        assert_eq!(whole.decay(0.5)[..15], [0.0; 15]);
        whole
            .measure(&[measured("encoder.weight", 12)], &mut trained)
            .unwrap();
        let mut weights = Vec::new();
        whole.weights(&trained, &mut weights);
        assert!(weights[..12] == [7.0; 12] && weights[12..] == [1.0; 9]);
        for wrong in [
            measured("encoder.bias", 3),
            measured("encoder.weight", 11),
            measured("none", 1),
        ] {
            assert!(whole.measure(&[wrong], &mut trained).is_err());
        }
        // Nothing is measured of what is frozen, and its gradient is nobody's.
        let frozen = adapter(&["encoder".to_owned()]);
        let mut trained = frozen.start(1);
        frozen
            .measure(&[measured("encoder.weight", 12)], &mut trained)
            .unwrap();
        assert_eq!(trained, [1.0; 6]);
        let part = adapter(&["head".to_owned()]);
        assert_eq!(
            part.gradient(&part.start(1), vec![3.0; 21]),
            [[0.0; 12].as_slice(), &[3.0; 3]].concat()
        );
    }

    #[test]
    fn nothing_to_train_and_unknown_names_are_refused() {
        assert!(adapter(&["encoder", "head"], 0, &[]).is_err());
        assert!(adapter(&["enc"], 0, &[]).is_err());
    }

    #[test]
    fn the_gradient_of_a_low_rank_change_is_that_of_small_differences() {
        let adapter = adapter(&[], 2, &["head"]).unwrap();
        assert_eq!(adapter.count(), 2 * (4 + 3) + 6);
        let trained: Vec<f32> = (0..adapter.count())
            .map(|index| ((index * 7 % 11) as f32 - 5.0) / 8.0)
            .collect();
        // The sum of squares of the weights, whose gradient is twice the weights.
        let loss = |trained: &[f32]| {
            let mut weights = Vec::new();
            adapter.weights(trained, &mut weights);
            weights.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>()
        };
        let mut weights = Vec::new();
        adapter.weights(&trained, &mut weights);
        let found = adapter.gradient(&trained, weights.iter().map(|value| 2.0 * value).collect());
        for index in 0..trained.len() {
            let moved = |by: f32| {
                let mut trained = trained.clone();
                trained[index] += by;
                loss(&trained)
            };
            let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((f64::from(found[index]) - expected).abs() < 1e-2 * (1.0 + expected.abs()));
        }
    }
}
