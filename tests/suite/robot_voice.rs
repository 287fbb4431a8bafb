//! The pipeline `robot-voice`: spoken orders by two grammars, on machine voices and on people.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use motet::{ExecutorChoice, Pipeline, Value};
use serde_json::Value as Json;

use crate::shared::shared;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pipelines")
        .join(name)
}

fn pipeline(name: &str, executor: ExecutorChoice) -> Pipeline {
    Pipeline::builder()
        .workers(2)
        .executor(executor)
        .open(folder(name))
        .unwrap()
}

/// The command in each recording; none where nobody speaks.
fn commands(name: &str, executor: ExecutorChoice, clips: &[PathBuf]) -> Vec<Option<Value>> {
    let mut runner = pipeline(name, executor).runner().unwrap();
    let mut hear = |clip: &PathBuf| {
        let request = runner.request([("mic", clip.to_string_lossy())]).unwrap();
        runner.run(&request).unwrap().value("command")
    };
    clips.iter().map(&mut hear).collect()
}

fn field(command: &Value, name: &str) -> String {
    match command.field(name) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::U8 { data, .. }) => data[0].to_string(),
        Some(other) => panic!("{name} is {other:?}"),
        None => panic!("no field {name}"),
    }
}

fn inputs(names: &[&str]) -> Vec<PathBuf> {
    names
        .iter()
        .map(|name| folder("robot-voice").join("inputs").join(name))
        .collect()
}

#[test]
fn the_samples_are_answered_as_the_pipelines_say() {
    for name in ["robot-voice", "car-voice"] {
        let pipeline = pipeline(name, ExecutorChoice::Parallel);
        let mut runner = pipeline.runner().unwrap();
        for test in 0..pipeline.spec().tests.len() {
            let result = pipeline.test(&mut runner, test);
            assert!(result.passed, "{result:?}");
        }
    }
}

#[test]
fn the_grammar_and_the_pipeline_of_the_page_hold() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/voice.md")).unwrap();
    let blocks: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let lamp = tempfile::tempdir().unwrap();
    fs::write(lamp.path().join("lamp.yaml"), blocks[0]).unwrap();
    fs::write(lamp.path().join("pipeline.yaml"), blocks[1]).unwrap();
    let pipeline = Pipeline::open(lamp.path()).unwrap();
    assert!(pipeline.warnings().is_empty());
    // What the grammar does not say is heard, and not accepted.
    let mut runner = pipeline.runner().unwrap();
    let clip = inputs(&["latte.flac"]).swap_remove(0);
    let request = runner.request([("mic", clip.to_string_lossy())]).unwrap();
    let command = runner.run(&request).unwrap().value("command").unwrap();
    assert_eq!(field(&command, "accepted"), "0");
    assert!(["switch", "dim"].contains(&field(&command, "intent").as_str()));
}

#[test]
fn what_another_grammar_says_is_turned_away_and_silence_is_nothing() {
    let found = commands(
        "car-voice",
        ExecutorChoice::Sequential,
        &inputs(&["latte.flac", "espresso.flac", "silence.wav"]),
    );
    let accepted: Vec<Option<String>> = found
        .iter()
        .map(|command| command.as_ref().map(|command| field(command, "accepted")))
        .collect();
    assert_eq!(accepted, [Some("0".to_owned()), Some("0".to_owned()), None]);
}

#[test]
fn every_executor_hears_the_same() {
    let clips = inputs(&["two-orders.flac", "other-speech.flac", "silence.wav"]);
    let sequential = commands("robot-voice", ExecutorChoice::Sequential, &clips);
    for executor in [ExecutorChoice::Parallel, ExecutorChoice::Simulated(3)] {
        assert_eq!(commands("robot-voice", executor, &clips), sequential);
    }
}

#[test]
fn people_who_were_never_trained_on_are_understood() {
    let Some(folder) = shared("people_who_were_never_trained_on_are_understood", "data/barista") else {
        return;
    };
    let text = fs::read_to_string(folder.join("valid.jsonl")).unwrap();
    let rows: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let clips: Vec<PathBuf> = rows
        .iter()
        .map(|row| folder.join(row["file"].as_str().unwrap()))
        .collect();
    let found = commands("robot-voice", ExecutorChoice::Sequential, &clips);
    let slots = [
        "size",
        "roast",
        "number_of_shots",
        "coffee_drink",
        "milk_amount",
        "sugar_amount",
    ];
    let right = rows.iter().zip(&found).filter(|(row, command)| {
        let Some(command) = command else { return false };
        let said = slots.map(|slot| (slot, field(command, slot)));
        let said: BTreeMap<String, String> = said
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(slot, value)| (slot.replace('_', ""), value))
            .collect();
        let expected = row["slots"].as_object().unwrap().iter();
        let expected: BTreeMap<String, String> = expected
            .map(|(slot, value)| (slot.to_lowercase(), value.as_str().unwrap().to_owned()))
            .collect();
        said == expected && field(command, "accepted") == "1"
    });
    // Of 64; a weaker model or search falls below.
    let right = right.count();
    assert!(right >= 58, "{right} of {} commands are fully right", rows.len());
}
