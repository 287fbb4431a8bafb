//! The front of a net that begins with the speech embedding of Google: convolutions over time and frequency that were
//! learnt elsewhere, from far more voices than there are here, and stay as they are.
//!
//! # Source
//! Lin et al. 2020, "Training keyword spotters with limited and synthesized speech data", section 2, for the net. Where the
//! paper halves the time a third time, the last two layers read every second row instead, so that there is an embedding
//! every 40 ms and not every 80: van den Oord et al. 2016, "WaveNet", section 2.1.

use std::sync::Mutex;

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData, activation};
use motet_engine::{Activation, Builder, Conv, Numbers, Padding, Program, Value, Window};

use crate::fused;
use crate::lowering::{LowerError, Lowering, Room, kernels_of_taps, linear_values};
use crate::net::linear_specs;
use crate::weights::{TensorSpec, Tensors};

/// Bins of the spectrogram that it hears.
pub(super) const BINS: usize = 32;
/// What is taken from the natural logarithm of energies of sound between -1 and 1, and what it is divided by then: the
/// decimal logarithm of energies of 16-bit samples and two, as the published net takes it.
pub(super) const LEVEL: f32 = -25.399_523;
/// See [`LEVEL`].
pub(super) const SPREAD: f32 = std::f32::consts::LN_10;
/// What a mask leaves: about the level of speech.
pub(super) const MASK: f32 = -9.3;
/// Frames of silence before a sound, and behind it, so that there is a row for every four frames of it, or fewer at its
/// end.
pub(super) const MARGINS: [usize; 2] = [48, 27];
/// Frames behind the first of its four that a row is made of.
pub(super) const BEHIND: usize = 27;
/// Numbers of a row: what the fifteenth layer says about the last 400 ms that the row hears, and the embedding.
pub(super) const COLUMNS: usize = NEAR + FAR;
/// Numbers of the fifteenth layer: two bands of so many channels.
const NEAR: usize = 2 * 96;
/// Numbers of an embedding, and what they are multiplied by, so that they are about as large as the others.
const FAR: usize = 96;
const FAR_SCALE: f32 = 0.1;
/// The layer whose rows are the first numbers of a row, and how many rows behind the first of an embedding it is read at.
const NEAR_LAYER: usize = 14;
const NEAR_AT: usize = 9;

/// A convolution: taps over time and frequency, numbers in and out, and what is pooled behind it.
struct Layer {
    taps: [usize; 2],
    inputs: usize,
    outputs: usize,
    pool: Option<[usize; 2]>,
}

const fn layer(taps: [usize; 2], inputs: usize, outputs: usize, pool: Option<[usize; 2]>) -> Layer {
    Layer {
        taps,
        inputs,
        outputs,
        pool,
    }
}

/// The pool before the last layer moves by one row of two.
const LAST_POOL: usize = 18;
/// Rows from tap to tap of the last layer.
const LAST_DILATION: usize = 2;

const LAYERS: [Layer; 20] = [
    layer([3, 3], 1, 24, None),
    layer([1, 3], 24, 24, None),
    layer([3, 1], 24, 24, Some([2, 2])),
    layer([1, 3], 24, 48, None),
    layer([3, 1], 48, 48, None),
    layer([1, 3], 48, 48, None),
    layer([3, 1], 48, 48, Some([1, 2])),
    layer([1, 3], 48, 72, None),
    layer([3, 1], 72, 72, None),
    layer([1, 3], 72, 72, None),
    layer([3, 1], 72, 72, Some([2, 2])),
    layer([1, 3], 72, 96, None),
    layer([3, 1], 96, 96, None),
    layer([1, 3], 96, 96, None),
    layer([3, 1], 96, 96, Some([1, 2])),
    layer([1, 3], 96, 96, None),
    layer([3, 1], 96, 96, None),
    layer([1, 3], 96, 96, None),
    layer([3, 1], 96, 96, Some([2, 2])),
    layer([3, 1], 96, 96, None),
];

/// The tensors of the front, `front.0.weight` and so on: `[time * frequency * inputs, outputs]`.
pub(super) fn specs() -> Vec<TensorSpec> {
    let spec = |(index, layer): (usize, &Layer)| {
        let name = format!("front.{index}");
        linear_specs(&name, &name, layer.depth(), layer.outputs)
    };
    LAYERS.iter().enumerate().flat_map(spec).collect()
}

