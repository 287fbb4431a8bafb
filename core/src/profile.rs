//! Measured times of nodes, by what they compute and how they are placed.
//!
//! Whoever runs nodes on a machine writes a [`Profile`]; the plan reads it in place of assumed speeds. What it is
//! *not*: a promise. A time is that of the machine whose fingerprint it carries.
//!
//! Invariant: rows are sorted, no two are of the same work in the same placement, and every time is a positive finite
//! number of seconds.

use serde::{Deserialize, Serialize};

use crate::catalog::{Params, Signature};
use crate::limits::{PROFILE_BYTES_MAX, PROFILE_ROWS_MAX};
use crate::placement::Placement;

/// The version of the format that this crate reads and writes.
pub const PROFILE_VERSION: u32 = 1;

/// Longest time a row may state: eleven days.
const SECONDS_MAX: f64 = 1e6;

/// What tells one machine from another, as far as times are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// The model of its processor, as the operating system names it.
    pub cpu: String,
    /// Workers it was measured with.
    pub workers: u32,
    /// Instruction sets and devices that kernels choose by, sorted.
    pub features: Vec<String>,
}

/// What a node computes, whatever its name and wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// The kind.
    pub kind: String,
    /// Its parameters, sorted by name.
    pub params: String,
    /// The type at each input, `-` where nothing is connected.
    pub inputs: Vec<String>,
}

impl Workload {
    /// What a node of this kind computes with these parameters on these inputs.
    pub fn of(kind: &str, params: &Params, signature: &Signature) -> Workload {
        let mut entries: Vec<String> = params
            .iter()
            .map(|(name, value)| {
                let value = serde_json::to_value(value).unwrap_or_default();
                format!("{name}={value}")
            })
            .collect();
        entries.sort();
        let ports = signature.inputs.iter().map(|input| match &input.port {
            Some(port) => port.to_string(),
            None => "-".to_owned(),
        });
        Workload {
            kind: kind.to_owned(),
            params: entries.join(" "),
            inputs: ports.collect(),
        }
    }
}

/// How long one workload took in one placement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRow {
    /// What was computed.
    pub workload: Workload,
    /// How it ran.
    pub placement: Placement,
    /// Median time of a firing, in seconds.
    pub seconds: f64,
    /// How many firings were measured.
    pub count: u32,
    /// Distance between the quartiles, in seconds.
    pub spread: f64,
}

/// Why a profile was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text is longer than [`PROFILE_BYTES_MAX`].
    #[error("the profile has {bytes} bytes, at most {PROFILE_BYTES_MAX} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// More rows than [`PROFILE_ROWS_MAX`].
    #[error("the profile has {count} rows, at most {PROFILE_ROWS_MAX} are read")]
    TooManyRows {
        /// How many.
        count: usize,
    },
    /// Not JSON, or not a profile.
    #[error("this is not a profile: {0}")]
    Form(String),
    /// Another version of the format.
    #[error("the profile is of version {found}, this program reads version {PROFILE_VERSION}")]
    Version {
        /// The version stated.
        found: u32,
    },
    /// A row that cannot have been measured.
    #[error("row {index} of the profile (`{kind}`): {reason}")]
    Row {
        /// Which, counted from 0.
        index: usize,
        /// The kind it is about.
        kind: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Measured times of one machine: see the module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    version: u32,
    machine: Fingerprint,
    rows: Vec<ProfileRow>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    #[serde(rename = "version")]
    _version: u32,
    machine: Fingerprint,
    rows: Vec<ProfileRow>,
}

impl Profile {
    /// A profile of these rows, in any order.
    ///
    /// # Errors
    /// [`ProfileError::TooManyRows`], [`ProfileError::Row`].
    pub fn new(machine: Fingerprint, mut rows: Vec<ProfileRow>) -> Result<Profile, ProfileError> {
        if rows.len() > PROFILE_ROWS_MAX {
            return Err(ProfileError::TooManyRows { count: rows.len() });
        }
        let refused = |index: usize, row: &ProfileRow, reason| ProfileError::Row {
            index,
            kind: row.workload.kind.clone(),
            reason,
        };
        for (index, row) in rows.iter().enumerate() {
            if !(row.seconds > 0.0 && row.seconds <= SECONDS_MAX) {
                return Err(refused(index, row, "a time is above 0 and at most 1e6 seconds"));
            }
            if !(row.spread >= 0.0 && row.spread <= SECONDS_MAX) {
                return Err(refused(
                    index,
                    row,
                    "a spread is at least 0 and at most 1e6 seconds",
                ));
            }
            if row.count == 0 || row.placement.width == 0 {
                return Err(refused(index, row, "a count and a width are at least 1"));
            }
        }
        rows.sort_by(|a, b| key(a).cmp(&key(b)));
        if let Some(index) = rows.windows(2).position(|pair| key(&pair[0]) == key(&pair[1])) {
            let reason = "the same work in the same placement stands twice";
            return Err(refused(index + 1, &rows[index + 1], reason));
        }
        Ok(Profile {
            version: PROFILE_VERSION,
            machine,
            rows,
        })
    }

    /// Reads what [`Profile::to_json`] wrote.
    ///
    /// # Errors
    /// [`ProfileError`]; nothing is kept of a profile with any fault.
    pub fn read(text: &str) -> Result<Profile, ProfileError> {
        if text.len() > PROFILE_BYTES_MAX {
            return Err(ProfileError::TooLong { bytes: text.len() });
        }
        let form = |error: serde_json::Error| ProfileError::Form(error.to_string());
        // A later version may have any other entries; its number is told first.
        let Version { version } = serde_json::from_str(text).map_err(form)?;
        if version != PROFILE_VERSION {
            return Err(ProfileError::Version { found: version });
        }
        let read: Unchecked = serde_json::from_str(text).map_err(form)?;
        Profile::new(read.machine, read.rows)
    }

