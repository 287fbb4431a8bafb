//! Compiled CPU programs: fused kernels over memory that the caller owns.
//!
//! Not here: nets, weights files, pipelines, threads of its own. A program allocates nothing while it runs.

mod cpu;
pub mod decode;
mod kernel;
pub mod passes;
mod program;
mod step;

pub use cpu::{Cpu, Level, Most, UnknownMost};
pub use kernel::{Activation, Mask};
pub use program::{
    BuildError, Builder, PortShape, Precision, Problem, Program, Ranges, RunError, StepInfo, Value,
};
pub use step::conv::{Conv, Padding, Window};
pub use step::embed::Table;
pub use step::linear::Dense;
pub use step::norm::Norm;
pub use step::recurrent::Recurrence;
pub use step::{Numbers, StepError};
