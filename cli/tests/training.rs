//! `motet train`, `eval` and `models` as their users see them, on sentences made here.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value as Json, json};

const RECIPE: &str = "\
recipe: 1
name: orders
about: Tells orders of music from questions about the weather.
task: utterance
data: {train: train.jsonl, valid: valid.jsonl, choose_percent: 0}
net: {rows: 256, per_word: 8, embedding: 8, width: 12, dilations: [1], heads: 2, words_max: 12}
lesson: {batch: 8, dropout: 0.1}
train: {epochs: 6, learning_rate: 0.02, average_decay: 0.9}
card: {intended_use: tests}
";

/// A folder with a recipe and examples; the first argument of [`ran`].
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("orders.yaml"), RECIPE).unwrap();
    for (part, values) in [
        ("train", ["jazz", "rock", "bjork", "can"]),
        ("valid", ["soul", "folk", "abba", "blur"]),
    ] {
        let mut text = String::new();
        for (row, value) in values.iter().cycle().take(24).enumerate() {
            let (words, intent, tags) = match row % 2 {
                0 => (
                    format!("play {value} now {row}"),
                    "music",
                    ["O", "B-what", "O", "O"],
                ),
                _ => (
                    format!("rain in {value} {row}"),
                    "weather",
                    ["O", "O", "B-where", "O"],
                ),
            };
            let line =
                json!({"tokens": words.split(' ').collect::<Vec<_>>(), "intent": intent, "slots": tags});
            writeln!(text, "{line}").unwrap();
        }
        fs::write(folder.path().join(format!("{part}.jsonl")), text).unwrap();
    }
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

const TRAIN: [&str; 8] = [
    "train",
    "orders.yaml",
    "--data",
    ".",
    "--out",
    "model",
    "--threads",
    "1",
];

/// Measures a trained model again, after its card was changed.
fn precisions_are_recorded_in_the_card(folder: &Path) {
    let path = folder.join("model/card.yaml");
    let shipped = fs::read_to_string(&path).unwrap();
    assert_eq!(shipped.matches("p95_ms: ").count(), 3, "{shipped}");
    fs::write(&path, shipped.replace("cpu: ", "cpu: none, not ")).unwrap();
    let recorded = motet(folder, &["eval", "model", "--data", "valid.jsonl", "--record"]);
    assert_eq!(recorded.code, Some(0), "{}", recorded.err);
    let without_times = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains("_ms: "));
        lines.map(str::to_owned).collect()
    };
    let again = fs::read_to_string(&path).unwrap();
    assert_eq!(without_times(&again), without_times(&shipped));
}

#[test]
fn a_model_is_trained_measured_listed_and_verified() {
    let folder = folder();
    let trained = motet(folder.path(), &TRAIN);
    assert_eq!(trained.code, Some(0), "{}", trained.err);
    assert!(trained.out.contains("24 train, 24 valid"), "{}", trained.out);
    assert!(trained.out.contains("all slots right, valid"), "{}", trained.out);
    assert!(trained.err.contains("epoch 6/6"), "{}", trained.err);

    let eval = [
        "eval",
        "model",
        "--data",
        "valid.jsonl",
        "--train",
        "train.jsonl",
        "--report",
        "page.html",
    ];
    let measured = motet(folder.path(), &[&eval[..], &["--format", "json"]].concat());
    assert_eq!(measured.code, Some(0), "{}", measured.err);
    let evaluation: Json = serde_json::from_str(&measured.out).unwrap();
    let names: Vec<&str> = evaluation["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "intent accuracy, in scope",
            "slot F1",
            "all slots right",
            "intent and all slots right"
        ]
    );
    assert!(evaluation["metrics"][0]["baseline"]["value"].as_f64().unwrap() > 0.9);
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("orders@1") && !page.contains("<script"));
    let table = motet(folder.path(), &eval);
    assert!(
        table.out.contains("TF-IDF and linear SVM; CRF") && table.out.contains("int8"),
        "{}",
        table.out
    );

    precisions_are_recorded_in_the_card(folder.path());
    let listed = motet(folder.path(), &["models", "list", "."]);
    assert!(listed.out.contains("orders@1"), "{}", listed.out);
    let shown = motet(folder.path(), &["models", "show", "model"]);
    for part in [
        "intended_use: tests",
        "manifest_sha256",
        "precision: int8",
        "temperature",
        "learning_rate: 0.02",
    ] {
        assert!(shown.out.contains(part), "{part} is not in {}", shown.out);
    }
    assert_eq!(motet(folder.path(), &["models", "verify", "."]).code, Some(0));
    let weights = folder.path().join("model/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let refused = motet(folder.path(), &["models", "verify", "."]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.out.contains("MT0506"), "{}", refused.out);
    let refused = motet(folder.path(), &eval);
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("MT0506"), "{}", refused.err);
}

#[test]
fn a_model_is_fine_tuned_with_other_labels() {
    let folder = folder();
    assert_eq!(motet(folder.path(), &TRAIN).code, Some(0));
    let other = fs::read_to_string(folder.path().join("train.jsonl"))
        .unwrap()
        .replace("\"weather\"", "\"forecast\"");
    fs::write(folder.path().join("own.jsonl"), other).unwrap();
    for options in [&["--freeze", "encoder"][..], &["--lora", "2"], &[]] {
        let tuned = [
            "train",
            "orders.yaml",
            "--data",
            "own.jsonl",
            "--valid",
            "own.jsonl",
            "--from",
            "model",
            "--out",
            "tuned",
        ];
        let tuned = motet(folder.path(), &[&tuned[..], options].concat());
        assert_eq!(tuned.code, Some(0), "{options:?} {}", tuned.err);
        let shown = motet(folder.path(), &["models", "show", "tuned"]);
        assert!(shown.out.contains("forecast"), "{}", shown.out);
    }
}

