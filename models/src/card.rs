//! The card of a model: what it is, what it learnt from, how good it is, and what it must not be used for.
//!
//! A card lies beside its weights and holds their checksum; weights are not used before the two agree. The part
//! that only one kind of model has is the type parameter.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::evaluation::CostRow;
use crate::recipe::Recipe;

/// Name of the file of the weights of models that are trained here.
pub const WEIGHTS_FILE: &str = "weights.safetensors";

/// Name of the card of a model in its folder.
pub const CARD_FILE: &str = "card.yaml";

/// Longest card that is read, in bytes.
pub const CARD_BYTES_MAX: usize = 1 << 20;

/// What a model is; `M` is what its kind of model needs to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card<M> {
    /// Name by which pipelines ask for the model.
    pub name: String,
    /// Version, from 1; pipelines write `name@version`.
    pub version: u32,
    /// What the model does, in a sentence or two.
    pub about: String,
    /// Ports of a node that runs the model, as types of the pipeline format.
    pub ports: Ports,
    /// What the model needs to run.
    pub model: M,
    /// Number format of the weights and of the arithmetic.
    pub precision: String,
    /// What other precisions of the arithmetic cost, as measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub precisions: Vec<PrecisionFigure>,
    /// The file of the weights.
    pub weights: Weights,
    /// The seed of these weights and how it was chosen.
    pub seed: SeedChoice,
    /// What the model learnt from and was judged by.
    pub data: Vec<DataSource>,
    /// How good it is.
    pub metrics: Vec<Metric>,
    /// What the model is for.
    pub intended_use: String,
    /// What the model must not be used for.
    pub must_not_be_used_for: Vec<String>,
    /// The recipe that it was trained by, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

/// Types of the ports of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// What goes in.
    pub input: String,
    /// What comes out.
    pub output: String,
}

/// What a precision costs, against the arithmetic of the weights themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrecisionFigure {
    /// Its name, as in `bf16`.
    pub precision: String,
    /// Root of the mean square of the difference of the outputs, relative to that of the outputs.
    pub relative_rms: f64,
    /// Share of the answers, from 0 to 1, whose best class or label stays the same; none for nets without classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<f64>,
    /// What it was measured on.
    pub on: String,
    /// True where the loss is below what the model may lose.
    pub admissible: bool,
    /// The metrics of the chosen weights, by their names, where they were measured in this precision.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// What it costs, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// Size of a model, and its time on one thread of the CPU that measured it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Bytes of the weights as the programs hold them.
    pub weight_bytes: u64,
    /// Median time of one request, in milliseconds.
    pub p50_ms: f64,
    /// Time that 95 of 100 requests do not exceed, in milliseconds.
    pub p95_ms: f64,
    /// Instructions of the CPU that were used, as in `avx512+bf16+vnni`.
    pub cpu: String,
}

impl PrecisionFigure {
    /// The 32-bit floats that the others are compared with.
    pub fn reference(on: &str) -> Self {
        Self {
            precision: "f32".to_owned(),
            relative_rms: 0.0,
            agreement: None,
            on: on.to_owned(),
            admissible: true,
            metrics: BTreeMap::new(),
            cost: None,
        }
    }
}

/// The file of the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Name of the file, beside the card.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 checksum, in hexadecimal.
    pub sha256: String,
    /// Number of values in it.
    pub parameters: usize,
}

/// Which of several trainings gave the weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedChoice {
    /// Seeds that were trained.
    pub trained: Vec<u64>,
    /// The one whose weights these are.
    pub chosen: u64,
    /// Why that one.
    pub criterion: String,
}

/// A set of recordings, texts or signals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Name of the set.
    pub name: String,
    /// Where it comes from.
    pub origin: String,
    /// Its licence.
    pub licence: String,
    /// What it was used for.
    pub role: String,
    /// SHA-256 checksum of its manifest, in hexadecimal.
    pub manifest_sha256: String,
}

/// A figure over several seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// What is measured, on what.
    pub name: String,
    /// Mean over the seeds.
    pub mean: f64,
    /// Lowest of the seeds.
    pub min: f64,
    /// Highest of the seeds.
    pub max: f64,
    /// Figure of the weights beside this card.
    pub chosen: f64,
}

impl Metric {
    /// Returns the mean, the lowest and the highest of `values`, and the one at `chosen`.
    ///
    /// Without values, or with `chosen` beyond them, the figures are NaN.
    pub fn over_seeds(name: &str, values: &[f64], chosen: usize) -> Self {
        Self {
            name: name.to_owned(),
            mean: values.iter().sum::<f64>() / values.len() as f64,
            min: values.iter().copied().fold(f64::NAN, f64::min),
            max: values.iter().copied().fold(f64::NAN, f64::max),
            chosen: values.get(chosen).copied().unwrap_or(f64::NAN),
        }
    }
}

