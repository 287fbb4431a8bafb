//! One engine on one workload, as a process that a driver asks for requests.
//!
//!     motet-benches motet DATA WORKERS PRECISION
//!     motet-benches ort DATA WORKERS LIBRARY
//!     motet-benches motet-chain sequential|parallel|lanes hand-over-u8|hand-over-f32|copy-f32
//!     motet-benches ort-chain DATA LIBRARY
//!
//! The first two run `trio`, both on the same sound through the same features; the other two run a chain of nodes that
//! pass a value on. Reads lines `run PART N` and answers each with one line of JSON: wall time of each request and CPU
//! time of the process per request, in microseconds, and its peak memory; for `trio` on Motet, where the time outside of
//! the nets went.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde_json::{Value as Json, json};

mod chain;
mod motet_chain;
mod motet_trio;
mod open;
mod ort_chain;
mod ort_trio;
mod pass;
mod reference;

/// Something that answers requests.
trait Engine {
    /// Runs a part of its workload: `trio`, or one of its nets, `kws`, `notes`, `anom`; or a chain.
    fn run(&mut self, part: &str) -> Result<(), Box<dyn Error>>;

    /// Where the time of the last request went, if it tells.
    fn account(&self, _part: &str) -> Option<Account> {
        None
    }
}

/// Where the time of a request of `trio` went.
struct Account {
    /// From the arrival of the request to its first node: above all, its values are looked at and copied into the arena.
    before: Duration,
    /// Within `mfcc`, `kws`, `notes` and `anom`.
    nets: Duration,
    /// Within the node that joins their answers.
    join: Duration,
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut engine: Box<dyn Engine> = match words[..] {
        ["motet", data, workers, precision] => {
            let mut trio = motet_trio::Trio::open(data, workers.parse()?, precision)?;
            trio.run("trio")?;
            let bound = if matches!(precision, "bf16" | "int8") {
                3e-2
            } else {
                1e-3
            };
            check(trio.record(), reference::record(data)?, bound)?;
            Box::new(trio)
        }
        ["ort", data, workers, library] => {
            let mut trio = ort_trio::Trio::open(data, workers.parse()?, library)?;
            trio.run("trio")?;
            check(trio.record(), reference::record(data)?, 1e-3)?;
            Box::new(trio)
        }
        ["motet-chain", executor, work] => Box::new(motet_chain::Chains::open(executor, work)?),
        ["ort-chain", data, library] => Box::new(ort_chain::Chains::open(data, library)?),
        _ => return Err("usage: see the first lines of benches/src/main.rs".into()),
    };
    println!(
        "{}",
        json!({"engine": words[0], "cold_s": start.elapsed().as_secs_f64()})
    );
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["run", part, count] = words[..] else { continue };
        println!("{}", measured(engine.as_mut(), part, count.parse()?)?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Holds a record of `trio` against the reference: class, probability, label, confidence, error, score.
fn check(seen: [f64; 6], expected: [f64; 6], bound: f64) -> Result<(), Box<dyn Error>> {
    for (index, (seen, expected)) in seen.iter().zip(expected).enumerate() {
        let scale = if index == 4 { expected.abs().max(1.0) } else { 1.0 };
        // A NaN is refused as well.
        let is_near = (seen - expected).abs() <= bound * scale;
        if !is_near {
            return Err(format!("field {index} of the record is {seen}, not {expected}").into());
        }
    }
    Ok(())
}

fn measured(engine: &mut dyn Engine, part: &str, count: u32) -> Result<Json, Box<dyn Error>> {
    let mut walls = Vec::with_capacity(count as usize);
    let mut accounts = Vec::with_capacity(count as usize);
    let before = ProcessTime::now();
    for _ in 0..count {
        let start = Instant::now();
        engine.run(part)?;
        let wall = start.elapsed();
        walls.push(micros(wall));
        accounts.extend(engine.account(part).map(|account| (wall, account)));
    }
    let cpu = micros(before.elapsed()) / f64::from(count);
    let peak = motet::peak_bytes().map_or(0.0, |bytes| bytes as f64 / f64::from(1 << 20));
    let accounts = accounts.iter().map(|(wall, account)| {
        json!({
            "outside": micros(wall.saturating_sub(account.nets)),
            "before": micros(account.before),
            "join": micros(account.join),
        })
    });
    let accounts: Vec<Json> = accounts.collect();
    Ok(json!({"wall_us": walls, "cpu_us": cpu, "peak_mib": peak, "accounts_us": accounts}))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
