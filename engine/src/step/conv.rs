//! Convolutions over images with their channels last; frames are an image of width 1.

use crate::cpu::Cpu;
use crate::kernel::depthwise::{Depthwise, by_tap};
use crate::kernel::patches::Patches;
use crate::kernel::schedule::Access;
use crate::kernel::windows::{Axis, Windows};
use crate::kernel::{Activation, Matmul, Matrix, Packed, Rows, RowsMut, spread};
use crate::program::builder::{Connection, check, error, product};
use crate::program::{BuildError, Builder, Problem, Value};
use crate::step::linear::Dense;
use crate::step::{Call, Step, StepError};

/// Zeros around an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Columns on the left.
    pub left: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns on the right.
    pub right: usize,
}

/// Largest taps, strides, dilations and paddings: products of two of them and sums of images stay far below
/// what a word counts.
const SIZE_MAX: usize = 1 << 24;

/// How windows slide over an image: pairs are for height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Taps.
    pub kernel: (usize, usize),
    /// From window to window.
    pub stride: (usize, usize),
    /// From tap to tap.
    pub dilation: (usize, usize),
    /// Zeros around the image.
    pub padding: Padding,
}

impl Window {
    /// A window of this size that moves by one, without padding.
    pub fn of(kernel: (usize, usize)) -> Window {
        Window {
            kernel,
            stride: (1, 1),
            dilation: (1, 1),
            padding: Padding::default(),
        }
    }

    /// The first size that is 0 where it must not be, or too large to count with.
    fn out_of_range(&self) -> Option<usize> {
        let pairs = [self.kernel, self.stride, self.dilation];
        let padding = self.padding;
        let free = [padding.top, padding.left, padding.bottom, padding.right];
        let mut sizes = pairs.iter().flat_map(|(height, width)| [*height, *width]);
        let wrong = sizes.find(|size| !(1..=SIZE_MAX).contains(size));
        wrong.or_else(|| free.into_iter().find(|size| *size > SIZE_MAX))
    }

    /// The least height of an image with room for one window.
    pub(crate) fn height_min(&self) -> usize {
        self.over((0, 1)).height.size_min()
    }

    pub(crate) fn over(&self, (height, width): (usize, usize)) -> Windows {
        let padding = self.padding;
        let axis = |size, kernel, stride, dilation, (before, after)| Axis {
            size,
            kernel,
            stride,
            dilation,
            before,
            after,
        };
        Windows {
            height: axis(
                height,
                self.kernel.0,
                self.stride.0,
                self.dilation.0,
                (padding.top, padding.bottom),
            ),
            width: axis(
                width,
                self.kernel.1,
                self.stride.1,
                self.dilation.1,
                (padding.left, padding.right),
            ),
        }
    }

    /// Windows over the largest image, when there is at least one.
    pub(crate) fn outputs(&self, step: &str, size: (usize, usize)) -> Result<(usize, usize), BuildError> {
        if let Some(wrong) = self.out_of_range() {
            return Err(error(step, Problem::Range(wrong)));
        }
        let found = format!("an image of {} x {}", size.0, size.1);
        let expected = format!(
            "a larger one for a window of {} x {}",
            self.kernel.0, self.kernel.1
        );
        let windows = self.over(size);
        match (windows.height.outputs(), windows.width.outputs()) {
            (0, _) | (_, 0) => Err(error(step, Problem::Shape { expected, found })),
            outputs => Ok(outputs),
        }
    }
}

/// Weights and ways of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Conv<'a> {
    /// `[outputs, channels, kernel height, kernel width]`; depthwise `[channels, 1, kernel height, kernel width]`.
    pub weights: &'a [f32],
    /// `[outputs]`.
    pub bias: &'a [f32],
    /// How windows slide.
    pub window: Window,
    /// Applied last.
    pub activation: Activation,
}

/// Positions whose patches are in the cache at the same time.
const BLOCK: usize = 48;

impl Builder {
    /// A convolution of all channels.
    ///
    /// # Shapes
    /// `[height, width, channels]` to `[height', width', outputs]`, where `outputs` is the length of the bias.
    ///
    /// # Errors
    /// [`BuildError`] for weights of another size or not finite, and for a window that fits nowhere.
    ///
    /// # Source
    /// Patches of the image times the weights: Chellapilla, Puri and Simard 2006.
    pub fn conv(&mut self, name: &str, x: Value, conv: Conv<'_>) -> Result<Value, BuildError> {
        self.expect(name, x, false)?;
        let (channels, outputs) = (x.columns(), conv.bias.len());
        let size = self.size(x);
        let (height, width) = conv.window.outputs(name, size)?;
        let taps = conv.window.kernel.0 * conv.window.kernel.1;
        let weights = product(name, &[outputs, channels, taps])?;
        check(name, "weights", conv.weights, weights)?;
        check(name, "bias", conv.bias, outputs)?;
        // Patches hold all channels of a tap side by side.
        let depth = taps * channels;
        let mut values = vec![0.0; depth * outputs];
        for (output, weights) in conv.weights.chunks_exact(depth).enumerate() {
            for (channel, weights) in weights.chunks_exact(taps).enumerate() {
                for (tap, weight) in weights.iter().enumerate() {
                    values[(tap * channels + channel) * outputs + output] = *weight;
                }
            }
        }
        if conv.window == Window::of((1, 1)) {
            let dense = Dense {
                weights: &values,
                bias: conv.bias,
                activation: conv.activation,
                residual: None,
            };
            return self.linear(name, x, dense);
        }
        let matrix = Matrix {
            values: &values,
            depth,
            columns: outputs,
        };
        let weights = self.pack(name, matrix, conv.bias);
        let connection = Connection {
            name,
            reads: &[(x, Access::Whole)],
            shape: (height, width, outputs),
            splits: true,
            scratch: BLOCK * spread(depth) + Matmul::scratch(&weights, BLOCK),
        };
        let step = Convolution {
            cpu: self.cpu,
            window: conv.window,
            channels,
            weights,
            activation: conv.activation,
        };
        self.step(&connection, step)
    }

