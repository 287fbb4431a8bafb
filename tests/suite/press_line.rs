//! The pipeline `press-line`: whatever its data are like, a score is never given without the flags that belong to it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use motet::answer::Answer;
use motet::{ExecutorChoice, Pipeline, Runner};
use serde_json::Value as Json;

const NOTHING: [&str; 10] = [
    "mic",
    "accel",
    "speed",
    "at",
    "seconds",
    "rows",
    "bearing_order",
    "process_order",
    "orders",
    "history",
];
const HEADER: &str = "time,PT-1,FT-1,IT-1,TT-1,VT-1\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipelines/press-line")
}

fn runner(executor: ExecutorChoice) -> Runner {
    let pipeline = Pipeline::builder().workers(2).executor(executor);
    pipeline.open(folder()).unwrap().runner().unwrap()
}

/// What comes of a request in which only these inputs come.
fn answer(runner: &mut Runner, given: &[(&str, String)]) -> Result<Json, String> {
    let others = NOTHING
        .iter()
        .filter(|name| given.iter().all(|(given, _)| given != *name));
    let values = given
        .iter()
        .cloned()
        .chain(others.map(|name| (*name, "null".to_owned())));
    let request = runner.request(values).map_err(|error| error.to_string())?;
    let response = runner.run(&request).map_err(|error| error.to_string())?;
    if let Some((output, failure)) = response.failure() {
        return Err(format!("{output}: {failure}"));
    }
    Ok(Json::from(Answer::of(&response).outputs))
}

/// The flags of a record, as words.
fn flags(answer: &Json, record: &str) -> Vec<String> {
    let record: Json = serde_json::from_str(answer[record]["record"].as_str().unwrap()).unwrap();
    let kind = |flag: &Json| flag["kind"].as_str().unwrap().to_owned();
    record["flags"].as_array().unwrap().iter().map(kind).collect()
}

fn normal_rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder().join("inputs/normal.csv")).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(cells).collect()
}

fn table(rows: &[Vec<String>]) -> String {
    rows.iter()
        .fold(HEADER.to_owned(), |text, row| text + &row.join(",") + "\n")
}

