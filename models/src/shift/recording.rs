//! Tables of process sensors as they are learnt from and judged by.

use std::path::Path;

use super::normal::quantile;
use super::settings::DataSettings;
use super::{Normal, ShiftConfig, ShiftModel};
use crate::data::{DataError, Example, ManifestFields, SensorExample, SensorOptions, SensorSet};
use crate::task::TaskError;

/// A table of one recording.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recording {
    /// Its name in the manifest, or its file.
    pub(super) name: String,
    /// What was recorded; the file up to its first `_` where the manifest does not say.
    pub(super) group: String,
    /// Names of the sensors.
    pub(super) sensors: Vec<String>,
    /// `[rows, sensors]`.
    values: Vec<f64>,
    /// Seconds, one a row.
    pub(super) times_s: Vec<f64>,
    /// Which rows are anomalous, where the table says so.
    pub(super) gold: Option<Vec<bool>>,
}

/// Tables, and what a card says of where they come from.
pub(super) struct Recordings {
    pub(super) all: Vec<Recording>,
    pub(super) examples: Vec<SensorExample>,
    pub(super) sha256: String,
    /// True for a table that no manifest names.
    pub(super) is_table: bool,
}

/// Reads a manifest of tables, or a table.
///
/// # Errors
/// [`TaskError::Data`] for what cannot be read, [`TaskError::Measure`] for tables without a column of time or a sensor.
pub(super) fn read(path: &Path, settings: &DataSettings) -> Result<Recordings, TaskError> {
    let is_table = path.extension().is_none_or(|extension| extension != "jsonl");
    let fields = ManifestFields::default();
    let options = SensorOptions {
        fields: &fields,
        labels: None,
        time: Some(settings.time.as_str()).filter(|time| !time.is_empty()),
        columns: None,
        delimiter: settings.delimiter(),
    };
    let (examples, sha256) = match is_table {
        true => {
            let example = SensorExample::read(path, &options)?;
            let sha256 = example.sha256.clone();
            (vec![example], sha256)
        }
        false => {
            let set = SensorSet::read(path, &options)?;
            (set.examples, set.sha256)
        }
    };
    let all: Vec<Recording> = examples
        .iter()
        .map(|example| Recording::of(example, settings))
        .collect::<Result<_, _>>()?;
    if all.is_empty() {
        return Err(DataError::Empty {
            path: path.to_path_buf(),
        }
        .into());
    }
    Ok(Recordings {
        all,
        examples,
        sha256,
        is_table,
    })
}

impl Recording {
    fn of(example: &SensorExample, settings: &DataSettings) -> Result<Self, TaskError> {
        let columns = &example.table.columns;
        let sensors: Vec<_> = columns
            .iter()
            .filter(|column| settings.is_sensor(&column.name))
            .collect();
        let times_s = example.table.times_s.clone();
        let Some(times_s) = times_s else {
            return Err(without(example, "a column of time"));
        };
        if sensors.is_empty() {
            return Err(without(example, "a column of a sensor"));
        }
        let rows = example.table.rows();
        let value = |row: usize| sensors.iter().map(move |sensor| f64::from(sensor.values[row]));
        let file = example.path.file_stem().unwrap_or_default().to_string_lossy();
        let of_file = file.split('_').next().unwrap_or_default();
        Ok(Self {
            name: file.clone().into_owned(),
            group: example.group().unwrap_or(of_file).to_owned(),
            values: (0..rows).flat_map(value).collect(),
            sensors: sensors.iter().map(|sensor| sensor.name.clone()).collect(),
            times_s,
            gold: example
                .table
                .column(&settings.label)
                .map(|label| label.iter().map(|value| *value > 0.5).collect()),
        })
    }

    /// How many rows it has.
    pub(super) fn len(&self) -> usize {
        self.times_s.len()
    }

    /// Its rows, `[sensors]` each.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.sensors.len())
    }

    /// The values of a sensor in some rows.
    fn column(&self, sensor: usize, rows: std::ops::Range<usize>) -> Vec<f64> {
        let width = self.sensors.len();
        rows.map(|row| self.values[row * width + sensor]).collect()
    }

    /// The time from row to row: the middle one of the first rows.
    pub(super) fn period_s(&self, rows: usize) -> f64 {
        let times = &self.times_s[..rows.min(self.len())];
        let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        steps.sort_by(f64::total_cmp);
        quantile(&steps, 0.5).unwrap_or(f64::NAN)
    }

    /// The model of its first rows.
    ///
    /// # Errors
    /// [`TaskError::Measure`] for fewer rows than are learnt from, [`TaskError::Config`].
    pub(super) fn model(&self, config: &ShiftConfig) -> Result<ShiftModel, TaskError> {
        self.model_of(config, 0..config.rows)
    }

    fn model_of(&self, config: &ShiftConfig, rows: std::ops::Range<usize>) -> Result<ShiftModel, TaskError> {
        if self.len() < rows.end {
            return Err(TaskError::Measure {
                reason: format!(
                    "`{}` has {} rows, and {} normal ones are learnt from: bring more, or lower `rows` in `lesson`",
                    self.name,
                    self.len(),
                    config.rows
                ),
            });
        }
        let normals =
            (0..self.sensors.len()).filter_map(|sensor| Normal::of(&self.column(sensor, rows.clone())));
        Ok(ShiftModel::new(
            config.clone(),
            normals.collect(),
            self.period_s(rows.end),
        )?)
    }

    /// The sensor that is farthest off in the second half of the rows that are learnt from, seen from the first half, and
    /// its score; none where no sensor is beyond the limit.
    pub(super) fn unevenness(&self, config: &ShiftConfig) -> Result<Option<(String, f64)>, TaskError> {
        let half = config.rows / 2;
        let of_half = ShiftConfig {
            rows: half,
            ..config.clone()
        };
        if half < super::config::ROWS.0 {
            return Ok(None);
        }
        let model = self.model_of(&of_half, 0..half)?;
        let mut scorer = super::Scorer::new(&model, super::Beginning::Full);
        let mut worst = (0, 0.0);
        for (row, values) in self.rows().take(config.rows).enumerate() {
            let scores = scorer.step(values.iter().map(|value| Some(*value)), false);
            for (sensor, score) in scores
                .iter()
                .enumerate()
                .filter(|_| row >= half + config.window_max())
            {
                if score.score > worst.1 {
                    worst = (sensor, score.score);
                }
            }
        }
        let (sensor, score) = worst;
        Ok((score > config.limit).then(|| (self.sensors[sensor].clone(), score)))
    }
}

fn without(example: &SensorExample, what: &str) -> TaskError {
    TaskError::Measure {
        reason: format!(
            "`{}` has no {what}",
            example.id,
            what = what.trim_start_matches("a ")
        ),
    }
}