/// Why a card or its weights are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// The card is longer than [`CARD_BYTES_MAX`].
    #[error("the model card is longer than {CARD_BYTES_MAX} bytes")]
    TooLarge,
    /// The card is not what it should be.
    #[error("the model card is malformed")]
    Malformed(#[from] serde_yaml::Error),
    /// The weights are not those the card was written for.
    #[error("the weights `{file}` have the checksum {found}, the card says {expected}")]
    Checksum {
        /// Name of the weights' file.
        file: String,
        /// Checksum in the card.
        expected: String,
        /// Checksum of the file.
        found: String,
    },
}

impl<M: Serialize + DeserializeOwned> Card<M> {
    /// Reads a card.
    ///
    /// # Errors
    /// [`CardError::TooLarge`], [`CardError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if text.len() > CARD_BYTES_MAX {
            return Err(CardError::TooLarge);
        }
        Ok(serde_yaml::from_str(text)?)
    }

    /// Returns the card as YAML.
    ///
    /// # Errors
    /// [`CardError::Malformed`] if `M` cannot be written.
    pub fn to_yaml(&self) -> Result<String, CardError> {
        Ok(serde_yaml::to_string(self)?)
    }

    /// Writes what an evaluation measured of precisions into the card: those that the card has, and the reference.
    pub fn record(&mut self, costs: &[CostRow]) {
        let is_reference = |figure: &PrecisionFigure| figure.precision == "f32";
        if !self.precisions.iter().any(is_reference) {
            self.precisions
                .insert(0, PrecisionFigure::reference("the weights themselves"));
        }
        for figure in &mut self.precisions {
            if let Some(row) = costs.iter().find(|row| row.precision == figure.precision) {
                figure.metrics.clone_from(&row.metrics);
                figure.cost = Some(row.cost.clone());
            }
        }
    }

    /// Compares the checksum of `weights` with the card's.
    ///
    /// # Errors
    /// [`CardError::Checksum`] if they differ.
    pub fn verify(&self, weights: &[u8]) -> Result<(), CardError> {
        let found = sha256(weights);
        if found == self.weights.sha256 {
            return Ok(());
        }
        Err(CardError::Checksum {
            file: self.weights.file.clone(),
            expected: self.weights.sha256.clone(),
            found,
        })
    }
}

/// A card of any kind of model, with what was measured of its precisions ([`Card::record`]).
///
/// # Errors
/// As [`Card::parse`].
pub fn recorded(text: &str, costs: &[CostRow]) -> Result<String, CardError> {
    // What only one kind of model has stays as it is.
    let mut card = Card::<serde_yaml::Value>::parse(text)?;
    card.record(costs);
    card.to_yaml()
}

/// Returns the SHA-256 checksum of `bytes` in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // FIPS 180-4, example for the message "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), expected);
    }

    #[test]
    fn a_metric_holds_mean_and_range() {
        let metric = Metric::over_seeds("accuracy", &[0.9, 1.0, 0.8], 1);
        assert!((metric.mean - 0.9).abs() < 1e-12);
        assert_eq!(
            (metric.min.to_bits(), metric.max.to_bits()),
            (0.8_f64.to_bits(), 1.0_f64.to_bits())
        );
        assert_eq!(metric.chosen.to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn what_was_measured_is_recorded_where_the_card_speaks_of_it() {
        let figure = |precision: &str| PrecisionFigure {
            precision: precision.to_owned(),
            ..PrecisionFigure::reference("two utterances")
        };
        let row = |precision: &str, p50_ms| CostRow {
            precision: precision.to_owned(),
            metrics: BTreeMap::from([("accuracy".to_owned(), 0.5)]),
            cost: Cost {
                weight_bytes: 3,
                p50_ms,
                p95_ms: 2.0,
                cpu: "avx2".to_owned(),
            },
        };
        let mut card = Card {
            name: "a".to_owned(),
            version: 1,
            about: String::new(),
            ports: Ports {
                input: String::new(),
                output: String::new(),
            },
            model: 0_u32,
            precision: "f32".to_owned(),
            precisions: vec![figure("int8")],
            weights: Weights {
                file: String::new(),
                bytes: 0,
                sha256: String::new(),
                parameters: 0,
            },
            seed: SeedChoice {
                trained: vec![1],
                chosen: 1,
                criterion: String::new(),
            },
            data: Vec::new(),
            metrics: Vec::new(),
            intended_use: String::new(),
            must_not_be_used_for: Vec::new(),
            recipe: None,
        };
        card.record(&[row("f32", 1.0), row("bf16", 0.7), row("int8", 0.5)]);
        let told: Vec<(&str, Option<f64>)> = card
            .precisions
            .iter()
            .map(|figure| {
                (
                    figure.precision.as_str(),
                    figure.cost.as_ref().map(|cost| cost.p50_ms),
                )
            })
            .collect();
        assert_eq!(told, [("f32", Some(1.0)), ("int8", Some(0.5))]);
        assert_eq!(Card::parse(&card.to_yaml().unwrap()).unwrap(), card);
    }

    #[test]
    fn a_card_that_is_too_long_or_no_card_is_refused() {
        let long = " ".repeat(CARD_BYTES_MAX + 1);
        assert!(matches!(Card::<u32>::parse(&long), Err(CardError::TooLarge)));
        assert!(matches!(
            Card::<u32>::parse("name: 3"),
            Err(CardError::Malformed(_))
        ));
    }
}
