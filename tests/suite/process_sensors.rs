//! Rows of process sensors from text to findings, by the model that comes along: what is wrong with data is flagged, and
//! where a stream is cut changes nothing.

use motet::{Pipeline, Request, Runner, Value};
use motet_models::builtin;
use motet_models::shift::ShiftModel;
use motet_models::shift::model::read_card;
use motet_nodes::report::alarm::State;
use motet_nodes::report::findings::Findings;
use motet_nodes::report::moment::Moment;
use motet_nodes::report::record::{
    Evidence, FlagKind, Interval, Model, Quantity, Reason, RemainingLife, Report, Unit,
};

const PIPELINE: &str = r#"
motet: 1
pipeline: pump
about: Scores rows of the sensors of a pump.
inputs:
  rows: utf8[T<=2000000]
  now: i64
nodes:
  table: {kind: sensors/table, in: rows, with: {model: skab@1, time: datetime}}
  quality: {kind: quality/rows, in: {table: table, now: now}, with: {model: skab@1}}
  shift:
    kind: model/shift
    in: {table: table, quality: quality}
    with:
      model: skab@1
      quantities:
        - Accelerometer1RMS = rms g
        - Pressure = pressure bar
        - Thermocouple = temperature degC
        - FlowRateRMS = flow l/min
outputs: {table: table, quality: quality, shift: shift}
"#;

const PRESSURE: usize = 3;
const TEMPERATURE: usize = 4;
const VOLTAGE: usize = 6;
const FLOW: usize = 7;

fn model() -> ShiftModel {
    let along = builtin::ALL.iter().find(|model| model.name == "skab").unwrap();
    ShiftModel::from_bytes(&read_card(along.card).unwrap(), along.weights).unwrap()
}

/// A number from 0 to 1 for a row and a sensor, without a pattern.
fn noise(row: usize, sensor: usize) -> f64 {
    let mut value = (row as u64 + 1) * 2_654_435_761 + (sensor as u64) * 40_503;
    for shift in [13, 7, 17] {
        value ^= value << shift;
        value ^= value >> 9;
    }
    (value % 100_003) as f64 / 100_003.0
}

/// A row as text: its stamp in milliseconds, and cells.
#[derive(Clone)]
struct Row {
    time_ms: i64,
    values: Vec<Option<f64>>,
}

/// Rows of the pump in its normal state: the learnt means and variances.
fn normal(rows: usize) -> Vec<Row> {
    let model = model();
    let value = |row: usize, sensor: usize| {
        let normal = model.normals()[sensor];
        Some(normal.mean + normal.variance.sqrt() * 12_f64.sqrt() * (noise(row, sensor) - 0.5))
    };
    (0..rows)
        .map(|row| Row {
            time_ms: 1_600_000_000_000 + 1_000 * row as i64,
            values: (0..model.normals().len())
                .map(|sensor| value(row, sensor))
                .collect(),
        })
        .collect()
}

fn text(rows: &[Row]) -> String {
    let model = model();
    let names: Vec<&str> = model
        .config()
        .sensors
        .iter()
        .map(|sensor| sensor.name.as_str())
        .collect();
    let mut text = format!("datetime,{}\n", names.join(","));
    for row in rows {
        let cells = row.values.iter().map(|value| match value {
            Some(value) => format!("{value:.6}"),
            None => "NaN".to_owned(),
        });
        let cells: Vec<String> = std::iter::once(format!("{}e-3", row.time_ms))
            .chain(cells)
            .collect();
        text += &cells.join(",");
        text.push('\n');
    }
    text
}

/// What the pipeline says of one chunk.
struct Said {
    scores: Vec<f32>,
    usable: Vec<u8>,
    valid: Vec<u8>,
    contributions: Vec<f32>,
    score: f32,
    count: i32,
    is_anomalous: u8,
    worst: String,
    flagged: u8,
    /// Of the score, with the flags of the data.
    findings: Findings,
}

struct Pump(Runner);

impl Pump {
    fn start() -> Pump {
        Pump(Pipeline::builder().text(PIPELINE).unwrap().runner().unwrap())
    }

