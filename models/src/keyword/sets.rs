//! From manifests to recordings: the keywords, what is no keyword, and who is kept for judging.

use std::collections::BTreeSet;
use std::path::Path;

use super::data::{Corpus, Judged, NONE, NONE_LABEL, Recording};
use super::settings::DataSettings;
use crate::card::DataSource;
use crate::data::{
    AudioCheck, AudioExample, AudioOptions, AudioSet, DataError, DataReport, ManifestFields, SplitBy,
    SplitError, inspect, split,
};
use crate::task::{Sources, TaskError};
use crate::train::TrainError;

/// Longest recording that is read, in seconds.
const SECONDS_MAX: f64 = 600.0;

/// Samples of each of the clips that sentences are cut into to be judged: 1.25 s.
pub(super) const CUT_SAMPLES: usize = 20_000;

/// The field of synthetic speech that says whose voice is heard.
const SPEAKER: &str = "speaker";

/// Manifests of the folder with synthetic speech, as `models/reference/synthesise_speech.py` writes them.
const SYNTHETIC: [(&str, &str, &str); 3] = [
    (
        "keywords/manifest.jsonl",
        "synthetic keywords and near misses",
        "trained on",
    ),
    (
        "train/manifest.jsonl",
        "synthetic sentences",
        "trained on as `none`",
    ),
    (
        "fa/manifest.jsonl",
        "synthetic sentences, other voices and texts",
        "for counting false alarms",
    ),
];

/// All sets of a training.
#[derive(Debug)]
pub struct Sets {
    /// `none`, then the keywords by name.
    pub labels: Vec<String>,
    /// What may be learnt from.
    pub corpus: Corpus,
    /// What it is judged by.
    pub judged: Judged,
    /// What was found in the manifests of the keywords.
    pub report: DataReport,
    /// The sets for the card.
    pub sources: Vec<DataSource>,
}

impl Sets {
    /// Reads every set of a recipe; `seed` is that of the split where one is needed.
    ///
    /// # Errors
    /// [`TaskError`] names the manifest, its rows, or the recording that cannot be used.
    pub fn read(settings: &DataSettings, sources: &Sources, seed: u64) -> Result<Self, TaskError> {
        let keywords = Keywords::read(settings, sources, seed)?;
        let (corpus, mut judged) = (Corpus::default(), Judged::default());
        judged.keywords = keywords.recordings(&keywords.valid, |class| class != NONE)?;
        judged.others = keywords.recordings(&keywords.valid, |class| class == NONE)?;
        let mut sets = Self {
            corpus: Corpus {
                keywords: keywords.recordings(&keywords.learnt, |class| class != NONE)?,
                words: keywords.recordings(&keywords.learnt, |class| class == NONE)?,
                ..corpus
            },
            judged,
            report: inspect(&keywords.learnt, &keywords.valid, Some(&keywords.labels[1..])),
            sources: keywords.sources,
            labels: keywords.labels,
        };
        // A file of one's own is learnt from by itself: what a recipe names beside it lies elsewhere.
        if sources.train.is_none() {
            let background = Background {
                settings,
                folder: &sources.data,
            };
            background.learn(&mut sets)?;
            background.judge(&mut sets.judged)?;
        }
        if let Some(folder) = &sources.synthetic {
            sets.add_synthetic(folder)?;
        }
        Ok(sets)
    }

    fn add_synthetic(&mut self, folder: &Path) -> Result<(), TaskError> {
        let [keywords, sentences, alarms] = SYNTHETIC;
        let set = read(&folder.join(keywords.0), SPEAKER, Some(&self.labels))?;
        self.corpus.synthetic_keywords = recordings(&set.examples, &self.labels, |_| true)?;
        let talk = read(&folder.join(sentences.0), SPEAKER, None)?;
        self.corpus.synthetic_sentences = background(&talk.examples)?;
        let fa = read(&folder.join(alarms.0), SPEAKER, None)?;
        for (set, (_, name, role)) in [&set, &talk, &fa].into_iter().zip(SYNTHETIC) {
            self.sources.push(DataSource {
                name: name.to_owned(),
                origin: "models/reference/synthesise_speech.py with espeak-ng, flite and festival".to_owned(),
                licence: "made for this project; the engines' voices have their own licences".to_owned(),
                role: role.to_owned(),
                manifest_sha256: set.sha256.clone(),
            });
        }
        self.judged.synthetic = fa.examples;
        Ok(())
    }
}

