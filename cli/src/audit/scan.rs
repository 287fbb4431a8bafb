//! Reads the newest part of a log before it is gone on with: it must be sound, but for a torn line at its end.

use std::io::BufReader;
use std::num::NonZeroU32;

use super::entry::{Anchor, Event};
use super::fault::AuditFault;
use super::hash::{Key, LogId};
use super::part::Part;
use super::read::{Lines, Tail, entries};
use super::verify::{Check, Finding, Place, Verifier, Wrong};

/// What the newest part holds.
#[derive(Debug)]
pub(super) struct Scan {
    /// Which log.
    pub(super) id: LogId,
    /// The last whole line.
    pub(super) head: Anchor,
    /// Bytes up to its end.
    pub(super) sound_bytes: u64,
    /// What stands behind it.
    pub(super) tail: Vec<u8>,
    /// The number that the next recovery of this part has.
    pub(super) torn_next: NonZeroU32,
    /// Whether the part has ended.
    pub(super) is_closed: bool,
}

/// Reads a part that should have this number.
pub(super) fn scan(part: &Part, number: NonZeroU32, key: Option<Key>) -> Result<Scan, AuditFault> {
    let path = part.path();
    let failed = |error| AuditFault::of(path, "read", error);
    let mut verifier = Verifier::new(Check {
        key,
        after: before_first(part)?,
        anchor: None,
        listed_max: 1,
    });
    verifier.begin_part(path);
    let mut lines = Lines::new(BufReader::new(part.reader()?));
    let (mut sound_bytes, mut tail) = (0, Vec::new());
    while let Some((line, how, bytes)) = lines.next().map_err(failed)? {
        // No crash leaves half of a first line, nor anything behind the last one of a part.
        let may_be_torn = verifier.place().is_some_and(|place| !place.is_closed);
        if how == Tail::Torn && may_be_torn {
            tail = line.to_vec();
            // A line feed that reached the disk without the line before it.
            tail.resize(usize::try_from(bytes).unwrap_or(tail.len()), b'\n');
        } else if verifier.line(line, how) {
            sound_bytes += bytes;
        } else {
            break;
        }
    }
    verifier.end_part();
    let place = verifier.place();
    let verdict = verifier.finish();
    if let Some(finding) = verdict.findings.into_iter().next() {
        return Err(AuditFault::Unsound(Box::new(finding)));
    }
    match (place, verdict.head) {
        (Some(place), Some(head)) if place.part == number => Ok(Scan {
            id: place.log,
            head,
            sound_bytes,
            tail,
            torn_next: place
                .torn_last
                .map_or(Some(NonZeroU32::MIN), |last| last.checked_add(1))
                .ok_or(AuditFault::Exhausted)?,
            is_closed: place.is_closed,
        }),
        (place, _) => Err(misnamed(part, number, place)),
    }
}

/// The line that the first line of a part names as the one before it; none for the first part.
fn before_first(part: &Part) -> Result<Option<Anchor>, AuditFault> {
    let first = entries(BufReader::new(part.reader()?)).next();
    let first = first.transpose();
    let first = first.map_err(|error| AuditFault::of(part.path(), "read", error))?;
    Ok(first.and_then(Result::ok).and_then(|entry| match &entry.event {
        Event::Created(created) if created.part > NonZeroU32::MIN => Some(Anchor {
            sequence: entry.sequence.checked_sub(1)?,
            hash: entry.previous,
        }),
        Event::Created(_)
        | Event::Opened
        | Event::Asked(_)
        | Event::Ended(_)
        | Event::Recovered(_)
        | Event::Closed => None,
    }))
}

/// The fault of a part whose name says that it is another one.
fn misnamed(part: &Part, number: NonZeroU32, place: Option<Place>) -> AuditFault {
    AuditFault::Unsound(Box::new(Finding {
        part: part.path().to_path_buf(),
        line: 1,
        sequence: None,
        wrong: Wrong::PartOrder {
            expected: number.get(),
            found: place.map_or(0, |place| place.part.get()),
        },
    }))
}
