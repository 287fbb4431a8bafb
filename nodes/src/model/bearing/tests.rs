//! A machine of one or more axes that was learnt from noise, and the model that comes along.

use motet_core::catalog::{FaultPlace, ParamValue};
use motet_models::bearing::{BearingConfig, Normal, WaveUnit};
use motet_models::vibration::Bearing;
use tempfile::TempDir;

use super::*;
use crate::report::alarm::State;
use crate::report::findings::Findings;
use crate::report::moment::Moment;
use crate::report::record::{Action, Fault, Interval, Quantity, Reason, RemainingLife, Report, Zone};
use crate::trial::{Running, Trial, Value};

const SECOND: usize = 12_000;

/// Sums of four uniform numbers, which have thin tails as real noise has.
pub(crate) fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
        state as f64 / 2.0_f64.powi(31) - 1.0
    };
    (0..count)
        .map(|_| narrow((0..4).map(|_| next()).sum::<f64>() / 2.0))
        .collect()
}

pub(crate) fn sources(folder: &TempDir) -> ModelSources {
    super::super::tests::sources(folder)
}

fn bearing() -> Bearing {
    Bearing {
        balls: 9,
        ball_diameter_mm: 7.94,
        pitch_diameter_mm: 39.04,
        contact_angle_deg: 0.0,
    }
}

/// Writes the model `pump@1`, whose normal running is noise on so many axes.
pub(crate) fn with_axes(folder: &TempDir, axes: usize) {
    let mut config = BearingConfig {
        bearing: bearing(),
        sample_rate_hz: 12_000,
        window_samples: SECOND,
        unit: WaveUnit::Gravity,
        hidden: 0,
        center: [13.6, 10.6, 8.5, 7.6],
        spread: [5.5, 6.1, 2.3, 2.2],
        false_alarms_a_day: 1.0,
        normal: Vec::new(),
    };
    let mut examiner = config.examiner().unwrap();
    let mut window = Vec::new();
    let levels: Vec<_> = (0..20)
        .map(|seed| {
            widen(&noise(SECOND, 500 + 3 * seed), &mut window);
            examiner.levels(&window).unwrap()
        })
        .collect();
    config.normal = vec![Normal::learn(&levels, config.chance(axes)).unwrap(); axes];
    super::super::tests::write(folder.path(), "pump", (&config, ELEMENTS.as_slice()));
}

fn kind(axes: usize) -> (TempDir, BearingModel) {
    let folder = tempfile::tempdir().unwrap();
    with_axes(&folder, axes);
    let kind = BearingModel::new(sources(&folder));
    (folder, kind)
}

fn quality(axes: usize) -> String {
    format!("record{{flagged: u8 range=0..1, usable: u8[{axes}] range=0..1, findings: utf8[T<=65536]}}")
}

fn trial<'k>(kind: &'k BearingModel, axes: usize) -> Trial<'k> {
    Trial::of(kind)
        .text("model", "pump@1")
        .with(LEAST, ParamValue::Number(0.0))
        .with(ZONES[0], ParamValue::Number(1.4))
        .with(ZONES[1], ParamValue::Number(2.8))
        .with(ZONES[2], ParamValue::Number(4.5))
        .input(WAVEFORM, &format!("f32[{axes}, T<=24000] rate=12kHz unit=g"))
        .input(SPEED, "f32 unit=rpm")
        .input(QUALITY, &quality(axes))
}

struct Answer {
    score: f32,
    limit: f32,
    is_anomalous: bool,
    label: String,
    usable: u8,
    scores: Vec<f32>,
    rms: Vec<f32>,
    velocity: f32,
    ratios: Vec<f32>,
    findings: Findings,
}

