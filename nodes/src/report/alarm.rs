//! Alarms: the life of one alarm from its first exceedance to its return, in the states of ANSI/ISA-18.2.
//!
//! An [`Alarm`] watches one limit of one signal. It is a pure state machine: values, acknowledgements and time stamps go
//! in, moves between [`State`]s come out. It has no clock, no sound and no safety function: a trip needs equipment made
//! for it. Invariants: every move is one of the standard's diagram; no activation is lost, for one that nobody could see
//! while the alarm was shelved, suppressed or out of service stands as unacknowledged once it can be seen again; a time
//! stamp that goes backward changes nothing and is told.
//!
//! # Source
//! ANSI/ISA-18.2 (2016) and IEC 62682 (2014): states, shelving, chattering (three times a minute), flood (more than ten
//! in ten minutes until fewer than five), stale alarms. The standard lets the maker choose two things. Here, a reset
//! needs an acknowledgement first, and an alarm that becomes visible while active asks for a new acknowledgement.

use std::time::Duration;

use serde::{Deserialize, Serialize};

mod chattering;
mod condition;
mod flood;
mod ladder;
mod machine;
#[cfg(test)]
pub(super) mod tests;

pub use flood::{Flood, FloodChange, FloodSettings};
pub use ladder::{Ladder, LadderError, Level, RUNGS_MAX};
pub use machine::Alarm;

/// Most activations that a chattering rule can ask for.
pub const CHATTERING_ACTIVATIONS_MAX: u8 = 32;

/// Most moves of one step.
pub const MOVES_MAX: usize = 6;

/// Where an alarm stands. The letters are those of the diagram in ISA-18.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A: the signal is normal, and nothing waits for an answer.
    Normal,
    /// B: beyond the limit; nobody has acknowledged it.
    ActiveUnacknowledged,
    /// C: beyond the limit; acknowledged.
    ActiveAcknowledged,
    /// D: normal again; nobody has acknowledged it.
    ReturnedUnacknowledged,
    /// E: normal again, held by its latch; nobody has acknowledged it.
    LatchedUnacknowledged,
    /// F: normal again, held by its latch until a reset; acknowledged.
    LatchedAcknowledged,
    /// G: hidden by an operator, for a limited time.
    Shelved,
    /// H: hidden by the design of the plant, such as while a machine stands still.
    SuppressedByDesign,
    /// I: hidden for maintenance.
    OutOfService,
}

impl State {
    /// Every state, in the order of the diagram.
    pub const ALL: [State; 9] = [
        State::Normal,
        State::ActiveUnacknowledged,
        State::ActiveAcknowledged,
        State::ReturnedUnacknowledged,
        State::LatchedUnacknowledged,
        State::LatchedAcknowledged,
        State::Shelved,
        State::SuppressedByDesign,
        State::OutOfService,
    ];

    /// Returns whether operators see nothing of the alarm: it is shelved, suppressed or out of service.
    pub fn is_hidden(self) -> bool {
        match self {
            State::Shelved | State::SuppressedByDesign | State::OutOfService => true,
            State::Normal
            | State::ActiveUnacknowledged
            | State::ActiveAcknowledged
            | State::ReturnedUnacknowledged
            | State::LatchedUnacknowledged
            | State::LatchedAcknowledged => false,
        }
    }
}

/// Which side of a limit is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Values above the limit.
    Above,
    /// Values below the limit.
    Below,
}

/// How one alarm behaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The limit, in the unit of the signal. A value equal to it is normal.
    pub limit: f64,
    /// Which side of it is wrong.
    pub direction: Direction,
    /// How far back over the limit a value must come to be normal again, in the unit of the signal; 0 or more.
    pub deadband: f64,
    /// How long a value must be beyond the limit before the alarm is active.
    pub on_delay: Duration,
    /// How long a value must be normal before the alarm returns.
    pub off_delay: Duration,
    /// Whether a returned alarm is held until a reset.
    pub is_latched: bool,
    /// The longest time that a value stands for what follows it; above 0. Later the quality is bad.
    pub gap_max: Duration,
    /// The longest time that an operator may shelve it for; above 0.
    pub shelve_max: Duration,
    /// An alarm active for as long as this is stale; above 0.
    pub stale_after: Duration,
    /// After this time an acknowledged alarm that is still active asks for acknowledgement again; above 0 if given.
    pub remind_after: Option<Duration>,
    /// When it counts as chattering.
    pub chattering: ChatteringSettings,
    /// Refused time stamps one after another that make the quality bad; 1 or more.
    pub refusals_max: u32,
}

/// When an alarm counts as chattering: it became active at least this often within a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatteringSettings {
    /// Activations, 2 to [`CHATTERING_ACTIVATIONS_MAX`]; the standard's example is 3.
    pub activations: u8,
    /// Within this time, above 0; the standard's example is one minute.
    pub window: Duration,
}

