//! What a crash can leave, and how it is mended.

use super::*;

/// A log with every kind of line but the rare ones, and where its lines end.
fn log(place: &Place) -> (Vec<u8>, Vec<usize>) {
    let audit = place.create();
    let pending = audit.begin(&question(1)).unwrap();
    pending.end(Outcome::answered()).unwrap();
    drop(audit);
    let bytes = fs::read(place.path()).unwrap();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let ends = ends.map(|(at, _)| at + 1).collect();
    (bytes, ends)
}

fn remake(place: &Place, bytes: &[u8]) {
    for entry in fs::read_dir(place.path().parent().unwrap()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    fs::write(place.path(), bytes).unwrap();
}

#[test]
fn a_log_cut_at_any_byte_is_as_before_a_line_or_refused_and_mended() {
    let place = Place::new();
    let (bytes, ends) = log(&place);
    for cut in 0..=bytes.len() {
        remake(&place, &bytes[..cut]);
        let sound = ends.iter().copied().take_while(|end| *end <= cut).last();
        match (place.open(), sound) {
            (Ok(_), Some(sound)) => assert_eq!(sound, cut),
            (Err(AuditFault::Unsound(_)), None) => {
                // No crash leaves half of a first line, so this is no matter of recovery.
                assert!(matches!(
                    recover(&place.path(), options()),
                    Err(AuditFault::Unsound(_))
                ));
                continue;
            }
            (Err(AuditFault::Torn { bytes: torn, .. }), Some(sound)) => {
                assert_eq!(torn, (cut - sound) as u64);
                let recovery = recover(&place.path(), options()).unwrap();
                assert_eq!(recovery.bytes, torn);
                assert_eq!(fs::read(&recovery.kept_in).unwrap(), bytes[sound..cut]);
                assert_eq!(place.verdict().head, Some(recovery.head));
                drop(place.open().unwrap());
            }
            (found, sound) => panic!("cut at {cut}: {found:?}, {sound:?}"),
        }
        let verdict = place.verdict();
        assert!(verdict.is_sound(), "cut at {cut}: {verdict:?}");
        let kept = sound.unwrap_or(0);
        assert_eq!(
            fs::read(place.path()).unwrap()[..kept],
            bytes[..kept],
            "whole lines stay"
        );
    }
}

#[test]
fn a_last_line_that_reached_the_disk_in_part_is_mended() {
    let place = Place::new();
    let (bytes, ends) = log(&place);
    let last = ends[ends.len() - 2];
    for (from, to) in [
        (last, bytes.len()),
        (last, bytes.len() - 1),
        (last + 9, last + 10),
        (last, last + 100),
    ] {
        let mut torn = bytes.clone();
        torn[from..to].fill(0);
        remake(&place, &torn);
        assert!(
            matches!(place.open(), Err(AuditFault::Torn { .. })),
            "{from} {to}"
        );
        let recovery = recover(&place.path(), options()).unwrap();
        assert_eq!(fs::read(recovery.kept_in).unwrap(), torn[last..]);
        assert!(place.verdict().is_sound());
    }
}

#[test]
fn a_last_line_that_was_changed_is_no_matter_of_recovery() {
    let place = Place::new();
    let (mut bytes, _) = log(&place);
    let at = bytes.len() - 5;
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    remake(&place, &bytes);
    for found in [
        place.open().map(drop),
        recover(&place.path(), options()).map(drop),
    ] {
        let Err(AuditFault::Unsound(finding)) = found else {
            panic!("{found:?}")
        };
        assert_eq!(finding.wrong, Wrong::Changed);
    }
    assert_eq!(fs::read(place.path()).unwrap(), bytes, "nothing was touched");
}

/// A torn log, where its last whole line ends, and the file that the rest is to be moved to.
fn torn(place: &Place) -> (Vec<u8>, usize, PathBuf) {
    let (bytes, ends) = log(place);
    let torn = bytes[..bytes.len() - 10].to_vec();
    (torn, ends[ends.len() - 2], place.file("audit.jsonl.torn-1"))
}

#[test]
fn a_recovery_that_was_cut_short_is_finished() {
    let place = Place::new();
    let (bytes, sound, side) = torn(&place);
    let tail = &bytes[sound..];
    let mend = |bytes: &[u8], kept: Option<&[u8]>, draft: Option<&[u8]>| {
        remake(&place, bytes);
        kept.inspect(|kept| fs::write(&side, kept).unwrap());
        draft.inspect(|draft| fs::write(place.file("audit.jsonl.torn-1.new"), draft).unwrap());
        assert!(matches!(place.open(), Err(AuditFault::Torn { .. })));
        let recovery = recover(&place.path(), options()).unwrap();
        assert_eq!((recovery.bytes, &recovery.kept_in), (tail.len() as u64, &side));
        assert_eq!(fs::read(&side).unwrap(), tail);
        drop(place.open().unwrap());
        assert!(place.verdict().is_sound());
        assert!(!place.file("audit.jsonl.torn-1.new").exists());
    };
    mend(&bytes, None, Some(&tail[..5]));
    mend(&bytes, Some(tail), None);
    mend(&bytes[..sound], Some(tail), None);
}

#[test]
fn a_recovery_keeps_what_is_in_its_way() {
    let place = Place::new();
    let (bytes, _, side) = torn(&place);
    remake(&place, &bytes);
    fs::write(&side, "something else").unwrap();
    let found = recover(&place.path(), options());
    assert!(matches!(found, Err(AuditFault::InTheWay { .. })), "{found:?}");
    fs::remove_file(&side).unwrap();
    symlink(place.file("elsewhere"), &side).unwrap();
    let found = recover(&place.path(), options());
    assert!(matches!(found, Err(AuditFault::InTheWay { .. })), "{found:?}");
    assert!(!place.file("elsewhere").exists());
    assert_eq!(fs::read(place.path()).unwrap(), bytes, "the log was not touched");
}

#[test]
fn a_sound_log_is_not_recovered() {
    let place = Place::new();
    let (bytes, _) = log(&place);
    let found = recover(&place.path(), options());
    assert!(matches!(found, Err(AuditFault::NotTorn { .. })), "{found:?}");
    assert_eq!(fs::read(place.path()).unwrap(), bytes);
}

#[test]
fn each_recovery_has_a_file_of_its_own() {
    let place = Place::new();
    log(&place);
    for torn in 1..=3 {
        let mut file = OpenOptions::new().append(true).open(place.path()).unwrap();
        write!(file, "{{\"sequence\":{torn}").unwrap();
        drop(file);
        let recovery = recover(&place.path(), options()).unwrap();
        assert_eq!(recovery.kept_in, place.file(&format!("audit.jsonl.torn-{torn}")));
        drop(place.open().unwrap());
    }
    let verdict = place.verdict();
    assert!(verdict.is_sound(), "{verdict:?}");
    let count = verdict
        .warnings
        .iter()
        .filter(|warning| matches!(warning, Warning::Recovered { .. }));
    assert_eq!(count.count(), 3);
}

#[test]
fn bytes_behind_the_end_of_a_part_are_not_taken_for_a_torn_line() {
    let place = Place::new();
    drop(place.create());
    let closed = {
        let bytes = fs::read(place.path()).unwrap();
        let last = entries(&bytes[..]).last().unwrap().unwrap().unwrap();
        let chain = super::super::hash::Chain::of(None);
        super::super::line::render(2, last.time, last.hash, Event::Closed, &chain)
            .unwrap()
            .1
    };
    let mut file = OpenOptions::new().append(true).open(place.path()).unwrap();
    file.write_all(&closed).unwrap();
    file.write_all(b"{\"sequence\":3").unwrap();
    let found = recover(&place.path(), options());
    assert!(matches!(found, Err(AuditFault::Unsound(_))), "{found:?}");
}

#[test]
fn the_fault_of_a_torn_log_says_what_to_do() {
    let place = Place::new();
    let (bytes, _, _) = torn(&place);
    remake(&place, &bytes);
    let said = place.open().unwrap_err().to_string();
    assert!(
        said.contains("`motet audit recover`") && said.contains("after sequence 2"),
        "{said}"
    );
}
