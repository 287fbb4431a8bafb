//! The volume under the surface of precision and recall of ranges: a figure of scores, without a threshold.

use super::events::runs;
use super::{MetricError, numbers, same_length};

/// Widest tolerance around an anomaly, in rows.
const WIDTH_MAX: usize = 50;
/// Tolerances that are averaged over: 0, 5, .. [`WIDTH_MAX`].
const WIDTHS: usize = 11;
/// Thresholds of the curve: that many quantiles of the scores.
const THRESHOLDS: usize = 200;

/// VUS-PR of the scores of one recording, from 0 to 1; NaN without an anomaly.
///
/// Around each anomaly the labels get ramps of half a tolerance to each side, and recall is multiplied by the share of
/// anomalies that are touched; the areas under precision over recall are averaged over the tolerances. It follows the
/// definition; it was not compared with the program of its authors.
///
/// # Errors
/// [`MetricError::Length`] and [`MetricError::NotANumber`].
///
/// # Source
/// Paparrizos et al. (2022), "Volume under the surface: a new accuracy evaluation measure for time-series anomaly
/// detection", VLDB; as in `vus_pr` of models/reference/anomaly/metrics.py.
pub fn vus_pr(gold: &[bool], scores: &[f64]) -> Result<f64, MetricError> {
    same_length("scores", gold.len(), scores.len())?;
    numbers(scores.iter().copied())?;
    let events = runs(gold);
    if events.is_empty() {
        return Ok(f64::NAN);
    }
    // From the highest score down, so that a threshold takes in a prefix.
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let cuts = cuts(scores);
    let widths = (0..WIDTHS).map(|step| step * WIDTH_MAX / (WIDTHS - 1));
    let area = |width: usize| {
        let soft = soft_labels(gold, &events, width);
        let hard = gold.iter().filter(|is_gold| **is_gold).count() as f64;
        let positive = f64::midpoint(hard, soft.iter().sum::<f64>());
        let grown: Vec<_> = events
            .iter()
            .map(|event| event.start.saturating_sub(width / 2)..(event.end + width / 2).min(gold.len()))
            .collect();
        let mut touched = vec![false; grown.len()];
        let (mut taken, mut right, mut area, mut recall) = (0, 0.0, 0.0, 0.0);
        for cut in &cuts {
            while let Some(row) = order.get(taken).filter(|row| scores[**row] >= *cut) {
                right += soft[*row];
                grown
                    .iter()
                    .zip(&mut touched)
                    .for_each(|(event, touched)| *touched |= event.contains(row));
                taken += 1;
            }
            let existing = touched.iter().filter(|touched| **touched).count() as f64 / grown.len() as f64;
            let next = (right / positive).min(1.0) * existing;
            area += (next - recall) * right / (taken as f64).max(1.0);
            recall = next;
        }
        area
    };
    Ok(widths.map(area).sum::<f64>() / WIDTHS as f64)
}

/// Thresholds from the highest down, each once.
fn cuts(scores: &[f64]) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    let quantile = |step: usize| {
        let place = (step * last) as f64 / (THRESHOLDS - 1) as f64;
        let low = step * last / (THRESHOLDS - 1);
        let high = sorted[(low + 1).min(last)];
        sorted[low] + (high - sorted[low]) * (place - low as f64)
    };
    let mut cuts: Vec<f64> = (0..THRESHOLDS).rev().map(quantile).collect();
    cuts.dedup_by(|a, b| a.total_cmp(b).is_eq());
    cuts
}

/// Labels with ramps to both sides.
fn soft_labels(gold: &[bool], events: &[std::ops::Range<usize>], width: usize) -> Vec<f64> {
    let mut soft: Vec<f64> = gold.iter().map(|is_gold| f64::from(u8::from(*is_gold))).collect();
    for event in events {
        for step in 1..=width / 2 {
            let weight = (1.0 - step as f64 / (width as f64 + 1e-9)).sqrt();
            let mut raise = |row: Option<usize>| {
                if let Some(place) = row.and_then(|row| soft.get_mut(row)) {
                    *place = place.max(weight);
                }
            };
            raise(Some(event.end - 1 + step));
            raise(event.start.checked_sub(step));
        }
    }
    soft
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores by a formula, and what `vus_pr` of models/reference/anomaly/metrics.py says of them.
    #[test]
    fn the_volume_is_that_of_the_reference() {
        let text = include_str!("../../reference/anomaly/shift_vectors.json");
        let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
        for case in vectors["vus_pr"].as_array().unwrap() {
            let list = |name: &str| -> Vec<f64> {
                let values = case[name].as_array().unwrap();
                values.iter().map(|value| value.as_f64().unwrap()).collect()
            };
            let gold: Vec<bool> = list("gold").iter().map(|value| *value > 0.5).collect();
            let found = vus_pr(&gold, &list("scores")).unwrap();
            let expected = case["value"].as_f64().unwrap();
            assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        }
    }

    #[test]
    fn scores_without_an_anomaly_have_no_volume() {
        assert!(vus_pr(&[false; 4], &[0.0; 4]).unwrap().is_nan());
        assert!(vus_pr(&[true], &[]).is_err());
    }
}
