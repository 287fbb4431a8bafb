//! A convolution, blocks of depthwise and pointwise convolutions, the mean over all positions, and a dense layer.
//!
//! # Source
//! Zhang et al. 2017, "Hello edge: keyword spotting on microcontrollers", section 3.5 (DS-CNN).

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::net::{
    ConfigFault, HOLDABLE, NetConfig, Taker, Typical, affordable, bounded, holdable, linear_specs, rules,
};
use crate::weights::{Start, TensorSpec, Weights, WeightsError};

/// Added to a variance before its square root is taken.
pub(super) const EPSILON: f64 = 1e-5;
/// Most blocks a classifier may have.
const BLOCKS_MAX: usize = 64;
/// Largest size of a kernel.
const KERNEL_MAX: usize = 255;

/// The sizes of a [`ClassifierNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierConfig {
    /// Largest height of the image: frames, where it is a sound.
    pub height: usize,
    /// Width of the image: features of a frame.
    pub width: usize,
    /// Numbers at each position of the image.
    pub channels: usize,
    /// The first convolution.
    pub stem: StemConfig,
    /// The blocks that follow.
    pub blocks: Vec<BlockConfig>,
    /// Number of classes.
    pub classes: usize,
    /// True where each convolution is followed by a batch normalisation in place of a bias.
    #[serde(default)]
    pub batch_norm: bool,
    /// What the features are like, column by column of the image.
    #[serde(default)]
    pub typical: Typical,
}

/// The first convolution: all channels, then ReLU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StemConfig {
    /// Channels that it gives.
    pub channels: usize,
    /// Where it looks.
    pub window: Window,
}

/// A depthwise convolution and a pointwise one, ReLU after each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockConfig {
    /// Channels that the pointwise convolution gives.
    pub channels: usize,
    /// Where the depthwise convolution looks.
    pub window: Window,
}

/// Where a convolution looks; heights before widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Positions it sees at once.
    pub kernel: [usize; 2],
    /// Positions from one window to the next.
    pub stride: [usize; 2],
    /// Zeros around the image: top, left, bottom, right.
    pub padding: [usize; 4],
}

impl Window {
    /// The size of what a convolution gives, `None` where the image is smaller than the kernel.
    pub fn output(&self, [height, width]: [usize; 2]) -> Option<[usize; 2]> {
        let [top, left, bottom, right] = self.padding;
        let steps = |size: usize, kernel: usize, stride: usize| {
            size.checked_sub(kernel)?
                .checked_div(stride)
                .map(|steps| steps + 1)
        };
        Some([
            steps(height + top + bottom, self.kernel[0], self.stride[0])?,
            steps(width + left + right, self.kernel[1], self.stride[1])?,
        ])
    }

    fn is_bounded(&self) -> bool {
        let kernels = self.kernel.iter().chain(&self.stride);
        bounded(&self.kernel)
            && bounded(&self.stride)
            && kernels.chain(&self.padding).all(|size| *size <= KERNEL_MAX)
    }
}

/// Tells which class an image of features belongs to.
#[derive(Module, Debug)]
pub struct ClassifierNet {
    pub(super) stem: Convolution,
    pub(super) blocks: Vec<Block>,
    pub(super) head: Linear,
    #[module(skip)]
    pub(super) config: ClassifierConfig,
}

/// A depthwise and a pointwise convolution.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub(super) depthwise: Convolution,
    pub(super) pointwise: Convolution,
}

/// A convolution with a bias or a batch normalisation, and ReLU.
#[derive(Module, Debug)]
pub(super) struct Convolution {
    /// `[out, in / groups, height, width]`.
    pub(super) weight: Param<Tensor<4>>,
    pub(super) bias: Option<Param<Tensor<1>>>,
    pub(super) norm: Option<BatchNorm>,
    #[module(skip)]
    pub(super) window: Window,
}

