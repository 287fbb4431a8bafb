//! Running a session: requests in, responses out.
//!
//! Three executors share all the rules and differ in who does the work when: [`Sequential`] is the reference,
//! [`Parallel`] hands steps to worker threads, [`Simulated`] plays any timing from a seed. On the CPU they agree
//! bit for bit, because values flow along edges only.
//!
//! A node that fails, panics or is late is contained: the outputs that need it say so, all others arrive, every
//! buffer comes back.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::arena::{Busy, ReadLease};
use crate::clock::Clock;
use crate::graph::NodeId;
use crate::node::NodeError;
use crate::session::{OpenError, Session};
use crate::trace::Trace;
use crate::value::{InputError, Value};

mod firing;
mod parallel;
mod queue;
mod sequential;
mod simulated;
mod step;

pub(crate) use firing::{Firing, lock};
pub(crate) use parallel::Errand;
pub use parallel::{Parallel, Spawn};
pub use sequential::Sequential;
pub use simulated::{Durations, Simulated};
pub(crate) use step::StepWork;

/// Values for the inputs of a pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    values: Vec<(String, Value)>,
    absent: Vec<String>,
    deadline: Option<Duration>,
    is_partial: bool,
}

impl Request {
    /// A request that must name every input, be it as absent.
    pub fn new() -> Request {
        Request::default()
    }

    /// A firing in which only some inputs are present; the others are absent.
    pub fn partial() -> Request {
        Request {
            is_partial: true,
            ..Request::default()
        }
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, input: impl Into<String>, value: Value) -> Request {
        self.set(input, value);
        self
    }

    /// Adds or replaces a value.
    pub fn set(&mut self, input: impl Into<String>, value: Value) {
        let input = input.into();
        self.values.retain(|(name, _)| *name != input);
        self.absent.retain(|name| *name != input);
        self.values.push((input, value));
    }

    /// Says that an input does not come in this firing.
    pub fn set_absent(&mut self, input: impl Into<String>) {
        let input = input.into();
        self.values.retain(|(name, _)| *name != input);
        self.absent.push(input);
    }

    /// The value of an input.
    pub fn get(&self, input: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(name, _)| name == input)
            .map(|(_, value)| value)
    }

    /// Asks for the response within this time; it replaces the contract's deadline when it is shorter.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Request {
        self.deadline = Some(deadline);
        self
    }
}

/// Why a value is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The firing did not bring this input.
    NotFed(u16),
    /// The node's condition did not hold.
    Condition(NodeId),
    /// The node ran and chose to give nothing.
    NotEmitted(NodeId),
    /// The node failed, and its `on_error` is `absent`, or `last_good` without one.
    Tolerated(NodeId),
    /// The node failed.
    Failed(NodeId),
    /// The deadline passed before the node began or ended.
    Deadline(NodeId),
}

/// What came of an output.
#[derive(Clone)]
pub enum Outcome {
    /// Its value. It lies in the session's arena; drop it before the next request.
    Present(ReadLease),
    /// There is none, and that is in order; the text says why.
    Absent(String),
    /// There is none because something went wrong.
    Failed(RunFailure),
}

/// What went wrong with an output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunFailure {
    /// A node it needs failed.
    #[error("node `{node}`: {error}")]
    Node {
        /// The node.
        node: String,
        /// How.
        error: NodeError,
    },
    /// The deadline passed.
    #[error("the deadline passed before node `{node}` had ended")]
    Deadline {
        /// The node.
        node: String,
    },
    /// The plan was wrong: a buffer was still in use.
    #[error("node `{node}`: {busy}")]
    Leased {
        /// The node that was to write.
        node: String,
        /// The buffer.
        busy: Busy,
    },
}

/// The answer to a request.
#[derive(Clone, Default)]
pub struct Response {
    /// By output, in the order of the pipeline.
    pub outputs: Vec<(String, Outcome)>,
    /// What happened.
    pub trace: Trace,
}

impl Response {
    /// Lets go of all values. The memory of the response itself stays, for [`Executor::run_into`].
    pub fn clear(&mut self) {
        let nothing = || Outcome::Absent(String::new());
        self.outputs
            .iter_mut()
            .for_each(|(_, outcome)| *outcome = nothing());
        self.trace.intervals.clear();
    }

    /// What came of an output.
    pub fn output(&self, name: &str) -> Option<&Outcome> {
        self.outputs
            .iter()
            .find(|(output, _)| output == name)
            .map(|(_, outcome)| outcome)
    }

    /// The value of an output, copied out of the arena, when it is present.
    pub fn value(&self, name: &str) -> Option<Value> {
        match self.output(name) {
            Some(Outcome::Present(lease)) => Value::copy_of(lease).ok(),
            Some(Outcome::Absent(_) | Outcome::Failed(_)) | None => None,
        }
    }

    /// The first output that failed.
    pub fn failure(&self) -> Option<(&str, &RunFailure)> {
        self.outputs.iter().find_map(|(name, outcome)| match outcome {
            Outcome::Failed(failure) => Some((name.as_str(), failure)),
            Outcome::Present(_) | Outcome::Absent(_) => None,
        })
    }

    /// The outputs as leases, absent where there is no value, to evaluate conditions over them.
    pub fn leases(&self) -> Vec<Option<ReadLease>> {
        let lease = |outcome: &Outcome| match outcome {
            Outcome::Present(lease) => Some(lease.clone()),
            Outcome::Absent(_) | Outcome::Failed(_) => None,
        };
        self.outputs.iter().map(|(_, outcome)| lease(outcome)).collect()
    }
}

/// Why a request was not run at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A value is not what its input takes.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A buffer is still in use, usually by a response that has not been dropped.
    #[error("{0}; drop the previous response before the next request")]
    Leased(#[from] Busy),
    /// A node of an earlier request still works.
    #[error("node `{node}` still works on an earlier request")]
    StillRunning {
        /// The node.
        node: String,
    },
    /// A node that panicked could not be built anew.
    #[error(transparent)]
    Rebuild(#[from] OpenError),
    /// The lane has no workers left.
    #[error("the lane has no workers left")]
    LaneClosed,
}

/// Runs requests on sessions.
pub trait Executor {
    /// Runs one request to its response.
    ///
    /// # Errors
    /// [`RunError`] when the request could not begin; what goes wrong later is told by output in the response.
    fn run(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
    ) -> Result<Response, RunError> {
        let mut response = Response::default();
        self.run_into(session, request, clock, &mut response)?;
        Ok(response)
    }

    /// The same into a response of an earlier request, whose values are let go of first; its memory is used again, so
    /// that nothing is allocated where all outputs are present.
    ///
    /// # Errors
    /// As [`Executor::run`]; the response is then empty.
    fn run_into(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
        response: &mut Response,
    ) -> Result<(), RunError>;
}

/// Drops what a node made; that may panic too, and must harm nobody.
pub(crate) fn discard<T>(made: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(move || drop(made))) {
        // The payload is the node's own as well; dropping it could go on for ever.
        std::mem::forget(panic);
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
