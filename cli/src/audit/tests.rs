//! The log as a program uses it. What a crash leaves is in `tests/crash.rs`.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use super::*;

mod crash;
mod parts;

const ID: [u8; 16] = [7; 16];
const CREATED_SECONDS: u64 = 1_936_773_000;
const OPENED_SECONDS: u64 = CREATED_SECONDS + 86_400;

/// A folder with the name of a log in it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        // In memory where that is offered: a disk takes milliseconds for each line.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.unwrap();
        Place { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn create(&self) -> Audit {
        Audit::create(&self.path(), LogId::from(ID), options()).unwrap()
    }

    fn open(&self) -> Result<Audit, AuditFault> {
        Audit::open(&self.path(), options_from(OPENED_SECONDS))
    }

    fn verdict(&self) -> Verdict {
        verify(&super::parts(&self.path()).unwrap(), check()).unwrap()
    }

    fn events(&self) -> Vec<Event> {
        let bytes = fs::read(self.path()).unwrap();
        entries(&bytes[..])
            .map(|entry| entry.unwrap().unwrap().event)
            .collect()
    }
}

/// Options whose clock starts at 2031-05-17T08:30:00Z, for a new log.
fn options() -> AuditOptions {
    options_from(CREATED_SECONDS)
}

/// A clock that goes on by a second each time it is looked at.
fn options_from(seconds: u64) -> AuditOptions {
    let seconds = AtomicU64::new(seconds);
    AuditOptions {
        key: None,
        part_bytes_max: 1 << 20,
        clock: Box::new(move || UNIX_EPOCH + Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed))),
    }
}

fn check() -> Check {
    Check {
        key: None,
        after: None,
        anchor: None,
        listed_max: 100,
    }
}

fn question(request: u64) -> Question {
    Question {
        request: request.into(),
        caller: "night".parse().unwrap(),
        pipeline: PipelineVersion {
            name: "letters".parse().unwrap(),
            digest: Digest::of(b"pipeline"),
        },
        models: Vec::new(),
        patient: None,
        input: None,
    }
}

fn model(name: &str, version: u32) -> ModelVersion {
    ModelVersion {
        name: name.parse().unwrap(),
        version: version.try_into().unwrap(),
        digest: Digest::of(b"weights"),
    }
}

/// The log of the vectors: two requests, the second of which ends first.
fn vector(path: &Path, key: Option<Key>) -> Anchor {
    let pseudonyms = vector_key();
    let audit = Audit::create(path, LogId::from(ID), AuditOptions { key, ..options() }).unwrap();
    let first = audit.begin(&Question {
        caller: "ward-3.nurse".parse().unwrap(),
        models: vec![model("snips", 1), model("phones", 12)],
        patient: Some(pseudonyms.patient("0017")),
        input: Some(pseudonyms.input(b"the letter")),
        ..question(1)
    });
    let second = audit.begin(&Question {
        request: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6".parse().unwrap(),
        ..question(0)
    });
    let code = "MT0416".parse().unwrap();
    second.unwrap().end(Outcome::failed(Some(code))).unwrap();
    first.unwrap().end(Outcome::answered()).unwrap()
}

fn vector_key() -> Key {
    Key::from_bytes(&(0..32).collect::<Vec<u8>>()).unwrap()
}

/// The files were written by a script in Python from the page on the format, with the modules `hashlib` and `hmac`.
#[test]
fn a_log_is_byte_for_byte_the_one_that_another_program_wrote() {
    let place = Place::new();
    vector(&place.path(), None);
    assert_eq!(
        fs::read_to_string(place.path()).unwrap(),
        include_str!("vector.jsonl")
    );
    let place = Place::new();
    vector(&place.path(), Some(vector_key()));
    assert_eq!(
        fs::read_to_string(place.path()).unwrap(),
        include_str!("vector-keyed.jsonl")
    );
}

/// Runs the verifier that was written from the page on the format; none where there is no Python.
fn by_script(arguments: &[&str]) -> Option<(bool, String)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/audit/verify.py");
    let output = Command::new("python3")
        .arg(script)
        .args(arguments)
        .output()
        .ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8(said).unwrap().trim().to_owned(),
    ))
}

