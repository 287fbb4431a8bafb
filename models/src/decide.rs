//! From the scores of a classifier to a decision: a class, how sure it is, and whether it is anything known at all.
//!
//! Invariant: a class that stands for everything else is never chosen; where it wins, the decision is to abstain.

use serde::{Deserialize, Serialize};

use crate::net::ConfigFault;

/// How scores become a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Divides the scores before the softmax, so that confidence is how often such answers are right.
    pub temperature: f32,
    /// When to give no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstain: Option<Abstain>,
    /// Divides the logit of the probability of a span, so that its confidence is how often such spans are right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_temperature: Option<f32>,
}

/// When a classifier gives no answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abstain {
    /// What says that something is known.
    pub by: ScopeScore,
    /// Least score of what is answered.
    pub threshold: f32,
    /// Share, from 0 to 1, of what should be answered that the threshold turned away where it was set.
    pub false_rejection: f64,
}

/// How well something fits what a classifier knows, whichever class it is; larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeScore {
    /// The logarithm of the sum of the exponentials of the scores of all classes that are known.
    ///
    /// Liu et al. 2020, "Energy-based out-of-distribution detection", equation 4, without its sign.
    Energy,
    /// The largest score of a class that is known, less that of the class that stands for everything else: the
    /// logarithm of their odds.
    Odds,
    /// The largest score of a class that is known: for margins, whose sum says nothing.
    Largest,
}

/// What is decided about one row of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    /// Number of the class with the largest score among those that are known.
    pub class: usize,
    /// Its probability among those, from 0 to 1.
    pub confidence: f32,
    /// How well it fits what is known; 0 for a classifier that never abstains.
    pub scope: f32,
    /// True when no answer should be given.
    pub abstains: bool,
}

impl Default for Decision {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            abstain: None,
            span_temperature: None,
        }
    }
}

