//! Whether points lie on one line, or on two with a break between them.
//!
//! A step, a bend and growth that speeds up are all breaks: a line through them tells nothing about the days to come.
//! Invariant: points on a line have no break.
//!
//! # Source
//! Chow (1960), "Tests of equality between sets of coefficients in two linear regressions", for the ratio; Andrews (1993),
//! "Tests for parameter instability and structural change with unknown change point", for its largest value over all breaks.
//! Quantiles for lines in time are not those of Andrews; the limit is that of a simulation.

use super::history::Point;

/// Largest ratio, over the inflation by autocorrelation, of points without a break. In a simulation 2 to 9 of 100 series
/// of a line with noise are above it, and 95 of 100 with a step of three standard deviations in their middle.
const RATIO_MAX: f64 = 5.0;
/// Fewest points on either side of a break.
const SIDE_MIN: usize = 4;
/// One in so many of all points is on either side at least.
const SIDE_SHARE: usize = 5;

/// True where points are better told by two lines than by one; `inflation` as for their slope.
pub fn has_break(points: &[Point], inflation: f64) -> bool {
    let count = points.len();
    let side = SIDE_MIN.max(count / SIDE_SHARE);
    let mut from_left = Sums::default();
    let left: Vec<f64> = points.iter().map(|point| from_left.add(point)).collect();
    let mut from_right = Sums::default();
    let mut right: Vec<f64> = points.iter().rev().map(|point| from_right.add(point)).collect();
    right.reverse();
    let Some(one) = left.last() else { return false };
    let breaks = side..=count.saturating_sub(side);
    let two = breaks
        .map(|at| left[at - 1] + right[at])
        .fold(f64::INFINITY, f64::min);
    // Points that lie on two lines without any rest have a break, unless they lie on one.
    let scale: f64 = points.iter().map(|point| point.value.powi(2)).sum();
    let rest = (one - two).max(0.0) / 2.0;
    two.is_finite() && rest > 1e-12 * scale && rest / (two / (count as f64 - 4.0)) > RATIO_MAX * inflation
}

/// Sums of points for a line of least squares, moved to their first point.
#[derive(Default)]
struct Sums {
    count: f64,
    days: f64,
    value: f64,
    days_spread: f64,
    value_spread: f64,
    both: f64,
}

impl Sums {
    /// Adds a point and returns the squares that the best line leaves.
    ///
    /// # Source
    /// Welford (1962), "Note on a method for calculating corrected sums of squares and products".
    fn add(&mut self, point: &Point) -> f64 {
        self.count += 1.0;
        let (days, value) = (point.days - self.days, point.value - self.value);
        self.days += days / self.count;
        self.value += value / self.count;
        self.days_spread += days * (point.days - self.days);
        self.value_spread += value * (point.value - self.value);
        self.both += days * (point.value - self.value);
        let explained = match self.days_spread > 0.0 {
            true => self.both.powi(2) / self.days_spread,
            false => 0.0,
        };
        (self.value_spread - explained).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Fn(f64) -> f64, expected: bool) {
        // Noise without a pattern that a line or a step would follow.
        let noise = |day: usize| (day * 7_919 % 101) as f64 / 101.0 - 0.5;
        let point = |day: usize| Point {
            days: day as f64,
            value: value(day as f64) + noise(day),
        };
        assert_eq!(has_break(&(0..40).map(point).collect::<Vec<_>>(), 1.0), expected);
    }

    #[test]
    fn a_step_a_bend_and_growth_are_breaks_and_a_line_is_none() {
        check(|day| 0.1 * day, false);
        check(|_| 4.0, false);
        check(|day| if day < 20.0 { 0.0 } else { 2.0 }, true);
        check(|day| (day - 25.0).max(0.0), true);
        check(|day| (day / 8.0).exp(), true);
    }

    #[test]
    fn points_exactly_on_a_line_have_no_break_and_few_points_have_none() {
        let line = |day: u32| Point {
            days: f64::from(day),
            value: 0.3 * f64::from(day) + 0.1,
        };
        assert!(!has_break(&(0..40).map(line).collect::<Vec<_>>(), 1.0));
        assert!(!has_break(&(0..7).map(line).collect::<Vec<_>>(), 1.0));
        assert!(!has_break(&[], 1.0));
    }

    #[test]
    fn what_a_line_leaves_is_what_least_squares_leave() {
        // By hand: values 0, 1, 0 at days 0, 1, 2 leave 2/3 around their mean, and no slope explains any of it.
        let mut sums = Sums::default();
        let left = [0.0, 1.0, 0.0].map(|value| {
            let days = sums.count;
            sums.add(&Point { days, value })
        });
        assert!((left[2] - 2.0 / 3.0).abs() < 1e-12, "{left:?}");
        assert!(left[1].abs() < 1e-12, "{left:?}");
    }
}
