//! The queue of a lane: many give, many take, and it holds no more than its bound.
//!
//! It is our own because it must not allocate: a channel of `crossbeam` does when a thread waits at it for the first time,
//! and how many requests later that is, nobody knows. Here all is allocated with the queue.
//!
//! Invariant: whoever waits is counted under the lock, so that a change that somebody waits for is never missed, and
//! nobody is woken where nobody waits.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Why an item was not taken in; it comes back.
pub(super) enum Refused<T> {
    /// There was no room, or none in time.
    Full(T),
    /// Nobody takes anything any more.
    Closed(T),
}

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    /// Told of an item, and of the end.
    filled: Condvar,
    /// Told of room, and of the end.
    freed: Condvar,
    length_max: usize,
}

struct State<T> {
    items: VecDeque<T>,
    taker_count: usize,
    waiting_taker_count: usize,
    waiting_giver_count: usize,
    /// Nothing is given any more.
    is_closed: bool,
}

/// One of those who take. When the last one is gone the queue refuses what it is given.
pub(super) struct Taker<T>(Arc<Queue<T>>);

impl<T> Queue<T> {
    /// An empty queue of at most this many items.
    pub(super) fn new(length_max: usize) -> Arc<Queue<T>> {
        Arc::new(Queue {
            state: Mutex::new(State {
                items: VecDeque::with_capacity(length_max),
                taker_count: 0,
                waiting_taker_count: 0,
                waiting_giver_count: 0,
                is_closed: false,
            }),
            filled: Condvar::new(),
            freed: Condvar::new(),
            length_max,
        })
    }

    pub(super) fn taker(self: &Arc<Queue<T>>) -> Taker<T> {
        self.lock().taker_count += 1;
        Taker(Arc::clone(self))
    }

    /// Gives an item if there is room at once.
    pub(super) fn give(&self, item: T) -> Result<(), Refused<T>> {
        self.give_to(self.lock(), item)
    }

    /// Gives an item and waits for room, for ever or for some time.
    pub(super) fn give_within(&self, item: T, time: Option<Duration>) -> Result<(), Refused<T>> {
        let mut state = self.lock();
        state.waiting_giver_count += 1;
        let is_full = |state: &mut State<T>| state.taker_count > 0 && state.items.len() >= self.length_max;
        let mut state = match time {
            None => self
                .freed
                .wait_while(state, is_full)
                .unwrap_or_else(PoisonError::into_inner),
            Some(time) => {
                let waited = self.freed.wait_timeout_while(state, time, is_full);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.waiting_giver_count -= 1;
        self.give_to(state, item)
    }

    fn give_to(&self, mut state: MutexGuard<'_, State<T>>, item: T) -> Result<(), Refused<T>> {
        if state.taker_count == 0 {
            return Err(Refused::Closed(item));
        }
        if state.items.len() >= self.length_max {
            return Err(Refused::Full(item));
        }
        state.items.push_back(item);
        let is_awaited = state.waiting_taker_count > 0;
        drop(state);
        if is_awaited {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Says that nothing is given any more: takers get what is left and then nothing.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Taker<T> {
    /// The next item; waits for it. `None` when nothing is given any more.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.0.lock();
        state.waiting_taker_count += 1;
        let is_idle = |state: &mut State<T>| state.items.is_empty() && !state.is_closed;
        let waited = self.0.filled.wait_while(state, is_idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting_taker_count -= 1;
        let item = state.items.pop_front();
        let is_awaited = state.waiting_giver_count > 0;
        drop(state);
        if is_awaited {
            self.0.freed.notify_one();
        }
        item
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.taker_count -= 1;
        if state.taker_count > 0 {
            return;
        }
        let left = std::mem::take(&mut state.items);
        drop(state);
        self.0.freed.notify_all();
        // Dropped without the lock: an item may hold anything.
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given<T>(result: Result<(), Refused<T>>) -> &'static str {
        match result {
            Ok(()) => "given",
            Err(Refused::Full(_)) => "full",
            Err(Refused::Closed(_)) => "closed",
        }
    }

    #[test]
    fn a_queue_takes_in_as_many_as_its_bound_and_gives_them_in_order() {
        let queue = Queue::new(2);
        let taker = queue.taker();
        let results = [1, 2, 3].map(|item| given(queue.give(item)));
        assert_eq!(results, ["given", "given", "full"]);
        assert_eq!(given(queue.give_within(3, Some(Duration::ZERO))), "full");
        assert_eq!(taker.take(), Some(1));
        assert_eq!(given(queue.give_within(4, Some(Duration::ZERO))), "given");
        queue.close();
        assert_eq!(
            [taker.take(), taker.take(), taker.take()],
            [Some(2), Some(4), None]
        );
    }

    #[test]
    fn a_queue_without_takers_refuses() {
        let queue = Queue::new(1);
        let takers = [queue.taker(), queue.taker()];
        assert_eq!(given(queue.give(1)), "given");
        let [first, second] = takers;
        drop(first);
        assert_eq!(given(queue.give(2)), "full");
        drop(second);
        assert_eq!(given(queue.give(2)), "closed");
        assert_eq!(given(queue.give_within(2, None)), "closed", "it waits for nobody");
    }

    #[test]
    fn all_that_many_threads_give_through_a_short_queue_arrives_once() {
        let queue = Queue::new(3);
        let taken = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let (taker, taken) = (queue.taker(), &taken);
                scope.spawn(move || {
                    while let Some(item) = taker.take() {
                        taken.lock().unwrap().push(item);
                    }
                });
            }
            let givers = [0, 1, 2].map(|giver| {
                let queue = &queue;
                scope.spawn(move || {
                    (0..500).for_each(|item| {
                        assert_eq!(given(queue.give_within(giver * 500 + item, None)), "given")
                    });
                })
            });
            givers.into_iter().for_each(|giver| giver.join().unwrap());
            queue.close();
        });
        let mut taken = taken.into_inner().unwrap();
        taken.sort_unstable();
        assert_eq!(taken, (0..1_500).collect::<Vec<_>>());
    }
}
