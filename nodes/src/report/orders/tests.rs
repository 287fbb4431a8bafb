//! Which orders are found to be of a machine: by rules, by hand, and by the kind with its net.

use motet_core::catalog::ParamValue;

use super::*;
use crate::report::record::{Fault, Report};
use crate::report::sample;
use crate::trial::{Trial, Value};

/// Orders and whether they are of `P-101`, called `hydraulic pump 2`; written by hand before any of them was tried.
const BY_HAND: &str = include_str!("by_hand.tsv");

fn names() -> Names {
    let params = Params::new(vec![
        (ASSET.to_owned(), ParamValue::Text("P-101".to_owned())),
        (
            ALIASES.to_owned(),
            ParamValue::Texts(vec!["hydraulic pump 2".to_owned()]),
        ),
    ]);
    Names::of(&params).unwrap()
}

fn is_of(text: &str, asset: Option<&str>) -> bool {
    let order = Order {
        id: "1".to_owned(),
        date: "2024-01-01".parse().unwrap(),
        text: text.to_owned(),
        asset: asset.map(str::to_owned),
    };
    names().mention(&order).is_some()
}

/// Orders by rules, and whether they are of the machine: sentences with a place for a name, and names of it and of others.
fn by_rules() -> Vec<(String, bool)> {
    let own = [
        "P-101",
        "P101",
        "p 101",
        "p-101",
        "P_101",
        "P 101",
        "hydraulic pump 2",
        "Hydraulic pump no 2",
        "HYDRAULIC PUMP 2",
        "hydraulic pump #2",
        "hydralic pump 2",
    ];
    let others = [
        "P-1010",
        "P-10",
        "P-1",
        "P-1011",
        "P1010",
        "p 1010",
        "AP-101",
        "KP 101",
        "P-101A",
        "P-101 B",
        "P-101-1",
        "P-102",
        "P-011",
        "PP-101",
        "P-0101",
        "2P-101",
        "hydraulic pump 20",
        "hydraulic pump 12",
        "hydraulic pump 1",
        "hydraulic pump 22",
        "hydraulic pump 2A",
        "hydraulic pump",
        "hydraulic pump 2.1",
        "hydraulic press 2",
        "hydraulic pump 02",
        "V-101",
        "101",
    ];
    let sentences = [
        "replaced bearing on {}",
        "{} bearing replaced",
        "{}: seal leaking",
        "change out seal ({})",
        "{} - oil low",
        "inspect {}, ok",
        "{} noisy, repaired by mechanics.",
        "fitted new coupling to {}",
        "greased {} and checked oil",
        "{}/V-7 inspected",
    ];
    let fill = |name: &&str, is_own: bool| sentences.map(|sentence| (sentence.replace("{}", name), is_own));
    let own = own.iter().flat_map(|name| fill(name, true));
    own.chain(others.iter().flat_map(|name| fill(name, false)))
        .collect()
}

/// Right ones found, wrong ones found, and right ones missed.
fn count<'a>(orders: impl Iterator<Item = (&'a str, bool)>) -> [Vec<&'a str>; 3] {
    let mut counts = [Vec::new(), Vec::new(), Vec::new()];
    for (text, is_own) in orders {
        let kind = match (is_of(text, None), is_own) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => continue,
        };
        counts[kind].push(text);
    }
    counts
}

#[test]
fn of_orders_made_by_rules_no_wrong_one_is_found_and_every_right_one() {
    let orders = by_rules();
    let [right, wrong, missed] = count(orders.iter().map(|(text, is_own)| (text.as_str(), *is_own)));
    assert_eq!(wrong, [""; 0]);
    assert_eq!(missed, [""; 0]);
    assert_eq!(right.len(), 110);
}

#[test]
fn of_orders_written_by_hand_no_wrong_one_is_found() {
    let orders = BY_HAND.lines().filter(|line| !line.starts_with('#'));
    let orders = orders
        .map(|line| line.split_once('\t').unwrap())
        .map(|(is_own, text)| (text, is_own == "yes"));
    let [right, wrong, missed] = count(orders);
    #[allow(clippy::print_stdout, reason = "the figures of the documentation")]
    {
        println!("{} right, wrong: {wrong:?}, missed: {missed:?}", right.len());
    }
    assert_eq!(wrong, [""; 0]);
    let recall = right.len() as f64 / (right.len() + missed.len()) as f64;
    assert!(recall > 0.8, "{recall}");
}

#[test]
fn an_order_that_is_booked_is_of_the_machine_that_it_is_booked_on() {
    assert!(is_of("seal leaking", Some("p101")));
    assert!(is_of("seal leaking", Some("Hydraulic Pump 2")));
    for other in ["P-1010", "P-102", "PL1-P-101", "hydraulic pump", "P-101 area"] {
        assert!(!is_of("replaced bearing on P-101", Some(other)), "{other}");
    }
}

