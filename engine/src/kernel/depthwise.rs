//! Depthwise convolution: each channel has a small kernel of its own.

use std::ops::Range;

use super::Kernel;
use super::matmul::{Activation, Rows, RowsMut, activate};
use super::simd::Simd;
use super::windows::Windows;
use crate::cpu::Cpu;

/// Kernels `[channels, taps]`, as nets store them, as `[taps, channels]`, as [`Depthwise`] reads them.
///
/// # Panics
/// There are not equally many taps for each of the channels.
pub(crate) fn by_tap(kernels: &[f32], channels: usize) -> Vec<f32> {
    assert!(channels > 0 && kernels.len().is_multiple_of(channels));
    let taps = kernels.len() / channels;
    let of = |tap: usize| (0..channels).map(move |channel| kernels[channel * taps + tap]);
    (0..taps).flat_map(of).collect()
}

/// `out[position, channel] = activation(bias[channel] + sum over taps of input * kernel)`; padding is 0.
///
/// A tile of positions side by side, or below each other in a narrow image, stays in registers: away from two of
/// the borders they all have the same taps on the image.
///
/// # Source
/// Howard et al. 2017, "MobileNets", equation 3.
pub(crate) struct Depthwise<'a> {
    /// `[height * width, channels]`.
    pub(crate) input: Rows<'a>,
    pub(crate) windows: Windows,
    /// `[taps, channels]`: see [`by_tap`].
    pub(crate) kernels: &'a [f32],
    /// One a channel: there are as many channels as numbers here.
    pub(crate) bias: &'a [f32],
    pub(crate) activation: Activation,
    /// The positions to compute.
    pub(crate) positions: Range<usize>,
    /// `[positions.len(), channels]`.
    pub(crate) out: RowsMut<'a>,
}

impl Depthwise<'_> {
    /// Computes it.
    ///
    /// # Panics
    /// A slice is too short, or the positions are not all there.
    pub(crate) fn run(self, cpu: Cpu) {
        self.windows.check(&self.positions);
        let channels = self.bias.len();
        assert_eq!(self.kernels.len(), self.windows.taps() * channels);
        if self.positions.is_empty() || channels == 0 {
            return;
        }
        let pixels = self.windows.pixels();
        assert!(pixels == 0 || self.input.values.len() >= (pixels - 1) * self.input.stride + channels);
        assert!(self.out.values.len() >= (self.positions.len() - 1) * self.out.stride + channels);
        cpu.run(self);
    }
}

/// Positions in registers, at most.
const TILE: usize = 8;

/// Fewer neighbours than this are computed one by one, several vectors of channels at once.
const FEW: usize = 3;

impl Kernel for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let channels = self.bias.len();
        let width = self.windows.width.outputs();
        let out = self.out;
        let convolution = Convolution {
            input: self.input,
            windows: self.windows,
            kernels: self.kernels,
            bias: self.bias,
            lowest: match self.activation {
                Activation::Relu => 0.0,
                _ => f32::NEG_INFINITY,
            },
            out: out.values.as_mut_ptr(),
            out_stride: out.stride,
            first: self.positions.start,
            width,
        };
        for (rows, columns) in blocks(&self.positions, width) {
            // SAFETY: `Depthwise::run` has seen that all pixels, kernels and rows of `out` have all channels; the
            // rows and columns of a block are among the positions; `out` is borrowed by nobody else.
            unsafe { convolution.block(s, rows, columns) };
        }
        if !matches!(self.activation, Activation::None | Activation::Relu) {
            for row in 0..self.positions.len() {
                let values = &mut out.values[row * out.stride..][..channels];
                activate(s, self.activation, values);
            }
        }
    }
}

/// Positions as blocks of rows and columns: what is left of a row, whole rows, the beginning of a row.
fn blocks(positions: &Range<usize>, width: usize) -> [(Range<usize>, Range<usize>); 3] {
    let Range { start, end } = *positions;
    let whole = start.next_multiple_of(width).min(end);
    let rest = (end / width * width).max(whole);
    let within = |first: usize, end: usize| {
        let row = first / width;
        (
            row..row + usize::from(end > first),
            first % width..first % width + (end - first),
        )
    };
    [
        within(start, whole),
        (whole / width..rest / width, 0..width),
        within(rest, end),
    ]
}

/// A depthwise convolution as its tiles see it.
struct Convolution<'a> {
    input: Rows<'a>,
    windows: Windows,
    kernels: &'a [f32],
    bias: &'a [f32],
    /// What no result lies below: 0 for a ReLU.
    lowest: f32,
    out: *mut f32,
    out_stride: usize,
    /// The position that is written to the start of `out`.
    first: usize,
    /// Positions side by side.
    width: usize,
}

/// Neighbours with the same taps on the image.
#[derive(Clone)]
struct Line {
    row: usize,
    column: usize,
    count: usize,
    /// True if they stand below each other.
    down: bool,
    tap_rows: Range<usize>,
    tap_columns: Range<usize>,
}

