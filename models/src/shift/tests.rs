use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::beta::border;
use crate::card::sha256;
use crate::weights::Weights;

mod faults;

const SKAB: [&str; 8] = [
    "Accelerometer1RMS",
    "Accelerometer2RMS",
    "Current",
    "Pressure",
    "Temperature",
    "Thermocouple",
    "Voltage",
    "FlowRateRMS",
];

fn config(rows: usize) -> ShiftConfig {
    let kind = |place: usize| match place {
        0 | 1 => SensorKind::Vibration,
        4 | 5 => SensorKind::Temperature,
        _ => SensorKind::Process,
    };
    let sensor = |(place, name): (usize, &&str)| Sensor {
        name: (*name).to_owned(),
        kind: kind(place),
    };
    ShiftConfig {
        sensors: SKAB.iter().enumerate().map(sensor).collect(),
        rows,
        windows: vec![8, 20, 40],
        freedom_max: 60.0,
        adaptation_rows: 200,
        freeze: 3.0,
        vibration_floor: 0.02,
        limit: 6.5,
        limit_by: LimitBy::Nominal,
    }
}

fn model(rows: &[Vec<f64>], learnt: usize) -> ShiftModel {
    let column = |sensor: usize| -> Vec<f64> { rows[..learnt].iter().map(|row| row[sensor]).collect() };
    let normals = (0..SKAB.len()).filter_map(|sensor| Normal::of(&column(sensor)));
    ShiftModel::new(config(learnt), normals.collect(), 1.0).unwrap()
}

fn shared(test: &str, relative: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the data is can be told in no other way"
    )]
    let told = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = told.unwrap_or_else(beside).join(relative);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped `{test}`: there is no shared/{relative}; set MOTET_SHARED");
    None
}

