//! The settings of recipes for process sensors.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config::{ROWS, is_name};
use super::{LimitBy, Sensor, SensorKind, ShiftConfig};
use crate::card::DataSource;
use crate::recipe::{Section, Setting, Takes};
use crate::task::TaskError;

/// The section `data`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataSettings {
    pub(super) train: String,
    pub(super) valid: String,
    /// The table of the manifest that the model is learnt from.
    pub(super) normal: String,
    pub(super) time: String,
    pub(super) delimiter: String,
    /// The column that says which rows are anomalous.
    pub(super) label: String,
    /// Columns that are no sensors.
    pub(super) ignore: Vec<String>,
    kinds: Vec<String>,
    pub(super) origin: String,
    pub(super) licence: String,
}

/// The section `lesson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LessonSettings {
    pub(super) rows: usize,
    windows: Vec<usize>,
    freedom_max: f64,
    adaptation_rows: usize,
    freeze: f64,
    vibration_floor: f64,
    limit: f64,
    pub(super) false_alarms_per_day: f64,
    pub(super) block_rows: usize,
}

impl DataSettings {
    /// What stands between two cells.
    pub(super) fn delimiter(&self) -> u8 {
        match self.delimiter.as_str() {
            "semicolon" => b';',
            "tab" => b'\t',
            _ => b',',
        }
    }

    /// A file as the card names it.
    pub(super) fn source(&self, sha256: &str, path: &Path, role: &str) -> DataSource {
        DataSource {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            origin: self.origin.clone(),
            licence: self.licence.clone(),
            role: role.to_owned(),
            manifest_sha256: sha256.to_owned(),
        }
    }

    /// Whether a column is one of a sensor.
    pub(super) fn is_sensor(&self, column: &str) -> bool {
        column != self.label && !self.ignore.iter().any(|ignored| ignored == column)
    }

    /// The sensors of these names, and the names under `kinds` that are none of them.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for an entry of `kinds` that is no name with a kind, and for names that no report can carry.
    pub(super) fn sensors(&self, names: &[String]) -> Result<(Vec<Sensor>, Vec<String>), TaskError> {
        let fault = |setting, fault| TaskError::Setting {
            section: "data",
            setting,
            fault,
        };
        if let Some(name) = names.iter().find(|name| !is_name(name)) {
            return Err(fault(
                "ignore",
                format!(
                    "the column `{name}` has a name that reports cannot carry: letters, digits, single spaces and \
                     `_-/#.`, 48 bytes at most; rename it, or leave it out under `ignore`"
                ),
            ));
        }
        let mut sensors: Vec<Sensor> = names
            .iter()
            .map(|name| Sensor {
                name: name.clone(),
                kind: SensorKind::Process,
            })
            .collect();
        let mut unknown = Vec::new();
        for entry in &self.kinds {
            let parts = entry
                .split_once('=')
                .map(|(name, kind)| (name.trim(), kind.trim()));
            let read = parts.and_then(|(name, kind)| Some((name, SensorKind::of_name(kind)?)));
            let Some((name, kind)) = read else {
                return Err(fault(
                    "kinds",
                    format!(
                        "`{entry}` is no sensor with `vibration`, `temperature` or `process`, as `Motor = vibration` is"
                    ),
                ));
            };
            match sensors.iter_mut().find(|sensor| sensor.name == name) {
                Some(sensor) => sensor.kind = kind,
                None => unknown.push(name.to_owned()),
            }
        }
        Ok((sensors, unknown))
    }
}

impl LessonSettings {
    /// What a model of these sensors is made with, before its limit is chosen by normal rows.
    pub(super) fn config(&self, sensors: Vec<Sensor>) -> ShiftConfig {
        ShiftConfig {
            sensors,
            rows: self.rows,
            windows: self.windows.clone(),
            freedom_max: self.freedom_max,
            adaptation_rows: self.adaptation_rows,
            freeze: self.freeze,
            vibration_floor: self.vibration_floor,
            limit: self.limit,
            limit_by: LimitBy::Nominal,
        }
    }
}

/// The section `data`.
pub(super) fn data() -> Section {
    let text = |name, default: &str, about| Setting::new(name, Takes::Text, default, about);
    let none = Vec::<String>::new;
    Section {
        name: "data",
        settings: vec![
            Setting::required(
                "train",
                Takes::Text,
                "the manifest of tables, relative to `--data`",
            ),
            text("valid", "", "a manifest of tables to report on besides"),
            text(
                "normal",
                "",
                "the table of the manifest that the model is learnt from; the first when empty",
            ),
            text("time", "", "the column of time; found by its values when empty"),
            Setting::new(
                "delimiter",
                Takes::Choice(&["comma", "semicolon", "tab"]),
                "comma",
                "what stands between two cells of a table",
            ),
            text(
                "label",
                "",
                "the column that is 1 in anomalous rows, if there is one",
            ),
            Setting::new(
                "ignore",
                Takes::Texts,
                none(),
                "further columns that are no sensors",
            ),
            Setting::new(
                "kinds",
                Takes::Texts,
                none(),
                "what is special about sensors, as in `Motor = vibration`; also `temperature`",
            ),
            text("origin", "own data", "where the data come from"),
            text("licence", "not stated", "the licence of the data"),
        ],
    }
}

/// The section `lesson`.
pub(super) fn lesson() -> Section {
    let bound = |bound: usize| i64::try_from(bound).unwrap_or(i64::MAX);
    Section {
        name: "lesson",
        settings: vec![
            Setting::new(
                "rows",
                Takes::Whole(bound(ROWS.0), bound(ROWS.1)),
                400,
                "normal rows that are learnt from, the first of the table",
            ),
            Setting::new(
                "windows",
                Takes::Wholes(1, 4_096),
                vec![8, 20, 40],
                "lengths of the windows in rows, rising",
            ),
            Setting::new(
                "freedom_max",
                Takes::Number(1.0, 1e6),
                60,
                "the most degrees of freedom that a sensor is given",
            ),
            Setting::new(
                "adaptation_rows",
                Takes::Whole(0, 1 << 24),
                200,
                "rows over which the mean of a sensor follows slow drift; 0 for a mean that stays",
            ),
            Setting::new(
                "freeze",
                Takes::Number(0.5, 300.0),
                3,
                "the rarity from which on the mean of a sensor stays as it is",
            ),
            Setting::new(
                "vibration_floor",
                Takes::Number(0.0, 1.0),
                0.02,
                "the least relevant change of a vibration level, as a share of its mean",
            ),
            Setting::new(
                "limit",
                Takes::Number(0.5, 300.0),
                6.5,
                "the score beyond which a row is anomalous, where normal rows are too few to choose it",
            ),
            Setting::new(
                "false_alarms_per_day",
                Takes::Number(1e-6, 1e6),
                1,
                "blocks with a false alarm that are allowed a day: the limit is chosen by it where normal rows are many enough",
            ),
            Setting::new(
                "block_rows",
                Takes::Whole(1, 1 << 20),
                120,
                "rows of a block, of which the largest score counts: longer than rows depend on each other",
            ),
        ],
    }
}
