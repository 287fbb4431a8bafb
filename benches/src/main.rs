//! One engine on the workload `trio`, as a process that a driver asks for requests.
//!
//!     motet-benches motet DATA WORKERS PRECISION
//!     motet-benches ort DATA WORKERS LIBRARY
//!
//! Reads lines `run PART N` and answers each with one line of JSON: wall time of each request and CPU time of the process
//! per request, in microseconds, and its peak memory. Both engines get the same sound through the same features.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use cpu_time::ProcessTime;

mod motet_trio;
mod ort_trio;
mod reference;

/// Something that answers requests.
trait Engine {
    /// Runs `trio`, or one of its nets: `kws`, `notes`, `anom`.
    fn run(&mut self, part: &str) -> Result<(), Box<dyn Error>>;
    /// The record of the last run of `trio`: class, probability, label, confidence, error, score.
    fn record(&self) -> [f64; 6];
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, data, workers, choice] = &arguments[..] else {
        return Err("usage: motet-benches motet|ort DATA WORKERS PRECISION|LIBRARY".into());
    };
    let workers = workers.parse()?;
    let mut runner: Box<dyn Engine> = match engine.as_str() {
        "motet" => Box::new(motet_trio::Trio::open(data, workers, choice)?),
        "ort" => Box::new(ort_trio::Trio::open(data, workers, choice)?),
        other => return Err(format!("`{other}` is neither motet nor ort").into()),
    };
    runner.run("trio")?;
    let cold = start.elapsed().as_secs_f64();
    let bound = if choice == "bf16" || choice == "int8" { 3e-2 } else { 1e-3 };
    let (seen, expected) = (runner.record(), reference::record(data)?);
    for (index, (seen, expected)) in seen.iter().zip(expected).enumerate() {
        let scale = if index == 4 { expected.abs().max(1.0) } else { 1.0 };
        if (seen - expected).abs() > bound * scale {
            return Err(format!("field {index} of the record is {seen}, not {expected}").into());
        }
    }
    println!("{}", serde_json::json!({"engine": engine, "cold_s": cold}));
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["run", part, count] = words[..] else { continue };
        let count: u32 = count.parse()?;
        let mut walls = Vec::with_capacity(count as usize);
        let before = ProcessTime::now();
        for _ in 0..count {
            let start = Instant::now();
            runner.run(part)?;
            walls.push(start.elapsed().as_secs_f64() * 1e6);
        }
        let cpu = before.elapsed().as_secs_f64() * 1e6 / f64::from(count);
        let peak = motet::peak_bytes().map_or(0.0, |bytes| bytes as f64 / f64::from(1 << 20));
        println!("{}", serde_json::json!({"wall_us": walls, "cpu_us": cpu, "peak_mib": peak}));
        std::io::stdout().flush()?;
    }
    Ok(())
}
