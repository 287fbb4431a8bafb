//! What a time says, as typed values.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Date;

/// A time with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    /// Where it stands, in bytes, with the words that fix its meaning such as "for", "ago" and "since".
    pub range: Range<usize>,
    /// What it says.
    pub value: Value,
}

/// What an [`Expression`] says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A point in time: "yesterday", "two weeks ago", "12 March".
    At(Moment),
    /// From a point in time on: "since Monday".
    Since(Moment),
    /// A distance into the future: "in two weeks", "within 24 hours".
    Ahead(Amount),
    /// How long: "for 3 days", "x 2 days", "for the last eight weeks", "three-week".
    Duration(Amount),
    /// A stretch that ends now: "in the last month".
    Window(Amount),
    /// How old: "at age 12", "54-year-old".
    Age(Amount),
}

/// A point in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// A date, whole or in part.
    Date(Date),
    /// Ten years, by the first: "the 1980s" is 1980.
    Decade(i32),
    /// A day or part of one.
    Day(Day),
    /// A day of the week, 1 for Monday to 7 for Sunday.
    Weekday {
        /// 1 to 7.
        number: u8,
        /// Which one, where it is said.
        side: Option<Near>,
    },
    /// "last week", "this month", "next year".
    Period {
        /// Which one.
        side: Near,
        /// Of what.
        unit: Unit,
    },
    /// "two weeks ago".
    Ago(Amount),
}

/// A day or a part of a day, told from today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Today.
    Today,
    /// Today, before noon.
    ThisMorning,
    /// Today, after noon.
    ThisAfternoon,
    /// Today, in the evening.
    ThisEvening,
    /// The night to come.
    Tonight,
    /// The day before.
    Yesterday,
    /// The night before.
    LastNight,
    /// The day after.
    Tomorrow,
}

/// Which of several like periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Near {
    /// The one before.
    Last,
    /// The one that is.
    This,
    /// The one to come.
    Next,
}

/// A number of units of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Amount {
    /// The number, or the lower end of a range; none for "a few" or where none is written.
    pub low: Option<f64>,
    /// The upper end of a range; as `low` for one number.
    pub high: Option<f64>,
    /// The unit.
    pub unit: Unit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 60 of them make a minute.
    Second,
    /// 60 of them make an hour.
    Minute,
    /// 24 of them make a day.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
    /// Ten years.
    Decade,
}

impl Unit {
    /// The code of UCUM; none for a decade, which has none.
    pub fn ucum(self) -> Option<&'static str> {
        match self {
            Unit::Second => Some("s"),
            Unit::Minute => Some("min"),
            Unit::Hour => Some("h"),
            Unit::Day => Some("d"),
            Unit::Week => Some("wk"),
            Unit::Month => Some("mo"),
            Unit::Year => Some("a"),
            Unit::Decade => None,
        }
    }

    /// Days, with months of 30.44 and years of 365.25.
    pub fn days(self) -> f64 {
        match self {
            Unit::Second => 1.0 / 86_400.0,
            Unit::Minute => 1.0 / 1_440.0,
            Unit::Hour => 1.0 / 24.0,
            Unit::Day => 1.0,
            Unit::Week => 7.0,
            Unit::Month => 30.44,
            Unit::Year => 365.25,
            Unit::Decade => 3_652.5,
        }
    }
}
