//! Multi-head attention over rows that hold queries, keys and values side by side.
//!
//! # Source
//! Vaswani et al. 2017, "Attention is all you need", equation 1. Scores of a block of queries stay in the cache
//! from the first product through the softmax to the second, as in Dao et al. 2022, without their online softmax:
//! sequences here are short enough for whole rows of scores.

use std::ops::Range;

use super::dot::{Bf16Portable, Dot, F32};
use super::matmul::{Activation, Rows, RowsMut, spread};
use super::pack::{Format, Panels, Place, bf16, lanes};
use super::product::Product;
use super::simd::Simd;
use super::{Kernel, math};
use crate::cpu::Cpu;

/// Which keys a query sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mask {
    /// All of them.
    #[default]
    None,
    /// Those at its own place and before.
    Causal,
    /// Those at most so many places before or after its own.
    Band {
        /// Places before.
        before: usize,
        /// Places after.
        after: usize,
    },
}

impl Mask {
    /// The keys that the query at `row` sees, of `keys`.
    fn seen(self, row: usize, keys: usize) -> Range<usize> {
        match self {
            Mask::None => 0..keys,
            Mask::Causal => 0..keys.min(row + 1),
            Mask::Band { before, after } => {
                row.saturating_sub(before)..keys.min(row.saturating_add(after).saturating_add(1))
            }
        }
    }
}

/// The sizes of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heads {
    pub(crate) count: usize,
    /// Numbers in a query of one head.
    pub(crate) width: usize,
}

/// `out = softmax(q k^T / sqrt(width)) v` for the queries `rows`, head by head.
pub(crate) struct Attention<'a> {
    pub(crate) cpu: Cpu,
    /// [`Format::F32`] or [`Format::Bf16`].
    pub(crate) format: Format,
    pub(crate) heads: Heads,
    pub(crate) mask: Mask,
    /// `[keys, 3 * heads * width]`: queries, keys, values.
    pub(crate) qkv: Rows<'a>,
    pub(crate) keys: usize,
    /// The queries to answer.
    pub(crate) rows: Range<usize>,
    /// `[rows, heads * width]`, the first row for the first query.
    pub(crate) out: RowsMut<'a>,
    /// [`Attention::scratch`] words.
    pub(crate) scratch: &'a mut [u32],
}

/// Queries whose scores are in the cache at the same time: two tiles of the widest registers.
const BLOCK: usize = 24;

/// Words of each part of the scratch.
struct Parts {
    keys: usize,
    values: usize,
    zeros: usize,
    queries: usize,
    scores: usize,
    weights: usize,
}

impl Parts {
    fn new(cpu: Cpu, format: Format, width: usize, keys: usize) -> Parts {
        let lanes = lanes(cpu, format);
        Parts {
            keys: keys.next_multiple_of(lanes) * format.words(width),
            values: width.next_multiple_of(lanes) * format.words(keys),
            zeros: keys.max(width).next_multiple_of(lanes),
            queries: match format {
                Format::F32 => 0,
                Format::Bf16 | Format::Int8 | Format::Int16 => BLOCK * spread(format.words(width)),
            },
            scores: BLOCK * spread(keys),
            weights: match format {
                Format::F32 => 0,
                Format::Bf16 | Format::Int8 | Format::Int16 => BLOCK * spread(format.words(keys)),
            },
        }
    }

    fn sum(&self) -> usize {
        self.keys + self.values + self.zeros + self.queries + self.scores + self.weights
    }
}

