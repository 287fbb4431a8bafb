//! What an audit log says, as values.
//!
//! No field takes free text: names have patterns, everything else is a number, a moment, a word of a list or a hash.
//! An [`Entry`] from outside this module was read from a log; only [`super::Audit`] makes new ones.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hash::{Digest, Fingerprint, Hash, KeyId, LogId, Pseudonym};
use super::moment::Moment;
use super::name::{CallerId, Code, ModelName, PipelineName, RequestId};

/// The version of the format.
pub const VERSION: u32 = 1;

/// Most models of one request.
pub const MODELS_MAX: usize = 64;

/// Most requests that have begun and not ended at one time.
pub const OPEN_MAX: usize = 4096;

/// A line of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Lines before it in the log, over all parts.
    pub sequence: u64,
    /// When it was written, by the clock of the writer.
    pub time: Moment,
    /// The hash of the line before it; [`Hash::NONE`] for the first.
    pub previous: Hash,
    /// What happened.
    pub event: Event,
    /// Its own hash.
    pub hash: Hash,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A part of the log was begun. The first line of each part, and of no other place.
    Created(Created),
    /// A process took the log into use. Requests that had no end by then will have none.
    Opened,
    /// A request came. Written before anything is computed.
    Asked(Question),
    /// A request came to its end. Written before an answer is handed out.
    Ended(End),
    /// A line whose writing had been cut short was moved out of the log.
    Recovered(Recovered),
    /// A part of the log ended. The next line is the first of the next part.
    Closed,
}

/// The beginning of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// [`VERSION`].
    pub version: u32,
    /// Which log.
    pub log: LogId,
    /// Which part, from 1.
    pub part: NonZeroU32,
    /// The key that lines are hashed with; none where everybody can compute the hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Which.
    pub request: RequestId,
    /// Who asks.
    pub caller: CallerId,
    /// What is to run.
    pub pipeline: PipelineVersion,
    /// The models in it, at most [`MODELS_MAX`].
    pub models: Vec<ModelVersion>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<Pseudonym>,
    /// What was fed to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Fingerprint>,
}

/// A pipeline as it is at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineVersion {
    /// Its name.
    pub name: PipelineName,
    /// Checksum of its text.
    pub digest: Digest,
}

/// A model as it is at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// Its name.
    pub name: ModelName,
    /// Its version, from 1.
    pub version: NonZeroU32,
    /// Checksum of its weights.
    pub digest: Digest,
}

/// The end of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The sequence number of the line that says it was asked.
    pub asked: u64,
    /// Which request: the same as there.
    pub request: RequestId,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    outcome: Ending,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Its answer was to be handed out; whether it arrived is not known.
    Answered,
    /// Some of its outputs were to be handed out, and some failed.
    Partly,
    /// It was not run: it was at fault itself, or not allowed.
    Refused,
    /// It was run and has no answer.
    Failed,
    /// The program left it without saying how it ended, mostly by a panic. No answer was handed out.
    Abandoned,
}

impl Outcome {
    /// Its answer is to be handed out.
    pub fn answered() -> Outcome {
        Outcome::of(Ending::Answered, None)
    }

    /// Some of its outputs are to be handed out, and others failed.
    pub fn partly(code: Option<Code>) -> Outcome {
        Outcome::of(Ending::Partly, code)
    }

    /// It was not run.
    pub fn refused(code: Option<Code>) -> Outcome {
        Outcome::of(Ending::Refused, code)
    }

    /// It was run and has no answer.
    pub fn failed(code: Option<Code>) -> Outcome {
        Outcome::of(Ending::Failed, code)
    }

    pub(super) fn abandoned() -> Outcome {
        Outcome::of(Ending::Abandoned, None)
    }

    fn of(outcome: Ending, code: Option<Code>) -> Outcome {
        Outcome { outcome, code }
    }

    /// How it ended.
    pub fn ending(&self) -> Ending {
        self.outcome
    }

    /// The code of what went wrong, where it has one.
    pub fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }
}

/// What was moved out of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovered {
    /// How many bytes.
    pub bytes: u64,
    /// Their checksum.
    pub digest: Digest,
    /// Which recovery of this part, from 1: the number in the name of the file that they are kept in.
    pub torn: NonZeroU32,
}

/// A line to be kept elsewhere, so that a log that ends before it, or has another line there, is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its sequence number.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
}

/// A text that is no anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a sequence number, `:` and 64 hexadecimal digits in lower case, as `motet audit head` prints them"
)]
pub struct AnchorFault;

impl fmt::Display for Anchor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.sequence, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = AnchorFault;

    fn from_str(text: &str) -> Result<Anchor, AnchorFault> {
        let parsed = text.split_once(':').and_then(|(sequence, hash)| {
            let (sequence, hash) = (sequence.parse().ok()?, hash.parse().ok()?);
            Some(Anchor { sequence, hash })
        });
        parsed
            .filter(|anchor| anchor.to_string() == text)
            .ok_or(AnchorFault)
    }
}

impl From<&Entry> for Anchor {
    fn from(entry: &Entry) -> Anchor {
        Anchor {
            sequence: entry.sequence,
            hash: entry.hash,
        }
    }
}
