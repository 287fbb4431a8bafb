//! The kind: what arrives, what is told, and what the cut of a stream into requests may not change.

use motet_core::arena::ReadLease;
use motet_core::catalog::ParamValue;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::super::alarm::tests::is_legal;
use super::super::alarm::{Cause, Move, State};
use super::*;
use crate::trial::{Running, Trial, Value};

/// An alarm above 10 with a deadband of 2, over many scores at a time.
fn alarm() -> Trial<'static> {
    Trial::of(&AlarmState)
        .with("limit", ParamValue::Number(10.0))
        .with("deadband", ParamValue::Number(2.0))
        .with(
            "gap_max",
            ParamValue::Duration(std::time::Duration::from_secs(100)),
        )
        .input("score", "f32[R<=64]")
        .unconnected("at")
        .input("times", "i64[R<=64] unit=ms")
        .input("usable", "u8[R<=64]")
        .unconnected("limit")
        .input("order", "utf8[T<=4096]")
        .input("suppress_when", "f32")
}

/// One request: scores with their seconds, none where a row is not usable; orders; whether the design hides the alarm.
#[derive(Clone, Debug, Default)]
struct Asked {
    rows: Vec<(i64, Option<f32>)>,
    order: String,
    is_suppressed: Option<bool>,
}

impl Asked {
    fn rows(rows: &[(i64, f32)]) -> Asked {
        Asked {
            rows: rows.iter().map(|(at, score)| (*at, Some(*score))).collect(),
            ..Asked::default()
        }
    }

    fn order(order: &str) -> Asked {
        Asked {
            order: order.to_owned(),
            ..Asked::default()
        }
    }

    fn values(&self) -> Vec<Option<Value>> {
        let scores: Vec<f32> = self.rows.iter().map(|(_, score)| score.unwrap_or(99.0)).collect();
        let usable = self.rows.iter().map(|(_, score)| u8::from(score.is_some()));
        vec![
            Some(Value::samples(&scores)),
            None,
            Some(Value::I64s(self.rows.iter().map(|(at, _)| at * 1_000).collect())),
            Some(Value::U8s(usable.collect())),
            None,
            Some(Value::Text(Box::leak(self.order.clone().into_boxed_str()))),
            self.is_suppressed
                .map(|is| Value::number(f32::from(u8::from(is)))),
        ]
    }
}

/// What is told of a request, without what only its end knows.
#[derive(Clone, Debug, Default, PartialEq)]
struct Answer {
    state: String,
    since: i64,
    is_active: bool,
    must_annunciate: bool,
    is_chattering: bool,
    quality: String,
    moves: Vec<Json>,
    at: i64,
    refusals: Vec<Json>,
    refused: i32,
    activations: i64,
    annunciated: Vec<i64>,
}

fn answer(lease: &ReadLease) -> Answer {
    let flag = |field: usize| lease.tensor::<u8>(field).unwrap()[0] == 1;
    let time = |field: usize| lease.tensor::<i64>(field).unwrap()[0];
    let list = |field: usize| serde_json::from_str(lease.text(field).unwrap()).unwrap();
    Answer {
        state: lease.text(0).unwrap().to_owned(),
        since: time(1),
        is_active: flag(2),
        must_annunciate: flag(3),
        is_chattering: flag(4),
        quality: lease.text(5).unwrap().to_owned(),
        moves: list(6),
        at: time(7),
        refusals: list(9),
        refused: lease.tensor::<i32>(10).unwrap()[0],
        activations: time(11),
        annunciated: lease.tensor::<i64>(12).unwrap().to_vec(),
    }
}

fn ask(node: &mut Running, asked: &Asked) -> Answer {
    let outputs = node.fire(&asked.values()).unwrap();
    answer(outputs[0].as_ref().unwrap())
}

/// Asks one after another and compares the states.
fn check(trial: &Trial<'_>, steps: &[(Asked, &str)]) -> Answer {
    let mut node = trial.build();
    let mut last = Answer::default();
    for (asked, expected) in steps {
        last = ask(&mut node, asked);
        assert_eq!(last.state, *expected, "{asked:?}");
    }
    last
}