impl Attention<'_> {
    /// Words that an attention over so many keys needs beside its rows.
    pub(crate) fn scratch(cpu: Cpu, format: Format, heads: Heads, keys: usize) -> usize {
        Parts::new(cpu, format, heads.width, keys).sum()
    }

    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short for the rows.
    pub(crate) fn run(self) {
        let wide = self.heads.count * self.heads.width;
        let reach = |rows: usize, stride: usize, width: usize| {
            rows.checked_sub(1).map_or(0, |last| last * stride + width)
        };
        assert!(self.rows.end <= self.keys);
        assert!(self.qkv.values.len() >= reach(self.keys, self.qkv.stride, 3 * wide));
        assert!(self.out.values.len() >= reach(self.rows.len(), self.out.stride, wide));
        assert!(self.scratch.len() >= Attention::scratch(self.cpu, self.format, self.heads, self.keys));
        let cpu = self.cpu;
        match self.format {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a `Cpu` says that it has BF16 only if so.
            Format::Bf16 if cpu.has_bf16() => unsafe { x86::bf16(self) },
            Format::Bf16 => self.by(Bf16Portable),
            Format::F32 | Format::Int8 | Format::Int16 => cpu.run(InF32(self)),
        }
    }

    #[inline(always)]
    fn by<D: Dot>(self, dot: D) {
        let Heads { count, width } = self.heads;
        let parts = Parts::new(self.cpu, self.format, width, self.keys);
        let (keys, rest) = self.scratch.split_at_mut(parts.keys);
        let (values, rest) = rest.split_at_mut(parts.values);
        let (zeros, rest) = rest.split_at_mut(parts.zeros);
        let (queries, rest) = rest.split_at_mut(parts.queries);
        let (scores, weights) = rest.split_at_mut(parts.scores);
        zeros.fill(0);
        let mut head = Head {
            format: self.format,
            width,
            keys,
            values,
            zeros,
            queries,
            scores: bytemuck::cast_slice_mut(scores),
            weights,
        };
        let wide = count * width;
        for index in 0..count {
            let part = |first: usize| Rows {
                values: &self.qkv.values[first * wide + index * width..],
                stride: self.qkv.stride,
            };
            let lanes = D::S::LANES;
            head.pack_keys(part(1), self.keys, lanes);
            head.pack_values(part(2), self.keys, lanes);
            let mut row = self.rows.start;
            while row < self.rows.end {
                let block = row..self.rows.end.min(row + BLOCK);
                let out = RowsMut {
                    values: &mut self.out.values[(row - self.rows.start) * self.out.stride + index * width..],
                    stride: self.out.stride,
                };
                head.block(dot, (part(0), self.keys), (block.clone(), self.mask), out);
                row = block.end;
            }
        }
    }
}

struct InF32<'a>(Attention<'a>);

impl Kernel for InF32<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.0.by(F32(simd));
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Attention;
    use crate::kernel::avx512::Avx512;
    use crate::kernel::dot::Avx512Bf16;

    /// # Safety
    /// The CPU has AVX-512 F, BW, DQ, VL, BF16 and FMA.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")]
    pub(super) unsafe fn bf16(attention: Attention<'_>) {
        // SAFETY: the caller vouches for the CPU.
        attention.by(unsafe { Avx512Bf16::assume(Avx512::assume()) });
    }
}

/// One head at work.
struct Head<'a> {
    format: Format,
    width: usize,
    /// Keys, transposed and packed: `[width, keys]`.
    keys: &'a mut [u32],
    /// Values, packed: `[keys, width]`.
    values: &'a mut [u32],
    zeros: &'a mut [u32],
    /// Queries of the block in words.
    queries: &'a mut [u32],
    /// `[block, keys]`.
    scores: &'a mut [f32],
    /// Softmax of the scores in words.
    weights: &'a mut [u32],
}

