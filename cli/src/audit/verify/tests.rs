//! Every way to tamper with a log that we could think of, on logs that are never on a disk.

use std::num::NonZeroU32;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::super::entry::{End, MODELS_MAX, ModelVersion, Outcome, PipelineVersion, Question, Recovered};
use super::super::hash::Digest;
use super::super::line::{LINE_BYTES_MAX, render};
use super::*;

fn key() -> Key {
    Key::from_bytes(&[3; 32]).unwrap()
}

fn check() -> Check {
    Check {
        key: None,
        after: None,
        anchor: None,
        listed_max: 100,
    }
}

fn with_anchor(anchor: Option<Anchor>) -> Check {
    Check { anchor, ..check() }
}

/// Writes events as the lines of a log, from the line behind `before` on.
fn lines(events: &[Event], key: Option<&Key>, before: Option<Anchor>) -> Vec<Vec<u8>> {
    let mut head = before;
    let chain = Chain::of(key);
    let mut lines = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let time = Moment::try_from(UNIX_EPOCH + Duration::from_secs(at as u64)).unwrap();
        let (sequence, previous) = head.map_or((0, Hash::NONE), |head| (head.sequence + 1, head.hash));
        let (entry, line) = render(sequence, time, previous, event.clone(), &chain).unwrap();
        head = Some(Anchor::from(&entry));
        lines.push(line);
    }
    lines
}

fn created(part: u32, key: Option<&Key>) -> Event {
    Event::Created(Created {
        version: 1,
        log: LogId::from([7; 16]),
        part: NonZeroU32::new(part).unwrap(),
        key: key.map(Key::id),
    })
}

fn asked(request: u64) -> Event {
    Event::Asked(Question {
        request: request.into(),
        caller: "night".parse().unwrap(),
        pipeline: PipelineVersion {
            name: "letters".parse().unwrap(),
            digest: Digest::of(b"pipeline"),
        },
        models: vec![ModelVersion {
            name: "snips".parse().unwrap(),
            version: NonZeroU32::MIN,
            digest: Digest::of(b"weights"),
        }],
        patient: Some(key().patient("0017")),
        input: None,
    })
}

fn ended(asked: u64, request: u64) -> Event {
    Event::Ended(End {
        asked,
        request: request.into(),
        outcome: Outcome::failed(Some("MT0416".parse().unwrap())),
    })
}

/// Two requests; whole, and sound.
fn small() -> Vec<Event> {
    vec![
        created(1, None),
        Event::Opened,
        asked(1),
        asked(2),
        ended(3, 2),
        ended(2, 1),
    ]
}

fn judge(parts: &[&[u8]], check: Check) -> Verdict {
    let mut verifier = Verifier::new(check);
    for (index, part) in parts.iter().enumerate() {
        verifier
            .part(Path::new(&format!("part-{}", index + 1)), *part)
            .unwrap();
    }
    verifier.finish()
}

fn verdict(lines: &[Vec<u8>], check: Check) -> Verdict {
    judge(&[&lines.concat()], check)
}

fn wrongs(verdict: &Verdict) -> Vec<&Wrong> {
    verdict.findings.iter().map(|finding| &finding.wrong).collect()
}

fn head(lines: &[Vec<u8>]) -> Option<Anchor> {
    verdict(lines, check()).head
}

#[test]
fn a_log_that_nobody_touched_is_sound() {
    let verdict = verdict(&lines(&small(), None, None), check());
    assert_eq!((verdict.findings, verdict.warnings), (vec![], vec![]));
    assert_eq!((verdict.entry_count, verdict.head.unwrap().sequence), (6, 5));
}

#[test]
fn any_changed_byte_is_found() {
    for key in [None, Some(key())] {
        let events = [&[created(1, key.as_ref())], &small()[1..]].concat();
        let bytes = lines(&events, key.as_ref(), None).concat();
        let with_key = || Check {
            key: key.clone(),
            ..check()
        };
        assert!(judge(&[&bytes], with_key()).is_sound());
        for at in 0..bytes.len() {
            let old = bytes[at];
            for new in [
                old ^ 1,
                old ^ 0x20,
                old ^ 0x80,
                0,
                b'\n',
                b'\r',
                b' ',
                b'0',
                b'"',
                b'}',
                0xff,
            ] {
                let mut changed = bytes.clone();
                changed[at] = new;
                let is_sound = judge(&[&changed], with_key()).is_sound();
                assert_eq!(is_sound, new == old, "byte {at} from {old} to {new}");
            }
        }
    }
}

