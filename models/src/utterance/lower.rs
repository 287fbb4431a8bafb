//! The programs of an utterance net, one for each head.

use burn::nn::LayerNorm;
use burn::tensor::{Device, Int, Tensor};
use motet_engine::{Activation, Builder, Conv, Dense, Mask, Padding, Program, Table, Value, Window};
use rand::RngExt;

use super::config::{EPSILON, GRAMS_PER_WORD, UtteranceConfig};
use super::net::{GRAM_SCALE, Keep, Scores, UtteranceNet};
use crate::lowering::{
    LowerError, Lowering, kernels_of_taps, linear_values, lower_norm, values, with_values,
};
use crate::net::{Net, Rows, Sample, seeded};

/// An utterance net of which the intents are asked.
#[derive(Clone, Debug)]
pub struct IntentNet(pub UtteranceNet);

/// An utterance net of which the tags of words are asked.
#[derive(Clone, Debug)]
pub struct SlotsNet(pub UtteranceNet);

impl Net for IntentNet {
    fn samples(&self, seed: u64) -> Vec<Sample> {
        samples(&self.0.config, seed)
    }

    fn device(&self) -> Device {
        self.0.table.device()
    }

    fn columns(&self) -> usize {
        1
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        let scores = scores(&self.0, input.ids()?)?;
        scores
            .intents
            .ok_or_else(|| LowerError::reference(&"the net has no intents"))
    }

    /// Takes `words` `[words, ids of a word]` and gives `scores` `[1, intents]`, logits.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let net = &self.0;
        let head = net
            .intent
            .as_ref()
            .ok_or_else(|| LowerError::reference(&"the net has no intents"))?;
        let mut lower = Lower::new("intent", net, how)?;
        let words = lower.encode(net)?;
        let mean = lower.builder.global_average("mean", words)?;
        let largest = lower.builder.global_max("largest", words)?;
        let (weights, bias) = linear_values(head)?;
        // The two halves of the head, each for one way to pool.
        let (first, second) = weights.split_at(weights.len() / 2);
        let zeros = vec![0.0; bias.len()];
        let of_mean = lower.linear("intent.mean", mean, (first, &bias), None)?;
        let mut scores = lower.linear("intent.largest", largest, (second, &zeros), Some(of_mean))?;
        if let Some(grams) = &net.grams {
            let (first, columns) = (net.config.hashing.per_word, net.config.intents.len());
            let ids = lower.ids;
            let scaled: Vec<f32> = values(grams)?.iter().map(|value| value / GRAM_SCALE).collect();
            let table = Table {
                values: &scaled,
                columns,
                positions: None,
            };
            let places = first..first + GRAMS_PER_WORD;
            let each = lower.builder.embed_sum("grams", ids, places, table)?;
            let sum = lower.builder.global_sum("grams.sum", each)?;
            scores = lower.builder.add("scores", scores, sum)?;
        }
        lower.builder.output("scores", scores)?;
        Ok(lower.builder.build())
    }
}

impl Net for SlotsNet {
    fn samples(&self, seed: u64) -> Vec<Sample> {
        samples(&self.0.config, seed)
    }

    fn device(&self) -> Device {
        self.0.table.device()
    }

    fn columns(&self) -> usize {
        1
    }

    fn compute(&self, input: Rows) -> Result<Tensor<2>, LowerError> {
        let scores = scores(&self.0, input.ids()?)?;
        let tags = scores
            .tags
            .ok_or_else(|| LowerError::reference(&"the net has no tags"))?;
        Ok(tags.squeeze_dim(0))
    }

    /// Takes `words` `[words, ids of a word]` and gives `scores` `[words, tags]`, to which those of the chain are added.
    fn lower(&self, how: &Lowering) -> Result<Program, LowerError> {
        let net = &self.0;
        let head = net
            .tag
            .as_ref()
            .ok_or_else(|| LowerError::reference(&"the net has no tags"))?;
        let mut lower = Lower::new("slots", net, how)?;
        let words = lower.encode(net)?;
        let (weights, bias) = linear_values(head)?;
        let scores = lower.linear("tag", words, (&weights, &bias), None)?;
        lower.builder.output("scores", scores)?;
        Ok(lower.builder.build())
    }
}

/// An utterance of as many words as there may be, and one of half as many and one.
fn samples(config: &UtteranceConfig, seed: u64) -> Vec<Sample> {
    let mut random = seeded(seed);
    let most = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
    let mut utterance = |words: usize| {
        let id = |place: usize| match place % config.ids_per_word() < config.hashing.per_word {
            true => random.random_range(0..most(config.hashing.rows)),
            false => random.random_range(0..most(config.gram_rows)),
        };
        Sample::Ids((0..words * config.ids_per_word()).map(id).collect())
    };
    vec![
        utterance(config.words_max),
        utterance((config.words_max / 2 + 1).min(config.words_max)),
    ]
}

