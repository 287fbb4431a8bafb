//! Averages and largest numbers over the positions of an image.

use std::ops::Range;

use super::Kernel;
use super::matmul::{Rows, RowsMut};
use super::simd::Simd;
use super::windows::Windows;
use crate::cpu::Cpu;

/// What stands for many numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolKind {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest of them, or NaN if one of them is.
    Max,
}

/// One number a channel for all rows of an image or a sequence.
pub(crate) struct GlobalPool<'a> {
    pub(crate) kind: PoolKind,
    /// `[rows, channels]`.
    pub(crate) input: Rows<'a>,
    /// Of none at all, mean, sum and largest are 0.
    pub(crate) rows: usize,
    /// `[channels]`: there are as many channels as numbers here.
    pub(crate) out: &'a mut [f32],
}

impl GlobalPool<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short.
    pub(crate) fn run(self, cpu: Cpu) {
        cpu.run(self);
    }
}

impl Kernel for GlobalPool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let channels = self.out.len();
        let Rows { values, stride } = self.input;
        let pixels = |channel: usize, count: usize| {
            (0..self.rows).map(
                #[inline(always)]
                move |row| &values[row * stride + channel..][..count],
            )
        };
        let mut channel = 0;
        while channel < channels {
            let left = channels - channel;
            // Four vectors of channels at once, so that no sum waits for the one before.
            if left >= 4 * S::LANES {
                let all = fold::<S, 4>(s, self.kind, pixels(channel, 4 * S::LANES));
                for (v, value) in all.into_iter().enumerate() {
                    s.put(&mut self.out[channel + v * S::LANES..], value);
                }
                channel += 4 * S::LANES;
            } else {
                let count = left.min(S::LANES);
                let [value] = fold::<S, 1>(s, self.kind, pixels(channel, count));
                s.put_most(&mut self.out[channel..][..count], value);
                channel += count;
            }
        }
    }
}

/// One number a channel for all pixels of the image under a window.
///
/// A mean counts only pixels of the image: padding is no number. A window that sees none of them gives 0.
pub(crate) struct Pool<'a> {
    pub(crate) kind: PoolKind,
    /// `[height * width, channels]`.
    pub(crate) input: Rows<'a>,
    pub(crate) windows: Windows,
    pub(crate) channels: usize,
    /// The positions to compute.
    pub(crate) positions: Range<usize>,
    /// `[positions.len(), channels]`.
    pub(crate) out: RowsMut<'a>,
}

impl Pool<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short, or the positions are not all there.
    pub(crate) fn run(self, cpu: Cpu) {
        self.windows.check(&self.positions);
        cpu.run(self);
    }
}

impl Kernel for Pool<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Windows { height, width } = self.windows;
        let Rows { values, stride } = self.input;
        for (index, (row, column)) in self.windows.places(self.positions).enumerate() {
            let (down, right) = (height.taps(row), width.taps(column));
            let out = &mut self.out.values[index * self.out.stride..][..self.channels];
            for (part, out) in out.chunks_mut(S::LANES).enumerate() {
                let pixels = down.clone().flat_map(
                    #[inline(always)]
                    |tap| {
                        let line = height.place(row, tap) * width.size;
                        right.clone().map(
                            #[inline(always)]
                            move |tap| line + width.place(column, tap),
                        )
                    },
                );
                let count = out.len();
                let [value] = fold::<S, 1>(
                    s,
                    self.kind,
                    pixels.map(
                        #[inline(always)]
                        |pixel| &values[pixel * stride + part * S::LANES..][..count],
                    ),
                );
                s.put_most(out, value);
            }
        }
    }
}

/// Mean or largest of pixels that are `V` vectors wide, or at most one vector if `V` is 1.
#[inline(always)]
fn fold<'a, S: Simd, const V: usize>(
    s: S,
    kind: PoolKind,
    pixels: impl Iterator<Item = &'a [f32]>,
) -> [S::F; V] {
    let start = match kind {
        PoolKind::Mean | PoolKind::Sum => 0.0,
        PoolKind::Max => f32::NEG_INFINITY,
    };
    let mut all = [s.splat(start); V];
    let mut count = 0u32;
    for pixel in pixels {
        for (v, all) in all.iter_mut().enumerate() {
            let value = if V == 1 {
                s.at_most(pixel)
            } else {
                s.at(&pixel[v * S::LANES..])
            };
            *all = match kind {
                PoolKind::Mean | PoolKind::Sum => s.add(*all, value),
                PoolKind::Max => larger(s, *all, value),
            };
        }
        count += 1;
    }
    let share = s.splat(1.0 / count as f32);
    match kind {
        _ if count == 0 => [s.splat(0.0); V],
        PoolKind::Mean => all.map(
            #[inline(always)]
            |sum| s.mul(sum, share),
        ),
        PoolKind::Max | PoolKind::Sum => all,
    }
}

