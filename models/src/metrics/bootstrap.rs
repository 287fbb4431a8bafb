//! How far a figure would move on other examples of the same kind, found by drawing from those there are.
//!
//! A statistic is a function of places of examples, so the same draw can serve two models. The places of one draw are
//! in no order and repeat.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{MetricError, same_length};

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapOptions {
    /// Draws; 2,000 are enough for limits of 95 %.
    pub resamples: u32,
    /// Share of the draws between the limits, as 0.95.
    pub confidence: f64,
    /// Seed of the draws.
    pub seed: u64,
}

/// A figure with the limits between which it stays on most draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    /// The figure on the examples themselves.
    pub estimate: f64,
    /// Lower limit; NaN if the statistic is NaN on each draw.
    pub low: f64,
    /// Upper limit; NaN if the statistic is NaN on each draw.
    pub high: f64,
    /// Draws without a figure (NaN), which the limits leave out.
    pub undefined: u32,
}

/// What one model has over another, on the same examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The second model's figure less the first's.
    pub interval: ConfidenceInterval,
    /// Twice the share of draws on which the difference has the less frequent sign, zero having both; at most 1.
    pub p_value: f64,
}

/// Returns the statistic of all `examples` and its percentile interval.
///
/// # Source
/// Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13; quantiles by linear interpolation,
/// Hyndman and Fan 1996, type 7.
pub fn bootstrap(
    examples: u32,
    options: BootstrapOptions,
    mut statistic: impl FnMut(&[u32]) -> f64,
) -> ConfidenceInterval {
    let all: Vec<u32> = (0..examples).collect();
    let estimate = statistic(&all);
    let mut draws = Vec::with_capacity(options.resamples as usize);
    resample(examples, options, |places| draws.push(statistic(places)));
    limits(estimate, draws, options.confidence)
}

/// The same, drawing whole groups: examples of one speaker, patient or machine are no independent witnesses.
///
/// `groups[i]` is the group of example `i`; as many groups are drawn as there are different ones.
///
/// # Source
/// Davison and Hinkley 1997, "Bootstrap methods and their application", section 3.8, first strategy.
pub fn bootstrap_by_group(
    groups: &[u32],
    options: BootstrapOptions,
    mut statistic: impl FnMut(&[u32]) -> f64,
) -> ConfidenceInterval {
    let mut members: Vec<(u32, u32)> = groups.iter().copied().zip(0..).collect();
    members.sort_unstable();
    let groups: Vec<Vec<u32>> = members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| group.iter().map(|member| member.1).collect())
        .collect();
    let mut places: Vec<u32> = members.iter().map(|member| member.1).collect();
    places.sort_unstable();
    let estimate = statistic(&places);
    let mut draws = Vec::with_capacity(options.resamples as usize);
    let count = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    resample(count, options, |drawn| {
        places.clear();
        drawn
            .iter()
            .for_each(|group| places.extend(&groups[*group as usize]));
        draws.push(statistic(&places));
    });
    limits(estimate, draws, options.confidence)
}

/// Returns how much larger the statistic is with `second` than with `first`, both drawn at the same places.
///
/// `statistic` is called with the values of one model at the places of one draw, such as the mean of zeros and ones for
/// accuracy.
///
/// # Errors
/// [`MetricError::Length`] if there are not as many values of both models.
///
/// # Source
/// Efron and Tibshirani 1993, chapter 16; Koehn 2004, "Statistical significance tests for machine translation
/// evaluation".
pub fn paired<T: Copy>(
    first: &[T],
    second: &[T],
    options: BootstrapOptions,
    mut statistic: impl FnMut(&[T]) -> f64,
) -> Result<Difference, MetricError> {
    same_length("values of the second model", first.len(), second.len())?;
    let estimate = statistic(second) - statistic(first);
    let mut draws = Vec::with_capacity(options.resamples as usize);
    let (mut left, mut right) = (Vec::with_capacity(first.len()), Vec::with_capacity(first.len()));
    let examples = u32::try_from(first.len()).unwrap_or(u32::MAX);
    resample(examples, options, |places| {
        left.clear();
        left.extend(places.iter().map(|place| first[*place as usize]));
        right.clear();
        right.extend(places.iter().map(|place| second[*place as usize]));
        draws.push(statistic(&right) - statistic(&left));
    });
    let defined = draws.iter().filter(|draw| !draw.is_nan()).count() as f64;
    let share = |holds: fn(f64) -> bool| draws.iter().filter(|draw| holds(**draw)).count() as f64 / defined;
    let p_value = (2.0 * share(|draw| draw <= 0.0).min(share(|draw| draw >= 0.0))).min(1.0);
    Ok(Difference {
        interval: limits(estimate, draws, options.confidence),
        p_value: if defined > 0.0 { p_value } else { f64::NAN },
    })
}

/// Draws as many places as there are, again and again.
fn resample(count: u32, options: BootstrapOptions, mut drawn: impl FnMut(&[u32])) {
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut places = vec![0; count as usize];
    for _ in 0..options.resamples {
        places
            .iter_mut()
            .for_each(|place| *place = random.random_range(0..count));
        drawn(&places);
    }
}

