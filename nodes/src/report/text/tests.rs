//! Texts that people read, numbers, and what must hold of all texts.

use super::super::record::Report;
use super::super::sample;
use super::number::Manner;
use super::*;

/// A record with one of everything.
pub(in super::super) fn full() -> Report {
    let json = r#"{
        "asset": "P-101",
        "interval": {"from": "2024-03-11T00:00:00", "to": "2024-03-12T18:00:00"},
        "severity": {"zone": "C", "sensor": "motor DE", "measured": 5.2, "unit": "mm/s",
            "limits": {"a_to_b": 1.4, "b_to_c": 2.8, "c_to_d": 7.1}},
        "evidence": [
            {"sensor": "motor DE", "quantity": {"kind": "defect", "order": "outer_race", "harmonic": 1},
             "measured": 3.15, "unit": "g", "limit": {"value": 1.5, "direction": "above"}, "ratio": 2.1,
             "trend": {"per_day": 0.12, "low": 0.05, "high": 0.2}}
        ],
        "cause": {"fault": "outer_race_defect", "probability": 0.78},
        "since": "2024-03-12T14:05:00",
        "check": {"action": "inspect_bearing", "sensor": "motor DE"},
        "model": {"name": "bearing-classes", "version": "1.2"},
        "flags": [{"kind": "gap", "sensor": "gearbox", "seconds": 2400}],
        "work_orders": [{"id": "4711", "date": "2024-03-03", "snippet": "bearing replaced", "asset": "P-101"}],
        "remaining_life": {"kind": "not_estimable", "reason": "too_few_data"},
        "alarm": "active_unacknowledged"
    }"#;
    Report::read(json).unwrap()
}

#[test]
fn a_report_says_the_most_important_first() {
    let text = Templates.realise(&full()).unwrap();
    let topics: Vec<Topic> = text.sentences.iter().map(|sentence| sentence.topic).collect();
    let mut sorted = topics.clone();
    sorted.sort_unstable();
    assert_eq!(topics, sorted);
    assert_eq!(topics[..3], [Topic::Headline, Topic::Evidence, Topic::Cause]);
    let plain = text.plain().to_lowercase();
    for said in [
        "p-101",
        "zone c",
        "motor de",
        "3.1 g",
        "2.1 times",
        "1.5 g",
        "outer-race defect",
        "78 %",
        "40 min",
        "too few data",
    ] {
        assert!(plain.contains(said), "{said}: {plain}");
    }
}

#[test]
fn the_same_record_gives_the_same_text_and_another_gives_another() {
    let report = full();
    assert_eq!(
        Templates.realise(&report).unwrap(),
        Templates.realise(&report).unwrap()
    );
    let openings: std::collections::BTreeSet<String> = (0..40)
        .map(|minute| {
            let mut report = full();
            report.since = format!("2024-03-12T14:{minute:02}:00").parse().ok();
            let text = Templates.realise(&report).unwrap().plain();
            text.split("14:").next().unwrap().to_owned()
        })
        .collect();
    assert!(openings.len() >= 8, "{openings:?}");
}

#[test]
fn an_empty_record_says_that_nothing_was_found() {
    let mut report = full();
    report.severity = None;
    report.evidence.clear();
    report.cause = None;
    report.check = None;
    report.flags.clear();
    report.work_orders.clear();
    let text = Templates.realise(&report).unwrap().plain().to_lowercase();
    assert!(
        text.contains("no finding") || text.contains("nothing found"),
        "{text}"
    );
    assert!(!text.contains("cause") && !text.contains("limit"), "{text}");
}

#[test]
fn a_record_of_flawed_data_alone_does_not_say_that_nothing_was_found() {
    let mut report = full();
    report.severity = None;
    report.evidence.clear();
    report.cause = None;
    report.check = None;
    assert!(!report.flags.is_empty());
    for text in [
        Templates.realise(&report).unwrap().plain(),
        spoken(&report).unwrap(),
    ] {
        let text = text.to_lowercase();
        assert!(
            text.contains("not judged") || text.contains("no judgement"),
            "{text}"
        );
        assert!(!text.contains("found") && !text.contains("no finding"), "{text}");
    }
    let unsound = "P-101: nothing found, no alarm.";
    let verdict = parse::verify(unsound, &report, Extent::Brief).unwrap();
    assert!(!verdict.is_sound());
}

