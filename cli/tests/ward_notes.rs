//! The pipeline `ward-notes` as a hospital runs it: nothing of a patient is found where it does not belong, whether a request
//! succeeds or fails, and nothing is answered without its line in the log.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "these are tests; clippy knows only `#[test]` functions as such"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// Something of each of the 18 classes of 45 CFR 164.514(b)(2)(i), with the words to look for afterwards.
const CANARIES: [(&str, &[&str]); 18] = [
    ("Patient name: Zephyrine Quagmirez.", &["Zephyrine", "Quagmirez"]),
    (
        "She lives at 4417 Wobblestone Lane, Kettlewick, MA 02138.",
        &["4417", "Wobblestone", "02138"],
    ),
    ("Date of birth: 02/17/1948.", &["02/17", "02-17"]),
    ("Her telephone is (617) 555-0193.", &["555-0193", "5550193"]),
    ("Fax: 617-555-0194.", &["555-0194", "5550194"]),
    (
        "E-mail: zq.canary@mailhost-canary.example.",
        &["zq.canary", "mailhost-canary"],
    ),
    ("SSN: 219-09-9971.", &["219-09-9971", "219099971"]),
    ("MRN: 88417730.", &["88417730"]),
    (
        "Health plan member ID: HPX-5512-98ZK.",
        &["5512-98ZK", "HPX-5512"],
    ),
    ("Account number: 7700419826.", &["7700419826"]),
    ("Driver's license number: Q7716-20934.", &["Q7716", "20934"]),
    ("License plate: 8QZK417.", &["8QZK417"]),
    ("Pacemaker serial number: SNX99417QZ.", &["SNX99417QZ"]),
    ("See https://canary-records.example/zq/4417.", &["canary-records"]),
    ("Logged in from 203.0.113.77.", &["203.0.113.77"]),
    ("Fingerprint ID: FPX-77120-QZ.", &["FPX-77120"]),
    (
        "Photo: quagmirez_face_0417.jpg.",
        &["quagmirez_face", "face_0417"],
    ),
    ("Study subject number: TRIAL-CANARY-0417.", &["TRIAL-CANARY"]),
];

const CLINICAL: &str = "CHIEF COMPLAINT: Chest pain for two days.\nMEDICATIONS: Metformin 500 mg twice daily.\n\
                        ASSESSMENT: Type 2 diabetes. No pneumonia.\n";

fn note() -> String {
    let lines = CANARIES.iter().map(|(line, _)| format!("{line}\n"));
    lines.collect::<String>() + CLINICAL
}

/// A folder with all that a run writes, and nothing else.
struct Ward {
    folder: tempfile::TempDir,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ward {
    fn new() -> Ward {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let ward = Ward { folder };
        let made = ward.motet(&["audit", "create", "audit.jsonl"], b"");
        assert_eq!(made.code, Some(0), "{}", made.err);
        ward
    }

    fn motet(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_motet"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("RUST_BACKTRACE", "1")
            .env_remove("MOTET_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses its arguments does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        let done = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran {
            code: done.status.code(),
            out: text(&done.stdout),
            err: text(&done.stderr),
        }
    }

    /// Runs the pipeline on a note in a file, with every log, trace and report that there is.
    fn run(&self, note: &[u8], patient: &str, recorded: &str) -> Ran {
        fs::write(self.folder.path().join("note.txt"), note).unwrap();
        let pipeline = ward_notes();
        let (patient, recorded) = (format!("patient={patient}"), format!("recorded={recorded}"));
        let ran = self.motet(
            &[
                "--format",
                "json",
                "--log",
                "trace",
                "run",
                pipeline.to_str().unwrap(),
                "--in",
                "note=@note.txt",
                "--in",
                &patient,
                "--in",
                &recorded,
                "--audit",
                "audit.jsonl",
                "--caller",
                "ward-3.nurse",
                "--report",
                "--trace",
                "trace.json",
            ],
            b"",
        );
        fs::remove_file(self.folder.path().join("note.txt")).unwrap();
        ran
    }

    /// Where a canary is found in what was printed or written.
    fn leaks(&self, ran: &Ran, canaries: &[&str]) -> Vec<String> {
        let mut places = vec![
            ("standard output".to_owned(), ran.out.clone()),
            ("standard error".to_owned(), ran.err.clone()),
        ];
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                        places.push((format!("{} {text}", path.display()), text));
                    }
                }
            }
        }
        let mut leaks = Vec::new();
        for (place, text) in &places {
            let small = text.to_lowercase();
            for canary in canaries
                .iter()
                .filter(|canary| small.contains(&canary.to_lowercase()))
            {
                leaks.push(format!(
                    "`{canary}` in {}",
                    place.chars().take(120).collect::<String>()
                ));
            }
        }
        leaks
    }
}

fn ward_notes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pipelines/ward-notes")
        .canonicalize()
        .unwrap()
}

fn all() -> Vec<&'static str> {
    CANARIES
        .iter()
        .flat_map(|(_, words)| words.iter().copied())
        .collect()
}

const PATIENT: &str = "Patient/zqcanary17";
const RECORDED: &str = "2026-03-12T09:30:00Z";