#[test]
fn another_program_verifies_a_log() {
    let place = Place::new();
    let (keyed, key) = (place.file("keyed.jsonl"), place.file("key"));
    let head = vector(&place.path(), None);
    let keyed_head = vector(&keyed, Some(vector_key()));
    fs::write(&key, (0..32).collect::<Vec<u8>>()).unwrap();
    let (path, keyed, key) = (
        place.path(),
        keyed.display().to_string(),
        key.display().to_string(),
    );
    let Some(found) = by_script(&["--anchor", &head.to_string(), path.to_str().unwrap()]) else {
        println!("skipped another_program_verifies_a_log: there is no python3");
        return;
    };
    assert_eq!(found, (true, head.to_string()));
    assert_eq!(
        by_script(&["--key", &key, &keyed]),
        Some((true, keyed_head.to_string()))
    );
    assert!(!by_script(&[&keyed]).unwrap().0, "without the key");
    let changed = fs::read_to_string(&path).unwrap().replace("night", "light");
    fs::write(&path, changed).unwrap();
    let (is_sound, said) = by_script(&[path.to_str().unwrap()]).unwrap();
    assert!(!is_sound && said.contains("the line was changed"), "{said}");
}

#[test]
fn a_new_log_is_for_its_owner_alone() {
    let place = Place::new();
    let _audit = place.create();
    let mode = fs::metadata(place.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_request_is_on_disk_before_it_runs_and_its_end_before_the_answer() {
    let place = Place::new();
    let audit = place.create();
    let pending = audit.begin(&question(1)).unwrap();
    assert!(matches!(place.events().last(), Some(Event::Asked(asked)) if *asked == question(1)));
    assert_eq!(audit.head().unwrap(), pending.asked());
    assert_eq!(pending.release("answer", Outcome::answered()).unwrap(), "answer");
    let events = place.events();
    assert!(matches!(events.last(), Some(Event::Ended(end)) if end.outcome == Outcome::answered()));
    assert_eq!(place.verdict().head, Some(audit.head().unwrap()));
}

#[test]
fn every_way_to_end_reads_back_as_itself() {
    let place = Place::new();
    let audit = place.create();
    let code: Code = "MT0410".parse().unwrap();
    let outcomes = [
        Outcome::answered(),
        Outcome::partly(None),
        Outcome::refused(Some(code.clone())),
        Outcome::failed(Some(code)),
    ];
    for outcome in outcomes {
        audit.begin(&question(1)).unwrap().end(outcome.clone()).unwrap();
        assert!(matches!(place.events().pop(), Some(Event::Ended(end)) if end.outcome == outcome));
    }
    let verdict = place.verdict();
    assert!(verdict.is_sound() && verdict.warnings.is_empty(), "{verdict:?}");
}

#[test]
fn a_request_that_is_left_or_panics_is_abandoned() {
    let place = Place::new();
    let audit = place.create();
    drop(audit.begin(&question(1)).unwrap());
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _pending = audit.begin(&question(2)).unwrap();
        panic!("a node of the pipeline");
    }));
    assert!(caught.is_err());
    let is_abandoned =
        |event: &Event| matches!(event, Event::Ended(end) if end.outcome.ending() == Ending::Abandoned);
    assert_eq!(
        place.events().iter().filter(|event| is_abandoned(event)).count(),
        2
    );
    let verdict = place.verdict();
    assert!(verdict.is_sound() && verdict.warnings.is_empty(), "{verdict:?}");
}

#[test]
fn a_process_that_dies_leaves_a_request_interrupted() {
    let place = Place::new();
    let audit = place.create();
    let pending = audit.begin(&question(5)).unwrap();
    let sequence = pending.asked().sequence;
    // What a process that is killed leaves: neither an end nor an abandonment.
    let bytes = fs::read(place.path()).unwrap();
    drop(pending);
    drop(audit);
    fs::write(place.path(), bytes).unwrap();
    drop(place.open().unwrap());
    let request = 5.into();
    assert_eq!(
        place.verdict().warnings,
        [Warning::Interrupted { sequence, request }]
    );
    assert!(place.verdict().is_sound());
}

#[test]
fn a_log_in_use_is_refused_to_others() {
    let place = Place::new();
    let audit = place.create();
    let clone = audit.clone();
    drop(audit);
    assert!(matches!(place.open(), Err(AuditFault::Busy { .. })));
    assert!(matches!(
        recover(&place.path(), options()),
        Err(AuditFault::Busy { .. })
    ));
    drop(clone);
    place.open().unwrap();
}

#[test]
fn a_log_is_let_go_of_although_a_process_that_is_being_started_shares_the_file() {
    let place = Place::new();
    let audit = place.create();
    let shared = audit.log.lock().unwrap().part_mut().shared();
    drop(audit);
    drop(place.open().unwrap());
    drop(shared);
}