impl Head<'_> {
    #[inline(always)]
    fn pack_keys(&mut self, rows: Rows<'_>, count: usize, lanes: usize) {
        let place = Place {
            lanes,
            padded: count.next_multiple_of(lanes),
            deep: self.format.words(self.width),
        };
        let mut first = 0;
        while first < place.padded {
            let panel = (2 * lanes).min(place.padded - first);
            let words = &mut self.keys[place.of(0, first)..][..panel * place.deep];
            for lane in 0..panel {
                if first + lane >= count {
                    words[lane..].iter_mut().step_by(panel).for_each(|word| *word = 0);
                    continue;
                }
                let row = &rows.values[(first + lane) * rows.stride..][..self.width];
                let column = words[lane..].iter_mut().step_by(panel);
                match self.format {
                    Format::F32 => column.zip(row).for_each(|(word, x)| *word = x.to_bits()),
                    Format::Bf16 | Format::Int8 | Format::Int16 => {
                        column
                            .zip(row.chunks(2))
                            .for_each(|(word, pair)| *word = pair_of(pair));
                    }
                }
            }
            first += panel;
        }
    }

    #[inline(always)]
    fn pack_values(&mut self, rows: Rows<'_>, count: usize, lanes: usize) {
        let place = Place {
            lanes,
            padded: self.width.next_multiple_of(lanes),
            deep: self.format.words(count),
        };
        let mut first = 0;
        while first < place.padded {
            let panel = (2 * lanes).min(place.padded - first);
            let words = &mut self.values[place.of(0, first)..][..panel * place.deep];
            let real = panel.min(self.width - first);
            for (depth, words) in words.chunks_exact_mut(panel).enumerate() {
                words[real..].fill(0);
                match self.format {
                    Format::F32 => {
                        let row = &rows.values[depth * rows.stride + first..][..real];
                        words[..real].copy_from_slice(bytemuck::cast_slice(row));
                    }
                    Format::Bf16 | Format::Int8 | Format::Int16 => {
                        let low = &rows.values[2 * depth * rows.stride + first..][..real];
                        if 2 * depth + 1 < count {
                            let high = &rows.values[(2 * depth + 1) * rows.stride + first..][..real];
                            for ((word, low), high) in words.iter_mut().zip(low).zip(high) {
                                *word = u32::from(bf16(*low)) | u32::from(bf16(*high)) << 16;
                            }
                        } else {
                            for (word, low) in words.iter_mut().zip(low) {
                                *word = u32::from(bf16(*low));
                            }
                        }
                    }
                }
            }
            first += panel;
        }
    }

    /// Answers the queries of one block.
    #[inline(always)]
    fn block<D: Dot>(
        &mut self,
        dot: D,
        (queries, keys): (Rows<'_>, usize),
        (rows, mask): (Range<usize>, Mask),
        out: RowsMut<'_>,
    ) {
        let s = dot.simd();
        let stride = spread(keys);
        let queries = Rows {
            values: &queries.values[rows.start * queries.stride..],
            stride: queries.stride,
        };
        let (a, a_stride) = match self.format {
            Format::F32 => (bytemuck::cast_slice(queries.values), queries.stride),
            Format::Bf16 | Format::Int8 | Format::Int16 => {
                pack_pairs(queries, (rows.len(), self.width), self.queries);
                (&*self.queries, spread(self.format.words(self.width)))
            }
        };
        let product = Product {
            a,
            a_stride,
            panels: panels((self.keys, self.zeros), keys, self.format.words(self.width)),
            residual: None,
            activation: Activation::None,
            out: self.scores.as_mut_ptr(),
            out_stride: stride,
        };
        // SAFETY: `Attention::run` has seen that the rows are there, `Parts` that scores and panels are.
        unsafe { product.run(dot, rows.len()) };
        let scale = 1.0 / sqrt(self.width);
        let mut inverse = [0.0f32; BLOCK];
        for (index, inverse) in inverse.iter_mut().take(rows.len()).enumerate() {
            let seen = mask.seen(rows.start + index, keys);
            let scores = &mut self.scores[index * stride..][..keys];
            scores[..seen.start].fill(0.0);
            scores[seen.end..].fill(0.0);
            *inverse = 1.0 / exponentials(s, &mut scores[seen], scale);
        }
        let (a, a_stride) = match self.format {
            Format::F32 => (bytemuck::cast_slice(self.scores), stride),
            Format::Bf16 | Format::Int8 | Format::Int16 => {
                let scores = Rows {
                    values: &*self.scores,
                    stride,
                };
                pack_pairs(scores, (rows.len(), keys), self.weights);
                (&*self.weights, spread(self.format.words(keys)))
            }
        };
        let product = Product {
            a,
            a_stride,
            panels: panels((self.values, self.zeros), self.width, self.format.words(keys)),
            residual: None,
            activation: Activation::None,
            out: out.values.as_mut_ptr(),
            out_stride: out.stride,
        };
        // SAFETY: as above, for the rows of `out`.
        unsafe { product.run(dot, rows.len()) };
        for (index, inverse) in inverse.iter().take(rows.len()).enumerate() {
            let row = &mut out.values[index * out.stride..][..self.width];
            for part in row.chunks_mut(D::S::LANES) {
                let value = s.mul(s.at_most(part), s.splat(*inverse));
                s.put_most(part, value);
            }
        }
    }
}

#[inline(always)]
fn panels<'a>((words, zeros): (&'a [u32], &'a [u32]), columns: usize, deep: usize) -> Panels<'a> {
    Panels {
        words,
        start: zeros,
        scale: bytemuck::cast_slice(zeros),
        bias: bytemuck::cast_slice(zeros),
        columns,
        deep,
    }
}

