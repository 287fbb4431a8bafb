//! The executors agree with each other and with an evaluation that knows no runtime.

use motet_core::execute::{Durations, Executor, Parallel, Sequential, Simulated};
use motet_core::session::Session;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::draft::{Came, Draft, Reference, drafts};
use crate::kinds::Stage;
use crate::pipeline;

/// What several firings of a new session give, with the buffers that are in use once every response is gone.
fn play(
    draft: &Draft,
    plan: &std::sync::Arc<motet_core::plan::Plan>,
    executor: &dyn Executor,
) -> Vec<Vec<Came>> {
    let stage = Stage::new();
    let mut session = Session::open(plan.clone(), &stage.catalog()).unwrap();
    let firings = FIRINGS.iter().map(|(seed, is_partial)| {
        let request = draft.request(&draft.firing(*seed, *is_partial));
        let response = executor.run(&mut session, &request, &stage.clock()).unwrap();
        pipeline::came(&response)
    });
    let came = firings.collect();
    let kept = plan.slots.iter().filter(|slot| slot.keep.is_some()).count();
    assert!(
        session.arena().busy_count() <= kept,
        "every buffer but the last good values is free"
    );
    came
}

/// Seeds of the firings, and whether inputs may be missing.
const FIRINGS: [(u64, bool); 5] = [(1, false), (2, true), (3, false), (4, true), (5, false)];

proptest! {
    #![proptest_config(Config { cases: 150, ..Config::default() })]

    #[test]
    fn sequential_parallel_and_simulated_runs_give_what_the_reference_gives(
        draft in drafts(25, true),
        serial: bool,
        seed: u64,
    ) {
        let stage = Stage::new();
        let plan = pipeline::plan(&draft.yaml(), &stage.catalog(), serial).unwrap();
        let mut reference = Reference::new(&draft);
        let expected: Vec<Vec<Came>> =
            FIRINGS.iter().map(|(seed, is_partial)| reference.fire(&draft.firing(*seed, *is_partial))).collect();
        prop_assert_eq!(&play(&draft, &plan, &Sequential), &expected, "sequential");
        for worker_count in [1, 2, 4] {
            let simulated = Simulated { seed, worker_count, durations: Durations::Random };
            prop_assert_eq!(&play(&draft, &plan, &simulated), &expected, "simulated, {} workers", worker_count);
            let parallel = Parallel::new(worker_count).unwrap();
            prop_assert_eq!(&play(&draft, &plan, &parallel), &expected, "parallel, {} workers", worker_count);
        }
    }
}

/// Agreement on nothing but absent values would show little.
#[test]
fn random_pipelines_give_values_absences_and_failures_alike() {
    let mut runner = TestRunner::deterministic();
    let strategy = drafts(25, true);
    let mut counts = [0usize; 3];
    for _ in 0..150 {
        let draft = strategy.new_tree(&mut runner).unwrap().current();
        let mut reference = Reference::new(&draft);
        for (seed, is_partial) in FIRINGS {
            for came in reference.fire(&draft.firing(seed, is_partial)) {
                counts[match came {
                    Came::Present(_) => 0,
                    Came::Absent => 1,
                    Came::Failed => 2,
                }] += 1;
            }
        }
    }
    println!("{counts:?} outputs present, absent, failed");
    let all: usize = counts.iter().sum();
    assert!(
        counts[0] * 3 > all && counts[1] * 10 > all && counts[2] * 40 > all,
        "{counts:?}"
    );
}
