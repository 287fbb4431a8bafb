//! The legal moves, written from the diagram of ISA-18.2, and what no sequence of events may break.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

use State::{
    ActiveAcknowledged as C, ActiveUnacknowledged as B, LatchedAcknowledged as F, LatchedUnacknowledged as E,
    Normal as A, OutOfService as I, ReturnedUnacknowledged as D, Shelved as G, SuppressedByDesign as H,
};

/// The moves of the diagram between states that operators see.
const SEEN: [(State, State, Cause); 13] = [
    (A, B, Cause::Activation),
    (B, C, Cause::Acknowledgement),
    (B, D, Cause::Return),
    (B, E, Cause::Return),
    (C, A, Cause::Return),
    (C, F, Cause::Return),
    (C, B, Cause::Reminder),
    (D, A, Cause::Acknowledgement),
    (D, B, Cause::Activation),
    (E, F, Cause::Acknowledgement),
    (E, B, Cause::Activation),
    (F, A, Cause::Reset),
    (F, B, Cause::Activation),
];

/// Whether the diagram has the move. Any state can be hidden; what is hidden comes back normal, asking for an
/// acknowledgement, or held by its latch, never as acknowledged while active.
pub(in super::super) fn is_legal(moved: Move) -> bool {
    let Move { from, to, cause } = moved;
    let hidden = [G, H, I];
    match (hidden.contains(&from), hidden.contains(&to)) {
        (false, false) => SEEN.contains(&(from, to, cause)),
        (false, true) => cause == Cause::Hiding,
        (true, true) => {
            from != to && matches!(cause, Cause::Hiding | Cause::Release | Cause::ShelvingExpired)
        }
        (true, false) => {
            [A, B, D, E, F].contains(&to)
                && match cause {
                    Cause::Release => true,
                    Cause::ShelvingExpired => from == G,
                    _ => false,
                }
        }
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn settings() -> Settings {
    Settings {
        limit: 10.0,
        direction: Direction::Above,
        deadband: 2.0,
        on_delay: Duration::ZERO,
        off_delay: Duration::ZERO,
        is_latched: false,
        gap_max: seconds(1_000),
        shelve_max: seconds(3_600),
        stale_after: seconds(86_400),
        remind_after: None,
        chattering: ChatteringSettings {
            activations: 3,
            window: seconds(60),
        },
        refusals_max: 3,
    }
}

/// Steps through events and checks where each leads.
fn check(settings: Settings, steps: &[(u64, Event, State)]) -> Alarm {
    let mut alarm = Alarm::new(settings).unwrap();
    for (at, event, expected) in steps {
        let transition = alarm.step(*event, seconds(*at));
        assert_eq!(transition.to, *expected, "{event:?} at {at} s: {transition:?}");
    }
    alarm
}

fn value(value: f64) -> Event {
    Event::Value(Some(value))
}

#[test]
fn an_alarm_is_acknowledged_and_returns() {
    check(
        settings(),
        &[
            (0, value(10.0), A),
            (1, value(10.1), B),
            (2, Event::Acknowledge, C),
            (3, value(1.0), A),
            (4, value(11.0), B),
            (5, value(1.0), D),
            (6, Event::Reset, D),
            (6, Event::Acknowledge, A),
        ],
    );
}

#[test]
fn a_value_within_the_deadband_does_not_return() {
    check(
        settings(),
        &[
            (0, value(11.0), B),
            (1, value(8.1), B),
            (2, value(8.0), D),
            (3, value(9.9), D),
        ],
    );
    let low = Settings {
        direction: Direction::Below,
        ..settings()
    };
    check(
        low,
        &[
            (0, value(10.0), A),
            (1, value(9.9), B),
            (2, value(11.9), B),
            (3, value(12.0), D),
        ],
    );
}

#[test]
fn a_latched_alarm_needs_an_acknowledgement_and_a_reset() {
    let latched = Settings {
        is_latched: true,
        ..settings()
    };
    check(
        latched,
        &[
            (0, value(11.0), B),
            (1, value(0.0), E),
            (2, Event::Reset, E),
            (3, Event::Acknowledge, F),
            (4, value(11.0), B),
            (5, Event::Acknowledge, C),
            (6, Event::Reset, C),
            (7, value(0.0), F),
            (8, Event::Reset, A),
        ],
    );
}

#[test]
fn delays_hold_to_the_second() {
    let delayed = Settings {
        on_delay: seconds(5),
        off_delay: seconds(7),
        ..settings()
    };
    check(
        delayed,
        &[
            (0, value(11.0), A),
            (3, value(11.0), A),
            (4, value(1.0), A),
            (5, value(1.0), A),
            (6, value(11.0), A),
            (10, Event::Tick, A),
            (11, Event::Tick, B),
            (12, value(1.0), B),
            (18, Event::Tick, B),
            (19, Event::Tick, D),
        ],
    );
}

#[test]
fn bad_values_neither_count_nor_reset_a_delay() {
    let delayed = Settings {
        on_delay: seconds(5),
        ..settings()
    };
    let mut alarm = check(
        delayed,
        &[
            (0, value(11.0), A),
            (3, Event::Value(Some(f64::NAN)), A),
            (100, Event::Tick, A),
            (101, value(11.0), A),
            (102, Event::Tick, A),
            (103, Event::Tick, B),
            (104, Event::Value(None), B),
            (105, Event::Value(Some(f64::INFINITY)), B),
        ],
    );
    assert_eq!(alarm.step(Event::Tick, seconds(106)).quality, Quality::NotANumber);
    assert_eq!(alarm.step(value(11.0), seconds(107)).quality, Quality::Good);
    assert_eq!(alarm.step(Event::Tick, seconds(1_107)).quality, Quality::Good);
    assert_eq!(alarm.step(Event::Tick, seconds(1_108)).quality, Quality::Missing);
    assert_eq!(alarm.state(), B, "the state is held");
}

#[test]
fn time_stamps_that_go_backward_or_are_doubled_are_refused() {
    let mut alarm = check(settings(), &[(10, value(1.0), A)]);
    let doubled = alarm.step(value(11.0), seconds(10));
    assert_eq!((doubled.refusal, doubled.to), (Some(Refusal::TimeDoubled), A));
    let backward = alarm.step(value(11.0), seconds(9));
    assert_eq!((backward.refusal, backward.to), (Some(Refusal::TimeBackward), A));
    assert_eq!(backward.quality, Quality::Good);
    let third = alarm.step(Event::Acknowledge, seconds(8));
    assert_eq!(
        (third.refusal, third.quality),
        (Some(Refusal::TimeBackward), Quality::Clock)
    );
    assert_eq!(alarm.step(value(1.0), seconds(11)).quality, Quality::Good);
}

#[test]
fn shelving_expires_and_shows_what_was_missed() {
    let mut alarm = check(
        settings(),
        &[
            (0, Event::Shelve(seconds(100)), G),
            (10, value(11.0), G),
            (20, Event::Acknowledge, G),
            (30, value(0.0), G),
            (99, Event::Tick, G),
        ],
    );
    let expired = alarm.step(Event::Tick, seconds(100));
    assert_eq!((expired.to, expired.must_annunciate), (D, true));
    let too_long = alarm.step(Event::Shelve(seconds(3_601)), seconds(101));
    assert_eq!(too_long.refusal, Some(Refusal::ShelveTime));
    assert_eq!(
        alarm.step(Event::Unshelve, seconds(102)).refusal,
        Some(Refusal::NotHidden)
    );
}

#[test]
fn an_alarm_that_comes_back_active_asks_again() {
    check(
        settings(),
        &[
            (0, value(11.0), B),
            (1, Event::Acknowledge, C),
            (2, Event::Suppress, H),
            (3, Event::Shelve(seconds(9)), H),
            (4, Event::TakeOutOfService, I),
            (5, Event::Unsuppress, I),
            (6, Event::ReturnToService, G),
            (7, Event::Unshelve, B),
        ],
    );
}

#[test]
fn an_acknowledged_alarm_reminds() {
    let reminding = Settings {
        remind_after: Some(seconds(50)),
        ..settings()
    };
    check(
        reminding,
        &[
            (0, value(11.0), B),
            (5, Event::Acknowledge, C),
            (54, Event::Tick, C),
            (55, Event::Tick, B),
        ],
    );
}

#[test]
fn an_alarm_chatters_at_the_third_activation_in_a_minute() {
    let mut alarm = Alarm::new(settings()).unwrap();
    let mut flags = Vec::new();
    for (at, level) in [(0, 11.0), (5, 0.0), (30, 11.0), (35, 0.0), (59, 11.0), (61, 11.0)] {
        flags.push(alarm.step(value(level), seconds(at)).is_chattering);
    }
    assert_eq!(flags, [false, false, false, false, true, false]);
}

#[test]
fn an_alarm_active_for_a_day_is_stale() {
    let mut alarm = check(settings(), &[(7, value(11.0), B)]);
    assert!(!alarm.step(value(11.0), seconds(86_406)).is_stale);
    assert!(alarm.step(value(11.0), seconds(86_407)).is_stale);
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        Alarm::new(settings).unwrap_err()
    };
    assert_eq!(refused(|it| it.limit = f64::NAN), SettingsError::NotFinite);
    assert_eq!(refused(|it| it.deadband = -1.0), SettingsError::NegativeDeadband);
    assert_eq!(
        refused(|it| it.gap_max = Duration::ZERO),
        SettingsError::NoTime("gap_max")
    );
    assert_eq!(
        refused(|it| it.chattering.activations = 33),
        SettingsError::ChatteringActivations(33)
    );
    assert_eq!(refused(|it| it.refusals_max = 0), SettingsError::NoRefusals);
}

#[test]
fn a_ladder_says_the_most_serious_level() {
    let at = |limit, direction| Settings {
        limit,
        direction,
        ..settings()
    };
    let limits = vec![
        (Level::Warning, at(4.5, Direction::Above)),
        (Level::Trip, at(11.0, Direction::Above)),
        (Level::Alarm, at(7.1, Direction::Above)),
        (Level::Alarm, at(-1.0, Direction::Below)),
    ];
    let mut ladder = Ladder::new(limits).unwrap();
    for (index, (level, reached)) in [
        (4.0, None),
        (5.0, Some(Level::Warning)),
        (11.5, Some(Level::Trip)),
        (9.5, Some(Level::Trip)),
        (-2.0, Some(Level::Alarm)),
    ]
    .into_iter()
    .enumerate()
    {
        ladder.step(value(level), seconds(index as u64));
        assert_eq!(ladder.reached(), reached, "at {level}");
    }
    let upside_down = vec![
        (Level::Warning, at(5.0, Direction::Above)),
        (Level::Alarm, at(5.0, Direction::Above)),
    ];
    assert!(matches!(Ladder::new(upside_down), Err(LadderError::Order { .. })));
    assert!(matches!(Ladder::new(Vec::new()), Err(LadderError::Count(0))));
}

#[test]
fn a_flood_begins_with_the_eleventh_and_ends_below_five() {
    let mut flood = Flood::new(FloodSettings::STANDARD).unwrap();
    for count in 1..=10 {
        assert_eq!(flood.annunciated(seconds(count * 10)), FloodChange::None);
    }
    assert_eq!(flood.annunciated(seconds(110)), FloodChange::Began);
    // At 669 s the last five are 70 to 110 s.
    assert_eq!(flood.pass(seconds(669)), FloodChange::None);
    let ended = FloodChange::Ended {
        since: seconds(110),
        annunciations: 11,
    };
    assert_eq!(flood.pass(seconds(670)), ended);
    assert!(!flood.is_flood());
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => prop_oneof![Just(0.0), Just(9.0), Just(10.0), Just(11.0), Just(f64::NAN)].prop_map(value),
        1 => Just(Event::Value(None)),
        2 => Just(Event::Tick),
        3 => Just(Event::Acknowledge),
        2 => (0_u64..40).prop_map(|time| Event::Shelve(seconds(time))),
        2 => Just(Event::Unshelve),
        1 => Just(Event::Suppress),
        1 => Just(Event::Unsuppress),
        1 => Just(Event::TakeOutOfService),
        1 => Just(Event::ReturnToService),
        2 => Just(Event::Reset),
    ]
}

