//! The committed model on real recordings, where the data sets lie beside the project.

use std::path::PathBuf;

use burn::tensor::Device;
use motet_models::keyword::{Corpus, DataFolders, EvaluateOptions, Judged, KeywordModel, LABELS, evaluate};

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
    assert_eq!(model.labels(), LABELS);
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
    let options = EvaluateOptions {
        folders: DataFolders {
            data,
            synthetic: None,
        },
        threads: 1,
    };
    let evaluation = evaluate(&model, &options).unwrap();
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
    let folders = DataFolders {
        data,
        synthetic: None,
    };
    let (corpus, judged) = (Corpus::read(&folders).unwrap(), Judged::read(&folders).unwrap());
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
