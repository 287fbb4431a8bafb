//! Multi-head attention over rows of queries, keys and values, without moving heads together.
//!
//! # Source
//! Vaswani et al. 2017, "Attention is all you need", equation 1.

use super::{Before, View, ViewMut, product};
use crate::cpu::Cpu;
use crate::kernel::softmax::Softmax;
use crate::kernel::softmax_back::SoftmaxBack;
use crate::kernel::{Rows, RowsMut};

/// The sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Sequences.
    pub batch: usize,
    /// Rows of each sequence.
    pub tokens: usize,
    /// Numbers of a row: those of all heads.
    pub width: usize,
    /// Heads; a divisor of `width`.
    pub heads: usize,
}

/// The gradients of an attention, each `[batch, tokens, width]`.
#[derive(Debug)]
pub struct AttentionGradient {
    /// Of the queries.
    pub query: Vec<f32>,
    /// Of the keys.
    pub key: Vec<f32>,
    /// Of the values.
    pub value: Vec<f32>,
}

impl Attention {
    /// Returns `softmax(query key^T / sqrt(width / heads)) value`, head by head, and the shares that the softmax gave,
    /// `[batch, heads, tokens, tokens]`.
    ///
    /// `qkv`: each `[batch, tokens, width]`; `hidden`: `[batch, tokens]`, true for keys that no query sees, or nothing if
    /// all are seen.
    ///
    /// # Panics
    /// A slice is of another size.
    pub fn forward(self, cpu: Cpu, qkv: [&[f32]; 3], hidden: &[bool]) -> (Vec<f32>, Vec<f32>) {
        self.check(&qkv);
        assert!(hidden.is_empty() || hidden.len() == self.batch * self.tokens);
        let mut out = vec![0.0; self.batch * self.tokens * self.width];
        let mut shares = vec![0.0; self.batch * self.heads * self.square()];
        let mut scores = vec![0.0; self.square()];
        for (index, shares) in shares.chunks_exact_mut(self.square().max(1)).enumerate() {
            let (sequence, start) = self.place(index);
            let [query, key, value] = qkv.map(|values| self.head(values, start));
            let to_scores = ViewMut::rows(&mut scores, self.tokens);
            product(
                query,
                key.transposed(),
                (self.scale(), Before::Replaced),
                to_scores,
            );
            if !hidden.is_empty() {
                let hidden = &hidden[sequence * self.tokens..][..self.tokens];
                for row in scores.chunks_exact_mut(self.tokens) {
                    for (score, hidden) in row.iter_mut().zip(hidden) {
                        *score = if *hidden { f32::NEG_INFINITY } else { *score };
                    }
                }
            }
            Softmax {
                input: Rows {
                    values: &scores,
                    stride: self.tokens,
                },
                rows: self.tokens,
                columns: self.tokens,
                log: false,
                out: RowsMut {
                    values: shares,
                    stride: self.tokens,
                },
            }
            .run(cpu);
            let to = self.head_mut(&mut out, start);
            product(
                View::rows(shares, self.tokens),
                value,
                (1.0, Before::Replaced),
                to,
            );
        }
        (out, shares)
    }

    /// Returns the gradients of queries, keys and values from that of the result and the shares of [`Attention::forward`].
    ///
    /// # Panics
    /// A slice is of another size.
    pub fn back(self, cpu: Cpu, qkv: [&[f32]; 3], shares: &[f32], gradient: &[f32]) -> AttentionGradient {
        self.check(&qkv);
        self.check(&[gradient]);
        assert_eq!(shares.len(), self.batch * self.heads * self.square());
        let [mut to_query, mut to_key, mut to_value] = qkv.map(|values| vec![0.0; values.len()]);
        let mut scores = vec![0.0; self.square()];
        for (index, shares) in shares.chunks_exact(self.square().max(1)).enumerate() {
            let (_, start) = self.place(index);
            let [query, key, value] = qkv.map(|values| self.head(values, start));
            let gradient = self.head(gradient, start);
            let replace = (1.0, Before::Replaced);
            let all = View::rows(shares, self.tokens).transposed();
            product(all, gradient, replace, self.head_mut(&mut to_value, start));
            let to_scores = ViewMut::rows(&mut scores, self.tokens);
            product(gradient, value.transposed(), replace, to_scores);
            SoftmaxBack {
                shares,
                columns: self.tokens,
                scale: self.scale(),
                gradient: &mut scores,
            }
            .run(cpu);
            let scores = View::rows(&scores, self.tokens);
            product(scores, key, replace, self.head_mut(&mut to_query, start));
            product(
                scores.transposed(),
                query,
                replace,
                self.head_mut(&mut to_key, start),
            );
        }
        AttentionGradient {
            query: to_query,
            key: to_key,
            value: to_value,
        }
    }

    fn check(self, slices: &[&[f32]]) {
        assert!(self.heads > 0 && self.width.is_multiple_of(self.heads));
        let count = self.batch * self.tokens * self.width;
        assert!(slices.iter().all(|slice| slice.len() == count));
    }

    fn square(self) -> usize {
        self.tokens * self.tokens
    }

    fn scale(self) -> f32 {
        1.0 / ((self.width / self.heads) as f32).sqrt()
    }

    /// The sequence of the head at `index` of all, and where its first row begins.
    fn place(self, index: usize) -> (usize, usize) {
        let (sequence, head) = (index / self.heads, index % self.heads);
        (
            sequence,
            sequence * self.tokens * self.width + head * (self.width / self.heads),
        )
    }

    fn head(self, values: &[f32], start: usize) -> View<'_> {
        View {
            values: &values[start..],
            shape: [self.tokens, self.width / self.heads],
            strides: [self.width, 1],
        }
    }

    fn head_mut(self, values: &mut [f32], start: usize) -> ViewMut<'_> {
        ViewMut {
            values: &mut values[start..],
            shape: [self.tokens, self.width / self.heads],
            stride: self.width,
        }
    }
}
