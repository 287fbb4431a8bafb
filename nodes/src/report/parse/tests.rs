//! Texts written by hand against the facts they state, random records, and texts that were corrupted.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::record::{Against, Course, DefectOrder, RemainingLife};
use super::super::sample;
use super::super::text::{self, Realiser, Templates};
use super::*;

fn names() -> Names {
    Names {
        asset: "P-101".to_owned(),
        sensors: vec!["motor DE".to_owned(), "S1".to_owned(), "Pressure".to_owned()],
    }
}

fn facts(text: &str) -> Vec<Fact> {
    read(text, &names()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn reading(value: f64, half: f64) -> Reading {
    Reading { value, half }
}

/// One evidence fact: sensor, quantity, value, unit.
fn evidence(sensor: &str, quantity: Quantity, value: (f64, f64), unit: Unit) -> EvidenceRead {
    EvidenceRead {
        sensor: sensor.to_owned(),
        quantity: QuantityRead::Exact(quantity),
        measured: Measure {
            reading: reading(value.0, value.1),
            unit,
        },
        limit: None,
        relation: None,
        ratio: None,
        trend: None,
    }
}

fn is_close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-12 * right.abs().max(1.0)
}

#[test]
fn a_headline_has_machine_zone_alarm_and_onset() {
    let since = Stamp {
        day: 12,
        month: 3,
        year: Some(2024),
        clock: Some((14, 5)),
    };
    let expected = [
        Fact::Asset("P-101".to_owned()),
        Fact::Zone(Zone::C),
        Fact::Alarm(State::ReturnedUnacknowledged),
        Fact::Since(since),
    ];
    assert_eq!(
        facts("P-101: zone C, alarm returned, unacknowledged, since 12 March 2024 14:05."),
        expected
    );
}

#[test]
fn numbers_take_their_part_from_their_neighbours() {
    let text = "At motor DE, the BPFO amplitude is 3.15 g, 2.1 times its limit of 1.5 g, up by 0.12 g per day (0.05 to 0.2); \
                its kurtosis is 3.4 (within the limit of 6).";
    let outer = Quantity::Defect {
        order: DefectOrder::OuterRace,
        harmonic: 1,
    };
    let found = facts(text);
    let [Fact::Evidence(first), Fact::Evidence(second)] = found.as_slice() else {
        panic!("{found:?}")
    };
    let limit = first.limit.unwrap();
    assert!(is_close(limit.reading.value, 1.5) && limit.unit == Unit::Gravity);
    assert!(is_close(first.measured.reading.value, 3.15) && is_close(first.ratio.unwrap().value, 2.1));
    assert_eq!(first.quantity, QuantityRead::Exact(outer));
    let trend = first.trend.unwrap();
    assert_eq!(trend.course, Course::Rising);
    assert!(
        is_close(trend.per_day.unwrap().reading.value, 0.12) && is_close(trend.bounds.unwrap().1.value, 0.2)
    );
    let expected = EvidenceRead {
        limit: Some(Measure {
            reading: reading(6.0, 0.5),
            unit: Unit::One,
        }),
        relation: Some(Relation::Within),
        ..evidence("motor DE", Quantity::Kurtosis, (3.4, 0.05), Unit::One)
    };
    assert_eq!(*second, expected);
}

#[test]
fn spoken_numbers_and_units_are_read() {
    let text =
        "The temperature at S1 is minus one thousand two hundred seven point zero five degrees Celsius.";
    let expected = evidence("S1", Quantity::Temperature, (-1_207.05, 0.005), Unit::Celsius);
    assert_eq!(facts(text), [Fact::Evidence(expected)]);
    let text = "Rms value of two point five times ten to the minus nine millimetres per second at S1.";
    let expected = evidence("S1", Quantity::Rms, (2.5e-9, 5e-11), Unit::MillimetresPerSecond);
    assert_eq!(facts(text), [Fact::Evidence(expected)]);
}

#[test]
fn names_that_are_words_stand_in_quotes() {
    let expected = evidence("Pressure", Quantity::Pressure, (5.0, 0.5), Unit::Bar);
    assert_eq!(
        facts("Pressure at “Pressure”: 5 bar."),
        [Fact::Evidence(expected)]
    );
    assert!(read("Pressure at Pressure: 5 bar.", &names()).is_err());
}

#[test]
fn flags_belong_to_the_sensor_before_or_behind_them() {
    let flag = |kind, sensor: Option<&str>, seconds: Option<Reading>| Fact::Flag {
        kind,
        sensor: sensor.map(str::to_owned),
        seconds,
    };
    assert_eq!(
        facts("Data: gap for 40 min at S1, saturation, wrong unit at motor DE."),
        [
            flag(FlagKind::Gap, Some("S1"), Some(reading(2_400.0, 30.0))),
            flag(FlagKind::Saturation, None, None),
            flag(FlagKind::WrongUnit, Some("motor DE"), None),
        ]
    );
    assert_eq!(
        facts("Saturation, at S1 gap (2 h) and wrong unit."),
        [
            flag(FlagKind::Saturation, None, None),
            flag(FlagKind::Gap, Some("S1"), Some(reading(7_200.0, 1_800.0))),
            flag(FlagKind::WrongUnit, Some("S1"), None),
        ]
    );
}

#[test]
fn what_has_no_use_is_an_error() {
    for text in [
        "P-102 is in zone C.",
        "P-101 is in zone E.",
        "P-101 is not in zone C.",
        "The rms value at S1 is 5 furlongs.",
        "The rms value at S1 is 5 mm/s 6 mm/s.",
        "The rms value at S1 is 5 mm/s because of unbalance.",
        "The rms value is 5 mm/s.",
        "The rms value at S1 is 5 mm/s, 0.1 mm/s per day.",
        "Probably.",
        "Unbalance (78 %).",
        "Almost certainly unbalance (over 29 %).",
        "Remaining life is not estimable.",
        "Remaining life is not estimable: 30 days.",
        "Work order 4711 of 3 March.",
        "The speed at S1 went from 5 rpm.",
        ";",
        "..",
    ] {
        assert!(read(text, &names()).is_err(), "{text}");
    }
}

#[test]
fn a_long_text_is_refused_and_a_hostile_one_is_quick() {
    assert_eq!(
        read(&"a".repeat(1 << 20), &names()),
        Err(TextError::TooLong(1 << 20))
    );
    for piece in ["“", "1e", "the ", "-", "motor D", "é", "٣", "twenty-", "zone a;"] {
        let _ = read(&piece.repeat(TEXT_BYTES_MAX / piece.len()), &names());
    }
}

#[test]
fn a_number_stands_for_what_rounds_to_it() {
    let agrees = |reading: Reading, values: [f64; 4]| values.map(|value| reading.agrees(value));
    assert_eq!(
        agrees(reading(3.1, 0.05), [3.05, 3.149, 3.16, 3.04]),
        [true, true, false, false]
    );
    assert_eq!(
        agrees(reading(-13.0, 0.5), [-12.5, -13.5, -12.4, 13.0]),
        [true, true, false, false]
    );
    assert_eq!(
        agrees(reading(1e12, 5e10), [1.04e12, 0.96e12, 1.06e12, 0.0]),
        [true, true, false, false]
    );
}

/// Checks texts of one kind of record; returns how many facts they state.
fn check_records(make: fn(u64) -> Report, seeds: std::ops::Range<u64>) -> usize {
    let mut count = 0;
    for seed in seeds {
        let report = make(seed);
        let written = Templates
            .realise(&report)
            .unwrap_or_else(|error| panic!("{seed}: {error:?}"))
            .plain();
        let spoken = text::spoken(&report).unwrap_or_else(|error| panic!("{seed}: {error:?}"));
        for (said, extent) in [(&written, Extent::Full), (&spoken, Extent::Brief)] {
            let facts = read(said, &Names::of(&report)).unwrap();
            count += facts.len();
            let verdict = compare(&facts, &report, extent);
            assert!(verdict.is_sound(), "{seed}: {said} {verdict:?}");
        }
        has_all_that_must_be_said(&written, &report);
    }
    count
}

/// The same, without the reader: words of what must be said are found by searching for them.
fn has_all_that_must_be_said(text: &str, report: &Report) {
    let text = text.to_lowercase();
    let says = |words: &str| assert!(text.contains(&words.to_lowercase()), "{words}: {text}");
    says(&report.asset);
    if let Some(severity) = &report.severity {
        says(&format!("zone {:?}", severity.zone));
    }
    if let Some(top) = report.ranked_evidence().first() {
        says(&report.evidence[*top].sensor);
        if report.evidence[*top].limit.is_some() {
            says("limit of");
        }
    }
    if report.cause.is_some() {
        says(" %");
    }
    for sensor in report.flags.iter().filter_map(|flag| flag.sensor.as_ref()) {
        says(sensor);
    }
    let is_not = matches!(report.remaining_life, RemainingLife::NotEstimable { .. });
    assert_eq!(
        text.contains("not estimable") || text.contains("no estimate of"),
        is_not,
        "{text}"
    );
}

#[test]
fn ten_thousand_texts_say_nothing_that_their_records_do_not_hold() {
    assert!(check_records(sample::plausible, 0..10_000) > 80_000);
}

#[test]
fn texts_of_hostile_records_are_as_sound() {
    assert!(check_records(sample::hostile, 0..3_000) > 30_000);
}

/// Changes of a text that make it wrong, each with the kind of change.
fn corruptions(text: &str, report: &Report) -> Vec<(&'static str, String)> {
    const SWAPS: [(&str, &str, &str); 22] = [
        ("relation", "above ", "below "),
        ("relation", "over ", "under "),
        ("relation", "within ", "above "),
        ("relation", "inside ", "below "),
        ("course", "rising by", "falling by"),
        ("course", "up by", "down by"),
        ("course", "no clear trend", "rising by"),
        ("hedge", "robably", "ossibly"),
        ("hedge", "ossibly", "robably"),
        ("hedge", "ost likely", "lmost certainly"),
        ("hedge", "erhaps", "onceivably"),
        ("cause", "unbalance", "misalignment"),
        ("cause", "outer-race defect", "inner-race defect"),
        ("cause", "leak", "valve fault"),
        ("unit", " mm/s", " g"),
        ("unit", " g", " m/s²"),
        ("unit", " °C", " bar"),
        ("unit", " min)", " h)"),
        ("zone", "one C", "one D"),
        ("zone", "one A", "one B"),
        ("alarm", "unacknowledged", "acknowledged"),
        ("reason", "too few data", "flawed data"),
    ];
    let mut corrupted = Vec::new();
    for (kind, from, to) in SWAPS {
        for (at, _) in text.match_indices(from) {
            let is_whole = !text[at + from.len()..].starts_with(char::is_alphanumeric) || from.ends_with(' ');
            if is_whole && !in_quotes(text, at) {
                corrupted.push((kind, format!("{}{to}{}", &text[..at], &text[at + from.len()..])));
            }
        }
    }
    for (at, byte) in text
        .bytes()
        .enumerate()
        .filter(|(at, byte)| byte.is_ascii_digit() && !in_quotes(text, *at))
    {
        let digit = char::from(b'0' + (byte - b'0' + 3) % 10);
        corrupted.push(("number", format!("{}{digit}{}", &text[..at], &text[at + 1..])));
    }
    let sensors = Names::of(report).sensors;
    for sensor in &sensors {
        let others = sensors
            .iter()
            .filter(|other| *other != sensor)
            .map(String::as_str);
        for (at, _) in text.match_indices(sensor.as_str()) {
            for other in others.clone().chain(["S9"]).take(2) {
                corrupted.push((
                    "sensor",
                    format!("{}{other}{}", &text[..at], &text[at + sensor.len()..]),
                ));
            }
        }
    }
    corrupted
}

fn in_quotes(text: &str, at: usize) -> bool {
    text[..at].matches('“').count() > text[..at].matches('”').count()
}

#[test]
fn a_corrupted_text_is_found() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..600 {
        let report = sample::plausible(seed);
        let text = Templates.realise(&report).unwrap().plain();
        for (kind, corrupted) in corruptions(&text, &report) {
            *counts.entry(kind).or_default() += 1;
            let Ok(found) = read(&corrupted, &Names::of(&report)) else {
                continue;
            };
            assert!(
                !compare(&found, &report, Extent::Full).is_sound(),
                "{kind}: {text}\n{corrupted}"
            );
        }
    }
    for kind in [
        "relation", "course", "hedge", "cause", "unit", "zone", "alarm", "reason", "number", "sensor",
    ] {
        let made = counts.get(kind).copied().unwrap_or_default();
        assert!(made >= 20, "{kind}: {made}");
    }
}

