//! Plays a lane in virtual time: any order and any durations a real lane could show, from a seed.
//!
//! Nodes really run, one at a time; what is made up is when each begins and ends. Buffers are held from the virtual
//! begin to the virtual end, so a plan that lets two values meet is found without a race. A scheduling bug is then a
//! seed, not a rumour.

use std::sync::Arc;
use std::time::Duration;

use super::firing::{Firing, begin, lock};
use super::step::StepWork;
use super::{Executor, Request, Response, RunError};
use crate::clock::Clock;
use crate::machine::{DeviceId, DeviceKind};
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
    fn run_into(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
        response: &mut Response,
    ) -> Result<(), RunError> {
        response.clear();
        let mut random = SplitMix64(self.seed);
        let mut now = clock.now();
        begin(session, request, clock.as_ref())?;
        let mut firing = lock(&session.firing);
        let mut running: Vec<Running> = Vec::new();
        let mut free = self.workers(session);
        loop {
            while let Some(at) = self.choice(&firing, &free, &mut random) {
                let Some(mut work) = firing.take(at) else { break };
                let Some(worker) = free[usize::from(work.device.0)].pop() else {
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
                free[usize::from(turn.work.device.0)].push(turn.worker);
                firing.complete(turn.work);
            }
        }
        firing.finish(now, response);
        Ok(())
    }
}

impl Simulated {
    /// By device, the workers that are free, the first one last: those of this executor on the CPU, one on each GPU.
    fn workers(&self, session: &Session) -> Vec<Vec<u16>> {
        let devices = session.plan().machine.devices();
        let counts = devices.map(|(_, device)| match device.kind {
            DeviceKind::Cpu => u16::try_from(self.worker_count.max(1)).unwrap_or(u16::MAX),
            DeviceKind::Gpu => 1,
        });
        counts.map(|count| (0..count).rev().collect()).collect()
    }

    /// A step that may run and finds a worker, by its place in the queue.
    fn choice(&self, firing: &Firing, free: &[Vec<u16>], random: &mut SplitMix64) -> Option<usize> {
        let finds_worker = |(_, device): &(usize, DeviceId)| !free[usize::from(device.0)].is_empty();
        let mut able = firing
            .ready_devices()
            .enumerate()
            .filter(finds_worker)
            .map(|(at, _)| at);
        match self.durations {
            Durations::Random => {
                let count = able.clone().count();
                if count == 0 {
                    None
                } else {
                    able.nth(random.below(count))
                }
            }
            Durations::Estimated => able.next_back(),
        }
    }

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
