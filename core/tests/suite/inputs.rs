//! What a request may bring, and what becomes of values that are not there.

use motet_core::execute::{Executor, Outcome, Request, RunError, RunFailure, Sequential};
use motet_core::node::NodeError;
use motet_core::value::Value;

use crate::kinds::Stage;
use crate::pipeline;

const EVERY_TYPE: &str = r#"
motet: 1
pipeline: every-type
inputs:
  wave: "f32[T<=4] range=-1..1"
  pair: "f32[T<=4]"
  exact: "f32[2]"
  whole: "i32 range=0..9"
  long: "i64[N<=2] range=0..9"
  raw: "u8[B<=4] range=0..100"
  text: "utf8[L<=4]"
  answer: "record{label: utf8[L<=8], score: f32 range=0..1}"
nodes:
  all:
    kind: test/mix
    in: {i0: wave, i1: pair, i2: exact, i3: whole, i4: long, i5: raw, i6: text, i7: answer}
    with: {arity: 8}
outputs: {y: all}
"#;

fn samples(data: &[f32]) -> Value {
    Value::samples(data)
}

fn answer(label: &str, score: f32) -> Value {
    Value::Record(vec![
        ("label".to_owned(), Value::Text(label.to_owned())),
        ("score".to_owned(), Value::number(score)),
    ])
}

fn good() -> Request {
    Request::new()
        .with("wave", samples(&[0.5, -1.0]))
        .with("pair", samples(&[2.0, 3.0]))
        .with("exact", samples(&[1.0, 2.0]))
        .with(
            "whole",
            Value::I32 {
                dims: vec![],
                data: vec![9],
            },
        )
        .with(
            "long",
            Value::I64 {
                dims: vec![1],
                data: vec![0],
            },
        )
        .with(
            "raw",
            Value::U8 {
                dims: vec![2],
                data: vec![0, 100],
            },
        )
        .with("text", Value::Text("nave".to_owned()))
        .with("answer", answer("stop", 1.0))
}

/// The good request with another value, and the code and message of its refusal.
fn check(name: &str, value: Value, code: &str, message: &str) {
    let stage = Stage::new();
    let mut session = pipeline::open(EVERY_TYPE, &stage.catalog());
    let error = Sequential
        .run(&mut session, &good().with(name, value), &stage.clock())
        .err();
    let Some(RunError::Input(error)) = error else {
        panic!("{name}: {error:?}")
    };
    assert_eq!((error.code().0, error.to_string().as_str()), (code, message));
    assert_eq!(
        session.arena().busy_count(),
        0,
        "{name}: a refused request leaves nothing behind"
    );
    assert!(
        Sequential
            .run(&mut session, &good(), &stage.clock())
            .unwrap()
            .failure()
            .is_none()
    );
}

#[test]
fn a_value_that_is_not_finite_is_refused_at_its_place() {
    let at = |name, at| format!("input `{name}` holds a value that is not finite at position {at}");
    check("wave", samples(&[0.0, f32::NAN]), "MT0405", &at("wave", 1));
    check("pair", samples(&[f32::INFINITY, 0.0]), "MT0405", &at("pair", 0));
    check(
        "answer",
        answer("stop", f32::NEG_INFINITY),
        "MT0405",
        &at("answer.score", 0),
    );
}

#[test]
fn a_value_outside_of_its_range_is_refused_whatever_its_element() {
    let whole = |data| Value::I32 {
        dims: vec![],
        data: vec![data],
    };
    check(
        "wave",
        samples(&[0.0, 1.5]),
        "MT0412",
        "input `wave` holds 1.5 at position 1, outside its range -1..1",
    );
    check(
        "whole",
        whole(-1),
        "MT0412",
        "input `whole` holds -1 at position 0, outside its range 0..9",
    );
    let long = Value::I64 {
        dims: vec![2],
        data: vec![3, 10],
    };
    check(
        "long",
        long,
        "MT0412",
        "input `long` holds 10 at position 1, outside its range 0..9",
    );
    let raw = Value::U8 {
        dims: vec![1],
        data: vec![101],
    };
    check(
        "raw",
        raw,
        "MT0412",
        "input `raw` holds 101 at position 0, outside its range 0..100",
    );
    let over = "input `answer.score` holds 2 at position 0, outside its range 0..1";
    check("answer", answer("stop", 2.0), "MT0412", over);
}

#[test]
fn a_value_of_another_shape_is_refused() {
    let shape = |name, port, found| format!("input `{name}` takes {port}, but was given the shape {found}");
    check(
        "exact",
        samples(&[1.0]),
        "MT0406",
        &shape("exact", "f32[2]", "[1]"),
    );
    check(
        "pair",
        samples(&[0.0; 5]),
        "MT0406",
        &shape("pair", "f32[T<=4]", "[5]"),
    );
    check(
        "pair",
        Value::number(1.0),
        "MT0406",
        &shape("pair", "f32[T<=4]", "[]"),
    );
    let short = Value::F32 {
        dims: vec![2],
        data: vec![1.0],
    };
    check("exact", short, "MT0406", &shape("exact", "f32[2]", "[2]"));
    check(
        "text",
        Value::Text("naves".to_owned()),
        "MT0406",
        &shape("text", "utf8[L<=4]", "[5]"),
    );
    let endless = Value::F32 {
        dims: vec![u32::MAX, u32::MAX],
        data: vec![],
    };
    check(
        "exact",
        endless,
        "MT0406",
        &shape("exact", "f32[2]", "[4294967295, 4294967295]"),
    );
}

