//! What a node is to the runtime: something that reads values and writes values.
//!
//! A node knows neither its neighbours nor its thread. It keeps its own state between runs (`&mut self`); one
//! instance belongs to one session.

use std::time::Duration;

use crate::arena::{ReadLease, Scalar, ScratchLease, ValueError, WriteLease};

/// Why a node gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The node could not do its work on these inputs.
    #[error("{0}")]
    Failed(String),
    /// A value did not have the shape or element that was asked for.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// An input that the node cannot do without was absent.
    #[error("input {0} is absent")]
    AbsentInput(usize),
    /// The node returned without writing all of an output.
    #[error("output `{port}` was left unwritten")]
    Unwritten {
        /// The output port.
        port: String,
    },
    /// An output held NaN or an infinity.
    #[error("output `{port}` holds a value that is not finite")]
    NotFinite {
        /// The output port.
        port: String,
    },
    /// The node panicked; it is built anew before it runs again.
    #[error("panicked: {0}")]
    Panicked(String),
}

/// A running instance of a node kind.
pub trait Node: Send {
    /// Reads the inputs and writes the outputs of one firing.
    ///
    /// # Errors
    /// Any [`NodeError`]; the runtime names the node.
    fn run(&mut self, inputs: &Inputs<'_>, outputs: &mut Outputs<'_>) -> Result<(), NodeError>;

    /// Forgets everything learnt from earlier firings.
    fn reset(&mut self) {}

    /// What people should know of how the node was opened, such as how long a device took to get ready.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The inputs of one firing, in the order of the node's signature.
pub struct Inputs<'a> {
    values: &'a [Option<ReadLease>],
    now: Duration,
}

impl<'a> Inputs<'a> {
    /// Inputs as the executor gathered them, at a time of the session's clock.
    pub fn new(values: &'a [Option<ReadLease>], now: Duration) -> Inputs<'a> {
        Inputs { values, now }
    }

    /// How many the signature names, absent ones included.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// All of them, in order, `None` for an absent one.
    pub fn values(&self) -> &'a [Option<ReadLease>] {
        self.values
    }

    /// The value of an input, unless it is absent.
    pub fn get(&self, index: usize) -> Option<&'a ReadLease> {
        self.values.get(index).and_then(Option::as_ref)
    }

    /// The value of an input the node cannot do without.
    ///
    /// # Errors
    /// [`NodeError::AbsentInput`].
    pub fn require(&self, index: usize) -> Result<&'a ReadLease, NodeError> {
        self.get(index).ok_or(NodeError::AbsentInput(index))
    }

    /// Elements of an input that is one tensor.
    ///
    /// # Errors
    /// [`NodeError::AbsentInput`], or [`NodeError::Value`] for another element.
    pub fn tensor<T: Scalar>(&self, index: usize) -> Result<&'a [T], NodeError> {
        Ok(self.require(index)?.tensor(0)?)
    }

    /// When this firing began, on the session's clock.
    pub fn now(&self) -> Duration {
        self.now
    }
}

/// The outputs of one firing, in the order of the node's signature, and the scratch memory that goes with them. An
/// output that is not written at all is absent, which the signature must allow.
pub struct Outputs<'a> {
    leases: &'a mut [WriteLease],
    scratch: Option<&'a mut ScratchLease>,
    fallback: Option<String>,
}

impl<'a> Outputs<'a> {
    /// Outputs as the executor leased them, without scratch memory.
    pub fn new(leases: &'a mut [WriteLease]) -> Outputs<'a> {
        Outputs {
            leases,
            scratch: None,
            fallback: None,
        }
    }

    /// The same with the memory that the node's [`Cost::scratch_bytes`](crate::catalog::Cost::scratch_bytes) asked
    /// for.
    #[must_use]
    pub fn with_scratch(mut self, scratch: Option<&'a mut ScratchLease>) -> Outputs<'a> {
        self.scratch = scratch;
        self
    }

    /// Outputs and scratch memory, to be held at the same time. The scratch memory is empty where the kind's cost
    /// asked for none.
    pub fn split(&mut self) -> (Outputs<'_>, Scratch<'_>) {
        let bytes = self
            .scratch
            .as_mut()
            .map_or(&mut [][..], |lease| lease.bytes_mut());
        (Outputs::new(self.leases), Scratch { bytes })
    }

    /// States that the work was done, but not where the plan says: the device failed, and the CPU did it instead.
    pub fn fell_back(&mut self, why: String) {
        self.fallback = Some(why);
    }

    /// Why the work was not done where the plan says, if so.
    pub(crate) fn fallback(self) -> Option<String> {
        self.fallback
    }

    /// The leases of all outputs, to fill several at the same time.
    pub fn leases(&mut self) -> &mut [WriteLease] {
        self.leases
    }

    /// Gives an output that is one tensor its actual sizes and returns its elements, to be filled.
    ///
    /// # Errors
    /// [`NodeError::Value`] when there is no such output or the sizes exceed the plan.
    pub fn tensor<T: Scalar>(&mut self, index: usize, dims: &[u32]) -> Result<&mut [T], NodeError> {
        Ok(self.record(index)?.tensor(0, dims)?)
    }

    /// Writes an output that is one text.
    ///
    /// # Errors
    /// [`NodeError::Value`] when there is no such output or the text is too long.
    pub fn text(&mut self, index: usize, text: &str) -> Result<(), NodeError> {
        Ok(self.record(index)?.text(0, text)?)
    }

    /// The lease of an output, to write its fields one by one.
    ///
    /// # Errors
    /// [`NodeError::Value`] when there is no such output.
    pub fn record(&mut self, index: usize) -> Result<&mut WriteLease, NodeError> {
        self.leases
            .get_mut(index)
            .ok_or(NodeError::Value(ValueError::NoField { index }))
    }
}

/// Memory that a node has while it runs and only then. What it holds at first is left from somebody else.
pub struct Scratch<'a> {
    bytes: &'a mut [u8],
}

impl<'a> Scratch<'a> {
    /// All of it: at least what the cost asked for, beginning at a multiple of 64.
    pub fn into_bytes(self) -> &'a mut [u8] {
        self.bytes
    }

    /// As many whole elements as fit.
    pub fn into_slice<T: Scalar>(self) -> &'a mut [T] {
        let length = self.bytes.len() / size_of::<T>() * size_of::<T>();
        // Memory of the arena is aligned for every element; only where there is none the cast may fail.
        bytemuck::try_cast_slice_mut(&mut self.bytes[..length]).unwrap_or_default()
    }
}