fn fire(running: &mut Running, axes: &[Vec<f32>], rpm: f32, usable: &[u8]) -> Answer {
    let count = u32::try_from(axes.len()).unwrap();
    let length = u32::try_from(axes[0].len()).unwrap();
    let quality = Value::Record(vec![
        Value::U8(u8::from(usable.contains(&0))),
        Value::U8s(usable.to_vec()),
        Value::Text("{}"),
    ]);
    let wave = Value::F32(vec![count, length], axes.concat());
    let outputs = running
        .fire(&[Some(wave), Some(Value::number(rpm)), Some(quality)])
        .unwrap();
    let found = outputs[0].as_ref().unwrap();
    let numbers = |field| found.tensor::<f32>(field).unwrap().to_vec();
    Answer {
        score: numbers(0)[0],
        limit: numbers(1)[0],
        is_anomalous: found.tensor::<u8>(2).unwrap()[0] == 1,
        label: found.text(3).unwrap().to_owned(),
        usable: found.tensor::<u8>(6).unwrap()[0],
        scores: numbers(7),
        rms: numbers(9),
        velocity: numbers(13)[0],
        ratios: numbers(10),
        findings: Findings::from_json(found.text(12).unwrap()).unwrap(),
    }
}

/// A report of these findings alone, which must not contradict itself.
fn check_report(findings: &Findings) {
    let at = |seconds| Moment::from_seconds(seconds).unwrap();
    let report = Report {
        asset: "pump 7".to_owned(),
        interval: Interval {
            from: at(1_767_225_600),
            to: at(1_767_225_601),
        },
        severity: findings.severity.clone(),
        evidence: findings.evidence.clone(),
        cause: findings.cause.clone(),
        since: None,
        changes: Vec::new(),
        check: findings.check.clone(),
        model: findings.model.clone().unwrap(),
        flags: Vec::new(),
        work_orders: Vec::new(),
        remaining_life: RemainingLife::NotEstimable {
            reason: Reason::TooFewData,
        },
        alarm: State::Normal,
    };
    report.check().unwrap();
}

#[test]
fn the_axis_that_is_furthest_beyond_its_limit_decides() {
    let (_folder, kind) = kind(3);
    let mut running = trial(&kind, 3).build();
    let sound = |seed| noise(SECOND, seed);
    let found = fire(&mut running, &[sound(1), sound(2), sound(3)], 1_800.0, &[1, 1, 1]);
    assert!(
        !found.is_anomalous && found.score < found.limit,
        "{} {}",
        found.score,
        found.limit
    );
    assert_eq!((found.label.as_str(), found.usable), ("normal", 1));
    assert!(
        found.ratios.iter().all(|ratio| (0.9..1.1).contains(ratio)),
        "{:?}",
        found.ratios
    );
    assert_eq!(found.findings.cause, None);
    check_report(&found.findings);
    let loud: Vec<f32> = sound(4).iter().map(|sample| 3.0 * sample).collect();
    let found = fire(&mut running, &[sound(5), loud, sound(6)], 1_800.0, &[1, 1, 1]);
    assert!(found.is_anomalous && found.score > found.limit);
    assert_eq!(found.scores[1].to_bits(), found.score.to_bits());
    assert!(found.scores[0] < found.limit && found.scores[2] < found.limit);
    assert!((found.ratios[4] - 3.0).abs() < 0.2, "{:?}", found.ratios);
    assert_eq!(
        found.findings.check.as_ref().unwrap().sensor.as_deref(),
        Some("axis 2")
    );
    check_report(&found.findings);
    // Damage makes nothing quieter.
    let quiet: Vec<f32> = sound(7).iter().map(|sample| 0.2 * sample).collect();
    let found = fire(&mut running, &[sound(8), quiet, sound(9)], 1_800.0, &[1, 1, 1]);
    assert!(found.is_anomalous);
    assert_eq!(found.findings.cause, None);
    assert_eq!(found.findings.check.unwrap().action, Action::RepeatMeasurement);
}

#[test]
fn a_level_that_rises_without_a_line_is_no_cause() {
    let kind = BearingModel::new(ModelSources::default());
    let trial = Trial::of(&kind)
        .text("model", "bearing@1")
        .input(WAVEFORM, "f32[1, T<=12000] rate=12kHz unit=g")
        .input(SPEED, "f32 unit=rpm")
        .input(QUALITY, &quality(1));
    let mut running = trial.build();
    let found = fire(&mut running, &[noise(SECOND, 21)], 1_797.0, &[1]);
    assert_eq!((found.is_anomalous, found.label.as_str()), (true, "ball"));
    assert_eq!(found.findings.cause, None);
    assert_eq!(found.findings.check.unwrap().action, Action::RepeatMeasurement);
}

