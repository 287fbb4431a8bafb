//! Measures the nodes of a pipeline in every placement they may have, for plans by measured times.
//!
//! A node is measured where it stands, on what the nodes before it give it: for each round a plan is made in which the
//! placement to be measured is the only one known, and the pipeline runs by it. Placements take turns, so that a busy
//! minute of the machine falls on all of them alike.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use motet_core::execute::Request;
use motet_core::limits::PROFILE_BYTES_MAX;
use motet_core::machine::DeviceKind;
use motet_core::placement::Placement;
use motet_core::plan::{Plan, PlanOptions};
use motet_core::profile::{Profile, ProfileError, ProfileRow, Workload};
use motet_core::trace::NodeOutcome;

use crate::error::Error;
use crate::load::{FileError, read_text};
use crate::pipeline::Pipeline;
use crate::runner::{ExecutorChoice, Runner};

/// How often to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Requests before anything is measured, for each placement.
    pub warm_up: u32,
    /// Requests of a placement in a round.
    pub repeat: u32,
    /// Rounds over all placements.
    pub rounds: u32,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileFileError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// What is in it is no profile.
    #[error("`{name}`: {cause}")]
    Form {
        /// The file as named.
        name: String,
        /// What is wrong with it.
        cause: ProfileError,
    },
}

impl ProfileFileError {
    /// Its stable code, a section of `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            ProfileFileError::File(error) => error.code(),
            ProfileFileError::Form { .. } => "MT0415",
        }
    }
}

/// Reads a profile that `motet profile` wrote.
///
/// # Errors
/// [`ProfileFileError`]; nothing is kept of a profile with any fault.
pub fn read_profile(path: &Path) -> Result<Profile, ProfileFileError> {
    let text = read_text(path, PROFILE_BYTES_MAX)?;
    Profile::read(&text).map_err(|cause| ProfileFileError::Form {
        name: path.display().to_string(),
        cause,
    })
}

/// The firings of one round of placements.
struct Round {
    runner: Runner,
    requests: Vec<Request>,
}

impl Pipeline {
    /// The same pipeline, planned by these measured times.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when no plan keeps the contract.
    pub fn planned_by(&self, profile: Arc<Profile>) -> Result<Pipeline, Error> {
        let options = PlanOptions {
            serial: false,
            profile: Some(profile),
        };
        let plan = Plan::compile(self.graph(), self.catalog(), &self.plan().machine, &options)?;
        Ok(self.with_plan(Arc::new(plan)))
    }

    /// Measures every node in every placement that its kind offers and its author allows, on the requests that `feed`
    /// makes.
    ///
    /// # Errors
    /// [`Error`] of a run; a request that gives no answer ends the measurement.
    pub fn measure(
        &self,
        effort: Effort,
        feed: impl Fn(&Pipeline, &Runner) -> Result<Vec<Request>, Error>,
    ) -> Result<Profile, Error> {
        let fingerprint = motet_nodes::fingerprint(&self.plan().machine, self.cpu());
        let candidates = Plan::candidates(self.graph(), self.catalog(), &self.plan().machine)?;
        let count = candidates.iter().map(Vec::len).max().unwrap_or(0);
        let mut rounds = Vec::with_capacity(count);
        for index in 0..count {
            let pipeline = self.planned_by(Arc::new(self.only(&candidates, index)?))?;
            let runner = pipeline.with_executor(ExecutorChoice::Sequential).runner()?;
            let requests = feed(&pipeline, &runner)?;
            rounds.push(Round { runner, requests });
        }
        let mut times: BTreeMap<(Workload, Placement), Vec<Duration>> = BTreeMap::new();
        for round in &mut rounds {
            round.run(effort.warm_up, &mut BTreeMap::new())?;
        }
        for _ in 0..effort.rounds {
            for round in &mut rounds {
                round.run(effort.repeat, &mut times)?;
            }
        }
        let rows = times
            .into_iter()
            .map(|((workload, placement), times)| row(workload, placement, times));
        Profile::new(fingerprint, rows.collect()).map_err(Error::Profile)
    }

    /// A profile that knows of one placement for each node.
    fn only(&self, candidates: &[Vec<Placement>], index: usize) -> Result<Profile, Error> {
        let nodes = self.graph().nodes.iter().zip(candidates);
        let mut rows: BTreeMap<Workload, ProfileRow> = BTreeMap::new();
        for (node, candidates) in nodes {
            let workload = Workload::of(&node.kind, &node.params, &node.signature);
            let placement = candidates[index % candidates.len()];
            let row = ProfileRow {
                workload: workload.clone(),
                placement,
                seconds: 1e-6,
                count: 1,
                spread: 0.0,
            };
            rows.insert(workload, row);
        }
        let fingerprint = motet_nodes::fingerprint(&self.plan().machine, self.cpu());
        Profile::new(fingerprint, rows.into_values().collect()).map_err(Error::Profile)
    }
}

impl Round {
    fn run(
        &mut self,
        count: u32,
        times: &mut BTreeMap<(Workload, Placement), Vec<Duration>>,
    ) -> Result<(), Error> {
        for request in self.requests.iter().cycle().take(count as usize) {
            let response = self.runner.run(request)?;
            if let Some((output, failure)) = response.failure() {
                let message = format!("output `{output}`: {failure}");
                return Err(Error::Unmeasured(message));
            }
            let plan = self.runner.plan();
            for interval in &response.trace.intervals {
                let node = &plan.nodes[interval.node.index()];
                if interval.outcome == NodeOutcome::Ran {
                    let workload = Workload::of(&node.kind, &node.params, &node.signature);
                    let took = interval.end.saturating_sub(interval.start);
                    // A plan charges the way to and from a GPU by itself; a node there paid for both.
                    let way = match plan.placement(node).device {
                        DeviceKind::Cpu => Duration::ZERO,
                        DeviceKind::Gpu => plan.transfer_estimate(node),
                    };
                    let took = took.saturating_sub(way).max(took / 10);
                    times
                        .entry((workload, plan.placement(node)))
                        .or_default()
                        .push(took);
                }
            }
        }
        Ok(())
    }
}

fn row(workload: Workload, placement: Placement, mut times: Vec<Duration>) -> ProfileRow {
    times.sort_unstable();
    let at = |quarter: usize| times[(times.len() - 1) * quarter / 4].as_secs_f64();
    ProfileRow {
        workload,
        placement,
        // A clock that did not move between two readings still took some time.
        seconds: at(2).max(1e-9),
        count: u32::try_from(times.len()).unwrap_or(u32::MAX),
        spread: at(3) - at(1),
    }
}
