//! What one node found about a machine, as it travels to the report.
//!
//! A report is made of the findings of several nodes: one measured vibration, another looked at the data, a third knows the
//! work orders. Invariant: findings that were read or written here have bounded lists.

use serde::{Deserialize, Serialize};

use super::record::{
    Cause, Change, Check, EVIDENCE_MAX, Evidence, FLAGS_MAX, Flag, LIST_MAX, Model, RemainingLife,
    ReportError, Severity, WorkOrder,
};

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
    /// What probably is the matter; its arguments count the evidence of these findings.
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
    /// These findings as JSON.
    ///
    /// # Errors
    /// [`ReportError::TooMany`], [`ReportError::TooLarge`].
    pub fn to_json(&self) -> Result<String, ReportError> {
        self.check_counts()?;
        let json = serde_json::to_string(self)?;
        match json.len() <= FINDINGS_BYTES {
            true => Ok(json),
            false => Err(ReportError::TooLarge(json.len())),
        }
    }

    /// Reads findings.
    ///
    /// # Errors
    /// [`ReportError::TooLarge`], [`ReportError::Json`], [`ReportError::TooMany`].
    pub fn from_json(json: &str) -> Result<Findings, ReportError> {
        if json.len() > FINDINGS_BYTES {
            return Err(ReportError::TooLarge(json.len()));
        }
        let findings: Findings = serde_json::from_str(json)?;
        findings.check_counts()?;
        Ok(findings)
    }

    fn check_counts(&self) -> Result<(), ReportError> {
        let counts = [
            ("evidence", self.evidence.len(), EVIDENCE_MAX),
            ("changes", self.changes.len(), LIST_MAX),
            ("flags", self.flags.len(), FLAGS_MAX),
            ("work_orders", self.work_orders.len(), LIST_MAX),
        ];
        match counts.into_iter().find(|(_, found, most)| found > most) {
            Some((place, found, most)) => Err(ReportError::TooMany { place, most, found }),
            None => Ok(()),
        }
    }
}