#[test]
fn a_shaft_that_stands_is_told_and_not_scored() {
    let (_folder, kind) = kind(1);
    let mut running = trial(&kind, 1).build();
    let found = fire(&mut running, &[noise(SECOND, 22)], 0.0, &[1]);
    assert_eq!((found.usable, found.label.as_str()), (0, "unknown"));
    let [speed] = found.findings.evidence.as_slice() else {
        panic!("{:?}", found.findings);
    };
    assert_eq!((speed.quantity, speed.measured), (Quantity::Speed, 0.0));
    check_report(&found.findings);
}

#[test]
fn an_axis_that_is_not_usable_is_never_scored() {
    let (_folder, kind) = kind(2);
    let mut running = trial(&kind, 2).build();
    let loud: Vec<f32> = noise(SECOND, 7).iter().map(|sample| 9.0 * sample).collect();
    let found = fire(&mut running, &[loud.clone(), noise(SECOND, 8)], 1_800.0, &[0, 1]);
    assert!(!found.is_anomalous);
    assert_eq!((found.usable, found.scores[0].to_bits()), (1, 0));
    assert!(
        found
            .findings
            .evidence
            .iter()
            .all(|evidence| evidence.sensor == "axis 2")
    );
    let found = fire(&mut running, &[loud.clone(), loud.clone()], 1_800.0, &[0, 0]);
    assert_eq!(
        (found.usable, found.label.as_str(), found.score.to_bits()),
        (0, "unknown", 0)
    );
    assert!(found.findings.evidence.is_empty() && found.findings.severity.is_none());
    // A shaft that stands, and a window that is too short, are not scored whatever the quality says.
    for (axes, rpm) in [
        ([loud.clone(), loud.clone()], 0.0),
        ([loud[..6_000].to_vec(), loud[..6_000].to_vec()], 1_800.0),
    ] {
        let found = fire(&mut running, &axes, rpm, &[1, 1]);
        assert_eq!((found.usable, found.is_anomalous), (0, false));
    }
}

#[test]
fn severity_is_the_velocity_of_the_loudest_axis_against_the_zones() {
    let (_folder, kind) = kind(2);
    let mut running = trial(&kind, 2).build();
    // 0.2 g at 50 Hz are 4.41 mm/s.
    let mut axes = [noise(SECOND, 11), noise(SECOND, 12)]
        .map(|axis| axis.iter().map(|sample| 1e-3 * sample).collect::<Vec<f32>>());
    for (index, sample) in axes[1].iter_mut().enumerate() {
        *sample += narrow(0.2 * (std::f64::consts::TAU * 50.0 * index as f64 / 12_000.0).sin());
    }
    let found = fire(&mut running, &axes, 1_800.0, &[1, 1]);
    let expected = 1e3 * 0.2 * 9.806_65 / (std::f64::consts::TAU * 50.0) / 2.0_f64.sqrt();
    assert!(
        (f64::from(found.rms[1]) / expected - 1.0).abs() < 1e-2,
        "{} {expected}",
        found.rms[1]
    );
    assert!(found.velocity > found.rms[0] && (found.velocity - found.rms[1]).abs() < f32::EPSILON);
    let severity = found.findings.severity.clone().unwrap();
    assert_eq!((severity.zone, severity.sensor.as_str()), (Zone::C, "axis 2"));
    check_report(&found.findings);
}

