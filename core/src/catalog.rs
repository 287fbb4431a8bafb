//! The node kinds a pipeline may name.
//!
//! A [`NodeKind`] is pure: it declares parameters and ports, works out its output types from its input types,
//! and builds a [`Node`]. A [`Catalog`] is an ordinary value that is passed to whoever needs it; there is no
//! global registry.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Code, Span};
use crate::machine::DeviceKind;
use crate::node::Node;
use crate::placement::{Placement, Precision, PrecisionOffer};
use crate::port::{PortType, Privacy};

mod params;

pub use params::{ParamFault, ParamSpec, ParamType, ParamValue, Params};

/// What an input takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Accepts {
    /// Any tensor or record; [`NodeKind::outputs`] looks closer.
    Any,
    /// What [`PortType::accepts`] says of this type.
    Type(PortType),
}

/// An input a kind declares.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// Its name in `in:`.
    pub name: String,
    /// What it takes.
    pub accepts: Accepts,
    /// True when the node runs although this input is absent or not connected.
    pub optional: bool,
    /// One sentence for people.
    pub about: String,
}

impl InputSpec {
    /// An input the node cannot do without.
    pub fn required(name: &str, accepts: Accepts, about: &str) -> InputSpec {
        InputSpec {
            name: name.to_owned(),
            accepts,
            optional: false,
            about: about.to_owned(),
        }
    }

    /// An input that may be absent.
    pub fn optional(name: &str, accepts: Accepts, about: &str) -> InputSpec {
        InputSpec {
            optional: true,
            ..InputSpec::required(name, accepts, about)
        }
    }
}

/// All inputs a kind declares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputSpecs {
    /// The named ones, in order; a lone value after `in:` goes to the first.
    pub named: Vec<InputSpec>,
    /// When set, the author may add inputs under names of their own; they take this and may be absent.
    pub further: Option<Accepts>,
}

/// An output of a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutputSpec {
    /// Its name; a node with one output is referred to by the node's name alone.
    pub name: String,
    /// What it carries.
    pub port: PortType,
    /// True when the node may leave it unwritten.
    pub may_be_absent: bool,
}

impl OutputSpec {
    /// An output that every successful firing writes.
    pub fn new(name: &str, port: impl Into<PortType>) -> OutputSpec {
        OutputSpec {
            name: name.to_owned(),
            port: port.into(),
            may_be_absent: false,
        }
    }
}

/// A connected input and what arrives there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConnectedInput {
    /// Its name in `in:`.
    pub name: String,
    /// The type of what is connected, or `None` when an optional input is not.
    pub port: Option<PortType>,
    /// True when the node runs although the value is absent.
    pub optional: bool,
}

/// The ports of one node once its parameters and neighbours are known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Signature {
    /// Inputs in the order the node sees them: the declared ones, then the author's.
    pub inputs: Vec<ConnectedInput>,
    /// Outputs in the order the node writes them.
    pub outputs: Vec<OutputSpec>,
}

impl Signature {
    /// Whether anything that arrives is of the class `phi`.
    pub fn reads_phi(&self) -> bool {
        let ports = self.inputs.iter().filter_map(|input| input.port.as_ref());
        ports.map(PortType::privacy).any(|class| class == Privacy::Phi)
    }
}

/// Weights that several nodes may share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// Nodes that name the same key share one copy.
    pub key: String,
    /// Bytes of that copy.
    pub bytes: u64,
}

/// A part of a node's work, as `motet plan` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InnerStep {
    /// What it does, in a word or two: `linear`, `depthwise 3x3`.
    pub name: String,
    /// Shapes and what is fused into it, for people.
    pub about: String,
    /// Floating-point operations at the largest planned sizes.
    pub flops: u64,
    /// Bytes of the weights it reads and of the values it reads and writes.
    pub bytes: u64,
}

/// What one firing takes, for placement and the memory verdict; never for correctness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Floating-point operations at the largest planned sizes.
    pub flops: u64,
    /// Bytes the node allocates for itself, for its whole life.
    pub workspace_bytes: u64,
    /// Bytes it needs only while it runs; they lie in the arena, 64-byte aligned, and are handed to it by
    /// [`Outputs::split`](crate::node::Outputs::split).
    pub scratch_bytes: u64,
    /// Weights, counted once per key; where they differ by precision, the key names it.
    pub weights: Option<Weights>,
    /// Weights that lie on the CPU besides, for the day on which the node's device is lost; counted as the CPU's.
    pub fallback: Option<Weights>,
    /// What it does inside, for people; empty where there is nothing to tell.
    pub inside: Vec<InnerStep>,
}

/// Where in a node's text a fault lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultPlace {
    /// The node as a whole.
    Node,
    /// The value of a parameter; the range counts bytes of its text.
    Param(String, Option<Range<usize>>),
    /// What is connected to an input.
    Input(String),
}

/// A fault a kind finds in its parameters or inputs; the graph turns it into a diagnostic with a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindFault {
    /// Its code, when it has one of its own.
    pub code: Option<Code>,
    /// Where.
    pub place: FaultPlace,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// What to write at the place instead, where it is certain.
    pub replacement: Option<String>,
    /// Where it is in a file that the node names, and what is there.
    pub elsewhere: Option<(Span, String)>,
}

