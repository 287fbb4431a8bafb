//! An alarm from request to request, and what is told of each.

use std::time::Duration;

use serde::Serialize;

use super::super::alarm::{Alarm, Cause, Event, Refusal, Settings, SettingsError, State, Transition};
use super::request::Request;

/// Most moves that are told of a request, the last ones.
pub(super) const MOVES_TOLD_MAX: usize = 128;
/// Most refusals that are told of a request, the last ones; all are counted.
pub(super) const REFUSALS_TOLD_MAX: usize = 64;

/// An alarm from request to request.
pub(super) struct Watch {
    alarm: Alarm,
    /// The limit comes with requests, and none has come yet.
    lacks_limit: bool,
    has_limit_input: bool,
    /// Whether the plant's design hid it when it last said so.
    was_suppressed: bool,
    is_chattering: bool,
    is_stale: bool,
    /// The last time that was taken.
    last_at: Option<Duration>,
}

/// What is told of one request.
#[derive(Default)]
pub(super) struct Told {
    pub(super) moves: Vec<ToldMove>,
    pub(super) refusals: Vec<ToldRefusal>,
    pub(super) refused: usize,
    pub(super) must_annunciate: bool,
    /// When operators had to be told.
    pub(super) annunciated: Vec<Duration>,
}

/// A move with its time, in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ToldMove {
    at: u64,
    from: State,
    to: State,
    cause: Cause,
}

/// Something that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ToldRefusal {
    at: u64,
    event: &'static str,
    why: Refusal,
}

impl Watch {
    pub(super) fn new(settings: Settings, has_limit_input: bool) -> Result<Watch, SettingsError> {
        Ok(Watch {
            alarm: Alarm::new(settings)?,
            lacks_limit: has_limit_input,
            has_limit_input,
            was_suppressed: false,
            is_chattering: false,
            is_stale: false,
            last_at: None,
        })
    }

    pub(super) fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    pub(super) fn is_chattering(&self) -> bool {
        self.is_chattering
    }

    pub(super) fn is_stale(&self) -> bool {
        self.is_stale
    }

    pub(super) fn last_at(&self) -> Option<Duration> {
        self.last_at
    }

    /// Forgets all but the settings.
    pub(super) fn reset(&mut self) {
        if let Ok(fresh) = Watch::new(self.alarm.settings().clone(), self.has_limit_input) {
            *self = fresh;
        }
    }

    /// Takes a request: what the design and the operators want, then the values.
    pub(super) fn take(&mut self, request: &Request) -> Told {
        let mut told = Told::default();
        if let Some(limit) = request.limit {
            self.lacks_limit = self.alarm.set_limit(limit).is_err();
        }
        let now = self.alarm.now();
        let first = request.values.first().map_or(now, |(at, _)| (*at).max(now));
        if let Some(is_suppressed) = request.is_suppressed.filter(|is| *is != self.was_suppressed) {
            self.was_suppressed = is_suppressed;
            let event = if is_suppressed {
                Event::Suppress
            } else {
                Event::Unsuppress
            };
            self.step(event, first, &mut told);
        }
        for order in &request.orders {
            let at = match order {
                // Operators answer what they were shown, and nothing that came about since.
                Event::Acknowledge | Event::Reset if self.last_at.is_some() => self.alarm.now(),
                Event::Acknowledge
                | Event::Reset
                | Event::Value(_)
                | Event::Tick
                | Event::Shelve(_)
                | Event::Unshelve
                | Event::Suppress
                | Event::Unsuppress
                | Event::TakeOutOfService
                | Event::ReturnToService => first,
            };
            self.step(*order, at, &mut told);
        }
        for (at, value) in &request.values {
            // Without a limit nobody can tell whether a value is beyond it.
            let value = value.filter(|_| !self.lacks_limit);
            self.step(Event::Value(value), *at, &mut told);
        }
        told
    }

    fn step(&mut self, event: Event, at: Duration, told: &mut Told) {
        let transition: Transition = self.alarm.step(event, at);
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        for moved in transition.moves() {
            let (from, to, cause) = (moved.from, moved.to, moved.cause);
            push_last(
                &mut told.moves,
                MOVES_TOLD_MAX,
                ToldMove {
                    at: at_ms,
                    from,
                    to,
                    cause,
                },
            );
        }
        if let Some(why) = transition.refusal {
            told.refused += 1;
            let event = name(event);
            push_last(
                &mut told.refusals,
                REFUSALS_TOLD_MAX,
                ToldRefusal {
                    at: at_ms,
                    event,
                    why,
                },
            );
        }
        if transition.must_annunciate {
            told.must_annunciate = true;
            told.annunciated.push(at);
        }
        let is_refused_stamp = matches!(
            transition.refusal,
            Some(Refusal::TimeBackward | Refusal::TimeDoubled)
        );
        // Before the first value no time is known.
        let is_known = self.last_at.is_some() || matches!(event, Event::Value(_));
        if is_known && !is_refused_stamp {
            self.last_at = Some(at);
        }
        self.is_chattering = transition.is_chattering;
        self.is_stale = transition.is_stale;
    }
}

/// What an event is called in a refusal.
fn name(event: Event) -> &'static str {
    match event {
        Event::Value(_) => "value",
        Event::Tick => "tick",
        Event::Acknowledge => "acknowledge",
        Event::Shelve(_) => "shelve",
        Event::Unshelve => "unshelve",
        Event::Suppress => "suppress",
        Event::Unsuppress => "unsuppress",
        Event::TakeOutOfService => "take_out_of_service",
        Event::ReturnToService => "return_to_service",
        Event::Reset => "reset",
    }
}

/// Adds to a list that keeps its last few.
fn push_last<T>(list: &mut Vec<T>, most: usize, item: T) {
    if list.len() == most {
        list.remove(0);
    }
    list.push(item);
}
