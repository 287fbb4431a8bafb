//! Reads recipes: the settings that a task declares, checked like a pipeline file.

use std::collections::BTreeMap;
use std::sync::Arc;

use motet_core::catalog::{ParamSpec, ParamType, ParamValue, Params};
use motet_core::diagnostic::{Diagnostics, Source};
use motet_core::spec::{Sheet, SheetSection};
use motet_models::recipe::{Recipe, Section, Setting, Takes, head};
use motet_models::tasks::{TASKS, task};
use serde_json::{Map, Value};

/// A recipe with its text, so that what turns out wrong later can still be shown where it stands.
#[derive(Clone, Debug)]
pub struct ReadRecipe {
    /// The recipe.
    pub recipe: Recipe,
    /// The text.
    pub sheet: Sheet,
}

/// Reads a recipe.
///
/// # Errors
/// Every fault of form, each with its place in the text.
pub fn read(source: Arc<Source>) -> Result<ReadRecipe, Diagnostics> {
    let head: Vec<ParamSpec> = head(TASKS).iter().map(declared).collect();
    let sections = |head: &Params| -> Vec<SheetSection> {
        let Some(task) = head.text("task").and_then(task) else {
            return Vec::new();
        };
        task.sections().iter().map(section).collect()
    };
    let sheet = Sheet::read(source, "a recipe", &head, &sections)?;
    let text = |name: &str| sheet.head.text(name).unwrap_or_default().to_owned();
    let seeds = match sheet.head.get("seeds") {
        Some(ParamValue::Integers(seeds)) => seeds.iter().map(|seed| seed.unsigned_abs()).collect(),
        _ => vec![1],
    };
    let version = sheet
        .head
        .integer("version")
        .and_then(|version| u32::try_from(version).ok());
    let sections = sheet
        .sections
        .iter()
        .map(|(name, params)| (name.clone(), values(params)));
    Ok(ReadRecipe {
        recipe: Recipe {
            name: text("name"),
            version: version.unwrap_or(1),
            about: text("about"),
            task: text("task"),
            seeds,
            sections: sections.collect::<BTreeMap<_, _>>(),
        },
        sheet,
    })
}

fn section(section: &Section) -> SheetSection {
    SheetSection {
        name: section.name,
        entries: section.settings.iter().map(declared).collect(),
    }
}

fn declared(setting: &Setting) -> ParamSpec {
    ParamSpec {
        name: setting.name,
        param_type: match setting.takes {
            Takes::Whole(min, max) => ParamType::Integer { min, max },
            Takes::Number(min, max) => ParamType::Number { min, max },
            Takes::Wholes(min, max) => ParamType::Integers { min, max },
            Takes::Flag => ParamType::Flag,
            Takes::Text => ParamType::Text,
            Takes::Texts => ParamType::Texts,
            Takes::Choice(words) => ParamType::Choice(words),
        },
        default: setting
            .default
            .as_ref()
            .and_then(|value| default(&setting.takes, value)),
        about: setting.about,
    }
}

/// A default as a parameter has it; none for a value that does not fit, which a test finds.
fn default(takes: &Takes, value: &Value) -> Option<ParamValue> {
    let list = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    Some(match takes {
        Takes::Whole(..) => ParamValue::Integer(value.as_i64()?),
        Takes::Number(..) => ParamValue::Number(value.as_f64()?),
        Takes::Wholes(..) => ParamValue::Integers(list().iter().filter_map(Value::as_i64).collect()),
        Takes::Flag => ParamValue::Flag(value.as_bool()?),
        Takes::Text | Takes::Choice(_) => ParamValue::Text(value.as_str()?.to_owned()),
        Takes::Texts => {
            let texts = list().iter().filter_map(Value::as_str).map(str::to_owned);
            ParamValue::Texts(texts.collect())
        }
    })
}

fn values(params: &Params) -> Map<String, Value> {
    let value = |value: &ParamValue| match value {
        ParamValue::Integer(value) => Value::from(*value),
        ParamValue::Number(value) => Value::from(*value),
        ParamValue::Flag(value) => Value::from(*value),
        ParamValue::Text(value) => Value::from(value.as_str()),
        ParamValue::Texts(values) => Value::from(values.clone()),
        ParamValue::Integers(values) => Value::from(values.clone()),
        ParamValue::Duration(value) => Value::from(value.as_secs_f64()),
        ParamValue::Frequency(value) | ParamValue::Memory(value) => Value::from(*value),
    };
    params
        .iter()
        .map(|(name, param)| (name.to_owned(), value(param)))
        .collect()
}

