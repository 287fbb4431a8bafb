//! Which device runs each node: list scheduling by upward rank.
//!
//! # Source
//! Topcuoglu, Hariri and Wu 2002, "Performance-effective and low-complexity task scheduling for heterogeneous
//! computing" (HEFT): rank of equation 8, earliest finish time with insertion of section 3.2. Every worker of a
//! device is one of the paper's processors. The paper gives no bound: now and then its greedy choice is worse than a
//! single device. So a schedule that prefers each device is made as well, and the shortest is taken.

use std::time::Duration;

use crate::catalog::{Catalog, Cost};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{Graph, NodeId, Producer};
use crate::machine::{Device, DeviceId, DeviceKind, Machine};
use crate::spec::PlaceWish;
use crate::yaml::Place;

/// Where a node runs and what that is estimated to take.
pub(super) struct Placed {
    pub(super) device: DeviceId,
    pub(super) runner_up: Option<(DeviceId, Duration)>,
    pub(super) cost: Cost,
    pub(super) estimate: Duration,
    /// Estimated end, from the arrival of the request.
    pub(super) finish: Duration,
    /// Estimated time from its start to the end of everything that depends on it.
    pub(super) rank: Duration,
}

pub(super) fn place(graph: &Graph, catalog: &Catalog, machine: &Machine) -> Result<Vec<Placed>, Diagnostics> {
    let mut faults = Diagnostics::new();
    let mut candidates: Vec<Vec<DeviceId>> = Vec::with_capacity(graph.nodes.len());
    let mut costs = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let Some(kind) = catalog.get(&node.kind) else {
            let span = node.at.span(Place::Key);
            faults.push(Diagnostic::error(
                Code("MT0201"),
                span,
                format!("there is no kind `{}`", node.kind),
            ));
            continue;
        };
        let wished = |device: &Device| match node.place {
            PlaceWish::Auto => true,
            PlaceWish::Cpu => device.kind == DeviceKind::Cpu,
            PlaceWish::Gpu => device.kind == DeviceKind::Gpu,
        };
        let able = |device: &Device| kind.devices().contains(&device.kind);
        let devices: Vec<DeviceId> = machine
            .devices()
            .filter(|(_, device)| wished(device) && able(device))
            .map(|(id, _)| id)
            .collect();
        if devices.is_empty() {
            let path = node.at.path.key("place");
            let span = path.find(&node.at.source, Place::Value);
            let kinds: Vec<String> = kind.devices().iter().map(DeviceKind::to_string).collect();
            let message = format!(
                "node `{}` can run on {}, but no device of this machine is that and what `place` asks for",
                node.name,
                kinds.join(" or ")
            );
            let fault = Diagnostic::error(Code("MT0302"), span.clone(), message);
            faults.push(fault.help("write `place: auto`").fix(span, "auto"));
        }
        candidates.push(devices);
        costs.push(kind.cost(&node.params, &node.signature));
    }
    if faults.has_errors() {
        return Err(faults);
    }
    let schedule = Schedule {
        graph,
        machine,
        candidates,
        costs,
    };
    let mut best = schedule.run(None);
    if machine.devices().nth(1).is_some() {
        for (device, _) in machine.devices() {
            let other = schedule.run(Some(device));
            if makespan(&other) < makespan(&best) {
                best = other;
            }
        }
    }
    Ok(best)
}

fn makespan(placed: &[Placed]) -> Option<Duration> {
    placed.iter().map(|node| node.finish).max()
}

struct Schedule<'a> {
    graph: &'a Graph,
    machine: &'a Machine,
    candidates: Vec<Vec<DeviceId>>,
    costs: Vec<Cost>,
}

/// Stretches of time in which one worker is taken, sorted.
type Taken = Vec<(f64, f64)>;

