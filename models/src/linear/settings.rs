//! The settings of recipes for linear models.

use serde::{Deserialize, Serialize};

use super::terms::{GRAMS_MAX, ROWS_MAX, RUN_MAX, WORDS_MAX};
use super::{LinearConfig, Terms};
use crate::baseline::SvmOptions;
use crate::data::TextFields;
use crate::recipe::{self, Section, Setting, Takes};
use crate::task::{TaskError, wanted};

/// Formats of files.
const FORMATS: &[&str] = &["jsonl"];
/// Settings of other tasks' data that mean nothing here: no epoch is chosen, for there are none.
const NOT_HERE: &[&str] = &["choose_percent"];
/// How far the violations of the optimum may lie apart at the end.
const TOLERANCE: f64 = 1e-3;
/// Most passes over the examples for each class.
const PASSES_MAX: u32 = 2_000;

/// The section `data`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataSettings {
    train: String,
    valid: String,
    format: String,
    group: String,
    split_rows: bool,
    split_percent: f64,
    origin: String,
    licence: String,
    label: String,
    only: String,
    /// Fields of the text; every one of a row that is learnt from is an example of its own.
    texts: Vec<String>,
    /// The field that judges; the first of `texts` where it is empty.
    judged: String,
    /// Whether what judges is learnt from as well, once it has judged.
    pub(super) learn_all: bool,
}

/// The section `net`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSettings {
    rows: usize,
    grams: usize,
    run_min: usize,
    run_max: usize,
    words_max: usize,
}

/// The section `lesson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LessonSettings {
    cost: f64,
    /// Whether each class counts alike, however many examples it has.
    pub(super) balanced: bool,
    /// Parts of the examples to learn from that are left out in turn.
    pub(super) folds: usize,
    /// Share of what should be answered that may be turned away, in percent.
    pub(super) false_rejection_percent: f64,
}

impl DataSettings {
    /// What all tasks have.
    pub(super) fn shared(&self) -> recipe::DataSettings {
        recipe::DataSettings {
            train: self.train.clone(),
            valid: self.valid.clone(),
            format: self.format.clone(),
            group: self.group.clone(),
            split_rows: self.split_rows,
            split_percent: self.split_percent,
            choose_percent: 0.0,
            origin: self.origin.clone(),
            licence: self.licence.clone(),
            label: self.label.clone(),
            only: self.only.clone(),
            also: String::new(),
            spans: String::new(),
            span_label: String::new(),
            span_until: String::new(),
            nested: String::new(),
        }
    }

    /// The field that judges, then the others.
    ///
    /// # Errors
    /// [`TaskError::Setting`] where `judged` is none of `texts`.
    pub(super) fn texts(&self) -> Result<Vec<String>, TaskError> {
        let mut texts = self.texts.clone();
        if texts.is_empty() {
            texts.push("text".to_owned());
        }
        let place = match self.judged.as_str() {
            "" => Some(0),
            judged => texts.iter().position(|text| text == judged),
        };
        let Some(place) = place else {
            return Err(TaskError::Setting {
                section: "data",
                setting: "judged",
                fault: format!("`{}` is none of `texts`: {}", self.judged, texts.join(", ")),
            });
        };
        texts[..=place].rotate_right(1);
        Ok(texts)
    }

    /// The fields to read.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for an `only` that is no field with a value, and a `judged` that is none of `texts`.
    pub(super) fn fields(&self) -> Result<TextFields, TaskError> {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let mut texts = self.texts()?.into_iter();
        Ok(TextFields {
            text: texts.next(),
            further: texts.collect(),
            label: named(&self.label),
            group: named(&self.group),
            only: named(&self.only).map(|only| wanted(&only)).transpose()?,
            ..TextFields::default()
        })
    }
}

impl NetSettings {
    /// The sizes of a model of so many classes.
    pub(super) fn config(&self, classes: usize) -> LinearConfig {
        LinearConfig {
            terms: Terms {
                rows: self.rows,
                grams: self.grams,
                run_min: self.run_min,
                run_max: self.run_max,
                words_max: self.words_max,
            },
            classes,
        }
    }
}