#[test]
fn what_is_left_out_is_found() {
    let (mut omitted, mut seed) = (0, 0);
    while omitted < 300 {
        let report = sample::plausible(seed);
        seed += 1;
        let text = Templates.realise(&report).unwrap();
        for (index, sentence) in text.sentences.iter().enumerate() {
            let is_needed = match sentence.topic {
                text::Topic::Headline | text::Topic::Evidence | text::Topic::Cause | text::Topic::Data => {
                    true
                }
                text::Topic::Life => matches!(report.remaining_life, RemainingLife::NotEstimable { .. }),
                text::Topic::Check | text::Topic::Change | text::Topic::WorkOrder => false,
            };
            let mut rest = text.clone();
            rest.sentences.remove(index);
            let verdict = verify(&rest.plain(), &report, Extent::Full).unwrap();
            assert_eq!(
                verdict.missing.is_empty(),
                !is_needed,
                "{} {verdict:?}",
                sentence.text
            );
            omitted += usize::from(is_needed);
        }
    }
}

#[test]
fn what_is_said_twice_is_found() {
    let report = sample::plausible(3);
    let text = Templates.realise(&report).unwrap().plain();
    let verdict = verify(&format!("{text} {text}"), &report, Extent::Full).unwrap();
    assert!(!verdict.repeated.is_empty() && verdict.unsupported.is_empty());
}

