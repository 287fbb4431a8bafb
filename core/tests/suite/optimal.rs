//! Placement against every schedule there is, on small random graphs with random measured times.

use std::sync::Arc;

use motet_core::graph::{Graph, Producer};
use motet_core::machine::{Device, DeviceKind, Machine};
use motet_core::placement::{Placement, Precision};
use motet_core::plan::{Plan, PlanOptions};
use motet_core::port::TensorType;
use motet_core::profile::{Fingerprint, Profile, ProfileRow, Workload};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::draft::drafts;
use crate::kinds::Stage;
use crate::mix::scramble;
use crate::pipeline;

/// One way to run a node: device, workers, seconds.
type Way = (usize, usize, f64);

/// Times of a node, drawn from a seed: 10 us to 1 ms on one worker, up to 1.9 times as fast on two, 30 times as fast
/// to 3 times as slow on the GPU.
fn ways(seed: u64, is_split: bool) -> Vec<Way> {
    let share = |salt: u64| (scramble(seed ^ salt) >> 11) as f64 / (1u64 << 53) as f64;
    let alone = 1e-5 * 100f64.powf(share(1));
    let gpu = alone * 3.0 / 90f64.powf(share(2));
    let mut ways = vec![(0, 1, alone), (1, 1, gpu)];
    if is_split {
        ways.push((0, 2, alone / (0.9 + share(3))));
    }
    ways
}

fn machine(rate: f64) -> Machine {
    Machine::cpu(2, 1 << 30).with(Device {
        name: "gpu0".to_owned(),
        kind: DeviceKind::Gpu,
        workers: 1,
        memory_bytes: 1 << 30,
        flops_per_second: 2e12,
        overhead_seconds: 50e-6,
        transfer_bytes_per_second: rate,
        is_software: false,
    })
}

struct Case {
    graph: Graph,
    machine: Machine,
    ways: Vec<Vec<Way>>,
    profile: Arc<Profile>,
}

impl Case {
    /// A graph from its text, with times from a seed. Every node has its own seed, so none shares its times.
    fn new(text: &str, seed: u64) -> Case {
        let text = text
            .replace("test/mix", "test/either")
            .replace("with: {", "with: {width: 2, ");
        let graph = pipeline::graph(&text, &Stage::new().catalog()).unwrap();
        let table = (0..graph.nodes.len())
            .map(|node| ways(seed ^ (node as u64) << 48, scramble(seed).is_multiple_of(2)));
        let ways: Vec<Vec<Way>> = table.collect();
        let mut rows: Vec<ProfileRow> = Vec::new();
        for (node, ways) in graph.nodes.iter().zip(&ways) {
            let workload = Workload::of(&node.kind, &node.params, &node.signature);
            rows.extend(ways.iter().map(|(device, width, seconds)| ProfileRow {
                workload: workload.clone(),
                placement: Placement {
                    device: [DeviceKind::Cpu, DeviceKind::Gpu][*device],
                    precision: Precision::F32,
                    width: *width as u16,
                },
                seconds: *seconds,
                count: 1,
                spread: 0.0,
            }));
        }
        Case {
            // 1 kB takes from 1 us to 1 ms.
            machine: machine(1e6 * 1_000f64.powf((scramble(seed ^ 7) >> 11) as f64 / (1u64 << 53) as f64)),
            profile: Arc::new(Profile::new(Fingerprint::default(), rows).unwrap()),
            graph,
            ways,
        }
    }

    fn plan(&self, machine: &Machine) -> Plan {
        let options = PlanOptions {
            serial: false,
            profile: Some(self.profile.clone()),
        };
        Plan::compile(&self.graph, &Stage::new().catalog(), machine, &options).unwrap()
    }
}

/// The shortest schedule of all that is shorter than a bound: every order of starts, every way for each node.
struct Search<'a> {
    case: &'a Case,
    rate: f64,
    /// By node, the least time from its start to the end of everything that depends on it.
    tails: Vec<f64>,
    /// Bytes that each node gives out of the pipeline.
    leaving: Vec<f64>,
    best: f64,
    visit_count: u64,
}

#[derive(Clone)]
struct State {
    done: Vec<Option<(usize, f64)>>,
    /// When each worker is free, of the CPU and of the GPU.
    free: [Vec<f64>; 2],
    last_start: f64,
    makespan: f64,
}

fn bytes(graph: &Graph, producer: Producer) -> f64 {
    graph
        .port(producer)
        .tensors()
        .map(TensorType::bytes_max)
        .sum::<u64>() as f64
}