#[test]
fn a_spoken_sentence_has_no_digits_beside_names() {
    let spoken = spoken(&full()).unwrap();
    let without_names = spoken.replace("P-101", "");
    assert!(
        !without_names.contains(|letter: char| letter.is_ascii_digit()),
        "{spoken}"
    );
    assert!(!without_names.contains(['%', '°', '/']), "{spoken}");
    assert_eq!(spoken.matches('.').count(), 1, "{spoken}");
    assert!(
        spoken.contains("two point one times") && spoken.contains("seventy-eight percent"),
        "{spoken}"
    );
}

#[test]
fn markdown_escapes_what_it_would_take_for_its_own() {
    let report = full();
    let sentence = |topic, text: &str| Sentence {
        topic,
        text: text.to_owned(),
    };
    let text = Text {
        sentences: vec![
            sentence(Topic::Headline, "S_1 is in zone A."),
            sentence(Topic::WorkOrder, "“<b>*x*</b> [a](b) & `c`”."),
        ],
    };
    let markdown = text.markdown(&report);
    assert!(
        markdown.starts_with("**S\\_1 is in zone A.**\n\n- “"),
        "{markdown}"
    );
    assert!(
        markdown.contains("&lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) &amp; \\`c\\`"),
        "{markdown}"
    );
    assert!(markdown.contains("model bearing-classes 1.2"), "{markdown}");
}

fn check_number(value: f64, digits: usize, written: &str, spoken: &str) {
    assert_eq!(number::number(value, digits, Manner::Written), written);
    assert_eq!(number::number(value, digits, Manner::Spoken), spoken);
}

#[test]
fn numbers_are_rounded_and_spoken() {
    check_number(0.0, 2, "0", "zero");
    check_number(-0.0, 2, "0", "zero");
    check_number(3.149, 2, "3.1", "three point one");
    check_number(9.96, 2, "10.0", "ten point zero");
    check_number(0.0479, 2, "0.048", "zero point zero four eight");
    check_number(-12.6, 2, "-13", "minus thirteen");
    check_number(1_487.4, 3, "1487", "one thousand four hundred eighty-seven");
    check_number(
        99_999.4,
        2,
        "99999",
        "ninety-nine thousand nine hundred ninety-nine",
    );
    check_number(1e12, 2, "1.0e12", "one point zero times ten to the twelve");
    check_number(1e-9, 2, "1.0e-9", "one point zero times ten to the minus nine");
    check_number(-2.5e5, 2, "-2.5e5", "minus two point five times ten to the five");
}

#[test]
fn values_beyond_a_limit_never_look_equal_to_it() {
    let mut report = full();
    (report.evidence[0].measured, report.evidence[0].ratio) = (1.5004, None);
    let text = Templates.realise(&report).unwrap().plain();
    assert!(text.contains("1.5004 g") && text.contains("1.5000 g"), "{text}");
}

#[test]
fn durations_have_the_unit_that_fits() {
    let written = [1.5, 119.0, 2_400.0, 7_200.0, 90_000.0, 259_200.0].map(number::duration);
    assert_eq!(written, ["1.5 s", "119 s", "40 min", "2.0 h", "25 h", "3.0 days"]);
}

#[test]
fn probabilities_are_never_certain() {
    let written =
        [1e-9, 0.0099, 0.0101, 0.785, 0.99, 0.999, 1.0].map(|it| number::percent(it, Manner::Written));
    assert_eq!(
        written,
        [
            "under 1 %",
            "under 1 %",
            "1 %",
            "79 %",
            "99 %",
            "over 99 %",
            "over 99 %"
        ]
    );
}

#[test]
fn a_median_report_is_read_in_15_seconds_and_reports_vary() {
    let measured = super::super::measure::measure(&Templates, (0..1_000).map(sample::plausible));
    assert_eq!(
        (measured.reports, measured.refused, measured.unreadable),
        (1_000, 0, 0)
    );
    assert!(measured.median_reading_s() <= 15.0, "{measured:?}");
    assert!(
        measured.shapes_per_100 >= 40.0 && measured.evidence_shapes_per_100 >= 40.0,
        "{measured:?}"
    );
}

#[test]
fn a_hostile_text_stays_bounded() {
    for seed in 0..300 {
        let text = Templates.realise(&sample::hostile(seed)).unwrap().plain();
        assert!(text.len() <= 4_096, "{}", text.len());
    }
}
