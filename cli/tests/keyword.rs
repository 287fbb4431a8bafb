//! `motet train` and `eval` on recordings of one's own, made here.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::f32::consts::TAU;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

const RECIPE: &str = "\
recipe: 1
name: tones
about: Tells two falling tones apart.
task: keyword
data: {train: words.jsonl, group: voice, split_percent: 30}
net: {window_frames: 60, channels: 8, stem_kernel: 3, kernel: 3, dilations: [1]}
lesson: {batch: 8, keyword_passes: 2, none: 8, folds: 2}
train: {epochs: 2, learning_rate: 0.01, average_decay: 0.5}
card: {intended_use: tests}
";

/// A WAV file of 16-bit samples at 16 kHz: two tones, one after the other.
fn wav(hz: f32) -> Vec<u8> {
    let sample = |index: u16| {
        let hz = if index < 4_000 { hz } else { 0.5 * hz };
        let value = 8_000.0 * (TAU * hz * f32::from(index) / 16_000.0).sin();
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the value is within the range of i16"
        )]
        let value = value as i16;
        value.to_le_bytes()
    };
    let data: Vec<u8> = (0..8_000_u16).flat_map(sample).collect();
    let length = u32::try_from(data.len()).unwrap();
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([16_000_u32, 32_000].map(u32::to_le_bytes).concat());
    file.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}

/// A folder with a recipe and the recordings of six voices.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tones.yaml"), RECIPE).unwrap();
    let mut manifest = String::new();
    for voice in 0..6_u16 {
        for (label, hz) in [("high", 1_800.0), ("low", 500.0), ("none", 90.0)] {
            let file = format!("{label}-{voice}.wav");
            let pitch = 1.0 + 0.03 * f32::from(voice);
            fs::write(folder.path().join(&file), wav(hz * pitch)).unwrap();
            let line = json!({"file": file, "label": label, "voice": voice});
            writeln!(manifest, "{line}").unwrap();
        }
    }
    fs::write(folder.path().join("words.jsonl"), manifest).unwrap();
    folder
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn motet(folder: &Path, arguments: &[&str]) -> Ran {
    let done = Command::new(env!("CARGO_BIN_EXE_motet"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("MOTET_LOG")
        .output()
        .unwrap();
    Ran {
        code: done.status.code(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

fn train(folder: &Path, out: &str, more: &[&str]) -> Ran {
    let train = [
        "train",
        "tones.yaml",
        "--data",
        ".",
        "--threads",
        "1",
        "--out",
        out,
    ];
    motet(folder, &[&train[..], more].concat())
}

#[test]
fn own_words_are_trained_measured_and_trained_further() {
    let folder = folder();
    let trained = train(folder.path(), "model", &[]);
    assert_eq!(trained.code, Some(0), "{}", trained.err);
    for part in ["fold 0 epoch 2/2", "seed 1 epoch 2/2"] {
        assert!(trained.err.contains(part), "{}", trained.err);
    }
    assert!(
        trained.out.contains("calibrated on unseen voices"),
        "{}",
        trained.out
    );
    let card = fs::read_to_string(folder.path().join("model/card.yaml")).unwrap();
    for part in [
        "- none\n  - high\n  - low\n",
        "task: keyword",
        "words.jsonl",
        "fold 0 of 2",
    ] {
        assert!(card.contains(part), "{part} is not in {card}");
    }
    assert_eq!(motet(folder.path(), &["models", "verify", "."]).code, Some(0));

    let eval = ["eval", "model", "--data", "words.jsonl", "--format", "json"];
    let measured = motet(folder.path(), &eval);
    assert_eq!(measured.code, Some(0), "{}", measured.err);
    let evaluation: Json = serde_json::from_str(&measured.out).unwrap();
    assert_eq!(evaluation["metrics"][0]["name"], "accuracy of clips");
    assert_eq!(evaluation["confusion"]["labels"], json!(["none", "high", "low"]));
    assert_eq!(evaluation["costs"][0]["precision"], "f32");
    // The recipe of the model names nothing to judge by.
    let refused = motet(folder.path(), &["eval", "model", "--data", "."]);
    assert!(refused.err.contains("MT0508"), "{}", refused.err);

    for options in [
        &["--freeze", "encoder"][..],
        &["--lora", "2"],
        &["--budget", "1min"],
    ] {
        let tuned = train(
            folder.path(),
            "tuned",
            &[&["--from", "model"][..], options].concat(),
        );
        assert_eq!(tuned.code, Some(0), "{options:?} {}", tuned.err);
    }
    let again = train(folder.path(), "model", &["--resume"]);
    assert!(again.out.contains("fold 0: going on after step"), "{}", again.out);
    let resumed = fs::read_to_string(folder.path().join("model/card.yaml")).unwrap();
    assert_eq!(resumed, card, "nothing was left to do");
}

#[test]
fn bad_manifests_are_named_with_file_and_line() {
    let folder = folder();
    let manifest = fs::read_to_string(folder.path().join("words.jsonl")).unwrap();
    let check = |name: &str, manifest: &str, parts: &[&str]| {
        fs::write(folder.path().join("words.jsonl"), manifest).unwrap();
        let refused = train(folder.path(), "model", &[]);
        assert_eq!(refused.code, Some(2), "{name}: {}", refused.err);
        for part in parts {
            assert!(
                refused.err.contains(part),
                "{name}: {part} is not in {}",
                refused.err
            );
        }
    };
    let missing = manifest.replace("low-1.wav", "low-9.wav");
    check("no file", &missing, &["MT0501", "words.jsonl:5", "low-9.wav"]);
    check(
        "no voice",
        &manifest.replace("voice", "speaker"),
        &["MT0502", "voice"],
    );
    let none = manifest
        .replace("\"high\"", "\"none\"")
        .replace("\"low\"", "\"none\"");
    check("no word", &none, &["MT0501"]);
    let recipe = RECIPE.replace("kernel: 3, dil", "kernel: 4, dil");
    fs::write(folder.path().join("tones.yaml"), recipe).unwrap();
    check("even", &manifest, &["MT0509", "tones.yaml", "kernel"]);
}
