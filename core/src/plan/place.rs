//! Which device runs each node, in what precision, over how many workers.
//!
//! # Source
//! Starts are HEFT ([`super::schedule`]) over all candidates, and HEFT among the candidates of each device. The paper
//! gives no bound, and now and then its greedy choice is far from the best. So every start is improved by steepest
//! descent: any node given another candidate, any two neighbours placed in the other order, up to a bound on the number
//! of schedules looked at. A start on one device is improved there first: the result is never worse than what that
//! device does alone. What is found for a small graph is the bound of a complete search ([`super::exact`]).

use std::time::Duration;

use super::candidate::Choices;
use super::exact::{self, EXACT_NODES_MAX};
use super::schedule::{Scheduler, Timetable, is_less};
use super::{Lost, RunnerUp, small};
use crate::catalog::Cost;
use crate::graph::Graph;
use crate::machine::{DeviceId, Machine};
use crate::placement::Precision;

/// Most placings of a node in all schedules that improve one start: it bounds the time a plan takes.
const PLACINGS_MAX: usize = 200_000;

/// Where a node runs and what that is estimated to take.
pub(super) struct Placed {
    pub(super) device: DeviceId,
    pub(super) precision: Precision,
    pub(super) width: u16,
    pub(super) runner_up: Option<RunnerUp>,
    pub(super) cost: Cost,
    pub(super) estimate: Duration,
    pub(super) is_measured: bool,
    /// Whether its values may stay on the device, which is not the CPU then.
    pub(super) keeps: bool,
    /// Estimated end, from the arrival of the request.
    pub(super) finish: Duration,
    /// Estimated time from its start to the end of everything that depends on it.
    pub(super) rank: Duration,
    /// Its place among all nodes in the order of their starts, of equal ones the one of higher rank first.
    pub(super) turn: u32,
}

/// A whole placement.
pub(super) struct Placement {
    /// By node.
    pub(super) nodes: Vec<Placed>,
    /// Estimated end of a request.
    pub(super) finish: Duration,
}

/// What a placement is made for.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// One node at a time.
    pub(super) is_serial: bool,
    /// Bytes of the CPU's memory that are the arena's and the session's.
    pub(super) taken_bytes: u64,
}

pub(super) fn place(graph: &Graph, machine: &Machine, choices: &[Choices], frame: Frame) -> Placement {
    let scheduler = Scheduler::new(graph, machine, choices, (frame.is_serial, frame.taken_bytes));
    let mut search = Search::new(&scheduler);
    let best = search.run();
    let runners_up = search.runners_up(&best);
    let Solution { picks, timetable, .. } = best;
    let own: Vec<Vec<usize>> = picks.iter().map(|pick| vec![*pick]).collect();
    let ranks = scheduler.ranks(&own);
    let turns = turns(&timetable, &ranks);
    let nodes = picks
        .iter()
        .zip(runners_up)
        .enumerate()
        .map(|(node, (pick, runner_up))| {
            let candidate = scheduler.candidate(node, *pick);
            Placed {
                device: candidate.device,
                precision: candidate.precision,
                width: candidate.width,
                runner_up,
                cost: candidate.cost.clone(),
                estimate: time(candidate.seconds),
                is_measured: candidate.is_measured,
                keeps: candidate.keeps,
                finish: time(timetable.finish[node]),
                rank: time(ranks[node]),
                turn: turns[node],
            }
        });
    Placement {
        nodes: nodes.collect(),
        finish: time(timetable.request),
    }
}

/// By node, its place in the order of starts.
fn turns(timetable: &Timetable, ranks: &[f64]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    let start = &timetable.start;
    order.sort_by(|a, b| {
        let by_rank = ranks[*b].total_cmp(&ranks[*a]);
        start[*a].total_cmp(&start[*b]).then(by_rank).then(a.cmp(b))
    });
    let mut turns = vec![0; order.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(turn, node)| turns[*node] = small(turn));
    turns
}

/// Bytes over the memory, end of the request in seconds, seconds of work: less is better, in this order.
type Value = (u64, f64, f64);

