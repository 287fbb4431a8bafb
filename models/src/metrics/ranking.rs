//! Two groups that one score should tell apart: those to be accepted, which should score high, and all others.
//!
//! The positives of a search and the in-scope questions of an assistant are accepted; an out-of-scope question is one
//! of the others. A threshold accepts every score that is not below it.

use super::{MetricError, numbers, share};

/// Scores of two groups, in descending order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// One step for each different score.
    steps: Vec<Step>,
    accepted: u64,
    others: u64,
}

/// How many of each group do not score below a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    threshold: f64,
    accepted: u64,
    others: u64,
}

/// What a threshold does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// Lowest score that is accepted.
    pub threshold: f64,
    /// Share of those to be accepted that are: the true positive rate, or one less the false rejection rate.
    pub recall: f64,
    /// Share of the others that are accepted as well: the false positive rate.
    pub false_positive_rate: f64,
}

impl OperatingPoint {
    /// Returns the share of the others that are turned away: the recall of what is out of scope.
    pub fn rejected(&self) -> f64 {
        1.0 - self.false_positive_rate
    }
}

/// A point of the curve of precision over recall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionRecall {
    /// Lowest score that is accepted.
    pub threshold: f64,
    /// Share of the accepted that should be.
    pub precision: f64,
    /// Share of those to be accepted that are.
    pub recall: f64,
}

impl Ranking {
    /// Sorts the scores of those to be accepted and of the others.
    ///
    /// # Errors
    /// [`MetricError::NotANumber`] for NaN, counted through both lists.
    pub fn new(accepted: &[f64], others: &[f64]) -> Result<Self, MetricError> {
        numbers(accepted.iter().chain(others).copied())?;
        let labelled =
            |scores: &[f64], is_accepted| scores.iter().map(|s| (*s, is_accepted)).collect::<Vec<_>>();
        let mut scores = labelled(accepted, true);
        scores.extend(labelled(others, false));
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut steps: Vec<Step> = Vec::new();
        let mut sum = Step {
            threshold: f64::INFINITY,
            accepted: 0,
            others: 0,
        };
        for (threshold, is_accepted) in scores {
            sum = Step {
                threshold,
                accepted: sum.accepted + u64::from(is_accepted),
                others: sum.others + u64::from(!is_accepted),
            };
            match steps.last_mut() {
                // In descending order this is equality, plus and minus zero being one score.
                Some(last) if last.threshold <= threshold => *last = sum,
                _ => steps.push(sum),
            }
        }
        Ok(Self {
            steps,
            accepted: accepted.len() as u64,
            others: others.len() as u64,
        })
    }

    /// Returns the probability that one to be accepted scores above another, half of a tie counting: the area under
    /// the receiver operating characteristic. NaN if a group is empty.
    ///
    /// # Source
    /// Mann and Whitney 1947; Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve".
    pub fn auroc(&self) -> f64 {
        let (mut twice_won, mut before) = (
            0_u128,
            Step {
                threshold: 0.0,
                accepted: 0,
                others: 0,
            },
        );
        for step in &self.steps {
            let (tied, below) = (step.others - before.others, self.others - step.others);
            let accepted = step.accepted - before.accepted;
            twice_won += u128::from(accepted) * u128::from(2 * below + tied);
            before = *step;
        }
        twice_won as f64 / (2.0 * self.accepted as f64 * self.others as f64)
    }

    /// Returns a point for each different score, recall ascending. Empty if nobody is to be accepted.
    pub fn precision_recall(&self) -> Vec<PrecisionRecall> {
        let point = |step: &Step| PrecisionRecall {
            threshold: step.threshold,
            precision: share(step.accepted, step.accepted + step.others),
            recall: share(step.accepted, self.accepted),
        };
        let steps = if self.accepted == 0 { &[] } else { &self.steps[..] };
        steps.iter().map(point).collect()
    }

    /// Returns the sum over the thresholds of precision times the recall that the threshold adds. NaN if nobody is to
    /// be accepted.
    ///
    /// # Source
    /// Without interpolation, as in Manning, Raghavan and Schütze 2008, "Introduction to information retrieval", 8.4.
    pub fn average_precision(&self) -> f64 {
        let (mut sum, mut before) = (0.0, 0);
        for step in &self.steps {
            sum += (step.accepted - before) as f64 * share(step.accepted, step.accepted + step.others);
            before = step.accepted;
        }
        sum / self.accepted as f64
    }

