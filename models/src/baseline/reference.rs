//! Rows and margins that scikit-learn computed: `reference/baseline.py` writes them.

use std::sync::OnceLock;

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) tf_idf: TfIdfCase,
    pub(super) svm: SvmCase,
    /// Classes that count alike, several and two.
    pub(super) balanced: Vec<SvmCase>,
}

#[derive(Deserialize)]
pub(super) struct TfIdfCase {
    pub(super) train: Vec<String>,
    pub(super) test: Vec<String>,
    pub(super) columns: usize,
    pub(super) rows: Vec<Vec<(bool, String, f64)>>,
}

#[derive(Deserialize)]
pub(super) struct SvmCase {
    pub(super) classes: usize,
    pub(super) columns: usize,
    pub(super) cost: f64,
    pub(super) labels: Vec<u32>,
    pub(super) rows: Vec<f32>,
    pub(super) margins: Vec<f64>,
}

/// Returns the rows and margins.
pub(super) fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| serde_json::from_str(include_str!("../../reference/baseline.json")).unwrap())
}
