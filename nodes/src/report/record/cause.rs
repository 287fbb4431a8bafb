//! What may be the matter with a machine, what speaks against it, and what to look at.

use serde::{Deserialize, Serialize};

/// What probably is the matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The fault.
    pub fault: Fault,
    /// Its calibrated probability, above 0 to 1.
    pub probability: f64,
    /// What speaks against it, at most [`super::LIST_MAX`].
    #[serde(default)]
    pub against: Vec<Against>,
}

/// A fault of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Damage of a bearing's outer race.
    OuterRaceDefect,
    /// Damage of a bearing's inner race.
    InnerRaceDefect,
    /// Damage of a ball or roller.
    RollingElementDefect,
    /// Damage of a bearing's cage.
    CageDefect,
    /// A mass off the axis of rotation.
    Unbalance,
    /// Shafts that do not run in one line.
    Misalignment,
    /// Something that is not held firmly.
    Looseness,
    /// Too little or wrong lubricant.
    PoorLubrication,
    /// Vapour bubbles in a pump.
    Cavitation,
    /// Worn or broken teeth of a gear.
    GearDamage,
    /// A valve that is closed or stuck.
    ValveFault,
    /// A coolant or another medium that is lost.
    Leak,
    /// A fault of a motor's windings or supply.
    ElectricalFault,
    /// A sensor that tells something wrong.
    SensorFault,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 14] = [
        Fault::OuterRaceDefect,
        Fault::InnerRaceDefect,
        Fault::RollingElementDefect,
        Fault::CageDefect,
        Fault::Unbalance,
        Fault::Misalignment,
        Fault::Looseness,
        Fault::PoorLubrication,
        Fault::Cavitation,
        Fault::GearDamage,
        Fault::ValveFault,
        Fault::Leak,
        Fault::ElectricalFault,
        Fault::SensorFault,
    ];
}

/// What speaks against a cause.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Against {
    /// A quantity that the cause should raise is within its limit.
    WithinLimit {
        /// Which of [`super::Report::evidence`].
        evidence: usize,
    },
    /// A quantity that the cause should move has no clear trend.
    NoTrend {
        /// Which of [`super::Report::evidence`].
        evidence: usize,
    },
    /// Another cause is possible.
    Alternative {
        /// Which.
        fault: Fault,
        /// Its probability, above 0. All probabilities together are at most 1.
        probability: f64,
    },
    /// The data are flawed.
    PoorData,
}

/// What an engineer should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What to do.
    pub action: Action,
    /// Near which sensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
}

/// What can be done to learn more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Inspect the bearing.
    InspectBearing,
    /// Check the alignment of the shafts.
    CheckAlignment,
    /// Check the balance of the rotor.
    CheckBalance,
    /// Check bolts and the foundation.
    CheckMounting,
    /// Check the lubrication.
    CheckLubrication,
    /// Check the inlet of a pump.
    CheckSuction,
    /// Check the valves.
    CheckValves,
    /// Inspect the gears.
    InspectGears,
    /// Look for leaks.
    SearchLeak,
    /// Check the electrical supply.
    CheckSupply,
    /// Check the sensor and its cable.
    CheckSensor,
    /// Measure once more.
    RepeatMeasurement,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 12] = [
        Action::InspectBearing,
        Action::CheckAlignment,
        Action::CheckBalance,
        Action::CheckMounting,
        Action::CheckLubrication,
        Action::CheckSuction,
        Action::CheckValves,
        Action::InspectGears,
        Action::SearchLeak,
        Action::CheckSupply,
        Action::CheckSensor,
        Action::RepeatMeasurement,
    ];
}
