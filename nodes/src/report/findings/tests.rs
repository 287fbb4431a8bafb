//! Findings as JSON, and findings of several nodes as one.

use super::super::alarm::{Direction, State};
use super::super::moment::Moment;
use super::super::record::{
    Course, Fault, FlagKind, Interval, Limit, Quantity, Reason, Report, Trend, Unit, ranked,
};
use super::super::sample;
use super::*;

fn evidence(sensor: &str, measured: f64, limit: Option<f64>) -> Evidence {
    Evidence {
        sensor: sensor.to_owned(),
        quantity: Quantity::Rms,
        measured,
        unit: Unit::Gravity,
        limit: limit.map(|value| Limit {
            value,
            direction: Direction::Above,
        }),
        ratio: None,
        trend: None,
    }
}

fn flag(kind: FlagKind, sensor: &str, seconds: Option<f64>) -> Flag {
    Flag {
        kind,
        sensor: Some(sensor.to_owned()),
        seconds,
    }
}

fn cause(fault: Fault, probability: f64, against: Vec<Against>) -> Option<Cause> {
    Some(Cause {
        fault,
        probability,
        against,
    })
}

fn model(name: &str) -> Option<Model> {
    Some(Model {
        name: name.to_owned(),
        version: "1".to_owned(),
    })
}

/// The part of a report that nodes find.
fn part(report: Report) -> Findings {
    Findings {
        model: Some(report.model),
        severity: report.severity,
        evidence: report.evidence,
        cause: report.cause,
        changes: report.changes,
        check: report.check,
        flags: report.flags,
        work_orders: report.work_orders,
        remaining_life: Some(report.remaining_life),
    }
}

fn report(findings: Findings) -> Report {
    let moment = |seconds| Moment::from_seconds(seconds).unwrap();
    Report {
        asset: "the machine".to_owned(),
        interval: Interval {
            from: moment(0),
            to: moment(4_000_000_000),
        },
        severity: findings.severity,
        evidence: findings.evidence,
        cause: findings.cause,
        since: None,
        changes: findings.changes,
        check: findings.check,
        model: findings.model.unwrap(),
        flags: findings.flags,
        work_orders: findings.work_orders,
        remaining_life: findings.remaining_life.unwrap(),
        alarm: State::Normal,
    }
}

/// Findings of another seed, about sensors and work orders of their own.
fn apart(seed: u64, node: usize) -> Findings {
    let mut part = part(sample::hostile(seed));
    let name = |name: &mut String| *name = format!("{node} {name}");
    part.evidence.iter_mut().for_each(|it| name(&mut it.sensor));
    part.changes.iter_mut().for_each(|it| name(&mut it.sensor));
    part.severity.iter_mut().for_each(|it| name(&mut it.sensor));
    for flag in &mut part.flags {
        name(flag.sensor.get_or_insert("all".to_owned()));
        flag.seconds = Some(flag.seconds.unwrap_or(60.0));
    }
    for order in &mut part.work_orders {
        order.id = format!("{node}-{}", order.id);
        order.asset = "the machine".to_owned();
    }
    part
}

#[test]
fn findings_are_read_back_from_their_json() {
    for seed in 0..300 {
        let part = part(sample::hostile(seed));
        assert_eq!(
            Findings::from_json(&part.to_json().unwrap()).unwrap(),
            part,
            "{seed}"
        );
    }
    assert_eq!(Findings::default().to_json().unwrap(), "{}");
    assert_eq!(Findings::from_json("").unwrap(), Findings::default());
    assert_eq!(Findings::from_json("{}").unwrap(), Findings::default());
}

#[test]
fn findings_that_are_none_are_refused() {
    let check = |json: &str, expected: &str| {
        let found = format!("{:?}", Findings::from_json(json).unwrap_err());
        assert!(found.starts_with(expected), "{json:.40}: {found}");
    };
    check("{\"mood\": 1}", "Findings(");
    check("{\"flags\": [{\"kind\": \"bad luck\"}]}", "Findings(");
    check(&" ".repeat(FINDINGS_BYTES + 1), "FindingsTooLarge(65537)");
    let against = "{\"cause\": {\"fault\": \"leak\", \"probability\": 0.5, \"against\": [{\"kind\": \"no_trend\", \"evidence\": 0}]}}";
    check(against, "Against { index: 0 }");
    let flags = vec!["{\"kind\": \"gap\"}"; FLAGS_MAX + 1].join(",");
    check(&format!("{{\"flags\": [{flags}]}}"), "TooMany");
    let infinite = Findings {
        evidence: vec![evidence("S1", f64::INFINITY, None)],
        ..Findings::default()
    };
    // JSON has no infinity; what is written instead is refused by whoever reads it.
    check(&infinite.to_json().unwrap(), "Findings(");
}