/// Inputs and outputs of each layer as a product.
pub(super) fn sizes() -> impl Iterator<Item = [usize; 2]> {
    LAYERS.iter().map(|layer| [layer.depth(), layer.outputs])
}

/// The layers from a file; none where it does not have all of them.
pub(super) fn layers(tensors: &Tensors) -> Option<Vec<Linear>> {
    let device = Device::flex();
    let layer = |(index, [inputs, outputs]): (usize, [usize; 2])| {
        let values = |part: &str, shape: &[usize]| {
            let found = tensors.get(&format!("front.{index}.{part}"))?;
            (found.shape == shape).then(|| found.values.clone())
        };
        let weight = TensorData::new(values("weight", &[inputs, outputs])?, [inputs, outputs]);
        let bias = TensorData::new(values("bias", &[outputs])?, [outputs]);
        Some(Linear {
            weight: Param::from_data(weight, &device),
            bias: Some(Param::from_data(bias, &device)),
        })
    };
    sizes().enumerate().map(layer).collect()
}

impl Layer {
    fn depth(&self) -> usize {
        self.taps[0] * self.taps[1] * self.inputs
    }
}

/// Rows of a spectrogram.
///
/// # Shapes
/// `x`: `[batch, frames, 32]`, natural logarithms of energies; result: `[batch, rows, COLUMNS]`.
pub(super) fn forward(layers: &[Linear], x: Tensor<3>) -> Tensor<3> {
    let [batch, frames, bins] = x.dims();
    let mut x = ((x - LEVEL) / SPREAD).reshape([batch, frames, bins, 1]);
    let mut near = None;
    for (index, (layer, weights)) in LAYERS.iter().zip(layers).enumerate() {
        let is_last = index + 1 == LAYERS.len();
        x = tapped(x, layer, if is_last { LAST_DILATION } else { 1 });
        let [batch, rows, bands, depth] = x.dims();
        let product = fused::linear(weights, x.reshape([batch, rows * bands, depth]));
        x = product.reshape([batch, rows, bands, layer.outputs]);
        if !is_last {
            x = leaky(x);
        }
        if let Some(pool) = layer.pool {
            x = pooled(x, pool, index == LAST_POOL);
        }
        if index == NEAR_LAYER {
            near = Some(x.clone());
        }
    }
    let [batch, rows, _, _] = x.dims();
    let far = x.reshape([batch, rows, FAR]) * FAR_SCALE;
    match near {
        Some(near) => {
            let near = near.narrow(1, NEAR_AT, rows).reshape([batch, rows, NEAR]);
            Tensor::cat(vec![near, far], 2)
        }
        None => far,
    }
}

fn leaky(x: Tensor<4>) -> Tensor<4> {
    activation::leaky_relu(x, 0.2).clamp_min(-0.4)
}

/// What is under the taps side by side, zeros beyond the lowest and the highest frequency.
fn tapped(x: Tensor<4>, layer: &Layer, dilation: usize) -> Tensor<4> {
    let [batch, rows, bands, columns] = x.dims();
    let [over_time, over_bands] = layer.taps;
    let margin = over_bands / 2;
    let x = match margin {
        0 => x,
        margin => {
            let zeros = Tensor::zeros([batch, rows, margin, columns], &x.device());
            Tensor::cat(vec![zeros.clone(), x, zeros], 2)
        }
    };
    let kept = rows - (over_time - 1) * dilation;
    let taps = (0..over_time * over_bands).map(|tap| {
        let (row, band) = (tap / over_bands * dilation, tap % over_bands);
        x.clone().narrow(1, row, kept).narrow(2, band, bands)
    });
    Tensor::cat(taps.collect(), 3)
}