#[test]
fn an_alarm_lives_from_request_to_request() {
    let mut node = alarm().build();
    let first = ask(&mut node, &Asked::rows(&[(1, 3.0), (2, 10.0), (3, 10.5)]));
    let moved = serde_json::json!(
        {"at": 3_000, "from": "normal", "to": "active_unacknowledged", "cause": "activation"}
    );
    let expected = Answer {
        state: "active_unacknowledged".to_owned(),
        since: 3_000,
        is_active: true,
        must_annunciate: true,
        quality: "good".to_owned(),
        moves: vec![moved],
        at: 3_000,
        activations: 1,
        annunciated: vec![3_000],
        ..Answer::default()
    };
    assert_eq!(first, expected);
    let quiet = ask(&mut node, &Asked::order("acknowledge"));
    assert_eq!(
        (quiet.state.as_str(), quiet.must_annunciate),
        ("active_acknowledged", false)
    );
    assert_eq!((quiet.since, quiet.at), (3_000, 3_000));
    let held = ask(&mut node, &Asked::rows(&[(4, 8.5)]));
    assert_eq!(held.state, "active_acknowledged", "the deadband holds it");
    let back = ask(&mut node, &Asked::rows(&[(5, 8.0)]));
    assert_eq!(
        (back.state.as_str(), back.is_active, back.since),
        ("normal", false, 3_000)
    );
    node.reset();
    let fresh = ask(&mut node, &Asked::rows(&[(1, 3.0)]));
    assert_eq!(
        (fresh.state.as_str(), fresh.since, fresh.activations),
        ("normal", -1, 0)
    );
}

#[test]
fn operators_hide_an_alarm_for_a_while_and_see_it_again() {
    let beyond = |at| Asked::rows(&[(at, 12.0)]);
    let shelved = Asked {
        order: "shelve 1 min".to_owned(),
        ..beyond(10)
    };
    let told = check(
        &alarm(),
        &[
            (beyond(1), "active_unacknowledged"),
            (Asked::order("acknowledge"), "active_acknowledged"),
            (shelved, "shelved"),
            (beyond(69), "shelved"),
            (beyond(70), "active_unacknowledged"),
            (Asked::order("take out of service"), "out_of_service"),
            (Asked::order("acknowledge"), "out_of_service"),
        ],
    );
    let hidden = serde_json::json!({"at": 70_000, "event": "acknowledge", "why": "hidden"});
    assert_eq!((told.refusals, told.refused), (vec![hidden], 1));
}

#[test]
fn the_design_of_the_plant_suppresses_and_shows_again() {
    let suppressed = |at, score, is| Asked {
        is_suppressed: Some(is),
        ..Asked::rows(&[(at, score)])
    };
    let told = check(
        &alarm(),
        &[
            (suppressed(1, 12.0, true), "suppressed_by_design"),
            (suppressed(2, 12.0, true), "suppressed_by_design"),
            (suppressed(3, 12.0, false), "active_unacknowledged"),
        ],
    );
    assert!(told.must_annunciate && told.is_active);
    assert_eq!((told.since, told.refused), (1_000, 0));
}

#[test]
fn rows_that_are_not_usable_are_missing_values_that_hold_the_state() {
    let missing = |at| Asked {
        rows: vec![(at, None)],
        ..Asked::default()
    };
    let told = check(
        &alarm(),
        &[
            (missing(1), "normal"),
            (Asked::rows(&[(2, 12.0)]), "active_unacknowledged"),
            (missing(3), "active_unacknowledged"),
        ],
    );
    assert_eq!((told.quality.as_str(), told.is_active), ("missing", true));
    // Nobody says whether the scores mean something, although somebody should.
    let mut node = alarm().build();
    let mut values = Asked::rows(&[(1, 12.0)]).values();
    values[3] = None;
    let told = answer(node.fire(&values).unwrap()[0].as_ref().unwrap());
    assert_eq!(
        (told.state.as_str(), told.quality.as_str()),
        ("normal", "missing")
    );
    // A score that did not come is missing at its time.
    values[0] = None;
    values[2] = Some(Value::I64s(vec![2_000]));
    let told = answer(node.fire(&values).unwrap()[0].as_ref().unwrap());
    assert_eq!((told.quality.as_str(), told.at), ("missing", 2_000));
}

