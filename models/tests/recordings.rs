//! The committed model on real recordings, where the data sets lie beside the project.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::path::PathBuf;

use burn::tensor::Device;
use motet_models::keyword::{DataSettings, Heard, Judged, KeywordModel, Sets};
use motet_models::task::Sources;

/// What the recipe of the committed model says of its data.
fn settings(model: &KeywordModel) -> DataSettings {
    let recipe = model.card().recipe.as_ref().unwrap();
    recipe.section("data").unwrap()
}

/// Returns the folder of the data sets, or says that `test` is skipped.
fn data_folder(test: &str) -> Option<PathBuf> {
    #[allow(
        clippy::disallowed_methods,
        reason = "only a test asks the environment where the data sets lie"
    )]
    let named = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = named.unwrap_or(beside).join("data");
    if folder.join("wakewords").is_dir() {
        return Some(folder);
    }
    #[allow(clippy::print_stdout, reason = "a skipped test says so by name")]
    {
        println!("skipped `{test}`: there is no `{}`", folder.display());
    }
    None
}

#[test]
fn the_committed_model_is_sound_and_small() {
    let model = KeywordModel::builtin(&Device::flex()).unwrap();
    let labels = [
        "none",
        "alexa",
        "computer",
        "jarvis",
        "smart_mirror",
        "snowboy",
        "view_glass",
    ];
    assert_eq!(model.labels(), labels);
    assert!(model.card().weights.bytes < 1 << 20);
    assert!((20_000..100_000).contains(&model.card().weights.parameters));
    assert!(!model.card().must_not_be_used_for.is_empty());
    assert!(!model.card().metrics.is_empty());
}

#[test]
fn the_committed_model_is_right_on_unseen_voices() {
    let Some(data) = data_folder("the_committed_model_is_right_on_unseen_voices") else {
        return;
    };
    let model = KeywordModel::builtin(&Device::flex()).unwrap();
    let judged = Judged::read(&settings(&model), &data, None, model.labels()).unwrap();
    let evaluation = Heard::by(&model, &judged, 1).unwrap().evaluation(&model);
    assert!(evaluation.clips.accuracy() > 0.985, "{}", evaluation.clips);
    assert!(evaluation.stream.recall() > 0.95, "{}", evaluation.stream);
    assert!(
        evaluation.false_alarms[0].alarms <= 1,
        "{}",
        evaluation.false_alarms[0]
    );
}

#[test]
fn no_voice_is_both_heard_and_judged() {
    let Some(data) = data_folder("no_voice_is_both_heard_and_judged") else {
        return;
    };
    let model = KeywordModel::builtin(&Device::flex()).unwrap();
    let sources = Sources {
        data,
        ..Sources::default()
    };
    let Sets {
        labels,
        corpus,
        judged,
        ..
    } = Sets::read(&settings(&model), &sources, 1).unwrap();
    assert_eq!(labels, model.labels());
    assert_eq!((corpus.keywords.len(), judged.keywords.len()), (1_446, 231));
    for heard in &corpus.sentences {
        assert!(
            judged.sentences.iter().all(|kept| kept.group != heard.group),
            "voice {}",
            heard.group
        );
    }
    for heard in &corpus.keywords {
        assert!(
            judged.keywords.iter().all(|kept| kept.group != heard.group),
            "voice {}",
            heard.group
        );
    }
}