#[test]
fn killed_at_any_moment_the_last_checkpoint_goes_on() {
    let folder = folder();
    let recipe = RECIPE.replace("epochs: 6", "epochs: 400");
    fs::write(folder.path().join("orders.yaml"), recipe).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_motet"))
        .args(TRAIN)
        .current_dir(folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let checkpoint = folder.path().join("model/seed-1.checkpoint");
    let (send, receive) = std::sync::mpsc::channel::<()>();
    while !checkpoint.exists() && child.try_wait().unwrap().is_none() {
        // Nobody sends: this waits, and looks again.
        let _ = receive.recv_timeout(Duration::from_millis(5));
    }
    drop(send);
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = motet(
        folder.path(),
        &[&TRAIN[..], &["--resume", "--budget", "2s"]].concat(),
    );
    assert_eq!(resumed.code, Some(0), "{}", resumed.err);
    assert!(resumed.out.contains("going on after step"), "{}", resumed.out);
    // Another recipe is not gone on with.
    fs::write(
        folder.path().join("orders.yaml"),
        RECIPE.replace("width: 12", "width: 16"),
    )
    .unwrap();
    let refused = motet(folder.path(), &[&TRAIN[..], &["--resume"]].concat());
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("MT0504"), "{}", refused.err);
}

/// Trains on these rows and expects to be refused with these words, and the model that was there to be still there.
fn refused(folder: &Path, name: &str, (rows, more): (&[u8], &[&str]), parts: &[&str]) {
    fs::create_dir_all(folder.join("model")).unwrap();
    fs::write(folder.join("model/card.yaml"), "precious").unwrap();
    fs::write(folder.join("train.jsonl"), rows).unwrap();
    let refused = motet(folder, &[&TRAIN[..], more].concat());
    assert_eq!(refused.code, Some(2), "{name}: {}", refused.err);
    for part in parts {
        assert!(
            refused.err.contains(part),
            "{name}: `{part}` is not in {}",
            refused.err
        );
    }
    let kept = fs::read(folder.join("model/card.yaml")).unwrap();
    assert_eq!(kept, b"precious", "{name}");
}

#[test]
fn bad_rows_are_named_with_file_and_line_and_nothing_is_lost() {
    let folder = folder();
    let train = fs::read(folder.path().join("train.jsonl")).unwrap();
    let replaced = |from: &str, to: &str| {
        String::from_utf8(train.clone())
            .unwrap()
            .replace(from, to)
            .into_bytes()
    };
    let with = |line: &[u8]| [&train[..], line, b"\n"].concat();
    let check = |name: &str, rows: &[u8], parts: &[&str]| refused(folder.path(), name, (rows, &[]), parts);
    let short = br#"{"tokens": ["play", "it"], "intent": "music", "slots": ["O"]}"#;
    check("lengths", &with(short), &["MT0501", "train.jsonl:25"]);
    let tag = br#"{"tokens": ["play", "it"], "intent": "music", "slots": ["O", "X"]}"#;
    check("tag", &with(tag), &["MT0501", "train.jsonl:25"]);
    check(
        "utf-8",
        &with(b"{\"text\": \"\xff\"}"),
        &["MT0501", "train.jsonl:25", "UTF-8"],
    );
    check("empty", b"", &["MT0501", "train.jsonl"]);
    let parts = ["MT0501", "valid.jsonl:2", "weather"];
    check("unknown label", &replaced("weather", "forecast"), &parts);
    let one = replaced("weather", "music");
    let more = ["--valid", "train.jsonl"];
    refused(folder.path(), "one class", (&one, &more), &["MT0501", "music"]);
    let more = ["--valid", "none.jsonl"];
    refused(
        folder.path(),
        "no file",
        (&train, &more),
        &["MT0501", "none.jsonl"],
    );
}

#[test]
fn bad_recipes_and_options_are_shown_where_they_stand() {
    let folder = folder();
    let train = fs::read(folder.path().join("train.jsonl")).unwrap();
    let check = |name: &str, (from, to): (&str, &str), more: &[&str], parts: &[&str]| {
        fs::write(folder.path().join("orders.yaml"), RECIPE.replace(from, to)).unwrap();
        refused(folder.path(), name, (&train, more), parts);
    };
    let same = ("", "");
    check(
        "other weights",
        same,
        &["--from", "model/card.yaml"],
        &["MT0501", "card.yaml"],
    );
    check("nothing to train", same, &["--freeze", "encodre"], &["MT0507"]);
    check(
        "no group",
        ("valid: valid.jsonl, ", ""),
        &[],
        &["MT0502", "group"],
    );
    check(
        "contradiction",
        ("heads: 2", "heads: 5"),
        &[],
        &["MT0509", "orders.yaml:6", "heads"],
    );
    check(
        "misspelt",
        ("epochs:", "epoch:"),
        &[],
        &["MT0111", "orders.yaml:8", "epochs"],
    );
    let unknown = motet(folder.path(), &["train", "snip"]);
    assert!(unknown.err.contains("did you mean `snips`?"), "{}", unknown.err);
    assert!(
        motet(folder.path(), &["train", "--list"])
            .out
            .contains("learning_rate")
    );
}
