//! `motet bench`: how long requests take, and what they take, against what the plan said.

use std::time::Duration;

use cpu_time::ProcessTime;
use motet::{Error, ExecutorChoice, Loaded, Pipeline, Report, Request, Runner, Trace};
use motet_core::clock::{Clock, Monotonic};
use motet_core::quantity::{Bytes, Time};
use serde::Serialize;

use super::builder;
use crate::arguments::BenchArguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::render;

/// Most firings whose nodes are reported.
const TRACES_MAX: usize = 100_000;

/// One way to run the requests, opened and warm.
struct Contender {
    name: &'static str,
    runner: Runner,
    requests: Vec<Request>,
    latencies: Vec<Duration>,
    cpu: Vec<Duration>,
    traces: Vec<Trace>,
}

/// What was measured of one way to run.
#[derive(Debug, Serialize)]
struct Measured {
    executor: &'static str,
    requests: usize,
    /// Wall time of a request, in microseconds.
    p50_us: f64,
    p95_us: f64,
    p99_us: f64,
    /// CPU time of the whole process per request, in microseconds: the median over the rounds.
    cpu_us: f64,
    nodes: Vec<MeasuredNode>,
}

#[derive(Debug, Serialize)]
struct MeasuredNode {
    name: String,
    planned_us: f64,
    median_us: f64,
}

#[derive(Debug, Serialize)]
struct Page {
    pipeline: String,
    /// What is known of how nodes were opened, as name and remark.
    remarks: Vec<(String, String)>,
    /// Load average of the last minute when the measurement ended, where the system tells it.
    load: Option<f64>,
    planned_bytes: u64,
    /// Largest resident memory of the process, where the system tells it: program, libraries and inputs included.
    peak_bytes: Option<u64>,
    measured: Vec<Measured>,
}

pub(super) fn run(arguments: &BenchArguments, output: &mut Output) -> Result<(), Failure> {
    let mut contenders = Vec::new();
    let mut planned_bytes = 0;
    // Weights are in memory once, as they would be in a program that has one pipeline.
    let loaded = Loaded::default();
    for (name, executor) in [
        ("sequential", ExecutorChoice::Sequential),
        ("parallel", ExecutorChoice::Parallel),
    ] {
        let pipeline = builder(&arguments.pipeline)?
            .share(&loaded)
            .executor(executor)
            .open(&arguments.pipeline.pipeline)?;
        if contenders.is_empty() && !output.is_json() {
            render::faults(pipeline.warnings(), output)?;
        }
        planned_bytes = pipeline.plan().memory.cpu.total();
        contenders.push(Contender::open(name, &pipeline, arguments)?);
    }
    let clock = Monotonic::start();
    for contender in &mut contenders {
        contender.warm_up(arguments.warm_up)?;
    }
    // Rounds take turns, so that a busy minute of the machine falls on all of them alike.
    for _ in 0..arguments.rounds {
        for contender in &mut contenders {
            contender.round(arguments.repeat, &clock)?;
        }
    }
    let name = contenders
        .first()
        .map_or_else(String::new, |first| first.runner.plan().name.clone());
    let page = Page {
        pipeline: name,
        remarks: contenders
            .first()
            .map_or_else(Vec::new, |first| first.runner.remarks()),
        load: motet::load_average(),
        planned_bytes,
        peak_bytes: motet::peak_bytes(),
        measured: contenders.into_iter().map(Contender::measured).collect(),
    };
    if output.is_json() {
        return output.json(&page);
    }
    print(&page, output)
}

