//! From trained states to a model in a folder: weights, and the card that says what they are.

use std::fs;
use std::io::Write;
use std::path::Path;

use burn::tensor::Device;

use super::checkpoint::write_whole;
use super::data::{DataFolders, LABELS};
use super::detect::DetectionRule;
use super::evaluate::Evaluation;
use super::model::{KeywordCard, KeywordModel, ModelError};
use super::train::{TrainOptions, TrainState};
use crate::card::{Card, DataSource, Metric, Ports, SeedChoice, Weights, sha256};

/// Frames from one window to the next: 0.2 s, so that a word is whole in several windows.
pub const HOP_FRAMES: usize = 20;

/// A detection follows another after 1.4 s at the earliest: one word is one detection.
pub const REFRACTORY_WINDOWS: usize = 7;

/// Windows that are averaged before the threshold.
pub const SMOOTH_WINDOWS: usize = 2;

/// Name of the file of the weights.
const WEIGHTS_FILE: &str = "weights.safetensors";

/// What a shipped model is made of.
#[derive(Clone, Copy, Debug)]
pub struct Shipment<'a> {
    /// Final states, one per seed.
    pub states: &'a [TrainState],
    /// Temperature and rule chosen on the training side.
    pub decision: Decision,
    /// Evaluations, one per state, or none if nothing was measured.
    pub evaluations: &'a [Evaluation],
    /// Figures that no evaluation of these states holds, such as those of a fold.
    pub metrics: &'a [Metric],
    /// Where the recordings lie, for the checksums of their manifests.
    pub folders: &'a DataFolders,
}

/// How scores are turned into words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Divides the scores before the softmax.
    pub temperature: f32,
    /// When a keyword counts as heard.
    pub rule: DetectionRule,
}

impl Decision {
    /// Returns the decision before any calibration: temperature 1, threshold one half.
    pub fn uncalibrated() -> Self {
        let rule = DetectionRule {
            threshold: 0.5,
            smooth_windows: SMOOTH_WINDOWS,
            refractory_windows: REFRACTORY_WINDOWS,
        };
        Self {
            temperature: 1.0,
            rule,
        }
    }
}

/// Returns the place of the state with the lowest loss in its last epoch: a choice that no judged voice enters.
pub fn choose(states: &[TrainState]) -> usize {
    let last_loss = |state: &TrainState| state.losses.last().copied().unwrap_or(f32::INFINITY);
    (0..states.len())
        .min_by(|&a, &b| last_loss(&states[a]).total_cmp(&last_loss(&states[b])))
        .unwrap_or(0)
}

/// Returns a model of one state, before anything is known about how good it is.
///
/// # Errors
/// [`ModelError`] if the weights cannot be written or read again.
pub fn model_of(state: &TrainState, decision: Decision, device: &Device) -> Result<KeywordModel, ModelError> {
    let weights = KeywordModel::weights_of(&state.net(&Device::flex()))?;
    let card = draft(state, decision, &weights);
    KeywordModel::from_bytes(&card.to_yaml()?, &weights, device)
}

