//! The settings of recipes for utterances.

use serde::{Deserialize, Serialize};

use super::config::UtteranceConfig;
use super::learner::Lesson;
use crate::decide::ScopeScore;
use crate::recipe::{self, Section, Setting, Takes};
use crate::text::{Hashing, Splitting};

/// Figures that utterances are judged by.
pub(super) const FIGURES: &[&str] = &["intent accuracy", "slot F1", "all slots right", "argument F1"];

/// Formats of files of utterances.
const FORMATS: &[&str] = &["jsonl", "tsv"];

/// What is learnt of spans within spans.
const NESTED: &[&str] = &["refused", "outermost", "innermost"];

/// The section `net`: sizes, without the names of what the net tells apart, which are those of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSettings {
    splitting: Splitting,
    words_max: usize,
    rows: usize,
    per_word: usize,
    prefix_max: usize,
    suffix_max: usize,
    piece_min: usize,
    piece_max: usize,
    cased: bool,
    embedding: usize,
    width: usize,
    dilations: Vec<usize>,
    heads: usize,
    gram_rows: usize,
}

/// The section `lesson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LessonSettings {
    pub(super) batch: usize,
    dropout: f32,
    word_dropout: f32,
    gram_dropout: f32,
    refilled_utterances: f32,
    refilled_slots: f32,
    /// A file with further values of slots; empty for none.
    pub(super) names: String,
    named_slots: f32,
    label_smoothing: f32,
    intent_weight: f32,
    tag_weight: f32,
    /// The intent that stands for everything else; empty for none.
    pub(super) out_of_scope: String,
    out_of_scope_repeats: usize,
    mixed_outliers: usize,
    /// What says that something is known.
    pub(super) scope: ScopeScore,
    /// Share of what should be answered that may be turned away, in percent.
    pub(super) false_rejection_percent: f64,
    teacher_weight: f32,
    teacher_temperature: f32,
    vector_weight: f32,
}

impl NetSettings {
    /// The sizes of a net that tells these apart.
    pub(super) fn config(
        &self,
        intents: Vec<String>,
        out_of_scope: Option<String>,
        tags: Vec<String>,
    ) -> UtteranceConfig {
        UtteranceConfig {
            splitting: self.splitting,
            hashing: Hashing {
                rows: self.rows,
                per_word: self.per_word,
                prefix_max: self.prefix_max,
                suffix_max: self.suffix_max,
                piece_min: self.piece_min,
                piece_max: self.piece_max,
                cased: self.cased,
            },
            words_max: self.words_max,
            embedding: self.embedding,
            width: self.width,
            dilations: self.dilations.clone(),
            heads: self.heads,
            gram_rows: if intents.is_empty() { 0 } else { self.gram_rows },
            intents,
            out_of_scope,
            tags,
            vector: 0,
        }
    }

    pub(super) fn splitting(&self) -> Splitting {
        self.splitting
    }
}

impl LessonSettings {
    pub(super) fn lesson(&self) -> Lesson {
        Lesson {
            batch: self.batch,
            dropout: self.dropout,
            word_dropout: self.word_dropout,
            gram_dropout: self.gram_dropout,
            substitution: [self.refilled_utterances, self.refilled_slots],
            named: self.named_slots,
            label_smoothing: self.label_smoothing,
            intent_weight: self.intent_weight,
            tag_weight: self.tag_weight,
            out_of_scope_repeats: self.out_of_scope_repeats,
            mixed_outliers: self.mixed_outliers,
            teacher_weight: self.teacher_weight,
            teacher_temperature: self.teacher_temperature,
            vector_weight: self.vector_weight,
        }
    }
}

/// The section `data`.
pub(super) fn data() -> Section {
    let mut section = recipe::data(FORMATS);
    section.settings.extend([
        Setting::new(
            "label",
            Takes::Text,
            "",
            "the field of the class; `label` or `intent` when empty",
        ),
        Setting::new(
            "only",
            Takes::Text,
            "",
            "a field and what it is in rows that are read, as in `lang=en`; all rows when empty",
        ),
        Setting::new("also", Takes::Text, "", "a further file to learn from"),
        Setting::new(
            "spans",
            Takes::Text,
            "",
            "the field of spans over the tokens, each with `start` and `end`; tags or spans of characters when empty",
        ),
        Setting::new("span_label", Takes::Text, "label", "the field of such a span that names it"),
        Setting::new(
            "span_until",
            Takes::Text,
            "",
            "what the name of such a span ends at, as `/` in `State/FailedState`; whole names when empty",
        ),
        Setting::new(
            "nested",
            Takes::Choice(NESTED),
            NESTED[0],
            "which of such spans are learnt where one lies within another",
        ),
    ]);
    section
}

/// The section `net`.
pub(super) fn net() -> Section {
    let words = vec![
        Setting::new(
            "splitting",
            Takes::Choice(&["blanks", "words", "marks"]),
            "blanks",
            "where words end: at blanks, marks at the ends of words by themselves (`blanks`) or left out (`words`), or at \
                 every mark",
        ),
        whole(
            "words_max",
            1,
            512,
            64,
            "most words of an utterance; what is beyond is cut",
        ),
    ];
    let sizes = vec![
        whole("embedding", 1, 1 << 12, 64, "columns of the table"),
        whole(
            "width",
            1,
            1 << 12,
            160,
            "numbers that stand for a word between layers",
        ),
        Setting::new(
            "dilations",
            Takes::Wholes(1, 64),
            vec![1, 2, 4],
            "distance between the three taps of each gated convolution",
        ),
        whole(
            "heads",
            0,
            64,
            4,
            "heads of the attention after the convolutions; 0 for none",
        ),
        whole(
            "gram_rows",
            0,
            1 << 24,
            0,
            "rows of the table of words and pairs that score intents directly; 0 for none",
        ),
    ];
    Section {
        name: "net",
        settings: [words, hashing(), sizes].concat(),
    }
}

