//! What a machine is like when nothing is the matter: a density of its band levels, for one axis.
//!
//! Levels are logarithms, so that a level that doubles is as far away as one that halves, and so that normal running is close
//! to a normal distribution. With few windows the limit is that of Hotelling for one new window, which is wide because mean
//! and covariance are themselves uncertain; with enough of them it is a rank among normal scores and assumes nothing.

use serde::{Deserialize, Serialize};

use crate::beta::f_quantile;

/// Levels that are scored: the bands from 1/12 of half the sample rate on.
pub(super) const SCORED_LEVELS: usize = 3;
/// Levels that are learnt for the checks of the data.
pub(super) const ALL_LEVELS: usize = 4;
/// How far correlations are trusted less than what was measured of them.
const SHRINKAGE: f64 = 0.1;
/// Least standard deviation of a level: what a measurement repeats to.
const REPEATABILITY: f64 = 0.05;
/// Fewest windows that a density is learnt from.
pub(super) const WINDOWS_MIN: usize = 10;

/// How the limit came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LearntFrom {
    /// From Hotelling's prediction limit: it holds if levels are normally distributed.
    Prediction,
    /// From the rank of normal windows that the density did not see: it holds whatever they are like.
    Conformal,
}

/// The normal running of one axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// Windows it was learnt from.
    pub windows: usize,
    /// Mean of the levels, as natural logarithms of root mean squares in the unit of the card.
    pub mean: [f64; SCORED_LEVELS],
    /// Their covariance, shrunk and with the repeatability of a measurement.
    pub covariance: [[f64; SCORED_LEVELS]; SCORED_LEVELS],
    /// Largest score of a normal window, but for the stated number of false alarms.
    pub limit: f64,
    /// How the limit came about.
    pub from: LearntFrom,
    /// Median of each level, the lowest band included, for the checks of the data.
    pub levels: [f64; ALL_LEVELS],
}

/// Why no normal running is learnt.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NormalError {
    /// There are too few windows.
    #[error("{found} windows of normal running are too few: {WINDOWS_MIN} are needed, and 600 are better")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// The chance of a false alarm is not between 0 and 1.
    #[error("the chance of a false alarm in a window is above 0 and below 1, found {0}")]
    Chance(f64),
}

impl Normal {
    /// Learns from levels of normal windows, `chance` of which may be beyond the limit: a false alarm.
    ///
    /// The score of a new window is above the limit with that chance. With half as many windows as `1 / chance - 1`, or fewer,
    /// that is Hotelling's prediction limit; with more, every second window is kept from the density and ranked.
    ///
    /// # Source
    /// Hotelling 1931, "The generalization of Student's ratio"; Montgomery 2009, "Introduction to statistical quality
    /// control", equation 11.28, for the limit of one new observation. Ledoit and Wolf 2004, "Honey, I shrunk the sample
    /// covariance matrix", for shrinking. Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world",
    /// proposition 2.3, for ranks.
    ///
    /// # Errors
    /// [`NormalError`].
    pub fn learn(levels: &[[f64; ALL_LEVELS]], chance: f64) -> Result<Self, NormalError> {
        if levels.len() < WINDOWS_MIN {
            return Err(NormalError::TooFew { found: levels.len() });
        }
        if !(chance > 0.0 && chance < 1.0) {
            return Err(NormalError::Chance(chance));
        }
        let ranked = levels.len() / 2;
        let is_conformal = ranked as f64 >= 1.0 / chance - 1.0;
        let step = if is_conformal { 2 } else { 1 };
        let seen: Vec<[f64; SCORED_LEVELS]> = levels.iter().step_by(step).map(scored).collect();
        let (mean, covariance) = moments(&seen);
        let mut normal = Self {
            windows: levels.len(),
            limit: prediction_limit(seen.len(), chance),
            from: LearntFrom::Prediction,
            levels: medians(levels),
            mean,
            covariance,
        };
        if is_conformal {
            let kept = levels.iter().skip(1).step_by(2).map(scored);
            let mut scores: Vec<f64> = kept.map(|levels| normal.score(&levels)).collect();
            scores.sort_by(f64::total_cmp);
            // The rank that a new normal window exceeds with the stated chance, at most.
            let beyond = ((scores.len() + 1) as f64 * chance).floor();
            let rank = scores.iter().rev().nth(whole(beyond).saturating_sub(1));
            normal.limit = rank.copied().unwrap_or(normal.limit);
            normal.from = LearntFrom::Conformal;
        }
        Ok(normal)
    }

