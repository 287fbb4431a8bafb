//! What a run was like, against what the plan promised.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::graph::Producer;
use crate::plan::Plan;
use crate::quantity::{Bytes, Time};
use crate::trace::{Interval, NodeOutcome, Trace};

/// Order statistics of measured times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// The least.
    pub min: Duration,
    /// Half were at most this.
    pub median: Duration,
    /// 99 % were at most this.
    pub p99: Duration,
    /// The greatest.
    pub max: Duration,
}

impl Times {
    /// Statistics of some times by the nearest-rank method; zero for none.
    pub fn of(mut times: Vec<Duration>) -> Times {
        times.sort_unstable();
        let at = |share: f64| quantile(&times, share).unwrap_or_default();
        Times {
            min: at(0.0),
            median: at(0.5),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

/// Whether a node gave an answer of its own.
fn has_run(outcome: &NodeOutcome) -> bool {
    matches!(outcome, NodeOutcome::Ran | NodeOutcome::FellBack(_))
}

/// The nearest-rank quantile of sorted times.
fn quantile(sorted: &[Duration], share: f64) -> Option<Duration> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a small whole number"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// How one node fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// Turns in which it ran.
    pub ran_count: usize,
    /// Those of them in which its device failed and the CPU did the work.
    pub fallback_count: usize,
    /// Turns in which its condition did not hold or an input was absent.
    pub skipped_count: usize,
    /// Turns in which it failed.
    pub failed_count: usize,
    /// Turns that the deadline cut off.
    pub late_count: usize,
    /// Times of the turns in which it ran.
    pub times: Times,
    /// Firings on whose critical path it was.
    pub critical_count: usize,
}

/// How one chain fared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainReport {
    /// Its name.
    pub name: String,
    /// The contract's deadline.
    pub deadline: Duration,
    /// Firings in which its last node ended in time.
    pub met_count: usize,
    /// Firings in which it did not.
    pub missed_count: usize,
    /// Times from the arrival of the request to the end of the last node.
    pub times: Times,
    /// Whether the contract's share of firings was met.
    pub is_kept: bool,
}

/// Many firings in one page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the pipeline.
    pub pipeline: String,
    /// How many firings.
    pub firing_count: usize,
    /// From the arrival of the request to the response.
    pub latency: Times,
    /// By node, in the order of the plan.
    pub nodes: Vec<NodeReport>,
    /// By chain.
    pub chains: Vec<ChainReport>,
    /// Bytes of the arena that the plan promised and the session allocated.
    pub arena_bytes: u64,
    /// Most bytes of values that were alive at the same moment of a firing.
    pub live_bytes_max: u64,
    /// Bytes of input values copied into the arena, all firings together.
    pub input_bytes: u64,
}

impl Report {
    /// What some firings of a plan were like.
    pub fn of(plan: &Plan, traces: &[Trace]) -> Report {
        let paths: Vec<Vec<usize>> = traces.iter().map(|trace| critical_path(plan, trace)).collect();
        let nodes = plan.nodes.iter().enumerate().map(|(node, planned)| {
            let turns = || {
                traces
                    .iter()
                    .flat_map(|trace| &trace.intervals)
                    .filter(move |turn| turn.node.index() == node)
            };
            let count =
                |wanted: fn(&NodeOutcome) -> bool| turns().filter(|turn| wanted(&turn.outcome)).count();
            let ran = turns().filter(|turn| has_run(&turn.outcome));
            NodeReport {
                name: planned.name.clone(),
                ran_count: count(has_run),
                fallback_count: count(|outcome| matches!(outcome, NodeOutcome::FellBack(_))),
                skipped_count: count(|outcome| *outcome == NodeOutcome::Skipped),
                failed_count: count(|outcome| {
                    matches!(outcome, NodeOutcome::Failed(_) | NodeOutcome::LastGood(_))
                }),
                late_count: count(|outcome| matches!(outcome, NodeOutcome::Cancelled | NodeOutcome::Late)),
                times: Times::of(ran.map(|turn| turn.end.saturating_sub(turn.start)).collect()),
                critical_count: paths.iter().filter(|path| path.contains(&node)).count(),
            }
        });
        Report {
            pipeline: plan.name.clone(),
            firing_count: traces.len(),
            latency: Times::of(traces.iter().map(Trace::latency).collect()),
            nodes: nodes.collect(),
            chains: chains(plan, traces),
            arena_bytes: plan.arena_bytes(),
            live_bytes_max: traces
                .iter()
                .map(|trace| live_bytes(plan, trace))
                .max()
                .unwrap_or(0),
            input_bytes: traces.iter().map(|trace| trace.input_bytes).sum(),
        }
    }
}