impl LessonSettings {
    pub(super) fn options(&self, seed: u64) -> SvmOptions {
        SvmOptions {
            cost: self.cost,
            tolerance: TOLERANCE,
            passes_max: PASSES_MAX,
            seed,
        }
    }
}

/// The section `data`.
pub(super) fn data() -> Section {
    let mut section = recipe::data(FORMATS);
    section
        .settings
        .retain(|setting| !NOT_HERE.contains(&setting.name));
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
        Setting::new(
            "texts",
            Takes::Texts,
            vec!["text".to_owned()],
            "the fields of the text; each one that a row has is an example of its own",
        ),
        Setting::new(
            "judged",
            Takes::Text,
            "",
            "the one of `texts` that every row must have and that judges; the first when empty",
        ),
        Setting::new(
            "learn_all",
            Takes::Flag,
            false,
            "whether the weights that are written learn from what judges as well, after it has judged those that did not",
        ),
    ]);
    section
}

/// The section `net`.
pub(super) fn net() -> Section {
    let whole = |name, (min, max): (usize, usize), default: i64, about| {
        // The bounds are far below what 64 bits hold.
        let bound = |bound: usize| i64::try_from(bound).unwrap_or(i64::MAX);
        Setting::new(name, Takes::Whole(bound(min), bound(max)), default, about)
    };
    Section {
        name: "net",
        settings: vec![
            whole(
                "rows",
                (2, ROWS_MAX),
                32_768,
                "rows of the table that terms are hashed into, a power of two",
            ),
            whole(
                "grams",
                (1, GRAMS_MAX),
                2,
                "longest runs of words: 1 for words alone, 2 for pairs as well",
            ),
            whole(
                "run_min",
                (1, RUN_MAX),
                3,
                "shortest runs of characters within a word",
            ),
            whole(
                "run_max",
                (0, RUN_MAX),
                0,
                "longest runs of characters within a word; 0 for none",
            ),
            whole(
                "words_max",
                (1, WORDS_MAX),
                16_384,
                "most words of a text; what is beyond is not read",
            ),
        ],
    }
}

/// The section `lesson`.
pub(super) fn lesson() -> Section {
    Section {
        name: "lesson",
        settings: vec![
            Setting::new(
                "cost",
                Takes::Number(1e-6, 1e6),
                0.3,
                "what a violated margin costs: more for closer fitting",
            ),
            Setting::new(
                "balanced",
                Takes::Flag,
                true,
                "whether each class counts alike, however many examples it has",
            ),
            Setting::new(
                "folds",
                Takes::Whole(2, 100),
                5,
                "parts of what is learnt from that are left out in turn, to learn how sure an answer is",
            ),
            Setting::new(
                "false_rejection_percent",
                Takes::Number(0.1, 50.0),
                5,
                "percent of what should be answered that may be turned away",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Map, Value};

    use super::*;

    fn defaults<T: DeserializeOwned>(section: Section) -> T {
        let entry = |setting: Setting| {
            // What must be written is a text.
            let default = setting.default.unwrap_or_else(|| Value::from("a.jsonl"));
            (setting.name.to_owned(), default)
        };
        let values: Map<String, Value> = section.settings.into_iter().map(entry).collect();
        serde_json::from_value(Value::Object(values)).unwrap()
    }

    #[test]
    fn the_declared_settings_are_those_that_are_read() {
        let data: DataSettings = defaults(data());
        assert_eq!(data.texts().unwrap(), ["text"]);
        assert_eq!(data.shared().train, "a.jsonl");
        let net: NetSettings = defaults(net());
        assert_eq!(net.config(20).validate(), Ok(()));
        let lesson: LessonSettings = defaults(lesson());
        assert_eq!(lesson.options(7).seed, 7);
    }

    #[test]
    fn the_field_that_judges_stands_first() {
        let mut settings: DataSettings = defaults(data());
        settings.texts = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(settings.texts().unwrap(), ["a", "b", "c"]);
        settings.judged = "c".to_owned();
        assert_eq!(settings.texts().unwrap(), ["c", "a", "b"]);
        settings.judged = "d".to_owned();
        let error = settings.fields().unwrap_err();
        assert_eq!(error.to_string(), "`d` is none of `texts`: a, b, c");
    }
}