#[cfg(test)]
mod tests {
    use motet_models::tasks::RECIPES;

    use super::*;

    fn check(text: &str) -> Result<Recipe, String> {
        let read = read(Source::new("recipe.yaml", text));
        read.map(|read| read.recipe).map_err(|faults| {
            let lines = faults.iter().map(|fault| {
                let span = fault.labels.first().map(|label| label.span.to_string());
                let help = fault.help.as_deref().unwrap_or_default();
                format!(
                    "{} {} {}; {help}",
                    span.unwrap_or_default(),
                    fault.code.0,
                    fault.message
                )
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    const SOUND: &str =
        "recipe: 1\nname: a\nabout: b\ntask: utterance\ndata: {train: t.jsonl}\ncard: {intended_use: c}\n";

    #[test]
    fn every_recipe_that_comes_with_motet_is_sound() {
        for (name, text) in RECIPES {
            let recipe = check(text).unwrap();
            assert!(!recipe.name.is_empty(), "{name}");
        }
    }

    #[test]
    fn every_default_fits_what_its_setting_takes() {
        let mut settings = head(TASKS);
        for name in TASKS {
            let sections = task(name).unwrap().sections();
            settings.extend(sections.into_iter().flat_map(|section| section.settings));
        }
        for setting in settings {
            assert_eq!(
                setting.default.is_some(),
                declared(&setting).default.is_some(),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        let recipe = check(SOUND).unwrap();
        assert_eq!((recipe.version, recipe.seeds), (1, vec![1]));
        assert_eq!(recipe.sections["train"]["epochs"], 20);
        assert_eq!(recipe.sections["data"]["train"], "t.jsonl");
    }

    #[test]
    fn faults_are_shown_together_with_their_places_and_the_nearest_names() {
        let faulty = SOUND
            .replace("task: utterance", "task: utterances")
            .replace("card:", "kard:");
        insta::assert_snapshot!(check(&faulty).unwrap_err(), @r#"
        recipe.yaml:4:7 MT0113 `task`: expected one of bearing, keyword, linear, shift, speech, utterance, found `utterances`; did you mean `utterance`?
        "#);
        let faulty = format!(
            "{SOUND}train: {{epoch: 3, learning_rate: fast}}\nlesson: {{batch: 0, scope: odd}}\nnet: 4\n"
        );
        insta::assert_snapshot!(check(&faulty).unwrap_err(), @r#"
        recipe.yaml:7:9 MT0111 `train` has no entry `epoch`; did you mean `epochs`?
        recipe.yaml:7:34 MT0113 `learning_rate`: expected a number from 0.0000001 to 1, found `fast`; `learning_rate` is the highest learning rate
        recipe.yaml:8:17 MT0113 `batch`: expected a whole number from 1 to 4096, found the number `0`; `batch` is utterances of a step
        recipe.yaml:8:27 MT0113 `scope`: expected one of energy, odds, found `odd`; did you mean `odds`?
        recipe.yaml:9:6 MT0113 expected a mapping with splitting, words_max, rows, per_word, prefix_max, suffix_max, piece_min, piece_max, cased, embedding, width, dilations, heads, gram_rows, found the number `4`; put it in quotes if it is meant as text
        "#);
        insta::assert_snapshot!(check("recipe: 1\ntask: utterance\n").unwrap_err(), @r#"
        recipe.yaml:1:1 MT0112 a recipe has no entry `about`; add `about: ...`
        recipe.yaml:1:1 MT0112 a recipe has no entry `card`; add `card: {intended_use: ...}`
        recipe.yaml:1:1 MT0112 a recipe has no entry `data`; add `data: {train: ...}`
        recipe.yaml:1:1 MT0112 a recipe has no entry `name`; add `name: ...`
        "#);
        insta::assert_snapshot!(check("- recipe").unwrap_err(), @r#"
        recipe.yaml:1:1 MT0113 expected a mapping with recipe, name, version, about, task, seeds, found a list; write entries as `name: value`, without `-` before them
        "#);
    }
}
