//! The shortest schedule of a small graph: every order of starts and every candidate, as far as it can still be the
//! best.
//!
//! # Source
//! Depth-first branch and bound over active schedules (Giffler and Thompson 1960, "Algorithms for solving
//! production-scheduling problems"), listed by rising starts so that each comes up once. A branch ends where its last
//! start and the shortest tail of a node that is still missing reach the best end known.

use super::schedule::{Placed, Scheduler, Timetable};

/// Most nodes of a graph that is searched.
pub(super) const EXACT_NODES_MAX: usize = 8;
/// Most partial schedules looked at; beyond it the best found so far is taken.
const VISITS_MAX: usize = 50_000;

/// A schedule found: the candidates picked, the order of starts, and when everything runs.
pub(super) struct Found {
    pub(super) picks: Vec<usize>,
    pub(super) sequence: Vec<usize>,
    pub(super) timetable: Timetable,
}

struct Search<'s, 'a> {
    scheduler: &'s Scheduler<'a>,
    allowed: &'s [Vec<usize>],
    /// By node, the least time from its start to the end of everything that depends on it.
    tails: Vec<f64>,
    /// The end to beat.
    bound: f64,
    best: Option<Branch>,
    visits_left: usize,
}

#[derive(Clone)]
struct Branch {
    picks: Vec<usize>,
    sequence: Vec<usize>,
    placed: Vec<Option<Placed>>,
    /// By device, when each worker is free.
    free: Vec<Vec<f64>>,
    last_start: f64,
    request: f64,
}

/// The shortest schedule of allowed candidates within the memory that ends before `bound`, in seconds, if there is any.
pub(super) fn shortest(scheduler: &Scheduler<'_>, allowed: &[Vec<usize>], bound: f64) -> Option<Found> {
    let node_count = scheduler.choices.len();
    let mut tails = vec![0.0f64; node_count];
    for node in (0..node_count).rev() {
        let seconds = allowed[node]
            .iter()
            .map(|pick| scheduler.candidate(node, *pick).seconds);
        tails[node] += seconds.fold(f64::INFINITY, f64::min);
        for writer in (0..node).filter(|writer| scheduler.reads_from(node, *writer)) {
            tails[writer] = tails[writer].max(tails[node]);
        }
    }
    let mut search = Search {
        scheduler,
        allowed,
        tails,
        // What is not sooner by more than rounding is not sooner.
        bound: bound * (1.0 - 1e-9),
        best: None,
        visits_left: VISITS_MAX,
    };
    search.visit(&Branch {
        picks: vec![0; node_count],
        sequence: Vec::with_capacity(node_count),
        placed: vec![None; node_count],
        free: scheduler.worker_counts().map(|count| vec![0.0; count]).collect(),
        last_start: 0.0,
        request: 0.0,
    });
    let best = search.best?;
    let placed = best.placed.iter().map(|placed| placed.unwrap_or_default());
    let (start, finish) = placed.map(|placed| (placed.start, placed.finish)).unzip();
    Some(Found {
        picks: best.picks,
        sequence: best.sequence,
        timetable: Timetable {
            start,
            finish,
            request: best.request,
        },
    })
}

impl Search<'_, '_> {
    /// Goes on from a partial schedule with every node that may start next. The depth is that of the graph.
    fn visit(&mut self, branch: &Branch) {
        if branch.sequence.len() == branch.picks.len() {
            let is_within = self.scheduler.overflow(&branch.picks) == 0;
            if is_within && branch.request < self.bound {
                self.bound = branch.request;
                self.best = Some(branch.clone());
            }
            return;
        }
        let missing: Vec<usize> = (0..branch.picks.len())
            .filter(|node| branch.placed[*node].is_none())
            .collect();
        for node in &missing {
            let is_ready = missing
                .iter()
                .all(|other| !self.scheduler.reads_from(*node, *other));
            for pick in &self.allowed[*node] {
                // Nodes start one after the other: the longest tail of all that are missing is still to come.
                let tail = missing.iter().map(|node| self.tails[*node]).fold(0.0, f64::max);
                if self.visits_left == 0 || branch.last_start + tail >= self.bound {
                    return;
                }
                if let (true, Some(next)) = (is_ready, self.next(branch, *node, *pick)) {
                    self.visits_left -= 1;
                    self.visit(&next);
                }
            }
        }
    }

    /// The branch with one more node, unless it cannot lead to a better schedule or would come up elsewhere.
    fn next(&self, branch: &Branch, node: usize, pick: usize) -> Option<Branch> {
        let candidate = self.scheduler.candidate(node, pick);
        let device = usize::from(candidate.device.0);
        let mut free = branch.free[device].clone();
        free.sort_by(f64::total_cmp);
        let width = usize::from(candidate.width).clamp(1, free.len());
        let ready = self.scheduler.ready(node, candidate.device, &branch.placed);
        // All workers that are free by then are alike, for nobody starts earlier from now on.
        let start = ready.max(free[width - 1]);
        if start < branch.last_start || start + self.tails[node] >= self.bound {
            return None;
        }
        let finish = start + candidate.seconds;
        let request = branch
            .request
            .max(self.scheduler.home(node, candidate.device, finish));
        if request >= self.bound {
            return None;
        }
        free[..width].fill(finish);
        let mut next = branch.clone();
        next.picks[node] = pick;
        next.sequence.push(node);
        next.placed[node] = Some(Placed {
            device: candidate.device,
            start,
            finish,
        });
        next.free[device] = free;
        next.last_start = start;
        next.request = request;
        Some(next)
    }
}