    /// A convolution of each channel by itself.
    ///
    /// # Shapes
    /// `[height, width, channels]` to `[height', width', channels]`.
    ///
    /// # Errors
    /// As [`Builder::conv`].
    ///
    /// # Source
    /// Howard et al. 2017, "MobileNets", equation 3.
    pub fn depthwise(&mut self, name: &str, x: Value, conv: Conv<'_>) -> Result<Value, BuildError> {
        self.expect(name, x, false)?;
        let channels = x.columns();
        let (height, width) = conv.window.outputs(name, self.size(x))?;
        let taps = conv.window.kernel.0 * conv.window.kernel.1;
        check(name, "weights", conv.weights, product(name, &[channels, taps])?)?;
        check(name, "bias", conv.bias, channels)?;
        let connection = Connection {
            name,
            reads: &[(x, Access::Whole)],
            shape: (height, width, channels),
            splits: true,
            scratch: 0,
        };
        let step = DepthwiseConvolution {
            cpu: self.cpu,
            window: conv.window,
            kernels: by_tap(conv.weights, channels),
            bias: conv.bias.to_vec(),
            activation: conv.activation,
        };
        self.step(&connection, step)
    }
}

#[derive(Debug)]
struct Convolution {
    cpu: Cpu,
    window: Window,
    channels: usize,
    weights: Packed,
    activation: Activation,
}

impl Step for Convolution {
    fn about(&self) -> String {
        let format = self.weights.format().name();
        let (channels, outputs) = (self.channels, self.weights.columns());
        about(
            "conv",
            &self.window,
            &format!("{channels} -> {outputs}"),
            self.activation,
        ) + ", "
            + format
    }

    fn height_min(&self) -> usize {
        self.window.height_min()
    }

    fn height(&self, reads: &[usize]) -> usize {
        self.window.over((reads[0], 1)).height.outputs()
    }

    fn flops(&self, rows: usize) -> u64 {
        2 * (rows * self.weights.depth() * self.weights.columns()) as u64
    }

    fn weight_bytes(&self) -> u64 {
        self.weights.bytes() as u64
    }

    fn is_quantisable(&self) -> bool {
        true
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let image = call.read(0);
        let windows = self.window.over((image.height, image.width));
        let depth = self.weights.depth();
        let stride = spread(depth);
        let (patches, scratch) = call.scratch.split_at_mut(BLOCK * stride);
        let patches: &mut [f32] = bytemuck::cast_slice_mut(patches);
        let mut done = 0;
        while done < call.rows.len() {
            let count = BLOCK.min(call.rows.len() - done);
            let first = call.rows.start + done;
            Patches {
                input: image.rows(),
                windows,
                channels: self.channels,
                positions: first..first + count,
                out: RowsMut {
                    values: patches,
                    stride,
                },
            }
            .run(self.cpu);
            Matmul {
                a: Rows {
                    values: patches,
                    stride,
                },
                rows: count,
                weights: &self.weights,
                residual: None,
                activation: self.activation,
                out: RowsMut {
                    values: &mut call.out.values[done * call.out.stride..],
                    stride: call.out.stride,
                },
                scratch,
            }
            .run();
            done += count;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct DepthwiseConvolution {
    cpu: Cpu,
    window: Window,
    kernels: Vec<f32>,
    bias: Vec<f32>,
    activation: Activation,
}

impl Step for DepthwiseConvolution {
    fn about(&self) -> String {
        about(
            "depthwise",
            &self.window,
            &self.bias.len().to_string(),
            self.activation,
        ) + ", f32"
    }

    fn height_min(&self) -> usize {
        self.window.height_min()
    }

    fn height(&self, reads: &[usize]) -> usize {
        self.window.over((reads[0], 1)).height.outputs()
    }

    fn flops(&self, rows: usize) -> u64 {
        2 * (rows * self.kernels.len()) as u64
    }

    fn weight_bytes(&self) -> u64 {
        4 * (self.kernels.len() + self.bias.len()) as u64
    }

    fn run(&self, call: &mut Call<'_>) -> Result<(), StepError> {
        let image = call.read(0);
        Depthwise {
            input: image.rows(),
            windows: self.window.over((image.height, image.width)),
            kernels: &self.kernels,
            bias: &self.bias,
            activation: self.activation,
            positions: call.rows.clone(),
            out: RowsMut {
                values: call.out.values,
                stride: call.out.stride,
            },
        }
        .run(self.cpu);
        Ok(())
    }
}

fn about(what: &str, window: &Window, channels: &str, activation: Activation) -> String {
    let (height, width) = window.kernel;
    let stride = match window.stride {
        (1, 1) => String::new(),
        (height, width) => format!(", stride {height} x {width}"),
    };
    let activation = match activation.name() {
        "" => String::new(),
        name => format!(", {name}"),
    };
    format!("{what} {height} x {width} {channels}{stride}{activation}")
}
