//! Records against their schema, and contradictions that are refused.

use serde_json::Value;

use super::super::sample;
use super::*;

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../../../docs/report.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// A record with one of everything.
fn full() -> Report {
    let json = r#"{
        "asset": "P-101",
        "interval": {"from": "2024-03-11T00:00:00", "to": "2024-03-12T18:00:00"},
        "severity": {"zone": "C", "sensor": "motor DE", "measured": 5.2, "unit": "mm/s",
            "limits": {"a_to_b": 1.4, "b_to_c": 2.8, "c_to_d": 7.1}},
        "evidence": [
            {"sensor": "motor DE", "quantity": {"kind": "defect", "order": "outer_race", "harmonic": 1},
             "measured": 3.15, "unit": "g", "limit": {"value": 1.5, "direction": "above"}, "ratio": 2.1,
             "trend": {"per_day": 0.12, "low": 0.05, "high": 0.2}},
            {"sensor": "motor DE", "quantity": {"kind": "kurtosis"}, "measured": 3.4, "unit": "1",
             "limit": {"value": 6.0, "direction": "above"}, "trend": {"per_day": 0.01, "low": -0.1, "high": 0.1}}
        ],
        "cause": {"fault": "outer_race_defect", "probability": 0.78, "against": [
            {"kind": "within_limit", "evidence": 1}, {"kind": "no_trend", "evidence": 1},
            {"kind": "alternative", "fault": "looseness", "probability": 0.15}, {"kind": "poor_data"}]},
        "since": "2024-03-12T14:05:00",
        "changes": [{"sensor": "motor DE", "quantity": {"kind": "speed"}, "from": 1480, "to": 1495, "unit": "rpm",
            "at": "2024-03-10T06:00:00"}],
        "check": {"action": "inspect_bearing", "sensor": "motor DE"},
        "model": {"name": "bearing-classes", "version": "1.2"},
        "flags": [{"kind": "gap", "sensor": "gearbox", "seconds": 2400}],
        "work_orders": [{"id": "4711", "date": "2024-03-03", "snippet": "bearing replaced", "asset": "P-101"}],
        "remaining_life": {"kind": "estimated", "days": 30, "low": 20, "high": 45},
        "alarm": "active_unacknowledged"
    }"#;
    Report::read(json).unwrap()
}

