//! A request that has begun: it must end, and its answer is handed out only when the end is on disk.

use super::Audit;
use super::entry::{Anchor, Outcome};
use super::fault::AuditFault;
use super::name::RequestId;

/// A request that was noted and has not ended. Dropped without an end, by a panic or an early return, it is noted as
/// abandoned where that can be; where it cannot, a verification reports it as interrupted.
#[derive(Debug)]
#[must_use = "a request that is dropped is noted as abandoned"]
pub struct Pending {
    audit: Audit,
    request: RequestId,
    asked: Anchor,
    is_ended: bool,
}

impl Pending {
    pub(super) fn new(audit: Audit, request: RequestId, asked: Anchor) -> Pending {
        Pending {
            audit,
            request,
            asked,
            is_ended: false,
        }
    }

    /// The line where it began.
    pub fn asked(&self) -> Anchor {
        self.asked
    }

    /// Notes how it ended, and returns the line that says so. Hand out an answer only after this.
    ///
    /// # Errors
    /// Every [`AuditFault`] of writing: the answer must not be handed out.
    pub fn end(mut self, outcome: Outcome) -> Result<Anchor, AuditFault> {
        let ended = self.audit.end(self.asked.sequence, &self.request, outcome)?;
        self.is_ended = true;
        Ok(ended)
    }

    /// Notes how it ended and gives the answer back, or drops it.
    ///
    /// # Errors
    /// Every [`AuditFault`] of writing; the answer is gone.
    pub fn release<T>(self, answer: T, outcome: Outcome) -> Result<T, AuditFault> {
        self.end(outcome)?;
        Ok(answer)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.is_ended {
            // No answer goes out, so nothing is lost where this cannot be written; it shows as interrupted then.
            let _ = self
                .audit
                .end(self.asked.sequence, &self.request, Outcome::abandoned());
        }
    }
}
