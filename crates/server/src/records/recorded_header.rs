//! The header of a message as its row holds it. It is parsed once, when the row is read, and everything
//! that reads the object takes it from here (docs/FORMAT.md, R5).

use std::sync::Arc;

use sealift_message::{DecryptError, StoredHeader};

/// A recorded header. A damaged one fails only what needs it, so that one damaged row does not fail a
/// whole list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedHeader {
    /// A header of ours. A read that goes on without its row shares it.
    Parsed(Arc<StoredHeader>),
    /// Bytes that are no header of ours, and the reason.
    Damaged(Vec<u8>, DecryptError),
}

impl RecordedHeader {
    /// Parses the bytes of a row.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        match StoredHeader::new(&bytes) {
            Ok(header) => Self::Parsed(Arc::new(header)),
            Err(error) => Self::Damaged(bytes, error),
        }
    }

    /// Returns the parsed header.
    ///
    /// # Errors
    /// Returns the [`DecryptError`] of the parser if the bytes are no header of ours.
    pub fn parsed(&self) -> Result<&Arc<StoredHeader>, DecryptError> {
        match self {
            Self::Parsed(header) => Ok(header),
            Self::Damaged(_, error) => Err(*error),
        }
    }

    /// Returns the bytes, for the answer to a client.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Parsed(header) => header.header().as_bytes().to_vec(),
            Self::Damaged(bytes, _) => bytes,
        }
    }
}