    fn reads_at(&mut self, rows: &str, now: i64) -> Result<Said, String> {
        let now = Value::I64 {
            dims: Vec::new(),
            data: vec![now],
        };
        let request = Request::new()
            .with("rows", Value::Text(rows.to_owned()))
            .with("now", now);
        let response = self.0.run(&request).map_err(|error| error.to_string())?;
        if let Some((output, failure)) = response.failure() {
            return Err(format!("{output}: {failure}"));
        }
        let (quality, shift) = (
            response.value("quality").unwrap(),
            response.value("shift").unwrap(),
        );
        let floats = |field: &str| match shift.field(field) {
            Some(Value::F32 { data, .. }) => data.clone(),
            other => panic!("{field} is {other:?}"),
        };
        let bytes = |value: &Value, field: &str| match value.field(field) {
            Some(Value::U8 { data, .. }) => data.clone(),
            other => panic!("{field} is {other:?}"),
        };
        let told = |field: &str| match shift.field(field) {
            Some(Value::Text(text)) => text.clone(),
            other => panic!("{field} is {other:?}"),
        };
        Ok(Said {
            scores: floats("scores"),
            usable: bytes(&shift, "usable"),
            valid: bytes(&quality, "valid"),
            contributions: floats("contributions"),
            score: floats("score")[0],
            count: match shift.field("count") {
                Some(Value::I32 { data, .. }) => data[0],
                other => panic!("count is {other:?}"),
            },
            is_anomalous: bytes(&shift, "is_anomalous")[0],
            worst: told("worst"),
            flagged: bytes(&quality, "flagged")[0],
            findings: Findings::from_json(&told("findings")).unwrap(),
        })
    }

    fn reads(&mut self, rows: &[Row]) -> Said {
        let now = rows.last().map_or(0, |row| row.time_ms);
        self.reads_at(&text(rows), now).unwrap()
    }
}

/// Findings as a report that is checked.
fn reported(findings: &Findings) {
    let moment = |seconds| Moment::from_seconds(seconds).unwrap();
    let report = Report {
        asset: "pump".to_owned(),
        interval: Interval {
            from: Moment::BEGIN,
            to: moment(1_700_000_000),
        },
        severity: None,
        evidence: findings.evidence.clone(),
        cause: None,
        since: None,
        changes: findings.changes.clone(),
        check: None,
        model: findings.model.clone().unwrap_or(Model {
            name: "none".to_owned(),
            version: "1".to_owned(),
        }),
        flags: findings.flags.clone(),
        work_orders: Vec::new(),
        remaining_life: RemainingLife::NotEstimable {
            reason: Reason::NoTrend,
        },
        alarm: State::Normal,
    };
    report.check().unwrap();
}

#[test]
fn normal_rows_are_neither_flagged_nor_anomalous() {
    let said = Pump::start().reads(&normal(2_000));
    assert_eq!(
        (said.flagged, said.count, said.is_anomalous),
        (0, 0, 0),
        "{:?}",
        said.findings
    );
    assert!(said.valid.iter().all(|valid| *valid == 1));
    // The first window is full after eight rows.
    assert!(
        said.usable
            .iter()
            .enumerate()
            .all(|(row, usable)| *usable == u8::from(row >= 7))
    );
    assert_eq!(said.findings.flags, []);
    reported(&said.findings);
}

#[test]
fn a_sensor_that_leaves_its_normal_values_is_named_with_its_limit_and_since_when() {
    let mut rows = normal(600);
    let normal = model().normals()[FLOW];
    for row in &mut rows[500..] {
        row.values[FLOW] = row.values[FLOW].map(|value| value - 0.2 * normal.mean.abs() - 3.0);
    }
    let said = Pump::start().reads(&rows);
    assert_eq!(
        (said.is_anomalous, said.worst.as_str(), said.flagged),
        (1, "FlowRateRMS", 0)
    );
    assert!(said.scores[499] < 6.5 && said.scores[520] > 6.5 && said.score > 6.5);
    let flow = |evidence: &&Evidence| evidence.quantity == Quantity::Flow;
    let evidence = said.findings.evidence.iter().find(flow).unwrap();
    let limit = evidence.limit.unwrap();
    assert!(
        evidence.beyond().is_some()
            && evidence.measured < limit.value
            && evidence.unit == Unit::LitresPerMinute
    );
    let score = said
        .findings
        .evidence
        .iter()
        .find(|it| it.quantity == Quantity::AnomalyScore)
        .unwrap();
    assert_eq!(score.sensor, "FlowRateRMS");
    assert!(score.ratio.unwrap() > 1.0);
    let change = &said.findings.changes[0];
    assert!(change.from > change.to);
    // Within a window of eight rows from the change.
    let after = change.at.seconds() - 1_600_000_500;
    assert!((0..8).contains(&after), "{after}");
    assert_eq!(said.findings.model.clone().unwrap().name, "skab");
    reported(&said.findings);
}