#[test]
fn a_value_of_another_type_is_refused() {
    let found = |name, port, found| format!("input `{name}` takes {port}, but was given {found}");
    let wave = "f32[T<=4] range=-1..1";
    check(
        "wave",
        Value::Text("la".to_owned()),
        "MT0407",
        &found("wave", wave, "text"),
    );
    check(
        "wave",
        answer("stop", 1.0),
        "MT0407",
        &found("wave", wave, "a record"),
    );
    check(
        "whole",
        Value::number(1.0),
        "MT0407",
        &found("whole", "i32 range=0..9", "f32[]"),
    );
    let bytes = Value::U8 {
        dims: vec![2],
        data: vec![0xff, 0xff],
    };
    check("text", bytes, "MT0407", &found("text", "utf8[L<=4]", "u8[2]"));
    check(
        "raw",
        Value::Text("la".to_owned()),
        "MT0407",
        &found("raw", "u8[B<=4] range=0..100", "text"),
    );
    let record = "record{label: utf8[L<=8], score: f32 range=0..1}";
    check(
        "answer",
        Value::number(1.0),
        "MT0407",
        &found("answer", record, "f32[]"),
    );
    let part = Value::Record(vec![("label".to_owned(), Value::Text("stop".to_owned()))]);
    check("answer", part, "MT0407", &found("answer", record, "a record"));
}

#[test]
fn names_must_be_those_of_the_pipeline() {
    let known = "wave, pair, exact, whole, long, raw, text, answer";
    let message = format!("the pipeline has no input `wve`; its inputs are {known}");
    check("wve", samples(&[0.0]), "MT0409", &message);
    let other = Value::Record(vec![
        ("label".to_owned(), Value::Text("stop".to_owned())),
        ("scores".to_owned(), Value::number(1.0)),
    ]);
    check(
        "answer",
        other,
        "MT0410",
        "input `answer.score` is missing; it takes f32 range=0..1",
    );
    let stage = Stage::new();
    let mut session = pipeline::open(EVERY_TYPE, &stage.catalog());
    let error = Sequential
        .run(&mut session, &Request::new(), &stage.clock())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "input `wave` is missing; it takes f32[T<=4] range=-1..1"
    );
}

#[test]
fn dimensions_of_one_name_have_one_size_but_for_text() {
    let message = "dimension `T` has size 2 at `wave` and 3 at `pair`";
    check("pair", samples(&[1.0, 2.0, 3.0]), "MT0406", message);
    // `text` and `answer.label` both say `L`, and hold 4 and 2 bytes.
    let stage = Stage::new();
    let mut session = pipeline::open(EVERY_TYPE, &stage.catalog());
    let request = good().with("answer", answer("go", 0.5));
    assert!(Sequential.run(&mut session, &request, &stage.clock()).is_ok());
}

#[test]
fn a_node_whose_inputs_share_a_dimension_fails_when_their_sizes_differ() {
    let text = r#"
motet: 1
pipeline: sum
inputs: {a: "f32[A<=8]", b: "f32[B<=8]"}
nodes: {sum: {kind: test/add, in: {a: a, b: b}}}
outputs: {sum: sum}
"#;
    let stage = Stage::new();
    let mut session = pipeline::open(text, &stage.catalog());
    let mut sum = |a: &[f32], b: &[f32]| {
        let request = Request::new().with("a", samples(a)).with("b", samples(b));
        let response = Sequential.run(&mut session, &request, &stage.clock()).unwrap();
        (
            response.value("sum"),
            response.failure().map(|(_, failure)| failure.clone()),
        )
    };
    assert_eq!(sum(&[1.0, 2.0], &[3.0, 4.0]), (Some(samples(&[4.0, 6.0])), None));
    let error = NodeError::Failed("inputs `a` and `b` have different lengths".to_owned());
    let failure = RunFailure::Node {
        node: "sum".to_owned(),
        error,
    };
    assert_eq!(sum(&[1.0, 2.0], &[3.0]), (None, Some(failure)));
}

#[test]
fn an_absent_output_says_why() {
    let text = "
motet: 1
pipeline: absences
inputs: {x: f32, y: f32}
nodes:
  needs_both: {kind: test/mix, in: {i0: x, i1: y}, with: {arity: 2}}
  does_without: {kind: test/mix, in: {i0: x, i1: y}, with: {arity: 2, optional: true}}
  loud: {kind: test/mix, in: x, when: i0 > 5}
  on_absent: {kind: test/mix, in: {i0: x, i1: y}, with: {arity: 2, optional: true}, when: i1 > 0}
  unless: {kind: test/mix, in: {i0: x, i1: y}, with: {arity: 2, optional: true}, when: not present(i1)}
  silent: {kind: test/mix, in: x, with: {skips: 1}}
outputs:
  {needs_both: needs_both, does_without: does_without, loud: loud, on_absent: on_absent, unless: unless, silent: silent}
";
    let stage = Stage::new();
    let mut session = pipeline::open(text, &stage.catalog());
    let request = Request::partial().with("x", Value::number(1.0));
    let response = Sequential.run(&mut session, &request, &stage.clock()).unwrap();
    let why = |output| match response.output(output) {
        Some(Outcome::Absent(why)) => why.clone(),
        Some(Outcome::Present(_)) => "present".to_owned(),
        Some(Outcome::Failed(failure)) => failure.to_string(),
        None => "no such output".to_owned(),
    };
    assert_eq!(why("needs_both"), "input `y` was not given");
    assert_eq!(why("does_without"), "present");
    assert_eq!(why("loud"), "the condition of `loud` did not hold");
    assert_eq!(
        why("on_absent"),
        "the condition of `on_absent` did not hold",
        "nothing holds of an absent value"
    );
    assert_eq!(why("unless"), "present");
    assert_eq!(why("silent"), "`silent` gave nothing");
}
