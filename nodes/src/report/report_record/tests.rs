//! What becomes of findings, flags and times, and what is refused.

use motet_core::arena::ReadLease;

use super::super::record::{FLAGS_MAX, Flag, FlagKind};
use super::super::sample;
use super::*;
use crate::trial::{Trial, Value};

const ALARM_PORT: &str = "record{state: utf8[T<=32], since: i64, is_active: u8, quality: utf8[T<=32]}";

fn leaked(text: String) -> Value {
    Value::Text(Box::leak(text.into_boxed_str()))
}

fn alarm(state: &str, since_ms: i64, is_active: bool, quality: &str) -> Option<Value> {
    Some(Value::Record(vec![
        leaked(state.to_owned()),
        Value::I64(since_ms),
        Value::U8(u8::from(is_active)),
        leaked(quality.to_owned()),
    ]))
}

/// A node with so many findings, between two times.
fn record(asset: &str, findings: usize) -> Trial<'static> {
    let names = ["bearing", "shift", "orders", "quality"];
    let trial = Trial::of(&ReportRecord)
        .text(ASSET, asset)
        .input(ALARM, ALARM_PORT)
        .input(FROM, "i64")
        .input(TO, "i64")
        .unconnected(TIMES);
    names.iter().take(findings).fold(trial, |trial, name| {
        trial.input(name, "record{score: f32, findings: utf8[T<=65536]}")
    })
}

fn found(json: String) -> Option<Value> {
    Some(Value::Record(vec![Value::number(0.0), leaked(json)]))
}

fn part(report: &Report) -> Findings {
    Findings {
        model: Some(report.model.clone()),
        severity: report.severity.clone(),
        evidence: report.evidence.clone(),
        cause: report.cause.clone(),
        changes: report.changes.clone(),
        check: report.check.clone(),
        flags: report.flags.clone(),
        work_orders: report.work_orders.clone(),
        remaining_life: Some(report.remaining_life),
    }
}

/// Record, zone, fault, count of flags, soundness and completeness.
fn told(lease: &ReadLease) -> (Report, String, String, i32, u8, u8) {
    let text = |field: usize| lease.text(field).unwrap().to_owned();
    let report = Report::read(&text(0)).unwrap();
    assert_eq!(text(6), report.asset);
    (
        report,
        text(1),
        text(2),
        lease.tensor::<i32>(3).unwrap()[0],
        lease.tensor::<u8>(4).unwrap()[0],
        lease.tensor::<u8>(5).unwrap()[0],
    )
}

/// Feeds findings with a normal alarm at two times in seconds.
fn ask(
    asset: &str,
    parts: &[String],
    from_s: i64,
    to_s: i64,
) -> Result<(Report, String, String, i32, u8, u8), NodeError> {
    let mut values = vec![
        alarm("normal", -1, false, "good"),
        Some(Value::I64(from_s * 1_000)),
        Some(Value::I64(to_s * 1_000 + 999)),
        None,
    ];
    values.extend(parts.iter().cloned().map(found));
    let outputs = record(asset, parts.len()).run(&values)?;
    Ok(told(outputs[0].as_ref().unwrap()))
}

#[test]
fn a_record_holds_what_was_found_and_keeps_to_the_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/report.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for seed in 0..200 {
        let sample = sample::hostile(seed);
        let json = part(&sample).to_json().unwrap();
        let (from, to) = (sample.interval.from.seconds(), sample.interval.to.seconds());
        let (report, zone, fault, flags, is_sound, is_complete) =
            ask(&sample.asset, &[json], from, to).unwrap();
        assert!(schema.is_valid(&serde_json::to_value(&report).unwrap()), "{seed}");
        assert_eq!(
            (
                &report.evidence,
                &report.flags,
                &report.changes,
                &report.work_orders
            ),
            (
                &sample.evidence,
                &sample.flags,
                &sample.changes,
                &sample.work_orders
            ),
            "{seed}"
        );
        assert_eq!(
            (report.severity.as_ref(), report.interval),
            (sample.severity.as_ref(), sample.interval)
        );
        assert_eq!(report.remaining_life, sample.remaining_life, "{seed}");
        assert_eq!(flags, i32::try_from(sample.flags.len()).unwrap());
        assert_eq!(is_sound, u8::from(sample.flags.is_empty()));
        let has_room = sample.cause.as_ref().is_none_or(|cause| cause.against.len() < 8);
        assert!(is_complete == 1 || !has_room, "{seed}");
        let zone_of = sample
            .severity
            .map_or("none".to_owned(), |it| format!("{:?}", it.zone));
        assert_eq!(zone, zone_of);
        assert_eq!(fault == "none", sample.cause.is_none(), "{fault}");
        assert_eq!((report.since, report.alarm), (None, State::Normal));
    }
}