/// Rows of a file in doubles, with whether each is anomalous.
fn file(path: &Path) -> (Vec<Vec<f64>>, Vec<bool>, Vec<i64>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut rows = (Vec::new(), Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        rows.0
            .push(cells[1..9].iter().map(|cell| cell.parse().unwrap()).collect());
        rows.1.push(cells[9].parse::<f64>().unwrap() > 0.5);
        let clock: Vec<i64> = cells[0][11..19]
            .split(':')
            .map(|part| part.parse().unwrap())
            .collect();
        rows.2.push(1_000 * (3_600 * clock[0] + 60 * clock[1] + clock[2]));
    }
    rows
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

fn near(what: &str, found: f64, expected: f64) {
    // Sums of rows are added up in another order: doubles agree to about nine digits of a difference of means.
    let off = (found - expected).abs();
    assert!(
        off <= 1e-7 * expected.abs().max(1.0),
        "{what}: {found} for {expected}"
    );
}

/// Compares a model and its stream with everything that the reference says of them.
fn compare(name: &str, rows: &[Vec<f64>], reference: &Value) {
    let model = model(rows, 400);
    let config = model.config().clone();
    for (sensor, normal) in model.normals().iter().enumerate() {
        let of = |field: &str| numbers(&reference[field])[sensor];
        let judge = normal.judge(&config, config.sensors[sensor].kind);
        let what = |field: &str| format!("{name}, {field} of {}", SKAB[sensor]);
        near(&what("mean"), normal.mean, of("mean"));
        near(&what("tau"), normal.correlation, of("tau"));
        near(&what("nu"), judge.student.freedom(), of("nu"));
        near(&what("z_freeze"), judge.student.distance(3.0), of("z_freeze"));
        for (window, scales) in reference["scale"].as_array().unwrap().iter().enumerate() {
            near(&what("scale"), judge.scales[window], numbers(scales)[sensor]);
        }
    }
    let at: Vec<usize> = reference["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| usize::try_from(row.as_u64().unwrap()).unwrap())
        .collect();
    let mut scorer = Scorer::new(&model, Beginning::Partial);
    let mut compared = 0;
    for (row, values) in rows.iter().enumerate() {
        let scores = scorer
            .step(values.iter().map(|value| Some(*value)), row >= 400)
            .to_vec();
        let Some(place) = at.iter().position(|at| *at == row) else {
            continue;
        };
        let expected = numbers(&reference["score"][place]);
        for (sensor, score) in scores.iter().enumerate() {
            let what = format!("{name}, row {row}, {}", SKAB[sensor]);
            near(&what, score.score, expected[sensor]);
            for (window, distance) in scorer.distances(sensor).iter().enumerate() {
                near(
                    &what,
                    distance.unwrap(),
                    numbers(&reference["z"][place][window])[sensor],
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, at.len() * 8 * 3);
}

/// A whole number from 0 to 1000, as models/reference/anomaly/shift_vectors.py makes it.
fn noise(row: u64, sensor: u64) -> f64 {
    let mut value = (row * 2_654_435_761 + sensor * 40_503 + 12_345) & 0xFFFF_FFFF;
    value ^= (value << 13) & 0xFFFF_FFFF;
    value ^= value >> 17;
    value ^= (value << 5) & 0xFFFF_FFFF;
    (value % 1_001) as f64 / 1e3
}

/// Eight sensors by a formula; from row 520 on one after the other changes.
fn made() -> Vec<Vec<f64>> {
    let row = |row: u64| {
        let [a, b, c, d, e, _, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(|sensor| noise(row, sensor));
        vec![
            0.2 + 0.01 * a,
            0.3 + 0.02 * b + if row >= 520 { 0.05 } else { 0.0 },
            c,
            (8.0 * d).floor() / 4.0 + if (560..640).contains(&row) { 0.5 } else { 0.0 },
            60.0 + 0.005 * row as f64 + 0.1 * e,
            1.5,
            230.0 + 4.0 * g - if row >= 600 { 3.0 } else { 0.0 },
            76.0 + 0.5 * (row / 37 % 3) as f64 + 0.2 * h,
        ]
    };
    (0..700).map(row).collect()
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../reference/anomaly/shift_vectors.json")).unwrap()
}

#[test]
fn rows_by_a_formula_are_scored_as_by_the_reference() {
    let (rows, vectors) = (made(), vectors());
    for value in vectors["values"].as_array().unwrap() {
        let place = |at: usize| usize::try_from(value[at].as_u64().unwrap()).unwrap();
        near("a row", rows[place(0)][place(1)], value[2].as_f64().unwrap());
    }
    compare("made", &rows, &vectors);
}

#[test]
fn the_rows_of_the_testbed_are_scored_as_by_the_reference() {
    let Some(folder) = shared("the rows of the testbed", "data/skab/train") else {
        return;
    };
    let text = include_str!("../../reference/anomaly/skab_vectors.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    for name in ["other_1", "valve1_6"] {
        let (rows, _, _) = file(&folder.join(format!("{name}.csv")));
        let reference = &vectors["files"][name];
        compare(name, &rows, reference);
        let model = model(&rows, 400);
        let mut scorer = Scorer::new(&model, Beginning::Full);
        let mut flagged = 0;
        for (row, values) in rows.iter().enumerate() {
            let scores = scorer.step(values.iter().map(|value| Some(*value)), row >= 400);
            let is_beyond = scores.iter().any(|score| score.score > 6.5);
            flagged += u64::from(row >= 400 && is_beyond);
        }
        assert_eq!(
            Some(flagged),
            reference["total_flagged_from_400"].as_u64(),
            "{name}"
        );
    }
}

#[test]
fn a_sensor_that_is_missing_longer_than_its_windows_is_left_out_until_a_window_is_full_again() {
    let rows = made();
    let model = model(&rows, 400);
    let mut scorer = Scorer::new(&model, Beginning::Full);
    let mut scored = Vec::new();
    for (row, values) in rows.iter().enumerate() {
        let is_missing = (410..460).contains(&row);
        let scores = scorer.step(
            values
                .iter()
                .enumerate()
                .map(|(sensor, value)| (sensor != 2 || !is_missing).then_some(*value)),
            true,
        );
        if scores[2].is_scored {
            scored.push(row);
        }
        assert!(scores[0].is_scored || row < 7, "{row}");
    }
    // The 41st missing row leaves it out; eight rows later the first window is full.
    let expected: Vec<usize> = (7..450).chain(467..700).collect();
    assert_eq!(scored, expected);
}

#[test]
fn windows_pass_over_values_that_are_not_there() {
    let rows = made();
    let model = model(&rows, 400);
    let (mut whole, mut holed) = (
        Scorer::new(&model, Beginning::Full),
        Scorer::new(&model, Beginning::Full),
    );
    let all = |row: &[f64]| row.iter().map(|value| Some(*value)).collect::<Vec<_>>();
    for (index, row) in rows[..500].iter().enumerate() {
        whole.step(all(row), false);
        holed.step(all(row), false);
        if index % 3 == 0 {
            holed.step([None; 8], false);
        }
        assert_eq!(whole.scores(), holed.scores(), "{index}");
    }
}

#[test]
fn the_limit_of_a_sensor_is_the_mean_that_reaches_the_limit_of_the_score() {
    let rows = made();
    let model = model(&rows, 400);
    let mut scorer = Scorer::new(&model, Beginning::Full);
    for row in &rows[..560] {
        scorer.step(row.iter().map(|value| Some(*value)), false);
    }
    for (sensor, score) in scorer.scores().iter().enumerate() {
        let limit = scorer.limit_of(sensor, score, 6.5).unwrap();
        let is_beyond = match score.distance >= 0.0 {
            true => score.level > limit,
            false => score.level < limit,
        };
        assert_eq!(is_beyond, score.score > 6.5, "{sensor}");
        // Beyond by the tail itself: the mean at the limit has the score of the limit.
        let judge = model.normals()[sensor].judge(model.config(), model.config().sensors[sensor].kind);
        let z = ((limit - score.mean) / judge.scales[score.window]).abs();
        near("score at the limit", judge.student.rarity(z), 6.5);
    }
    assert!(scorer.scores()[1].score > 6.5 && scorer.scores()[1].distance > 0.0);
    // 8.3 % of the mean is what one window of a level of vibration needs at least: 6.5 and 60 degrees want 5.69 scales.
    let change =
        model.normals()[1].smallest_change(model.config(), SensorKind::Vibration) / model.normals()[1].mean;
    assert!((0.11..0.13).contains(&change), "{change}");
}

#[test]
fn a_forgotten_stream_begins_anew() {
    let rows = made();
    let model = model(&rows, 400);
    let mut scorer = Scorer::new(&model, Beginning::Full);
    let run = |scorer: &mut Scorer| -> Vec<SensorScore> {
        rows.iter()
            .flat_map(|row| scorer.step(row.iter().map(|value| Some(*value)), true).to_vec())
            .collect()
    };
    let first = run(&mut scorer);
    scorer.reset();
    assert_eq!(run(&mut scorer), first);
}

#[test]
fn a_model_is_found_again_in_its_file_and_a_false_one_is_refused() {
    let model = model(&made(), 400);
    let bytes = model.tensors().to_bytes().unwrap();
    let read = |config: &ShiftConfig, bytes: &[u8]| {
        let sum = sha256(bytes);
        let mut source = std::io::Cursor::new(bytes);
        let weights = Weights::read_from(&mut source, bytes.len() as u64, &config.tensors(), &sum).unwrap();
        (weights, sum)
    };
    let (mut weights, _) = read(model.config(), &bytes);
    let means = weights.take("mean", &[8]).unwrap();
    for (mean, normal) in means.iter().zip(model.normals()) {
        assert!((f64::from(*mean) / normal.mean - 1.0).abs() < 1e-7);
    }
    let mut normals = model.normals().to_vec();
    normals[3].variance = -1.0;
    assert!(ShiftModel::new(model.config().clone(), normals, 1.0).is_err());
    assert!(ShiftModel::new(model.config().clone(), model.normals()[1..].to_vec(), 1.0).is_err());
    assert!(ShiftModel::new(model.config().clone(), model.normals().to_vec(), 0.0).is_err());
}

#[test]
fn settings_out_of_their_ranges_are_refused() {
    let sound = config(400);
    assert_eq!(sound.validate(), Ok(()));
    let check = |change: fn(&mut ShiftConfig)| {
        let mut config = sound.clone();
        change(&mut config);
        assert!(config.validate().is_err(), "{config:?}");
    };
    check(|config| config.sensors.clear());
    check(|config| config.sensors[1].name = config.sensors[0].name.clone());
    check(|config| config.sensors[0].name = "Pressure (bar)".to_owned());
    check(|config| config.rows = 99);
    check(|config| config.windows = vec![20, 8]);
    check(|config| config.windows = vec![]);
    check(|config| config.freedom_max = f64::NAN);
    check(|config| config.adaptation_rows = 3);
    check(|config| config.freeze = 0.0);
    check(|config| config.vibration_floor = -0.1);
    check(|config| config.limit = f64::INFINITY);
}

#[test]
fn what_is_learnt_is_what_statistics_say() {
    let normal = Normal::of(&[1.0, 2.0, 2.0, 2.0, 5.0]).unwrap();
    near("mean", normal.mean, 2.4);
    near("variance", normal.variance, 1.84);
    near("median", normal.median, 2.0);
    near("interquartile", normal.interquartile, 0.0);
    near("resolution", normal.resolution, 1.0);
    near("level", normal.level, (38.0_f64 / 5.0).sqrt());
    near("longest run", normal.longest_run, 3.0);
    near("distinct", normal.distinct, 3.0);
    assert!(Normal::of(&[]).is_none());
    near("a border", border(|value| value * value < 2.0), 2.0_f64.sqrt());
}