#[test]
fn findings_alone_or_twice_stay_as_they_are() {
    for seed in 0..300 {
        let mut part = part(sample::hostile(seed));
        let has_flags = !part.flags.is_empty();
        if let Some(cause) = part.cause.as_mut().filter(|_| has_flags) {
            // Flags speak against any cause.
            if !cause.against.contains(&Against::PoorData) {
                cause.against.truncate(LIST_MAX - 1);
                cause.against.push(Against::PoorData);
            }
        }
        for parts in [
            vec![part.clone()],
            vec![part.clone(), Findings::default(), part.clone()],
        ] {
            let merged = Findings::merge(parts);
            assert_eq!(merged.findings, part, "{seed}");
            assert_eq!((merged.flag_count, merged.is_complete), (part.flags.len(), true));
        }
    }
}

#[test]
fn many_findings_are_cut_to_a_sound_report_of_the_most_important() {
    for seed in 0..300 {
        let count = 2 + usize::try_from(seed % 5).unwrap();
        let parts: Vec<Findings> = (0..count)
            .map(|node| apart(seed * 7 + node as u64, node))
            .collect();
        let merged = Findings::merge(parts.clone());
        assert_eq!(merged, Findings::merge(parts.clone()), "{seed}");
        let all: Vec<Evidence> = parts.iter().flat_map(|part| part.evidence.clone()).collect();
        let found = &merged.findings;
        assert!(found.evidence.iter().all(|it| all.contains(it)), "{seed}");
        if all.len() <= EVIDENCE_MAX {
            assert_eq!(found.evidence, all, "{seed}");
        } else {
            assert_eq!((found.evidence.len(), merged.is_complete), (EVIDENCE_MAX, false));
            // All but a few, which are arguments or hold a trend, are more important than what was left out.
            let top: Vec<&Evidence> = ranked(&all).into_iter().map(|index| &all[index]).collect();
            let kept = top[..EVIDENCE_MAX - LIST_MAX - 1].iter();
            assert!(kept.clone().all(|it| found.evidence.contains(it)), "{seed}");
        }
        let flags: usize = parts.iter().map(|part| part.flags.len()).sum();
        assert_eq!(merged.flag_count, flags, "{seed}");
        assert!(flags <= FLAGS_MAX || !merged.is_complete);
        assert_eq!(found.flags.len(), flags.min(FLAGS_MAX));
        for part in &parts {
            for flag in &part.flags {
                assert!(
                    found.flags.iter().any(|kept| kept.kind == flag.kind),
                    "{seed}: {flag:?}"
                );
            }
        }
        let report = report(merged.findings);
        report.check().unwrap_or_else(|error| panic!("{seed}: {error}"));
    }
}

#[test]
fn arguments_keep_to_their_evidence() {
    let calm = |sensor: &str| evidence(sensor, 1.0, Some(2.0));
    let first = Findings {
        evidence: (0..20)
            .map(|index| evidence(&format!("A{index}"), 9.0, Some(2.0)))
            .collect(),
        ..Findings::default()
    };
    let second = Findings {
        evidence: (0..20).map(|index| calm(&format!("B{index}"))).collect(),
        cause: cause(Fault::Leak, 0.5, vec![Against::WithinLimit { evidence: 19 }]),
        ..Findings::default()
    };
    let merged = Findings::merge(vec![first, second]).findings;
    let [Against::WithinLimit { evidence }] = merged.cause.unwrap().against[..] else {
        panic!("one argument");
    };
    assert_eq!((evidence, merged.evidence[evidence].sensor.as_str()), (31, "B19"));
}

#[test]
fn what_two_nodes_know_of_one_value_is_one_piece_of_evidence() {
    let trend = Trend {
        per_day: 0.2,
        low: 0.1,
        high: 0.3,
    };
    let of = |evidence: Evidence| Findings {
        evidence: vec![evidence],
        ..Findings::default()
    };
    let limited = evidence("S1", 3.15, Some(1.5));
    let rounded = f64::from(3.15_f32);
    let rising = Evidence {
        trend: Some(trend),
        ..evidence("S1", rounded, None)
    };
    let merged = Findings::merge(vec![of(limited.clone()), of(rising)]).findings;
    let both = Evidence {
        trend: Some(trend),
        ..limited.clone()
    };
    assert_eq!(merged.evidence, [both]);
    // Another value of the same thing is a contradiction, which the check of the report names.
    let merged = Findings::merge(vec![of(limited), of(evidence("S1", 3.16, None))]).findings;
    assert_eq!(merged.evidence.len(), 2);
}

