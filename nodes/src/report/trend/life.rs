//! How long until a quantity reaches its limit, where its points let one say so.
//!
//! A line is followed into the days to come only where it is one: from enough points over enough days, clearly not flat,
//! towards the limit, without a break, at one speed and load, and no longer than it was observed. Everything else is a
//! reason why there is no estimate. It knows no physics of wear: what grows faster than a line is a break and refused.
//! Invariant: the interval of an estimate holds it, and no estimate looks further ahead than the points reach back.

use super::change::has_break;
use super::history::History;
use super::slope::{Slope, median, slope};
use crate::report::alarm::Direction;
use crate::report::record::{Limit, Reason, RemainingLife, Trend};

/// Fewest points that are as good as independent ones.
const INDEPENDENT_MIN: f64 = 6.0;
/// How often longer than the points reach back the end of an interval may be, before nothing is said.
const HIGH_SPANS: f64 = 4.0;

/// What an estimate asks of the points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demands {
    /// Fewest points.
    pub points_min: usize,
    /// Fewest days from the first to the last.
    pub days_min: f64,
    /// Largest spread of speed or load over their middle.
    pub load_spread_max: f64,
    /// The limit, if there is one.
    pub limit: Option<Limit>,
}

/// What the points say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// The slope with its interval of 95 %; none of too few points.
    pub trend: Option<Trend>,
    /// How long it may last, or why that is not told.
    pub life: RemainingLife,
}

/// Estimates the slope of a history, and what remains to the limit.
pub fn outlook(history: &History, demands: &Demands) -> Outlook {
    let refused = |trend, reason| Outlook {
        trend,
        life: RemainingLife::NotEstimable { reason },
    };
    let points = history.points();
    let span = history.now_days();
    if points.len() < demands.points_min || span < demands.days_min {
        return refused(None, Reason::TooFewData);
    }
    let Some(slope) = slope(&points) else {
        return refused(None, Reason::TooFewData);
    };
    if points.len() as f64 / slope.inflation < INDEPENDENT_MIN {
        // Points on either side of a break go together as neighbours do.
        let reason = match has_break(&points, slope.inflation) {
            true => Reason::ChangingOperation,
            false => Reason::TooFewData,
        };
        return refused(None, reason);
    }
    let trend = Some(Trend {
        per_day: slope.per_day,
        low: slope.interval[0],
        high: slope.interval[1],
    });
    if history.load_spread() > demands.load_spread_max {
        return refused(trend, Reason::ChangingOperation);
    }
    if !is_clear(slope.interval) {
        return refused(trend, Reason::NoTrend);
    }
    if has_break(&points, slope.inflation) {
        return refused(trend, Reason::ChangingOperation);
    }
    if !is_clear(slope.wide) {
        return refused(trend, Reason::TooFewData);
    }
    let rest = |per_day: f64, limit: Limit| {
        let mut levels: Vec<f64> = points
            .iter()
            .map(|point| point.value - per_day * point.days)
            .collect();
        levels.sort_by(f64::total_cmp);
        let now = median(&levels).unwrap_or(0.0) + per_day * span;
        ((limit.value - now) / per_day).max(0.0)
    };
    match demands.limit.filter(|limit| is_towards(&slope, *limit)) {
        None => refused(trend, Reason::NoFailureHistory),
        Some(limit) => {
            let ends = slope.interval.map(|per_day| rest(per_day, limit));
            let days = rest(slope.per_day, limit);
            let (low, high) = (days.min(ends[0].min(ends[1])), days.max(ends[0].max(ends[1])));
            match days <= span && high <= HIGH_SPANS * span {
                true => Outlook {
                    trend,
                    life: RemainingLife::Estimated { days, low, high },
                },
                false => refused(trend, Reason::TooFewData),
            }
        }
    }
}

/// True for an interval without 0 in it.
fn is_clear(interval: [f64; 2]) -> bool {
    interval[0] > 0.0 || interval[1] < 0.0
}

/// True for a slope that leads to the wrong side of a limit.
fn is_towards(slope: &Slope, limit: Limit) -> bool {
    match limit.direction {
        Direction::Above => slope.per_day > 0.0,
        Direction::Below => slope.per_day < 0.0,
    }
}
