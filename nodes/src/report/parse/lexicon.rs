//! What words mean. Written apart from the words that texts are made from, so that each checks the other.

use super::super::alarm::State;
use super::super::record::{Action, Course, DefectOrder, Fault, FlagKind, Quantity, Reason, Unit, Zone};
use super::{Hedge, Relation};

/// What a phrase means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Word {
    /// It holds the sentence together.
    Filler,
    At,
    To,
    Between,
    And,
    Zone(Zone),
    Alarm(State),
    Since,
    NoFinding,
    /// That the data allow no judgement.
    NotJudged,
    Quantity(Quantity),
    /// The energy in a band; its edges follow.
    Band,
    Defect(DefectOrder),
    /// A harmonic; its number follows.
    Harmonic,
    /// A shaft order; its number follows.
    ShaftOrder,
    Relation(Relation),
    Limit,
    LimitOf,
    Times,
    Course(Course),
    PerDay,
    Hedge(Hedge),
    Fault(Fault),
    Against,
    Under,
    Over,
    FlawedData,
    Changed,
    Action(Action),
    Flag(FlagKind),
    Life,
    NotEstimable,
    Reason(Reason),
    /// A work order; its number follows.
    Order,
}

impl Word {
    /// Its place in a pattern; `None` for words that only hold a sentence together.
    pub(super) fn placeholder(self) -> Option<&'static str> {
        match self {
            Word::Zone(_) => Some("<zone>"),
            Word::Alarm(_) => Some("<alarm>"),
            Word::Quantity(_) | Word::Band | Word::Defect(_) | Word::Harmonic | Word::ShaftOrder => {
                Some("<quantity>")
            }
            Word::Hedge(_) => Some("<hedge>"),
            Word::Fault(_) => Some("<fault>"),
            Word::Relation(_) => Some("<relation>"),
            Word::Course(_) => Some("<course>"),
            Word::Action(_) => Some("<action>"),
            Word::Flag(_) => Some("<flag>"),
            Word::Reason(_) => Some("<reason>"),
            Word::Filler
            | Word::At
            | Word::To
            | Word::Between
            | Word::And
            | Word::Since
            | Word::NoFinding
            | Word::NotJudged
            | Word::Limit
            | Word::LimitOf
            | Word::Times
            | Word::PerDay
            | Word::Against
            | Word::Under
            | Word::Over
            | Word::FlawedData
            | Word::Changed
            | Word::Life
            | Word::NotEstimable
            | Word::Order => None,
        }
    }
}