/// The largest under each window; `is_dense` where windows move by one row.
fn pooled(x: Tensor<4>, [over_time, over_bands]: [usize; 2], is_dense: bool) -> Tensor<4> {
    let [batch, rows, bands, columns] = x.dims();
    let x = match (over_time, is_dense) {
        (1, _) => x,
        (_, true) => x
            .clone()
            .narrow(1, 0, rows - 1)
            .max_pair(x.narrow(1, 1, rows - 1)),
        (_, false) => {
            let pairs = rows / 2;
            let x = x
                .narrow(1, 0, 2 * pairs)
                .reshape([batch, pairs, 2 * bands, columns]);
            x.clone().narrow(2, 0, bands).max_pair(x.narrow(2, bands, bands))
        }
    };
    let rows = x.dims()[1];
    let x = x.reshape([batch, rows, bands / over_bands, over_bands * columns]);
    x.clone()
        .narrow(3, 0, columns)
        .max_pair(x.narrow(3, columns, columns))
}

/// Adds the layers to a program. Returns what the near rows and the embeddings are read from, for [`join`].
///
/// # Errors
/// [`LowerError`] for weights of another net.
pub(super) fn lower(
    builder: &mut Builder,
    frames: Value,
    layers: &[Linear],
) -> Result<[Value; 2], LowerError> {
    let mut x = builder.scale("front.scale", frames, &[1.0 / SPREAD], &[-LEVEL / SPREAD])?;
    let mut near = None;
    for (index, (layer, weights)) in LAYERS.iter().zip(layers).enumerate() {
        let is_last = index + 1 == LAYERS.len();
        let (weights, bias) = linear_values(weights)?;
        let margin = layer.taps[1] / 2;
        let taps = layer.taps[0] * layer.taps[1];
        let conv = Conv {
            weights: &kernels_of_taps(&weights, layer.outputs, taps),
            bias: &bias,
            window: Window {
                dilation: (if is_last { LAST_DILATION } else { 1 }, 1),
                padding: Padding {
                    left: margin,
                    right: margin,
                    ..Padding::default()
                },
                ..Window::of((layer.taps[0], layer.taps[1]))
            },
            activation: if is_last {
                Activation::None
            } else {
                Activation::Leaky
            },
        };
        x = builder.conv(&format!("front.{index}"), x, conv)?;
        if let Some([time, bands]) = layer.pool {
            let step = if index == LAST_POOL { 1 } else { time };
            let window = Window {
                stride: (step, bands),
                ..Window::of((time, bands))
            };
            x = builder.max(&format!("front.{index}.pool"), x, window)?;
        }
        if index == NEAR_LAYER {
            near = Some(x);
        }
    }
    let near = near.ok_or_else(|| LowerError::reference(&"a front without its layers"))?;
    Ok([near, x])
}

/// The product of rows with weights `[COLUMNS, outputs]`.
///
/// # Errors
/// [`LowerError`] for weights of another net.
pub(super) fn join(
    builder: &mut Builder,
    [near, far]: [Value; 2],
    join: &Linear,
) -> Result<Value, LowerError> {
    let (weights, bias) = linear_values(join)?;
    let (of_near, of_far) = weights.split_at(NEAR * bias.len());
    let of_far: Vec<f32> = of_far.iter().map(|weight| FAR_SCALE * weight).collect();
    // Two rows, of which only the second counts: rows cannot be cut off otherwise.
    let both = [vec![0.0; of_near.len()], of_near.to_vec()].concat();
    let conv = Conv {
        weights: &kernels_of_taps(&both, bias.len(), 4),
        bias: &bias,
        window: Window {
            dilation: (NEAR_AT, 1),
            ..Window::of((2, 2))
        },
        activation: Activation::None,
    };
    let near = builder.conv("join.near", near, conv)?;
    let conv = Conv {
        weights: &kernels_of_taps(&of_far, bias.len(), 1),
        bias: &vec![0.0; bias.len()],
        window: Window::of((1, 1)),
        activation: Activation::None,
    };
    let far = builder.conv("join.far", far, conv)?;
    Ok(builder.add("join", near, far)?)
}

/// The front as a program, to learn behind it.
#[derive(Debug)]
pub(super) struct FrontProgram {
    program: Program,
    rooms: Mutex<Vec<Room>>,
}

impl FrontProgram {
    /// A program for sounds of at most so many frames with their margins.
    ///
    /// # Errors
    /// As [`lower`].
    pub(super) fn new(layers: &[Linear], frames_max: usize, how: &Lowering) -> Result<Self, LowerError> {
        let mut builder = Builder::new("front", how.cpu, how.precision, how.ranges.clone());
        let frames = builder.image("frames", (frames_max, BINS), 1)?;
        let [near, far] = lower(&mut builder, frames, layers)?;
        builder.output("near", near)?;
        builder.output("far", far)?;
        Ok(Self {
            program: builder.build(),
            rooms: Mutex::new(Vec::new()),
        })
    }