impl Contender {
    fn open(
        name: &'static str,
        pipeline: &Pipeline,
        arguments: &BenchArguments,
    ) -> Result<Contender, Failure> {
        let runner = pipeline.runner()?;
        let requests = if arguments.inputs.is_empty() {
            let tests = 0..pipeline.spec().tests.len();
            tests
                .map(|test| pipeline.test_request(&runner, test))
                .collect::<Result<Vec<_>, Error>>()?
        } else {
            let given = arguments
                .inputs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            vec![runner.request(given)?]
        };
        if requests.is_empty() {
            return Err(Failure::bad(
                "the pipeline has no samples: give its inputs with `--in`",
            ));
        }
        Ok(Contender {
            name,
            runner,
            requests,
            latencies: Vec::new(),
            cpu: Vec::new(),
            traces: Vec::new(),
        })
    }

    fn warm_up(&mut self, count: u32) -> Result<(), Error> {
        for request in self.requests.iter().cycle().take(count as usize) {
            let response = self.runner.run(request)?;
            // What fails early is quick: its times would be worth nothing.
            if let Some((output, failure)) = response.failure() {
                return Err(Error::Unmeasured(format!("output `{output}`: {failure}")));
            }
        }
        Ok(())
    }

    fn round(&mut self, count: u32, clock: &Monotonic) -> Result<(), Error> {
        let before = ProcessTime::now();
        for request in self.requests.iter().cycle().take(count as usize) {
            let start = clock.now();
            let response = self.runner.run(request)?;
            self.latencies.push(clock.now().saturating_sub(start));
            if let Some((output, failure)) = response.failure() {
                return Err(Error::Unmeasured(format!("output `{output}`: {failure}")));
            }
            if self.traces.len() < TRACES_MAX {
                self.traces.push(response.trace);
            }
        }
        self.cpu.push(before.elapsed() / count);
        Ok(())
    }

    fn measured(mut self) -> Measured {
        let plan = self.runner.plan();
        let report = Report::of(plan, &self.traces);
        let nodes = plan.nodes.iter().zip(&report.nodes);
        let nodes = nodes.map(|(planned, measured)| MeasuredNode {
            name: planned.name.clone(),
            planned_us: micros(planned.estimate),
            median_us: micros(measured.times.median),
        });
        Measured {
            executor: self.name,
            requests: self.latencies.len(),
            nodes: nodes.collect(),
            p50_us: micros(quantile(&mut self.latencies, 50)),
            p95_us: micros(quantile(&mut self.latencies, 95)),
            p99_us: micros(quantile(&mut self.latencies, 99)),
            cpu_us: micros(quantile(&mut self.cpu, 50)),
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The nearest-rank percentile; zero for none.
fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

fn print(page: &Page, output: &mut Output) -> Result<(), Failure> {
    let load = page
        .load
        .map_or_else(String::new, |load| format!(", load average {load:.2}"));
    output.line(&format!("bench {}{load}", page.pipeline))?;
    output.line("  executor      requests        p50        p95        p99   CPU each")?;
    let time = |micros: f64| Time(Duration::from_nanos(nanos(micros))).to_string();
    for measured in &page.measured {
        output.line(&format!(
            "  {:<12}  {:>8}  {:>9}  {:>9}  {:>9}  {:>9}",
            measured.executor,
            measured.requests,
            time(measured.p50_us),
            time(measured.p95_us),
            time(measured.p99_us),
            time(measured.cpu_us),
        ))?;
    }
    output.line("  node                   planned    measured")?;
    for node in page.measured.first().map_or(&[][..], |first| &first.nodes) {
        output.line(&format!(
            "  {:<20}  {:>9}  {:>9}",
            node.name,
            time(node.planned_us),
            time(node.median_us)
        ))?;
    }
    for (node, remark) in &page.remarks {
        output.line(&format!("  {node}: {remark}"))?;
    }
    let peak = match page.peak_bytes {
        Some(peak) => format!(
            "; the process took {} at its peak, program and inputs included",
            Bytes(peak)
        ),
        None => String::new(),
    };
    output.line(&format!("  memory planned {}{peak}", Bytes(page.planned_bytes)))
}

fn nanos(micros: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times are finite and not negative"
    )]
    let nanos = (micros * 1e3) as u64;
    nanos
}
