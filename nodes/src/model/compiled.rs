//! A program at work in a node: it reads inputs where they lie, writes into the arena, and borrows its scratch there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use motet_core::catalog::{BuildError, Cost, InnerStep, Weights};
use motet_core::node::{NodeError, Scratch};
use motet_core::placement::Placement;
use motet_engine::{Numbers, Program};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Operations that are worth a worker of their own: some 100 microseconds of work against a hand-over of a few.
const FLOPS_PER_WORKER: u64 = 10_000_000;
/// Most workers for one firing.
const WIDTH_MAX: u64 = 16;

/// A program with what it runs on.
pub(super) struct Compiled {
    program: Program,
    pool: Option<Arc<ThreadPool>>,
}

impl Compiled {
    /// Takes a program to run as placed; split programs share their threads.
    pub(super) fn new(
        program: &Program,
        placement: &Placement,
        threads: &SplitThreads,
    ) -> Result<Compiled, BuildError> {
        let width = usize::from(placement.width.max(1));
        let pool = match width {
            1 => None,
            width => Some(threads.pool(width)?),
        };
        Ok(Compiled {
            program: program.split(width),
            pool,
        })
    }

    /// Computes the one output of one input. The output has room for exactly what the input gives.
    pub(super) fn run(
        &self,
        input: Numbers<'_>,
        output: &mut [f32],
        scratch: Scratch<'_>,
    ) -> Result<(), NodeError> {
        let words = bytemuck::try_cast_slice_mut(scratch.into_bytes())
            .map_err(|fault| NodeError::Failed(format!("the scratch memory cannot be used: {fault}")))?;
        self.run_in(input, output, words)
    }

    /// The same with the words of the scratch, for nodes that run a program more than once.
    pub(super) fn run_in(
        &self,
        input: Numbers<'_>,
        output: &mut [f32],
        words: &mut [u32],
    ) -> Result<(), NodeError> {
        self.program
            .run(&[input], &mut [output], words, self.pool.as_deref())
            .map_err(|fault| NodeError::Failed(fault.to_string()))
    }
}

/// Threads that programs are split over. All nodes of a width share as many as the width: two that are ready at the same
/// time take turns on them block by block, and do not crowd the cores.
#[derive(Clone, Default)]
pub(super) struct SplitThreads {
    pools: Arc<Mutex<BTreeMap<usize, Arc<ThreadPool>>>>,
}

impl SplitThreads {
    fn pool(&self, width: usize) -> Result<Arc<ThreadPool>, BuildError> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&width) {
            return Ok(Arc::clone(pool));
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(width)
            .thread_name(|index| format!("motet-split-{index}"))
            .build()
            .map_err(|fault| BuildError::Failed(format!("no threads to split the net over: {fault}")))?;
        let pool = Arc::new(pool);
        pools.insert(width, Arc::clone(&pool));
        Ok(pool)
    }
}

/// What a firing of a program takes.
pub(super) fn cost(program: &Program, key: String, placement: &Placement) -> Cost {
    let program = program.split(usize::from(placement.width.max(1)));
    let inside = program.steps().map(|step| InnerStep {
        bytes: step.weight_bytes + step.value_bytes,
        flops: step.flops,
        name: step.name,
        about: step.about,
    });
    Cost {
        flops: program.flops(),
        scratch_bytes: 4 * program.scratch_words() as u64,
        weights: Some(Weights {
            key,
            bytes: program.weight_bytes(),
        }),
        inside: inside.collect(),
        ..Cost::default()
    }
}

/// Over how many workers a program can be split with profit.
pub(super) fn width_max(program: &Program) -> u16 {
    u16::try_from((program.flops() / FLOPS_PER_WORKER).clamp(1, WIDTH_MAX)).unwrap_or(1)
}

/// The first of the largest values; 0 where there is none.
pub(super) fn argmax(values: &[f32]) -> usize {
    let best =
        values
            .iter()
            .enumerate()
            .fold(None, |best: Option<(usize, f32)>, (index, value)| match best {
                Some((_, most)) if most >= *value => best,
                Some(_) | None => Some((index, *value)),
            });
    best.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_one_width_share_their_threads() {
        let threads = SplitThreads::default();
        let [two, again, three] = [2, 2, 3].map(|width| threads.clone().pool(width).unwrap());
        assert!(Arc::ptr_eq(&two, &again) && !Arc::ptr_eq(&two, &three));
        assert_eq!((two.current_num_threads(), three.current_num_threads()), (2, 3));
    }

    #[test]
    fn the_first_of_the_largest_wins() {
        assert_eq!(argmax(&[1.0, 3.0, 2.0, 3.0]), 1);
        assert_eq!(argmax(&[-2.0]), 0);
        assert_eq!(argmax(&[]), 0);
    }
}
