//! How a drafted medication is taken.

use serde::{Deserialize, Serialize};

/// How a medication is taken, as far as the source says it. A range, such as 1 to 2 tablets, is in `text` alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// The words of the source.
    pub text: Option<String>,
    /// How much is taken at once.
    pub amount: Option<Amount>,
    /// How much one tablet, puff or the like holds, which is not how much is taken.
    pub strength: Option<Amount>,
    /// Tablet, solution and the like.
    pub form: Option<String>,
    /// How it enters the body.
    pub route: Option<String>,
    /// How often.
    pub frequency: Option<Frequency>,
    /// True where the source says that it is taken when needed.
    pub as_needed: bool,
    /// For how long.
    pub duration: Option<Length>,
}

/// An amount of something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// The number, from 0.000001 to 1 000 000 000; six decimals are kept.
    pub value: f64,
    /// Its unit: a code of UCUM, or the words of the source where there is none. Without a unit, the source names
    /// none, and none is added.
    pub unit: Option<String>,
}

/// `times` in each period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// From 1 to 2 147 483 647.
    pub times: u32,
    /// The period.
    pub period: Length,
}

/// A length of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// The number, from 0.000001 to 1 000 000 000; six decimals are kept.
    pub value: f64,
    /// Its unit.
    pub unit: TimeUnit,
}

/// A unit of time, by its code in UCUM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds.
    #[serde(rename = "s")]
    Second,
    /// Minutes.
    #[serde(rename = "min")]
    Minute,
    /// Hours.
    #[serde(rename = "h")]
    Hour,
    /// Days.
    #[serde(rename = "d")]
    Day,
    /// Weeks.
    #[serde(rename = "wk")]
    Week,
    /// Months.
    #[serde(rename = "mo")]
    Month,
    /// Years.
    #[serde(rename = "a")]
    Year,
}

impl TimeUnit {
    /// Its code in UCUM.
    pub fn code(self) -> &'static str {
        match self {
            TimeUnit::Second => "s",
            TimeUnit::Minute => "min",
            TimeUnit::Hour => "h",
            TimeUnit::Day => "d",
            TimeUnit::Week => "wk",
            TimeUnit::Month => "mo",
            TimeUnit::Year => "a",
        }
    }
}
