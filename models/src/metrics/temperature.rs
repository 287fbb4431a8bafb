//! One number that makes a classifier as sure as it should be: its logits are divided by it.

use super::{MetricError, known_classes, numbers, same_length};

/// Least and largest factor of the logits that is considered.
const FACTORS: (f64, f64) = (1e-3, 1e3);

/// Most steps towards the best factor; twelve are usual.
const STEPS_MAX: usize = 100;

/// A temperature and what it changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// What the logits are divided by.
    pub temperature: f64,
    /// Mean negative log-likelihood before.
    pub nll_before: f64,
    /// Mean negative log-likelihood after.
    pub nll_after: f64,
}

/// Returns the temperature between 0.001 and 1000 with the least negative log-likelihood of `gold`; 1 without
/// examples, with NaN for the likelihoods.
///
/// The likelihood is convex in one over the temperature, so its slope is brought to zero by Newton's method, held
/// between bounds that close in by bisection. A set without a mistake has no best temperature: it gets a very low one.
///
/// # Shapes
/// `logits` is `[examples, classes]`, `gold` is `[examples]`.
///
/// # Errors
/// [`MetricError::Length`] if the shapes differ, [`MetricError::Class`] for a class beyond `classes`,
/// [`MetricError::NotANumber`] if a logit is not finite.
///
/// # Source
/// Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", section 4.2.
pub fn fit_temperature(logits: &[f32], gold: &[u32], classes: usize) -> Result<Temperature, MetricError> {
    same_length("logits", gold.len() * classes, logits.len())?;
    known_classes(gold, classes)?;
    numbers(logits.iter().map(|&logit| {
        if logit.is_finite() {
            f64::from(logit)
        } else {
            f64::NAN
        }
    }))?;
    let at = |factor| Slope::at(logits, gold, classes, factor);
    let before = at(1.0);
    if gold.is_empty() {
        return Ok(Temperature {
            temperature: 1.0,
            nll_before: f64::NAN,
            nll_after: f64::NAN,
        });
    }
    let (mut low, mut high) = FACTORS;
    let (mut factor, mut slope) = (1.0, before);
    for _ in 0..STEPS_MAX {
        if slope.first > 0.0 {
            high = factor
        } else {
            low = factor
        }
        let newton = factor - slope.first / slope.second;
        let middle = (low * high).sqrt();
        let next = if newton > low && newton < high {
            newton
        } else {
            middle
        };
        if (next - factor).abs() <= 1e-12 * factor || high - low <= 1e-12 * high {
            break;
        }
        factor = next;
        slope = at(factor);
    }
    Ok(Temperature {
        temperature: 1.0 / factor,
        nll_before: before.nll,
        nll_after: slope.nll,
    })
}

/// The mean negative log-likelihood and its derivatives by the factor of the logits.
#[derive(Clone, Copy)]
struct Slope {
    nll: f64,
    first: f64,
    second: f64,
}

impl Slope {
    fn at(logits: &[f32], gold: &[u32], classes: usize, factor: f64) -> Self {
        let (mut nll, mut first, mut second) = (0.0, 0.0, 0.0);
        for (row, gold) in logits.chunks_exact(classes.max(1)).zip(gold) {
            let most = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            // Sums over the classes of p, p z and p z², z being the logit less the largest.
            let (mut sum, mut mean, mut square) = (0.0, 0.0, 0.0);
            for logit in row {
                let logit = f64::from(*logit) - most;
                let weight = (factor * logit).exp();
                sum += weight;
                mean += weight * logit;
                square += weight * logit * logit;
            }
            (mean, square) = (mean / sum, square / sum);
            let right = f64::from(row[*gold as usize]) - most;
            nll += sum.ln() - factor * right;
            first += mean - right;
            second += square - mean * mean;
        }
        let examples = gold.len() as f64;
        Self {
            nll: nll / examples,
            first: first / examples,
            second: second / examples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Forecasts;
    use super::super::reference::{close, reference};
    use super::*;

    #[test]
    fn the_temperature_is_that_of_scipy() {
        let given = &reference().calibration;
        let fitted = fit_temperature(&given.logits, &given.gold, given.classes).unwrap();
        assert!(
            (fitted.temperature - given.temperature).abs() < 1e-5,
            "{fitted:?}"
        );
        close(fitted.nll_before, given.nll);
        close(fitted.nll_after, given.nll_after);
        let after =
            Forecasts::from_logits(&given.logits, &given.gold, given.classes, fitted.temperature).unwrap();
        close(after.nll(), fitted.nll_after);
    }

    #[test]
    fn two_classes_get_the_temperature_that_gives_their_frequency() {
        // Always a logit of 3 for the first class, which is right three times of four: 3 / T = ln 3.
        let fitted = fit_temperature(&[3.0, 0.0].repeat(4), &[0, 0, 1, 0], 2).unwrap();
        close(fitted.temperature, 3.0 / 3.0_f64.ln());
    }

    #[test]
    fn a_set_without_a_mistake_gets_a_bound_and_an_empty_one_gets_nothing() {
        let sure = fit_temperature(&[3.0, 0.0], &[0], 2).unwrap();
        assert!(
            sure.temperature < 0.1 && sure.temperature > 0.0 && sure.nll_after < 1e-12,
            "{sure:?}"
        );
        let wrong = fit_temperature(&[3.0, 0.0], &[1], 2).unwrap();
        assert!((wrong.temperature - 1e3).abs() < 1e-3, "{wrong:?}");
        let nothing = fit_temperature(&[], &[], 2).unwrap();
        close(nothing.temperature, 1.0);
        assert!(fit_temperature(&[f32::INFINITY, 0.0], &[0], 2).is_err());
    }
}