#[derive(Clone)]
struct Solution {
    picks: Vec<usize>,
    /// The order in which nodes are placed.
    sequence: Vec<usize>,
    timetable: Timetable,
    value: Value,
}

/// The part of all placements that an improvement stays in.
struct Realm {
    /// By node, the candidates it may pick.
    allowed: Vec<Vec<usize>>,
    /// By falling mean rank over those.
    sequence: Vec<usize>,
}

struct Search<'s, 'a> {
    scheduler: &'s Scheduler<'a>,
    /// Schedules that may still be looked at in what is under way.
    schedules_left: usize,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(scheduler: &'s Scheduler<'a>) -> Search<'s, 'a> {
        Search {
            scheduler,
            schedules_left: 0,
        }
    }

    fn run(&mut self) -> Solution {
        let all = self.realm(None);
        let mut best = self.start(&all);
        let candidates = || self.scheduler.choices.iter().flat_map(|choices| &choices.open);
        let mut devices: Vec<DeviceId> = candidates().map(|candidate| candidate.device).collect();
        devices.sort_unstable();
        devices.dedup();
        if all.allowed.iter().any(|picks| picks.len() > 1) {
            self.improve(&mut best, &all);
        }
        for device in devices.iter().filter(|_| devices.len() > 1) {
            let alone = self.realm(Some(*device));
            let mut other = self.start(&alone);
            self.improve(&mut other, &alone);
            other = self.complete(other, &alone);
            self.improve(&mut other, &all);
            if is_less(&other.value, &best.value) {
                best = other;
            }
        }
        self.complete(best, &all)
    }

    /// In a small graph with choices, looks at every other schedule there is.
    fn complete(&mut self, mut best: Solution, realm: &Realm) -> Solution {
        let has_choice = realm.allowed.iter().any(|picks| picks.len() > 1);
        if !has_choice || best.picks.len() > EXACT_NODES_MAX || self.scheduler.is_serial || best.value.0 > 0 {
            return best;
        }
        if let Some(found) = exact::shortest(self.scheduler, &realm.allowed, best.value.1) {
            let value = self.value(&found.picks, &found.timetable);
            best = Solution {
                picks: found.picks,
                sequence: found.sequence,
                timetable: found.timetable,
                value,
            };
            // As short as can be; perhaps with less work.
            self.improve(&mut best, realm);
        }
        best
    }

    /// All candidates, or for each node those on one device, if it has any there.
    fn realm(&self, device: Option<DeviceId>) -> Realm {
        let allowed = self.scheduler.choices.iter().map(|choices| {
            let is_there = |pick: &usize| Some(choices.open[*pick].device) == device;
            let there: Vec<usize> = (0..choices.open.len()).filter(is_there).collect();
            if there.is_empty() {
                (0..choices.open.len()).collect()
            } else {
                there
            }
        });
        let allowed: Vec<Vec<usize>> = allowed.collect();
        let sequence = self.scheduler.sequence(&allowed);
        Realm { allowed, sequence }
    }

    fn start(&self, realm: &Realm) -> Solution {
        let picks = self.scheduler.greedy(&realm.sequence, &realm.allowed);
        self.solve(picks, realm.sequence.clone())
    }

    /// Goes to the best neighbour until none is better.
    fn improve(&mut self, best: &mut Solution, realm: &Realm) {
        self.schedules_left = PLACINGS_MAX / best.picks.len().max(1);
        loop {
            let mut next = None;
            self.single_changes(best, realm, &mut next);
            if next.is_none() {
                self.exchanges(best, &mut next);
            }
            match next {
                Some(better) => *best = better,
                None => return,
            }
        }
    }

    /// Every node once with each of its other candidates.
    fn single_changes(&mut self, best: &Solution, realm: &Realm, next: &mut Option<Solution>) {
        for node in 0..best.picks.len() {
            let others = realm.allowed[node]
                .iter()
                .filter(|pick| **pick != best.picks[node]);
            for pick in others {
                if self.schedules_left == 0 {
                    return;
                }
                let mut picks = best.picks.clone();
                picks[node] = *pick;
                self.offer(picks, best, realm, next);
            }
        }
    }

