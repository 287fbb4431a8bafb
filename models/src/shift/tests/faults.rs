//! Faults of rows and of values, put into rows by a formula and into the testbed.

use std::ops::Range;
use std::path::PathBuf;

use super::{SKAB, file, made, model, shared};
use crate::shift::{Fault, Quality, ShiftModel};

/// Normal rows, then rows that a fault may be put into.
fn rows() -> Vec<Vec<f64>> {
    let changes = made();
    let normal = |row: usize| changes[row % 500].clone();
    (0..1_200).map(normal).collect()
}

fn times() -> Vec<i64> {
    (0..1_200).map(|row| 1_000 * row).collect()
}

type Value = Option<f64>;

/// Rows of the fault that a rule finds in a sensor, or of the rows where the sensor is not named.
fn found(values: impl Fn(usize, usize, f64) -> Value, fault: Fault, sensor: usize) -> Vec<usize> {
    let (rows, times) = (rows(), times());
    let mut quality = Quality::new(&model(&rows, 400));
    let mut flagged = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let row = row
            .iter()
            .enumerate()
            .map(|(place, value)| values(index, place, *value));
        let faults = quality.step(times[index], row);
        assert!(faults.stamp.is_none() && !faults.is_off_rate);
        let others = faults
            .values
            .iter()
            .enumerate()
            .find(|(place, it)| *place != sensor && it.is_some());
        assert_eq!(others, None, "{index}");
        if faults.values[sensor] == Some(fault) {
            flagged.push(index);
        } else {
            assert!(
                faults.values[sensor].is_none() || fault == Fault::MissingSensor,
                "{index}: {:?}",
                faults.values[sensor]
            );
        }
    }
    flagged
}

fn in_fault(sensor: usize, change: impl Fn(f64) -> Value) -> impl Fn(usize, usize, f64) -> Value {
    move |row, place, value| match place == sensor && (600..800).contains(&row) {
        true => change(value),
        false => Some(value),
    }
}

#[test]
fn normal_rows_have_none() {
    assert!(found(|_, _, value| Some(value), Fault::Gap, 0).is_empty());
}

#[test]
fn a_sensor_that_stands_still_is_stuck_after_thirty_rows() {
    let flagged = found(in_fault(2, |_| Some(0.4)), Fault::StuckSensor, 2);
    assert_eq!(flagged, (630..800).collect::<Vec<_>>());
}

#[test]
fn values_that_are_not_there_are_no_numbers_and_then_a_missing_sensor() {
    let flagged = found(in_fault(6, |_| None), Fault::MissingSensor, 6);
    assert_eq!(flagged, (640..800).collect::<Vec<_>>());
    let flagged = found(in_fault(6, |_| Some(f64::NAN)), Fault::MissingSensor, 6);
    assert_eq!(flagged, (640..800).collect::<Vec<_>>());
}

#[test]
fn other_units_are_found_within_thirty_rows() {
    for factor in [9.806_65, 1_000.0, 0.001, 0.1] {
        let flagged = found(in_fault(7, |value| Some(factor * value)), Fault::WrongUnit, 7);
        let first = *flagged.first().unwrap_or(&usize::MAX);
        assert!((600..630).contains(&first), "{factor}: {first}");
        assert!((630..800).all(|row| flagged.contains(&row)), "{factor}");
    }
}

#[test]
fn degrees_fahrenheit_are_found_on_temperatures() {
    let flagged = found(in_fault(4, |value| Some(1.8 * value + 32.0)), Fault::WrongUnit, 4);
    assert!((630..800).all(|row| flagged.contains(&row)), "{flagged:?}");
}

#[test]
fn values_at_the_end_of_their_range_are_saturated() {
    let flagged = found(in_fault(2, |value| Some(value.min(0.6))), Fault::Saturation, 2);
    assert!((660..800).all(|row| flagged.contains(&row)), "{flagged:?}");
}

/// Rows whose stamp or rate is at fault.
fn at(stamp: impl Fn(i64) -> i64) -> (Vec<(i64, Fault)>, Vec<i64>) {
    let rows = rows();
    let mut quality = Quality::new(&model(&rows, 400));
    let (mut stamps, mut rates) = (Vec::new(), Vec::new());
    for (row, index) in rows.iter().zip(0_i64..) {
        let faults = quality.step(stamp(index), row.iter().map(|value| Some(*value)));
        stamps.extend(faults.stamp.map(|fault| (index, fault)));
        if faults.is_off_rate {
            rates.push(index);
        }
        assert_eq!(
            faults.has_place(),
            faults.stamp.is_none_or(|fault| fault == Fault::Gap)
        );
    }
    (stamps, rates)
}

#[test]
fn gaps_and_stamps_that_stand_or_go_back_are_found_where_they_are() {
    let later = |row: i64, by: i64| 1_000 * row + if row >= 700 { by } else { 0 };
    assert_eq!(at(|row| later(row, 6_000)).0, [(700, Fault::Gap)]);
    assert_eq!(at(|row| later(row, 3_600_000)).0, [(700, Fault::Gap)]);
    assert_eq!(at(|row| later(row, -1_000)).0, [(700, Fault::DoubledTimeStamp)]);
    assert_eq!(at(|row| later(row, -60_000)).0, [(700, Fault::BackwardTimeStamp)]);
    assert!(at(|row| later(row, 3_000)).0.is_empty());
}

#[test]
fn a_rate_that_drifts_is_found() {
    let of = |step: i64| move |row: i64| 1_000 * row.min(700) + step * (row - 700).max(0);
    for step in [1_150, 850, 100] {
        let (stamps, rates) = at(of(step));
        assert!(stamps.is_empty());
        assert!((760..1_200).all(|row| rates.contains(&row)), "{step}: {rates:?}");
        assert!(rates.iter().all(|row| *row > 700));
    }
    assert!(at(of(1_050)).1.is_empty());
}

