//! Verifies that a log is what was written.
//!
//! Every line is read once, in order, in bounded memory. Found are: a changed byte, a line that is missing, stands
//! twice, in another place or was put in, a part of another log, a request that ends without having begun. What can be
//! found of a whole log written anew, and of lines cut from its end, depends on what the verifier has: see the threat
//! model of [`super`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::entry::{Anchor, Created, Entry, Event, OPEN_MAX};
use super::hash::{Chain, Hash, Key, LogId};
use super::line::{LineFault, hash_of, parse};
use super::moment::Moment;
use super::name::RequestId;
use super::read::{Lines, Tail};

mod finding;

pub use finding::{Finding, Warning, Wrong};

/// What a log is compared with.
#[derive(Clone, Debug)]
pub struct Check {
    /// The key of the log; none only for a log without one.
    pub key: Option<Key>,
    /// The last line of the parts that are not given, because they are kept elsewhere; none for a whole log.
    pub after: Option<Anchor>,
    /// A line that must be there, as noted earlier.
    pub anchor: Option<Anchor>,
    /// Most findings, and most warnings, that are listed. All are counted.
    pub listed_max: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// What is wrong, in the order of the lines.
    pub findings: Vec<Finding>,
    /// How much is wrong, listed or not.
    pub finding_count: u64,
    /// What is worth a look.
    pub warnings: Vec<Warning>,
    /// How much is worth a look, listed or not.
    pub warning_count: u64,
    /// How many lines are entries.
    pub entry_count: u64,
    /// The last line: the anchor to keep elsewhere when nothing is wrong.
    pub head: Option<Anchor>,
}

impl Verdict {
    /// True when nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.finding_count == 0
    }
}

/// Verifies the parts of a log, given in their order; [`super::parts`] lists them.
///
/// # Errors
/// A part that cannot be read, with what the system says.
pub fn verify<P: AsRef<Path>>(parts: &[P], check: Check) -> Result<Verdict, (PathBuf, io::Error)> {
    let mut verifier = Verifier::new(check);
    for part in parts {
        let path = part.as_ref();
        let read = File::open(path).and_then(|file| verifier.part(path, BufReader::new(file)));
        read.map_err(|error| (path.to_path_buf(), error))?;
    }
    Ok(verifier.finish())
}

/// Where a verification has come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Which log.
    pub(super) log: LogId,
    /// Which part.
    pub(super) part: NonZeroU32,
    /// The number of the last recovery in this part.
    pub(super) torn_last: Option<NonZeroU32>,
    /// Whether the part has ended.
    pub(super) is_closed: bool,
}

/// A verification in progress.
pub struct Verifier {
    check: Check,
    /// None where the key is not there that hashes are computed with.
    chain: Option<Chain>,
    log: Option<LogId>,
    part_number: Option<NonZeroU32>,
    torn_last: Option<NonZeroU32>,
    /// Sequence number and hash that the next line must name; a hash is not known behind a line that is no entry.
    due: Option<(u64, Option<Hash>)>,
    is_closed: bool,
    is_anchor_met: bool,
    time: Option<Moment>,
    open: BTreeMap<u64, RequestId>,
    part: PathBuf,
    line: u64,
    verdict: Verdict,
}

impl Verifier {
    /// One that has read nothing.
    pub fn new(check: Check) -> Verifier {
        let due = check
            .after
            .map(|after| (after.sequence.saturating_add(1), Some(after.hash)));
        Verifier {
            is_anchor_met: check.anchor.is_none_or(|anchor| Some(anchor) == check.after),
            chain: Some(Chain::of(check.key.as_ref())),
            check,
            log: None,
            part_number: None,
            torn_last: None,
            due,
            is_closed: false,
            time: None,
            open: BTreeMap::new(),
            part: PathBuf::new(),
            line: 0,
            verdict: Verdict::default(),
        }
    }

