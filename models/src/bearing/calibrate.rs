//! Normal running of one's own machine: what is learnt on site, while the net that tells the element stays.

use std::path::Path;
use std::time::Duration;

use super::config::{AXES_MAX, BearingConfig};
use super::corpus::measure;
use super::normal::{Normal, WINDOWS_MIN};
use super::quality::{is_saturated, is_stuck, rate_is_off};
use super::settings::{BearingSettings, DataSettings, NetSettings};
use super::ship::{BearingCard, limits, ports};
use super::task::draft;
use crate::audio::{Clip, decode_channels};
use crate::card::{DataSource, WEIGHTS_FILE, sha256};
use crate::data::{DataReport, Place, SensorTable, WaveformExample, inspect};
use crate::net::NetConfig;
use crate::recipe::Recipe;
use crate::shipping::{open_card, write};
use crate::task::{Prepared, Shipped, Sources, StartOptions, TaskError, origin};
use crate::train::optimiser::AdamW;
use crate::train::state::Sums;
use crate::train::{Adaptation, EpochRecord, Observer, Progress, TrainError, TrainOptions, TrainState};

/// Largest share of windows that may be faulty.
const FAULTY_SHARE_MAX: f64 = 0.1;

/// A model, and the normal running that it is given.
pub(super) struct PreparedNormal {
    card: BearingCard,
    weights: Vec<u8>,
    report: DataReport,
    origin: String,
    /// Windows that were left out.
    faulty: usize,
}

/// A recording of a machine: a column of samples for each axis.
struct Running {
    axes: Vec<Vec<f64>>,
    sha256: String,
}

impl PreparedNormal {
    pub(super) fn new(recipe: &Recipe, sources: &Sources, file: &Path) -> Result<Self, TaskError> {
        let Some(from) = &sources.from else {
            return Err(measure(
                &"normal running of a machine changes a model that is there: name it with `--from`, as in `--from models/weights/bearing`",
            ));
        };
        let data: DataSettings = recipe.section("data")?;
        let bearing: BearingSettings = recipe.section("bearing")?;
        let net: NetSettings = recipe.section("net")?;
        let mut card: BearingCard = open_card(from)?;
        card.model.net.validate()?;
        let weights = from.join(&card.weights.file);
        let weights = std::fs::read(&weights).map_err(|source| TaskError::File {
            path: weights.clone(),
            source,
        })?;
        card.verify(&weights).map_err(|source| TaskError::Card {
            path: from.clone(),
            source,
        })?;
        let config = BearingConfig {
            hidden: card.model.net.hidden,
            center: card.model.net.center,
            spread: card.model.net.spread,
            ..draft(&bearing, &net)?
        };
        let running = read(file, &data, &config)?;
        let (config, faulty) = learn(config, &running)?;
        card.ports = ports(&config);
        card.model.net = config;
        card.name.clone_from(&recipe.name);
        card.version = recipe.version;
        card.about.clone_from(&recipe.about);
        card.weights.file = WEIGHTS_FILE.to_owned();
        card.metrics.retain(|metric| metric.name.starts_with("accuracy"));
        card.metrics.iter_mut().for_each(|metric| {
            metric.name = format!("{}, before the normal running of this machine", metric.name)
        });
        card.recipe = Some(recipe.clone());
        let example = example(file, &running, card.model.net.sample_rate_hz);
        card.data.push(DataSource {
            name: example.id.clone(),
            origin: "a machine of one's own".to_owned(),
            licence: "not stated".to_owned(),
            role: "normal running learnt from it".to_owned(),
            manifest_sha256: running.sha256,
        });
        Ok(Self {
            report: inspect(&[example], &[], None),
            origin: origin(recipe, &card.data),
            weights,
            card,
            faulty,
        })
    }
}

/// A recording as an example, for the report on the data.
fn example(file: &Path, running: &Running, rate_hz: u32) -> WaveformExample {
    WaveformExample {
        id: file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        place: Place {
            file: file.into(),
            line: 1,
        },
        group: None,
        sha256: running.sha256.clone(),
        label: Some(super::NORMAL.to_owned()),
        rate_hz,
        speed_rpm: 0.0,
        samples: Vec::new(),
        side: None,
    }
}

/// Learns the normal running of each axis; windows that cannot be believed are left out, and counted.
fn learn(mut config: BearingConfig, running: &Running) -> Result<(BearingConfig, usize), TaskError> {
    let mut examiner = config.examiner().map_err(|error| measure(&error))?;
    let length = config.window_samples;
    let count = running
        .axes
        .iter()
        .map(|axis| axis.len() / length)
        .min()
        .unwrap_or(0);
    let seconds = length as f64 / f64::from(config.sample_rate_hz);
    if count < WINDOWS_MIN {
        return Err(measure(&format!(
            "{count} windows of {seconds} s are too few to learn normal running from: {WINDOWS_MIN} are needed, 600 are better"
        )));
    }
    let chance = config.chance(running.axes.len());
    let window = |axis: usize, index: usize| &running.axes[axis][index * length..(index + 1) * length];
    let is_faulty = |index: &usize| {
        (0..running.axes.len())
            .any(|axis| is_stuck(window(axis, *index)) || is_saturated(window(axis, *index)))
    };
    let sound: Vec<usize> = (0..count).filter(|index| !is_faulty(index)).collect();
    let faulty = count - sound.len();
    if faulty as f64 > FAULTY_SHARE_MAX * count as f64 {
        return Err(measure(&format!(
            "{faulty} of {count} windows are saturated or stuck: nothing is learnt from such a recording"
        )));
    }
    for axis in 0..running.axes.len() {
        let mut levels = Vec::with_capacity(sound.len());
        for index in &sound {
            levels.push(
                examiner
                    .levels(window(axis, *index))
                    .map_err(|error| measure(&error))?,
            );
        }
        let normal = Normal::learn(&levels, chance).map_err(|error| measure(&error))?;
        config.normal.push(normal);
    }
    config.validate()?;
    Ok((config, faulty))
}