impl KindFault {
    /// A fault at a place.
    pub fn new(place: FaultPlace, message: impl Into<String>) -> KindFault {
        KindFault {
            code: None,
            place,
            message: message.into(),
            help: None,
            replacement: None,
            elsewhere: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> KindFault {
        self.help = Some(help.into());
        self
    }
}

/// Why a node could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The kind could not make a node of these parameters.
    #[error("{0}")]
    Failed(String),
    /// A model that the node names is missing, changed or of another make.
    #[error("model `{model}`: {reason}")]
    Model {
        /// As named in the pipeline.
        model: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The device that the plan chose does not do this node's work as the CPU does.
    #[error("`{device}` cannot be used: {reason}")]
    Device {
        /// The device, as the machine names it.
        device: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A program that the node starts is not on this machine, or does not do what the node asks of it.
    #[error("`{program}` {reason}")]
    Program {
        /// Its name.
        program: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
}

/// A factory of nodes.
pub trait NodeKind: Send + Sync {
    /// As written after `kind:`, for example `audio/log-mel`.
    fn name(&self) -> &str;

    /// A paragraph for people, printed by `motet explain`.
    fn about(&self) -> &str;

    /// The parameters it takes in `with:`.
    fn params(&self) -> Vec<ParamSpec>;

    /// The inputs it declares under these parameters.
    ///
    /// # Errors
    /// Every fault found in the parameters.
    fn inputs(&self, params: &Params) -> Result<InputSpecs, Vec<KindFault>>;

    /// Its outputs, given what is connected. Every declared input that is not optional is connected and has been
    /// accepted before this is called.
    ///
    /// # Errors
    /// Every fault found in the parameters or in what is connected.
    fn outputs(&self, params: &Params, inputs: &[ConnectedInput]) -> Result<Vec<OutputSpec>, Vec<KindFault>>;

    /// What a firing takes when it runs as placed: the bytes of that precision, the operations of all workers together.
    fn cost(&self, params: &Params, signature: &Signature, placement: &Placement) -> Cost;

    /// The kinds of device it can run on.
    fn devices(&self) -> &[DeviceKind] {
        &[DeviceKind::Cpu]
    }

    /// The precisions it can compute in, the reference first.
    fn precisions(&self, _params: &Params) -> Vec<PrecisionOffer> {
        vec![PrecisionOffer::f32()]
    }

    /// Whether it can run like this, for a device of [`NodeKind::devices`] and a precision of
    /// [`NodeKind::precisions`]. Unless a kind says otherwise, only the CPU knows other precisions than `f32`.
    fn supports(&self, _params: &Params, device: DeviceKind, precision: Precision) -> bool {
        device == DeviceKind::Cpu || precision == Precision::F32
    }

    /// Over how many CPU workers one firing can be split with profit, at least 1. The node splits its own work; the
    /// plan keeps that many workers free for it.
    fn width_max(&self, _params: &Params, _signature: &Signature) -> u16 {
        1
    }

    /// True for a kind whose nodes, on a GPU, leave values there and take values that others of such kinds left there:
    /// see [`WriteLease::leave`](crate::arena::WriteLease::leave). Where one device has both ends of an edge, the plan
    /// then lets its values stay.
    fn keeps_on_device(&self) -> bool {
        false
    }

    /// True for a kind that is made to lower the privacy class; its outputs keep the class it declares.
    fn lowers_privacy(&self) -> bool {
        false
    }

    /// Where a node with these parameters sends data, outside of its ports; empty means nowhere.
    fn egress(&self, _params: &Params) -> Vec<String> {
        Vec::new()
    }

    /// Builds a node that has this signature and runs as placed.
    ///
    /// # Errors
    /// [`BuildError`], which the session reports with the node's name.
    fn build(
        &self,
        params: &Params,
        signature: &Signature,
        placement: &Placement,
    ) -> Result<Box<dyn Node>, BuildError>;
}

/// Two kinds of one name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalog already has a kind `{0}`")]
pub struct DuplicateKind(pub String);

/// The kinds that are known, by name.
#[derive(Clone, Default)]
pub struct Catalog {
    kinds: BTreeMap<String, Arc<dyn NodeKind>>,
}

impl Catalog {
    /// A catalog without kinds.
    pub fn new() -> Catalog {
        Catalog::default()
    }

    /// Adds a kind.
    ///
    /// # Errors
    /// [`DuplicateKind`] when the name is taken.
    pub fn register(&mut self, kind: impl NodeKind + 'static) -> Result<(), DuplicateKind> {
        let name = kind.name().to_owned();
        if self.kinds.contains_key(&name) {
            return Err(DuplicateKind(name));
        }
        self.kinds.insert(name, Arc::new(kind));
        Ok(())
    }

    /// The kind of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn NodeKind>> {
        self.kinds.get(name)
    }

    /// All kinds, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<dyn NodeKind>> {
        self.kinds.values()
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.kinds.keys().map(String::as_str)
    }
}
