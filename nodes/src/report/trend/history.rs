//! The points that a trend is estimated from, kept from request to request within a bound.
//!
//! Points older than the window are forgotten. Where there are more than [`POINTS_MAX`], time is divided into stretches of
//! one length, beginning with that of the epoch, and the points of each become their mean; the length doubles until they
//! fit, and never gets shorter. So all points stand for stretches of one length, and noise becomes less. Invariant: points
//! are in the order of their times, at most [`POINTS_MAX`], none older than the window.

/// Most points that are kept.
pub const POINTS_MAX: usize = 256;
/// Milliseconds of a day.
pub const DAY_MS: f64 = 86_400_000.0;

/// A value and when it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Days since the first point.
    pub days: f64,
    /// The value.
    pub value: f64,
}

/// One measurement, as it arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The value, finite.
    pub value: f64,
    /// Speed or load at that time, finite, where it is known.
    pub load: Option<f64>,
}

/// Why a measurement is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PointError {
    /// It is not later than the one before.
    #[error("the time {at_ms} ms is not after the one before, {before_ms} ms")]
    Order {
        /// Its time.
        at_ms: i64,
        /// The time before.
        before_ms: i64,
    },
}

/// What is kept of one stretch of time.
#[derive(Clone, Copy, Debug)]
struct Kept {
    stretch: i64,
    /// Means, and of how many measurements.
    at_ms: f64,
    value: f64,
    count: f64,
    /// Mean of the known loads, and of how many.
    load: f64,
    loads: f64,
}

/// The points that are kept.
#[derive(Clone, Debug)]
pub struct History {
    window_ms: i64,
    /// Length of a stretch; 1 while every measurement is a point.
    stretch_ms: i64,
    kept: Vec<Kept>,
    last_ms: Option<i64>,
}

impl History {
    /// No points, of a window of so many milliseconds.
    pub fn new(window_ms: i64) -> History {
        History {
            window_ms,
            stretch_ms: 1,
            kept: Vec::with_capacity(POINTS_MAX + 1),
            last_ms: None,
        }
    }

    /// Forgets all points.
    pub fn clear(&mut self) {
        self.kept.clear();
        self.stretch_ms = 1;
        self.last_ms = None;
    }

    /// True without any point.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Adds a measurement.
    ///
    /// # Errors
    /// [`PointError::Order`]; the points are then as they were.
    pub fn add(&mut self, measured: Measurement) -> Result<(), PointError> {
        let at_ms = measured.at_ms;
        if let Some(before_ms) = self.last_ms.filter(|before| at_ms <= *before) {
            return Err(PointError::Order { at_ms, before_ms });
        }
        self.last_ms = Some(at_ms);
        let oldest = at_ms.saturating_sub(self.window_ms) as f64;
        self.kept.retain(|kept| kept.at_ms >= oldest);
        self.kept.push(Kept {
            stretch: 0,
            at_ms: at_ms as f64,
            value: measured.value,
            count: 1.0,
            load: measured.load.unwrap_or(0.0),
            loads: f64::from(u8::from(measured.load.is_some())),
        });
        let stretch = at_ms.div_euclid(self.stretch_ms);
        if let Some(last) = self.kept.last_mut() {
            last.stretch = stretch;
        }
        self.merge();
        while self.kept.len() > POINTS_MAX {
            self.stretch_ms = self.stretch_ms.saturating_mul(2).max(self.shortest());
            for kept in &mut self.kept {
                kept.stretch = millisecond(kept.at_ms).div_euclid(self.stretch_ms);
            }
            self.merge();
        }
        Ok(())
    }

    /// A length of stretches below which the points of now would not fit.
    fn shortest(&self) -> i64 {
        let ends =
            [self.kept.first(), self.kept.last()].map(|kept| kept.map_or(0, |kept| millisecond(kept.at_ms)));
        let most = i64::try_from(POINTS_MAX).unwrap_or(i64::MAX);
        // A power of two, so that later stretches are made of whole earlier ones.
        let least = (ends[1].saturating_sub(ends[0]) / most).max(1);
        u64::try_from(least)
            .ok()
            .and_then(u64::checked_next_power_of_two)
            .map_or(least, |power| i64::try_from(power).unwrap_or(least))
    }

    /// Makes one of the points of one stretch.
    fn merge(&mut self) {
        self.kept.dedup_by(|later, earlier| {
            let is_one = later.stretch == earlier.stretch;
            if is_one {
                let count = earlier.count + later.count;
                let mean = |left: f64, right: f64| left + (right - left) * later.count / count;
                earlier.at_ms = mean(earlier.at_ms, later.at_ms);
                earlier.value = mean(earlier.value, later.value);
                earlier.count = count;
                let loads = earlier.loads + later.loads;
                if loads > 0.0 {
                    earlier.load += (later.load - earlier.load) * later.loads / loads;
                }
                earlier.loads = loads;
            }
            is_one
        });
    }