/// Reads a table with a column for each axis, or a recording.
fn read(file: &Path, data: &DataSettings, config: &BearingConfig) -> Result<Running, TaskError> {
    let bytes = std::fs::read(file).map_err(|source| TaskError::File {
        path: file.to_path_buf(),
        source,
    })?;
    let sha256 = sha256(&bytes);
    let ending = file
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let rate_hz = config.sample_rate_hz;
    let axes = match ending.as_deref() {
        Some("flac" | "wav") => {
            let clips = decode_channels(bytes).map_err(|error| unusable(file, &error))?;
            if let Some(clip) = clips.iter().find(|clip| clip.rate_hz != rate_hz) {
                let reason = format!(
                    "it has {} samples a second, the recipe says {rate_hz}",
                    clip.rate_hz
                );
                return Err(unusable(file, &reason));
            }
            let axis = |clip: &Clip| {
                let samples = clip.samples.iter();
                samples
                    .map(|sample| data.full_scale * f64::from(*sample))
                    .collect()
            };
            clips.iter().map(axis).collect()
        }
        Some(_) | None => table(file, rate_hz)?,
    };
    Ok(Running { axes, sha256 })
}

fn table(file: &Path, rate_hz: u32) -> Result<Vec<Vec<f64>>, TaskError> {
    let table = SensorTable::read(file)?;
    if !(1..=AXES_MAX).contains(&table.columns.len()) {
        let reason = format!(
            "it has {} columns of samples, expected 1 to {AXES_MAX}",
            table.columns.len()
        );
        return Err(unusable(file, &reason));
    }
    if let Some([.., last]) = table.times_s.as_deref() {
        // As many steps as rows but one.
        let steps = table.rows().saturating_sub(1);
        if rate_is_off(steps, *last, f64::from(rate_hz)) {
            let found = steps as f64 / last;
            let reason = format!("its times say {found:.1} samples a second, the recipe says {rate_hz}");
            return Err(unusable(file, &reason));
        }
    }
    let axis = |column: &crate::data::Column| column.values.iter().map(|value| f64::from(*value)).collect();
    Ok(table.columns.iter().map(axis).collect())
}

fn unusable(file: &Path, reason: &dyn std::fmt::Display) -> TaskError {
    TaskError::Train(TrainError::Data {
        path: file.to_path_buf(),
        reason: reason.to_string(),
    })
}

impl Prepared for PreparedNormal {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn heads(&self) -> &'static [&'static str] {
        &[]
    }

    fn encoder(&self) -> &'static [&'static str] {
        &[]
    }

    fn figures(&self) -> &'static [&'static str] {
        &[]
    }

    /// Nothing of the net is trained, so the state is empty.
    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        if start.adaptation != Adaptation::default() || start.epochs.is_some() {
            return Err(TrainError::Options {
                fault: "`--freeze`, `--lora` and `--epochs` are for nets; normal running is learnt in one go",
            });
        }
        let options = TrainOptions {
            seed: start.seed,
            epochs: 1,
            shards: start.shards,
            // What follows steers gradients, of which there are none.
            learning_rate: 1.0,
            warm_up: 0.0,
            weight_decay: 0.0,
            gradient_norm_max: 1.0,
            average_decay: 0.0,
            patience: 0,
            adaptation: Adaptation::default(),
        };
        options.validate()?;
        Ok(TrainState {
            origin: self.origin.clone(),
            epochs: 1,
            step: 0,
            optimiser: AdamW::new(&[]),
            base: Vec::new(),
            trained: Vec::new(),
            sums: Sums::default(),
            history: Vec::new(),
            best: None,
            options,
        })
    }

    fn train(
        &self,
        mut state: TrainState,
        _budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        let progress = Progress {
            epoch: 0,
            epochs: 1,
            step: 1,
            steps: 1,
            examples: 1,
            loss: 0.0,
            accuracy: 1.0,
        };
        if state.history.is_empty() {
            state.history.push(EpochRecord {
                epoch: 0,
                loss: 0.0,
                accuracy: 1.0,
                figures: Vec::new(),
            });
            state.step = 1;
            observer.step(&progress);
        }
        observer.keep(&state)?;
        Ok(state)
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn ship(
        &self,
        _states: &[TrainState],
        folder: &Path,
        _elapsed: &dyn Fn() -> Duration,
    ) -> Result<Shipped, TaskError> {
        let yaml = write(&self.card, &self.weights, folder)?;
        let mut figures = limits(&self.card.model.net);
        if self.faulty > 0 {
            figures.push(format!(
                "{} windows were saturated or stuck and left out",
                self.faulty
            ));
        }
        Ok(Shipped {
            figures,
            card: yaml,
            bytes: self.weights.len() as u64,
            decision: None,
        })
    }
}