fn chains(plan: &Plan, traces: &[Trace]) -> Vec<ChainReport> {
    let reports = plan.chains.iter().map(|chain| {
        let last = chain.nodes.last();
        let mut times = Vec::new();
        let mut missed_count = 0;
        for trace in traces {
            match last.and_then(|last| trace.intervals.iter().find(|turn| turn.node == *last)) {
                Some(turn) if has_run(&turn.outcome) || matches!(turn.outcome, NodeOutcome::LastGood(_)) => {
                    let took = turn.end.saturating_sub(trace.start);
                    missed_count += usize::from(took > chain.deadline);
                    times.push(took);
                }
                Some(turn) if matches!(turn.outcome, NodeOutcome::Cancelled | NodeOutcome::Late) => {
                    missed_count += 1
                }
                // A chain that was skipped or failed for another reason says nothing about time.
                Some(_) | None => {}
            }
        }
        let late_too = traces.len().min(times.len() + missed_count);
        let met_count = late_too.saturating_sub(missed_count);
        ChainReport {
            name: chain.name.clone(),
            deadline: chain.deadline,
            met_count,
            missed_count,
            times: Times::of(times),
            is_kept: met_count as f64 >= chain.quantile * (met_count + missed_count) as f64,
        }
    });
    reports.collect()
}

/// The turns that decided the latency: back from the node that ended last, each time to the producer that ended last.
fn critical_path(plan: &Plan, trace: &Trace) -> Vec<usize> {
    let turn = |node: usize| trace.intervals.iter().find(|turn| turn.node.index() == node);
    let mut path = Vec::new();
    let mut next = trace
        .intervals
        .iter()
        .max_by_key(|turn| (turn.end, turn.node))
        .map(|turn| turn.node.index());
    while let Some(node) = next {
        path.push(node);
        let producers = plan.nodes[node]
            .feeds
            .iter()
            .flatten()
            .filter_map(|feed| match feed.producer {
                Producer::Node(producer, _) => turn(producer.index()),
                Producer::Input(_) => None,
            });
        next = producers
            .max_by_key(|turn: &&Interval| (turn.end, turn.node))
            .map(|turn| turn.node.index());
    }
    path.reverse();
    path
}

/// The most planned bytes of values that were alive at one moment, by the times of the trace.
fn live_bytes(plan: &Plan, trace: &Trace) -> u64 {
    let turn = |node: usize| trace.intervals.iter().find(|turn| turn.node.index() == node);
    let mut changes: Vec<(Duration, bool, u64)> = Vec::new();
    for slot in &plan.slots {
        let begin = match slot.owner.node() {
            None => Some(trace.start),
            Some(node) => turn(node.index())
                .filter(|turn| has_run(&turn.outcome))
                .map(|turn| turn.start),
        };
        let Some(begin) = begin else { continue };
        let read = slot
            .readers
            .iter()
            .filter_map(|reader| turn(reader.index()))
            .map(|turn| turn.end)
            .max();
        let end = if slot.is_output {
            trace.end
        } else {
            read.unwrap_or(begin)
        };
        let bytes = slot.layout.bytes as u64;
        changes.push((begin, false, bytes));
        changes.push((end, true, bytes));
    }
    // At one moment what begins comes first: the two may overlap.
    changes.sort_unstable();
    let (mut live, mut most) = (0u64, 0u64);
    for (_, ends, bytes) in changes {
        live = if ends {
            live.saturating_sub(bytes)
        } else {
            live + bytes
        };
        most = most.max(live);
    }
    most
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Times {
            min,
            median,
            p99,
            max,
        } = self.latency;
        writeln!(f, "report {}  {} requests", self.pipeline, self.firing_count)?;
        writeln!(
            f,
            "latency  min {}  median {}  p99 {}  max {}",
            Time(min),
            Time(median),
            Time(p99),
            Time(max)
        )?;
        writeln!(
            f,
            "  {:<24} {:>6} {:>8} {:>7} {:>5} {:>9} {:>10} {:>10} {:>10}",
            "node", "ran", "skipped", "failed", "late", "critical", "min", "median", "p99"
        )?;
        for node in &self.nodes {
            writeln!(
                f,
                "  {:<24} {:>6} {:>8} {:>7} {:>5} {:>9} {:>10} {:>10} {:>10}",
                node.name,
                node.ran_count,
                node.skipped_count,
                node.failed_count,
                node.late_count,
                node.critical_count,
                Time(node.times.min),
                Time(node.times.median),
                Time(node.times.p99)
            )?;
        }
        for node in self.nodes.iter().filter(|node| node.fallback_count > 0) {
            writeln!(
                f,
                "fallback {}: {} of {} turns on the CPU, because its device failed",
                node.name, node.fallback_count, node.ran_count
            )?;
        }
        for chain in &self.chains {
            writeln!(
                f,
                "chain    {}: {} of {} in time, deadline {}, p99 {}: {}",
                chain.name,
                chain.met_count,
                chain.met_count + chain.missed_count,
                Time(chain.deadline),
                Time(chain.times.p99),
                if chain.is_kept { "kept" } else { "BROKEN" }
            )?;
        }
        writeln!(
            f,
            "memory   arena {} planned, {} measured (most that was alive at a time), {} slack; {} copied in",
            Bytes(self.arena_bytes),
            Bytes(self.live_bytes_max),
            Bytes(self.arena_bytes.saturating_sub(self.live_bytes_max)),
            Bytes(self.input_bytes)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let times = Times::of((1..=100).map(Duration::from_millis).collect());
        let milli = Duration::from_millis;
        assert_eq!(
            times,
            Times {
                min: milli(1),
                median: milli(50),
                p99: milli(99),
                max: milli(100)
            }
        );
        assert_eq!(Times::of(Vec::new()).max, Duration::ZERO);
    }
}