impl Judged {
    /// Reads what a model is judged by: the sets of a recipe in a folder, or one manifest.
    ///
    /// # Errors
    /// [`TaskError`] names the manifest, its rows, or the recording that cannot be used.
    pub fn read(
        settings: &DataSettings,
        path: &Path,
        synthetic: Option<&Path>,
        labels: &[String],
    ) -> Result<Self, TaskError> {
        let mut judged = Self::default();
        let manifest = match path.is_file() {
            true => path.to_path_buf(),
            false if settings.valid.is_empty() => {
                return Err(TaskError::Measure {
                    reason: "the recipe of the model names no recordings to judge by: name a manifest"
                        .to_owned(),
                });
            }
            false => path.join(&settings.valid),
        };
        let set = read(&manifest, &settings.group, Some(labels))?;
        judged.keywords = recordings(&set.examples, labels, |class| class != NONE)?;
        judged.others = recordings(&set.examples, labels, |class| class == NONE)?;
        if !path.is_file() {
            let background = Background {
                settings,
                folder: path,
            };
            background.judge(&mut judged)?;
        }
        if let Some(folder) = synthetic {
            judged.synthetic = read(&folder.join(SYNTHETIC[2].0), SPEAKER, None)?.examples;
        }
        Ok(judged)
    }
}

/// The manifests of the keywords.
struct Keywords {
    labels: Vec<String>,
    learnt: Vec<AudioExample>,
    valid: Vec<AudioExample>,
    sources: Vec<DataSource>,
}

impl Keywords {
    fn read(settings: &DataSettings, sources: &Sources, seed: u64) -> Result<Self, TaskError> {
        let own = sources.train.clone();
        let path = own.unwrap_or_else(|| sources.data.join(&settings.train));
        let set = read(&path, &settings.group, None)?;
        let names: BTreeSet<&str> = set
            .examples
            .iter()
            .filter_map(|example| example.label.as_deref())
            .filter(|label| *label != NONE_LABEL)
            .collect();
        if names.is_empty() {
            return Err(TaskError::Data(DataError::NoLabel {
                rows: set.examples.len(),
            }));
        }
        let labels = std::iter::once(NONE_LABEL).chain(names);
        let labels: Vec<String> = labels.map(str::to_owned).collect();
        with_groups(&set.examples, settings)?;
        let is_own = sources.train.is_some();
        let named = match (&sources.valid, settings.valid.as_str()) {
            (Some(path), _) => Some(path.clone()),
            // A file of one's own is not judged by the recordings of the recipe.
            (None, "") => None,
            (None, _) if is_own => None,
            (None, name) => Some(sources.data.join(name)),
        };
        // Of a file of one's own, the recipe knows neither origin nor licence.
        let said = |recipe: &str, own: &str| match is_own || recipe.is_empty() {
            true => own.to_owned(),
            false => recipe.to_owned(),
        };
        let source = |name: &str, set: &AudioSet, role: &str| DataSource {
            name: said(name, &file_name(&set.file)),
            origin: said(&settings.origin, "own data"),
            licence: said(&settings.licence, "not stated"),
            role: role.to_owned(),
            manifest_sha256: set.sha256.clone(),
        };
        let (learnt, valid, sources) = match named {
            Some(path) => {
                let valid = read(&path, &settings.group, Some(&labels))?;
                let sources = vec![
                    source(&settings.train, &set, "trained on"),
                    source(&settings.valid, &valid, "reported on, never trained or tuned on"),
                ];
                (set.examples, valid.examples, sources)
            }
            None => {
                let by = match settings.split_rows {
                    true => SplitBy::RowsAtRisk,
                    false => SplitBy::Group {
                        field: settings.group.clone(),
                    },
                };
                let share = settings.split_percent / 100.0;
                let (learnt, valid) = split(&set.examples, &by, share, seed)?.take(&set.examples);
                let role = format!(
                    "trained on, but {} % of it, which is reported on",
                    settings.split_percent
                );
                let sources = vec![source(&settings.train, &set, &role)];
                (learnt, valid, sources)
            }
        };
        Ok(Self {
            labels,
            learnt,
            valid,
            sources,
        })
    }

