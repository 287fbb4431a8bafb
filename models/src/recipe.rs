//! Recipes: what a model is trained from and how, as a file says it.
//!
//! A [`Recipe`] is a plain value; reading it from YAML and telling its author what is wrong is done by the program, from
//! the [`Setting`]s that are declared here and by each task. Invariant: two trainings of one recipe, seed and number of
//! threads on the same data give the same weights.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::task::StartOptions;
use crate::train::{Adaptation, TrainOptions};

/// A setting that a recipe may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub takes: Takes,
    /// What it is when the recipe does not say; `None` when it must.
    pub default: Option<Value>,
    /// One sentence for people.
    pub about: &'static str,
}

/// What a setting may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Takes {
    /// A whole number between two bounds.
    Whole(i64, i64),
    /// A number between two bounds.
    Number(f64, f64),
    /// A list of whole numbers between two bounds.
    Wholes(i64, i64),
    /// `true` or `false`.
    Flag,
    /// Any text.
    Text,
    /// A list of texts.
    Texts,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The settings of a part of a recipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// A recipe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Name of the model.
    pub name: String,
    /// Version of the model, from 1.
    pub version: u32,
    /// What the model does, in a sentence or two.
    pub about: String,
    /// The task that it is a recipe for.
    pub task: String,
    /// Seeds that are trained, one after the other.
    pub seeds: Vec<u64>,
    /// The settings by section, with defaults filled in.
    pub sections: BTreeMap<String, Map<String, Value>>,
}

/// A section that does not have the settings that were declared.
#[derive(Debug, thiserror::Error)]
#[error("the section `{section}` of the recipe cannot be read")]
pub struct SectionError {
    /// Its name.
    pub section: String,
    /// What is wrong.
    pub source: serde_json::Error,
}

impl Recipe {
    /// A section as a typed value.
    ///
    /// # Errors
    /// [`SectionError`] for a recipe that was not checked against its declaration.
    pub fn section<T: DeserializeOwned>(&self, section: &str) -> Result<T, SectionError> {
        let values = self.sections.get(section).cloned().unwrap_or_default();
        serde_json::from_value(Value::Object(values)).map_err(|source| SectionError {
            section: section.to_owned(),
            source,
        })
    }
}

impl Setting {
    /// A setting that a recipe must have.
    pub fn required(name: &'static str, takes: Takes, about: &'static str) -> Self {
        Self {
            name,
            takes,
            default: None,
            about,
        }
    }

    /// A setting with a default.
    pub fn new(name: &'static str, takes: Takes, default: impl Into<Value>, about: &'static str) -> Self {
        Self {
            name,
            takes,
            default: Some(default.into()),
            about,
        }
    }
}

/// Settings outside of sections that every recipe has, beside `recipe`, the version of the format.
pub fn head(tasks: &'static [&'static str]) -> Vec<Setting> {
    vec![
        Setting::required("recipe", Takes::Whole(1, 1), "the version of this format, 1"),
        Setting::required("name", Takes::Text, "the name of the model"),
        Setting::new("version", Takes::Whole(1, 1 << 20), 1, "the version of the model"),
        Setting::required("about", Takes::Text, "what the model does, in a sentence or two"),
        Setting::required(
            "task",
            Takes::Choice(tasks),
            "what is learnt: `motet train --list` has the tasks",
        ),
        Setting::new(
            "seeds",
            Takes::Wholes(0, i64::MAX),
            vec![1],
            "seeds to train, one after the other",
        ),
    ]
}

/// Where examples come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSettings {
    /// File to learn from, relative to the folder of the data.
    pub train: String,
    /// File to judge by; empty to split it off.
    pub valid: String,
    /// Format of the files.
    pub format: String,
    /// Field that names whom or what a row comes from; empty for none.
    pub group: String,
    /// True where rows without a group may be split at the risk of telling the same source on both sides.
    pub split_rows: bool,
    /// Share of the rows to judge by where no file is given, in percent.
    pub split_percent: f64,
    /// Share of what is learnt from that chooses among epochs instead, in percent; 0 for none.
    pub choose_percent: f64,
    /// Where the data come from.
    pub origin: String,
    /// Their licence.
    pub licence: String,
    /// Of texts: the field of the class; empty for `label` or `intent`.
    #[serde(default)]
    pub label: String,
    /// Of texts: a field and what it must be in rows that are read, as in `lang=en`; empty for all rows.
    #[serde(default)]
    pub only: String,
    /// Of texts: a further file to learn from; empty for none.
    #[serde(default)]
    pub also: String,
    /// Of texts: the field of spans over tokens; empty for tags or spans of characters.
    #[serde(default)]
    pub spans: String,
    /// Their field of the name.
    #[serde(default)]
    pub span_label: String,
    /// What their names end at; empty for whole names.
    #[serde(default)]
    pub span_until: String,
    /// What is learnt of spans within spans: `refused`, `outermost` or `innermost`.
    #[serde(default)]
    pub nested: String,
}

