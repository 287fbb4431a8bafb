//! From scores and findings to an alarm, a record and a text, in one pipeline.

use motet::{Pipeline, Request, Value};

const PIPELINE: &str = r#"
motet: 1
pipeline: pump
about: Watches one pump.
inputs:
  score: "f32[R<=64]"
  times: "i64[R<=64] unit=ms"
  usable: "u8[R<=64]"
  order: "utf8[T<=4096]"
  bearing: "utf8[B<=65536]"
  sensors: "utf8[S<=65536]"
nodes:
  alarm:
    kind: alarm/state
    in: {score: score, times: times, usable: usable, order: order}
    with: {limit: 17.2, deadband: 1, on_delay: 30 s, gap_max: 5 min}
  flood: {kind: alarm/flood, in: {pump: alarm}}
  report:
    kind: report/record
    in: {alarm: alarm, times: times, bearing: bearing, sensors: sensors}
    with: {asset: P-101, zones: 1.4 2.8 4.5 mm/s}
  written: {kind: report/text, in: report.record, with: {forms: [text, spoken]}}
outputs: {alarm: alarm, flood: flood, report: report, written: written}
"#;

const BEARING: &str = r#"{
  "model": {"name": "bearing", "version": "1"},
  "evidence": [
    {"sensor": "motor DE", "quantity": {"kind": "rms"}, "measured": 5.2, "unit": "mm/s"},
    {"sensor": "motor DE", "quantity": {"kind": "defect", "order": "outer_race", "harmonic": 1}, "measured": 3.15, "unit": "g",
     "limit": {"value": 1.5, "direction": "above"}, "ratio": 2.1},
    {"sensor": "motor DE", "quantity": {"kind": "kurtosis"}, "measured": 3.4, "unit": "1",
     "limit": {"value": 6.0, "direction": "above"}}
  ],
  "cause": {"fault": "outer_race_defect", "probability": 0.78, "against": [{"kind": "within_limit", "evidence": 2}]},
  "check": {"action": "inspect_bearing", "sensor": "motor DE"}
}"#;

const SENSORS: &str = r#"{"model": {"name": "rows", "version": "1"}, "flags": [{"kind": "gap", "sensor": "Flow 2", "seconds": 140}]}"#;

/// 12 March 2024, 14:05, in milliseconds since 1970.
const BEGIN_MS: i64 = 1_710_252_300_000;

/// A score for each ten seconds, from the given one on.
fn request(first: i64, scores: &[f32], order: &str) -> Request {
    let rows = u32::try_from(scores.len()).unwrap();
    let times = (first..).take(scores.len()).map(|row| BEGIN_MS + 10_000 * row);
    let text = |text: &str| Value::Text(text.to_owned());
    Request::new()
        .with("score", Value::samples(scores))
        .with(
            "times",
            Value::I64 {
                dims: vec![rows],
                data: times.collect(),
            },
        )
        .with(
            "usable",
            Value::U8 {
                dims: vec![rows],
                data: vec![1; scores.len()],
            },
        )
        .with("order", text(order))
        .with("bearing", text(BEARING))
        .with("sensors", text(SENSORS))
}

#[test]
fn a_pump_is_watched_and_reported_on() {
    let pipeline = Pipeline::builder().text(PIPELINE).unwrap();
    let mut runner = pipeline.runner().unwrap();
    let mut ask = |request: &Request, names: [&str; 2]| {
        let response = runner.run(request).unwrap();
        let value = response.value(names[0]).unwrap();
        match value.field(names[1]).unwrap() {
            Value::Text(text) => text.clone(),
            Value::U8 { data, .. } => data[0].to_string(),
            Value::I64 { data, .. } => data[0].to_string(),
            other => panic!("{other:?}"),
        }
    };
    let state = ["alarm", "state"];
    assert_eq!(ask(&request(0, &[3.0, 20.0, 20.0, 20.0], ""), state), "normal");
    // The fourth high score comes 30 s after the first.
    assert_eq!(ask(&request(4, &[20.0], ""), state), "active_unacknowledged");
    assert_eq!(
        ask(&request(5, &[20.0], "acknowledge"), state),
        "active_acknowledged"
    );
    let report = request(6, &[20.0; 6], "");
    let text = ask(&report, ["written", "text"]);
    insta::assert_snapshot!(text, @"P-101 is in zone D, acknowledged alarm, first seen 12 March 14:05. motor DE reads BPFO amplitude of 3.1 g (2.1 times the limit of 1.5 g). Probably an outer-race defect (78 %); suggested check: inspect the bearing at motor DE. Gap for 2.3 min at “Flow 2”. No estimate of remaining life: no clear trend.");
    assert_eq!(ask(&request(12, &[20.0], ""), ["report", "severity"]), "D");
    assert_eq!(
        ask(&request(13, &[20.0], ""), ["report", "probable"]),
        "outer_race_defect"
    );
    assert_eq!(ask(&request(14, &[20.0], ""), ["report", "is_sound"]), "0");
    assert_eq!(ask(&request(15, &[20.0], ""), ["report", "complete"]), "1");
    assert_eq!(ask(&request(16, &[20.0], ""), ["flood", "is_flood"]), "0");
    let since = BEGIN_MS + 40_000;
    assert_eq!(
        ask(&request(17, &[20.0], ""), ["alarm", "since"]),
        since.to_string()
    );
    let spoken = ask(&request(18, &[20.0], ""), ["written", "spoken"]);
    insta::assert_snapshot!(spoken, @"P-101, zone D: acknowledged alarm; outer-race order at motor DE: three point one g, which is two point one times its limit of one point five g; the cause is probably an outer-race defect (seventy-eight percent); inspect the bearing at motor DE; the data are flawed.");
}
