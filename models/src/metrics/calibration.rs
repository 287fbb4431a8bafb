//! Whether a probability means what it says.
//!
//! Examples are gathered in bins of equal size, not of equal width: a model that is mostly sure would leave most bins
//! of equal width without examples.

use super::{MetricError, known_classes, numbers, same_length};

/// Bins of the usual figure.
pub const BINS: usize = 15;

/// Probabilities of classes beside the class that was right.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecasts {
    classes: usize,
    /// `[examples, classes]`.
    log_probabilities: Vec<f64>,
    gold: Vec<u32>,
}

/// Examples of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// Their mean probability.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
    /// Their number.
    pub count: u64,
}

impl Forecasts {
    /// Takes the softmax of `logits / temperature`.
    ///
    /// # Shapes
    /// `logits` is `[examples, classes]`, `gold` is `[examples]`.
    ///
    /// # Errors
    /// [`MetricError::Length`] if the shapes differ, [`MetricError::Class`] for a class beyond `classes`,
    /// [`MetricError::NotANumber`] if a logit or the temperature is not finite.
    pub fn from_logits(
        logits: &[f32],
        gold: &[u32],
        classes: usize,
        temperature: f64,
    ) -> Result<Self, MetricError> {
        same_length("logits", gold.len() * classes, logits.len())?;
        known_classes(gold, classes)?;
        let scaled = || logits.iter().map(|logit| f64::from(*logit) / temperature);
        numbers(scaled().map(|logit| if logit.is_finite() { logit } else { f64::NAN }))?;
        let mut log_probabilities: Vec<f64> = scaled().collect();
        for row in log_probabilities.chunks_exact_mut(classes.max(1)) {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum = row.iter().map(|logit| (logit - most).exp()).sum::<f64>();
            row.iter_mut().for_each(|logit| *logit -= most + sum.ln());
        }
        Ok(Self {
            classes,
            log_probabilities,
            gold: gold.to_vec(),
        })
    }

    /// Takes probabilities as they are.
    ///
    /// # Shapes
    /// `probabilities` is `[examples, classes]`, `gold` is `[examples]`.
    ///
    /// # Errors
    /// [`MetricError::Length`] if the shapes differ, [`MetricError::Class`] for a class beyond `classes`,
    /// [`MetricError::NotANumber`] for NaN and for a negative probability.
    pub fn from_probabilities(
        probabilities: &[f64],
        gold: &[u32],
        classes: usize,
    ) -> Result<Self, MetricError> {
        same_length("probabilities", gold.len() * classes, probabilities.len())?;
        known_classes(gold, classes)?;
        let log_probabilities: Vec<f64> = probabilities.iter().map(|p| p.ln()).collect();
        numbers(log_probabilities.iter().copied())?;
        Ok(Self {
            classes,
            log_probabilities,
            gold: gold.to_vec(),
        })
    }

    /// Returns the number of examples.
    pub fn examples(&self) -> usize {
        self.gold.len()
    }

    /// Returns the most probable class of each example, the first of equals.
    pub fn found(&self) -> Vec<u32> {
        self.best().map(|(class, _)| class).collect()
    }

    /// Returns, for each example, the probability of its most probable class and whether that class is right.
    pub fn confidences(&self) -> Vec<(f64, bool)> {
        self.best()
            .zip(&self.gold)
            .map(|((class, log_probability), gold)| (log_probability.exp(), class == *gold))
            .collect()
    }

    /// Returns the mean negative logarithm of the probability of the class that was right; NaN without examples.
    pub fn nll(&self) -> f64 {
        let sum: f64 = self.rows().map(|(row, gold)| -row[gold]).sum();
        sum / self.examples() as f64
    }

    /// Returns the mean over the examples of the squared distance from the answer, summed over the classes: 0 to 2.
    ///
    /// # Source
    /// Brier 1950, "Verification of forecasts expressed in terms of probability".
    pub fn brier(&self) -> f64 {
        let square = |(row, gold): (&[f64], usize)| -> f64 {
            let error = |(class, log): (usize, &f64)| (log.exp() - f64::from(class == gold)).powi(2);
            row.iter().enumerate().map(error).sum()
        };
        self.rows().map(square).sum::<f64>() / self.examples() as f64
    }

    /// Returns the bins of equal size of confidence, ascending; fewer than `bins` if there are fewer examples.
    /// Bins that cannot be of equal size have their surplus at the low end.
    pub fn reliability(&self, bins: usize) -> Vec<ReliabilityBin> {
        equal_bins(self.confidences(), bins)
    }

    /// Returns the mean distance between confidence and accuracy over `bins` bins of equal size; NaN without examples.
    ///
    /// # Source
    /// Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning"; the bins
    /// are those of Nixon et al. 2019, "Measuring calibration in deep learning".
    pub fn ece(&self, bins: usize) -> f64 {
        gap(&self.reliability(bins))
    }