    /// Reads the next part.
    ///
    /// # Errors
    /// What the system says when it cannot be read.
    pub fn part(&mut self, name: &Path, reader: impl BufRead) -> io::Result<()> {
        self.begin_part(name);
        let mut lines = Lines::new(reader);
        while let Some((line, tail, _)) = lines.next()? {
            if !self.line(line, tail) {
                break;
            }
        }
        self.end_part();
        Ok(())
    }

    pub(super) fn begin_part(&mut self, name: &Path) {
        if self.part_number.is_some() && !self.is_closed {
            self.find(None, Wrong::NotClosed);
        }
        name.clone_into(&mut self.part);
        self.line = 0;
        self.torn_last = None;
        self.is_closed = false;
    }

    /// Judges the next line of a part; false where the rest of the part cannot be judged.
    pub(super) fn line(&mut self, line: &[u8], tail: Tail) -> bool {
        self.line += 1;
        let read = match tail {
            Tail::Whole => parse(line),
            Tail::Torn => Err(LineFault::Torn),
            Tail::TooLong => Err(LineFault::TooLong),
        };
        match read {
            Ok(entry) => {
                self.entry(&entry, line);
                true
            }
            Err(fault) => {
                self.unreadable(fault);
                !matches!(fault, LineFault::Version { .. })
            }
        }
    }

    pub(super) fn end_part(&mut self) {
        if self.line == 0 {
            self.find(None, Wrong::Empty);
        }
    }

    /// Where reading has come to; none before the first line of a part.
    pub(super) fn place(&self) -> Option<Place> {
        Some(Place {
            log: self.log?,
            part: self.part_number?,
            torn_last: self.torn_last,
            is_closed: self.is_closed,
        })
    }

    /// What was found in all parts.
    pub fn finish(mut self) -> Verdict {
        if let Some(anchor) = self.check.anchor.filter(|_| !self.is_anchor_met) {
            let head = self.verdict.head.map(|head| head.sequence);
            self.find(None, Wrong::BeforeAnchor { anchor, head });
        }
        if self.part.as_os_str().is_empty() {
            self.find(None, Wrong::Empty);
        }
        self.interrupt();
        self.verdict
    }

    fn unreadable(&mut self, fault: LineFault) {
        self.find(None, Wrong::Line(fault));
        // It is taken for the line that is due, so that the next one is judged by its number.
        self.due = Some((
            self.due.map_or(1, |(sequence, _)| sequence.saturating_add(1)),
            None,
        ));
    }

    fn entry(&mut self, entry: &Entry, line: &[u8]) {
        self.verdict.entry_count += 1;
        match (&entry.event, self.line) {
            (Event::Created(created), 1) => self.header(created, entry),
            (Event::Created(_), _) => self.find(Some(entry), Wrong::HeaderInside),
            (_, 1) => self.find(Some(entry), Wrong::NoHeader),
            (_, _) => {}
        }
        if self.is_closed {
            self.find(Some(entry), Wrong::AfterClosed);
        }
        let hash = self.chain.as_ref().and_then(|chain| hash_of(line, chain));
        if hash.is_some_and(|hash| hash != entry.hash) {
            self.find(Some(entry), Wrong::Changed);
        }
        if self.link(entry) {
            self.follow(entry);
        }
    }

    /// The first line of a part: says how lines are hashed, and which log and part this is.
    fn header(&mut self, created: &Created, entry: &Entry) {
        let given = self.check.key.as_ref().map(Key::id);
        self.chain = match (created.key, given) {
            (Some(expected), Some(found)) if expected != found => {
                self.find(Some(entry), Wrong::OtherKey { expected, found });
                None
            }
            (Some(key), None) => {
                self.find(Some(entry), Wrong::KeyNeeded { key });
                None
            }
            (None, Some(_)) => {
                self.find(Some(entry), Wrong::NotKeyed);
                Some(Chain::Plain)
            }
            (Some(_), Some(_)) | (None, None) => Some(Chain::of(self.check.key.as_ref())),
        };
        let found = created.log;
        match self.log {
            Some(expected) if expected != found => {
                self.find(Some(entry), Wrong::OtherLog { expected, found })
            }
            Some(_) | None => self.log = Some(found),
        }
        let found = created.part.get();
        let expected = self
            .part_number
            .map_or(1, |number| number.get().saturating_add(1));
        let may_be_any = self.part_number.is_none() && self.check.after.is_some();
        if self.due.is_none() && found > 1 {
            let first = entry.sequence;
            self.find(Some(entry), Wrong::Headless { first });
            self.due = Some((entry.sequence, Some(entry.previous)));
        } else if found != expected && !may_be_any {
            self.find(Some(entry), Wrong::PartOrder { expected, found });
        }
        self.part_number = Some(created.part);
    }

