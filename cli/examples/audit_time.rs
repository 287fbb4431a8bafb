//! Measures the time of a line in a folder: `audit_time FOLDER [COUNT]`. Not a test, and not part of the library.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures, and prints what it measured"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use motet::audit::{
    Audit, AuditOptions, Check, Digest, Key, LogId, ModelVersion, Outcome, PipelineVersion, Question, parts,
    verify,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("name a folder")?).join("audit.jsonl");
    let count: u64 = arguments
        .next()
        .map_or(Ok(1_000), |count| count.to_string_lossy().parse())?;
    let key = Key::from_bytes(&[3; 32])?;
    let options = || AuditOptions {
        key: Some(key.clone()),
        part_bytes_max: 64 << 20,
        clock: Box::new(SystemTime::now),
    };
    let audit = Audit::create(&path, LogId::from([7; 16]), options())?;
    let question = Question {
        request: 1.into(),
        caller: "ward-3.nurse".parse()?,
        pipeline: PipelineVersion {
            name: "letters".parse()?,
            digest: Digest::of(b"pipeline"),
        },
        models: vec![ModelVersion {
            name: "snips".parse()?,
            version: 1.try_into()?,
            digest: Digest::of(b"weights"),
        }],
        patient: Some(key.patient("0017")),
        input: Some(key.input(b"the letter")),
    };
    let (mut begins, mut ends) = (Vec::new(), Vec::new());
    for request in 0..count {
        let question = Question {
            request: request.into(),
            ..question.clone()
        };
        let start = Instant::now();
        let pending = audit.begin(&question)?;
        begins.push(start.elapsed());
        let start = Instant::now();
        pending.end(Outcome::answered())?;
        ends.push(start.elapsed());
    }
    print("begin", begins);
    print("end", ends);
    drop(audit);
    let start = Instant::now();
    let check = Check {
        key: Some(key.clone()),
        after: None,
        anchor: None,
        listed_max: 10,
    };
    let verdict = verify(&parts(&path)?, check).map_err(|(_, error)| error)?;
    let bytes = std::fs::metadata(&path)?.len();
    println!(
        "verify {} lines, {bytes} bytes: {:?}, sound: {}",
        verdict.entry_count,
        start.elapsed(),
        verdict.is_sound()
    );
    let start = Instant::now();
    Audit::open(&path, options())?;
    println!("open: {:?}", start.elapsed());
    Ok(())
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{what:5} p50 {:?}, p95 {:?}, p99 {:?}, most {:?}",
        at(50),
        at(95),
        at(99),
        at(100)
    );
}
