//! The reference: the caller does all the work, most urgent step first.

use std::sync::Arc;

use super::firing::Firing;
use super::{Executor, Request, Response, RunError};
use crate::clock::Clock;
use crate::session::Session;

/// Runs every step in the caller's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Executor for Sequential {
    fn run(
        &self,
        session: &mut Session,
        request: &Request,
        clock: &Arc<dyn Clock>,
    ) -> Result<Response, RunError> {
        let mut firing = Firing::begin(session, request, clock.as_ref())?;
        while let Some(mut work) = firing.next(session) {
            work.execute(session.arena(), clock.as_ref());
            firing.complete(session, work);
        }
        Ok(firing.finish(clock.now()))
    }
}