#[test]
fn a_log_is_neither_made_twice_nor_silently_anew() {
    let place = Place::new();
    assert!(matches!(place.open(), Err(AuditFault::Missing { .. })));
    drop(place.create());
    let again = Audit::create(&place.path(), LogId::from(ID), options());
    assert!(matches!(again, Err(AuditFault::Exists { .. })));
    let nowhere = Audit::create(&place.file("none/audit.jsonl"), LogId::from(ID), options());
    assert!(matches!(nowhere, Err(AuditFault::NoFolder { .. })));
    let nameless = Audit::create(Path::new("/"), LogId::from(ID), options());
    assert!(matches!(nameless, Err(AuditFault::Missing { .. })));
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let place = Place::new();
    drop(place.create());
    let link = place.file("link.jsonl");
    symlink(place.path(), &link).unwrap();
    let dangling = place.file("dangling.jsonl");
    symlink(place.file("none"), &dangling).unwrap();
    let pipe = place.file("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&link, &dangling, &pipe, &place.file(""), Path::new("/dev/full")] {
        let found = Audit::open(path, options());
        assert!(
            matches!(found, Err(AuditFault::NotRegular { .. })),
            "{path:?}: {found:?}"
        );
    }
    let made = Audit::create(&dangling, LogId::from(ID), options());
    assert!(matches!(made, Err(AuditFault::Exists { .. })));
    assert!(!place.file("none").exists());
}

#[test]
fn a_link_in_the_place_of_the_draft_is_not_followed() {
    let place = Place::new();
    symlink(place.file("elsewhere"), place.file("audit.jsonl.new")).unwrap();
    let made = Audit::create(&place.path(), LogId::from(ID), options());
    assert!(matches!(made, Err(AuditFault::NotRegular { .. })), "{made:?}");
    assert!(!place.file("elsewhere").exists());
}

#[test]
fn a_log_that_others_may_write_is_refused() {
    let place = Place::new();
    drop(place.create());
    for (mode, is_refused) in [(0o620, true), (0o602, true), (0o640, false), (0o644, false)] {
        fs::set_permissions(place.path(), fs::Permissions::from_mode(mode)).unwrap();
        let found = place.open();
        let is_exposed = matches!(found, Err(AuditFault::Exposed { mode: of, .. }) if of == mode);
        assert_eq!(is_exposed, is_refused, "{mode:o}: {found:?}");
    }
}

#[test]
fn a_log_is_gone_on_with_by_its_own_key_alone() {
    let check = |made: Option<Key>, opened: Option<Key>, expected: Option<Wrong>| {
        let place = Place::new();
        vector(&place.path(), made);
        let later = options_from(OPENED_SECONDS);
        let found = Audit::open(&place.path(), AuditOptions { key: opened, ..later });
        let wrong = match found {
            Ok(_) => None,
            Err(AuditFault::Unsound(finding)) => Some(finding.wrong),
            Err(fault) => panic!("{fault:?}"),
        };
        assert_eq!(wrong, expected);
    };
    let key = || Some(vector_key());
    let other = Key::from_bytes(&[9; 32]).unwrap();
    let (expected, found) = (vector_key().id(), other.id());
    check(key(), key(), None);
    check(key(), None, Some(Wrong::KeyNeeded { key: expected }));
    check(key(), Some(other), Some(Wrong::OtherKey { expected, found }));
    check(None, key(), Some(Wrong::NotKeyed));
}

/// Tampers with a log between the beginning and the end of a request; the answer must not get out, and nothing after it.
fn check_between(tamper: impl Fn(&Place), expected: impl Fn(&AuditFault) -> bool) {
    let place = Place::new();
    let audit = place.create();
    let pending = audit.begin(&question(1)).unwrap();
    tamper(&place);
    let found = pending.release("answer", Outcome::answered()).unwrap_err();
    assert!(expected(&found), "{found:?}");
    let found = audit.begin(&question(2)).unwrap_err();
    assert!(matches!(found, AuditFault::Broken { .. }), "{found:?}");
}

#[test]
fn a_log_that_is_tampered_with_in_use_gives_no_answer() {
    let is_replaced = |fault: &AuditFault| matches!(fault, AuditFault::Replaced { .. });
    let is_length = |fault: &AuditFault| matches!(fault, AuditFault::Length { .. });
    check_between(|place| fs::remove_file(place.path()).unwrap(), is_replaced);
    check_between(
        |place| fs::rename(place.path(), place.file("moved")).unwrap(),
        is_replaced,
    );
    check_between(
        |place| {
            fs::copy(place.path(), place.file("copy")).unwrap();
            fs::rename(place.file("copy"), place.path()).unwrap();
        },
        is_replaced,
    );
    check_between(
        |place| {
            fs::rename(place.path(), place.file("moved")).unwrap();
            symlink(place.file("moved"), place.path()).unwrap();
        },
        is_replaced,
    );
    let open = |place: &Place| OpenOptions::new().append(true).open(place.path()).unwrap();
    check_between(|place| open(place).set_len(100).unwrap(), is_length);
    check_between(|place| open(place).set_len(0).unwrap(), is_length);
    check_between(|place| open(place).write_all(b"{}\n").unwrap(), is_length);
}

