//! The task: speech as phones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use motet_engine::Cpu;

use super::config::{SpeechConfig, StemKind};
use super::corpus::{self, Sound, needed, phones_of};
use super::front::{self, FrontProgram};
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
use crate::lowering::Lowering;
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
/// The same for a net with a front, and the front, which is never trained.
const BEHIND_FRONT: &[&str] = &["join", "gates", "norm"];
const FRONT: &str = "front";

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
        let varier = Varier::new(lesson.variation(), features, noise, config.mask_level());
        let start = sources.start(&train)?;
        let front = match config.stem {
            StemKind::Strided => None,
            StemKind::Embedding => Some(front(&config, start.as_ref(), sources.from.as_deref())?),
        };
        let choosing = heard(&rows.choosing)?;
        let valid = heard(&rows.valid)?;
        let lesson = (lesson.step_seconds, lesson.dropout);
        let learner = SpeechLearner::new(config, (learnt, choosing), varier, lesson);
        Ok(Self {
            origin: origin(recipe, &rows.data),
            card: recipe.section("card")?,
            learner: match front {
                Some(front) => learner.with_front(front),
                None => learner,
            },
            start,
            from: sources.from.clone(),
            recipe: recipe.clone(),
            data: rows.data,
            valid,
            train,
            report,
        })
    }
}

/// The front of a net, with its weights from a file to begin with, or from the model that the training goes on from.
///
/// # Errors
/// [`TaskError`] where neither has them.
fn front(
    config: &SpeechConfig,
    start: Option<&Tensors>,
    from: Option<&Path>,
) -> Result<FrontProgram, TaskError> {
    let read;
    let tensors = match (from, start) {
        (Some(path), _) => {
            read = beginning::tensors(path)?;
            Some(&read)
        }
        (None, start) => start,
    };
    let layers = tensors
        .and_then(front::layers)
        .ok_or_else(|| TaskError::Measure {
            reason: "the layers of the speech embedding are neither in `start` nor in a model to go on from"
                .to_owned(),
        })?;
    // Sounds are made longer by their variation.
    let frames_max = 2 * config.rows(config.frames_max);
    Ok(FrontProgram::new(
        &layers,
        frames_max,
        &Lowering::f32(Cpu::detect()),
    )?)
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
    // Where nobody speaks, there are no phones.
    needed(&sound.phones) < config.units(sound.frames(&config.features))
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
        match self.learner.config.stem {
            StemKind::Strided => ENCODER,
            StemKind::Embedding => BEHIND_FRONT,
        }
    }

    fn figures(&self) -> &'static [&'static str] {
        FIGURES
    }

    fn begin(&self, start: &StartOptions) -> Result<TrainState, TrainError> {
        let mut adaptation = start.adaptation.clone();
        if self.learner.config.stem == StemKind::Embedding {
            adaptation.frozen.push(FRONT.to_owned());
        }
        let options = self.train.options(start, adaptation);
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
