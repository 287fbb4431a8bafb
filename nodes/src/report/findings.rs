//! What one node found about a machine: a part of a report, which travels from node to node as JSON.
//!
//! [`Findings`] of several nodes become one by [`Findings::merge`]; with an asset, a stretch of time and the state of an
//! alarm they become a [`Report`](super::record::Report). They decide nothing. Invariant: findings that were read are
//! bounded, and arguments against their cause are about evidence that they hold.

use serde::{Deserialize, Serialize};

use super::record::{
    Against, Cause, Change, Check, EVIDENCE_MAX, Evidence, FLAGS_MAX, Flag, LIST_MAX, Model, RemainingLife,
    ReportError, Severity, WorkOrder,
};

mod merge;
#[cfg(test)]
mod tests;

pub use merge::Merged;

/// Most bytes of findings as JSON.
pub const FINDINGS_BYTES: usize = 1 << 16;

/// What one node found about a machine: a part of a [`Report`](super::record::Report).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Findings {
    /// What made them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// How severe the vibration is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What was measured, at most [`EVIDENCE_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What probably is the matter; `against` counts evidence of these findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What changed, at most [`LIST_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What an engineer should look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// What is wrong with the data, at most [`FLAGS_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// What was done to the machine, at most [`LIST_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub work_orders: Vec<WorkOrder>,
    /// How long it may last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_life: Option<RemainingLife>,
}

impl Findings {
    /// Returns them as JSON of at most [`FINDINGS_BYTES`] bytes.
    ///
    /// # Errors
    /// [`ReportError`]: a list that is too long, an argument about evidence that is not there, or too many bytes. Numbers
    /// that are not finite are refused when they are read.
    pub fn to_json(&self) -> Result<String, ReportError> {
        self.check()?;
        let json = serde_json::to_string(self).map_err(ReportError::Findings)?;
        if json.len() > FINDINGS_BYTES {
            return Err(ReportError::FindingsTooLarge(json.len()));
        }
        Ok(json)
    }

    /// Reads findings. An empty text holds none.
    ///
    /// # Errors
    /// [`ReportError`]: their size, their form, a list that is too long, or an argument about evidence that is not there.
    pub fn from_json(json: &str) -> Result<Findings, ReportError> {
        if json.len() > FINDINGS_BYTES {
            return Err(ReportError::FindingsTooLarge(json.len()));
        }
        if json.is_empty() {
            return Ok(Findings::default());
        }
        let findings: Findings = serde_json::from_str(json).map_err(ReportError::Findings)?;
        findings.check()?;
        Ok(findings)
    }

    fn check(&self) -> Result<(), ReportError> {
        let against = self.cause.as_ref().map_or(&[][..], |cause| &cause.against);
        let counts = [
            ("evidence", self.evidence.len(), EVIDENCE_MAX),
            ("changes", self.changes.len(), LIST_MAX),
            ("flags", self.flags.len(), FLAGS_MAX),
            ("work_orders", self.work_orders.len(), LIST_MAX),
            ("cause.against", against.len(), LIST_MAX),
        ];
        if let Some((place, found, most)) = counts.into_iter().find(|(_, found, most)| found > most) {
            return Err(ReportError::TooMany { place, most, found });
        }
        let is_elsewhere = |against: &Against| match against {
            Against::WithinLimit { evidence } | Against::NoTrend { evidence } => {
                *evidence >= self.evidence.len()
            }
            Against::Alternative { .. } | Against::PoorData => false,
        };
        match against.iter().position(is_elsewhere) {
            Some(index) => Err(ReportError::Against { index }),
            None => Ok(()),
        }
    }
}