impl Decision {
    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    /// [`ConfigFault`] says which rule is broken.
    pub fn validate(&self, other: Option<usize>) -> Result<(), ConfigFault> {
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return Err(ConfigFault("`temperature` must be above 0"));
        }
        if self
            .span_temperature
            .is_some_and(|temperature| !(temperature.is_finite() && temperature > 0.0))
        {
            return Err(ConfigFault("`span_temperature` must be above 0"));
        }
        match &self.abstain {
            Some(abstain) if !abstain.threshold.is_finite() => Err(ConfigFault("`threshold` must be finite")),
            Some(abstain) if abstain.by == ScopeScore::Odds && other.is_none() => {
                Err(ConfigFault("odds need a class that stands for everything else"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// How often spans of this probability, from 0 to 1, are right.
    pub fn of_span(&self, probability: f32) -> f32 {
        match self.span_temperature {
            Some(temperature) => 1.0 / (1.0 + (-span_logit(probability) / temperature).exp()),
            None => probability,
        }
    }

    /// Decides about scores; `other` is the number of the class that stands for everything else.
    ///
    /// The first of equal scores wins. None if there is no class to choose.
    pub fn decide(&self, scores: &[f32], other: Option<usize>) -> Option<Decided> {
        let known = || {
            let all = scores.iter().copied().enumerate();
            all.filter(move |(class, _)| Some(*class) != other)
        };
        let (class, largest) = known().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let sum = |temperature: f32| -> f32 {
            known()
                .map(|(_, score)| ((score - largest) / temperature).exp())
                .sum()
        };
        let (scope, abstains) = match &self.abstain {
            None => (0.0, false),
            Some(abstain) => {
                let scope = scope_score(abstain.by, scores, other);
                // A score that is no number is no reason to answer.
                let is_told = scores.iter().all(|score| !score.is_nan());
                (scope, !(is_told && scope >= abstain.threshold))
            }
        };
        Some(Decided {
            class,
            confidence: 1.0 / sum(self.temperature),
            scope,
            abstains,
        })
    }
}

/// The logit of a probability that single precision cannot tell from 0 or 1 is that of the next one that it can.
pub(crate) fn span_logit(probability: f32) -> f32 {
    let probability = probability.clamp(f32::EPSILON, 1.0 - f32::EPSILON);
    (probability / (1.0 - probability)).ln()
}

/// How well scores fit what is known.
pub fn scope_score(by: ScopeScore, scores: &[f32], other: Option<usize>) -> f32 {
    let known = || {
        let all = scores.iter().copied().enumerate();
        all.filter(move |(class, _)| Some(*class) != other)
            .map(|(_, score)| score)
    };
    let largest = known().fold(f32::NEG_INFINITY, f32::max);
    let energy = largest + known().map(|score| (score - largest).exp()).sum::<f32>().ln();
    match (by, other.and_then(|other| scores.get(other))) {
        (ScopeScore::Odds, Some(other)) => largest - other,
        (ScopeScore::Odds, None) | (ScopeScore::Energy, _) => energy,
        (ScopeScore::Largest, _) => largest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(by: ScopeScore, threshold: f32) -> Decision {
        Decision {
            temperature: 2.0,
            abstain: Some(Abstain {
                by,
                threshold,
                false_rejection: 0.05,
            }),
            span_temperature: None,
        }
    }

    #[test]
    fn the_best_known_class_is_chosen_and_its_confidence_is_the_softmax_among_the_known() {
        let decided = decision(ScopeScore::Energy, 0.0)
            .decide(&[1.0, 3.0, 9.0], Some(2))
            .unwrap();
        assert_eq!(decided.class, 1);
        // 1 / (1 + e^(-2/2)).
        assert!((decided.confidence - 0.731_058_6).abs() < 1e-6);
        // ln(e + e^3).
        assert!((decided.scope - 3.126_928).abs() < 1e-5);
        assert!(!decided.abstains);
    }

    #[test]
    fn odds_against_everything_else_turn_away() {
        let decision = decision(ScopeScore::Odds, 0.0);
        assert!(decision.decide(&[1.0, 3.0, 9.0], Some(2)).unwrap().abstains);
        assert!(!decision.decide(&[1.0, 3.0, -9.0], Some(2)).unwrap().abstains);
        assert!(decision.decide(&[f32::NAN, 3.0, 0.0], Some(2)).unwrap().abstains);
        assert_eq!(decision.decide(&[1.0], Some(0)), None);
        assert_eq!(decision.decide(&[], None), None);
    }

    #[test]
    fn a_span_is_as_sure_as_its_temperature_makes_it() {
        let decision = Decision {
            span_temperature: Some(2.0),
            ..Decision::default()
        };
        // The logit of 0.9 is ln 9, and half of it that of 3 / 4.
        assert!((decision.of_span(0.9) - 0.75).abs() < 1e-6);
        assert!((Decision::default().of_span(0.9) - 0.9).abs() < 1e-6);
        assert!(decision.of_span(0.0) >= 0.0 && decision.of_span(1.0) <= 1.0);
    }

    #[test]
    fn the_largest_score_of_a_known_class_is_enough_where_it_is_asked_for() {
        let decision = decision(ScopeScore::Largest, 0.5);
        let decided = |scores: &[f32]| decision.decide(scores, Some(2)).unwrap();
        assert!((decided(&[0.5, -1.0, 9.0]).scope - 0.5).abs() < 1e-6);
        assert!(!decided(&[0.5, -1.0, 9.0]).abstains);
        assert!(decided(&[0.4, 0.4, 9.0]).abstains);
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(decision(ScopeScore::Odds, 0.0).validate(None).is_err());
        assert!(decision(ScopeScore::Energy, f32::NAN).validate(None).is_err());
        assert!(decision(ScopeScore::Odds, 0.0).validate(Some(1)).is_ok());
        let decision = |temperature, span_temperature| Decision {
            temperature,
            abstain: None,
            span_temperature,
        };
        assert!(decision(0.0, None).validate(None).is_err());
        assert!(decision(1.0, Some(0.0)).validate(None).is_err());
        assert!(decision(1.0, Some(2.0)).validate(None).is_ok());
    }
}