#[test]
fn time_stamps_that_go_backward_are_told_and_change_nothing() {
    let told = check(
        &alarm(),
        &[
            (Asked::rows(&[(10, 3.0)]), "normal"),
            (Asked::rows(&[(9, 12.0), (10, 12.0), (11, 4.0)]), "normal"),
        ],
    );
    let refused = |at: i64, why: &str| serde_json::json!({"at": at, "event": "value", "why": why});
    let expected = vec![refused(9_000, "time_backward"), refused(10_000, "time_doubled")];
    assert_eq!((told.refusals, told.refused, told.at), (expected, 2, 11_000));
    let all = check(
        &alarm(),
        &[(
            Asked::rows(&[(10, 12.0), (3, 1.0), (2, 1.0), (1, 1.0)]),
            "active_unacknowledged",
        )],
    );
    assert_eq!((all.quality.as_str(), all.at), ("clock", 10_000));
}

#[test]
fn one_score_at_a_time_with_the_limit_of_a_model() {
    let mut node = Trial::of(&AlarmState)
        .text("direction", "below")
        .with("latched", ParamValue::Flag(true))
        .input("score", "f32")
        .input("at", "i64")
        .unconnected("times")
        .unconnected("usable")
        .input("limit", "f32")
        .unconnected("order")
        .unconnected("suppress_when")
        .build();
    let mut ask = |at: i64, score: f32, limit: Option<f32>| {
        let values = [
            Some(Value::number(score)),
            Some(Value::I64(at)),
            None,
            None,
            limit.map(Value::number),
            None,
            None,
        ];
        let told = answer(node.fire(&values).unwrap()[0].as_ref().unwrap());
        (told.state, told.quality)
    };
    let of = |state: &str, quality: &str| (state.to_owned(), quality.to_owned());
    assert_eq!(ask(1, 5.0, None), of("normal", "missing"), "no limit yet");
    assert_eq!(ask(2, 5.0, Some(4.0)), of("normal", "good"));
    assert_eq!(ask(3, 5.0, Some(6.0)), of("active_unacknowledged", "good"));
    assert_eq!(
        ask(4, 5.5, None),
        of("active_unacknowledged", "good"),
        "the last limit stands"
    );
    assert_eq!(ask(5, 6.0, None), of("latched_unacknowledged", "good"));
}

#[test]
fn a_refused_request_leaves_the_alarm_as_it_was() {
    let mut node = alarm().build();
    ask(&mut node, &Asked::rows(&[(1, 3.0)]));
    let mut fails = |asked: Asked, expected: &str| {
        let error = node.fire(&asked.values()).err().unwrap();
        assert_eq!(error.to_string(), expected);
    };
    let beyond = Asked::rows(&[(2, 12.0)]);
    let shouted = Asked {
        order: "acknowledge\nACKNOWLEDGE".to_owned(),
        ..beyond.clone()
    };
    fails(shouted, "order 2, `ACKNOWLEDGE`, is not known");
    let timeless = Asked {
        order: "shelve 3".to_owned(),
        ..beyond
    };
    fails(
        timeless,
        "order 1 needs a time as in `shelve 30 min`: `3` has no unit; write one of us, ms, s, min, h",
    );
    fails(
        Asked::rows(&[(2, 12.0), (-1, 12.0)]),
        "time stamp 1 is not within the years 1970 to 9999: -1000 ms",
    );
    let late = 253_402_300_800;
    fails(
        Asked::rows(&[(late, 12.0)]),
        "time stamp 0 is not within the years 1970 to 9999: 253402300800000 ms",
    );
    let mut uneven = Asked::rows(&[(2, 12.0)]).values();
    uneven[3] = Some(Value::U8s(vec![1, 1]));
    assert_eq!(
        node.fire(&uneven).err().unwrap().to_string(),
        "there are 1 time stamps and 2 scores or rows of `usable`"
    );
    let told = ask(&mut node, &Asked::default());
    assert_eq!((told.state.as_str(), told.at, told.refused), ("normal", 1_000, 0));
    let early = alarm().build().fire(&Asked::order("acknowledge").values());
    assert_eq!(
        early.err().unwrap().to_string(),
        "orders need a time, and no score has come yet"
    );
}