#[test]
fn the_model_that_comes_along_tells_a_struck_inner_race_and_gives_no_cause_that_it_is_not_sure_of() {
    let kind = BearingModel::new(ModelSources::default());
    let trial = |least: f64| {
        Trial::of(&kind)
            .text("model", "bearing@1")
            .with(LEAST, ParamValue::Number(least))
            .input(WAVEFORM, "f32[T<=12000] rate=12kHz unit=g")
            .input(SPEED, "f32 unit=rpm")
            .input(QUALITY, &quality(1))
    };
    let shaft_hz = 29.95;
    for (order, label, fault) in [
        (
            bearing().orders().inner_race,
            "inner_race",
            Fault::InnerRaceDefect,
        ),
        (
            bearing().orders().outer_race,
            "outer_race",
            Fault::OuterRaceDefect,
        ),
    ] {
        let mut wave: Vec<f32> = noise(SECOND, 13).iter().map(|sample| 0.05 * sample).collect();
        for (index, sample) in wave.iter_mut().enumerate() {
            let since = index as f64 / 12_000.0 % (1.0 / (order * shaft_hz));
            *sample += narrow((-800.0 * since).exp() * (std::f64::consts::TAU * 3_000.0 * since).sin());
        }
        let run = |least| {
            let wave = wave.clone();
            let mut running = trial(least).build();
            let quality = Value::Record(vec![Value::U8(0), Value::U8s(vec![1]), Value::Text("{}")]);
            let values = [
                Some(Value::samples(&wave)),
                Some(Value::number(60.0 * narrow(shaft_hz))),
                Some(quality),
            ];
            let outputs = running.fire(&values).unwrap();
            let found = outputs[0].as_ref().unwrap();
            (
                found.text(3).unwrap().to_owned(),
                Findings::from_json(found.text(12).unwrap()).unwrap(),
            )
        };
        let (found, findings) = run(0.6);
        assert_eq!(found, label);
        let cause = findings.cause.clone().unwrap();
        assert_eq!(cause.fault, fault);
        check_report(&findings);
        let (_, unsure) = run(1.0);
        assert_eq!(unsure.cause, None);
        assert_eq!(unsure.check.unwrap().action, Action::RepeatMeasurement);
    }
}

#[test]
fn what_the_model_was_not_learnt_from_is_a_fault_at_its_place() {
    let (_folder, kind) = kind(2);
    let waveform = |port: &str| {
        let trial = Trial::of(&kind).text("model", "pump@1").input(WAVEFORM, port);
        trial
            .input(SPEED, "f32 unit=rpm")
            .input(QUALITY, &quality(2))
            .faults()[0]
            .place
            .clone()
    };
    for port in [
        "f32[2, 12000] rate=12kHz",
        "f32[1, 12000] rate=12kHz unit=g",
        "f32[2, 8000] rate=12kHz unit=g",
    ] {
        assert_eq!(waveform(port), FaultPlace::Input(WAVEFORM.to_owned()), "{port}");
    }
    let with = |name: &str, value: ParamValue| trial(&kind, 2).with(name, value).faults()[0].place.clone();
    assert_eq!(
        with(SENSORS, ParamValue::Texts(vec!["DE".to_owned()])),
        FaultPlace::Param(SENSORS.to_owned(), None)
    );
    let twice = vec!["DE".to_owned(), "DE".to_owned()];
    assert_eq!(
        with(SENSORS, ParamValue::Texts(twice)),
        FaultPlace::Param(SENSORS.to_owned(), None)
    );
    let falling = Trial::of(&kind)
        .text("model", "pump@1")
        .with(ZONES[0], ParamValue::Number(3.0))
        .with(ZONES[1], ParamValue::Number(2.0))
        .input(WAVEFORM, "f32[2, 12000] rate=12kHz unit=g")
        .input(SPEED, "f32 unit=rpm")
        .input(QUALITY, &quality(2));
    assert_eq!(
        falling.faults()[0].place,
        FaultPlace::Param(ZONES[0].to_owned(), None)
    );
    let without = Trial::of(&kind)
        .text("model", "pump@1")
        .input(WAVEFORM, "f32[2, 12000] rate=12kHz unit=g")
        .input(SPEED, "f32 unit=rpm")
        .input(QUALITY, "record{usable: u8[3]}");
    assert_eq!(without.faults()[0].place, FaultPlace::Input(QUALITY.to_owned()));
}