#[test]
fn rows_that_have_stopped_are_told_by_the_clock_alone() {
    let rows = rows();
    let mut quality = Quality::new(&model(&rows, 400));
    assert_eq!(quality.silent_s(1_000_000), None);
    quality.step(10_000, [None; 8]);
    assert_eq!(quality.silent_s(15_000), None);
    assert_eq!(quality.silent_s(3_610_000), Some(3_600.0));
}

/// How often something was, of how often.
#[derive(Default)]
struct Shares(std::collections::BTreeMap<String, (u32, u32)>);

impl Shares {
    fn note(&mut self, what: impl Into<String>, is: bool) {
        let entry = self.0.entry(what.into()).or_default();
        *entry = (entry.0 + u32::from(is), entry.1 + 1);
    }

    /// Prints them, and holds each to a bound.
    fn check(&self, holds: impl Fn(&str, f64) -> bool) {
        for (what, (part, whole)) in &self.0 {
            let share = f64::from(*part) / f64::from(*whole);
            eprintln!("{what}: {part} of {whole}, {:.2} %", 100.0 * share);
            assert!(holds(what, share), "{what}: {part} of {whole}");
        }
    }
}

/// A recording with the model of its first rows.
struct Recorded {
    rows: Vec<Vec<f64>>,
    times: Vec<i64>,
    model: ShiftModel,
}

impl Recorded {
    fn note_clean(&self, shares: &mut Shares) {
        let mut quality = Quality::new(&self.model);
        for (row, values) in self.rows.iter().enumerate() {
            let faults = quality.step(self.times[row], values.iter().map(|value| Some(*value)));
            if row < 400 {
                continue;
            }
            shares.note("clean, gap or stamp", faults.stamp.is_some());
            shares.note("clean, rate", faults.is_off_rate);
            for fault in faults.values {
                for kind in [
                    Fault::StuckSensor,
                    Fault::WrongUnit,
                    Fault::Saturation,
                    Fault::NotANumber,
                ] {
                    shares.note(format!("clean, {kind:?}"), *fault == Some(kind));
                }
            }
        }
    }

    /// Whether a fault is found in a sensor whose values are changed in some rows.
    fn finds(
        &self,
        (sensor, span): (usize, &Range<usize>),
        fault: Fault,
        change: &dyn Fn(f64) -> Value,
    ) -> bool {
        let mut quality = Quality::new(&self.model);
        (span.start - 80..span.end).any(|row| {
            let values = self.rows[row].iter().enumerate();
            let values = values.map(|(place, value)| match place == sensor && span.contains(&row) {
                true => change(*value),
                false => Some(*value),
            });
            quality.step(self.times[row], values).values[sensor] == Some(fault)
        })
    }

    fn note_faults(&self, sensor: usize, span: &Range<usize>, shares: &mut Shares) {
        let normal = self.model.normals()[sensor];
        let mut note = |what: &str, fault: Fault, change: &dyn Fn(f64) -> Value| {
            shares.note(what, self.finds((sensor, span), fault, change));
        };
        let held = self.rows[span.start][sensor];
        note("put in, stuck", Fault::StuckSensor, &|_| Some(held));
        note("put in, no number", Fault::NotANumber, &|_| None);
        let is_around_zero = normal.median.abs() <= 3.0 * normal.interquartile;
        for factor in [9.806_65, 1_000.0, 0.1, 0.001] {
            let what = match is_around_zero {
                true => format!("put in, unit x{factor} around zero"),
                false => format!("put in, unit x{factor}"),
            };
            note(&what, Fault::WrongUnit, &|value| Some(factor * value));
        }
        if matches!(sensor, 4 | 5) {
            note("put in, Fahrenheit", Fault::WrongUnit, &|value| {
                Some(1.8 * value + 32.0)
            });
        }
        if normal.distinct >= 50.0 {
            let mut values: Vec<f64> = self.rows[span.clone()].iter().map(|row| row[sensor]).collect();
            values.sort_by(f64::total_cmp);
            let end = values[values.len() * 3 / 5];
            note("put in, saturation", Fault::Saturation, &|value| {
                Some(value.min(end))
            });
        }
    }
}

#[test]
fn faults_that_are_put_into_the_testbed_are_found_and_clean_rows_are_not_flagged() {
    let Some(folder) = shared("faults that are put into the testbed", "data/skab") else {
        return;
    };
    let files = ["train", "valid"].map(|side| std::fs::read_dir(folder.join(side)).unwrap());
    let mut files: Vec<PathBuf> = files
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut shares = Shares::default();
    for (number, path) in files.iter().enumerate() {
        let (rows, _, times) = file(path);
        let recorded = Recorded {
            model: model(&rows, 400),
            rows,
            times,
        };
        recorded.note_clean(&mut shares);
        for sensor in 0..SKAB.len() {
            let room = (recorded.rows.len() - 400).saturating_sub(200).max(1);
            let begin = 400 + (number * 37 + sensor * 101) % room;
            let span = begin..(begin + 160).min(recorded.rows.len());
            recorded.note_faults(sensor, &span, &mut shares);
        }
    }
    shares.check(|what, share| match what {
        // Rows are really lost there.
        "clean, rate" => share < 0.02,
        what if what.starts_with("clean") => share < 0.001,
        "put in, stuck" | "put in, no number" => share > 0.99,
        "put in, saturation" => share > 0.8,
        what if what.ends_with("around zero") => share < 0.01,
        _ => share > 0.85,
    });
}
