//! `motet test`: the sentences of `tests:`, each with its verdict.

use motet::testing::TestResult;
use serde_json::json;

use super::builder;
use crate::arguments::TestArguments;
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(arguments: &TestArguments, output: &mut Output) -> Result<(), Failure> {
    let pipeline = builder(&arguments.pipeline)?.open(&arguments.pipeline.pipeline)?;
    super::hush_panics(&pipeline);
    let filter = arguments.filter.as_deref().unwrap_or_default();
    let tests = pipeline
        .spec()
        .tests
        .iter()
        .enumerate()
        .filter(|(_, test)| test.name.contains(filter));
    let tests: Vec<usize> = tests.map(|(index, _)| index).collect();
    if tests.is_empty() {
        return Err(Failure::bad(match pipeline.spec().tests.len() {
            0 => "the pipeline has no tests".to_owned(),
            count => format!("none of the {count} tests has `{filter}` in its sentence"),
        }));
    }
    let mut runner = pipeline.runner()?;
    let mut failed_count = 0;
    for test in &tests {
        let result = pipeline.test(&mut runner, *test);
        failed_count += usize::from(!result.passed);
        print(&result, output)?;
        output.flush()?;
    }
    if output.is_json() {
        output.json(&json!({"passed": tests.len() - failed_count, "failed": failed_count}))?;
    } else {
        output.line(&format!(
            "{} passed, {failed_count} failed",
            tests.len() - failed_count
        ))?;
    }
    if failed_count == 0 {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

fn print(result: &TestResult, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(result);
    }
    let verdict = if result.passed {
        output.styled("32", "ok    ")
    } else {
        output.styled("1;31", "FAILED")
    };
    output.line(&format!("{verdict} {}", result.name))?;
    for unmet in &result.unmet {
        output.line(&format!("         expected {}", unmet.expected))?;
        for (name, value) in &unmet.found {
            let found = if value.is_null() {
                "absent".to_owned()
            } else {
                value.to_string()
            };
            output.line(&format!("         found    {name}: {found}"))?;
        }
    }
    if let Some(error) = &result.error {
        let code = result.code.map_or_else(String::new, |code| format!("[{code}] "));
        output.line(&format!("         {code}{error}"))?;
    }
    Ok(())
}
