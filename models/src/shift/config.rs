//! What a model of process sensors is made with, as a card holds it.

use serde::{Deserialize, Serialize};

use crate::net::{ConfigFault, rules};
use crate::weights::{Start, TensorSpec};

/// Most sensors of a model.
pub const SENSORS_MAX: usize = 64;
/// Longest window, in rows.
pub const WINDOW_MAX: usize = 4_096;
/// Most windows.
pub const WINDOWS_MAX: usize = 8;
/// Fewest and most rows that are learnt from.
pub const ROWS: (usize, usize) = (100, 100_000);
/// Longest name of a sensor, in bytes: what reports can carry.
const NAME_BYTES_MAX: usize = 48;

/// Numbers of a sensor in the file of weights, a tensor of one number for each sensor.
pub(super) const NUMBERS: [&str; 9] = [
    "mean",
    "variance",
    "correlation",
    "resolution",
    "median",
    "interquartile",
    "level",
    "longest_run",
    "distinct",
];
/// The name of the tensor with the period of the rows, in seconds.
pub(super) const PERIOD: &str = "period";

/// What a model of process sensors is made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftConfig {
    /// The sensors, in the order of the columns.
    pub sensors: Vec<Sensor>,
    /// Normal rows that were learnt from.
    pub rows: usize,
    /// Lengths of the windows in rows, rising.
    pub windows: Vec<usize>,
    /// Most degrees of freedom that a sensor is given.
    pub freedom_max: f64,
    /// Rows over which the mean of a sensor follows slow drift; 0 for a mean that stays.
    pub adaptation_rows: usize,
    /// Rarity of the second window from which on the mean of a sensor stays as it is.
    pub freeze: f64,
    /// Least relevant change of a vibration level, as a share of its mean.
    pub vibration_floor: f64,
    /// The score beyond which a row is anomalous.
    pub limit: f64,
    /// How the limit was chosen.
    pub limit_by: LimitBy,
}

/// A sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// The name of its column.
    pub name: String,
    /// What is special about it.
    pub kind: SensorKind,
}

/// What is special about a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorKind {
    /// Nothing.
    Process,
    /// A level of vibration, which wanders by some percent on a healthy machine.
    Vibration,
    /// A temperature, which may come in degrees Celsius or Fahrenheit.
    Temperature,
}

/// How the limit of a score was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LimitBy {
    /// A nominal tail: 10^-limit is no rate of false alarms, for rows depend on each other and drift.
    Nominal,
    /// By the largest scores of blocks of normal rows that were kept apart.
    Conformal {
        /// Blocks with a false alarm that are expected a day, at most.
        false_alarms_per_day: f64,
        /// Rows of a block.
        block_rows: usize,
        /// How many blocks there were.
        blocks: usize,
    },
}

impl SensorKind {
    /// As recipes and cards write it.
    pub fn name(self) -> &'static str {
        match self {
            SensorKind::Process => "process",
            SensorKind::Vibration => "vibration",
            SensorKind::Temperature => "temperature",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Process, Self::Vibration, Self::Temperature];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

impl ShiftConfig {
    /// Refuses settings out of their ranges.
    ///
    /// # Errors
    /// [`ConfigFault`] says which rule is broken.
    pub fn validate(&self) -> Result<(), ConfigFault> {
        let is_rising = self.windows.windows(2).all(|pair| pair[0] < pair[1]);
        let bounded = |window: &usize| (1..=WINDOW_MAX).contains(window);
        let mut names: Vec<&str> = self.sensors.iter().map(|sensor| sensor.name.as_str()).collect();
        names.sort_unstable();
        rules(&[
            (
                (1..=SENSORS_MAX).contains(&self.sensors.len()),
                "there must be 1 to 64 `sensors`",
            ),
            (
                names.iter().all(|name| is_name(name)),
                "a sensor needs a name of 1 to 48 bytes of letters, digits, single spaces and `_-/#.`, which reports can carry",
            ),
            (
                names.windows(2).all(|pair| pair[0] != pair[1]),
                "two sensors have one name",
            ),
            (
                (ROWS.0..=ROWS.1).contains(&self.rows),
                "`rows` must be from 100 to 100000",
            ),
            (
                (1..=WINDOWS_MAX).contains(&self.windows.len())
                    && is_rising
                    && self.windows.iter().all(bounded),
                "`windows` must be 1 to 8 rising lengths from 1 to 4096 rows",
            ),
            (
                within(self.freedom_max, 1.0, 1e6),
                "`freedom_max` must be from 1 to 1000000",
            ),
            (
                self.adaptation_rows == 0 || (10..=1 << 24).contains(&self.adaptation_rows),
                "`adaptation_rows` must be 0, or from 10 to 16777216",
            ),
            (
                within(self.freeze, 0.5, 300.0),
                "`freeze` must be from 0.5 to 300",
            ),
            (
                within(self.vibration_floor, 0.0, 1.0),
                "`vibration_floor` must be from 0 to 1",
            ),
            (within(self.limit, 0.5, 300.0), "`limit` must be from 0.5 to 300"),
        ])
    }

    /// The longest window, in rows.
    pub fn window_max(&self) -> usize {
        self.windows.last().copied().unwrap_or(1)
    }

    /// How many numbers the model has.
    pub fn parameters(&self) -> usize {
        self.tensors().iter().map(TensorSpec::count).sum()
    }

    /// Every tensor of its file.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let tensor = |name: &str, count| TensorSpec::new(name, name, &[count], Start::Zeros);
        let numbers = NUMBERS.iter().map(|name| tensor(name, self.sensors.len()));
        numbers.chain([tensor(PERIOD, 1)]).collect()
    }
}

fn within(value: f64, low: f64, high: f64) -> bool {
    (low..=high).contains(&value)
}

/// Whether a report can carry the name of a sensor.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain =
        |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '_' | '-' | '/' | '#' | '.');
    let is_edge = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    name.len() <= NAME_BYTES_MAX
        && name.chars().all(is_plain)
        && is_edge(name.chars().next())
        && is_edge(name.chars().next_back())
        && ["  ", ". ", " ."].iter().all(|pair| !name.contains(pair))
}