#[test]
fn no_flag_is_dropped_without_being_told() {
    let kinds = FlagKind::ALL
        .into_iter()
        .filter(|kind| *kind != FlagKind::MissingSensor);
    let flags: Vec<Flag> = kinds
        .flat_map(|kind| {
            (0..6).map(move |sensor| Flag {
                kind,
                sensor: Some(format!("S{sensor}")),
                seconds: Some(1.0),
            })
        })
        .collect();
    let parts: Vec<String> = flags
        .chunks(FLAGS_MAX)
        .map(|flags| {
            let part = Findings {
                flags: flags.to_vec(),
                ..Findings::default()
            };
            part.to_json().unwrap()
        })
        .collect();
    let (report, _, _, count, is_sound, is_complete) = ask("P-1", &parts, 0, 60).unwrap();
    assert_eq!((count, is_sound, is_complete), (48, 0, 0));
    assert_eq!(report.flags.len(), FLAGS_MAX);
    for flag in &flags {
        assert!(report.flags.iter().any(|kept| kept.kind == flag.kind), "{flag:?}");
    }
    let (report, _, _, count, _, is_complete) = ask("P-1", &parts[..1], 0, 60).unwrap();
    assert_eq!((count, is_complete, &report.flags[..]), (16, 1, &flags[..16]));
}

#[test]
fn findings_that_did_not_come_are_told() {
    let values = [
        alarm("normal", -1, false, "missing"),
        Some(Value::I64(0)),
        Some(Value::I64(60_000)),
        None,
        found("{}".to_owned()),
        None,
    ];
    let outputs = record("P-1", 2).run(&values).unwrap();
    let (report, zone, fault, flags, is_sound, is_complete) = told(outputs[0].as_ref().unwrap());
    assert_eq!((zone.as_str(), fault.as_str(), flags), ("none", "none", 0));
    assert_eq!(
        (is_sound, is_complete),
        (0, 0),
        "the signal of the alarm is missing, and so are findings"
    );
    let model = ("alarm", "1");
    assert_eq!((report.model.name.as_str(), report.model.version.as_str()), model);
    let reason = Reason::NoTrend;
    assert_eq!(report.remaining_life, RemainingLife::NotEstimable { reason });
}

