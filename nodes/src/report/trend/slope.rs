//! How fast a quantity changes: the slope of Theil and Sen, with an interval by ranks that knows of autocorrelation.
//!
//! The estimate is the median of the slopes of all pairs of points, which a third of outliers does not move. Its interval
//! comes from the distribution of Kendall's S; neighbouring points that go together make it wider. Invariant: the interval
//! holds the estimate.
//!
//! # Source
//! Theil (1950), "A rank-invariant method of linear and polynomial regression analysis"; Sen (1968), "Estimates of the
//! regression coefficient based on Kendall's tau", section 6, for the interval; Kendall (1975), "Rank correlation methods",
//! for the variance with ties; Yue and Wang (2004), "The Mann-Kendall test modified by effective sample size", for
//! autocorrelation, which is estimated of the residuals and corrected as in Marriott and Pope (1954).

use super::history::Point;

/// Largest autocorrelation of neighbours that is reckoned with.
const CORRELATION_MAX: f64 = 0.95;

/// A line through points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The estimate, in the unit of the values per day.
    pub per_day: f64,
    /// The interval of 95 %.
    pub interval: [f64; 2],
    /// The interval of 99 %.
    pub wide: [f64; 2],
    /// How much larger the variance of S is than that of independent points; 1 or more.
    pub inflation: f64,
}

/// Two-sided quantiles of the normal distribution for 95 and 99 %.
const QUANTILES: [f64; 2] = [1.959_964, 2.575_829];

/// Estimates the slope of points in the order of their times; none for points of one time.
pub fn slope(points: &[Point]) -> Option<Slope> {
    let mut slopes = slopes(points);
    slopes.sort_by(f64::total_cmp);
    let per_day = median(&slopes)?;
    let inflation = inflation(points, per_day);
    let deviation = (variance(points) * inflation).sqrt();
    let [interval, wide] = QUANTILES.map(|quantile| between(&slopes, quantile * deviation));
    Some(Slope {
        per_day,
        interval,
        wide,
        inflation,
    })
}

/// The slopes of all pairs of points that differ in time.
fn slopes(points: &[Point]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (index, later) in points.iter().enumerate() {
        for earlier in &points[..index] {
            let days = later.days - earlier.days;
            if days > 0.0 {
                slopes.push((later.value - earlier.value) / days);
            }
        }
    }
    slopes
}

/// The middle of sorted numbers.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    match sorted.len() % 2 {
        0 => Some((sorted[middle - 1] + upper) / 2.0),
        _ => Some(upper),
    }
}

/// The variance of Kendall's S for independent points, with ties among their values.
fn variance(points: &[Point]) -> f64 {
    let term = |count: f64| count * (count - 1.0) * (2.0 * count + 5.0);
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    values.sort_by(f64::total_cmp);
    let ties: f64 = values
        .chunk_by(|left, right| left.total_cmp(right).is_eq())
        .map(|tied| term(tied.len() as f64))
        .sum();
    (term(points.len() as f64) - ties) / 18.0
}

/// The slopes so many places of S around the middle.
fn between(sorted: &[f64], places: f64) -> [f64; 2] {
    let (count, last) = (sorted.len() as f64, sorted.len().saturating_sub(1));
    let low = whole((count - places) / 2.0 - 1.0, last);
    let high = whole(((count + places) / 2.0).ceil(), last);
    [low, high].map(|place| sorted.get(place).copied().unwrap_or(0.0))
}

/// The largest whole number up to a value, from 0 to `last`.
fn whole(value: f64, last: usize) -> usize {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = (low + high).div_ceil(2);
        match middle as f64 <= value {
            true => low = middle,
            false => high = middle - 1,
        }
    }
    low
}

/// How much larger the variance of a mean is for residuals that go together with their neighbours as these do.
fn inflation(points: &[Point], per_day: f64) -> f64 {
    let residuals: Vec<f64> = points
        .iter()
        .map(|point| point.value - per_day * point.days)
        .collect();
    let count = residuals.len() as f64;
    let mean = residuals.iter().sum::<f64>() / count;
    let product = |left: &f64, right: &f64| (left - mean) * (right - mean);
    let all: f64 = residuals.iter().map(|residual| product(residual, residual)).sum();
    let neighbours: f64 = residuals.windows(2).map(|pair| product(&pair[0], &pair[1])).sum();
    if all <= 0.0 || count <= 4.0 {
        return 1.0;
    }
    // A line that is fitted makes neighbours look less alike than they are.
    let correlation = (neighbours / all + 2.0 / count) / (1.0 - 4.0 / count);
    let correlation = correlation.clamp(0.0, CORRELATION_MAX);
    let (mut power, mut sum) = (1.0, 0.0);
    for lag in 1..points.len() {
        power *= correlation;
        sum += (1.0 - lag as f64 / count) * power;
    }
    1.0 + 2.0 * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        let point = |(day, value): (usize, &f64)| Point {
            days: day as f64,
            value: *value,
        };
        values.iter().enumerate().map(point).collect()
    }

    #[test]
    fn a_line_has_its_slope_and_no_outlier_moves_it() {
        let mut values: Vec<f64> = (0..20).map(|day| 3.0 + 0.25 * f64::from(day)).collect();
        let line = slope(&points(&values)).unwrap();
        assert!((line.per_day - 0.25).abs() < 1e-12);
        assert!(
            line.interval
                .iter()
                .chain(&line.wide)
                .all(|end| (end - 0.25).abs() < 1e-12)
        );
        values[7] = 1e6;
        let with_outlier = slope(&points(&values)).unwrap();
        assert!((with_outlier.per_day - 0.25).abs() < 1e-9);
    }

    #[test]
    fn the_slope_is_that_of_sens_example() {
        // Sen (1968), section 6: times 1, 2, 3, 4, 10, 12, 18 and values 9, 15, 19, 20, 45, 55, 78 have a median slope of
        // 4, and an interval of 93 % from 3.71 to 4.38 by the exact distribution of S; that of 95 % is as wide at least.
        let times = [1.0, 2.0, 3.0, 4.0, 10.0, 12.0, 18.0];
        let values = [9.0, 15.0, 19.0, 20.0, 45.0, 55.0, 78.0];
        let points: Vec<Point> = times
            .into_iter()
            .zip(values)
            .map(|(days, value)| Point { days, value })
            .collect();
        let found = slope(&points).unwrap();
        assert!((found.per_day - 4.0).abs() < 1e-9, "{}", found.per_day);
        let plain = between(&sorted(&points), QUANTILES[0] * variance(&points).sqrt());
        assert!(plain[0] <= 3.72 && plain[1] >= 4.37, "{plain:?}");
    }

    fn sorted(points: &[Point]) -> Vec<f64> {
        let mut slopes = slopes(points);
        slopes.sort_by(f64::total_cmp);
        slopes
    }

    #[test]
    fn ties_make_the_variance_smaller_as_kendall_has_it() {
        assert!((variance(&points(&[1.0, 2.0, 3.0, 4.0])) - 26.0 / 3.0).abs() < 1e-12);
        // Two of four alike: (4 * 3 * 13 - 2 * 1 * 9) / 18.
        assert!((variance(&points(&[1.0, 2.0, 2.0, 4.0])) - 138.0 / 18.0).abs() < 1e-12);
    }

    #[test]
    fn points_of_one_time_have_no_slope() {
        assert_eq!(slope(&[]), None);
        let same = [1.0, 2.0].map(|value| Point { days: 1.0, value });
        assert_eq!(slope(&same), None);
    }
}