impl ClassifierNet {
    /// Returns one row of class scores (logits) per image.
    ///
    /// # Shapes
    /// `images`: `[batch, height, width, channels]`; result: `[batch, classes]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let stem = self.stem.forward(images.permute([0, 3, 1, 2]));
        let features = self.blocks.iter().fold(stem, |x, block| {
            block.pointwise.forward(block.depthwise.forward(x))
        });
        let mean = features
            .mean_dim(3)
            .mean_dim(2)
            .squeeze_dim::<3>(3)
            .squeeze_dim::<2>(2);
        self.head.forward(mean)
    }

    /// Returns one row of class probabilities per image.
    ///
    /// # Shapes
    /// As [`ClassifierNet::forward`]; each row sums to 1.
    pub fn probabilities(&self, images: Tensor<4>) -> Tensor<2> {
        softmax(self.forward(images), 1)
    }

    /// Returns the sizes.
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }
}

impl Convolution {
    /// `[batch, in, height, width]` to `[batch, out, height, width]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let weight = self.weight.val();
        let groups = x.dims()[1] / weight.dims()[1];
        let [top, left, bottom, right] = self.window.padding;
        let mut options = ConvOptions::new(self.window.stride, [0, 0], [1, 1], groups);
        options.padding = [(top, bottom), (left, right)];
        let bias = self.bias.as_ref().map(|bias| bias.val());
        let x = conv2d(x, weight, bias, options);
        relu(match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        })
    }
}

/// What one convolution of the net is.
struct Plan {
    name: String,
    alias: String,
    shape: [usize; 4],
    window: Window,
}

const POINT: Window = Window {
    kernel: [1, 1],
    stride: [1, 1],
    padding: [0; 4],
};

impl ClassifierConfig {
    fn stem_plan(&self) -> Plan {
        let [height, width] = self.stem.window.kernel;
        Plan {
            name: "stem".to_owned(),
            alias: "conv0".to_owned(),
            shape: [self.stem.channels, self.channels, height, width],
            window: self.stem.window,
        }
    }

    fn block_plans(&self) -> impl Iterator<Item = [Plan; 2]> {
        let before =
            std::iter::once(self.stem.channels).chain(self.blocks.iter().map(|block| block.channels));
        let blocks = self.blocks.iter().zip(before).enumerate();
        blocks.map(|(index, (block, channels))| {
            let [height, width] = block.window.kernel;
            [
                Plan {
                    name: format!("blocks.{index}.depthwise"),
                    alias: format!("dw{index}"),
                    shape: [channels, 1, height, width],
                    window: block.window,
                },
                Plan {
                    name: format!("blocks.{index}.pointwise"),
                    alias: format!("pw{index}"),
                    shape: [block.channels, channels, 1, 1],
                    window: POINT,
                },
            ]
        })
    }

    fn channels_out(&self) -> usize {
        let last = self.blocks.last();
        last.map_or(self.stem.channels, |block| block.channels)
    }

    fn convolution_specs(&self, plan: &Plan) -> Vec<TensorSpec> {
        let [out, inputs, height, width] = plan.shape;
        let (name, alias) = (&plan.name, &plan.alias);
        let mut specs = vec![TensorSpec::new(
            format!("{name}.weight"),
            format!("{alias}.weight"),
            &plan.shape,
            Start::He {
                inputs: inputs * height * width,
            },
        )];
        let vector = |ending: &str, other: &str, start: Start| {
            TensorSpec::new(
                format!("{name}.{ending}"),
                format!("{alias}.{other}"),
                &[out],
                start,
            )
        };
        if self.batch_norm {
            specs.extend([
                vector("norm.gamma", "bn.weight", Start::Ones),
                vector("norm.beta", "bn.bias", Start::Zeros),
                vector("norm.running_mean", "bn.running_mean", Start::Zeros),
                vector("norm.running_var", "bn.running_var", Start::Ones),
            ]);
        } else {
            specs.push(vector("bias", "bias", Start::Zeros));
        }
        specs
    }

