//! Reads the text of a report back into facts, and compares them with the record.
//!
//! It knows words and how they attach to each other, not the patterns that texts are made from, so that it also judges
//! texts that somebody else made. It is strict: a word, a name or a number that it has no use for is an error. What it
//! cannot do: judge whether the record is right. Invariant: a text that [`verify`] finds sound says nothing that the
//! record does not hold, says nothing twice, and says what must be said.

use super::alarm::State;
use super::record::{Action, Fault, FlagKind, Quantity, Reason, Report, Unit, Zone};

mod clause;
mod compare;
mod lexicon;
mod spoken;
#[cfg(test)]
mod tests;
mod token;

pub use compare::{Must, Verdict, compare};
pub use token::TextError;
pub(super) use token::is_bare_name;

/// Most bytes of a text.
pub const TEXT_BYTES_MAX: usize = 1 << 16;

/// How much a text must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Zone, alarm, top evidence, cause, every flag, and that remaining life is not estimable.
    Full,
    /// Zone, alarm, top evidence, cause, and whether the data are flawed.
    Brief,
}

/// The names that a text may use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The machine.
    pub asset: String,
    /// Sensors, each once.
    pub sensors: Vec<String>,
}

impl Names {
    /// Returns the names in a report.
    pub fn of(report: &Report) -> Self {
        let mut sensors: Vec<String> = report.sensors().map(|(_, sensor)| sensor.to_owned()).collect();
        sensors.sort_unstable();
        sensors.dedup();
        Self {
            asset: report.asset.clone(),
            sensors,
        }
    }
}

/// A number as it is written, which stands for every value that rounds to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The number.
    pub value: f64,
    /// Half of the last place that is written.
    pub half: f64,
}

impl Reading {
    /// Returns whether the number is this value, rounded.
    pub fn agrees(&self, value: f64) -> bool {
        // One part in 10^9 more, because halves of decimal places are not exact in binary.
        (value - self.value).abs() <= self.half + 1e-9 * self.half.max(value.abs() * 1e-6)
    }
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// The number.
    pub reading: Reading,
    /// Its unit.
    pub unit: Unit,
}

/// A quantity as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QuantityRead {
    /// One without figures that could be rounded.
    Exact(Quantity),
    /// The energy in a band, between edges in hertz.
    Band(Reading, Reading),
}

/// A day, with what is written about year and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Day of the month.
    pub day: u8,
    /// Month, 1 to 12.
    pub month: u8,
    /// The year, where it is not that of the report's end.
    pub year: Option<i64>,
    /// Hour and minute.
    pub clock: Option<(i64, i64)>,
}

/// What a text says of a value and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Above the limit, which is wrong.
    Above,
    /// Below the limit, which is wrong.
    Below,
    /// Within the limit.
    Within,
}

/// What a text says of a trend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendRead {
    /// Where it goes.
    pub course: super::record::Course,
    /// How much per day, signed.
    pub per_day: Option<Measure>,
    /// The interval of it, signed.
    pub bounds: Option<(Reading, Reading)>,
}

/// How sure a text is of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hedge {
    /// From 95 %.
    AlmostCertain,
    /// From 66 %.
    Probable,
    /// From 33 %.
    Possible,
    /// Below 33 %.
    Weak,
}

/// A probability as it is written: from and to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbabilityRead {
    /// The lowest value that is written so.
    pub from: f64,
    /// The highest.
    pub to: f64,
}

/// All that one clause says of one measured quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceRead {
    /// The sensor.
    pub sensor: String,
    /// The quantity.
    pub quantity: QuantityRead,
    /// The value.
    pub measured: Measure,
    /// The limit.
    pub limit: Option<Measure>,
    /// How the value stands to the limit.
    pub relation: Option<Relation>,
    /// How many times the limit it is.
    pub ratio: Option<Reading>,
    /// How it goes.
    pub trend: Option<TrendRead>,
}

/// Something that a text says.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It is about this machine.
    Asset(String),
    /// The zone of severity.
    Zone(Zone),
    /// What the zone is decided by.
    ZoneValue {
        /// The sensor.
        sensor: String,
        /// The root mean square.
        measured: Measure,
    },
    /// Where the alarm stands.
    Alarm(State),
    /// Since when.
    Since(Stamp),
    /// There is neither a zone nor evidence.
    NoFinding,
    /// That the data are flawed and nothing came of them.
    NotJudged,
    /// A measured quantity.
    Evidence(EvidenceRead),
    /// The probable cause.
    Cause {
        /// The fault.
        fault: Fault,
        /// How sure.
        hedge: Hedge,
        /// The probability.
        probability: Option<ProbabilityRead>,
    },
    /// Against the cause: a quantity is within its limit.
    AgainstWithin {
        /// The sensor.
        sensor: String,
        /// The quantity.
        quantity: QuantityRead,
    },
    /// Against the cause: a quantity has no clear trend.
    AgainstNoTrend {
        /// The sensor.
        sensor: String,
        /// The quantity.
        quantity: QuantityRead,
    },
    /// Against the cause: another one.
    Alternative {
        /// The fault.
        fault: Fault,
        /// Its probability.
        probability: Option<ProbabilityRead>,
    },
    /// Against the cause: the data are flawed.
    AgainstPoorData,
    /// A change.
    Change {
        /// The sensor.
        sensor: String,
        /// The quantity.
        quantity: QuantityRead,
        /// Before.
        from: Measure,
        /// After.
        to: Measure,
        /// When.
        at: Stamp,
    },
    /// What to look at.
    Check {
        /// What to do.
        action: Action,
        /// Where.
        sensor: Option<String>,
    },
    /// What is wrong with the data.
    Flag {
        /// What.
        kind: FlagKind,
        /// Where.
        sensor: Option<String>,
        /// For how long, in seconds.
        seconds: Option<Reading>,
    },
    /// Something is wrong with the data.
    FlawedData,
    /// Days of remaining life, and their interval.
    Life {
        /// The estimate.
        days: Reading,
        /// The interval.
        bounds: Option<(Reading, Reading)>,
    },
    /// Remaining life is not estimable.
    NotEstimable(Reason),
    /// A work order.
    WorkOrder {
        /// Its number.
        id: String,
        /// Its day.
        date: Stamp,
        /// Its words.
        snippet: String,
    },
}

/// Reads a text into facts.
///
/// # Errors
/// [`TextError`]: the first thing that it has no use for, or a clause that is not complete.
pub fn read(text: &str, names: &Names) -> Result<Vec<Fact>, TextError> {
    clause::read(&token::tokens(text, names)?)
}

/// Reads a text and compares it with the record it should be about.
///
/// # Errors
/// [`TextError`], as [`read`].
pub fn verify(text: &str, report: &Report, extent: Extent) -> Result<Verdict, TextError> {
    Ok(compare(&read(text, &Names::of(report))?, report, extent))
}

/// Returns a text as its pattern: names, numbers, units and words with a meaning are placeholders; what is left is how it
/// is said. Sentences are apart.
///
/// # Errors
/// [`TextError`], as [`read`].
pub fn shapes(text: &str, names: &Names) -> Result<Vec<String>, TextError> {
    Ok(token::shapes(text, &token::tokens(text, names)?))
}