/// What the kind says of a history, of the cause and at a time.
fn told(orders: String, cause: Option<Fault>, at_ms: Option<i64>) -> Result<(Findings, [i32; 3]), NodeError> {
    let kind = Orders::new(ModelSources::default());
    let trial = Trial::of(&kind)
        .text("model", "maintie@1")
        .text("asset", "P-101")
        .with("aliases", ParamValue::Texts(vec!["hydraulic pump 2".to_owned()]))
        .input("orders", "utf8[orders<=65536]")
        .input("cause", "utf8[cause<=65536]")
        .input("at", "i64");
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let cause = cause.map(|fault| {
        let cause = format!(
            r#"{{"cause": {{"fault": {}, "probability": 0.9}}}}"#,
            serde_json::to_string(&fault).unwrap()
        );
        Value::Text(leak(cause))
    });
    let outputs = trial.run(&[Some(Value::Text(leak(orders))), cause, at_ms.map(Value::I64)])?;
    let lease = outputs[0].as_ref().unwrap();
    let whole = |field: usize| lease.tensor::<i32>(field).unwrap()[0];
    let numbers = [whole(1), whole(2), i32::from(lease.tensor::<u8>(3).unwrap()[0])];
    Ok((Findings::from_json(lease.text(0).unwrap()).unwrap(), numbers))
}

fn history(orders: &[(&str, &str)]) -> String {
    let line = |(number, (date, text)): (usize, &(&str, &str))| {
        let order = serde_json::json!({ "id": format!("WO-{number}"), "date": date, "text": text });
        format!("{order}\n")
    };
    orders.iter().enumerate().map(line).collect()
}

const PLANT: [(&str, &str); 8] = [
    ("2023-01-10", "P-101 replaced drive end bearing"),
    ("2024-02-01", "P-101 painted and cleaned"),
    ("2024-01-05", "replace coupling on p 101"),
    ("2024-03-01", "P-1010 replaced bearing"),
    ("2023-05-05", "hydraulic pump 2 bearing noisy"),
    ("2024-03-02", "hydraulic pump 20 replace bearing"),
    ("2024-06-01", "P-101 replace bearing"),
    ("2023-07-01", "lights out in pump house"),
];

fn ids(findings: &Findings) -> Vec<&str> {
    findings
        .work_orders
        .iter()
        .map(|order| order.id.as_str())
        .collect()
}

#[test]
fn orders_that_name_a_part_of_the_cause_come_first_and_then_the_latest() {
    // 2024-03-31, so that the order of June is yet to come.
    let at = Some(1_711_843_200_000);
    let (findings, numbers) = told(history(&PLANT), Some(Fault::InnerRaceDefect), at).unwrap();
    assert_eq!(ids(&findings), ["WO-0", "WO-4", "WO-1", "WO-2"]);
    assert_eq!(numbers, [4, 8, 0]);
    assert_eq!(
        findings.work_orders[0].snippet,
        "P-101 replaced drive end bearing"
    );
    let (findings, _) = told(history(&PLANT), Some(Fault::Misalignment), at).unwrap();
    assert_eq!(ids(&findings)[0], "WO-2");
    let (findings, numbers) = told(history(&PLANT), None, None).unwrap();
    assert_eq!(ids(&findings)[0], "WO-6");
    assert_eq!(numbers[0], 5);
}

#[test]
fn a_name_by_itself_is_found_beside_one_that_ends_a_longer_name() {
    let orders = [
        ("2024-01-01", "replaced main hydraulic pump 2"),
        ("2024-01-01", "replaced hydraulic pump 2"),
    ];
    let (findings, _) = told(history(&orders), None, None).unwrap();
    assert!(ids(&findings).contains(&"WO-1"));
}

#[test]
fn findings_fit_a_report_and_are_bounded() {
    let texts = [
        "P-101 \"bearing\" replaced",
        "P-101 \u{202e}dekcip",
        "p101 oil\u{201d}y",
        "P-101 \t\u{7} hot",
    ];
    let orders: Vec<(&str, &str)> = (0..40)
        .map(|number| ("2024-01-01", texts[number % texts.len()]))
        .collect();
    let (findings, numbers) = told(history(&orders), None, None).unwrap();
    assert_eq!((findings.work_orders.len(), numbers), (LIST_MAX, [40, 40, 1]));
    let mut report: Report = sample::plausible(1);
    report.asset = "P-101".to_owned();
    report.interval.to = "2024-02-01T00:00:00".parse().unwrap();
    report.interval.from = report.interval.to;
    (report.since, report.changes) = (None, Vec::new());
    report.work_orders = findings.work_orders;
    report.check().unwrap();
}

#[test]
fn a_hostile_line_is_an_error_with_its_number() {
    let error = told(format!("{}{{\n", history(&PLANT)), None, None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 9"), "{error}");
    assert!(told(String::new(), None, Some(-1)).is_err());
    assert_eq!(told(String::new(), None, None).unwrap().1, [0; 3]);
}

#[test]
fn names_that_are_none_and_other_models_are_faults() {
    let kind = Orders::new(ModelSources::default());
    let fault = |model: &str, asset: &str, alias: &str| {
        let trial = Trial::of(&kind)
            .text("model", model)
            .text("asset", asset)
            .input("orders", "utf8[orders<=64]");
        trial
            .with("aliases", ParamValue::Texts(vec![alias.to_owned()]))
            .faults()
            .remove(0)
    };
    let place = |fault: KindFault| format!("{:?}", fault.place);
    assert_eq!(place(fault("maintie@1", "", "pump 2")), r#"Param("asset", None)"#);
    assert_eq!(
        place(fault("maintie@1", "P; 101", "pump 2")),
        r#"Param("asset", None)"#
    );
    assert_eq!(
        place(fault("maintie@1", "P-101", "2")),
        r#"Param("aliases", None)"#
    );
    assert_eq!(
        place(fault("bc5cdr@1", "P-101", "pump 2")),
        r#"Param("model", None)"#
    );
}