    /// Returns the highest threshold that accepts at least the share `recall` of those to be accepted; none if
    /// nobody is. With `recall` 0.95, [`OperatingPoint::false_positive_rate`] is the FPR at 95 % TPR.
    pub fn at_recall(&self, recall: f64) -> Option<OperatingPoint> {
        if self.accepted == 0 {
            return None;
        }
        let reaches = |step: &&Step| share(step.accepted, self.accepted) >= recall;
        let step = self.steps.iter().find(reaches).or(self.steps.last())?;
        Some(OperatingPoint {
            threshold: step.threshold,
            recall: share(step.accepted, self.accepted),
            false_positive_rate: share(step.others, self.others),
        })
    }

    /// Returns the highest threshold that turns away at most the share `rate` of those to be accepted; none if nobody
    /// is. [`OperatingPoint::rejected`] is the recall of the others at that false rejection rate.
    ///
    /// The rate holds for the scores given. For new ones, take the threshold from scores kept apart.
    pub fn at_false_rejection(&self, rate: f64) -> Option<OperatingPoint> {
        self.at_recall(1.0 - rate)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, reference};
    use super::*;

    fn ranking() -> Ranking {
        let given = &reference().ranking;
        Ranking::new(&given.accepted, &given.others).unwrap()
    }

    #[test]
    fn areas_are_those_of_scikit_learn() {
        close(ranking().auroc(), reference().ranking.auroc);
        close(
            ranking().average_precision(),
            reference().ranking.average_precision,
        );
    }

    #[test]
    fn the_curve_is_that_of_scikit_learn() {
        let given = &reference().ranking;
        let curve = ranking().precision_recall();
        assert_eq!(curve.len(), given.thresholds.len());
        for (place, point) in curve.iter().enumerate() {
            close(point.threshold, given.thresholds[place]);
            close(point.precision, given.precision[place]);
            close(point.recall, given.recall[place]);
        }
    }

    #[test]
    fn the_rate_at_95_percent_recall_is_that_of_the_roc_curve_of_scikit_learn() {
        let given = &reference().ranking;
        let point = ranking().at_recall(0.95).unwrap();
        close(point.false_positive_rate, given.fpr_at_95_tpr);
        close(point.threshold, given.threshold_at_95_tpr);
        let same = ranking().at_false_rejection(0.05).unwrap();
        close(same.rejected(), 1.0 - given.fpr_at_95_tpr);
    }

    #[test]
    fn every_pair_counts_once_and_a_tie_by_half() {
        let check = |accepted: &[f64], others: &[f64]| {
            let won = |a: &f64, b: &f64| {
                if a > b {
                    1.0
                } else if a < b {
                    0.0
                } else {
                    0.5
                }
            };
            let pairs: f64 = accepted
                .iter()
                .map(|a| others.iter().map(|b| won(a, b)).sum::<f64>())
                .sum();
            let expected = pairs / (accepted.len() * others.len()) as f64;
            close(Ranking::new(accepted, others).unwrap().auroc(), expected);
        };
        check(&[1.0, 2.0, 3.0], &[0.0, 2.0, 2.0]);
        check(&[0.0, -0.0], &[0.0]);
        check(&[f64::INFINITY, 1.0], &[f64::NEG_INFINITY, 1.0]);
    }

    #[test]
    fn groups_of_nobody_have_no_figures() {
        let nobody = Ranking::new(&[], &[1.0]).unwrap();
        assert!(nobody.auroc().is_nan() && nobody.average_precision().is_nan());
        assert!(nobody.precision_recall().is_empty() && nobody.at_recall(0.9).is_none());
        let nothing = Ranking::new(&[1.0], &[]).unwrap();
        assert!(nothing.auroc().is_nan());
        assert!(nothing.at_recall(0.9).unwrap().rejected().is_nan());
    }

    #[test]
    fn what_is_not_a_number_is_named() {
        assert_eq!(
            Ranking::new(&[1.0], &[2.0, f64::NAN]),
            Err(MetricError::NotANumber { index: 2 })
        );
    }
}