#[test]
fn any_byte_put_in_or_taken_out_is_found() {
    let bytes = lines(&small(), None, None).concat();
    for at in 0..bytes.len() {
        let mut without = bytes.clone();
        without.remove(at);
        assert!(!judge(&[&without], check()).is_sound(), "without byte {at}");
        for new in [b' ', b'\n', b'0', b'\t', b'\r', 0] {
            let mut with = bytes.clone();
            with.insert(at, new);
            assert!(!judge(&[&with], check()).is_sound(), "{new} before byte {at}");
        }
    }
    for more in ["\n", " ", "{}", "\r\n"] {
        assert!(
            !judge(&[&[&bytes, more.as_bytes()].concat()], check()).is_sound(),
            "{more:?} at the end"
        );
    }
}

#[test]
fn any_line_taken_out_moved_or_doubled_is_found() {
    let whole = lines(&small(), None, None);
    let anchor = head(&whole);
    for at in 0..whole.len() {
        let mut without = whole.clone();
        let line = without.remove(at);
        assert!(
            !verdict(&without, with_anchor(anchor)).is_sound(),
            "without line {at}"
        );
        let is_last = at + 1 == whole.len();
        assert_eq!(
            verdict(&without, check()).is_sound(),
            is_last,
            "the end is missed with an anchor alone"
        );
        for to in 0..whole.len() {
            if to != at {
                let mut moved = without.clone();
                moved.insert(to, line.clone());
                assert!(!verdict(&moved, check()).is_sound(), "line {at} moved to {to}");
            }
            let mut doubled = whole.clone();
            doubled.insert(to, line.clone());
            assert!(
                !verdict(&doubled, check()).is_sound(),
                "line {at} again before {to}"
            );
            let mut swapped = whole.clone();
            swapped.swap(at, to);
            assert_eq!(
                verdict(&swapped, check()).is_sound(),
                at == to,
                "lines {at} and {to}"
            );
        }
    }
}

#[test]
fn a_log_cut_anywhere_is_found_with_an_anchor() {
    let whole = lines(&small(), None, None);
    let anchor = head(&whole);
    let bytes = whole.concat();
    for cut in 0..bytes.len() {
        assert!(
            !judge(&[&bytes[..cut]], with_anchor(anchor)).is_sound(),
            "cut at {cut}"
        );
    }
    let anchor = Anchor {
        sequence: 2,
        hash: head(&whole[..3]).unwrap().hash,
    };
    assert!(
        verdict(&whole, with_anchor(Some(anchor))).is_sound(),
        "an older anchor stays good"
    );
    let found = verdict(&whole[..2], with_anchor(Some(anchor)));
    assert_eq!(
        wrongs(&found),
        [&Wrong::BeforeAnchor {
            anchor,
            head: Some(1)
        }]
    );
}

/// A line changed by who computes its hash anew.
#[test]
fn a_line_forged_with_its_hash_breaks_the_chain() {
    let whole = lines(&small(), None, None);
    let forged = lines(&[&small()[..2], &[asked(9)]].concat(), None, None)
        .pop()
        .unwrap();
    let mut changed = whole.clone();
    changed[2] = forged.clone();
    let found = verdict(&changed, check());
    assert!(
        matches!(
            wrongs(&found)[..],
            [Wrong::Unlinked { .. }, Wrong::EndOfNothing { .. }]
        ),
        "{found:?}"
    );
    let mut more = whole;
    more.insert(2, forged);
    let found = verdict(&more, check());
    assert!(
        matches!(
            wrongs(&found)[..],
            [Wrong::Misplaced { expected: 3 }, Wrong::Unlinked { .. }, ..]
        ),
        "{found:?}"
    );
}