    fn convolution(&self, taker: &mut Taker<'_>, plan: &Plan) -> Result<Convolution, WeightsError> {
        let (name, out) = (&plan.name, plan.shape[0]);
        let (mut bias, mut norm) = (None, None);
        if self.batch_norm {
            let sizes = BatchNormConfig::new(out).with_epsilon(EPSILON);
            let mut made = sizes.init(taker.device);
            made.gamma = taker.param(&format!("{name}.norm.gamma"), [out])?;
            made.beta = taker.param(&format!("{name}.norm.beta"), [out])?;
            let mean = taker.param(&format!("{name}.norm.running_mean"), [out])?;
            made.running_mean = burn::module::RunningState::new(mean.val().detach());
            let variance = taker.param(&format!("{name}.norm.running_var"), [out])?;
            made.running_var = burn::module::RunningState::new(variance.val().detach());
            norm = Some(made);
        } else {
            bias = Some(taker.param(&format!("{name}.bias"), [out])?);
        }
        Ok(Convolution {
            weight: taker.param(&format!("{name}.weight"), plan.shape)?,
            bias,
            norm,
            window: plan.window,
        })
    }

    /// True when no image between two convolutions is too large. The sizes must be accepted.
    fn is_holdable(&self) -> bool {
        let stem = (&self.stem.window, self.channels, self.stem.channels);
        let mut channels = self.stem.channels;
        let blocks = self.blocks.iter().map(|block| {
            let before = std::mem::replace(&mut channels, block.channels);
            (&block.window, before, before.max(block.channels))
        });
        let mut size = [self.height, self.width];
        std::iter::once(stem)
            .chain(blocks)
            .all(|(window, inputs, outputs)| {
                let read = size;
                size = window.output(size).unwrap_or(size);
                let patches = window.kernel[0] * window.kernel[1];
                holdable(&[read[0], read[1], inputs]) && holdable(&[size[0], size[1], outputs.max(patches)])
            })
    }

    /// True when every convolution has something to look at in an image of so many rows.
    pub fn accepts(&self, height: usize) -> bool {
        let windows = std::iter::once(&self.stem.window).chain(self.blocks.iter().map(|block| &block.window));
        let last = windows
            .into_iter()
            .try_fold([height, self.width], |size, window| window.output(size));
        (1..=self.height).contains(&height) && last.is_some()
    }
}

impl NetConfig for ClassifierConfig {
    type Net = ClassifierNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        let sizes = [
            self.height,
            self.width,
            self.channels,
            self.stem.channels,
            self.classes,
        ];
        let channels: Vec<usize> = self.blocks.iter().map(|block| block.channels).collect();
        let windows = self.blocks.iter().all(|block| block.window.is_bounded());
        rules(&[
            (
                bounded(&sizes) && bounded(&channels),
                "the sizes of the net must be from 1 to 1048576",
            ),
            (
                self.blocks.len() <= BLOCKS_MAX,
                "there must be at most 64 `blocks`",
            ),
            (
                windows && self.stem.window.is_bounded(),
                "kernels and strides must be from 1 to 255, paddings from 0 to 255",
            ),
            (
                self.accepts(self.height),
                "a kernel is larger than the image that it looks at",
            ),
            (
                self.typical.fits(self.width * self.channels),
                "`typical` must have finite numbers, one or one for each column",
            ),
        ])?;
        rules(&[
            (
                affordable(&self.tensors()),
                "the net must have at most 268435456 weights",
            ),
            (self.is_holdable(), HOLDABLE),
        ])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        let mut specs = self.convolution_specs(&self.stem_plan());
        for plan in self.block_plans().flatten() {
            specs.extend(self.convolution_specs(&plan));
        }
        specs.extend(linear_specs("head", "fc", self.channels_out(), self.classes));
        specs
    }

    fn build(&self, mut weights: Weights, device: &Device) -> Result<ClassifierNet, WeightsError> {
        let mut taker = Taker {
            weights: &mut weights,
            device,
        };
        let stem = self.convolution(&mut taker, &self.stem_plan())?;
        let mut blocks = Vec::new();
        for [depthwise, pointwise] in self.block_plans() {
            blocks.push(Block {
                depthwise: self.convolution(&mut taker, &depthwise)?,
                pointwise: self.convolution(&mut taker, &pointwise)?,
            });
        }
        Ok(ClassifierNet {
            stem,
            blocks,
            head: taker.linear("head", self.channels_out(), self.classes)?,
            config: self.clone(),
        })
    }
}