impl Convolution<'_> {
    /// # Safety
    /// Pixels, kernels, bias and rows of `out` reach as far as the windows and channels say; the positions are
    /// among those that `out` has room for.
    #[inline(always)]
    unsafe fn block<S: Simd>(&self, s: S, rows: Range<usize>, columns: Range<usize>) {
        let within = |inner: Range<usize>, all: &Range<usize>| {
            inner.start.clamp(all.start, all.end)..inner.end.clamp(all.start, all.end)
        };
        let inner_rows = within(self.windows.height.inner(), &rows);
        let inner_columns = within(self.windows.width.inner(), &columns);
        let down = inner_columns.len() < inner_rows.len().min(TILE);
        let (across, along, inner) = if down {
            (columns, rows, inner_rows)
        } else {
            (rows, columns, inner_columns)
        };
        for across in across {
            let line = |along: Range<usize>| {
                let (row, column) = if down {
                    (along.start, across)
                } else {
                    (across, along.start)
                };
                Line {
                    row,
                    column,
                    count: along.len(),
                    down,
                    tap_rows: self.windows.height.taps(row),
                    tap_columns: self.windows.width.taps(column),
                }
            };
            for single in (along.start..inner.start).chain(inner.end..along.end) {
                // SAFETY: as the caller vouches.
                unsafe { self.line(s, line(single..single + 1)) };
            }
            if !inner.is_empty() {
                // SAFETY: as the caller vouches; away from the borders all windows have the same taps.
                unsafe { self.line(s, line(inner.clone())) };
            }
        }
    }

    /// # Safety
    /// As of `block`.
    #[inline(always)]
    unsafe fn line<S: Simd>(&self, s: S, mut line: Line) {
        while line.count > 0 {
            let count = match line.count {
                ..FEW => 1,
                left @ ..=TILE => left,
                // The last two tiles are of almost equal size: a small one waits for each of its sums.
                left => left.div_ceil(2).min(TILE),
            };
            // SAFETY: as the caller vouches; the tile ends before the line does.
            unsafe { self.tiles(s, &line, count) };
            let step = if line.down {
                &mut line.row
            } else {
                &mut line.column
            };
            *step += count;
            line.count -= count;
        }
    }

    /// All channels of the first `count` positions of a line.
    ///
    /// # Safety
    /// As of `block`.
    #[inline(always)]
    unsafe fn tiles<S: Simd>(&self, s: S, line: &Line, count: usize) {
        let mut channel = 0;
        while channel < self.bias.len() {
            let left = self.bias.len() - channel;
            macro_rules! tile {
                ($whole:literal: $($count:literal)*) => {
                    match count {
                        // SAFETY: as the caller vouches; the tile ends before the channels do.
                        $($count => unsafe { self.tile::<S, $whole, $count, 1>(s, channel, line) },)*
                        _ => unreachable!("tiles are no larger than that"),
                    }
                };
            }
            if count == 1 && left >= 4 * S::LANES {
                // SAFETY: as the caller vouches; the tile ends before the channels do.
                unsafe { self.tile::<S, true, 1, 4>(s, channel, line) };
                channel += 4 * S::LANES;
            } else if left >= S::LANES {
                tile!(true: 1 2 3 4 5 6 7 8);
                channel += S::LANES;
            } else {
                tile!(false: 1 2 3 4 5 6 7 8);
                channel += left;
            }
        }
    }

    /// The first `P` positions of a line, `V` vectors of channels wide.
    ///
    /// # Safety
    /// As of `block`; from `channel` on there are as many channels as the vectors have lanes, if `WHOLE`.
    #[inline(always)]
    unsafe fn tile<S: Simd, const WHOLE: bool, const P: usize, const V: usize>(
        &self,
        s: S,
        channel: usize,
        line: &Line,
    ) {
        let channels = self.bias.len();
        let count = channels - channel;
        let Windows { height, width } = &self.windows;
        let stride = self.input.stride;
        let right = width.dilation * stride;
        let under = height.dilation * width.size * stride;
        let (next, out_next) = if line.down {
            (height.stride * width.size * stride, self.width * self.out_stride)
        } else {
            (width.stride * stride, self.out_stride)
        };
        // SAFETY: as the caller vouches; the taps are those on the image, and pointers beyond them are not read.
        unsafe {
            let bias = self.bias.as_ptr().add(channel);
            let bias: [S::F; V] = std::array::from_fn(
                #[inline(always)]
                |v| load::<S, WHOLE>(s, bias.add(v * S::LANES), count),
            );
            let mut sums = [bias; P];
            if !line.tap_rows.is_empty() && !line.tap_columns.is_empty() {
                let pixel = height.place(line.row, line.tap_rows.start) * width.size
                    + width.place(line.column, line.tap_columns.start);
                let mut inputs = self.input.values.as_ptr().add(pixel * stride + channel);
                let tap = line.tap_rows.start * width.kernel + line.tap_columns.start;
                let mut kernels = self.kernels.as_ptr().add(tap * channels + channel);
                for _ in line.tap_rows.clone() {
                    let (mut input, mut kernel) = (inputs, kernels);
                    for _ in line.tap_columns.clone() {
                        for v in 0..V {
                            let weight = load::<S, WHOLE>(s, kernel.add(v * S::LANES), count);
                            for (p, sums) in sums.iter_mut().enumerate() {
                                let value = load::<S, WHOLE>(s, input.add(p * next + v * S::LANES), count);
                                sums[v] = s.mul_add(value, weight, sums[v]);
                            }
                        }
                        input = input.wrapping_add(right);
                        kernel = kernel.wrapping_add(channels);
                    }
                    inputs = inputs.wrapping_add(under);
                    kernels = kernels.wrapping_add(width.kernel * channels);
                }
            }
            let lowest = s.splat(self.lowest);
            let position = line.row * self.width + line.column - self.first;
            let out = self.out.add(position * self.out_stride + channel);
            for (p, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    // Of a NaN and a number, the second operand is returned.
                    let value = s.max(lowest, *sum);
                    let to = out.add(p * out_next + v * S::LANES);
                    if WHOLE {
                        s.store(to, value);
                    } else {
                        s.store_some(to, count, value);
                    }
                }
            }
        }
    }
}

