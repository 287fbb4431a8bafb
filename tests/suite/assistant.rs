//! The assistant, from a text to an action: the way with random weights, the answers with the trained ones where they
//! come along.

use std::path::{Path, PathBuf};

use motet::{ExecutorChoice, Pipeline, Value};

use crate::stand_in;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipelines/assistant")
}

const OUTPUTS: [&str; 4] = ["answer", "sentence", "intent", "slots"];

/// The outputs of the pipeline with random weights, which abstain below `threshold`, for each text.
fn answers(threshold: f32, executor: ExecutorChoice, texts: &[&str]) -> Vec<[Option<Value>; 4]> {
    let models = tempfile::tempdir().unwrap();
    stand_in::snips(models.path(), threshold);
    let pipeline = Pipeline::builder()
        .models(models.path())
        .workers(2)
        .executor(executor)
        .open(folder())
        .unwrap();
    let mut runner = pipeline.runner().unwrap();
    let mut answer = |text: &&str| {
        let request = runner.request([("text", *text)]).unwrap();
        let response = runner.run(&request).unwrap();
        assert_eq!(response.failure(), None, "{text}");
        OUTPUTS.map(|output| response.value(output))
    };
    texts.iter().map(&mut answer).collect()
}

fn text(value: &Option<Value>, field: &str) -> String {
    match value.as_ref().and_then(|value| value.field(field)) {
        Some(Value::Text(text)) => text.clone(),
        other => panic!("no text in {other:?}"),
    }
}

#[test]
fn the_assistant_answers_every_text_in_the_same_way_under_every_executor() {
    let long = "one ".repeat(128);
    let texts = [
        "play some jazz",
        "\u{e9}t\u{e9} \u{1f600} \u{ff22}\u{ff2f}\u{ff2f}\u{ff2b}",
        "?!",
        &long,
        " ",
    ];
    let sequential = answers(-1e9, ExecutorChoice::Sequential, &texts);
    for executor in [ExecutorChoice::Parallel, ExecutorChoice::Simulated(3)] {
        assert_eq!(answers(-1e9, executor, &texts), sequential);
    }
    assert_eq!(text(&sequential[3][0], "action"), "shorten");
    assert_eq!(text(&sequential[4][0], "action"), "wait");
    assert_eq!(sequential[4][1..], [None, None, None]);
}

#[test]
fn a_model_that_abstains_is_heard_by_the_rules_before_anything_else() {
    let texts = ["play some jazz", &"one ".repeat(128)];
    for [answer, _, intent, _] in answers(1e9, ExecutorChoice::Sequential, &texts) {
        assert_eq!(text(&answer, "action"), "refuse");
        assert_eq!(text(&intent, "label"), "none");
    }
}

#[test]
fn the_tests_of_the_assistant_hold_with_the_model_that_comes_along() {
    if motet_models::builtin::ALL
        .iter()
        .all(|model| model.name != "snips")
    {
        eprintln!("skipped: `snips@1` does not come along");
        return;
    }
    let pipeline = Pipeline::open(folder()).unwrap();
    let mut runner = pipeline.runner().unwrap();
    for (number, test) in pipeline.spec().tests.iter().enumerate() {
        let result = pipeline.test(&mut runner, number);
        assert!(result.passed, "{}: {result:?}", test.name);
    }
}
