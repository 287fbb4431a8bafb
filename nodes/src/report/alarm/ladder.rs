//! The alarms of one signal at several limits: warning, alarm and trip, above and below.
//!
//! A [`Ladder`] steps its alarms together and says which level is reached. Each alarm lives its own life.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Alarm, Direction, Event, Settings, SettingsError, Transition};

/// Most limits of one signal.
pub const RUNGS_MAX: usize = 6;

/// How serious a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something has changed.
    Warning,
    /// Something must be done.
    Alarm,
    /// The machine should stop. Here it is only said.
    Trip,
}

/// Why limits make no ladder.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LadderError {
    /// None or too many limits.
    #[error("a ladder has 1 to {RUNGS_MAX} limits, found {0}")]
    Count(usize),
    /// Two limits of one level and direction, or a more serious one that is reached earlier.
    #[error(
        "the limit of {level:?} must lie beyond those of lower levels on its side, and be the only one there"
    )]
    Order {
        /// The level.
        level: Level,
    },
    /// A limit is refused by itself.
    #[error("the settings of {level:?} are refused")]
    Settings {
        /// The level.
        level: Level,
        /// Why.
        source: SettingsError,
    },
}

/// The alarms of one signal.
#[derive(Clone, Debug)]
pub struct Ladder {
    rungs: Vec<(Level, Alarm)>,
}

impl Ladder {
    /// Makes the alarms of one signal.
    ///
    /// # Errors
    /// [`LadderError`]: their count, their order, or one of them.
    pub fn new(limits: Vec<(Level, Settings)>) -> Result<Self, LadderError> {
        if limits.is_empty() || limits.len() > RUNGS_MAX {
            return Err(LadderError::Count(limits.len()));
        }
        let mut rungs = Vec::with_capacity(limits.len());
        for (index, (level, settings)) in limits.iter().enumerate() {
            let others = limits
                .iter()
                .enumerate()
                .filter(|(other, (_, of))| *other != index && of.direction == settings.direction);
            for (_, (other, of)) in others {
                if other == level || (other < level) != is_before(of.limit, settings) {
                    return Err(LadderError::Order { level: *level });
                }
            }
            let alarm = Alarm::new(settings.clone());
            let level = *level;
            rungs.push((
                level,
                alarm.map_err(|source| LadderError::Settings { level, source })?,
            ));
        }
        Ok(Self { rungs })
    }

    /// Steps every alarm; one transition each, in the order that they were given.
    pub fn step(&mut self, event: Event, at: Duration) -> Vec<(Level, Transition)> {
        let step = |(level, alarm): &mut (Level, Alarm)| (*level, alarm.step(event, at));
        self.rungs.iter_mut().map(step).collect()
    }

    /// Returns the alarms.
    pub fn rungs(&self) -> &[(Level, Alarm)] {
        &self.rungs
    }

    /// Returns the most serious level whose condition holds, hidden or not.
    pub fn reached(&self) -> Option<Level> {
        let active = self.rungs.iter().filter(|(_, alarm)| alarm.is_active());
        active.map(|(level, _)| *level).max()
    }
}

fn is_before(limit: f64, settings: &Settings) -> bool {
    match settings.direction {
        Direction::Above => limit < settings.limit,
        Direction::Below => limit > settings.limit,
    }
}
