//! The last few times of something that happens, to ask how many were within a stretch of time.

use std::collections::VecDeque;
use std::time::Duration;

/// The latest times, as many as a rule can ask for. Older ones cannot change its answer.
#[derive(Clone, Debug)]
pub(super) struct Latest {
    times: VecDeque<Duration>,
    count_max: usize,
}

impl Latest {
    pub(super) fn new(count_max: usize) -> Self {
        Self {
            times: VecDeque::with_capacity(count_max),
            count_max,
        }
    }

    /// Adds a time; times come in their order.
    pub(super) fn push(&mut self, at: Duration) {
        if self.times.len() == self.count_max {
            self.times.pop_front();
        }
        self.times.push_back(at);
    }

    /// Returns the latest.
    pub(super) fn last(&self) -> Option<Duration> {
        self.times.back().copied()
    }

    /// Returns how many were less than `window` before `now`; at most as many as are kept.
    pub(super) fn within(&self, window: Duration, now: Duration) -> usize {
        let is_recent = |at: &&Duration| now.saturating_sub(**at) < window;
        self.times.iter().rev().take_while(is_recent).count()
    }
}
