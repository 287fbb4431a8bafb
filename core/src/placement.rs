//! How one node is to run: on what sort of device, in what precision, over how many workers.
//!
//! A kind says what it can do ([`NodeKind::precisions`](crate::catalog::NodeKind::precisions)); the plan decides.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::DeviceKind;

/// How a node computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// Products of 16-bit brain floats, summed in 32 bits.
    Bf16,
    /// Products of 8-bit integers with scales, summed in 32 bits.
    Int8,
}

impl Precision {
    /// All of them, by falling accuracy.
    pub const ALL: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];

    /// As written and printed.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
            Precision::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A precision that a kind can compute in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrecisionOffer {
    /// Which.
    pub precision: Precision,
    /// False where the accuracy in this precision is below what the model promises, or has not been measured:
    /// `auto` never takes it, an explicit wish gets it with a warning.
    pub admissible: bool,
    /// What is known of its accuracy, for people; for an inadmissible one, why it is that.
    pub why: String,
}

impl PrecisionOffer {
    /// 32-bit floats, which every kind computes in and every other precision is measured against.
    pub fn f32() -> PrecisionOffer {
        PrecisionOffer {
            precision: Precision::F32,
            admissible: true,
            why: "the reference".to_owned(),
        }
    }
}

/// How one node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Placement {
    /// On what sort of device.
    pub device: DeviceKind,
    /// How it computes.
    pub precision: Precision,
    /// Over how many workers of the device one firing is split, at least 1.
    pub width: u16,
}

impl Placement {
    /// One worker of the CPU, in 32-bit floats: where every kind without choices runs.
    pub const CPU: Placement = Placement {
        device: DeviceKind::Cpu,
        precision: Precision::F32,
        width: 1,
    };
}
