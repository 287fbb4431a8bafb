//! `motet audit`: logs of who asked what, made, verified, mended, and given out as resources.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use motet::audit::{
    Audit, Check, Entry, Event, Key, LogId, Verdict, entries, parts, recover, to_audit_event, verify,
};
use motet::auditor::{AuditError, audit_options};
use motet::{AuditSettings, Error};
use serde_json::json;

use crate::arguments::{AuditArguments, AuditCommand};
use crate::failure::Failure;
use crate::output::Output;

/// Most findings, and most warnings, that are listed.
const LISTED_MAX: usize = 100;

pub(super) fn run(command: &AuditCommand, output: &mut Output) -> Result<(), Failure> {
    match command {
        AuditCommand::Create { log, key } => {
            let audit = Audit::create(log, random_id()?, audit_options(read_key(key.as_deref())?));
            let head = audit.and_then(|audit| audit.head()).map_err(failure)?;
            output.line(&format!("made {}; its last line is {head}", log.display()))
        }
        AuditCommand::Verify { log, key, anchor } => {
            let check = Check {
                key: read_key(key.as_deref())?,
                after: None,
                anchor: *anchor,
                listed_max: LISTED_MAX,
            };
            let parts = parts(log).map_err(failure)?;
            let verdict = verify(&parts, check).map_err(|(path, error)| {
                Failure::bad(format!("`{}` cannot be read: {error}", path.display()))
            })?;
            told(&verdict, output)
        }
        AuditCommand::Recover { log, key } => {
            let options = audit_options(read_key(key.as_deref())?);
            let recovery = recover(log, options).map_err(failure)?;
            output.line(&format!(
                "moved {} bytes of a line that was cut short to {}; the last line is now {}",
                recovery.bytes,
                recovery.kept_in.display(),
                recovery.head
            ))
        }
        AuditCommand::Events { log } => events(log, output),
    }
}

/// The settings of the command line, where a log is named.
pub(super) fn settings(arguments: &AuditArguments) -> Option<AuditSettings> {
    Some(AuditSettings {
        log: arguments.audit.clone()?,
        key: arguments.audit_key.clone(),
        caller: arguments.caller.clone(),
        patient: arguments.audit_patient.clone(),
    })
}

fn told(verdict: &Verdict, output: &mut Output) -> Result<(), Failure> {
    let head = verdict.head.map(|head| head.to_string());
    if output.is_json() {
        output.json(&json!({
            "sound": verdict.is_sound(),
            "entries": verdict.entry_count,
            "head": head,
            "findings": verdict.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "finding_count": verdict.finding_count,
            "warnings": verdict.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "warning_count": verdict.warning_count,
        }))?;
    } else {
        for finding in &verdict.findings {
            output.line(&format!("wrong: {finding}"))?;
        }
        for warning in &verdict.warnings {
            output.line(&format!("note: {warning}"))?;
        }
        let unlisted = verdict
            .finding_count
            .saturating_sub(verdict.findings.len() as u64);
        if unlisted > 0 {
            output.line(&format!("and {unlisted} more"))?;
        }
        let head = head.as_deref().unwrap_or("none");
        output.line(&match verdict.is_sound() {
            true => format!("sound: {} lines, the last is {head}", verdict.entry_count),
            false => format!("not as it was written: {} findings", verdict.finding_count),
        })?;
    }
    if verdict.is_sound() {
        Ok(())
    } else {
        Err(Failure::No)
    }
}

/// Each request as a resource of its own, a line each.
fn events(log: &Path, output: &mut Output) -> Result<(), Failure> {
    let mut id = None;
    let mut open: BTreeMap<u64, Entry> = BTreeMap::new();
    for path in parts(log).map_err(failure)? {
        let unreadable =
            |error: &dyn std::fmt::Display| Failure::bad(format!("`{}`: {error}", path.display()));
        let file = File::open(&path).map_err(|error| unreadable(&error))?;
        for entry in entries(BufReader::new(file)) {
            let entry = entry
                .map_err(|error| unreadable(&error))?
                .map_err(|fault| unreadable(&fault))?;
            let asked = match &entry.event {
                Event::Created(created) => {
                    id = Some(created.log);
                    None
                }
                Event::Asked(_) => {
                    open.insert(entry.sequence, entry);
                    continue;
                }
                Event::Ended(end) => open.remove(&end.asked),
                Event::Opened | Event::Recovered(_) | Event::Closed => None,
            };
            if let (Some(log), Some(asked)) = (id, asked) {
                event(log, &asked, Some(&entry), output)?;
            }
        }
    }
    for (log, asked) in open.values().filter_map(|asked| Some((id?, asked))) {
        event(log, asked, None, output)?;
    }
    Ok(())
}

fn event(log: LogId, asked: &Entry, ended: Option<&Entry>, output: &mut Output) -> Result<(), Failure> {
    match to_audit_event(log, asked, ended) {
        Some(event) => output.line(&event.to_string()),
        None => Ok(()),
    }
}

fn read_key(path: Option<&Path>) -> Result<Option<Key>, Failure> {
    path.map(Key::read)
        .transpose()
        .map_err(|fault| Failure::from(Error::from(AuditError::from(fault))))
}

fn failure(fault: motet::audit::AuditFault) -> Failure {
    Failure::from(Error::from(AuditError::from(fault)))
}

/// Random bytes of the system.
fn random_id() -> Result<LogId, Failure> {
    let mut random = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(|error| Failure::Internal(format!("the system gives no random bytes: {error}")))?;
    Ok(LogId::from(random))
}