/// The handle of the log becomes one for another file, as the disk under it may change.
fn divert(audit: &Audit, file: File) {
    audit.log.lock().unwrap().part_mut().divert(file);
}

#[test]
fn a_full_disk_refuses_the_request_and_the_answer() {
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let place = Place::new();
    let audit = place.create();
    let pending = audit.begin(&question(1)).unwrap();
    divert(&audit, full());
    let found = pending.release("answer", Outcome::answered()).unwrap_err();
    assert!(matches!(found, AuditFault::Full { .. }), "{found:?}");
    drop(audit);
    let audit = place.open().unwrap();
    divert(&audit, full());
    let found = audit.begin(&question(2)).unwrap_err();
    assert!(matches!(found, AuditFault::Full { .. }), "{found:?}");
    assert!(matches!(
        audit.begin(&question(3)),
        Err(AuditFault::Broken { .. })
    ));
    drop(audit);
    let verdict = place.verdict();
    assert!(verdict.is_sound(), "{verdict:?}");
    assert!(
        matches!(verdict.warnings[..], [Warning::Interrupted { .. }]),
        "{verdict:?}"
    );
}

#[test]
fn a_disk_that_became_read_only_refuses_the_request() {
    let place = Place::new();
    let audit = place.create();
    divert(&audit, File::open(place.path()).unwrap());
    let found = audit.begin(&question(1)).unwrap_err();
    assert!(
        matches!(found, AuditFault::Refused { doing: "written", .. }),
        "{found:?}"
    );
    assert!(place.verdict().is_sound());
}

#[test]
fn a_request_that_cannot_be_noted_is_refused_and_the_next_one_is_not() {
    let place = Place::new();
    let audit = place.create();
    let many = Question {
        models: vec![model("m", 1); MODELS_MAX + 1],
        ..question(1)
    };
    let found = audit.begin(&many).unwrap_err();
    assert!(
        matches!(found, AuditFault::TooManyModels { found: 65, .. }),
        "{found:?}"
    );
    let most = Question {
        request: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6".parse().unwrap(),
        caller: "x".repeat(64).parse().unwrap(),
        models: vec![model(&"y".repeat(64), u32::MAX); MODELS_MAX],
        patient: Some(vector_key().patient("1")),
        input: Some(vector_key().input(b"1")),
        ..question(1)
    };
    audit.begin(&most).unwrap().end(Outcome::answered()).unwrap();
    assert!(place.verdict().is_sound());
}

#[test]
fn a_clock_that_shows_no_time_stops_requests_until_it_shows_one() {
    let place = Place::new();
    let looks = AtomicU64::new(0);
    let clock = move || match looks.fetch_add(1, Ordering::Relaxed) {
        3 => UNIX_EPOCH - Duration::from_secs(1),
        _ => UNIX_EPOCH,
    };
    let with_clock = AuditOptions {
        clock: Box::new(clock),
        ..options()
    };
    let audit = Audit::create(&place.path(), LogId::from(ID), with_clock).unwrap();
    let pending = audit.begin(&question(1)).unwrap();
    let found = pending.end(Outcome::answered()).unwrap_err();
    assert!(
        matches!(found, AuditFault::Clock(MomentFault::Range)),
        "{found:?}"
    );
    let last = place.events().pop();
    let is_abandoned = matches!(&last, Some(Event::Ended(end)) if end.outcome.ending() == Ending::Abandoned);
    assert!(is_abandoned, "no answer was given, and the log says so: {last:?}");
}

#[test]
fn threads_take_turns() {
    let place = Place::new();
    let audit = place.create();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let audit = &audit;
            scope.spawn(move || {
                for count in 0..20 {
                    let pending = audit.begin(&question(thread * 100 + count)).unwrap();
                    std::thread::yield_now();
                    pending.end(Outcome::answered()).unwrap();
                }
            });
        }
    });
    let verdict = place.verdict();
    assert!(verdict.is_sound() && verdict.warnings.is_empty(), "{verdict:?}");
    assert_eq!(verdict.entry_count, 2 + 8 * 20 * 2);
}

#[test]
fn a_log_that_failed_in_a_panic_is_not_gone_on_with() {
    let place = Place::new();
    let looks = AtomicU64::new(0);
    let clock = move || {
        assert_ne!(looks.fetch_add(1, Ordering::Relaxed), 2, "the clock fails");
        UNIX_EPOCH
    };
    let with_clock = AuditOptions {
        clock: Box::new(clock),
        ..options()
    };
    let audit = Audit::create(&place.path(), LogId::from(ID), with_clock).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| audit.begin(&question(1)).map(drop)));
    assert!(caught.is_err());
    assert!(matches!(
        audit.begin(&question(2)),
        Err(AuditFault::Broken { .. })
    ));
}
