//! Downloads of plaintext from the server: everything that was asked for, or an error.

mod ahead;
mod begun;
mod error;
mod if_exists;
mod into;
mod resuming;
mod to_file;
mod unfinished;

use core::{
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _, stream::BoxStream};
use http::{HeaderValue, StatusCode, header};
use reqwest::Response;
use sealift_transfer::api::{FileId, Problem, ProblemCode, files};
use tokio::time::{Duration, timeout};

use crate::{
    client::Client,
    error::{Peer, RequestError},
};

pub use error::DownloadError;
pub use if_exists::{IfExists, numbered};
pub use into::{DownloadProgress, Downloaded};
pub use to_file::{SaveOptions, Saved};

/// Verified plaintext, piece by piece. The stream ends after [`Self::plaintext_len`] bytes. If fewer
/// bytes arrive, it ends with an error.
pub struct Download {
    /// The bytes of the file that the answer holds.
    range: Range<u64>,
    /// Bytes of the whole file.
    size: u64,
    /// Whether the server answered with the whole file.
    is_whole: bool,
    etag: Option<HeaderValue>,
    pieces: BoxStream<'static, Result<Bytes, DownloadError>>,
}

/// The part of a file that is asked for.
#[derive(Clone, Default)]
struct Asked {
    start: u64,
    /// The end of the range, or `None` for the end of the file.
    end: Option<u64>,
    /// The ETag of the message that the range belongs to. If the server has another message, it sends
    /// that one whole, unless `is_only_of` is set.
    of: Option<HeaderValue>,
    /// Whether the server shall refuse the request if it has another message.
    is_only_of: bool,
}

impl Client {
    /// Begins to download a file, or a range of its plaintext bytes. A range that goes beyond the end
    /// gives the bytes that exist. This makes one request, so a broken connection is an error;
    /// [`Client::download_into`] and [`Client::download_to`] continue after one.
    ///
    /// # Errors
    /// Returns a [`DownloadError`] if the request fails, or if the answer is not what was asked for.
    pub async fn download(
        &self,
        file: &FileId,
        range: Option<Range<u64>>,
    ) -> Result<Download, DownloadError> {
        let asked = match range {
            None => Asked::default(),
            Some(range) if range.is_empty() => return Err(DownloadError::EmptyRange),
            Some(range) => Asked {
                start: range.start,
                end: Some(range.end),
                ..Asked::default()
            },
        };
        let download = self.begin_download(file, &asked).await?;
        match asked.is_met_by(&download) {
            true => Ok(download),
            false => Err(DownloadError::OtherAnswer),
        }
    }

    /// Sends the request and checks the form of the answer. The caller must check that it is the part
    /// that was asked for, because the server may answer with the whole file.
    async fn begin_download(
        &self,
        file: &FileId,
        asked: &Asked,
    ) -> Result<Download, DownloadError> {
        let mut request = self.get(&files::content_path(file));
        if let Some(range) = asked.range() {
            request = request.header(header::RANGE, range);
            if let Some(etag) = &asked.of {
                let condition = match asked.is_only_of {
                    true => header::IF_MATCH,
                    false => header::IF_RANGE,
                };
                request = request.header(condition, etag.clone());
            }
        }
        let answer = self.send(request, self.patience.answer).await;
        let answer =
            answer.map_err(
                |error| match error.problem().and_then(Problem::known_code) {
                    Some(ProblemCode::PreconditionFailed) => DownloadError::Replaced,
                    _ => error.into(),
                },
            )?;
        // Without a length, a file that was cut off would look like a whole one.
        let len = answer.content_length().ok_or(DownloadError::OtherAnswer)?;
        let (range, size) = match answer.status() {
            StatusCode::OK => (0..len, len),
            StatusCode::PARTIAL_CONTENT => {
                content_range(&answer).ok_or(DownloadError::OtherAnswer)?
            }
            _ => return Err(DownloadError::OtherAnswer),
        };
        if range.end.checked_sub(range.start) != Some(len) {
            return Err(DownloadError::OtherAnswer);
        }
        Ok(Download {
            range,
            size,
            is_whole: answer.status() == StatusCode::OK,
            etag: strong_etag(&answer),
            pieces: Box::pin(pieces(answer, len, self.patience.stall)),
        })
    }
}

impl Asked {
    /// Returns the value of `Range`, unless the whole file is asked for.
    fn range(&self) -> Option<String> {
        match self.end {
            None if self.start == 0 => None,
            None => Some(format!("bytes={}-", self.start)),
            Some(end) => Some(format!("bytes={}-{}", self.start, end.saturating_sub(1))),
        }
    }

    /// Returns whether the answer has the range that was asked for, up to the end of the file at most.
    fn is_met_by(&self, given: &Download) -> bool {
        let end = self.end.unwrap_or(given.size).min(given.size);
        let is_whole = self.range().is_none();
        given.range == (self.start..end) && given.is_whole == is_whole
    }
}

impl Download {
    /// Returns the number of bytes that the stream gives.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// Reads all bytes into memory.
    ///
    /// # Errors
    /// Returns [`DownloadError::Cut`] if the connection breaks before the last byte.
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
            self.plaintext_len()
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

fn content_range(answer: &Response) -> Option<(Range<u64>, u64)> {
    parse_range(answer.headers().get(header::CONTENT_RANGE)?.to_str().ok()?)
}

/// Returns the ETag, if it is a strong one. A weak one does not say that the bytes are the same.
fn strong_etag(answer: &Response) -> Option<HeaderValue> {
    let etag = answer.headers().get(header::ETAG)?;
    etag.as_bytes().starts_with(b"\"").then(|| etag.clone())
}

/// Parses a `Content-Range`: `bytes 3-6/10` gives (3..7, 10).
fn parse_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    Some((first.parse().ok()?..end, size.parse().ok()?))
}

#[cfg(test)]
mod tests;
