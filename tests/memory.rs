//! What a pipeline holds once it runs, against what its plan said.
//!
//! Measured is what stays allocated from before the pipeline is opened until a request has been answered: weights, arena,
//! nodes, and the session's own book-keeping, which the plan estimates. A plan that says less than that is wrong; one that
//! says much more would refuse pipelines that fit.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::alloc::System;
use std::path::{Path, PathBuf};

use motet::{ExecutorChoice, Pipeline};
use shared::shared;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[path = "suite/shared.rs"]
mod shared;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn check(name: &str, models: Option<PathBuf>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pipelines")
        .join(name);
    let open = || {
        let mut builder = Pipeline::builder()
            .workers(1)
            .executor(ExecutorChoice::Sequential);
        if let Some(models) = &models {
            builder = builder.models(models);
        }
        builder.open(&folder).unwrap()
    };
    // What libraries keep for good is there after the first time.
    let first = open();
    let mut runner = first.runner().unwrap();
    let request = first.test_request(&runner, 0).unwrap();
    drop(runner.run(&request).unwrap());
    drop((first, runner));
    let region = Region::new(ALLOCATOR);
    let pipeline = open();
    let mut runner = pipeline.runner().unwrap();
    drop(runner.run(&request).unwrap());
    let change = region.change();
    let measured = (change.bytes_allocated - change.bytes_deallocated) as u64;
    let planned = pipeline.plan().memory.cpu.total();
    #[expect(clippy::print_stdout, reason = "the figures are what this test is for")]
    {
        println!(
            "{name}: planned {planned} bytes, measured {measured}, {:.2} of it",
            planned as f64 / measured as f64
        );
    }
    assert!(measured <= planned, "{name}");
    assert!(planned * 10 <= measured * 13, "{name}");
}

#[test]
fn what_a_pipeline_holds_is_what_its_plan_said() {
    check("keyword", None);
    check("greeter", None);
    if let Some(models) = shared("what_a_pipeline_holds_is_what_its_plan_said (trio)", "bench/data") {
        check("trio", Some(models));
    }
}
