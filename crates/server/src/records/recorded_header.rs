//! The header of a message as its row holds it. It is parsed once, when the row is read, and everything
//! that reads the object takes it from here (docs/FORMAT.md, R5).

use sealift_message::{DecryptError, StoredHeader};

/// The bytes of a recorded header, and what they say. A damaged header fails only what needs it, so that
/// one damaged row does not fail a whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedHeader {
    bytes: Vec<u8>,
    parsed: Result<StoredHeader, DecryptError>,
}

impl RecordedHeader {
    /// Parses the bytes of a row.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            parsed: StoredHeader::new(&bytes),
            bytes,
        }
    }

    /// Returns the parsed header.
    ///
    /// # Errors
    /// Returns the [`DecryptError`] of the parser if the bytes are no header of ours.
    pub fn parsed(&self) -> Result<&StoredHeader, DecryptError> {
        self.parsed.as_ref().map_err(|error| *error)
    }

    /// Returns the bytes, for the answer to a client.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
