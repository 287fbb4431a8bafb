//! When each node would run: list scheduling by upward rank.
//!
//! # Source
//! Topcuoglu, Hariri and Wu 2002, "Performance-effective and low-complexity task scheduling for heterogeneous
//! computing" (HEFT): rank of equation 8, earliest finish time with insertion of section 3.2. Every worker of a
//! device is one of the paper's processors; a node that is split takes several of them for the same interval.

use super::budget::Budget;
use super::candidate::{Candidate, Choices};
use crate::graph::{Graph, Producer};
use crate::machine::{DeviceId, Machine};
use crate::port::TensorType;

/// An edge that a node reads along.
struct Arrival {
    /// `None` for an input of the pipeline, which lies on the CPU.
    from: Option<usize>,
    bytes: f64,
}

/// Everything that schedules of one graph have in common.
pub(super) struct Scheduler<'a> {
    machine: &'a Machine,
    pub(super) choices: &'a [Choices],
    budget: Budget,
    /// One node at a time, on whatever device.
    pub(super) is_serial: bool,
    arrivals: Vec<Vec<Arrival>>,
    /// By node, the largest of its values that leaves the pipeline, in bytes.
    leaving: Vec<Option<f64>>,
}

/// When each node runs, in seconds from the arrival of the request.
#[derive(Clone, Debug)]
pub(super) struct Timetable {
    pub(super) start: Vec<f64>,
    pub(super) finish: Vec<f64>,
    /// The end of the last node, or of the transfer of an output back to the CPU.
    pub(super) request: f64,
}

/// Stretches of time in which one worker is taken, sorted.
type Taken = Vec<(f64, f64)>;