prop_compose! {
    fn any_settings()(
        on_delay in 0_u64..4, off_delay in 0_u64..4, is_latched: bool, gap_max in 1_u64..30,
        remind_after in proptest::option::of(1_u64..20),
    ) -> Settings {
        Settings {
            on_delay: seconds(on_delay),
            off_delay: seconds(off_delay),
            is_latched,
            gap_max: seconds(gap_max),
            remind_after: remind_after.map(seconds),
            shelve_max: seconds(30),
            ..settings()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_illegal_move_occurs_and_no_activation_is_lost(
        settings in any_settings(),
        events in proptest::collection::vec((any_event(), -1_i64..12), 1..120),
    ) {
        let mut alarm = Alarm::new(settings).unwrap();
        let mut now = 0_i64;
        let mut shelved_until = None;
        // Activations that no operator has been shown yet.
        let mut is_unseen = false;
        for (event, forward) in events {
            let at = (now + forward).max(0);
            let before = alarm.state();
            let transition = alarm.step(event, seconds(at.unsigned_abs()));
            let mut last = before;
            for moved in transition.moves() {
                prop_assert!(is_legal(moved), "{moved:?}");
                prop_assert_eq!(moved.from, last);
                last = moved.to;
            }
            prop_assert_eq!((transition.from, transition.to, last), (before, alarm.state(), alarm.state()));
            let is_refused_stamp =
                matches!(transition.refusal, Some(Refusal::TimeBackward | Refusal::TimeDoubled));
            prop_assert_eq!(is_refused_stamp && at < now, at < now);
            if is_refused_stamp {
                prop_assert_eq!(transition.moves().count(), 0);
                continue;
            }
            now = at;
            if let (Event::Shelve(time), None) = (event, transition.refusal) {
                shelved_until = Some(now + i64::try_from(time.as_secs()).unwrap());
            }
            if shelved_until.is_some_and(|until| until <= now) {
                prop_assert!(alarm.state() != G, "shelving lasts beyond its end");
            }
            let shown = transition.moves().any(|moved| [B, D, E].contains(&moved.to));
            is_unseen = (is_unseen || transition.has_activated) && !shown;
            prop_assert!(!is_unseen || alarm.state().is_hidden(), "an activation was lost");
        }
        let end = seconds(now.unsigned_abs());
        for event in [Event::Unshelve, Event::Unsuppress, Event::ReturnToService] {
            let shown = alarm.step(event, end).moves().any(|moved| [B, D, E].contains(&moved.to));
            is_unseen &= !shown;
        }
        prop_assert!(!alarm.state().is_hidden() && !is_unseen);
    }

    #[test]
    fn delays_agree_with_a_second_by_second_reference(
        on_delay in 0_usize..5, off_delay in 0_usize..5,
        signal in proptest::collection::vec(prop_oneof![Just(0.0), Just(9.0), Just(11.0)], 1..80),
    ) {
        let settings = Settings {
            on_delay: seconds(on_delay as u64),
            off_delay: seconds(off_delay as u64),
            ..settings()
        };
        let mut alarm = Alarm::new(settings).unwrap();
        let mut is_active = false;
        let mut changed_at = 0;
        for (at, level) in signal.iter().enumerate() {
            // Active once the last `on_delay + 1` values are all high, counted from the last change of state.
            let same = |delay: usize, is: &dyn Fn(f64) -> bool| {
                at >= changed_at + delay && signal[at - delay..=at].iter().all(|level| is(*level))
            };
            alarm.step(value(*level), seconds(at as u64));
            let flips = if is_active { same(off_delay, &|level| level <= 8.0) } else { same(on_delay, &|level| level > 10.0) };
            // A delay that ends at this second was passed by the value before, so one more second of it is enough.
            let ended = at > 0 && {
                let delay = if is_active { off_delay } else { on_delay };
                let is = |level: f64| if is_active { level <= 8.0 } else { level > 10.0 };
                delay > 0 && at >= changed_at + delay && signal[at - delay..at].iter().all(|level| is(*level))
            };
            if flips || ended {
                is_active = !is_active;
                changed_at = at;
                // The value of this second may itself begin the way back, at once where there is no delay.
                let back = if is_active { *level <= 8.0 && off_delay == 0 } else { *level > 10.0 && on_delay == 0 };
                is_active ^= back;
            }
            prop_assert_eq!(alarm.is_active(), is_active, "second {}", at);
        }
    }

    #[test]
    fn a_flood_agrees_with_counting_all_alarms(gaps in proptest::collection::vec(0_u64..200, 1..200)) {
        let mut flood = Flood::new(FloodSettings::STANDARD).unwrap();
        let (mut times, mut now, mut expected) = (Vec::new(), 0, false);
        for gap in gaps {
            now += gap;
            let recent = |times: &[u64]| times.iter().filter(|at| now - **at < 600).count();
            expected &= recent(&times) >= 5;
            times.push(now);
            expected |= recent(&times) > 10;
            flood.annunciated(seconds(now));
            prop_assert_eq!(flood.is_flood(), expected);
        }
    }
}