/// Seconds of the first sample's day.
fn stamp(second: usize) -> String {
    format!(
        "2026-03-12T{:02}:{:02}:{:02}",
        6 + second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// What is done to normal rows, and the flag that it must raise.
type Break = fn(&mut Vec<Vec<String>>);
const FLAWS: [(&str, Break, &str); 9] = [
    (
        "a constant sensor",
        |rows| {
            rows.iter_mut()
                .skip(200)
                .for_each(|row| row[3] = "21.500".to_owned())
        },
        "stuck_sensor",
    ),
    (
        "a burst of NaN",
        |rows| {
            rows[100..120]
                .iter_mut()
                .for_each(|row| row[1] = "NaN".to_owned())
        },
        "not_a_number",
    ),
    (
        "a gap",
        |rows| (300..600).for_each(|row| rows[row][0] = stamp(row + 120)),
        "gap",
    ),
    (
        "doubled stamps",
        |rows| rows[250][0] = stamp(249),
        "doubled_time_stamps",
    ),
    (
        "a stamp that goes back",
        |rows| rows[250][0] = stamp(100),
        "backward_time_stamps",
    ),
    (
        "pressure in millibar",
        |rows| {
            rows.iter_mut()
                .for_each(|row| row[1] = format!("{}", row[1].parse::<f64>().unwrap() * 1_000.0))
        },
        "wrong_unit",
    ),
    (
        "a saturated sensor",
        |rows| {
            rows.iter_mut()
                .for_each(|row| row[2] = format!("{:.3}", row[2].parse::<f64>().unwrap().min(38.0)))
        },
        "saturation",
    ),
    (
        "rows that come half as often",
        |rows| (0..600).for_each(|row| rows[row][0] = stamp(2 * row)),
        "rate_drift",
    ),
    (
        "a sensor that is missing",
        |rows| rows.iter_mut().skip(60).for_each(|row| row[5].clear()),
        "missing_sensor",
    ),
];

#[test]
fn flawed_process_values_are_flagged_each_by_its_name() {
    let mut runner = runner(ExecutorChoice::Sequential);
    let sound = answer(&mut runner, &[("rows", table(&normal_rows()))]).unwrap();
    assert_eq!(flags(&sound, "process_record"), [""; 0]);
    for (name, harm, flag) in FLAWS {
        let mut rows = normal_rows();
        harm(&mut rows);
        runner.reset();
        let found = answer(&mut runner, &[("rows", table(&rows))]).unwrap();
        assert!(
            flags(&found, "process_record").iter().any(|found| found == flag),
            "{name}: {found}"
        );
        assert_eq!(found["process_record"]["is_sound"], 0, "{name}");
    }
}

#[test]
fn rows_may_be_cut_into_chunks_anywhere() {
    let text = std::fs::read_to_string(folder().join("inputs/valve.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let mut whole = runner(ExecutorChoice::Sequential);
    let expected = answer(&mut whole, &[("rows", text.clone())]).unwrap();
    let mut scores = Vec::new();
    let mut last = Json::Null;
    let mut cut = runner(ExecutorChoice::Parallel);
    for chunk in rows.chunks(37) {
        let chunk = format!("{HEADER}{}\n", chunk.join("\n"));
        last = answer(&mut cut, &[("rows", chunk)]).unwrap();
        scores.extend(last["process"]["scores"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(Json::from(scores), expected["process"]["scores"]);
    for field in ["state", "since", "at", "activations"] {
        assert_eq!(
            last["process_alarm"][field], expected["process_alarm"][field],
            "{field}"
        );
    }
}

#[test]
fn an_alarm_is_acknowledged_between_two_measurements() {
    let valve = std::fs::read_to_string(folder().join("inputs/valve.csv")).unwrap();
    let mut runner = runner(ExecutorChoice::Sequential);
    let raised = answer(&mut runner, &[("rows", valve)]).unwrap();
    assert_eq!(raised["process_alarm"]["must_annunciate"], 1);
    let order = [("process_order", "acknowledge".to_owned())];
    let acknowledged = answer(&mut runner, &order).unwrap();
    assert_eq!(acknowledged["process_alarm"]["state"], "active_acknowledged");
    assert_eq!(
        acknowledged["process_alarm"]["since"],
        raised["process_alarm"]["since"]
    );
}

/// A second of three axes as a table, as the sample of a sound bearing has it, after `change` of an axis' sample.
fn axes(change: impl Fn(usize, usize, f32) -> f32, samples: usize) -> (tempfile::TempDir, String) {
    let folder_of = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(folder().join("inputs/normal.wav")).unwrap();
    let channels = motet_models::audio::decode_channels(bytes).unwrap();
    let mut text = "x,y,z\n".to_owned();
    for sample in 0..samples {
        let value = |axis: usize| change(axis, sample, channels[axis].samples[sample]);
        writeln!(text, "{},{},{}", value(0), value(1), value(2)).unwrap();
    }
    let path = folder_of.path().join("axes.csv");
    std::fs::write(&path, text).unwrap();
    (folder_of, path.to_string_lossy().into_owned())
}

fn vibration(path: String, seconds: f64) -> [(&'static str, String); 4] {
    [
        ("accel", path),
        ("speed", "1772".to_owned()),
        ("at", "1773295200000".to_owned()),
        ("seconds", seconds.to_string()),
    ]
}

#[test]
fn a_flawed_waveform_is_flagged_and_what_is_flagged_is_not_scored() {
    type Change = fn(usize, usize, f32) -> f32;
    let cases: [(&str, Change, f64, &str); 4] = [
        (
            "a dead axis",
            |axis, _, value| if axis == 1 { 0.0 } else { value },
            1.0,
            "stuck_sensor",
        ),
        (
            "a clipped axis",
            |axis, _, value| if axis == 0 { value.clamp(-0.1, 0.1) } else { value },
            1.0,
            "saturation",
        ),
        ("ten times too fast", |_, _, value| value, 0.1, "rate_drift"),
        ("m/s2 for g", |_, _, value| value * 9.806_65, 1.0, "wrong_unit"),
    ];
    let mut runner = runner(ExecutorChoice::Sequential);
    for (name, change, seconds, flag) in cases {
        let (_kept, path) = axes(change, 12_000);
        runner.reset();
        let found = answer(&mut runner, &vibration(path, seconds)).unwrap();
        assert!(
            flags(&found, "bearing_record").iter().any(|found| found == flag),
            "{name}: {found}"
        );
        assert_eq!(found["bearing_record"]["is_sound"], 0, "{name}");
        let flagged = found["bearing"]["scores"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|score| **score == 0.0);
        assert!(flagged.count() > 0, "{name}: {found}");
    }
    let (_kept, path) = axes(|_, _, value| value, 5_000);
    runner.reset();
    let short = answer(&mut runner, &vibration(path, 5.0 / 12.0)).unwrap();
    assert_eq!(
        (&short["bearing"]["usable"], &short["bearing"]["label"]),
        (&Json::from(0), &Json::from("unknown"))
    );
    let (_kept, path) = axes(
        |axis, sample, value| {
            if (axis, sample) == (2, 77) {
                f32::NAN
            } else {
                value
            }
        },
        12_000,
    );
    let refused = answer(&mut runner, &vibration(path, 1.0)).unwrap_err();
    assert!(
        refused.contains("line 79") && refused.contains("NaN"),
        "{refused}"
    );
}
