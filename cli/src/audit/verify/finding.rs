//! What is wrong with a log, and what is only worth a look.

use std::fmt;
use std::path::PathBuf;

use super::super::entry::Anchor;
use super::super::hash::{Hash, KeyId, LogId};
use super::super::line::LineFault;
use super::super::name::RequestId;

/// Something that shows that a log is not what was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The part, as it was named.
    pub part: PathBuf,
    /// The line in that part, from 1; 0 for the part as a whole.
    pub line: u64,
    /// The sequence number of the line, where it has one.
    pub sequence: Option<u64>,
    /// What is wrong.
    pub wrong: Wrong,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.part.display())?;
        if self.line > 0 {
            write!(formatter, " line {}", self.line)?;
        }
        if let Some(sequence) = self.sequence {
            write!(formatter, ", sequence {sequence}")?;
        }
        write!(formatter, ": {}", self.wrong)
    }
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// The line is no entry.
    #[error(transparent)]
    Line(#[from] LineFault),
    /// The part has no line.
    #[error("there is no line")]
    Empty,
    /// The content and the hash of the line do not belong together.
    #[error("the line was changed: its hash is not that of what it says")]
    Changed,
    /// The line names another line before it than the one that stands there.
    #[error(
        "the line before it was changed, replaced or put in: it names {expected} as its predecessor, not {found}"
    )]
    Unlinked {
        /// The hash that the line names.
        expected: Hash,
        /// The hash of the line that stands before it.
        found: Hash,
    },
    /// Lines are not there.
    #[error("{} before it", missing(*first, *last))]
    Missing {
        /// Sequence number of the first of them.
        first: u64,
        /// Sequence number of the last of them.
        last: u64,
    },
    /// The line has a number that came before.
    #[error("the line stands twice, in the wrong place, or was put in: sequence {expected} is due here")]
    Misplaced {
        /// The sequence number that is due.
        expected: u64,
    },
    /// A part does not begin with the line that begins one.
    #[error("a part begins with a line `created`")]
    NoHeader,
    /// A part begins in the middle of a file.
    #[error("a line `created` stands only at the beginning of a part")]
    HeaderInside,
    /// The log has earlier parts, and it is not said where they ended.
    #[error(
        "the log begins with sequence {first}: name its earlier parts, or the anchor that it goes on from"
    )]
    Headless {
        /// Sequence number of the first line.
        first: u64,
    },
    /// The part is of another log.
    #[error("the part is of log {found}, the ones before it of log {expected}")]
    OtherLog {
        /// The log of the first part.
        expected: LogId,
        /// The log of this one.
        found: LogId,
    },
    /// The part has a number that is not due.
    #[error("this is part {found}, but part {expected} is due")]
    PartOrder {
        /// The part that is due.
        expected: u32,
        /// The part that it is.
        found: u32,
    },
    /// A line stands behind the line that ends a part.
    #[error("a line stands behind the line `closed` that ends the part")]
    AfterClosed,
    /// Another part follows, but this one was not ended.
    #[error("another part follows, but the last line is not `closed`")]
    NotClosed,
    /// Hashes cannot be computed.
    #[error("the lines are hashed with the key {key}; it must be given to verify them")]
    KeyNeeded {
        /// Which key.
        key: KeyId,
    },
    /// Hashes cannot be computed.
    #[error("the lines are hashed with the key {expected}, but {found} was given")]
    OtherKey {
        /// The key of the log.
        expected: KeyId,
        /// The key that was given.
        found: KeyId,
    },
    /// A key is given for a log that says it has none: it may have been written anew without it.
    #[error("a key was given, but the lines are hashed without one: the log may have been written anew")]
    NotKeyed,
    /// A request ends that did not begin.
    #[error("request {request} ends, but sequence {asked} is not where it began, or it has ended already")]
    EndOfNothing {
        /// The line where it is said to have begun.
        asked: u64,
        /// Which request.
        request: RequestId,
    },
    /// More requests have begun and not ended than a writer allows.
    #[error("{open_max} requests have begun and not ended, more than is ever written")]
    TooManyOpen {
        /// The most.
        open_max: usize,
    },
    /// The line of the anchor is another one.
    #[error("the log was written anew: the anchor is {anchor}, the line has hash {found}")]
    OtherThanAnchor {
        /// As given.
        anchor: Anchor,
        /// The hash of the line.
        found: Hash,
    },
    /// The line of the anchor is not there.
    #[error("the line of the anchor {anchor} is not there: the log was cut{}", cut(*head))]
    BeforeAnchor {
        /// As given.
        anchor: Anchor,
        /// Sequence number of the last line.
        head: Option<u64>,
    },
}

fn missing(first: u64, last: u64) -> String {
    match first == last {
        true => format!("the line of sequence {first} is missing"),
        false => format!("the lines of sequence {first} to {last} are missing"),
    }
}

fn cut(head: Option<u64>) -> String {
    head.map_or_else(String::new, |head| format!(" and ends with sequence {head}"))
}

/// Something worth a look in a log that is sound.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A request began and has no end: the program was stopped, or it still runs. No answer was handed out.
    Interrupted {
        /// The line where it began.
        sequence: u64,
        /// Which request.
        request: RequestId,
    },
    /// A line is earlier than the one before it: the clock was set back.
    TimeWentBack {
        /// The line.
        sequence: u64,
    },
    /// A line was cut short and moved aside.
    Recovered {
        /// The line that says so.
        sequence: u64,
        /// How many bytes were moved.
        bytes: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Interrupted { sequence, request } => {
                write!(
                    formatter,
                    "sequence {sequence}: request {request} was interrupted: it has no end"
                )
            }
            Warning::TimeWentBack { sequence } => {
                write!(
                    formatter,
                    "sequence {sequence}: the clock was set back before this line"
                )
            }
            Warning::Recovered { sequence, bytes } => {
                write!(
                    formatter,
                    "sequence {sequence}: {bytes} bytes of a line cut short were moved aside"
                )
            }
        }
    }
}