impl<'a> Scheduler<'a> {
    pub(super) fn new(
        graph: &Graph,
        machine: &'a Machine,
        choices: &'a [Choices],
        (is_serial, taken_bytes): (bool, u64),
    ) -> Scheduler<'a> {
        let bytes = |producer| {
            let bytes: u64 = graph.port(producer).tensors().map(TensorType::bytes_max).sum();
            bytes as f64
        };
        let arrival = |producer: Producer| Arrival {
            from: match producer {
                Producer::Input(_) => None,
                Producer::Node(node, _) => Some(node.index()),
            },
            bytes: bytes(producer),
        };
        let arrivals = graph.nodes.iter().map(|node| {
            let feeds = node.feeds.iter().flatten();
            feeds.map(|feed| arrival(feed.producer)).collect()
        });
        let mut leaving: Vec<Option<f64>> = vec![None; graph.nodes.len()];
        for output in &graph.outputs {
            if let Producer::Node(node, _) = output.feed.producer {
                let largest = &mut leaving[node.index()];
                *largest = Some(largest.unwrap_or(0.0).max(bytes(output.feed.producer)));
            }
        }
        Scheduler {
            machine,
            choices,
            budget: Budget::of(graph, machine, taken_bytes),
            is_serial,
            arrivals: arrivals.collect(),
            leaving,
        }
    }

    pub(super) fn candidate(&self, node: usize, pick: usize) -> &'a Candidate {
        &self.choices[node].open[pick]
    }

    /// Whether one node reads a value of another.
    pub(super) fn reads_from(&self, reader: usize, writer: usize) -> bool {
        self.arrivals[reader]
            .iter()
            .any(|arrival| arrival.from == Some(writer))
    }

    /// The order in which HEFT looks at the nodes: by falling rank over the mean of the candidates that are allowed.
    pub(super) fn sequence(&self, allowed: &[Vec<usize>]) -> Vec<usize> {
        let ranks = self.ranks(allowed);
        let mut sequence: Vec<usize> = (0..ranks.len()).collect();
        // Nodes are in topological order, so equal ranks keep producers before their readers.
        sequence.sort_by(|a, b| ranks[*b].total_cmp(&ranks[*a]).then(a.cmp(b)));
        sequence
    }

    /// By node, the mean time from its start to the end of everything that depends on it, in seconds.
    pub(super) fn ranks(&self, allowed: &[Vec<usize>]) -> Vec<f64> {
        let node_count = self.arrivals.len();
        let mut ranks = vec![0.0f64; node_count];
        for node in (0..node_count).rev() {
            let own = || allowed[node].iter().map(|pick| self.candidate(node, *pick));
            let count = allowed[node].len() as f64;
            ranks[node] += own().map(|candidate| candidate.seconds).sum::<f64>() / count;
            for arrival in &self.arrivals[node] {
                let Some(from) = arrival.from else { continue };
                let sources = allowed[from]
                    .iter()
                    .map(|pick| self.candidate(from, *pick).device);
                let transfers = sources
                    .flat_map(|from| own().map(move |to| self.transfer(arrival.bytes, (from, to.device))));
                let mean = transfers.sum::<f64>() / (count * allowed[from].len() as f64);
                // The producer's rank holds the largest tail so far; its own cost is added when it is reached.
                ranks[from] = ranks[from].max(mean + ranks[node]);
            }
        }
        ranks
    }

    /// Lets every node, in this sequence, choose among those it is allowed where it ends first within the memory.
    pub(super) fn greedy(&self, sequence: &[usize], allowed: &[Vec<usize>]) -> Vec<usize> {
        let mut picks = vec![0; self.arrivals.len()];
        let mut progress = Progress::new(self);
        let mut usage = self.budget.usage();
        for node in sequence {
            let mut best: Option<((u64, f64, f64), usize)> = None;
            for pick in &allowed[*node] {
                let candidate = self.candidate(*node, *pick);
                let mut with = usage.clone();
                with.add(candidate);
                let (start, _) = progress.earliest(*node, candidate);
                let work = candidate.seconds * f64::from(candidate.width);
                let value = (self.budget.overflow(&with), start + candidate.seconds, work);
                if best.as_ref().is_none_or(|(least, _)| is_less(&value, least)) {
                    best = Some((value, *pick));
                }
            }
            picks[*node] = best.map_or(0, |(_, pick)| pick);
            let candidate = self.candidate(*node, picks[*node]);
            usage.add(candidate);
            progress.place(*node, candidate);
        }
        picks
    }

    /// The schedule of nodes that have chosen, placed one by one in this sequence, each as early as it can.
    pub(super) fn timetable(&self, picks: &[usize], sequence: &[usize]) -> Timetable {
        let mut progress = Progress::new(self);
        for node in sequence {
            progress.place(*node, self.candidate(*node, picks[*node]));
        }
        let placed = progress.placed.iter().map(|placed| placed.unwrap_or_default());
        let (start, finish): (Vec<f64>, Vec<f64>) =
            placed.map(|placed| (placed.start, placed.finish)).unzip();
        let ends = finish.iter().zip(picks).enumerate();
        let ends =
            ends.map(|(node, (finish, pick))| self.home(node, self.candidate(node, *pick).device, *finish));
        let request = ends.fold(0.0, f64::max);
        Timetable {
            start,
            finish,
            request,
        }
    }

    /// When everything that a node gives out of the pipeline is back on the CPU.
    pub(super) fn home(&self, node: usize, device: DeviceId, finish: f64) -> f64 {
        let bytes = self.leaving[node].unwrap_or(0.0);
        finish + self.transfer(bytes, (device, DeviceId(0)))
    }

    /// When everything that a node reads has arrived on a device; nodes that are not placed do not count.
    pub(super) fn ready(&self, node: usize, device: DeviceId, placed: &[Option<Placed>]) -> f64 {
        let mut ready = 0.0f64;
        for arrival in &self.arrivals[node] {
            // The values of a request lie on the CPU.
            let from = arrival.from.and_then(|from| placed[from]).unwrap_or_default();
            ready = ready.max(from.finish + self.transfer(arrival.bytes, (from.device, device)));
        }
        ready
    }

    /// By device, how many nodes run at the same time.
    pub(super) fn worker_counts(&self) -> impl Iterator<Item = usize> {
        self.machine
            .devices()
            .map(|(_, device)| device.workers.max(1) as usize)
    }

    /// Bytes that some picks are over the memory.
    pub(super) fn overflow(&self, picks: &[usize]) -> u64 {
        let mut usage = self.budget.usage();
        picks
            .iter()
            .enumerate()
            .for_each(|(node, pick)| usage.add(self.candidate(node, *pick)));
        self.budget.overflow(&usage)
    }

    fn transfer(&self, bytes: f64, (from, to): (DeviceId, DeviceId)) -> f64 {
        if from == to {
            return 0.0;
        }
        let rate = |id| self.machine.device(id).transfer_bytes_per_second;
        bytes / rate(from).min(rate(to))
    }
}

