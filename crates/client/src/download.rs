//! Plaintext from the server: all that was asked for, or an error.

use core::{
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
};
use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _, stream::BoxStream};
use http::{StatusCode, header};
use reqwest::Response;
use sealift_transfer::api::{FileId, files};
use tokio::{
    io::AsyncWriteExt as _,
    time::{Duration, timeout},
};

use crate::{
    client::Client,
    error::{Peer, RequestError},
};

/// Verified plaintext, piece by piece. It ends after [`Self::plaintext_len`] bytes; anything less
/// ends with an error, never as if it were all.
pub struct Download {
    plaintext_len: u64,
    pieces: BoxStream<'static, Result<Bytes, DownloadError>>,
}

/// Why there is no plaintext, or not all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The server did not begin.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An empty range: there is nothing to ask for.
    #[error("a range of no bytes cannot be asked for; give one with at least one byte")]
    EmptyRange,
    /// What the server began is not what was asked for.
    #[error(
        "the server's answer is not the part of the file that was asked for; is something in between?"
    )]
    OtherAnswer,
    /// It broke off; what came is not the file.
    #[error("the download broke off after {got_bytes} of {expected_bytes} bytes; try again")]
    Cut {
        /// What came.
        got_bytes: u64,
        /// What was to come.
        expected_bytes: u64,
        /// What happened on the way.
        #[source]
        cause: RequestError,
    },
    /// It cannot be kept on disk.
    #[error("{} cannot be written; check the folder and the space on the disk", path.display())]
    Unwritable {
        /// Where to.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Client {
    /// Begins to open a file, or a range of its plaintext bytes; a range that goes beyond the end
    /// gives what there is.
    ///
    /// # Errors
    /// [`DownloadError`].
    pub async fn download(
        &self,
        file: &FileId,
        range: Option<Range<u64>>,
    ) -> Result<Download, DownloadError> {
        let mut request = self.get(&files::content_path(file));
        if let Some(range) = &range {
            let last = range.end.checked_sub(1).filter(|last| *last >= range.start);
            let last = last.ok_or(DownloadError::EmptyRange)?;
            request = request.header(header::RANGE, format!("bytes={}-{last}", range.start));
        }
        let answer = self.send(request, self.patience.answer).await?;
        let is_asked_for = match &range {
            None => answer.status() == StatusCode::OK,
            Some(range) => {
                answer.status() == StatusCode::PARTIAL_CONTENT && is_range(&answer, range)
            }
        };
        // Without a length nobody could tell a short file from a whole one.
        match answer.content_length() {
            Some(plaintext_len) if is_asked_for => Ok(Download {
                plaintext_len,
                pieces: Box::pin(pieces(answer, plaintext_len, self.patience.stall)),
            }),
            _ => Err(DownloadError::OtherAnswer),
        }
    }

    /// Opens a file into `path`, replacing what is there, and gives its length. Until everything
    /// has come it has another name in the same folder, which goes if anything fails. Only the
    /// system's user may read it.
    ///
    /// # Errors
    /// [`DownloadError`].
    pub async fn download_to(&self, file: &FileId, path: &Path) -> Result<u64, DownloadError> {
        let mut download = self.download(file, None).await?;
        let unwritable = |cause| DownloadError::Unwritable {
            path: path.to_owned(),
            cause,
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let unfinished =
            tempfile::NamedTempFile::with_prefix_in(".sealift-", folder).map_err(unwritable)?;
        let (handle, name) = unfinished.into_parts();
        let mut handle = tokio::fs::File::from_std(handle);
        while let Some(piece) = download.try_next().await? {
            handle.write_all(&piece).await.map_err(unwritable)?;
        }
        handle.flush().await.map_err(unwritable)?;
        handle.sync_all().await.map_err(unwritable)?;
        name.persist(path)
            .map_err(|error| unwritable(error.error))?;
        Ok(download.plaintext_len)
    }
}

impl Download {
    /// Bytes that this will give.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.plaintext_len
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// [`DownloadError::Cut`].
    pub async fn read_all(self) -> Result<Vec<u8>, DownloadError> {
        self.try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
    }
}

impl Stream for Download {
    type Item = Result<Bytes, DownloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.as_mut().poll_next(cx)
    }
}

impl core::fmt::Debug for Download {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "Download {{ plaintext_len: {}, .. }}",
            self.plaintext_len
        )
    }
}

fn pieces(
    answer: Response,
    expected_bytes: u64,
    stall: Duration,
) -> impl Stream<Item = Result<Bytes, DownloadError>> {
    futures::stream::try_unfold((answer, 0), move |(mut answer, got_bytes)| async move {
        let cut = |cause| DownloadError::Cut {
            got_bytes,
            expected_bytes,
            cause,
        };
        match timeout(stall, answer.chunk()).await {
            Ok(Ok(Some(piece))) => {
                let len = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                Ok(Some((piece, (answer, len.saturating_add(got_bytes)))))
            }
            Ok(Ok(None)) if got_bytes == expected_bytes => Ok(None),
            Ok(Ok(None)) => Err(DownloadError::OtherAnswer),
            Ok(Err(error)) => Err(cut(RequestError::no_answer(Peer::Server, error))),
            Err(_) => Err(cut(RequestError::silent(Peer::Server, stall))),
        }
    })
}

/// Whether the answer begins where it was asked to and ends there too, or at the end of the file.
fn is_range(answer: &Response, asked: &Range<u64>) -> bool {
    let given = answer.headers().get(header::CONTENT_RANGE);
    let given = given.and_then(|given| parse_range(given.to_str().ok()?));
    given.is_some_and(|(given, size)| {
        let len = given.end.checked_sub(given.start);
        given.start == asked.start
            && given.end == asked.end.min(size)
            && len.is_some_and(|len| answer.content_length() == Some(len))
    })
}

/// `bytes 3-6/10` as (3..7, 10).
fn parse_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    Some((first.parse().ok()?..end, size.parse().ok()?))
}

#[cfg(test)]
mod tests;
