//! Reads the bytes of a message in order, from a file, stdin or S3. The bytes are ciphertext from an untrusted place;
//! this module relies on nothing but their number. `decrypt`, `inspect` and `keys export` use it.

mod encoded;
mod file;
mod location;
mod s3_object;

use encoded::Encoding;
pub(crate) use location::Location;

use std::io;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};
use sealift_message::{
    DecryptError, Limits, Unsupported,
    general::{Header, HeaderRead, HeaderReader},
};

use crate::{
    args::S3Reach,
    failure::{Exit, Failure, message::refused},
};

/// The bytes of a message, from the first one on.
pub(crate) struct Message {
    /// The number of bytes, if it is known before they are read.
    pub(crate) len: Option<u64>,
    pub(crate) bytes: BoxStream<'static, anyhow::Result<Bytes>>,
}

/// How much of a message the caller wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    All,
    /// This many bytes from the beginning, or all if there are fewer.
    Beginning(u64),
}

impl Message {
    /// Opens the message. Its bytes are read when the stream is read.
    pub(crate) async fn open(
        location: &Location,
        reach: &S3Reach,
        want: Want,
    ) -> anyhow::Result<Self> {
        match location {
            Location::File(path) => file::open(path).await,
            Location::Stdin => file::stdin(),
            Location::S3(url) => s3_object::open(url, reach, want).await,
        }
    }

    /// Reads the header, which is not authenticated, and returns it with the bytes that were read after it.
    pub(crate) async fn header(&mut self, limits: Limits) -> anyhow::Result<(Header, Vec<u8>)> {
        let read = self.read_header(limits).await?;
        Ok(read.map_err(|error| refused(&error))?)
    }

    /// Reads the header as [`Self::header`] does, for a caller that translates the [`DecryptError`] itself. A message
    /// that was encoded as text fails here already, because the remedy is always to decode it.
    pub(crate) async fn read_header(
        &mut self,
        limits: Limits,
    ) -> anyhow::Result<Result<(Header, Vec<u8>), DecryptError>> {
        let mut reader = HeaderReader::new(limits);
        while let Some(bytes) = self.next().await? {
            match reader.push(&bytes) {
                Ok(HeaderRead::More(more)) => reader = more,
                Ok(HeaderRead::Done { header, body }) => return Ok(Ok((*header, body))),
                Err(error @ DecryptError::Unsupported(Unsupported::Version(_))) => {
                    return match self.encoding(bytes).await? {
                        Some(encoding) => Err(encoding.refused().into()),
                        None => Ok(Err(error)),
                    };
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Err(DecryptError::Truncated))
    }

    /// Returns the encoding if the bytes are a message that was encoded as text. `first` holds the bytes read so far.
    async fn encoding(&mut self, first: Bytes) -> anyhow::Result<Option<Encoding>> {
        let mut beginning = first.to_vec();
        while beginning.len() < encoded::BEGINNING {
            match self.next().await? {
                Some(more) => beginning.extend_from_slice(&more),
                None => break,
            }
        }
        beginning.truncate(encoded::BEGINNING);
        Ok(Encoding::of(&beginning))
    }

    /// Returns the next bytes, or `None` at the end.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        self.bytes.next().await.transpose()
    }
}

/// Returns the failure for a file that cannot be used, with the remedy if there is one.
pub(crate) fn unusable(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(Exit::NotFound, format!("there is no {name}")),
        io::ErrorKind::PermissionDenied => {
            Failure::new(Exit::NotAllowed, format!("you may not use {name}"))
                .remedy("check its permissions and those of its folder")
        }
        _ => Failure::new(Exit::Failed, format!("{name} cannot be used: {error}")),
    }
}