/// Phrases in small letters.
pub(super) const PHRASES: &[(&str, Word)] = &[
    ("the", Word::Filler),
    ("a", Word::Filler),
    ("an", Word::Filler),
    ("is", Word::Filler),
    ("it is", Word::Filler),
    ("in", Word::Filler),
    ("on", Word::Filler),
    ("of", Word::Filler),
    ("by", Word::Filler),
    ("for", Word::Filler),
    ("with", Word::Filler),
    ("which is", Word::Filler),
    ("its", Word::Filler),
    ("this is", Word::Filler),
    ("there", Word::Filler),
    ("measures", Word::Filler),
    ("stands at", Word::Filler),
    ("comes to", Word::Filler),
    ("shows", Word::Filler),
    ("reads", Word::Filler),
    ("amplitude", Word::Filler),
    ("about", Word::Filler),
    ("has", Word::Filler),
    ("cause", Word::Filler),
    ("probability", Word::Filler),
    ("suggested check", Word::Filler),
    ("next step", Word::Filler),
    ("please", Word::Filler),
    ("to do", Word::Filler),
    ("data", Word::Filler),
    ("data flags", Word::Filler),
    ("data quality", Word::Filler),
    ("note on the data", Word::Filler),
    ("another candidate", Word::Filler),
    ("also possible", Word::Filler),
    ("at", Word::At),
    ("to", Word::To),
    ("between", Word::Between),
    ("and", Word::And),
    ("zone a", Word::Zone(Zone::A)),
    ("zone b", Word::Zone(Zone::B)),
    ("zone c", Word::Zone(Zone::C)),
    ("zone d", Word::Zone(Zone::D)),
    ("no alarm", Word::Alarm(State::Normal)),
    ("alarm normal", Word::Alarm(State::Normal)),
    (
        "alarm active and unacknowledged",
        Word::Alarm(State::ActiveUnacknowledged),
    ),
    ("unacknowledged alarm", Word::Alarm(State::ActiveUnacknowledged)),
    (
        "alarm active and acknowledged",
        Word::Alarm(State::ActiveAcknowledged),
    ),
    ("acknowledged alarm", Word::Alarm(State::ActiveAcknowledged)),
    (
        "alarm returned, unacknowledged",
        Word::Alarm(State::ReturnedUnacknowledged),
    ),
    (
        "returned alarm, unacknowledged",
        Word::Alarm(State::ReturnedUnacknowledged),
    ),
    (
        "alarm latched, unacknowledged",
        Word::Alarm(State::LatchedUnacknowledged),
    ),
    (
        "latched alarm, unacknowledged",
        Word::Alarm(State::LatchedUnacknowledged),
    ),
    (
        "alarm latched, acknowledged",
        Word::Alarm(State::LatchedAcknowledged),
    ),
    (
        "latched alarm, acknowledged",
        Word::Alarm(State::LatchedAcknowledged),
    ),
    ("alarm shelved", Word::Alarm(State::Shelved)),
    ("shelved alarm", Word::Alarm(State::Shelved)),
    (
        "alarm suppressed by design",
        Word::Alarm(State::SuppressedByDesign),
    ),
    ("alarm out of service", Word::Alarm(State::OutOfService)),
    ("since", Word::Since),
    ("seen since", Word::Since),
    ("first seen", Word::Since),
    ("onset", Word::Since),
    ("no finding", Word::NoFinding),
    ("nothing found", Word::NoFinding),
    ("not judged", Word::NotJudged),
    ("no judgement possible", Word::NotJudged),
    ("rms value", Word::Quantity(Quantity::Rms)),
    ("rms level", Word::Quantity(Quantity::Rms)),
    ("peak value", Word::Quantity(Quantity::Peak)),
    ("peak level", Word::Quantity(Quantity::Peak)),
    ("crest factor", Word::Quantity(Quantity::CrestFactor)),
    ("kurtosis", Word::Quantity(Quantity::Kurtosis)),
    ("residual", Word::Quantity(Quantity::Residual)),
    ("model residual", Word::Quantity(Quantity::Residual)),
    ("anomaly score", Word::Quantity(Quantity::AnomalyScore)),
    ("temperature", Word::Quantity(Quantity::Temperature)),
    ("pressure", Word::Quantity(Quantity::Pressure)),
    ("flow", Word::Quantity(Quantity::Flow)),
    ("flow rate", Word::Quantity(Quantity::Flow)),
    ("current", Word::Quantity(Quantity::Current)),
    ("voltage", Word::Quantity(Quantity::Voltage)),
    ("speed", Word::Quantity(Quantity::Speed)),
    ("shaft speed", Word::Quantity(Quantity::Speed)),
    ("power", Word::Quantity(Quantity::Power)),
    ("band energy from", Word::Band),
    ("energy in the band from", Word::Band),
    ("outer-race order", Word::Defect(DefectOrder::OuterRace)),
    ("bpfo amplitude", Word::Defect(DefectOrder::OuterRace)),
    ("inner-race order", Word::Defect(DefectOrder::InnerRace)),
    ("bpfi amplitude", Word::Defect(DefectOrder::InnerRace)),
    ("ball-spin order", Word::Defect(DefectOrder::RollingElement)),
    ("bsf amplitude", Word::Defect(DefectOrder::RollingElement)),
    ("cage order", Word::Defect(DefectOrder::Cage)),
    ("ftf amplitude", Word::Defect(DefectOrder::Cage)),
    ("harmonic", Word::Harmonic),
    ("shaft order", Word::ShaftOrder),
    ("above", Word::Relation(Relation::Above)),
    ("over", Word::Over),
    ("below", Word::Relation(Relation::Below)),
    ("under", Word::Under),
    ("within", Word::Relation(Relation::Within)),
    ("inside", Word::Relation(Relation::Within)),
    ("limit", Word::Limit),
    ("limit of", Word::LimitOf),
    ("times", Word::Times),
    ("rising", Word::Course(Course::Rising)),
    ("up", Word::Course(Course::Rising)),
    ("falling", Word::Course(Course::Falling)),
    ("down", Word::Course(Course::Falling)),
    ("no clear trend", Word::Course(Course::Unclear)),
    ("per day", Word::PerDay),
    ("almost certainly", Word::Hedge(Hedge::AlmostCertain)),
    ("probably", Word::Hedge(Hedge::Probable)),
    ("most likely", Word::Hedge(Hedge::Probable)),
    ("possibly", Word::Hedge(Hedge::Possible)),
    ("perhaps", Word::Hedge(Hedge::Possible)),
    ("conceivably", Word::Hedge(Hedge::Weak)),
    ("with low probability", Word::Hedge(Hedge::Weak)),
    ("outer-race defect", Word::Fault(Fault::OuterRaceDefect)),
    ("inner-race defect", Word::Fault(Fault::InnerRaceDefect)),
    ("rolling-element defect", Word::Fault(Fault::RollingElementDefect)),
    ("cage defect", Word::Fault(Fault::CageDefect)),
    ("unbalance", Word::Fault(Fault::Unbalance)),
    ("misalignment", Word::Fault(Fault::Misalignment)),
    ("looseness", Word::Fault(Fault::Looseness)),
    ("poor lubrication", Word::Fault(Fault::PoorLubrication)),
    ("cavitation", Word::Fault(Fault::Cavitation)),
    ("gear damage", Word::Fault(Fault::GearDamage)),
    ("valve fault", Word::Fault(Fault::ValveFault)),
    ("leak", Word::Fault(Fault::Leak)),
    ("electrical fault", Word::Fault(Fault::ElectricalFault)),
    ("sensor fault", Word::Fault(Fault::SensorFault)),
    ("against it", Word::Against),
    ("against this", Word::Against),
    ("speaking against it", Word::Against),
    ("the data are flawed", Word::FlawedData),
    ("went from", Word::Changed),
    ("changed from", Word::Changed),
    ("moved from", Word::Changed),
    ("inspect the bearing", Word::Action(Action::InspectBearing)),
    ("check the alignment", Word::Action(Action::CheckAlignment)),
    ("check the balance", Word::Action(Action::CheckBalance)),
    ("check the mounting", Word::Action(Action::CheckMounting)),
    ("check the lubrication", Word::Action(Action::CheckLubrication)),
    ("check the suction side", Word::Action(Action::CheckSuction)),
    ("check the valves", Word::Action(Action::CheckValves)),
    ("inspect the gears", Word::Action(Action::InspectGears)),
    ("look for a leak", Word::Action(Action::SearchLeak)),
    ("check the electrical supply", Word::Action(Action::CheckSupply)),
    ("check the sensor", Word::Action(Action::CheckSensor)),
    ("repeat the measurement", Word::Action(Action::RepeatMeasurement)),
    ("gap", Word::Flag(FlagKind::Gap)),
    ("saturation", Word::Flag(FlagKind::Saturation)),
    ("saturated signal", Word::Flag(FlagKind::Saturation)),
    ("stuck sensor", Word::Flag(FlagKind::StuckSensor)),
    ("stuck signal", Word::Flag(FlagKind::StuckSensor)),
    ("wrong unit", Word::Flag(FlagKind::WrongUnit)),
    ("sample rate drift", Word::Flag(FlagKind::RateDrift)),
    ("drifting sample rate", Word::Flag(FlagKind::RateDrift)),
    ("missing sensor", Word::Flag(FlagKind::MissingSensor)),
    ("doubled time stamps", Word::Flag(FlagKind::DoubledTimeStamps)),
    ("backward time stamps", Word::Flag(FlagKind::BackwardTimeStamps)),
    ("invalid values", Word::Flag(FlagKind::NotANumber)),
    ("remaining life", Word::Life),
    ("not estimable", Word::NotEstimable),
    ("no estimate of", Word::NotEstimable),
    ("too few data", Word::Reason(Reason::TooFewData)),
    ("flawed data", Word::Reason(Reason::PoorData)),
    ("no failure history", Word::Reason(Reason::NoFailureHistory)),
    ("no known failures", Word::Reason(Reason::NoFailureHistory)),
    ("changing operation", Word::Reason(Reason::ChangingOperation)),
    ("changing speed or load", Word::Reason(Reason::ChangingOperation)),
    ("work order", Word::Order),
];

