//! The task: speech as phones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::SpeechConfig;
use super::corpus::{self, Sound, needed, phones_of};
use super::learner::SpeechLearner;
use super::lexicon::Lexicon;
use super::settings::{self, FIGURES, FORMATS, LessonSettings, NetSettings};
use super::vary::Varier;
use super::{evaluate, ship};
use crate::audio::{Clip, LogMel, resample};
use crate::card::DataSource;
use crate::data::{
    AudioCheck, AudioExample, AudioOptions, AudioSet, DataError, DataReport, ManifestFields, inspect,
};
use crate::evaluation::Evaluation;
use crate::net::NetConfig;
use crate::recipe::{self, CardSettings, DataSettings, Recipe, Section, TrainSettings};
use crate::task::{
    EvaluationSources, Prepared, ReadSet, Shipped, Sources, StartOptions, Task, TaskError, origin, sides,
};
use crate::train::{Beginning, Observer, TrainError, TrainState, beginning, train};
use crate::weights::Tensors;

/// Parts of the net that answer; the others are the encoder.
const HEADS: &[&str] = &["head"];
const ENCODER: &[&str] = &["stem", "gates", "norm"];

/// Speech as phones, by recordings with their texts or phones.
pub struct SpeechTask;

impl Task for SpeechTask {
    fn name(&self) -> &'static str {
        "speech"
    }

    fn about(&self) -> &'static str {
        "the phones of speech, for grammars of any words"
    }

    fn sections(&self) -> Vec<Section> {
        vec![
            recipe::data(FORMATS),
            settings::net(),
            settings::lesson(),
            recipe::train(FIGURES),
            recipe::card(),
        ]
    }

    fn prepare(&self, recipe: &Recipe, sources: &Sources) -> Result<Box<dyn Prepared>, TaskError> {
        Ok(Box::new(PreparedSpeech::new(recipe, sources)?))
    }

    fn evaluate(&self, model: &Path, sources: &EvaluationSources<'_>) -> Result<Evaluation, TaskError> {
        evaluate::evaluate(model, sources)
    }
}

/// A training of a speech net that has its data.
pub(super) struct PreparedSpeech {
    pub(super) recipe: Recipe,
    pub(super) learner: SpeechLearner,
    pub(super) valid: Vec<Sound>,
    pub(super) card: CardSettings,
    pub(super) data: Vec<DataSource>,
    train: TrainSettings,
    report: DataReport,
    origin: String,
    start: Option<Tensors>,
    from: Option<PathBuf>,
}

impl PreparedSpeech {
    fn new(recipe: &Recipe, sources: &Sources) -> Result<Self, TaskError> {
        let data: DataSettings = recipe.section("data")?;
        let net: NetSettings = recipe.section("net")?;
        let lesson: LessonSettings = recipe.section("lesson")?;
        let train: TrainSettings = recipe.section("train")?;
        let config = net.config();
        config.validate()?;
        let lexicon = Lexicon::builtin();
        let rows = sides(&data, recipe, sources, |path, _| {
            let set = read(path, &data.group, net.seconds_max(), &lexicon)?;
            Ok(ReadSet {
                file: set.file,
                sha256: set.sha256,
                examples: set.examples,
            })
        })?;
        let report = inspect(&rows.learnt, &rows.valid, None);
        let features = &config.features;
        let heard = |examples: &[AudioExample]| corpus::hear(examples, features, &lexicon);
        let mut learnt = heard(&rows.learnt)?;
        // What is said too fast for the frames of the answer teaches nothing.
        learnt.retain(|sound| fits(sound, &config));
        if learnt.is_empty() {
            return Err(TaskError::Measure {
                reason: "no recording to learn from has as many frames as phones".to_owned(),
            });
        }
        let noise = match lesson.noise_file.as_str() {
            "" => Vec::new(),
            name => noise(&sources.data.join(name), &config)?,
        };
        let varier = Varier::new(lesson.variation(), features, noise, config.level);
        let choosing = heard(&rows.choosing)?;
        let valid = heard(&rows.valid)?;
        Ok(Self {
            origin: origin(recipe, &rows.data),
            card: recipe.section("card")?,
            learner: SpeechLearner::new(
                config,
                (learnt, choosing),
                varier,
                (lesson.step_seconds, lesson.dropout),
            ),
            start: sources.start(&train)?,
            from: sources.from.clone(),
            recipe: recipe.clone(),
            data: rows.data,
            valid,
            train,
            report,
        })
    }
}

/// Reads a manifest of recordings with texts or phones; `source` says what a recording comes from.
pub(super) fn read(
    path: &Path,
    group: &str,
    seconds_max: f64,
    lexicon: &Lexicon,
) -> Result<AudioSet, DataError> {
    let fields = ManifestFields {
        label: Some("source".to_owned()),
        group: (!group.is_empty()).then(|| group.to_owned()),
    };
    let check = |text: Option<&str>, phones: Option<&str>| phones_of(text, phones, lexicon).map(|_| ());
    let options = AudioOptions {
        fields: &fields,
        labels: None,
        rate_hz: None,
        seconds_max,
        check: AudioCheck::Header,
        spoken: Some(&check),
    };
    AudioSet::read(path, &options)
}

fn fits(sound: &Sound, config: &SpeechConfig) -> bool {
    let units = config.units(sound.frames(&config.features));
    !sound.phones.is_empty() && needed(&sound.phones) < units
}

/// The features of a recording of noise.
fn noise(path: &Path, config: &SpeechConfig) -> Result<Vec<f32>, TaskError> {
    let failed = |reason: String| {
        TaskError::Train(TrainError::Data {
            path: path.to_path_buf(),
            reason,
        })
    };
    let features = &config.features;
    let clip = Clip::read(path).map_err(|error| failed(error.to_string()))?;
    let samples = resample(&clip.samples, clip.rate_hz, features.sample_rate_hz);
    let samples = samples.map_err(|error| failed(error.to_string()))?;
    let mut log_mel = LogMel::new(features.clone()).map_err(|error| failed(error.to_string()))?;
    log_mel
        .spectrogram(&samples)
        .map_err(|error| failed(error.to_string()))
}

impl Prepared for PreparedSpeech {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn heads(&self) -> &'static [&'static str] {
        HEADS
    }

    fn encoder(&self) -> &'static [&'static str] {
        ENCODER
    }

    fn figures(&self) -> &'static [&'static str] {
        FIGURES
    }

    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        let options = self.train.options(start, start.adaptation.clone());
        let given = beginning::Given {
            start: self.start.as_ref(),
            from: self.from.as_deref(),
            heads: &[],
        };
        let weights = beginning::weights(&self.learner, options.seed, &given)?;
        let beginning = Beginning {
            options,
            origin: self.origin.clone(),
            weights: Some(weights),
        };
        TrainState::begin(&self.learner, &beginning)
    }

    fn train(
        &self,
        state: TrainState,
        budget: Option<Duration>,
        observer: &mut dyn Observer,
    ) -> Result<TrainState, TrainError> {
        train(&self.learner, state, budget, observer)
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn ship(
        &self,
        states: &[TrainState],
        folder: &Path,
        elapsed: &dyn Fn() -> Duration,
    ) -> Result<Shipped, TaskError> {
        ship::ship(self, states, folder, elapsed)
    }
}