/// # Safety
/// `from` is valid for reading a vector if `WHOLE`, else for reading `count` numbers.
#[inline(always)]
unsafe fn load<S: Simd, const WHOLE: bool>(s: S, from: *const f32, count: usize) -> S::F {
    // SAFETY: as the caller vouches.
    unsafe {
        if WHOLE {
            s.load(from)
        } else {
            s.load_some(from, count)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::trial::{cpus, dense, near, numbers};
    use crate::kernel::windows::tests::{pixels, windows};

    fn slow(windows: &Windows, input: &[f32], kernels: &[f32], bias: &[f32]) -> Vec<f64> {
        let channels = bias.len();
        let one = |taps: &[Option<usize>], channel: usize| {
            let products = taps.iter().enumerate().filter_map(|(tap, pixel)| {
                let kernel = kernels[channel * windows.taps() + tap];
                Some(f64::from(input[(*pixel)? * channels + channel]) * f64::from(kernel))
            });
            (f64::from(bias[channel]) + products.sum::<f64>()).max(0.0)
        };
        let places = pixels(windows);
        places
            .iter()
            .flat_map(|taps| (0..channels).map(move |channel| one(taps, channel)))
            .collect()
    }

    fn run(cpu: Cpu, depthwise: Depthwise<'_>) -> Vec<f32> {
        let channels = depthwise.bias.len();
        let stride = channels + 3;
        let mut out = vec![f32::NAN; depthwise.positions.len() * stride];
        Depthwise {
            out: RowsMut {
                values: &mut out,
                stride,
            },
            ..depthwise
        }
        .run(cpu);
        dense(&out, stride, channels)
    }

    proptest! {
        #[test]
        fn every_cpu_gives_the_slow_convolution_of_any_part(
            windows in windows(),
            channels in prop::sample::select(vec![1usize, 7, 8, 15, 16, 17, 33, 40]),
            ends in (0usize..401, 0usize..401),
        ) {
            let input = numbers(windows.pixels() * channels, 1);
            let (kernels, bias) = (numbers(windows.taps() * channels, 2), numbers(channels, 3));
            let expected = slow(&windows, &input, &kernels, &bias);
            let turned = by_tap(&kernels, channels);
            let [first, end] = [ends.0.min(ends.1), ends.0.max(ends.1)].map(|at| at * windows.positions() / 400);
            for cpu in cpus() {
                for positions in [0..windows.positions(), first..end] {
                    let part = positions.start * channels..positions.end * channels;
                    let seen = run(cpu, Depthwise {
                        input: Rows { values: &input, stride: channels },
                        windows,
                        kernels: &turned,
                        bias: &bias,
                        activation: Activation::Relu,
                        positions,
                        out: RowsMut { values: &mut [], stride: 0 },
                    });
                    near(&seen, &expected[part], 1e-5)?;
                }
            }
        }
    }

    #[test]
    fn other_activations_come_after_the_sum() {
        use crate::kernel::windows::Axis;
        let windows = Windows {
            height: Axis {
                size: 2,
                kernel: 2,
                after: 1,
                ..Axis::ONE
            },
            width: Axis::ONE,
        };
        for cpu in cpus() {
            let seen = run(
                cpu,
                Depthwise {
                    input: Rows {
                        values: &[1.0, 2.0],
                        stride: 1,
                    },
                    windows,
                    kernels: &[0.5, -1.0],
                    bias: &[0.25],
                    activation: Activation::Tanh,
                    positions: 0..2,
                    out: RowsMut {
                        values: &mut [],
                        stride: 0,
                    },
                },
            );
            near(&seen, &[(-1.25f64).tanh(), 1.25f64.tanh()], 1e-6).unwrap();
        }
    }
}
