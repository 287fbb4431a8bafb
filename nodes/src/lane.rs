//! Threads that nets run on.
//!
//! Burn's CPU kernels ask rayon for help. Entered from an ordinary thread, even a pool of one thread costs a
//! hand-over per kernel, 1.2 to 6 times the time of a small net; from *inside* a pool of one thread they run
//! straight on. So a worker of a session spends its whole life inside a pool of its own ([`SoloThreads`]), and a
//! net that finds itself elsewhere moves into one for the length of a firing ([`Solo`]).
//!
//! Invariant: no kernel of a net ever waits for, or borrows, a thread of another node.

use std::io;

use motet_core::execute::Spawn;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads that spend their whole life inside a rayon pool of their own, for [`motet_core::execute::Parallel`].
#[derive(Clone, Copy, Debug, Default)]
pub struct SoloThreads;

impl Spawn for SoloThreads {
    /// Starts a thread that runs `body` and then ends. A panic in `body` ends that thread and nothing else.
    fn spawn(&self, name: String, body: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        // The pool outlives this handle until `body` has returned: rayon counts spawned work.
        pool(name)?.spawn(body);
        Ok(())
    }
}

/// A place to run a net from any thread: where the caller is, if that is a pool of one thread, else in a pool
/// of its own, made on first need.
#[derive(Default)]
pub struct Solo {
    pool: Option<ThreadPool>,
}

impl Solo {
    /// A place without a thread yet.
    pub fn new() -> Solo {
        Solo::default()
    }

    /// Runs `body` inside a pool of one thread and returns its answer. A panic of `body` goes on in the caller.
    ///
    /// # Errors
    /// The operating system refused a thread.
    pub fn run<T: Send>(&mut self, body: impl FnOnce() -> T + Send) -> io::Result<T> {
        // Outside any pool rayon reports the size of its shared one, which may be one thread as well.
        let is_alone = rayon::current_thread_index().is_some() && rayon::current_num_threads() == 1;
        if is_alone {
            return Ok(body());
        }
        let pool = match self.pool.take() {
            Some(pool) => pool,
            None => pool("motet-net".to_owned())?,
        };
        Ok(self.pool.insert(pool).install(body))
    }
}

fn pool(name: String) -> io::Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(1)
        .thread_name(move |_| name.clone())
        // Without a handler a panic in spawned work would end the process.
        .panic_handler(|_| tracing::error!("a worker thread ended with a panic"))
        .build()
        .map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
        SoloThreads.spawn(name.to_owned(), Box::new(body)).unwrap();
    }

    fn place() -> (Option<usize>, usize, Option<String>) {
        let name = std::thread::current().name().map(str::to_owned);
        (rayon::current_thread_index(), rayon::current_num_threads(), name)
    }

    #[test]
    fn a_spawned_thread_is_a_pool_of_one() {
        let (send, receive) = mpsc::channel();
        spawn("cpu-3", move || send.send(place()).unwrap());
        assert_eq!(receive.recv().unwrap(), (Some(0), 1, Some("cpu-3".to_owned())));
    }

    #[test]
    fn work_that_asks_for_help_stays_on_the_spawned_thread() {
        let (send, receive) = mpsc::channel();
        let body = move || {
            let here = std::thread::current().id();
            let both = rayon::join(|| std::thread::current().id(), || std::thread::current().id());
            send.send(both == (here, here)).unwrap();
        };
        spawn("cpu-0", body);
        assert!(receive.recv().unwrap());
    }

    #[test]
    fn a_body_that_panics_ends_its_thread_alone() {
        let (send, receive) = mpsc::channel::<()>();
        let body = move || {
            let _kept = send;
            assert!(rayon::current_num_threads() > 1, "this panic is part of the test");
        };
        spawn("cpu-1", body);
        // The channel closes when the panic has dropped the sender.
        assert!(receive.recv().is_err());
    }

    #[test]
    fn a_caller_outside_a_pool_gets_one_thread_and_a_caller_inside_keeps_its_own() {
        let mut solo = Solo::new();
        let (index, count, name) = solo.run(place).unwrap();
        assert_eq!((index, count, name.as_deref()), (Some(0), 1, Some("motet-net")));
        let outer = pool("outer".to_owned()).unwrap();
        let (_, _, name) = outer.install(|| Solo::new().run(place)).unwrap();
        assert_eq!(name.as_deref(), Some("outer"));
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_place_stays_usable() {
        let mut solo = Solo::new();
        let panicking =
            std::panic::AssertUnwindSafe(|| solo.run(|| panic!("this panic is part of the test")));
        assert!(std::panic::catch_unwind(panicking).is_err());
        assert_eq!(solo.run(|| 7).unwrap(), 7);
    }
}