impl Schedule<'_> {
    /// Places every node where it ends first, or on the preferred device if it can run there.
    fn run(&self, preferred: Option<DeviceId>) -> Vec<Placed> {
        let node_count = self.graph.nodes.len();
        let ranks = self.ranks();
        let mut sequence: Vec<usize> = (0..node_count).collect();
        // Nodes are in topological order, so equal ranks keep producers before their readers.
        sequence.sort_by(|a, b| ranks[*b].total_cmp(&ranks[*a]).then(a.cmp(b)));
        let mut workers: Vec<Vec<Taken>> = self
            .machine
            .devices()
            .map(|(_, device)| vec![Taken::new(); device.workers as usize])
            .collect();
        let mut chosen: Vec<Option<(DeviceId, f64)>> = vec![None; node_count];
        let mut runners_up = vec![None; node_count];
        for node in sequence {
            let mut options: Vec<(f64, f64, DeviceId, usize)> = Vec::new();
            for device in &self.candidates[node] {
                let ready = self.ready(node, *device, &chosen);
                let takes = self.seconds(node, *device);
                let best = workers[usize::from(device.0)]
                    .iter()
                    .enumerate()
                    .map(|(worker, taken)| (earliest(taken, ready, takes), worker))
                    .min_by(|a, b| a.0.total_cmp(&b.0));
                let (start, worker) = best.unwrap_or((ready, 0));
                options.push((start + takes, start, *device, worker));
            }
            let is_other = |device| preferred.is_some_and(|preferred| preferred != device);
            options.sort_by(|a, b| {
                let by_wish = is_other(a.2).cmp(&is_other(b.2));
                by_wish.then(a.0.total_cmp(&b.0)).then(a.2.cmp(&b.2))
            });
            let (finish, start, device, worker) = options[0];
            let taken = &mut workers[usize::from(device.0)][worker];
            let at = taken.partition_point(|(other, _)| *other < start);
            taken.insert(at, (start, finish));
            chosen[node] = Some((device, finish));
            runners_up[node] = options
                .get(1)
                .map(|(finish, _, device, _)| (*device, time(*finish)));
        }
        let placed = chosen
            .into_iter()
            .zip(runners_up)
            .zip(self.costs.iter().cloned())
            .enumerate();
        let placed = placed.map(|(node, ((chosen, runner_up), cost))| {
            let (device, finish) = chosen.unwrap_or((DeviceId(0), 0.0));
            let estimate = time(self.seconds(node, device));
            Placed {
                device,
                runner_up,
                cost,
                estimate,
                finish: time(finish),
                rank: time(ranks[node]),
            }
        });
        placed.collect()
    }

    /// Upward ranks, in seconds: mean cost of the node plus the largest of transfer and rank of a reader.
    fn ranks(&self) -> Vec<f64> {
        let mut ranks = vec![0.0f64; self.graph.nodes.len()];
        for node in (0..self.graph.nodes.len()).rev() {
            let devices = &self.candidates[node];
            let mean = devices
                .iter()
                .map(|device| self.seconds(node, *device))
                .sum::<f64>()
                / devices.len() as f64;
            ranks[node] += mean;
            for feed in self.graph.nodes[node].feeds.iter().flatten() {
                if let Producer::Node(producer, output) = feed.producer {
                    // The producer's rank holds the largest tail so far; its own cost is added when it is reached.
                    let tail = self.mean_transfer(producer, output, node) + ranks[node];
                    let rank = &mut ranks[producer.index()];
                    *rank = rank.max(tail);
                }
            }
        }
        ranks
    }

    fn seconds(&self, node: usize, device: DeviceId) -> f64 {
        let device = self.machine.device(device);
        device.overhead_seconds + self.costs[node].flops as f64 / device.flops_per_second
    }

    fn mean_transfer(&self, from: NodeId, output: u16, reader: usize) -> f64 {
        let producer = Producer::Node(from, output);
        let pairs = self.candidates[from.index()].iter().flat_map(|from| {
            self.candidates[reader]
                .iter()
                .map(move |to| self.transfer(producer, (*from, *to)))
        });
        let (count, sum) = pairs.fold((0usize, 0.0), |(count, sum), seconds| (count + 1, sum + seconds));
        if count == 0 { 0.0 } else { sum / count as f64 }
    }

    fn transfer(&self, producer: Producer, (from, to): (DeviceId, DeviceId)) -> f64 {
        if from == to {
            return 0.0;
        }
        let port = self.graph.port(producer);
        let bytes: u64 = port.tensors().map(crate::port::TensorType::bytes_max).sum();
        let slowest = self
            .machine
            .device(from)
            .transfer_bytes_per_second
            .min(self.machine.device(to).transfer_bytes_per_second);
        bytes as f64 / slowest
    }

    fn ready(&self, node: usize, device: DeviceId, chosen: &[Option<(DeviceId, f64)>]) -> f64 {
        let mut ready = 0.0f64;
        for feed in self.graph.nodes[node].feeds.iter().flatten() {
            // Requests arrive on the CPU, which is the first device.
            let from = match feed.producer {
                Producer::Node(producer, _) => chosen[producer.index()],
                Producer::Input(_) => Some((DeviceId(0), 0.0)),
            };
            if let Some((from, finish)) = from {
                ready = ready.max(finish + self.transfer(feed.producer, (from, device)));
            }
        }
        ready
    }
}

/// The earliest start at or after `ready` of a free stretch of this length.
fn earliest(taken: &Taken, ready: f64, takes: f64) -> f64 {
    let mut start = ready;
    for (from, to) in taken {
        if start + takes <= *from {
            break;
        }
        start = start.max(*to);
    }
    start
}

fn time(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