#[test]
fn a_log_written_anew_is_found_with_an_anchor_or_a_key_and_not_without() {
    let mut other = small();
    other[2] = asked(9);
    other[5] = ended(2, 9);
    let anew = lines(&other, None, None);
    assert!(verdict(&anew, check()).is_sound(), "this is what nobody can find");
    let anchor = head(&lines(&small(), None, None));
    let found = verdict(&anew, with_anchor(anchor));
    assert!(
        matches!(wrongs(&found)[..], [Wrong::OtherThanAnchor { .. }]),
        "{found:?}"
    );

    let keyed = Check {
        key: Some(key()),
        ..check()
    };
    assert_eq!(wrongs(&verdict(&anew, keyed.clone())), [&Wrong::NotKeyed]);
    // Who has no key can name it, and compute hashes as if there were none, or with another.
    other[0] = created(1, Some(&key()));
    for forger in [None, Some(Key::from_bytes(&[4; 32]).unwrap())] {
        let found = verdict(&lines(&other, forger.as_ref(), None), keyed.clone());
        assert_eq!(wrongs(&found), [&Wrong::Changed; 6]);
    }
}

#[test]
fn a_log_with_a_key_is_verified_with_that_key_alone() {
    let events = [&[created(1, Some(&key()))], &small()[1..]].concat();
    let whole = lines(&events, Some(&key()), None);
    let check_with = |key: Option<Key>| verdict(&whole, Check { key, ..check() });
    assert!(check_with(Some(key())).is_sound());
    assert_eq!(wrongs(&check_with(None)), [&Wrong::KeyNeeded { key: key().id() }]);
    let other = Key::from_bytes(&[4; 32]).unwrap();
    let (expected, found) = (key().id(), other.id());
    assert_eq!(
        wrongs(&check_with(Some(other))),
        [&Wrong::OtherKey { expected, found }]
    );
}

#[test]
fn parts_are_verified_as_one_log() {
    let first = lines(
        &[created(1, None), Event::Opened, asked(1), Event::Closed],
        None,
        None,
    );
    let second = lines(
        &[created(2, None), ended(2, 1), Event::Closed],
        None,
        head(&first),
    );
    let after_second = judge(&[&first.concat(), &second.concat()], check()).head;
    let third = lines(&[created(3, None)], None, after_second);
    let (first, second, third) = (&first.concat()[..], &second.concat()[..], &third.concat()[..]);
    let found = |parts: &[&[u8]]| {
        let verdict = judge(parts, check());
        verdict
            .findings
            .into_iter()
            .map(|finding| finding.wrong)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&[first, second, third]), []);
    assert!(matches!(
        found(&[first, third])[..],
        [
            Wrong::PartOrder {
                expected: 2,
                found: 3
            },
            Wrong::Missing { first: 4, last: 6 }
        ]
    ));
    assert!(matches!(
        found(&[second, third])[..],
        [Wrong::Headless { first: 4 }, Wrong::EndOfNothing { .. }]
    ));
    assert!(matches!(
        found(&[first, second, second])[..],
        [
            Wrong::PartOrder {
                expected: 3,
                found: 2
            },
            ..
        ]
    ));
    assert!(!found(&[second, first]).is_empty());
    let after = judge(&[first], check()).head;
    let rest = judge(&[second, third], Check { after, ..check() });
    assert!(rest.is_sound(), "{rest:?}");
    let anchored = judge(
        &[second, third],
        Check {
            after,
            anchor: after,
            ..check()
        },
    );
    assert!(anchored.is_sound(), "{anchored:?}");
}

#[test]
fn parts_end_and_begin_where_they_should() {
    let unfinished = lines(&[created(1, None), Event::Opened], None, None);
    let next = lines(&[created(2, None)], None, head(&unfinished));
    let found = judge(&[&unfinished.concat(), &next.concat()], check());
    assert_eq!(wrongs(&found), [&Wrong::NotClosed]);

    let found = verdict(
        &lines(&[created(1, None), Event::Closed, Event::Opened], None, None),
        check(),
    );
    assert_eq!(wrongs(&found), [&Wrong::AfterClosed]);
    let found = verdict(&lines(&[created(1, None), created(2, None)], None, None), check());
    assert_eq!(wrongs(&found), [&Wrong::HeaderInside]);
    let found = verdict(&lines(&[Event::Opened], None, None), check());
    assert_eq!(wrongs(&found), [&Wrong::NoHeader]);
    assert_eq!(wrongs(&judge(&[b""], check())), [&Wrong::Empty]);
    assert_eq!(wrongs(&judge(&[], check())), [&Wrong::Empty]);

    let first = lines(&[created(1, None), Event::Closed], None, None);
    let Event::Created(mut foreign) = created(2, None) else {
        unreachable!()
    };
    foreign.log = LogId::from([8; 16]);
    let next = lines(&[Event::Created(foreign)], None, head(&first));
    let found = judge(&[&first.concat(), &next.concat()], check());
    assert!(
        matches!(wrongs(&found)[..], [Wrong::OtherLog { .. }]),
        "{found:?}"
    );
}

