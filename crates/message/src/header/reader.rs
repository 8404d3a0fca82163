//! Reads a header that arrives in pieces, in front of its body.

use super::{Header, Limits};
use crate::error::DecryptError;

/// Collects the first bytes of a message until its header is complete. Only readers without a record need
/// this type; the others take the header from the record (R5).
#[derive(Debug)]
pub struct HeaderReader {
    limits: Limits,
    seen: Vec<u8>,
}

/// The result of [`HeaderReader::push`].
#[derive(Debug)]
pub enum HeaderRead {
    /// The header is not complete yet; push more bytes.
    More(HeaderReader),
    /// The header is complete.
    Done {
        /// The header. Verify it with the data key next.
        header: Header,
        /// The bytes after the header that were pushed already, which begin the body. Push them to the
        /// decryptor before anything else.
        body: Vec<u8>,
    },
}

impl HeaderReader {
    /// Makes a reader that has read nothing yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            seen: Vec::new(),
        }
    }

    /// Takes the next bytes of the message.
    ///
    /// # Errors
    /// Fails like [`Header::parse`], except that an incomplete header is not an error. If the input ends
    /// while the reader asks for more, the caller treats the message as [`DecryptError::Truncated`].
    pub fn push(mut self, bytes: &[u8]) -> Result<HeaderRead, DecryptError> {
        self.seen.extend_from_slice(bytes);
        match Header::parse(&self.seen, &self.limits) {
            Ok((header, len)) => {
                let body = self.seen.split_off(len);
                Ok(HeaderRead::Done { header, body })
            }
            Err(DecryptError::Truncated) => Ok(HeaderRead::More(self)),
            Err(other) => Err(other),
        }
    }
}