/// Writes the chosen state as `weights.safetensors` and `card.yaml` into `folder`, and returns the card.
///
/// # Errors
/// [`ModelError::File`] if a file cannot be written or a manifest not be read, [`ModelError::Contradiction`]
/// without a state.
pub fn ship(shipment: &Shipment<'_>, folder: &Path) -> Result<Card<KeywordCard>, ModelError> {
    let chosen = choose(shipment.states);
    let state = shipment.states.get(chosen).ok_or(ModelError::Contradiction {
        fault: "there is no state to ship",
    })?;
    let weights = KeywordModel::weights_of(&state.net(&Device::flex()))?;
    let mut card = draft(state, shipment.decision, &weights);
    card.seed.trained = shipment.states.iter().map(|state| state.options.seed).collect();
    card.data = data_sources(shipment.folders)?;
    card.metrics = metrics(shipment.evaluations, chosen);
    card.metrics.extend(shipment.metrics.iter().cloned());
    let failed = |source| ModelError::File {
        path: folder.to_path_buf(),
        source,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let yaml = card.to_yaml()?;
    write_whole(&folder.join(WEIGHTS_FILE), |out| out.write_all(&weights)).map_err(failed)?;
    write_whole(&folder.join("card.yaml"), |out| out.write_all(yaml.as_bytes())).map_err(failed)?;
    Ok(card)
}

fn draft(state: &TrainState, decision: Decision, weights: &[u8]) -> Card<KeywordCard> {
    let TrainOptions {
        net, features, seed, ..
    } = state.options.clone();
    Card {
        name: "wakewords".to_owned(),
        version: 1,
        about: "Hears six spoken English wake words: alexa, computer, jarvis, smart mirror, snowboy and view \
                glass. Everything else, other speech included, is `none`."
            .to_owned(),
        ports: Ports {
            input: format!("f32[T<=360000, {}] raw log-mel", net.bins),
            output: "label, score in 0..1, and detections with their frames".to_owned(),
        },
        model: KeywordCard {
            labels: LABELS.map(str::to_owned).to_vec(),
            features,
            net,
            hop_frames: HOP_FRAMES,
            temperature: decision.temperature,
            rule: decision.rule,
            ranges: std::collections::BTreeMap::new(),
        },
        precision: "f32".to_owned(),
        precisions: Vec::new(),
        weights: Weights {
            file: WEIGHTS_FILE.to_owned(),
            bytes: weights.len() as u64,
            sha256: sha256(weights),
            parameters: state.average.len(),
        },
        seed: SeedChoice {
            trained: vec![seed],
            chosen: seed,
            criterion: "lowest training loss in the last epoch".to_owned(),
        },
        data: Vec::new(),
        metrics: Vec::new(),
        intended_use: "Waking a voice pipeline, or giving one of six fixed commands, where a word missed or heard \
                       wrongly does no harm and can be said again."
            .to_owned(),
        must_not_be_used_for: [
            "stopping a machine, or anything else that keeps people safe: a word may be missed",
            "unlocking, paying or confirming: it does not know who speaks, and a recording speaks as well",
            "telling who a speaker is, or what state or health a speaker is in",
            "watching people who have not agreed to be heard",
            "children's voices, other languages, or microphones far away, before measuring there: it was never \
             measured on them",
        ]
        .map(str::to_owned)
        .to_vec(),
        recipe: None,
    }
}

fn metrics(evaluations: &[Evaluation], chosen: usize) -> Vec<Metric> {
    let Some(first) = evaluations.first() else {
        return Vec::new();
    };
    let metric = |name: &str, value: &dyn Fn(&Evaluation) -> f64| {
        Metric::over_seeds(name, &evaluations.iter().map(value).collect::<Vec<f64>>(), chosen)
    };
    let mut metrics = vec![
        metric("accuracy, 7 classes, validation clips", &|evaluation| {
            evaluation.clips.accuracy()
        }),
        metric("macro-F1, 7 classes, validation clips", &|evaluation| {
            evaluation.clips.macro_f1()
        }),
    ];
    for (class, label) in first.clips.labels.iter().enumerate() {
        let name = format!("recall of {label}, validation clips");
        metrics.push(metric(&name, &|evaluation| evaluation.clips.recall(class)));
    }
    metrics.push(metric("keywords heard in a stream, validation", &|evaluation| {
        evaluation.stream.recall()
    }));
    for (place, alarms) in first.false_alarms.iter().enumerate() {
        let (set, hours) = (&alarms.set, alarms.hours);
        let at = |evaluation: &Evaluation| evaluation.false_alarms.get(place).cloned();
        let name = format!("false alarms in {hours:.2} h of {set}");
        metrics.push(metric(&name, &|evaluation| {
            at(evaluation).map_or(f64::NAN, |alarms| alarms.alarms as f64)
        }));
        let name = format!("95 % bound of false alarms per hour, {set}");
        metrics.push(metric(&name, &|evaluation| {
            at(evaluation).map_or(f64::NAN, |alarms| alarms.per_hour_upper_95)
        }));
    }
    metrics
}

/// Name, origin, licence, role and manifest of each set, the manifest relative to the folders.
const REAL_SETS: [[&str; 5]; 6] = [
    [
        "wakewords, train",
        "github.com/Picovoice/wake-word-benchmark, audio/, commit 8491919",
        "Apache-2.0",
        "trained on",
        "wakewords/train.jsonl",
    ],
    [
        "wakewords, valid",
        "github.com/Picovoice/wake-word-benchmark, audio/, commit 8491919",
        "Apache-2.0",
        "reported on, never trained or tuned on",
        "wakewords/valid.jsonl",
    ],
    [
        "barista, train",
        "github.com/Picovoice/speech-to-intent-benchmark, data/, commit 47b1ca6",
        "Apache-2.0; the kitchen noise is from Freesound, its terms are not stated",
        "every second voice trained on as `none`, the others kept for counting false alarms; kitchen noise mixed in",
        "barista/train.jsonl",
    ],
    [
        "barista, valid",
        "github.com/Picovoice/speech-to-intent-benchmark, data/, commit 47b1ca6",
        "Apache-2.0",
        "reported on as `none`, and for counting false alarms",
        "barista/valid.jsonl",
    ],
    [
        "fsdd, train",
        "github.com/Jakobovski/free-spoken-digit-dataset, recordings/, commit 26eb9aa",
        "CC BY-SA 4.0",
        "trained on as `none`",
        "fsdd/train.jsonl",
    ],
    [
        "fsdd, valid",
        "github.com/Jakobovski/free-spoken-digit-dataset, recordings/, commit 26eb9aa",
        "CC BY-SA 4.0",
        "reported on as `none`; its speakers are in the training part, its recordings are not",
        "fsdd/valid.jsonl",
    ],
];

/// Name, role and manifest of each synthetic set.
const SYNTHETIC_SETS: [[&str; 3]; 3] = [
    [
        "synthetic keywords and near misses",
        "trained on",
        "keywords/manifest.jsonl",
    ],
    [
        "synthetic sentences",
        "trained on as `none`",
        "train/manifest.jsonl",
    ],
    [
        "synthetic sentences, other voices and texts",
        "for counting false alarms",
        "fa/manifest.jsonl",
    ],
];

fn data_sources(folders: &DataFolders) -> Result<Vec<DataSource>, ModelError> {
    let checksum = |path: &Path| {
        let failed = |source| ModelError::File {
            path: path.to_path_buf(),
            source,
        };
        fs::read(path).map(|bytes| sha256(&bytes)).map_err(failed)
    };
    let mut sources = Vec::new();
    for [name, origin, licence, role, manifest] in REAL_SETS {
        sources.push(DataSource {
            name: name.to_owned(),
            origin: origin.to_owned(),
            licence: licence.to_owned(),
            role: role.to_owned(),
            manifest_sha256: checksum(&folders.data.join(manifest))?,
        });
    }
    for [name, role, manifest] in SYNTHETIC_SETS {
        let Some(folder) = &folders.synthetic else { break };
        sources.push(DataSource {
            name: name.to_owned(),
            origin: "models/reference/synthesise_speech.py with espeak-ng, flite and festival".to_owned(),
            licence: "made for this project; the engines' voices have their own licences".to_owned(),
            role: role.to_owned(),
            manifest_sha256: checksum(&folder.join(manifest))?,
        });
    }
    Ok(sources)
}