/// The quantiles that leave out the same share at both ends.
fn limits(estimate: f64, draws: Vec<f64>, confidence: f64) -> ConfidenceInterval {
    let all = draws.len();
    let mut draws: Vec<f64> = draws.into_iter().filter(|draw| !draw.is_nan()).collect();
    draws.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence.clamp(0.0, 1.0));
    ConfidenceInterval {
        estimate,
        low: quantile(&draws, tail),
        high: quantile(&draws, 1.0 - tail),
        undefined: u32::try_from(all - draws.len()).unwrap_or(u32::MAX),
    }
}

/// The quantile of ascending values, between neighbours by linear interpolation; NaN of nothing.
fn quantile(ascending: &[f64], share: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    #[allow(clippy::cast_possible_truncation, reason = "a place below the length")]
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    let part = place - below as f64;
    if part > 0.0 {
        (1.0 - part) * ascending[below] + part * ascending[above]
    } else {
        ascending[below]
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::{close, reference};
    use super::*;

    const OPTIONS: BootstrapOptions = BootstrapOptions {
        resamples: 2_000,
        confidence: 0.95,
        seed: 7,
    };

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        let given = &reference().bootstrap;
        for (share, expected) in &given.quantiles {
            close(quantile(&given.values, *share), *expected);
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_interval_of_an_accuracy_is_that_of_the_binomial_distribution() {
        // The number of right answers in a draw is binomial, so its exact quantiles are known.
        let given = &reference().bootstrap;
        let is_right = |place: u32| f64::from(place < given.right);
        let interval = bootstrap(given.examples, OPTIONS, |places| {
            places.iter().map(|place| is_right(*place)).sum::<f64>() / places.len() as f64
        });
        close(
            interval.estimate,
            f64::from(given.right) / f64::from(given.examples),
        );
        // 2,000 draws leave the quantiles uncertain by a tenth of the standard deviation.
        assert!(
            (interval.low - given.binomial[0]).abs() < 0.1 * given.deviation,
            "{interval:?}"
        );
        assert!(
            (interval.high - given.binomial[1]).abs() < 0.1 * given.deviation,
            "{interval:?}"
        );
    }

    #[test]
    fn groups_whose_members_agree_widen_the_interval_as_the_square_root_of_their_size() {
        // 100 groups of 9 equal values: nine times the examples, but no more witnesses.
        let groups: Vec<u32> = (0..900).map(|place| place / 9).collect();
        let statistic =
            |places: &[u32]| mean(&places.iter().map(|p| f64::from(p / 9 % 2)).collect::<Vec<_>>());
        let alone = bootstrap(900, OPTIONS, statistic);
        let grouped = bootstrap_by_group(&groups, OPTIONS, statistic);
        close(alone.estimate, grouped.estimate);
        let ratio = (grouped.high - grouped.low) / (alone.high - alone.low);
        assert!((ratio - 3.0).abs() < 0.3, "{ratio}");
    }

    #[test]
    fn a_difference_that_all_examples_share_is_certain_and_none_is_not() {
        let first: Vec<f64> = (0..50).map(f64::from).collect();
        let second: Vec<f64> = first.iter().map(|value| value + 2.0).collect();
        let certain = paired(&first, &second, OPTIONS, mean).unwrap();
        assert!((certain.interval.low - 2.0).abs() < 1e-9 && (certain.interval.high - 2.0).abs() < 1e-9);
        close(certain.p_value, 0.0);
        let none = paired(&first, &first, OPTIONS, mean).unwrap();
        close(none.p_value, 1.0);
        assert!(paired(&first, &first[1..], OPTIONS, mean).is_err());
    }

    #[test]
    fn the_p_value_is_that_of_the_normal_distribution() {
        // 400 differences with mean 0.1 and deviation 1: z = 2, two-sided p = 0.0455.
        let second: Vec<f64> = (0..400)
            .map(|place| if place % 2 == 0 { 1.1 } else { -0.9 })
            .collect();
        let seen = paired(&vec![0.0; 400], &second, OPTIONS, mean).unwrap();
        assert!((seen.p_value - 0.0455).abs() < 0.015, "{}", seen.p_value);
    }

    #[test]
    fn the_same_seed_gives_the_same_limits_and_what_has_no_figure_is_left_out() {
        let run = |seed| {
            bootstrap(20, BootstrapOptions { seed, ..OPTIONS }, |places| {
                f64::from(places[0])
            })
        };
        assert_eq!(run(1), run(1));
        let odd = bootstrap(
            20,
            OPTIONS,
            |places| if places[0] % 2 == 1 { 1.0 } else { f64::NAN },
        );
        assert!(odd.estimate.is_nan() && (900..1_100).contains(&odd.undefined));
        close(odd.low, 1.0);
        let nothing = bootstrap(0, OPTIONS, |_| f64::NAN);
        assert!(nothing.low.is_nan() && nothing.undefined == 2_000);
    }
}