#[test]
fn what_means_nothing_is_a_fault_in_its_place() {
    let place = |trial: Trial<'_>| trial.faults()[0].place.clone();
    let bare = |limit: f64| Trial::of(&AlarmState).with("limit", ParamValue::Number(limit));
    let at_input = |name: &str| FaultPlace::Input(name.to_owned());
    let at_param = |name: &str| FaultPlace::Param(name.to_owned(), None);
    assert_eq!(
        place(bare(1.0).input("score", "f32")),
        at_input("score"),
        "no time"
    );
    let timed = || bare(1.0).input("score", "f32").input("at", "i64");
    assert_eq!(
        place(bare(1.0).input("score", "i32").input("at", "i64")),
        at_input("score")
    );
    assert_eq!(
        place(bare(1.0).input("score", "f32[2, 3]").input("times", "i64[2]")),
        at_input("score")
    );
    assert_eq!(
        place(bare(1.0).input("score", "f32").input("at", "i64 unit=s")),
        at_input("at")
    );
    assert_eq!(place(timed().input("times", "i64[4]")), at_input("times"));
    assert_eq!(place(timed().input("usable", "u8[4]")), at_input("usable"));
    assert_eq!(
        place(timed().input("limit", "f32")),
        at_param("limit"),
        "two limits"
    );
    let no_limit = Trial::of(&AlarmState).input("score", "f32").input("at", "i64");
    assert_eq!(place(no_limit), at_param("limit"));
    let none = ParamValue::Duration(std::time::Duration::ZERO);
    for name in ["gap_max", "shelve_max", "stale_after", "chattering_window"] {
        assert_eq!(place(timed().with(name, none.clone())), at_param(name));
    }
    assert!(timed().signature().is_ok());
    let signature = timed().signature().unwrap();
    let broken = bare(1e15);
    let built = AlarmState.build(&broken.params(), &signature, &Placement::CPU);
    assert!(matches!(built, Err(BuildError::Failed(_))));
}

#[test]
fn the_longest_lists_fit_their_bounds() {
    let swings: Vec<(i64, Option<f32>)> = (0..64)
        .map(|row| (253_402_300_000 + row, Some(if row % 2 == 0 { 12.0 } else { 1.0 })))
        .collect();
    let mut node = alarm().build();
    let all = Asked {
        rows: swings.clone(),
        order: "return to service\n".repeat(ORDERS_MAX),
        is_suppressed: Some(false),
    };
    let told = ask(&mut node, &all);
    assert_eq!((told.moves.len(), told.refused), (64, 64));
    let backward = Asked {
        rows: swings.into_iter().rev().collect(),
        order: "take out of service\nreturn to service\n".repeat(ORDERS_MAX / 2),
        ..Asked::default()
    };
    let told = ask(&mut node, &backward);
    assert_eq!(
        (told.moves.len(), told.refused, told.refusals.len()),
        (64, 64, 64)
    );
}

fn any_row() -> impl Strategy<Value = (i64, Option<f32>)> {
    let score = prop_oneof![
        3 => prop_oneof![Just(0.0_f32), Just(9.0), Just(10.0), Just(11.0)].prop_map(Some),
        1 => Just(None),
    ];
    (-2_i64..40, score)
}

/// Rows whose times are sums of steps, a few of them backward.
fn stream(steps: &[(i64, Option<f32>)]) -> Vec<(i64, Option<f32>)> {
    let mut now = 100;
    let mut rows = Vec::new();
    for (step, score) in steps {
        rows.push((now + step, *score));
        now = now.max(now + step);
    }
    rows
}

fn delayed(on: u64, off: u64, is_latched: bool) -> Trial<'static> {
    let time = |seconds| ParamValue::Duration(std::time::Duration::from_secs(seconds));
    alarm()
        .with("on_delay", time(on))
        .with("off_delay", time(off))
        .with("latched", ParamValue::Flag(is_latched))
}

