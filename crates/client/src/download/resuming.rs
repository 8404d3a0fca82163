//! A download that continues after its connection broke. It asks for one range after the other, and only of
//! the same message. The range that is read now is the current one; `ahead.rs` fetches those that come next.
//! Only the current range is asked for again, and waits before that, whichever of them failed.

use core::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use sealift_transfer::{
    api::{FileId, ProblemCode, Verification},
    retry::{self, Verdict},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    Asked, Download, DownloadError, DownloadProgress,
    ahead::{Ahead, Fetched, range_end},
    begun::Begun,
};
use crate::{client::Client, error::RequestError, random};

/// One download, over as many requests as it needs.
pub(super) struct ResumingDownload<'a> {
    client: &'a Client,
    file: &'a FileId,
    cancel: &'a CancellationToken,
    /// The bytes that are still missing. The start grows with every piece, and `of` is set after the
    /// first answer.
    asked: Asked,
    begun: Option<Begun>,
    /// The end of the current range.
    current_end: u64,
    /// The bytes of the current range that were fetched ahead.
    fetched: Fetched,
    /// The answer that gives the rest of the current range, unless all of it was fetched ahead.
    current: Option<Download>,
    ahead: Ahead,
    /// Whether everything is asked for at once, because ranges are of no use.
    is_in_one: bool,
    /// Failures since the last piece arrived.
    failures: u32,
    /// The version of the credential of the last request.
    credential: u64,
}

/// How often a download asks for another credential. A server that refuses one fresh credential after
/// the other refuses the caller.
const MOST_RENEWALS: u32 = 3;

impl<'a> ResumingDownload<'a> {
    /// Makes a download of `asked`. If `asked` names a message and the server has another one by now,
    /// that one is downloaded from its start.
    pub(super) fn new(
        client: &'a Client,
        file: &'a FileId,
        asked: Asked,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self {
            client,
            file,
            cancel,
            asked,
            begun: None,
            current_end: 0,
            fetched: Fetched::default(),
            current: None,
            ahead: Ahead::default(),
            is_in_one: false,
            failures: 0,
            credential: 0,
        }
    }

    /// Waits for the first answer.
    pub(super) async fn begin(
        &mut self,
        progress: &mut impl FnMut(DownloadProgress),
    ) -> Result<Begun, DownloadError> {
        unless(self.cancel, async {
            loop {
                match self.request().await {
                    Ok(begun) => return Ok(begun),
                    Err(error) => self.wait(error, progress).await?,
                }
            }
        })
        .await
    }

    /// Returns the next bytes, or `None` after the last.
    pub(super) async fn next(
        &mut self,
        progress: &mut impl FnMut(DownloadProgress),
    ) -> Result<Option<Bytes>, DownloadError> {
        let piece = unless(self.cancel, async {
            loop {
                match self.piece().await {
                    Ok(piece) => return Ok(piece),
                    Err(error) => self.wait(error, progress).await?,
                }
            }
        })
        .await?;
        if piece.is_some() {
            progress(self.progress(None));
        }
        Ok(piece)
    }

    /// Compares the SHA-256 with the one that the server recorded when it opened every frame. Returns
    /// `false` if the server has none or does not give it, which is no error, because all bytes have
    /// arrived and are authentic.
    pub(super) async fn compare(
        &mut self,
        sha256: &str,
        progress: &mut impl FnMut(DownloadProgress),
    ) -> Result<bool, DownloadError> {
        self.failures = 0;
        let client = self.client;
        let record = unless(self.cancel, async {
            loop {
                let error = match client.file(self.file).await {
                    Ok(record) => return Ok(Some(record)),
                    // A caller that may read the file may still have no permission for its record.
                    Err(
                        RequestError::Refused {
                            status: 400..429, ..
                        }
                        | RequestError::NotSealift {
                            status: 400..429, ..
                        },
                    ) => return Ok(None),
                    Err(error) => error,
                };
                if self.wait(error.into(), progress).await.is_err() {
                    return Ok(None);
                }
            }
        })
        .await?;
        match record.map_or(Verification::Pending, |record| record.verification) {
            Verification::Verified {
                plaintext_sha256, ..
            } if plaintext_sha256 == sha256 => Ok(true),
            Verification::Verified {
                plaintext_sha256, ..
            } => Err(DownloadError::Differs {
                got: sha256.to_owned(),
                recorded: plaintext_sha256,
            }),
            _ => Ok(false),
        }
    }