#[test]
fn nothing_that_identifies_a_patient_is_found_anywhere_after_a_good_run() {
    let ward = Ward::new();
    let ran = ward.run(note().as_bytes(), PATIENT, RECORDED);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ward.leaks(&ran, &all()), Vec::<String>::new());
    let answer = ran
        .out
        .lines()
        .find(|line| line.contains("\"outputs\""))
        .unwrap()
        .to_owned();
    // The document points at the patient's record, and nothing else does.
    let without_document = Ran {
        out: String::new(),
        ..ran
    };
    assert_eq!(
        ward.leaks(&without_document, &["zqcanary17"]),
        Vec::<String>::new()
    );
    let answer: Json = serde_json::from_str(&answer).unwrap();
    let bundle = answer["outputs"]["document"]["bundle"].as_str().unwrap();
    assert!(
        bundle.contains("Metformin") && bundle.contains("zqcanary17"),
        "{bundle}"
    );
    let safe = answer["outputs"]["safe"]["text"].as_str().unwrap();
    assert!(
        safe.contains("Chest pain for two days") && safe.contains("1948"),
        "{safe}"
    );
}

#[test]
fn nothing_of_a_patient_is_found_after_runs_that_fail() {
    let ward = Ward::new();
    let long = note().repeat(200);
    let mut broken = note().into_bytes();
    broken.extend([0xff, 0xfe, 0x00]);
    let canaries: Vec<&str> = all().into_iter().chain(["zqcanary17", "momentcanary"]).collect();
    let check = |note: &[u8], patient: &str, recorded: &str| {
        let ran = ward.run(note, patient, recorded);
        assert_ne!(ran.code, Some(0), "{}", ran.out);
        assert!(!(ran.out + &ran.err).is_empty());
        // What was answered beside the failure was checked above; here only what tells of it.
        let ran = ward.run(note, patient, recorded);
        let leaks = ward.leaks(&ran, &canaries);
        assert_eq!(leaks, Vec::<String>::new());
    };
    check(note().as_bytes(), PATIENT, "momentcanary");
    check(note().as_bytes(), "zqcanary17 of ward 3", RECORDED);
    check(long.as_bytes(), PATIENT, RECORDED);
    check(&broken, PATIENT, RECORDED);
}

#[test]
fn lines_that_are_no_requests_are_refused_without_their_words() {
    let ward = Ward::new();
    let pipeline = ward_notes();
    let name = "Zephyrine Quagmirez";
    let lines = [
        format!("{{\"id\": 1, \"inputs\": {{\"note\": \"{name}\""),
        format!(
            "{{\"id\": 2, \"inputs\": {{\"note\": [\"{name}\"], \"patient\": \"{PATIENT}\", \"recorded\": \"{RECORDED}\"}}}}"
        ),
        format!(
            "{{\"id\": 3, \"inputs\": {{\"note\": \"{name}\", \"patient\": {{\"who\": \"zqcanary17\"}}, \"recorded\": \"{RECORDED}\"}}}}"
        ),
        format!("{{\"id\": 4, \"inputs\": {{\"note\": \"{name}\", \"recorded\": \"{RECORDED}\"}}}}"),
    ];
    let arguments = [
        "--log",
        "trace",
        "run",
        pipeline.to_str().unwrap(),
        "--stdin",
        "--audit",
        "audit.jsonl",
    ];
    let ran = ward.motet(&arguments, lines.join("\n").as_bytes());
    assert_eq!(ran.out.lines().count(), 4, "{} {}", ran.out, ran.err);
    assert!(
        ran.out.lines().all(|line| line.contains("\"error\"")),
        "{}",
        ran.out
    );
    assert_eq!(
        ward.leaks(&ran, &["Zephyrine", "Quagmirez", "zqcanary17"]),
        Vec::<String>::new()
    );
}

#[test]
fn nothing_is_answered_without_a_line_in_the_log() {
    let ward = Ward::new();
    let pipeline = ward_notes();
    let pipeline = pipeline.to_str().unwrap();
    let values = [
        "--in",
        "note=Metformin.",
        "--in",
        "patient=Patient/1",
        "--in",
        "recorded=2026-03-12T09:30:00Z",
    ];
    let run = |more: &[&str]| ward.motet(&[&["run", pipeline], &values[..], more].concat(), b"");
    let check = |ran: Ran, code: &str| {
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(
            ran.err.contains(code) && ran.out.is_empty(),
            "{} {}",
            ran.err,
            ran.out
        );
    };
    check(run(&[]), "MT0810");
    check(run(&["--audit", "gone.jsonl"]), "MT0801");
    assert_eq!(run(&["--audit", "audit.jsonl"]).code, Some(0));
    let log = ward.folder.path().join("audit.jsonl");
    let lines = fs::read_to_string(&log).unwrap();
    let events: Vec<Json> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let models: Vec<&str> = events
        .iter()
        .filter(|event| event["event"] == "asked")
        .flat_map(|event| event["models"].as_array().unwrap())
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["bc5cdr", "keep", "names", "sections"]);
    assert!(lines.contains("\"outcome\":\"answered\""));
    let verify = || ward.motet(&["audit", "verify", "audit.jsonl"], b"").code;
    assert_eq!(verify(), Some(0));
    // A changed line, and a line less.
    fs::write(
        &log,
        lines.replace("\"caller\":\"local\"", "\"caller\":\"other\""),
    )
    .unwrap();
    assert_eq!(verify(), Some(1));
    let fewer: Vec<&str> = lines
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| line)
        .collect();
    fs::write(&log, fewer.join("\n") + "\n").unwrap();
    assert_eq!(verify(), Some(1));
}
