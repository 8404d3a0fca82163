//! A message to read: where it is, and its bytes in order. They are what was sealed, and nothing is
//! believed of them here but how many there are.

mod encoded;
mod file;
mod place;
mod s3_object;

use encoded::Encoding;
pub(crate) use place::Place;

use std::io;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _};
use sealift_message::{
    DecryptError, Limits, Unsupported,
    general::{Header, HeaderRead, HeaderReader},
};

use crate::{
    args::{self, S3Reach},
    failure::{Exit, Failure, message::refused},
};

/// The bytes of a message, from the first on.
pub(crate) struct Message {
    /// How many there are, where that is known before they were read.
    pub(crate) len: Option<u64>,
    pub(crate) bytes: BoxStream<'static, anyhow::Result<Bytes>>,
}

/// How much of it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    All,
    /// So many bytes, or all where there are fewer.
    Beginning(u64),
}

impl Message {
    /// Finds it; reads what is wanted as the stream is.
    pub(crate) async fn open(
        args: &args::Message,
        reach: &S3Reach,
        want: Want,
    ) -> anyhow::Result<Self> {
        match &args.place {
            Place::File(path) => file::open(path).await,
            Place::Stdin => file::stdin(),
            Place::S3(url) => s3_object::open(url, reach, want).await,
        }
    }

    /// The header, which is not authenticated, and what was read behind it already.
    pub(crate) async fn header(&mut self, limits: Limits) -> anyhow::Result<(Header, Vec<u8>)> {
        let read = self.read_header(limits).await?;
        Ok(read.map_err(|error| refused(&error))?)
    }

    /// As [`Self::header`], where somebody else knows what a message that is refused means. A message
    /// that was written as text fails here, because the remedy is always to decode it.
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

    /// The encoding of a message that begins with these bytes and is text.
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

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        self.bytes.next().await.transpose()
    }
}

/// A file that cannot be used, by what the person can do about it.
pub(crate) fn unusable(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(Exit::NotFound, format!("there is no {name}")),
        io::ErrorKind::PermissionDenied => {
            Failure::new(Exit::NotAllowed, format!("{name} may not be used"))
                .remedy("look at its rights and those of its folder")
        }
        _ => Failure::new(Exit::Failed, format!("{name} cannot be used: {error}")),
    }
}