#[test]
fn a_request_ends_once_and_only_after_it_began() {
    let check_events = |events: &[Event], expected: usize| {
        let found = verdict(
            &lines(&[&[created(1, None)], events].concat(), None, None),
            check(),
        );
        assert_eq!(wrongs(&found).len(), expected, "{found:?}");
        assert!(
            wrongs(&found)
                .iter()
                .all(|wrong| matches!(wrong, Wrong::EndOfNothing { .. })),
            "{found:?}"
        );
    };
    check_events(&[asked(1), ended(1, 1)], 0);
    check_events(&[asked(1), ended(1, 1), ended(1, 1)], 1);
    check_events(&[asked(1), ended(1, 2)], 1);
    check_events(&[asked(1), ended(0, 1)], 1);
    check_events(&[asked(1), Event::Opened, ended(1, 1)], 1);
}

#[test]
fn requests_without_an_end_are_warned_of() {
    let events = [created(1, None), asked(1), asked(2), Event::Opened, asked(3)];
    let found = verdict(&lines(&events, None, None), check());
    let interrupted = |sequence, request: u64| Warning::Interrupted {
        sequence,
        request: request.into(),
    };
    assert_eq!(
        found.warnings,
        [interrupted(1, 1), interrupted(2, 2), interrupted(4, 3)]
    );
    assert!(found.is_sound());
}

#[test]
fn a_clock_that_was_set_back_and_a_recovery_are_warned_of() {
    let mut whole = lines(&[created(1, None), Event::Opened], None, None);
    let recovered = Event::Recovered(Recovered {
        bytes: 12,
        digest: Digest::of(b"{\"sequence\":"),
        torn: NonZeroU32::MIN,
    });
    whole.extend(lines(&[recovered], None, head(&whole)));
    let found = verdict(&whole, check());
    assert!(found.is_sound());
    let expected = [
        Warning::TimeWentBack { sequence: 2 },
        Warning::Recovered {
            sequence: 2,
            bytes: 12,
        },
    ];
    assert_eq!(found.warnings, expected);
}

#[test]
fn more_requests_under_way_than_are_ever_written_are_found() {
    let mut events = vec![created(1, None)];
    events.extend((0..=OPEN_MAX as u64).map(asked));
    let found = verdict(&lines(&events, None, None), check());
    assert_eq!(wrongs(&found), [&Wrong::TooManyOpen { open_max: OPEN_MAX }]);
}

#[test]
fn another_version_is_named_and_not_read_on() {
    let whole = lines(&small(), None, None).concat();
    let whole = String::from_utf8(whole)
        .unwrap()
        .replace("\"version\":1,\"log\"", "\"version\":2,\"log\"");
    let found = judge(&[whole.as_bytes()], check());
    assert_eq!(wrongs(&found), [&Wrong::Line(LineFault::Version { found: 2 })]);
}

#[test]
fn what_is_no_log_is_found_in_bounded_memory_and_counted() {
    let count = |bytes: &[u8]| {
        let found = judge(
            &[bytes],
            Check {
                listed_max: 3,
                ..check()
            },
        );
        assert!(found.findings.len() <= 3 && !found.is_sound());
        found.finding_count
    };
    assert_eq!(count(&vec![b'\n'; 1 << 20]), 1 << 20);
    assert_eq!(count(&vec![b'x'; 1 << 20]), 1);
    assert_eq!(count(&vec![0; 1 << 20]), 1);
    assert_eq!(count(&"[".repeat(1 << 20).into_bytes()), 1);
    assert_eq!(count("{\"a\":\n".repeat(1 << 17).as_bytes()), 1 << 17);
    let most = [vec![b'x'; LINE_BYTES_MAX], b"\n".to_vec()].concat();
    assert_eq!(count(&most.repeat(64)), 64);
}

