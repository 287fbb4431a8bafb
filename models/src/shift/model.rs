//! A model of process sensors in memory: what was learnt of each.

use std::path::Path;

use super::config::{NUMBERS, PERIOD};
use super::{Normal, ShiftConfig};
use crate::card::{CARD_BYTES_MAX, CARD_FILE, Card, CardError};
use crate::model::{ModelError, NetCard};
use crate::net::ConfigFault;
use crate::weights::{Tensors, Weights};

/// The card of a model of process sensors.
pub type ShiftCard = Card<NetCard<ShiftConfig>>;

/// What was learnt of the sensors of one machine.
///
/// ```
/// use motet_models::shift::{Beginning, LimitBy, Normal, Scorer, Sensor, SensorKind, ShiftConfig, ShiftModel};
///
/// // A thousandth or two to either side of 5, without a pattern.
/// let normal: Vec<f64> = (0..400_u32).map(|row| 5.0 + f64::from(row * row % 7) / 1e3).collect();
/// let config = ShiftConfig {
///     sensors: vec![Sensor { name: "pressure".to_owned(), kind: SensorKind::Process }],
///     rows: normal.len(),
///     windows: vec![8, 20, 40],
///     freedom_max: 60.0,
///     adaptation_rows: 200,
///     freeze: 3.0,
///     vibration_floor: 0.02,
///     limit: 6.5,
///     limit_by: LimitBy::Nominal,
/// };
/// let model = ShiftModel::new(config, Normal::of(&normal).into_iter().collect(), 1.0)?;
/// let mut scorer = Scorer::new(&model, Beginning::Full);
/// let scores: Vec<f64> = normal.iter().map(|value| scorer.step([Some(*value)], true)[0].score).collect();
/// assert!(scores.iter().all(|score| *score < 6.5));
/// for _ in 0..8 {
///     scorer.step([Some(5.1)], true);
/// }
/// assert!(scorer.scores()[0].score > 6.5 && scorer.scores()[0].distance > 0.0);
/// # Ok::<(), motet_models::net::ConfigFault>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ShiftModel {
    config: ShiftConfig,
    normals: Vec<Normal>,
    period_s: f64,
}

/// Reads a card and checks that it does not contradict itself.
///
/// # Errors
/// [`ModelError::Card`], [`ModelError::Config`].
pub fn read_card(text: &str) -> Result<ShiftCard, ModelError> {
    let card = ShiftCard::parse(text)?;
    card.model.net.validate()?;
    Ok(card)
}

impl ShiftModel {
    /// The model of these numbers; `period_s` is the time from row to row.
    ///
    /// # Shapes
    /// `normals`: `[sensors]`.
    ///
    /// # Errors
    /// [`ConfigFault`] for settings out of their ranges, for numbers that cannot have been learnt, and where there is not
    /// one [`Normal`] for each sensor.
    pub fn new(config: ShiftConfig, normals: Vec<Normal>, period_s: f64) -> Result<Self, ConfigFault> {
        config.validate()?;
        if normals.len() != config.sensors.len() {
            return Err(ConfigFault("the numbers are not those of the sensors"));
        }
        let is_sound = normals
            .iter()
            .all(|normal| Normal::of_numbers(normal.numbers()).is_some());
        if !is_sound {
            return Err(ConfigFault("a sensor has numbers that no rows can have"));
        }
        if !(period_s > 0.0 && period_s.is_finite()) {
            return Err(ConfigFault("the rows have no period"));
        }
        Ok(Self {
            config,
            normals,
            period_s,
        })
    }

    /// Reads the weights of a card that was checked by [`read_card`].
    ///
    /// # Errors
    /// [`ModelError::Weights`], [`ModelError::Config`].
    pub fn read(card: &ShiftCard, path: &Path) -> Result<Self, ModelError> {
        let config = &card.model.net;
        Self::of(
            config,
            Weights::read(path, &config.tensors(), &card.weights.sha256)?,
        )
    }

    /// The same from the bytes of a file.
    ///
    /// # Errors
    /// As [`ShiftModel::read`].
    pub fn from_bytes(card: &ShiftCard, bytes: &[u8]) -> Result<Self, ModelError> {
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
    pub fn open(folder: &Path) -> Result<(Self, ShiftCard), ModelError> {
        let failed = |error: std::io::Error| ModelError::Weights(error.into());
        let path = folder.join(CARD_FILE);
        if std::fs::metadata(&path).map_err(failed)?.len() > CARD_BYTES_MAX as u64 {
            return Err(CardError::TooLarge.into());
        }
        let card = read_card(&std::fs::read_to_string(&path).map_err(failed)?)?;
        let model = Self::read(&card, &folder.join(&card.weights.file))?;
        Ok((model, card))
    }

    fn of(config: &ShiftConfig, mut weights: Weights) -> Result<Self, ModelError> {
        let count = config.sensors.len();
        let mut numbers = vec![[0.0; NUMBERS.len()]; count];
        for (place, name) in NUMBERS.iter().enumerate() {
            let values = weights.take(name, &[count])?;
            numbers
                .iter_mut()
                .zip(values)
                .for_each(|(numbers, value)| numbers[place] = f64::from(value));
        }
        let period = weights.take(PERIOD, &[1])?;
        let normals: Option<Vec<Normal>> = numbers.into_iter().map(Normal::of_numbers).collect();
        let normals = normals.ok_or(ConfigFault("a sensor has numbers that no rows can have"))?;
        let period_s = period.first().copied().map_or(f64::NAN, f64::from);
        Ok(Self::new(config.clone(), normals, period_s)?)
    }

    /// What it was made with.
    pub fn config(&self) -> &ShiftConfig {
        &self.config
    }

    /// What was learnt of each sensor.
    pub fn normals(&self) -> &[Normal] {
        &self.normals
    }

    /// The time from row to row, in seconds.
    pub fn period_s(&self) -> f64 {
        self.period_s
    }

    /// The same with another limit of the score.
    #[must_use]
    pub fn with_limit(mut self, limit: f64, by: super::LimitBy) -> Self {
        self.config.limit = limit;
        self.config.limit_by = by;
        self
    }

    /// The tensors of its file.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        let count = self.normals.len();
        for (place, name) in NUMBERS.iter().enumerate() {
            let values: Vec<f32> = self
                .normals
                .iter()
                .map(|normal| stored(normal.numbers()[place]))
                .collect();
            tensors.insert(name, &[count], &values);
        }
        tensors.insert(PERIOD, &[1], &[stored(self.period_s)]);
        tensors
    }
}

#[allow(clippy::cast_possible_truncation, reason = "files hold single precision")]
fn stored(number: f64) -> f32 {
    number as f32
}
