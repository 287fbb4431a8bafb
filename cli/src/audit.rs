//! An append-only log of who asked what of which models, and what came of it, in which changes show.
//!
//! It is for pipelines over confidential data, such as those of a clinic. What it is *not*: a record of what was said
//! or answered. No text of a patient gets in, because no field takes any: an [`Entry`] is names with strict patterns,
//! numbers, moments, words of lists and hashes. Whom a request is about is noted as a keyed hash.
//!
//! The invariant: **no answer without its line**. A request is noted before it is run, and its end before its answer
//! is handed out; each line is on the disk, in the file of the log's name, before the program goes on. Where that
//! cannot be, there is an [`AuditFault`] instead of an answer.
//!
//! ```
//! use std::time::{Duration, UNIX_EPOCH};
//!
//! use motet::audit::{Audit, AuditOptions, Digest, Key, LogId, Outcome, PipelineVersion, Question};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("audit.jsonl");
//! let key = Key::from_bytes(b"32 random bytes from a key file.")?;
//! let options = AuditOptions {
//!     key: Some(key.clone()),
//!     part_bytes_max: 64 << 20,
//!     // A program gives `SystemTime::now` here.
//!     clock: Box::new(|| UNIX_EPOCH + Duration::from_secs(1_900_000_000)),
//! };
//! let audit = Audit::create(&path, LogId::from([7; 16]), options)?;
//! let question = Question {
//!     request: 1.into(),
//!     caller: "ward-3.nurse".parse()?,
//!     pipeline: PipelineVersion {
//!         name: "discharge-letter".parse()?,
//!         digest: Digest::of(b"the text of the pipeline"),
//!     },
//!     models: Vec::new(),
//!     patient: Some(key.patient("0017")),
//!     input: None,
//! };
//! let pending = audit.begin(&question)?;
//! let answer = 42; // Run the pipeline here.
//! let answer = pending.release(answer, Outcome::answered())?;
//! # assert_eq!(answer, 42);
//! # Ok(())
//! # }
//! ```
//!
//! # Format
//!
//! A log is a file of lines, and when it has grown to a limit, more such files: see [`parts`]. A line is a JSON object
//! in ASCII with a line feed behind it, without blanks and escapes, its keys in this order:
//!
//! | key | value |
//! |---|---|
//! | `sequence` | lines before it in the log, over all parts |
//! | `time` | moment in UTC, as in `2031-05-17T08:30:00.000Z` |
//! | `previous` | hash of the line before it; 64 zeros in the first line of the log |
//! | `event` | one of the words below, with keys of its own behind it |
//! | `hash` | hash of this line |
//!
//! | event | its keys |
//! |---|---|
//! | `created` | `version` (1), `log` (32 digits), `part` (from 1), `key` (16 digits, where lines are hashed with a key) |
//! | `opened` | |
//! | `asked` | `request`, `caller`, `pipeline` (`name`, `digest`), `models` (each `name`, `version`, `digest`), `patient`, `input`; the last two where given |
//! | `ended` | `asked` (sequence of the line where it began), `request`, `outcome` (`answered`, `partly`, `refused`, `failed`, `abandoned`), `code` where it has one |
//! | `recovered` | `bytes`, `digest`, `torn` (which recovery of the part, from 1) |
//! | `closed` | |
//!
//! The hash of a line is that of its bytes up to and without `,"hash":`, and a `}`: the object without its hash.
//! Because a line has one form alone, which a verifier insists on, two lines with the same bytes are the same entry and
//! the other way round. It is SHA-256, or with a key HMAC-SHA-256. All hashes are hexadecimal digits in lower case.
//!
//! The key of the file, 32 to 64 bytes, is not used itself. For a purpose the key is HMAC-SHA-256 of the text
//! `motet audit 1 chain`, `motet audit 1 patient` or `motet audit 1 input` with it; the first 8 bytes of that of
//! `motet audit 1 key id` are the id of the key. The script `audit/verify.py` verifies a log by this page alone.
//!
//! # What it withstands
//!
//! | who | what they do | found by |
//! |---|---|---|
//! | crash, power cut | half of a line | opening the log, which is refused until [`recover`] moved it |
//! | crash, power cut | a request without an end | [`verify()`], as a warning |
//! | full disk, lost disk | a line that is not written | the request, which is not answered |
//! | other process | writes, cuts, moves or replaces the file in use | the lock, and a look before and after each line |
//! | who can write the file | changes, removes, moves, doubles, adds some lines in the middle | [`verify()`] |
//! | the same | adds lines at the end | [`verify()`] with the key; without one, a writer that has the file in use |
//! | the same | cuts lines from the end, or whole parts, or puts an older copy in place | [`verify()`] with an [`Anchor`] noted before at another place |
//! | the same | writes all lines anew from some line on | [`verify()`] with an anchor at or behind that line; or with the key |
//! | who can write the file and has the key | writes all anew | [`verify()`] with an anchor |
//! | who has the key | guesses patients and compares their hashes | nobody: keep the key from who reads the log |
//!
//! So without a key and without an anchor, a log that was written anew as a whole is not told from the true one, and
//! cut lines are not missed. A key does not help against cut lines: only an anchor does, and nothing tells of lines
//! behind the last anchor. Note [`Audit::head`] at another place, as often as what may be lost allows; a printer or a
//! time-stamping service will do. Against the program itself, or who may change it, no log helps. A byte that is
//! changed in a file in use, without changing its length, is found by a verification and not by the writer.
//!
//! The lock is one of the system's that programs heed of their own accord (`flock` on Linux); on a network file system
//! it may not reach other machines. That a line is on the disk is the word of the system and its disk.
//!
//! # Source
//! The chain: Haber and Stornetta, "How to time-stamp a digital document" (1991), section 5.1. Keyed logs, and why an
//! anchor is needed: Schneier and Kelsey, "Secure audit logs to support computer forensics" (1999). Their keys evolve,
//! so that a stolen one cannot change older lines; here one key is kept, and anchors do that.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

