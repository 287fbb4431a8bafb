//! Ids that come from the content of a note.
//!
//! Invariant: the same note by the same maker has the same ids, and two resources of a document never share one.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::draft::{Maker, Note};
use super::fault::DocumentFault;

/// Keeps ids apart from those of other uses of the same digest; changes when documents of a note change.
const NAMESPACE: &[u8] = b"motet note document 1";

/// What the ids of one document are made from.
pub(super) struct Seed([u8; 32]);

impl Seed {
    pub(super) fn of(note: &Note, by: &Maker) -> Result<Self, DocumentFault> {
        let content = serde_json::to_vec(&(note, by))?;
        let mut digest = Sha256::new();
        digest.update(NAMESPACE);
        digest.update(content);
        Ok(Seed(digest.finalize().into()))
    }

    /// A UUID of version 8 for the resource of that role, and of that number among its like.
    ///
    /// # Source
    /// RFC 9562 (2024), section 5.8 and appendix B.2: the first 128 bits of SHA-256.
    pub(super) fn id(&self, role: &str, index: usize) -> String {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(format!("{role} {index}"));
        let bytes: [u8; 32] = digest.finalize().into();
        let mut id = String::with_capacity(36);
        for (at, byte) in bytes.into_iter().take(16).enumerate() {
            let byte = match at {
                6 => (byte & 0x0f) | 0x80,
                8 => (byte & 0x3f) | 0x80,
                _ => byte,
            };
            if matches!(at, 4 | 6 | 8 | 10) {
                id.push('-');
            }
            // Writing to a `String` cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's `hashlib` and `uuid`.
    #[test]
    fn an_id_is_a_uuid_of_version_8_as_another_program_computes_it() {
        let seed = Seed([0; 32]);
        assert_eq!(seed.id("finding", 3), "98fa5fe0-37cb-8bf8-9696-9abadbd92397");
        assert_ne!(seed.id("finding", 3), seed.id("finding", 4));
        assert_ne!(seed.id("finding", 3), seed.id("source", 3));
        assert_ne!(seed.id("finding", 3), Seed([1; 32]).id("finding", 3));
    }
}