#[test]
fn a_rival_cause_is_an_alternative_as_long_as_it_adds_up() {
    let part = |fault, probability| Findings {
        model: model("m"),
        evidence: vec![evidence("S1", 1.0, None)],
        cause: cause(fault, probability, Vec::new()),
        remaining_life: Some(RemainingLife::NotEstimable {
            reason: Reason::NoTrend,
        }),
        ..Findings::default()
    };
    let merged = Findings::merge(vec![
        part(Fault::Leak, 0.3),
        part(Fault::Unbalance, 0.6),
        part(Fault::Cavitation, 0.4),
    ]);
    let alternative = Against::Alternative {
        fault: Fault::Cavitation,
        probability: 0.4,
    };
    let kept = merged.findings.cause.clone();
    assert_eq!(kept, cause(Fault::Unbalance, 0.6, vec![alternative]));
    assert!(!merged.is_complete, "there was no room for the leak");
    report(merged.findings).check().unwrap();
}

#[test]
fn one_flag_of_each_kind_is_kept_and_the_others_are_counted() {
    let gaps = (0..14).map(|index| flag(FlagKind::Gap, &format!("S{index}"), Some(f64::from(index) + 1.0)));
    let gaps = Findings {
        flags: gaps.collect(),
        ..Findings::default()
    };
    let kinds = FlagKind::ALL.into_iter().filter(|kind| *kind != FlagKind::Gap);
    let others = Findings {
        flags: kinds.map(|kind| flag(kind, "S0", Some(0.5))).collect(),
        ..Findings::default()
    };
    let merged = Findings::merge(vec![gaps, others]);
    assert_eq!((merged.flag_count, merged.is_complete), (22, false));
    let flags = merged.findings.flags;
    assert_eq!(flags.len(), FLAGS_MAX);
    for kind in FlagKind::ALL {
        assert!(flags.iter().any(|flag| flag.kind == kind), "{kind:?}");
    }
    let gaps = flags.iter().filter(|flag| flag.kind == FlagKind::Gap);
    assert!(gaps.clone().all(|flag| flag.seconds >= Some(7.0)) && gaps.count() == 8);
}

#[test]
fn a_flag_of_the_whole_time_is_longer_than_any_other() {
    let of = |seconds| Findings {
        flags: vec![flag(FlagKind::Gap, "S1", seconds)],
        ..Findings::default()
    };
    let merged = Findings::merge(vec![of(Some(5.0)), of(None), of(Some(900.0))]);
    assert_eq!((merged.findings, merged.flag_count), (of(None), 1));
}

#[test]
fn a_reason_that_other_findings_contradict_is_not_kept() {
    let rising = Evidence {
        trend: Some(Trend {
            per_day: 0.2,
            low: 0.1,
            high: 0.3,
        }),
        ..evidence("S1", 1.0, None)
    };
    assert_eq!(rising.trend.unwrap().course(), Course::Rising);
    let life = |reason| Some(RemainingLife::NotEstimable { reason });
    let trend = Findings {
        evidence: vec![rising],
        remaining_life: life(Reason::NoFailureHistory),
        ..Findings::default()
    };
    let flat = Findings {
        remaining_life: life(Reason::NoTrend),
        ..Findings::default()
    };
    let merged = Findings::merge(vec![flat.clone(), trend]).findings;
    assert_eq!(merged.remaining_life, life(Reason::NoFailureHistory));
    assert_eq!(
        Findings::merge(vec![flat.clone()]).findings.remaining_life,
        flat.remaining_life
    );
}

#[test]
fn models_are_named_together() {
    let of = |name: &str| Findings {
        model: model(name),
        ..Findings::default()
    };
    let merged = Findings::merge(vec![of("bearing"), of("shift"), of("bearing")]);
    assert_eq!(merged.findings.model.unwrap().name, "bearing/shift");
    let long = Findings::merge(vec![of("bearing"), of(&"x".repeat(41))]);
    assert_eq!((long.findings.model, long.is_complete), (model("bearing"), false));
}