mod entry;
mod fault;
mod fhir;
mod folder;
mod hash;
mod line;
mod log;
mod moment;
mod name;
mod part;
mod pending;
mod read;
mod recover;
mod scan;
mod verify;

pub use entry::{
    Anchor, AnchorFault, Created, End, Ending, Entry, Event, MODELS_MAX, ModelVersion, OPEN_MAX, Outcome,
    PipelineVersion, Question, Recovered, VERSION,
};
pub use fault::AuditFault;
pub use fhir::to_audit_event;
pub use folder::parts;
pub use hash::{
    Digest, Fingerprint, Hash, HexFault, KEY_BYTES_MAX, KEY_BYTES_MIN, Key, KeyFault, KeyId, LogId, Pseudonym,
};
pub use line::{LINE_BYTES_MAX, LineFault};
pub use log::{PART_BYTES_MAX, PART_BYTES_MIN};
pub use moment::{Moment, MomentFault, WallClock};
pub use name::{CallerId, Code, ModelName, NameFault, PipelineName, RequestId};
pub use pending::Pending;
pub use read::entries;
pub use recover::{Recovery, recover};
pub use verify::{Check, Finding, Verdict, Verifier, Warning, Wrong, verify};

use log::Log;

/// How a log is written.
pub struct AuditOptions {
    /// The key that lines are hashed with; with none, everybody can compute the hashes.
    pub key: Option<Key>,
    /// Size at which a part ends and the next begins, from [`PART_BYTES_MIN`] to [`PART_BYTES_MAX`], in bytes.
    pub part_bytes_max: u64,
    /// What tells the time.
    pub clock: Box<dyn WallClock>,
}

impl AuditOptions {
    fn check(&self) -> Result<(), AuditFault> {
        let (min, max, found) = (PART_BYTES_MIN, PART_BYTES_MAX, self.part_bytes_max);
        if (min..=max).contains(&found) {
            return Ok(());
        }
        Err(AuditFault::PartBytes { found, min, max })
    }
}

/// A log in use. Clones write the same log, one at a time; any number of requests may be under way.
#[derive(Clone)]
pub struct Audit {
    log: Arc<Mutex<Log>>,
}

impl Audit {
    /// Makes a new log.
    ///
    /// # Errors
    /// [`AuditFault::Exists`] where there is one, [`AuditFault::NoFolder`], [`AuditFault::Busy`], and the faults of
    /// writing.
    pub fn create(path: &Path, id: LogId, options: AuditOptions) -> Result<Audit, AuditFault> {
        Log::create(path, id, options).map(Audit::of)
    }

    /// Opens a log that is there. Its newest part is read and must be sound; the earlier ones are not read.
    ///
    /// # Errors
    /// [`AuditFault::Missing`] where it was taken away, [`AuditFault::Torn`] where [`recover`] is due,
    /// [`AuditFault::Unsound`], [`AuditFault::Busy`], [`AuditFault::NotRegular`], [`AuditFault::Exposed`], and the
    /// faults of writing.
    pub fn open(path: &Path, options: AuditOptions) -> Result<Audit, AuditFault> {
        Log::open(path, options).map(Audit::of)
    }

    fn of(log: Log) -> Audit {
        let log = Arc::new(Mutex::new(log));
        Audit { log }
    }

    /// Notes that a request came. Run it only after this, and then [`Pending::end`] it.
    ///
    /// # Errors
    /// Every fault of writing, [`AuditFault::TooManyOpen`], [`AuditFault::TooManyModels`]: do not run the request.
    pub fn begin(&self, question: &Question) -> Result<Pending, AuditFault> {
        let asked = self.with(|log| log.ask(question))?;
        Ok(Pending::new(self.clone(), question.request.clone(), asked))
    }

    /// The last line on the disk, to be noted at another place.
    ///
    /// # Errors
    /// [`AuditFault::Broken`] after a panic while a line was written.
    pub fn head(&self) -> Result<Anchor, AuditFault> {
        self.with(|log| Ok(log.head()))
    }

    fn end(&self, asked: u64, request: &RequestId, outcome: Outcome) -> Result<Anchor, AuditFault> {
        self.with(|log| log.end(asked, request.clone(), outcome))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Log) -> Result<T, AuditFault>) -> Result<T, AuditFault> {
        match self.log.lock() {
            Ok(mut log) => work(&mut log),
            Err(poisoned) => Err(poisoned.into_inner().broken()),
        }
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Audit").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
