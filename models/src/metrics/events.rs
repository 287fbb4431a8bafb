//! Anomalies in time: rows that are anomalous in truth, and rows that were flagged.
//!
//! Nothing here is point-adjusted: a row that was not flagged is not counted as found because another of its run was (see
//! Kim et al. 2022, "Towards a rigorous evaluation of time-series anomaly detection", for what that does to F1).

use std::ops::Range;

use super::{f1, same_length, share};
use crate::metrics::MetricError;

/// The rows of one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct FlaggedRows {
    gold: Vec<bool>,
    flagged: Vec<bool>,
}

/// Row by row, over all recordings together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowFigures {
    /// Harmonic mean of precision and recall of rows.
    pub f1: f64,
    /// Share of the normal rows that were flagged.
    pub false_alarms: f64,
    /// Share of the anomalous rows that were not flagged.
    pub missed: f64,
}

/// Run by run, over all recordings together. A run of anomalous rows is found where a run of flagged rows overlaps it; a
/// run of flagged rows that overlaps no anomaly is a false alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventFigures {
    /// Share of the flagged runs that overlap an anomaly.
    pub precision: f64,
    /// Share of the anomalies that are found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Median of the rows from the beginning of a found anomaly to the first flagged row in it; NaN without any.
    pub delay_median: f64,
    /// Mean of these.
    pub delay_mean: f64,
    /// How many runs were false alarms.
    pub false_alarms: u64,
    /// How many rows were normal.
    pub normal_rows: u64,
}

impl FlaggedRows {
    /// The rows of a recording.
    ///
    /// # Errors
    /// [`MetricError::Length`] if there is not a flag for each row.
    pub fn new(gold: Vec<bool>, flagged: Vec<bool>) -> Result<Self, MetricError> {
        same_length("flags", gold.len(), flagged.len())?;
        Ok(Self { gold, flagged })
    }
}

/// The figures of rows; NaN where there are none to count.
pub fn row_figures<'a>(recordings: impl IntoIterator<Item = &'a FlaggedRows>) -> RowFigures {
    let [mut right, mut found, mut gold, mut rows] = [0_u64; 4];
    for recording in recordings {
        for (is_gold, is_found) in recording.gold.iter().zip(&recording.flagged) {
            right += u64::from(*is_gold && *is_found);
            found += u64::from(*is_found);
            gold += u64::from(*is_gold);
            rows += 1;
        }
    }
    RowFigures {
        f1: f1(right, found, gold),
        false_alarms: share(found - right, rows - gold),
        missed: share(gold - right, gold),
    }
}

/// The figures of runs; NaN where there are none to count.
pub fn event_figures<'a>(recordings: impl IntoIterator<Item = &'a FlaggedRows>) -> EventFigures {
    let [mut events, mut alarms, mut good, mut normal_rows] = [0_u64; 4];
    let mut delays = Vec::new();
    for recording in recordings {
        let (gold, flagged) = (runs(&recording.gold), runs(&recording.flagged));
        let overlaps = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
        events += gold.len() as u64;
        alarms += flagged.len() as u64;
        normal_rows += recording.gold.iter().filter(|is_gold| !**is_gold).count() as u64;
        good += flagged
            .iter()
            .filter(|alarm| gold.iter().any(|event| overlaps(event, alarm)))
            .count() as u64;
        let delay = |event: &Range<usize>| {
            let first = flagged.iter().find(|alarm| overlaps(event, alarm))?;
            Some(first.start.saturating_sub(event.start) as f64)
        };
        delays.extend(gold.iter().filter_map(delay));
    }
    delays.sort_by(f64::total_cmp);
    let precision = share(good, alarms);
    let recall = share(delays.len() as u64, events);
    EventFigures {
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall),
        delay_median: median(&delays),
        delay_mean: delays.iter().sum::<f64>() / delays.len() as f64,
        false_alarms: alarms - good,
        normal_rows,
    }
}

fn median(sorted: &[f64]) -> f64 {
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => sorted[middle],
        (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The runs of true values.
pub(super) fn runs(values: &[bool]) -> Vec<Range<usize>> {
    let mut begin = 0;
    let mut runs = Vec::new();
    for run in values.chunk_by(PartialEq::eq) {
        if run.first() == Some(&true) {
            runs.push(begin..begin + run.len());
        }
        begin += run.len();
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(gold: &str, flagged: &str) -> FlaggedRows {
        let of = |text: &str| text.bytes().map(|letter| letter == b'1').collect();
        FlaggedRows::new(of(gold), of(flagged)).unwrap()
    }

    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    #[test]
    fn rows_and_runs_are_counted_as_by_hand() {
        let recordings = [rows("0011110000", "1000110010"), rows("0001", "0000")];
        let figures = row_figures(&recordings);
        // 2 right of 4 found and 5 gold; 2 of 9 normal rows; 3 of 5 anomalous rows.
        check(figures.f1, 4.0 / 9.0);
        check(figures.false_alarms, 2.0 / 9.0);
        check(figures.missed, 3.0 / 5.0);
        let events = event_figures(&recordings);
        check(events.precision, 1.0 / 3.0);
        check(events.recall, 1.0 / 2.0);
        check(events.f1, 2.0 / 5.0);
        check(events.delay_median, 2.0);
        check(events.delay_mean, 2.0);
        assert_eq!((events.false_alarms, events.normal_rows), (2, 9));
    }

    #[test]
    fn an_alarm_that_stood_already_finds_an_event_at_once() {
        check(event_figures(&[rows("000111", "011110")]).delay_median, 0.0);
    }

    #[test]
    fn what_cannot_be_told_is_no_number() {
        assert!(row_figures(&[rows("000", "000")]).missed.is_nan());
        assert!(event_figures(&[rows("000", "000")]).delay_median.is_nan());
    }
}
