//! The settings of recipes for keywords.

use serde::{Deserialize, Serialize};

use super::draw::{Diet, Disturbance};
use super::learner::Lesson;
use super::net::KeywordNetConfig;
use crate::audio::LogMelConfig;
use crate::recipe::{Section, Setting, Takes};

/// Nothing chooses among the epochs of a keyword net: the last is the result.
pub(super) const FIGURES: &[&str] = &["last epoch"];

/// The section `data`: files relative to the folder of the data; empty ones are not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSettings {
    /// Manifest of the keywords to learn from.
    pub train: String,
    /// Manifest of the keywords to judge by.
    pub valid: String,
    /// Field that says whose voice is heard.
    pub group: String,
    /// True where recordings without a group may be split all the same.
    pub split_rows: bool,
    /// Share of the recordings that are split off where `valid` is empty, in percent.
    pub split_percent: f64,
    /// Manifest of sentences without a keyword.
    pub speech: String,
    /// True where every second voice of `speech` is kept for counting false alarms.
    pub keep_speech: bool,
    /// Manifest of further sentences for counting false alarms.
    pub speech_valid: String,
    /// Manifest of other words to learn from.
    pub words: String,
    /// Manifest of other words to judge by.
    pub words_valid: String,
    /// The field `group` of the other words, where it is another.
    pub words_group: String,
    /// A recording of noise.
    pub noise: String,
    /// Where the keywords come from.
    pub origin: String,
    /// Their licence.
    pub licence: String,
    /// Where sentences and noise come from.
    pub speech_origin: String,
    /// Their licence.
    pub speech_licence: String,
    /// Where other words come from.
    pub words_origin: String,
    /// Their licence.
    pub words_licence: String,
}

/// The section `net`: sizes, without the classes, which are those of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSettings {
    window_frames: usize,
    channels: usize,
    stem_kernel: usize,
    stem_stride: usize,
    kernel: usize,
    dilations: Vec<usize>,
}

/// The section `features`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeatureSettings {
    bins: usize,
    low_hz: f64,
    high_hz: f64,
}

/// The section `lesson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LessonSettings {
    batch: usize,
    keyword_passes: usize,
    synthetic_keywords: usize,
    none: usize,
    dropout: f32,
    label_smoothing: f32,
    speed: f32,
    room: f64,
    noise: f64,
    talkers: f64,
    masks: f64,
    pub(super) folds: usize,
    pub(super) kept_percent: f64,
}

impl NetSettings {
    /// The sizes of a net that tells so many classes apart.
    pub(super) fn config(&self, features: &LogMelConfig, classes: usize) -> KeywordNetConfig {
        KeywordNetConfig {
            bins: features.bins,
            window_frames: self.window_frames,
            channels: self.channels,
            stem_kernel: self.stem_kernel,
            stem_stride: self.stem_stride,
            kernel: self.kernel,
            dilations: self.dilations.clone(),
            classes,
        }
    }
}

impl FeatureSettings {
    pub(super) fn config(&self) -> LogMelConfig {
        LogMelConfig {
            bins: self.bins,
            low_hz: self.low_hz,
            high_hz: self.high_hz,
            ..LogMelConfig::speech()
        }
    }
}

impl LessonSettings {
    pub(super) fn lesson(&self) -> Lesson {
        Lesson {
            batch: self.batch,
            diet: Diet {
                keyword_passes: self.keyword_passes,
                synthetic_keywords: self.synthetic_keywords,
                none: self.none,
            },
            disturbance: Disturbance {
                speed: self.speed,
                room: self.room,
                noise: self.noise,
                talkers: self.talkers,
                masks: self.masks,
            },
            dropout: self.dropout,
            label_smoothing: self.label_smoothing,
        }
    }
}

/// The section `data`.
pub(super) fn data() -> Section {
    let text = |name, default: &str, about| Setting::new(name, Takes::Text, default, about);
    let mut settings = vec![
        Setting::required(
            "train",
            Takes::Text,
            "the manifest of the keywords to learn from, relative to `--data`",
        ),
        text(
            "valid",
            "",
            "the manifest of the keywords to judge by; without it voices are split off",
        ),
        text("group", "group", "the field that says whose voice is heard"),
        Setting::new(
            "split_rows",
            Takes::Flag,
            false,
            "whether recordings without a group may be split all the same",
        ),
        Setting::new(
            "split_percent",
            Takes::Number(1.0, 50.0),
            10,
            "percent of the recordings to split off",
        ),
    ];
    settings.extend(background());
    settings.extend([
        text("origin", "own data", "where the keywords come from"),
        text("licence", "not stated", "the licence of the keywords"),
        text("speech_origin", "own data", "where sentences and noise come from"),
        text(
            "speech_licence",
            "not stated",
            "the licence of sentences and noise",
        ),
        text("words_origin", "own data", "where other words come from"),
        text("words_licence", "not stated", "the licence of other words"),
    ]);
    Section {
        name: "data",
        settings,
    }
}

