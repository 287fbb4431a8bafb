//! A plan brought to life: nodes built, arena allocated. This is the last allocation for values.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};

use crate::arena::{Arena, BufferId};
use crate::catalog::{BuildError, Catalog, NodeKind};
use crate::execute::{Errand, Firing, StepWork, lock, panic_text};
use crate::graph::NodeId;
use crate::node::Node;
use crate::plan::{Plan, PlannedNode, StepId};

/// Why a session could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The catalog does not have a kind that the plan was made with.
    #[error("node `{node}`: the catalog has no kind `{kind}`")]
    UnknownKind {
        /// The node.
        node: String,
        /// Its kind.
        kind: String,
    },
    /// The node could not be built.
    #[error("node `{node}`: {cause}")]
    Build {
        /// The node.
        node: String,
        /// Why.
        cause: BuildError,
    },
    /// Building the node panicked.
    #[error("node `{node}` panicked while it was built: {text}")]
    Panicked {
        /// The node.
        node: String,
        /// What the panic said.
        text: String,
    },
}

/// The nodes and the memory to run one request at a time. Several requests at once need several sessions over the
/// same plan.
pub struct Session {
    plan: Arc<Plan>,
    arena: Arc<Arena>,
    kinds: Vec<Arc<dyn NodeKind>>,
    /// The request under way, and the steps with their nodes.
    pub(crate) firing: Arc<Mutex<Firing>>,
    /// Told when whoever waits for a request should look at its firing.
    pub(crate) told: Arc<Condvar>,
    /// What lanes were last told of this session; most requests come over the same lanes.
    pub(crate) errand: Option<Arc<Errand>>,
}

impl Session {
    /// Builds the nodes and allocates the arena.
    ///
    /// # Errors
    /// [`OpenError`] names the node that could not be built.
    pub fn open(plan: Arc<Plan>, catalog: &Catalog) -> Result<Session, OpenError> {
        let mut kinds = Vec::with_capacity(plan.nodes.len());
        for node in &plan.nodes {
            let kind = catalog.get(&node.kind).ok_or_else(|| OpenError::UnknownKind {
                node: node.name.clone(),
                kind: node.kind.clone(),
            })?;
            kinds.push(Arc::clone(kind));
        }
        let mut steps = Vec::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            let nodes = step
                .nodes
                .iter()
                .map(|id| build(&plan, &plan.nodes[id.index()], kinds[id.index()].as_ref()));
            let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
            let id = StepId(u32::try_from(index).unwrap_or(u32::MAX));
            steps.push(Some(Box::new(StepWork::new(&plan, id, nodes))));
        }
        let bytes = plan
            .buffers
            .iter()
            .map(|bytes| usize::try_from(*bytes).unwrap_or(usize::MAX));
        let arena = Arena::allocate(bytes);
        let firing = Arc::new(Mutex::new(Firing::new(&plan, steps)));
        Ok(Session {
            plan,
            arena,
            kinds,
            firing,
            told: Arc::new(Condvar::new()),
            errand: None,
        })
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Its memory.
    pub fn arena(&self) -> &Arc<Arena> {
        &self.arena
    }

    /// What people should know of how its nodes were opened, as name of the node and remark.
    pub fn remarks(&self) -> Vec<(String, String)> {
        let firing = lock(&self.firing);
        let steps = firing.steps.iter().flatten();
        let remarks = steps.flat_map(|step| step.remarks());
        let name = |(id, remark): (NodeId, String)| (self.plan.nodes[id.index()].name.clone(), remark);
        remarks.map(name).collect()
    }

    /// Makes every node forget what it learnt from earlier firings.
    pub fn reset(&mut self) {
        for step in lock(&self.firing).steps.iter_mut().flatten() {
            step.reset();
        }
    }

    /// A buffer that somebody reads although no request is under way.
    pub(crate) fn held(&self) -> Option<BufferId> {
        let buffers =
            (0..self.plan.buffers.len()).map(|index| BufferId(u32::try_from(index).unwrap_or(u32::MAX)));
        let firing = lock(&self.firing);
        let kept = |buffer| firing.steps.iter().flatten().any(|step| step.keeps(buffer));
        let mut held = buffers.filter(|buffer| match self.arena.reader_count(*buffer) {
            0 => false,
            1 => !kept(*buffer),
            _ => true,
        });
        held.next()
    }

    /// Builds anew the nodes that panicked.
    pub(crate) fn mend(&mut self) -> Result<(), OpenError> {
        for step in lock(&self.firing).steps.iter_mut().flatten() {
            for (id, node) in step.missing_nodes() {
                *node = Some(build(
                    &self.plan,
                    &self.plan.nodes[id.index()],
                    self.kinds[id.index()].as_ref(),
                )?);
            }
        }
        Ok(())
    }
}

fn build(plan: &Plan, node: &PlannedNode, kind: &dyn NodeKind) -> Result<Box<dyn Node>, OpenError> {
    let placement = plan.placement(node);
    let built = catch_unwind(AssertUnwindSafe(|| {
        kind.build(&node.params, &node.signature, &placement)
    }));
    match built {
        Ok(Ok(built)) => Ok(built),
        Ok(Err(cause)) => Err(OpenError::Build {
            node: node.name.clone(),
            cause,
        }),
        Err(panic) => Err(OpenError::Panicked {
            node: node.name.clone(),
            text: panic_text(panic.as_ref()),
        }),
    }
}