#[test]
fn where_a_stream_is_cut_changes_nothing() {
    let mut rows = normal(500);
    for row in &mut rows[200..260] {
        row.values[VOLTAGE] = None;
    }
    for row in &mut rows[300..400] {
        row.values[PRESSURE] = row.values[PRESSURE].map(|value| value + 5.0);
    }
    let held = rows[400].values[TEMPERATURE];
    for row in &mut rows[400..480] {
        row.values[TEMPERATURE] = held;
    }
    rows[450].time_ms = rows[449].time_ms;
    let whole = Pump::start().reads(&rows);
    for size in [1, 7, 64, 499] {
        let mut pump = Pump::start();
        let (mut scores, mut contributions, mut valid) = (Vec::new(), Vec::new(), Vec::new());
        let mut kinds = std::collections::BTreeSet::new();
        for chunk in rows.chunks(size) {
            let said = pump.reads(chunk);
            scores.extend(said.scores);
            contributions.extend(said.contributions);
            valid.extend(said.valid);
            kinds.extend(
                said.findings
                    .flags
                    .iter()
                    .map(|flag| (flag.kind, flag.sensor.clone())),
            );
        }
        assert_eq!(scores, whole.scores, "{size}");
        assert_eq!(contributions, whole.contributions, "{size}");
        assert_eq!(valid, whole.valid, "{size}");
        let at_once = whole
            .findings
            .flags
            .iter()
            .map(|flag| (flag.kind, flag.sensor.clone()));
        assert_eq!(kinds, at_once.collect(), "{size}");
    }
}

/// Puts a fault into the rows from 600 on, and looks for its flag.
fn flagged(change: impl Fn(&mut Row, usize), kind: FlagKind, sensor: Option<usize>) {
    let mut rows = normal(1_000);
    for (index, row) in rows[600..].iter_mut().enumerate() {
        change(row, index);
    }
    let said = Pump::start().reads(&rows);
    let name = sensor.map(|sensor| model().config().sensors[sensor].name.clone());
    let flag = said
        .findings
        .flags
        .iter()
        .find(|flag| flag.kind == kind && flag.sensor == name);
    assert!(flag.is_some(), "{kind:?} {name:?}: {:?}", said.findings.flags);
    assert_eq!(said.flagged, 1);
    reported(&said.findings);
}

fn scaled(sensor: usize, factor: f64) -> impl Fn(&mut Row, usize) {
    move |row, _| row.values[sensor] = row.values[sensor].map(|value| factor * value)
}

#[test]
fn bad_data_are_flagged_beside_every_score() {
    flagged(
        |row, _| row.values[VOLTAGE] = Some(231.5),
        FlagKind::StuckSensor,
        Some(VOLTAGE),
    );
    let burst = |row: &mut Row, index: usize| {
        if index % 50 < 12 {
            row.values[PRESSURE] = None;
        }
    };
    flagged(burst, FlagKind::NotANumber, Some(PRESSURE));
    flagged(
        |row, _| row.values[FLOW] = None,
        FlagKind::MissingSensor,
        Some(FLOW),
    );
    flagged(|row, _| row.time_ms += 90_000, FlagKind::Gap, None);
    flagged(|row, _| row.time_ms -= 1_000, FlagKind::DoubledTimeStamps, None);
    flagged(
        |row, _| row.time_ms -= 3_600_000,
        FlagKind::BackwardTimeStamps,
        None,
    );
    flagged(
        |row, index| row.time_ms -= 900 * index as i64,
        FlagKind::RateDrift,
        None,
    );
    flagged(
        |row, index| row.time_ms += 200 * index as i64,
        FlagKind::RateDrift,
        None,
    );
    for factor in [1_000.0, 0.1] {
        flagged(scaled(VOLTAGE, factor), FlagKind::WrongUnit, Some(VOLTAGE));
        flagged(scaled(FLOW, factor), FlagKind::WrongUnit, Some(FLOW));
    }
    let fahrenheit =
        |row: &mut Row, _| row.values[TEMPERATURE] = row.values[TEMPERATURE].map(|value| 1.8 * value + 32.0);
    flagged(fahrenheit, FlagKind::WrongUnit, Some(TEMPERATURE));
    let end = model().normals()[VOLTAGE].median;
    let saturated =
        move |row: &mut Row, _| row.values[VOLTAGE] = row.values[VOLTAGE].map(|value| value.min(end));
    flagged(saturated, FlagKind::Saturation, Some(VOLTAGE));
}