/// Settings of what is heard beside the keywords.
fn background() -> Vec<Setting> {
    let text = |name, about| Setting::new(name, Takes::Text, "", about);
    vec![
        text(
            "speech",
            "a manifest of sentences without a keyword, to learn from as `none`",
        ),
        Setting::new(
            "keep_speech",
            Takes::Flag,
            true,
            "whether every second voice of `speech` is kept for counting false alarms",
        ),
        text(
            "speech_valid",
            "a manifest of further sentences, for counting false alarms alone",
        ),
        text("words", "a manifest of other words, to learn from as `none`"),
        text("words_valid", "a manifest of other words to judge by"),
        text(
            "words_group",
            "the field `group` of the other words, where it is another",
        ),
        text(
            "noise",
            "a recording of noise without speech; there is white and brown noise without it",
        ),
    ]
}

/// The section `net`.
pub(super) fn net() -> Section {
    let whole =
        |name, min, max, default: i64, about| Setting::new(name, Takes::Whole(min, max), default, about);
    Section {
        name: "net",
        settings: vec![
            whole("window_frames", 20, 1_000, 160, "frames of a window, 10 ms each"),
            whole("channels", 1, 1_024, 96, "channels of every layer"),
            whole(
                "stem_kernel",
                1,
                65,
                5,
                "frames that the first layer sees at once; odd",
            ),
            whole(
                "stem_stride",
                1,
                16,
                2,
                "frames from one output of the first layer to the next",
            ),
            whole("kernel", 1, 65, 9, "taps of each convolution over time; odd"),
            Setting::new(
                "dilations",
                Takes::Wholes(1, 256),
                vec![1, 1, 2, 2, 4],
                "distance between the taps, one entry per block",
            ),
        ],
    }
}

/// The section `features`.
pub(super) fn features() -> Section {
    Section {
        name: "features",
        settings: vec![
            Setting::new("bins", Takes::Whole(8, 128), 40, "mel bins of a frame"),
            Setting::new(
                "low_hz",
                Takes::Number(0.0, 4_000.0),
                20,
                "where the lowest bin begins",
            ),
            Setting::new(
                "high_hz",
                Takes::Number(1_000.0, 8_000.0),
                7_600,
                "where the highest bin ends",
            ),
        ],
    }
}

/// The section `lesson`.
pub(super) fn lesson() -> Section {
    let count =
        |name, min, max, default: i64, about| Setting::new(name, Takes::Whole(min, max), default, about);
    let share =
        |name, most, default: f64, about| Setting::new(name, Takes::Number(0.0, most), default, about);
    Section {
        name: "lesson",
        settings: vec![
            count("batch", 2, 4_096, 64, "windows of a step"),
            count(
                "keyword_passes",
                1,
                1_000,
                1,
                "times that each keyword is heard in an epoch",
            ),
            count(
                "synthetic_keywords",
                0,
                1 << 20,
                1_200,
                "keywords and near misses by speech engines in an epoch, where there are any (`--synthetic`)",
            ),
            count("none", 1, 1 << 20, 1_300, "windows without a keyword in an epoch"),
            share(
                "dropout",
                0.9,
                0.1,
                "share of the pooled features that is dropped",
            ),
            share(
                "label_smoothing",
                0.9,
                0.05,
                "share of the target that is spread over all classes",
            ),
            share(
                "speed",
                0.5,
                0.12,
                "how much faster or slower a sound is played at most, as a share",
            ),
            share("room", 1.0, 0.25, "chance of the echo of a room"),
            share("noise", 1.0, 0.75, "chance of noise behind a sound"),
            share("talkers", 1.0, 0.12, "chance of other talkers behind a sound"),
            share(
                "masks",
                1.0,
                0.5,
                "chance that bands and stretches of a window are blanked",
            ),
            count(
                "folds",
                2,
                100,
                5,
                "one in so many voices is left out of a first training, which chooses temperature and threshold",
            ),
            Setting::new(
                "kept_percent",
                Takes::Number(50.0, 100.0),
                97.5,
                "percent of the keywords of those voices that must be heard at the threshold",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    #[test]
    fn the_declared_settings_are_those_that_are_read() {
        let defaults = |section: Section| {
            let entry = |setting: Setting| Some((setting.name.to_owned(), setting.default?));
            let entries = section.settings.into_iter().filter_map(entry);
            entries.collect::<Map<String, Value>>()
        };
        let mut data = defaults(data());
        data.insert("train".to_owned(), Value::from("train.jsonl"));
        let data: DataSettings = serde_json::from_value(Value::Object(data)).unwrap();
        assert!(data.keep_speech && data.group == "group");
        let features: FeatureSettings = serde_json::from_value(Value::Object(defaults(features()))).unwrap();
        assert_eq!(features.config(), LogMelConfig::speech());
        let net: NetSettings = serde_json::from_value(Value::Object(defaults(net()))).unwrap();
        assert_eq!(net.config(&features.config(), 7), KeywordNetConfig::standard(7));
        let lesson: LessonSettings = serde_json::from_value(Value::Object(defaults(lesson()))).unwrap();
        assert_eq!(lesson.lesson(), Lesson::standard());
    }
}