/// How words become rows of a table.
fn hashing() -> Vec<Setting> {
    vec![
        whole(
            "rows",
            2,
            1 << 24,
            16_384,
            "rows of the table that words are hashed into",
        ),
        whole("per_word", 1, 64, 32, "most features of a word"),
        whole(
            "prefix_max",
            0,
            8,
            3,
            "longest beginning of a word, in characters",
        ),
        whole("suffix_max", 0, 8, 4, "longest end of a word, in characters"),
        whole("piece_min", 1, 8, 3, "shortest pieces of a word, in characters"),
        whole("piece_max", 1, 8, 4, "longest pieces of a word, in characters"),
        Setting::new(
            "cased",
            Takes::Flag,
            false,
            "whether capital letters are told from small ones by the shape of a word",
        ),
    ]
}

fn whole(name: &'static str, min: i64, max: i64, default: i64, about: &'static str) -> Setting {
    Setting::new(name, Takes::Whole(min, max), default, about)
}

/// The section `lesson`.
pub(super) fn lesson() -> Section {
    Section {
        name: "lesson",
        settings: [variation(), scope(), teacher()].concat(),
    }
}

/// How utterances are varied, and what the parts of the loss weigh.
fn variation() -> Vec<Setting> {
    let share = |name, default: f64, about| Setting::new(name, Takes::Number(0.0, 0.95), default, about);
    vec![
        Setting::new("batch", Takes::Whole(1, 4096), 64, "utterances of a step"),
        share(
            "dropout",
            0.3,
            "share of the numbers between layers that is dropped",
        ),
        share(
            "word_dropout",
            0.12,
            "chance that a word is hidden, and only its parts are seen",
        ),
        share(
            "gram_dropout",
            0.3,
            "chance that a word or pair is hidden where it scores intents directly",
        ),
        Setting::new(
            "refilled_utterances",
            Takes::Number(0.0, 1.0),
            0.7,
            "chance that slots of an utterance are refilled with other values of their kind",
        ),
        Setting::new(
            "refilled_slots",
            Takes::Number(0.0, 1.0),
            0.3,
            "chance that each slot of such an utterance is refilled",
        ),
        Setting::new(
            "names",
            Takes::Text,
            "",
            "a file of further values of slots, each a text with its kind as label",
        ),
        share(
            "named_slots",
            0.5,
            "chance that a refilled slot has a value of that file",
        ),
        share(
            "label_smoothing",
            0.05,
            "share of the target that is spread over all intents",
        ),
        weight("intent_weight", 1.0, "weight of the loss of intents"),
        weight("tag_weight", 0.5, "weight of the loss of slots"),
    ]
}

/// What is out of scope.
fn scope() -> Vec<Setting> {
    vec![
        Setting::new(
            "out_of_scope",
            Takes::Text,
            "",
            "the intent that stands for everything else, as the data name it",
        ),
        Setting::new(
            "out_of_scope_repeats",
            Takes::Whole(1, 100),
            3,
            "how often an utterance that is out of scope is met in an epoch",
        ),
        Setting::new(
            "mixed_outliers",
            Takes::Whole(0, 1 << 20),
            0,
            "utterances out of scope that are made of halves of two others in an epoch",
        ),
        Setting::new(
            "scope",
            Takes::Choice(&["energy", "odds"]),
            "energy",
            "what says that something is known: the energy of all scores, or the odds against everything else",
        ),
        Setting::new(
            "false_rejection_percent",
            Takes::Number(0.1, 50.0),
            5,
            "percent of what should be answered that may be turned away",
        ),
    ]
}

/// What a teacher says.
fn teacher() -> Vec<Setting> {
    vec![
        weight(
            "teacher_weight",
            0.5,
            "weight of the difference to the scores of a teacher, where there is one (`--teacher`)",
        ),
        Setting::new(
            "teacher_temperature",
            Takes::Number(0.1, 100.0),
            2.0,
            "what the scores of teacher and net are divided by before they are compared",
        ),
        weight(
            "vector_weight",
            2.0,
            "weight of the angle to the vectors of a teacher",
        ),
    ]
}

fn weight(name: &'static str, default: f64, about: &'static str) -> Setting {
    Setting::new(name, Takes::Number(0.0, 1e3), default, about)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    #[test]
    fn the_declared_settings_are_those_that_are_read() {
        let defaults = |section: Section| {
            let entry = |setting: Setting| Some((setting.name.to_owned(), setting.default?));
            Value::Object(
                section
                    .settings
                    .into_iter()
                    .filter_map(entry)
                    .collect::<Map<_, _>>(),
            )
        };
        let net: NetSettings = serde_json::from_value(defaults(net())).unwrap();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        net.config(names(&["a", "b"]), None, Vec::new())
            .validate()
            .unwrap();
        let lesson: LessonSettings = serde_json::from_value(defaults(lesson())).unwrap();
        assert_eq!(lesson.lesson().batch, 64);
    }
}
