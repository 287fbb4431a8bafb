//! Figures that scikit-learn, scipy and numpy computed: `reference/metrics.py` writes them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) classification: Classification,
    pub(super) spans: Spans,
    pub(super) ranking: RankingCase,
    pub(super) calibration: Calibration,
    pub(super) risk: Risk,
    pub(super) bootstrap: Bootstrap,
    pub(super) mcnemar: Vec<(u64, u64, f64)>,
}

#[derive(Deserialize)]
pub(super) struct Classification {
    pub(super) classes: usize,
    pub(super) gold: Vec<u32>,
    pub(super) found: Vec<u32>,
    pub(super) confusion: Vec<Vec<u64>>,
    pub(super) accuracy: f64,
    pub(super) macro_f1: f64,
    pub(super) precision: Vec<f64>,
    pub(super) recall: Vec<f64>,
    pub(super) f1: Vec<f64>,
    pub(super) support: Vec<u64>,
}

#[derive(Deserialize)]
pub(super) struct Spans {
    pub(super) gold: Vec<String>,
    pub(super) found: Vec<String>,
    pub(super) precision: f64,
    pub(super) recall: f64,
    pub(super) f1: f64,
    pub(super) all_right: f64,
    pub(super) tag_accuracy: f64,
    pub(super) kinds: BTreeMap<String, [f64; 3]>,
}

#[derive(Deserialize)]
pub(super) struct RankingCase {
    pub(super) accepted: Vec<f64>,
    pub(super) others: Vec<f64>,
    pub(super) auroc: f64,
    pub(super) average_precision: f64,
    pub(super) thresholds: Vec<f64>,
    pub(super) precision: Vec<f64>,
    pub(super) recall: Vec<f64>,
    pub(super) fpr_at_95_tpr: f64,
    pub(super) threshold_at_95_tpr: f64,
}

#[derive(Deserialize)]
pub(super) struct Calibration {
    pub(super) classes: usize,
    pub(super) logits: Vec<f32>,
    pub(super) gold: Vec<u32>,
    pub(super) nll: f64,
    pub(super) brier: f64,
    pub(super) bins: Vec<[f64; 3]>,
    pub(super) ece: f64,
    pub(super) classwise_ece: f64,
    pub(super) temperature: f64,
    pub(super) nll_after: f64,
}

#[derive(Deserialize)]
pub(super) struct Risk {
    pub(super) confidences: Vec<f64>,
    pub(super) is_right: Vec<bool>,
    pub(super) points: Vec<[f64; 2]>,
    pub(super) area: f64,
}

#[derive(Deserialize)]
pub(super) struct Bootstrap {
    pub(super) values: Vec<f64>,
    pub(super) quantiles: Vec<(f64, f64)>,
    pub(super) examples: u32,
    pub(super) right: u32,
    pub(super) binomial: [f64; 2],
    pub(super) deviation: f64,
}

/// Returns the figures.
pub(super) fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| serde_json::from_str(include_str!("../../reference/metrics.json")).unwrap())
}

/// Asserts that two numbers agree to nine digits.
#[track_caller]
pub(super) fn close(seen: f64, expected: f64) {
    let distance = (seen - expected).abs();
    assert!(
        distance <= 1e-9 * expected.abs().max(1.0),
        "{seen} is not {expected}"
    );
}