    /// The points, in days since the first of them.
    pub fn points(&self) -> Vec<Point> {
        let first = self.kept.first().map_or(0.0, |kept| kept.at_ms);
        let point = |kept: &Kept| Point {
            days: (kept.at_ms - first) / DAY_MS,
            value: kept.value,
        };
        self.kept.iter().map(point).collect()
    }

    /// When the last measurement was, in days since the first point.
    pub fn now_days(&self) -> f64 {
        let first = self.kept.first().map_or(0.0, |kept| kept.at_ms);
        self.last_ms.map_or(0.0, |last| (last as f64 - first) / DAY_MS)
    }

    /// The spread of speed or load over their middle; 0 where they are not known, infinite around a middle of 0.
    pub fn load_spread(&self) -> f64 {
        let mut loads: Vec<f64> = self
            .kept
            .iter()
            .filter(|kept| kept.loads > 0.0)
            .map(|kept| kept.load)
            .collect();
        loads.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (loads.first(), loads.last()) else {
            return 0.0;
        };
        let middle = loads[loads.len() / 2].abs();
        match most - least {
            0.0 => 0.0,
            spread if middle > 0.0 => spread / middle,
            _ => f64::INFINITY,
        }
    }
}

/// A time that was averaged, to a whole millisecond. It lies between two that were whole.
fn millisecond(at_ms: f64) -> i64 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a mean of numbers of 64 bits is one; what is beyond is held at its end"
    )]
    let whole = at_ms as i64;
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn measured(at_ms: i64, value: f64) -> Measurement {
        Measurement {
            at_ms,
            value,
            load: None,
        }
    }

    #[test]
    fn few_points_are_kept_as_they_are_and_old_ones_forgotten() {
        let mut history = History::new(2 * 86_400_000);
        for day in 0..5 {
            history.add(measured(day * 86_400_000, day as f64)).unwrap();
        }
        let values: Vec<f64> = history.points().iter().map(|point| point.value).collect();
        assert_eq!(values, [2.0, 3.0, 4.0]);
        assert!((history.points()[2].days - 2.0).abs() < 1e-12);
        assert!((history.now_days() - 2.0).abs() < 1e-12);
        let again = history.add(measured(4 * 86_400_000, 9.0));
        assert!(matches!(again, Err(PointError::Order { .. })));
        assert_eq!(history.points().len(), 3);
        history.clear();
        assert!(history.is_empty());
    }

    #[test]
    fn many_points_become_means_of_stretches_of_one_length() {
        let mut history = History::new(i64::MAX);
        // A line stays one: means of its points lie on it.
        for minute in 0..100_000_i64 {
            history.add(measured(minute * 60_000, minute as f64)).unwrap();
        }
        let points = history.points();
        assert!(
            (POINTS_MAX / 2..=POINTS_MAX).contains(&points.len()),
            "{}",
            points.len()
        );
        for point in &points {
            let minutes = point.days * 1_440.0;
            let first = points[0].value;
            assert!((point.value - first - minutes).abs() < 1e-6, "{point:?}");
        }
        let gaps: Vec<f64> = points
            .windows(2)
            .map(|pair| pair[1].days - pair[0].days)
            .collect();
        let inner = &gaps[1..gaps.len() - 1];
        let longest = inner.iter().copied().fold(0.0, f64::max);
        let shortest = inner.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(longest < 1.1 * shortest, "{shortest} to {longest}");
    }

    #[test]
    fn the_spread_of_a_load_is_told() {
        let mut history = History::new(i64::MAX);
        assert!(history.load_spread().abs() < 1e-12);
        for (at_ms, load) in [(0, 1_500.0), (1, 1_480.0), (2, 1_510.0)] {
            let load = Some(load);
            history
                .add(Measurement {
                    load,
                    ..measured(at_ms, 1.0)
                })
                .unwrap();
        }
        assert!((history.load_spread() - 0.02).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn points_are_bounded_and_in_order(steps in prop::collection::vec(1_i64..10_000_000_000, 1..900), window in 1_i64..i64::MAX) {
            let mut history = History::new(window);
            let mut at_ms = -5_000_000_000;
            for step in steps {
                at_ms += step;
                history.add(measured(at_ms, 1.0)).unwrap();
                prop_assert!(history.kept.len() <= POINTS_MAX && !history.is_empty());
            }
            prop_assert!(history.points().windows(2).all(|pair| pair[0].days < pair[1].days));
            prop_assert!(history.points().iter().all(|point| (point.value - 1.0).abs() < 1e-12));
        }
    }
}
