//! What a node may choose from: every device, precision and width that its kind can do and its author allows.

use crate::catalog::{Catalog, Cost, NodeKind};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{Graph, GraphNode};
use crate::machine::{Device, DeviceId, DeviceKind, Machine};
use crate::placement::{Placement, Precision, PrecisionOffer};
use crate::plan::Plan;
use crate::profile::{Profile, Workload};
use crate::spec::{PlaceWish, PrecisionWish};
use crate::yaml::Place;

/// One way to run a node.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) device: DeviceId,
    pub(super) precision: Precision,
    pub(super) width: u16,
    pub(super) cost: Cost,
    /// Time of a firing.
    pub(super) seconds: f64,
    /// False where the time is computed from assumed speeds.
    pub(super) is_measured: bool,
    /// Whether its values may stay on the device, which is not the CPU then.
    pub(super) keeps: bool,
}

/// A precision that would be there, but is not accurate enough to be chosen by the plan.
#[derive(Clone, Debug)]
pub(super) struct Barred {
    pub(super) device: DeviceId,
    pub(super) precision: Precision,
    pub(super) why: String,
}

/// All ways to run a node, never none, and those it may not be run in.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    pub(super) open: Vec<Candidate>,
    pub(super) barred: Vec<Barred>,
}

/// What the nodes of a graph may choose from, by node.
pub(super) fn choices(
    graph: &Graph,
    catalog: &Catalog,
    machine: &Machine,
    profile: Option<&Profile>,
) -> Result<Vec<Choices>, Diagnostics> {
    let mut faults = Diagnostics::new();
    let mut all = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let Some(kind) = catalog.get(&node.kind) else {
            let span = node.at.span(Place::Key);
            let message = format!("there is no kind `{}`", node.kind);
            faults.push(Diagnostic::error(Code("MT0201"), span, message));
            continue;
        };
        let finder = Finder {
            node,
            kind: kind.as_ref(),
            machine,
            profile,
        };
        let choices = finder.choices();
        if choices.open.is_empty() {
            faults.push(finder.no_device());
        }
        all.push(choices);
    }
    if faults.has_errors() { Err(faults) } else { Ok(all) }
}

impl Plan {
    /// Every placement that each node may have: what its kind offers, its author allows and this machine has. The
    /// first by assumed speeds is not better than the others; `motet profile` measures them all.
    ///
    /// # Errors
    /// Diagnostics `MT0302` and `MT0201` as of [`Plan::compile`].
    pub fn candidates(
        graph: &Graph,
        catalog: &Catalog,
        machine: &Machine,
    ) -> Result<Vec<Vec<Placement>>, Diagnostics> {
        let choices = choices(graph, catalog, machine, None)?;
        let placements = choices.iter().map(|choices| {
            let placement = |candidate: &Candidate| Placement {
                device: machine.device(candidate.device).kind,
                precision: candidate.precision,
                width: candidate.width,
            };
            choices.open.iter().map(placement).collect()
        });
        Ok(placements.collect())
    }
}

struct Finder<'a> {
    node: &'a GraphNode,
    kind: &'a dyn NodeKind,
    machine: &'a Machine,
    profile: Option<&'a Profile>,
}

impl Finder<'_> {
    fn choices(&self) -> Choices {
        let offers = match self.node.precision {
            PrecisionWish::Auto => self.kind.precisions(&self.node.params),
            PrecisionWish::Exactly(precision) => vec![PrecisionOffer {
                precision,
                ..PrecisionOffer::f32()
            }],
        };
        let workload = Workload::of(&self.node.kind, &self.node.params, &self.node.signature);
        let (mut open, mut barred) = (Vec::new(), Vec::new());
        for (id, device) in self.machine.devices().filter(|(_, device)| self.takes(device)) {
            for offer in &offers {
                if !self
                    .kind
                    .supports(&self.node.params, device.kind, offer.precision)
                {
                    continue;
                }
                if !offer.admissible {
                    barred.push(Barred {
                        device: id,
                        precision: offer.precision,
                        why: offer.why.clone(),
                    });
                    continue;
                }
                let widths = self.widths(device).into_iter();
                open.extend(
                    widths.map(|width| self.candidate(&workload, (id, device), offer.precision, width)),
                );
            }
        }
        // Measured and assumed times are not compared: what was measured would lose against wishful thinking.
        if open.iter().any(|candidate| candidate.is_measured) {
            open.retain(|candidate| candidate.is_measured);
        }
        Choices { open, barred }
    }

    fn takes(&self, device: &Device) -> bool {
        let wished = match self.node.place {
            PlaceWish::Auto => !device.is_software,
            PlaceWish::Cpu => device.kind == DeviceKind::Cpu,
            PlaceWish::Gpu => device.kind == DeviceKind::Gpu,
        };
        wished && self.kind.devices().contains(&device.kind)
    }

    /// Powers of two up to what the node can use and the device has, and that number itself.
    fn widths(&self, device: &Device) -> Vec<u16> {
        if device.kind != DeviceKind::Cpu {
            return vec![1];
        }
        let workers = u16::try_from(device.workers).unwrap_or(u16::MAX);
        let max = self
            .kind
            .width_max(&self.node.params, &self.node.signature)
            .clamp(1, workers.max(1));
        let mut widths: Vec<u16> = (0..16)
            .map(|power| 1 << power)
            .filter(|width| *width < max)
            .collect();
        widths.push(max);
        widths
    }

    fn candidate(
        &self,
        workload: &Workload,
        (id, device): (DeviceId, &Device),
        precision: Precision,
        width: u16,
    ) -> Candidate {
        let placement = Placement {
            device: device.kind,
            precision,
            width,
        };
        let cost = self
            .kind
            .cost(&self.node.params, &self.node.signature, &placement);
        let measured = self
            .profile
            .and_then(|profile| profile.seconds(workload, &placement));
        // Every further worker must be woken and waited for.
        let assumed = || {
            let workers = f64::from(width);
            device.overhead_seconds * workers + cost.flops as f64 / (device.flops_per_second * workers)
        };
        Candidate {
            device: id,
            precision,
            width,
            seconds: measured.unwrap_or_else(assumed),
            cost,
            is_measured: measured.is_some(),
            keeps: device.kind != DeviceKind::Cpu && self.kind.keeps_on_device(),
        }
    }

    fn no_device(&self) -> Diagnostic {
        let node = self.node;
        let span = node.at.path.key("place").find(&node.at.source, Place::Value);
        let kinds: Vec<String> = self.kind.devices().iter().map(DeviceKind::to_string).collect();
        let precision = match node.precision {
            PrecisionWish::Auto | PrecisionWish::Exactly(Precision::F32) => String::new(),
            PrecisionWish::Exactly(precision) => format!(", and computes in `{precision}` there"),
        };
        let message = format!(
            "node `{}` can run on {}, but no device of this machine is that and what `place` asks for{precision}",
            node.name,
            kinds.join(" or ")
        );
        let fault = Diagnostic::error(Code("MT0302"), span.clone(), message);
        fault.help("write `place: auto`").fix(span, "auto")
    }
}