    /// Compares number and predecessor with those that are due. False for a line that does not belong here, after
    /// which the same line is due as before.
    fn link(&mut self, entry: &Entry) -> bool {
        let (expected, previous) = self.due.unwrap_or((0, Some(Hash::NONE)));
        if entry.sequence < expected {
            self.find(Some(entry), Wrong::Misplaced { expected });
            return false;
        }
        if entry.sequence > expected {
            let (first, last) = (expected, entry.sequence - 1);
            self.find(Some(entry), Wrong::Missing { first, last });
        } else if let Some(found) = previous.filter(|previous| *previous != entry.previous) {
            let expected = entry.previous;
            self.find(Some(entry), Wrong::Unlinked { expected, found });
        }
        true
    }

    /// Takes the line as the last of the log so far.
    fn follow(&mut self, entry: &Entry) {
        self.due = Some((entry.sequence.saturating_add(1), Some(entry.hash)));
        self.verdict.head = Some(Anchor::from(entry));
        if let Some(anchor) = self
            .check
            .anchor
            .filter(|anchor| anchor.sequence == entry.sequence)
        {
            self.is_anchor_met = true;
            let found = entry.hash;
            if anchor.hash != found {
                self.find(Some(entry), Wrong::OtherThanAnchor { anchor, found });
            }
        }
        let sequence = entry.sequence;
        if self
            .time
            .replace(entry.time)
            .is_some_and(|before| entry.time < before)
        {
            self.warn(Warning::TimeWentBack { sequence });
        }
        match &entry.event {
            Event::Created(_) => {}
            Event::Opened => self.interrupt(),
            Event::Asked(question) => {
                self.open.insert(sequence, question.request.clone());
                if self.open.len() > OPEN_MAX {
                    self.open.pop_first();
                    self.find(Some(entry), Wrong::TooManyOpen { open_max: OPEN_MAX });
                }
            }
            Event::Ended(end) => {
                // What began in a part that is not given cannot be looked up.
                let is_elsewhere = self.check.after.is_some_and(|after| end.asked <= after.sequence);
                if !is_elsewhere && self.open.remove(&end.asked).as_ref() != Some(&end.request) {
                    let (asked, request) = (end.asked, end.request.clone());
                    self.find(Some(entry), Wrong::EndOfNothing { asked, request });
                }
            }
            Event::Recovered(recovered) => {
                let bytes = recovered.bytes;
                self.torn_last = self.torn_last.max(Some(recovered.torn));
                self.warn(Warning::Recovered { sequence, bytes });
            }
            Event::Closed => self.is_closed = true,
        }
    }

    /// Requests that have no end by now have none.
    fn interrupt(&mut self) {
        for (sequence, request) in std::mem::take(&mut self.open) {
            self.warn(Warning::Interrupted { sequence, request });
        }
    }

    fn find(&mut self, entry: Option<&Entry>, wrong: Wrong) {
        self.verdict.finding_count += 1;
        if self.verdict.findings.len() < self.check.listed_max {
            self.verdict.findings.push(Finding {
                part: self.part.clone(),
                line: self.line,
                sequence: entry.map(|entry| entry.sequence),
                wrong,
            });
        }
    }

    fn warn(&mut self, warning: Warning) {
        self.verdict.warning_count += 1;
        if self.verdict.warnings.len() < self.check.listed_max {
            self.verdict.warnings.push(warning);
        }
    }
}

#[cfg(test)]
mod tests;