#[test]
fn a_sensor_that_is_gone_for_an_hour_is_left_out_and_told() {
    let mut rows = normal(4_300);
    for row in &mut rows[600..4_200] {
        row.values[FLOW] = None;
    }
    let mut pump = Pump::start();
    let said = pump.reads(&rows[..4_000]);
    let flag = said
        .findings
        .flags
        .iter()
        .find(|flag| flag.kind == FlagKind::MissingSensor)
        .unwrap();
    assert_eq!(flag.sensor.as_deref(), Some("FlowRateRMS"));
    // All but the first forty rows, for which its windows still hold.
    assert!((flag.seconds.unwrap() - 3_360.0).abs() < 1.0, "{flag:?}");
    let of_flow = |row: usize| said.contributions[8 * row + FLOW];
    assert!(of_flow(639) > 0.0 && (640..4_000).all(|row| of_flow(row) == 0.0));
    assert_eq!((said.usable[3_999], said.is_anomalous), (1, 0));
    let said = pump.reads(&rows[4_000..]);
    assert!(said.contributions[8 * 299 + FLOW] > 0.0 && said.count == 0);
}

#[test]
fn rows_that_no_sensor_speaks_in_have_no_score() {
    let mut rows = normal(700);
    for row in &mut rows[600..] {
        row.values.fill(None);
    }
    let said = Pump::start().reads(&rows);
    assert!(said.scores[600..].iter().all(|score| *score == 0.0));
    assert_eq!((said.usable[599], said.usable[600], said.usable[699]), (1, 0, 0));
    assert_eq!(said.flagged, 1);
}

#[test]
fn rows_that_have_stopped_are_a_gap_by_the_clock_alone() {
    let rows = normal(500);
    let mut pump = Pump::start();
    assert_eq!(pump.reads(&rows).flagged, 0);
    let last_ms = 1_600_000_499_000;
    let said = pump.reads_at(&text(&[]), last_ms + 3_600_000).unwrap();
    assert_eq!((said.flagged, said.scores.len()), (1, 0));
    let flag = &said.findings.flags[0];
    assert_eq!((flag.kind, flag.seconds), (FlagKind::Gap, Some(3_600.0)));
}

#[test]
fn hostile_texts_are_errors_that_say_why() {
    let mut pump = Pump::start();
    let header = text(&[]);
    let row = text(&normal(1)).lines().nth(1).unwrap().to_owned();
    let mut check = |text: String, expected: &str| {
        let error = pump.reads_at(&text, 0).err().unwrap();
        assert!(error.contains(expected), "{error}");
    };
    check(String::new(), "there is no header");
    check(format!("{row}\n{row}\n"), "no column `datetime`");
    check(
        format!("{}{row}\n", header.replace("Pressure", "pressures")),
        "did you mean `pressures`",
    );
    check(format!("{header}{row},1\n"), "row 1 has 10 cells, the header 9");
    check(format!("{header}\"{row}\n"), "row 1 has 1 cells");
    check(
        format!("{}\n{}\n", header.trim().replace(',', ";"), row.replace(',', ";")),
        "a semicolon",
    );
    check(format!("{header}soon{row}\n"), "is no time");
    check("\u{1}\u{7f}garbage,,\"\n".repeat(80_000), "no column");
    let with_mark = format!("\u{feff}{}{row}\r\n", header.replace('\n', "\r\n"));
    assert_eq!(pump.reads_at(&with_mark, 0).unwrap().scores.len(), 1);
}
