//! Logs of several parts.

use super::*;

const SMALL: u64 = PART_BYTES_MIN;

fn small() -> AuditOptions {
    AuditOptions {
        part_bytes_max: SMALL,
        ..options()
    }
}

/// Answers requests until the log has this many parts.
fn grow(audit: &Audit, place: &Place, part_count: usize) {
    while super::super::parts(&place.path()).unwrap().len() < part_count {
        let large = Question {
            models: vec![model("m", 1); 40],
            ..question(1)
        };
        audit.begin(&large).unwrap().end(Outcome::answered()).unwrap();
    }
}

fn names(place: &Place) -> Vec<PathBuf> {
    super::super::parts(&place.path()).unwrap()
}

#[test]
fn a_full_part_is_followed_by_another() {
    let place = Place::new();
    let audit = Audit::create(&place.path(), LogId::from(ID), small()).unwrap();
    let pending = audit.begin(&question(9)).unwrap();
    grow(&audit, &place, 4);
    pending.end(Outcome::answered()).unwrap();
    for part in names(&place) {
        let bytes = fs::metadata(&part).unwrap().len();
        assert!(bytes <= SMALL, "{part:?} has {bytes} bytes");
    }
    let verdict = place.verdict();
    assert!(verdict.is_sound() && verdict.warnings.is_empty(), "{verdict:?}");
    assert_eq!(verdict.head, Some(audit.head().unwrap()));
}

#[test]
fn a_log_of_several_parts_is_gone_on_with() {
    let place = Place::new();
    let audit = Audit::create(&place.path(), LogId::from(ID), small()).unwrap();
    grow(&audit, &place, 2);
    assert!(matches!(place.open(), Err(AuditFault::Busy { .. })));
    drop(audit);
    // Earlier parts may be kept elsewhere, as long as one knows where they ended.
    let first = place.file("kept.jsonl");
    fs::rename(place.path(), &first).unwrap();
    let audit = place.open().unwrap();
    audit
        .begin(&question(1))
        .unwrap()
        .end(Outcome::answered())
        .unwrap();
    let all = verify(&[first.clone(), place.file("audit.jsonl.2")], check()).unwrap();
    assert!(all.is_sound(), "{all:?}");
    let before = verify(&[first], check()).unwrap();
    let after = Check {
        after: before.head,
        ..check()
    };
    let rest = verify(&names(&place), after).unwrap();
    assert!(rest.is_sound(), "{rest:?}");
    assert_eq!(rest.head, all.head);
    let rest = verify(&names(&place), check()).unwrap();
    assert!(
        matches!(rest.findings[0].wrong, Wrong::Headless { .. }),
        "{rest:?}"
    );
}

#[test]
fn a_log_that_ended_a_part_and_began_none_begins_one() {
    let place = Place::new();
    let audit = Audit::create(&place.path(), LogId::from(ID), small()).unwrap();
    grow(&audit, &place, 2);
    drop(audit);
    let second = place.file("audit.jsonl.2");
    let bytes = fs::read(&second).unwrap();
    // The power went: the second part has no name yet, or is a draft.
    fs::rename(&second, place.file("audit.jsonl.2.new")).unwrap();
    drop(place.open().unwrap());
    let verdict = place.verdict();
    assert!(verdict.is_sound(), "{verdict:?}");
    assert_ne!(fs::read(&second).unwrap(), bytes);
    assert!(!place.file("audit.jsonl.2.new").exists());
}

#[test]
fn a_part_that_another_process_is_making_is_left_to_it() {
    let place = Place::new();
    let draft = File::create(place.file("audit.jsonl.new")).unwrap();
    draft.lock().unwrap();
    let found = Audit::create(&place.path(), LogId::from(ID), options());
    assert!(matches!(found, Err(AuditFault::Busy { .. })), "{found:?}");
    assert!(place.file("audit.jsonl.new").exists());
    draft.unlock().unwrap();
    Audit::create(&place.path(), LogId::from(ID), options()).unwrap();
    assert!(!place.file("audit.jsonl.new").exists());
}

#[test]
fn a_part_under_another_name_is_refused() {
    let place = Place::new();
    drop(place.create());
    fs::rename(place.path(), place.file("audit.jsonl.3")).unwrap();
    let Err(AuditFault::Unsound(finding)) = place.open() else {
        panic!("it was opened")
    };
    assert_eq!(
        finding.wrong,
        Wrong::PartOrder {
            expected: 3,
            found: 1
        }
    );
}

#[test]
fn a_part_has_a_size_within_bounds() {
    let place = Place::new();
    for found in [0, PART_BYTES_MIN - 1, PART_BYTES_MAX + 1] {
        let options = AuditOptions {
            part_bytes_max: found,
            ..options()
        };
        let made = Audit::create(&place.path(), LogId::from(ID), options);
        assert!(matches!(made, Err(AuditFault::PartBytes { found: of, .. }) if of == found));
    }
    assert!(names(&place).is_empty());
}
