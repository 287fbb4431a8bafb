//! Runs the `tests:` section of a pipeline.

use motet_core::condition::LeaseValues;
use motet_core::execute::{Request, Response};
use motet_core::graph::GraphExpectation;
use motet_core::yaml::Yaml;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::answer::Answer;
use crate::error::Error;
use crate::pipeline::Pipeline;
use crate::runner::Runner;

/// What came of one test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestResult {
    /// The sentence it stands under.
    pub name: String,
    /// Whether every expectation held.
    pub passed: bool,
    /// Expectations that did not hold.
    pub unmet: Vec<Unmet>,
    /// Why the test could not run, or an output that failed.
    pub error: Option<String>,
    /// The code of that, where it has one.
    pub code: Option<&'static str>,
}

/// An expectation that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unmet {
    /// As the author wrote it.
    pub expected: String,
    /// The outputs it speaks of, as they were; `null` for an absent one.
    pub found: Map<String, Json>,
}

impl Pipeline {
    /// The request of a test of the pipeline file, by its place among the tests. Files that it names must lie in the
    /// pipeline's folder.
    ///
    /// # Errors
    /// [`Error::Feed`] for a feed that is no value, [`Error::Run`] for an unknown input.
    pub fn test_request(&self, runner: &Runner, test: usize) -> Result<Request, Error> {
        let Some(entry) = self.spec().tests.get(test) else {
            return Ok(Request::new());
        };
        let given = entry.feed.iter().map(|(name, value)| (name, value));
        runner.fed(given, &self.own_files(), |feeding, value| match value {
            Yaml::Null => Ok(None),
            value => feeding.yaml(value).map(Some),
        })
    }

    /// Runs one test of the pipeline file; the runner forgets earlier requests first.
    pub fn test(&self, runner: &mut Runner, test: usize) -> TestResult {
        let name = self
            .spec()
            .tests
            .get(test)
            .map(|entry| entry.name.clone())
            .unwrap_or_default();
        runner.reset();
        let response = self
            .test_request(runner, test)
            .and_then(|request| runner.run(&request));
        let expectations = self.graph().expectations.get(test).map_or(&[][..], Vec::as_slice);
        match response {
            Ok(response) => judge(name, &response, expectations),
            Err(error) => TestResult {
                name,
                passed: false,
                unmet: Vec::new(),
                code: error.code(),
                error: Some(error.to_string()),
            },
        }
    }
}

fn judge(name: String, response: &Response, expectations: &[GraphExpectation]) -> TestResult {
    let leases = response.leases();
    let values = LeaseValues(&leases);
    let answer = Answer::of(response);
    let unmet = expectations
        .iter()
        .filter(|expected| !expected.condition.holds(&values))
        .map(|expected| {
            let named = expected.condition.inputs();
            let found = response
                .outputs
                .iter()
                .zip(0u16..)
                .filter(|(_, index)| named.contains(*index));
            let found = found.map(|((output, _), _)| {
                (
                    output.clone(),
                    answer.outputs.get(output).cloned().unwrap_or(Json::Null),
                )
            });
            Unmet {
                expected: expected.text.clone(),
                found: found.collect(),
            }
        });
    let unmet: Vec<Unmet> = unmet.collect();
    let error = response
        .failure()
        .map(|(output, failure)| format!("output `{output}`: {failure}"));
    TestResult {
        name,
        passed: unmet.is_empty() && error.is_none(),
        unmet,
        error,
        code: None,
    }
}