#[test]
fn findings_name_line_sequence_and_what_is_wrong() {
    let mut whole = lines(&small(), None, None);
    whole[2] = String::from_utf8(whole[2].clone())
        .unwrap()
        .replace("night", "light")
        .into_bytes();
    whole.remove(3);
    let (last, _) = whole[4].split_at(40);
    whole[4] = last.to_vec();
    let anchor = "5:0000000000000000000000000000000000000000000000000000000000000000"
        .parse()
        .ok();
    let found = verdict(&whole, with_anchor(anchor));
    let shown: Vec<String> = found.findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    `part-1` line 3, sequence 2: the line was changed: its hash is not that of what it says
    `part-1` line 4, sequence 4: the line of sequence 3 is missing before it
    `part-1` line 4, sequence 4: request 2 ends, but sequence 3 is not where it began, or it has ended already
    `part-1` line 5: the line was cut short
    `part-1` line 5: the line of the anchor 5:0000000000000000000000000000000000000000000000000000000000000000 is not there: the log was cut and ends with sequence 4
    ");
    let warnings: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"sequence 2: request 1 was interrupted: it has no end");
}

#[test]
fn an_anchor_reads_back_as_itself() {
    let anchor = head(&lines(&small(), None, None)).unwrap();
    assert_eq!(anchor.to_string().parse(), Ok(anchor));
    let text = anchor.to_string();
    for other in [
        "",
        "5",
        ":",
        &text[1..],
        &format!("+{text}"),
        &format!("0{text}"),
        &text.to_uppercase(),
    ] {
        assert!(other.parse::<Anchor>().is_err(), "{other}");
    }
}

/// Requests, ends and openings in any order that a writer may bring about.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let step = (0_u8..4, any::<u64>(), 0..=3_usize, "[a-z][a-z0-9._@-]{0,20}");
    prop::collection::vec(step, 1..20).prop_map(|steps| {
        let mut events = vec![created(1, None), Event::Opened];
        let mut open: Vec<(u64, u64)> = Vec::new();
        for (kind, number, models, caller) in steps {
            let at = events.len() as u64;
            let ending = number
                .checked_rem(open.len() as u64)
                .and_then(|which| usize::try_from(which).ok());
            match (kind, ending) {
                (0, _) => {
                    open.clear();
                    events.push(Event::Opened);
                }
                (1, Some(which)) => {
                    let (began, request) = open.swap_remove(which);
                    events.push(ended(began, request));
                }
                (_, _) => {
                    open.push((at, number));
                    let Event::Asked(mut question) = asked(number) else {
                        unreachable!()
                    };
                    question.caller = caller.parse().unwrap();
                    question.models = vec![question.models[0].clone(); models];
                    assert!(question.models.len() <= MODELS_MAX);
                    events.push(Event::Asked(question));
                }
            }
        }
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_log_is_sound_until_it_is_tampered_with(
        events in events(),
        at in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let whole = lines(&events, None, None);
        let sound = verdict(&whole, check());
        prop_assert!(sound.is_sound(), "{sound:?}");
        let anchored = || with_anchor(sound.head);
        prop_assert!(verdict(&whole, anchored()).is_sound());

        let mut bytes = whole.concat();
        let byte = at.index(bytes.len());
        bytes[byte] ^= 1 << bit;
        prop_assert!(!judge(&[&bytes], check()).is_sound(), "bit {bit} of byte {byte}");

        let (at, to) = (at.index(whole.len()), to.index(whole.len()));
        let mut without = whole.clone();
        let line = without.remove(at);
        prop_assert!(!verdict(&without, anchored()).is_sound(), "without line {at}");
        let mut swapped = whole.clone();
        swapped.swap(at, to);
        prop_assert_eq!(verdict(&swapped, check()).is_sound(), at == to);
        let mut doubled = whole;
        doubled.insert(to, line);
        prop_assert!(!verdict(&doubled, check()).is_sound(), "line {at} again before {to}");
    }

    #[test]
    fn no_bytes_bring_a_verification_down(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(!judge(&[&bytes], check()).is_sound());
    }
}