    /// Rows of a sound with its margins, `[rows, COLUMNS]`.
    ///
    /// # Errors
    /// [`LowerError`] for a sound of another size.
    pub(super) fn rows(&self, frames: &[f32]) -> Result<Vec<f32>, LowerError> {
        let kept = self.rooms.lock().map_or(None, |mut rooms| rooms.pop());
        let mut room = kept.unwrap_or_else(|| Room::of(&self.program));
        let counts = room.run(&self.program, Numbers::F32(frames))?;
        let (near, far) = (&room.values[0], &room.values[1]);
        let rows = counts[1] / FAR;
        let mut out = Vec::with_capacity(rows * COLUMNS);
        for row in 0..rows {
            out.extend_from_slice(&near[(row + NEAR_AT) * NEAR..][..NEAR]);
            out.extend(far[row * FAR..][..FAR].iter().map(|value| FAR_SCALE * value));
        }
        if let Ok(mut rooms) = self.rooms.lock() {
            rooms.push(room);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lowering::tensor_values;
    use motet_engine::Cpu;

    fn published() -> Vec<Linear> {
        let tensors = Tensors::parse(include_bytes!("../../weights/embedding/front.safetensors")).unwrap();
        layers(&tensors).unwrap()
    }

    /// The spectrogram of `models/reference/speech/front.py`, as natural logarithms of energy.
    fn spectrogram(frames: usize) -> Vec<f32> {
        let value = |index: usize| {
            let (frame, bin) = ((index / BINS) as f32, (index % BINS) as f32);
            7.0 + 3.0 * (0.11 * frame + 0.4 * bin).sin() + (0.031 * frame * bin).cos()
        };
        (0..frames * BINS)
            .map(|index| value(index) * SPREAD + LEVEL)
            .collect()
    }

    #[derive(serde::Deserialize)]
    struct Published {
        frames: usize,
        embeddings: Vec<Vec<f32>>,
    }

    #[test]
    fn every_second_row_has_the_embedding_of_the_published_net() {
        let expected: Published =
            serde_json::from_str(include_str!("../../reference/speech/front.json")).unwrap();
        let heard = spectrogram(expected.frames);
        let program = FrontProgram::new(&published(), 300, &Lowering::f32(Cpu::detect())).unwrap();
        let rows = program.rows(&heard).unwrap();
        assert_eq!(rows.len() / COLUMNS, 2 * expected.embeddings.len() - 1);
        for (row, expected) in rows.chunks_exact(COLUMNS).step_by(2).zip(&expected.embeddings) {
            let squares =
                row[NEAR..]
                    .iter()
                    .zip(expected)
                    .fold([0.0, 0.0], |[off, all], (found, expected)| {
                        let difference = found / FAR_SCALE - expected;
                        [off + difference * difference, all + expected * expected]
                    });
            // The weights have half precision.
            let off = (squares[0] / squares[1]).sqrt();
            assert!(off < 5e-3, "{off}");
        }
    }

    #[test]
    fn the_program_gives_the_rows_of_the_layers_for_every_length() {
        let layers = published();
        let program = FrontProgram::new(&layers, 300, &Lowering::f32(Cpu::detect())).unwrap();
        let sums = MARGINS.iter().sum::<usize>();
        for frames in [1, 2, 3, 4, 5, 17, 40] {
            let heard = spectrogram(frames + sums);
            let rows = program.rows(&heard).unwrap();
            assert_eq!(rows.len(), frames.div_ceil(4) * COLUMNS, "{frames} frames");
            let shape = [1, frames + sums, BINS];
            let x = Tensor::<3>::from_data(TensorData::new(heard, shape), &Device::flex());
            let expected = tensor_values(forward(&layers, x)).unwrap();
            let difference = rows
                .iter()
                .zip(&expected)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(
                rows.len() == expected.len() && difference < 1e-3,
                "{frames} frames: {difference}"
            );
        }
    }
}
