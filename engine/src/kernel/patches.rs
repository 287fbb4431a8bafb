//! Patches of an image as rows, so that a convolution is a matrix product.

use std::ops::Range;

use super::Kernel;
use super::elementwise::each_into;
use super::matmul::{Rows, RowsMut};
use super::simd::Simd;
use super::windows::Windows;
use crate::cpu::Cpu;

/// `out[position]` holds what the window sees there: `[kernel height, kernel width, channels]`; padding is 0.
///
/// # Source
/// Chellapilla, Puri and Simard 2006, "High performance convolutional neural networks for document processing".
pub(crate) struct Patches<'a> {
    /// `[height * width, channels]`.
    pub(crate) input: Rows<'a>,
    pub(crate) windows: Windows,
    pub(crate) channels: usize,
    /// The positions to write.
    pub(crate) positions: Range<usize>,
    /// `[positions.len(), taps * channels]`.
    pub(crate) out: RowsMut<'a>,
}

impl Patches<'_> {
    /// Writes them.
    ///
    /// # Panics
    /// A slice is too short, or the positions are not all there.
    pub(crate) fn run(self, cpu: Cpu) {
        self.windows.check(&self.positions);
        let pixels = self.windows.pixels();
        let last = pixels
            .checked_sub(1)
            .map_or(0, |last| last * self.input.stride + self.channels);
        assert!(self.input.values.len() >= last);
        cpu.run(self);
    }
}

impl Kernel for Patches<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Windows { height, width } = self.windows;
        let columns = self.windows.taps() * self.channels;
        for (index, (row, column)) in self.windows.places(self.positions).enumerate() {
            let (taps_down, taps_right) = (height.taps(row), width.taps(column));
            let out = &mut self.out.values[index * self.out.stride..][..columns];
            if taps_down.len() < height.kernel || taps_right.len() < width.kernel {
                zero(s, out);
            }
            if taps_right.is_empty() {
                continue;
            }
            for tap in taps_down {
                let line = height.place(row, tap) * width.size;
                let to = tap * width.kernel;
                // Taps side by side are copied at once; with gaps between them, one by one.
                let (step, count) = if width.dilation == 1 && self.input.stride == self.channels {
                    (taps_right.len(), taps_right.len() * self.channels)
                } else {
                    (1, self.channels)
                };
                for right in taps_right.clone().step_by(step) {
                    let from = (line + width.place(column, right)) * self.input.stride;
                    let to = (to + right) * self.channels;
                    copy(s, &self.input.values[from..][..count], &mut out[to..][..count]);
                }
            }
        }
    }
}

#[inline(always)]
fn copy<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
    each_into(
        s,
        [from],
        to,
        #[inline(always)]
        |[x]| x,
    );
}

#[inline(always)]
fn zero<S: Simd>(s: S, values: &mut [f32]) {
    each_into(
        s,
        [],
        values,
        #[inline(always)]
        |[]| s.splat(0.0),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{cpus, dense, near, numbers};
    use crate::kernel::windows::tests::{pixels, windows};

    proptest! {
        #[test]
        fn every_cpu_copies_what_each_window_sees(
            windows in windows(),
            channels in prop::sample::select(vec![1usize, 2, 7, 16, 33]),
            ends in (0usize..401, 0usize..401),
        ) {
            let input = numbers(windows.pixels() * channels, 1);
            let see = |tap: &Option<usize>| match tap {
                Some(pixel) => input[pixel * channels..][..channels].to_vec(),
                None => vec![0.0; channels],
            };
            let [first, end] = [ends.0.min(ends.1), ends.0.max(ends.1)].map(|at| at * windows.positions() / 400);
            let seen: Vec<f32> = pixels(&windows)[first..end].iter().flatten().flat_map(see).collect();
            let expected: Vec<f64> = seen.iter().copied().map(f64::from).collect();
            let columns = windows.taps() * channels;
            let stride = columns + 1;
            for cpu in cpus() {
                let mut out = vec![f32::NAN; (end - first) * stride];
                Patches {
                    input: Rows { values: &input, stride: channels },
                    windows,
                    channels,
                    positions: first..end,
                    out: RowsMut { values: &mut out, stride },
                }
                .run(cpu);
                near(&dense(&out, stride, columns), &expected, 0.0)?;
            }
        }
    }
}
