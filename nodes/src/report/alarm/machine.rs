//! The state machine of one alarm.

use std::time::Duration;

use super::chattering::Latest;
use super::condition::Condition;
use super::{Cause, Event, MOVES_MAX, Move, Quality, Refusal, Settings, SettingsError, State, Transition};

/// One alarm: one limit of one signal.
#[derive(Clone, Debug)]
pub struct Alarm {
    settings: Settings,
    condition: Condition,
    standing: Standing,
    hidden: Hidden,
    clock: Clock,
    activations: Latest,
    activation_count: u64,
}

/// What the alarm would show if it were not hidden.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// When it became active, while it is.
    active_since: Option<Duration>,
    is_unacknowledged: bool,
    is_latched: bool,
    /// When it was last acknowledged.
    acknowledged_at: Duration,
}

/// The ways in which it is hidden; they do not exclude each other.
#[derive(Clone, Copy, Debug)]
struct Hidden {
    shelved_until: Option<Duration>,
    is_suppressed: bool,
    is_out_of_service: bool,
}

/// What time it is, as far as is known.
#[derive(Clone, Copy, Debug)]
struct Clock {
    now: Duration,
    value_at: Option<Duration>,
    /// Refused time stamps since the last good one.
    refusals: u32,
}

impl Alarm {
    /// Makes an alarm in [`State::Normal`] whose signal is not known yet.
    ///
    /// # Errors
    /// The first setting that means nothing.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            activations: Latest::new(usize::from(settings.chattering.activations)),
            settings,
            condition: Condition::new(),
            standing: Standing {
                active_since: None,
                is_unacknowledged: false,
                is_latched: false,
                acknowledged_at: Duration::ZERO,
            },
            hidden: Hidden {
                shelved_until: None,
                is_suppressed: false,
                is_out_of_service: false,
            },
            clock: Clock {
                now: Duration::ZERO,
                value_at: None,
                refusals: 0,
            },
            activation_count: 0,
        })
    }

    /// Returns where it stands. Out of service comes before suppressed, and suppressed before shelved.
    pub fn state(&self) -> State {
        if self.hidden.is_out_of_service {
            State::OutOfService
        } else if self.hidden.is_suppressed {
            State::SuppressedByDesign
        } else if self.hidden.shelved_until.is_some() {
            State::Shelved
        } else {
            self.standing.state()
        }
    }

    /// Returns how it was set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sets another limit, for the values that come from now on.
    ///
    /// # Errors
    /// [`SettingsError::NotFinite`]: the limit stays as it was.
    pub fn set_limit(&mut self, limit: f64) -> Result<(), SettingsError> {
        let settings = Settings {
            limit,
            ..self.settings.clone()
        };
        settings.check()?;
        self.settings = settings;
        Ok(())
    }

    /// Returns the last time stamp that was not refused.
    pub fn now(&self) -> Duration {
        self.clock.now
    }

    /// Returns whether the signal can be believed, as far as is known.
    pub fn quality(&self) -> Quality {
        self.condition.quality()
    }

    /// Returns when its signal last became active, seen or not.
    pub fn last_activation(&self) -> Option<Duration> {
        self.activations.last()
    }

    /// Returns how often its signal became active, seen or not.
    pub fn activation_count(&self) -> u64 {
        self.activation_count
    }

    /// Returns whether its signal is beyond the limit, after the delays, even if the alarm is hidden.
    pub fn is_active(&self) -> bool {
        self.condition.is_active()
    }

    /// Takes an event that happened `at` this time since a beginning that the caller chose.
    ///
    /// First time passes to `at`: delays end, shelving expires. Then the event counts. A time stamp before the last
    /// one, or a second value at the same time, is refused and changes nothing but, after a few, the quality.
    pub fn step(&mut self, event: Event, at: Duration) -> Transition {
        let mut steps = Steps::begin(self.state());
        steps.refusal = self.clock_refusal(event, at);
        if steps.refusal.is_none() {
            self.clock.refusals = 0;
            self.clock.now = at;
            self.pass(at, &mut steps);
            steps.refusal = self.take(event, at, &mut steps);
        }
        steps.finish(self)
    }

    fn clock_refusal(&mut self, event: Event, at: Duration) -> Option<Refusal> {
        let is_value = matches!(event, Event::Value(_));
        let refusal = if at < self.clock.now {
            Refusal::TimeBackward
        } else if is_value && self.clock.value_at == Some(at) {
            Refusal::TimeDoubled
        } else {
            if is_value {
                self.clock.value_at = Some(at);
            }
            return None;
        };
        self.clock.refusals = self.clock.refusals.saturating_add(1);
        if self.clock.refusals >= self.settings.refusals_max {
            self.condition.doubt_clock();
        }
        Some(refusal)
    }

    fn pass(&mut self, at: Duration, steps: &mut Steps) {
        if self.condition.pass(&self.settings, at) {
            self.follow_condition(at, steps);
        }
        if self.hidden.shelved_until.is_some_and(|until| until <= at) {
            self.hidden.shelved_until = None;
            self.release(Cause::ShelvingExpired, steps);
        }
        let reminds = self.settings.remind_after.is_some_and(|after| {
            self.state() == State::ActiveAcknowledged
                && at.saturating_sub(self.standing.acknowledged_at) >= after
        });
        if reminds {
            self.standing.is_unacknowledged = true;
            steps.moved(self, Cause::Reminder);
        }
    }

    fn take(&mut self, event: Event, at: Duration, steps: &mut Steps) -> Option<Refusal> {
        match event {
            Event::Value(value) => {
                if self.condition.value(&self.settings, value, at) {
                    self.follow_condition(at, steps);
                }
                None
            }
            Event::Tick => None,
            Event::Acknowledge => self.acknowledge(at, steps),
            Event::Reset => self.reset(steps),
            Event::Shelve(time) if time.is_zero() || time > self.settings.shelve_max => {
                Some(Refusal::ShelveTime)
            }
            Event::Shelve(time) => {
                self.hidden.shelved_until = Some(at.saturating_add(time));
                steps.moved(self, Cause::Hiding);
                None
            }
            Event::Suppress if self.hidden.is_suppressed => Some(Refusal::AlreadyHidden),
            Event::TakeOutOfService if self.hidden.is_out_of_service => Some(Refusal::AlreadyHidden),
            Event::Suppress => {
                self.hidden.is_suppressed = true;
                steps.moved(self, Cause::Hiding);
                None
            }
            Event::TakeOutOfService => {
                self.hidden.is_out_of_service = true;
                steps.moved(self, Cause::Hiding);
                None
            }
            Event::Unshelve => {
                let was_hidden = self.hidden.shelved_until.take().is_some();
                self.show(was_hidden, steps)
            }
            Event::Unsuppress => {
                let was_hidden = std::mem::take(&mut self.hidden.is_suppressed);
                self.show(was_hidden, steps)
            }
            Event::ReturnToService => {
                let was_hidden = std::mem::take(&mut self.hidden.is_out_of_service);
                self.show(was_hidden, steps)
            }
        }
    }

    /// The signal became active or normal.
    fn follow_condition(&mut self, at: Duration, steps: &mut Steps) {
        if !self.condition.is_active() {
            self.standing.active_since = None;
            steps.moved(self, Cause::Return);
            return;
        }
        self.standing.active_since = Some(at);
        self.standing.is_unacknowledged = true;
        self.standing.is_latched = self.settings.is_latched;
        self.activations.push(at);
        self.activation_count = self.activation_count.saturating_add(1);
        steps.has_activated = true;
        steps.moved(self, Cause::Activation);
    }

    fn acknowledge(&mut self, at: Duration, steps: &mut Steps) -> Option<Refusal> {
        if self.state().is_hidden() {
            return Some(Refusal::Hidden);
        }
        if !self.standing.is_unacknowledged {
            return Some(Refusal::NothingToAcknowledge);
        }
        self.standing.is_unacknowledged = false;
        self.standing.acknowledged_at = at;
        steps.moved(self, Cause::Acknowledgement);
        None
    }

    fn reset(&mut self, steps: &mut Steps) -> Option<Refusal> {
        match self.state() {
            State::LatchedAcknowledged => {
                self.standing.is_latched = false;
                steps.moved(self, Cause::Reset);
                None
            }
            State::LatchedUnacknowledged => Some(Refusal::NotAcknowledged),
            State::Shelved | State::SuppressedByDesign | State::OutOfService => Some(Refusal::Hidden),
            State::Normal
            | State::ActiveUnacknowledged
            | State::ActiveAcknowledged
            | State::ReturnedUnacknowledged => Some(Refusal::NothingToReset),
        }
    }

    fn show(&mut self, was_hidden: bool, steps: &mut Steps) -> Option<Refusal> {
        if !was_hidden {
            return Some(Refusal::NotHidden);
        }
        self.release(Cause::Release, steps);
        None
    }

    /// One way of hiding has ended; another may remain.
    fn release(&mut self, cause: Cause, steps: &mut Steps) {
        if !self.state().is_hidden() && self.standing.active_since.is_some() {
            self.standing.is_unacknowledged = true;
        }
        steps.moved(self, cause);
    }
}

