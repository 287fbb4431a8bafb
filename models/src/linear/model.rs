//! A linear model in memory: what it says of a text.

use std::path::Path;

use super::features::{Scratch, Seen, values};
use super::{LinearConfig, Terms};
use crate::card::{Card, CardError};
use crate::decide::{Decided, Decision};
use crate::model::{ModelError, NetCard};
use crate::net::ConfigFault;
use crate::weights::{Tensors, Weights, WeightsError};

/// The card of a linear model.
pub type LinearCard = Card<NetCard<LinearConfig>>;

/// One linear machine for each class, over the terms of a text.
///
/// ```
/// use motet_models::linear::{LinearConfig, LinearModel, Scratch, Terms};
///
/// let terms = Terms { rows: 1024, grams: 2, run_min: 3, run_max: 0, words_max: 1000 };
/// let config = LinearConfig { terms, classes: 2 };
/// let model = LinearModel::new(config.clone(), vec![1.0; 1024], vec![0.5; 2048], vec![0.0, 1.0])?;
/// let mut scratch = Scratch::new(&config.terms);
/// let mut margins = [0.0; 2];
/// for turn in ["any chest pain?", "none at all"] {
///     model.margins(turn, &mut scratch, &mut margins);
///     assert!(margins[1] > margins[0]);
/// }
/// # Ok::<(), motet_models::net::ConfigFault>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LinearModel {
    config: LinearConfig,
    /// `[rows]`; 0 for rows that nothing was learnt of.
    idf: Vec<f32>,
    /// `[rows, classes]`.
    weights: Vec<f32>,
    /// `[classes]`.
    bias: Vec<f32>,
}

/// Reads a card and checks that it does not contradict itself.
///
/// # Errors
/// [`ModelError::Card`], [`ModelError::Config`].
pub fn read_card(text: &str) -> Result<LinearCard, ModelError> {
    let card = LinearCard::parse(text)?;
    card.model.net.validate()?;
    if card.model.labels.len() != card.model.net.classes {
        return Err(ConfigFault("`labels` must have a name for each class").into());
    }
    if let Some(decision) = &card.model.decision {
        decision.validate(None)?;
    }
    Ok(card)
}

impl LinearModel {
    /// The model of these numbers.
    ///
    /// # Shapes
    /// `idf`: `[rows]`, `weights`: `[rows, classes]`, `bias`: `[classes]`.
    ///
    /// # Errors
    /// [`ConfigFault`] for sizes out of their ranges, and for lists of other lengths.
    pub fn new(
        config: LinearConfig,
        idf: Vec<f32>,
        weights: Vec<f32>,
        bias: Vec<f32>,
    ) -> Result<Self, ConfigFault> {
        config.validate()?;
        let found = [&idf, &weights, &bias].map(Vec::len);
        let specs = config.tensors();
        if specs.iter().map(crate::weights::TensorSpec::count).ne(found) {
            return Err(ConfigFault("the weights are not those of the sizes"));
        }
        Ok(Self {
            config,
            idf,
            weights,
            bias,
        })
    }

    /// Reads the weights of a card that was checked by [`read_card`].
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub fn read(card: &LinearCard, path: &Path) -> Result<Self, WeightsError> {
        let config = &card.model.net;
        Self::of(
            config,
            Weights::read(path, &config.tensors(), &card.weights.sha256)?,
        )
    }

    /// The same from the bytes of a file.
    ///
    /// # Errors
    /// As [`Weights::read`].
    pub fn from_bytes(card: &LinearCard, bytes: &[u8]) -> Result<Self, WeightsError> {
        let config = &card.model.net;
        let mut source = std::io::Cursor::new(bytes);
        let length = bytes.len() as u64;
        let weights = Weights::read_from(&mut source, length, &config.tensors(), &card.weights.sha256)?;
        Self::of(config, weights)
    }

    /// The model in a folder that `motet train` wrote, with its card.
    ///
    /// # Errors
    /// [`ModelError`] says what of card or weights cannot be used.
    pub fn open(folder: &Path) -> Result<(Self, LinearCard), ModelError> {
        let failed = |error: std::io::Error| ModelError::Weights(error.into());
        let path = folder.join(crate::card::CARD_FILE);
        if std::fs::metadata(&path).map_err(failed)?.len() > crate::card::CARD_BYTES_MAX as u64 {
            return Err(CardError::TooLarge.into());
        }
        let card = read_card(&std::fs::read_to_string(&path).map_err(failed)?)?;
        let model = Self::read(&card, &folder.join(&card.weights.file))?;
        Ok((model, card))
    }

    fn of(config: &LinearConfig, mut weights: Weights) -> Result<Self, WeightsError> {
        let mut taken = config
            .tensors()
            .into_iter()
            .map(|spec| weights.take(&spec.name, &spec.shape));
        let mut next = || taken.next().transpose().map(Option::unwrap_or_default);
        Ok(Self {
            idf: next()?,
            weights: next()?,
            bias: next()?,
            config: config.clone(),
        })
    }

    /// Its sizes.
    pub fn config(&self) -> &LinearConfig {
        &self.config
    }

    /// What of a text it reads.
    pub fn terms(&self) -> &Terms {
        &self.config.terms
    }

    /// Writes the margin of a text for each class into `out`: above 0 where the machine of the class takes the text for
    /// its own. Nothing is allocated, so any number of stretches of a text can be asked about.
    ///
    /// # Shapes
    /// `out`: `[classes]`.
    ///
    /// # Panics
    /// `scratch` is of other terms, or `out` has not one place for each class.
    pub fn margins(&self, text: &str, scratch: &mut Scratch, out: &mut [f32]) -> Seen {
        let classes = self.config.classes;
        assert_eq!(out.len(), classes, "a margin for each class");
        out.copy_from_slice(&self.bias);
        values(self.terms(), &self.idf, (text, scratch), |row, value| {
            let weights = &self.weights[row * classes..][..classes];
            out.iter_mut()
                .zip(weights)
                .for_each(|(margin, weight)| *margin += value * weight);
        })
    }

    /// The tensors of its file.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        let parts = [&self.idf, &self.weights, &self.bias];
        for (spec, values) in self.config.tensors().into_iter().zip(parts) {
            tensors.insert(&spec.name, &spec.shape, values);
        }
        tensors
    }
}

/// Decides about the margins of a text: one without a known term gets no answer, whatever the threshold.
///
/// None if there is no class to choose.
pub fn decide(decision: &Decision, margins: &[f32], seen: Seen) -> Option<Decided> {
    let decided = decision.decide(margins, None)?;
    Some(Decided {
        abstains: decided.abstains || decision.abstain.is_some() && seen.known == 0,
        ..decided
    })
}