/// Settings of the section `data`.
pub fn data(formats: &'static [&'static str]) -> Section {
    Section {
        name: "data",
        settings: vec![
            Setting::required(
                "train",
                Takes::Text,
                "the file to learn from, relative to `--data`",
            ),
            Setting::new(
                "valid",
                Takes::Text,
                "",
                "the file to judge by; without it rows are split off",
            ),
            Setting::new(
                "format",
                Takes::Choice(formats),
                formats[0],
                "the format of the files",
            ),
            Setting::new(
                "group",
                Takes::Text,
                "",
                "the field that says whom or what a row comes from",
            ),
            Setting::new(
                "split_rows",
                Takes::Flag,
                false,
                "whether rows without a group may be split all the same",
            ),
            Setting::new(
                "split_percent",
                Takes::Number(1.0, 50.0),
                10,
                "percent of the rows to split off",
            ),
            Setting::new(
                "choose_percent",
                Takes::Number(0.0, 50.0),
                5,
                "percent of what is learnt from that chooses among epochs instead; 0 to take the last epoch",
            ),
            Setting::new("origin", Takes::Text, "own data", "where the data come from"),
            Setting::new("licence", Takes::Text, "not stated", "the licence of the data"),
        ],
    }
}

/// How long and how fast is learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Passes over the examples.
    pub epochs: usize,
    /// Highest learning rate.
    pub learning_rate: f32,
    /// Share of all steps over which the learning rate rises.
    pub warm_up: f32,
    /// Decay of weight matrices.
    pub weight_decay: f32,
    /// Largest norm of a gradient.
    pub gradient_norm_max: f32,
    /// Decay of the average of the weights.
    pub average_decay: f32,
    /// Epochs without a better judgement after which training ends; 0 for never.
    pub patience: usize,
    /// The figure that chooses among epochs.
    pub select: String,
    /// File of tensors to begin with instead of random ones, relative to the recipe; empty for none.
    pub start: String,
}

impl TrainSettings {
    /// These settings for one training.
    pub(crate) fn options(&self, start: &StartOptions, adaptation: Adaptation) -> TrainOptions {
        TrainOptions {
            seed: start.seed,
            epochs: start.epochs.unwrap_or(self.epochs),
            shards: start.shards,
            learning_rate: self.learning_rate,
            warm_up: self.warm_up,
            weight_decay: self.weight_decay,
            gradient_norm_max: self.gradient_norm_max,
            average_decay: self.average_decay,
            patience: self.patience,
            adaptation,
        }
    }
}

/// Settings of the section `train`; the figures are those that a task can choose by.
pub fn train(figures: &'static [&'static str]) -> Section {
    Section {
        name: "train",
        settings: vec![
            Setting::new("epochs", Takes::Whole(1, 100_000), 20, "passes over the examples"),
            Setting::new(
                "learning_rate",
                Takes::Number(1e-7, 1.0),
                2e-3,
                "the highest learning rate",
            ),
            Setting::new(
                "warm_up",
                Takes::Number(0.0, 1.0),
                0.05,
                "the share of all steps over which the learning rate rises; then it falls along half a cosine",
            ),
            Setting::new(
                "weight_decay",
                Takes::Number(0.0, 1.0),
                0.01,
                "decay of weight matrices (AdamW)",
            ),
            Setting::new(
                "gradient_norm_max",
                Takes::Number(1e-3, 1e6),
                1.0,
                "gradients longer than this are shortened to it",
            ),
            Setting::new(
                "average_decay",
                Takes::Number(0.0, 0.999_999),
                0.998,
                "decay of the average of the weights, which is the result",
            ),
            Setting::new(
                "patience",
                Takes::Whole(0, 100_000),
                0,
                "epochs without a better judgement after which training ends; 0 for never",
            ),
            Setting::new(
                "select",
                Takes::Choice(figures),
                figures[0],
                "the figure that chooses among epochs",
            ),
            Setting::new(
                "start",
                Takes::Text,
                "",
                "a file of tensors to begin with instead of random ones, relative to the recipe",
            ),
        ],
    }
}

/// What the card of the model says beside what is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardSettings {
    /// What the model is for.
    pub intended_use: String,
    /// What it must not be used for.
    pub must_not_be_used_for: Vec<String>,
}

/// Settings of the section `card`.
pub fn card() -> Section {
    Section {
        name: "card",
        settings: vec![
            Setting::required("intended_use", Takes::Text, "what the model is for"),
            Setting::new(
                "must_not_be_used_for",
                Takes::Texts,
                Vec::<String>::new(),
                "what the model must not be used for",
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(section: &Section) -> Map<String, Value> {
        let entry = |setting: &Setting| Some((setting.name.to_owned(), setting.default.clone()?));
        section.settings.iter().filter_map(entry).collect()
    }

    #[test]
    fn the_declared_settings_are_those_that_are_read() {
        let mut data = defaults(&data(&["jsonl"]));
        data.insert("train".to_owned(), Value::from("train.jsonl"));
        let mut card = defaults(&card());
        card.insert("intended_use".to_owned(), Value::from("tests"));
        let sections = [
            ("data", data),
            ("train", defaults(&train(&["accuracy"]))),
            ("card", card),
        ];
        let recipe = Recipe {
            name: "a".to_owned(),
            version: 1,
            about: String::new(),
            task: "b".to_owned(),
            seeds: vec![1],
            sections: sections.map(|(name, values)| (name.to_owned(), values)).into(),
        };
        assert_eq!(
            recipe.section::<DataSettings>("data").unwrap().train,
            "train.jsonl"
        );
        assert_eq!(
            recipe.section::<TrainSettings>("train").unwrap().select,
            "accuracy"
        );
        assert_eq!(
            recipe.section::<CardSettings>("card").unwrap().intended_use,
            "tests"
        );
        assert!(recipe.section::<CardSettings>("data").is_err());
    }
}
