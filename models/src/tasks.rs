//! The tasks there are, and the recipes that come with Motet.

use crate::bearing::BearingTask;
use crate::keyword::KeywordTask;
use crate::linear::LinearTask;
use crate::shift::ShiftTask;
use crate::speech::SpeechTask;
use crate::task::Task;
use crate::utterance::UtteranceTask;

/// Names of all tasks.
pub const TASKS: &[&str] = &["bearing", "keyword", "linear", "shift", "speech", "utterance"];

/// Name and text of each recipe that comes with Motet.
pub const RECIPES: &[(&str, &str)] = &[
    ("bc5cdr", include_str!("../recipes/bc5cdr.yaml")),
    ("bc5cdr-parts", include_str!("../recipes/bc5cdr-parts.yaml")),
    ("bearing", include_str!("../recipes/bearing.yaml")),
    ("clinc150", include_str!("../recipes/clinc150.yaml")),
    ("gpsr", include_str!("../recipes/gpsr.yaml")),
    ("huric", include_str!("../recipes/huric.yaml")),
    ("keep", include_str!("../recipes/keep.yaml")),
    ("keyword", include_str!("../recipes/keyword.yaml")),
    ("maintie", include_str!("../recipes/maintie.yaml")),
    ("names", include_str!("../recipes/names.yaml")),
    ("phones", include_str!("../recipes/phones.yaml")),
    ("relations", include_str!("../recipes/relations.yaml")),
    ("sections", include_str!("../recipes/sections.yaml")),
    ("skab", include_str!("../recipes/skab.yaml")),
    ("snips", include_str!("../recipes/snips.yaml")),
];

/// Files beside the recipes that come with Motet, by the name that recipes have for them.
pub const FILES: &[(&str, &[u8])] = &[
    (
        "../weights/embedding/front.safetensors",
        include_bytes!("../weights/embedding/front.safetensors"),
    ),
    (
        "../weights/words/table.safetensors",
        include_bytes!("../weights/words/table.safetensors"),
    ),
];

/// The task of a name.
pub fn task(name: &str) -> Option<&'static dyn Task> {
    match name {
        "bearing" => Some(&BearingTask),
        "keyword" => Some(&KeywordTask),
        "linear" => Some(&LinearTask),
        "shift" => Some(&ShiftTask),
        "speech" => Some(&SpeechTask),
        "utterance" => Some(&UtteranceTask),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_task() {
        for name in TASKS {
            assert_eq!(task(name).unwrap().name(), *name);
        }
        assert!(task("none").is_none());
    }
}