/// Whether one triple comes before another.
pub(super) fn is_less(a: &(u64, f64, f64), b: &(u64, f64, f64)) -> bool {
    a.0.cmp(&b.0)
        .then(a.1.total_cmp(&b.1))
        .then(a.2.total_cmp(&b.2))
        .is_lt()
}

/// Where and when a node runs; by default on the CPU, at the arrival of the request.
#[derive(Clone, Copy, Default)]
pub(super) struct Placed {
    pub(super) device: DeviceId,
    pub(super) start: f64,
    pub(super) finish: f64,
}

/// A schedule in the making.
struct Progress<'s, 'a> {
    scheduler: &'s Scheduler<'a>,
    /// By device and worker; one worker for all in a serial schedule.
    workers: Vec<Vec<Taken>>,
    placed: Vec<Option<Placed>>,
}

impl<'s, 'a> Progress<'s, 'a> {
    fn new(scheduler: &'s Scheduler<'a>) -> Progress<'s, 'a> {
        let workers = match scheduler.is_serial {
            true => vec![vec![Taken::new()]],
            false => scheduler
                .worker_counts()
                .map(|count| vec![Taken::new(); count])
                .collect(),
        };
        Progress {
            scheduler,
            workers,
            placed: vec![None; scheduler.arrivals.len()],
        }
    }

    fn lane(&self, device: DeviceId) -> usize {
        if self.scheduler.is_serial {
            0
        } else {
            usize::from(device.0)
        }
    }

    /// The earliest start of a node, and the workers that are free from there on for as long as it takes.
    fn earliest(&self, node: usize, candidate: &Candidate) -> (f64, Vec<usize>) {
        let ready = self.scheduler.ready(node, candidate.device, &self.placed);
        let workers = &self.workers[self.lane(candidate.device)];
        let wanted = usize::from(candidate.width).min(workers.len());
        let takes = candidate.seconds;
        if wanted == 1 {
            let starts = workers.iter().map(|taken| gap(taken, ready, takes)).enumerate();
            let first = starts.min_by(|a, b| a.1.total_cmp(&b.1));
            return first.map_or((ready, Vec::new()), |(worker, start)| (start, vec![worker]));
        }
        // The start of an earliest schedule is the arrival of the last value or the end of another node.
        let ends = workers
            .iter()
            .flatten()
            .map(|(_, end)| *end)
            .filter(|end| *end > ready);
        let mut starts: Vec<f64> = std::iter::once(ready).chain(ends).collect();
        starts.sort_by(f64::total_cmp);
        for start in starts {
            let free = (0..workers.len()).filter(|worker| gap(&workers[*worker], start, takes) <= start);
            let free: Vec<usize> = free.take(wanted).collect();
            if free.len() == wanted {
                return (start, free);
            }
        }
        (ready, Vec::new())
    }

    fn place(&mut self, node: usize, candidate: &Candidate) {
        let (start, workers) = self.earliest(node, candidate);
        let finish = start + candidate.seconds;
        let lane = self.lane(candidate.device);
        for worker in workers {
            let taken = &mut self.workers[lane][worker];
            let at = taken.partition_point(|(other, _)| *other < start);
            taken.insert(at, (start, finish));
        }
        self.placed[node] = Some(Placed {
            device: candidate.device,
            start,
            finish,
        });
    }
}

/// The earliest start at or after `ready` of a free stretch of this length.
fn gap(taken: &Taken, ready: f64, takes: f64) -> f64 {
    let mut start = ready;
    // What ends before is sorted by its end as well, for the stretches do not overlap.
    let first = taken.partition_point(|(_, end)| *end <= ready);
    for (from, to) in &taken[first..] {
        if start + takes <= *from {
            break;
        }
        start = start.max(*to);
    }
    start
}
