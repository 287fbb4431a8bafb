//! The `motet` program as its users see it: what it prints and how it exits.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// A pipeline without a model, so that these tests need no weights and take no time.
const SMALL: &str = "\
motet: 1
pipeline: small
about: Says how a reading compares with a limit.
params: {limit: 2.5}
contract: {memory: {cpu: 1 MiB}, egress: none}
inputs:
  reading: f32
  place: utf8[T<=16]
nodes:
  decide: {kind: control/rules, in: {reading: reading}, with: {alarm_if: \"reading > ${limit}\", otherwise: rest}}
  say: {kind: text/template, in: {at: place, what: decide}, with: {text: \"{at}: {what.action}\"}}
outputs: {decision: decide, text: say}
tests:
  a high reading raises the alarm:
    feed: {reading: 3.5, place: press}
    expect: {decision.action: alarm, text: \"press: alarm\"}
  a low reading rests:
    feed: {reading: 1, place: press}
    expect: {decision.action: rest}
";

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program in a folder that holds `small/pipeline.yaml` with this text.
fn motet_in(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_motet"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("MOTET_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        code: done.status.code(),
        out: text(done.stdout),
        err: text(done.stderr),
    }
}

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("small")).unwrap();
    fs::write(folder.path().join("small/pipeline.yaml"), text).unwrap();
    folder
}

fn motet(arguments: &[&str]) -> Ran {
    motet_in(folder_with(SMALL).path(), arguments, "")
}

fn lines(text: &str) -> Vec<Json> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_sound_pipeline_passes_check_and_its_tests() {
    let ran = motet(&["check", "small"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(ran.out, "ok small: 2 inputs, 2 nodes, 2 outputs, 2 tests\n");
    let ran = motet(&["test", "small"]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.out,
        "ok     a high reading raises the alarm\nok     a low reading rests\n2 passed, 0 failed\n"
    );
}

#[test]
fn a_fault_is_shown_in_its_line_and_exits_with_two() {
    let folder = folder_with(&SMALL.replace("in: {reading: reading}", "in: {reading: raeding}"));
    let ran = motet_in(folder.path(), &["check", "small"], "");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ran.err, @r#"
    error[MT0202]: there is no input, node or agent `raeding`
      --> small/pipeline.yaml:10:47
       |
    10 |   decide: {kind: control/rules, in: {reading: raeding}, with: {alarm_if: "reading > ${limit}", otherwise: rest}}
       |                                               ^^^^^^^
       |
    help: did you mean `reading`?
       |
    10 -   decide: {kind: control/rules, in: {reading: raeding}, with: {alarm_if: "reading > ${limit}", otherwise: rest}}
    10 +   decide: {kind: control/rules, in: {reading: reading}, with: {alarm_if: "reading > ${limit}", otherwise: rest}}
       |

    1 error; `motet explain MT0202` says more
    "#);
}

#[test]
fn a_fault_as_json_names_code_place_and_fix() {
    let folder = folder_with(&SMALL.replace("in: {reading: reading}", "in: {reading: raeding}"));
    let ran = motet_in(folder.path(), &["check", "small", "--format", "json"], "");
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""));
    let fault = &lines(&ran.out)[0]["diagnostics"][0];
    assert_eq!(fault["code"], "MT0202");
    assert_eq!(fault["fix"]["replacement"], "reading");
    assert_eq!(
        (&fault["labels"][0]["line"], &fault["labels"][0]["column"]),
        (&Json::from(10), &Json::from(47))
    );
}

#[test]
fn check_fix_mends_the_file_and_leaves_a_sound_one_alone() {
    let broken = SMALL.replace("in: {reading: reading}", "in: {reading: raeding}");
    let folder = folder_with(&broken);
    let ran = motet_in(folder.path(), &["check", "small", "--fix"], "");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out
            .starts_with("fixed small/pipeline.yaml:10:47 MT0202: did you mean `reading`?\n"),
        "{}",
        ran.out
    );
    let file = folder.path().join("small/pipeline.yaml");
    assert_eq!(fs::read_to_string(&file).unwrap(), SMALL);
    let ran = motet_in(folder.path(), &["check", "small", "--fix"], "");
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "ok small: 2 inputs, 2 nodes, 2 outputs, 2 tests\n")
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), SMALL);
    assert_eq!(
        fs::read_dir(folder.path().join("small")).unwrap().count(),
        1,
        "nothing is left beside the file"
    );
}

