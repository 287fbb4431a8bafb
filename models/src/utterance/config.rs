//! The sizes of an utterance net, and its two faces.

use burn::module::Param;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::lower::{IntentNet, SlotsNet};
use super::net::{Attention, Convolution, UtteranceNet};
use crate::net::{
    ConfigFault, HOLDABLE, NetConfig, Taker, affordable, bounded, holdable, linear_specs, norm_specs, rules,
};
use crate::text::{Hashing, Splitting};
use crate::weights::{Start, TensorSpec, Weights, WeightsError};

/// Most words of an utterance that a net may be made for.
pub const WORDS_MAX: usize = 512;

/// Ids of a word's n-grams: the word, the pair it ends, and the pair it begins where it is the last.
pub const GRAMS_PER_WORD: usize = 3;

/// Added to a variance before its square root is taken.
pub(super) const EPSILON: f64 = 1e-5;

/// The sizes of an [`UtteranceNet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UtteranceConfig {
    /// Where words end.
    pub splitting: Splitting,
    /// How words become rows of the table.
    pub hashing: Hashing,
    /// Most words of an utterance; what is beyond is cut.
    pub words_max: usize,
    /// Columns of the table.
    pub embedding: usize,
    /// Numbers that stand for a word between layers.
    pub width: usize,
    /// Distance between the three taps of each convolution.
    pub dilations: Vec<usize>,
    /// Heads of the attention after the convolutions; 0 for none.
    pub heads: usize,
    /// Rows of the table of words and pairs that score intents directly; 0 for none.
    pub gram_rows: usize,
    /// Names of the intents in the order of the outputs; none for no such head.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<String>,
    /// The intent that stands for everything that is none of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of_scope: Option<String>,
    /// BIO tags of slots in the order of the outputs, `O` first; none for no such head.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Numbers of a teacher's vector that the net learns to tell beside its answers; 0 for a net that has learnt.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vector: usize,
}

fn is_zero(size: &usize) -> bool {
    *size == 0
}

impl UtteranceConfig {
    /// Ids of a word in the input of the net: its features, then its n-grams.
    pub fn ids_per_word(&self) -> usize {
        match self.gram_rows {
            0 => self.hashing.per_word,
            _ => self.hashing.per_word + GRAMS_PER_WORD,
        }
    }

    /// Number of the intent that stands for everything else.
    pub fn out_of_scope_index(&self) -> Option<usize> {
        let name = self.out_of_scope.as_ref()?;
        self.intents.iter().position(|intent| intent == name)
    }

    /// Refuses sizes that contradict each other.
    ///
    /// # Errors
    /// [`ConfigFault`] says which rule is broken.
    pub fn validate(&self) -> Result<(), ConfigFault> {
        let sizes = [self.embedding, self.width];
        rules(&[
            (
                bounded(&sizes),
                "`embedding` and `width` must be from 1 to 1048576",
            ),
            (
                self.hashing.is_valid(),
                "the features of words must be within their bounds",
            ),
            (
                (1..=WORDS_MAX).contains(&self.words_max),
                "`words_max` must be from 1 to 512",
            ),
            (
                self.dilations.len() <= 16 && self.dilations.iter().all(|step| (1..=64).contains(step)),
                "there must be at most 16 `dilations`, each from 1 to 64",
            ),
            (self.vector <= 1 << 16, "`vector` must be at most 65536"),
            (
                self.heads == 0 || self.width.is_multiple_of(self.heads),
                "`heads` must be a divisor of `width`",
            ),
            (
                self.gram_rows != 1 && self.gram_rows <= 1 << 24,
                "`gram_rows` must be 0 or from 2 to 16777216",
            ),
            (
                self.intents.len() != 1 && self.intents.len() <= 1 << 12,
                "there must be from 2 to 4096 intents, or none",
            ),
            (
                self.out_of_scope_index().is_some() == self.out_of_scope.is_some(),
                "`out_of_scope` must be one of the intents",
            ),
            (
                self.tags.len() != 1 && self.tags.len() <= 1 << 10,
                "there must be from 2 to 1024 tags, or none",
            ),
            (
                self.tags.first().is_none_or(|first| first == "O")
                    && self.tags.iter().skip(1).all(|tag| is_bio(tag)),
                "the first tag must be `O`, the others must begin with `B-` or `I-`",
            ),
            (
                distinct(&self.intents) && distinct(&self.tags),
                "no two intents and no two tags may have one name",
            ),
            (
                !self.intents.is_empty() || !self.tags.is_empty(),
                "the net must have intents, or tags, or both",
            ),
        ])?;
        let outputs = self.tags.len().max(self.intents.len());
        let widest = (3 * self.width).max(self.embedding).max(outputs);
        rules(&[
            (
                affordable(&self.tensors()),
                "the net must have at most 268435456 weights",
            ),
            (
                holdable(&[self.words_max, widest])
                    && holdable(&[self.words_max, self.words_max, self.heads.max(1)]),
                HOLDABLE,
            ),
        ])
    }