/// Units as they are written, then as they are spoken. The longest that fits counts.
pub(super) const UNITS: &[(&str, Unit)] = &[
    ("g", Unit::Gravity),
    ("m/s²", Unit::MetresPerSecondSquared),
    ("metres per second squared", Unit::MetresPerSecondSquared),
    ("mm/s", Unit::MillimetresPerSecond),
    ("millimetres per second", Unit::MillimetresPerSecond),
    ("µm", Unit::Micrometres),
    ("micrometres", Unit::Micrometres),
    ("°C", Unit::Celsius),
    ("degrees Celsius", Unit::Celsius),
    ("bar", Unit::Bar),
    ("l/min", Unit::LitresPerMinute),
    ("litres per minute", Unit::LitresPerMinute),
    ("A", Unit::Amperes),
    ("amperes", Unit::Amperes),
    ("V", Unit::Volts),
    ("volts", Unit::Volts),
    ("rpm", Unit::RevolutionsPerMinute),
    ("revolutions per minute", Unit::RevolutionsPerMinute),
    ("Hz", Unit::Hertz),
    ("hertz", Unit::Hertz),
    ("kW", Unit::Kilowatts),
    ("kilowatts", Unit::Kilowatts),
    ("%", Unit::Percent),
    ("percent", Unit::Percent),
    ("dB", Unit::Decibels),
    ("decibels", Unit::Decibels),
];

/// Units of time, in seconds.
pub(super) const TIMES: &[(&str, f64)] = &[
    ("s", 1.0),
    ("seconds", 1.0),
    ("min", 60.0),
    ("minutes", 60.0),
    ("h", 3_600.0),
    ("hours", 3_600.0),
    ("days", 86_400.0),
];

/// Months, from January.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