    fn recordings(
        &self,
        examples: &[AudioExample],
        is_taken: impl Fn(usize) -> bool,
    ) -> Result<Vec<Recording>, TaskError> {
        recordings(examples, &self.labels, is_taken)
    }
}

/// Refuses recordings without a group: the fold needs it.
fn with_groups(examples: &[AudioExample], settings: &DataSettings) -> Result<(), SplitError> {
    let mut without = examples.iter().filter(|example| example.group.is_none());
    match without.next() {
        Some(first) if !settings.split_rows => Err(SplitError::NoGroup {
            field: settings.group.clone(),
            count: without.count() + 1,
            place: first.place.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// The sets of a recipe that have no keyword.
struct Background<'a> {
    settings: &'a DataSettings,
    folder: &'a Path,
}

impl Background<'_> {
    fn learn(&self, sets: &mut Sets) -> Result<(), TaskError> {
        let settings = self.settings;
        if let Some(set) = self.read(&settings.speech, &settings.group)? {
            let kept = self.kept(&set.examples);
            let heard: Vec<AudioExample> = set
                .examples
                .iter()
                .filter(|example| !is_of(example, &kept))
                .cloned()
                .collect();
            sets.corpus.sentences = background(&heard)?;
            let role = match settings.keep_speech {
                true => {
                    "every second voice trained on as `none`, the others kept for counting false alarms; noise \
                         mixed in"
                }
                false => "trained on as `none`",
            };
            sets.sources
                .push(self.speech_source(&settings.speech, &set, role));
        }
        if let Some(set) = self.read(&settings.speech_valid, &settings.group)? {
            let role = "reported on as `none`, and for counting false alarms";
            let source = self.speech_source(&settings.speech_valid, &set, role);
            sets.sources.push(source);
        }
        if let Some(set) = self.read(&settings.words, self.words_group())? {
            sets.corpus.words.extend(background(&set.examples)?);
            sets.sources
                .push(self.words_source(&settings.words, &set, "trained on as `none`"));
        }
        if let Some(set) = self.read(&settings.words_valid, self.words_group())? {
            let source = self.words_source(&settings.words_valid, &set, "reported on as `none`");
            sets.sources.push(source);
        }
        if !settings.noise.is_empty() {
            let path = self.folder.join(&settings.noise);
            let noise = Recording::read_file(&path, NONE, "").map_err(unusable)?;
            sets.corpus.noise = vec![noise];
        }
        Ok(())
    }

    fn judge(&self, judged: &mut Judged) -> Result<(), TaskError> {
        let settings = self.settings;
        if let Some(set) = self.read(&settings.words_valid, self.words_group())? {
            judged.others.extend(background(&set.examples)?);
        }
        if let Some(set) = self.read(&settings.speech, &settings.group)? {
            let kept = self.kept(&set.examples);
            let examples = set.examples.into_iter();
            let kept: Vec<AudioExample> = examples.filter(|example| is_of(example, &kept)).collect();
            judged.sentences = background(&kept)?;
        }
        if let Some(set) = self.read(&settings.speech_valid, &settings.group)? {
            let valid = background(&set.examples)?;
            for sentence in &valid {
                let cut = |samples: &[i16]| Recording {
                    samples: samples.to_vec(),
                    ..sentence.clone()
                };
                judged
                    .others
                    .extend(sentence.samples.chunks_exact(CUT_SAMPLES).map(cut));
            }
            judged.sentences.extend(valid);
        }
        Ok(())
    }

    fn read(&self, name: &str, group: &str) -> Result<Option<AudioSet>, TaskError> {
        match name {
            "" => Ok(None),
            name => read(&self.folder.join(name), group, None).map(Some),
        }
    }

    fn words_group(&self) -> &str {
        match self.settings.words_group.as_str() {
            "" => &self.settings.group,
            group => group,
        }
    }

    /// The voices that are kept from training: every second one, in the order of their numbers or names.
    fn kept(&self, examples: &[AudioExample]) -> BTreeSet<String> {
        let groups: BTreeSet<(u64, &str)> = examples
            .iter()
            .filter_map(|example| example.group.as_deref())
            .map(|group| (group.parse().unwrap_or(u64::MAX), group))
            .collect();
        let names = groups.into_iter().map(|(_, group)| group.to_owned());
        match self.settings.keep_speech {
            true => names.step_by(2).collect(),
            false => BTreeSet::new(),
        }
    }

    fn speech_source(&self, name: &str, set: &AudioSet, role: &str) -> DataSource {
        DataSource {
            name: name.to_owned(),
            origin: self.settings.speech_origin.clone(),
            licence: self.settings.speech_licence.clone(),
            role: role.to_owned(),
            manifest_sha256: set.sha256.clone(),
        }
    }

    fn words_source(&self, name: &str, set: &AudioSet, role: &str) -> DataSource {
        DataSource {
            name: name.to_owned(),
            origin: self.settings.words_origin.clone(),
            licence: self.settings.words_licence.clone(),
            role: role.to_owned(),
            manifest_sha256: set.sha256.clone(),
        }
    }
}

fn is_of(example: &AudioExample, groups: &BTreeSet<String>) -> bool {
    example.group.as_ref().is_some_and(|group| groups.contains(group))
}

/// Reads a manifest; an empty name of the group stands for the usual one.
///
/// # Errors
/// As [`AudioSet::read`].
pub fn read(path: &Path, group: &str, labels: Option<&[String]>) -> Result<AudioSet, TaskError> {
    let fields = ManifestFields {
        label: None,
        group: (!group.is_empty()).then(|| group.to_owned()),
    };
    let options = AudioOptions {
        fields: &fields,
        labels,
        rate_hz: None,
        seconds_max: SECONDS_MAX,
        check: AudioCheck::Header,
        spoken: None,
    };
    Ok(AudioSet::read(path, &options)?)
}

/// Reads all recordings of a manifest.
pub(super) fn recordings_of(
    path: &Path,
    group: &str,
    labels: &[String],
) -> Result<Vec<Recording>, TaskError> {
    recordings(&read(path, group, Some(labels))?.examples, labels, |_| true)
}

/// Reads the recordings of some classes; those without a label are `none`.
fn recordings(
    examples: &[AudioExample],
    labels: &[String],
    is_taken: impl Fn(usize) -> bool,
) -> Result<Vec<Recording>, TaskError> {
    let class = |example: &AudioExample| {
        let label = example.label.as_ref();
        label
            .and_then(|label| labels.iter().position(|known| known == label))
            .unwrap_or(NONE)
    };
    examples
        .iter()
        .map(|example| (example, class(example)))
        .filter(|(_, class)| is_taken(*class))
        .map(|(example, class)| Recording::read(example, class).map_err(unusable))
        .collect()
}

/// Reads recordings without a keyword.
fn background(examples: &[AudioExample]) -> Result<Vec<Recording>, TaskError> {
    recordings(examples, &[], |_| true)
}

fn unusable(error: super::data::DataError) -> TaskError {
    let path = match &error {
        super::data::DataError::Clip { path, .. } | super::data::DataError::Resample { path, .. } => {
            path.clone()
        }
    };
    let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    TaskError::Train(TrainError::Data { path, reason })
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
