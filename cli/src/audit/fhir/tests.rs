use super::*;

use super::super::hash::LogId;
use super::super::read::entries;

/// The entries of the log that was written by a script in Python.
fn vector() -> Vec<Entry> {
    let log = include_bytes!("../vector.jsonl");
    entries(&log[..]).map(|entry| entry.unwrap().unwrap()).collect()
}

fn log() -> LogId {
    LogId::from([7; 16])
}

/// The file was validated with the package `fhir.resources` 7.1.0 for Python, as a resource of R4B, in which
/// `AuditEvent` is as in R4.
#[test]
fn a_request_with_its_end_is_an_audit_event() {
    let entries = vector();
    let event = to_audit_event(log(), &entries[2], Some(&entries[5])).unwrap();
    let text = serde_json::to_string_pretty(&event).unwrap() + "\n";
    assert_eq!(text, include_str!("event.json"));
}

#[test]
fn a_failure_has_its_code() {
    let entries = vector();
    let event = to_audit_event(log(), &entries[3], Some(&entries[4])).unwrap();
    assert_eq!(
        (&event["outcome"], &event["outcomeDesc"]),
        (&json!("8"), &json!("failed (MT0416)"))
    );
}

#[test]
fn a_request_without_an_end_has_no_outcome() {
    let event = to_audit_event(log(), &vector()[2], None).unwrap();
    assert_eq!(event.get("outcome"), None);
    assert_eq!(event.get("period"), None);
    assert_eq!(event["recorded"], "2031-05-17T08:30:02.000Z");
}

#[test]
fn lines_that_do_not_belong_together_are_no_audit_event() {
    let entries = vector();
    assert_eq!(to_audit_event(log(), &entries[2], Some(&entries[4])), None);
    assert_eq!(to_audit_event(log(), &entries[2], Some(&entries[3])), None);
    assert_eq!(to_audit_event(log(), &entries[5], None), None);
    assert_eq!(to_audit_event(log(), &entries[0], None), None);
}

#[test]
fn a_period_never_ends_before_it_begins() {
    let mut entries = vector();
    entries[2].time = "2031-05-17T09:00:00.000Z".parse().unwrap();
    let event = to_audit_event(log(), &entries[2], Some(&entries[5])).unwrap();
    assert_eq!(event["period"]["start"], event["period"]["end"]);
}