    /// Every tensor the net needs.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let (width, intents, tags) = (self.width, self.intents.len(), self.tags.len());
        let same = |name: &str, shape: &[usize], start| TensorSpec::new(name, name, shape, start);
        // Tens of rows are added up for a word.
        let table = Start::He {
            inputs: 2 * self.hashing.per_word,
        };
        let mut specs = vec![same("table", &[self.hashing.rows, self.embedding], table)];
        let linear = |name: &str, inputs, outputs| linear_specs(name, name, inputs, outputs);
        specs.extend(linear("input", self.embedding, width));
        for index in 0..self.dilations.len() {
            specs.extend(norm_specs(&format!("convolutions.{index}.norm"), width));
            specs.extend(linear(
                &format!("convolutions.{index}.taps"),
                3 * width,
                2 * width,
            ));
        }
        if self.heads > 0 {
            specs.extend(norm_specs("attention.norm", width));
            specs.extend(linear("attention.qkv", width, 3 * width));
            specs.extend(linear("attention.output", width, width));
        }
        specs.extend(norm_specs("norm", width));
        if intents > 0 {
            specs.extend(linear("intent", 2 * width, intents));
        }
        if intents > 0 && self.gram_rows > 0 {
            specs.push(same("grams", &[self.gram_rows, intents], Start::Zeros));
        }
        if tags > 0 {
            specs.extend(linear("tag", width, tags));
            specs.push(same("transitions", &[tags, tags], Start::Zeros));
            specs.push(same("start", &[tags], Start::Zeros));
            specs.push(same("end", &[tags], Start::Zeros));
        }
        if self.vector > 0 {
            specs.extend(linear("vector", 2 * width, self.vector));
        }
        specs
    }

    /// Builds the net of weights that have these tensors.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] and [`WeightsError::Shape`] for weights of another net.
    pub fn build_net(&self, mut weights: Weights, device: &Device) -> Result<UtteranceNet, WeightsError> {
        let mut taker = Taker {
            weights: &mut weights,
            device,
        };
        let width = self.width;
        let convolutions = (0..self.dilations.len()).map(|index| {
            Ok(Convolution {
                norm: taker.norm(&format!("convolutions.{index}.norm"), width, EPSILON)?,
                taps: taker.linear(&format!("convolutions.{index}.taps"), 3 * width, 2 * width)?,
            })
        });
        let convolutions = convolutions.collect::<Result<_, WeightsError>>()?;
        let attention = match self.heads {
            0 => None,
            _ => Some(Attention {
                norm: taker.norm("attention.norm", width, EPSILON)?,
                qkv: taker.linear("attention.qkv", width, 3 * width)?,
                output: taker.linear("attention.output", width, width)?,
            }),
        };
        let (intents, tags) = (self.intents.len(), self.tags.len());
        let chain: Option<[Param<_>; 2]> = match tags {
            0 => None,
            _ => Some([taker.param("start", [tags])?, taker.param("end", [tags])?]),
        };
        let (start, end) = chain.map_or((None, None), |[start, end]| (Some(start), Some(end)));
        Ok(UtteranceNet {
            table: taker.param("table", [self.hashing.rows, self.embedding])?,
            input: taker.linear("input", self.embedding, width)?,
            convolutions,
            attention,
            norm: taker.norm("norm", width, EPSILON)?,
            intent: match intents {
                0 => None,
                _ => Some(taker.linear("intent", 2 * width, intents)?),
            },
            grams: match intents > 0 && self.gram_rows > 0 {
                true => Some(taker.param("grams", [self.gram_rows, intents])?),
                false => None,
            },
            tag: match tags {
                0 => None,
                _ => Some(taker.linear("tag", width, tags)?),
            },
            transitions: match tags {
                0 => None,
                _ => Some(taker.param("transitions", [tags, tags])?),
            },
            start,
            end,
            vector: match self.vector {
                0 => None,
                numbers => Some(taker.linear("vector", 2 * width, numbers)?),
            },
            config: self.clone(),
        })
    }
}

/// True for a tag that begins a slot or stands in one.
fn is_bio(tag: &str) -> bool {
    let kind = tag.strip_prefix("B-").or_else(|| tag.strip_prefix("I-"));
    kind.is_some_and(|kind| !kind.is_empty())
}

fn distinct(names: &[String]) -> bool {
    names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len()
}

/// An utterance net of which the intent is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentConfig(pub UtteranceConfig);

/// An utterance net of which the slots are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SlotsConfig(pub UtteranceConfig);

impl NetConfig for IntentConfig {
    type Net = IntentNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        self.0.validate()?;
        rules(&[(!self.0.intents.is_empty(), "the model must have intents")])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        self.0.tensors()
    }

    fn build(&self, weights: Weights, device: &Device) -> Result<IntentNet, WeightsError> {
        self.0.build_net(weights, device).map(IntentNet)
    }
}

impl NetConfig for SlotsConfig {
    type Net = SlotsNet;

    fn validate(&self) -> Result<(), ConfigFault> {
        self.0.validate()?;
        rules(&[(!self.0.tags.is_empty(), "the model must have slots")])
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        self.0.tensors()
    }

    fn build(&self, weights: Weights, device: &Device) -> Result<SlotsNet, WeightsError> {
        self.0.build_net(weights, device).map(SlotsNet)
    }
}