/// Why settings are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The limit or the deadband is not finite.
    #[error("the limit and the deadband must be finite numbers")]
    NotFinite,
    /// The deadband is negative.
    #[error("the deadband must be 0 or more")]
    NegativeDeadband,
    /// A time is 0 that must not be.
    #[error("`{0}` must be longer than 0 s")]
    NoTime(&'static str),
    /// The count of chattering is out of range.
    #[error("chattering needs 2 to {CHATTERING_ACTIVATIONS_MAX} activations, found {0}")]
    ChatteringActivations(u8),
    /// No refusal would ever be allowed.
    #[error("`refusals_max` must be 1 or more")]
    NoRefusals,
}

impl Settings {
    /// Checks that the settings mean something.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn check(&self) -> Result<(), SettingsError> {
        if !self.limit.is_finite() || !self.deadband.is_finite() {
            return Err(SettingsError::NotFinite);
        }
        if self.deadband < 0.0 {
            return Err(SettingsError::NegativeDeadband);
        }
        let times = [
            ("gap_max", self.gap_max),
            ("shelve_max", self.shelve_max),
            ("stale_after", self.stale_after),
            ("remind_after", self.remind_after.unwrap_or(Duration::MAX)),
            ("chattering.window", self.chattering.window),
        ];
        if let Some((name, _)) = times.iter().find(|(_, time)| time.is_zero()) {
            return Err(SettingsError::NoTime(name));
        }
        if !(2..=CHATTERING_ACTIVATIONS_MAX).contains(&self.chattering.activations) {
            return Err(SettingsError::ChatteringActivations(self.chattering.activations));
        }
        if self.refusals_max == 0 {
            return Err(SettingsError::NoRefusals);
        }
        Ok(())
    }
}

/// What happens to an alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A new value of the signal; `None` where one was due and is missing. A value that is not finite is as bad.
    Value(Option<f64>),
    /// Nothing but time has passed.
    Tick,
    /// An operator has seen it.
    Acknowledge,
    /// An operator hides it for a while. A second one sets a new end.
    Shelve(Duration),
    /// An operator shows it again.
    Unshelve,
    /// The plant's design hides it.
    Suppress,
    /// The plant's design shows it again.
    Unsuppress,
    /// Maintenance hides it.
    TakeOutOfService,
    /// Maintenance shows it again.
    ReturnToService,
    /// An operator lets go of the latch.
    Reset,
}

/// Why a step changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// The time stamp is before the last.
    #[error("the time stamp goes backward")]
    TimeBackward,
    /// Two values have the same time stamp.
    #[error("two values have the same time stamp")]
    TimeDoubled,
    /// An operator cannot see the alarm.
    #[error("the alarm is hidden")]
    Hidden,
    /// There is nothing that waits for an acknowledgement.
    #[error("there is nothing to acknowledge")]
    NothingToAcknowledge,
    /// Nothing is latched, or the condition still holds.
    #[error("there is nothing to reset")]
    NothingToReset,
    /// A reset before the acknowledgement.
    #[error("the alarm must be acknowledged before it is reset")]
    NotAcknowledged,
    /// Shelving for no time, or for longer than is allowed.
    #[error("the alarm cannot be shelved for this long")]
    ShelveTime,
    /// It is not shelved, suppressed or out of service.
    #[error("the alarm is not hidden in this way")]
    NotHidden,
    /// It is suppressed or out of service already.
    #[error("the alarm is already hidden in this way")]
    AlreadyHidden,
}

/// Whether the signal can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// The last value was finite and is not old.
    Good,
    /// The last value was not a finite number. The state is held.
    NotANumber,
    /// A value is missing, or the last one is older than `gap_max`. The state is held.
    Missing,
    /// The last time stamps were refused. The state is held.
    Clock,
}

/// Why an alarm moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The signal was beyond the limit for the on-delay.
    Activation,
    /// The signal was normal for the off-delay.
    Return,
    /// An operator acknowledged it.
    Acknowledgement,
    /// It was active too long since the acknowledgement.
    Reminder,
    /// An operator reset it.
    Reset,
    /// It was hidden, or hidden in another way.
    Hiding,
    /// It was shown again.
    Release,
    /// The time of shelving was over.
    ShelvingExpired,
}

/// A move between two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The state before.
    pub from: State,
    /// The state after; another one.
    pub to: State,
    /// Why.
    pub cause: Cause,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before the step.
    pub from: State,
    /// The state after it.
    pub to: State,
    /// Why the event changed nothing, if it did not. Time may have passed all the same, unless the stamp is refused.
    pub refusal: Option<Refusal>,
    /// Whether the signal became active in this step, seen or not.
    pub has_activated: bool,
    /// Whether operators must be told: the alarm came to stand unacknowledged before their eyes.
    pub must_annunciate: bool,
    /// Whether the signal can be believed.
    pub quality: Quality,
    /// Whether it became active so often that it chatters.
    pub is_chattering: bool,
    /// Whether it is active for so long that it is stale.
    pub is_stale: bool,
    moves: [Option<Move>; MOVES_MAX],
}

impl Transition {
    /// Returns the moves of the step, in their order: none, one, or a few where time passed before the event.
    pub fn moves(&self) -> impl Iterator<Item = Move> + '_ {
        self.moves.iter().flatten().copied()
    }
}
