//! Motet compiles pipelines of small specialised models and runs them offline.
//!
//! This crate is what a program needs: [`Pipeline`] reads and compiles a pipeline folder, [`Runner`] runs it in a loop.
//! The `motet` binary, behind the default feature `cli`, is a thin layer over the same items. What it is *not*:
//! another place for rules. Every fault it reports, it got from `motet-core`; it adds the file system.
//!
//! ```
//! use motet::Pipeline;
//!
//! fn main() -> Result<(), motet::Error> {
//!     let pipeline = Pipeline::open("../pipelines/keyword")?;
//!     println!("{}", pipeline.plan());
//!     let mut runner = pipeline.runner()?;
//!     for clip in ["jarvis.flac", "computer.wav", "silence.wav"] {
//!         let request = runner.request([("mic", format!("../pipelines/keyword/inputs/{clip}"))])?;
//!         let response = runner.run(&request)?;
//!         println!("{clip}: {:?}", response.value("answer"));
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Your own node kinds
//!
//! [`Builder::kind`] adds a kind that implements [`NodeKind`]; everything that takes is re-exported here, so a crate
//! with node kinds needs `motet` alone.
//!
//! # Features
//!
//! `cli` (default) builds the binary and brings its dependencies; a library user turns it off. `gpu` lets nets run on a
//! GPU through wgpu: see [`Builder::gpu`].

pub mod answer;
#[cfg(unix)]
pub mod audit;
#[cfg(unix)]
pub mod auditor;
pub mod confine;
pub mod draw;
pub mod error;
pub mod feed;
pub mod library;
pub mod load;
pub mod pipeline;
pub mod profile;
pub mod recipe;
#[cfg(feature = "cli")]
pub mod report;
pub mod runner;
pub mod testing;

#[cfg(unix)]
pub use auditor::{AuditError, AuditSettings};
pub use error::Error;
pub use feed::{FeedError, Feeding, Files};
pub use library::FolderLibrary;
pub use load::FileError;
pub use motet_core::arena::{ReadLease, Scalar, ValueError, WriteLease};
pub use motet_core::catalog::{
    Accepts, BuildError, Catalog, ConnectedInput, Cost, DuplicateKind, FaultPlace, InnerStep, InputSpec,
    InputSpecs, KindFault, NodeKind, OutputSpec, ParamSpec, ParamType, ParamValue, Params, Signature,
    Weights,
};
pub use motet_core::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
pub use motet_core::execute::{Outcome, Request, Response, RunError, RunFailure};
pub use motet_core::graph::Graph;
pub use motet_core::machine::{DeviceKind, Machine};
pub use motet_core::node::{Inputs, Node, NodeError, Outputs, Scratch};
pub use motet_core::placement::{Placement, Precision, PrecisionOffer};
pub use motet_core::plan::Plan;
pub use motet_core::port::{Dim, Element, Field, PortType, Privacy, Range, TensorType};
pub use motet_core::profile::Profile;
pub use motet_core::report::Report;
pub use motet_core::spec::Spec;
pub use motet_core::trace::Trace;
pub use motet_core::value::{InputError, Value};
pub use motet_nodes::{
    Cpu, Gpu, GpuWish, Loaded, Most, Prober, catalog, fingerprint, load_average, local_machine, peak_bytes,
};
pub use pipeline::{Builder, Pipeline};
pub use runner::{ExecutorChoice, Runner};

/// The code on the page about node kinds of one's own is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/add-a-node.md")]
pub struct AddANode;

/// The code in the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