    /// Returns the number of bytes that this download has received.
    pub(super) fn got(&self) -> u64 {
        let from = self.begun.as_ref().map_or(0, |begun| begun.start);
        self.asked.start.saturating_sub(from)
    }

    /// Asks for the rest of the current range, and before the first answer for the first range.
    async fn request(&mut self) -> Result<Begun, DownloadError> {
        let download = loop {
            self.credential = self.client.credential.version();
            let asked = self.current_range();
            match self.client.begin_download(self.file, &asked).await {
                // An empty file has no range.
                Err(error) if !self.is_in_one && self.is_all() && is_empty_file(&error) => {}
                Ok(download) if self.is_of_no_use(&download) => {}
                answer => {
                    let download = answer?;
                    if let Some(begun) = &self.begun {
                        begun.check(&download)?;
                    } else if download.is_whole && self.asked.of.is_some() {
                        // The server has replaced the message of the earlier download, so begin from the
                        // start.
                        self.asked = Asked::default();
                    }
                    // A server may always answer with the whole file if that is what is missing.
                    let is_whole = self.is_all() && self.asked.is_met_by(&download);
                    if !is_whole && !asked.is_met_by(&download) {
                        return Err(DownloadError::OtherAnswer);
                    }
                    break download;
                }
            }
            self.is_in_one = true;
        };
        let begun = self.begun.get_or_insert_with(|| Begun {
            start: download.range.start,
            end: self.asked.end.unwrap_or(u64::MAX).min(download.size),
            size: download.size,
            etag: download.etag.clone(),
        });
        self.asked.end = self.asked.end.map(|_| begun.end);
        self.asked.of.clone_from(&begun.etag);
        self.current_end = download.range.end;
        self.current = Some(download);
        let begun = begun.clone();
        self.ahead
            .fetch(self.client, self.file, &begun, self.current_end);
        Ok(begun)
    }

    /// Returns the rest of the current range. Before the first answer, the size of the file is not known.
    fn current_range(&self) -> Asked {
        if self.is_in_one {
            return self.asked.clone();
        }
        let end = match self.begun {
            Some(_) if self.asked.start < self.current_end => self.current_end,
            Some(_) | None => range_end(self.asked.start),
        };
        let most = self
            .begun
            .as_ref()
            .map_or(self.asked.end, |begun| Some(begun.end));
        Asked {
            end: Some(end.min(most.unwrap_or(u64::MAX))),
            is_only_of: self.begun.is_some(),
            ..self.asked.clone()
        }
    }

    /// Returns whether the whole file is still missing.
    fn is_all(&self) -> bool {
        self.asked.range().is_none()
    }