/// The larger of two numbers, or NaN if one of them is.
#[inline(always)]
fn larger<S: Simd>(s: S, a: S::F, b: S::F) -> S::F {
    // Of a NaN and a number, the second operand is returned: in one of these it is the NaN.
    let half = s.splat(0.5);
    s.mul_add(s.max(a, b), half, s.mul(s.max(b, a), half))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{SIZES, cpus, dense, near, numbers};
    use crate::kernel::windows::tests::{pixels, windows};

    fn slow(kind: PoolKind, pixels: &[usize], input: &[f32], channels: usize) -> Vec<f64> {
        let of = |channel: usize| {
            pixels
                .iter()
                .map(move |pixel| f64::from(input[pixel * channels + channel]))
        };
        let one = |channel: usize| match kind {
            _ if pixels.is_empty() => 0.0,
            PoolKind::Mean => of(channel).sum::<f64>() / pixels.len() as f64,
            PoolKind::Sum => of(channel).sum::<f64>(),
            PoolKind::Max => of(channel).fold(f64::NEG_INFINITY, f64::max),
        };
        (0..channels).map(one).collect()
    }

    fn global(cpu: Cpu, kind: PoolKind, input: &[f32], channels: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; channels];
        let rows = input.len() / channels;
        let input = Rows {
            values: input,
            stride: channels,
        };
        GlobalPool {
            kind,
            input,
            rows,
            out: &mut out,
        }
        .run(cpu);
        out
    }

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_pool_of_all(rows in 0usize..20, channels in prop::sample::select(&SIZES[..])) {
            let input = numbers(rows * channels, 1);
            let all: Vec<usize> = (0..rows).collect();
            for kind in [PoolKind::Mean, PoolKind::Sum, PoolKind::Max] {
                let expected = slow(kind, &all, &input, channels);
                for cpu in cpus() {
                    near(&global(cpu, kind, &input, channels), &expected, 1e-6)?;
                }
            }
        }

        #[test]
        fn every_cpu_gives_the_slow_pool_of_windows(
            windows in windows(),
            channels in prop::sample::select(vec![1usize, 7, 16, 33]),
            ends in (0usize..401, 0usize..401),
        ) {
            let input = numbers(windows.pixels() * channels, 1);
            let [first, end] = [ends.0.min(ends.1), ends.0.max(ends.1)].map(|at| at * windows.positions() / 400);
            let seen: Vec<Vec<usize>> = pixels(&windows)[first..end]
                .iter()
                .map(|taps| taps.iter().flatten().copied().collect())
                .collect();
            let stride = channels + 1;
            for kind in [PoolKind::Mean, PoolKind::Sum, PoolKind::Max] {
                let expected: Vec<f64> = seen.iter().flat_map(|seen| slow(kind, seen, &input, channels)).collect();
                for cpu in cpus() {
                    let mut out = vec![f32::NAN; (end - first) * stride];
                    Pool {
                        kind,
                        input: Rows { values: &input, stride: channels },
                        windows,
                        channels,
                        positions: first..end,
                        out: RowsMut { values: &mut out, stride },
                    }
                    .run(cpu);
                    near(&dense(&out, stride, channels), &expected, 1e-6)?;
                }
            }
        }
    }

    #[test]
    fn the_largest_of_faulty_numbers_is_no_number() {
        for cpu in cpus() {
            for at in 0..3 {
                let mut input = [1.0, 2.0, 3.0];
                input[at] = f32::NAN;
                assert!(global(cpu, PoolKind::Max, &input, 1)[0].is_nan());
            }
            let ends = [f32::NEG_INFINITY, f32::INFINITY, f32::MAX];
            assert!(global(cpu, PoolKind::Max, &ends, 1)[0] == f32::INFINITY);
            assert_eq!(global(cpu, PoolKind::Max, &[f32::MAX, f32::MIN], 1), [f32::MAX]);
        }
    }
}