    /// Returns the mean over the classes of the same distance between the probability of the class and its frequency;
    /// NaN without examples.
    ///
    /// # Source
    /// Kull et al. 2019, "Beyond temperature scaling", equation 3, with bins of equal size.
    pub fn classwise_ece(&self, bins: usize) -> f64 {
        let of = |class: usize| {
            let pairs = self
                .rows()
                .map(|(row, gold)| (row[class].exp(), class == gold))
                .collect();
            gap(&equal_bins(pairs, bins))
        };
        (0..self.classes).map(of).sum::<f64>() / self.classes as f64
    }

    /// Each row of log-probabilities with the class that was right.
    fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        let rows = self.log_probabilities.chunks_exact(self.classes.max(1));
        rows.zip(self.gold.iter().map(|class| *class as usize))
    }

    /// The most probable class of each row with its log-probability.
    fn best(&self) -> impl Iterator<Item = (u32, f64)> {
        self.rows().map(|(row, _)| {
            let mut best = (0, f64::NEG_INFINITY);
            for (class, &log_probability) in (0..).zip(row) {
                if log_probability > best.1 {
                    best = (class, log_probability);
                }
            }
            best
        })
    }
}

/// Gathers pairs of a probability and whether it came true in bins of equal size.
fn equal_bins(mut pairs: Vec<(f64, bool)>, bins: usize) -> Vec<ReliabilityBin> {
    // Equal probabilities on both sides of an edge are told apart by their outcome, not by the order of the examples.
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let bins = bins.clamp(1, pairs.len().max(1));
    let (size, surplus) = (pairs.len() / bins, pairs.len() % bins);
    let mut rest = &pairs[..];
    let mut gathered = Vec::with_capacity(bins);
    for place in 0..bins {
        let (bin, after) = rest.split_at(size + usize::from(place < surplus));
        rest = after;
        if bin.is_empty() {
            continue;
        }
        let count = bin.len() as f64;
        gathered.push(ReliabilityBin {
            confidence: bin.iter().map(|pair| pair.0).sum::<f64>() / count,
            accuracy: bin.iter().filter(|pair| pair.1).count() as f64 / count,
            count: bin.len() as u64,
        });
    }
    gathered
}

/// The mean distance between confidence and accuracy.
fn gap(bins: &[ReliabilityBin]) -> f64 {
    let total: u64 = bins.iter().map(|bin| bin.count).sum();
    let weighted = |bin: &ReliabilityBin| bin.count as f64 * (bin.confidence - bin.accuracy).abs();
    bins.iter().map(weighted).sum::<f64>() / total as f64
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, reference};
    use super::*;

    fn forecasts(temperature: f64) -> Forecasts {
        let given = &reference().calibration;
        Forecasts::from_logits(&given.logits, &given.gold, given.classes, temperature).unwrap()
    }

    #[test]
    fn losses_are_those_of_scikit_learn() {
        close(forecasts(1.0).nll(), reference().calibration.nll);
        close(forecasts(1.0).brier(), reference().calibration.brier);
    }

    #[test]
    fn the_bins_are_those_of_numpy() {
        let given = &reference().calibration;
        let bins = forecasts(1.0).reliability(BINS);
        assert_eq!(bins.len(), given.bins.len());
        for (bin, expected) in bins.iter().zip(&given.bins) {
            close(bin.confidence, expected[0]);
            close(bin.accuracy, expected[1]);
            close(bin.count as f64, expected[2]);
        }
        close(forecasts(1.0).ece(BINS), given.ece);
        close(forecasts(1.0).classwise_ece(BINS), given.classwise_ece);
    }

    #[test]
    fn a_forecast_that_keeps_its_word_has_no_error() {
        let probabilities: Vec<f64> = [0.8, 0.2].repeat(10);
        let gold = [0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
        let forecasts = Forecasts::from_probabilities(&probabilities, &gold, 2).unwrap();
        assert!(forecasts.ece(1) < 1e-12);
        close(forecasts.brier(), 2.0 * (0.8 * 0.04 + 0.2 * 0.64));
        close(forecasts.nll(), -(0.8 * 0.8_f64.ln() + 0.2 * 0.2_f64.ln()));
    }

    #[test]
    fn without_examples_there_is_no_figure() {
        let nothing = Forecasts::from_logits(&[], &[], 3, 1.0).unwrap();
        assert!(nothing.ece(BINS).is_nan() && nothing.nll().is_nan() && nothing.brier().is_nan());
        assert!(nothing.classwise_ece(BINS).is_nan() && nothing.reliability(BINS).is_empty());
    }

    #[test]
    fn what_is_no_forecast_is_refused() {
        let logits = |logits: &[f32], temperature| Forecasts::from_logits(logits, &[0], 2, temperature);
        assert!(matches!(logits(&[0.0], 1.0), Err(MetricError::Length { .. })));
        assert_eq!(
            logits(&[0.0, f32::NAN], 1.0),
            Err(MetricError::NotANumber { index: 1 })
        );
        assert_eq!(
            logits(&[1.0, 1.0], 0.0),
            Err(MetricError::NotANumber { index: 0 })
        );
        assert!(Forecasts::from_probabilities(&[1.5, -0.5], &[0], 2).is_err());
        assert!(Forecasts::from_probabilities(&[0.5, 0.5], &[2], 2).is_err());
    }
}