const CAUSES: [Cause; 8] = [
    Cause::Activation,
    Cause::Return,
    Cause::Acknowledgement,
    Cause::Reminder,
    Cause::Reset,
    Cause::Hiding,
    Cause::Release,
    Cause::ShelvingExpired,
];

fn moved(json: &Json) -> Move {
    let state = |name: &str| -> State { serde_json::from_value(json[name].clone()).unwrap() };
    let cause = CAUSES
        .into_iter()
        .find(|cause| serde_json::to_value(cause).unwrap() == json["cause"]);
    Move {
        from: state("from"),
        to: state("to"),
        cause: cause.unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn how_a_stream_is_cut_changes_nothing(
        on in 0_u64..30, off in 0_u64..30, is_latched: bool,
        steps in proptest::collection::vec(any_row(), 1..64),
        cuts in proptest::collection::vec(0_usize..8, 1..64),
    ) {
        let rows = stream(&steps);
        let trial = delayed(on, off, is_latched);
        let whole = ask(&mut trial.build(), &Asked { rows: rows.clone(), ..Asked::default() });
        let mut node = trial.build();
        let mut sum = Answer::default();
        let mut rest = &rows[..];
        let mut sizes = cuts.iter().cycle();
        while !rest.is_empty() {
            let size = sizes.next().copied().unwrap_or(1).min(rest.len()).max(usize::from(cuts.iter().all(|cut| *cut == 0)));
            let (rows, behind) = rest.split_at(size);
            rest = behind;
            let part = ask(&mut node, &Asked { rows: rows.to_vec(), ..Asked::default() });
            let joined = |mut first: Vec<Json>, second: &[Json]| { first.extend_from_slice(second); first };
            sum = Answer {
                must_annunciate: sum.must_annunciate || part.must_annunciate,
                moves: joined(sum.moves, &part.moves),
                refusals: joined(sum.refusals, &part.refusals),
                refused: sum.refused + part.refused,
                annunciated: [sum.annunciated, part.annunciated.clone()].concat(),
                ..part
            };
        }
        prop_assert_eq!(sum, whole);
    }

    #[test]
    fn no_illegal_move_is_told_and_every_move_follows_the_last(
        on in 0_u64..30, off in 0_u64..30, is_latched: bool,
        requests in proptest::collection::vec(
            (proptest::collection::vec(any_row(), 0..4), proptest::collection::vec(0_usize..9, 0..4), any::<Option<bool>>()),
            1..40,
        ),
    ) {
        const ORDERS: [&str; 9] = [
            "acknowledge", "acknowledge", "reset", "shelve 20 s", "unshelve", "suppress", "unsuppress", "take out of service",
            "return to service",
        ];
        let mut node = delayed(on, off, is_latched).build();
        ask(&mut node, &Asked::rows(&[(100, 0.0)]));
        let mut now = 100;
        let mut last = State::Normal;
        for (steps, orders, is_suppressed) in requests {
            let mut rows = stream(&steps);
            rows.iter_mut().for_each(|(at, _)| *at += now - 100);
            let asked = Asked {
                rows,
                order: orders.iter().map(|order| ORDERS[*order]).collect::<Vec<_>>().join("\n"),
                is_suppressed,
            };
            let told = ask(&mut node, &asked);
            let mut annunciations = 0;
            for json in &told.moves {
                let moved = moved(json);
                prop_assert!(is_legal(moved), "{:?}", moved);
                prop_assert_eq!(moved.from, last);
                last = moved.to;
                annunciations += usize::from(moved.to == State::ActiveUnacknowledged);
            }
            prop_assert_eq!(serde_json::to_value(last).unwrap(), Json::from(told.state));
            prop_assert_eq!(told.must_annunciate, !told.annunciated.is_empty());
            prop_assert!(annunciations == 0 || told.must_annunciate);
            prop_assert!(told.annunciated.is_sorted());
            prop_assert!(told.at >= now * 1_000);
            now = told.at / 1_000;
        }
    }
}
