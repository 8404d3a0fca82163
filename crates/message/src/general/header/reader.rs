//! A header that arrives in pieces, in front of its body.

use super::Header;
use crate::error::DecryptError;
use crate::header::Limits;

/// Collects the first bytes of a message until its header is whole.
#[derive(Debug)]
pub struct HeaderReader {
    limits: Limits,
    seen: Vec<u8>,
}

/// What [`HeaderReader::push`] gives.
#[derive(Debug)]
pub enum HeaderRead {
    /// The header is not whole: push more.
    More(HeaderReader),
    /// The header, and the bytes after it that were pushed already: the beginning of the body.
    Done {
        /// The header; check it, then verify it with the data key.
        header: Box<Header>,
        /// For the opener, before anything else.
        body: Vec<u8>,
    },
}

impl HeaderReader {
    /// Nothing read yet.
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
    /// As [`Header::parse`], except that a header that is not whole yet is no error. Where the input
    /// ends while more is asked for, the message is [`DecryptError::Truncated`].
    pub fn push(mut self, bytes: &[u8]) -> Result<HeaderRead, DecryptError> {
        self.seen.extend_from_slice(bytes);
        match Header::parse(&self.seen, &self.limits) {
            Ok((header, len)) => {
                let body = self.seen.split_off(len);
                let header = Box::new(header);
                Ok(HeaderRead::Done { header, body })
            }
            Err(DecryptError::Truncated) => Ok(HeaderRead::More(self)),
            Err(other) => Err(other),
        }
    }
}