#[test]
fn check_fix_keeps_byte_order_mark_and_line_ends() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let folder = folder_with(&windows(
        &SMALL.replace("in: {reading: reading}", "in: {reading: raeding}"),
    ));
    let ran = motet_in(folder.path(), &["check", "small", "--fix"], "");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let file = folder.path().join("small/pipeline.yaml");
    assert_eq!(fs::read_to_string(&file).unwrap(), windows(SMALL));
}

#[test]
fn the_plan_of_an_imagined_machine_is_a_page() {
    let ran = motet(&["plan", "small", "--workers", "2", "--memory", "1 GiB"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out, @r#"
    plan small  for 2 workers and 1.0 GiB
      step  node    kind           device  precision  estimate  finish
      0     decide  control/rules  cpu     f32            5 us    5 us
      1     say     text/template  cpu     f32            5 us   10 us

      slot  value    buffer  bytes  type
      0     reading       1     64  f32
      1     place         2    128  utf8[T<=16]
      2     decide        0    384  record{action: utf8[T<=64], why: utf8[T<=256]}
      3     say           1    192  utf8[T<=82]

    memory   cpu 150.8 KiB of 1.0 MiB allowed: weights 0 B, buffers 704 B, workspaces 82 B, session 150.0 KiB
             3 buffers; 768 B without sharing, no plan below 704 B; largest: the book-keeping of a session with 150.0 KiB
    time     10 us estimated for a request, from assumed speeds; nothing was measured
    request  no deadline
    egress   none: nothing leaves this machine
    verdict  ACCEPT
    "#);
}

#[test]
fn samples_are_answered_in_text_and_in_json() {
    let ran = motet(&["run", "small", "--executor", "sequential"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    insta::assert_snapshot!(ran.out, @r#"
    a high reading raises the alarm
        decision {"action":"alarm","why":"reading"}
        text "press: alarm"
    a low reading rests
        decision {"action":"rest","why":""}
        text "press: rest"
    "#);
    let ran = motet(&["run", "small", "--format", "json"]);
    let answers = lines(&ran.out);
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["name"], "a high reading raises the alarm");
    assert_eq!(answers[0]["outputs"]["decision"]["action"], "alarm");
    assert!(answers[0]["latency_us"].is_u64());
}

#[test]
fn values_and_settings_come_from_the_command_line() {
    let ran = motet(&[
        "run",
        "small",
        "--in",
        "reading=3",
        "--in",
        "place=hall",
        "--set",
        "limit=10",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("text \"hall: rest\""), "{}", ran.out);
}

#[test]
fn every_executor_gives_the_same_answer() {
    let answer = |executor: &str| {
        let ran = motet(&["run", "small", "--executor", executor, "--workers", "2"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out
    };
    let reference = answer("sequential");
    assert_eq!(answer("parallel"), reference);
    assert_eq!(answer("simulated"), reference);
}

#[test]
fn a_bad_line_gets_its_error_and_the_next_is_served() {
    let input = r#"{"id": 1, "inputs": {"reading": 3, "place": "a"}}
not json

{"id": "two", "inputs": {"reading": "high", "place": "a"}}
{"id": 3, "inputs": {"reading": 3}}
{"id": 4, "inputs": {"reading": 3, "place": "a", "more": 1}}
{"id": 5, "inputs": {"reading": 3, "place": "seventeen letters"}}
{"id": 6, "input": {}}
{"id": 7, "inputs": {"reading": 1, "place": "b"}}"#;
    let ran = motet_in(folder_with(SMALL).path(), &["run", "small", "--stdin"], input);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let answers = lines(&ran.out);
    let codes: Vec<&Json> = answers.iter().map(|answer| &answer["error"]["code"]).collect();
    assert_eq!(
        codes,
        [
            &Json::Null,
            &Json::from("MT0411"),
            &Json::from("MT0407"),
            &Json::from("MT0410"),
            &Json::from("MT0409"),
            &Json::from("MT0406"),
            &Json::from("MT0411"),
            &Json::Null,
        ]
    );
    let ids: Vec<&Json> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids[2], "two");
    assert_eq!(answers[0]["outputs"]["decision"]["action"], "alarm");
    assert_eq!(answers[7]["outputs"]["text"], "b: rest");
}

#[test]
fn an_input_may_be_said_not_to_come_and_the_others_are_answered() {
    let absent =
        "  nobody says where:\n    feed: {reading: 3, place: ~}\n    expect: {decision.action: alarm}\n";
    let folder = folder_with(&format!("{SMALL}{absent}"));
    let line = r#"{"id": 1, "inputs": {"reading": 3, "place": null}}"#;
    let ran = motet_in(folder.path(), &["run", "small", "--stdin"], line);
    let served = lines(&ran.out).remove(0)["outputs"].clone();
    let typed = [
        "run",
        "small",
        "--format",
        "json",
        "--in",
        "reading=3",
        "--in",
        "place=null",
    ];
    let ran = motet_in(folder.path(), &typed, "");
    assert_eq!(lines(&ran.out)[0]["outputs"], served);
    // The text says `?` for what is absent.
    assert_eq!(
        (&served["decision"]["action"], &served["text"]),
        (&Json::from("alarm"), &Json::from("?: alarm"))
    );
    let ran = motet_in(folder.path(), &["test", "small"], "");
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let ran = motet_in(folder.path(), &["run", "small", "--in", "reading=1"], "");
    assert!(ran.err.contains("MT0410"), "{}", ran.err);
}

#[test]
fn a_failed_test_shows_what_was_found_and_exits_with_one() {
    let folder = folder_with(&SMALL.replace("decision.action: rest", "decision.action: alarm"));
    let ran = motet_in(folder.path(), &["test", "small", "--filter", "low"], "");
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.out, @r#"
    FAILED a low reading rests
             expected decision.action: alarm
             found    decision: {"action":"rest","why":""}
    0 passed, 1 failed
    "#);
}

#[test]
fn bad_input_exits_with_two_and_names_its_code() {
    let cases: [(&[&str], &str); 8] = [
        (&["check", "nowhere"], "MT0401"),
        (&["check", "."], "MT0401"),
        (
            &["run", "small", "--in", "reading=high", "--in", "place=a"],
            "MT0407",
        ),
        (
            &["run", "small", "--in", "reading=[1]", "--in", "place=a"],
            "MT0406",
        ),
        (&["run", "small", "--in", "reading=1"], "MT0410"),
        (&["run", "small", "--in", "raeding=1"], "MT0409"),
        (
            &["run", "small", "--in", "reading=@none.json", "--in", "place=a"],
            "MT0401",
        ),
        (&["run", "small", "--set", "limits=1"], "MT0119"),
    ];
    for (arguments, code) in cases {
        let ran = motet(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(2), ""),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(
            ran.err.contains(&format!("error[{code}]")),
            "{arguments:?}: {}",
            ran.err
        );
        let mut as_json = arguments.to_vec();
        as_json.extend(["--format", "json"]);
        let ran = motet(&as_json);
        assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.out.contains(code), "{arguments:?}: {}", ran.out);
    }
}

#[test]
fn arguments_that_are_not_understood_exit_with_two_and_help_with_zero() {
    for arguments in [
        &["chek", "small"][..],
        &["run"],
        &["run", "small", "--in", "reading"],
        &["run", "small", "--deadline", "80"],
    ] {
        assert_eq!(motet(arguments).code, Some(2), "{arguments:?}");
    }
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["run", "--help"],
        &["completions", "bash"],
        &["kinds"],
    ] {
        let ran = motet(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}");
        assert!(!ran.out.is_empty(), "{arguments:?}");
    }
    assert!(motet(&["--help"]).out.contains("Exit codes:"));
}

#[test]
fn a_kind_is_explained_and_a_near_name_offered() {
    let ran = motet(&["explain", "text/template"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("absent: text (default \"?\")"), "{}", ran.out);
    let ran = motet(&["explain", "text/templat"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("did you mean `text/template`?"), "{}", ran.err);
}

#[test]
fn a_drawing_is_written_whole_to_its_file() {
    let folder = folder_with(SMALL);
    for (language, begin) in [
        ("svg", "<svg "),
        ("mermaid", "flowchart "),
        ("dot", "digraph "),
        ("json", "{\"name\""),
    ] {
        let ran = motet_in(
            folder.path(),
            &["graph", "small", "--as", language, "-o", "drawing"],
            "",
        );
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
        assert!(
            fs::read_to_string(folder.path().join("drawing"))
                .unwrap()
                .starts_with(begin)
        );
    }
    let ran = motet(&["graph", "small"]);
    insta::assert_snapshot!(ran.out, @r#"
    flowchart LR
      b0[/"reading"/]
      b1[/"place"/]
      b2["<b>decide</b><br/>control/rules on cpu"]
      b3["<b>say</b><br/>text/template on cpu"]
      b4(["decision"])
      b5(["text"])
      b0 -- "reading<br/>f32" --> b2
      b1 -- "at<br/>utf8[T#60;=16]" --> b3
      b2 -- "what<br/>record{action, why}" --> b3
      b2 -- "record{action, why}" --> b4
      b3 -- "utf8[T#60;=82]" --> b5
    "#);
}

#[test]
fn a_trace_and_a_report_tell_of_every_firing() {
    let folder = folder_with(SMALL);
    let ran = motet_in(
        folder.path(),
        &[
            "run", "small", "--repeat", "3", "--trace", "t.json", "--report", "--format", "json",
        ],
        "",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = &lines(&ran.out)[2]["report"];
    assert_eq!(report["firing_count"], 6);
    let trace: Json =
        serde_json::from_str(&fs::read_to_string(folder.path().join("t.json")).unwrap()).unwrap();
    let turns = trace["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["ph"] == "X")
        .count();
    assert_eq!(turns, 12);
}

#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let folder = folder_with(SMALL);
    let mut child = Command::new(env!("CARGO_BIN_EXE_motet"))
        .args(["run", "small", "--stdin"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let line = b"{\"inputs\": {\"reading\": 1, \"place\": \"a\"}}\n";
    // The program ends when it finds that nobody reads; writing fails from then on.
    while input.write_all(line).is_ok() {}
    drop(input);
    let done = child.wait_with_output().unwrap();
    assert_eq!(
        (
            done.status.code(),
            String::from_utf8(done.stderr).unwrap().as_str()
        ),
        (Some(0), "")
    );
}

#[test]
fn bench_measures_both_ways_to_run_and_holds_them_against_the_plan() {
    let short = [
        "bench",
        "small",
        "--repeat",
        "3",
        "--rounds",
        "2",
        "--warm-up",
        "1",
    ];
    let ran = motet(&short);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for part in [
        "bench small",
        "sequential",
        "parallel",
        "p99",
        "decide",
        "memory planned",
    ] {
        assert!(ran.out.contains(part), "`{part}` in {}", ran.out);
    }
    let ran = motet(&[&short[..], &["--format", "json"]].concat());
    let page = &lines(&ran.out)[0];
    for measured in page["measured"].as_array().unwrap() {
        assert_eq!(measured["requests"], 6);
        assert!(measured["p50_us"].as_f64().unwrap() > 0.0);
        assert!(measured["p50_us"].as_f64() <= measured["p99_us"].as_f64());
        assert_eq!(measured["nodes"].as_array().unwrap().len(), 2);
    }
    assert_eq!(motet(&["bench", "small", "--in", "reading=1"]).code, Some(2));
}

#[test]
fn a_profile_is_measured_and_planned_by_on_the_machine_it_is_of() {
    let folder = folder_with(SMALL);
    let short = [
        "profile",
        "small",
        "--repeat",
        "2",
        "--rounds",
        "2",
        "--warm-up",
        "1",
    ];
    let ran = motet_in(folder.path(), &short, "");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(
        ran.out.contains("control/rules") && ran.out.contains("text/template"),
        "{}",
        ran.out
    );
    let ran = motet_in(folder.path(), &["plan", "small", "--profile", "profile.json"], "");
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let path = folder.path().join("profile.json");
    let text = fs::read_to_string(&path).unwrap();
    let other = ["plan", "small", "--profile", "profile.json", "--workers", "7"];
    let ran = motet_in(folder.path(), &other, "");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("MT0415"), "{}", ran.err);
    for (text, code) in [
        (text.replace("\"version\": 1", "\"version\": 9"), "MT0415"),
        ("{".to_owned(), "MT0415"),
    ] {
        fs::write(&path, text).unwrap();
        let ran = motet_in(folder.path(), &["plan", "small", "--profile", "profile.json"], "");
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(code), "{}", ran.err);
    }
    let ran = motet(&["plan", "small", "--profile", "none.json"]);
    assert!(ran.err.contains("MT0401"), "{}", ran.err);
}

#[test]
fn the_devices_of_the_machine_are_listed_with_what_each_runs() {
    let ran = motet(&["devices"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.starts_with("cpu "), "{}", ran.out);
    assert!(
        ran.out.contains("all kinds; nets in f32, bf16 and int8 by "),
        "{}",
        ran.out
    );
    let is_told = ran.out.contains("--features gpu");
    assert_eq!(is_told, !cfg!(feature = "gpu"), "{}", ran.out);
    let ran = motet(&["devices", "--format", "json"]);
    let page: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(page["devices"][0]["device"], "cpu");
    assert!(page["devices"][0]["memory"].as_u64() > Some(0));
}

#[test]
fn the_instructions_of_nets_are_bounded_from_outside_and_a_misspelt_bound_is_refused() {
    let devices = |bound: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motet"));
        let done = command.arg("devices").env("MOTET_CPU", bound).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    };
    let (code, out, _) = devices("portable");
    assert_eq!(code, Some(0));
    assert!(out.contains("bf16 and int8 by portable\n"), "{out}");
    let (code, out, err) = devices("avx1024");
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("MOTET_CPU"), "{err}");
}

#[test]
fn a_grammar_is_checked_and_mended_like_a_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.yaml");
    let sound = "grammar: 1\nintents: {go: \"[please] go to {place}\"}\nslots: {place: [hall, kitchen]}\n";
    fs::write(&path, sound.replace("{place}\"", "{plase}\"")).unwrap();
    let refused = motet_in(folder.path(), &["check", "orders.yaml"], "");
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("MT0602") && refused.err.contains("orders.yaml:2:32"),
        "{}",
        refused.err
    );
    let mended = motet_in(folder.path(), &["check", "orders.yaml", "--fix"], "");
    assert_eq!(mended.code, Some(0), "{}", mended.err);
    assert!(
        mended.out.contains("fixed orders.yaml:2:32 MT0602")
            && mended.out.contains("ok orders.yaml: 1 intent, 1 slot, 5 words"),
        "{}",
        mended.out
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), sound);
}

#[test]
fn outputs_are_saved_as_text_json_and_sound() {
    const SOUND: &str = "\
motet: 1
pipeline: small
inputs: {mic: \"f32[T<=8000] rate=8kHz range=-1..1\", place: \"utf8[T<=16]\"}
contract: {egress: none}
nodes:
  faster: {kind: audio/resample, in: mic, with: {rate: 16 kHz}}
  say: {kind: text/template, in: {at: place}, with: {text: \"at {at}\"}}
  decide: {kind: control/rules, in: {at: place}, with: {stop_if: \"at == 'press'\", otherwise: go}}
outputs: {sound: faster, text: say, decision: decide}
";
    let folder = folder_with(SOUND);
    let run = |save: &[&str]| {
        let mut arguments = vec!["run", "small", "--in", "place=press", "--in", "mic=tone.wav"];
        save.iter().for_each(|saved| arguments.extend(["--save", saved]));
        motet_in(folder.path(), &arguments, "")
    };
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut tone = hound::WavWriter::create(folder.path().join("tone.wav"), spec).unwrap();
    for index in 0..4_000_i16 {
        let phase = f64::from(index) * std::f64::consts::TAU * 440.0 / 8_000.0;
        #[expect(clippy::cast_possible_truncation, reason = "a sample")]
        tone.write_sample((8_000.0 * phase.sin()) as i16).unwrap();
    }
    tone.finalize().unwrap();
    let ran = run(&[
        "text=said.txt",
        "decision=all.json",
        "decision.action=action.txt",
        "sound=fast.wav",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(
        (read("said.txt").as_str(), read("action.txt").as_str()),
        ("at press", "stop")
    );
    let all: Json = serde_json::from_str(&read("all.json")).unwrap();
    assert_eq!(all["action"], "stop");
    let mut fast = hound::WavReader::open(folder.path().join("fast.wav")).unwrap();
    assert_eq!(fast.spec().sample_rate, 16_000);
    let samples: Vec<i16> = fast.samples().map(Result::unwrap).collect();
    assert!(samples.len() >= 8_000);
    let loudest = samples
        .iter()
        .map(|sample| i32::from(*sample).abs())
        .max()
        .unwrap();
    assert!((7_500..8_500).contains(&loudest), "{loudest}");
    for (saved, message) in [
        ("txt=a", "there is no output `txt` to save"),
        ("decision.act=a", "there is no field `act` to save"),
        ("text.action=a", "output `text` has no fields, so no `action`"),
        ("text=a.wav", "`text` is no sound"),
    ] {
        let ran = run(&[saved]);
        assert_eq!(ran.code, Some(2), "{saved}");
        assert!(ran.err.contains(message), "{saved}: {}", ran.err);
        assert!(!folder.path().join("a").exists() && !folder.path().join("a.wav").exists());
    }
}
