//! The one writer of a log: numbers, hashes and adds lines, and begins a new part when one is full.
//!
//! After a line could not be written it is not known what the disk holds, so nothing more is written: the log is to be
//! opened anew, which reads what is there.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::AuditOptions;
use super::entry::{
    Anchor, Created, End, Entry, Event, MODELS_MAX, OPEN_MAX, Outcome, Question, Recovered, VERSION,
};
use super::fault::AuditFault;
use super::folder::{newest, part_path, with_ending};
use super::hash::{Chain, Hash, Key, LogId};
use super::line::render;
use super::moment::Moment;
use super::name::RequestId;
use super::part::Part;
use super::scan::{Scan, scan};

/// Smallest size at which a part may be made to end, in bytes.
pub const PART_BYTES_MIN: u64 = 64 << 10;

/// Largest size at which a part may be made to end, in bytes. A part is read whole when the log is opened.
pub const PART_BYTES_MAX: u64 = 1 << 30;

/// Room that is left for the line that ends a part.
const CLOSED_BYTES_MAX: u64 = 512;

/// A log that is being written.
pub(super) struct Log {
    path: PathBuf,
    options: AuditOptions,
    chain: Chain,
    id: LogId,
    number: NonZeroU32,
    part: Part,
    head: Anchor,
    open: BTreeSet<u64>,
    is_broken: bool,
}

impl Log {
    pub(super) fn create(path: &Path, id: LogId, options: AuditOptions) -> Result<Log, AuditFault> {
        options.check()?;
        if let Some(number) = newest(path)? {
            let path = part_path(path, number);
            return Err(AuditFault::Exists { path });
        }
        let chain = Chain::of(options.key.as_ref());
        let created = created(id, NonZeroU32::MIN, options.key.as_ref());
        let time = now(&options)?;
        let (entry, line) = rendered(path, render(0, time, Hash::NONE, Event::Created(created), &chain))?;
        let part = Part::make(path, &line)?;
        let mut log = Log {
            path: path.to_path_buf(),
            options,
            chain,
            id,
            number: NonZeroU32::MIN,
            part,
            head: Anchor::from(&entry),
            open: BTreeSet::new(),
            is_broken: false,
        };
        log.append(Event::Opened)?;
        Ok(log)
    }

    pub(super) fn open(path: &Path, options: AuditOptions) -> Result<Log, AuditFault> {
        let (mut log, scan) = Log::found(path, options)?;
        let half_recovered = fs::symlink_metadata(log.torn_path(scan.torn_next)).is_ok();
        if !scan.tail.is_empty() || half_recovered {
            return Err(AuditFault::Torn {
                path: log.part.path().to_path_buf(),
                sequence: log.head.sequence,
                bytes: scan.tail.len() as u64,
            });
        }
        if scan.is_closed {
            // The program was stopped between the end of one part and the beginning of the next.
            let time = now(&log.options)?;
            log.begin_part(time)?;
        }
        log.append(Event::Opened)?;
        Ok(log)
    }

    /// Locks the newest part and reads it.
    pub(super) fn found(path: &Path, options: AuditOptions) -> Result<(Log, Scan), AuditFault> {
        options.check()?;
        let missing = || AuditFault::Missing {
            path: path.to_path_buf(),
        };
        let number = newest(path)?.ok_or_else(missing)?;
        let part = Part::open(&part_path(path, number))?;
        // Whoever holds the lock of the newest part may begin another, and then lets go of it.
        if newest(path)? != Some(number) {
            let path = path.to_path_buf();
            return Err(AuditFault::Busy { path });
        }
        let scan = scan(&part, number, options.key.clone())?;
        let log = Log {
            path: path.to_path_buf(),
            chain: Chain::of(options.key.as_ref()),
            options,
            id: scan.id,
            number,
            part,
            head: scan.head,
            open: BTreeSet::new(),
            is_broken: false,
        };
        Ok((log, scan))
    }

    /// Notes that a request came.
    pub(super) fn ask(&mut self, question: &Question) -> Result<Anchor, AuditFault> {
        if self.open.len() >= OPEN_MAX {
            return Err(AuditFault::TooManyOpen { open_max: OPEN_MAX });
        }
        let found = question.models.len();
        if found > MODELS_MAX {
            let models_max = MODELS_MAX;
            return Err(AuditFault::TooManyModels { found, models_max });
        }
        let asked = self.append(Event::Asked(question.clone()))?;
        self.open.insert(asked.sequence);
        Ok(asked)
    }

    /// Notes how a request ended.
    pub(super) fn end(
        &mut self,
        asked: u64,
        request: RequestId,
        outcome: Outcome,
    ) -> Result<Anchor, AuditFault> {
        let ended = self.append(Event::Ended(End {
            asked,
            request,
            outcome,
        }))?;
        self.open.remove(&asked);
        Ok(ended)
    }

