//! The reference: the caller does all the work, most urgent step first.

use std::sync::Arc;

use super::firing::{begin, lock};
use super::{Executor, Request, Response, RunError};
use crate::clock::Clock;
use crate::session::Session;

/// Runs every step in the caller's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Executor for Sequential {
    fn run_into(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
        response: &mut Response,
    ) -> Result<(), RunError> {
        response.clear();
        begin(session, request, clock.as_ref())?;
        let mut firing = lock(&session.firing);
        while let Some(mut work) = firing.next() {
            work.execute(session.arena(), clock.as_ref());
            firing.complete(work);
        }
        firing.finish(clock.now(), response);
        Ok(())
    }
}
