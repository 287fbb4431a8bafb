//! `motet run`: answers requests.

use motet::answer::Answer;
use motet::{Error, ExecutorChoice, Pipeline, Report, Request, RunError, Runner, Trace};
use motet_core::value::InputError;
use serde_json::{Map, Value as Json};

use super::{builder, hush_panics, serve, write_whole};
use crate::arguments::{ExecutorArgument, RunArguments};
use crate::failure::Failure;
use crate::output::Output;
use crate::render;

mod save;

use save::Saved;

/// Most firings that are remembered for `--report` and `--trace`.
const TRACES_MAX: usize = 100_000;

pub(super) fn run(arguments: &RunArguments, output: &mut Output) -> Result<(), Failure> {
    let executor = match arguments.executor {
        ExecutorArgument::Sequential => ExecutorChoice::Sequential,
        ExecutorArgument::Parallel => ExecutorChoice::Parallel,
        ExecutorArgument::Simulated => ExecutorChoice::Simulated(arguments.seed),
    };
    let pipeline = builder(&arguments.pipeline)?
        .executor(executor)
        .open(&arguments.pipeline.pipeline)?;
    if !output.is_json() {
        render::faults(pipeline.warnings(), output)?;
    }
    hush_panics(&pipeline);
    let mut work = Work {
        arguments,
        runner: pipeline.runner()?,
        saved: Vec::new(),
        traces: Vec::new(),
        any_failed: false,
    };
    for (name, path) in &arguments.save {
        work.saved.push(Saved::of(pipeline.plan(), name, path)?);
    }
    if arguments.stdin {
        serve::serve(&mut work, output)?;
    } else if arguments.inputs.is_empty() && !pipeline.spec().inputs.is_empty() {
        work.samples(&pipeline, output)?;
    } else {
        let given = arguments
            .inputs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let request = work.runner.request(given)?;
        work.answer(None, request, output)?;
    }
    work.end(output)
}

/// A run in progress.
pub(super) struct Work<'a> {
    arguments: &'a RunArguments,
    pub(super) runner: Runner,
    saved: Vec<Saved>,
    traces: Vec<Trace>,
    any_failed: bool,
}

impl Work<'_> {
    /// Answers the feeds of the pipeline's own tests.
    fn samples(&mut self, pipeline: &Pipeline, output: &mut Output) -> Result<(), Failure> {
        if pipeline.spec().tests.is_empty() {
            let missing = pipeline.plan().inputs.first().map(|input| InputError::Missing {
                name: input.name.clone(),
                port: input.port.to_string(),
            });
            let error = missing.map(|missing| Failure::from(Error::Run(RunError::Input(missing))));
            return Err(error.unwrap_or_else(|| Failure::bad("the pipeline has no samples")));
        }
        for (index, test) in pipeline.spec().tests.iter().enumerate() {
            self.runner.reset();
            let request = pipeline.test_request(&self.runner, index)?;
            self.answer(Some(&test.name), request, output)?;
        }
        Ok(())
    }

    /// Answers a request as often as wished and prints the last answer.
    fn answer(&mut self, name: Option<&str>, request: Request, output: &mut Output) -> Result<(), Failure> {
        let request = self.within(request);
        let mut answer = self.run(&request)?;
        for _ in 1..self.arguments.repeat {
            answer = self.run(&request)?;
        }
        for saved in &self.saved {
            saved.write(&answer)?;
        }
        if output.is_json() {
            let mut object = Map::new();
            object.extend(name.map(|name| ("name".to_owned(), Json::from(name))));
            object.extend(answer.to_json());
            output.json(&object)?;
        } else {
            text(name, &answer, output)?;
        }
        output.flush()
    }

    /// The request with the deadline of the command line.
    pub(super) fn within(&self, request: Request) -> Request {
        match self.arguments.deadline {
            Some(deadline) => request.within(deadline),
            None => request,
        }
    }

    /// Runs a request and keeps what the report needs.
    pub(super) fn run(&mut self, request: &Request) -> Result<Answer, Error> {
        let response = self.runner.run(request)?;
        let answer = Answer::of(&response);
        self.any_failed |= !answer.failed.is_empty();
        let wanted = self.arguments.report || self.arguments.trace.is_some() || self.arguments.strict;
        if wanted && self.traces.len() < TRACES_MAX {
            self.traces.push(response.trace);
        }
        Ok(answer)
    }

    fn end(self, output: &mut Output) -> Result<(), Failure> {
        let plan = self.runner.plan();
        let report = Report::of(plan, &self.traces);
        if self.arguments.report && output.is_json() {
            output.json(&serde_json::json!({"report": report, "opened": self.runner.remarks()}))?;
        } else if self.arguments.report {
            output.text(&format!("\n{report}"))?;
            for (node, remark) in self.runner.remarks() {
                output.line(&format!("opened   {node}: {remark}"))?;
            }
        }
        if let Some(path) = &self.arguments.trace {
            let mut events: Vec<Json> = Vec::new();
            for trace in &self.traces {
                let mut chrome = trace.to_chrome_json(plan);
                if let Some(found) = chrome["traceEvents"].as_array_mut() {
                    events.append(found);
                }
            }
            let chrome = serde_json::json!({"traceEvents": events, "displayTimeUnit": "ms"});
            write_whole(path, chrome.to_string().as_bytes())?;
        }
        let missed = report.chains.iter().any(|chain| !chain.is_kept);
        if self.any_failed && !self.arguments.stdin || self.arguments.strict && missed {
            return Err(Failure::No);
        }
        Ok(())
    }
}

/// One line: the sample's name, then each output.
fn text(name: Option<&str>, answer: &Answer, output: &mut Output) -> Result<(), Failure> {
    let mut line = name.map_or_else(String::new, |name| format!("{name}\n"));
    let indent = if name.is_some() { "    " } else { "" };
    for (name, value) in &answer.outputs {
        let name = output.styled("1", name);
        line.push_str(&format!("{indent}{name} {}\n", rounded(value)));
    }
    for (name, why) in &answer.absent {
        line.push_str(&format!(
            "{indent}{} absent: {}\n",
            output.styled("1", name),
            why.as_str().unwrap_or_default()
        ));
    }
    for (name, why) in &answer.failed {
        let failed = output.styled("1;31", "FAILED");
        line.push_str(&format!(
            "{indent}{} {failed}: {}\n",
            output.styled("1", name),
            why.as_str().unwrap_or_default()
        ));
    }
    output.text(&line)
}

/// The value with at most four decimals, for people.
fn rounded(value: &Json) -> Json {
    match value {
        Json::Number(number) if number.is_f64() => {
            let value = number.as_f64().unwrap_or_default();
            Json::from((value * 1e4).round() / 1e4)
        }
        Json::Array(items) => Json::Array(items.iter().map(rounded).collect()),
        Json::Object(entries) => Json::Object(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), rounded(value)))
                .collect(),
        ),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}
