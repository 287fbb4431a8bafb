//! Alarm floods: more alarms than an operator can answer.
//!
//! One [`Flood`] is for one operator and counts annunciations of all alarms before them. It hides nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::chattering::Latest;

/// Most annunciations that a rule can ask for.
const COUNT_MAX: u16 = 1_000;

/// When a flood begins and ends.
///
/// # Source
/// ANSI/ISA-18.2 (2016): it begins with more than 10 in 10 minutes, and ends below 5 in 10 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloodSettings {
    /// It begins with more annunciations than this; 1 to 1000.
    pub begins_above: u16,
    /// It ends with fewer than this; 1 to `begins_above`.
    pub ends_below: u16,
    /// Within this time; above 0.
    pub window: Duration,
}

impl FloodSettings {
    /// The figures of the standard.
    pub const STANDARD: FloodSettings = FloodSettings {
        begins_above: 10,
        ends_below: 5,
        window: Duration::from_secs(600),
    };

    fn is_sound(&self) -> bool {
        (1..=COUNT_MAX).contains(&self.begins_above)
            && (1..=self.begins_above).contains(&self.ends_below)
            && !self.window.is_zero()
    }
}

/// What changed about a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloodChange {
    /// Nothing.
    None,
    /// It began.
    Began,
    /// It ended.
    Ended {
        /// When it had begun.
        since: Duration,
        /// Annunciations in it, and in the window before it.
        annunciations: u64,
    },
}

/// The state of one operator's load.
#[derive(Clone, Debug)]
pub struct Flood {
    settings: FloodSettings,
    latest: Latest,
    now: Duration,
    /// When the flood began, and the annunciations in it.
    flood: Option<(Duration, u64)>,
}

impl Flood {
    /// Begins to count; `None` where the settings are out of their ranges.
    pub fn new(settings: FloodSettings) -> Option<Self> {
        settings.is_sound().then(|| Self {
            settings,
            latest: Latest::new(usize::from(COUNT_MAX) + 1),
            now: Duration::ZERO,
            flood: None,
        })
    }

    /// Returns whether there is a flood.
    pub fn is_flood(&self) -> bool {
        self.flood.is_some()
    }

    /// Returns how many annunciations the window holds, up to 1001, and when the flood began, if there is one.
    pub fn load(&self) -> (usize, Option<Duration>) {
        let count = self.latest.within(self.settings.window, self.now);
        (count, self.flood.map(|(since, _)| since))
    }

    /// An alarm was annunciated. A time before the last counts as the last.
    pub fn annunciated(&mut self, at: Duration) -> FloodChange {
        let ended = self.pass(at);
        self.latest.push(self.now);
        if let Some((_, annunciations)) = &mut self.flood {
            *annunciations += 1;
            return FloodChange::None;
        }
        let count = self.latest.within(self.settings.window, self.now);
        if count <= usize::from(self.settings.begins_above) {
            return ended;
        }
        self.flood = Some((self.now, u64::try_from(count).unwrap_or(u64::MAX)));
        FloodChange::Began
    }

    /// Time has passed. A time before the last changes nothing.
    pub fn pass(&mut self, at: Duration) -> FloodChange {
        self.now = self.now.max(at);
        let count = self.latest.within(self.settings.window, self.now);
        match self.flood {
            Some((since, annunciations)) if count < usize::from(self.settings.ends_below) => {
                self.flood = None;
                FloodChange::Ended { since, annunciations }
            }
            Some(_) | None => FloodChange::None,
        }
    }
}