    /// Returns whether the first range cannot be joined with others, because the answer does not name its
    /// message.
    fn is_of_no_use(&self, download: &Download) -> bool {
        let end = self.asked.end.unwrap_or(u64::MAX).min(download.size);
        self.begun.is_none()
            && !self.is_in_one
            && download.etag.is_none()
            && download.range.end < end
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, DownloadError> {
        loop {
            if self
                .begun
                .as_ref()
                .is_some_and(|begun| begun.end == self.asked.start)
            {
                return Ok(None);
            }
            if let Some(piece) = self.fetched.pieces.pop_front() {
                return Ok(Some(self.received(piece)));
            }
            if let Some(error) = self.fetched.error.take() {
                self.credential = self.fetched.credential;
                return Err(error);
            }
            if self.asked.start == self.current_end
                && let Some(begun) = self.begun.clone()
            {
                self.current = None;
                if let Some((range, fetched)) = self.ahead.next().await {
                    (self.current_end, self.fetched) = (range.end, fetched);
                    self.ahead
                        .fetch(self.client, self.file, &begun, self.current_end);
                    continue;
                }
            }
            let current = match &mut self.current {
                Some(current) => current,
                None => {
                    self.request().await?;
                    self.current.as_mut().ok_or(DownloadError::OtherAnswer)?
                }
            };
            return match current.try_next().await? {
                Some(piece) => Ok(Some(self.received(piece))),
                None => Err(DownloadError::OtherAnswer),
            };
        }
    }

    fn received(&mut self, piece: Bytes) -> Bytes {
        let len = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.asked.start = self.asked.start.saturating_add(len);
        self.failures = 0;
        piece
    }

    /// Waits until another attempt makes sense. Returns the error if none does.
    async fn wait(
        &mut self,
        error: DownloadError,
        progress: &mut impl FnMut(DownloadProgress),
    ) -> Result<(), DownloadError> {
        self.current = None;
        self.failures = self.failures.saturating_add(1);
        let may_renew = is_login(&error) && self.failures <= MOST_RENEWALS;
        if may_renew && self.client.credential.is_renewed(self.credential).await {
            return Ok(());
        }
        let goes_on = self.got() == 0 || self.asked.of.is_some();
        let failure = error.failure().filter(|_| goes_on);
        match failure.map(|failure| retry::after(failure, self.failures, random::jitter())) {
            Some(Verdict::RetryIn { wait_ms }) => {
                progress(self.progress(Some(wait_ms)));
                sleep(Duration::from_millis(wait_ms)).await;
                Ok(())
            }
            Some(Verdict::GiveUp) | None => Err(self.of_all(error)),
        }
    }

    fn progress(&self, retries_in_ms: Option<u64>) -> DownloadProgress {
        let begun = self.begun.as_ref();
        // The progress includes bytes of an earlier download, but not the bytes before a range.
        let before = match self.asked.end {
            Some(_) => begun.map_or(0, |begun| begun.start),
            None => 0,
        };
        DownloadProgress {
            got_plaintext_len: self.asked.start.saturating_sub(before),
            plaintext_len: begun.map_or(0, |begun| begun.end.saturating_sub(before)),
            retries_in_ms,
            is_kept: false,
        }
    }

    /// Changes an error of the last request into one about the whole download.
    fn of_all(&self, error: DownloadError) -> DownloadError {
        let all = self.progress(None);
        match error {
            DownloadError::Cut { cause, .. } => DownloadError::Cut {
                got_bytes: all.got_plaintext_len,
                expected_bytes: all.plaintext_len,
                cause,
            },
            DownloadError::Request(cause @ RequestError::NoAnswer { .. }) if self.got() > 0 => {
                DownloadError::Cut {
                    got_bytes: all.got_plaintext_len,
                    expected_bytes: all.plaintext_len,
                    cause,
                }
            }
            error => error,
        }
    }
}

/// Returns the result of `done`, unless the download is cancelled before.
async fn unless<T>(
    cancel: &CancellationToken,
    done: impl Future<Output = Result<T, DownloadError>>,
) -> Result<T, DownloadError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(DownloadError::Cancelled),
        done = done => done,
    }
}

/// Returns whether the server refused a range because the file is empty, or too short for it.
fn is_empty_file(error: &DownloadError) -> bool {
    has_code(error, ProblemCode::RangeNotSatisfiable)
}

fn is_login(error: &DownloadError) -> bool {
    has_code(error, ProblemCode::Unauthenticated)
}

fn has_code(error: &DownloadError, code: ProblemCode) -> bool {
    let DownloadError::Request(error) = error else {
        return false;
    };
    error.problem().and_then(|problem| problem.known_code()) == Some(code)
}
