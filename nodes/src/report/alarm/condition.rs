//! Whether a signal is beyond its limit: hysteresis, delays, gaps and bad values.
//!
//! A good value stands until the next one, for `gap_max` at most. Time in which the signal is not known does not count
//! towards a delay and does not reset it, so that bursts of bad values neither raise an alarm nor hold one back.

use std::time::Duration;

use super::{Direction, Quality, Settings};

/// The signal of an alarm, after hysteresis and delays.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// Whether the alarm's condition holds, after the delays.
    is_active: bool,
    /// Whether the last good value was beyond the limit, after hysteresis.
    is_beyond: bool,
    /// How long `is_beyond` has differed from `is_active`, in known time.
    dwell: Duration,
    /// Up to when time was counted.
    counted_to: Duration,
    /// When the last good value came.
    good_at: Option<Duration>,
    quality: Quality,
}

impl Condition {
    pub(super) fn new() -> Self {
        Self {
            is_active: false,
            is_beyond: false,
            dwell: Duration::ZERO,
            counted_to: Duration::ZERO,
            good_at: None,
            quality: Quality::Missing,
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.is_active
    }

    pub(super) fn quality(&self) -> Quality {
        self.quality
    }

    /// Lets time pass to `at`. Returns whether the condition changed.
    pub(super) fn pass(&mut self, settings: &Settings, at: Duration) -> bool {
        let Some(good_at) = self.good_at else {
            return false;
        };
        let known_to = at.min(good_at.saturating_add(settings.gap_max));
        if self.quality == Quality::Good && known_to > self.counted_to && self.is_beyond != self.is_active {
            self.dwell = self.dwell.saturating_add(known_to - self.counted_to);
        }
        self.counted_to = at;
        if known_to < at && self.quality == Quality::Good {
            self.quality = Quality::Missing;
        }
        self.settle(settings)
    }

    /// Takes a value that came now, after [`Condition::pass`]. Returns whether the condition changed.
    pub(super) fn value(&mut self, settings: &Settings, value: Option<f64>, at: Duration) -> bool {
        let value = match value {
            None => {
                self.quality = Quality::Missing;
                return false;
            }
            Some(value) if !value.is_finite() => {
                self.quality = Quality::NotANumber;
                return false;
            }
            Some(value) => value,
        };
        self.quality = Quality::Good;
        self.good_at = Some(at);
        self.counted_to = at;
        let was_beyond = self.is_beyond;
        self.is_beyond = self.is_past(settings, value);
        if self.is_beyond != was_beyond || self.is_beyond == self.is_active {
            self.dwell = Duration::ZERO;
        }
        self.settle(settings)
    }

    /// The time stamps of the signal cannot be believed.
    pub(super) fn doubt_clock(&mut self) {
        self.quality = Quality::Clock;
    }

    /// An active alarm returns only past its deadband.
    fn is_past(&self, settings: &Settings, value: f64) -> bool {
        let deadband = if self.is_active { settings.deadband } else { 0.0 };
        match settings.direction {
            Direction::Above => value > settings.limit - deadband,
            Direction::Below => value < settings.limit + deadband,
        }
    }

    fn settle(&mut self, settings: &Settings) -> bool {
        if self.is_beyond == self.is_active {
            return false;
        }
        let delay = if self.is_beyond {
            settings.on_delay
        } else {
            settings.off_delay
        };
        if self.dwell < delay {
            return false;
        }
        self.is_active = self.is_beyond;
        self.dwell = Duration::ZERO;
        true
    }
}