impl Search<'_> {
    fn shortest(case: &Case, bound: f64) -> (f64, u64) {
        let count = case.graph.nodes.len();
        let mut tails = vec![0.0f64; count];
        for node in (0..count).rev() {
            tails[node] += case.ways[node]
                .iter()
                .map(|way| way.2)
                .fold(f64::INFINITY, f64::min);
            for feed in case.graph.nodes[node].feeds.iter().flatten() {
                if let Producer::Node(from, _) = feed.producer {
                    tails[from.index()] = tails[from.index()].max(tails[node]);
                }
            }
        }
        let mut leaving = vec![0.0f64; count];
        for output in &case.graph.outputs {
            if let Producer::Node(node, _) = output.feed.producer {
                leaving[node.index()] = leaving[node.index()].max(bytes(&case.graph, output.feed.producer));
            }
        }
        let rate = case.machine.devices().nth(1).unwrap().1.transfer_bytes_per_second;
        let mut search = Search {
            case,
            rate,
            tails,
            leaving,
            best: bound,
            visit_count: 0,
        };
        let state = State {
            done: vec![None; count],
            free: [vec![0.0; 2], vec![0.0]],
            last_start: 0.0,
            makespan: 0.0,
        };
        search.go(&state);
        (search.best, search.visit_count)
    }

    fn go(&mut self, state: &State) {
        self.visit_count += 1;
        if state.done.iter().all(Option::is_some) {
            self.best = self.best.min(state.makespan);
            return;
        }
        for node in 0..state.done.len() {
            if state.done[node].is_some() || state.last_start + self.tails[node] >= self.best {
                if state.done[node].is_none() {
                    return;
                }
                continue;
            }
            for (device, width, seconds) in self.case.ways[node].clone() {
                let Some(ready) = self.ready(state, node, device) else {
                    continue;
                };
                let mut next = state.clone();
                let free = &mut next.free[device];
                free.sort_by(f64::total_cmp);
                let start = ready.max(free[width - 1]);
                // Schedules are listed by rising starts; each then comes up once.
                if start < state.last_start || start + self.tails[node] >= self.best {
                    continue;
                }
                let end = start + seconds;
                free[..width].fill(end);
                let home = end
                    + if device == 1 {
                        self.leaving[node] / self.rate
                    } else {
                        0.0
                    };
                next.makespan = next.makespan.max(home);
                next.last_start = start;
                next.done[node] = Some((device, end));
                if next.makespan < self.best {
                    self.go(&next);
                }
            }
        }
    }

    fn ready(&self, state: &State, node: usize, device: usize) -> Option<f64> {
        let mut ready = 0.0f64;
        for feed in self.case.graph.nodes[node].feeds.iter().flatten() {
            let (from, end) = match feed.producer {
                Producer::Input(_) => (0, 0.0),
                Producer::Node(producer, _) => state.done[producer.index()]?,
            };
            let moved = if from == device {
                0.0
            } else {
                bytes(&self.case.graph, feed.producer) / self.rate
            };
            ready = ready.max(end + moved);
        }
        Some(ready)
    }
}

/// The same nodes with a wish for one device each.
fn all_on(text: &str, seed: u64, place: &str) -> f64 {
    let text = text.replace(
        "    kind: test/mix",
        &format!("    place: {place}\n    kind: test/mix"),
    );
    let case = Case::new(&text, seed);
    case.plan(&case.machine).finish.as_secs_f64()
}

#[test]
fn a_placement_by_measured_times_is_near_the_best_there_is_and_no_worse_than_one_device() {
    const COUNT: u64 = 200;
    let mut runner = TestRunner::deterministic();
    let strategy = drafts(8, false);
    let (mut worst, mut sum, mut exact_count, mut mixed_count, mut split_count) = (1.0f64, 0.0, 0, 0, 0);
    let mut visits = 0;
    for seed in 0..COUNT {
        let text = strategy.new_tree(&mut runner).unwrap().current().yaml();
        let case = Case::new(&text, scramble(seed));
        let plan = case.plan(&case.machine);
        assert_eq!(plan, case.plan(&case.machine), "the same again");
        let found = plan.finish.as_secs_f64();
        for place in ["cpu", "gpu"] {
            let alone = all_on(&text, scramble(seed), place);
            assert!(
                found <= alone + 2e-9,
                "{found} > {alone} on the {place} alone\n{text}"
            );
        }
        let (best, visit_count) = Search::shortest(&case, found + 1e-6);
        visits += visit_count;
        assert!(
            found >= best - 2e-9,
            "{found} < {best}: no schedule is that short\n{text}"
        );
        let ratio = found / best;
        worst = worst.max(ratio);
        sum += ratio;
        exact_count += usize::from(ratio < 1.0 + 1e-4);
        let on_gpu = plan.nodes.iter().filter(|node| node.device.0 == 1).count();
        mixed_count += usize::from(on_gpu > 0 && on_gpu < plan.nodes.len());
        split_count += usize::from(plan.nodes.iter().any(|node| node.width > 1));
        assert!(plan.nodes.iter().all(|node| node.is_measured));
    }
    println!(
        "{COUNT} graphs: {:.4} times the best on average, {worst:.4} at worst, {exact_count} times the best itself; \
         {mixed_count} on both devices, {split_count} with a split node; {visits} partial schedules",
        sum / COUNT as f64
    );
    assert!(worst <= 1.1, "{worst}");
    assert!(
        mixed_count > 50 && split_count > 25,
        "{mixed_count} mixed, {split_count} split"
    );
}

#[test]
fn a_placement_of_a_larger_graph_is_no_worse_than_one_device() {
    let mut runner = TestRunner::deterministic();
    let strategy = drafts(25, false);
    let mut gains = Vec::new();
    for seed in 0..60 {
        let text = strategy.new_tree(&mut runner).unwrap().current().yaml();
        let case = Case::new(&text, scramble(seed));
        let found = case.plan(&case.machine).finish.as_secs_f64();
        let alone = ["cpu", "gpu"].map(|place| all_on(&text, scramble(seed), place));
        let least = alone[0].min(alone[1]);
        assert!(found <= least + 2e-9, "{found} > {least}\n{text}");
        gains.push(least / found);
    }
    gains.sort_by(f64::total_cmp);
    println!(
        "60 graphs: {:.3} times as quick as the better device alone, in the middle",
        gains[30]
    );
    assert!(gains[30] > 1.05, "{}", gains[30]);
}
