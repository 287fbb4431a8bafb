//! What is left wrong if a model may keep silent about what it is least sure of.

use super::{MetricError, numbers, same_length, share};

/// What is answered down to some confidence, and how much of it is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskPoint {
    /// Lowest confidence that is answered.
    pub confidence: f64,
    /// Share of the examples that are answered.
    pub coverage: f64,
    /// Share of these that are wrong.
    pub risk: f64,
}

/// The error of the answers over the share that is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskCoverage {
    /// A point for each different confidence, coverage ascending.
    pub points: Vec<RiskPoint>,
    /// Mean risk over the coverages 1/n, 2/n, .. 1, examples of equal confidence being answered together. NaN without
    /// examples.
    pub area: f64,
}

impl RiskCoverage {
    /// Answers the examples from the surest to the least sure.
    ///
    /// # Errors
    /// [`MetricError::Length`] if the lists differ in length, [`MetricError::NotANumber`] for a confidence of NaN.
    ///
    /// # Source
    /// El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification"; the area is that of
    /// Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers".
    pub fn new(confidences: &[f64], is_right: &[bool]) -> Result<Self, MetricError> {
        same_length("answers", confidences.len(), is_right.len())?;
        numbers(confidences.iter().copied())?;
        let total = confidences.len() as u64;
        let mut examples: Vec<(f64, bool)> = confidences
            .iter()
            .copied()
            .zip(is_right.iter().copied())
            .collect();
        examples.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut points, mut answered, mut wrong, mut area) = (Vec::new(), 0_u64, 0_u64, 0.0);
        for group in examples.chunk_by(|a, b| a.0 <= b.0) {
            answered += group.len() as u64;
            wrong += group.iter().filter(|example| !example.1).count() as u64;
            let risk = share(wrong, answered);
            area += group.len() as f64 * risk;
            points.push(RiskPoint {
                confidence: group[0].0,
                coverage: share(answered, total),
                risk,
            });
        }
        Ok(Self {
            points,
            area: area / total as f64,
        })
    }

    /// Returns the largest coverage at which the risk does not exceed `risk`; 0 if there is none.
    ///
    /// This is what was seen, not what is certain of new examples.
    pub fn coverage_at(&self, risk: f64) -> f64 {
        let below = self.points.iter().rev().find(|point| point.risk <= risk);
        below.map_or(0.0, |point| point.coverage)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, reference};
    use super::*;

    #[test]
    fn the_curve_is_that_of_numpy() {
        let given = &reference().risk;
        let curve = RiskCoverage::new(&given.confidences, &given.is_right).unwrap();
        assert_eq!(curve.points.len(), given.points.len());
        for (point, expected) in curve.points.iter().zip(&given.points) {
            close(point.coverage, expected[0]);
            close(point.risk, expected[1]);
        }
        close(curve.area, given.area);
    }

    #[test]
    fn coverage_is_the_largest_at_which_the_risk_is_borne() {
        let curve = RiskCoverage::new(&[0.9, 0.8, 0.7, 0.6], &[true, false, true, true]).unwrap();
        // Risks of 0, 1/2, 1/3 and 1/4.
        close(curve.coverage_at(0.25), 1.0);
        close(curve.coverage_at(0.2), 0.25);
        close(RiskCoverage::new(&[0.9], &[false]).unwrap().coverage_at(0.5), 0.0);
    }

    #[test]
    fn nothing_to_answer_is_no_curve() {
        let nothing = RiskCoverage::new(&[], &[]).unwrap();
        assert!(nothing.points.is_empty() && nothing.area.is_nan());
        assert!(RiskCoverage::new(&[f64::NAN], &[true]).is_err());
        assert!(RiskCoverage::new(&[0.5], &[]).is_err());
    }
}
