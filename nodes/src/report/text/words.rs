//! The words for what a record holds. Written apart from the lexicon of the reader, so that each checks the other.

use super::super::alarm::{Direction, State};
use super::super::record::{Action, Course, DefectOrder, Evidence, Fault, FlagKind, Quantity, Reason, Zone};
use super::choice::Choice;
use super::number::{self, Manner};

pub(super) fn zone(zone: Zone) -> &'static str {
    match zone {
        Zone::A => "A",
        Zone::B => "B",
        Zone::C => "C",
        Zone::D => "D",
    }
}

pub(super) fn alarm(state: State, choice: &mut Choice) -> &'static str {
    match state {
        State::Normal => choice.pick(&["no alarm", "alarm normal"]),
        State::ActiveUnacknowledged => {
            choice.pick(&["unacknowledged alarm", "alarm active and unacknowledged"])
        }
        State::ActiveAcknowledged => choice.pick(&["acknowledged alarm", "alarm active and acknowledged"]),
        State::ReturnedUnacknowledged => {
            choice.pick(&["alarm returned, unacknowledged", "returned alarm, unacknowledged"])
        }
        State::LatchedUnacknowledged => {
            choice.pick(&["alarm latched, unacknowledged", "latched alarm, unacknowledged"])
        }
        State::LatchedAcknowledged => {
            choice.pick(&["alarm latched, acknowledged", "latched alarm, acknowledged"])
        }
        State::Shelved => choice.pick(&["alarm shelved", "shelved alarm"]),
        State::SuppressedByDesign => "alarm suppressed by design",
        State::OutOfService => "alarm out of service",
    }
}

/// A noun without its article. Its last word is never a number, so that a number may follow.
pub(super) fn quantity(quantity: &Quantity, choice: &mut Choice, manner: Manner) -> String {
    let word = match quantity {
        Quantity::Rms => choice.pick(&["rms value", "rms level"]),
        Quantity::Peak => choice.pick(&["peak value", "peak level"]),
        Quantity::CrestFactor => "crest factor",
        Quantity::Kurtosis => "kurtosis",
        Quantity::BandEnergy { from_hz, to_hz } => {
            let name = choice.pick(&["band energy", "energy in the band"]);
            return format!("{name} from {}", number::band(*from_hz, *to_hz, manner));
        }
        Quantity::Defect { order, harmonic: 1 } => defect(*order, choice, manner),
        Quantity::Defect { order, harmonic } => {
            let harmonic = number::number(f64::from(*harmonic), 1, manner);
            return format!("harmonic {harmonic} of the {}", defect(*order, choice, manner));
        }
        Quantity::Shaft { order } => {
            let order = number::number(f64::from(*order), 1, manner);
            return format!("shaft order {order} amplitude");
        }
        Quantity::Residual => choice.pick(&["residual", "model residual"]),
        Quantity::AnomalyScore => "anomaly score",
        Quantity::Temperature => "temperature",
        Quantity::Pressure => "pressure",
        Quantity::Flow => choice.pick(&["flow", "flow rate"]),
        Quantity::Current => "current",
        Quantity::Voltage => "voltage",
        Quantity::Speed => choice.pick(&["speed", "shaft speed"]),
        Quantity::Power => "power",
    };
    word.to_owned()
}

fn defect(order: DefectOrder, choice: &mut Choice, manner: Manner) -> &'static str {
    let (name, letters) = match order {
        DefectOrder::OuterRace => ("outer-race order", "BPFO amplitude"),
        DefectOrder::InnerRace => ("inner-race order", "BPFI amplitude"),
        DefectOrder::RollingElement => ("ball-spin order", "BSF amplitude"),
        DefectOrder::Cage => ("cage order", "FTF amplitude"),
    };
    match manner {
        Manner::Written => choice.pick(&[name, letters]),
        Manner::Spoken => name,
    }
}

/// How a value stands to its limit: a preposition for `the limit of`.
pub(super) fn relation(evidence: &Evidence, choice: &mut Choice) -> &'static str {
    match evidence.beyond() {
        Some(Direction::Above) => choice.pick(&["above", "over"]),
        Some(Direction::Below) => choice.pick(&["below", "under"]),
        None => choice.pick(&["within", "inside"]),
    }
}

pub(super) fn course(course: Course, choice: &mut Choice) -> &'static str {
    match course {
        Course::Rising => choice.pick(&["rising by", "up by", "up"]),
        Course::Falling => choice.pick(&["falling by", "down by", "down"]),
        Course::Unclear => "no clear trend",
    }
}

/// How sure one may sound; the limits are those of `parse::Hedge`.
pub(super) fn hedge(probability: f64, choice: &mut Choice) -> &'static str {
    match probability {
        0.95.. => "almost certainly",
        0.66.. => choice.pick(&["probably", "most likely"]),
        0.33.. => choice.pick(&["possibly", "perhaps"]),
        _ => "conceivably",
    }
}

/// A fault, with its article.
pub(super) fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::OuterRaceDefect => "an outer-race defect",
        Fault::InnerRaceDefect => "an inner-race defect",
        Fault::RollingElementDefect => "a rolling-element defect",
        Fault::CageDefect => "a cage defect",
        Fault::Unbalance => "unbalance",
        Fault::Misalignment => "misalignment",
        Fault::Looseness => "looseness",
        Fault::PoorLubrication => "poor lubrication",
        Fault::Cavitation => "cavitation",
        Fault::GearDamage => "gear damage",
        Fault::ValveFault => "a valve fault",
        Fault::Leak => "a leak",
        Fault::ElectricalFault => "an electrical fault",
        Fault::SensorFault => "a sensor fault",
    }
}

pub(super) fn action(action: Action) -> &'static str {
    match action {
        Action::InspectBearing => "inspect the bearing",
        Action::CheckAlignment => "check the alignment",
        Action::CheckBalance => "check the balance",
        Action::CheckMounting => "check the mounting",
        Action::CheckLubrication => "check the lubrication",
        Action::CheckSuction => "check the suction side",
        Action::CheckValves => "check the valves",
        Action::InspectGears => "inspect the gears",
        Action::SearchLeak => "look for a leak",
        Action::CheckSupply => "check the electrical supply",
        Action::CheckSensor => "check the sensor",
        Action::RepeatMeasurement => "repeat the measurement",
    }
}

pub(super) fn flag(kind: FlagKind, choice: &mut Choice) -> &'static str {
    match kind {
        FlagKind::Gap => "gap",
        FlagKind::Saturation => choice.pick(&["saturation", "saturated signal"]),
        FlagKind::StuckSensor => choice.pick(&["stuck sensor", "stuck signal"]),
        FlagKind::WrongUnit => "wrong unit",
        FlagKind::RateDrift => choice.pick(&["sample rate drift", "drifting sample rate"]),
        FlagKind::MissingSensor => "missing sensor",
        FlagKind::DoubledTimeStamps => "doubled time stamps",
        FlagKind::BackwardTimeStamps => "backward time stamps",
        FlagKind::NotANumber => "invalid values",
    }
}

pub(super) fn reason(reason: Reason, choice: &mut Choice) -> &'static str {
    match reason {
        Reason::NoTrend => "no clear trend",
        Reason::TooFewData => "too few data",
        Reason::PoorData => "flawed data",
        Reason::NoFailureHistory => choice.pick(&["no failure history", "no known failures"]),
        Reason::ChangingOperation => choice.pick(&["changing operation", "changing speed or load"]),
    }
}
