//! Plays a lane in virtual time: any order and any durations a real lane could show, from a seed.
//!
//! Nodes really run, one at a time; what is made up is when each begins and ends. Buffers are held from the virtual
//! begin to the virtual end, so a plan that lets two values meet is found without a race. A scheduling bug is then a
//! seed, not a rumour.

use std::sync::Arc;
use std::time::Duration;

use super::firing::Firing;
use super::step::StepWork;
use super::{Executor, Request, Response, RunError};
use crate::clock::Clock;
use crate::session::Session;

/// How long nodes seem to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durations {
    /// Anything from 1 us to 1 ms.
    Random,
    /// What the plan estimates, for comparing makespans.
    Estimated,
}

/// Runs steps in virtual time on a number of imagined workers.
#[derive(Clone, Copy, Debug)]
pub struct Simulated {
    /// Decides durations and which ready step goes next.
    pub seed: u64,
    /// Steps that run at the same time, at least one.
    pub worker_count: usize,
    /// How long nodes seem to take.
    pub durations: Durations,
}

struct Running {
    work: Box<StepWork>,
    node: usize,
    end: Duration,
    worker: u16,
}

impl Executor for Simulated {
    fn run(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
    ) -> Result<Response, RunError> {
        let mut random = SplitMix64(self.seed);
        let mut now = clock.now();
        let mut firing = Firing::begin(session, request, clock.as_ref())?;
        let mut running: Vec<Running> = Vec::new();
        let mut free: Vec<u16> = (0..u16::try_from(self.worker_count.max(1)).unwrap_or(u16::MAX))
            .rev()
            .collect();
        loop {
            while let (Some(worker), true) = (free.last().copied(), firing.ready_count() > 0) {
                let at = match self.durations {
                    Durations::Random => random.below(firing.ready_count()),
                    Durations::Estimated => firing.ready_count() - 1,
                };
                let Some(mut work) = firing.take(session, at) else {
                    break;
                };
                work.worker = worker;
                work.begin(0, session.arena(), now);
                let end = now + self.duration(session, &work, 0, &mut random);
                running.push(Running {
                    work,
                    node: 0,
                    end,
                    worker,
                });
                free.pop();
            }
            let soonest = (0..running.len()).min_by_key(|index| (running[*index].end, *index));
            let Some(soonest) = soonest else { break };
            let mut turn = running.swap_remove(soonest);
            now = turn.end;
            turn.work.run(turn.node);
            turn.work.end(turn.node, session.arena(), now);
            turn.node += 1;
            if turn.node < turn.work.nodes.len() {
                turn.work.begin(turn.node, session.arena(), now);
                turn.end = now + self.duration(session, &turn.work, turn.node, &mut random);
                running.push(turn);
            } else {
                free.push(turn.worker);
                firing.complete(session, turn.work);
            }
        }
        Ok(firing.finish(now))
    }
}

impl Simulated {
    fn duration(&self, session: &Session, work: &StepWork, node: usize, random: &mut SplitMix64) -> Duration {
        match self.durations {
            Durations::Random => Duration::from_micros(1 + random.below(1_000) as u64),
            Durations::Estimated => session.plan().nodes[work.nodes[node].id.index()].estimate,
        }
    }
}

/// # Source
/// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 17.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is small.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }
}
