//! Time as an argument.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Something that tells the time since a start of its own.
pub trait Clock: Send + Sync {
    /// Time since the start.
    fn now(&self) -> Duration;

    /// True when time passes by itself, so that waiting for a moment makes sense.
    fn is_real(&self) -> bool;
}

/// The machine's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    start: Instant,
}

impl Monotonic {
    /// A clock that starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine for the time"
    )]
    pub fn start() -> Monotonic {
        Monotonic {
            start: Instant::now(),
        }
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn is_real(&self) -> bool {
        true
    }
}

/// A clock that moves only when told to.
#[derive(Debug, Default)]
pub struct Virtual {
    now: Mutex<Duration>,
}

impl Virtual {
    /// Moves the clock to a moment; it never goes back.
    pub fn advance_to(&self, moment: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = moment.max(*now);
    }
}

impl Clock for Virtual {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_real(&self) -> bool {
        false
    }
}
