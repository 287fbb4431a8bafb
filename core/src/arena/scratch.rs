//! Memory of the arena that one node has while it runs. It has no sizes and no readers.

use std::sync::Arc;

use super::{Arena, BufferId, Busy, WriteLease};
use crate::port::Layout;

/// A buffer that one node uses while it runs. Dropping it gives the buffer back.
pub struct ScratchLease {
    /// Its layout has no fields.
    lease: WriteLease,
}

impl Arena {
    /// Takes a buffer as scratch memory of as many bytes as [`Layout::scratch`] was made with.
    ///
    /// # Errors
    /// [`Busy`] while somebody writes or reads it.
    ///
    /// # Panics
    /// As [`Arena::lease`].
    pub fn lease_scratch(
        self: &Arc<Arena>,
        buffer: BufferId,
        layout: &Arc<Layout>,
    ) -> Result<ScratchLease, Busy> {
        let lease = self.lease(buffer, layout)?;
        Ok(ScratchLease { lease })
    }
}

impl ScratchLease {
    /// Its bytes, beginning at a multiple of 64; what they hold is left from the buffer's last user.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let length = self.lease.layout.bytes;
        let bytes = self.lease.bytes_mut();
        let length = length.min(bytes.len());
        &mut bytes[..length]
    }
}