impl Standing {
    fn state(&self) -> State {
        match (
            self.active_since.is_some(),
            self.is_unacknowledged,
            self.is_latched,
        ) {
            (true, true, _) => State::ActiveUnacknowledged,
            (true, false, _) => State::ActiveAcknowledged,
            (false, true, false) => State::ReturnedUnacknowledged,
            (false, true, true) => State::LatchedUnacknowledged,
            (false, false, true) => State::LatchedAcknowledged,
            (false, false, false) => State::Normal,
        }
    }
}

/// The moves of one step, while it goes on.
struct Steps {
    from: State,
    last: State,
    refusal: Option<Refusal>,
    has_activated: bool,
    must_annunciate: bool,
    moves: [Option<Move>; MOVES_MAX],
    count: usize,
}

impl Steps {
    fn begin(from: State) -> Self {
        Self {
            from,
            last: from,
            refusal: None,
            has_activated: false,
            must_annunciate: false,
            moves: [None; MOVES_MAX],
            count: 0,
        }
    }

    /// Notes where the alarm has come, if it is elsewhere.
    fn moved(&mut self, alarm: &Alarm, cause: Cause) {
        let to = alarm.state();
        if to == self.last {
            return;
        }
        self.must_annunciate |= match to {
            State::ActiveUnacknowledged => true,
            State::ReturnedUnacknowledged | State::LatchedUnacknowledged => self.last.is_hidden(),
            State::Normal
            | State::ActiveAcknowledged
            | State::LatchedAcknowledged
            | State::Shelved
            | State::SuppressedByDesign
            | State::OutOfService => false,
        };
        if let Some(place) = self.moves.get_mut(self.count) {
            *place = Some(Move {
                from: self.last,
                to,
                cause,
            });
        }
        self.count += 1;
        self.last = to;
    }

    fn finish(self, alarm: &Alarm) -> Transition {
        assert!(self.count <= MOVES_MAX, "a step has a bounded number of moves");
        let now = alarm.clock.now;
        let settings = &alarm.settings;
        let quality: Quality = alarm.condition.quality();
        let recent = alarm.activations.within(settings.chattering.window, now);
        let since = alarm.standing.active_since;
        Transition {
            from: self.from,
            to: self.last,
            refusal: self.refusal,
            has_activated: self.has_activated,
            must_annunciate: self.must_annunciate,
            quality,
            is_chattering: recent >= usize::from(settings.chattering.activations),
            is_stale: since.is_some_and(|since| now.saturating_sub(since) >= settings.stale_after),
            moves: self.moves,
        }
    }
}