/// Turns scores into `e^(scale * (score - largest))` and returns their sum.
#[inline(always)]
fn exponentials<S: Simd>(s: S, scores: &mut [f32], scale: f32) -> f32 {
    let (whole, rest) = scores.split_at_mut(scores.len() / S::LANES * S::LANES);
    let mut largest = s.splat(f32::NEG_INFINITY);
    for part in whole.chunks_exact(S::LANES) {
        largest = s.max(largest, s.at(part));
    }
    let largest = rest
        .iter()
        .fold(s.largest(largest), |most, score| most.max(*score));
    let offset = s.splat(-largest * scale);
    let mut sums = s.splat(0.0);
    for part in whole.chunks_exact_mut(S::LANES) {
        let e = math::exp(s, s.mul_add(s.at(part), s.splat(scale), offset));
        sums = s.add(sums, e);
        s.put(part, e);
    }
    let e = math::exp(s, s.mul_add(s.at_most(rest), s.splat(scale), offset));
    s.put_most(rest, e);
    s.sum(sums) + rest.iter().sum::<f32>()
}

#[inline(always)]
fn pack_pairs(rows: Rows<'_>, (count, width): (usize, usize), words: &mut [u32]) {
    let deep = Format::Bf16.words(width);
    for (index, words) in words.chunks_exact_mut(spread(deep)).take(count).enumerate() {
        let row = &rows.values[index * rows.stride..][..width];
        let (pairs, last) = row.as_chunks::<2>();
        for (word, pair) in words.iter_mut().zip(pairs) {
            *word = pair_of(pair);
        }
        if !last.is_empty() {
            words[pairs.len()] = pair_of(last);
        }
    }
}

#[inline(always)]
fn pair_of(pair: &[f32]) -> u32 {
    let high = pair.get(1).map_or(0, |high| u32::from(bf16(*high)));
    u32::from(bf16(pair[0])) | high << 16
}

fn sqrt(width: usize) -> f32 {
    #[allow(clippy::cast_precision_loss, reason = "the width of a head is small")]
    (width as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{cpus, numbers};

    fn slow(qkv: &[f32], (keys, heads): (usize, Heads), mask: Mask) -> Vec<f64> {
        let wide = heads.count * heads.width;
        let at =
            |row: usize, part: usize, column: usize| f64::from(qkv[row * 3 * wide + part * wide + column]);
        let mut out = vec![0.0; keys * wide];
        for row in 0..keys {
            for column in 0..wide {
                let first = column / heads.width * heads.width;
                let score = |key: usize| {
                    let products = (first..first + heads.width).map(|c| at(row, 0, c) * at(key, 1, c));
                    (products.sum::<f64>() / (heads.width as f64).sqrt()).exp()
                };
                let seen = mask.seen(row, keys);
                let sum: f64 = seen.clone().map(score).sum();
                out[row * wide + column] = seen.map(|key| score(key) / sum * at(key, 2, column)).sum();
            }
        }
        out
    }

    proptest! {
        #[test]
        fn attention_is_the_published_equation(
            keys in 1usize..70,
            count in 1usize..4,
            width in prop::sample::select(&[1usize, 7, 16, 31, 48][..]),
            mask in prop::sample::select(&[Mask::None, Mask::Causal, Mask::Band { before: 3, after: 1 }][..]),
            cut in 0usize..8,
        ) {
            let heads = Heads { count, width };
            let wide = count * width;
            let qkv = numbers(keys * 3 * wide, 5);
            let expected = slow(&qkv, (keys, heads), mask);
            let first = cut * keys / 8;
            for cpu in cpus() {
                for (format, tolerance) in [(Format::F32, 2e-6), (Format::Bf16, 0.03)] {
                    let mut out = vec![f32::NAN; (keys - first) * wide];
                    Attention {
                        cpu,
                        format,
                        heads,
                        mask,
                        qkv: Rows { values: &qkv, stride: 3 * wide },
                        keys,
                        rows: first..keys,
                        out: RowsMut { values: &mut out, stride: wide },
                        scratch: &mut vec![u32::MAX; Attention::scratch(cpu, format, heads, keys)],
                    }
                    .run();
                    for (seen, expected) in out.iter().zip(&expected[first * wide..]) {
                        prop_assert!((f64::from(*seen) - expected).abs() < tolerance, "{seen} {expected}");
                    }
                }
            }
        }
    }
}