#[test]
fn an_argument_that_the_record_does_not_hold_is_found() {
    let mut seed = 0;
    let report = loop {
        let report = sample::plausible(seed);
        let against = report
            .cause
            .as_ref()
            .map_or(&[][..], |cause| cause.against.as_slice());
        if report.flags.is_empty() && report.cause.is_some() && !against.contains(&Against::PoorData) {
            break report;
        }
        seed += 1;
    };
    let text = Templates.realise(&report).unwrap().plain();
    let verdict = verify(
        &format!("{text} Against it: the data are flawed."),
        &report,
        Extent::Full,
    )
    .unwrap();
    assert_eq!(verdict.unsupported, [Fact::AgainstPoorData]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,80}") {
        let _ = read(&text, &names());
        let _ = shapes(&text, &names());
    }

    #[test]
    fn no_likely_text_makes_the_reader_panic(
        words in proptest::collection::vec(
            prop_oneof![
                Just("the"), Just("zone C"), Just("rms value"), Just("at"), Just("S1"), Just("5 mm/s"), Just("1.5e"),
                Just("12 March"), Just("14:05"), Just("limit of"), Just("times"), Just("per day"), Just("("), Just(")"),
                Just("work order"), Just("“x”"), Just("probably"), Just("unbalance"), Just("78 %"), Just("from"), Just("to"),
                Just("gap"), Just("remaining life"), Just("not estimable"), Just(";"), Just("."), Just("two"), Just("point"),
                Just("minus"), Just("harmonic"), Just("bpfo amplitude"), Just("went from"), Just("against it"), Just("-"),
            ],
            0..30,
        )
    ) {
        let _ = read(&words.join(" "), &names());
    }

    #[test]
    fn a_plant_name_of_any_kind_is_written_and_read(
        sensor in "[A-Za-zäß][A-Za-z0-9 ./#_-]{0,12}[A-Za-z0-9]", asset in "[A-Z][a-z0-9-]{0,8}[0-9]", seed in 0_u64..500,
    ) {
        let mut report = sample::plausible(seed);
        report.asset = asset;
        report.work_orders.clear();
        for evidence in report.evidence.iter_mut().take(1) {
            evidence.sensor = sensor.clone();
        }
        prop_assume!(report.check().is_ok());
        prop_assert!(Templates.realise(&report).is_ok());
        prop_assert!(text::spoken(&report).is_ok());
    }
}