/// The scores of one utterance, given as the ids of its words.
fn scores(net: &UtteranceNet, ids: Tensor<1, Int>) -> Result<Scores, LowerError> {
    let config = &net.config;
    let (each, features) = (config.ids_per_word(), config.hashing.per_word);
    let count = ids.dims()[0];
    if count == 0 || !count.is_multiple_of(each) {
        return Err(LowerError::reference(&"a word that is not complete"));
    }
    let words = count / each;
    let mask = Tensor::ones([1, words, 1], &ids.device());
    let rows = ids.reshape([words, each]);
    let grams = (config.gram_rows > 0).then(|| {
        rows.clone()
            .narrow(1, features, GRAMS_PER_WORD)
            .reshape([1, words * GRAMS_PER_WORD])
    });
    let batch = net.look_up(rows.narrow(1, 0, features), grams, mask);
    Ok(net.forward(&batch, &mut Keep))
}

/// A program in the making.
struct Lower {
    builder: Builder,
    ids: Value,
}

impl Lower {
    fn new(name: &str, net: &UtteranceNet, how: &Lowering) -> Result<Self, LowerError> {
        let mut builder = Builder::new(name, how.cpu, how.precision, how.ranges.clone());
        let ids = builder.id_rows("words", net.config.words_max, net.config.ids_per_word())?;
        Ok(Self { builder, ids })
    }

    /// What stands for each word: `[words, width]`.
    fn encode(&mut self, net: &UtteranceNet) -> Result<Value, LowerError> {
        let config = &net.config;
        let places = 0..config.hashing.per_word;
        let ids = self.ids;
        // The table is most of the net, so it is not copied on its way.
        let embedded = with_values(&net.table, |values| {
            let table = Table {
                values,
                columns: config.embedding,
                positions: None,
            };
            self.builder.embed_sum("table", ids, places, table)
        })??;
        let (weights, bias) = linear_values(&net.input)?;
        let mut x = self.linear("input", embedded, (&weights, &bias), None)?;
        for (index, (convolution, dilation)) in net.convolutions.iter().zip(&config.dilations).enumerate() {
            let name = format!("convolutions.{index}");
            let read = self.norm(&format!("{name}.norm"), x, &convolution.norm)?;
            let (weights, bias) = linear_values(&convolution.taps)?;
            let gated = self.conv(&name, read, (&weights, &bias), *dilation)?;
            let width = config.width;
            let part = |first: usize| {
                gated
                    .part(first, width)
                    .ok_or_else(|| LowerError::reference(&"a gate without its half"))
            };
            let open = self
                .builder
                .activation(&format!("{name}.open"), part(width)?, Activation::Sigmoid)?;
            let change = self.builder.multiply(&format!("{name}.gate"), part(0)?, open)?;
            x = self.builder.add(&format!("{name}.sum"), x, change)?;
        }
        if let Some(attention) = &net.attention {
            let read = self.norm("attention.norm", x, &attention.norm)?;
            let (weights, bias) = linear_values(&attention.qkv)?;
            let qkv = self.linear("attention.qkv", read, (&weights, &bias), None)?;
            let mixed = self
                .builder
                .attention("attention", qkv, config.heads, Mask::None)?;
            let (weights, bias) = linear_values(&attention.output)?;
            x = self.linear("attention.output", mixed, (&weights, &bias), Some(x))?;
        }
        self.norm("norm", x, &net.norm)
    }

    fn conv(
        &mut self,
        name: &str,
        x: Value,
        (weights, bias): (&[f32], &[f32]),
        dilation: usize,
    ) -> Result<Value, LowerError> {
        let kernels = kernels_of_taps(weights, bias.len(), 3);
        let padding = Padding {
            top: dilation,
            bottom: dilation,
            ..Padding::default()
        };
        let window = Window {
            dilation: (dilation, 1),
            padding,
            ..Window::of((3, 1))
        };
        let conv = Conv {
            weights: &kernels,
            bias,
            window,
            activation: Activation::None,
        };
        Ok(self.builder.conv(name, x, conv)?)
    }

    fn norm(&mut self, name: &str, x: Value, norm: &LayerNorm) -> Result<Value, LowerError> {
        lower_norm(&mut self.builder, name, x, (norm, EPSILON))
    }

    fn linear(
        &mut self,
        name: &str,
        x: Value,
        (weights, bias): (&[f32], &[f32]),
        residual: Option<Value>,
    ) -> Result<Value, LowerError> {
        let dense = Dense {
            weights,
            bias,
            activation: Activation::None,
            residual,
        };
        Ok(self.builder.linear(name, x, dense)?)
    }
}
