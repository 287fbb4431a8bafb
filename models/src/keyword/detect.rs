//! From the class probabilities of successive windows to detections: smoothing, threshold, refractory time.
//!
//! One pure function, used alike by the evaluation and by the node that runs in pipelines.

use serde::{Deserialize, Serialize};

use super::data::NONE;

/// When a keyword counts as heard.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionRule {
    /// Lowest smoothed probability that counts, in 0..1.
    pub threshold: f32,
    /// Number of latest windows whose probabilities are averaged; fewer at the start.
    pub smooth_windows: usize,
    /// Windows after a detection in which there is no other.
    pub refractory_windows: usize,
}

/// A keyword heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Class, never `none`.
    pub class: usize,
    /// Smoothed probability, in 0..1.
    pub score: f32,
    /// Window at whose end it was heard.
    pub window: usize,
}

/// Returns the detections in the order of time.
///
/// # Shapes
/// `probabilities`: `[windows, classes]`, class 0 is `none`.
pub fn detect(probabilities: &[f32], classes: usize, rule: DetectionRule) -> Vec<Detection> {
    let mut detections: Vec<Detection> = Vec::new();
    for window in 0..probabilities.len() / classes.max(1) {
        let resting = detections
            .last()
            .is_some_and(|last| window - last.window <= rule.refractory_windows);
        let best = best_keyword(probabilities, classes, (window, rule.smooth_windows));
        if !resting && best.score >= rule.threshold {
            detections.push(best);
        }
    }
    detections
}

/// Returns the best-scored keyword of all windows, whether or not it reaches the threshold.
///
/// # Shapes
/// `probabilities`: `[windows, classes]`. Without a window the score is zero.
pub fn strongest(probabilities: &[f32], classes: usize, rule: DetectionRule) -> Detection {
    let nothing = Detection {
        class: NONE,
        score: 0.0,
        window: 0,
    };
    (0..probabilities.len() / classes.max(1))
        .map(|window| best_keyword(probabilities, classes, (window, rule.smooth_windows)))
        .fold(
            nothing,
            |best, next| if next.score > best.score { next } else { best },
        )
}

/// Returns the keyword with the highest mean probability over the `smooth` windows that end with `window`.
fn best_keyword(probabilities: &[f32], classes: usize, (window, smooth): (usize, usize)) -> Detection {
    let first = (window + 1).saturating_sub(smooth.max(1));
    let rows = &probabilities[first * classes..(window + 1) * classes];
    let mean = |class: usize| {
        rows.chunks_exact(classes).map(|row| row[class]).sum::<f32>() / (window + 1 - first) as f32
    };
    let nothing = Detection {
        class: NONE,
        score: 0.0,
        window,
    };
    (0..classes)
        .filter(|class| *class != NONE)
        .fold(nothing, |best, class| {
            let score = mean(class);
            if score > best.score {
                Detection { class, score, window }
            } else {
                best
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities of three classes, from those of classes 1 and 2.
    fn rows(keywords: &[(f32, f32)]) -> Vec<f32> {
        keywords
            .iter()
            .flat_map(|(one, two)| [1.0 - one - two, *one, *two])
            .collect()
    }

    fn check(keywords: &[(f32, f32)], rule: (f32, usize, usize), expected: &[(usize, usize)]) {
        let (threshold, smooth_windows, refractory_windows) = rule;
        let rule = DetectionRule {
            threshold,
            smooth_windows,
            refractory_windows,
        };
        let found: Vec<_> = detect(&rows(keywords), 3, rule)
            .iter()
            .map(|found| (found.class, found.window))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_keyword_is_heard_once_it_reaches_the_threshold() {
        check(&[(0.0, 0.1), (0.0, 0.8), (0.0, 0.2)], (0.7, 1, 0), &[(2, 1)]);
        check(&[(0.0, 0.1), (0.0, 0.6), (0.0, 0.2)], (0.7, 1, 0), &[]);
        check(&[], (0.7, 1, 0), &[]);
    }

    #[test]
    fn smoothing_ignores_a_single_spike() {
        check(&[(0.0, 0.0), (0.9, 0.0), (0.0, 0.0)], (0.7, 2, 0), &[]);
        check(&[(0.0, 0.0), (0.9, 0.0), (0.8, 0.0)], (0.7, 2, 0), &[(1, 2)]);
    }

    #[test]
    fn a_single_window_is_its_own_mean() {
        check(&[(0.9, 0.0)], (0.7, 4, 0), &[(1, 0)]);
    }

    #[test]
    fn the_refractory_time_joins_one_word_heard_in_several_windows() {
        let word = [(0.9, 0.0); 6];
        check(&word, (0.7, 1, 9), &[(1, 0)]);
        check(&word, (0.7, 1, 2), &[(1, 0), (1, 3)]);
    }

    #[test]
    fn the_strongest_is_found_below_the_threshold_too() {
        let rule = DetectionRule {
            threshold: 0.9,
            smooth_windows: 1,
            refractory_windows: 0,
        };
        let best = strongest(&rows(&[(0.1, 0.0), (0.2, 0.5), (0.3, 0.0)]), 3, rule);
        assert_eq!((best.class, best.window), (2, 1));
        assert_eq!(strongest(&[], 3, rule).class, NONE);
    }
}
