//! Motet's compiler and runtime: from the text of a pipeline to an answer.
//!
//! ```text
//! text -> Spec -> Graph -> Plan -> Session -> Response + Trace -> Report
//!     parse  resolve  compile  open       run                of
//! ```
//!
//! Each arrow is one public function, each noun a plain value that can be printed and compared; no stage reaches
//! back to an earlier one. This crate knows no tensors and no models, reads no files and opens no sockets: the node
//! kinds come in a [`catalog::Catalog`], the machine, the clock and the files of agents as arguments.
//!
//! ```
//! use std::sync::Arc;
//! use motet_core::catalog::Catalog;
//! use motet_core::clock::{Clock, Monotonic};
//! use motet_core::execute::{Executor, Request, Sequential};
//! use motet_core::graph::{Graph, NoLibrary};
//! use motet_core::machine::Machine;
//! use motet_core::plan::{Plan, PlanOptions};
//! use motet_core::report::Report;
//! use motet_core::session::Session;
//! use motet_core::spec::Spec;
//! use motet_core::value::Value;
//!
//! let text = r#"
//! motet: 1
//! pipeline: echo
//! inputs: {level: "f32[T<=8] range=-1..1"}
//! outputs: {same: level}
//! "#;
//! let catalog = Catalog::new();
//! let spec = Spec::parse(text)?;
//! let graph = Graph::resolve(&spec, &catalog, &NoLibrary)?;
//! let plan = Plan::compile(&graph, &catalog, &Machine::cpu(2, 1 << 30), &PlanOptions { serial: false, profile: None })?;
//! let mut session = Session::open(Arc::new(plan), &catalog)?;
//! let clock: Arc<dyn Clock> = Arc::new(Monotonic::start());
//! let request = Request::new().with("level", Value::samples([0.5, -0.25]));
//! let response = Sequential.run(&mut session, &request, &clock)?;
//! assert_eq!(response.value("same"), Some(Value::samples([0.5, -0.25])));
//! let report = Report::of(session.plan(), &[response.trace]);
//! assert_eq!(report.firing_count, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod arena;
pub mod catalog;
pub mod clock;
pub mod condition;
pub mod diagnostic;
pub mod execute;
pub mod expression;
pub mod graph;
pub mod limits;
pub mod machine;
pub mod node;
pub mod placement;
pub mod plan;
pub mod port;
pub mod profile;
pub mod quantity;
pub mod report;
pub mod session;
pub mod spec;
pub mod trace;
pub mod value;
pub mod yaml;
