//! A model of one's own machine from a table of its normal rows, as its users make it.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const RECIPE: &str = "\
recipe: 1
name: press
about: Scores rows of the sensors of a press.
task: shift
data: {train: manifest.jsonl, kinds: [vibration = vibration]}
lesson: {false_alarms_per_day: 72}
card: {intended_use: tests}
";

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

/// A number from 0 to 1 for a row and a sensor, without a pattern.
fn noise(row: u64, sensor: u64) -> f64 {
    let mut value = (row + 1) * 2_654_435_761 + sensor * 40_503;
    for shift in [13, 7, 17] {
        value ^= value << shift;
        value ^= value >> 9;
    }
    (value % 100_003) as f64 / 100_003.0
}

/// A table of a press: a time, an operator's name, two sensors and one that stands still. `oil` adds to the oil.
fn table(rows: u64, oil: impl Fn(u64) -> f64) -> String {
    let mut text = "when,operator,vibration,oil,door\n".to_owned();
    for row in 0..rows {
        let (hour, minute, second) = (row / 3_600, row / 60 % 60, row % 60);
        let vibration = 2.0 + 0.1 * noise(row, 0);
        let oil = 40.0 + noise(row, 1) + oil(row);
        writeln!(
            text,
            "2026-03-01T{hour:02}:{minute:02}:{second:02}Z,kim,{vibration:.5},{oil:.5},1"
        )
        .unwrap();
    }
    text
}

fn folder(table: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("normal.csv"), table).unwrap();
    fs::write(folder.path().join("press.yaml"), RECIPE).unwrap();
    folder
}

#[test]
fn a_table_of_normal_rows_becomes_a_model_that_says_what_it_learnt() {
    let folder = folder(&table(2_000, |_| 0.0));
    let ran = motet(
        folder.path(),
        &["train", "skab", "--data", "normal.csv", "--out", "press"],
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for told in [
        "vibration (process): mean 2.04",
        "oil (process): mean 40.5",
        "independent rows of 400, alarms from a lasting change of 0.",
        "warning: `door` never changed",
        "warning: `kinds` names `Accelerometer1RMS`, which the table does not have",
        "is nominal",
        "1 a day would need 719 blocks of 120 normal rows beside those that were learnt from, and there are 13",
        "false alarms, of normal rows, train, rows that were not learnt from: 0.0000",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(!ran.out.contains("operator"), "{}", ran.out);
    let card = fs::read_to_string(folder.path().join("press/card.yaml")).unwrap();
    assert!(
        card.contains("origin: own data") && card.contains("name: normal.csv"),
        "{card}"
    );
    let ran = motet(folder.path(), &["eval", "press", "--data", "normal.csv"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("limit of the score: 6.5 (nominal"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("normal: false alarms a day"), "{}", ran.out);
}

#[test]
fn a_long_table_chooses_the_limit_for_a_stated_rate() {
    let folder = folder(&table(3_000, |_| 0.0));
    let ran = motet(
        folder.path(),
        &["train", "press.yaml", "--data", "normal.csv", "--out", "press"],
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("is conformal: of 21 blocks of 120 normal rows"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("vibration (vibration)"), "{}", ran.out);
    let card = fs::read_to_string(folder.path().join("press/card.yaml")).unwrap();
    assert!(
        card.contains("kind: conformal") && card.contains("false_alarms_per_day: 72"),
        "{card}"
    );
}

#[test]
fn rows_that_cannot_be_normal_are_refused_or_warned_of() {
    let check = |table: &str, code: i32, expected: &str| {
        let folder = folder(table);
        let ran = motet(
            folder.path(),
            &["train", "skab", "--data", "normal.csv", "--out", "press"],
        );
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains(expected), "{expected}: {told}");
        assert_eq!(folder.path().join("press/card.yaml").exists(), code == 0);
    };
    let step = |row: u64| if row < 200 { 0.0 } else { 3.0 };
    check(
        &table(500, step),
        0,
        "warning: the rows are uneven: seen from their first half, `oil` reaches a score of",
    );
    check(
        &table(50, |_| 0.0),
        2,
        "`normal` has 50 rows, and 400 normal ones are learnt from",
    );
    check(
        &table(500, |_| 0.0).replace("door", "door (left)"),
        2,
        "`door (left)` has a name that reports cannot carry",
    );
    check("oil,door\n1,2\n", 2, "column `datetime` is missing");
    check(
        &table(500, |row| if row == 7 { f64::NAN } else { 0.0 }),
        2,
        "normal.csv:9",
    );
    check("when,operator\n2026-03-01T00:00:00Z,kim\n", 2, "no column");
}

#[test]
fn what_is_for_nets_is_refused() {
    let folder = folder(&table(500, |_| 0.0));
    for flags in [
        &["--epochs", "3"][..],
        &["--lora", "4"],
        &["--from", "press.yaml"],
    ] {
        let ran = motet(
            folder.path(),
            &[&["train", "skab", "--data", "normal.csv"], flags].concat(),
        );
        assert!(
            ran.code == Some(2) && ran.err.contains("nets"),
            "{}{}",
            ran.out,
            ran.err
        );
    }
}
