//! What can be wrong with a program or a run of it.

use crate::step::StepError;

/// A step that cannot be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("step `{step}`: {problem}")]
pub struct BuildError {
    /// Its name.
    pub step: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a step.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A tensor of weights does not have the size that the step needs.
    #[error("`{tensor}` has {found} numbers, {expected} are needed")]
    Size {
        /// Which tensor.
        tensor: &'static str,
        /// Numbers that are needed.
        expected: usize,
        /// Numbers that are there.
        found: usize,
    },
    /// A weight is NaN or infinite.
    #[error("`{tensor}` holds a value that is not finite")]
    NotFinite {
        /// Which tensor.
        tensor: &'static str,
    },
    /// What the step reads does not fit what it does.
    #[error("it reads {found}, {expected} is needed")]
    Shape {
        /// What is needed.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A size of zero, or one beyond what this machine can address.
    #[error("a size of {0} is out of range")]
    Range(usize),
    /// Another step or port has the same name.
    #[error("the name is taken")]
    Duplicate,
    /// More outputs than a program can have, or an output that is an input.
    #[error("it cannot be an output")]
    Output,
}

/// Why a run gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Another number of inputs or outputs than the program has.
    #[error("{} inputs and {} outputs were given, the program has {} and {}", found.0, found.1, expected.0, expected.1)]
    Count {
        /// Inputs and outputs of the program.
        expected: (usize, usize),
        /// Inputs and outputs that were given.
        found: (usize, usize),
    },
    /// An input is empty, too long, or not a whole number of rows.
    #[error("input `{name}` must hold 1 to {height_max} times {row_numbers} numbers")]
    Input {
        /// Which.
        name: String,
        /// Largest height.
        height_max: usize,
        /// Numbers at each height.
        row_numbers: usize,
    },
    /// An input holds ids where the program reads numbers, or the other way about.
    #[error("input `{name}` must hold {}, {} were given", kind(*.is_ids), kind(!*.is_ids))]
    Kind {
        /// Which.
        name: String,
        /// True if it must hold ids.
        is_ids: bool,
    },
    /// A step reads values row by row side by side, and they are not of one height.
    #[error("step `{step}` reads values of height {} and {}, which must be equal", heights.0, heights.1)]
    Heights {
        /// Which.
        step: String,
        /// The height of the first value, and the one that differs.
        heights: (usize, usize),
    },
    /// A value has no room for a single window of the step that reads it.
    #[error("step `{step}` reads a value of height {found}, at least {needed} are needed")]
    Short {
        /// Which.
        step: String,
        /// Least height.
        needed: usize,
        /// Height that is there.
        found: usize,
    },
    /// An output has no room for the answer.
    #[error("output `{name}` has room for {found} numbers, {needed} are needed")]
    Output {
        /// Which.
        name: String,
        /// Numbers of the answer.
        needed: usize,
        /// Numbers it has room for.
        found: usize,
    },
    /// The scratch is too small.
    #[error("the scratch has {found} words, {needed} are needed")]
    Scratch {
        /// Words that are needed.
        needed: usize,
        /// Words that are there.
        found: usize,
    },
    /// A step could not do its work.
    #[error("step `{step}`: {cause}")]
    Step {
        /// Which.
        step: String,
        /// Why.
        cause: StepError,
    },
}

fn kind(is_ids: bool) -> &'static str {
    if is_ids { "ids" } else { "numbers" }
}