    /// As JSON, the same text for the same profile.
    ///
    /// # Errors
    /// [`ProfileError::Form`], which no profile that was made by this module causes.
    pub fn to_json(&self) -> Result<String, ProfileError> {
        serde_json::to_string_pretty(self).map_err(|error| ProfileError::Form(error.to_string()))
    }

    /// The machine it was measured on.
    pub fn machine(&self) -> &Fingerprint {
        &self.machine
    }

    /// All rows, sorted by workload and placement.
    pub fn rows(&self) -> &[ProfileRow] {
        &self.rows
    }

    /// The median time of a workload in a placement, in seconds, if it was measured.
    pub fn seconds(&self, workload: &Workload, placement: &Placement) -> Option<f64> {
        let found = self
            .rows
            .binary_search_by(|row| key(row).cmp(&(workload, placement)));
        found.ok().map(|index| self.rows[index].seconds)
    }
}

fn key(row: &ProfileRow) -> (&Workload, &Placement) {
    (&row.workload, &row.placement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ConnectedInput, ParamValue};
    use crate::machine::DeviceKind;
    use crate::placement::Precision;
    use crate::port::PortType;

    fn workload(entries: &[(&str, ParamValue)]) -> Workload {
        let entries = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let input = |port| ConnectedInput {
            name: "x".to_owned(),
            port,
            optional: true,
        };
        let signature = Signature {
            inputs: vec![
                input(Some(PortType::parse("f32[T<=8] rate=16kHz").unwrap())),
                input(None),
            ],
            outputs: Vec::new(),
        };
        Workload::of("test/net", &Params::new(entries.collect()), &signature)
    }

    fn row(width: u16, seconds: f64) -> ProfileRow {
        ProfileRow {
            workload: workload(&[("size", ParamValue::Integer(3))]),
            placement: Placement {
                width,
                ..Placement::CPU
            },
            seconds,
            count: 10,
            spread: 1e-6,
        }
    }

    fn profile() -> Profile {
        let gpu = ProfileRow {
            placement: Placement {
                device: DeviceKind::Gpu,
                precision: Precision::Bf16,
                width: 1,
            },
            ..row(1, 3e-4)
        };
        Profile::new(Fingerprint::default(), vec![gpu, row(2, 1e-3), row(1, 2e-3)]).unwrap()
    }

    #[test]
    fn a_workload_is_the_same_whatever_the_order_of_its_parameters() {
        let (a, b) = (
            ("a", ParamValue::Integer(1)),
            ("b", ParamValue::Text("x y".into())),
        );
        assert_eq!(
            workload(&[a.clone(), b.clone()]),
            workload(&[b.clone(), a.clone()])
        );
        assert_ne!(workload(&[a]), workload(&[b]));
        assert_eq!(workload(&[]).inputs, ["f32[T<=8] rate=16kHz", "-"]);
    }

    #[test]
    fn a_profile_is_read_as_it_was_written_and_finds_its_rows() {
        let written = profile();
        let read = Profile::read(&written.to_json().unwrap()).unwrap();
        assert_eq!(read, written);
        let work = &row(1, 1.0).workload;
        let at = |device, precision, width| {
            let placement = Placement {
                device,
                precision,
                width,
            };
            read.seconds(work, &placement)
        };
        assert_eq!(at(DeviceKind::Cpu, Precision::F32, 1), Some(2e-3));
        assert_eq!(at(DeviceKind::Cpu, Precision::F32, 2), Some(1e-3));
        assert_eq!(at(DeviceKind::Gpu, Precision::Bf16, 1), Some(3e-4));
        assert_eq!(at(DeviceKind::Gpu, Precision::F32, 1), None);
        assert_eq!(read.seconds(&workload(&[]), &Placement::CPU), None);
    }

    #[test]
    fn a_profile_that_nobody_can_have_measured_is_refused() {
        let refused = |rows| {
            Profile::new(Fingerprint::default(), rows)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(vec![row(1, 0.0)]).contains("a time is above 0"));
        assert!(refused(vec![row(1, f64::NAN)]).contains("a time is above 0"));
        assert!(
            refused(vec![row(1, 1.0), row(1, f64::INFINITY)])
                .starts_with("row 1 of the profile (`test/net`)")
        );
        assert!(refused(vec![row(0, 1.0)]).contains("at least 1"));
        let spread = ProfileRow {
            spread: -1.0,
            ..row(1, 1.0)
        };
        assert!(refused(vec![spread]).contains("a spread"));
        assert!(refused(vec![row(1, 1.0), row(1, 2.0)]).contains("stands twice"));
        assert!(refused(vec![row(1, 1.0); PROFILE_ROWS_MAX + 1]).contains("65537 rows"));
    }

    #[test]
    fn a_text_that_is_no_profile_of_this_version_is_refused() {
        let refused = |text: &str| Profile::read(text).unwrap_err().to_string();
        let good = profile().to_json().unwrap();
        assert!(refused("").starts_with("this is not a profile"));
        assert!(refused(&good[..good.len() - 5]).starts_with("this is not a profile"));
        assert!(refused(&good.replace("\"count\"", "\"counts\"")).contains("unknown field `counts`"));
        assert!(refused(&good.replace("\"version\": 1", "\"version\": 2")).contains("version 2"));
        assert!(refused(&good.replace("0.002", "1e999")).starts_with("this is not a profile"));
        assert!(refused(&" ".repeat(PROFILE_BYTES_MAX + 1)).contains("8388609 bytes"));
        assert!(refused("{\"version\": 7, \"future\": true}").contains("version 7"));
    }
}