    /// Cuts a torn line off the part; it must have been copied.
    pub(super) fn cut(&mut self, bytes: u64) -> Result<(), AuditFault> {
        self.part.cut(bytes)
    }

    /// Notes that a torn line was moved. This stands in the part that the line was in, even where that is full.
    pub(super) fn recovered(&mut self, recovered: Recovered) -> Result<Anchor, AuditFault> {
        let time = now(&self.options)?;
        self.is_broken = true;
        let (entry, line) = self.next_line(time, Event::Recovered(recovered))?;
        self.write(&entry, &line)?;
        self.is_broken = false;
        Ok(self.head)
    }

    /// The last line.
    pub(super) fn head(&self) -> Anchor {
        self.head
    }

    /// The file that a torn line is moved to.
    pub(super) fn torn_path(&self, torn: NonZeroU32) -> PathBuf {
        with_ending(self.part.path(), &format!(".torn-{torn}"))
    }

    /// The fault of a log that failed.
    pub(super) fn broken(&self) -> AuditFault {
        AuditFault::Broken {
            path: self.part.path().to_path_buf(),
        }
    }

    #[cfg(test)]
    pub(super) fn part_mut(&mut self) -> &mut Part {
        &mut self.part
    }

    fn append(&mut self, event: Event) -> Result<Anchor, AuditFault> {
        if self.is_broken {
            return Err(self.broken());
        }
        let time = now(&self.options)?;
        // Also when this panics in the middle, nothing more may be written.
        self.is_broken = true;
        let (mut entry, mut line) = self.next_line(time, event)?;
        if self.part.bytes() + line.len() as u64 + CLOSED_BYTES_MAX > self.options.part_bytes_max {
            let (closed, closing) = self.next_line(time, Event::Closed)?;
            self.write(&closed, &closing)?;
            self.begin_part(time)?;
            (entry, line) = self.next_line(time, entry.event)?;
        }
        self.write(&entry, &line)?;
        self.is_broken = false;
        Ok(self.head)
    }

    fn write(&mut self, entry: &Entry, line: &[u8]) -> Result<(), AuditFault> {
        self.part.append(line)?;
        self.head = Anchor::from(entry);
        Ok(())
    }

    /// Goes on in a new part, and lets go of this one.
    fn begin_part(&mut self, time: Moment) -> Result<(), AuditFault> {
        let number = self.number.checked_add(1).ok_or(AuditFault::Exhausted)?;
        let created = created(self.id, number, self.options.key.as_ref());
        let (entry, line) = self.next_line(time, Event::Created(created))?;
        self.part = Part::make(&part_path(&self.path, number), &line)?;
        self.number = number;
        self.head = Anchor::from(&entry);
        Ok(())
    }

    fn next_line(&self, time: Moment, event: Event) -> Result<(Entry, Vec<u8>), AuditFault> {
        let sequence = self.head.sequence.checked_add(1).ok_or(AuditFault::Exhausted)?;
        let line = render(sequence, time, self.head.hash, event, &self.chain);
        rendered(self.part.path(), line)
    }
}

fn created(log: LogId, part: NonZeroU32, key: Option<&Key>) -> Created {
    Created {
        version: VERSION,
        log,
        part,
        key: key.map(Key::id),
    }
}

fn now(options: &AuditOptions) -> Result<Moment, AuditFault> {
    Ok(Moment::try_from(options.clock.now())?)
}

fn rendered<T>(path: &Path, line: Result<T, serde_json::Error>) -> Result<T, AuditFault> {
    line.map_err(|error| AuditFault::of(path, "written", error.into()))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::audit::PipelineVersion;
    use crate::audit::hash::Digest;

    #[test]
    fn no_more_requests_are_under_way_than_a_verifier_keeps_in_mind() {
        let folder = tempfile::tempdir().unwrap();
        let options = AuditOptions {
            key: None,
            part_bytes_max: PART_BYTES_MIN,
            clock: Box::new(|| UNIX_EPOCH),
        };
        let mut log = Log::create(&folder.path().join("a"), LogId::from([0; 16]), options).unwrap();
        let question = Question {
            request: 1.into(),
            caller: "a".parse().unwrap(),
            pipeline: PipelineVersion {
                name: "a".parse().unwrap(),
                digest: Digest::of(b""),
            },
            models: Vec::new(),
            patient: None,
            input: None,
        };
        log.open = (10..9 + OPEN_MAX as u64).collect();
        let asked = log.ask(&question).unwrap();
        let found = log.ask(&question);
        assert!(
            matches!(found, Err(AuditFault::TooManyOpen { open_max: OPEN_MAX })),
            "{found:?}"
        );
        log.end(asked.sequence, 1.into(), Outcome::answered()).unwrap();
        log.ask(&question).unwrap();
    }
}
