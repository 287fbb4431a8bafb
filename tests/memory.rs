//! What a pipeline holds once it runs, against what its plan said, and that its requests allocate nothing.
//!
//! Measured is what stays allocated from before the pipeline is opened until a request has been answered: weights, arena,
//! nodes, and the session's own book-keeping, which the plan estimates. A plan that says less than that is wrong; one that
//! says much more would refuse pipelines that fit.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::alloc::System;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use motet::{ExecutorChoice, Pipeline, Response, Runner};
use shared::shared;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[path = "suite/shared.rs"]
mod shared;
#[path = "suite/stand_in.rs"]
mod stand_in;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The counter sees all threads, so one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());
/// Requests that are looked at, every one of them.
const TURNS: usize = 80;

/// Requests after which all threads have been at work, and those are at their end that compared nets with Burn: they let
/// go of their memory only then. A request of the assistant takes a thousandth of what others take.
fn warm_up(name: &str) -> usize {
    if name == "assistant" { 2_000 } else { 20 }
}

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
    let answer = |runner: &mut Runner| (0..warm_up(name)).for_each(|_| drop(runner.run(&request).unwrap()));
    answer(&mut runner);
    drop((first, runner));
    let region = Region::new(ALLOCATOR);
    let pipeline = open();
    let mut runner = pipeline.runner().unwrap();
    answer(&mut runner);
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

/// How often a request allocates, the worst of many after a few that warm up.
fn allocations(name: &str, models: Option<&Path>, (workers, executor): (u32, ExecutorChoice)) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pipelines")
        .join(name);
    let mut builder = Pipeline::builder().workers(workers).executor(executor);
    if let Some(models) = models {
        builder = builder.models(models);
    }
    let pipeline = builder.open(&folder).unwrap();
    let mut runner = pipeline.runner().unwrap();
    let request = pipeline.test_request(&runner, 0).unwrap();
    let mut response = Response::default();
    let mut worst = 0;
    let warm_up = warm_up(name);
    for turn in 0..warm_up + TURNS {
        let region = Region::new(ALLOCATOR);
        runner.run_into(&request, &mut response).unwrap();
        let change = region.change();
        assert_eq!(response.failure(), None, "{name}");
        if turn >= warm_up {
            worst = worst.max(change.allocations + change.reallocations);
        }
    }
    worst
}

#[test]
fn no_request_of_a_shipped_pipeline_allocates_anything() {
    let test = "no_request_of_a_shipped_pipeline_allocates_anything";
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let trio = shared(&format!("{test} (trio)"), "bench/data");
    let models = tempfile::tempdir().unwrap();
    stand_in::snips(models.path(), -1e9);
    for workers in [1, 2] {
        for executor in [ExecutorChoice::Sequential, ExecutorChoice::Parallel] {
            for name in ["keyword", "greeter"] {
                let worst = allocations(name, None, (workers, executor));
                assert_eq!(worst, 0, "{name}, {workers} workers, {executor:?}");
            }
            let worst = allocations("assistant", Some(models.path()), (workers, executor));
            assert_eq!(worst, 0, "assistant, {workers} workers, {executor:?}");
            let Some(trio) = &trio else { continue };
            let worst = allocations("trio", Some(trio), (workers, executor));
            // On two workers two nets are split over a pool of rayon's, whose queue grows by a block every 63 of its jobs:
            // both nets can meet the end of a block in one request, though that is rare.
            let split = if workers == 2 { 2 } else { 0 };
            assert!(worst <= split, "trio, {workers} workers, {executor:?}: {worst}");
        }
    }
}

#[test]
fn what_a_pipeline_holds_is_what_its_plan_said() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    check("keyword", None);
    check("greeter", None);
    let models = tempfile::tempdir().unwrap();
    stand_in::snips(models.path(), -1e9);
    check("assistant", Some(models.path().to_path_buf()));
    if let Some(models) = shared("what_a_pipeline_holds_is_what_its_plan_said (trio)", "bench/data") {
        check("trio", Some(models));
    }
}