#[test]
fn what_contradicts_itself_is_an_error_that_names_the_place() {
    let check = |parts: &[&str], expected: &str| {
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        let error = ask("P-1", &parts, 0, 60)
            .err()
            .unwrap_or_else(|| panic!("{parts:?}"));
        assert_eq!(error.to_string(), expected);
    };
    let rms = |value: &str| {
        format!(
            r#"{{"evidence": [{{"sensor": "S1", "quantity": {{"kind": "rms"}}, "measured": {value}, "unit": "g"}}]}}"#
        )
    };
    check(
        &[&rms("1.0"), &rms("2.0")],
        "the record is refused: `evidence` states one thing twice: entries 0 and 1",
    );
    check(
        &[&rms("-1.0")],
        "the record is refused: `evidence.measured` is no number within its range: -1",
    );
    check(
        &[&rms("\"high\"")],
        "input `bearing` is refused: the JSON is no findings, from line 1, column 78",
    );
    check(
        &["{}", "no JSON"],
        "input `shift` is refused: the JSON is no findings, from line 1, column 2",
    );
    check(
        &[r#"{"cause": {"fault": "leak", "probability": 0.5}}"#],
        "the record is refused: a cause needs evidence",
    );
    check(
        &[
            &rms("1.0"),
            r#"{"flags": [{"kind": "missing_sensor", "sensor": "S1"}]}"#,
        ],
        "the record is refused: evidence 0 is of a sensor that is missing throughout",
    );
    check(
        &[r#"{"work_orders": [{"id": "1", "date": "1970-01-01", "snippet": "x", "asset": "P-2"}]}"#],
        "the record is refused: work order 0 is of another asset",
    );
    check(
        &[r#"{"check": {"action": "check_sensor", "sensor": "P-1"}}"#],
        "the record is refused: `check.sensor` has the name of the asset",
    );
    let backward = ask("P-1", &[], 60, 59).err().unwrap();
    assert_eq!(
        backward.to_string(),
        "the record is refused: the interval of `interval` does not hold its estimate"
    );
}

#[test]
fn since_is_told_of_what_stands() {
    let since = |state: &str, is_active: bool, since_ms: i64| {
        let values = [
            alarm(state, since_ms, is_active, "good"),
            Some(Value::I64(0)),
            Some(Value::I64(60_000)),
            None,
        ];
        let outputs = record("P-1", 0).run(&values);
        outputs.map(|outputs| told(outputs[0].as_ref().unwrap()).0.since.map(Moment::seconds))
    };
    assert_eq!(since("active_acknowledged", true, 30_500), Ok(Some(30)));
    assert_eq!(since("returned_unacknowledged", false, 30_500), Ok(Some(30)));
    assert_eq!(since("latched_acknowledged", false, 30_500), Ok(Some(30)));
    assert_eq!(since("normal", false, 30_500), Ok(None), "it is over");
    assert_eq!(since("shelved", true, 30_500), Ok(Some(30)));
    assert_eq!(since("shelved", false, 30_500), Ok(None));
    assert_eq!(since("out_of_service", false, -1), Ok(None));
    assert_eq!(
        since("active_acknowledged", true, 61_000),
        Ok(None),
        "the data are of a time before it"
    );
    let loud = since("loud", true, 0).err().unwrap();
    assert_eq!(
        loud.to_string(),
        "the state of the alarm is not in the form it has to be in, from line 1, column 6"
    );
}

#[test]
fn the_stretch_of_time_may_come_as_time_stamps_in_any_order() {
    let trial = || {
        Trial::of(&ReportRecord)
            .text(ASSET, "P-1")
            .input(ALARM, ALARM_PORT)
            .unconnected(FROM)
            .unconnected(TO)
            .input(TIMES, "i64[R<=8] unit=ms")
    };
    let ask = |times: &[i64]| {
        let values = [
            alarm("normal", -1, false, "good"),
            None,
            None,
            Some(Value::I64s(times.to_vec())),
        ];
        let outputs = trial().run(&values)?;
        let interval = told(outputs[0].as_ref().unwrap()).0.interval;
        Ok::<_, NodeError>((interval.from.seconds(), interval.to.seconds()))
    };
    assert_eq!(ask(&[7_000, 3_999, 5_000]), Ok((3, 7)));
    assert_eq!(
        ask(&[]).err().unwrap().to_string(),
        "the stretch of time is not known: no time stamps came"
    );
    assert_eq!(
        ask(&[-1]).err().unwrap().to_string(),
        "a time stamp is not within the years 1970 to 9999: -1 ms"
    );
}

#[test]
fn the_zone_follows_from_the_limits_of_the_pipeline() {
    let json =
        r#"{"evidence": [{"sensor": "S1", "quantity": {"kind": "rms"}, "measured": 5.5, "unit": "mm/s"}]}"#;
    let values = [
        alarm("normal", -1, false, "good"),
        Some(Value::I64(0)),
        Some(Value::I64(60_000)),
        None,
        found(json.to_owned()),
    ];
    let outputs = record("P-1", 1)
        .text(ZONES, "1.4 2.8 7.1 mm/s")
        .run(&values)
        .unwrap();
    let (report, zone, ..) = told(outputs[0].as_ref().unwrap());
    assert_eq!(
        (zone.as_str(), report.severity.unwrap().sensor.as_str()),
        ("C", "S1")
    );
}

#[test]
fn what_means_nothing_is_a_fault_in_its_place() {
    let place = |trial: Trial<'_>| trial.faults()[0].place.clone();
    let at_param = |name: &str| FaultPlace::Param(name.to_owned(), None);
    let at_input = |name: &str| FaultPlace::Input(name.to_owned());
    assert_eq!(place(record("P. 1", 0)), at_param(ASSET));
    assert_eq!(place(record("P-1", 0).text(ZONES, "1 2 3")), at_param(ZONES));
    assert_eq!(place(record("P-1", 0).text(MODEL, "")), at_param(MODEL));
    assert_eq!(
        place(record("P-1", 0).input("x", "record{score: f32}")),
        at_input("x")
    );
    assert_eq!(
        place(record("P-1", 0).input("x", "utf8[T<=65537]")),
        at_input("x")
    );
    assert!(record("P-1", 0).input("x", "utf8[T<=10]").signature().is_ok());
    let bare = || Trial::of(&ReportRecord).text(ASSET, "P-1");
    let from_to = |trial: Trial<'static>| trial.input(FROM, "i64").input(TO, "i64");
    assert_eq!(place(from_to(bare().input(ALARM, "utf8[T<=9]"))), at_input(ALARM));
    let alarmed = || bare().input(ALARM, ALARM_PORT);
    assert_eq!(place(alarmed()), FaultPlace::Node);
    assert_eq!(place(alarmed().input(FROM, "i64")), FaultPlace::Node);
    assert_eq!(
        place(from_to(alarmed()).input(TIMES, "i64[R<=8]")),
        FaultPlace::Node
    );
    let signature = record("P-1", 0).signature().unwrap();
    let built = ReportRecord.build(&bare().text(ZONES, "none").params(), &signature, &Placement::CPU);
    assert!(matches!(built, Err(BuildError::Failed(_))));
}