#[test]
fn random_records_keep_to_the_schema_and_are_read_back() {
    let schema = schema();
    for seed in 0..500 {
        for report in [sample::plausible(seed), sample::hostile(seed)] {
            report.check().unwrap_or_else(|error| panic!("{seed}: {error}"));
            let value = serde_json::to_value(&report).unwrap();
            assert!(
                schema.is_valid(&value),
                "{seed}: {:?}",
                schema.validate(&value).err()
            );
            assert_eq!(Report::read(&value.to_string()).unwrap(), report, "{seed}");
        }
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    let edits: [(&str, Value); 8] = [
        ("/alarm", "loud".into()),
        ("/interval/from", "yesterday".into()),
        ("/evidence/0/unit", "furlong".into()),
        ("/evidence/0/quantity/kind", "mood".into()),
        ("/evidence/0/measured", "3.15".into()),
        ("/cause/probability", "high".into()),
        ("/flags/0/kind", "bad luck".into()),
        ("/remaining_life/kind", "forever".into()),
    ];
    for (pointer, value) in edits {
        let mut record = serde_json::to_value(full()).unwrap();
        *record.pointer_mut(pointer).unwrap() = value;
        assert!(!schema.is_valid(&record), "{pointer}");
        let read = Report::read(&record.to_string());
        assert!(matches!(read, Err(ReportError::Json(_))), "{pointer}: {read:?}");
    }
}

/// The error of a record after a change.
fn refused(change: fn(&mut Report)) -> String {
    let mut report = full();
    change(&mut report);
    format!("{:?}", report.check().unwrap_err())
}

#[test]
fn contradictions_are_refused() {
    type Contradiction = (fn(&mut Report), &'static str);
    let cases: [Contradiction; 20] = [
        (|it| it.evidence[0].ratio = Some(3.0), "Ratio { index: 0 }"),
        (|it| it.evidence[1].ratio = Some(1.01), "Ratio { index: 1 }"),
        (
            |it| {
                it.evidence[0].trend = Some(Trend {
                    per_day: 0.3,
                    low: 0.0,
                    high: 0.2,
                })
            },
            "Interval",
        ),
        (|it| it.evidence[0].unit = Unit::Celsius, "Unit"),
        (|it| it.evidence[0].measured = -3.15, "Number"),
        (|it| it.evidence[1].measured = f64::NAN, "Number"),
        (|it| it.evidence[1].measured = 1e16, "Number"),
        (|it| it.evidence.push(it.evidence[0].clone()), "Twice"),
        (|it| it.severity.as_mut().unwrap().zone = Zone::B, "Zone"),
        (|it| it.cause.as_mut().unwrap().probability = 0.9, "Probabilities"),
        (
            |it| it.cause.as_mut().unwrap().against[0] = Against::WithinLimit { evidence: 0 },
            "Against { index: 0 }",
        ),
        (
            |it| it.cause.as_mut().unwrap().against[1] = Against::NoTrend { evidence: 9 },
            "Against { index: 1 }",
        ),
        (|it| it.flags.clear(), "Against { index: 3 }"),
        (
            |it| it.since = Some("2024-03-13T00:00:00".parse().unwrap()),
            "Future",
        ),
        (|it| it.changes[0].to = 1480.0, "NoChange"),
        (|it| it.work_orders[0].asset = "P-102".to_owned(), "WorkOrder"),
        (|it| it.work_orders[0].snippet = "“quoted”".to_owned(), "Snippet"),
        (|it| it.evidence[0].trend = None, "LifeWithoutTrend"),
        (
            |it| {
                it.remaining_life = RemainingLife::NotEstimable {
                    reason: Reason::NoTrend,
                }
            },
            "LifeReason",
        ),
        (|it| it.asset = "motor DE".to_owned(), "SharedName"),
    ];
    for (change, expected) in cases {
        let found = refused(change);
        assert!(found.starts_with(expected), "expected {expected}, found {found}");
    }
}

#[test]
fn a_sensor_that_was_missing_throughout_has_no_evidence() {
    let found = refused(|it| {
        it.flags.push(Flag {
            kind: FlagKind::MissingSensor,
            sensor: Some("motor DE".to_owned()),
            seconds: None,
        });
    });
    assert_eq!(found, "MissingSensor { index: 0 }");
}

#[test]
fn names_that_a_text_cannot_carry_are_refused() {
    for name in [
        "",
        " x",
        "x ",
        "a  b",
        "a. b",
        "“x”",
        "x\ny",
        "a,b",
        "a;b",
        "x".repeat(49).as_str(),
        "e\u{301}",
        "😀",
    ] {
        let mut report = full();
        report.model.name = name.to_owned();
        assert!(
            matches!(report.check(), Err(ReportError::Name { place: "model.name" })),
            "{name:?}"
        );
    }
}

#[test]
fn evidence_is_ranked_by_how_far_it_is_beyond_its_limit() {
    let mut report = full();
    let mut third = report.evidence[1].clone();
    (third.measured, third.sensor) = (24.0, "gearbox".to_owned());
    report.evidence.push(third);
    assert_eq!(report.ranked_evidence(), [2, 0, 1]);
    let mut score = report.evidence[2].clone();
    (score.quantity, score.measured) = (Quantity::AnomalyScore, 1e6);
    report.evidence.insert(0, score);
    assert_eq!(report.ranked_evidence(), [3, 1, 0, 2]);
}

#[test]
fn zones_follow_from_their_limits() {
    let limits = ZoneLimits {
        a_to_b: 1.4,
        b_to_c: 2.8,
        c_to_d: 4.5,
    };
    let zones = [1.4, 1.41, 2.8, 2.9, 4.5, 4.6].map(|measured| limits.zone(measured));
    assert_eq!(zones, [Zone::A, Zone::B, Zone::B, Zone::C, Zone::C, Zone::D]);
}
