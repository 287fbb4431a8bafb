//! Whether two models that judged the same examples differ by more than chance.

use super::{MetricError, same_length};

/// Examples on which exactly one of two models is right, and how likely a split as uneven is by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Only the first model is right.
    pub first_only: u64,
    /// Only the second model is right.
    pub second_only: u64,
    /// Two-sided, exact: 1 if the models never differ.
    pub p_value: f64,
}

impl McNemar {
    /// Compares the answers of two models to the same examples.
    ///
    /// # Errors
    /// [`MetricError::Length`] if there are not as many answers of both models.
    ///
    /// # Source
    /// McNemar 1947, "Note on the sampling error of the difference between correlated proportions", with the exact
    /// binomial distribution in place of its approximation.
    pub fn compare(first: &[bool], second: &[bool]) -> Result<Self, MetricError> {
        same_length("answers of the second model", first.len(), second.len())?;
        let only = |this: &[bool], other: &[bool]| {
            this.iter()
                .zip(other)
                .filter(|(this, other)| **this && !**other)
                .count() as u64
        };
        Ok(Self::of(only(first, second), only(second, first)))
    }

    /// Returns the test of these two numbers.
    pub fn of(first_only: u64, second_only: u64) -> Self {
        let (few, all) = (first_only.min(second_only), first_only + second_only);
        // In logarithms, for 2 to the power of `all` soon leaves the range of a float.
        let mut log_ways = 0.0_f64;
        let mut p_value = 0.0;
        for heads in 0..=few {
            if heads > 0 {
                log_ways += ((all - heads + 1) as f64).ln() - (heads as f64).ln();
            }
            p_value += (log_ways - all as f64 * std::f64::consts::LN_2).exp();
        }
        Self {
            first_only,
            second_only,
            p_value: (2.0 * p_value).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::reference;
    use super::*;

    #[test]
    fn the_test_is_the_binomial_test_of_scipy() {
        for (first, second, expected) in &reference().mcnemar {
            let seen = McNemar::of(*first, *second).p_value;
            assert!(
                (seen - expected).abs() <= 1e-9 * expected,
                "{first} {second}: {seen}"
            );
        }
    }

    #[test]
    fn only_what_one_model_alone_gets_right_counts() {
        let seen = McNemar::compare(&[true, true, false, false], &[true, false, true, false]).unwrap();
        assert_eq!((seen.first_only, seen.second_only), (1, 1));
        assert!(seen.p_value >= 1.0);
        assert!(McNemar::compare(&[true], &[]).is_err());
    }
}
