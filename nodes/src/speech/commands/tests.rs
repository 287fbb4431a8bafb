use motet_models::speech::phones::BLANK;

use super::*;
use crate::model::ModelFolders;
use crate::trial::{Trial, Value};

const GRAMMAR_TEXT: &str = "\
grammar: 1
intents:
  go: [\"go to the {place}\"]
  stop: [stop]
slots:
  place: [hall, kitchen, garden]
";

fn kind(text: &str) -> (tempfile::TempDir, Commands) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("grammar.yaml"), text).unwrap();
    let sources = ModelSources {
        folders: ModelFolders {
            files: Some(folder.path().to_path_buf()),
            ..ModelFolders::default()
        },
        ..ModelSources::default()
    };
    (folder, Commands::new(sources))
}

fn row(label: usize) -> impl Iterator<Item = f32> {
    (0..OUTPUTS).map(move |at| if at == label { 9.0 } else { 0.0 })
}

/// Scores of a text between two seconds of silence.
fn spoken(text: &str) -> Vec<f32> {
    let phones = Lexicon::builtin().say(text).unwrap();
    let speech = phones
        .into_iter()
        .flat_map(|phone| row(usize::from(phone)).chain(row(BLANK)));
    let silence = || (0..50).flat_map(|_| row(BLANK));
    silence().chain(speech).chain(silence()).collect()
}

fn value(scores: Vec<f32>) -> Option<Value> {
    let units = u32::try_from(scores.len() / OUTPUTS).unwrap();
    Some(Value::F32(vec![units, dim(OUTPUTS)], scores))
}

#[test]
fn a_command_has_a_field_for_each_slot() {
    let (_folder, kind) = kind(GRAMMAR_TEXT);
    let trial = Trial::of(&kind)
        .text("grammar", "grammar.yaml")
        .input("scores", "f32[U<=1000, 40] rate=25Hz");
    assert_eq!(
        trial.types(),
        [
            "command: record{intent: utf8[T<=4], accepted: u8 range=0..1, confidence: f32 range=0..1, start: f32 unit=s, \
          end: f32 unit=s, count: i32, commands: utf8[T<=32768], weakest: f32 range=0..1, \
          place: utf8[T<=7]}"
        ]
    );
    let scores = [spoken("go to the kitchen"), spoken("stop")].concat();
    let outputs = trial.run(&[value(scores)]).unwrap();
    let command = outputs[0].as_ref().unwrap();
    assert_eq!(command.text(0).unwrap(), "go");
    assert_eq!(command.tensor::<u8>(1).unwrap(), [1]);
    // Two seconds, of which 400 ms were put before the sound.
    assert!((command.tensor::<f32>(3).unwrap()[0] - 1.6).abs() < 0.05);
    assert_eq!(command.tensor::<i32>(5).unwrap(), [2]);
    assert_eq!(command.text(8).unwrap(), "kitchen");
    let all: serde_json::Value = serde_json::from_str(command.text(6).unwrap()).unwrap();
    assert_eq!(all[0]["text"], "go to the kitchen");
    let slot = &all[0]["slots"][0];
    assert_eq!(slot["value"], "kitchen");
    assert!(slot["confidence"].as_f64().unwrap() > 0.99);
    assert_eq!(
        (&all[1]["intent"], &all[1]["accepted"]),
        (&"stop".into(), &true.into())
    );
}

#[test]
fn what_is_no_command_is_not_accepted_and_silence_is_nothing() {
    let (_folder, kind) = kind(GRAMMAR_TEXT);
    let trial = Trial::of(&kind)
        .text("grammar", "grammar.yaml")
        .input("scores", "f32[U<=1000, 40] rate=25Hz");
    let outputs = trial.run(&[value(spoken("play some music for me"))]).unwrap();
    let command = outputs[0].as_ref().unwrap();
    assert_eq!(command.tensor::<u8>(1).unwrap(), [0]);
    let silence: Vec<f32> = (0..100).flat_map(|_| row(BLANK)).collect();
    assert!(trial.run(&[value(silence)]).unwrap()[0].is_none());
    assert!(trial.run(&[value(Vec::new())]).unwrap()[0].is_none());
}

#[test]
fn a_command_with_a_value_that_is_not_sure_enough_is_not_accepted() {
    let (_folder, kind) = kind(GRAMMAR_TEXT);
    let accepted = |slot_threshold: f64, text: &str| {
        let trial = Trial::of(&kind)
            .text("grammar", "grammar.yaml")
            .with("threshold", ParamValue::Number(0.0))
            .with("slot_threshold", ParamValue::Number(slot_threshold))
            .input("scores", "f32[U<=1000, 40] rate=25Hz");
        let outputs = trial.run(&[value(spoken(text))]).unwrap();
        outputs[0].as_ref().unwrap().tensor::<u8>(1).unwrap()[0]
    };
    assert_eq!(accepted(0.0, "go to the castle"), 1);
    assert_eq!(accepted(0.3, "go to the castle"), 0);
    assert_eq!(accepted(0.3, "go to the garden"), 1);
    // Without a value, only the command counts.
    assert_eq!(accepted(1.0, "stop"), 1);
}

#[test]
fn faults_of_the_grammar_are_those_of_the_node_that_names_it() {
    let check = |text: &str, expected: &str| {
        let (_folder, kind) = kind(text);
        let trial = Trial::of(&kind)
            .text("grammar", "grammar.yaml")
            .input("scores", "f32[U<=1000, 40] rate=25Hz");
        let fault = &trial.faults()[0];
        let place = fault
            .elsewhere
            .as_ref()
            .map(|(span, _)| span.source.line_and_column(span.range.start));
        let code = fault.code.map_or("", |code| code.0);
        assert_eq!(format!("{code} {place:?} {}", fault.message), expected);
    };
    check(
        &GRAMMAR_TEXT.replace("{place}", "{plase}"),
        "MT0602 Some((3, 20)) in the grammar `grammar.yaml`: there is no slot `plase`",
    );
    check(
        &GRAMMAR_TEXT.replace("{place}", "{place:start}"),
        "MT0610 Some((3, 19)) in the grammar `grammar.yaml`: `start` is the name of a slot and of a field of every command",
    );
    let (folder, kind) = kind(GRAMMAR_TEXT);
    std::fs::remove_file(folder.path().join("grammar.yaml")).unwrap();
    let trial = Trial::of(&kind)
        .text("grammar", "grammar.yaml")
        .input("scores", "f32[U<=1000, 40] rate=25Hz");
    assert!(trial.faults()[0].message.contains("cannot be read"));
    let (_folder, kind) = self::kind(GRAMMAR_TEXT);
    let trial = Trial::of(&kind)
        .text("grammar", "grammar.yaml")
        .input("scores", "f32[U<=1000, 41] rate=25Hz");
    assert!(
        trial.faults()[0]
            .message
            .contains("commands are found in `f32[U, 40]`")
    );
}