    /// Every two neighbours in the order of placing once the other way round.
    fn exchanges(&mut self, best: &Solution, next: &mut Option<Solution>) {
        for at in 1..best.sequence.len() {
            let (first, second) = (best.sequence[at - 1], best.sequence[at]);
            if self.schedules_left == 0 {
                return;
            }
            if !self.scheduler.reads_from(second, first) {
                let mut sequence = best.sequence.clone();
                sequence.swap(at - 1, at);
                self.look(best.picks.clone(), sequence, best, next);
            }
        }
    }

    /// Looks at the schedules of some picks: by their own ranks, by the mean ranks, and in the order of the best.
    fn offer(&mut self, picks: Vec<usize>, best: &Solution, realm: &Realm, next: &mut Option<Solution>) {
        let own: Vec<Vec<usize>> = picks.iter().map(|pick| vec![*pick]).collect();
        self.look(picks.clone(), self.scheduler.sequence(&own), best, next);
        self.look(picks.clone(), realm.sequence.clone(), best, next);
        self.look(picks, best.sequence.clone(), best, next);
    }

    fn look(
        &mut self,
        picks: Vec<usize>,
        sequence: Vec<usize>,
        best: &Solution,
        next: &mut Option<Solution>,
    ) {
        if self.schedules_left == 0 {
            return;
        }
        self.schedules_left -= 1;
        let found = self.solve(picks, sequence);
        let least = next.as_ref().map_or(&best.value, |next| &next.value);
        if is_less(&found.value, least) {
            *next = Some(found);
        }
    }

    fn solve(&self, picks: Vec<usize>, sequence: Vec<usize>) -> Solution {
        let timetable = self.scheduler.timetable(&picks, &sequence);
        let value = self.value(&picks, &timetable);
        Solution {
            picks,
            sequence,
            timetable,
            value,
        }
    }

    fn value(&self, picks: &[usize], timetable: &Timetable) -> Value {
        let candidates = picks
            .iter()
            .enumerate()
            .map(|(node, pick)| self.scheduler.candidate(node, *pick));
        let work = candidates
            .map(|candidate| candidate.seconds * f64::from(candidate.width))
            .sum();
        (self.scheduler.overflow(picks), timetable.request, work)
    }

    /// By node, the best of its other candidates while all other nodes stay as they are, and why it lost.
    fn runners_up(&mut self, best: &Solution) -> Vec<Option<RunnerUp>> {
        self.schedules_left = PLACINGS_MAX / best.picks.len().max(1);
        let nodes = 0..best.picks.len();
        nodes.map(|node| self.runner_up(node, best)).collect()
    }

    fn runner_up(&mut self, node: usize, best: &Solution) -> Option<RunnerUp> {
        let choices = &self.scheduler.choices[node];
        let mut second: Option<(Value, usize)> = None;
        for pick in (0..choices.open.len()).filter(|pick| *pick != best.picks[node]) {
            if self.schedules_left == 0 {
                return None;
            }
            self.schedules_left -= 1;
            let mut picks = best.picks.clone();
            picks[node] = pick;
            let value = self.solve(picks, best.sequence.clone()).value;
            if second.as_ref().is_none_or(|(least, _)| is_less(&value, least)) {
                second = Some((value, pick));
            }
        }
        if let Some((value, pick)) = second {
            let candidate = &choices.open[pick];
            return Some(RunnerUp {
                device: candidate.device,
                precision: candidate.precision,
                width: candidate.width,
                lost: lost(&value, &best.value),
            });
        }
        choices.barred.first().map(|barred| RunnerUp {
            device: barred.device,
            precision: barred.precision,
            width: 1,
            lost: Lost::Accuracy(barred.why.clone()),
        })
    }
}

/// Why the one was not taken and the other was.
fn lost(other: &Value, best: &Value) -> Lost {
    let request = time(other.1);
    if is_less(other, best) {
        Lost::Unsought
    } else if other.0 > best.0 {
        Lost::Memory
    } else if request > time(best.1) {
        Lost::Slower { request }
    } else {
        Lost::NoSooner
    }
}

fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}