    /// The score of a window, T2 of Hotelling: the squared distance of its levels from the mean, in units of the covariance.
    pub fn score(&self, levels: &[f64; SCORED_LEVELS]) -> f64 {
        let away: [f64; SCORED_LEVELS] = std::array::from_fn(|index| levels[index] - self.mean[index]);
        let solved = solve(self.covariance, away);
        away.iter().zip(solved).map(|(away, solved)| away * solved).sum()
    }

    /// How far each level must rise alone for the score to reach the limit, as natural logarithms of ratios.
    pub fn rises(&self) -> [f64; SCORED_LEVELS] {
        std::array::from_fn(|index| {
            let mut unit = [0.0; SCORED_LEVELS];
            unit[index] = 1.0;
            (self.limit / solve(self.covariance, unit)[index]).sqrt()
        })
    }

    /// How far all levels must rise together.
    pub fn common_rise(&self) -> f64 {
        let ones = [1.0; SCORED_LEVELS];
        (self.limit / solve(self.covariance, ones).iter().sum::<f64>()).sqrt()
    }

    /// Refuses numbers that nothing was learnt from.
    pub(super) fn is_sound(&self) -> bool {
        let finite = self
            .mean
            .iter()
            .chain(self.covariance.iter().flatten())
            .chain(&self.levels);
        let is_positive = (0..SCORED_LEVELS).all(|index| {
            let mut unit = [0.0; SCORED_LEVELS];
            unit[index] = 1.0;
            solve(self.covariance, unit)[index] > 0.0
        });
        finite.into_iter().all(|value| value.is_finite())
            && is_positive
            && self.limit.is_finite()
            && self.limit > 0.0
            && self.windows > 0
    }
}

/// The levels that are scored.
pub fn scored(levels: &[f64; ALL_LEVELS]) -> [f64; SCORED_LEVELS] {
    std::array::from_fn(|index| levels[index + ALL_LEVELS - SCORED_LEVELS])
}

fn prediction_limit(windows: usize, chance: f64) -> f64 {
    let (n, d) = (windows as f64, SCORED_LEVELS as f64);
    d * (n * n - 1.0) / (n * (n - d)) * f_quantile(chance, (d, n - d))
}

fn moments(levels: &[[f64; SCORED_LEVELS]]) -> ([f64; SCORED_LEVELS], [[f64; SCORED_LEVELS]; SCORED_LEVELS]) {
    let count = levels.len() as f64;
    let mean: [f64; SCORED_LEVELS] =
        std::array::from_fn(|index| levels.iter().map(|row| row[index]).sum::<f64>() / count);
    let between = |a: usize, b: usize| {
        let products = levels.iter().map(|row| (row[a] - mean[a]) * (row[b] - mean[b]));
        products.sum::<f64>() / (count - 1.0)
    };
    let covariance = std::array::from_fn(|a| {
        std::array::from_fn(|b| match a == b {
            true => between(a, b) + REPEATABILITY * REPEATABILITY,
            false => (1.0 - SHRINKAGE) * between(a, b),
        })
    });
    (mean, covariance)
}

fn medians(levels: &[[f64; ALL_LEVELS]]) -> [f64; ALL_LEVELS] {
    std::array::from_fn(|index| {
        let mut column: Vec<f64> = levels.iter().map(|row| row[index]).collect();
        column.sort_by(f64::total_cmp);
        crate::vibration::quantile(&column, 0.5)
    })
}

/// Solves a system with a symmetric matrix whose eigenvalues are above 0, by Gauss; what is not finite stays so.
fn solve(
    mut matrix: [[f64; SCORED_LEVELS]; SCORED_LEVELS],
    mut right: [f64; SCORED_LEVELS],
) -> [f64; SCORED_LEVELS] {
    for pivot in 0..SCORED_LEVELS {
        for row in pivot + 1..SCORED_LEVELS {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            let columns = matrix[row].iter_mut().zip(above).skip(pivot);
            columns.for_each(|(value, above)| *value -= factor * above);
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..SCORED_LEVELS).rev() {
        let known: f64 = (row + 1..SCORED_LEVELS)
            .map(|column| matrix[row][column] * right[column])
            .sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count is one"
)]
fn whole(value: f64) -> usize {
    value as usize
}
